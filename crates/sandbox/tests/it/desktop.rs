//! The desktop runs sealed as everything else does. What is tried in a room is tried
//! here too, typed into its terminal as a person would.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::RoomId;
use room::{LogSink, Outcome, Running, Runtime as _, Stay};

use crate::bench::{Bench, Lines, attempt, small};

const PATIENCE: Duration = Duration::from_secs(40);
const RETURN: u32 = 0xff0d;

/// A viewer of RFB (RFC 6143), as small as it can be.
pub struct Viewer {
    socket: UnixStream,
    width: u16,
    height: u16,
}

impl Viewer {
    fn greet(mut socket: UnixStream) -> io::Result<Self> {
        socket.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut version = [0; 12];
        socket.read_exact(&mut version)?;
        socket.write_all(b"RFB 003.008\n")?;
        let mut ways = [0; 2];
        socket.read_exact(&mut ways)?;
        assert_eq!(ways, [1, 1], "it lets people in without a password and in no other way");
        socket.write_all(&[1])?;
        socket.read_exact(&mut [0; 4])?;
        socket.write_all(&[1])?;
        let mut init = [0; 24];
        socket.read_exact(&mut init)?;
        let mut name = vec![0; usize::from(init[23])];
        socket.read_exact(&mut name)?;
        let side = |at: usize| u16::from_be_bytes([init[at], init[at + 1]]);
        Ok(Self { width: side(0), height: side(2), socket })
    }

    fn key(&mut self, key: u32) {
        for down in [1, 0] {
            let mut said = vec![4, down, 0, 0];
            said.extend(key.to_be_bytes());
            self.socket.write_all(&said).unwrap();
        }
    }

    pub fn type_in(&mut self, text: &str) {
        for character in text.chars() {
            self.key(if character == '\n' { RETURN } else { character.into() });
        }
    }

    /// The whole screen, as it is now: four bytes for each pixel.
    fn screen(&mut self) -> Vec<u8> {
        self.socket.write_all(&[2, 0, 0, 1, 0, 0, 0, 0]).unwrap();
        let mut asked = vec![3, 0, 0, 0, 0, 0];
        asked.extend(self.width.to_be_bytes());
        asked.extend(self.height.to_be_bytes());
        self.socket.write_all(&asked).unwrap();
        let mut pixels = vec![0; usize::from(self.width) * usize::from(self.height) * 4];
        let mut left = pixels.len();
        while left > 0 {
            let mut head = [0; 4];
            self.socket.read_exact(&mut head).unwrap();
            assert_eq!(head[0], 0, "an update is all that was asked for");
            for _ in 0..u16::from_be_bytes([head[2], head[3]]) {
                let mut area = [0; 12];
                self.socket.read_exact(&mut area).unwrap();
                assert_eq!(area[8..], [0; 4], "raw");
                let at = |at: usize| usize::from(u16::from_be_bytes([area[at], area[at + 1]]));
                for row in at(2)..at(2) + at(6) {
                    let from = (row * usize::from(self.width) + at(0)) * 4;
                    self.socket.read_exact(&mut pixels[from..from + at(4) * 4]).unwrap();
                    left = left.saturating_sub(at(4) * 4);
                }
            }
        }
        pixels
    }
}

