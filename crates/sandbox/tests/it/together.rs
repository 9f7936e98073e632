//! Several people in one room: what they share, and what each has alone.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use permit::RoomTerms;
use room::{Command, LogSink, Outcome, PRIVATE, Running, Runtime as _, Stay, WorkName};
use sandbox::CgroupPlace;

use crate::bench::{Bench, Lines, PYTHON, is_root, small};

/// What one of them keeps to herself.
const SECRET: &str = "mark-7f3c9a51";

fn disk(bench: &Bench) -> PathBuf {
    bench.dir.path().join("rooms").join(bench.room.as_str()).join("work")
}

fn keep_secret(bench: &Bench) {
    let kept = bench.sh_as("alice", &format!("echo {SECRET} > /work/private/kept.txt"));
    assert_eq!(kept.ended.outcome, Outcome::Finished, "{:?}", kept.err);
}

#[test]
fn what_is_private_is_there_for_one_person_and_what_is_shared_for_all() {
    let bench = Bench::new();
    keep_secret(&bench);
    bench.sh_as("alice", "echo for all > /work/shared.txt");

    assert_eq!(bench.sh_as("alice", "cat private/kept.txt").out, [SECRET]);
    assert_eq!(bench.sh_as("bob", "cat /work/shared.txt; ls -A private").out, ["for all"]);
    let nobody = bench.sh("ls -A /work/private; touch /work/private/x || echo SHUT");
    assert_eq!(nobody.out, ["SHUT"], "what is nobody's sees no private folder and has none");
}

#[test]
fn nothing_that_another_person_tries_reaches_a_private_folder() {
    let bench = Bench::new();
    keep_secret(&bench);
    bench.sh_as(
        "alice",
        "ln -s /work/private/kept.txt /work/link; ln -s /work/private /work/way; \
         ln /work/private/kept.txt /work/hard; cp -al /work/private /work/copy; true",
    );
    let there = disk(&bench).join("private/alice/kept.txt");
    let outside = std::fs::read_to_string(&there).unwrap();
    assert!(outside.contains(SECRET), "the attempts would find it outside");

    let attempts = [
        // Every file that can be named, whatever it is called.
        "grep -rs \"$MARK\" /work /run /tmp /var /etc /data /in /dev/shm",
        "grep -s \"$MARK\" /work/link /work/way/kept.txt /work/hard /work/copy/kept.txt",
        "grep -s \"$MARK\" /work/private/../private/alice/kept.txt /work/../private/alice/kept.txt",
        "grep -s \"$MARK\" /work/private/../../private/alice/kept.txt",
        // As another process sees it.
        "for p in /proc/[0-9]*; do grep -s \"$MARK\" $p/root/work/private/kept.txt \
         $p/cwd/private/kept.txt $p/cwd/../private/alice/kept.txt; done",
        // What lies under the mount, with the mount taken away.
        "umount /work/private; umount -l /work/private; rmdir /work/private; \
         mv /work/private /work/mine; rm -rf /work/private; grep -rs \"$MARK\" /work",
        "unshare -Urm sh -c 'umount /work/private; grep -rs \"$MARK\" /work'",
        "mkdir -p /tmp/m; mount --bind /work /tmp/m; grep -rs \"$MARK\" /tmp/m",
    ];
    for attempt in attempts {
        let report = bench.sh_as("bob", &format!("MARK=mark-7f3''c9a51; export MARK; {attempt}"));
        assert!(!report.out.iter().any(|line| line.contains(SECRET)), "{attempt}: {report:?}");
    }
    // By the number of the file, without a name (open_by_handle_at(2)).
    let inode = std::fs::metadata(&there).unwrap().ino();
    let by_number = format!(
        "python3 -c \"\nimport ctypes, os, struct\nlibc = ctypes.CDLL(None, use_errno=True)\n\
         at = os.open('/work', os.O_RDONLY)\n\
         for generation in (0, 1):\n\
         \x20   handle = struct.pack('IiII', 8, 1, {inode}, generation)\n\
         \x20   fd = libc.open_by_handle_at(at, handle, os.O_RDONLY)\n\
         \x20   print('SHUT' if fd < 0 else os.read(fd, 100))\n\""
    );
    assert_eq!(bench.sh_as("bob", &by_number).out, ["SHUT", "SHUT"]);
    assert_eq!(bench.sh_as("alice", "cat /work/private/kept.txt").out, [SECRET]);
}

#[test]
fn what_one_person_lays_out_does_not_start_in_the_name_of_another() {
    let bench = Bench::new();
    keep_secret(&bench);
    let plant = "cat(readLines('/work/private/kept.txt'), file = '/work/stolen.txt')";
    bench.sh_as(
        "bob",
        &format!(
            "for name in .Rprofile .Renviron .profile .bashrc .psqlrc; do \
             echo \"{plant}\" > /work/$name; done"
        ),
    );
    let hers = bench.sh_as("alice", "Rscript -e 'cat(\"ran\\n\")'; echo $HOME");
    assert_eq!(hers.out, ["ran", "/work/private"], "{:?}", hers.err);
    let stolen = bench.sh_as("bob", "cat /work/stolen.txt");
    assert!(stolen.out.is_empty(), "{:?}", stolen.out);
}

