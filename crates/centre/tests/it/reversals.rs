//! Reversal: a researcher asks, the access body agrees, the register's holder is told.

use std::sync::Arc;

use centre::ports::Unwatched;
use centre::reversals::ReversalWish;
use centre::{Caller, Refused};
use ledger::{Draft, EntryFilter};
use linkage::reversal::{Reversal, ReversalState};
use model::{ImportId, PermitId, ReversalId};
use permit::{Account, Role};
use source::{ImportManifest, SourceEvent, SourceRecord};

use crate::fakes::NUMBER;
use crate::house::{House, refused_by, two_extracts};

fn wish(persons: &[i32], finding: &str) -> ReversalWish {
    ReversalWish {
        extract: None,
        source: "laboratory".parse().unwrap(),
        persons: persons.to_vec(),
        finding: finding.to_owned(),
    }
}

/// A delivery of the laboratory: that from which every extract here is made.
async fn delivered(house: &House) {
    let (source, _): (SourceRecord, u64) =
        ledger::load(house.book.as_ref(), "laboratory").await.unwrap().unwrap();
    let import: ImportId = "import-0000000001".parse().unwrap();
    let manifest = ImportManifest {
        vault_segment: format!("{import}.segment"),
        import,
        contract: source.contract.fingerprint(),
        files: Vec::new(),
        rows_read: 900,
        rows_kept: 900,
        rows_quarantined: 0,
        reasons: [].into(),
        persons: 300,
        lake_version: 1,
        variables: Vec::new(),
    };
    let event = SourceEvent::Imported { manifest: Box::new(manifest) };
    let draft = Draft::new(&"holder".parse().unwrap(), "laboratory", &event).unwrap();
    house.book.append(vec![draft], vec![]).await.unwrap();
}

async fn extract(house: &House) -> PermitId {
    delivered(house).await;
    let permit = house.permit(|_| {}).await;
    let researcher = house.caller("researcher").await;
    house.centre.build_extracts(&researcher, &permit, Arc::new(Unwatched)).await.unwrap();
    permit
}

async fn ask(house: &House, who: &str, permit: &PermitId) -> Result<ReversalId, Refused> {
    let caller = house.caller(who).await;
    house.centre.ask_reversal(&caller, permit, wish(&[17, 4], "calls for a doctor")).await
}

/// The rules that speak of who is told, where none of them lets somebody.
const NOT_TOLD: [&str; 2] = ["holder-is-told", "reversal-takes-two-others"];

async fn agree(house: &House, who: &str, id: &ReversalId) -> Result<(), Refused> {
    let caller = house.caller(who).await;
    house.centre.decide_reversal(&caller, id, true, "it matters".to_owned()).await
}

async fn state(house: &House, id: &ReversalId) -> ReversalState {
    let (reversal, _): (Reversal, u64) =
        ledger::load(house.book.as_ref(), id.as_str()).await.unwrap().unwrap();
    reversal.state
}

#[tokio::test]
async fn the_holder_is_told_once_after_the_access_body_agreed_and_nobody_else_ever() {
    let house = House::new().await;
    let permit = extract(&house).await;
    let id = ask(&house, "researcher", &permit).await.unwrap();
    let holder = house.caller("holder").await;
    let early = house.centre.do_reversal(&holder, &id).await;
    assert_eq!(refused_by(early.map(|_| ())), NOT_TOLD, "one person alone");
    let inbox = house.centre.inbox(&house.caller("caseworker").await).await.unwrap();
    assert!(inbox.mine.iter().any(|task| task.id == id.to_string()), "{inbox:?}");
    agree(&house, "caseworker", &id).await.unwrap();
    let twice = agree(&house, "caseworker", &id).await;
    assert_eq!(refused_by(twice), ["reversal-takes-two-others"], "agreed twice");
    let inbox = house.centre.inbox(&holder).await.unwrap();
    assert!(inbox.mine.iter().any(|task| task.id == id.to_string()), "{inbox:?}");

    // Everybody else who sees the request is not told.
    for other in ["researcher", "statistician", "caseworker", "checker", "auditor", "operator"] {
        let caller = house.caller(other).await;
        let told = house.centre.do_reversal(&caller, &id).await;
        assert!(matches!(told, Err(Refused::Denied(_))), "{other} was told");
    }
    assert!(house.extracts.revealed.lock().unwrap().is_empty());
    let revealed = house.centre.do_reversal(&holder, &id).await.unwrap();
    let known: Vec<_> = revealed.iter().map(|one| (one.person, one.national_id.clone())).collect();
    assert_eq!(known, [(4, Some(NUMBER.to_owned())), (17, Some(NUMBER.to_owned()))]);
    assert_eq!(state(&house, &id).await, ReversalState::Done);
    let again = house.centre.do_reversal(&holder, &id).await;
    assert_eq!(refused_by(again.map(|_| ())), NOT_TOLD, "told twice");
    assert_eq!(house.extracts.revealed.lock().unwrap().len(), 1);

    let acts = house.acts("reversal", id.as_str()).await;
    assert_eq!(acts, ["reversal.asked", "reversal.agreed", "reversal.done"]);
    let all = EntryFilter { limit: u32::MAX, ..EntryFilter::default() };
    let entries = house.book.entries(&all).await.unwrap().items;
    assert!(!serde_json::to_string(&entries).unwrap().contains(NUMBER), "it is in the ledger");
    assert!(!format!("{revealed:?}").contains(NUMBER));
    let seen = house.centre.reversal(&house.caller("researcher").await, &id).await.unwrap();
    assert!(!serde_json::to_string(&seen).unwrap().contains(NUMBER));
}

