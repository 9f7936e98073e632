//! The limits hold, and one room's bomb does not keep another from working.

use std::sync::Arc;
use std::time::{Duration, Instant};

use permit::RoomTerms;
use room::{Command, Hold, LogSink, Outcome, Runtime as _};
use sandbox::{CgroupPlace, Config, DiskHold};

use crate::bench::{Bench, Lines, PYTHON, Report, small};
use crate::desktop::Desktop;
use crate::kernel::Kernel;

/// The same room on a machine without control groups and without mounting.
fn watched(config: &mut Config) {
    config.cgroup = CgroupPlace::Nowhere;
    config.disk = DiskHold::Watched;
}

pub fn both(terms: RoomTerms) -> [Bench; 2] {
    [Bench::with(terms, |_| {}), Bench::with(terms, watched)]
}

const MEMORY_BOMB: &str = "\
import os
for _ in range(3): os.fork()
held=[]
while True: held.append(b'x'*(8<<20))";

const FORK_BOMB: &str = "\
import os,time
while True:
    try: os.fork()
    except OSError: time.sleep(0.01)";

const DISK_FILL: &str = "while True: open('big','ab').write(b'x'*(1<<20))";

const INODE_FILL: &str = "\
n=0
while True:
    open(str(n),'w').close()
    n+=1";

const ENDLESS_OUTPUT: &str = "\
import os
line=b'helserom'*999+b'\\n'
while True: os.write(1,line)";

#[test]
fn what_holds_is_said() {
    let bench = Bench::with(small(), watched);
    assert_eq!(bench.holds.memory, Hold::Watched);
    assert_eq!(bench.holds.disk, Hold::Watched);
    if std::path::Path::new("/dev/loop-control").exists() && crate::bench::is_root() {
        assert_eq!(Bench::new().holds.disk, Hold::Kernel);
    }
}

#[test]
fn a_memory_bomb_is_ended() {
    for bench in both(small()) {
        let report = bench.python(MEMORY_BOMB);
        report.must(Outcome::KilledMemory);
        assert_eq!(report.ended.exit, None);
        assert!(report.ended.peak_memory > 256 << 20, "{report:?}");
        // Watching may be late by as much as is touched between two looks.
        assert!(report.ended.peak_memory < 1 << 30, "{report:?}");
    }
}

#[test]
fn memory_within_the_limit_is_given() {
    for bench in both(small()) {
        bench.python("x=b'x'*(300<<20)").must(Outcome::Finished);
    }
}

#[test]
fn a_fork_bomb_is_ended() {
    for bench in both(small()) {
        let report = bench.python(FORK_BOMB);
        report.must(Outcome::KilledProcesses);
        assert!(report.ended.wall < Duration::from_secs(20), "{report:?}");
    }
}

#[test]
fn processes_within_the_limit_are_given() {
    let many = "import subprocess\n\
                all=[subprocess.Popen(['sleep','1']) for _ in range(25)]\n\
                print(sum(p.wait()==0 for p in all))";
    for bench in both(small()) {
        let report = bench.python(many);
        assert_eq!(report.must(Outcome::Finished).text(), "25");
    }
}

#[test]
fn a_script_that_fills_the_disk_is_ended() {
    for bench in both(small()) {
        let report = bench.python(DISK_FILL);
        report.must(Outcome::KilledDisk);
        let work = bench.runtime.standing(&bench.room).unwrap().work;
        assert!(work.bytes > 10 << 20, "{work:?}");
        if bench.holds.disk == Hold::Kernel {
            assert!(work.bytes < 20 << 20, "{work:?}");
        }
    }
}

#[test]
fn a_room_that_is_full_can_be_emptied_by_who_works_in_it() {
    for bench in both(small()) {
        bench.python(DISK_FILL).must(Outcome::KilledDisk);
        let empties = bench.sh("ls; sleep 1; rm big; sleep 1; echo x > small");
        assert_eq!(empties.must(Outcome::Finished).out, ["big", "private"]);
        let again = bench.python(DISK_FILL);
        again.must(Outcome::KilledDisk);
    }
}

