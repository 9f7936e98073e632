//! Why a delivery was refused as a whole. Nothing of it is kept then.

use crate::delivery::FileFault;
use crate::sink::SinkError;

/// Why a delivery was refused as a whole. Its text holds no value of any row.
#[derive(Debug, thiserror::Error)]
pub enum ImportRefusal {
    /// There is nothing to import.
    #[error("no file was given")]
    NoFiles,
    /// The same file is given twice.
    #[error("`{file}` is given twice")]
    Twice {
        /// Its name.
        file: String,
    },
    /// Something is wrong with one of the files.
    #[error("`{file}` {fault}")]
    File {
        /// Its name.
        file: String,
        /// What is wrong.
        #[source]
        fault: FileFault,
    },
    /// More rows break the contract than it allows.
    #[error(
        "{bad} of {rows} rows break the contract, which allows {allowed}: most often {most}; the list of reasons names every row"
    )]
    TooManyBadRows {
        /// How many rows break it.
        bad: u64,
        /// How many rows had been read.
        rows: u64,
        /// How many it allows, in words.
        allowed: String,
        /// The commonest reason, with the first row that has it.
        most: String,
    },
    /// The vault, the lake or the list of reasons could not be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// Somebody stopped it.
    #[error("stopped before it was done: nothing was kept")]
    Cancelled,
    /// A defect of this program: rows were lost or counted twice.
    #[error("{read} rows were read, but {kept} kept and {aside} kept aside: nothing was kept")]
    DoesNotAddUp {
        /// Rows read.
        read: u64,
        /// Rows kept.
        kept: u64,
        /// Rows kept aside.
        aside: u64,
    },
    /// A defect of this program.
    #[error("columns could not be built: {0}")]
    Columns(#[from] arrow::error::ArrowError),
}

impl ImportRefusal {
    /// Whether the files are to blame, so that their holder should hear of it;
    /// else it is the machine, or somebody who stopped it.
    pub const fn is_about_the_delivery(&self) -> bool {
        matches!(self, Self::Twice { .. } | Self::File { .. } | Self::TooManyBadRows { .. })
    }
}
