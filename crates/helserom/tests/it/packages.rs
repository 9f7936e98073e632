//! Packages, through the program and its sandbox: asked for, approved, fetched by real
//! R from a mirror that the test makes, and written down.

use std::fs;
use std::process::Command;

use crate::place::{Place, text};
use crate::web::with_permit;

fn with_mirror(place: &Place, cran: &str, words: &[&str]) -> (Option<i32>, String, String) {
    let said = place.command(words).env("HELSEROM_PACKAGES_CRAN", cran).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (said.status.code(), text(said.stdout), text(said.stderr))
}

#[test]
fn a_package_is_asked_for_approved_installed_and_in_the_journal() {
    let (place, permit) = with_permit(20);
    let cran = place.path().join("cran");
    let contrib = cran.join("src/contrib");
    fs::create_dir_all(&contrib).unwrap();
    let package = place.path().join("tinyr");
    fs::create_dir_all(package.join("R")).unwrap();
    let about = "Package: tinyr\nVersion: 0.1\nTitle: Tiny\nDescription: Tiny.\nLicense: EUPL\n\
                 Author: A\nMaintainer: A <a@example.org>\n";
    fs::write(package.join("DESCRIPTION"), about).unwrap();
    fs::write(package.join("NAMESPACE"), "export(says)\n").unwrap();
    fs::write(package.join("R/says.R"), "says <- function() 'tiny R'\n").unwrap();
    let built = Command::new("R")
        .args(["CMD", "build", "--no-manual"])
        .arg(&package)
        .current_dir(&contrib)
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let list = "tools::write_PACKAGES(commandArgs(TRUE)[1], type = 'source')";
    assert!(Command::new("Rscript").args(["-e", list]).arg(&contrib).status().unwrap().success());

    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let room = place.does(&["--as", "researcher", "room", "open", &permit]);
    let room = room.trim();
    let cran = text(&cran);
    let install = "Rscript -e 'install.packages(\"tinyr\")' -e 'cat(tinyr::says())'";
    let exec = ["--as", "researcher", "room", "exec", room, "--", "sh", "-c", install];
    let (code, ..) = with_mirror(&place, cran, &exec);
    assert_eq!(code, Some(1), "it was not asked for");

    let asked = place.json(&[
        "--as",
        "researcher",
        "package",
        "request",
        room,
        "r",
        "tinyr",
        "--why",
        "tiny things",
    ]);
    let id = asked["id"].as_str().unwrap();
    let own = place.says(&["--as", "researcher", "package", "approve", id, "--why", "mine"]);
    assert_eq!(own.code, Some(1), "{own:?}");
    place.does(&["package", "approve", id, "--why", "looked through"]);
    let (code, out, err) = with_mirror(&place, cran, &exec);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("tiny R"), "{out}{err}");

    let journal = place.json(&["--as", "researcher", "room", "journal", room]);
    let fetched: Vec<_> = journal
        .as_array()
        .unwrap()
        .iter()
        .filter(|deed| {
            deed["what"].get("fetched").is_some() || deed.to_string().contains("tinyr_0.1.tar.gz")
        })
        .collect();
    assert_eq!(fetched.len(), 1, "{journal:#}");
    let listed = place.does(&["--as", "researcher", "package", "list"]);
    assert!(listed.contains("tinyr") && listed.contains("approved"), "{listed}");
    place.does(&["ledger", "replay", "--check"]);
}

#[test]
fn a_mirror_that_is_not_there_is_said_at_the_start() {
    let place = Place::with_laboratory();
    let said = place
        .command(&["package", "list"])
        .env("HELSEROM_PACKAGES_PYPI", "/nowhere/at-all")
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&said.stderr).contains("packages.pypi"), "{said:?}");
}
