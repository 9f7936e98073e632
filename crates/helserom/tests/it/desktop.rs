//! A desktop through the real program: signed in to in the portal, reached at the
//! rooms' address, drawn by a display behind the walls of a room, typed into.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use permit::Way;

use crate::browser::Browser;
use crate::demo::made;
use crate::place::{Place, signal, until};
use crate::web::{Server, with_permit_that};

/// A viewer of RFB on a web socket (RFC 6143, RFC 6455).
pub(crate) struct Viewer {
    stream: TcpStream,
    held: Vec<u8>,
    /// Everything that came, to be searched.
    all: Vec<u8>,
}

impl Viewer {
    fn open(browser: &Browser, path: &str) -> Self {
        let stream = browser.web_socket(path, Duration::from_secs(20));
        let mut viewer = Self { stream, held: Vec::new(), all: Vec::new() };
        assert_eq!(viewer.take(12), b"RFB 003.008\n");
        viewer.say(b"RFB 003.008\n");
        assert_eq!(viewer.take(2), [1, 1]);
        viewer.say(&[1]);
        assert_eq!(viewer.take(4), [0; 4]);
        viewer.say(&[1]);
        let init = viewer.take(24);
        assert_eq!(init[..4], [5, 0, 3, 32], "1280 by 800");
        assert_eq!(viewer.take(8), b"Helserom");
        viewer
    }

    fn say(&mut self, bytes: &[u8]) {
        // Masked with zeroes: a mask it is.
        let mut frame = vec![0x82];
        match u8::try_from(bytes.len()) {
            Ok(length) if length < 126 => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 0x7e);
                frame.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(bytes);
        self.stream.write_all(&frame).unwrap();
    }

    /// Reads one frame; `false`: the connection was closed.
    fn more(&mut self) -> bool {
        let mut head = [0; 2];
        if self.stream.read_exact(&mut head).is_err() || head[0] & 15 == 8 {
            return false;
        }
        let length = match head[1] & 127 {
            126 => {
                let mut length = [0; 2];
                self.stream.read_exact(&mut length).unwrap();
                usize::from(u16::from_be_bytes(length))
            }
            length => length.into(),
        };
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        if head[0] & 15 == 2 {
            self.held.extend(&body);
            self.all.extend(body);
        }
        true
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        while self.held.len() < count {
            assert!(self.more(), "the connection was ended");
        }
        self.held.drain(..count).collect()
    }

    fn type_in(&mut self, text: &str) {
        for character in text.chars() {
            let key = if character == '\n' { 0xff0d } else { u32::from(character) };
            for down in [1, 0] {
                let mut said = vec![4, down, 0, 0];
                said.extend(key.to_be_bytes());
                self.say(&said);
            }
        }
    }

    fn pointer(&mut self, buttons: u8, (x, y): (u16, u16)) {
        let mut said = vec![5, buttons];
        said.extend(x.to_be_bytes());
        said.extend(y.to_be_bytes());
        self.say(&said);
    }

    /// Asks for the screen, and takes the messages that come until an update: their
    /// kinds. Nothing may come that is no update.
    fn look(&mut self) -> usize {
        self.say(&[3, 0, 0, 0, 0, 0, 5, 0, 3, 32]);
        let head = self.take(4);
        assert_eq!(head[0], 0, "a message that is no update");
        let mut size = 0;
        for _ in 0..u16::from_be_bytes([head[2], head[3]]) {
            let area = self.take(12);
            let side = |at: usize| usize::from(u16::from_be_bytes([area[at], area[at + 1]]));
            let kind = i32::from_be_bytes([area[8], area[9], area[10], area[11]]);
            let length = match kind {
                0 => side(4) * side(6) * 4,
                1 => 4,
                16 => {
                    let length = self.take(4);
                    u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize
                }
                kind => panic!("encoding {kind}"),
            };
            size += self.take(length).len();
        }
        size
    }
}

pub(crate) struct Open {
    pub(crate) place: Place,
    server: Server,
    browser: Browser,
    frame: Browser,
    room: String,
    permit: String,
}

pub(crate) fn open() -> Open {
    open_with(&|_| Vec::new())
}

