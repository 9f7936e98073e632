//! Commands that people script: what each says, how it exits, and what it changes.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::people;
use crate::place::{Place, Said, text};
use crate::web::{Server, granted, terms, with_checker, with_people, with_permit};

/// A permit with its extract and a room on it.
pub(crate) struct House {
    pub(crate) place: Place,
    permit: String,
    extract: String,
    room: String,
}

impl House {
    pub(crate) fn new() -> Self {
        let (place, permit) = with_permit(50);
        let built = place.json(&["--as", "researcher", "extract", "build", &permit]);
        let extract = built["id"].as_str().unwrap().to_owned();
        let room = place.does(&["--as", "researcher", "room", "open", &permit]).trim().to_owned();
        Self { place, permit, extract, room }
    }

    fn runs(&self, command: &str) -> Said {
        let exec = ["--as", "researcher", "room", "exec", &self.room, "--", "sh", "-c", command];
        self.place.says(&exec)
    }

    fn state(&self) -> Value {
        self.place.json(&["--as", "researcher", "room", "list"])[0]["state"].clone()
    }
}

#[test]
fn why_somebody_may_or_may_not_is_explained_with_rule_and_article() {
    let (place, permit) = with_permit(20);
    let explain = |who: &str, action: &str, on: &str| {
        place.says(&["--as", who, "permit", "explain", "--do", action, "--on", on])
    };
    let yes = explain("researcher", "build-extract", &permit);
    assert_eq!(yes.code, Some(0), "{yes:?}");
    let told = format!("yes: `researcher` may `build-extract` on `{permit}`");
    assert!(yes.out.starts_with(&told), "{yes:?}");
    assert!(yes.out.contains("EHDS"), "no article: {yes:?}");
    for who in ["caseworker", "holder", "colleague", "visitor"] {
        let no = explain(who, "build-extract", &permit);
        assert_eq!(no.code, Some(1), "{no:?}");
        let told = format!("no: `{who}` may not `build-extract` on `{permit}`");
        assert!(no.out.starts_with(&told), "{no:?}");
        assert!(no.out.contains("Those may:") && no.out.contains("EHDS"), "{no:?}");
    }
    let none = explain("researcher", "build-extract", "permit-0000000000");
    assert!(none.refusal(1).contains("`permit-0000000000`"), "{none:?}");
    let centre = explain("operator", "run-centre", "centre");
    assert_eq!(centre.code, Some(0), "{centre:?}");
    let unheard = explain("operator", "fly", "centre");
    assert_eq!(unheard.code, Some(2), "{unheard:?}");
    assert!(unheard.err.contains("fly"), "{unheard:?}");
    let entries = place.entries();
    explain("researcher", "build-extract", &permit);
    assert_eq!(place.entries(), entries, "an explanation is no deed");
}

#[test]
fn a_permit_that_is_taken_back_closes_its_rooms_and_gives_nothing_more() {
    let house = House::new();
    let House { place, permit, .. } = &house;
    let why = "The ethical approval was withdrawn";
    let revoke = |who: &str| place.says(&["--as", who, "permit", "revoke", permit, "--why", why]);
    let own = revoke("researcher");
    assert!(own.refusal(1).contains("is not allowed: "), "{own:?}");
    let entries = place.entries();
    let said = revoke("caseworker");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains(&format!("permit `{permit}` is revoked")), "{said:?}");
    assert!(place.entries() > entries + 1, "the permit and its room");
    assert_eq!(house.state(), "frozen");
    for refused in [
        place.says(&["--as", "researcher", "extract", "build", permit]),
        place.says(&["--as", "researcher", "room", "open", permit]),
        house.runs("true"),
        place.says(&["--as", "researcher", "room", "reopen", &house.room]),
    ] {
        assert_eq!(refused.code, Some(1), "{refused:?}");
    }
    let built = place.says(&["--as", "researcher", "extract", "build", permit]);
    let told = format!("`build-extract` on `permit/{permit}` is not allowed: ");
    assert!(built.refusal(1).contains(&told), "{built:?}");
    assert!(built.refusal(1).contains("The data of an active permit"), "{built:?}");
    assert!(built.refusal(1).contains(&format!("was revoked: {why}")), "{built:?}");
    let no = place.says(&[
        "permit",
        "explain",
        "--as",
        "researcher",
        "--do",
        "build-extract",
        "--on",
        permit,
    ]);
    assert!(no.out.contains(&format!("was revoked: {why}")), "{no:?}");
    let shown = place.does(&["--as", "researcher", "permit", "show", permit]);
    assert!(shown.contains("(revoked)"), "{shown}");
    let again = revoke("caseworker");
    assert!(again.refusal(1).contains("permit"), "twice: {again:?}");
}

