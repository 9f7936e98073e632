//! AES-256-GCM-SIV (RFC 8452): encryption that survives a repeated nonce.

use aes_gcm_siv::aead::inout::InOutBuf;
use aes_gcm_siv::{AeadInOut, Aes256GcmSiv, KeyInit, Nonce, Tag};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use zeroize::Zeroize;

use crate::key::Key;
use model::Entropy;

/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 12;
/// Bytes of the tag after each ciphertext.
pub(crate) const TAG_BYTES: usize = 16;

/// The bytes are not what was encrypted under this key for this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forged;

/// A key made ready for encryption.
pub(crate) struct Cipher(Aes256GcmSiv);

impl Cipher {
    pub(crate) fn new(key: &Key) -> Self {
        Self(Aes256GcmSiv::new(key.reveal().into()))
    }

    /// Encrypts `buffer` where it stands and puts the tag after it. `place` says
    /// where the ciphertext belongs: it opens nowhere else.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE_BYTES],
        place: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<(), Forged> {
        let tag = self
            .0
            .encrypt_inout_detached(
                &Nonce::from(*nonce),
                place,
                InOutBuf::from(buffer.as_mut_slice()),
            )
            .map_err(|_| Forged)?;
        buffer.extend_from_slice(&tag);
        Ok(())
    }

    /// Decrypts `buffer` where it stands and takes the tag off it.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE_BYTES],
        place: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<(), Forged> {
        let split = buffer.len().checked_sub(TAG_BYTES).ok_or(Forged)?;
        let (body, tag) = buffer.split_at_mut_checked(split).ok_or(Forged)?;
        let tag = Tag::try_from(&*tag).map_err(|_| Forged)?;
        self.0
            .decrypt_inout_detached(&Nonce::from(*nonce), place, InOutBuf::from(body), &tag)
            .map_err(|_| Forged)?;
        buffer.truncate(split);
        Ok(())
    }
}

/// Fields put together so that no two lists of fields give the same bytes: each
/// one after its length.
pub(crate) fn fields(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Nonces for one file: ChaCha20 from a seed that the system's randomness gave,
/// so that a million records do not cost a million system calls.
pub(crate) struct Nonces(ChaCha20Rng);

impl Nonces {
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let mut seed = [0_u8; 32];
        entropy.fill(&mut seed);
        let nonces = Self(ChaCha20Rng::from_seed(seed));
        seed.zeroize();
        nonces
    }

    pub(crate) fn next(&mut self) -> [u8; NONCE_BYTES] {
        let mut nonce = [0_u8; NONCE_BYTES];
        self.0.fill_bytes(&mut nonce);
        nonce
    }
}

#[cfg(test)]
mod tests {
    use model::SeededEntropy;

    use super::*;

    fn cipher() -> Cipher {
        Cipher::new(&Key::random(&SeededEntropy::new(1)))
    }

    #[test]
    fn what_was_sealed_opens_in_its_own_place_and_in_no_other() {
        let mut buffer = b"plain".to_vec();
        cipher().seal(&[7; 12], b"here", &mut buffer).unwrap();
        assert!(!buffer.windows(5).any(|w| w == b"plain"));
        let mut elsewhere = buffer.clone();
        assert_eq!(cipher().open(&[7; 12], b"there", &mut elsewhere), Err(Forged));
        cipher().open(&[7; 12], b"here", &mut buffer).unwrap();
        assert_eq!(buffer, b"plain");
    }

    #[test]
    fn a_ciphertext_shorter_than_its_tag_is_refused() {
        for length in 0..TAG_BYTES {
            assert_eq!(cipher().open(&[0; 12], b"", &mut vec![0; length]), Err(Forged));
        }
    }

    #[test]
    fn two_lists_of_fields_never_give_the_same_bytes() {
        assert_ne!(fields(&[b"ab", b"c"]), fields(&[b"a", b"bc"]));
        assert_ne!(fields(&[b"a", b""]), fields(&[b"a"]));
    }
}
