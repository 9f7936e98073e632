//! Opened, run in, closed, and cleared away after a server that died.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{RoomId, RunId};
use room::{Command, LogSink, Outcome, Runtime as _, Script, StartError};
use sandbox::{Bubblewrap, Config};

use crate::bench::{Bench, Lines, PYTHON, is_root, small};

fn command(words: &[&str]) -> Command {
    let words = words.iter().map(ToString::to_string).collect();
    Command { words, script: None, wall: Duration::from_mins(1), person: None }
}

fn lines() -> Arc<dyn LogSink> {
    Arc::new(Lines::default())
}

fn is_mounted(path: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    mounts.contains(&format!(" {} ", path.display()))
}

#[test]
fn a_script_is_there_to_be_read_and_not_to_be_changed() {
    let bench = Bench::new();
    let script = Script::new("greet.py", "print('hello from the script')\n".into()).unwrap();
    let path = script.path();
    let room = bench.room.clone();
    let wall = Duration::from_secs(20);
    let report = bench.run_in(&room, &[PYTHON, &path], Some(script.clone()), wall);
    assert_eq!(report.must(Outcome::Finished).text(), "hello from the script");
    let change = format!("echo 'print(1)' > {path} || rm -f {path}; cat {path}");
    let report = bench.run_in(&room, &["/bin/sh", "-c", &change], Some(script), wall);
    assert_eq!(report.text(), "print('hello from the script')");
}

#[test]
fn a_program_that_is_not_there_is_a_failure_that_says_so() {
    let bench = Bench::new();
    let report = bench.run(&["no-such-program"]);
    report.must(Outcome::Failed);
    // What shells return for it, where something runs before the program.
    assert!(matches!(report.ended.exit, None | Some(127)), "{report:?}");
    assert!(report.err.join("\n").contains("no-such-program"), "{report:?}");
}

#[test]
fn several_commands_run_at_once_and_each_ends_by_itself() {
    let bench = Bench::new();
    let sleep = command(&["/bin/sleep", "30"]);
    let start = |runtime: &Bubblewrap| {
        runtime.start(&bench.room, &bench.run_id(), sleep.clone(), lines()).unwrap()
    };
    // One of them by another process that shares the folder.
    let other = Bubblewrap::new(Config::new(bench.dir.path().join("rooms"))).unwrap();
    let (one, two, three) = (start(&bench.runtime), start(&bench.runtime), start(&other));
    let again = bench.runtime.start(&bench.room, one.run(), sleep.clone(), lines());
    assert!(matches!(again.err(), Some(StartError::Runs(_))));
    for running in [&one, &two, &three] {
        let run = running.run();
        for runtime in [&bench.runtime, &other] {
            assert!(runtime.is_minded(&bench.room, run), "a living command was taken for lost");
        }
    }
    let ours = |runtime: &Bubblewrap| -> Vec<_> {
        runtime.running(&bench.room).iter().map(|running| running.run().clone()).collect()
    };
    assert_eq!(ours(&bench.runtime), [one.run().clone(), two.run().clone()]);
    assert_eq!(ours(&other), [three.run().clone()]);
    let open = std::slice::from_ref(&bench.room);
    let mut minded = bench.runtime.recover(open).unwrap().minded;
    minded.sort();
    let mut all = [one.run(), two.run(), three.run()].map(Clone::clone);
    all.sort();
    assert_eq!(minded, all, "recovery touched what a living program minds");

    one.stop();
    assert_eq!(one.wait().outcome, Outcome::Stopped);
    assert!(!other.is_minded(&bench.room, one.run()));
    assert_eq!(ours(&bench.runtime), [two.run().clone()]);
    assert_eq!((two.ended(), three.ended()), (None, None), "what ran beside it ended too");
    bench.run(&["/bin/true"]).must(Outcome::Finished);
    // The end of the room is the end of all of them.
    bench.runtime.quiet(&bench.room).unwrap();
    assert_eq!(two.wait().outcome, Outcome::Stopped);
    assert_ne!(three.wait().outcome, Outcome::Finished);
    assert_eq!(groups(&bench.room), Vec::<PathBuf>::new());
}

#[test]
fn nothing_begins_in_a_room_that_is_being_shut() {
    use rustix::fs::{FlockOperation, flock};
    let bench = Bench::new();
    let folder = bench.dir.path().join("rooms").join(bench.room.as_str());
    let shuts = std::fs::File::create(folder.join("run.lock")).unwrap();
    flock(&shuts, FlockOperation::NonBlockingLockExclusive).unwrap();
    let start =
        || bench.runtime.start(&bench.room, &bench.run_id(), command(&["/bin/true"]), lines());
    assert!(matches!(start().err(), Some(StartError::Busy(_))));
    drop(shuts);
    assert_eq!(start().unwrap().wait().outcome, Outcome::Finished);
}

