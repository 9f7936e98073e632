//! Somebody with access to the database changes it by hand.

use ledger::{Book, Checkpoint, Hash, RecordFilter, SignerKey, load};
use model::SeededEntropy;
use store::Store;

use crate::lamp::{Lamp, hung, lit, put_out};
use crate::place::Place;

pub(crate) fn key() -> SignerKey {
    SignerKey::generate("centre.example/ledger", &SeededEntropy::new(7)).unwrap()
}

/// Entries 0 to 6 about three lamps, the first four of them signed.
async fn lived_in(place: &Place) -> Store {
    let store = place.open().await;
    store.append(vec![hung("a", "hall"), hung("b", "hall")], vec![]).await.unwrap();
    store.append(vec![lit("a"), hung("c", "attic")], vec![]).await.unwrap();
    store.checkpoint(&key()).await.unwrap();
    store.append(vec![put_out("a"), lit("b"), lit("c")], vec![]).await.unwrap();
    store
}

async fn said(store: &Store) -> Vec<String> {
    let report = store.verify(&[key().public().clone()]).await.unwrap();
    report.faults.iter().map(ToString::to_string).collect()
}

/// What somebody does to the entries, and what is said of it.
const BY_HAND: [(&str, &[&str]); 12] = [
    (
        "UPDATE entries SET line = replace(line, 'attic', 'cellar') WHERE seq = 3",
        &[
            "entry 3 (`lamp.hung` about `lamp/c`) was changed after it was written",
            "entry 3 is not what was signed",
        ],
    ),
    ("UPDATE entries SET line = 'nonsense' WHERE seq = 5", &["entry 5 cannot be read"]),
    (
        "UPDATE entries SET hash = 'ff' WHERE seq = 5",
        &[
            "entry 5 (`lamp.lit` about `lamp/b`) was changed",
            "entry 6 (`lamp.lit` about `lamp/c`) does not follow entry 5",
        ],
    ),
    (
        "UPDATE entries SET actor = 'nobody' WHERE seq = 2",
        &[
            "entry 2 (`lamp.lit` about `lamp/a`) has `actor` altered: the entry says `caseworker`, the column says `nobody`",
        ],
    ),
    (
        "UPDATE entries SET at = at + 1, act = 'lamp.hung', kind = 'x', subject = 'y' WHERE seq = 4",
        &[
            "entry 4 (`lamp.put-out` about `lamp/a`) has `act` altered",
            "has `kind` altered",
            "has `subject` altered",
            "has `at` altered",
        ],
    ),
    (
        "DELETE FROM entries WHERE seq = 2",
        &[
            "entry 3 (`lamp.hung` about `lamp/c`): entry 2 is missing before it",
            "entry 3 is not what was signed",
        ],
    ),
    (
        "DELETE FROM entries WHERE seq = 6",
        &["entry 5: entry 6 is missing at the end: the head of the ledger names them"],
    ),
    (
        "DELETE FROM entries WHERE seq >= 2",
        &[
            "entry 1: 2 entries from 2 to 3 are missing at the end: a checkpoint was signed over them",
            "entry 1: 5 entries from 2 to 6 are missing at the end",
        ],
    ),
    (
        "UPDATE entries SET seq = 100 WHERE seq = 4; \
         UPDATE entries SET seq = 4 WHERE seq = 5; \
         UPDATE entries SET seq = 5 WHERE seq = 100",
        &[
            "entry 5 (`lamp.lit` about `lamp/b`): entry 4 is missing before it",
            "entry 4 (`lamp.lit` about `lamp/b`) has `seq` altered: the entry says `5`, the column says `4`",
            "entry 4 (`lamp.put-out` about `lamp/a`) is out of order or there twice: it stands behind entry 5",
            "entry 5 (`lamp.put-out` about `lamp/a`) has `seq` altered",
        ],
    ),
    (
        "INSERT INTO entries SELECT 7, at, actor, act, kind, subject, line, hash FROM entries WHERE seq = 6",
        &[
            "entry 6 (`lamp.lit` about `lamp/c`) is out of order or there twice",
            "entry 7 (`lamp.lit` about `lamp/c`) has `seq` altered",
        ],
    ),
    (
        "UPDATE head SET next = 3, peaks = 'ff'",
        &["entry 6 is not where the head of the ledger says it ends: its tree is no tree"],
    ),
    (
        "UPDATE head SET peaks = hash || ' ' || hash || ' ' || hash",
        &[
            "entry 6 is not where the head of the ledger says it ends: its tree is not that of the entries",
        ],
    ),
];

