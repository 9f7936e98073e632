//! A disk that is really full, through the program: exit 1 with words that say what to
//! do, nothing half-done, and it goes on when there is room again.
//!
//! Each test runs this program once more in user and mount namespaces of its own, where
//! anybody may mount a small disk.

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::commands::{House, released};
use crate::people::{id, values};
use crate::place::{APART, Place, Said, text};
use crate::web::{with_permit, with_permit_that};

/// Runs a test of this file where small disks can be mounted; whether it is there.
fn goes_on_apart(test: &str) -> bool {
    if std::env::var_os(APART).is_some() {
        return true;
    }
    let unshare = ["--user", "--map-root-user", "--mount"];
    let may = Command::new("unshare").args(unshare).arg("true").output();
    if !may.is_ok_and(|may| may.status.success()) {
        println!("skipped: this machine has no user namespaces to mount a small disk in");
        return false;
    }
    let status = Command::new("unshare")
        .args(unshare)
        .arg(std::env::current_exe().unwrap())
        .args([&format!("full_disk::{test}"), "--exact", "--nocapture"])
        .env(APART, "")
        .status()
        .unwrap();
    assert!(status.success());
    false
}

/// A small disk in place of a folder, with what was in it. What is on it in the end is
/// in the folder again.
struct SmallDisk(PathBuf);

/// Copies what is in one folder into another.
fn copy(from: &Path, to: &Path) {
    let all = from.join(".");
    assert!(Command::new("cp").arg("-a").arg(all).arg(to).status().unwrap().success());
}

