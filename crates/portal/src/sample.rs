//! What the samples of all pages need.

use std::fmt::Debug;
use std::str::FromStr;

/// What a literal of a sample says: an id, an instant.
#[expect(clippy::expect_used, reason = "a test renders every sample and so reads every literal")]
pub(crate) fn literal<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a literal of a sample")
}