pub(crate) async fn what_was_done_to_the_entries_by_hand_is_named(place: Place) {
    let store = lived_in(&place).await;
    assert_eq!(said(&store).await, [""; 0], "nothing is wrong before");
    for (tampering, expected) in BY_HAND {
        for table in ["entries", "head"] {
            place.by_hand(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
        }
        place.by_hand(tampering).await;
        let said = said(&store).await;
        assert_eq!(said.len(), expected.len(), "{tampering}: {said:#?}");
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.contains(expected), "{tampering}: {said:#?}");
        }
        for table in ["entries", "head"] {
            let restore = format!(
                "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}; \
                 DROP TABLE kept_{table}"
            );
            place.by_hand(&restore).await;
        }
    }
    assert_eq!(self::said(&store).await, [""; 0], "nothing is wrong after");
}

pub(crate) async fn what_was_done_to_the_records_by_hand_is_named_and_mended(place: Place) {
    let store = lived_in(&place).await;
    let before = store.records("lamp", &RecordFilter::default()).await.unwrap();
    let replay = store.replay_check().await.unwrap();
    assert!(replay.is_sound(), "{replay:?}");
    assert_eq!((replay.entries, replay.records), (7, 3));

    place
        .by_hand(
            "UPDATE record_lamp SET state = 'dark', seq = 99 WHERE id = 'b'; \
             UPDATE record_lamp SET document = 'no json' WHERE id = 'c'; \
             DELETE FROM record_lamp WHERE id = 'a'; \
             INSERT INTO record_lamp VALUES ('d', 'lit', NULL, 3, '{}')",
        )
        .await;
    let replay = store.replay_check().await.unwrap();
    let said: Vec<String> = replay.differences.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "record `lamp/a` is missing from its table",
            "record `lamp/b` differs from its entries in state, seq",
            "record `lamp/c` differs from its entries in document",
            "record `lamp/d` is in its table, and no entry made it",
        ]
    );

    place.by_hand("DELETE FROM nodes").await;
    store.rebuild().await.unwrap();
    assert!(store.replay_check().await.unwrap().is_sound());
    assert_eq!(store.records("lamp", &RecordFilter::default()).await.unwrap(), before);
    assert!(store.checkpoint(&key()).await.is_ok(), "the tree was made anew as well");

    place.by_hand("UPDATE entries SET line = replace(line, 'lit', 'hung') WHERE seq = 2").await;
    let replay = store.replay_check().await.unwrap();
    assert!(!replay.is_sound() && replay.unfit[0].seq == 2, "{replay:?}");
    store.rebuild().await.unwrap_err();
    assert!(load::<Lamp>(&store, "c").await.unwrap().unwrap().0.lit, "nothing was changed");
}

pub(crate) async fn a_forged_checkpoint_is_named(place: Place) {
    let store = lived_in(&place).await;
    let stranger = SignerKey::generate("centre.example/ledger", &SeededEntropy::new(8)).unwrap();
    let right = store.verify(&[]).await.unwrap().root;
    for (size, root, signer, expected) in [
        (7, right, &stranger, "the note is not signed by `centre.example/ledger`"),
        (7, Hash::of_leaf(b"x"), &key(), "the checkpoint of 7 entries has root"),
        (9, right, &key(), "2 entries from 7 to 8 are missing at the end"),
    ] {
        let note = Checkpoint::sign(size, root, signer).unwrap();
        place.by_hand(&format!("INSERT INTO checkpoints VALUES ({size}, '{note}')")).await;
        let said = said(&store).await;
        assert!(said.len() == 1 && said[0].contains(expected), "{said:?}");
        place.by_hand(&format!("DELETE FROM checkpoints WHERE size = {size}")).await;
    }
    place.by_hand("INSERT INTO checkpoints SELECT 5, note FROM checkpoints").await;
    assert!(said(&store).await[0].contains("it is kept as one of 5, and says 4"));
}
