//! A stop that is asked for: what runs is finished or undone, in time.

use std::io::{BufRead as _, BufReader, Read as _};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::people;
use crate::place::{Place, Running, Said, signal, text, until};
use crate::web::{Server, with_permit};

const STOP_SECONDS: u64 = 8;
const ENVIRONMENT: &[(&str, &str)] = &[("HELSEROM_SERVER_STOP_SECONDS", "8")];

/// What a busy machine may take on top, besides what the program allows itself.
const LEEWAY: Duration = Duration::from_secs(4);

#[test]
fn a_stop_while_a_run_is_going_ends_it_and_writes_that_down() {
    let (place, permit) = with_permit(50);
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let server = Server::start(&place, ENVIRONMENT);
    let token = server.sign_in("researcher");
    let room = server.post(&format!("/permits/{permit}/rooms"), &token, &json!(null));
    let room = room["id"].as_str().unwrap().to_owned();
    let script = json!({ "language": "r", "script": "cat('begun\\n'); Sys.sleep(600)" });
    let run = server.post(&format!("/rooms/{room}/runs"), &token, &script);
    let run = run["id"].as_str().unwrap();
    let log = place.data().join("logs").join(&room).join(format!("{run}.log"));
    until("the run's first words", || {
        std::fs::read_to_string(&log).ok().filter(|log| log.contains("begun"))
    });
    let (took, code) = server.running.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(STOP_SECONDS) + LEEWAY, "{took:?}");
    // Looked at before anything is opened, which would mend it.
    let export = place.path().join("ledger");
    place.entries();
    place.does(&["ledger", "export", text(&export)]);
    let entries = std::fs::read_to_string(&export).unwrap();
    let ended = entries.lines().find(|line| line.contains("run-ended") && line.contains(run));
    let ended = ended.unwrap_or_else(|| panic!("the end of the run is not written: {entries}"));
    assert!(ended.contains("stopped") && !ended.contains("lost"), "{ended}");
}

#[test]
fn a_stop_while_an_extract_is_built_leaves_all_of_it_or_nothing() {
    let (place, permit) = with_permit(60_000);
    let (entries, files) = (place.entries(), place.files());
    let server = Server::start(&place, ENVIRONMENT);
    let token = server.sign_in("researcher");
    let before = place.entries();
    server.post(&format!("/permits/{permit}/extracts"), &token, &json!(null));
    let (took, code) = server.running.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(STOP_SECONDS) + LEEWAY, "{took:?}");
    assert!(before > entries, "the sign-in was not written down");
    if place.entries() == before {
        assert_eq!(place.files(), files);
    }
    place.does(&["--as", "researcher", "extract", "build", &permit]);
}

#[test]
fn a_command_in_a_room_is_ended_with_the_program_that_began_it() {
    let (place, permit) = with_permit(50);
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let room = place.does(&["--as", "researcher", "room", "open", &permit]);
    let run = ["--as", "researcher", "room", "exec", room.trim(), "--", "sleep", "600"];
    let running = Running(place.command(&run).spawn().unwrap());
    let begun = || {
        let listed = place.json(&["--as", "researcher", "room", "list"]);
        (listed[0]["state"] == "running").then_some(())
    };
    until("the run", begun);
    signal(&running.0, "-TERM");
    let mut running = running;
    assert_eq!(running.0.wait().unwrap().code(), Some(1));
    let export = place.path().join("ledger");
    place.does(&["ledger", "export", text(&export)]);
    let entries = std::fs::read_to_string(&export).unwrap();
    let ended = entries.lines().find(|line| line.contains("run-ended")).unwrap();
    assert!(ended.contains("stopped"), "{ended}");
}

/// Begins a command, lets it come so far that it says this on standard error, and tells
/// it to stop. While it stands still, so that the stop cannot come too late.
fn stopped_at(place: &Place, words: &[&str], said: &str, with: &str) -> Said {
    let mut running = Running(place.command(words).spawn().unwrap());
    let mut lines = BufReader::new(running.0.stderr.take().unwrap()).lines();
    let mut err = String::new();
    for line in lines.by_ref().map_while(Result::ok) {
        err.push_str(&line);
        err.push('\n');
        if line.starts_with(said) {
            break;
        }
    }
    assert!(err.lines().any(|line| line.starts_with(said)), "{err}");
    signal(&running.0, "-STOP");
    signal(&running.0, with);
    signal(&running.0, "-CONT");
    let begun = Instant::now();
    err.extend(lines.map_while(Result::ok).map(|line| line + "\n"));
    let code = running.0.wait().unwrap().code();
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let mut out = String::new();
    running.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    Said { code, out, err }
}

const UNDONE: &str = "it was stopped before it was done, and nothing of it is kept";

