//! The first start, and folders that are there already.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::place::{Place, Running};

#[test]
fn a_first_start_that_is_killed_anywhere_is_made_to_its_end_by_the_next() {
    let begun = Instant::now();
    Place::new().does(&["account", "list"]);
    let whole = begun.elapsed();
    const TRIES: u32 = 40;
    for attempt in 0..TRIES {
        let place = Place::new();
        let mut child = Running(place.command(&["account", "list"]).spawn().unwrap());
        let delay = whole * attempt / TRIES;
        std::thread::sleep(delay);
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        let said = place.says(&["account", "list"]);
        assert_eq!(said.code, Some(0), "killed after {delay:?}: {said:?}");
        assert!(said.out.contains("operator"), "killed after {delay:?}: {said:?}");
    }
}

/// What a kill at each step of the first start leaves, made by hand: a kill at
/// random hits the short steps too seldom.
#[test]
fn what_a_killed_first_start_may_leave_does_not_stop_the_next() {
    let whole = Place::new();
    whole.does(&["account", "list"]);
    let leftovers: [(&str, &[&str]); 5] = [
        ("the lock", &["lock"]),
        ("the version begun", &["lock", "VERSION.unfinished"]),
        ("the master key", &["lock", "VERSION", "master.key"]),
        ("an empty vault", &["lock", "VERSION", "master.key", "vault/"]),
        ("the vault and an empty ledger", &["lock", "VERSION", "master.key", "vault/keyring.json"]),
    ];
    for (what, left) in leftovers {
        let place = Place::new();
        for name in left {
            let target = place.data().join(name);
            if name.ends_with('/') {
                fs::create_dir_all(target).unwrap();
                continue;
            }
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            if whole.data().join(name).exists() {
                fs::copy(whole.data().join(name), target).unwrap();
            } else {
                fs::write(target, "").unwrap();
            }
        }
        let said = place.says(&["account", "list"]);
        assert_eq!(said.code, Some(0), "{what}: {said:?}");
        assert!(said.out.contains("operator"), "{what}: {said:?}");
    }
}

#[test]
fn two_first_starts_at_once_found_one_centre() {
    let place = Place::new();
    let mut starts: Vec<_> =
        (0..4).map(|_| place.command(&["account", "list"]).spawn().unwrap()).collect();
    for start in &mut starts {
        assert!(start.wait().unwrap().success());
    }
    assert_eq!(place.entries(), 2);
}

#[test]
fn a_folder_that_others_can_look_into_is_closed_and_that_is_said() {
    let place = Place::new();
    fs::create_dir(place.data()).unwrap();
    fs::set_permissions(place.data(), fs::Permissions::from_mode(0o755)).unwrap();
    let said = place.says(&["account", "list"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("was open to others (mode 0755)"), "{said:?}");
    let mode = fs::metadata(place.data()).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o700);
    assert_eq!(place.says(&["account", "list"]).err, "");
}

#[test]
fn a_ledger_that_was_lost_does_not_sweep_away_what_it_spoke_of() {
    let place = Place::with_laboratory();
    let file = place.file("lab.csv", crate::people::values(20));
    assert_eq!(place.import(&file).code, Some(0));
    let before = place.files();
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(place.data().join(format!("helserom.sqlite{end}")));
    }
    let said = place.says(&["account", "list"]);
    assert!(said.refusal(2).contains("restore a backup"), "{said:?}");
    assert_eq!(place.files(), before);
}

#[test]
fn a_program_waits_for_another_that_makes_the_folder() {
    let place = Place::new();
    fs::create_dir_all(place.data()).unwrap();
    let lock = fs::File::create(place.data().join("lock")).unwrap();
    lock.lock().unwrap();
    let mut waiting = Running(place.command(&["account", "list"]).spawn().unwrap());
    std::thread::sleep(Duration::from_millis(300));
    assert!(waiting.0.try_wait().unwrap().is_none());
    drop(lock);
    assert!(waiting.0.wait().unwrap().success());
}