impl SmallDisk {
    fn over(folder: &Path, megabytes: u32) -> Self {
        let kept = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder).unwrap();
        copy(folder, kept.path());
        let size = format!("size={megabytes}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "none"]).arg(folder);
        assert!(mount.status().unwrap().success());
        copy(kept.path(), folder);
        Self(folder.to_owned())
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Fills it but for so many bytes.
    fn fill(&self, but: u64) {
        let mut file = fs::File::create(self.ballast()).unwrap();
        let full = loop {
            if let Err(error) = file.write_all(&[0; 4096]) {
                break error;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        let filled = file.metadata().unwrap().len();
        file.set_len(filled.saturating_sub(but)).unwrap();
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let umount = || Command::new("umount").arg("--lazy").arg(&self.0).status();
        if std::thread::panicking() {
            let _ = umount();
            return;
        }
        let kept = tempfile::tempdir().unwrap();
        copy(&self.0, kept.path());
        assert!(umount().unwrap().success());
        fs::remove_dir_all(&self.0).unwrap();
        fs::create_dir(&self.0).unwrap();
        copy(kept.path(), &self.0);
    }
}

/// Files without the ballast, and without the log of the lake's tables: a version that
/// was taken back stays in it.
fn files(place: &Place) -> BTreeSet<String> {
    let counts = |file: &String| !file.ends_with("/ballast") && !file.contains("/_delta_log/");
    place.files().into_iter().filter(counts).collect()
}

/// The `n`th delivery of so many rows, with three that are kept aside.
fn delivery(place: &Place, n: usize, rows: usize) -> PathBuf {
    let spoilt = |row| format!("{},Per,2999-01-0{row},hdl,1,\n", id(rows + n));
    let rows = values(rows + n) + &(1..4).map(spoilt).collect::<String>();
    place.file(&format!("lab-{n}.csv"), rows)
}

#[track_caller]
fn told_full(said: &Said) {
    let told = said.refusal(1);
    assert!(told.contains("the disk ") && told.contains("full"), "{told}");
    assert!(told.contains("make room"), "{told}");
}

/// The vault's segments, rows kept aside, the lake's tables and the lists of reasons are
/// each written to a disk of their own that is full: at once, and after a while.
#[test]
fn an_import_for_which_there_is_no_room_leaves_nothing_and_is_done_when_there_is() {
    let test = "an_import_for_which_there_is_no_room_leaves_nothing_and_is_done_when_there_is";
    if !goes_on_apart(test) {
        return;
    }
    let place = Place::with_laboratory();
    let mut n = 0;
    assert_eq!(place.import(&delivery(&place, n, 200)).code, Some(0));
    for folder in ["vault", "lake", "quarantine"] {
        let disk = SmallDisk::over(&place.data().join(folder), 8);
        for but in [0, 8 << 10, 48 << 10] {
            n += 1;
            let file = delivery(&place, n, 4_000);
            let (entries, before) = (place.entries(), files(&place));
            disk.fill(but);
            let said = place.import(&file);
            if said.code == Some(0) {
                // A list of reasons is short.
                assert!(folder == "quarantine" && but > 0, "{folder}, {but} bytes: {said:?}");
                disk.make_room();
                continue;
            }
            told_full(&said);
            assert_eq!(files(&place), before, "{folder}, {but} bytes");
            disk.make_room();
            assert_eq!(place.entries(), entries, "{folder}, {but} bytes");
            let again = place.import(&file);
            assert_eq!(again.code, Some(0), "{again:?}");
            assert!(again.out.contains("3 rows kept aside"), "{again:?}");
        }
    }
    place.entries();
}

/// The whole data folder is on one disk, and ever more room is left on it until the
/// import is done: whatever it is that fails, it is told and undone.
#[test]
fn wherever_an_import_runs_out_of_room_it_is_wholly_absent() {
    if !goes_on_apart("wherever_an_import_runs_out_of_room_it_is_wholly_absent") {
        return;
    }
    let place = Place::with_laboratory();
    assert_eq!(place.import(&delivery(&place, 0, 200)).code, Some(0));
    let disk = SmallDisk::over(&place.data(), 32);
    let file = delivery(&place, 1, 3_000);
    let mut refused = 0;
    for but in (0..).map(|step| step * (96 << 10)) {
        let (entries, before) = (place.entries(), files(&place));
        disk.fill(but);
        let said = place.import(&file);
        disk.make_room();
        if said.code == Some(0) {
            assert_eq!(place.entries(), entries + 1);
            break;
        }
        let told = said.err.trim_end();
        assert!(matches!(said.code, Some(1 | 2)) && told.contains("full"), "{but} bytes: {said:?}");
        assert_eq!(place.entries(), entries, "{but} bytes");
        // What could not be removed on a full disk, the next start removed.
        assert_eq!(files(&place), before, "{but} bytes");
        assert_eq!(place.json(&["source", "list"])[0]["persons"], 200, "{but} bytes");
        refused += 1;
    }
    assert!(refused > 2, "the disk was full {refused} times");
    assert_eq!(place.json(&["source", "list"])[0]["persons"], 3_001);
}

/// The tables, the crosswalk in the vault and what is sketched of them: each on a disk of
/// its own that is full, at once and after a while.
#[test]
fn an_extract_for_which_there_is_no_room_leaves_nothing_and_is_built_when_there_is() {
    let test = "an_extract_for_which_there_is_no_room_leaves_nothing_and_is_built_when_there_is";
    if !goes_on_apart(test) {
        return;
    }
    let (place, permit) = with_permit(4_000);
    let build = ["--as", "researcher", "extract", "build", &permit];
    for folder in ["extracts", "vault"] {
        let disk = SmallDisk::over(&place.data().join(folder), 16);
        let mut refused = 0;
        for but in (0..).map(|step| step * (32 << 10)) {
            let (entries, before) = (place.entries(), files(&place));
            disk.fill(but);
            let said = place.says(&build);
            disk.make_room();
            if said.code == Some(0) {
                break;
            }
            told_full(&said);
            assert_eq!(files(&place), before, "{folder}, {but} bytes");
            assert_eq!(place.entries(), entries, "{folder}, {but} bytes");
            refused += 1;
        }
        assert!(refused > 0, "{folder}");
        place.does(&build);
    }
    place.entries();
}

#[test]
fn a_restore_for_which_there_is_no_room_leaves_nothing_and_is_done_when_there_is() {
    let test = "a_restore_for_which_there_is_no_room_leaves_nothing_and_is_done_when_there_is";
    if !goes_on_apart(test) {
        return;
    }
    let place = Place::with_laboratory();
    assert_eq!(place.import(&delivery(&place, 0, 4_000)).code, Some(0));
    let backup = place.path().join("backup");
    place.does(&["backup", text(&backup)]);
    let key = place.data().join("master.key");
    let there = Place::new();
    let restore = ["restore", text(&backup), "--key", text(&key)];
    let disk = SmallDisk::over(there.path(), 32);
    let mut refused = 0;
    for but in (0..).map(|step| step * (128 << 10)) {
        disk.fill(but);
        let said = there.says(&restore);
        disk.make_room();
        if said.code == Some(0) {
            break;
        }
        let told = said.err.trim_end();
        assert!(matches!(said.code, Some(1 | 2)) && told.contains("full"), "{but} bytes: {said:?}");
        assert!(!there.data().exists(), "{but} bytes");
        assert_eq!(fs::read_dir(there.path()).unwrap().count(), 0, "{but} bytes: it was left");
        refused += 1;
    }
    assert!(refused > 2, "the disk was full {refused} times");
    assert_eq!(there.json(&["source", "list"])[0]["persons"], 4_000);
    there.entries();
}

#[test]
fn a_room_for_which_there_is_no_room_on_the_disk_is_not_opened() {
    if !goes_on_apart("a_room_for_which_there_is_no_room_on_the_disk_is_not_opened") {
        return;
    }
    let (place, permit) = with_permit_that(30, |terms| terms.room.disk_mib = 64);
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let open = || place.says(&["--as", "researcher", "room", "open", &permit]);
    let rooms = place.data().join("rooms");
    let disk = SmallDisk::over(&rooms, 160);
    let inside = || -> Vec<String> {
        let names = fs::read_dir(&rooms).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        names.filter(|name| name != "ballast").collect()
    };
    let (entries, before) = (place.entries(), inside());
    disk.fill(0);
    let said = open();
    let told = "the disk has 0 MiB free and the work folder needs 64 MiB: free some";
    assert!(said.refusal(1).contains(told), "{said:?}");
    assert_eq!(inside(), before);
    assert_eq!(place.entries(), entries);
    disk.make_room();
    let said = open();
    assert_eq!(said.code, Some(0), "{said:?}");
    let room = said.out.trim().to_owned();
    let ran = place.does(&["--as", "researcher", "room", "exec", &room, "--", "ls", "/data"]);
    assert!(ran.contains("laboratory.csv"), "{ran}");
    place.does(&["--as", "researcher", "room", "close", &room]);
    place.does(&["--as", "researcher", "room", "remove", &room]);
}

/// What a command writes for somebody to keep is there as a whole or not at all. Of a
/// backup `backups.rs` says the same.
#[test]
fn what_is_written_out_for_which_there_is_no_room_is_not_begun_under_its_name() {
    let test = "what_is_written_out_for_which_there_is_no_room_is_not_begun_under_its_name";
    if !goes_on_apart(test) {
        return;
    }
    let house = House::new();
    let place = &house.place;
    let release = released(&house);
    let outside = tempfile::tempdir().unwrap();
    let disk = SmallDisk::over(outside.path(), 8);
    let export = outside.path().join("ledger.jsonl");
    let package = outside.path().join("package.tar");
    let fetch = ["--as", "researcher", "release", "fetch", &release, "--to", text(&package)];
    for (words, file) in [(&["ledger", "export", text(&export)][..], &export), (&fetch, &package)] {
        place.does(words);
        let whole = fs::metadata(file).unwrap().len();
        for but in [0, whole / 2] {
            fs::remove_file(file).unwrap();
            // A disk gives pages of 4 KiB.
            disk.fill(but >> 12 << 12);
            let said = place.says(words);
            disk.make_room();
            told_full(&said);
            assert!(!file.exists(), "{but} bytes");
            place.does(words);
        }
    }
}
