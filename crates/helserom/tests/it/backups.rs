//! A backup of a centre that runs, and the way back.

use std::fs;
use std::process::Command;

use postgres_fixture::Cluster;

use crate::people;
use crate::place::{Place, Said, text};
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
fn a_folder_with_something_in_it_is_not_restored_into() {
    let place = Place::with_laboratory();
    let backup = place.path().join("backup");
    place.does(&["backup", text(&backup)]);
    let there = Place::new();
    fs::create_dir(there.data()).unwrap();
    fs::write(there.data().join("letter.txt"), "dear").unwrap();
    let key = place.data().join("master.key");
    let said = there.says(&["restore", text(&backup), "--key", text(&key)]);
    assert!(said.refusal(1).contains("has files in it: restore into a new folder"), "{said:?}");
    assert_eq!(fs::read(there.data().join("letter.txt")).unwrap(), b"dear");
    assert_eq!(fs::read_dir(there.path()).unwrap().count(), 1, "something was left");
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

#[test]
fn on_a_full_disk_there_is_no_backup_and_no_entry_says_so() {
    let may = Command::new("unshare").args(["--mount", "true"]).output();
    if !may.is_ok_and(|may| may.status.success()) {
        println!("skipped: a small file system needs the right to mount one");
        return;
    }
    let place = Place::with_laboratory();
    let file = place.file("lab.csv", people::values(2_000));
    assert_eq!(place.import(&file).code, Some(0));
    let before = place.entries();
    // A disk of its own for the backups, filled but for so many bytes. What is
    // left on it is printed, room is made, and a backup is taken there.
    let script = "mount -t tmpfs -o size=4m none \"$0\" || exit 9\n\
        head -c 8M /dev/zero > \"$0/ballast\" 2>/dev/null\n\
        truncate -s -\"$1\" \"$0/ballast\"; shift\n\
        \"$@\" && exit 8\n\
        ls -A \"$0\"; rm \"$0/ballast\"; exec \"$@\"";
    for (at, room) in ["0", "4096", "49152"].into_iter().enumerate() {
        let disk = place.path().join(format!("disk-{at}"));
        fs::create_dir(&disk).unwrap();
        let backup = place.command(&["backup", text(&disk.join("backup"))]);
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script]);
        command.arg(&disk).arg(room).arg(backup.get_program()).args(backup.get_args());
        let said = Said::from(command.current_dir(place.path()).output().unwrap());
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.err.contains("is full: make room and try again"), "{said:?}");
        assert_eq!(said.out.lines().next(), Some("ballast"), "{said:?}");
        assert!(said.out.lines().nth(1).unwrap().contains("bytes of files"), "{said:?}");
    }
    assert_eq!(place.entries(), before + 3, "each backup that there is, and no other");
}
