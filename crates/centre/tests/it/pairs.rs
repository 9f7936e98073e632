//! Pairs in doubt: two clerks who do not know of each other, and nobody else.

use std::sync::Arc;

use centre::ports::Unwatched;
use centre::{Caller, Refused};
use ledger::EntryFilter;
use linkage::review::{Answer, MOST_OPEN, Outcome, Pair, PairState};
use model::{PairId, PermitId};
use permit::{Account, LinkageTerms, LinkageWay, Role};

use crate::fakes::SECRET;
use crate::house::{House, refused_by};

fn pair(n: usize) -> PairId {
    format!("pair-{n:010}").parse().unwrap()
}

/// A permit whose extract leaves some pairs in doubt.
async fn in_doubt(house: &House, pairs: &[PairId]) -> PermitId {
    let permit = house
        .permit(|terms| {
            terms.linkage = LinkageTerms { how: LinkageWay::Likely, ..LinkageTerms::default() };
        })
        .await;
    build(house, &permit, pairs, &[]).await.unwrap();
    permit
}

async fn build(
    house: &House,
    permit: &PermitId,
    put_up: &[PairId],
    stale: &[PairId],
) -> Result<(), Refused> {
    *house.extracts.put_up.lock().unwrap() = put_up.to_vec();
    *house.extracts.stale.lock().unwrap() = stale.to_vec();
    let researcher = house.caller("researcher").await;
    house.centre.build_extracts(&researcher, permit, Arc::new(Unwatched)).await.map(|_| ())
}

async fn says(house: &House, who: &str, pair: &PairId, answer: Answer) -> Result<(), Refused> {
    let clerk = house.caller(who).await;
    house.centre.look_at_pair(&clerk, pair, false).await?;
    house.centre.answer_pair(&clerk, pair, answer).await
}

async fn record(house: &House, pair: &PairId) -> Pair {
    ledger::load(house.book.as_ref(), pair.as_str()).await.unwrap().unwrap().0
}

#[tokio::test]
async fn two_clerks_who_answer_alike_settle_a_pair_and_neither_sees_the_other_before() {
    let house = House::new().await;
    let permit = in_doubt(&house, &[pair(1), pair(2)]).await;
    let (clerk, second) = (house.caller("clerk").await, house.caller("second-clerk").await);
    let inbox = house.centre.inbox(&clerk).await.unwrap();
    assert!(inbox.mine.iter().any(|task| task.matter.as_str() == "answer-pairs"), "{inbox:?}");

    let waiting = house.centre.pairs(&clerk).await.unwrap().waiting;
    assert_eq!(waiting.iter().map(|pair| pair.id.clone()).collect::<Vec<_>>(), [pair(1), pair(2)]);
    let before = house.centre.answer_pair(&clerk, &pair(1), Answer::Same).await;
    assert!(matches!(before, Err(Refused::Conflict(_))), "answered without looking");
    let shown = house.centre.look_at_pair(&clerk, &pair(1), true).await.unwrap();
    assert!(shown.whole);
    house.centre.answer_pair(&clerk, &pair(1), Answer::Same).await.unwrap();

    // The second sees what the first saw: a pair that waits, and nothing of an answer.
    let seen = house.centre.pairs(&second).await.unwrap();
    assert_eq!(seen.waiting, waiting, "something tells the second of the first");
    assert!(seen.answered.is_empty());
    let own = house.centre.pairs(&clerk).await.unwrap();
    assert_eq!(own.waiting.len(), 1);
    assert_eq!(own.answered[0].outcome, None);
    says(&house, "second-clerk", &pair(1), Answer::Same).await.unwrap();
    let settled = record(&house, &pair(1)).await;
    assert_eq!((settled.state, settled.outcome), (PairState::Settled, Some(Outcome::Same)));
    for who in [&clerk, &second] {
        let answered = house.centre.pairs(who).await.unwrap().answered;
        assert_eq!(answered[0].outcome, Some(Outcome::Same));
    }
    let third = says(&house, "third-clerk", &pair(1), Answer::Different).await;
    assert!(matches!(third, Err(Refused::Denied(_))), "a pair that is settled stays so");
    assert_eq!(
        house.acts("pair", pair(1).as_str()).await,
        [
            "pair.put-up",
            "pair.looked",
            "pair.answered",
            "pair.looked",
            "pair.answered",
            "pair.settled"
        ]
    );
    // The next extract is told, and that one still waits.
    build(&house, &permit, &[], &[]).await.unwrap();
    let known = house.extracts.known.lock().unwrap().clone();
    assert_eq!(known.known, [(pair(1), Some(Outcome::Same)), (pair(2), None)]);
    assert_eq!(known.most, MOST_OPEN - 1);
}

