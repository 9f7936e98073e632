//! Why a delivery was refused as a whole. Nothing of it is kept then.

use super::reasons::ReasonLine;
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
        "{bad} of {rows} rows break the contract, which allows {allowed}: most often {most}; correct them at the source, or have the contract allow more"
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
        /// The first lines of the list of reasons: at most
        /// [`FIRST_REASONS`](super::FIRST_REASONS).
        first: Vec<ReasonLine>,
    },
    /// No row keeps to the contract, however many it allows not to: what was
    /// delivered before goes on to count.
    #[error(
        "not one of {rows} rows keeps to the contract: most often {most}; is it a delivery to this source? correct it there, or have the contract changed"
    )]
    NoneFits {
        /// How many rows there are.
        rows: u64,
        /// The commonest reason, with the first row that has it.
        most: String,
        /// The first lines of the list of reasons.
        first: Vec<ReasonLine>,
    },
    /// Somebody has more rows than can be compared with each other.
    #[error(
        "`{file}`, row {row}: its person has more than {most} rows, which is more than can be compared with each other; is the number one that stands for people who are not known? leave such rows out, or have `key` and the birth date taken out of the contract"
    )]
    TooManyOfOne {
        /// The file's name.
        file: String,
        /// The first row beyond; the first of the file is 1.
        row: u64,
        /// How many are allowed.
        most: usize,
    },
    /// The vault, the lake or the list of reasons could not be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
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
    /// else it is the machine, or whoever named the files. That a file cannot be
    /// read (no right to, a disk that fails) says nothing of what its holder sent.
    pub const fn is_about_the_delivery(&self) -> bool {
        match self {
            Self::File { fault: FileFault::Unreadable(_), .. } => false,
            Self::Twice { .. }
            | Self::File { .. }
            | Self::TooManyBadRows { .. }
            | Self::NoneFits { .. }
            | Self::TooManyOfOne { .. } => true,
            _ => false,
        }
    }

    /// The first reasons for which rows were not kept, where rows are to blame.
    pub fn first_reasons(&self) -> &[ReasonLine] {
        match self {
            Self::TooManyBadRows { first, .. } | Self::NoneFits { first, .. } => first,
            _ => &[],
        }
    }
}
