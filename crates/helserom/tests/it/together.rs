//! Two people in one room, through the program and its sandbox: what each has alone,
//! what they share, what files were earlier, and what ends when.

use serde_json::{Value, json};

use crate::place::Place;
use crate::web::{Server, with_permit_that};

const MARK: &str = "hers-4d1c07";

struct House {
    place: Place,
    permit: String,
    room: String,
}

impl House {
    fn new() -> Self {
        let (place, permit) = with_permit_that(20, |terms| {
            terms.people.push("colleague".parse().unwrap());
        });
        place.does(&["--as", "researcher", "extract", "build", &permit]);
        let room = place.does(&["--as", "researcher", "room", "open", &permit]);
        Self { room: room.trim().to_owned(), place, permit }
    }

    fn runs(&self, account: &str, script: &str) -> String {
        self.place.does(&["--as", account, "room", "exec", &self.room, "--", "sh", "-c", script])
    }

    fn versions(&self, account: &str, file: &str) -> Vec<Value> {
        let said = self.place.json(&["--as", account, "room", "versions", &self.room, file]);
        said.as_array().unwrap().clone()
    }

    fn restore(&self, account: &str, file: &str, version: &Value) -> crate::place::Said {
        let number = version["number"].to_string();
        self.place.says(&[
            "--as",
            account,
            "room",
            "restore",
            &self.room,
            file,
            "--version",
            &number,
        ])
    }
}

#[test]
fn each_has_a_folder_alone_and_files_are_had_back_by_whose_they_are() {
    let house = House::new();
    let (place, room) = (&house.place, house.room.as_str());
    house.runs("researcher", &format!("echo {MARK} > private/own.txt; echo one > both.txt"));
    let theirs = "cat /work/private/own.txt /work/both.txt 2>&1; grep -rs hers-4d''1c07 /work";
    let seen = place.says(&["--as", "colleague", "room", "exec", room, "--", "sh", "-c", theirs]);
    assert!(seen.out.contains("one") && !seen.out.contains(MARK), "{seen:?}");
    house.runs("colleague", "echo two > both.txt");
    house.runs("researcher", "rm private/own.txt");

    let hers = house.versions("researcher", "private/own.txt");
    assert_eq!(hers.len(), 1, "{hers:?}");
    assert!(house.versions("colleague", "private/own.txt").is_empty());
    let both = house.versions("colleague", "both.txt");
    assert_eq!(both.len(), 2, "{both:?}");
    let refused = house.restore("colleague", "private/own.txt", &hers[0]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert_eq!(house.restore("researcher", "private/own.txt", &hers[0]).code, Some(0));
    assert_eq!(house.restore("colleague", "both.txt", &both[1]).code, Some(0));
    let again = house.runs("researcher", "cat private/own.txt both.txt");
    assert_eq!(again.split_whitespace().collect::<Vec<_>>(), [MARK, "one"]);

    let journal = place.json(&["--as", "researcher", "room", "journal", room]);
    let restored = journal.as_array().unwrap().iter().filter(|deed| deed["did"] == "restored");
    assert_eq!(restored.count(), 2, "{journal:#}");
    place.does(&["ledger", "replay", "--check"]);

    // Only whose it is asks for it, and the checker sees what was asked out.
    let server = Server::start(place, &[]);
    let wish = json!({ "files": [{ "name": "private/own.txt", "note": "a note" }] });
    let outputs = format!("/api/v1/rooms/{room}/outputs");
    let colleague = server.sign_in("colleague");
    let (status, said) = server.ask("POST", &outputs, &colleague, &wish);
    assert_eq!(status, 409, "{said}");
    let files = |token: &str| {
        let (_, inside) =
            server.ask("GET", &format!("/api/v1/rooms/{room}/files"), token, &json!(null));
        inside["files"].to_string()
    };
    let researcher = server.sign_in("researcher");
    let (status, said) = server.ask("POST", &outputs, &researcher, &wish);
    assert_eq!(status, 200, "{said}");
    assert!(files(&researcher).contains("private/own.txt"), "{}", files(&researcher));
    assert!(!files(&colleague).contains("own.txt"), "{}", files(&colleague));
    let (status, listed) =
        server.ask("GET", &format!("/api/v1/rooms/{room}/versions"), &colleague, &json!(null));
    assert_eq!(status, 200);
    assert!(listed.to_string().contains("both.txt") && !listed.to_string().contains("own.txt"));
    let (status, calendar) = server.ask("GET", "/api/v1/calendar", &colleague, &json!(null));
    assert_eq!(status, 200);
    for what in ["permit-ends", "room-shut", "room-removed", "versions-end"] {
        assert!(calendar.to_string().contains(what), "{what}: {calendar}");
    }
    server.running.stop();

    place.does(&["--as", "researcher", "room", "close", room]);
    place.does(&["--as", "researcher", "room", "remove", room]);
    let rooms = place.json(&["--as", "researcher", "room", "list"]);
    let removed = &rooms.as_array().unwrap()[0]["removed"];
    assert_eq!(removed["files"], 2, "hers among them: {removed}");
    assert!(removed["versions"].as_u64().unwrap() >= 3, "{removed}");
    let said = place.does(&["--as", "researcher", "permit", "calendar", &house.permit]);
    assert!(said.contains("permit-ends") && !said.contains("room"), "{said}");
}
