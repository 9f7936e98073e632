//! Packages: what is packed, once, and who fetches it.

use centre::Refused;

use crate::house::{House, SAFE, refused_by};

const AGES: &str = "age,people\nyoung,100\nold,200\n";

#[tokio::test]
async fn a_room_with_nothing_that_may_leave_is_not_packed() {
    let house = House::new().await;
    let room = house.room().await;
    house.asked(&room, "all.csv", SAFE).await;
    let nothing = house.centre.package(&house.caller("checker").await, &room).await;
    assert!(matches!(nothing, Err(Refused::Conflict(_))), "{nothing:?}");
    assert_eq!(house.count("release").await, 0);
}

#[tokio::test]
async fn two_who_pack_at_once_pack_nothing_twice() {
    let house = House::new().await;
    let room = house.room().await;
    for (name, text) in [("all.csv", SAFE), ("age.csv", AGES)] {
        let id = house.asked(&room, name, text).await;
        house.release(&id).await.unwrap();
    }
    let checker = house.caller("checker").await;
    let pack = || house.centre.package(&checker, &room);
    let (one, other) = tokio::join!(pack(), pack());
    assert!(one.is_ok() != other.is_ok(), "{one:?}, {other:?}");
    let release = one.or(other).unwrap();
    let packed = house.centre.release(&checker, &release).await.unwrap().outputs.clone();
    assert_eq!(packed.len(), 2);
    for id in packed {
        assert_eq!(house.output(&id).await.packed, Some(release.clone()));
        let acts = house.acts("output", id.as_str()).await;
        assert_eq!(acts[2..], ["output.released", "output.packed"]);
    }
    assert!(house.centre.ready_to_leave(&room).await.unwrap().is_empty());
    assert_eq!(house.count("release.packaged").await, 1);
}

#[tokio::test]
async fn a_second_file_of_a_name_waits_until_the_first_is_packed() {
    let house = House::new().await;
    let room = house.room().await;
    let first = house.asked(&room, "table.csv", SAFE).await;
    let second = house.asked(&room, "table.csv", AGES).await;
    house.release(&first).await.unwrap();
    let refused = house.release(&second).await;
    let Err(Refused::Conflict(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains(first.as_str()) && why.contains("pack it first"), "{why}");
    let checker = house.caller("checker").await;
    house.centre.package(&checker, &room).await.unwrap();
    house.release(&second).await.unwrap();
    house.centre.package(&checker, &room).await.unwrap();
    assert_eq!(house.count("release.packaged").await, 2);
}

#[tokio::test]
async fn the_people_of_the_permit_fetch_a_package_at_once_and_each_time_is_written_down() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.asked(&room, "all.csv", SAFE).await;
    house.release(&id).await.unwrap();
    let checker = house.caller("checker").await;
    let release = house.centre.package(&checker, &room).await.unwrap();
    let researcher = house.caller("researcher").await;
    let fetch = || house.centre.fetch_release(&researcher, &release);
    let (one, two, three) = tokio::join!(fetch(), fetch(), fetch());
    let bytes = one.unwrap();
    assert_eq!((&two.unwrap(), &three.unwrap()), (&bytes, &bytes));
    release::verify(&bytes, &house.centre.release_key()).unwrap();
    assert_eq!(house.centre.release(&researcher, &release).await.unwrap().fetched, 3);

    let rule = ["release-goes-to-the-people-of-the-permit"];
    for who in ["checker", "caseworker", "auditor", "operator", "statistician"] {
        let caller = house.caller(who).await;
        let refused = house.centre.fetch_release(&caller, &release).await;
        assert_eq!(refused_by(refused), rule, "{who}");
        let path = house.centre.package_path(&caller, &release).await;
        assert_eq!(path.is_ok(), who == "operator", "{who}");
    }
    assert_eq!(house.count("release.fetched").await, 3);
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_packed() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.asked(&room, "all.csv", SAFE).await;
    house.release(&id).await.unwrap();
    let (entries, kept) = (house.count("").await, house.blobs.kept.lock().unwrap().len());
    *house.blobs.room.lock().unwrap() = Some(0);
    let checker = house.caller("checker").await;
    let refused = house.centre.package(&checker, &room).await.unwrap_err();
    assert!(refused.to_string().contains("the disk is full: make room"), "{refused}");
    assert_eq!(house.count("").await, entries);
    assert_eq!(house.output(&id).await.packed, None);
    assert_eq!(house.blobs.kept.lock().unwrap().len(), kept);
    *house.blobs.room.lock().unwrap() = None;
    house.centre.package(&checker, &room).await.unwrap();
    assert!(house.output(&id).await.packed.is_some());
}
