//! Several at once: readers beside a writer, programs beside each other.

use std::collections::BTreeSet;
use std::time::Duration;

use ledger::{Book, BookError, EntryFilter, Guard, RecordFilter, Subject};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::crash::Child;
use crate::lamp::{hung, lit, put_out};
use crate::place::Place;

pub(crate) async fn readers_do_not_wait_for_a_writer(place: Place) {
    let store = place.open().await;
    store.append(vec![hung("a", "hall")], vec![]).await.unwrap();

    // Another program is in the middle of writing, and stays there.
    let (mut lite, mut postgres) = (None, None);
    if place.is_sqlite() {
        let mut other = SqliteConnection::connect(&place.url).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE; UPDATE head SET hash = 'x'")
            .execute(&mut other)
            .await
            .unwrap();
        lite = Some(other);
    } else {
        let mut other = PgConnection::connect(&place.url).await.unwrap();
        sqlx::raw_sql(
            "BEGIN; SELECT pg_advisory_xact_lock(7522537995471318893); UPDATE head SET hash = 'x'",
        )
        .execute(&mut other)
        .await
        .unwrap();
        postgres = Some(other);
    }
    let mut writing = tokio::spawn({
        let store = store.clone();
        async move { store.append(vec![lit("a")], vec![]).await }
    });
    let reading = async {
        for _ in 0..20 {
            store.record(&Subject::new("lamp", "a")).await.unwrap().unwrap();
            store.records("lamp", &RecordFilter::default()).await.unwrap();
            store.entries(&EntryFilter::default()).await.unwrap();
            assert!(store.verify(&[]).await.unwrap().is_sound());
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("readers waited");
    let still = tokio::time::timeout(Duration::from_millis(200), &mut writing).await;
    assert!(still.is_err(), "two wrote at once");
    if let Some(other) = lite {
        other.close().await.unwrap();
    }
    if let Some(other) = postgres {
        other.close().await.unwrap();
    }
    assert_eq!(writing.await.unwrap().unwrap()[0].seq, 1);
}

pub(crate) async fn writers_of_several_programs_take_turns(place: Place) {
    let store = place.open().await;
    let mut children: Vec<Child> =
        ["one", "two", "three"].iter().map(|name| Child::start(&place.url, name, 25)).collect();
    for n in 0..25 {
        store.append(vec![hung(&format!("own-{n}"), "hall")], vec![]).await.unwrap();
    }
    let acknowledged: BTreeSet<u64> = children.iter_mut().flat_map(Child::finish).collect();
    assert_eq!(acknowledged.len(), 75, "each append got a place of its own");
    assert_eq!(store.head().await.unwrap().next, 3 * 75 + 25);
    let report = store.verify(&[]).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.faults);
    assert!(store.replay_check().await.unwrap().is_sound());
}

pub(crate) async fn of_two_who_decide_on_the_same_state_one_is_told_to_look_again(place: Place) {
    let (one, two) = (place.open().await, place.open().await);
    one.append(vec![hung("a", "hall"), lit("a")], vec![]).await.unwrap();
    for round in 0..10 {
        let lamp = Subject::new("lamp", "a");
        let seq = one.record(&lamp).await.unwrap().unwrap().seq;
        let draft = || if round % 2 == 0 { put_out("a") } else { lit("a") };
        let guard = || vec![Guard::Unchanged(lamp.clone(), seq)];
        let (left, right) =
            tokio::join!(one.append(vec![draft()], guard()), two.append(vec![draft()], guard()));
        let refused = [&left, &right].into_iter().filter(|answer| answer.is_err()).count();
        assert_eq!(refused, 1, "{left:?} {right:?}");
        let error = left.err().or(right.err()).unwrap();
        assert!(matches!(error, BookError::Changed(_)), "{error}");
    }
}
