//! A command ends when it is told to, however early that is and whatever
//! bubblewrap left behind, and nobody waits for it without end.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use room::{Command, Ended, LogSink, Outcome, Running, Runtime as _};
use sandbox::{Bubblewrap, CgroupPlace, Config, DiskHold};

use crate::bench::{Bench, Lines, small};

/// Longer than everything that is waited for in turn, shorter than `sleep 300`.
const LATEST: Duration = Duration::from_mins(1);

/// After so long the end of a command's output is waited for no more: what
/// takes as long left something behind that holds it open.
const GIVEN_UP: Duration = Duration::from_secs(5);

fn lines() -> Arc<dyn LogSink> {
    Arc::new(Lines::default())
}

fn command(words: &[&str]) -> Command {
    let words = words.iter().map(ToString::to_string).collect();
    Command { words, script: None, wall: Duration::from_mins(10), person: None }
}

/// How it ended, if it did in time.
fn ended(running: &dyn Running) -> Option<Ended> {
    let until = Instant::now() + LATEST;
    while running.ended().is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
    running.ended()
}

/// Plain folders: two hundred file systems would take minutes to make.
fn plain(config: &mut Config) {
    config.disk = DiskHold::Watched;
}

fn without_groups(config: &mut Config) {
    plain(config);
    config.cgroup = CgroupPlace::Nowhere;
}

/// Between a start and its stop: 0 to 20 ms, every part of bubblewrap's start.
fn between(number: u32) {
    std::thread::sleep(Duration::from_micros(u64::from(number % 100) * 200));
}

#[test]
fn a_room_closed_at_any_moment_of_a_start_is_closed() {
    let changes: [fn(&mut Config); 2] = [plain, without_groups];
    for change in changes {
        let bench = Bench::with(small(), change);
        for number in 0..100 {
            let room = bench.open_another(small());
            let sleep = command(&["/bin/sleep", "300"]);
            let running = bench.runtime.start(&room, &bench.run_id(), sleep, lines()).unwrap();
            between(number);
            let began = Instant::now();
            bench.runtime.close(&room).unwrap();
            assert!(began.elapsed() < GIVEN_UP, "start {number}: {:?}", began.elapsed());
            let ended = running.ended().expect("closed, and still running");
            assert_eq!(ended.outcome, Outcome::Stopped, "start {number}");
        }
    }
}

#[test]
fn a_command_stopped_at_any_moment_of_its_start_ends() {
    let changes: [fn(&mut Config); 2] = [plain, without_groups];
    for change in changes {
        let bench = Bench::with(small(), change);
        for number in 0..100 {
            let sleep = command(&["/bin/sleep", "300"]);
            let running =
                bench.runtime.start(&bench.room, &bench.run_id(), sleep, lines()).unwrap();
            between(number);
            let began = Instant::now();
            running.stop();
            let ended = ended(&*running).expect("stopped, and still running");
            assert!(began.elapsed() < GIVEN_UP, "start {number}: {:?}", began.elapsed());
            assert_eq!(ended.outcome, Outcome::Stopped, "start {number}");
        }
    }
}

/// A program in bubblewrap's place that behaves when it is tried and then does
/// `after`. Not below `/tmp`, which bubblewrap's own user does not see.
fn false_bubblewrap(after: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = dir.path().join("bwrap");
    let text = format!(
        "#!/bin/sh\nfor last; do :; done\n\
         if [ \"$last\" = /bin/true ]; then exec /usr/bin/bwrap \"$@\"; fi\n{after}\n"
    );
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (dir, program)
}

#[test]
fn what_outlives_bubblewrap_and_holds_its_output_open_holds_nothing_up() {
    let (_dir, program) = false_bubblewrap("sleep 90 & kill -KILL $$");
    let changes: [fn(&mut Config); 2] = [plain, without_groups];
    for change in changes {
        let bench = Bench::with(small(), |config| {
            change(config);
            config.bwrap.clone_from(&program);
        });
        let running = bench
            .runtime
            .start(&bench.room, &bench.run_id(), command(&["/bin/ls"]), lines())
            .unwrap();
        assert_eq!(ended(&*running).expect("still waited for").outcome, Outcome::Failed);
        bench.runtime.close(&bench.room).unwrap();
    }
}

#[test]
fn what_bubblewrap_began_before_it_said_so_ends_with_it() {
    // Never says which process is process 1 of the room.
    let (_dir, program) = false_bubblewrap("sleep 90 & wait");
    let bench = Bench::with(small(), |config| {
        without_groups(config);
        config.bwrap.clone_from(&program);
    });
    let began = Instant::now();
    let running =
        bench.runtime.start(&bench.room, &bench.run_id(), command(&["/bin/ls"]), lines()).unwrap();
    running.stop();
    assert_eq!(ended(&*running).expect("still waited for").outcome, Outcome::Stopped);
    assert!(began.elapsed() < GIVEN_UP, "{:?}", began.elapsed());
}

#[test]
fn a_machine_whose_bubblewrap_never_ends_is_found_out() {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = dir.path().join("bwrap");
    std::fs::write(&program, "#!/bin/sh\nsleep 90 & wait\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut config = Config::new(dir.path().join("rooms"));
    config.bwrap = program;
    let began = Instant::now();
    let refused = Bubblewrap::new(config).unwrap_err().to_string();
    assert!(refused.contains("did not end"), "{refused}");
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
}
