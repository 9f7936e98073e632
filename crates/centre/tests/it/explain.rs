//! Why somebody may or may not do something, in the words of the policy.

use model::Lang;
use permit::policy::Action;

use crate::house::{House, SAFE};

#[tokio::test]
async fn a_yes_and_a_no_are_explained_in_the_words_of_the_policy_with_the_article() {
    let house = House::new().await;
    let permit = house.permit(|_| {}).await;
    let room = house.room_on(&permit).await;
    let output = house.asked(&room, "safe.csv", SAFE).await;
    let enter = "A room is entered, and outputs are asked for, only by the people whom its permit \
                 names, and only while the permit is active and the room open. \
                 (EHDS 73(1)(a), 73(1)(d))";
    let own = "Nobody decides on an output of a permit that names them: it takes two people to \
               let a file out. (EHDS 73(2))";
    let decides = "A checker has an output checked, mends it and decides whether it leaves. \
                   (EHDS 73(2))";
    let extract = "The data of an active permit are made ready by an operator or at the request \
                   of somebody on the permit. (EHDS 66, 68(1))";
    let register = "Operators see the health of the centre, make accounts, rotate keys and take \
                    backups. (GDPR 32)";
    for (who, action, on, allowed, words) in [
        (Some("researcher"), Action::EnterRoom, room.as_str(), true, enter),
        (Some("stranger"), Action::EnterRoom, room.as_str(), false, enter),
        (None, Action::EnterRoom, room.as_str(), false, enter),
        (Some("operator"), Action::BuildExtract, permit.as_str(), true, extract),
        (Some("stranger"), Action::BuildExtract, permit.as_str(), false, extract),
        (Some("checker"), Action::DecideOutput, output.as_str(), true, decides),
        (Some("researcher"), Action::DecideOutput, output.as_str(), false, own),
        (Some("auditor"), Action::RunCentre, "centre", false, register),
    ] {
        let account = who.map(|who| who.parse().unwrap());
        let ruling = house.centre.explain(account.as_ref(), action, on).await.unwrap();
        assert_eq!(ruling.allowed, allowed, "{who:?} {action}");
        assert!(ruling.in_words(Lang::En).contains(words), "{}", ruling.in_words(Lang::En));
    }
    let kinds = house.centre.explain(None, Action::EnterRoom, "room-aaaaaaaaaa").await;
    assert_eq!(kinds.unwrap_err().to_string(), "there is no room `room-aaaaaaaaaa`");
}
