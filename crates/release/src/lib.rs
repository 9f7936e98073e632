//! What leaves a room: outputs, their review, the signed package. Nothing
//! leaves but through here (invariant 5).

pub mod blobs;
pub mod checked;
pub mod output;
pub mod package;
pub mod released;
pub mod sealed;

pub use blobs::{BlobError, BlobFolder};
pub use checked::{CheckedOutput, NotChecked};
pub use output::{Checked, Decided, Output, OutputEvent, OutputState, Verdict};
pub use package::{
    FileStatement, Heading, Manifest, PackageError, PackedFile, Statement, Verified, VerifyError,
    key_id, packable, package, verify,
};
pub use released::{Release, ReleaseEvent};
