//! The in-memory book keeps the rules of every book.

use std::sync::Arc;

use futures::executor::block_on;
use ledger::{
    Book, BookError, Draft, EntryFilter, Guard, Hash, MemoryBook, Order, Record, RecordFilter,
    Subject, load,
};
use model::{ManualClock, SignedDuration, Timestamp};

use crate::lamp::{Lamp, actor, hung, lit, put_out};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn book() -> (MemoryBook, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(at("2026-01-02T03:04:05Z")));
    (MemoryBook::new(&[Lamp::projection()], clock.clone()), clock)
}

fn lamp(id: &str) -> Subject {
    Subject::new("lamp", id)
}

#[test]
fn entries_are_chained_from_zeros_and_folded_in_order() {
    let (book, _) = book();
    block_on(async {
        let written =
            book.append(vec![hung("a", "hall"), lit("a"), put_out("a"), lit("a")], vec![]);
        let written = written.await.unwrap();
        assert_eq!(written[0].previous, Hash::default());
        for pair in written.windows(2) {
            assert_eq!(pair[1].previous, pair[0].hash);
        }
        assert_eq!(written[3].hash, written[3].hash_of().unwrap());
        let (lamp, seq) = load::<Lamp>(&book, "a").await.unwrap().unwrap();
        assert_eq!((lamp.times, lamp.lit, seq), (2, true, 3));
    });
}

#[test]
fn when_one_entry_does_not_fit_none_is_written() {
    let (book, _) = book();
    block_on(async {
        let refused = book.append(vec![hung("a", "hall"), hung("a", "hall")], vec![]).await;
        assert!(matches!(refused, Err(BookError::Unfitting { .. })), "{refused:?}");
        assert_eq!(book.entries(&EntryFilter::default()).await.unwrap().total, 0);
        assert_eq!(book.record(&lamp("a")).await.unwrap(), None);
    });
}

#[test]
fn guards_hold_for_subjects_with_and_without_records() {
    let (book, _) = book();
    let centre = Subject::new("centre", "centre");
    let started = Draft {
        actor: actor(),
        act: "centre.started".to_owned(),
        subject: centre.clone(),
        body: serde_json::json!({}),
    };
    block_on(async {
        let absent = vec![Guard::Absent(lamp("a")), Guard::Absent(centre.clone())];
        book.append(vec![hung("a", "hall"), started.clone()], absent.clone()).await.unwrap();
        let again = book.append(vec![lit("a")], absent).await;
        assert!(matches!(again, Err(BookError::Exists(_))), "{again:?}");
        for (subject, seq, fits) in [
            (lamp("a"), 0, true),
            (lamp("a"), 1, false),
            (lamp("b"), 0, false),
            (centre.clone(), 1, true),
            (centre.clone(), 0, false),
        ] {
            let answer = book.append(vec![], vec![Guard::Unchanged(subject.clone(), seq)]).await;
            assert_eq!(answer.is_ok(), fits, "{subject} {seq}: {answer:?}");
        }
    });
}

#[test]
fn lists_are_filtered_ordered_and_paged() {
    let (book, _) = book();
    block_on(async {
        book.append(vec![hung("b", "hall"), hung("a", "hall"), hung("c", "attic")], vec![])
            .await
            .unwrap();
        book.append(vec![lit("b")], vec![]).await.unwrap();
        let ids = async |filter: RecordFilter| -> (Vec<String>, u64) {
            let page = book.records("lamp", &filter).await.unwrap();
            (page.items.iter().map(|row| row.subject.id().to_owned()).collect(), page.total)
        };
        let all = RecordFilter::default();
        assert_eq!(ids(all.clone()).await, (vec!["b".into(), "c".into(), "a".into()], 3));
        let by_id = RecordFilter { order: Order::ById, limit: 1, offset: 1, ..all.clone() };
        assert_eq!(ids(by_id).await, (vec!["b".into()], 3));
        let oldest = RecordFilter { order: Order::OldestFirst, ..all.clone() };
        assert_eq!(ids(oldest).await.0, ["a", "c", "b"]);
        let hall = RecordFilter { parent: Some("hall".into()), ..all.clone() };
        assert_eq!(ids(hall).await.0, ["b", "a"]);
        let dark = RecordFilter { states: vec!["dark".into()], ..all };
        assert_eq!(ids(dark).await.0, ["c", "a"]);
    });
}

#[test]
fn entries_are_found_by_what_they_are_about_who_what_and_when() {
    let (book, clock) = book();
    block_on(async {
        book.append(vec![hung("a", "hall"), hung("b", "hall")], vec![]).await.unwrap();
        clock.advance(SignedDuration::from_secs(60));
        book.append(vec![lit("a")], vec![]).await.unwrap();
        let seqs = async |filter: EntryFilter| -> Vec<u64> {
            book.entries(&filter).await.unwrap().items.iter().map(|entry| entry.seq).collect()
        };
        let all = EntryFilter::default();
        assert_eq!(seqs(EntryFilter { newest_first: true, ..all.clone() }).await, [2, 1, 0]);
        assert_eq!(seqs(EntryFilter { subject: Some(lamp("a")), ..all.clone() }).await, [0, 2]);
        let acts = |acts: &[&str]| EntryFilter {
            acts: acts.iter().map(|act| (*act).to_owned()).collect(),
            ..all.clone()
        };
        assert_eq!(seqs(acts(&["lamp.l"])).await, [2]);
        assert_eq!(seqs(acts(&["lamp.l", "lamp.h"])).await, [0, 1, 2]);
        let said = |text: &str| EntryFilter { text: Some(text.into()), ..all.clone() };
        assert_eq!(seqs(said("HALL")).await, [0, 1]);
        assert!(seqs(said("h_ll")).await.is_empty());
        let nobody = Some("nobody".parse().unwrap());
        assert!(seqs(EntryFilter { actor: nobody, ..all.clone() }).await.is_empty());
        let since = Some(at("2026-01-02T03:05:05Z"));
        assert_eq!(seqs(EntryFilter { since, ..all }).await, [2]);
    });
}

#[test]
fn time_never_runs_backwards_in_the_ledger() {
    let (book, clock) = book();
    block_on(async {
        book.append(vec![hung("a", "hall")], vec![]).await.unwrap();
        clock.advance(SignedDuration::from_hours(-1));
        let later = book.append(vec![lit("a")], vec![]).await.unwrap();
        assert_eq!(later[0].at, at("2026-01-02T03:04:05Z"));
    });
}
