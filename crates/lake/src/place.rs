//! Where things are.
//!
//! ```text
//! <lake>/<source>/_delta_log/…       which files make up which version
//! <lake>/<source>/part-….parquet     rows
//! <lake>/.work/<source>/             what an import has not committed yet
//! <lake>/.locks/<source>             who imports
//! <lake>/.locks/.<permit>.lock       who builds an extract
//! ```
//! A source's id begins with a letter, so that no table meets the other folders.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{Clock, Entropy, PermitId, SourceId};

use crate::durable;
use crate::error::LakeError;

/// How much memory a sort takes unless told otherwise: 512 MiB.
pub(crate) const SORT_MEMORY: usize = 512 << 20;

/// How many rows one person may have where rows are compared with each other,
/// unless told otherwise. All rows of one person are in memory at once then, some
/// times over: at about 100 bytes a row a quarter of a million is some 200 MiB.
/// It is a value a minute for half a year; whoever has more is most often a
/// number that stands for "unknown".
pub(crate) const MOST_ROWS_OF_ONE: usize = 1 << 18;

/// The folder of all tables.
#[derive(Clone)]
pub struct Lake {
    root: PathBuf,
    sort_memory: usize,
    most_rows_of_one: usize,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lake").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Lake {
    /// The lake in `root`; the folder is made if it is not there. The clock
    /// dates versions, entropy names tables.
    pub fn open(
        root: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, LakeError> {
        for folder in [root.to_path_buf(), root.join(".work"), root.join(".locks")] {
            durable::make_folder(&folder)?;
        }
        // Delta names a table by an absolute address.
        let root =
            root.canonicalize().map_err(|error| LakeError::files("looking up", root, &error))?;
        Ok(Self {
            root,
            sort_memory: SORT_MEMORY,
            most_rows_of_one: MOST_ROWS_OF_ONE,
            clock,
            entropy,
        })
    }

    /// How many bytes of rows an import holds in memory before it spills to disk.
    #[must_use]
    pub const fn with_sort_memory(mut self, bytes: usize) -> Self {
        self.sort_memory = bytes;
        self
    }

    /// How many rows one person may have in a delivery whose rows are compared
    /// with each other; a delivery with more of one is refused.
    #[must_use]
    pub const fn with_most_rows_of_one(mut self, rows: usize) -> Self {
        self.most_rows_of_one = rows;
        self
    }

    pub(crate) const fn most_rows_of_one(&self) -> usize {
        self.most_rows_of_one
    }

    pub(crate) const fn sort_memory(&self) -> usize {
        self.sort_memory
    }

    pub(crate) fn table(&self, source: &SourceId) -> PathBuf {
        self.root.join(source.as_str())
    }

    pub(crate) fn work(&self, source: &SourceId) -> PathBuf {
        self.root.join(".work").join(source.as_str())
    }

    pub(crate) fn lock_file(&self, source: &SourceId) -> PathBuf {
        self.root.join(".locks").join(source.as_str())
    }

    pub(crate) fn permit_lock_file(&self, permit: &PermitId) -> PathBuf {
        self.root.join(".locks").join(format!(".{permit}.lock"))
    }
}
