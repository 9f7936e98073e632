//! What a monitoring system reads: how much there is of what, and no names.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::json;

use crate::place::{Place, text};
use crate::web::{Server, granted, terms, with_permit};

/// What the centre tells at its address for Prometheus.
struct Figures(String);

impl Figures {
    fn ask(address: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        let ask = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        Self(answer)
    }

    #[track_caller]
    fn value(&self, name: &str) -> f64 {
        self.found(name).unwrap_or_else(|| panic!("no `{name}` in {}", self.0))
    }

    fn found(&self, name: &str) -> Option<f64> {
        let line = self.0.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.map(|value| value.parse().unwrap())
    }

    /// A count, which is a whole number.
    #[track_caller]
    fn is(&self, name: &str, count: f64) {
        let found = self.value(name);
        assert!((found - count).abs() < f64::EPSILON, "{name} is {found}, not {count}: {}", self.0);
    }
}

fn an_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn metrics_count_what_there_is() {
    let place = Place::with_laboratory();
    let address = an_address();
    let _server = Server::start(&place, &[("HELSEROM_SERVER_METRICS_LISTEN", &address)]);
    let figures = Figures::ask(&address);
    assert!(figures.value("helserom_ledger_entries") >= 4.0, "{}", figures.0);
    let (free, total) = ("helserom_disk_free_bytes", "helserom_disk_bytes");
    assert!(figures.value(total) >= figures.value(free), "{}", figures.0);
    for none in [
        "helserom_rooms_open",
        "helserom_rooms_waiting",
        "helserom_rooms_running",
        "helserom_runs_running",
        "helserom_rooms_memory_taken_bytes",
        "helserom_permits",
        "helserom_permits_active",
        "helserom_extracts",
        "helserom_imports",
        "helserom_imports_refused",
        "helserom_outputs_waiting",
        "helserom_sign_ins_failed_total",
        "helserom_sweeps_failed_total{what=\"rooms\"}",
        "helserom_sweeps_failed_total{what=\"checkpoints\"}",
    ] {
        figures.is(none, 0.0);
    }
    figures.is("helserom_sources", 1.0);
    assert_eq!(figures.found("helserom_backup_age_seconds"), None, "there is no backup");
    assert!(figures.value("helserom_rooms_memory_bytes") > 0.0, "{}", figures.0);
    assert!(!figures.0.contains("holder") && !figures.0.contains("laboratory"), "{}", figures.0);
}

#[test]
fn metrics_count_what_a_centre_does_that_is_at_work() {
    let (place, permit) = with_permit(30);
    let empty = place.file("empty.csv", "");
    assert_eq!(place.import(&empty).code, Some(1));
    place.does(&["--as", "researcher", "extract", "build", &permit]);
    place.does(&["backup", text(&place.path().join("backup"))]);
    let address = an_address();
    let server = Server::start(&place, &[("HELSEROM_SERVER_METRICS_LISTEN", &address)]);
    let mut past = terms();
    let yesterday = past.valid.from.unwrap().yesterday().unwrap();
    (past.valid.from, past.valid.until) = (Some(yesterday), Some(yesterday));
    granted(&server, past);
    let mut coming = terms();
    coming.valid.from = coming.valid.from.map(|from| from.tomorrow().unwrap());
    granted(&server, coming);
    let back = granted(&server, terms());
    let why = json!({ "why": "It was a mistake" });
    server.post(&format!("/permits/{back}/revocation"), &server.sign_in("caseworker"), &why);
    let token = server.sign_in("researcher");
    let room = server.post(&format!("/permits/{permit}/rooms"), &token, &json!(null));
    let runs = format!("/rooms/{}/runs", room["id"].as_str().unwrap());
    let script = json!({ "language": "r", "script": "Sys.sleep(600)" });
    for _ in 0..2 {
        server.post(&runs, &token, &script);
    }
    // One attempt too many is not tried at all.
    let fails = |account: &&str| {
        let wrong = json!({ "account": account, "password": "not the right sentence at all" });
        server.ask("POST", "/api/v1/sessions", "", &wrong).0 == 401
    };
    let failed = ["researcher", "nobody-here", "holder"].iter().filter(|who| fails(who)).count();
    assert!(failed > 0);
    let failed = f64::from(u32::try_from(failed).unwrap());
    let figures = Figures::ask(&address);
    for (name, count) in [
        ("helserom_rooms_open", 1.0),
        ("helserom_rooms_running", 1.0),
        ("helserom_runs_running", 2.0),
        ("helserom_permits", 4.0),
        ("helserom_permits_active", 1.0),
        ("helserom_permits_not_yet", 1.0),
        ("helserom_permits_expired", 1.0),
        ("helserom_permits_revoked", 1.0),
        ("helserom_sources", 1.0),
        ("helserom_imports", 1.0),
        ("helserom_imports_refused", 1.0),
        ("helserom_extracts", 1.0),
        ("helserom_extracts_destroyed", 0.0),
        ("helserom_sign_ins_failed_total", failed),
    ] {
        figures.is(name, count);
    }
    let age = figures.value("helserom_backup_age_seconds");
    assert!((0.0..600.0).contains(&age), "{age}");
    for name in ["researcher", "laboratory", &permit] {
        assert!(!figures.0.contains(name), "{name}: {}", figures.0);
    }
    assert_eq!(server.running.stop().1, Some(0));
}

#[test]
fn a_centre_that_cannot_write_is_alive_and_not_ready() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let state = |path: &str| server.ask("GET", path, "", &serde_json::Value::Null).0;
    assert_eq!((state("/healthz"), state("/readyz")), (200, 200));
    let away = place.path().join("away");
    std::fs::rename(place.data(), &away).unwrap();
    assert_eq!((state("/healthz"), state("/readyz")), (200, 503));
    std::fs::rename(&away, place.data()).unwrap();
    assert_eq!(state("/readyz"), 200);
}
