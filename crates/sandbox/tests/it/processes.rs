//! What runs in a room sees and touches nothing that runs outside, and leaves
//! nothing running.

use std::process::{Child, Command};

use room::{Outcome, Runtime as _};

use crate::bench::{Bench, PYTHON, attempt, is_root, python_outside, small};

/// A process outside that an attempt is made on.
struct Victim(Child);

impl Victim {
    fn new() -> Self {
        Self(Command::new("/bin/sleep").arg("300").spawn().unwrap())
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn processes_outside_are_not_seen_nor_signalled() {
    let bench = Bench::new();
    let mut victim = Victim::new();
    let pid = victim.pid();
    bench.refuses(&attempt(&format!("open('/proc/{pid}/cmdline').read()")));
    bench.shut(&attempt(&format!("os.kill({pid},signal.SIGKILL)")));
    // Everything a room can signal is its own.
    bench.sh("kill -9 -1");
    assert!(victim.is_alive());
    let kill = attempt(&format!("os.kill({pid},signal.SIGKILL)"));
    assert!(python_outside(&kill).contains("OPEN"));
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert!(!victim.is_alive());
    let seen = "import os;print(sum(name.isdigit() for name in os.listdir('/proc')))";
    assert_eq!(bench.python(seen).text(), "2");
}

#[test]
fn code_in_a_room_is_nobody_outside() {
    let bench = Bench::new();
    let report = bench.sh("id -u; id -g; hostname; cat /proc/self/uid_map");
    assert_eq!(report.out[..3], ["1000", "1000", "room"]);
    let file = bench.dir.path().join("rooms").join(bench.room.as_str()).join("work/shared/x");
    bench.sh("touch /work/x");
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(file).unwrap());
    let ours = rustix::process::geteuid().as_raw();
    if is_root() {
        assert!(owner >= 60_000 && owner != 65_534, "host user id {owner}");
    } else {
        assert_eq!(owner, ours);
    }
}

#[test]
fn two_rooms_are_two_users() {
    if !is_root() {
        println!("skipped: only root can give each room a user id of its own");
        return;
    }
    let bench = Bench::new();
    let other = bench.open_another(small());
    let owner = |room: &model::RoomId| {
        let work = bench.dir.path().join("rooms").join(room.as_str()).join("work/shared");
        std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(work).unwrap())
    };
    assert_ne!(owner(&bench.room), owner(&other));
}

/// System calls by number, on x86-64.
#[cfg(target_arch = "x86_64")]
mod calls {
    pub const PTRACE: i64 = 101;
    pub const PROCESS_VM_READV: i64 = 310;
    pub const KEYCTL: i64 = 250;
    pub const ADD_KEY: i64 = 248;
    pub const UNSHARE: i64 = 272;
    pub const MOUNT: i64 = 165;
    pub const PERSONALITY: i64 = 135;
    pub const IO_URING_SETUP: i64 = 425;
    pub const MEMFD_CREATE: i64 = 319;
    pub const SHMGET: i64 = 29;
    pub const NAME_TO_HANDLE_AT: i64 = 303;
    pub const CLONE: i64 = 56;
    pub const CLONE3: i64 = 435;
    pub const BPF: i64 = 321;
    pub const PERF_EVENT_OPEN: i64 = 298;
    pub const SETNS: i64 = 308;
    pub const OPEN_TREE: i64 = 428;
    pub const SWAPON: i64 = 167;
    pub const QUOTACTL: i64 = 179;
    pub const OPEN_BY_HANDLE_AT: i64 = 304;
    pub const INIT_MODULE: i64 = 175;
    pub const KEXEC_LOAD: i64 = 246;
    pub const PIDFD_GETFD: i64 = 438;
    pub const SCHED_SETAFFINITY: i64 = 203;
}

#[cfg(target_arch = "x86_64")]
#[test]
fn calls_that_work_outside_are_refused_in_a_room() {
    use calls::*;
    let bench = Bench::new();
    for call in [
        // A child stopped and looked into by its parent.
        format!(
            "pid=os.fork()\nif pid==0: time.sleep(9)\ntry: call({PTRACE},16,pid,0,0)\nfinally: os.kill(pid,9)"
        ),
        format!(
            "b=ctypes.create_string_buffer(8)\niov=struct.pack('QQ',ctypes.addressof(b),8)\n\
                 call({PROCESS_VM_READV},os.getpid(),iov,1,iov,1,0)"
        ),
        format!("call({KEYCTL},0,-4,1)"),
        format!("call({ADD_KEY},b'user',b'helserom-test',b'x',1,-2)"),
        format!("call({UNSHARE},0x10000000)"),
        format!("call({PERSONALITY},0x0040000)"),
        format!("call({MEMFD_CREATE},b'x',0)"),
        format!("i=call({SHMGET},0,4096,0o1600)\ncall(31,i,0,0)"),
        format!("call({SCHED_SETAFFINITY},0,8,struct.pack('Q',2**64-1))"),
        format!(
            "h=struct.pack('Ii',128,0)+bytes(128)\ncall({NAME_TO_HANDLE_AT},-100,b'/tmp',ctypes.create_string_buffer(h),ctypes.create_string_buffer(8),0)"
        ),
        // clone with CLONE_NEWUSER: the child leaves at once.
        format!(
            "pid=call({CLONE},0x10000000|17,0,0,0,0)\nif pid==0: os._exit(0)\nos.waitpid(pid,0)"
        ),
    ] {
        bench.refuses(&attempt(&call));
    }
    // For root only outside, or not built into every kernel.
    for call in [
        format!("call({MOUNT},b'x',b'/work',b'tmpfs',0,0)"),
        format!("call({IO_URING_SETUP},4,ctypes.create_string_buffer(120))"),
        format!("call({BPF},5,ctypes.create_string_buffer(120),120)"),
        format!("call({PERF_EVENT_OPEN},ctypes.create_string_buffer(120),0,-1,-1,0)"),
        format!("call({SETNS},os.open('/proc/self/ns/net',0),0)"),
        format!("call({OPEN_TREE},-100,b'/work',1)"),
        format!("call({SWAPON},b'/work/x',0)"),
        format!("call({QUOTACTL},0x800001<<8,b'/dev/null',0,0)"),
        format!("call({OPEN_BY_HANDLE_AT},-100,ctypes.create_string_buffer(136),0)"),
        format!("call({INIT_MODULE},b'x',1,b'')"),
        format!("call({KEXEC_LOAD},0,0,0,0)"),
        format!("call({PIDFD_GETFD},os.pidfd_open(os.getpid()),0,0)"),
    ] {
        bench.shut(&attempt(&call));
    }
    // Refused as "not there", so that libraries fall back to `clone`.
    let clone3 = attempt(&format!("call({CLONE3},0,0)"));
    assert!(bench.python(&clone3).text().contains("Errno 38"), "clone3");
    assert!(!python_outside(&clone3).contains("Errno 38"), "clone3 is not there outside either");
}

