//! Earlier versions of files: kept, listed, restored, bounded, and out of reach of what
//! runs in the room.

use std::path::PathBuf;

use model::{SignedDuration, Timestamp};
use room::{NotRestored, Outcome, Runtime as _, Version};

use crate::bench::{Bench, small};
use crate::limits::both;

fn day(n: i64) -> Timestamp {
    let begin: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    begin.checked_add(SignedDuration::from_hours(24 * n)).unwrap()
}

impl Bench {
    fn keep(&self, n: i64) {
        self.runtime.keep_versions(&self.room, day(n)).unwrap();
    }

    fn versions_of(&self, name: &str) -> Vec<Version> {
        let mut versions = self.runtime.versions(&self.room).unwrap();
        versions.retain(|version| version.name.as_str() == name);
        versions
    }

    fn restore(&self, version: &Version, n: i64) -> Result<(), NotRestored> {
        self.runtime.restore(&self.room, version, day(n))
    }

    fn store(&self) -> PathBuf {
        self.dir.path().join("rooms").join(self.room.as_str()).join("work/versions")
    }
}

#[test]
fn what_a_command_changed_or_deleted_is_had_back() {
    for bench in both(small()) {
        bench.sh_as("alice", "mkdir -p a/b; echo one > a/b/x.R; echo mine > private/y.R");
        bench.keep(0);
        bench.sh_as("alice", "echo two > a/b/x.R; rm private/y.R");
        bench.keep(1);
        bench.sh_as("alice", "rm -rf a");
        bench.keep(2);

        let of_x = bench.versions_of("a/b/x.R");
        assert_eq!(of_x.len(), 2);
        assert!(of_x.iter().all(|version| version.until().is_some() && version.person.is_none()));
        let of_y = bench.versions_of("private/y.R");
        assert_eq!(of_y[0].person, Some("alice".parse().unwrap()));

        bench.restore(&of_x[0], 3).unwrap();
        bench.restore(&of_y[0], 3).unwrap();
        let seen =
            bench.sh_as("alice", "cat a/b/x.R private/y.R; echo three >> a/b/x.R; cat a/b/x.R");
        assert_eq!(seen.out, ["one", "mine", "one", "three"], "{:?}", seen.err);
        let other = bench.sh_as("bob", "ls -A private");
        assert!(other.out.is_empty(), "{:?}", other.out);

        // What it was before it was restored is had back as well.
        bench.keep(4);
        bench.restore(&of_x[1], 5).unwrap();
        assert_eq!(bench.sh("cat a/b/x.R").out, ["two"]);
        let newest = bench.versions_of("a/b/x.R").pop().unwrap();
        bench.restore(&newest, 6).unwrap();
        assert_eq!(bench.sh("cat a/b/x.R").out, ["one", "three"]);
    }
}

#[test]
fn thirty_days_after_it_was_replaced_a_version_is_gone_with_its_bytes() {
    let bench = Bench::new();
    bench.sh("echo one > x");
    bench.keep(0);
    bench.sh("echo two > x");
    bench.keep(40);
    let first = bench.versions_of("x").remove(0);
    assert!(bench.store().join(first.sha256.to_string()).exists());
    bench.keep(69);
    assert_eq!(bench.versions_of("x").len(), 2);
    bench.keep(70);
    assert_eq!(bench.versions_of("x").len(), 1);
    assert!(!bench.store().join(first.sha256.to_string()).exists());
    assert!(matches!(bench.restore(&first, 70), Err(NotRestored::Gone(_))));
}

#[test]
fn nothing_that_runs_in_the_room_reaches_what_is_kept() {
    let bench = Bench::new();
    bench.sh_as("alice", "echo mark-51ac90 > private/x; echo mark-51ac90 > y");
    bench.keep(0);
    bench.sh_as("alice", "rm private/x y");
    let before = std::fs::read_to_string(bench.store().join("list.json")).unwrap();
    let report = bench.sh_as(
        "bob",
        "grep -rs mark-51ac9''0 / --exclude-dir=proc --exclude-dir=usr; ls /work/versions \
         /work/../versions /work/private/../../versions; rm -rf /work/versions /work/../versions; \
         find / -name list.json -not -path '/usr/*' -not -path '/proc/*'",
    );
    assert!(report.out.is_empty(), "{:?}", report.out);
    assert_eq!(std::fs::read_to_string(bench.store().join("list.json")).unwrap(), before);
    assert_eq!(bench.versions_of("y").len(), 1);
}

#[test]
fn a_link_or_a_folder_in_the_way_leads_nowhere() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::create_dir(outside.path().join("b")).unwrap();
    let bench = Bench::new();
    bench.sh("mkdir -p a/b; echo one > a/b/x; echo one > y; echo one > z");
    bench.keep(0);
    let (x, y, z) =
        (&bench.versions_of("a/b/x")[0], &bench.versions_of("y")[0], &bench.versions_of("z")[0]);
    let there = outside.path().display();
    bench.sh(&format!("rm -rf a y z; ln -s {there} a; ln -s {there}/taken y; mkdir z"));
    assert!(matches!(bench.restore(x, 1), Err(NotRestored::InTheWay(_))));
    assert!(matches!(bench.restore(z, 1), Err(NotRestored::InTheWay(_))));
    bench.restore(y, 1).unwrap();
    assert_eq!(bench.sh("cat y; test -L y || echo plain").out, ["one", "plain"]);
    assert!(!outside.path().join("taken").exists() && !outside.path().join("b/x").exists());
    assert!(bench.sh("ls -A | grep restored").out.is_empty());
}

#[test]
fn many_files_and_large_ones_take_no_more_than_their_share() {
    for bench in both(small()) {
        bench.sh("echo the script > script.R");
        bench.keep(0);
        for round in 1..8 {
            let report = bench.python(&format!(
                "import os\nfor n in range(300):\n  open(f'/work/f{{n}}','w').write('{round}'*2000)\n\
                 open('/work/large','wb').write(os.urandom(9<<20))\n\
                 open('/work/medium','wb').write(os.urandom(900<<10))"
            ));
            report.must(Outcome::Finished);
            bench.keep(0);
            let kept: u64 = std::fs::read_dir(bench.store())
                .unwrap()
                .map(|e| e.unwrap().metadata().unwrap().len())
                .sum();
            // A quarter of 16 MiB, and the list.
            assert!(kept < (4 << 20) + (1 << 20), "{kept}");
            let versions = bench.runtime.versions(&bench.room).unwrap();
            assert!(versions.len() <= 256, "{}", versions.len());
            assert!(versions.iter().all(|version| version.name.as_str() != "large"));
        }
        let report = bench.sh("cat script.R");
        assert_eq!(report.out, ["the script"]);
    }
}

#[test]
fn a_full_disk_breaks_nothing_that_was_kept() {
    let bench = Bench::new();
    bench.sh("echo one > x");
    bench.keep(0);
    bench.python("while True: open('/work/big','ab').write(b'x'*(1<<20))");
    bench.sh("echo two > x");
    bench.keep(1);
    // How full it is when the command is ended is a matter of moments.
    assert!(!bench.versions_of("x").is_empty(), "what was there is there");
    let again = bench.restore(&bench.versions_of("x")[0], 2);
    assert!(matches!(again, Err(NotRestored::Full(_)) | Ok(())), "{again:?}");
    std::fs::remove_file(bench.store().with_file_name("shared").join("big")).unwrap();
    bench.sh("echo three > x").must(Outcome::Finished);
    bench.keep(3);
    assert!(bench.versions_of("x").len() >= 2, "and what came after it");
}
