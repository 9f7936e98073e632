//! A server, and what programs say to its API.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use permit::{Cohort, ColumnTerms, OutputTerms, Period, RoomTerms, SourceTerms, Terms};
use serde_json::{Value, json};

use crate::people;
use crate::place::{PATIENCE, Place, Running, until};

pub(crate) const PASSWORD: &str = "a sentence is easy to remember";

/// `helserom serve` on a free port of this machine.
pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) address: String,
    /// What it wrote to its log so far.
    pub(crate) log: Arc<Mutex<String>>,
}

impl Server {
    pub(crate) fn start(place: &Place, environment: &[(&str, &str)]) -> Self {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.envs(environment.iter().copied());
        Self::of(command)
    }

    /// Any command that ends in serving.
    pub(crate) fn of(mut command: std::process::Command) -> Self {
        let mut running = Running(command.spawn().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, kept) = (BufReader::new(running.0.stderr.take().unwrap()), log.clone());
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let address = until("the portal's address", || {
            assert!(running.0.try_wait().unwrap().is_none(), "{}", log.lock().unwrap());
            let said = log.lock().unwrap();
            let line = said.lines().find_map(|line| line.strip_prefix("the portal is at http://"));
            line.map(|address| address.trim_end_matches('/').to_owned())
        });
        Self { running, address, log }
    }

    /// Asks for something of a server that may not live to answer.
    pub(crate) fn begin(&self, method: &str, path: &str, token: &str, body: &Value) {
        let Ok(mut stream) = TcpStream::connect(&self.address) else { return };
        if stream.write_all(self.request(method, path, token, body).as_bytes()).is_ok() {
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }

    fn request(&self, method: &str, path: &str, token: &str, body: &Value) -> String {
        let (address, body) = (&self.address, body.to_string());
        let bearer = if token.is_empty() {
            String::new()
        } else {
            format!("Authorization: Bearer {token}\r\n")
        };
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{bearer}Connection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }

    /// What the server answers, and with which status.
    pub(crate) fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(self.request(method, path, token, body).as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// Says something to the API that has to be done.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, token: &str, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", &format!("/api/v1{path}"), token, body);
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    #[track_caller]
    pub(crate) fn sign_in(&self, account: &str) -> String {
        let body = json!({ "account": account, "password": PASSWORD });
        self.post("/sessions", "", &body)["token"].as_str().unwrap().to_owned()
    }
}

/// A laboratory that was delivered to, and a permit for its values: applied for,
/// approved and granted through the API.
pub(crate) fn with_permit(people: usize) -> (Place, String) {
    with_permit_that(people, |_| {})
}

/// The same on terms with `change`.
pub(crate) fn with_permit_that(people: usize, change: impl FnOnce(&mut Terms)) -> (Place, String) {
    let place = Place::with_laboratory();
    with_people(&place);
    let file = place.file("lab.csv", people::values(people));
    assert_eq!(place.import(&file).code, Some(0));
    let server = Server::start(&place, &[]);
    let mut asked = terms();
    change(&mut asked);
    let permit = granted(&server, asked);
    assert_eq!(server.running.stop().1, Some(0));
    (place, permit)
}

/// Everybody who has a part in a permit, where the holder is there already.
pub(crate) fn with_people(place: &Place) {
    place.does(&["account", "add-organisation", "university", "--name", "The university"]);
    place.does(&["account", "add-organisation", "access-body", "--name", "The access body"]);
    for (account, organisation, role) in [
        ("researcher", "university", "researcher"),
        ("colleague", "university", "researcher"),
        ("caseworker", "access-body", "caseworker"),
    ] {
        place.does(&[
            "account",
            "add",
            account,
            "--name",
            account,
            "--organisation",
            organisation,
            "--role",
            role,
        ]);
    }
    for account in ["researcher", "colleague", "holder", "caseworker"] {
        place.does_with(&["account", "password", account], PASSWORD);
    }
}

/// Somebody who decides what leaves.
pub(crate) fn with_checker(place: &Place) {
    let words = ["account", "add", "checker", "--name", "checker", "--role", "checker"];
    place.does(&[&words[..], &["--organisation", "access-body"]].concat());
    place.does_with(&["account", "password", "checker"], PASSWORD);
}

/// A permit on these terms: applied for, approved and granted through the API.
pub(crate) fn granted(server: &Server, asked: Terms) -> String {
    let researcher = server.sign_in("researcher");
    let begun = server.post("/applications", &researcher, &serde_json::to_value(asked).unwrap());
    let application = format!("/applications/{}", begun["id"].as_str().unwrap());
    server.post(&format!("{application}/submission"), &researcher, &json!(null));
    let yes = json!({ "verdict": "approve", "why": "No more is asked for than is needed." });
    server.post(&format!("{application}/review"), &server.sign_in("holder"), &yes);
    let grant =
        json!({ "verdict": "grant", "why": "The purpose is research in the public interest." });
    let decided =
        server.post(&format!("{application}/decision"), &server.sign_in("caseworker"), &grant);
    decided["permit"].as_str().unwrap().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "the program looks at the same clock")]
pub(crate) fn terms() -> Terms {
    let today = model::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let column = |name: &str| ColumnTerms {
        name: name.to_owned(),
        reason: "the question cannot be answered without it".to_owned(),
    };
    Terms {
        title: "HDL cholesterol in the population".to_owned(),
        summary: "How HDL cholesterol is spread among the people of the laboratory, so that \
                  clinics know what is usual."
            .to_owned(),
        purpose: Some(model::Purpose::Research),
        legal_basis: "GDPR articles 6(1)(e) and 9(2)(j), with ethical approval".to_owned(),
        people: vec!["researcher".parse().unwrap()],
        sources: vec![SourceTerms {
            source: "laboratory".parse().unwrap(),
            columns: vec![column("date"), column("test"), column("value")],
            rows: vec![],
        }],
        cohort: Cohort::default(),
        period: Period { from: Some(model::Date::constant(1990, 1, 1)), until: Some(today) },
        valid: Period {
            from: Some(today),
            until: Some(today.saturating_add(jiff::Span::new().days(30))),
        },
        outputs: OutputTerms::default(),
        room: RoomTerms::default(),
        linkage: permit::LinkageTerms::default(),
    }
}
