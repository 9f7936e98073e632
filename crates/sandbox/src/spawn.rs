//! Starting bubblewrap: what must happen between `fork` and `exec`.
//!
//! As root the new process first joins the room's control groups, makes a mount
//! namespace in which the room's folders lie where anybody may look, and becomes
//! the room's own user; only then does bubblewrap run, and it runs as nobody
//! special. As an ordinary user it only takes its limits. In both cases it dies
//! with the thread that started it, and inherits no open file but those named.
#![allow(
    unsafe_code,
    reason = "std has no safe way to run code between fork and exec, and no mount(2)"
)]

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command};

use room::{Hold, Holds, Limits};
use rustix::fs::{Gid, Mode, OFlags, Uid};
use rustix::process::{Pid, Resource, Rlimit, Signal};
use rustix::thread::CpuSet;

/// Where the room's folders are shown to bubblewrap: a folder that every
/// machine has and that bubblewrap covers itself.
const STAGE: &CStr = c"/tmp";

/// What the new process does before it is bubblewrap.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// Files of control groups to join.
    pub joins: Vec<File>,
    /// Limits to take: each is lowered, never raised.
    pub limits: Vec<(Resource, u64)>,
    /// Processors to stay on.
    pub processors: Option<CpuSet>,
    /// The user to become, when we are root.
    pub uid: Option<u32>,
    /// Folders to show that the new user could not reach: see [`Before::show`].
    stage: Vec<(OwnedFd, CString)>,
    /// Files that bubblewrap reads, by number.
    pub inherited: Vec<OwnedFd>,
}

impl Before {
    /// Becomes user `uid`, when we are root.
    pub(crate) fn as_user(uid: Option<u32>) -> Self {
        Self { uid, ..Self::default() }
    }

    /// Makes the folder at `path` reachable for bubblewrap and says under which
    /// name. As an ordinary user that is its own name.
    pub(crate) fn show(&mut self, path: &Path) -> io::Result<String> {
        if self.uid.is_none() {
            let name = path.to_str().map(str::to_owned);
            return name.ok_or_else(|| io::Error::other("the path is not UTF-8"));
        }
        let folder = open_tree(path)?;
        let name = format!("{}/{}", STAGE.to_string_lossy(), self.stage.len());
        self.stage.push((folder, CString::new(name.clone())?));
        Ok(name)
    }
}

/// Everything the child needs, made before the fork: between `fork` and `exec`
/// of a program with threads nothing may be allocated (signal-safety(7)).
struct Prepared {
    joins: Vec<File>,
    limits: Vec<(Resource, u64)>,
    processors: Option<CpuSet>,
    user: Option<(Uid, Gid)>,
    stage: Vec<(OwnedFd, CString)>,
    inherited: Vec<RawFd>,
    parent: Pid,
}

/// Starts `command` after doing what `before` says. The calling thread must
/// live as long as the command: its end ends the command.
pub(crate) fn spawn(mut command: Command, before: Before) -> io::Result<Child> {
    // Kept open here until the fork is done.
    let inherited = before.inherited;
    let prepared = Prepared {
        joins: before.joins,
        limits: before.limits,
        processors: before.processors,
        user: before.uid.map(|uid| (Uid::from_raw(uid), Gid::from_raw(uid))),
        stage: before.stage,
        inherited: inherited.iter().map(rustix::fd::AsRawFd::as_raw_fd).collect(),
        parent: rustix::process::getpid(),
    };
    // Its own process group: Ctrl-C at the server's terminal is the server's.
    command.process_group(0).current_dir("/").env_clear();
    // SAFETY: the closure makes system calls only; it neither allocates, locks
    // nor panics, and touches memory of `prepared` alone, which the child has a
    // copy of.
    unsafe {
        command.pre_exec(move || prepared.run());
    }
    let child = command.spawn();
    drop(inherited);
    child
}

