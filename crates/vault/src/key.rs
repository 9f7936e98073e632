//! Keys in memory: wiped when dropped, kept out of swap where the system lets us.

use std::fmt;

use hkdf::Hkdf;
use model::{Entropy, Secret};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// How many bytes every key has.
pub const KEY_BYTES: usize = 32;

/// A 256-bit key.
///
/// The bytes have one place on the heap from their birth to their end, so that
/// moving the key leaves no copy behind.
#[derive(ZeroizeOnDrop)]
pub(crate) struct Key(Box<[u8; KEY_BYTES]>);

impl Key {
    /// A key of which nothing is known yet, filled by `write`.
    fn filled(write: impl FnOnce(&mut [u8; KEY_BYTES])) -> Self {
        let mut bytes = Box::new([0_u8; KEY_BYTES]);
        keep_out_of_swap(&mut bytes);
        write(&mut bytes);
        Self(bytes)
    }

    /// A new key from `entropy`.
    pub(crate) fn random(entropy: &dyn Entropy) -> Self {
        Self::filled(|bytes| entropy.fill(bytes))
    }

    /// Takes the key out of `bytes` and wipes them.
    pub(crate) fn taken_from(bytes: &mut [u8; KEY_BYTES]) -> Self {
        let key = Self::filled(|own| own.copy_from_slice(bytes));
        bytes.zeroize();
        key
    }

    /// The key bytes. Every call is a place a reviewer looks at.
    pub(crate) fn reveal(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// A copy for work that is done after the keyring was let go of.
    pub(crate) fn copied(&self) -> Self {
        Self::filled(|bytes| bytes.copy_from_slice(&*self.0))
    }

    /// A copy that leaves the vault.
    pub(crate) fn to_secret(&self) -> Secret<[u8; KEY_BYTES]> {
        Secret::new(*self.0)
    }

    /// The key for one use, made from this one: HKDF-Expand (RFC 5869 section
    /// 2.3) with this key as the pseudorandom key. `info` is unambiguous when it
    /// was made by [`crate::aead::fields`].
    pub(crate) fn derive(&self, info: &[u8]) -> Self {
        Self::filled(|bytes| {
            // A PRK of 32 bytes and an output of 32 bytes are within the limits
            // of RFC 5869, so neither step can fail.
            if let Ok(hkdf) = Hkdf::<Sha256>::from_prk(self.reveal()) {
                let _ = hkdf.expand(info, bytes);
            }
        })
    }

    /// Whether the two are the same, in time that does not depend on where they differ.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// Asks the system never to write the page under `bytes` to swap. Best effort:
/// the limit on locked memory may be spent, and the vault works without. A page
/// stays locked: other keys may lie on it when this one is gone.
#[allow(unsafe_code, reason = "mlock has no safe form: it takes an address")]
fn keep_out_of_swap(bytes: &mut [u8; KEY_BYTES]) {
    // SAFETY: the range is owned, live and writable; locking changes neither
    // its contents nor who may access it.
    let _ = unsafe { rustix::mm::mlock(bytes.as_mut_ptr().cast(), KEY_BYTES) };
}

#[cfg(test)]
mod tests {
    use model::SeededEntropy;

    use super::*;

    #[test]
    fn keys_derived_for_two_uses_differ_from_each_other_and_from_their_parent() {
        let parent = Key::random(&SeededEntropy::new(1));
        let (a, b) = (parent.derive(b"a"), parent.derive(b"b"));
        assert!(!a.is(&b) && !a.is(&parent));
        assert!(a.is(&parent.derive(b"a")));
        assert_ne!(a.reveal(), &[0; KEY_BYTES], "a key that could not be derived");
    }

    #[test]
    fn derivation_is_hkdf_expand() {
        // RFC 5869 appendix A.1, step 2, its first 32 bytes.
        let prk = "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5";
        let info = "f0f1f2f3f4f5f6f7f8f9";
        let okm = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
        let bytes = |text: &str| -> Vec<u8> {
            (0..text.len() / 2)
                .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
                .collect()
        };
        let mut key: [u8; KEY_BYTES] = bytes(prk).try_into().unwrap();
        let derived = Key::taken_from(&mut key).derive(&bytes(info));
        assert_eq!(derived.reveal().as_slice(), bytes(okm));
        assert_eq!(key, [0; KEY_BYTES], "what the key was taken from is wiped");
    }
}
