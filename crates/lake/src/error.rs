//! What can go wrong with a table.

use std::error::Error;
use std::io;
use std::path::Path;

use arrow::error::ArrowError;
use deltalake_core::DeltaTableError;
use parquet::errors::ParquetError;
use source::SinkError;

/// Why the lake could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// Somebody else holds the source's lock.
    #[error("another import of `{source_id}` is at work: wait until it has ended")]
    Busy {
        /// Which source.
        source_id: String,
    },
    /// Somebody else holds the permit's lock.
    #[error("another extract of permit `{permit}` is being built: wait until it has ended")]
    BusyPermit {
        /// Which permit.
        permit: String,
    },
    /// Whoever waits for it has given it up.
    #[error("it was stopped before it was done, and nothing of it is kept")]
    Stopped,
    /// The lock is for another source than the work.
    #[error("the lock is for `{held}`, the work is on `{wanted}`")]
    WrongLock {
        /// The source it is for.
        held: String,
        /// The source of the work.
        wanted: String,
    },
    /// No such version of a table.
    #[error("`{source_id}` has no version {version} in the lake")]
    NoVersion {
        /// Which source.
        source_id: String,
        /// Which version was asked for.
        version: u64,
    },
    /// No such column.
    #[error("version {version} of `{source_id}` has no column `{column}`")]
    NoColumn {
        /// Which source.
        source_id: String,
        /// Which version.
        version: u64,
        /// Which column was asked for.
        column: String,
    },
    /// A column does not hold what the contract says.
    #[error(
        "column `{column}` in version {version} of `{source_id}` is not of the type that its contract says"
    )]
    NotAsPromised {
        /// Which source.
        source_id: String,
        /// Which version.
        version: u64,
        /// Which column.
        column: String,
    },
    /// The table has more versions than the ledger can know of.
    #[error(
        "`{source_id}` is at version {found} in the lake, but the ledger names version {known}: \
         the lake is older than the ledger; restore both from the same backup"
    )]
    Behind {
        /// Which source.
        source_id: String,
        /// The newest version in the lake, or `none`.
        found: String,
        /// The newest version that the ledger names.
        known: u64,
    },
    /// A file or a folder.
    #[error("{}", in_words(what, place, why, *full))]
    Files {
        /// What was being done.
        what: &'static str,
        /// To what.
        place: String,
        /// In words.
        why: String,
        /// Whether the disk was full.
        full: bool,
    },
}

impl LakeError {
    /// The error of an operation on `place`, whatever library it came from.
    pub(crate) fn files(what: &'static str, place: &Path, error: &(dyn Error + 'static)) -> Self {
        Self::Files {
            what,
            place: place.display().to_string(),
            why: error.to_string(),
            full: is_disk_full(error),
        }
    }

    /// Whether there was no room left on the disk.
    pub const fn is_disk_full(&self) -> bool {
        matches!(self, Self::Files { full: true, .. })
    }
}

fn in_words(what: &str, place: &str, why: &str, full: bool) -> String {
    if full {
        format!("the disk that holds `{place}` is full: make room and try again")
    } else {
        format!("{what} `{place}` failed: {why}")
    }
}

impl From<LakeError> for SinkError {
    fn from(error: LakeError) -> Self {
        match error {
            LakeError::Files { place, full: true, .. } => Self::DiskFull { place },
            LakeError::Files { what, place, why, .. } => {
                Self::Failed { what: format!("{what} `{place}`"), why }
            }
            other => {
                Self::Failed { what: "writing to the lake".to_owned(), why: other.to_string() }
            }
        }
    }
}

/// The sink's error for what went wrong with `place`.
pub(crate) fn sink_error(
    what: &'static str,
    place: &Path,
    error: &(dyn Error + 'static),
) -> SinkError {
    LakeError::files(what, place, error).into()
}

/// Looks for a full disk under the layers of three libraries.
fn is_disk_full(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let io = if let Some(io) = error.downcast_ref::<io::Error>() {
            Some(io)
        } else if let Some(ArrowError::IoError(_, io)) = error.downcast_ref::<ArrowError>() {
            Some(io)
        } else {
            None
        };
        if let Some(io) = io {
            if matches!(io.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
                return true;
            }
            // An `io::Error` that wraps another error shows it here, not as its source.
            next = io.get_ref().map(|inner| inner as &(dyn Error + 'static));
            continue;
        }
        next = match error.downcast_ref::<ParquetError>() {
            Some(ParquetError::External(inner)) => Some(inner.as_ref()),
            _ => match error.downcast_ref::<DeltaTableError>() {
                Some(DeltaTableError::ObjectStore { source }) => Some(source),
                _ => error.source(),
            },
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_seen_through_arrow_parquet_and_io() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let wrapped = io::Error::other(full());
        let arrow = ArrowError::IoError("writing".to_owned(), full());
        let parquet = ParquetError::External(Box::new(full()));
        let both = ParquetError::External(Box::new(ArrowError::IoError("x".to_owned(), full())));
        for error in [&full() as &(dyn Error + 'static), &wrapped, &arrow, &parquet, &both] {
            assert!(is_disk_full(error), "{error}");
        }
        assert!(!is_disk_full(&io::Error::from(io::ErrorKind::NotFound)));
    }
}
