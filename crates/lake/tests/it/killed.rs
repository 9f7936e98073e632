//! Killed at any moment, an import is wholly in the table or wholly absent.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{files, lake, read, some_rows, sorted, source, stage};

const FOLDER: &str = "LAKE_TEST_FOLDER";

/// Where the child notes versions, as the ledger would.
fn ledger(folder: &Path) -> PathBuf {
    folder.join("ledger")
}

/// The versions that were noted, and the salt of each one's rows.
fn named(folder: &Path) -> Vec<(u64, u64)> {
    let text = std::fs::read_to_string(ledger(folder)).unwrap_or_default();
    // A line that was cut short has not been noted.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let number = |text: &str| text.parse().unwrap();
    whole
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(version, salt)| (number(version), number(salt)))
        .collect()
}

fn rows_of(salt: u64) -> Vec<crate::support::Row> {
    some_rows(40 + salt % 7, 30, salt)
}

/// What the other test runs in a process of its own: one import after the other.
#[test]
fn imports_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = PathBuf::from(folder);
    let lake = lake(&folder.join("lake")).with_sort_memory(4_000);
    let begin = named(&folder).last().map_or(0, |(_, salt)| salt + 1);
    let mut known = named(&folder).last().map(|(version, _)| *version);
    for salt in begin.. {
        let round = std::process::id();
        let (lock, staged) = stage(&lake, &format!("k{salt}-{round}"), &rows_of(salt), 60);
        let version = lake.commit(&lock, staged, known).unwrap();
        let mut ledger =
            std::fs::OpenOptions::new().create(true).append(true).open(ledger(&folder)).unwrap();
        ledger.write_all(format!("{version} {salt}\n").as_bytes()).unwrap();
        known = Some(version);
    }
}

fn start(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::imports_until_it_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_version_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("lake");
    let mut caught_at_work = 0;
    for round in 0..25_u64 {
        let mut child = start(folder.path());
        std::thread::sleep(Duration::from_millis(20 + round * 7919 % 120));
        child.kill().unwrap();
        child.wait().unwrap();

        let lake = lake(&root);
        let known = named(folder.path());
        let versions: Vec<u64> = known.iter().map(|(version, _)| *version).collect();
        let recovered = lake.recover(&source(), &versions).unwrap();
        caught_at_work += usize::from(recovered.work);

        let mut wanted = BTreeSet::new();
        for (version, salt) in known.iter().copied() {
            assert_eq!(read(&lake, version), sorted(&rows_of(salt)), "version {version}");
            wanted.insert(format!("k{salt}-"));
        }
        for name in files(&root) {
            let known = name.contains("_delta_log/0")
                && Path::new(&name).extension().is_some_and(|ending| ending == "json")
                || wanted.iter().any(|import| name.contains(import.as_str()));
            assert!(known, "`{name}` was left behind");
        }
    }
    assert!(caught_at_work > 0, "no import was killed while it was at work");
    assert!(named(folder.path()).len() > 1, "no import ever ended");
}
