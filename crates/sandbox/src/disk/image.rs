//! A file system in a file.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use room::Limits;
use rustix::fs::FallocateFlags;

use crate::state::{RoomDir, RoomState};

const MIB: u64 = 1 << 20;

/// How long somebody who reads in a work folder is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is left when a work folder counts as full: a program that writes in
/// larger pieces cannot write any more.
pub(super) const LAST: u64 = MIB;

/// How large the file must be for `limits.disk` bytes to fit: ext4 keeps 256
/// bytes per file it can hold, a journal, and 2 % or 4,096 blocks in reserve
/// (fs/ext4/super.c, `ext4_calculate_resv_clusters`).
fn size(limits: &Limits) -> u64 {
    let inodes = limits.files * 256;
    let reserve = (limits.disk / 50).min(4096 * 4096);
    // Group descriptors and bitmaps: two blocks of every 128 MiB, and slack.
    let groups = limits.disk / 8192 + 2 * MIB;
    let beside = inodes + journal(limits) * MIB + reserve + groups + LAST;
    (limits.disk + beside).next_multiple_of(MIB)
}

/// The journal, MiB: what mke2fs takes for disks of this size.
fn journal(limits: &Limits) -> u64 {
    match limits.disk / MIB {
        0..128 => 4,
        128..1024 => 16,
        _ => 64,
    }
}

/// Makes the image of a room that runs as user `uid`.
pub(crate) fn make(dir: &RoomDir, limits: &Limits, uid: Option<u32>) -> io::Result<()> {
    let size = size(limits);
    let file = File::create_new(dir.image())?;
    match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, size) {
        // A file system that cannot promise blocks: the image grows as it fills.
        Err(rustix::io::Errno::OPNOTSUPP) => file.set_len(size)?,
        other => other?,
    }
    drop(file);
    let owner = uid.unwrap_or_else(|| rustix::process::geteuid().as_raw());
    let mut command = Command::new("/usr/sbin/mke2fs");
    command
        .args(["-q", "-F", "-t", "ext4", "-m", "0", "-N", &limits.files.to_string()])
        .args(["-J", &format!("size={}", journal(limits))])
        // Not giving the blocks back is what makes the file's promise hold.
        .arg("-E")
        .arg(format!("nodiscard,lazy_itable_init=1,lazy_journal_init=1,root_owner={owner}:{owner}"))
        .arg(dir.image());
    run(&mut command)
}

/// Makes sure that the work folder of a room is there to be worked in.
pub(crate) fn attach(dir: &RoomDir, state: &RoomState) -> io::Result<()> {
    if !state.image || is_mounted(&dir.disk())? {
        return Ok(());
    }
    run(Command::new("/usr/bin/mount")
        .args(["-t", "ext4", "-o", "loop,nosuid,nodev,noatime,errors=remount-ro"])
        .arg(dir.image())
        .arg(dir.disk()))?;
    // mke2fs makes it for repairs; in a room it is one file too many to explain.
    match std::fs::remove_dir(dir.disk().join("lost+found")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Takes the file system off the work folder; the loop device goes with it.
pub(crate) fn detach(dir: &RoomDir) -> io::Result<()> {
    let work = dir.disk();
    while work.exists() && is_mounted(&work)? {
        if run(Command::new("/usr/bin/umount").arg(&work)).is_err() {
            // Somebody reads a file in it. Out of sight now, gone when they are done.
            run(Command::new("/usr/bin/umount").arg("--lazy").arg(&work))?;
        }
    }
    Ok(())
}

/// Takes the file system off the work folder of a room that stays. Not while
/// somebody reads in it: it would be mounted a second time, under them.
pub(crate) fn release(dir: &RoomDir) -> io::Result<()> {
    let work = dir.disk();
    let deadline = Instant::now() + PATIENCE;
    while is_mounted(&work)? {
        let done = run(Command::new("/usr/bin/umount").arg(&work));
        if let Err(error) = done {
            if Instant::now() >= deadline {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

/// Whether a file system is on the work folder.
pub(crate) fn is_mounted(work: &Path) -> io::Result<bool> {
    let above = work.parent().unwrap_or(work);
    Ok(work.symlink_metadata()?.dev() != above.symlink_metadata()?.dev())
}

fn run(command: &mut Command) -> io::Result<()> {
    let done = command.env_clear().stdin(Stdio::null()).output()?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let first = said.lines().next().unwrap_or("it did not say why").to_owned();
    Err(io::Error::other(first))
}
