//! Packages: asked for by the people of a permit, decided by an operator.

use centre::Refused;
use room::packages::{Allowed, PackageState, allow_list};

use crate::house::House;

fn package(line: &str) -> Allowed {
    allow_list(line).unwrap().remove(0)
}

#[tokio::test]
async fn a_package_is_asked_for_and_decided_and_counts_at_once() {
    let house = House::new().await;
    let room = house.room().await;
    let (researcher, operator) = (house.caller("researcher").await, house.caller("operator").await);
    let ask = |why: &str| {
        house.centre.request_package(
            &researcher,
            &room,
            package("python lifelines2"),
            why.to_owned(),
        )
    };
    assert!(matches!(ask(" ").await, Err(Refused::Field { field: "why", .. })));
    assert!(matches!(ask(&"x".repeat(2001)).await, Err(Refused::Field { field: "why", .. })));
    let id = ask("survival curves").await.unwrap();
    assert!(matches!(ask("again").await, Err(Refused::Conflict(_))), "asked for twice");

    let inbox = house.centre.inbox(&operator).await.unwrap();
    assert!(inbox.mine.iter().any(|task| task.id == id.to_string()), "{inbox:?}");
    assert_eq!(house.centre.packages(&researcher).await.unwrap().allowed, []);
    let decide =
        |approve, why: &str| house.centre.decide_package(&operator, &id, approve, why.to_owned());
    assert!(matches!(decide(true, "").await, Err(Refused::Field { field: "why", .. })));
    decide(true, "MIT, looked through").await.unwrap();
    let shelf = house.centre.packages(&researcher).await.unwrap();
    assert_eq!(shelf.allowed, [package("python lifelines2")]);
    assert_eq!(shelf.requests[0].state, PackageState::Approved);
    assert!(matches!(decide(true, "again").await, Err(Refused::Conflict(_))));
    assert!(matches!(ask("once more").await, Err(Refused::Conflict(_))), "allowed already");
    // Taken back: it is not allowed any more.
    decide(false, "a flaw was found").await.unwrap();
    assert_eq!(house.centre.packages(&researcher).await.unwrap().allowed, []);
    let acts = house.acts("package", id.as_str()).await;
    assert_eq!(acts, ["package.asked", "package.approved", "package.refused"]);
}

#[tokio::test]
async fn who_has_no_part_in_it_neither_asks_nor_decides_nor_sees() {
    let house = House::new().await;
    let room = house.room().await;
    let researcher = house.caller("researcher").await;
    let ask = |caller| {
        let centre = &house.centre;
        let room = &room;
        async move {
            centre.request_package(&caller, room, package("r cmprsk"), "risks".to_owned()).await
        }
    };
    for other in ["stranger", "checker", "operator"] {
        let refused = ask(house.caller(other).await).await;
        assert!(matches!(refused, Err(Refused::Denied(_))), "{other} asked");
    }
    let id = ask(researcher).await.unwrap();
    for other in ["researcher", "statistician", "stranger", "checker", "caseworker", "auditor"] {
        let caller = house.caller(other).await;
        let refused = house.centre.decide_package(&caller, &id, true, "yes".to_owned()).await;
        assert!(matches!(refused, Err(Refused::Denied(_))), "{other} decided");
    }
    let stranger = house.caller("stranger").await;
    assert!(house.centre.packages(&stranger).await.unwrap().requests.is_empty());
    assert!(matches!(house.centre.package_request(&stranger, &id).await, Err(Refused::Denied(_))));
    assert!(house.centre.packages(&centre::Caller::Visitor).await.is_err());
}

#[tokio::test]
async fn nobody_asks_in_a_room_that_is_closed() {
    let house = House::new().await;
    let room = house.room().await;
    let researcher = house.caller("researcher").await;
    house.centre.close_room(&researcher, &room).await.unwrap();
    let asked = house
        .centre
        .request_package(&researcher, &room, package("r cmprsk"), "risks".to_owned())
        .await;
    assert!(matches!(asked, Err(Refused::Denied(_))));
}