#[tokio::test]
async fn where_two_differ_a_third_decides_and_does_not_know_of_it() {
    let house = House::new().await;
    in_doubt(&house, &[pair(1)]).await;
    let waits = house.centre.pairs(&house.caller("third-clerk").await).await.unwrap();
    says(&house, "clerk", &pair(1), Answer::Same).await.unwrap();
    says(&house, "second-clerk", &pair(1), Answer::Different).await.unwrap();
    assert!(house.acts("pair", pair(1).as_str()).await.contains(&"pair.disagreed".to_owned()));
    assert_eq!(house.centre.pairs(&house.caller("third-clerk").await).await.unwrap(), waits);
    says(&house, "third-clerk", &pair(1), Answer::Different).await.unwrap();
    assert_eq!(record(&house, &pair(1)).await.outcome, Some(Outcome::Different));
}

#[tokio::test]
async fn nobody_answers_twice_or_looks_again_afterwards() {
    let house = House::new().await;
    in_doubt(&house, &[pair(1)]).await;
    says(&house, "clerk", &pair(1), Answer::Same).await.unwrap();
    let clerk = house.caller("clerk").await;
    let again = house.centre.answer_pair(&clerk, &pair(1), Answer::Same).await;
    assert_eq!(refused_by(again), ["nobody-answers-twice"]);
    let looks = house.centre.look_at_pair(&clerk, &pair(1), false).await;
    assert_eq!(refused_by(looks.map(|_| ())), ["nobody-answers-twice"]);
    assert_eq!(record(&house, &pair(1)).await.answers.len(), 1);
}

#[tokio::test]
async fn who_works_on_the_permit_or_reads_the_ledger_is_no_clerk() {
    let house = House::new().await;
    in_doubt(&house, &[pair(1)]).await;
    let with = |id: &str, organisation: &str, roles: &[Role]| {
        Caller::from(Account {
            id: id.parse().unwrap(),
            name: id.into(),
            organisation: organisation.parse().unwrap(),
            roles: roles.iter().copied().collect(),
            open: true,
        })
    };
    let look = |caller| {
        let house = &house;
        async move { house.centre.look_at_pair(&caller, &pair(1), false).await.map(|_| ()) }
    };
    // A clerk whom the permit names, and one of the institution that it was issued to.
    let theirs = with("researcher", "college", &[Role::Researcher, Role::Clerk]);
    assert_eq!(refused_by(look(theirs).await), ["who-works-on-data-sees-no-names"]);
    let theirs = house.caller("clerk-of-theirs").await;
    assert!(house.centre.pairs(&theirs).await.unwrap().waiting.is_empty());
    assert_eq!(refused_by(look(theirs).await), ["who-works-on-data-sees-no-names"]);
    // The answers of others stand in the ledger.
    for role in [Role::Auditor, Role::Caseworker, Role::Operator] {
        let both = with("both", "access-body", &[role, Role::Clerk]);
        let listed = house.centre.pairs(&both).await.map(|_| ());
        assert_eq!(refused_by(listed), ["clerks-are-blind-to-each-other"]);
        assert_eq!(refused_by(look(both).await), ["clerks-are-blind-to-each-other"]);
    }
    // And those who are no clerks.
    for other in ["statistician", "holder", "checker", "operator", "stranger"] {
        let caller = house.caller(other).await;
        assert!(matches!(house.centre.pairs(&caller).await, Err(Refused::Denied(_))), "{other}");
        assert!(matches!(look(caller).await, Err(Refused::Denied(_))), "{other}");
    }
    assert!(house.centre.pairs(&Caller::Visitor).await.is_err());
    assert!(house.extracts.shown.lock().unwrap().is_empty(), "somebody was shown something");
}