#[test]
fn from_outside_each_is_shown_what_is_theirs() {
    let bench = Bench::new();
    keep_secret(&bench);
    bench.sh_as("bob", "echo b > private/b.txt; echo s > s.txt");
    let names = |folder: room::WorkFolder| -> Vec<String> {
        folder.list().unwrap().files.iter().map(|file| file.name.to_string()).collect()
    };
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|person| person.parse().unwrap());
    let of = |person| bench.runtime.work_of(&bench.room, person).unwrap();
    assert_eq!(names(of(&alice)), ["private/kept.txt", "s.txt"]);
    assert_eq!(names(of(&bob)), ["private/b.txt", "s.txt"]);
    assert_eq!(names(of(&carol)), ["s.txt"]);
    assert_eq!(names(bench.runtime.work(&bench.room).unwrap()), ["s.txt"]);
    let all = names(bench.runtime.work_of_all(&bench.room).unwrap());
    assert_eq!(all, ["private/alice/kept.txt", "private/bob/b.txt", "s.txt"]);

    let kept: WorkName = format!("{PRIVATE}/kept.txt").parse().unwrap();
    assert!(of(&alice).take(&kept, 100).is_ok());
    assert!(of(&bob).take(&kept, 100).is_err());
    let around: WorkName = "private/alice/kept.txt".parse().unwrap();
    assert!(of(&bob).take(&around, 100).is_err());
}

#[test]
fn private_files_count_for_the_disk_that_the_room_has() {
    let bench = Bench::with(small(), |_| {});
    let report = bench.sh_as("alice", "head -c 200000000 /dev/zero > /work/private/large");
    assert_eq!(report.ended.outcome, Outcome::KilledDisk);
}

#[test]
fn a_room_from_before_there_were_private_folders_keeps_its_files() {
    let bench = Bench::new();
    bench.sh_as("alice", "mkdir figures; echo 1 > figures/a.csv; echo 2 > .hidden");
    // As it lay then: everything at the top, and a file of that name among it.
    let (disk, state) = (disk(&bench), disk(&bench).with_file_name("room.json"));
    for entry in std::fs::read_dir(disk.join("shared")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != PRIVATE {
            std::fs::rename(entry.path(), disk.join(entry.file_name())).unwrap();
        }
    }
    // Its top belonged to the room.
    let shared = std::fs::metadata(disk.join("shared")).unwrap();
    std::os::unix::fs::chown(&disk, Some(shared.uid()), Some(shared.gid())).unwrap();
    for ours in ["shared", "private", "versions"] {
        std::fs::remove_dir_all(disk.join(ours)).unwrap();
    }
    std::fs::write(disk.join(PRIVATE), "3\n").unwrap();
    let old =
        std::fs::read_to_string(&state).unwrap().replace("\"parted\":true", "\"parted\":false");
    std::fs::write(&state, old).unwrap();
    let before = bench.runtime.work(&bench.room).unwrap().list().unwrap();
    assert_eq!(before.files.len(), 2, "{before:?}");

    let report = bench.sh_as("alice", "cat figures/a.csv .hidden private-before; ls -A private");
    assert_eq!(report.out, ["1", "2", "3"], "{:?}", report.err);
    assert_eq!(report.ended.outcome, Outcome::Finished);
}

/// Starts a script of `person`'s, and waits until it has made a file of that name in what
/// is shared.
fn start_as(bench: &Bench, person: &str, script: &str, made: &str) -> Arc<dyn Running> {
    let lines = Arc::new(Lines::default());
    let sink: Arc<dyn LogSink> = Arc::<Lines>::clone(&lines);
    let command = Command {
        words: ["/bin/sh", "-c", script].map(str::to_owned).into(),
        script: None,
        wall: Duration::from_mins(2),
        person: Some(person.parse().unwrap()),
    };
    let running = bench.runtime.start(&bench.room, &bench.run_id(), command, sink).unwrap();
    until_made(bench, made, &lines);
    running
}

