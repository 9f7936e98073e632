//! The ground everything stands on: ids, time, randomness, words in several
//! languages, purposes, sensitivity-marked values.
//!
//! Nothing here reads a file, a clock or a socket, and nothing is async.

pub mod clock;
pub mod entropy;
pub mod id;
pub mod national_id;
pub mod purpose;
pub mod secret;
pub mod text;
pub mod variable;

pub use clock::{Clock, ManualClock};
pub use entropy::{Entropy, SeededEntropy};
pub use id::{
    AccountId, ApplicationId, CellId, ExtractId, IdError, ImportId, IngressId, OrganisationId,
    OutputId, PackageRequestId, PairId, PermitId, ReleaseId, ReversalId, RoomId, RunId, SourceId,
    StatementId,
};
pub use national_id::{NationalId, NationalIdError};
pub use purpose::Purpose;
pub use secret::Secret;
pub use text::{Lang, Text};
pub use variable::{Sensitivity, ValueType};

pub use jiff::{SignedDuration, Timestamp, civil::Date};
