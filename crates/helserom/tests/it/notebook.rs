//! A notebook through the real program: opened in the portal, reached at the rooms'
//! address, its cells run by a kernel behind the walls of a room.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use permit::Way;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::demo::made;
use crate::place::{Place, signal, until};
use crate::web::{Server, with_permit_that};

/// A kernel's web socket (RFC 6455), with messages as Jupyter sends them.
pub(crate) struct Kernel {
    stream: TcpStream,
    asked: u32,
}

impl Kernel {
    /// Begins a kernel of Python in a room.
    pub(crate) fn begin(inside: &mut Browser, room: &str) -> Self {
        let kernels = format!("/{room}/api/kernels");
        let begun = inside.send_json("POST", &kernels, "{\"name\":\"python3\"}");
        assert_eq!(begun.status, 201, "{}", begun.body);
        let begun: Value = serde_json::from_str(&begun.body).unwrap();
        Self::open(inside, &socket_of(room, &begun))
    }

    fn open(browser: &Browser, path: &str) -> Self {
        let stream = browser.web_socket(path, Duration::from_mins(1));
        Self { stream, asked: 0 }
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// The next message.
    fn hear(&mut self) -> Value {
        loop {
            let [kind, short] = self.take();
            let length = match short & 127 {
                126 => u64::from(u16::from_be_bytes(self.take())),
                127 => u64::from_be_bytes(self.take()),
                short => u64::from(short),
            };
            let mut said = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut said).unwrap();
            assert_ne!(kind & 15, 8, "the socket was closed");
            if kind & 15 == 1 {
                return serde_json::from_slice(&said).unwrap();
            }
        }
    }

    /// Runs a cell: what it prints.
    pub(crate) fn run(&mut self, code: &str) -> String {
        self.asked += 1;
        let id = format!("cell-{}", self.asked);
        let header = json!({ "msg_id": id, "username": "", "session": "test", "version": "5.3",
            "msg_type": "execute_request", "date": "2026-01-01T00:00:00Z" });
        let content = json!({ "code": code, "silent": false, "store_history": true,
            "user_expressions": {}, "allow_stdin": false, "stop_on_error": true });
        let message = json!({ "header": header, "parent_header": {}, "metadata": {},
            "content": content, "channel": "shell", "buffers": [] })
        .to_string();
        // Masked with zeroes: a mask it is.
        let mut frame = vec![0x81, 0x80 | 0x7e];
        frame.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(message.as_bytes());
        self.stream.write_all(&frame).unwrap();
        let mut printed = String::new();
        loop {
            let said = self.hear();
            if said["parent_header"]["msg_id"] != id.as_str() {
                continue;
            }
            if let Some(text) = said["content"]["text"].as_str() {
                printed.push_str(text);
            }
            if said["content"]["execution_state"] == "idle" {
                return printed;
            }
        }
    }
}

/// Where messages go to and come from a kernel that Jupyter tells of.
fn socket_of(room: &str, kernel: &Value) -> String {
    let id = kernel["id"].as_str().unwrap();
    format!("/{room}/api/kernels/{id}/channels?session_id=test")
}

/// A server, and a browser in which the room's notebook is open.
pub(crate) fn enter(place: &Place, room: &str, more: &[(&str, &str)]) -> (Server, Browser) {
    let python = made("room-python");
    let python = [("HELSEROM_ROOMS_PYTHON", python.to_str().unwrap())];
    let server = Server::start(place, &[&python, more].concat());
    let mut browser = Browser::of(&server, "researcher");
    let here = format!("/rooms/{room}/notebook");
    let token = browser.get("/account").field("csrf");
    let page = browser.send("POST", &here, &[("csrf", &token)]);
    assert_eq!(page.header("location"), here, "{} {}", page.status, page.body);
    let page = until("the notebook's page", || {
        let page = browser.get(&here);
        page.body.contains("name=\"ticket\"").then_some(page)
    });
    let rooms = page.body.split("action=\"http://").nth(1).unwrap().split('/').next().unwrap();
    let mut inside = Browser::new(rooms);
    inside.send("POST", "/enter", &[("ticket", &page.field("ticket"))]);
    until("JupyterLab", || (inside.get(&format!("/{room}/lab")).status == 200).then_some(()));
    (server, inside)
}

#[test]
fn a_notebook_outlives_the_server_with_what_its_kernel_knows() {
    let (place, permit) = with_permit_that(50, |terms| terms.room.way = Way::Notebook);
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let room = place.does(&["--as", "researcher", "room", "open", &permit]);
    let room = room.trim();
    let (mut server, mut inside) = enter(&place, room, &[]);
    let mut kernel = Kernel::begin(&mut inside, room);
    assert_eq!(kernel.run("kept = 41\nprint('begun')").trim(), "begun");
    signal(&server.running.0, "-KILL");
    server.running.0.wait().unwrap();
    drop((server, kernel));

    let (server, mut inside) = enter(&place, room, &[]);
    let there = inside.get(&format!("/{room}/api/kernels")).body;
    let there: Value = serde_json::from_str(&there).unwrap();
    assert_eq!(there.as_array().map(Vec::len), Some(1), "{there}");
    let mut kernel = Kernel::open(&inside, &socket_of(room, &there[0]));
    assert_eq!(kernel.run("print(kept + 1)").trim(), "42");
    drop(kernel);
    // Both are in the record, and it is one sitting.
    let journal = place.json(&["--as", "researcher", "room", "journal", room]).to_string();
    for cell in ["kept = 41", "print(kept + 1)"] {
        assert_eq!(journal.matches(cell).count(), 1, "`{cell}` in {journal}");
    }
    let token = server.sign_in("researcher");
    let notebook = format!("/api/v1/rooms/{room}/notebook");
    assert_eq!(server.ask("DELETE", &notebook, &token, &json!(null)).0, 204);
    let (_, seen) = server.ask("GET", &format!("/api/v1/rooms/{room}"), &token, &json!(null));
    assert_eq!(seen["runs"].as_array().unwrap().len(), 1, "{seen}");
}