#[test]
fn an_import_that_is_told_to_stop_is_undone_and_can_be_done_again() {
    let place = Place::with_laboratory();
    let first = place.file("first.csv", people::values(20));
    assert_eq!(place.import(&first).code, Some(0));
    let file = place.file("lab.csv", people::values(120_000));
    let import = ["source", "import", "laboratory", text(&file)];
    for with in ["-TERM", "-INT"] {
        let (entries, files) = (place.entries(), place.files());
        let said = stopped_at(&place, &import, "laboratory: reading", with);
        assert_eq!(said.code, Some(1), "{with}: {said:?}");
        let told = "told to stop: the import is undone, or finished if it is nearly done";
        assert!(said.err.lines().any(|line| line == told), "{with}: {said:?}");
        assert!(said.err.trim_end().ends_with(UNDONE), "{with}: {said:?}");
        assert_eq!(said.out, "", "{with}");
        // Looked at before anything is opened, which would mend it.
        assert_eq!(place.files(), files, "{with}");
        assert_eq!(place.entries(), entries, "{with}");
        assert_eq!(place.json(&["source", "list"])[0]["persons"], 20);
    }
    assert_eq!(place.import(&file).code, Some(0));
    assert_eq!(place.json(&["source", "list"])[0]["persons"], 120_000);
}

#[test]
fn an_extract_that_is_told_to_stop_is_undone_and_can_be_built_again() {
    let (place, permit) = with_permit(20_000);
    let build = ["--as", "researcher", "extract", "build", &permit];
    for with in ["-TERM", "-INT"] {
        let (entries, files) = (place.entries(), place.files());
        let said = stopped_at(&place, &build, "extract: linking", with);
        assert_eq!(said.code, Some(1), "{with}: {said:?}");
        let told = "told to stop: the extract is undone, or finished if it is nearly done";
        assert!(said.err.lines().any(|line| line == told), "{with}: {said:?}");
        assert!(said.err.trim_end().ends_with(UNDONE), "{with}: {said:?}");
        assert_eq!(place.files(), files, "{with}");
        assert_eq!(place.entries(), entries, "{with}");
    }
    place.does(&build);
}

#[test]
fn who_is_told_to_stop_twice_does_not_wait() {
    let place = Place::with_laboratory();
    let file = place.file("lab.csv", people::values(120_000));
    let (entries, files) = (place.entries(), place.files());
    let import = ["source", "import", "laboratory", text(&file)];
    let mut running = Running(place.command(&import).spawn().unwrap());
    let mut lines = BufReader::new(running.0.stderr.take().unwrap()).lines();
    let mut until = |said: &str| {
        let found = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with(said));
        assert!(found.is_some(), "no `{said}`");
    };
    until("laboratory: reading");
    signal(&running.0, "-STOP");
    signal(&running.0, "-TERM");
    signal(&running.0, "-CONT");
    until("told to stop: ");
    signal(&running.0, "-INT");
    assert_eq!(running.0.wait().unwrap().code(), Some(1));
    assert_eq!(place.entries(), entries);
    // The start of `entries` removed what was left.
    assert_eq!(place.files(), files);
    assert_eq!(place.import(&file).code, Some(0));
}

#[test]
fn the_log_of_a_server_holds_no_number_name_or_password() {
    let place = Place::new();
    drop(place);
    let (place, permit) = with_permit(300);
    let environment = [
        ("HELSEROM_LOG_LEVEL", "debug"),
        ("HELSEROM_LOG_FORMAT", "json"),
        ("HELSEROM_SERVER_STOP_SECONDS", "8"),
    ];
    let server = Server::start(&place, &environment);
    let token = server.sign_in("researcher");
    let wrong = json!({ "account": "researcher", "password": "not the right sentence at all" });
    assert_eq!(server.ask("POST", "/api/v1/sessions", "", &wrong).0, 401);
    server.post(&format!("/permits/{permit}/extracts"), &token, &json!(null));
    until("the extract", || {
        let rooms =
            server.ask("POST", &format!("/api/v1/permits/{permit}/rooms"), &token, &json!(null));
        (rooms.0 == 200).then_some(())
    });
    let delivery = place.file("more.csv", people::with_rows(&[&people::values(25)]));
    let mut import = place.command(&["source", "import", "laboratory", text(&delivery)]);
    let import = Said::from(import.envs(environment).output().unwrap());
    let log = server.log.clone();
    server.running.stop();
    let log = format!("{}{}{}", log.lock().unwrap(), import.out, import.err);
    assert!(log.lines().count() > 20, "there is nothing to look at: {log}");
    assert!(!log.contains("Kari"), "{log}");
    assert!(!log.contains("sentence"), "{log}");
    // A request's id may have eleven digits among its letters.
    let number = |word: &&str| word.len() == 11 && word.bytes().all(|b| b.is_ascii_digit());
    assert_eq!(log.split(|c: char| !c.is_ascii_alphanumeric()).find(number), None, "{log}");
    assert!((0..300).all(|n| !log.contains(&people::id(n))), "{log}");
}
