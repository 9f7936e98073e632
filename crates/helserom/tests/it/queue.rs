//! A machine that is full, through the program: who finds no place waits in turn, is
//! told where, and begins by themselves, across a server that is killed.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::demo::made;
use crate::place::{Place, Running, Said, signal, text, until};
use crate::web::{Server, with_permit};

/// A place for one room: what it may hold is what there is.
const ONE: &[(&str, &str)] =
    &[("HELSEROM_ROOMS_MEMORY_MIB", "4096"), ("HELSEROM_ROOMS_COUNTED", "limit")];

struct House {
    place: Place,
    rooms: [String; 3],
}

impl House {
    fn new() -> Self {
        let (place, permit) = with_permit(20);
        place.does(&["--as", "researcher", "extract", "build", &permit]);
        let open = || place.does(&["--as", "researcher", "room", "open", &permit]);
        let rooms = [open(), open(), open()].map(|room| room.trim().to_owned());
        Self { place, rooms }
    }

    fn serve(&self, environment: &[(&str, &str)]) -> Visit {
        let python = made("room-python");
        let mut all = vec![("HELSEROM_ROOMS_PYTHON", text(&python))];
        all.extend(environment);
        let server = Server::start(&self.place, &all);
        let token = server.sign_in("researcher");
        Visit { server, token }
    }

    /// A file of the work folder of a room.
    fn work(&self, room: &str, name: &str) -> std::path::PathBuf {
        self.place.data().join("rooms").join(room).join("work/shared").join(name)
    }
}

struct Visit {
    server: Server,
    token: String,
}

impl Visit {
    fn runs(&self, room: &str, script: &str) -> Value {
        let script = json!({ "language": "python", "script": script });
        self.server.post(&format!("/rooms/{room}/runs"), &self.token, &script)
    }

    fn get(&self, path: &str) -> Value {
        let (status, said) =
            self.server.ask("GET", &format!("/api/v1{path}"), &self.token, &json!(null));
        assert_eq!(status, 200, "{path}: {said}");
        said
    }

    fn number(&self, room: &str) -> Value {
        self.get(&format!("/rooms/{room}/queue"))["number"].clone()
    }

    fn stops(&self, room: &str) {
        self.server.post(&format!("/rooms/{room}/stop"), &self.token, &json!(null));
    }

    fn until_ended(&self, room: &str) -> Value {
        until("the end of the run", || {
            let ended = self.get(&format!("/rooms/{room}"))["runs"][0]["ended"].clone();
            (!ended.is_null()).then_some(ended)
        })
    }
}

#[test]
fn a_script_waits_for_its_place_across_a_server_that_is_killed_and_begins_by_itself() {
    let house = House::new();
    let [first, second, third] = &house.rooms;
    let visit = house.serve(ONE);
    let runs = visit.runs(first, "import time\nprint('begun', flush=True)\ntime.sleep(600)");
    assert_eq!(runs["waits"], false, "{runs}");
    let waits = visit.runs(second, "print('its turn came')");
    assert_eq!(waits["waits"], true, "{waits}");
    assert_eq!(visit.runs(third, "print('after it')")["waits"], true);
    assert_eq!((visit.number(second), visit.number(third)), (json!(1), json!(2)));
    let listed = house.place.json(&["--as", "researcher", "room", "queue"]);
    let rooms: Vec<_> = listed.as_array().unwrap().iter().map(|place| &place["room"]).collect();
    assert_eq!(rooms, [second, third], "{listed}");

    let mut killed = visit;
    signal(&killed.server.running.0, "-KILL");
    killed.server.running.0.wait().unwrap();
    let visit = house.serve(ONE);
    assert_eq!((visit.number(second), visit.number(third)), (json!(1), json!(2)));
    assert!(visit.get(&format!("/rooms/{second}"))["runs"].as_array().unwrap().is_empty());

    visit.stops(first);
    let ended = visit.until_ended(second);
    assert_eq!(ended["outcome"], "finished", "{ended}");
    assert_eq!(visit.until_ended(third)["outcome"], "finished");
    let run = waits["id"].as_str().unwrap();
    let log = house.place.data().join("logs").join(second).join(format!("{run}.log"));
    assert!(std::fs::read_to_string(log).unwrap().contains("its turn came"));
    let journal = house.place.json(&["--as", "researcher", "room", "journal", second]);
    let did: Vec<_> = journal.as_array().unwrap().iter().map(|deed| &deed["did"]).collect();
    assert_eq!(did, ["opened", "waited", "ran"], "{journal}");
    assert_eq!(visit.server.running.stop().1, Some(0));
    house.place.entries();
}

