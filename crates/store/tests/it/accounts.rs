//! Credentials and sessions: beside the ledger, never in it.

use ledger::{Book, EntryFilter, Guard, Subject};
use model::{AccountId, Clock, Secret, SignedDuration};
use store::{CredentialChange, SignIn, TokenHash};

use crate::lamp::hung;
use crate::place::Place;

fn researcher() -> AccountId {
    "researcher".parse().unwrap()
}

fn set(phc: &str) -> Vec<CredentialChange> {
    vec![CredentialChange::Set(researcher(), Secret::new(phc.to_owned()))]
}

pub(crate) async fn credentials_change_with_an_entry_or_not_at_all(place: Place) {
    let store = place.open().await;
    let present = async || {
        let found = store.credential(&researcher()).await.unwrap();
        found.map(|phc| phc.reveal().clone())
    };
    assert_eq!(present().await, None);
    store.append_with(vec![hung("a", "hall")], vec![], set("$argon2id$first")).await.unwrap();
    assert_eq!(present().await.as_deref(), Some("$argon2id$first"));

    let taken = vec![Guard::Absent(Subject::new("lamp", "a"))];
    store.append_with(vec![], taken, set("$argon2id$second")).await.unwrap_err();
    let unfit = vec![hung("a", "hall")];
    store.append_with(unfit, vec![], set("$argon2id$third")).await.unwrap_err();
    assert_eq!(present().await.as_deref(), Some("$argon2id$first"));

    store.append_with(vec![hung("b", "hall")], vec![], set("$argon2id$fourth")).await.unwrap();
    assert_eq!(present().await.as_deref(), Some("$argon2id$fourth"));
    let gone = vec![CredentialChange::Remove(researcher())];
    store.append_with(vec![hung("c", "hall")], vec![], gone).await.unwrap();
    assert_eq!(present().await, None);

    let entries = store.entries(&EntryFilter::default()).await.unwrap().items;
    assert!(!serde_json::to_string(&entries).unwrap().contains("argon2"));
}

pub(crate) async fn a_session_lasts_until_it_expires_or_is_closed(place: Place) {
    let store = place.open().await;
    let now = place.clock.now();
    let sign_in = |seconds| SignIn {
        account: researcher(),
        created: now,
        expires: now + SignedDuration::from_secs(seconds),
    };
    let token = |name: &str| TokenHash::of(name.as_bytes());
    for (name, seconds) in [("short", 60), ("long", 600), ("longer", 900), ("longest", 999)] {
        store.open_session(token(name), &sign_in(seconds)).await.unwrap();
    }
    assert!(store.open_session(token("short"), &sign_in(60)).await.is_err(), "a token serves once");
    assert!(store.session(token("unknown")).await.unwrap().is_none());
    let found = store.session(token("short")).await.unwrap().unwrap();
    assert_eq!((found.account, found.created), (researcher(), now));

    place.wait(60);
    assert!(store.session(token("short")).await.unwrap().is_none(), "it expired");
    assert!(store.session(token("long")).await.unwrap().is_some());
    let later = now + SignedDuration::from_secs(800);
    store.extend_session(token("long"), later).await.unwrap();
    assert_eq!(store.session(token("long")).await.unwrap().unwrap().expires, later);
    assert_eq!(store.sweep_sessions().await.unwrap(), 1);
    store.close_session(token("long")).await.unwrap();
    assert!(store.session(token("long")).await.unwrap().is_none());
    assert_eq!(store.close_sessions_of(&researcher()).await.unwrap(), 2);
    assert!(store.session(token("longest")).await.unwrap().is_none());
    assert_eq!(place.count("SELECT COUNT(*) FROM sessions").await, 0);
}
