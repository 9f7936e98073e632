//! A backup of a centre that runs, and the way back.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use postgres_fixture::Cluster;
use serde_json::{Value, json};

use crate::people;
use crate::place::{Place, Running, Said, text};
use crate::web::{Server, with_checker, with_permit};

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
fn on_a_full_disk_there_is_no_backup_and_no_entry_says_so() {
    let may = Command::new("unshare").args(["--mount", "true"]).output();
    if !may.is_ok_and(|may| may.status.success()) {
        println!("skipped: a small file system needs the right to mount one");
        return;
    }
    let place = Place::with_laboratory();
    let file = place.file("lab.csv", people::values(2_000));
    assert_eq!(place.import(&file).code, Some(0));
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
    let export = place.path().join("export");
    place.does(&["ledger", "export", text(&export)]);
    let told = fs::read_to_string(export).unwrap();
    let count = |act: &str| told.matches(&format!("\"centre.{act}\"")).count();
    assert_eq!(count("backed-up"), 3, "each backup that there is, and no other");
    assert_eq!(count("backup-begun"), 6);
}

/// A config for a centre whose metadata are in a new database of PostgreSQL.
fn on_postgresql(place: &Place, cluster: &Cluster, name: &str) -> PathBuf {
    let url = place.file("url", cluster.create_database(name).unwrap());
    private(&url);
    let config = format!(
        "version = 1\n[metadata]\nkind = \"postgresql\"\nurl-file = \"{}\"\n",
        url.display()
    );
    place.file("helserom.toml", config)
}

/// What a researcher runs in a room.
fn in_room(place: &Place, more: &[&str], room: &str, script: &str) -> String {
    let words = ["--as", "researcher", "room", "exec", room, "--", "sh", "-c", script];
    place.does(&[more, &words].concat())
}

/// A centre in which somebody has worked for a while.
struct Worked {
    place: Place,
    /// A room that is open, and one that was closed.
    rooms: [String; 2],
    release: String,
}

impl Worked {
    fn new() -> Self {
        let (place, permit) = with_permit(200);
        let own = |words: &[&str]| place.does(&[&["--as", "researcher"], words].concat());
        own(&["extract", "build", &permit]);
        let open = || own(&["room", "open", &permit]).trim().to_owned();
        let rooms = [open(), open()];
        let work = "mkdir -p out/deep; printf 'sex,people\\nwomen,160\\nmen,140\\nall,300\\n' \
                    > out/table.csv; echo deep > out/deep/a.txt; echo mine > private/notes.txt; \
                    echo hidden > .hidden; ln -s /etc/passwd link; echo 2 > first; ln first second; \
                    printf '#!/bin/sh\\necho ran\\n' > run.sh; chmod 755 run.sh; echo 1 > changed";
        in_room(&place, &[], &rooms[0], work);
        in_room(&place, &[], &rooms[0], "echo 2 > changed");
        in_room(&place, &[], &rooms[1], "echo frozen > kept.txt");
        own(&["room", "close", &rooms[1]]);
        with_checker(&place);
        let server = Server::start(&place, &[]);
        let researcher = server.sign_in("researcher");
        let wish = json!({ "files": [{ "name": "out/table.csv", "note": "For the article." }] });
        let asked = server.post(&format!("/rooms/{}/outputs", rooms[0]), &researcher, &wish);
        let output = first_id(&asked, "output-");
        let release = json!({ "verdict": "released", "why": "No number rests on few people." });
        let checker = server.sign_in("checker");
        server.post(&format!("/outputs/{output}/decision"), &checker, &release);
        let packing = format!("/rooms/{}/packing", rooms[0]);
        let packed = server.post(&packing, &checker, &json!(null));
        let release = packed["id"].as_str().unwrap().to_owned();
        assert_eq!(server.running.stop().1, Some(0));
        Self { place, rooms, release }
    }

