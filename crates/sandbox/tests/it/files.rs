//! A room sees its extract, its work and the machine's programs. It writes to
//! its work and nothing else.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use room::{Outcome, Runtime as _};

use crate::bench::{Bench, attempt, is_root, python_outside, write};

#[test]
fn what_the_centre_keeps_is_not_there() {
    let bench = Bench::new();
    let other = bench.open_another(crate::bench::small());
    let theirs = bench.dir.path().join("rooms").join(other.as_str()).join("work/shared/result.csv");
    write(&theirs, "1");
    let root = bench.dir.path();
    for kept in ["vault/segment", "lake/table", "ledger/helserom.db", "master.key"] {
        write(&root.join(kept), "kept");
    }
    for kept in ["vault/segment", "lake/table", "ledger/helserom.db", "master.key"] {
        bench.refuses(&attempt(&format!("open({:?}).read()", root.join(kept))));
    }
    bench.refuses(&attempt(&format!("open({theirs:?}).read()")));
    bench.refuses(&attempt(&format!("os.listdir({:?})", root.join("rooms"))));
}

#[test]
fn the_machines_own_folders_are_not_there() {
    let bench = Bench::new();
    for folder in ["/home", "/srv", "/mnt", "/boot", "/sys", "/var/log", "/var/lib", "/etc/apt"] {
        bench.refuses(&attempt(&format!("os.listdir('{folder}')")));
    }
    bench.shut(&attempt("os.listdir('/root')"));
    for secret in ["/etc/shadow", "/etc/machine-id", "/etc/fstab", "/etc/ssl/private"] {
        bench.shut(&attempt(&format!("os.stat('{secret}')")));
    }
    let users = "print(open('/etc/passwd').read().count('root'))";
    assert_eq!(bench.python(users).text(), "0");
    assert_ne!(python_outside(users).trim(), "0");
}

#[test]
fn only_the_work_folder_and_scratch_can_be_written_to() {
    let bench = Bench::new();
    for place in [
        "/data/x",
        "/usr/x",
        "/etc/x",
        "/x",
        "/dev/x",
        "/run/x",
        "/opt/x",
        "/bin/x",
        "/proc/sys/kernel/hostname",
    ] {
        bench.shut(&attempt(&format!("open('{place}','w').write('x')")));
    }
    bench.shut(&attempt("os.chmod('/data/person.csv',0o777)"));
    bench.shut(&attempt("os.unlink('/data/person.csv')"));
    bench.shut(&attempt("open('/data/person.csv','a').write('x')"));
    for place in ["/work/x", "/tmp/x", "/dev/shm/x"] {
        let open = attempt(&format!("open('{place}','w').write('x')"));
        assert_eq!(bench.python(&open).text(), "OPEN", "{place}");
    }
    assert_eq!(bench.sh("cat /data/person.csv").out.len(), 3);
}

#[test]
fn work_stays_and_scratch_goes() {
    let bench = Bench::new();
    bench
        .sh("echo kept > /work/a; echo gone > /tmp/b; echo gone > /dev/shm/c")
        .must(Outcome::Finished);
    let report = bench.sh("cat /work/a; ls /tmp /dev/shm");
    assert_eq!(report.out[0], "kept");
    assert!(!report.text().contains('b'), "{report:?}");
}

#[test]
fn another_rooms_shared_memory_is_not_there() {
    let bench = Bench::new();
    let name = format!("/dev/shm/helserom-test-{}", std::process::id());
    write(std::path::Path::new(&name), "shared");
    bench.refuses(&attempt(&format!("open('{name}').read()")));
    std::fs::remove_file(&name).unwrap();
}

