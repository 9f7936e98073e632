//! The key a person has inside one source, and who makes it.

use std::fmt;

use model::NationalId;

/// HMAC-SHA256, under the source's own key, of the canonical national identity
/// number, or of the source's own number where there is none, cut to its first 16
/// bytes. Means nothing outside the source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct SubjectKey(pub [u8; 16]);

impl SubjectKey {
    /// The key from its bytes; `None` unless there are 16.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The first eight bytes as a number that orders as the key does.
    pub const fn prefix(self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey([redacted])")
    }
}

/// Turns identity numbers into the keys of one source. The vault has the only one.
///
/// Called once or more per row, from two threads: an implementation keeps the
/// HMAC's key state ready and does nothing else.
pub trait Pseudonymiser: Send + Sync {
    /// The key of the person that `id` belongs to.
    fn subject(&self, id: &NationalId) -> SubjectKey;

    /// The key of the person whom the source's own number `id` belongs to and who
    /// has no national identity number there. Never the key of a national number.
    fn local(&self, id: &str) -> SubjectKey;
}
