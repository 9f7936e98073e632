//! A full disk: what is kept is whole, and what is not is told.

use model::{Entropy, SeededEntropy};
use room::Stream;

use super::*;
use crate::wiring::small_disk::SmallDisk;

/// Every file in a folder and below.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn on_a_full_disk_an_output_is_kept_wholly_or_not_at_all_and_that_is_told() {
    let Some(disk) = SmallDisk::mount(
        "wiring::files::tests::on_a_full_disk_an_output_is_kept_wholly_or_not_at_all_and_that_is_told",
    ) else {
        return;
    };
    let folder = disk.path().join("outputs");
    let blobs = BlobFiles::open(&folder).unwrap();
    let before = blobs.put(b"kept before").unwrap();
    let large = vec![7; 20_000];
    for room in [0, 8 << 10] {
        disk.fill(room);
        let told = blobs.put(&large).unwrap_err();
        assert!(told.contains("is full: make room and try again"), "{told}");
        assert_eq!(files(&folder), [blobs.path(&before)]);
        disk.make_room();
    }
    let hash = blobs.put(&large).unwrap();
    assert_eq!(blobs.get(&hash).unwrap(), large);
    assert_eq!(blobs.get(&before).unwrap(), b"kept before");
}

struct Bench {
    logs: LogFiles,
    room: RoomId,
    run: RunId,
}

impl Bench {
    fn on(disk: &SmallDisk) -> Self {
        let entropy: &dyn Entropy = &SeededEntropy::new(5);
        let logs = LogFiles { folder: disk.path().join("logs") };
        Self { logs, room: RoomId::mint(entropy), run: RunId::mint(entropy) }
    }

    fn open(&self) -> Result<Arc<dyn LogSink>, String> {
        self.logs.open(&self.room, &self.run)
    }

    fn lines(&self) -> Vec<String> {
        let text = self.logs.read(&self.room, &self.run).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "the last line is not whole");
        text.lines().map(str::to_owned).collect()
    }
}

fn print(log: &Arc<dyn LogSink>, numbers: std::ops::Range<u32>) {
    for n in numbers {
        let text = format!("line {n:05} {}", "x".repeat(85));
        log.line(LogLine { stream: Stream::Output, text: &text });
    }
}

#[test]
fn a_log_whose_disk_fills_says_how_many_lines_it_has_not() {
    let Some(disk) = SmallDisk::mount(
        "wiring::files::tests::a_log_whose_disk_fills_says_how_many_lines_it_has_not",
    ) else {
        return;
    };
    let bench = Bench::on(&disk);
    let log = bench.open().unwrap();
    disk.fill(0);
    print(&log, 0..1_000);
    log.ended(&Ended { log_dropped: 7, ..Ended::LOST });
    let lines = bench.lines();
    let (last, whole) = lines.split_last().unwrap();
    assert!(whole.len() > 10, "{lines:?}");
    for (n, line) in whole.iter().enumerate() {
        assert_eq!(*line, format!("line {n:05} {}", "x".repeat(85)));
    }
    // One more: how much was past the budget could not be said.
    let lost = 1_000 - whole.len() + 1;
    assert!(last.starts_with(&format!("[{lost} lines were printed here and not kept: ")), "{last}");
    assert!(last.contains("was full; make room and run it again"), "{last}");
}

#[test]
fn a_log_goes_on_when_there_is_room_again() {
    let Some(disk) =
        SmallDisk::mount("wiring::files::tests::a_log_goes_on_when_there_is_room_again")
    else {
        return;
    };
    let bench = Bench::on(&disk);
    let log = bench.open().unwrap();
    disk.fill(8 << 10);
    print(&log, 0..500);
    disk.make_room();
    print(&log, 500..510);
    log.ended(&Ended::LOST);
    let lines = bench.lines();
    let gap = lines.iter().position(|line| line.starts_with('[')).unwrap();
    assert!(lines[gap].contains(&format!("{} lines", 500 - gap)), "{}", lines[gap]);
    assert_eq!(lines.len(), gap + 11);
    assert!(lines[gap + 1].starts_with("line 00500"), "{}", lines[gap + 1]);
}

#[test]
fn a_run_whose_log_has_no_room_at_all_is_told_so_before_it_starts() {
    let Some(disk) = SmallDisk::mount(
        "wiring::files::tests::a_run_whose_log_has_no_room_at_all_is_told_so_before_it_starts",
    ) else {
        return;
    };
    let bench = Bench::on(&disk);
    disk.fill(0);
    let Err(told) = bench.open() else { panic!("there is no room for a log") };
    assert!(told.contains("is full: make room and try again"), "{told}");
    assert_eq!(bench.lines(), [""; 0]);
    disk.make_room();
    let log = bench.open().unwrap();
    print(&log, 0..3);
    assert_eq!(bench.lines().len(), 3);
}