impl Prepared {
    fn run(&self) -> io::Result<()> {
        // Whatever else this program has open: other rooms' folders, databases.
        // SAFETY: close_range(2) with this flag closes nothing now; it marks
        // descriptors of this process, which are about to be replaced anyway.
        let marked = unsafe {
            libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC)
        };
        if marked != 0 {
            return Err(io::Error::last_os_error());
        }
        for join in &self.joins {
            rustix::io::write(join, b"0")?;
        }
        // The machine's own guard against running out of memory takes rooms first.
        if let Ok(score) =
            rustix::fs::open(c"/proc/self/oom_score_adj", OFlags::WRONLY, Mode::empty())
        {
            let _ = rustix::io::write(score, b"1000");
        }
        if let Some(user) = self.user {
            self.become_user(user)?;
        }
        if let Some(processors) = &self.processors {
            rustix::thread::sched_setaffinity(None, processors)?;
        }
        for (resource, most) in &self.limits {
            lower(*resource, *most)?;
        }
        rustix::process::umask(Mode::from_raw_mode(0o022));
        // After the change of user, which clears it.
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        if rustix::process::getppid() != Some(self.parent) {
            // The server ended before the line above: nobody would end us.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        for fd in &self.inherited {
            // SAFETY: the parent holds these open until `spawn` has returned.
            let fd = unsafe { BorrowedFd::borrow_raw(*fd) };
            rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty())?;
        }
        Ok(())
    }

    fn become_user(&self, (uid, gid): (Uid, Gid)) -> io::Result<()> {
        // SAFETY: the child has one thread, so nobody shares the namespace that
        // is left.
        unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWNS)? };
        mount(None, c"/", None, libc::MS_REC | libc::MS_PRIVATE, None)?;
        let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
        mount(Some(c"room"), STAGE, Some(c"tmpfs"), flags, Some(c"size=64k,mode=0755"))?;
        for (folder, name) in &self.stage {
            rustix::fs::mkdir(name, Mode::from_raw_mode(0o755))?;
            move_mount(folder, name)?;
        }
        // The raw calls: the library's take locks to tell other threads.
        rustix::thread::set_thread_groups(&[])?;
        rustix::thread::set_thread_res_gid(gid, gid, gid)?;
        rustix::thread::set_thread_res_uid(uid, uid, uid)?;
        Ok(())
    }
}

fn lower(resource: Resource, most: u64) -> io::Result<()> {
    let now = rustix::process::getrlimit(resource);
    let most = now.maximum.map_or(most, |maximum| maximum.min(most));
    rustix::process::setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    Ok(())
}

/// A mount of the folder at `path` that is nowhere yet, and gone when closed.
fn open_tree(path: &Path) -> io::Result<OwnedFd> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC;
    // SAFETY: `path` ends in a zero byte and outlives the call.
    let fd = unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) };
    let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: the kernel made it just now, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Puts a mount that is nowhere yet on the folder `target`.
fn move_mount(mount: &OwnedFd, target: &CStr) -> io::Result<()> {
    // SAFETY: both strings end in a zero byte and outlive the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            target.as_ptr(),
            libc::MOVE_MOUNT_F_EMPTY_PATH,
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn mount(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: libc::c_ulong,
    options: Option<&CStr>,
) -> io::Result<()> {
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: every pointer is null or to a string that ends in a zero byte and
    // outlives the call; mount(2) takes null for each that is optional.
    let done = unsafe {
        libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags, pointer(options).cast())
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Limits that the kernel holds for each process by itself.
pub(crate) fn process_limits(limits: &Limits, holds: Holds) -> Vec<(Resource, u64)> {
    let mut taken = vec![
        // Not 0, which lets a machine that pipes dumps to a program have them, and
        // with them what the room had in memory; 1 is for the kernel "none at all"
        // (core(5), `do_coredump`).
        (Resource::Core, 1),
        (Resource::Nofile, 4096),
        (Resource::Memlock, 1 << 20),
        (Resource::Msgqueue, 0),
        (Resource::Nice, 0),
        (Resource::Rtprio, 0),
        // A single file: a little more than the folder may hold, so that passing
        // the folder's limit is seen as that.
        (Resource::Fsize, limits.disk + (limits.disk / 8).max(8 << 20)),
    ];
    if holds.memory != Hold::Kernel {
        taken.push((Resource::Data, limits.memory));
        // Programs map libraries and reserve what they never touch.
        taken.push((Resource::As, limits.memory.saturating_add(2 << 30)));
    }
    taken
}
