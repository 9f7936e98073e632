//! What every book does, whatever it is kept in.

use std::sync::Arc;

use ledger::{
    Book, BookError, Draft, Entry, EntryFilter, Guard, Hash, MemoryBook, Order, RecordFilter,
    Subject, load,
};
use model::{ManualClock, SignedDuration, Timestamp};

use crate::lamp::{Lamp, actor, hung, lit, put_out};
use crate::place::{Place, clock, lamps};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn lamp(id: &str) -> Subject {
    Subject::new("lamp", id)
}

fn started() -> Draft {
    Draft {
        actor: actor(),
        act: "centre.started".to_owned(),
        subject: Subject::new("centre", "centre"),
        body: serde_json::json!({"version": "1.0", "share": 1.0, "names": ["æøå", "\u{0}\"\\"]}),
    }
}

/// The same on SQLite, on PostgreSQL and in memory.
pub(crate) async fn the_rules_of_every_book_hold(place: Place) {
    let memory = clock();
    check_rules(&MemoryBook::new(&lamps(), memory.clone()), &memory).await;
    check_rules(&place.open().await, &place.clock).await;
}

async fn check_rules(book: &dyn Book, clock: &Arc<ManualClock>) {
    chain_and_fold(book).await;
    all_or_nothing(book).await;
    guards(book).await;
    time(book, clock).await;
    lists(book).await;
    found_entries(book).await;
}

async fn chain_and_fold(book: &dyn Book) {
    assert_eq!(book.append(vec![], vec![]).await.unwrap(), []);
    let drafts = vec![hung("a", "hall"), lit("a"), put_out("a"), lit("a"), started()];
    let written = book.append(drafts, vec![]).await.unwrap();
    assert_eq!(written[0].previous, Hash::default());
    for (index, pair) in written.windows(2).enumerate() {
        assert_eq!(pair[1].previous, pair[0].hash);
        assert_eq!(pair[1].seq, u64::try_from(index + 1).unwrap());
    }
    let (lamp, seq) = load::<Lamp>(book, "a").await.unwrap().unwrap();
    assert_eq!((lamp.times, lamp.lit, seq), (2, true, 3));
    // 0.1 + 0.1, exactly: numbers survive being stored between the two.
    assert_eq!(lamp.watts.to_bits(), (0.1_f64 + 0.1).to_bits());
    let read = book.entries(&EntryFilter::default()).await.unwrap();
    assert_eq!(read.items, written);
    assert!(read.items.iter().all(|entry| entry.hash_of().unwrap() == entry.hash));
}

async fn all_or_nothing(book: &dyn Book) {
    let before = book.entries(&EntryFilter::default()).await.unwrap();
    let refused = book.append(vec![hung("n", "hall"), hung("n", "hall")], vec![]).await;
    assert!(matches!(refused, Err(BookError::Unfitting { .. })), "{refused:?}");
    let huge = Draft { body: serde_json::json!(u64::MAX), ..started() };
    let refused = book.append(vec![hung("n", "hall"), huge], vec![]).await;
    assert!(matches!(refused, Err(BookError::Unwritable { .. })), "{refused:?}");
    let odd = Draft { act: "permit.issued".to_owned(), ..started() };
    let refused = book.append(vec![hung("n", "hall"), odd], vec![]).await;
    assert!(matches!(refused, Err(BookError::Unwritable { .. })), "{refused:?}");
    assert_eq!(book.record(&lamp("n")).await.unwrap(), None);
    assert_eq!(book.entries(&EntryFilter::default()).await.unwrap(), before);
}