#[test]
fn an_extract_that_is_destroyed_is_gone_with_the_way_back_to_people() {
    let house = House::new();
    let House { place, extract, .. } = &house;
    let of_it = |files: &std::collections::BTreeSet<String>| -> Vec<String> {
        files.iter().filter(|file| file.contains(extract.as_str())).cloned().collect()
    };
    let before = of_it(&place.files());
    assert!(before.iter().any(|file| file.starts_with("extracts/")), "{before:?}");
    assert!(before.iter().any(|file| file.starts_with("vault/")), "{before:?}");
    let destroy = |who: &str| {
        place.says(&["--as", who, "extract", "destroy", extract, "--why", "The study is over"])
    };
    let stranger = destroy("holder");
    assert!(stranger.refusal(1).contains("is not allowed: "), "{stranger:?}");
    assert_eq!(of_it(&place.files()), before);
    let in_use = destroy("operator");
    if in_use.code != Some(0) {
        // A room stands on it.
        assert!(in_use.refusal(1).contains(&house.room), "{in_use:?}");
        place.does(&["--as", "researcher", "room", "close", &house.room]);
        place.does(&["--as", "researcher", "room", "remove", &house.room]);
        let said = destroy("operator");
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    assert_eq!(of_it(&place.files()), Vec::<String>::new());
    place.entries();
    let again = destroy("operator");
    assert_eq!(again.code, Some(1), "{again:?}");
    let open = place.says(&["--as", "researcher", "room", "open", &house.permit]);
    assert_eq!(open.code, Some(1), "{open:?}");
    place.does(&["--as", "researcher", "extract", "build", &house.permit]);
    place.does(&["--as", "researcher", "room", "open", &house.permit]);
}

#[test]
fn a_room_that_was_closed_is_opened_again_with_everything_in_it() {
    let house = House::new();
    let House { place, room, .. } = &house;
    assert_eq!(house.runs("echo kept > notes.txt").code, Some(0));
    let open = place.says(&["--as", "researcher", "room", "reopen", room]);
    assert_eq!(open.code, Some(1), "it is open: {open:?}");
    place.does(&["--as", "researcher", "room", "close", room]);
    assert_eq!(house.state(), "frozen");
    assert_eq!(house.runs("true").code, Some(1));
    let stranger = place.says(&["--as", "colleague", "room", "reopen", room]);
    assert!(stranger.refusal(1).contains("is not allowed: "), "{stranger:?}");
    let said = place.does(&["--as", "researcher", "room", "reopen", room]);
    assert_eq!(said.trim(), format!("room `{room}` is open again"));
    assert_eq!(house.state(), "open");
    let read = house.runs("cat notes.txt");
    assert_eq!((read.code, read.out.trim()), (Some(0), "kept"), "{read:?}");
    place.entries();
}

/// A room out of which a table was let and packed: the release.
pub(crate) fn released(house: &House) -> String {
    let House { place, room, .. } = house;
    with_checker(place);
    let table = "mkdir -p out && printf 'test,people\\nhdl,50\\n' > out/table.csv";
    assert_eq!(house.runs(table).code, Some(0));
    let server = Server::start(place, &[]);
    let declared =
        json!({ "kind": "frequency-table", "dimensions": ["test"], "counts": ["people"] });
    let file = json!({ "name": "out/table.csv", "declared": declared, "note": "Table 1" });
    let researcher = server.sign_in("researcher");
    let asked =
        server.post(&format!("/rooms/{room}/outputs"), &researcher, &json!({ "files": [file] }));
    let output = asked["outputs"][0].as_str().unwrap().to_owned();
    let checker = server.sign_in("checker");
    let yes = json!({ "verdict": "released", "why": "Fifty people in the only cell." });
    server.post(&format!("/outputs/{output}/decision"), &checker, &yes);
    let packed = server.post(&format!("/rooms/{room}/packing"), &checker, &json!(null));
    assert_eq!(server.running.stop().1, Some(0));
    packed["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_release_is_listed_shown_fetched_and_verified_and_refused_with_one_byte_changed() {
    let house = House::new();
    let House { place, permit, room, .. } = &house;
    let release = released(&house);
    let list = place.does(&["--as", "researcher", "release", "list"]);
    assert!(list.lines().any(|line| line.starts_with(&release) && line.contains(permit)), "{list}");
    let show = place.does(&["--as", "researcher", "release", "show", &release]);
    assert!(show.contains(&format!("{release}  from {room} on {permit}")), "{show}");
    assert!(show.contains("1 files, "), "{show}");
    let file = place.path().join("package.tar");
    let fetch =
        |who: &str| place.says(&["--as", who, "release", "fetch", &release, "--to", text(&file)]);
    for who in ["colleague", "holder"] {
        assert!(fetch(who).refusal(1).contains("is not allowed: "), "{who}");
        assert!(!file.exists(), "{who}");
    }
    let fetched = fetch("researcher");
    assert_eq!(fetched.code, Some(0), "{fetched:?}");
    let bytes = fs::read(&file).unwrap();
    assert!(fetched.out.contains(&format!("{} bytes", bytes.len())), "{fetched:?}");
    assert!(fetch("researcher").refusal(1).contains("exists"), "a file is not written over");

    let keys = place.json(&["key", "show"]);
    let key = keys["releases"].as_str().unwrap();
    let elsewhere = Place::new();
    let verify =
        |file: &std::path::Path| elsewhere.says(&["release", "verify", text(file), "--key", key]);
    let whole = verify(&file);
    assert_eq!(whole.code, Some(0), "{whole:?}");
    assert!(whole.out.contains("whole, and signed by this centre"), "{whole:?}");
    // In the table, in what is said of it, in the signature, and in what stands between.
    let mut tried = 0;
    for at in (0..bytes.len()).step_by(257).chain([bytes.len() - 1]) {
        let mut spoilt = bytes.clone();
        spoilt[at] ^= 1;
        let changed = place.file("changed.tar", spoilt);
        let said = verify(&changed);
        let told = said.only_line(1);
        assert!(told.contains('`') && told.contains("is not to be trusted: "), "byte {at}: {told}");
        tried += 1;
    }
    assert!(tried > 20, "{tried}");
    let others = Place::with_laboratory().json(&["key", "show"])["releases"].clone();
    let said =
        elsewhere.says(&["release", "verify", text(&file), "--key", others.as_str().unwrap()]);
    assert!(said.refusal(1).contains("is not to be trusted"), "{said:?}");
}

#[test]
fn a_replay_makes_tables_anew_that_somebody_changed_by_hand() {
    let (place, permit) = with_permit(20);
    let sql = "import sqlite3, sys\n\
               with sqlite3.connect(sys.argv[1]) as db:\n    \
               db.execute('DELETE FROM record_permit')\n";
    let database = place.data().join("helserom.sqlite");
    let altered = Command::new("python3").args(["-c", sql]).arg(&database).status().unwrap();
    assert!(altered.success());
    let check = place.says(&["ledger", "replay", "--check"]);
    assert_eq!(check.code, Some(1), "{check:?}");
    let missing = format!("record `permit/{permit}` is missing from its table");
    assert!(check.out.contains(&missing), "{check:?}");
    assert!(check.out.contains("rebuild them with `helserom ledger replay`"), "{check:?}");
    for who in ["researcher", "caseworker"] {
        let said = place.says(&["--as", who, "ledger", "replay"]);
        assert!(said.refusal(1).contains("is not allowed: "), "{who}: {said:?}");
    }
    assert_eq!(place.says(&["ledger", "replay", "--check"]).code, Some(1), "it is still so");
    let rebuilt = place.does(&["ledger", "replay"]);
    assert!(rebuilt.contains("rebuilt from the entries"), "{rebuilt}");
    let check = place.does(&["ledger", "replay", "--check"]);
    assert!(check.contains("as the entries say"), "{check}");
    place.does(&["--as", "researcher", "permit", "show", &permit]);
}

#[test]
fn the_public_keys_are_shown_and_are_those_that_verify() {
    let place = Place::with_laboratory();
    let said = place.does(&["key", "show"]);
    let names: Vec<_> = said.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["ledger", "permits", "releases"], "{said}");
    let keys = place.json(&["key", "show"]);
    for name in ["permits", "releases"] {
        let key = keys[name].as_str().unwrap();
        assert_eq!(hex::decode(key).unwrap().len(), 32, "{name}");
        assert!(said.contains(key), "{said}");
    }
    assert_ne!(keys["permits"], keys["releases"]);
    let export = place.path().join("ledger");
    place.does(&["ledger", "export", text(&export)]);
    let verify = |key: &str| {
        Place::new().says(&["ledger", "verify", "--export", text(&export), "--key", key])
    };
    assert_eq!(verify(keys["ledger"].as_str().unwrap()).code, Some(0));
    let other = Place::with_laboratory().json(&["key", "show"]);
    assert_eq!(verify(other["ledger"].as_str().unwrap()).code, Some(1));
}

#[test]
fn the_config_says_where_each_value_is_from() {
    let place = Place::new();
    let config = "version = 1\n[server]\nstop-seconds = 7\n";
    let file = place.file("helserom.toml", config);
    let explain = |words: &[&str]| {
        let mut all = vec!["--config", text(&file)];
        all.extend(words);
        all.extend(["config", "explain"]);
        let mut command = place.command(&all);
        Said::from(command.env("HELSEROM_LOG_LEVEL", "warn").output().unwrap())
    };
    let said = explain(&[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let line = |key: &str| -> Vec<&str> {
        let found = said.out.lines().find(|line| line.split_whitespace().next() == Some(key));
        found.unwrap_or_else(|| panic!("no `{key}` in {}", said.out)).split("  ").collect()
    };
    let holds = |key: &str, words: &[&str]| {
        let line = line(key);
        for word in words {
            assert!(line.iter().any(|cell| cell.contains(word)), "`{word}` in {line:?}");
        }
    };
    holds("server.stop-seconds", &["7", "helserom.toml:3", "HELSEROM_SERVER_STOP_SECONDS"]);
    holds("log.level", &["warn", "HELSEROM_LOG_LEVEL"]);
    holds("data.folder", &[text(&place.data()), "--data"]);
    holds("server.language", &["default"]);
    let json: Value = serde_json::from_str(&explain(&["--json"]).out).unwrap();
    assert_eq!(json["server.stop-seconds"]["value"], 7, "{json}");
    assert!(!place.data().exists(), "who only asks makes no data folder");
}

/// What the API says to it, as a problem.
fn problem(server: &Server, method: &str, path: &str, token: &str) -> (u16, String) {
    let (status, answer) = server.ask(method, &format!("/api/v1{path}"), token, &json!(null));
    let kind = answer["type"].as_str().unwrap_or_default();
    (status, kind.rsplit(['/', ':', '#']).next().unwrap_or_default().to_owned())
}

#[test]
fn an_unknown_permit_is_told_on_the_command_line_and_by_the_api() {
    let (place, _) = with_permit(20);
    let none = "permit-0000000000";
    let entries = place.entries();
    for words in [
        &["permit", "show", none][..],
        &["extract", "build", none],
        &["room", "open", none],
        &["permit", "revoke", none, "--why", "nothing"],
        &["permit", "stand-in", none, "--to", "stand-in.zip"],
    ] {
        let mut all = vec!["--as", "researcher"];
        all.extend(words);
        let told = place.says(&all);
        assert!(told.refusal(1).contains(none), "{words:?}: {told:?}");
    }
    let mistyped = place.says(&["permit", "show", "permit-UPPER"]);
    assert_eq!(mistyped.code, Some(2), "{mistyped:?}");
    assert_eq!(place.entries(), entries);
    let server = Server::start(&place, &[]);
    let token = server.sign_in("researcher");
    for (method, path) in [
        ("GET", format!("/permits/{none}")),
        ("POST", format!("/permits/{none}/extracts")),
        ("POST", format!("/permits/{none}/rooms")),
    ] {
        let told = problem(&server, method, &path, &token);
        assert_eq!(told, (404, "problem-absent".to_owned()), "{method} {path}");
    }
}

#[test]
fn an_expired_permit_gives_nothing_and_that_is_told() {
    let place = Place::with_laboratory();
    with_people(&place);
    let file = place.file("lab.csv", people::values(20));
    assert_eq!(place.import(&file).code, Some(0));
    let server = Server::start(&place, &[]);
    let mut asked = terms();
    let until = asked.valid.from.unwrap().yesterday().unwrap();
    asked.valid.from = Some(until.saturating_sub(jiff::Span::new().days(10)));
    asked.valid.until = Some(until);
    let permit = granted(&server, asked);
    let token = server.sign_in("researcher");
    for path in [format!("/permits/{permit}/extracts"), format!("/permits/{permit}/rooms")] {
        let told = problem(&server, "POST", &path, &token);
        assert_eq!(told, (403, "problem-denied".to_owned()), "{path}");
        let (_, told) = server.ask("POST", &format!("/api/v1{path}"), &token, &json!(null));
        assert!(told["detail"].as_str().unwrap().contains("utløp"), "{path}: {told}");
    }
    assert_eq!(server.running.stop().1, Some(0));
    let entries = place.entries();
    for words in [["extract", "build"], ["room", "open"]] {
        let mut all = vec!["--as", "researcher"];
        all.extend(words);
        all.push(&permit);
        let said = place.says(&all);
        let told = said.refusal(1);
        assert!(told.contains(&format!("on `permit/{permit}` is not allowed: ")), "{said:?}");
        assert!(told.contains("active permit") || told.contains("permit is active"), "{said:?}");
        assert!(told.contains(&format!("expired after {until}: apply for an extension")), "{told}");
    }
    assert_eq!(place.entries(), entries);
    let shown = place.does(&["--as", "researcher", "permit", "show", &permit]);
    assert!(shown.contains("(expired)"), "{shown}");
}

#[test]
fn what_is_refused_is_told_as_json_where_that_is_asked_for() {
    let place = Place::new();
    place.does(&["account", "list"]);
    for (words, code, why) in [
        (&["room", "list", "--nonsense"][..], 2, None),
        (&["--config", "nowhere.toml", "config", "explain"], 2, Some("nowhere.toml")),
        (&["permit", "show", "permit-7k3m9q2x4d"], 1, Some("permit-7k3m9q2x4d")),
    ] {
        let said = place.says(&[&["--json"][..], words].concat());
        assert_eq!(said.code, Some(code), "{said:?}");
        if let Some(why) = why {
            let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
            assert!(told["error"].as_str().unwrap().contains(why), "{told}");
            assert_eq!(said.err, "");
        }
    }
}