#[test]
fn who_fills_the_disk_ends_nobody_else_where_the_kernel_holds_it() {
    let bench = Bench::with(small(), |_| {});
    if bench.holds.disk != Hold::Kernel {
        println!("skipped: nothing can be mounted here (not root, or no loop devices)");
        return;
    }
    let sink: Arc<dyn LogSink> = Arc::new(Lines::default());
    let command = Command {
        words: ["/bin/sleep", "60"].map(str::to_owned).into(),
        script: None,
        wall: Duration::from_mins(2),
        person: None,
    };
    let other = bench.runtime.start(&bench.room, &bench.run_id(), command, sink).unwrap();
    let fills = bench.sh("head -c 200000000 /dev/zero > big; echo $?; sleep 1; exit 7");
    assert_eq!(fills.must(Outcome::KilledDisk).out, ["1"], "it failed for want of place");
    // Nor once it is alone on the full disk.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(other.ended(), None, "what ran beside it was ended");
    bench.sh("rm big; echo x > small").must(Outcome::Finished);
}

#[test]
fn a_disk_within_the_limit_is_given_and_many_small_files_are_not_one_large_one() {
    for bench in both(small()) {
        bench.python("open('/work/a','wb').write(b'x'*(14<<20))").must(Outcome::Finished);
        bench.python("import os;os.unlink('/work/a')").must(Outcome::Finished);
        bench.python(INODE_FILL).must(Outcome::KilledDisk);
    }
}

#[test]
fn space_of_deleted_files_counts() {
    let script = "import os,time\nfor n in range(64):\n  \
                  f=os.open('/work/x',os.O_RDWR|os.O_CREAT);os.unlink('/work/x')\n  \
                  os.write(f,b'x'*(1<<20));globals()[f'keep{n}']=f;time.sleep(0.02)\ntime.sleep(5)";
    for bench in both(small()) {
        bench.python(script).must(Outcome::KilledDisk);
    }
}

#[test]
fn a_script_that_never_ends_is_ended() {
    for bench in both(small()) {
        let began = Instant::now();
        let room = bench.room.clone();
        let words = ["/bin/sh", "-c", "while :; do sleep 1; done"];
        let report = bench.run_in(&room, &words, None, Duration::from_millis(700));
        report.must(Outcome::KilledTime);
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    }
}

#[test]
fn output_without_end_is_kept_to_a_point_and_counted_from_there() {
    let bench = Bench::new();
    let report = bench.sh("yes helserom | head -c 20000000; echo last");
    report.must(Outcome::Finished);
    assert!(report.ended.log_kept <= 1 << 20);
    assert_eq!(report.ended.log_kept + report.ended.log_dropped, 20_000_005);
    assert!(!report.out.iter().any(|line| line == "last"));
}

