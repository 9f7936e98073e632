//! Keys for every field, derived from the secret that both sides hold.

use hkdf::Hkdf;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::schema::{Derivation, KeyHash};

/// Why keys cannot be derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing to derive them from.
    #[error("the secret is empty")]
    Empty,
    /// More than HKDF gives.
    #[error("the schema asks for more keys than can be derived")]
    TooMany,
}

/// The two keys of one field.
pub(super) struct FieldKeys {
    pub(super) first: Zeroizing<Vec<u8>>,
    pub(super) second: Zeroizing<Vec<u8>>,
}

/// The keys of `fields` fields in their order, those that are ignored too.
pub(super) fn derive(
    secret: &[u8],
    derivation: &Derivation,
    fields: usize,
) -> Result<Vec<FieldKeys>, KeyError> {
    let length = 2 * fields * derivation.key_bytes;
    let keys = expand(secret, derivation.hash, &derivation.salt, &derivation.info, length)?;
    let key = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    Ok(keys
        .chunks_exact(2 * derivation.key_bytes)
        .map(|both| {
            let (first, second) = both.split_at(derivation.key_bytes);
            FieldKeys { first: key(first), second: key(second) }
        })
        .collect())
}

/// HKDF (RFC 5869): `length` bytes for `info`.
pub(super) fn expand(
    secret: &[u8],
    hash: KeyHash,
    salt: &[u8],
    info: &[u8],
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if secret.is_empty() {
        return Err(KeyError::Empty);
    }
    let mut keys = Zeroizing::new(vec![0; length]);
    let made = match hash {
        KeyHash::Sha256 => Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut keys),
        KeyHash::Sha512 => Hkdf::<Sha512>::new(Some(salt), secret).expand(info, &mut keys),
    };
    made.map_err(|_| KeyError::TooMany)?;
    Ok(keys)
}
