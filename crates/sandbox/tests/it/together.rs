//! Several people in one room: what they share, and what each has alone.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use room::{Outcome, PRIVATE, Runtime as _, WorkName};

use crate::bench::{Bench, small};

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
