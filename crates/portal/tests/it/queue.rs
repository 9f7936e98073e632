//! A machine that is full: who waits sees their place, and may give it up.

use axum::http::{Method, StatusCode};
use portal::Config;
use room::{Budget, Counted};
use serde_json::{Value, json};

use crate::api::program;
use crate::browser::Browser;
use crate::notebooks::config;
use crate::site::Site;
use crate::story::{room_that, wait_for};

async fn with_place_for_one(config: Config) -> Site {
    let one = Budget { memory: u64::MAX, rooms: Some(1), counted: Counted::Held, least: 0 };
    Site::with_places(config, one).await
}

struct Full {
    site: Site,
    researcher: Browser,
    statistician: Browser,
    /// Runs something.
    taken: String,
    /// A room of both, in which notebooks are opened.
    room: String,
    _image: tempfile::TempDir,
}

async fn full() -> Full {
    let image = tempfile::tempdir().unwrap();
    let site = with_place_for_one(config(image.path().to_owned())).await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let people = [("people", "statistician")];
    let (_, taken) = room_that(&site, &mut researcher, &people).await;
    let (_, room) = room_that(&site, &mut researcher, &people).await;
    site.ends.shut();
    let run = [("language", "r"), ("script", "1")];
    let here = format!("/rooms/{taken}");
    let page = researcher.submit(&here, &format!("{here}/runs"), &run).await;
    assert!(page.location().contains("done=run"), "{}", page.body);
    let statistician = Browser::as_role(&site.router, "statistician").await;
    Full { site, researcher, statistician, taken, room, _image: image }
}

#[tokio::test]
async fn who_finds_the_machine_full_sees_their_place_and_it_begins_by_itself() {
    let Full { site, mut researcher, mut statistician, taken, room, _image } = full().await;
    let here = format!("/rooms/{room}");
    let page = statistician.submit(&here, &format!("{here}/notebook"), &[]).await;
    assert_eq!(page.location(), format!("{here}?done=queued#runs"), "{}", page.body);
    let page = statistician.get(&here).await;
    assert!(page.body.contains("Number 1 of 1 in the queue"), "{}", page.body);
    assert!(page.body.contains("Give up the place"), "{}", page.body);
    assert!(!page.body.contains("Open the notebook"), "{}", page.body);
    let other = researcher.get(&here).await;
    assert!(other.body.contains("Number 1 of 1 in the queue"), "{}", other.body);
    let run = [("language", "r"), ("script", "1")];
    let refused = researcher.submit(&here, &format!("{here}/runs"), &run).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert!(refused.body.contains("waits in the room for a place"), "{}", refused.body);

    site.ends.open();
    wait_for(&mut researcher, &format!("/rooms/{taken}"), "Finished").await;
    site.centre.see_to_queue().await.unwrap();
    wait_for(&mut statistician, &here, "Finished").await;
    let journal = statistician.get(&format!("{here}/journal")).await;
    assert!(journal.body.contains("Waited for a place on the machine"), "{}", journal.body);
}

#[tokio::test]
async fn a_place_is_given_up_on_the_page() {
    let Full { mut statistician, room, site: _site, _image, .. } = full().await;
    let here = format!("/rooms/{room}");
    statistician.submit(&here, &format!("{here}/notebook"), &[]).await;
    let page = statistician.submit(&here, &format!("{here}/stop"), &[]).await;
    assert_eq!(page.location(), format!("{here}?done=stopped"), "{}", page.body);
    let page = statistician.get(&here).await;
    assert!(!page.body.contains("in the queue</strong>"), "{}", page.body);
    assert!(page.body.contains("Open the notebook"), "{}", page.body);
    let journal = statistician.get(&format!("{here}/journal")).await;
    assert!(journal.body.contains("The place was given up"), "{}", journal.body);
}

#[tokio::test]
async fn a_program_asks_where_in_line_it_is() {
    let full = full().await;
    let mut program = program(&full.site).await;
    let (rooms, queue) = ("/api/v1/rooms", format!("/api/v1/rooms/{}/queue", full.room));
    assert_eq!(program.get(&queue).await.json(), Value::Null);
    let opened = program
        .json(Method::POST, &format!("{rooms}/{}/notebook", full.room), &json!({}))
        .await
        .json();
    assert_eq!((&opened["open"], &opened["place"]["number"]), (&json!(false), &json!(1)));
    let place = program.get(&queue).await.json();
    assert_eq!((&place["number"], &place["of"]), (&json!(1), &json!(1)));
    assert_eq!(place["run"], opened["place"]["run"]);
    let shown = program.get(&format!("{rooms}/{}", full.room)).await.json();
    assert_eq!((&shown["state"], &shown["waiting"]["run"]), (&json!("waiting"), &place["run"]));
    let stop = format!("{rooms}/{}/stop", full.room);
    let stopped = program.json(Method::POST, &stop, &json!(null)).await;
    assert_eq!(stopped.status, StatusCode::NO_CONTENT, "{}", stopped.body);
    assert_eq!(program.get(&queue).await.json(), Value::Null);

    let script = json!({ "language": "r", "script": "1" });
    let run = program.json(Method::POST, &format!("{rooms}/{}/runs", full.room), &script).await;
    assert_eq!(run.json()["waits"], true, "{}", run.body);
    let running = program.get(&format!("{rooms}/{}/queue", full.taken)).await.json();
    assert_eq!(running, Value::Null, "it has its place");
    // Whoever may not see the room is not told.
    let mut holder = Browser::as_role(&full.site.router, "holder").await;
    assert_eq!(holder.get(&queue).await.status, StatusCode::FORBIDDEN);
}
