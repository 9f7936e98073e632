//! A server that is killed leaves rooms running, and the next finds them again.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::demo::made;
use crate::place::{Place, signal, text, until};
use crate::web::{Server, with_permit};

/// A centre with a room, and whoever works there.
struct Room {
    place: Place,
    id: String,
    python: PathBuf,
}

/// A server, and a session of the researcher at it.
struct Visit {
    server: Server,
    token: String,
}

impl Room {
    fn new() -> Self {
        let (place, permit) = with_permit(50);
        place.does(&["--as", "researcher", "extract", "build", &permit]);
        let room = place.does(&["--as", "researcher", "room", "open", &permit]);
        Self { id: room.trim().to_owned(), place, python: made("room-python") }
    }

    fn serve(&self) -> Visit {
        let server = Server::start(&self.place, &[("HELSEROM_ROOMS_PYTHON", text(&self.python))]);
        let token = server.sign_in("researcher");
        Visit { server, token }
    }

    /// Starts a shell's script in the room.
    fn start(&self, visit: &Visit, python: &str) -> String {
        let script = json!({ "language": "python", "script": python });
        let run = visit.server.post(&format!("/rooms/{}/runs", self.id), &visit.token, &script);
        run["id"].as_str().unwrap().to_owned()
    }

    fn log(&self, run: &str) -> String {
        let path = self.place.data().join("logs").join(&self.id).join(format!("{run}.log"));
        std::fs::read_to_string(path).unwrap_or_default()
    }

    #[track_caller]
    fn until_log(&self, run: &str, words: &str) {
        until(words, || self.log(run).contains(words).then_some(()));
    }

    /// The run as the ledger has it.
    fn run(&self, visit: &Visit, run: &str) -> Value {
        let (status, room) = visit.server.ask(
            "GET",
            &format!("/api/v1/rooms/{}", self.id),
            &visit.token,
            &json!(null),
        );
        assert_eq!(status, 200, "{room}");
        let runs = room["runs"].as_array().unwrap();
        runs.iter().find(|known| known["id"] == run).unwrap_or_else(|| panic!("{room}")).clone()
    }

    /// How a run ended, by the ledger.
    fn end(&self, visit: &Visit, run: &str) -> Value {
        until("the end of the run", || {
            let ended = self.run(visit, run)["ended"].clone();
            (!ended.is_null()).then_some(ended)
        })
    }

