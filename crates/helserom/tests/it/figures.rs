//! What a monitoring system reads: how much there is of what, and no names.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::place::Place;
use crate::web::Server;

#[test]
fn metrics_count_what_there_is() {
    let place = Place::with_laboratory();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let _server = Server::start(&place, &[("HELSEROM_SERVER_METRICS_LISTEN", &address)]);
    let mut stream = TcpStream::connect(&address).unwrap();
    let ask = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let value = |name: &str| -> f64 {
        let line = answer.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("no `{name}` in {answer}")).parse().unwrap()
    };
    assert!(value("helserom_ledger_entries") >= 4.0, "{answer}");
    assert!(value("helserom_disk_bytes") >= value("helserom_disk_free_bytes"), "{answer}");
    for none in [
        "helserom_rooms_open",
        "helserom_rooms_waiting",
        "helserom_rooms_memory_taken_bytes",
        "helserom_permits",
        "helserom_outputs_waiting",
    ] {
        assert!(value(none).abs() < f64::EPSILON, "{none}: {answer}");
    }
    assert!(value("helserom_rooms_memory_bytes") > 0.0, "{answer}");
    assert!(!answer.contains("holder") && !answer.contains("laboratory"), "{answer}");
}
