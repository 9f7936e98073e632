//! Rooms wait for a place on the machine, in turn, and begin by themselves.

use jiff::SignedDuration;
use model::{RoomId, RunId};
use room::{Budget, Counted, GivenUp, RoomEvent, Script, State};

use crate::pretence::{Site, researcher};

/// One room at once.
const ONE: Budget =
    Budget { memory: u64::MAX, rooms: Some(1), counted: Counted::Held, least: 1 << 20 };

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

async fn asks(site: &Site, room: &RoomId) -> centre::rooms::Begun {
    let script = Script::new("cox.R", "library(survival)\n".into()).ok();
    let words = vec!["Rscript".to_owned()];
    site.centre.start_run(&Site::caller(), room, words, script, None).await.unwrap()
}

/// Why what waited last in a room was given up.
async fn why(site: &Site, room: &RoomId) -> GivenUp {
    let entries = site.centre.timeline("room", room.as_str()).await.unwrap().items.clone();
    let last = entries.iter().rfind(|entry| entry.act == "room.run-given-up").unwrap();
    let RoomEvent::RunGivenUp { why, .. } = last.event().unwrap() else { panic!("{last:?}") };
    why
}

async fn until_free(site: &Site, room: &RoomId) {
    for _ in 0..500 {
        if site.see(room).await.state == State::Open {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{room} does not come free");
}

async fn number(site: &Site, room: &RoomId) -> Option<(usize, usize)> {
    let place = site.centre.place_in_line(&Site::caller(), room).await.unwrap();
    place.map(|place| (place.number, place.of))
}

#[tokio::test]
async fn what_has_no_place_waits_and_begins_by_itself_as_it_was_asked_for() {
    let site = Site::with_places(ONE).await;
    let (full, room) = (site.room_that_stays().await, site.room_that_stays().await);
    let run = site.begin(&full).await;
    let begun = asks(&site, &room).await;
    let waits: RunId = begun.run().clone();
    assert!(begun.started().is_none(), "there is no place");
    assert_eq!(site.see(&room).await.state, State::Waiting);
    site.centre.see_to_queue().await.unwrap();
    assert_eq!(number(&site, &room).await, Some((1, 1)));
    let again = site.centre.start_run(&Site::caller(), &room, vec!["id".into()], None, None).await;
    assert!(again.unwrap_err().to_string().contains("give up its place"));

    site.ends(&full, &run).await;
    site.centre.see_to_queue().await.unwrap();
    until_free(&site, &room).await;
    let seen = site.see(&room).await;
    assert_eq!((&seen.runs[0].id, seen.runs[0].script.as_deref()), (&waits, Some("cox.R")));
    assert_eq!(number(&site, &room).await, None);
    let acts = ["room.opened", "room.run-queued", "room.run-started", "room.run-ended"];
    assert_eq!(site.acts(&room).await, acts);
    let journal = site.centre.journal(&Site::caller(), &room).await.unwrap();
    assert_eq!(journal[1].what.as_str(), "waited");
}

#[tokio::test]
async fn who_comes_later_does_not_pass_who_waits_though_there_is_a_place_now() {
    let site = Site::with_places(ONE).await;
    let rooms =
        [site.room_that_stays().await, site.room_that_stays().await, site.room_that_stays().await];
    let run = site.begin(&rooms[0]).await;
    asks(&site, &rooms[1]).await;
    site.ends(&rooms[0], &run).await;
    assert!(asks(&site, &rooms[2]).await.started().is_none(), "it passed who waits");
    assert_eq!(number(&site, &rooms[2]).await, Some((2, 2)));
    site.centre.see_to_queue().await.unwrap();
    until_free(&site, &rooms[1]).await;
    site.centre.see_to_queue().await.unwrap();
    until_free(&site, &rooms[2]).await;
}

#[tokio::test]
async fn of_two_who_begin_at_once_one_waits() {
    let site = Site::with_places(ONE).await;
    let (faster, room) = (site.room_that_stays().await, site.room_that_stays().await);
    *site.faster.lock().unwrap() = Some((faster.clone(), site.begins().1));
    assert!(asks(&site, &room).await.started().is_none(), "two rooms run something");
    assert_eq!(site.see(&faster).await.state, State::Running);
    assert_eq!(site.see(&room).await.state, State::Waiting);
}

#[tokio::test]
async fn a_notebook_nobody_looks_at_any_more_is_given_up() {
    let site = Site::with_places(ONE).await;
    let (full, room) = (site.room_that_stays().await, site.room_that_stays().await);
    site.begin(&full).await;
    site.waits(&room, true).await;
    site.centre.outlive().await.unwrap();
    for _ in 0..3 {
        site.clock.advance(MINUTE * 9);
        assert_eq!(number(&site, &room).await, Some((1, 1)));
        site.centre.see_to_queue().await.unwrap();
    }
    site.clock.advance(MINUTE * 10);
    site.centre.see_to_queue().await.unwrap();
    assert_eq!(site.see(&room).await.state, State::Open);
    assert_eq!(why(&site, &room).await, GivenUp::NobodyWaits);
    // A script needs nobody who looks.
    asks(&site, &room).await;
    site.clock.advance(MINUTE * 600);
    site.centre.see_to_queue().await.unwrap();
    assert_eq!(site.see(&room).await.state, State::Waiting);
}

#[tokio::test]
async fn what_may_not_be_done_any_more_does_not_begin() {
    let site = Site::with_places(ONE).await;
    let (full, room) = (site.room_that_stays().await, site.room_that_ends().await);
    let run = site.begin(&full).await;
    asks(&site, &room).await;
    site.ends(&full, &run).await;
    // The permit ends, and nobody has seen to its rooms yet.
    site.clock.advance(SignedDuration::from_hours(24));
    site.centre.see_to_queue().await.unwrap();
    assert_eq!(site.see(&room).await.state, State::Open);
    assert_eq!(why(&site, &room).await, GivenUp::NotAllowed);
}

#[tokio::test]
async fn a_room_that_is_closed_waits_no_more() {
    let site = Site::with_places(ONE).await;
    let (full, room) = (site.room_that_stays().await, site.room_that_stays().await);
    let run = site.begin(&full).await;
    asks(&site, &room).await;
    site.centre.close_room(&Site::caller(), &room).await.unwrap();
    site.ends(&full, &run).await;
    site.centre.see_to_queue().await.unwrap();
    let seen = site.see(&room).await;
    assert_eq!((seen.state, seen.waiting, seen.runs_total), (State::Frozen, None, 0));
}

#[tokio::test]
async fn who_asked_or_a_colleague_gives_the_place_up_and_nobody_else() {
    let site = Site::with_places(ONE).await;
    let (full, room) = (site.room_that_stays().await, site.room_that_stays().await);
    site.begin(&full).await;
    asks(&site, &room).await;
    site.centre.stop_run(&Site::caseworker(), &room, None).await.unwrap_err();
    site.centre.place_in_line(&centre::Caller::Visitor, &room).await.unwrap_err();
    site.centre.stop_run(&Site::caller(), &room, None).await.unwrap();
    assert_eq!(why(&site, &room).await, GivenUp::ByPerson);
    assert!(site.centre.leave_queue(&Site::caller(), &room).await.is_err(), "nothing waits");
}

#[tokio::test]
async fn what_its_program_no_longer_waits_for_stands_in_nobodys_way() {
    let site = Site::with_places(ONE).await;
    let [gone, kept, young, room] = [
        site.room_that_stays().await,
        site.room_that_stays().await,
        site.room_that_stays().await,
        site.room_that_stays().await,
    ];
    site.waits(&gone, false).await;
    site.waits(&kept, true).await;
    site.clock.advance(MINUTE * 2);
    assert!(asks(&site, &room).await.started().is_some(), "nobody waits before it");
    until_free(&site, &room).await;
    site.waits(&young, false).await;
    assert!(asks(&site, &room).await.started().is_none(), "its program may only just have asked");
    site.centre.sweep().await.unwrap();
    assert_eq!(site.see(&gone).await.state, State::Open);
    assert_eq!(why(&site, &gone).await, GivenUp::ProgramGone);
    for waits in [&kept, &young] {
        assert_eq!(site.see(waits).await.state, State::Waiting);
    }
}

#[tokio::test]
async fn a_program_that_stays_takes_over_who_waits_and_one_that_stops_begins_nothing() {
    let site = Site::with_places(ONE).await;
    let (full, room) = (site.room_that_stays().await, site.room_that_stays().await);
    let run = site.begin(&full).await;
    let waits = site.waits(&room, true).await;
    site.clock.advance(MINUTE * 2);
    site.centre.outlive().await.unwrap();
    assert_eq!(number(&site, &room).await, Some((1, 1)));
    site.ends(&full, &run).await;
    site.centre.stop_runs().await.unwrap();
    site.centre.see_to_queue().await.unwrap();
    let seen = site.see(&room).await;
    assert_eq!(seen.waiting.map(|it| (it.run, it.by)), Some((waits, researcher())));
    assert!(!site.rooms.waited_for.lock().unwrap().contains(&room), "the next takes it over");
}

#[tokio::test]
async fn a_program_that_does_not_stay_gives_up_what_it_waits_for_when_it_stops() {
    let site = Site::with_places(ONE).await;
    let (full, room) = (site.room_that_stays().await, site.room_that_stays().await);
    site.begin(&full).await;
    asks(&site, &room).await;
    site.centre.stop_runs().await.unwrap();
    assert_eq!(why(&site, &room).await, GivenUp::ProgramGone);
}

#[tokio::test]
async fn what_begins_beside_another_in_a_room_has_the_place_of_the_room() {
    let site = Site::with_places(ONE).await;
    let (room, other) = (site.room_that_stays().await, site.room_that_stays().await);
    let first = site.begin(&room).await;
    assert!(asks(&site, &other).await.started().is_none(), "the machine is not full");
    let beside = asks(&site, &room).await;
    assert!(beside.started().is_some(), "it waits for a place that its room has");
    // It has ended by itself; the place is the room's until the first has, too.
    for _ in 0..500 {
        if site.see(&room).await.running().count() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    site.centre.see_to_queue().await.unwrap();
    assert_eq!(site.see(&other).await.state, State::Waiting);
    assert_eq!(site.see(&room).await.state, State::Running);
    site.ends(&room, &first).await;
    site.centre.see_to_queue().await.unwrap();
    until_free(&site, &other).await;
}