    fn wardens(&self) -> Vec<String> {
        let folder = self.place.data().join("rooms").join(&self.id).join("wardens");
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Visit {
    fn kill(mut self) {
        signal(&self.server.running.0, "-KILL");
        self.server.running.0.wait().unwrap();
    }
}

/// Counts aloud, a tenth of a second apart.
const COUNTS: &str = "\
import time
for turn in range(600):
    print('turn', turn, flush=True)
    time.sleep(0.1)
print('that is all', flush=True)
";

#[test]
fn a_run_goes_on_without_the_server_and_is_followed_by_the_next() {
    let room = Room::new();
    let first = room.serve();
    let run = room.start(&first, COUNTS);
    room.until_log(&run, "turn 3");
    first.kill();

    let heard = room.log(&run).lines().count();
    let second = room.serve();
    assert!(room.run(&second, &run)["ended"].is_null(), "it was ended: {}", room.log(&run));
    until("what it printed meanwhile", || {
        (room.log(&run).lines().count() > heard + 5).then_some(())
    });
    let log = room.log(&run);
    let turns: Vec<&str> = log.lines().filter(|line| line.contains("turn")).collect();
    for (turn, line) in turns.iter().enumerate() {
        assert!(line.ends_with(&format!("turn {turn}")), "a line was lost or told twice: {log}");
    }

    // It is stopped as if nothing had happened, and the room is free.
    let stop = format!("/api/v1/rooms/{}/stop", room.id);
    let (status, said) = second.server.ask("POST", &stop, &second.token, &json!(null));
    assert!(status < 300, "{status} {said}");
    assert_eq!(room.end(&second, &run)["outcome"], "stopped");
    let next = room.start(&second, "print('next')");
    assert_eq!(room.end(&second, &next)["outcome"], "finished");
    until("the wardens to go", || room.wardens().is_empty().then_some(()));
    assert_eq!(second.server.running.stop().1, Some(0));
    room.place.entries();
}

#[test]
fn a_run_that_ends_while_no_server_is_there_has_ended_well() {
    let room = Room::new();
    let first = room.serve();
    let run =
        room.start(&first, "import time\nprint('begun', flush=True)\ntime.sleep(2)\nprint('done')");
    room.until_log(&run, "begun");
    first.kill();
    std::thread::sleep(Duration::from_secs(4));
    // Another command of the program looks after the rooms, and leaves it be.
    room.place.does(&["--as", "researcher", "room", "list"]);

    let second = room.serve();
    let ended = room.end(&second, &run);
    assert_eq!(ended["outcome"], "finished", "{ended}");
    assert_eq!(ended["exit"], 0, "{ended}");
    assert!(room.log(&run).contains("done"), "{}", room.log(&run));
    until("the warden to go", || room.wardens().is_empty().then_some(()));
}

#[test]
fn no_statement_is_run_while_nobody_writes_it_down() {
    let asks = "\
import time, psycopg
def ask(words):
    try:
        with psycopg.connect() as connection:
            return connection.execute('SELECT count(*) FROM laboratory').fetchone()[0]
    except Exception as error:
        return str(error)
print('at first', ask('a'), flush=True)
while True:
    time.sleep(0.2)
    answer = ask('b')
    if 'not there' in str(answer):
        break
print('alone', answer, flush=True)
while not isinstance(answer, int):
    time.sleep(0.2)
    answer = ask('c')
print('again', answer, flush=True)
";
    let room = Room::new();
    let first = room.serve();
    let run = room.start(&first, asks);
    room.until_log(&run, "at first");
    first.kill();
    std::thread::sleep(Duration::from_secs(3));
    let second = room.serve();
    assert_eq!(room.end(&second, &run)["outcome"], "finished", "{}", room.log(&run));
    let log = room.log(&run);
    assert!(log.contains("alone") && log.contains("the centre is not there"), "{log}");
    assert!(log.contains("again"), "{log}");
}

#[test]
fn a_run_whose_warden_is_killed_is_lost_and_nothing_of_it_is_left() {
    let room = Room::new();
    let visit = room.serve();
    let run = room.start(&visit, "import time\nprint('begun', flush=True)\ntime.sleep(4242)");
    room.until_log(&run, "begun");
    let wardens = pids("mind-a-command", &room);
    assert_eq!(wardens.len(), 1, "{wardens:?}");
    assert!(Command::new("kill").args(["-KILL", &wardens[0]]).status().unwrap().success());
    assert_eq!(room.end(&visit, &run)["outcome"], "lost");
    let next = room.start(&visit, "print('next')");
    assert_eq!(room.end(&visit, &next)["outcome"], "finished");
    assert!(bubblewraps(&room).is_empty());
}

#[test]
fn a_stop_that_is_asked_for_ends_what_runs() {
    let room = Room::new();
    let visit = room.serve();
    let run = room.start(&visit, COUNTS);
    room.until_log(&run, "turn 1");
    assert_eq!(visit.server.running.stop().1, Some(0));
    assert!(pids("mind-a-command", &room).is_empty());
    let next = room.serve();
    assert_eq!(room.end(&next, &run)["outcome"], "stopped");
}

#[test]
fn a_room_that_is_taken_away_takes_its_command_along() {
    let room = Room::new();
    let visit = room.serve();
    let run = room.start(&visit, COUNTS);
    room.until_log(&run, "turn 1");
    visit.kill();
    assert_eq!(pids("mind-a-command", &room).len(), 1);
    let folder = room.place.data().join("rooms").join(&room.id).join("wardens");
    std::fs::remove_dir_all(folder).unwrap();
    until("the warden to go", || pids("mind-a-command", &room).is_empty().then_some(()));
    assert!(bubblewraps(&room).is_empty());
}

/// The processes of this room's centre with a word in their command line: they have a
/// file of its data folder open.
fn pids(word: &str, room: &Room) -> Vec<String> {
    let within = room.place.data();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let pid = entry.file_name().into_string().unwrap();
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if pid.parse::<u32>().is_err() || !String::from_utf8_lossy(&line).contains(word) {
            continue;
        }
        let Ok(open) = std::fs::read_dir(entry.path().join("fd")) else { continue };
        if open.flatten().any(|fd| fd.path().read_link().is_ok_and(|to| to.starts_with(&within))) {
            found.push(pid);
        }
    }
    found
}

/// What is left of bubblewraps below the room: their control groups.
fn bubblewraps(room: &Room) -> Vec<String> {
    let runs = room.place.data().join("rooms").join(&room.id).join("runs");
    let runs = std::fs::read_dir(runs).into_iter().flatten().flatten().map(|entry| entry.path());
    runs.filter(|run| run.extension().is_some_and(|end| end == "json"))
        .map(|run| std::fs::read_to_string(run).unwrap())
        .collect()
}
