//! Extracts of one permit that are built at once.

use std::sync::Arc;

use centre::Refused;
use centre::ports::Unwatched;
use permit::{LinkageTerms, LinkageWay};

use crate::house::House;

#[tokio::test]
async fn of_two_that_number_people_at_once_the_second_is_refused_and_leaves_nothing() {
    let house = House::new().await;
    let likely = LinkageTerms { how: LinkageWay::Likely, ..LinkageTerms::default() };
    let permit = house.permit(|terms| terms.linkage = likely).await;
    let researcher = house.caller("researcher").await;
    let build = || house.centre.build_extract(&researcher, &permit, Arc::new(Unwatched));
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
    assert_ne!(destroyed[0], built.id);
    let kept = house.centre.extracts_of(&researcher, &permit).await.unwrap();
    assert_eq!(kept.iter().map(|extract| &extract.id).collect::<Vec<_>>(), [&built.id]);
    // Built again, it knows of the numbers that the first gave.
    build().await.unwrap();
    assert_eq!(house.count("permit.people-numbered").await, 2);
}
