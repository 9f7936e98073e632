//! Decisions on outputs: by whom, on what, and what left meanwhile.

use centre::Refused;
use disclosure::finding;
use ledger::BookError;
use release::{OutputState, Verdict};

use crate::house::{House, SAFE, refused_by};

/// The same table without four people.
const FEWER: &str = "sex,people\nwomen,158\nmen,138\nall,296\n";

#[tokio::test]
async fn what_was_checked_before_another_left_is_held_against_it_when_it_is_let_out() {
    let house = House::new().await;
    let room = house.room().await;
    let first = house.asked(&room, "all.csv", SAFE).await;
    let second = house.asked(&room, "fewer.csv", FEWER).await;
    assert_eq!(house.output(&second).await.why_not(), None, "alone it is safe");
    house.release(&first).await.unwrap();

    let refused = house.release(&second).await;
    let Err(Refused::Conflict(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("`differencing`") && why.contains(first.as_str()), "{why}");
    let output = house.output(&second).await;
    assert_eq!(output.state, OutputState::Checked);
    assert_eq!(output.checked.unwrap().verdict, finding::Verdict::Refuse);
    let acts = house.acts("output", second.as_str()).await;
    assert_eq!(acts, ["output.requested", "output.checked", "output.checked"]);
    assert!(house.release(&second).await.is_err(), "and it stays so");
    house.decide(&second, Verdict::Refused).await.unwrap();
}

#[tokio::test]
async fn two_tables_that_tell_of_each_other_do_not_leave_at_the_same_time() {
    let house = House::new().await;
    let room = house.room().await;
    let first = house.asked(&room, "all.csv", SAFE).await;
    let second = house.asked(&room, "fewer.csv", FEWER).await;
    // Both have read what left before either is let out.
    house.extracts.meeting.of(2);
    let (one, other) = tokio::join!(house.release(&first), house.release(&second));
    assert!(one.is_ok() != other.is_ok(), "{one:?}, {other:?}");
    assert_eq!(house.count("output.released").await, 1);
    assert_eq!(house.count("permit.output-released").await, 1);
}

#[tokio::test]
async fn tables_that_tell_nothing_of_each_other_leave_at_the_same_time() {
    let house = House::new().await;
    let room = house.room().await;
    let first = house.asked(&room, "all.csv", SAFE).await;
    let second = house.asked(&room, "age.csv", "age,people\nyoung,100\nold,200\n").await;
    house.extracts.meeting.of(2);
    let (one, other) = tokio::join!(house.release(&first), house.release(&second));
    assert!(one.is_ok() && other.is_ok(), "{one:?}, {other:?}");
    assert_eq!(house.count("output.released").await, 2);
}

#[tokio::test]
async fn of_two_decisions_at_once_one_counts_and_the_other_is_told_to_look_again() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.asked(&room, "all.csv", SAFE).await;
    let (released, refused) = tokio::join!(house.release(&id), house.decide(&id, Verdict::Refused));
    assert!(released.is_ok() != refused.is_ok(), "{released:?}, {refused:?}");
    let (state, entries) =
        if released.is_ok() { (OutputState::Released, 1) } else { (OutputState::Refused, 0) };
    let told = released.err().or(refused.err());
    // Too late by a moment, or by so much that the record says so itself.
    assert!(
        matches!(
            &told,
            Some(Refused::Book(BookError::Changed(subject) | BookError::Unfitting { subject, .. }))
                if subject.id() == id.as_str()
        ),
        "{told:?}"
    );
    let output = house.output(&id).await;
    assert_eq!((output.state, output.decided.len()), (state, 1));
    assert_eq!(house.count("output.released").await, entries);
    assert!(matches!(house.release(&id).await, Err(Refused::Conflict(_))), "it is over");
}

#[tokio::test]
async fn a_decision_is_a_checkers_and_says_why() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.asked(&room, "all.csv", SAFE).await;
    let checker = house.caller("checker").await;
    let silent = house.centre.decide_output(&checker, &id, Verdict::Released, " ".into()).await;
    assert!(matches!(silent, Err(Refused::Field { field: "why", .. })), "{silent:?}");
    for (who, rule) in
        [("researcher", "nobody-checks-own-output"), ("caseworker", "checker-decides-outputs")]
    {
        let caller = house.caller(who).await;
        let own = house.centre.decide_output(&caller, &id, Verdict::Released, "x".into()).await;
        assert!(refused_by(own).contains(&rule.to_owned()), "{who}");
    }
    assert_eq!(house.output(&id).await.state, OutputState::Checked);
}
