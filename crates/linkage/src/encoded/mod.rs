//! Linkage without showing names: records as cryptographic long-term keys.
//!
//! A record's fields are cut into tokens, every token sets some bits of a Bloom
//! filter by keyed hashes, and all fields share one filter: the CLK (Schnell,
//! Bachteler and Reiher, "A novel error-tolerant anonymous linking code", 2011).
//! Two centres that hold the same secret and the same schema make filters that
//! are alike where their records are, and can be compared by somebody who holds
//! neither. A [`Schema`] is one of `clkhash`'s linkage schemas of version 3, and
//! the filters are bit for bit those of `clkhash`, so that the other side may use
//! either.
//!
//! What a filter does and does not hide is in `SECURITY.md`; what hardening costs
//! in decision 0084.
//!
//! This module reads and writes no file, and knows no clock.

mod clks;
mod date;
mod dice;
mod encoder;
mod field;
mod hardening;
mod hash;
mod keys;
mod mixture;
mod number;
mod schema;
mod solve;
mod tokens;

pub use clks::{Clks, ClksError};
pub use dice::{
    Candidate, Kernel, Nearest, NoKernel, Threshold, ThresholdError, candidates, nearest,
};
pub use encoder::{EncodeError, Encoder};
pub use field::Unfit;
pub use hardening::{Hardening, HardeningError};
pub use keys::KeyError;
pub use mixture::{Mixture, NoMixture, threshold_from};
pub use schema::{Schema, SchemaError};
pub use solve::one_to_one;