async fn guards(book: &dyn Book) {
    let centre = Subject::new("centre", "centre");
    for (guard, fits) in [
        (Guard::Absent(lamp("a")), false),
        (Guard::Absent(lamp("nowhere")), true),
        (Guard::Absent(centre.clone()), false),
        (Guard::Unchanged(lamp("a"), 3), true),
        (Guard::Unchanged(lamp("a"), 2), false),
        (Guard::Unchanged(lamp("nowhere"), 0), false),
        (Guard::Unchanged(centre.clone(), 4), true),
        (Guard::Unchanged(centre, 3), false),
        (Guard::fits("a", |lamp: &Lamp| lamp.lit), true),
        (Guard::fits("a", |lamp: &Lamp| !lamp.lit), false),
        (Guard::fits("nowhere", |_: &Lamp| true), false),
        (Guard::NoneSince("lamp.hung", 0), false),
        (Guard::NoneSince("lamp.hung", u64::MAX), true),
        (Guard::NoneSince("lamp.never", 0), true),
        (Guard::NoneSince("lamp", 0), true),
    ] {
        match book.append(vec![], vec![guard.clone()]).await {
            Ok(_) => assert!(fits, "{guard:?}"),
            Err(BookError::Exists(_)) => assert!(!fits && matches!(guard, Guard::Absent(_))),
            Err(BookError::Changed(_)) => {
                assert!(!fits && !matches!(guard, Guard::Absent(_)));
            }
            Err(other) => panic!("{guard:?}: {other}"),
        }
    }
    let refused = book.append(vec![put_out("a")], vec![Guard::Absent(lamp("a"))]).await;
    assert!(matches!(refused, Err(BookError::Exists(_))));
    assert_eq!(book.record(&lamp("a")).await.unwrap().unwrap().seq, 3);
}

async fn time(book: &dyn Book, clock: &Arc<ManualClock>) {
    clock.advance(SignedDuration::new(60, 1_999));
    let later = book.append(vec![hung("b", "hall")], vec![]).await.unwrap();
    assert_eq!(later[0].at, at("2026-01-02T03:05:05.000001Z"), "kept to the microsecond");
    clock.advance(SignedDuration::from_hours(-1));
    let back = book.append(vec![hung("c", "attic")], vec![]).await.unwrap();
    assert_eq!(back[0].at, later[0].at, "time never runs backwards");
}

async fn lists(book: &dyn Book) {
    let ids = async |filter: RecordFilter| -> (String, u64) {
        let page = book.records("lamp", &filter).await.unwrap();
        (page.items.iter().map(|row| row.subject.id()).collect(), page.total)
    };
    let all = RecordFilter::default();
    let one = |text: &str, total| (text.to_owned(), total);
    assert_eq!(ids(all.clone()).await, one("cba", 3));
    let by_id = RecordFilter { order: Order::ById, limit: 1, offset: 1, ..all.clone() };
    assert_eq!(ids(by_id).await, one("b", 3));
    let past = RecordFilter { offset: 7, ..all.clone() };
    assert_eq!(ids(past).await, one("", 3));
    let oldest = RecordFilter { order: Order::OldestFirst, ..all.clone() };
    assert_eq!(ids(oldest).await, one("abc", 3));
    let hall = RecordFilter { parent: Some("hall".into()), ..all.clone() };
    assert_eq!(ids(hall.clone()).await, one("ba", 2));
    let lit_hall = RecordFilter { states: vec!["lit".into(), "broken".into()], ..hall };
    assert_eq!(ids(lit_hall).await, one("a", 1));
    let dark = RecordFilter { states: vec!["dark".into(), "broken".into()], ..all.clone() };
    assert_eq!(ids(dark).await, one("cb", 2));
    assert_eq!(book.records("unheard-of", &all).await.unwrap().total, 0);
    assert_eq!(book.record(&Subject::new("centre", "centre")).await.unwrap(), None);
    let row = book.record(&lamp("c")).await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.parent.as_deref(), row.seq), ("dark", Some("attic"), 6));
}

