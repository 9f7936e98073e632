//! A kill in the middle of a step: afterwards it is wholly done or wholly absent,
//! the ledger holds, and there is no file that it does not speak of.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::people;
use crate::place::{Place, Running, signal, text};
use crate::web::{Server, granted, terms, with_checker, with_permit};

/// How often each step is killed, spread over the time it takes.
const TRIES: u32 = 12;

/// Runs `step` once to see how long it takes, then kills it at moments spread
/// over that time. After each kill the ledger has as many entries as before, and
/// the same files, or more of both.
fn killed_anywhere(place: &Place, step: impl Fn(&Place, u32) -> Vec<String>) {
    let begun = Instant::now();
    place.does(&step(place, 0));
    let whole = begun.elapsed();
    let mut done = 0;
    for attempt in 0..TRIES {
        let (entries, files) = (place.entries(), place.files());
        let arguments = step(place, attempt + 1);
        let mut child = Running(place.command(&arguments).spawn().unwrap());
        let delay = whole * attempt / TRIES;
        std::thread::sleep(delay);
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        drop(child);
        let after = place.entries();
        // The log of a version that no entry names stays, without its rows: a
        // version's number is never given twice (decision 0027).
        let left: BTreeSet<_> = place
            .files()
            .difference(&files)
            .filter(|file| !file.contains("/_delta_log/"))
            .cloned()
            .collect();
        if after == entries {
            assert!(left.is_empty(), "killed after {delay:?}: left {left:?}");
        } else {
            done += 1;
        }
    }
    assert!(done < TRIES, "every kill came too late");
    // The last word is the program's own: it still does the step.
    place.does(&step(place, TRIES + 1));
    #[expect(
        clippy::print_stdout,
        reason = "tells a reader of the log how well the kills were spread"
    )]
    {
        println!("{done} of {TRIES} were done before the kill");
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn an_import_that_is_killed() {
    let place = Place::with_laboratory();
    killed_anywhere(&place, |place, attempt| {
        let rows = people::values(20_000 + usize::try_from(attempt).unwrap());
        let file = place.file(&format!("lab-{attempt}.csv"), rows);
        words(&["source", "import", "laboratory", text(&file)])
    });
}

/// Beside a server that has the folder open no start undoes anything. What was left by
/// somebody who was killed, the next who does the same removes.
fn killed_beside_a_server(place: &Place, words_of: impl Fn(u32) -> Vec<String>) {
    let server = Server::start(place, &[]);
    let (before, begun) = (place.entries(), Instant::now());
    place.does(&words_of(0));
    let whole = begun.elapsed();
    let written = place.entries() - before;
    // A first room is made and removed at every start: that is nothing of the step.
    let kept = || -> BTreeSet<String> {
        place.files().into_iter().filter(|file| !file.starts_with("rooms/")).collect()
    };
    let mut left = 0;
    for attempt in 1..=TRIES {
        let (entries, files) = (place.entries(), kept());
        let words = words_of(attempt);
        let mut child = Running(place.command(&words).spawn().unwrap());
        if attempt % 2 == 0 {
            std::thread::sleep(whole * attempt / (TRIES + 1));
        } else {
            // In the middle of it: when the first row is there that would be left.
            let begun = || kept().difference(&files).any(|file| !file.starts_with("vault/"));
            while child.0.try_wait().unwrap().is_none() && !begun() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        drop(child);
        let after = place.entries();
        assert!(after == entries || after == entries + written, "{entries}, then {after}");
        left += usize::from(after == entries && kept() != files);
        place.does(&words);
        // What was done whole before may be nothing to do: the same file twice is one import.
        let now = place.entries();
        assert!(now == after + written || (now == after && after > entries), "{now}");
    }
    assert!(left > 0, "no kill left anything");
    assert_eq!(server.ask("GET", "/readyz", "", &json!(null)).0, 200);
    let files = kept();
    assert_eq!(server.running.stop().1, Some(0));
    // The first start that is alone finds nothing to undo.
    place.entries();
    assert_eq!(kept(), files);
}

#[test]
fn an_import_that_is_killed_beside_a_server() {
    let place = Place::with_laboratory();
    killed_beside_a_server(&place, |attempt| {
        let rows = people::values(20_000 + usize::try_from(attempt).unwrap());
        let file = place.file(&format!("lab-{attempt}.csv"), rows);
        words(&["source", "import", "laboratory", text(&file)])
    });
}

#[test]
fn an_extract_that_is_killed_beside_a_server() {
    let (place, permit) = with_permit(20_000);
    let build = words(&["--as", "researcher", "extract", "build", &permit]);
    killed_beside_a_server(&place, |_| build.clone());
}

#[test]
fn an_extract_that_is_killed_while_it_is_built() {
    let (place, permit) = with_permit(20_000);
    killed_anywhere(&place, |_, _| words(&["--as", "researcher", "extract", "build", &permit]));
}

#[test]
fn a_room_that_is_killed_while_it_opens_runs_and_closes() {
    let (place, permit) = with_permit(200);
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    killed_anywhere(&place, |_, _| words(&["--as", "researcher", "room", "open", &permit]));
    let rooms = place.json(&["--as", "researcher", "room", "list"]);
    let mut rooms: Vec<String> = rooms
        .as_array()
        .unwrap()
        .iter()
        .map(|room| room["id"].as_str().unwrap().to_owned())
        .collect();
    let room = rooms.pop().unwrap();
    for delay in [50, 150, 300, 600, 1_000] {
        let run =
            ["--as", "researcher", "room", "exec", &room, "--", "sh", "-c", "echo a > out.txt"];
        let mut child = Running(place.command(&run).spawn().unwrap());
        std::thread::sleep(Duration::from_millis(delay));
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        place.entries();
        let listed = place.json(&["--as", "researcher", "room", "list"]);
        let listed = listed.as_array().unwrap().iter().find(|r| r["id"] == room.as_str()).unwrap();
        assert_eq!(listed["state"], "open", "killed after {delay} ms: {listed}");
        // The next command finds the room usable.
        place.does(&["--as", "researcher", "room", "exec", &room, "--", "true"]);
    }
    for (delay, room) in (0..5).map(|n| n * 150).zip(rooms) {
        for (word, before) in [("close", "is closed already"), ("remove", "is removed already")] {
            let words = ["--as", "researcher", "room", word, &room];
            let mut child = Running(place.command(&words).spawn().unwrap());
            std::thread::sleep(Duration::from_millis(delay));
            child.0.kill().unwrap();
            child.0.wait().unwrap();
            place.entries();
            let said = place.says(&words);
            let done_before = said.code == Some(1) && said.err.contains(before);
            assert!(said.code == Some(0) || done_before, "killed after {delay} ms: {said:?}");
        }
        assert!(!place.data().join("rooms").join(&room).exists(), "{room} left its folder");
    }
}

#[test]
fn a_server_that_is_killed_while_a_file_is_asked_out_and_checked() {
    let (place, permit) = with_permit(200);
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let opened = place.json(&["--as", "researcher", "room", "open", &permit]);
    let room = opened["room"].as_str().unwrap().to_owned();
    let table = "printf 'sex,people\\nwomen,160\\nmen,140\\nall,300\\n' > table.csv";
    place.does(&["--as", "researcher", "room", "exec", &room, "--", "sh", "-c", table]);
    let wish = json!({ "files": [{ "name": "table.csv", "note": "For the article." }] });
    let path = format!("/api/v1/rooms/{room}/outputs");
    for delay in [0, 2, 5, 10, 20, 40, 80, 200] {
        let server = Server::start(&place, &[]);
        let token = server.sign_in("researcher");
        std::thread::scope(|scope| {
            scope.spawn(|| server.begin("POST", &path, &token, &wish));
            std::thread::sleep(Duration::from_millis(delay));
            signal(&server.running.0, "-KILL");
        });
        drop(server);
        place.entries();
        let export = place.path().join(format!("ledger-{delay}"));
        place.does(&["ledger", "export", text(&export)]);
        let entries = std::fs::read_to_string(&export).unwrap();
        let of = |act: &str| entries.lines().filter(|line| line.contains(act)).count();
        let asked = of("output.requested");
        assert_eq!(asked, of("output.checked"), "killed after {delay} ms: one was not checked");
        let kept = place.files().into_iter().filter(|file| file.starts_with("outputs/")).count();
        assert_eq!(asked, kept, "killed after {delay} ms: a file that no entry speaks of");
    }
}

#[test]
fn a_key_that_is_rotated_when_the_program_is_killed() {
    let (place, permit) = with_permit(2_000);
    killed_anywhere(&place, |_, _| words(&["key", "rotate"]));
    // What was sealed before is opened still.
    place.does(&["--as", "researcher", "extract", "build", &permit]);
}

#[test]
fn an_extract_that_is_destroyed_when_the_program_is_killed() {
    let (place, permit) = with_permit(200);
    let build = || {
        place.does(&["--as", "researcher", "extract", "build", &permit]);
        let extracts = std::fs::read_dir(place.data().join("extracts")).unwrap().flatten();
        extracts.map(|it| it.file_name().into_string().unwrap()).collect::<BTreeSet<_>>()
    };
    let destroy =
        |id: &str| words(&["extract", "destroy", id, "--why", "It is not needed any more."]);
    let mut before = BTreeSet::new();
    let mut whole = Duration::ZERO;
    for attempt in 0..8_u32 {
        let extracts = build();
        let id = extracts.difference(&before).next().unwrap().clone();
        before = extracts;
        let begun = Instant::now();
        if attempt > 0 {
            let mut child = Running(place.command(&destroy(&id)).spawn().unwrap());
            std::thread::sleep(whole * (attempt - 1) / 7);
            child.0.kill().unwrap();
            child.0.wait().unwrap();
        } else {
            place.does(&destroy(&id));
            whole = begun.elapsed();
        }
        place.entries();
        let said = place.says(&destroy(&id));
        // Either it was destroyed by then, or it is now.
        assert!(said.code == Some(0) || said.err.contains("destroyed"), "{attempt}: {said:?}");
        let there = place.data().join("extracts").join(&id);
        assert!(!there.exists(), "{attempt}: {} is left", there.display());
    }
}

#[test]
fn a_server_that_is_killed_while_a_checker_decides_mends_and_packs() {
    let (place, permit) = with_permit(200);
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    let opened = place.json(&["--as", "researcher", "room", "open", &permit]);
    let room = opened["room"].as_str().unwrap().to_owned();
    with_checker(&place);
    let tables = "printf 'region,sex,people\\nnorth,women,2\\nnorth,men,40\\nsouth,women,60\\n\
                  south,men,70\\neast,women,30\\neast,men,35\\n' > small.csv; \
                  printf 'sex,people\\nwomen,160\\nmen,140\\nall,300\\n' > safe.csv";
    place.does(&["--as", "researcher", "room", "exec", &room, "--", "sh", "-c", tables]);
    let checker = |server: &Server| server.sign_in("checker");
    // Does it on a server that is killed after so long, and says what the next finds.
    let killed = |path: &str, body: &serde_json::Value, delay: u64| {
        let server = Server::start(&place, &[]);
        let token = checker(&server);
        std::thread::scope(|scope| {
            scope.spawn(|| server.begin("POST", path, &token, body));
            std::thread::sleep(Duration::from_millis(delay));
            signal(&server.running.0, "-KILL");
        });
        drop(server);
        place.entries();
    };
    for delay in [0, 3, 8, 20, 60] {
        let server = Server::start(&place, &[]);
        let wish = json!({ "files": [{ "name": "small.csv", "note": "A" }, { "name": "safe.csv", "note": "B" }] });
        let researcher = server.sign_in("researcher");
        let asked = server.post(&format!("/rooms/{room}/outputs"), &researcher, &wish).to_string();
        let outputs: Vec<String> = asked
            .split('"')
            .filter(|word| word.starts_with("output-"))
            .map(str::to_owned)
            .collect();
        let (small, safe) = (&outputs[0], &outputs[1]);
        assert_eq!(server.running.stop().1, Some(0));
        let why = "It was looked at.";
        killed(&format!("/api/v1/outputs/{small}/mend"), &json!(null), delay);
        let release = json!({ "verdict": "released", "why": why });
        killed(&format!("/api/v1/outputs/{safe}/decision"), &release, delay);
        killed(&format!("/api/v1/rooms/{room}/packing"), &json!(null), delay);

        let server = Server::start(&place, &[]);
        let token = checker(&server);
        let listed = server.ask("GET", "/api/v1/outputs", &token, &json!(null)).1;
        let state = |id: &str| {
            let all = listed.as_array().unwrap_or_else(|| panic!("{listed}"));
            let found = all.iter().find(|output| output["id"] == id);
            found.unwrap_or_else(|| panic!("{id}: {listed}"))["state"].as_str().unwrap().to_owned()
        };
        if state(safe) != "released" {
            server.post(&format!("/outputs/{safe}/decision"), &token, &release);
        }
        assert!(["checked", "held", "refused"].contains(&state(small).as_str()), "{listed}");
        // What is let out can be packed, and what was packed is had.
        let packing = format!("/api/v1/rooms/{room}/packing");
        let (status, packed) = server.ask("POST", &packing, &token, &json!(null));
        assert!(status < 300 || status == 409, "{status} {packed}");
        assert_eq!(server.running.stop().1, Some(0));
    }
    // Every blob has an entry and every entry its blob.
    let export = place.path().join("ledger");
    place.does(&["ledger", "export", text(&export)]);
    let entries = std::fs::read_to_string(&export).unwrap();
    let of = |act: &str| entries.lines().filter(|line| line.contains(act)).count();
    let kept = place.files().into_iter().filter(|file| file.starts_with("outputs/")).count();
    let named = of("\"output.requested\"") + of("\"output.mended\"") + of("\"release.packaged\"");
    assert_eq!(kept, named, "a file that no entry speaks of, or an entry without its file");
    let releases = place.json(&["--as", "checker", "release", "list"]);
    for release in releases.as_array().unwrap() {
        let id = release["id"].as_str().unwrap();
        let to = place.path().join(format!("{id}.zip"));
        place.does(&["--as", "researcher", "release", "fetch", id, "--to", text(&to)]);
        place.does(&["release", "verify", text(&to)]);
    }
}

/// The tables are folded anew from the ledger: killed meanwhile, they are as they were.
#[test]
fn a_replay_that_is_killed() {
    let (place, permit) = with_permit(50);
    let seen = || {
        let show = ["permit", "show", &permit];
        [place.json(&["account", "list"]), place.json(&["source", "list"]), place.json(&show)]
    };
    let before = seen();
    killed_anywhere(&place, |_, _| words(&["ledger", "replay"]));
    assert_eq!(seen(), before);
}

/// A permit that is revoked is revoked: whoever is killed meanwhile, no room stays open.
#[test]
fn a_revocation_that_is_killed() {
    let (place, _) = with_permit(50);
    let mut whole = Duration::ZERO;
    let mut seen = BTreeSet::new();
    for attempt in 0..8_u32 {
        let server = Server::start(&place, &[]);
        let permit = granted(&server, terms());
        assert_eq!(server.running.stop().1, Some(0));
        place.does(&["--as", "researcher", "extract", "build", &permit]);
        let room = place.does(&["--as", "researcher", "room", "open", &permit]);
        let revoke =
            ["--as", "caseworker", "permit", "revoke", &permit, "--why", "The study was ended."];
        let begun = Instant::now();
        if attempt > 0 {
            let mut child = Running(place.command(&revoke).spawn().unwrap());
            std::thread::sleep(whole * (attempt - 1) / 6);
            child.0.kill().unwrap();
            child.0.wait().unwrap();
        } else {
            place.does(&revoke);
            whole = begun.elapsed();
        }
        let (permit, room) = (permit.as_str(), room.trim());
        let state = || {
            let rooms = place.json(&["--as", "researcher", "room", "list"]);
            let room =
                rooms.as_array().unwrap().iter().find(|it| it["id"] == room).unwrap().clone();
            let permit = place.json(&["permit", "show", permit]);
            (
                permit["standing"].as_str().unwrap().to_owned(),
                room["state"].as_str().unwrap().to_owned(),
            )
        };
        let found = state();
        let (of_permit, of_room) = (found.0.as_str(), found.1.as_str());
        let is_whole = matches!((of_permit, of_room), ("active", "open") | ("revoked", "frozen"));
        assert!(is_whole, "{attempt}: {found:?}");
        seen.insert(found.0.clone());
        place.entries();
        let said = place.says(&revoke);
        assert!(said.code == Some(0) || said.err.contains("revoked"), "{attempt}: {said:?}");
        assert_eq!(state().0, "revoked", "{attempt}");
    }
    assert_eq!(seen.len(), 2, "the kills came all too early, or all too late: {seen:?}");
}