#[test]
fn links_made_in_a_room_lead_nowhere() {
    let bench = Bench::new();
    write(&bench.dir.path().join("vault"), "out of reach");
    std::fs::set_permissions(bench.dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let target = bench.dir.path().join("vault");
    // A link is only words: inside they name nothing, and outside nobody follows them.
    bench.sh(&format!("ln -s {} /work/link; ln -s / /work/root", target.display()));
    bench.shut(&attempt("open('/work/link').read()"));
    let work = bench.runtime.work(&bench.room).unwrap();
    for name in ["link", "root/etc/passwd"] {
        assert!(work.take(&name.parse().unwrap(), 1000).is_err());
    }
    let outside = tempfile::tempdir().unwrap();
    symlink(&target, outside.path().join("link")).unwrap();
    let read = attempt(&format!("open({:?}).read()", outside.path().join("link")));
    assert!(python_outside(&read).contains("OPEN"));
    bench.shut(&attempt("os.link('/data/person.csv','/work/hard')"));
    bench.shut(&attempt("os.link('/usr/bin/env','/work/hard')"));
}

#[test]
fn devices_cannot_be_made_or_opened() {
    let bench = Bench::new();
    let make = attempt("os.mknod('/work/disk',0o60660|0o600,os.makedev(7,0))");
    if is_root() {
        let outside = tempfile::tempdir().unwrap();
        let there = make.replace("/work", outside.path().to_str().unwrap());
        bench.refuses_as(&make, &there);
    } else {
        bench.shut(&make);
    }
    let listed = bench.sh("ls /dev").out;
    for device in ["mem", "kmsg", "loop0", "fuse", "kvm", "vda", "sda", "vsock"] {
        assert!(!listed.iter().any(|name| name == device), "{device}");
    }
}

#[test]
fn programs_that_lend_roots_rights_lend_nothing() {
    let bench = Bench::new();
    let mounted = "print(any(' / ' in l or l.split()[4]=='/usr' and 'nosuid' in l for l in open('/proc/self/mountinfo')))";
    assert_eq!(bench.python(mounted).text(), "True");
    // Every setuid program of the machine, run to say who it is: nobody special.
    let report = bench.sh("for p in $(find /usr/bin -perm -4000); do echo $p; done; \
         grep -E '^(NoNewPrivs|CapEff|CapBnd|CapPrm|Seccomp):' /proc/self/status");
    let text = report.text();
    assert!(text.contains("NoNewPrivs:\t1"), "{text}");
    assert!(text.contains("CapEff:\t0000000000000000"), "{text}");
    assert!(text.contains("CapBnd:\t0000000000000000"), "{text}");
    assert!(text.contains("Seccomp:\t2"), "{text}");
    let outside = python_outside("print(open('/proc/self/status').read())");
    assert!(outside.contains("NoNewPrivs:\t0") && outside.contains("Seccomp:\t0"), "{outside}");
    bench.shut(&attempt(
        "r=subprocess.run(['su','-c','id'],capture_output=True,text=True)\nassert r.returncode==0,r.stderr",
    ));
}

#[test]
fn the_servers_environment_and_open_files_do_not_come_along() {
    // SAFETY of the claim: the variable is in this process's environment.
    let bench = Bench::new();
    let kept = std::fs::File::open(bench.extract().join("person.csv")).unwrap();
    // Inheritable, as a careless library would leave it.
    rustix::io::fcntl_setfd(&kept, rustix::io::FdFlags::empty()).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&kept);
    assert!(number > 2);
    // A kernel has a file of its own under that number.
    let held = format!("assert os.readlink('/proc/self/fd/{number}').endswith('person.csv')");
    bench.refuses(&attempt(&held));
    let open = "import os;print(sorted(int(n) for n in os.listdir('/proc/self/fd')))";
    assert_eq!(bench.python(open).text(), "[0, 1, 2, 3]");
    let inside = bench.sh("env").text();
    let names: Vec<&str> =
        inside.lines().filter_map(|line| line.split_once('=').map(|(n, _)| n)).collect();
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO")) {
        assert!(!names.contains(&name.as_str()), "{name}");
    }
    assert!(names.contains(&"HOME") && inside.contains("HOME=/work"));
    let words = bench.sh("cat /proc/1/cmdline").text();
    assert!(!words.contains(bench.dir.path().to_str().unwrap()), "{words}");
}
