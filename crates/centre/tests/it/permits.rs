//! What a permit opens, to whom, and until when.

use std::sync::Arc;

use centre::Refused;
use centre::ports::Unwatched;
use model::PermitId;
use permit::{Role, Strictness};
use room::{Closing, State};

use crate::house::{House, refused_by};

#[tokio::test]
async fn without_a_permit_there_is_no_extract_and_no_room() {
    let house = House::new().await;
    let researcher = house.caller("researcher").await;
    let unknown: PermitId = "permit-aaaaaaaaaa".parse().unwrap();
    let extract =
        house.centre.build_extracts(&researcher, &unknown, Arc::new(Unwatched)).await.map(|_| ());
    let room = house.centre.open_room(&researcher, &unknown, Strictness::Strict).await.map(|_| ());
    for refused in [extract, room] {
        let message = refused.unwrap_err().to_string();
        assert_eq!(message, "there is no permit `permit-aaaaaaaaaa`");
    }
    let permit = house.permit(|_| {}).await;
    let early = house.centre.open_room(&researcher, &permit, Strictness::Strict).await;
    assert!(matches!(early, Err(Refused::Conflict(_))), "no room before the extract: {early:?}");
    assert_eq!(house.count("extract").await + house.count("room").await, 0);
}

#[tokio::test]
async fn an_expired_permit_opens_nothing_and_its_room_closes_by_itself() {
    let house = House::new().await;
    let permit = house.permit(|_| {}).await;
    let room = house.room_on(&permit).await;
    let researcher = house.caller("researcher").await;
    house.centre.sweep().await.unwrap();
    assert_eq!(house.centre.room(&researcher, &room).await.unwrap().state, State::Open);

    house.wait_until("2027-03-02T00:00:00Z");
    let inside = house.centre.read_in_room(&researcher, &room, "x.csv").await;
    assert_eq!(refused_by(inside), ["only-the-people-of-the-permit-enter"], "before it is swept");
    let built = house.centre.build_extracts(&researcher, &permit, Arc::new(Unwatched)).await;
    assert_eq!(refused_by(built), ["extract-needs-active-permit"]);
    let opened = house.centre.open_room(&researcher, &permit, Strictness::Strict).await;
    assert_eq!(refused_by(opened), ["room-opens-for-the-people-of-the-permit"]);
    house.centre.sweep().await.unwrap();
    let closed = house.centre.room(&researcher, &room).await.unwrap();
    assert_eq!((closed.state, closed.closed), (State::Frozen, Some(Closing::PermitExpired)));
    assert_eq!(house.acts("room", room.as_str()).await, ["room.opened", "room.frozen"]);
}

#[tokio::test]
async fn a_revoked_permit_closes_its_rooms_at_once_and_no_others() {
    let house = House::new().await;
    let permit = house.permit(|_| {}).await;
    let room = house.room_on(&permit).await;
    let other = house.room().await;
    let researcher = house.caller("researcher").await;
    let own = house.centre.revoke_permit(&researcher, &permit, "mine".into()).await;
    assert_eq!(refused_by(own), ["access-body-revokes"]);
    let caseworker = house.caller("caseworker").await;
    let silent = house.centre.revoke_permit(&caseworker, &permit, "  ".into()).await;
    assert!(matches!(silent, Err(Refused::Field { field: "why", .. })), "{silent:?}");

    house.centre.revoke_permit(&caseworker, &permit, "the study was stopped".into()).await.unwrap();
    let closed = house.centre.room(&researcher, &room).await.unwrap();
    assert_eq!((closed.state, closed.closed), (State::Frozen, Some(Closing::PermitRevoked)));
    assert_eq!(house.centre.room(&researcher, &other).await.unwrap().state, State::Open);
    let acts = ["permit.issued", "permit.people-numbered", "permit.revoked"];
    assert_eq!(house.acts("permit", permit.as_str()).await, acts);
    assert!(house.centre.open_room(&researcher, &permit, Strictness::Strict).await.is_err());
}

#[tokio::test]
async fn whoever_the_permit_does_not_name_stays_outside() {
    let house = House::new().await;
    let permit = house.permit(|_| {}).await;
    let room = house.room_on(&permit).await;
    house.put(&room, "x.csv", "a\n");
    let before = house.count("").await;
    for who in ["stranger", "statistician", "checker", "caseworker", "operator", "auditor"] {
        let caller = house.caller(who).await;
        let rule = ["only-the-people-of-the-permit-enter"];
        let read = house.centre.read_in_room(&caller, &room, "x.csv").await;
        assert_eq!(refused_by(read), rule, "{who}");
        let run = house.centre.start_run(&caller, &room, vec!["id".into()], None, None).await;
        assert_eq!(refused_by(run), rule, "{who}");
        let opened = house.centre.open_room(&caller, &permit, Strictness::Strict).await;
        assert_eq!(refused_by(opened), ["room-opens-for-the-people-of-the-permit"], "{who}");
    }
    for who in ["stranger", "statistician"] {
        let caller = house.caller(who).await;
        assert!(house.centre.permit(&caller, &permit).await.is_err(), "{who}");
        let built = house.centre.build_extracts(&caller, &permit, Arc::new(Unwatched)).await;
        assert_eq!(refused_by(built), ["extract-needs-active-permit"], "{who}");
    }
    assert_eq!(house.count("").await, before, "nothing happened");
    let named = house.caller("researcher").await;
    assert!(named.account().unwrap().is(Role::Researcher));
    assert_eq!(house.centre.read_in_room(&named, &room, "x.csv").await.unwrap(), b"a\n");
}

#[tokio::test]
async fn when_a_permit_ends_is_told_of_a_room_to_those_who_may_see_the_permit() {
    let house = House::new().await;
    let room = house.room().await;
    let dues = house.centre.calendar_of_room(&house.caller("researcher").await, &room).await;
    assert!(!dues.unwrap().is_empty());
    let stranger = house.caller("stranger").await;
    let refused = house.centre.calendar_of_room(&stranger, &room).await;
    assert!(!refused_by(refused).is_empty());
}
