//! The demo, told to its end on the real registers.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::Value;

use crate::place::{Place, Running, Said, signal, text, until};
use crate::web::Server;

/// What set-up made, beside the program: nothing here works without it.
pub(crate) fn made(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_helserom"));
    program.parent().and_then(Path::parent).unwrap().join(name)
}

fn once(place: &Place, report: &Path) -> Said {
    let mut command = crate::place::program();
    command.args(["demo", "--once", "--report", text(report)]).current_dir(place.path());
    command.arg("--source-data").arg(made("demo-data"));
    command.env("HELSEROM_ROOMS_PYTHON", made("room-python"));
    command.output().unwrap().into()
}

#[test]
fn the_package_of_the_report_can_be_verified_when_the_story_is_over() {
    let place = Place::new();
    let path = place.path().join("report.json");
    let said = once(&place, &path);
    assert_eq!(said.code, Some(0), "{said:?}");
    let report: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let package = report["release"]["package"].as_str().unwrap();
    let key = report["release"]["key"].as_str().unwrap();
    let verified = place.says(&["release", "verify", package, "--key", key]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    for told in ["(key ", "rules tried: ", "cells withheld: "] {
        assert!(verified.out.contains(told), "no `{told}` in {verified:?}");
    }
    let hexadecimal = fs::read_to_string(key).unwrap();
    let bytes = hex::decode(hexadecimal.trim()).unwrap();
    let in_base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
    for key in [hexadecimal.trim(), &in_base64] {
        assert_eq!(place.says(&["release", "verify", package, "--key", key]).code, Some(0));
    }
    assert!(!place.data().exists());
}

#[test]
fn a_demo_that_is_open_is_not_begun_anew() {
    let place = Place::new();
    fs::create_dir(place.data()).unwrap();
    fs::write(place.data().join("DEMO"), "").unwrap();
    fs::write(place.data().join("lock"), "").unwrap();
    let server = Server::start(&place, &[]);
    let mut demo = place.command(&["demo", "--once"]);
    demo.env("HELSEROM_ROOMS_PYTHON", place.path());
    let said = Said::from(demo.output().unwrap());
    assert!(said.only_line(2).contains("a demo runs in"), "{said:?}");
    assert_eq!(server.ask("GET", "/readyz", "", &Value::Null).0, 200);
    signal(&server.running.0, "-TERM");
}

#[test]
fn a_demo_that_is_told_to_stop_leaves_nothing_behind() {
    let place = Place::new();
    let temporary = place.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let mut command = crate::place::program();
    command.args(["demo", "--once", "--source-data"]).arg(made("demo-data"));
    command.current_dir(place.path()).env("TMPDIR", &temporary);
    command.env("HELSEROM_ROOMS_PYTHON", made("room-python"));
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut running = Running(command.spawn().unwrap());
    // As soon as there is a room, whose disk may be mounted.
    let is_there = || {
        let centre = fs::read_dir(&temporary).ok()?.next()?.ok()?.path().join("centre/rooms");
        let mut rooms = fs::read_dir(centre).ok()?.flatten();
        rooms.any(|room| room.file_name().to_string_lossy().starts_with("room-")).then_some(())
    };
    until("a room", is_there);
    signal(&running.0, "-TERM");
    assert_eq!(running.0.wait().unwrap().code(), Some(1));
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn a_step_that_does_not_hold_ends_the_demo_and_the_report_says_which() {
    let place = Place::new();
    let python = place.path().join("python");
    fs::create_dir_all(python.join("bin")).unwrap();
    fs::copy("/bin/false", python.join("bin/python")).unwrap();
    let path = place.path().join("report.json");
    let mut command = crate::place::program();
    command.args(["demo", "--once", "--report", text(&path)]).current_dir(place.path());
    command.arg("--source-data").arg(made("demo-data")).env("HELSEROM_ROOMS_PYTHON", &python);
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("(analyse) did not hold"), "{said:?}");
    let report: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let steps = report["steps"].as_array().unwrap();
    let names: Vec<_> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names.last(), Some(&"extract"), "{names:?}");
    assert!(report["sources"]["laboratory"]["rows"].as_u64().unwrap() > 400_000, "{report}");
}

#[test]
fn a_demo_that_is_killed_is_begun_anew_in_the_same_folder() {
    let place = Place::new();
    let demo = || {
        let mut command = place.command(&["demo", "--once", "--source-data"]);
        command.arg(made("demo-data")).env("HELSEROM_ROOMS_PYTHON", made("room-python"));
        command
    };
    for delay in [300, 2_500, 5_000] {
        let mut running = Running(demo().stdout(std::process::Stdio::null()).spawn().unwrap());
        std::thread::sleep(std::time::Duration::from_millis(delay));
        running.0.kill().unwrap();
        running.0.wait().unwrap();
    }
    let said = Said::from(demo().output().unwrap());
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(place.entries() > 50);
}