/// A desktop that runs in a room.
pub struct Desktop {
    pub room: RoomId,
    pub work: PathBuf,
    pub viewer: Viewer,
    pub running: Arc<dyn Running>,
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < until, "{what}: never");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Desktop {
    /// Opens one in a room of its own, and waits until its terminal listens.
    pub fn open(bench: &Bench) -> Self {
        let room = bench.open_another(small());
        let lines = Arc::new(Lines::default());
        let sink: Arc<dyn LogSink> = Arc::<Lines>::clone(&lines);
        let wall = Duration::from_mins(10);
        let running = bench
            .runtime
            .start_desktop(&room, &bench.run_id(), Stay { wall, person: None }, sink)
            .unwrap();
        let run = running.run();
        let mut viewer = None;
        until("the display answers", || {
            assert!(running.ended().is_none(), "{:?}", lines.0.lock().unwrap());
            viewer = bench.runtime.reach_desktop(&room, run).and_then(Viewer::greet).ok();
            viewer.is_some()
        });
        let work = bench.dir.path().join("rooms").join(room.as_str()).join("work/shared");
        let mut desktop = Self { room, work, viewer: viewer.unwrap(), running };
        let ready = desktop.work.join("ready");
        let mut last = Instant::now();
        desktop.viewer.type_in("\n: > ready\n");
        until("the terminal listens", || {
            if last.elapsed() > Duration::from_secs(1) {
                desktop.viewer.type_in("\n: > ready\n");
                last = Instant::now();
            }
            ready.exists()
        });
        desktop
    }

    /// What a Python script says that is started from the terminal.
    pub fn python(&mut self, script: &str) -> String {
        let [said, done] = ["said", "done"].map(|name| self.work.join(name));
        let _ = std::fs::remove_file(&done);
        readable(&self.work.join("try.py"), script);
        self.viewer.type_in("python3 try.py >said 2>&1; : >done\n");
        until("the script ends", || done.exists());
        std::fs::read_to_string(said).unwrap()
    }
}

fn readable(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn a_desktop_is_drawn_typed_into_and_ends() {
    let bench = Bench::new();
    assert!(bench.runtime.has_desktops(), "install what `cargo xtask setup` names");
    let mut desktop = Desktop::open(&bench);
    assert_eq!((desktop.viewer.width, desktop.viewer.height), (1280, 800));
    let said = desktop.python(
        "import os,subprocess\nprint(sorted(os.listdir('/data')), os.environ['DISPLAY'])\n\
         print(subprocess.run(['R','--version'],capture_output=True,text=True).stdout[:9])",
    );
    assert_eq!(said, "['person.csv'] :1\nR version\n");
    // A terminal: dark letters on white.
    let pixels = desktop.viewer.screen();
    let bright = |pixel: &&[u8]| pixel[..3].iter().all(|part| *part > 250);
    let dark = |pixel: &&[u8]| pixel[..3].iter().all(|part| *part < 40);
    assert!(pixels.chunks(4).filter(bright).count() > 100_000, "no window");
    assert!(pixels.chunks(4).filter(dark).count() > 100, "nothing is written on it");
    desktop.running.stop();
    assert_eq!(desktop.running.wait().outcome, Outcome::Stopped);
    let reached = bench.runtime.reach_desktop(&desktop.room, desktop.running.run());
    assert!(reached.is_err(), "it is gone");
}

#[test]
fn a_display_listens_on_no_address_and_is_shared_with_no_room() {
    let bench = Bench::new();
    let (mut one, mut two) = (Desktop::open(&bench), Desktop::open(&bench));
    // Sockets that listen in the room: X11's and RFB's, both files; a name that
    // begins with `@` would be one without a file.
    let listening = "for line in open('/proc/net/unix').readlines()[1:]:\n \
                     f=line.split()\n if f[3]=='00010000': print(f[7])";
    let mut paths: Vec<String> = one.python(listening).lines().map(str::to_owned).collect();
    paths.sort();
    assert_eq!(paths, ["/run/session/room.sock", "/tmp/.X11-unix/X1"]);
    let tcp = "import os\nfor f in ('tcp','tcp6','udp','udp6'):\n \
               p='/proc/net/'+f\n print(len(open(p).readlines())-1 if os.path.exists(p) else 0)";
    assert_eq!(one.python(tcp), "0\n0\n0\n0\n");
    // The same number in each, and another display behind it.
    one.python("open('/tmp/mine','w')");
    assert_eq!(two.python("import os;print(os.path.exists('/tmp/mine'))"), "False\n");
    let from_outside = "s=socket.socket(socket.AF_UNIX)\ns.connect('\\0/tmp/.X11-unix/X1')";
    bench.shut(&attempt(from_outside));
    for desktop in [one, two] {
        bench.runtime.close(&desktop.room).unwrap();
    }
}