#[tokio::test]
async fn neither_the_asker_nor_who_works_on_the_permit_agrees_or_is_told() {
    let house = House::new().await;
    let permit = extract(&house).await;
    let id = ask(&house, "researcher", &permit).await.unwrap();
    let with = |id: &str, organisation: &str, roles: &[Role]| {
        Caller::from(Account {
            id: id.parse().unwrap(),
            name: id.into(),
            organisation: organisation.parse().unwrap(),
            roles: roles.iter().copied().collect(),
            open: true,
        })
    };
    let decide = |caller: Caller| {
        let (house, id) = (&house, &id);
        async move { house.centre.decide_reversal(&caller, id, true, "yes".to_owned()).await }
    };
    let asker = with("researcher", "access-body", &[Role::Researcher, Role::Caseworker]);
    assert_eq!(refused_by(decide(asker).await), ["reversal-takes-two-others"]);
    let theirs = with("colleague", "university", &[Role::Caseworker]);
    let rule = "nobody-agrees-to-a-reversal-of-their-own-institution";
    assert_eq!(refused_by(decide(theirs).await), [rule]);
    for other in ["researcher", "statistician", "holder", "checker", "auditor", "operator"] {
        let refused = decide(house.caller(other).await).await;
        assert!(matches!(refused, Err(Refused::Denied(_))), "{other} agreed");
    }

    // One person with both roles is one person.
    let both = with("both", "hospital", &[Role::Caseworker, Role::Holder]);
    decide(both.clone()).await.unwrap();
    let told = house.centre.do_reversal(&both, &id).await;
    assert_eq!(refused_by(told.map(|_| ())), ["reversal-takes-two-others"]);
    let asker = with("researcher", "hospital", &[Role::Researcher, Role::Holder]);
    let told = house.centre.do_reversal(&asker, &id).await;
    assert_eq!(refused_by(told.map(|_| ())), ["reversal-takes-two-others"]);
    let elsewhere = with("holder-elsewhere", "college", &[Role::Holder]);
    let told = house.centre.do_reversal(&elsewhere, &id).await;
    assert_eq!(refused_by(told.map(|_| ())), NOT_TOLD, "another register's holder");
    assert!(house.extracts.revealed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_the_people_of_the_permit_ask_for_a_few_numbers_of_their_extract_with_words() {
    let house = House::new().await;
    let permit = house.permit(|_| {}).await;
    assert!(matches!(ask(&house, "researcher", &permit).await, Err(Refused::Conflict(_))));
    let researcher = house.caller("researcher").await;
    house.centre.build_extracts(&researcher, &permit, Arc::new(Unwatched)).await.unwrap();
    for other in ["statistician", "stranger", "holder", "caseworker", "checker", "operator"] {
        let refused = ask(&house, other, &permit).await;
        assert!(matches!(refused, Err(Refused::Denied(_))), "{other} asked");
    }
    let asks = |wish: ReversalWish| house.centre.ask_reversal(&researcher, &permit, wish);
    let many: Vec<i32> = (1..=11).collect();
    for persons in [&[][..], &many, &[0], &[-1], &[301]] {
        let refused = asks(wish(persons, "x")).await;
        let field = matches!(refused, Err(Refused::Field { field: "persons", .. }));
        assert!(field, "{persons:?}: {refused:?}");
    }
    let long = "x".repeat(501);
    for why in ["", " ", &long, "born 010180 12345", "patient 123456", "tel. 22 33 44 55"] {
        let refused = asks(wish(&[1], why)).await;
        assert!(
            matches!(refused, Err(Refused::Field { field: "finding", .. })),
            "{why}: {refused:?}"
        );
    }
    let elsewhere = ReversalWish { source: "nowhere".parse().unwrap(), ..wish(&[1], "x") };
    assert!(matches!(asks(elsewhere).await, Err(Refused::Field { field: "source", .. })));
    let other = house.permit(|_| {}).await;
    house.centre.build_extracts(&researcher, &other, Arc::new(Unwatched)).await.unwrap();
    let of_other =
        house.centre.extracts_of(&researcher, &other).await.unwrap().remove(0).id.clone();
    let foreign = ReversalWish { extract: Some(of_other), ..wish(&[1], "x") };
    assert!(matches!(asks(foreign).await, Err(Refused::Absent { .. })), "another permit's extract");
    // The same number twice is one number, and the permit's time counts.
    asks(wish(&[300, 1, 300], "x")).await.unwrap();
    house.wait_until("2028-01-01T00:00:00Z");
    assert!(matches!(asks(wish(&[1], "x")).await, Err(Refused::Denied(_))));
}

#[tokio::test]
async fn once_the_key_of_the_numbers_is_gone_nothing_leads_back() {
    let house = House::new().await;
    let permit = extract(&house).await;
    let operator = house.caller("operator").await;
    let holder = house.caller("holder").await;
    let (first, second) = (
        ask(&house, "researcher", &permit).await.unwrap(),
        ask(&house, "researcher", &permit).await.unwrap(),
    );
    agree(&house, "caseworker", &first).await.unwrap();
    let built = house.centre.extracts_of(&operator, &permit).await.unwrap().remove(0).id.clone();
    house.centre.destroy_extract(&operator, &built, "done".to_owned()).await.unwrap();
    let late = house.centre.do_reversal(&holder, &first).await;
    assert!(matches!(late, Err(Refused::Conflict(_))), "{late:?}");
    assert!(matches!(agree(&house, "caseworker", &second).await, Err(Refused::Conflict(_))));
    let named = ReversalWish { extract: Some(built), ..wish(&[1], "x") };
    let researcher = house.caller("researcher").await;
    let asked = house.centre.ask_reversal(&researcher, &permit, named).await;
    assert!(matches!(asked, Err(Refused::Conflict(_))), "{asked:?}");
    assert!(house.extracts.revealed.lock().unwrap().is_empty());
    // A request is still refused for good.
    let caseworker = house.caller("caseworker").await;
    house.centre.decide_reversal(&caseworker, &second, false, "too late".to_owned()).await.unwrap();
    assert_eq!(state(&house, &second).await, ReversalState::Refused);
}

#[tokio::test]
async fn of_two_who_are_told_at_once_one_is() {
    let house = House::new().await;
    let permit = extract(&house).await;
    let id = ask(&house, "researcher", &permit).await.unwrap();
    agree(&house, "caseworker", &id).await.unwrap();
    let holder = house.caller("holder").await;
    let tell = || house.centre.do_reversal(&holder, &id);
    let (one, other) = tokio::join!(tell(), tell());
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
}

#[tokio::test]
async fn of_two_extracts_it_is_said_whose_numbers_they_are() {
    let house = House::new().await;
    delivered(&house).await;
    let permit = house.permit(|terms| terms.linkage = two_extracts()).await;
    let researcher = house.caller("researcher").await;
    let built =
        house.centre.build_extracts(&researcher, &permit, Arc::new(Unwatched)).await.unwrap();
    let refused = ask(&house, "researcher", &permit).await;
    let Err(Refused::Field { field: "extract", why }) = refused else { panic!("{refused:?}") };
    for extract in &built {
        assert!(why.contains(extract.id.as_str()), "{why}");
        let of = ReversalWish { extract: Some(extract.id.clone()), ..wish(&[17], "matters") };
        let asked = house.centre.ask_reversal(&researcher, &permit, of).await.unwrap();
        let reversal: (Reversal, u64) =
            ledger::load(house.book.as_ref(), asked.as_str()).await.unwrap().unwrap();
        assert_eq!(reversal.0.extract, extract.id);
    }
}
