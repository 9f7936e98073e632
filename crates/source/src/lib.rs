//! Contracts, validation, quality, and splitting identifiers from content.
//!
//! A delivery is one or more files that a holder promised in a [`Contract`].
//! Reading it splits every row in two: who it is about goes to an
//! [`IdentitySink`] (the vault), what it says goes to a [`ContentSink`] (the
//! lake) under a [`SubjectKey`] that means nothing outside the source. A row
//! that breaks the contract goes whole to a [`QuarantineSink`].
//!
//! This crate knows no table format, no key and no database.

pub mod clues;
pub mod contract;
pub mod delivery;
pub mod identity;
pub mod import;
pub mod manifest;
mod nearest;
pub mod profile;
mod quality;
pub mod record;
mod row;
mod schema;
pub mod sink;
pub mod subject;
mod value;

pub use clues::{Clue, Clues};
pub use contract::{
    Column, ContentColumn, Contract, ContractError, DecimalMark, Derivation, Derived, Encoding,
    Evidence, FileFormat, Identifies, QuarantineLimit, Rhythm, WithoutNumber,
};
pub use identity::{BirthDate, Identity, IdentitySink, MOST_IDENTITY_BYTES};
pub use import::{
    Delivery, FIRST_REASONS, Fault, ImportRefusal, ImportReport, ParquetReader, Ports, Progress,
    Quiet, Reason, ReasonLine, Step, already_imported, import, read_reasons, stream_parquet,
};
pub use manifest::{DeliveredFile, ImportManifest};
pub use profile::{Quantile, TopValue, ValueRange, VariableProfile, YearCount};
pub use record::{Imported, Refused, SourceEvent, SourceRecord};
pub use schema::{arrow_type, content_schema};
pub use sink::{
    ContentBatch, ContentSink, IdentityMark, QuarantineSink, QuarantinedRow, SinkError,
    SortedObserver,
};
pub use subject::{Pseudonymiser, SubjectKey};
pub use value::date::{date_of, days_of};