/// The same with more in the server's environment.
pub(crate) fn open_with(environment: &dyn Fn(&Place) -> Vec<(&'static str, String)>) -> Open {
    let (place, permit) = with_permit_that(200, |terms| terms.room.way = Way::Desktop);
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let room = place.does(&["--as", "researcher", "room", "open", &permit]).trim().to_owned();
    let python = made("room-python");
    let more = environment(&place);
    let mut environment = vec![("HELSEROM_ROOMS_PYTHON", python.to_str().unwrap())];
    environment.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
    let server = Server::start(&place, &environment);
    let mut browser = Browser::of(&server, "researcher");
    let here = format!("/rooms/{room}/desktop");
    let token = browser.get("/account").field("csrf");
    let page = browser.send("POST", &here, &[("csrf", &token)]);
    assert_eq!(page.header("location"), here, "{} {}", page.status, page.body);
    let page = browser.get(&here);
    let ticket = page.field("ticket");
    let rooms = page.body.split("action=\"http://").nth(1).unwrap().split('/').next().unwrap();
    let mut frame = Browser::new(rooms);
    let entered = frame.send("POST", "/enter", &[("ticket", &ticket)]);
    assert_eq!(entered.header("location"), format!("/{room}/desktop"), "{}", entered.body);
    let page = frame.get(&format!("/{room}/desktop"));
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    Open { place, server, browser, frame, room, permit }
}

impl Open {
    pub(crate) fn work(&self) -> PathBuf {
        self.place.data().join("rooms").join(&self.room).join("work/shared")
    }

    fn viewer(&self) -> Viewer {
        Viewer::open(&self.frame, &format!("/{}/desktop/socket", self.room))
    }

    /// A viewer at whose terminal somebody can type.
    pub(crate) fn ready(&self) -> Viewer {
        let mut viewer = self.viewer();
        let (ready, mut last) = (self.work().join("ready"), Instant::now());
        viewer.type_in("\n: > ready\n");
        until("the terminal listens", || {
            if last.elapsed() > Duration::from_secs(1) {
                viewer.type_in("\n: > ready\n");
                last = Instant::now();
            }
            ready.exists().then_some(())
        });
        viewer
    }

    pub(crate) fn types(&self, viewer: &mut Viewer, line: &str) -> String {
        let done = self.work().join("done");
        let _ = std::fs::remove_file(&done);
        viewer.type_in(&format!("{line} >said 2>&1; : >done\n"));
        until("the command ends", || done.exists().then_some(()));
        std::fs::read_to_string(self.work().join("said")).unwrap()
    }
}

#[test]
fn a_desktop_is_seen_and_typed_into_and_its_clipboard_stays() {
    let open = open();
    let mut viewer = open.ready();
    viewer.say(&[2, 0, 0, 1, 0, 0, 0, 16]);
    assert!(viewer.look() > 1000, "nothing is drawn");
    let rows = open.types(&mut viewer, "wc -l /data/laboratory.csv");
    let rows: usize = rows.split(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{rows}"));
    assert!(rows > 100, "the extract is there");
    let counted = open.types(&mut viewer, "psql -Atc 'select count(*) from laboratory'");
    assert_eq!(counted.trim(), (rows - 1).to_string());

    // The display is told to send its clipboard, which anybody in the room may, and a
    // text is chosen: it comes out of the display, as a viewer in the room hears, and
    // not through the portal.
    let listen = "import socket,time\n\
        s=socket.socket(socket.AF_UNIX);s.connect('/run/session/room.sock')\n\
        f=s.makefile('rb')\n\
        f.read(12);s.sendall(b'RFB 003.008\\n');f.read(2);s.sendall(b'\\1');f.read(4)\n\
        s.sendall(b'\\1');n=f.read(24)[23];f.read(n);open('listens','w')\n\
        while h:=f.read(8):\n\
        \x20open('heard','ab').write(h[:1]+f.read(int.from_bytes(h[4:],'big')))\n";
    std::fs::write(open.work().join("listen.py"), listen).unwrap();
    open.types(&mut viewer, "vncconfig -set SendCutText=1 -set SendPrimary=1");
    viewer.type_in("clear; python3 listen.py & sleep 1; yes secret4711 | head -500\n");
    until("somebody listens", || open.work().join("listens").exists().then_some(()));
    let mut last = Instant::now();
    let heard = until("the display sends its clipboard", || {
        // A double click chooses a word, once there is one.
        if last.elapsed() > Duration::from_secs(2) {
            for buttons in [0, 1, 0, 1, 0] {
                viewer.pointer(buttons, (90, 300));
            }
            last = Instant::now();
        }
        let heard = std::fs::read(open.work().join("heard")).ok()?;
        heard.windows(4).any(|part| part == b"4711").then_some(heard)
    });
    assert!(heard.starts_with(b"\x03"), "{heard:?}");
    for _ in 0..3 {
        viewer.look();
    }
    assert!(!viewer.all.windows(4).any(|part| part == b"4711"), "the clipboard came out");

    // What is pasted goes in, and is in the journal.
    viewer.say(&[&[6, 0, 0, 0, 0, 0, 0, 8][..], b"pasted-7"].concat());
    let journal = ["--as", "researcher", "room", "journal", &open.room];
    let told = until("the text is in the journal", || {
        let told = open.place.does(&journal);
        told.contains("pasted in").then_some(told)
    });
    assert!(told.contains("desktop") && told.contains("8 bytes"), "{told}");
}

#[test]
fn a_desktop_outlives_the_server_with_what_was_begun_on_it() {
    let mut open = open();
    let mut viewer = open.ready();
    viewer.type_in(": > begun; for n in 1 2 3 4 5 6 7 8 9; do sleep 1; done; : > still-there\n");
    until("the command begins", || open.work().join("begun").exists().then_some(()));
    signal(&open.server.running.0, "-KILL");
    open.server.running.0.wait().unwrap();
    assert!(!viewer.more(), "the connection goes with the server");
    assert!(!open.work().join("still-there").exists());
    let python = made("room-python");
    let python = [("HELSEROM_ROOMS_PYTHON", python.to_str().unwrap())];
    let server = Server::start(&open.place, &python);
    until("what was begun ends", || open.work().join("still-there").exists().then_some(()));
    let token = server.sign_in("researcher");
    let room = format!("/api/v1/rooms/{}", open.room);
    let (_, seen) = server.ask("GET", &room, &token, &serde_json::json!(null));
    assert!(seen["runs"][0]["ended"].is_null(), "{seen}");
    // As programs see and close it.
    let desktop = format!("{room}/desktop");
    let null = serde_json::json!(null);
    let (_, open) = server.ask("GET", &desktop, &token, &null);
    assert!(open["open"] == true && open["answers"] == true, "{open}");
    assert_eq!((&open["by"], &open["together"]), (&"researcher".into(), &false.into()));
    assert_eq!(server.ask("DELETE", &desktop, &token, &null).0, 204);
    let ended = until("its end", || {
        let (_, seen) = server.ask("GET", &room, &token, &serde_json::json!(null));
        let ended = seen["runs"][0]["ended"].clone();
        (!ended.is_null()).then_some(ended)
    });
    assert_eq!(ended["outcome"], "stopped", "{ended}");
    let (_, again) = server.ask("POST", &desktop, &token, &serde_json::json!({}));
    assert!(again["open"] == true && again["answers"] == true, "{again}");
    assert_ne!(again["run"], open["run"]);
    assert_eq!(server.ask("DELETE", &desktop, &token, &null).0, 204);
}

#[test]
fn when_its_permit_is_revoked_a_desktop_is_gone() {
    let mut open = open();
    let mut viewer = open.ready();
    let page = open.browser.get(&format!("/rooms/{}", open.room));
    assert!(page.body.contains(&format!("/rooms/{}/desktop", open.room)), "{}", page.body);
    let caseworker = open.server.sign_in("caseworker");
    let why = serde_json::json!({ "why": "the purpose has ended" });
    open.server.post(&format!("/permits/{}/revocation", open.permit), &caseworker, &why);
    until("the connection ends", || (!viewer.more()).then_some(()));
    let again = open.frame.get(&format!("/{}/desktop", open.room));
    assert!((400..500).contains(&again.status), "{}", again.status);
}
