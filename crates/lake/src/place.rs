//! Where things are.
//!
//! ```text
//! <lake>/<source>/_delta_log/…       which files make up which version
//! <lake>/<source>/part-….parquet     rows
//! <lake>/.work/<source>/             what an import has not committed yet
//! <lake>/.locks/<source>             who imports
//! ```
//! A source's id begins with a letter, so that no table meets the other folders.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{Clock, Entropy, SourceId};

use crate::error::LakeError;

/// How much memory a sort takes unless told otherwise: 512 MiB.
pub(crate) const SORT_MEMORY: usize = 512 << 20;

/// The folder of all tables.
#[derive(Clone)]
pub struct Lake {
    root: PathBuf,
    sort_memory: usize,
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
            fs::create_dir_all(&folder)
                .map_err(|error| LakeError::files("making the folder", &folder, &error))?;
        }
        // Delta names a table by an absolute address.
        let root =
            root.canonicalize().map_err(|error| LakeError::files("looking up", root, &error))?;
        Ok(Self { root, sort_memory: SORT_MEMORY, clock, entropy })
    }

    /// How many bytes of rows an import holds in memory before it spills to disk.
    #[must_use]
    pub const fn with_sort_memory(mut self, bytes: usize) -> Self {
        self.sort_memory = bytes;
        self
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
}