/// `room exec`, whose words are read as they come.
struct Exec {
    running: Running,
    said: Arc<Mutex<String>>,
}

fn exec(house: &House, room: &str, words: &[&str]) -> Exec {
    let mut all = vec!["--as", "researcher", "room", "exec", room, "--"];
    all.extend(words);
    let mut command = house.place.command(&all);
    command.envs(ONE.iter().copied()).stdout(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let said = Arc::new(Mutex::new(String::new()));
    let errors = BufReader::new(running.0.stderr.take().unwrap());
    let kept = Arc::clone(&said);
    std::thread::spawn(move || {
        for line in errors.lines().map_while(Result::ok) {
            let mut kept = kept.lock().unwrap();
            kept.push_str(&line);
            kept.push('\n');
        }
    });
    Exec { running, said }
}

impl Exec {
    fn until_said(&self, words: &str) {
        until(words, || self.said.lock().unwrap().contains(words).then_some(()));
    }
}

#[test]
fn a_command_line_says_its_place_gives_it_up_when_stopped_and_runs_when_its_turn_comes() {
    let house = House::new();
    let [first, second, third] = &house.rooms;
    let full =
        exec(&house, first, &["sh", "-c", ": > began; while [ ! -e go ]; do sleep 0.1; done"]);
    until("the first runs", || house.work(first, "began").exists().then_some(()));

    let stopped = exec(&house, second, &["true"]);
    stopped.until_said("number 1 of 1 in the queue");
    let mut after = exec(&house, third, &["echo", "its turn came"]);
    after.until_said("number 2 of 2 in the queue");
    let (_, code) = stopped.running.stop();
    assert_eq!(code, Some(1), "{}", stopped.said.lock().unwrap());
    after.until_said("number 1 of 1 in the queue");
    // It stands in the ledger and in nobody's way.
    let left = house.place.json(&["--as", "researcher", "room", "queue"]);
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
    let refused: Said = house.place.says(&["--as", "researcher", "room", "leave", second]);
    assert_eq!(refused.code, Some(1), "{refused:?}");

    std::fs::write(house.work(first, "go"), "").unwrap();
    let output = after.running.0.stdout.take().unwrap();
    let lines: Vec<_> = BufReader::new(output).lines().map_while(Result::ok).collect();
    assert_eq!(lines, ["its turn came"]);
    assert!(after.running.0.wait().unwrap().success());
    drop(full);
    house.place.does(&["ledger", "replay", "--check"]);
}

#[test]
fn a_room_counts_for_what_it_holds_and_its_place_is_free_when_it_holds_less() {
    let house = House::new();
    let [first, second, _] = &house.rooms;
    let visit =
        house.serve(&[("HELSEROM_ROOMS_MEMORY_MIB", "700"), ("HELSEROM_ROOMS_LEAST_MIB", "128")]);
    let holds = "\
import os, time
much = b'x' * (620 << 20)
open('much', 'w')
while not os.path.exists('less'):
    time.sleep(0.1)
del much
while True:
    time.sleep(1)
";
    assert_eq!(visit.runs(first, holds)["waits"], false);
    until("it holds much", || house.work(first, "much").exists().then_some(()));
    let waits = visit.runs(second, "print('there is a place')");
    assert_eq!(waits["waits"], true, "it holds what there is: {waits}");
    assert_eq!(visit.number(second), json!(1));
    std::fs::write(house.work(first, "less"), "").unwrap();
    assert_eq!(visit.until_ended(second)["outcome"], "finished");
    let still = visit.get(&format!("/rooms/{first}"));
    assert_eq!(still["state"], "running", "{still}");
}
