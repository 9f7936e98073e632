//! What somebody would try next who knows how rooms are made: the room's own
//! process 1, what bubblewrap says to the server, limits that are lowered to
//! get round them, and names that are not only names.

use std::process::Command;

use room::{Outcome, Runtime as _};

use crate::bench::{Bench, attempt, is_root, python_outside};

#[test]
fn process_1_of_a_room_has_no_more_rights_than_what_it_minds() {
    // It is the room's own user, so its memory is closed by its folder alone.
    let bench = Bench::new();
    bench.shut(&attempt("os.open('/proc/1/mem',os.O_RDWR)"));
    let own = attempt("os.open('/proc/self/mem',os.O_RDWR)");
    bench.refuses(&own);
    let text = bench
        .sh("grep -E '^(NoNewPrivs|CapEff|CapBnd|CapPrm|CapAmb|Seccomp|Seccomp_filters):' /proc/1/status")
        .text();
    for line in [
        "NoNewPrivs:\t1",
        "CapEff:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "CapAmb:\t0000000000000000",
        "Seccomp:\t2",
        "Seccomp_filters:\t2",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}

#[test]
fn process_1_of_a_room_knows_nothing_of_the_server() {
    let bench = Bench::new();
    let environment = "print(len(open('/proc/1/environ','rb').read()))";
    assert_eq!(bench.python(environment).text(), "0");
    let control = python_outside("print(len(open('/proc/self/environ','rb').read()))");
    assert_ne!(control.trim(), "0");
    // Its control groups are named for the room as the top, not as outside.
    let groups = bench.sh("cat /proc/1/cgroup /proc/self/cgroup").text();
    assert!(!groups.contains("helserom"), "{groups}");
}

#[test]
fn what_bubblewrap_tells_the_server_cannot_be_said_by_a_room() {
    let bench = Bench::new();
    let mut victim = Command::new("/bin/sleep").arg("300").spawn().unwrap();
    // Everything that process 1 and this process hold, written to.
    let said = format!(
        "import os\nfor who in ('1','self'):\n  for n in os.listdir(f'/proc/{{who}}/fd'):\n    \
         if int(n)<3: continue\n    \
         try:\n      f=os.open(f'/proc/{{who}}/fd/{{n}}',os.O_WRONLY|os.O_NONBLOCK)\n      \
         os.write(f,b'{{\"child-pid\":{pid}}}\\n{{\"exit-code\":0}}\\n')\n    \
         except OSError: pass\nimport time;time.sleep(.2)\nos._exit(3)",
        pid = victim.id()
    );
    let report = bench.python(&said);
    let alive = victim.try_wait().unwrap().is_none();
    let _ = victim.kill();
    victim.wait().unwrap();
    assert_eq!((report.ended.outcome, report.ended.exit), (Outcome::Failed, Some(3)), "{report:?}");
    assert!(alive, "a room had the server kill a process outside");
}

#[test]
fn limits_are_not_raised_and_a_dump_goes_to_nobody() {
    let bench = Bench::new();
    // A limit of 1 and no other is what keeps a crash from being piped to the
    // machine's own collector of crashes (core(5)): that is data, leaving.
    let limit = "import resource;print(resource.getrlimit(resource.RLIMIT_CORE))";
    assert_eq!(bench.python(limit).text(), "(1, 1)");
    for change in [
        "import resource;resource.setrlimit(resource.RLIMIT_CORE,(0,0))",
        "import resource;resource.prlimit(0,resource.RLIMIT_CORE,(0,0))",
        // The same by the older call.
        "b=struct.pack('QQ',0,0)\ncall(160,4,b)",
    ] {
        bench.refuses(&attempt(change));
    }
    for limit in ["NOFILE", "MEMLOCK", "FSIZE"] {
        bench.shut(&attempt(&format!(
            "import resource\nr=resource.RLIMIT_{limit}\nhard=resource.getrlimit(r)[1]\n\
             resource.setrlimit(r,(hard+1,hard+1))"
        )));
    }
    // Looking, and lowering any other, goes on.
    let lower = attempt("import resource;resource.setrlimit(resource.RLIMIT_NOFILE,(64,64))");
    assert_eq!(bench.python(&lower).text(), "OPEN");
}

#[test]
fn the_scheduling_policy_may_be_set_to_what_it_is_and_to_nothing_else() {
    let bench = Bench::new();
    let policy =
        |name: &str| attempt(&format!("os.sched_setscheduler(0,os.{name},os.sched_param(0))"));
    for other in ["SCHED_BATCH", "SCHED_IDLE"] {
        bench.refuses(&policy(other));
    }
    assert_eq!(bench.python(&policy("SCHED_OTHER")).text(), "OPEN");
}

#[test]
fn a_room_may_be_the_user_that_it_is_and_nobody_else() {
    let bench = Bench::new();
    for call in ["setuid", "setgid"] {
        for other in ["0", "1", "999", "1001", "65534"] {
            bench.shut(&attempt(&format!("os.{call}({other})")));
        }
        assert_eq!(bench.python(&attempt(&format!("os.{call}(1000)"))).text(), "OPEN");
    }
    for more in ["os.setgroups([0])", "os.setresuid(0,0,0)", "os.setreuid(0,0)", "os.seteuid(0)"] {
        bench.shut(&attempt(more));
    }
}

#[test]
fn the_machine_takes_rooms_first_when_memory_runs_out_whatever_they_say() {
    let bench = Bench::new();
    let report = bench.sh("cat /proc/self/oom_score_adj");
    assert_eq!(report.text(), "1000");
    bench.shut(&attempt("open('/proc/self/oom_score_adj','w').write('0')"));
    bench.shut(&attempt("open('/proc/self/oom_score_adj','w').write('-1000')"));
}

#[test]
fn the_kernels_own_switches_and_records_are_out_of_reach() {
    let bench = Bench::new();
    // Shut whoever asks; opened, not written to, so that a hole breaks nothing.
    for place in [
        "/proc/sysrq-trigger",
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sys/vm/drop_caches",
        "/proc/sys/user/max_user_namespaces",
        "/proc/sys/net/ipv4/ip_forward",
    ] {
        bench.shut(&attempt(&format!("os.open('{place}',os.O_WRONLY)")));
    }
    for place in ["/proc/kcore", "/proc/kmsg", "/proc/kpageflags", "/dev/mem", "/dev/kmsg"] {
        bench.shut(&attempt(&format!("os.read(os.open('{place}',os.O_RDONLY|os.O_NONBLOCK),8)")));
    }
    bench.shut(&attempt("os.listdir('/sys')"));
    bench.shut(&attempt("os.listdir('/sys/fs/cgroup')"));
    // Whoever shares a user id with the server sees the names of its key rings.
    if is_root() {
        let keys = "import os\nprint(len(open('/proc/keys').read()) if os.path.exists('/proc/keys') else 0)";
        assert_eq!(bench.python(keys).text(), "0");
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn no_way_to_another_namespace_is_left() {
    let bench = Bench::new();
    // Every kind of namespace, by unshare (272), clone (56) and setns (308) with
    // a process descriptor (434).
    for flag in [
        0x0002_0000,
        0x0200_0000,
        0x0400_0000,
        0x0800_0000,
        0x1000_0000,
        0x2000_0000,
        0x4000_0000,
        0x0000_0080,
    ] {
        bench.shut(&attempt(&format!("call(272,{flag})")));
        if flag != 0x80 {
            bench.shut(&attempt(&format!(
                "pid=call(56,{flag}|17,0,0,0,0)\nif pid==0: os._exit(0)\nos.waitpid(pid,0)"
            )));
        }
    }
    bench.shut(&attempt("call(308,call(434,1,0),0x10000000)"));
    // Hidden in the upper half of the argument, where nobody may look.
    bench.shut(&attempt("call(272,0x10000000|(1<<40))"));
    // Kinds of socket, the upper half set: the kernel looks at the lower.
    for family in ["2|(1<<32)", "16|(1<<32)", "40|(1<<32)"] {
        bench.shut(&attempt(&format!("call(41,{family},1,0)")));
    }
}

#[test]
fn names_and_links_in_the_work_folder_deceive_nobody_outside() {
    let bench = Bench::new();
    bench
        .python(
            "import os\nopen('/work/a\\nb.csv','w');open('/work/c\\x1b[2J.csv','w')\n\
         open('/work/plain.csv','w').write('1')\nos.link('/work/plain.csv','/work/second.csv')\n\
         os.symlink('/proc/1/root','/work/root');os.symlink('/data','/work/data')\n\
         os.mkfifo('/work/pipe.csv');open('/work/suid','w');os.chmod('/work/suid',0o6755)",
        )
        .must(Outcome::Finished);
    let work = bench.runtime.work(&bench.room).unwrap();
    let listing = work.list().unwrap();
    let names: Vec<&str> = listing.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["suid"]);
    assert!(listing.refused.len() >= 6, "{listing:?}");
    for refused in &listing.refused {
        assert!(!refused.shown.chars().any(char::is_control), "{refused:?}");
    }
    for name in ["plain.csv", "second.csv", "pipe.csv", "data/person.csv", "root/etc/passwd"] {
        assert!(work.take(&name.parse().unwrap(), 1000).is_err(), "{name}");
    }
    for name in ["a\nb.csv", "../room.json", "/etc/passwd", "c\u{1b}[2J.csv"] {
        assert!(name.parse::<room::WorkName>().is_err(), "{name:?}");
    }
    drop(work);
    // And the folder can be removed.
    bench.runtime.close(&bench.room).unwrap();
}

#[test]
fn one_room_does_not_hear_another() {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    let bench = Bench::new();
    let other = bench.open_another(crate::bench::small());
    let listen = "import socket,time,os\ns=socket.socket(socket.AF_UNIX)\ns.bind('\\0meet')\n\
                  s.listen()\nopen('/dev/shm/meet','w').write('x')\nopen('/tmp/meet','w').write('x')\n\
                  open('/work/ready','w').close()\ntime.sleep(300)";
    let command = room::Command {
        words: vec![crate::bench::PYTHON.into(), "-c".into(), listen.into()],
        script: None,
        wall: Duration::from_mins(5),
        person: None,
    };
    let sink: Arc<dyn room::LogSink> = Arc::new(crate::bench::Lines::default());
    let running = bench.runtime.start(&bench.room, &bench.run_id(), command, sink).unwrap();
    let ready = bench.dir.path().join("rooms").join(bench.room.as_str()).join("work/shared/ready");
    let until = Instant::now() + Duration::from_secs(30);
    while !ready.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(ready.exists(), "the other room never began");
    let tries = [
        "s=socket.socket(socket.AF_UNIX)\ns.connect('\\0meet')",
        "open('/dev/shm/meet').read()",
        "open('/tmp/meet').read()",
        "open('/work/ready').read()",
    ];
    // Whoever hears which file of the system another opens is told as much as they agree on.
    let hears = "import ctypes\nlibc=ctypes.CDLL(None,use_errno=True)\n\
                 fd=libc.inotify_init1(0)\n\
                 if fd<0 or libc.inotify_add_watch(fd,b'/usr/bin',0x20)<0: raise OSError()";
    bench.refuses(&attempt(hears));
    for body in tries {
        let words = [crate::bench::PYTHON, "-c", &attempt(body)];
        let report = bench.run_in(&other, &words, None, Duration::from_mins(1));
        assert!(report.text().contains("SHUT"), "{body}: {report:?}");
    }
    running.stop();
    running.wait();
}
