//! Files are read out of a work folder as they are, or not at all.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use room::{Refusal, TakeError, Usage, WorkFolder, WorkName};

fn folder() -> (tempfile::TempDir, WorkFolder) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("work")).unwrap();
    std::fs::write(dir.path().join("secret"), "out of reach").unwrap();
    let folder = WorkFolder::open(&dir.path().join("work")).unwrap();
    (dir, folder)
}

fn name(text: &str) -> WorkName {
    text.parse().unwrap()
}

fn pipe(path: &Path) {
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn a_plain_file_is_read_with_its_hash() {
    let (dir, folder) = folder();
    std::fs::create_dir(dir.path().join("work/figures")).unwrap();
    std::fs::write(dir.path().join("work/figures/km.svg"), "<svg/>\n").unwrap();
    let taken = folder.take(&name("figures/km.svg"), 100).unwrap();
    assert_eq!(taken.bytes, b"<svg/>\n");
    // printf '<svg/>\n' | sha256sum
    assert_eq!(
        taken.sha256.to_string(),
        "cd1fafe3cc7f06f55ead3f0dce39300aca7a8911793e76fcdd327799c0709ac2"
    );
}

#[test]
fn nothing_but_a_plain_file_is_read() {
    let (dir, folder) = folder();
    let work = dir.path().join("work");
    symlink("../secret", work.join("link")).unwrap();
    symlink("..", work.join("up")).unwrap();
    symlink("/proc/self/root/etc/passwd", work.join("magic")).unwrap();
    std::fs::write(work.join("one"), "1").unwrap();
    std::fs::hard_link(work.join("one"), work.join("two")).unwrap();
    pipe(&work.join("pipe"));
    let _socket = UnixListener::bind(work.join("socket")).unwrap();
    // The control: a read that follows links does reach the secret.
    assert_eq!(std::fs::read(work.join("link")).unwrap(), b"out of reach");
    assert_eq!(std::fs::read(work.join("up/secret")).unwrap(), b"out of reach");
    for leads in ["link", "up/secret", "magic"] {
        let refused = folder.take(&name(leads), 100).unwrap_err();
        assert!(matches!(refused, TakeError::LeadsElsewhere(_)), "{leads}: {refused}");
    }
    let refused = |at: &str| match folder.take(&name(at), 100) {
        Err(TakeError::Refused { why, .. }) => why,
        other => panic!("{at}: {other:?}"),
    };
    assert_eq!(refused("two"), Refusal::HardLink(2));
    assert_eq!(refused("pipe"), Refusal::Pipe);
    assert_eq!(refused("socket"), Refusal::Socket);
    assert!(matches!(folder.take(&name("none"), 100), Err(TakeError::Absent(_))));
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let (dir, folder) = folder();
    std::fs::write(dir.path().join("work/table.csv"), "12345").unwrap();
    assert!(folder.take(&name("table.csv"), 5).is_ok());
    let refused = folder.take(&name("table.csv"), 4).unwrap_err();
    assert!(matches!(refused, TakeError::TooLarge { bytes: 5, most: 4, .. }));
}

#[test]
fn a_name_that_is_swapped_while_it_is_read_never_leads_out() {
    let (dir, folder) = folder();
    let work = dir.path().join("work");
    std::fs::create_dir(work.join("a")).unwrap();
    std::fs::write(work.join("a/secret"), "within").unwrap();
    symlink("..", work.join("b")).unwrap();
    let over = AtomicBool::new(false);
    let mut within = 0;
    let mut without = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (a, b) = (work.join("a"), work.join("b"));
            while !over.load(Ordering::Relaxed) {
                let swap = rustix::fs::RenameFlags::EXCHANGE;
                let cwd = rustix::fs::CWD;
                rustix::fs::renameat_with(cwd, &a, cwd, &b, swap).unwrap();
            }
        });
        for _ in 0..20_000 {
            if let Ok(taken) = folder.take(&name("a/secret"), 100) {
                assert_eq!(taken.bytes, b"within");
                within += 1;
            }
            // The control: an ordinary read is led out now and then.
            without += u32::from(std::fs::read(work.join("a/secret")).unwrap() == b"out of reach");
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(within > 0, "the file was never read, so nothing was shown");
    assert!(without > 0, "the names were never swapped in time, so nothing was shown");
}