    /// Everything is there again at `there`.
    fn is_at(&self, there: &Place, more: &[&str]) {
        let does = |words: &[&str]| there.does(&[more, words].concat());
        let listed: Value =
            serde_json::from_str(&does(&["--json", "--as", "researcher", "room", "list"])).unwrap();
        let state = |room: &str| {
            let listed = listed.as_array().unwrap().iter().find(|known| known["id"] == room);
            listed.unwrap()["state"].as_str().unwrap().to_owned()
        };
        assert_eq!(self.rooms.each_ref().map(|room| state(room)), ["open", "frozen"]);
        let said = in_room(
            there,
            more,
            &self.rooms[0],
            "cat out/table.csv out/deep/a.txt private/notes.txt .hidden; ./run.sh; \
             ls link 2>/dev/null; ls /data | head -1; touch new && echo writable",
        );
        for word in ["women,160", "deep", "mine", "hidden", "ran", "writable"] {
            assert!(said.lines().any(|line| line.ends_with(word)), "{word}: {said}");
        }
        let versions = does(&["--as", "researcher", "room", "versions", &self.rooms[0], "changed"]);
        assert!(versions.lines().count() >= 2, "earlier versions are gone: {versions}");
        does(&["--as", "researcher", "room", "reopen", &self.rooms[1]]);
        assert_eq!(in_room(there, more, &self.rooms[1], "cat kept.txt").trim(), "frozen");
        let package = there.path().join("release.zip");
        does(&["--as", "researcher", "release", "fetch", &self.release, "--to", text(&package)]);
        does(&["release", "verify", text(&package)]);
        does(&["ledger", "verify"]);
        does(&["ledger", "replay", "--check"]);
    }
}

/// The first id of that kind anywhere in an answer.
fn first_id(answer: &Value, kind: &str) -> String {
    let text = answer.to_string();
    let found = text.split('"').find(|word| word.starts_with(kind));
    found.unwrap_or_else(|| panic!("no {kind} in {text}")).to_owned()
}

#[test]
fn rooms_releases_and_accounts_are_there_again_on_either_database() {
    let worked = Worked::new();
    let key = worked.place.data().join("master.key");
    let server = Server::start(&worked.place, &[]);
    let backup = worked.place.path().join("backup");
    let said = worked.place.does(&["backup", text(&backup)]);
    assert!(said.contains("files of rooms") && said.contains("left out"), "{said}");
    assert_eq!(server.running.stop().1, Some(0));

    let there = Place::new();
    there.does(&["restore", text(&backup), "--key", text(&key)]);
    worked.is_at(&there, &[]);
    let server = Server::start(&there, &[]);
    server.sign_in("researcher");
    assert_eq!(server.running.stop().1, Some(0));

    // To PostgreSQL, and from there to SQLite.
    let cluster = Cluster::start().unwrap();
    let region = Place::new();
    let config = on_postgresql(&region, &cluster, "region");
    let more = ["--config", text(&config)];
    region.does(&[&more[..], &["restore", text(&backup), "--key", text(&key)]].concat());
    worked.is_at(&region, &more);
    let again = region.path().join("backup");
    region.does(&[&more[..], &["backup", text(&again)]].concat());
    let laptop = Place::new();
    laptop.does(&["restore", text(&again), "--key", text(&key)]);
    assert_eq!(in_room(&laptop, &[], &worked.rooms[0], "cat private/notes.txt").trim(), "mine");
}

