//! Backup of a running database, and the way back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ledger::{Book, RecordFilter, load};
use model::Secret;
use store::{Contents, CredentialChange, RestoreError, Store};

use crate::lamp::{Lamp, hung, lit};
use crate::place::{Place, clock, open};
use crate::tampering::key;

async fn lived_in(place: &Place) -> Store {
    let store = place.open().await;
    let account = "researcher".parse().unwrap();
    let credential = CredentialChange::Set(account, Secret::new("$argon2id$x".to_owned()));
    store.append_with(vec![hung("a", "hall"), lit("a")], vec![], vec![credential]).await.unwrap();
    store.checkpoint(&key()).await.unwrap();
    store.append(vec![hung("b", "hall")], vec![]).await.unwrap();
    store
}

async fn taken(store: &Store) -> (Vec<u8>, Contents) {
    let mut file = Vec::new();
    let contents = store.backup(&mut file).await.unwrap();
    (file, contents)
}

async fn same(one: &Store, other: &Store) {
    assert_eq!(one.head().await.unwrap(), other.head().await.unwrap());
    assert_eq!(one.checkpoints().await.unwrap(), other.checkpoints().await.unwrap());
    let all = RecordFilter::default();
    let records = one.records("lamp", &all).await.unwrap();
    assert_eq!(records, other.records("lamp", &all).await.unwrap());
    let account = "researcher".parse().unwrap();
    let phc = other.credential(&account).await.unwrap().unwrap();
    assert_eq!(phc.reveal(), "$argon2id$x");
    assert!(other.verify(&[key().public().clone()]).await.unwrap().is_sound());
    assert!(other.replay_check().await.unwrap().is_sound());
}

pub(crate) async fn a_backup_taken_while_others_write_restores_to_the_same(place: Place) {
    let store = lived_in(&place).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, stop) = (store.clone(), stop.clone());
        async move {
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                let drafts = vec![hung(&format!("lamp-{count}"), "hall"), lit("b")];
                // The second lighting does not fit: only every first append is written.
                let _ = store.append(drafts, vec![]).await;
                store.append(vec![hung(&format!("other-{count}"), "hall")], vec![]).await.unwrap();
                count += 1;
            }
            count
        }
    });
    let mut backups = vec![];
    for _ in 0..5 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        backups.push(taken(&store).await);
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() > 0);
    for (file, contents) in backups {
        let other = place.another().open().await;
        assert_eq!(other.restore(&file[..]).await.unwrap(), contents);
        assert_eq!(other.head().await.unwrap().next, contents.entries);
        assert!(other.verify(&[key().public().clone()]).await.unwrap().is_sound());
        assert!(other.replay_check().await.unwrap().is_sound());
    }

    let (file, contents) = taken(&store).await;
    assert_eq!((contents.checkpoints, contents.credentials), (1, 1));
    let other = place.another().open().await;
    other.restore(&file[..]).await.unwrap();
    same(&store, &other).await;
    // It goes on from where it was.
    let [one, two] = [&store, &other].map(|book| book.append(vec![hung("next", "hall")], vec![]));
    assert_eq!(one.await.unwrap(), two.await.unwrap());
    other.checkpoint(&key()).await.unwrap();
    other.prove(0).await.unwrap();

    // From one sort of database to the other.
    let folder = tempfile::TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("restored.db").display());
    let portable = open(&url, clock()).await;
    portable.restore(&file[..]).await.unwrap();
    let back = place.another().open().await;
    back.restore(&taken(&portable).await.0[..]).await.unwrap();
    same(&portable, &back).await;
}

pub(crate) async fn a_backup_that_was_cut_or_altered_is_refused_and_nothing_is_restored(
    place: Place,
) {
    let (file, _) = taken(&lived_in(&place).await).await;
    let other = place.another().open().await;
    let untouched = async || {
        assert_eq!(other.head().await.unwrap().next, 0);
        assert_eq!(other.replay_check().await.unwrap().records, 0);
        assert!(other.credential(&"researcher".parse().unwrap()).await.unwrap().is_none());
    };
    let text = String::from_utf8(file.clone()).unwrap();
    for lines in 0..text.lines().count() {
        let cut = text.split_inclusive('\n').take(lines).collect::<Vec<_>>().concat();
        let refused = other.restore(cut.as_bytes()).await.unwrap_err();
        let expected = if lines == 0 { "RestoreError::Format" } else { "RestoreError::Cut" };
        match refused {
            RestoreError::Format => assert_eq!(expected, "RestoreError::Format"),
            RestoreError::Cut => assert_eq!(expected, "RestoreError::Cut"),
            other => panic!("{lines}: {other}"),
        }
        untouched().await;
    }
    // Every 7th byte, so that each line is hit many times.
    for at in (0..file.len() - 1).step_by(7) {
        let mut altered = file.clone();
        altered[at] = if altered[at] == b'x' { b'y' } else { b'x' };
        let refused = other.restore(&altered[..]).await;
        assert!(refused.is_err(), "byte {at} was altered unnoticed");
    }
    untouched().await;
    other.restore(&file[..]).await.unwrap();
    assert!(load::<Lamp>(&other, "a").await.unwrap().unwrap().0.lit);
}

pub(crate) async fn a_backup_is_restored_only_into_an_empty_database(place: Place) {
    let store = lived_in(&place).await;
    let (file, _) = taken(&store).await;
    let refused = store.restore(&file[..]).await.unwrap_err();
    assert!(matches!(refused, RestoreError::NotEmpty), "{refused}");
}
