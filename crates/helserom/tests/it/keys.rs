//! The master key is changed while nobody else works with it.

use crate::place::Place;
use crate::web::Server;

#[test]
fn a_rotation_is_refused_while_a_server_runs_and_written_down_before_and_after() {
    let place = Place::with_laboratory();
    let server = Server::start(&place, &[]);
    let said = place.says(&["key", "rotate"]);
    assert!(said.refusal(1).contains("stop that program first"), "{said:?}");
    assert_eq!(server.ask("GET", "/readyz", "", &serde_json::Value::Null).0, 200);
    let file = place.file("lab.csv", crate::people::values(20));
    assert_eq!(place.import(&file).code, Some(0));
    assert_eq!(server.running.stop().1, Some(0));
    let old = std::fs::read(place.data().join("master.key")).unwrap();
    let before = place.entries();
    place.does(&["key", "rotate"]);
    assert_eq!(place.entries(), before + 2);
    assert_ne!(std::fs::read(place.data().join("master.key")).unwrap(), old);
    let more = place.file("more.csv", crate::people::values(30));
    assert_eq!(place.import(&more).code, Some(0));
}