#[test]
fn a_backup_that_is_killed_is_begun_anew_under_the_same_name() {
    let worked = Worked::new();
    let place = &worked.place;
    let begun = std::time::Instant::now();
    place.does(&["backup", text(&place.path().join("whole"))]);
    let whole = begun.elapsed();
    let (mut before, mut after) = (0, 0);
    let told = |name: &str| {
        let export = place.path().join(name);
        place.does(&["ledger", "export", text(&export)]);
        fs::read_to_string(export).unwrap().matches("\"centre.backed-up\"").count()
    };
    let mut whole_ones = 1;
    for attempt in 0..12_u32 {
        let backup = place.path().join(format!("backup-{attempt}"));
        let mut child = Running(place.command(&["backup", text(&backup)]).spawn().unwrap());
        std::thread::sleep(whole * attempt / 11);
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        place.entries();
        // None is told of that is not there.
        let is_there = backup.exists();
        let said = told(&format!("export-{attempt}"));
        assert!(said == whole_ones || (is_there && said == whole_ones + 1), "{attempt}: {said}");
        if is_there {
            after += 1;
        } else {
            before += 1;
            place.does(&["backup", text(&backup)]);
        }
        whole_ones = told(&format!("export-{attempt}-whole"));
        let unfinished = place.path().join(format!("backup-{attempt}.unfinished"));
        assert!(!unfinished.exists() && backup.join("metadata.jsonl").exists(), "{attempt}");
        assert!(!backup.join(".lock").exists());
    }
    assert!(before > 0, "no backup was killed in the middle: {after} were done");
    // Killed before there was a lock, and while what was left was cleared.
    for (name, left) in [("empty", &[][..]), ("cleared", &[".lock", "lake"])] {
        let unfinished = place.path().join(format!("{name}.unfinished"));
        fs::create_dir(&unfinished).unwrap();
        for name in left {
            fs::write(unfinished.join(name), "").unwrap();
        }
        place.does(&["backup", text(&place.path().join(name))]);
    }
    // Somebody else's folder is left alone.
    let theirs = place.path().join("theirs.unfinished");
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("letter.txt"), "dear").unwrap();
    let said = place.says(&["backup", text(&place.path().join("theirs"))]);
    assert!(said.refusal(1).contains("is no backup that was begun"), "{said:?}");
    assert_eq!(fs::read(theirs.join("letter.txt")).unwrap(), b"dear");
}

#[test]
fn a_restore_that_is_killed_at_any_moment_is_begun_anew_on_either_database() {
    let worked = Worked::new();
    let key = worked.place.data().join("master.key");
    let backup = worked.place.path().join("backup");
    worked.place.does(&["backup", text(&backup)]);
    let cluster = Cluster::start().unwrap();
    let (mut whole, mut killed) = (Duration::ZERO, 0);
    for attempt in 0..8_u32 {
        let there = Place::new();
        let config = on_postgresql(&there, &cluster, &format!("there{attempt}"));
        let more = if attempt % 2 == 0 { vec!["--config", text(&config)] } else { vec![] };
        let restore = [&more[..], &["restore", text(&backup), "--key", text(&key)]].concat();
        let begun = std::time::Instant::now();
        if attempt > 1 {
            let mut child = Running(there.command(&restore).spawn().unwrap());
            std::thread::sleep(whole * attempt / 8);
            child.0.kill().unwrap();
            child.0.wait().unwrap();
        }
        if !there.data().exists() {
            killed += u32::from(attempt > 1);
            there.does(&restore);
        }
        whole = whole.max(begun.elapsed());
        assert_eq!(in_room(&there, &more, &worked.rooms[0], "cat .hidden").trim(), "hidden");
        there.does(&[&more[..], &["ledger", "verify"]].concat());
    }
    assert!(killed > 0, "no restore was killed in the middle");
}

#[test]
fn a_backup_of_another_centre_does_not_go_on_where_one_was_stopped() {
    let (one, two) = (Place::with_laboratory(), Place::with_laboratory());
    let cluster = Cluster::start().unwrap();
    let there = Place::new();
    let config = on_postgresql(&there, &cluster, "there");
    for (place, is_first) in [(&one, true), (&two, false)] {
        let backup = place.path().join("backup");
        place.does(&["backup", text(&backup)]);
        let key = place.data().join("master.key");
        let restore = ["--config", text(&config), "restore", text(&backup), "--key", text(&key)];
        if is_first {
            there.does(&restore);
            // As a restore leaves it that was stopped before the folder had its name.
            fs::remove_dir_all(there.data()).unwrap();
            there.does(&restore);
            fs::remove_dir_all(there.data()).unwrap();
        } else {
            let said = there.says(&restore);
            assert!(said.refusal(1).contains("is not empty"), "{said:?}");
        }
    }
}