#[test]
fn a_folder_of_ten_thousand_files_is_listed_and_removed() {
    for bench in both(RoomTerms { disk_mib: 256, ..small() }) {
        let files = "import os\nos.mkdir('many')\n\
                     for n in range(10000): open(f'many/{n:05}.csv','w').write('1')";
        bench.python(files).must(Outcome::Finished);
        let began = Instant::now();
        let work = bench.runtime.work(&bench.room).unwrap();
        let first = work.list().unwrap();
        assert_eq!((first.total(), first.more), (1_000, true));
        let listing = work.list_at_most(20_000).unwrap();
        assert_eq!((listing.total(), listing.more, listing.refused.len()), (10_000, false, 0));
        let last = work.take(&"many/09999.csv".parse().unwrap(), 10).unwrap();
        assert_eq!(last.bytes, b"1");
        drop(work);
        bench.runtime.close(&bench.room).unwrap();
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
}

#[test]
fn scratch_has_a_size_and_counts_as_memory() {
    for bench in both(small()) {
        let fill = "import errno\nfor place in ('/tmp/x','/dev/shm/x'):\n  \
                    try: open(place,'wb').write(b'x'*(129<<20))\n  \
                    except OSError as e: print(errno.errorcode[e.errno])";
        let report = bench.python(fill);
        assert!(
            report.out == ["EFBIG", "EFBIG"]
                || report.out == ["ENOSPC", "ENOSPC"]
                || report.ended.outcome == Outcome::KilledMemory,
            "{report:?}"
        );
    }
}

#[test]
fn processor_time_is_kept_to_the_share() {
    let terms = RoomTerms { cpu_percent: 50, ..small() };
    let bench = Bench::with(terms, |_| {});
    let busy = "import time\nend=time.time()+2\nwhile time.time()<end: pass";
    let report = bench.python(busy);
    report.must(Outcome::Finished);
    if bench.holds.cpu == Hold::Kernel {
        let share = report.ended.cpu.as_secs_f64() / report.ended.wall.as_secs_f64();
        assert!(share < 0.65, "{share}: {report:?}");
    }
}

#[test]
fn while_one_room_bombs_another_works() {
    for (config, name) in [(None, "kernel"), (Some(()), "watched")] {
        let bench = Bench::with(small(), |c| {
            if config.is_some() {
                watched(c);
            }
        });
        let other = bench.open_another(small());
        for bomb in [MEMORY_BOMB, FORK_BOMB, DISK_FILL, INODE_FILL, ENDLESS_OUTPUT] {
            let command = Command {
                words: vec![PYTHON.into(), "-c".into(), bomb.into()],
                script: None,
                wall: Duration::from_secs(30),
                person: None,
            };
            let sink: Arc<dyn LogSink> = Arc::new(Lines::default());
            let bombing = bench.runtime.start(&bench.room, &bench.run_id(), command, sink).unwrap();
            let words = [PYTHON, "-c", "print(sum(range(1000000)))"];
            let report: Report = bench.run_in(&other, &words, None, Duration::from_secs(30));
            assert_eq!(report.text(), "499999500000", "{name}: {report:?}");
            bombing.stop();
            bombing.wait();
        }
    }
}

/// In a cell and in a terminal they are programs of the room as well.
#[test]
fn a_bomb_in_a_notebook_or_on_a_desktop_is_in_nobodys_way() {
    let bench = Bench::new();
    let works = |place: &str| {
        let words = [PYTHON, "-c", "print(sum(range(1000000)))"];
        let report = bench.run_in(&bench.room, &words, None, Duration::from_secs(30));
        assert_eq!(report.text(), "499999500000", "{place}: {report:?}");
    };
    for bomb in [MEMORY_BOMB, FORK_BOMB, DISK_FILL, INODE_FILL, "while True: print('x' * 9999)"] {
        let mut kernel = Kernel::open(&bench);
        kernel.begin(bomb);
        std::thread::sleep(Duration::from_millis(500));
        works("in a cell");
        bench.runtime.close(&kernel.room).unwrap();

        let mut desktop = Desktop::open(&bench);
        std::fs::write(desktop.work.join("bomb.py"), bomb).unwrap();
        desktop.viewer.type_in(&format!("{PYTHON} bomb.py\n"));
        std::thread::sleep(Duration::from_millis(500));
        works("on a desktop");
        bench.runtime.close(&desktop.room).unwrap();
    }
}

/// As many busy programs as a room may have, in a room with one processor: on the other
/// one somebody else works as before.
#[test]
fn a_room_slows_another_by_no_more_than_its_share() {
    let one = RoomTerms { cpu_percent: 100, ..small() };
    let bench = Bench::with(one, |_| {});
    let processors = std::thread::available_parallelism().unwrap().get();
    if bench.holds.cpu != Hold::Kernel || processors < 2 {
        println!("skipped: nothing holds the share of a processor here, or there is but one");
        return;
    }
    let other = bench.open_another(one);
    let work = "import time\nbegan=time.time()\nsum(range(20000000))\nprint(time.time()-began)";
    let takes = || {
        let report = bench.run_in(&other, &[PYTHON, "-c", work], None, Duration::from_mins(1));
        report.must(Outcome::Finished).text().parse::<f64>().unwrap()
    };
    let busy = "import os\nfor _ in range(4): os.fork()\nwhile True: pass";
    let (mut alone, mut beside) = (f64::INFINITY, f64::INFINITY);
    // Other tests run meanwhile: the best of some is what the machine can do.
    for _ in 0..4 {
        alone = alone.min(takes());
        let command = Command {
            words: [PYTHON, "-c", busy].map(str::to_owned).into(),
            script: None,
            wall: Duration::from_mins(2),
            person: None,
        };
        let sink: Arc<dyn LogSink> = Arc::new(Lines::default());
        let running = bench.runtime.start(&bench.room, &bench.run_id(), command, sink).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        beside = beside.min(takes());
        running.stop();
        running.wait();
    }
    // Sixteen against one would take it to seventeen times as long.
    assert!(beside < 2.5 * alone, "{beside} s beside sixteen, {alone} s alone");
}
