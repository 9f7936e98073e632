//! A full disk ends an import with a clear error and nothing half-done.

use std::path::Path;
use std::process::Command;

use lake::ExtractOptions;
use source::{ContentSink, SinkError};

use crate::extract_support::{Delivered, House, going_on, terms};
use crate::support::{
    KeepAll, batch, files, import, laboratory, lake, read, some_rows, source, stage, take_in,
};

/// Says to this program that it has namespaces of its own.
const APART: &str = "LAKE_TEST_APART";

/// A small file system of its own, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// A small disk for the test of this name, in user and mount namespaces, where
    /// anybody may mount one: the test runs once more in them. `None`: it did, and it
    /// held.
    fn mount(test: &str, kibibytes: u32) -> Option<Self> {
        let namespaces = ["--user", "--map-root-user", "--mount"];
        if std::env::var_os(APART).is_none() {
            let may = Command::new("unshare").args(namespaces).arg("true").status();
            if !may.is_ok_and(|may| may.success()) {
                println!("skipped: there are no user namespaces to mount a small disk in");
                return None;
            }
            let status = Command::new("unshare")
                .args(namespaces)
                .arg(std::env::current_exe().unwrap())
                .args([&format!("disk_full::{test}"), "--exact", "--nocapture"])
                .env(APART, "")
                .status()
                .unwrap();
            assert!(status.success());
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "tmpfs"])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(mounted.success());
        Some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_disk_that_fills_while_spilling_or_writing_is_told() {
    let test = "a_disk_that_fills_while_spilling_or_writing_is_told";
    let Some(disk) = SmallDisk::mount(test, 400) else { return };
    // With memory the rows file is what does not fit, without it the spill.
    for memory in [64 << 20, 1_000] {
        let lake = lake(disk.path()).with_sort_memory(memory);
        let lock = lake.lock(&source()).unwrap();
        let before = files(disk.path());
        let mut intake = lake.intake(&lock, &import("b"), &laboratory()).unwrap();
        let rows = some_rows(10_000, 10, 2);
        let mut put = Ok(());
        for rows in rows.chunks(5_000) {
            put = put.and_then(|()| intake.put(batch(rows)));
        }
        let Err(error) = put.and_then(|()| intake.finish(&mut KeepAll)) else {
            panic!("100,000 rows fitted into 400 KiB");
        };
        assert!(matches!(error, SinkError::DiskFull { .. }), "{error}");
        assert_eq!(files(disk.path()), before);
        drop(lock);
        // With less to write it works on the same disk.
        let version = take_in(&lake, "c", &some_rows(10, 10, 3), None);
        assert_eq!(read(&lake, version.unwrap()).len(), 100);
        std::fs::remove_dir_all(disk.path().join("laboratory")).unwrap();
    }
}

#[test]
fn a_disk_that_fills_at_the_commit_is_told() {
    let test = "a_disk_that_fills_at_the_commit_is_told";
    let Some(disk) = SmallDisk::mount(test, 600) else { return };
    let lake = lake(disk.path());
    take_in(&lake, "a", &some_rows(10, 10, 1), None).unwrap();
    let before = files(disk.path());
    let (lock, staged) = stage(&lake, "b", &some_rows(10, 10, 2), 50);
    let filler = disk.path().join("filler");
    let full = std::fs::write(&filler, vec![0_u8; 1 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    let error = lake.commit(&lock, staged, Some(0)).unwrap_err();
    assert!(error.is_disk_full(), "{error}");
    std::fs::remove_file(&filler).unwrap();
    assert_eq!(files(disk.path()), before);
    assert_eq!(read(&lake, 0).len(), 100);
}

#[test]
fn a_disk_that_fills_while_an_extract_is_built_is_told() {
    let test = "a_disk_that_fills_while_an_extract_is_built_is_told";
    let Some(disk) = SmallDisk::mount(test, 300) else { return };
    let row = |n: usize| Delivered {
        person: n % 200,
        date: Some(i32::try_from(n % 900).unwrap()),
        age: None,
        value: Some(f64::from(u32::try_from(n * 7919 % 10_007).unwrap()) / 3.0),
        code: Some(format!("code {}", n * 31 % 4_001)),
        seen: Some(n.is_multiple_of(2)),
    };
    let house = House::of(200, &[("laboratory", (0..20_000).map(row).collect())]);
    let plan = house.plan(terms(&["laboratory"]));
    let crosswalk = house.link(&plan);
    // With memory the tables are what does not fit, without it what waits to be
    // sorted.
    for memory in [usize::MAX, 0] {
        let options = ExtractOptions { csv: true, memory };
        let build =
            |folder| house.lake.build_extract(&plan, &crosswalk, folder, options, &going_on);
        let error = build(disk.path()).unwrap_err();
        assert!(error.is_disk_full(), "{error}");
        assert!(error.to_string().contains("is full: make room and try again"), "{error}");
        assert!(files(disk.path()).is_empty(), "{:?}", files(disk.path()));
        let elsewhere = tempfile::tempdir().unwrap();
        build(elsewhere.path()).unwrap();
    }
}
