//! Data that nobody sees: code is written against a stand-in, handed in and run,
//! and comes back as what may be told.

use std::fs;
use std::process::Command;

use permit::Way;

use crate::place::{Place, Said, text};
use crate::web::with_permit_that;

fn blind() -> (Place, String, String) {
    let (place, permit) = with_permit_that(300, |terms| terms.room.way = Way::Blind);
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let room = place.does(&["--as", "researcher", "room", "open", &permit]);
    (place, permit, room.trim().to_owned())
}

fn run(place: &Place, room: &str, script: &str) -> Said {
    let path = place.path().join("script.R");
    fs::write(&path, script).unwrap();
    let words = ["--as", "researcher", "room", "exec", room, "--script", text(&path), "--"];
    place.says(&[&words[..], &["Rscript", "/run/script/script.R"]].concat())
}

#[test]
fn a_script_that_was_written_against_the_stand_in_runs_on_the_data() {
    let (place, permit, room) = blind();
    let archive = place.path().join("stand-in.zip");
    let words = ["--as", "researcher", "permit", "stand-in", &permit, "--to", text(&archive)];
    place.does(&words);
    let home = place.path().join("home");
    fs::create_dir(&home).unwrap();
    let mut zip = zip::ZipArchive::new(fs::File::open(&archive).unwrap()).unwrap();
    zip.extract(&home).unwrap();
    let mut files: Vec<_> =
        fs::read_dir(&home).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["README.txt", "laboratory.csv", "laboratory.parquet", "manifest.json"]);
    // The same work at home and in the room.
    let script = "folder <- Sys.getenv('HELSEROM_DATA', '/data')\n\
                  x <- read.csv(file.path(folder, 'laboratory.csv'))\n\
                  stopifnot(nrow(x) > 100, max(x$person) > 100, is.numeric(x$value))\n\
                  print(x[1:3, ])\n\
                  out <- Sys.getenv('HELSEROM_WORK', '/work')\n\
                  n <- length(unique(x$person))\n\
                  write.csv(data.frame(all = 'people', n = n), file.path(out, 'table.csv'), \
                  row.names = FALSE)\n";
    fs::write(home.join("script.R"), script).unwrap();
    let mut at_home = Command::new("Rscript");
    at_home.arg("script.R").current_dir(&home).env("HELSEROM_DATA", ".").env("HELSEROM_WORK", ".");
    assert!(at_home.output().unwrap().status.success());
    let said = run(&place, &room, script);
    assert_eq!(said.code, Some(0), "{said:?}");
    // Rows were printed, and none is told.
    assert_eq!(said.out, "4 lines were printed.\n", "{said:?}");
    assert_eq!(said.err, "");
}

#[test]
fn what_a_script_prints_about_people_stays_in() {
    let (place, _, room) = blind();
    let said = run(
        &place,
        &room,
        "x <- read.csv('/data/laboratory.csv')\n\
        cat('person', x$person[7], 'has', x$value[7], '\\n')\n\
        stop(paste('value of person', x$person[7], 'is', x$value[7]))\n",
    );
    assert_eq!(said.code, Some(1), "{said:?}");
    let all = format!("{}{}", said.out, said.err);
    assert!(all.contains("Error") && all.contains("value of person"), "{all}");
    let about: Vec<&str> = all.lines().filter(|line| line.contains("person")).collect();
    assert!(!about.is_empty(), "{all}");
    for line in about {
        assert!(!line.chars().any(|c| c.is_ascii_digit()), "{all}");
    }
    let json =
        ["--json", "--as", "researcher", "room", "exec", &room, "--", "sh", "-c", "echo 12345"];
    let said: serde_json::Value = serde_json::from_str(&place.does(&json)).unwrap();
    assert_eq!(said["log"], "1 lines were printed.\n");
    assert!(said["seconds"].is_null() && said["peak-memory"].is_null(), "{said}");
}
