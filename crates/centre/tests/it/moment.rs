//! One moment: what was read stands until something is written.

use std::sync::atomic::Ordering;

use ledger::Draft;
use model::{PermitId, RoomId, Timestamp};
use permit::PermitEvent;
use permit::policy::Action;
use room::RoomEvent;

use crate::house::House;
use crate::pretence::Site;

/// Another program on the same ledger takes the permit back.
async fn revoke_elsewhere(house: &House, permit: &PermitId) {
    let event = PermitEvent::Revoked { why: "it was found out elsewhere".to_owned() };
    let draft = Draft::new(&"caseworker".parse().unwrap(), permit.as_str(), &event).unwrap();
    house.book.append(vec![draft], vec![]).await.unwrap();
}

/// Another program on the same ledger writes about the room.
async fn look_elsewhere(house: &House, room: &RoomId) {
    let by = "researcher".parse().unwrap();
    let sha256 = ledger::Hash::default();
    let event = RoomEvent::Looked { by, file: "x.csv".to_owned(), bytes: 1, sha256 };
    let draft = Draft::new(&"researcher".parse().unwrap(), room.as_str(), &event).unwrap();
    house.book.append(vec![draft], vec![]).await.unwrap();
}

async fn revoked_at(house: &House, permit: &PermitId) -> Option<Timestamp> {
    let caller = house.caller("caseworker").await;
    house.centre.permit(&caller, permit).await.unwrap().revoked.as_ref().map(|revoked| revoked.at)
}

#[tokio::test]
async fn at_one_moment_a_record_stays_as_it_was_read() {
    let house = House::new().await;
    let permit = house.permit(|_| {}).await;
    let moment = house.centre.at_one_moment(async {
        assert_eq!(revoked_at(&house, &permit).await, None);
        let caseworker = house.caller("caseworker").await;
        assert_eq!(house.centre.permits(&caseworker).await.unwrap().len(), 1);
        revoke_elsewhere(&house, &permit).await;
        assert_eq!(revoked_at(&house, &permit).await, None);
        let listed = house.centre.permits(&caseworker).await.unwrap();
        assert_eq!(listed.first().unwrap().revoked, None);
    });
    moment.await;
    assert!(revoked_at(&house, &permit).await.is_some(), "the next moment sees it");
}

#[tokio::test]
async fn what_is_written_ends_the_moment() {
    let house = House::new().await;
    let permit = house.permit(|_| {}).await;
    let moment = house.centre.at_one_moment(async {
        assert_eq!(revoked_at(&house, &permit).await, None);
        let caseworker = house.caller("caseworker").await;
        let why = "the purpose was another".to_owned();
        house.centre.revoke_permit(&caseworker, &permit, why).await.unwrap();
        assert!(revoked_at(&house, &permit).await.is_some());
    });
    moment.await;
}

#[tokio::test]
async fn a_write_that_came_too_late_is_tried_again_on_what_is_true_now() {
    let house = House::new().await;
    let room = house.room().await;
    house.put(&room, "x.csv", "a\n");
    let researcher = house.caller("researcher").await;
    let moment = house.centre.at_one_moment(async {
        house.centre.room(&researcher, &room).await.unwrap();
        look_elsewhere(&house, &room).await;
        house.centre.read_in_room(&researcher, &room, "x.csv").await.unwrap();
    });
    moment.await;
    let acts = house.acts("room", room.as_str()).await;
    assert_eq!(acts, ["room.opened", "room.looked", "room.looked"]);
}

#[tokio::test]
async fn outside_of_a_moment_every_record_is_read_anew() {
    let house = House::new().await;
    let permit = house.permit(|_| {}).await;
    assert_eq!(revoked_at(&house, &permit).await, None);
    revoke_elsewhere(&house, &permit).await;
    assert!(revoked_at(&house, &permit).await.is_some());
}

#[tokio::test]
async fn the_policy_is_asked_anew_when_caller_action_or_thing_differ_in_a_fact() {
    let house = House::new().await;
    let room = house.room().await;
    let moment = house.centre.at_one_moment(async {
        let [own, other] = [house.caller("researcher").await, house.caller("checker").await];
        let seen = house.centre.room(&own, &room).await.unwrap();
        let thing = house.centre.room_thing(&seen).await.unwrap();
        for _ in 0..2 {
            for (caller, action, may) in [
                (&own, Action::EnterRoom, true),
                (&other, Action::EnterRoom, false),
                (&own, Action::SeeRoom, true),
            ] {
                assert_eq!(house.centre.ruling(caller, action, &thing).allowed, may, "{action}");
            }
        }
        // Over, in the same moment: another thing to the policy.
        house.wait_until("2027-03-02T00:00:01Z");
        let over = house.centre.room_thing(&seen).await.unwrap();
        assert!(!house.centre.ruling(&own, Action::EnterRoom, &over).allowed);
        // The same account with other roles is somebody else.
        let mut account = own.account().unwrap().clone();
        account.open = false;
        assert!(!house.centre.ruling(&account.into(), Action::EnterRoom, &thing).allowed);
    });
    moment.await;
}

#[tokio::test]
async fn the_next_moment_knows_what_one_before_it_read_until_somebody_writes() {
    let site = Site::new().await;
    let room = site.room_that_stays().await;
    let caller = Site::caller();
    let look = || {
        site.centre.at_one_moment(async {
            let seen = site.centre.room(&caller, &room).await.unwrap();
            let rooms = site.centre.rooms(&caller).await.unwrap();
            let told = site.centre.timeline("room", room.as_str()).await.unwrap();
            assert_eq!(rooms.first(), Some(&seen));
            told.items.len()
        })
    };
    assert_eq!(look().await, 1);
    let before = site.reads.load(Ordering::Relaxed);
    assert_eq!(look().await, 1);
    assert_eq!(site.reads.load(Ordering::Relaxed), before, "read anew though nobody wrote");
    site.begin(&room).await;
    assert_eq!(look().await, 2, "what is not true any more was told");
}
