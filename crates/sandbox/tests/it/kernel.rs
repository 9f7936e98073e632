//! A notebook that runs in a room, spoken to as a browser does through the portal. What
//! is tried in a room is tried in a cell of it too.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{RoomId, RunId};
use permit::RoomTerms;
use room::{LogSink, Running, Runtime as _, Stay};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use crate::analysis::usual;
use crate::bench::{Bench, Lines};

/// Large enough for the server and a kernel of each language.
pub fn roomy() -> RoomTerms {
    RoomTerms { disk_mib: 64, ..usual() }
}

/// Starts a notebook server in a room.
pub fn start(bench: &Bench, room: &RoomId) -> Arc<dyn Running> {
    let sink: Arc<dyn LogSink> = Arc::new(Lines::default());
    let stay = Stay { wall: Duration::from_mins(5), person: None };
    bench.runtime.start_notebook(room, &bench.run_id(), stay, sink).unwrap()
}

/// What the server answers; waits until it does.
pub fn ask(
    bench: &Bench,
    (room, run): (&RoomId, &RunId),
    method: &str,
    path: &str,
    body: &str,
) -> String {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let asked = bench.runtime.reach(room, run).and_then(|mut socket| {
            socket.set_read_timeout(Some(Duration::from_secs(30)))?;
            write!(
                socket,
                "{method} /{room}/{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )?;
            let mut answer = String::new();
            socket.read_to_string(&mut answer)?;
            Ok(answer)
        });
        match asked {
            Ok(answer) => return answer,
            Err(error) => assert!(Instant::now() < until, "it does not answer: {error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A Python kernel of a notebook.
pub struct Kernel {
    pub room: RoomId,
    channels: WebSocket<UnixStream>,
    cells: u32,
}

impl Kernel {
    /// Opens a notebook in a room of its own and starts a kernel in it.
    pub fn open(bench: &Bench) -> Self {
        let room = bench.open_another(roomy());
        let run = start(bench, &room).run().clone();
        let begun = ask(bench, (&room, &run), "POST", "api/kernels", r#"{"name":"python3"}"#);
        let (_, body) = begun.split_once("\r\n\r\n").unwrap();
        let begun: Value = serde_json::from_str(body).unwrap();
        let kernel = begun["id"].as_str().unwrap();
        let socket = bench.runtime.reach(&room, &run).unwrap();
        socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let url = format!("ws://localhost/{room}/api/kernels/{kernel}/channels");
        let (channels, _) = tungstenite::client(url, socket).unwrap();
        Self { room, channels, cells: 0 }
    }

    /// Gives the kernel a cell that never ends.
    pub fn begin(&mut self, cell: &str) {
        self.ask(cell);
    }

    /// What a cell says, and what is wrong with it.
    pub fn python(&mut self, cell: &str) -> String {
        let id = self.ask(cell);
        self.answer(&id)
    }

    fn ask(&mut self, cell: &str) -> String {
        self.cells += 1;
        let id = format!("cell-{}", self.cells);
        let asked = json!({
            "header": {
                "msg_id": id, "msg_type": "execute_request", "version": "5.3",
                "username": "", "session": "attempts",
            },
            "parent_header": {}, "metadata": {}, "channel": "shell", "buffers": [],
            "content": { "code": cell, "silent": false, "store_history": false },
        });
        self.channels.send(Message::text(asked.to_string())).unwrap();
        id
    }

    fn answer(&mut self, id: &str) -> String {
        let mut said = String::new();
        loop {
            let Message::Text(text) = self.channels.read().unwrap() else { continue };
            let told: Value = serde_json::from_str(&text).unwrap();
            if told["parent_header"]["msg_id"] != id {
                continue;
            }
            let content = &told["content"];
            match told["msg_type"].as_str() {
                Some("stream") => said += content["text"].as_str().unwrap(),
                Some("error") => said += content["evalue"].as_str().unwrap(),
                Some("status") if content["execution_state"] == "idle" => return said,
                _ => {}
            }
        }
    }
}
