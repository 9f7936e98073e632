//! Bytes whose hash says nothing of them.
//!
//! A small table with one number withheld has few possible originals. Whoever
//! has the plain SHA-256 of the original and the rest of the table tries them all.
//! So the ledger names what was not released by a hash that nobody can repeat:
//! over 32 random bytes, kept with the file, and then the file.

use model::Entropy;

/// How many random bytes come first.
const SALT: usize = 32;

/// The bytes with new random ones before them, to be kept under their hash.
pub fn seal(bytes: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
    let mut kept = vec![0; SALT];
    entropy.fill(&mut kept);
    kept.extend_from_slice(bytes);
    kept
}

/// The bytes that were sealed. `None`: too few to have been.
pub fn unseal(mut kept: Vec<u8>) -> Option<Vec<u8>> {
    if kept.len() < SALT {
        return None;
    }
    Some(kept.split_off(SALT))
}

#[cfg(test)]
mod tests {
    use ledger::Hash;
    use model::SeededEntropy;
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn hash(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }

    #[test]
    fn the_hash_of_what_is_sealed_is_found_by_trying_no_original() {
        let original = b"region,n\na,3\nb,70\n";
        let entropy = SeededEntropy::new(1);
        let sealed = hash(&seal(original, &entropy));
        for withheld in 0..100 {
            let tried = format!("region,n\na,{withheld}\nb,70\n");
            assert_ne!(hash(tried.as_bytes()), sealed, "{withheld}");
        }
        assert_ne!(hash(&seal(original, &entropy)), sealed, "no two seals are alike");
    }

    #[test]
    fn what_was_sealed_comes_back() {
        let entropy = SeededEntropy::new(1);
        assert_eq!(unseal(seal(b"table", &entropy)).unwrap(), b"table");
        assert_eq!(unseal(seal(b"", &entropy)).unwrap(), b"");
        assert_eq!(unseal(b"short".to_vec()), None);
    }
}
