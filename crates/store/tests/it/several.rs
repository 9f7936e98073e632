//! Several at once: readers beside a writer, programs beside each other.

use std::collections::BTreeSet;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use ledger::{Book, BookError, Draft, Entry, EntryFilter, Guard, RecordFilter, Subject};
use model::{Clock, Timestamp};
use sqlx::{Connection, PgConnection, SqliteConnection};
use store::Store;

use crate::crash::Child;
use crate::lamp::{Lamp, hung, lit, put_out};
use crate::place::Place;

/// Another program in the middle of writing.
enum Other {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Other {
    async fn writes(place: &Place) -> Self {
        if place.is_sqlite() {
            let mut other = SqliteConnection::connect(&place.url).await.unwrap();
            let begin = "BEGIN IMMEDIATE; UPDATE head SET hash = 'x'";
            sqlx::raw_sql(begin).execute(&mut other).await.unwrap();
            return Self::Sqlite(other);
        }
        let mut other = PgConnection::connect(&place.url).await.unwrap();
        let begin =
            "BEGIN; SELECT pg_advisory_xact_lock(7522537995471318893); UPDATE head SET hash = 'x'";
        sqlx::raw_sql(begin).execute(&mut other).await.unwrap();
        Self::Postgres(other)
    }

    async fn goes_away(self) {
        match self {
            Self::Sqlite(other) => other.close().await.unwrap(),
            Self::Postgres(other) => other.close().await.unwrap(),
        }
    }
}

/// Says another time whenever it is asked: entries of one transaction have one.
#[derive(Default)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }
}

type Written = Result<Vec<Entry>, BookError>;

/// Has everything appended while another program writes, so that all of it waits, in the
/// order given.
async fn at_once(place: &Place, store: &Store, wanted: Vec<(Draft, Vec<Guard>)>) -> Vec<Written> {
    let mut other = Some(Other::writes(place).await);
    let append = |(draft, guards)| store.append(vec![draft], guards);
    let mut waiting: Vec<_> = wanted.into_iter().map(append).collect();
    let mut written: Vec<Option<Written>> = waiting.iter().map(|_| None).collect();
    let goes_away = tokio::time::sleep(Duration::from_millis(200));
    let mut goes_away = pin!(goes_away);
    let all = poll_fn(|context| {
        for (one, written) in waiting.iter_mut().zip(&mut written) {
            if written.is_none()
                && let Poll::Ready(answer) = one.as_mut().poll(context)
            {
                assert!(other.is_none(), "two wrote at once");
                *written = Some(answer);
            }
        }
        if other.is_some() && goes_away.as_mut().poll(context).is_ready() {
            let gone = other.take();
            tokio::spawn(async { gone.unwrap().goes_away().await });
        }
        if written.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    });
    all.await;
    written.into_iter().flatten().collect()
}

pub(crate) async fn those_who_write_at_once_share_a_transaction_and_each_hears_what_came_of_it(
    place: Place,
) {
    let store = crate::place::open(&place.url, Arc::new(Ticking::default())).await;
    store.append(vec![hung("a", "hall"), lit("a")], vec![]).await.unwrap();
    let lamp = || Subject::new("lamp", "a");
    let is_lit = |yes: bool| Guard::fits("a", move |lamp: &Lamp| lamp.lit == yes);
    let mut wanted = Vec::new();
    for n in 0..20 {
        wanted.push((hung(&format!("own-{n}"), "hall"), vec![]));
        // What cannot be written is in nobody's way.
        wanted.push((lit(&format!("nowhere-{n}")), vec![]));
        wanted.push((hung("a", "attic"), vec![Guard::Absent(lamp())]));
        // In turn: each finds what the one before made of it.
        wanted.push((put_out("a"), vec![is_lit(true)]));
        wanted.push((lit("a"), vec![is_lit(false)]));
        wanted.push((lit("a"), vec![is_lit(false)]));
    }
    // Of many who decide on the same state the first is right.
    wanted.extend((0..3).map(|_| (put_out("a"), vec![Guard::Unchanged(lamp(), 1)])));
    wanted.push((hung("late", "hall"), vec![Guard::NoneSince("lamp.put-out", 2)]));
    let answers = at_once(&place, &store, wanted).await;
    let (mut own, mut turned, mut since) = (0, 0, BTreeSet::new());
    for (n, answer) in answers.iter().take(120).enumerate() {
        match (n % 6, answer) {
            (0, Ok(entries)) => {
                own += 1;
                since.insert(entries[0].at);
            }
            (1, Err(BookError::Unfitting { .. })) | (2, Err(BookError::Exists(_))) => {}
            (3..=5, Ok(_)) => turned += 1,
            (3..=5, Err(BookError::Changed(_))) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((own, turned), (20, 40));
    assert!(answers[120..].iter().all(|answer| matches!(answer, Err(BookError::Changed(_)))));
    // The first waited alone, the others behind it.
    assert!(since.len() <= 2, "{} transactions for {own} who wrote at once", since.len());
    assert_eq!(store.head().await.unwrap().next, 2 + own + turned);
    assert!(store.verify(&[]).await.unwrap().is_sound());
    assert!(store.replay_check().await.unwrap().is_sound());
}

pub(crate) async fn who_goes_away_before_their_turn_has_nothing_written(place: Place) {
    let store = place.open().await;
    let other = Other::writes(&place).await;
    let mut waiting = Vec::new();
    for name in ["first", "second", "third"] {
        let store = store.clone();
        let wanted = vec![hung(name, "hall")];
        waiting.push(tokio::spawn(async move { store.append(wanted, vec![]).await }));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // The first's turn has come; who waits behind it is answered all the same.
    waiting[0].abort();
    waiting[1].abort();
    tokio::time::sleep(Duration::from_millis(100)).await;
    other.goes_away().await;
    waiting.pop().unwrap().await.unwrap().unwrap();
    let lamps = store.records("lamp", &RecordFilter::default()).await.unwrap();
    let there: Vec<&str> = lamps.items.iter().map(|row| row.subject.id()).collect();
    assert_eq!(there, ["third", "first"]);
    assert!(store.replay_check().await.unwrap().is_sound());
}

pub(crate) async fn readers_do_not_wait_for_a_writer(place: Place) {
    let store = place.open().await;
    store.append(vec![hung("a", "hall")], vec![]).await.unwrap();

    let other = Other::writes(&place).await;
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
    other.goes_away().await;
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
