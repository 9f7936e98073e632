//! Applications, from handing in to the decision.

use centre::Refused;
use permit::application::Problem;
use permit::{ApplicationState, Verdict};

use crate::house::{House, refused_by};

#[tokio::test]
async fn the_access_body_has_three_months_from_the_day_of_handing_in() {
    let house = House::new().await;
    let id = house.application(|_| {}).await;
    let caseworker = house.caller("caseworker").await;
    let due = async || house.centre.application(&caseworker, &id).await.unwrap().due;
    assert_eq!(due().await, Some("2026-06-01".parse().unwrap()));
    // Given back it stands still; handed in again it begins anew.
    let why = "say more".to_owned();
    house.centre.return_application(&caseworker, &id, why).await.unwrap();
    house.wait_until("2026-11-30T12:00:00Z");
    let researcher = house.caller("researcher").await;
    house.centre.submit_application(&researcher, &id).await.unwrap();
    assert_eq!(due().await, Some("2027-02-28".parse().unwrap()));
    let acts = house.acts("application", id.as_str()).await;
    let handed_in = "application.submitted";
    assert_eq!(acts, ["application.drafted", handed_in, "application.returned", handed_in]);
}

#[tokio::test]
async fn a_holders_no_is_heard_and_the_access_body_refuses_in_the_open() {
    let house = House::new().await;
    let id = house.application(|_| {}).await;
    let caseworker = house.caller("caseworker").await;
    let early = house.centre.grant_application(&caseworker, &id, "yes".into()).await;
    let Err(Refused::Conflict(why)) = early else { panic!("{early:?}") };
    assert!(why.contains("hospital"), "{why}");

    let no = "the values are not fit for it".to_owned();
    for who in ["researcher", "stranger", "caseworker"] {
        let caller = house.caller(who).await;
        let said = house.centre.review_application(&caller, &id, Verdict::Refuse, no.clone()).await;
        assert_eq!(refused_by(said), ["holder-answers-application"], "{who}");
    }
    let holder = house.caller("holder").await;
    house.centre.review_application(&holder, &id, Verdict::Refuse, no.clone()).await.unwrap();
    let answer = house.centre.application(&holder, &id).await.unwrap();
    let said = answer.holders.values().next().unwrap().clone().unwrap();
    assert_eq!((said.verdict, said.why, said.by.as_str()), (Verdict::Refuse, no, "holder"));

    house.centre.refuse_application(&caseworker, &id, "unfit values".into()).await.unwrap();
    let over = house.centre.application(&holder, &id).await.unwrap();
    assert_eq!(over.state, ApplicationState::Refused);
    let register = house.centre.register(&centre::Caller::Visitor).await.unwrap();
    assert_eq!(register[0].reason.as_deref(), Some("unfit values"));
    assert_eq!(register[0].permit, None);
    assert_eq!(house.count("permit").await, 0);
    let late = house.centre.grant_application(&caseworker, &id, "after all".into()).await;
    assert!(matches!(late, Err(Refused::Conflict(_))), "{late:?}");
}

#[tokio::test]
async fn a_rule_weaker_than_the_contracts_is_not_handed_in() {
    let house = House::new().await;
    let researcher = house.caller("researcher").await;
    let mut terms = crate::house::terms();
    terms.outputs.smallest_count = 4;
    let id = house.centre.begin_application(&researcher, terms).await.unwrap();
    let refused = house.centre.submit_application(&researcher, &id).await;
    let Err(Refused::Lacking(missing)) = refused else { panic!("{refused:?}") };
    let source = "laboratory".parse().unwrap();
    assert_eq!(missing[0].problem, Problem::BelowContract { source, least: 5 });
    assert_eq!(missing.len(), 1);
}

#[tokio::test]
async fn somebody_without_an_account_is_not_named_and_others_do_not_see_it() {
    let house = House::new().await;
    let researcher = house.caller("researcher").await;
    let mut terms = crate::house::terms();
    terms.people.push("nobody".parse().unwrap());
    let id = house.centre.begin_application(&researcher, terms.clone()).await.unwrap();
    let refused = house.centre.submit_application(&researcher, &id).await;
    let Err(Refused::Lacking(missing)) = refused else { panic!("{refused:?}") };
    assert_eq!(missing[0].problem, Problem::UnknownAccount("nobody".into()));

    let colleague = house.caller("statistician").await;
    assert!(house.centre.application(&colleague, &id).await.is_err(), "not named, not seen");
    terms.people[1] = "statistician".parse().unwrap();
    house.centre.save_application(&researcher, &id, terms.clone()).await.unwrap();
    house.centre.application(&colleague, &id).await.unwrap();
    let theirs = house.centre.save_application(&colleague, &id, terms).await;
    assert_eq!(refused_by(theirs), ["applicant-keeps-own-application"]);
}