#[tokio::test]
async fn that_somebody_looks_is_written_before_they_see_and_what_they_see_is_not() {
    let house = House::new().await;
    in_doubt(&house, &[pair(1)]).await;
    let clerk = house.caller("clerk").await;
    let shown = house.centre.look_at_pair(&clerk, &pair(1), false).await.unwrap();
    let shown = serde_json::to_string(&shown).unwrap();
    assert!(shown.contains(SECRET));
    assert!(
        !format!("{:?}", house.centre.look_at_pair(&clerk, &pair(1), true).await).contains(SECRET)
    );
    let all = EntryFilter { limit: u32::MAX, ..EntryFilter::default() };
    let entries = house.book.entries(&all).await.unwrap().items;
    let ledger = serde_json::to_string(&entries).unwrap();
    assert!(ledger.contains("pair.looked") && !ledger.contains(SECRET));
    // Where it cannot be written, nothing is shown.
    let shown_so_far = house.extracts.shown.lock().unwrap().len();
    house.wait_until("2028-01-01T00:00:00Z");
    let late = house.centre.look_at_pair(&clerk, &pair(1), false).await;
    assert!(matches!(late, Err(Refused::Denied(_))), "the permit has ended");
    assert_eq!(house.extracts.shown.lock().unwrap().len(), shown_so_far);
    assert!(house.centre.pairs(&clerk).await.unwrap().waiting.is_empty());
}

#[tokio::test]
async fn what_the_registers_say_otherwise_now_does_not_count_and_pairs_of_no_extract_are_forgotten()
{
    let house = House::new().await;
    let permit = in_doubt(&house, &[pair(1), pair(2)]).await;
    says(&house, "clerk", &pair(1), Answer::Same).await.unwrap();
    says(&house, "second-clerk", &pair(1), Answer::Same).await.unwrap();
    build(&house, &permit, &[pair(3)], &[pair(1), pair(2)]).await.unwrap();
    let states = [record(&house, &pair(1)).await.state, record(&house, &pair(2)).await.state];
    assert_eq!(states, [PairState::Stale, PairState::Stale]);
    let late = says(&house, "clerk", &pair(2), Answer::Same).await;
    assert!(matches!(late, Err(Refused::Denied(_))), "a stale pair was answered");
    build(&house, &permit, &[], &[]).await.unwrap();
    assert_eq!(house.extracts.known.lock().unwrap().known, [(pair(3), None)]);
    // An extract that the ledger does not take leaves no pair behind.
    assert!(build(&house, &permit, &[pair(3)], &[]).await.is_err(), "put up twice");
    assert_eq!(*house.extracts.forgotten.lock().unwrap(), [pair(3)]);
}

#[tokio::test]
async fn clerks_who_answer_at_once_are_both_counted() {
    let house = House::new().await;
    in_doubt(&house, &[pair(1)]).await;
    let say = |who, answer| {
        let house = &house;
        async move { says(house, who, &pair(1), answer).await }
    };
    let (one, other, third) = tokio::join!(
        say("clerk", Answer::Same),
        say("second-clerk", Answer::Different),
        say("third-clerk", Answer::Same),
    );
    for said in [one, other, third] {
        // Whoever comes when two have settled it already is told so.
        assert!(matches!(said, Ok(()) | Err(Refused::Denied(_))), "{said:?}");
    }
    assert_eq!(record(&house, &pair(1)).await.outcome, Some(Outcome::Same));
}
