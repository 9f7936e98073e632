//! Encrypted identifiers, blind indexes and per-permit person numbers.
//!
//! The only place where a person has a name (invariant 2).

//!
//! ```text
//! keyring.json                            data keys, wrapped under the master key
//! sources/SOURCE/IMPORT.segment           who the people of an import are
//! sources/SOURCE/IMPORT.quarantine        rows that were kept aside, whole
//! permits/PERMIT/EXTRACT.crosswalk        which person of an extract is whom
//! pairs/PAIR.pair                         two records that people decide on
//! ```
//!
//! The master key lies in a file elsewhere. This crate knows no table, no
//! network and no clock.

mod aead;
mod crosswalk;
mod disk;
mod key;
mod keyring;
mod master;
mod pairs;
mod quarantine;
mod rotation;
mod segment;
mod stream;
mod subject;
mod sweep;
mod vault;

pub use crosswalk::{CrosswalkError, CrosswalkReader, CrosswalkWriter, UnpublishedCrosswalk};
pub use disk::FileError;
pub use key::KEY_BYTES;
pub use keyring::KeyringError;
pub use master::{MasterKey, MasterKeyError};
pub use pairs::{PairError, PairHasher};
pub use quarantine::{QuarantineReader, QuarantineWriter, RefusedRow, UnpublishedQuarantine};
pub use rotation::RotationError;
pub use segment::{
    Identities, NationalIds, Segment, SegmentError, SegmentSummary, SegmentWriter,
    UnpublishedSegment,
};
pub use stream::StreamError;
pub use subject::{BlindHasher, BlindIndex, SubjectHasher};
pub use vault::{Vault, VaultError};
