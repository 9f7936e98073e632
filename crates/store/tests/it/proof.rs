//! What is handed to somebody who trusts nothing but the public key.

use ledger::{Book, Checkpoint, Draft, Hash, SignerKey};
use model::SeededEntropy;
use store::{ExportError, ProveError, SignError};

use crate::lamp::hung;
use crate::place::Place;
use crate::tampering::key;

fn hang(range: std::ops::Range<u32>) -> Vec<Draft> {
    range.map(|n| hung(&format!("lamp-{n}"), "hall")).collect()
}

pub(crate) async fn every_entry_is_proved_with_the_public_key_alone(place: Place) {
    let store = place.open().await;
    assert!(matches!(store.prove(0).await, Err(ProveError::NoSuchEntry(_))));
    let mut covered = 0;
    // Sizes around powers of two, where trees change shape.
    for size in [1, 2, 3, 4, 5, 7, 8, 9, 21] {
        store.append(hang(covered..size), vec![]).await.unwrap();
        if size == 3 {
            assert!(matches!(store.prove(2).await, Err(ProveError::Unsigned(2))));
        }
        store.checkpoint(&key()).await.unwrap();
        covered = size;
        for seq in 0..u64::from(size) {
            let proved = store.prove(seq).await.unwrap();
            assert_eq!(proved.entry.seq, seq);
            let proof: ledger::SignedProof = proved.proof.to_string().parse().unwrap();
            let leaf = Hash::of_leaf(proved.line.as_bytes());
            assert_eq!(proof.verify(&leaf, key().public()).unwrap().size, u64::from(size));
        }
    }
}

pub(crate) async fn an_altered_entry_is_not_proved(place: Place) {
    let store = place.open().await;
    store.append(hang(0..6), vec![]).await.unwrap();
    store.checkpoint(&key()).await.unwrap();
    place.by_hand("UPDATE entries SET line = replace(line, 'hall', 'attic') WHERE seq = 2").await;
    assert!(matches!(store.prove(2).await, Err(ProveError::Altered(2))));
    assert!(store.prove(3).await.is_ok(), "its neighbour rests on the recorded hash");
    place.by_hand("UPDATE nodes SET hash = (SELECT hash FROM entries WHERE seq = 0)").await;
    assert!(matches!(store.prove(3).await, Err(ProveError::Altered(3))));
}

pub(crate) async fn nothing_is_signed_on_top_of_a_ledger_that_was_altered(place: Place) {
    let store = place.open().await;
    store.append(hang(0..5), vec![]).await.unwrap();
    let first = store.checkpoint(&key()).await.unwrap();
    assert_eq!(store.checkpoint(&key()).await.unwrap(), first, "signed once");
    store.append(hang(5..9), vec![]).await.unwrap();
    let forged = Checkpoint::sign(5, Hash::of_leaf(b"another history"), &key()).unwrap();
    place.by_hand(&format!("UPDATE checkpoints SET note = '{forged}'")).await;
    let refused = store.checkpoint(&key()).await;
    assert!(matches!(refused, Err(SignError::Inconsistent { size: 5 })), "{refused:?}");

    place.by_hand(&format!("UPDATE checkpoints SET note = '{first}'")).await;
    let second = store.checkpoint(&key()).await.unwrap();
    assert_eq!(Checkpoint::open(&second, key().public()).unwrap().size, 9);

    let rotated = SignerKey::generate("centre.example/ledger", &SeededEntropy::new(9)).unwrap();
    let third = store.checkpoint(&rotated).await.unwrap();
    assert_eq!(Checkpoint::open(&third, rotated.public()).unwrap().size, 9);
    let keys = [rotated.public().clone(), key().public().clone()];
    assert!(store.verify(&keys).await.unwrap().is_sound(), "either key will do");
    assert!(!store.verify(&keys[..1]).await.unwrap().is_sound());
    assert_eq!(store.checkpoints().await.unwrap().len(), 2);
}

pub(crate) async fn an_export_verifies_with_the_public_key_alone(place: Place) {
    let store = place.open().await;
    assert!(matches!(store.export(Vec::new()).await, Err(ExportError::Unsigned)));
    store.append(hang(0..300), vec![]).await.unwrap();
    store.checkpoint(&key()).await.unwrap();
    store.append(hang(300..310), vec![]).await.unwrap();
    let mut file = Vec::new();
    let report = store.export(&mut file).await.unwrap();
    assert!(report.is_sound() && report.entries == 300, "{report:?}");
    let checked = ledger::export::verify(&file[..], key().public()).unwrap();
    assert_eq!(checked, report);

    place.by_hand("UPDATE entries SET line = replace(line, 'hall', 'attic') WHERE seq = 200").await;
    let mut file = Vec::new();
    let report = store.export(&mut file).await.unwrap();
    assert!(report.faults[0].to_string().starts_with("entry 200 "), "it says so while writing");
    assert!(!ledger::export::verify(&file[..], key().public()).unwrap().is_sound());
}

pub(crate) async fn growth_is_proved(place: Place) {
    let store = place.open().await;
    let mut roots = vec![ledger::tree::empty_root()];
    for n in 0..12 {
        store.append(hang(n..n + 1), vec![]).await.unwrap();
        roots.push(store.verify(&[]).await.unwrap().root);
    }
    for old in 0..roots.len() {
        for new in old..roots.len() {
            let (from, to) = (u64::try_from(old).unwrap(), u64::try_from(new).unwrap());
            let proof = store.prove_growth(from, to).await.unwrap();
            proof.verify(&roots[old], &roots[new]).unwrap();
        }
    }
    let kept = store.checkpoint(&key()).await.unwrap();
    store.append(hang(12..20), vec![]).await.unwrap();
    assert!(matches!(store.prove_growth_since(13).await, Err(ProveError::Unsigned(13))));
    store.checkpoint(&key()).await.unwrap();
    let growth = store.prove_growth_since(12).await.unwrap();
    let read: ledger::Growth = growth.to_string().parse().unwrap();
    assert_eq!((&read, read.verify(&kept, key().public()).unwrap().size), (&growth, 20));
    let other = SignerKey::generate("another", &SeededEntropy::new(1)).unwrap();
    assert!(read.verify(&kept, other.public()).is_err(), "signed by somebody else");
    let newest = store.checkpoint(&key()).await.unwrap();
    assert!(read.verify(&newest, key().public()).is_err(), "it begins elsewhere");
    let altered = ledger::Growth { path: read.path[1..].to_vec(), ..read };
    assert!(altered.verify(&kept, key().public()).is_err());
    for bad in ["", "old 12\n", "old 012\n\nx", "old 12\nx\n\ny"] {
        assert!(bad.parse::<ledger::Growth>().is_err(), "{bad}");
    }
    assert!(matches!(store.prove_growth(3, 2).await, Err(ProveError::NoSuchEntry(_))));
    assert!(matches!(store.prove_growth(0, 21).await, Err(ProveError::NoSuchEntry(_))));
}