async fn found_entries(book: &dyn Book) {
    let seqs = async |filter: EntryFilter| -> (Vec<u64>, u64) {
        let page = book.entries(&filter).await.unwrap();
        (page.items.iter().map(|entry: &Entry| entry.seq).collect(), page.total)
    };
    let all = EntryFilter::default();
    let newest = EntryFilter { newest_first: true, limit: 2, offset: 1, ..all.clone() };
    assert_eq!(seqs(newest).await, (vec![5, 4], 7));
    let about = EntryFilter { subject: Some(lamp("a")), ..all.clone() };
    assert_eq!(seqs(about).await, (vec![0, 1, 2, 3], 4));
    for (prefix, expected) in [
        ("lamp.l", vec![1, 3]),
        ("lamp.", vec![0, 1, 2, 3, 5, 6]),
        ("cent", vec![4]),
        ("%", vec![]),
    ] {
        let acts = EntryFilter { acts: vec![prefix.to_owned()], ..all.clone() };
        assert_eq!(seqs(acts).await.0, expected, "{prefix}");
    }
    let acts = vec!["lamp.l".to_owned(), "cent".to_owned(), "lamp.nothing".to_owned()];
    let several = EntryFilter { acts, newest_first: true, limit: 2, ..all.clone() };
    assert_eq!(seqs(several).await, (vec![4, 3], 3));
    let nobody = EntryFilter { actor: Some("nobody".parse().unwrap()), ..all.clone() };
    assert_eq!(seqs(nobody).await, (vec![], 0));
    let somebody = EntryFilter { actor: Some(actor()), limit: 1, ..all.clone() };
    assert_eq!(seqs(somebody).await, (vec![0], 7));
    for (text, expected) in [
        ("attic", vec![6]),
        ("ATTIC", vec![6]),
        ("%", vec![]),
        ("att_c", vec![]),
        ("!", vec![]),
        ("\"attic\"", vec![]),
        ("hall", vec![0, 5]),
    ] {
        let filter = EntryFilter { text: Some(text.to_owned()), ..all.clone() };
        assert_eq!(seqs(filter).await.0, expected, "{text}");
    }
    for (since, expected) in [
        ("2026-01-02T03:05:05.000001Z", vec![5, 6]),
        ("2026-01-02T03:05:05.000001001Z", vec![]),
        ("2026-01-02T03:04:05Z", vec![0, 1, 2, 3, 4, 5, 6]),
    ] {
        let filter = EntryFilter { since: Some(at(since)), ..all.clone() };
        assert_eq!(seqs(filter).await.0, expected, "{since}");
    }
}

/// In bokmål `aa` is sorted behind `z`, as `å`: not here.
pub(crate) async fn records_are_sorted_by_the_bytes_of_their_ids(place: Place) {
    let store = place.open().await;
    let drafts = ["z", "aa", "b-1", "b", "b1"].map(|id| hung(id, "hall")).to_vec();
    store.append(drafts, vec![]).await.unwrap();
    let by_id = RecordFilter { order: Order::ById, ..RecordFilter::default() };
    let page = store.records("lamp", &by_id).await.unwrap();
    let ids: Vec<&str> = page.items.iter().map(|row| row.subject.id()).collect();
    assert_eq!(ids, ["aa", "b", "b-1", "b1", "z"]);
}

pub(crate) async fn many_entries_at_once_are_written_and_read_back(place: Place) {
    let store = place.open().await;
    // Not a multiple of any size of statement, and more than one page.
    let drafts: Vec<Draft> = (0..2_931).map(|n| hung(&format!("lamp-{n}"), "hall")).collect();
    let written = store.append(drafts, vec![]).await.unwrap();
    let everything = EntryFilter { limit: 5_000, ..EntryFilter::default() };
    assert_eq!(store.entries(&everything).await.unwrap().items, written);
    assert_eq!(store.entries(&EntryFilter::default()).await.unwrap().items.len(), 1_000);
    assert_eq!(store.records("lamp", &RecordFilter::default()).await.unwrap().total, 2_931);
    assert!(store.verify(&[]).await.unwrap().is_sound());
    assert!(store.replay_check().await.unwrap().is_sound());
    assert_eq!(store.entry(2_930).await.unwrap().as_ref(), written.last());
    assert_eq!(store.entry(2_931).await.unwrap(), None);
}