#[cfg(target_arch = "x86_64")]
#[test]
fn calls_of_other_kinds_end_the_process() {
    // mov eax, N; int 0x80 | syscall; ret: getpid as a 32-bit and as an x32 call.
    let with = |number: &str, instruction: &str| {
        format!(
            "import mmap,ctypes\nm=mmap.mmap(-1,4096,prot=7)\n\
             m.write(b'\\xb8'+({number}).to_bytes(4,'little')+b'{instruction}\\xc3')\n\
             f=ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(m)))\n\
             f()\nprint('OPEN')"
        )
    };
    let bench = Bench::new();
    for script in [with("20", "\\xcd\\x80"), with("0x40000000+39", "\\x0f\\x05")] {
        assert!(python_outside(&script).contains("OPEN"), "{script}");
        let report = bench.python(&script);
        // 128 + SIGSYS.
        assert_eq!(report.ended.exit, Some(159), "{report:?}");
    }
}

#[test]
fn typing_for_a_terminal_is_refused() {
    let bench = Bench::new();
    // A child on a terminal of its own types into it (TIOCSTI); the second time
    // with a bit set that the kernel does not look at.
    for request in ["0x5412", "0x5412|(1<<40)"] {
        let script = attempt(&format!(
            "import pty\n\
             r,w=os.pipe()\n\
             pid,_=pty.fork()\n\
             if pid==0:\n\
             \x20   n=libc.ioctl(0,ctypes.c_ulong({request}),b'x')\n\
             \x20   os.write(w,str(ctypes.get_errno() if n else 0).encode());os._exit(0)\n\
             os.waitpid(pid,0)\n\
             n=int(os.read(r,9))\n\
             if n: raise OSError(n,os.strerror(n))"
        ));
        bench.shut(&script);
        let said = bench.python(&script).text();
        // EPERM is the filter's answer; a kernel that refuses it to everyone says EIO.
        assert!(said.contains("SHUT") && said.contains("Errno 1]"), "{said}");
        let outside = python_outside(&script);
        assert!(outside.contains("OPEN") || outside.contains("Errno 5]"), "{outside}");
    }
    // On a desktop there is one, the room's own: who types there is who looks at it.
    let said = bench.python(&attempt("open('/dev/tty')")).text();
    assert!(said.contains("SHUT"), "{said}");
}

#[test]
fn a_program_that_slips_away_ends_with_its_command() {
    let bench = Bench::new();
    let mark = format!("{}", 3_000_000 + std::process::id());
    let daemon = format!(
        "import os,sys,time\nif os.fork(): sys.exit()\nos.setsid()\nif os.fork(): sys.exit()\n\
         for n in range(3): os.close(n)\nos.execv('/bin/sleep',['sleep','{mark}'])"
    );
    let count = || {
        std::fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter(|entry| {
                std::fs::read(entry.path().join("cmdline"))
                    .is_ok_and(|line| line == format!("sleep\0{mark}\0").into_bytes())
            })
            .count()
    };
    bench.run(&[PYTHON, "-c", &format!("{daemon}\n")]).must(Outcome::Finished);
    assert_eq!(count(), 0);
    // The control: outside it does slip away.
    Command::new(PYTHON).args(["-c", &daemon]).status().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(count(), 1);
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if line == format!("sleep\0{mark}\0").into_bytes() {
            let pid: i32 = entry.file_name().to_str().unwrap().parse().unwrap();
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
    }
}

#[test]
fn nothing_is_left_of_a_program_that_crashes() {
    let bench = Bench::new();
    let crash = "ulimit -c unlimited 2>/dev/null; cd /work; kill -SEGV $$";
    let report = bench.sh(crash);
    assert_eq!((report.ended.outcome, report.ended.exit), (Outcome::Failed, Some(139)));
    assert_eq!(bench.sh("ls -A /work; ulimit -Hc").out, ["private", "0"]);
    let listing = bench.runtime.work(&bench.room).unwrap().list().unwrap();
    assert_eq!(listing.total(), 0);
}