fn until_made(bench: &Bench, made: &str, lines: &Lines) {
    let (made, began) = (disk(bench).join("shared").join(made), Instant::now());
    while !made.exists() {
        let late = began.elapsed() > Duration::from_mins(1);
        assert!(!late, "it was not made: {:?}", lines.0.lock().unwrap());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn two_people_at_work_at_once_share_files_and_nothing_else() {
    let bench = Bench::new();
    keep_secret(&bench);
    let hers = start_as(
        &bench,
        "alice",
        &format!(
            "echo {SECRET} > /tmp/hers; echo {SECRET} > /dev/shm/hers; MARK={SECRET} sleep 4711 & \
             touch /work/begun; wait"
        ),
        "begun",
    );
    let attempts = [
        "grep -rs \"$MARK\" /tmp /dev/shm /run /work",
        // Her processes, and what is in their environment.
        "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; cat $p/environ; done | \
         grep -a -e 4711 -e \"$MARK\"",
        "pgrep sleep; pkill -9 sleep; kill -9 -1",
    ];
    for attempt in attempts {
        let report = bench.sh_as("bob", &format!("MARK=mark-7f3''c9a51; export MARK; {attempt}"));
        let told = report.out.iter().filter(|line| !line.contains("MARK=mark-7f3''")).count();
        assert_eq!(told, 0, "{attempt}: {report:?}");
    }
    assert_eq!(hers.ended(), None, "what she runs was ended by another");
    assert_eq!(bench.sh_as("bob", "ls /work").out, ["begun", "private"]);
    hers.stop();
    assert_eq!(hers.wait().outcome, Outcome::Stopped);
}

#[test]
fn nobody_comes_into_what_another_is_alone_in() {
    let bench = Bench::new();
    let sink: Arc<dyn LogSink> = Arc::new(Lines::default());
    let stay = Stay { wall: Duration::from_mins(5), person: Some("alice".parse().unwrap()) };
    let running = bench.runtime.start_desktop(&bench.room, &bench.run_id(), stay, sink).unwrap();
    let began = Instant::now();
    while bench.runtime.reach_desktop(&bench.room, running.run()).is_err() {
        assert!(began.elapsed() < Duration::from_mins(1), "it is not reached from outside");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Whatever is a socket, wherever it lies, by whatever way.
    let connects = "\
import os, socket
found = []
for top in ('/run', '/work', '/tmp', '/dev', '/var', '/proc/1/root/run', '/proc/1/root/work'):
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            try:
                s = socket.socket(socket.AF_UNIX)
                s.settimeout(1)
                s.connect(path)
                found.append(path)
            except OSError:
                pass
for name in ('\\0/tmp/.X11-unix/X1', '/tmp/.X11-unix/X1', '/run/session/room.sock'):
    try:
        s = socket.socket(socket.AF_UNIX)
        s.connect(name)
        found.append(name)
    except OSError:
        pass
print('OPEN' if found else 'SHUT', found)
";
    std::fs::write(disk(&bench).join("shared/connect.py"), connects).unwrap();
    let report = bench.sh_as("bob", &format!("{PYTHON} /work/connect.py"));
    assert_eq!(report.out, ["SHUT []"], "{:?}", report.err);
    running.stop();
    assert_eq!(running.wait().outcome, Outcome::Stopped);
    let left = std::fs::read_dir(disk(&bench).join("sessions")).unwrap().count();
    assert_eq!(left, 0, "its socket is still there");
}

/// Holds so many MiB until it is stopped.
fn holds(mib: u32, made: &str) -> String {
    format!(
        "exec {PYTHON} -c \"
import time
held = bytearray({mib} << 20)
for at in range(0, len(held), 4096): held[at] = 1
open('/work/{made}', 'w').close()
time.sleep(60)\""
    )
}

fn what_runs_together_stays_within_the_room(place: &CgroupPlace) {
    let terms = RoomTerms { memory_mib: 384, ..small() };
    let bench = Bench::with(terms, |config| config.cgroup = place.clone());
    let first = start_as(&bench, "alice", &holds(120, "first"), "first");
    // Alone it would have place, beside the first it has not: it is the larger of the two.
    let second = bench.sh_as("bob", &holds(320, "second"));
    assert_eq!(second.ended.outcome, Outcome::KilledMemory, "{second:?}");
    assert_eq!(first.ended(), None, "the smaller of the two was ended");
    let held = bench.runtime.standing(&bench.room).unwrap().memory;
    assert!(held > 100 << 20 && held < 384 << 20, "the room holds {held} bytes");
    // Python alone: nothing of bubblewrap counts. An ordinary user makes no control group.
    // What was killed is counted until the kernel has cleared it away.
    let counted = (*place == CgroupPlace::Own && is_root()).then_some(1);
    let began = Instant::now();
    loop {
        let standing = bench.runtime.standing(&bench.room).unwrap();
        if standing.processes == counted {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{standing:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    first.stop();
    first.wait();
    let alone = start_as(&bench, "bob", &holds(320, "alone"), "alone");
    assert_eq!(alone.ended(), None);
}

#[test]
fn what_runs_together_has_the_memory_of_one_room() {
    what_runs_together_stays_within_the_room(&CgroupPlace::Own);
}

#[test]
fn so_it_has_where_no_control_group_can_be_made() {
    what_runs_together_stays_within_the_room(&CgroupPlace::Nowhere);
}
