//! What is brought into a room, and programs of ours that look at what somebody
//! sent.

use std::fs::File;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use permit::RoomTerms;
use room::{BringError, Limits, Outcome, Runtime as _, WorkFolder};

use crate::bench::{Bench, attempt, small, write};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(&folder.path().join(name), text);
    }
    folder
}

fn open(folder: &Path) -> WorkFolder {
    WorkFolder::open(folder).unwrap()
}

#[test]
fn what_is_brought_in_is_there_at_once_and_cannot_be_changed() {
    let bench = Bench::new();
    assert!(bench.sh("ls /in").out.is_empty());
    let files = folder(&[("a.R", "one"), ("lib/b.R", "two")]);
    let listing = bench.runtime.bring(&bench.room, &open(files.path())).unwrap();
    assert_eq!(listing.total(), 2);
    assert_eq!(bench.sh("cat /in/a.R /in/lib/b.R").text(), "onetwo");
    for change in [
        "open('/in/a.R','a').write('x')",
        "open('/in/new','w').write('x')",
        "os.unlink('/in/a.R')",
        "os.rename('/in/lib','/in/x')",
        "os.chmod('/in/a.R',0o777)",
        "os.symlink('/etc','/in/etc')",
        "os.link('/in/a.R','a.R')",
        "os.mkdir('/in/lib/x')",
    ] {
        bench.shut(&attempt(change));
    }
    // While something runs in the room too.
    let waits =
        "for i in $(seq 400); do test -e /in/later && break; sleep 0.05; done; cat /in/later";
    let later = folder(&[("later", "came")]);
    let said = std::thread::scope(|scope| {
        let running = scope.spawn(|| bench.sh(waits));
        std::thread::sleep(Duration::from_millis(300));
        bench.runtime.bring(&bench.room, &open(later.path())).unwrap();
        running.join().unwrap()
    });
    assert_eq!(said.text(), "came");
}

#[test]
fn bringing_again_replaces_and_what_is_no_plain_file_is_not_brought() {
    let bench = Bench::new();
    for text in ["first", "second"] {
        let files = folder(&[("a", text), ("d/b", text)]);
        bench.runtime.bring(&bench.room, &open(files.path())).unwrap();
        assert_eq!(bench.sh("cat /in/a /in/d/b").text(), format!("{text}{text}"));
    }
    let files = folder(&[("c", "x")]);
    symlink("/etc/passwd", files.path().join("link")).unwrap();
    let refused = bench.runtime.bring(&bench.room, &open(files.path()));
    assert!(matches!(refused, Err(BringError::Unfit(_))), "{refused:?}");
    assert_eq!(bench.sh("ls /in").text(), "a\nd");
    let other = "room-0000000000".parse().unwrap();
    let refused = bench.runtime.bring(&other, &open(files.path()));
    assert!(matches!(refused, Err(BringError::NoRoom(_))), "{refused:?}");
}

#[test]
fn no_more_is_brought_in_than_the_room_may_hold() {
    let bench = Bench::with(RoomTerms { disk_mib: 4, ..small() }, |_| {});
    let large = "x".repeat(3 << 20);
    let first = folder(&[("first", &large)]);
    bench.runtime.bring(&bench.room, &open(first.path())).unwrap();
    let second = folder(&[("second", &large)]);
    let refused = bench.runtime.bring(&bench.room, &open(second.path()));
    assert!(matches!(refused, Err(BringError::Full { .. })), "{refused:?}");
    assert_eq!(bench.sh("ls /in").text(), "first");
    // Another try of the first, after a stop: its own copy is not in its way.
    bench.runtime.bring(&bench.room, &open(first.path())).unwrap();
}

fn limits(wall_seconds: u64) -> Limits {
    let mut limits = Limits::of(&small()).unwrap();
    limits.wall_seconds = wall_seconds;
    limits
}

#[test]
fn a_program_apart_sees_the_file_and_nothing_else() {
    let bench = Bench::new();
    bench.sh("echo secret > secret");
    let program = File::open("/bin/sh").unwrap();
    let look = "cat /data/file > /work/out; ls /data /in /work >> /work/out; \
                (ls -d /proc/[0-9]* | wc -l; ls /root /home 2>&1; cat /sys/class/net/*/address 2>&1) \
                > /work/seen; true";
    let apart = bench.runtime.apart(b"the file\n", &program, &["-c", look], &limits(60)).unwrap();
    assert_eq!(apart.ended.outcome, Outcome::Finished);
    let work = apart.work().unwrap();
    let read = |name: &str| {
        String::from_utf8(work.take(&name.parse().unwrap(), 10_000).unwrap().bytes).unwrap()
    };
    let out = read("out");
    assert!(out.starts_with("the file\n") && !out.contains("secret"), "{out}");
    assert!(!out.contains("person.csv"), "{out}");
    // Nobody's network and nobody's processes.
    let seen = read("seen");
    assert!(seen.lines().next().unwrap().trim().parse::<u32>().unwrap() < 8, "{seen}");
    drop(apart);
    let rooms: Vec<_> = std::fs::read_dir(bench.dir.path().join("rooms"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("room-"))
        .collect();
    assert_eq!(rooms, [bench.room.to_string()], "the room of the other is gone");
}

#[test]
fn a_program_apart_that_never_ends_is_ended_and_one_that_fails_says_so() {
    let bench = Bench::new();
    let program = File::open("/bin/sh").unwrap();
    let apart = bench.runtime.apart(b"x", &program, &["-c", "sleep 600"], &limits(1)).unwrap();
    assert_eq!(apart.ended.outcome, Outcome::KilledTime);
    let apart = bench.runtime.apart(b"x", &program, &["-c", "exit 3"], &limits(60)).unwrap();
    assert_eq!((apart.ended.outcome, apart.ended.exit), (Outcome::Failed, Some(3)));
}