#[test]
fn closing_a_room_ends_what_runs_and_leaves_no_trace() {
    let bench = Bench::new();
    let work = bench.dir.path().join("rooms").join(bench.room.as_str()).join("work/shared");
    let sleep = command(&["/bin/sleep", "30"]);
    let running = bench.runtime.start(&bench.room, &bench.run_id(), sleep, lines()).unwrap();
    bench.runtime.close(&bench.room).unwrap();
    assert_eq!(running.wait().outcome, Outcome::Stopped);
    assert!(!is_mounted(&work));
    let left: Vec<_> = std::fs::read_dir(bench.dir.path().join("rooms"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| name != ".lock")
        .collect();
    assert!(left.is_empty(), "{left:?}");
    bench.runtime.close(&bench.room).unwrap();
    let gone = bench.runtime.start(&bench.room, &bench.run_id(), command(&["/bin/true"]), lines());
    assert!(matches!(gone, Err(StartError::NoRoom(_))));
}

#[test]
fn a_room_closed_by_another_process_ends_what_runs() {
    let bench = Bench::new();
    let sleep = command(&["/bin/sleep", "30"]);
    let running = bench.runtime.start(&bench.room, &bench.run_id(), sleep, lines()).unwrap();
    let other = Bubblewrap::new(Config::new(bench.dir.path().join("rooms"))).unwrap();
    other.close(&bench.room).unwrap();
    assert_ne!(running.wait().outcome, Outcome::Finished);
}

#[test]
fn an_extract_with_a_link_in_it_is_not_shown() {
    let bench = Bench::new();
    std::os::unix::fs::symlink("/etc/passwd", bench.extract().join("link")).unwrap();
    let spec = room::Spec::new(
        "room-other".parse().unwrap(),
        &crate::bench::permit(small()),
        "extract-other".parse().unwrap(),
        &bench.extract(),
    );
    let refused = bench.runtime.open(&spec.unwrap()).unwrap_err().to_string();
    assert!(refused.contains("neither a plain file nor a folder"), "{refused}");
}

const CHILD: &str = "HELSEROM_TEST_SERVER";

/// Not a test of its own: the server that `a_server_that_is_killed…` kills.
#[test]
fn server_for_the_test_that_kills_it() {
    let Ok(rooms) = std::env::var(CHILD) else { return };
    let runtime = Bubblewrap::new(Config::new(rooms.into())).unwrap();
    let room = "room-doomed".parse().unwrap();
    let words = ["/bin/sh", "-c", "touch /work/started; sleep 4000000"];
    let running =
        runtime.start(&room, &"run-doomed".parse().unwrap(), command(&words), lines()).unwrap();
    running.wait();
}

fn sleeping() -> usize {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            std::fs::read(entry.path().join("cmdline"))
                .is_ok_and(|line| line == b"sleep\x004000000\0")
        })
        .count()
}

/// The control groups of a room.
fn groups(room: &RoomId) -> Vec<PathBuf> {
    let name = format!("helserom-{room}");
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if entry.file_name() == name.as_str() {
                    found.push(entry.path());
                }
                open.push(entry.path());
            }
        }
    }
    found
}

#[test]
fn a_server_that_is_killed_leaves_nothing_running_and_recovery_clears_the_rest() {
    let bench = Bench::new();
    let rooms = bench.dir.path().join("rooms");
    let spec = |name: &str| {
        room::Spec::new(
            name.parse().unwrap(),
            &crate::bench::permit(small()),
            "extract-one".parse().unwrap(),
            &bench.extract(),
        )
        .unwrap()
    };
    bench.runtime.open(&spec("room-doomed")).unwrap();
    bench.runtime.open(&spec("room-unknown")).unwrap();
    std::fs::create_dir(rooms.join(".new-room-half")).unwrap();
    let mut server = Program::new(std::env::current_exe().unwrap())
        .args(["--exact", "life::server_for_the_test_that_kills_it"])
        .env(CHILD, &rooms)
        .spawn()
        .unwrap();
    let doomed: RoomId = "room-doomed".parse().unwrap();
    let run: RunId = "run-doomed".parse().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while sleeping() == 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(sleeping(), 1, "the command never began");
    let minded = bench.runtime.recover(&[doomed.clone(), bench.room.clone()]).unwrap();
    assert_eq!(minded.minded, std::slice::from_ref(&run), "a living server's room was touched");
    assert!(!groups(&doomed).is_empty() || !is_root(), "it has no control group to be cleared");
    assert_eq!(minded.removed, ["room-unknown".parse().unwrap()]);
    assert_eq!(sleeping(), 1);
    assert!(bench.runtime.is_minded(&doomed, &run));
    server.kill().unwrap();
    server.wait().unwrap();
    let until = Instant::now() + Duration::from_secs(5);
    while sleeping() > 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(sleeping(), 0, "the command outlived its server");
    assert!(!bench.runtime.is_minded(&doomed, &run), "nobody minds it any more");
    let cleared = bench.runtime.recover(&[doomed.clone(), bench.room.clone()]).unwrap();
    assert_eq!(cleared.ended, std::slice::from_ref(&run));
    assert_eq!(groups(&doomed), Vec::<PathBuf>::new());
    assert!(!rooms.join(".new-room-half").exists());
    // Its work is still there, and it can be worked in.
    let report = bench.run_in(&doomed, &["/bin/ls", "/work"], None, Duration::from_secs(20));
    assert_eq!(report.text(), "private\nstarted");
    let gone = bench.runtime.recover(&["room-lost".parse().unwrap()]).unwrap();
    assert_eq!(gone.missing, ["room-lost".parse().unwrap()]);
    assert!(!is_mounted(&rooms.join("room-doomed/work")));
}

#[test]
fn an_empty_command_costs_little() {
    let bench = Bench::new();
    bench.run(&["/bin/true"]).must(Outcome::Finished);
    let mut times: Vec<Duration> = (0..15)
        .map(|_| {
            let began = Instant::now();
            bench.run(&["/bin/true"]).must(Outcome::Finished);
            began.elapsed()
        })
        .collect();
    times.sort();
    println!("an empty command: median {:?}, slowest {:?}", times[7], times[14]);
    // Ten times what is aimed at: this machine may be busy with other tests.
    assert!(times[7] < Duration::from_millis(500), "{times:?}");
}

#[test]
fn folders_of_rooms_are_shut_to_others() {
    let bench = Bench::new();
    let rooms = bench.dir.path().join("rooms");
    for shut in [rooms.clone(), rooms.join(bench.room.as_str())] {
        assert_eq!(std::fs::metadata(&shut).unwrap().mode() & 0o077, 0, "{}", shut.display());
    }
}
