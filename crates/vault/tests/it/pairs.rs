//! Pairs that people decide on: who they are is nowhere in the clear, and a file opens
//! as the pair it is of.

use std::fs;

use model::PairId;

use crate::support::Place;

const WHO: &[u8] = b"subject keys of two records";

fn pair(n: u32) -> PairId {
    format!("pair-{n:010}").parse().unwrap()
}

#[test]
fn a_pair_reads_back_is_not_in_the_clear_and_is_no_other_pair() {
    let place = Place::new();
    let vault = place.create();
    vault.keep_pair(&pair(1), WHO).unwrap();
    assert_eq!(vault.pair(&pair(1)).unwrap().as_slice(), WHO);
    assert_eq!(place.open().pair(&pair(1)).unwrap().as_slice(), WHO);
    let path = |n| place.dir().join("pairs").join(format!("{}.pair", pair(n)));
    let bytes = fs::read(path(1)).unwrap();
    assert!(!bytes.windows(7).any(|run| run == b"subject"), "it is in the clear");
    fs::copy(path(1), path(2)).unwrap();
    assert!(vault.pair(&pair(2)).is_err(), "one pair was taken for another");
    let mut changed = bytes;
    *changed.last_mut().unwrap() ^= 1;
    fs::write(path(1), changed).unwrap();
    assert!(vault.pair(&pair(1)).is_err(), "a changed byte was not seen");
    assert!(vault.pair(&pair(3)).is_err());
}

#[test]
fn a_pair_is_forgotten_and_what_no_entry_speaks_of_is_swept() {
    let place = Place::new();
    let vault = place.create();
    for n in 1..=3 {
        vault.keep_pair(&pair(n), WHO).unwrap();
    }
    let unfinished = place.dir().join("pairs").join("pair-0000000009.pair.tmp");
    fs::write(&unfinished, b"half").unwrap();
    vault.forget_pair(&pair(1)).unwrap();
    vault.forget_pair(&pair(1)).unwrap();
    assert!(vault.pair(&pair(1)).is_err());
    assert_eq!(vault.sweep_pairs(&|known| *known == pair(2)).unwrap(), 2);
    assert!(vault.pair(&pair(2)).is_ok() && vault.pair(&pair(3)).is_err());
    assert!(!unfinished.exists());
}

#[test]
fn what_a_record_says_has_another_hash_once_it_says_something_else() {
    let place = Place::new();
    let vault = place.create();
    let of = |vault: &vault::Vault, said: &[Option<&str>]| {
        vault.pair_hasher().unwrap().hash(said.iter().copied())
    };
    let said = of(&vault, &[Some("Kari"), Some("Solberg"), None]);
    assert_eq!(said, of(&place.open(), &[Some("Kari"), Some("Solberg"), None]));
    for changed in [
        &[Some("Kari"), Some("Solberg"), Some("")][..],
        &[Some("KariSolberg"), None, None],
        &[Some("Kari"), None, Some("Solberg")],
        &[Some("Kari"), Some("Solberg")],
    ] {
        assert_ne!(said, of(&vault, changed), "{changed:?}");
    }
    let key = place.dir().join("keyring.json");
    assert!(fs::read_to_string(key).unwrap().contains("\"pairs\""), "a key of its own");
}
