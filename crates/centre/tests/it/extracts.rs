//! Extracts of one permit: two at once, and a strict and a generous one.

use std::sync::Arc;

use centre::Refused;
use centre::inbox::Matter;
use centre::ports::Unwatched;
use ledger::Draft;
use linkage::{Changed, ExtractEvent};
use permit::{LinkageTerms, LinkageWay, Strictness};

use crate::house::{House, two_extracts};

#[tokio::test]
async fn of_two_that_number_people_at_once_the_second_is_refused_and_leaves_nothing() {
    let house = House::new().await;
    let likely = LinkageTerms { how: LinkageWay::Likely, ..LinkageTerms::default() };
    let permit = house.permit(|terms| terms.linkage = likely).await;
    let researcher = house.caller("researcher").await;
    let build = || house.centre.build_extracts(&researcher, &permit, Arc::new(Unwatched));
    // Each has read which extracts there are before the other is written down.
    house.extracts.building.of(2);
    let (one, other) = tokio::join!(build(), build());
    let (built, refused) = match (one, other) {
        (Ok(built), Err(refused)) | (Err(refused), Ok(built)) => (built, refused),
        both => panic!("{both:?}"),
    };
    let why = refused.to_string();
    assert!(matches!(refused, Refused::Conflict(_)) && why.contains("built meanwhile"), "{why}");
    assert_eq!(house.count("extract.built").await, 1);
    assert_eq!(house.count("permit.people-numbered").await, 1);
    let destroyed = house.extracts.destroyed.lock().unwrap().clone();
    assert_eq!(destroyed.len(), 1, "what the ledger does not have is removed: {destroyed:?}");
    assert_ne!(destroyed[0], built[0].id);
    let kept = house.centre.extracts_of(&researcher, &permit).await.unwrap();
    assert_eq!(kept.iter().map(|extract| &extract.id).collect::<Vec<_>>(), [&built[0].id]);
    // Built again, it knows of the numbers that the first gave.
    build().await.unwrap();
    assert_eq!(house.count("permit.people-numbered").await, 2);
}

#[tokio::test]
async fn a_permit_of_two_extracts_has_both_built_and_a_room_on_either() {
    let house = House::new().await;
    let permit = house.permit(|terms| terms.linkage = two_extracts()).await;
    let researcher = house.caller("researcher").await;
    let built =
        house.centre.build_extracts(&researcher, &permit, Arc::new(Unwatched)).await.unwrap();
    let which: Vec<_> = built.iter().map(|extract| extract.manifest.strictness).collect();
    assert_eq!(which, [Strictness::Strict, Strictness::Generous]);
    assert_eq!(house.count("extract.built").await, 2);

    for extract in &built {
        let which = extract.manifest.strictness;
        let room = house.centre.open_room(&researcher, &permit, which).await.unwrap();
        let room = house.centre.room(&researcher, &room).await.unwrap();
        assert_eq!(room.extract, extract.id, "{which:?}");
        // Of both the newest, and one is newer than the other.
        house.centre.close_room(&researcher, &room.id).await.unwrap();
        house.centre.reopen_room(&researcher, &room.id).await.unwrap();
    }

    // When the generous one is gone, its turn comes in the inbox; the strict one stays.
    let inbox = house.centre.inbox(&researcher).await.unwrap();
    assert!(inbox.mine.iter().all(|task| task.matter != Matter::BuildExtract), "{inbox:?}");
    let operator = house.caller("operator").await;
    let generous = &built[1].id;
    let rooms = house.centre.rooms(&researcher).await.unwrap();
    let on_it = rooms.iter().find(|room| room.extract == *generous).unwrap();
    house.centre.close_room(&researcher, &on_it.id).await.unwrap();
    house.centre.remove_room(&researcher, &on_it.id).await.unwrap();
    house.centre.destroy_extract(&operator, generous, "tried".to_owned()).await.unwrap();
    let inbox = house.centre.inbox(&researcher).await.unwrap();
    assert!(inbox.mine.iter().any(|task| task.matter == Matter::BuildExtract), "{inbox:?}");
    let refused = house.centre.open_room(&researcher, &permit, Strictness::Generous).await;
    assert!(matches!(&refused, Err(Refused::Conflict(why)) if why.contains("build it")));
}

