//! What is left on the machine when a program stops, and what of it keeps nobody
//! from starting again.

use std::path::Path;
use std::process::Command as Program;
use std::sync::Arc;
use std::time::Duration;

use room::{Command, Hold, LogSink, Outcome, Runtime as _};
use sandbox::{Bubblewrap, Config};

use crate::bench::{Bench, Lines, is_root};

/// The mounts below a folder.
fn mounts_below(folder: &Path) -> Vec<String> {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
    let folder = folder.to_str().unwrap();
    mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .filter(|place| place.starts_with(folder))
        .map(str::to_owned)
        .collect()
}

/// A bench whose rooms are file systems of their own, or why there is none.
fn mounting() -> Option<Bench> {
    let bench = Bench::new();
    if bench.holds.disk == Hold::Kernel {
        return Some(bench);
    }
    println!("skipped: nothing can be mounted here (not root, or no loop devices)");
    None
}

#[test]
fn a_program_that_stops_leaves_no_mount_and_its_rooms_can_be_worked_in_again() {
    let Some(bench) = mounting() else { return };
    let rooms = bench.dir.path().join("rooms");
    bench.sh("echo kept > /work/a").must(Outcome::Finished);
    assert_eq!(mounts_below(&rooms).len(), 1);
    assert_eq!(bench.runtime.let_go(), []);
    assert_eq!(mounts_below(&rooms), Vec::<String>::new());
    // Looked into, worked in: there again, with what was in it.
    let work = bench.runtime.work(&bench.room).unwrap();
    assert_eq!(work.take(&"a".parse().unwrap(), 100).unwrap().bytes, b"kept\n");
    drop(work);
    assert_eq!(bench.runtime.let_go(), []);
    assert_eq!(bench.sh("cat /work/a").text(), "kept");
    assert_eq!(sandbox::let_go(&rooms), []);
    std::fs::remove_dir_all(&rooms).unwrap();
    std::fs::create_dir(&rooms).unwrap();
}

#[test]
fn a_room_in_use_is_not_let_go_of() {
    let Some(bench) = mounting() else { return };
    let rooms = bench.dir.path().join("rooms");
    let command = Command {
        words: vec!["/bin/sleep".into(), "300".into()],
        script: None,
        wall: Duration::from_mins(10),
        person: None,
    };
    let sink: Arc<dyn LogSink> = Arc::new(Lines::default());
    let running = bench.runtime.start(&bench.room, &bench.run_id(), command, sink).unwrap();
    assert_eq!(bench.runtime.let_go(), []);
    assert_eq!(mounts_below(&rooms).len(), 1);
    running.stop();
    running.wait();
    // Somebody reads in it: it stays, and that is said.
    let work = bench.runtime.work(&bench.room).unwrap();
    let stuck = bench.runtime.let_go();
    assert_eq!((stuck.len(), mounts_below(&rooms).len()), (1, 1));
    assert_eq!(stuck[0].room, bench.room.as_str());
    drop(work);
    assert_eq!(bench.runtime.let_go(), []);
    assert_eq!(mounts_below(&rooms), Vec::<String>::new());
}

#[test]
fn recovery_takes_off_what_a_killed_program_left_mounted() {
    let Some(bench) = mounting() else { return };
    let rooms = bench.dir.path().join("rooms");
    assert_eq!(mounts_below(&rooms).len(), 1);
    let recovered = bench.runtime.recover(std::slice::from_ref(&bench.room)).unwrap();
    assert_eq!((recovered.stuck, recovered.removed), (vec![], vec![]));
    assert_eq!(mounts_below(&rooms), Vec::<String>::new());
    bench.run(&["/bin/true"]).must(Outcome::Finished);
}

#[test]
fn a_room_that_cannot_be_removed_keeps_no_other_from_being_cleared_away() {
    if !is_root() {
        println!("skipped: only root can make a folder that cannot be removed");
        return;
    }
    let bench = Bench::new();
    let rooms = bench.dir.path().join("rooms");
    let pinned = rooms.join(".gone-room-pinned");
    std::fs::create_dir_all(pinned.join("in")).unwrap();
    let mount = |words: &[&str]| {
        assert!(Program::new("/usr/bin/mount").args(words).status().unwrap().success());
    };
    mount(&["-t", "tmpfs", "none", pinned.join("in").to_str().unwrap()]);
    for number in 0..5 {
        std::fs::create_dir(rooms.join(format!(".new-room-half{number}"))).unwrap();
    }
    let recovered = bench.runtime.recover(std::slice::from_ref(&bench.room));
    let left: Vec<_> = std::fs::read_dir(&rooms)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| name.starts_with(".new-"))
        .collect();
    let unmounted = Program::new("/usr/bin/umount").arg(pinned.join("in")).status().unwrap();
    assert!(unmounted.success());
    let stuck = recovered.unwrap().stuck;
    assert_eq!(stuck.len(), 1, "{stuck:?}");
    assert_eq!(stuck[0].room, ".gone-room-pinned");
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_command_clears_away_what_a_killed_one_left() {
    let tree = Path::new("/sys/fs/cgroup/pids");
    if !is_root() || !tree.exists() {
        println!("skipped: no control group of version 1 can be made here");
        return;
    }
    let bench = Bench::new();
    let group = tree.join(format!("helserom-left-{}", std::process::id()));
    std::fs::create_dir(&group).unwrap();
    let noted = format!(
        r#"{{"run":"run-left","boot":"another","pid":null,"began":null,"groups":[{group:?}]}}"#
    );
    let folder = bench.dir.path().join("rooms").join(bench.room.as_str());
    std::fs::create_dir_all(folder.join("runs")).unwrap();
    std::fs::write(folder.join("runs/run-left.json"), noted).unwrap();
    bench.run(&["/bin/true"]).must(Outcome::Finished);
    let left = group.exists();
    let _ = std::fs::remove_dir(&group);
    assert!(!left, "the control group of the killed command is still there");
}

#[test]
fn a_probe_whose_program_was_killed_keeps_nobody_from_starting() {
    let bench = Bench::new();
    let rooms = bench.dir.path().join("rooms");
    let data = rooms.join(".probe/data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("left"), "over").unwrap();
    Bubblewrap::new(Config::new(rooms.clone())).unwrap();
    assert!(!rooms.join(".probe").exists());
}