#[test]
fn a_listing_names_what_can_be_asked_for_and_says_why_the_rest_cannot() {
    let (dir, folder) = folder();
    let work = dir.path().join("work");
    std::fs::create_dir_all(work.join("figures")).unwrap();
    std::fs::create_dir_all(work.join(".cache/deep")).unwrap();
    std::fs::write(work.join(".cache/deep/x"), "").unwrap();
    std::fs::write(work.join("table.csv"), "abc").unwrap();
    std::fs::write(work.join("figures/km.svg"), "").unwrap();
    std::fs::write(work.join("bad\nname"), "").unwrap();
    symlink("../secret", work.join("link")).unwrap();
    pipe(&work.join("pipe"));
    let listing = folder.list().unwrap();
    let names: Vec<&str> = listing.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["figures/km.svg", "table.csv"]);
    assert_eq!(listing.files[1].bytes, 3);
    let refused: Vec<&str> = listing.refused.iter().map(|refused| &*refused.shown).collect();
    assert_eq!(refused, [".cache", "bad\u{fffd}name", "link", "pipe"]);
    assert_eq!(listing.refused[2].why, Refusal::SymbolicLink);
    assert!(folder.list_at_most(1).unwrap().more);
}

#[test]
fn the_ledger_can_tell_one_list_of_files_from_another_and_names_none() {
    let (dir, folder) = folder();
    let work = dir.path().join("work");
    std::fs::write(work.join("b-person-17.csv"), "abc").unwrap();
    std::fs::write(work.join("a"), "").unwrap();
    let listing = folder.list().unwrap();
    assert_eq!((listing.total(), listing.bytes()), (2, 3));
    // printf '0 a\n3 b-person-17.csv\n' | sha256sum
    assert_eq!(
        listing.digest().to_string(),
        "3458dc3dd7d03975ff9e8168c4ea56a432fac1fc66b58ae50c0fd3979bb169e0"
    );
    let event = room::Ended::LOST.event(&"run-one".parse().unwrap(), &listing, None);
    let entry = serde_json::to_string(&event).unwrap();
    assert!(!entry.contains("person-17"), "{entry}");
    std::fs::write(work.join("a"), "1").unwrap();
    assert_ne!(folder.list().unwrap().digest(), listing.digest());
}

#[test]
fn usage_counts_blocks_and_names_and_stops_when_it_is_too_much() {
    let (dir, folder) = folder();
    let work = dir.path().join("work");
    std::fs::write(work.join("a"), vec![1; 100_000]).unwrap();
    std::fs::hard_link(work.join("a"), work.join("b")).unwrap();
    let all = Usage { bytes: u64::MAX, files: u64::MAX, unseen: 0 };
    let usage = folder.usage(all).unwrap();
    assert_eq!(usage.files, 2);
    assert!((98_304..150_000).contains(&usage.bytes), "{usage:?}");
    for number in 0..100 {
        std::fs::write(work.join(format!("n{number}")), "").unwrap();
    }
    let usage = folder.usage(Usage { files: 10, ..all }).unwrap();
    assert_eq!(usage.files, 11);
}

#[test]
fn a_folder_put_in_the_place_of_the_open_one_changes_nothing() {
    let (dir, folder) = folder();
    std::fs::write(dir.path().join("work/a"), "ours").unwrap();
    std::fs::rename(dir.path().join("work"), dir.path().join("moved")).unwrap();
    symlink("/etc", dir.path().join("work")).unwrap();
    assert_eq!(folder.take(&name("a"), 10).unwrap().bytes, b"ours");
    assert!(WorkFolder::open(&dir.path().join("work")).is_err());
}