#[tokio::test]
async fn of_two_extracts_neither_is_to_lack_a_delivery_that_the_other_has() {
    let house = House::new().await;
    let permit = house.permit(|terms| terms.linkage = two_extracts()).await;
    let researcher = house.caller("researcher").await;
    let build = || house.centre.build_extracts(&researcher, &permit, Arc::new(Unwatched));
    let is_asked_for = async || {
        let inbox = house.centre.inbox(&researcher).await.unwrap();
        inbox.mine.iter().any(|task| task.matter == Matter::BuildExtract)
    };
    let built = build().await.unwrap();
    assert!(!is_asked_for().await);
    // The strict one is of a newer delivery; building the generous one was cut off.
    let mut manifest = built[0].manifest.clone();
    manifest.extract = "extract-0000000001".parse().unwrap();
    for table in manifest.tables.values_mut() {
        table.lake_version += 1;
    }
    let id = manifest.extract.to_string();
    house.clock.advance(model::SignedDuration::from_mins(1));
    let event = ExtractEvent::Built { manifest, milliseconds: 1 };
    let draft = Draft::new(&"researcher".parse().unwrap(), &id, &event).unwrap();
    house.book.append(vec![draft], vec![]).await.unwrap();
    assert!(is_asked_for().await);
    house.clock.advance(model::SignedDuration::from_mins(1));
    build().await.unwrap();
    assert!(!is_asked_for().await);
}

#[tokio::test]
async fn a_permit_of_one_extract_has_no_room_on_a_generous_one() {
    let house = House::new().await;
    let permit = house.permit(|_| {}).await;
    let researcher = house.caller("researcher").await;
    let built = house.centre.build_extracts(&researcher, &permit, Arc::new(Unwatched)).await;
    assert_eq!(built.unwrap().len(), 1);
    let refused = house.centre.open_room(&researcher, &permit, Strictness::Generous).await;
    assert!(matches!(&refused, Err(Refused::Conflict(why)) if why.contains("one alone")));
}

#[tokio::test]
async fn every_open_permit_on_the_same_sources_is_told_of_people_who_turned_out_to_be_one() {
    let house = House::new().await;
    let (one, other) = (house.permit(|_| {}).await, house.permit(|_| {}).await);
    let unbuilt = house.permit(|_| {}).await;
    let researcher = house.caller("researcher").await;
    let later = || house.clock.advance(model::SignedDuration::from_mins(1));
    let build = async |permit| {
        later();
        house.centre.build_extracts(&researcher, permit, Arc::new(Unwatched)).await.unwrap();
        later();
    };
    let told = async |permit: &model::PermitId| {
        let acts = house.acts("permit", permit.as_str()).await;
        let inbox = house.centre.inbox(&researcher).await.unwrap();
        let is_of = |task: &centre::inbox::Task| {
            task.matter == Matter::BuildAgain && task.id == permit.as_str()
        };
        let count = acts.iter().filter(|act| *act == "permit.people-turned-out").count();
        (count, inbox.mine.iter().any(is_of))
    };
    build(&one).await;
    build(&other).await;

    // Nobody turned out to be anybody else.
    *house.extracts.deliveries.lock().unwrap() = 1;
    *house.extracts.changed.lock().unwrap() =
        Some(Changed { kept: 299, new: 1, merged: 0, split: 0 });
    build(&one).await;
    assert_eq!(told(&other).await, (0, false));

    *house.extracts.deliveries.lock().unwrap() = 2;
    *house.extracts.changed.lock().unwrap() =
        Some(Changed { kept: 299, new: 0, merged: 1, split: 0 });
    build(&one).await;
    assert_eq!(told(&other).await, (1, true));
    assert_eq!((told(&one).await, told(&unbuilt).await), ((0, false), (0, false)));
    // Once is enough until its data are made again.
    build(&one).await;
    assert_eq!(told(&other).await, (1, true));
    build(&other).await;
    assert_eq!(told(&other).await, (1, false));
    // And whose data are of the same deliveries knows it already.
    build(&one).await;
    assert_eq!((told(&one).await, told(&other).await), ((0, false), (1, false)));
}
