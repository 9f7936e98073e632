//! Everything that happens, in order, provably.
//!
//! An [`Entry`] is one thing that happened to one [`Subject`]. Entries form a
//! hash chain and a Merkle tree (RFC 6962); state is what the entries say, and
//! nothing else: a [`Book`] is the only way to write, and it writes entries.

pub mod book;
pub mod canonical;
pub mod chain;
pub mod checkpoint;
pub mod entry;
pub mod export;
pub mod fold;
pub mod growth;
pub mod memory;
pub mod note;
pub mod parallel;
pub mod proof;
pub mod tree;

pub use book::{
    Book, BookError, EntryFilter, Folded, Guard, Order, Page, Projection, Record, RecordFilter,
    Row, Test, list, load,
};
pub use canonical::CanonicalError;
pub use chain::{Fault, Flaw, Report};
pub use checkpoint::{Checkpoint, SignedProof};
pub use entry::{Draft, Entry, Event, Hash, SealError, Subject, SubjectError};
pub use growth::{Growth, GrowthError};
pub use memory::MemoryBook;
pub use note::{SignedNote, SignerKey, VerifierKey};
