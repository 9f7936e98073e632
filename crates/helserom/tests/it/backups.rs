//! A backup of a centre that runs, and the way back.

use std::fs;
use std::process::Command;

use postgres_fixture::Cluster;

use crate::people;
use crate::place::{Place, text};
use crate::web::Server;

#[test]
fn a_backup_that_is_taken_while_a_delivery_comes_in_is_a_whole_centre() {
    let place = Place::with_laboratory();
    let first = place.file("first.csv", people::with_rows(&["1,,,,,"]));
    assert_eq!(place.import(&first).code, Some(0));
    let server = Server::start(&place, &[]);
    let more = place.file("more.csv", people::values(30_000));
    let import = place.command(&["source", "import", "laboratory", text(&more)]).spawn().unwrap();
    let backup = place.path().join("backup");
    place.does(&["backup", text(&backup)]);
    assert!(import.wait_with_output().unwrap().status.success());
    assert_eq!(server.running.stop().1, Some(0));

    let key = place.file("kept.key", fs::read(place.data().join("master.key")).unwrap());
    private(&key);
    let there = Place::new();
    there.does(&["restore", text(&backup), "--key", text(&key)]);
    assert!(there.entries() >= 6);
    assert!(!there.path().join("data.unfinished").exists());
    let sources = there.json(&["source", "list"]);
    assert_eq!(sources[0]["source"], "laboratory", "{sources}");
    let people = sources[0]["persons"].as_u64().unwrap();
    assert!(people == 20 || people == 30_000, "{people}");
    if people == 20 {
        let aside = there.does(&["--as", "holder", "source", "quarantine", "laboratory"]);
        assert!(aside.contains("row 21"), "{aside}");
        assert!(there.files().iter().any(|file| file.starts_with("quarantine/")));
    }
    // The lake and the vault are read, and written on top of.
    let next = there.file("next.csv", people::values(40));
    assert_eq!(there.import(&next).code, Some(0));
}

fn private(path: &std::path::Path) {
    let status = Command::new("chmod").arg("600").arg(path).status().unwrap();
    assert!(status.success());
}

#[test]
fn another_key_is_refused_and_leaves_nothing() {
    let place = Place::with_laboratory();
    let backup = place.path().join("backup");
    place.does(&["backup", text(&backup)]);
    let other = Place::new();
    other.does(&["account", "list"]);
    let there = Place::new();
    let key = other.data().join("master.key");
    let said = there.says(&["restore", text(&backup), "--key", text(&key)]);
    assert!(said.refusal(1).contains("does not open the keyring"), "{said:?}");
    assert_eq!(fs::read_dir(there.path()).unwrap().count(), 0, "something was left");
}

#[test]
fn a_backup_that_was_altered_is_refused_and_leaves_nothing() {
    let place = Place::with_laboratory();
    let backup = place.path().join("backup");
    place.does(&["backup", text(&backup)]);
    let metadata = backup.join("metadata.jsonl");
    let altered = fs::read_to_string(&metadata).unwrap().replacen("hospital", "hostpial", 1);
    fs::write(&metadata, altered).unwrap();
    let there = Place::new();
    let key = place.data().join("master.key");
    let said = there.says(&["restore", text(&backup), "--key", text(&key)]);
    assert!(said.refusal(1).contains("altered or damaged"), "{said:?}");
    assert_eq!(fs::read_dir(there.path()).unwrap().count(), 0, "something was left");
}

#[test]
fn a_restore_that_was_killed_is_begun_anew() {
    let place = Place::with_laboratory();
    let backup = place.path().join("backup");
    place.does(&["backup", text(&backup)]);
    let there = Place::new();
    let left = there.path().join("data.unfinished");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("lock"), "").unwrap();
    fs::write(left.join("half"), "").unwrap();
    let key = place.data().join("master.key");
    there.does(&["restore", text(&backup), "--key", text(&key)]);
    assert!(!there.data().join("half").exists() && !left.exists());
    there.entries();
}

#[test]
fn a_postgresql_database_with_something_in_it_is_not_restored_into() {
    let place = Place::with_laboratory();
    let backup = place.path().join("backup");
    place.does(&["backup", text(&backup)]);
    let cluster = Cluster::start().unwrap();
    let url = cluster.create_database("helserom").unwrap();
    let there = Place::new();
    let file = there.file("url", url);
    private(&file);
    let config = format!(
        "version = 1\n[metadata]\nkind = \"postgresql\"\nurl-file = \"{}\"\n",
        file.display()
    );
    let config = there.file("helserom.toml", config);
    let key = place.data().join("master.key");
    let restore = ["--config", text(&config), "restore", text(&backup), "--key", text(&key)];
    there.does(&restore);
    fs::remove_dir_all(there.data()).unwrap();
    let said = there.says(&restore);
    assert!(said.refusal(1).contains("is not empty"), "{said:?}");
    assert!(!there.data().exists() && !there.path().join("data.unfinished").exists());
}
