//! How far an import has come. The program draws it.

/// What an import is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reading and checking rows.
    Reading {
        /// Bytes read of all files, as delivered.
        read: u64,
        /// Bytes there are.
        of: u64,
        /// Rows read.
        rows: u64,
    },
    /// Comparing each person's rows, and writing them in order.
    Writing {
        /// Rows done.
        rows: u64,
        /// Rows there are.
        of: u64,
    },
    /// Keeping aside rows that contradict others: the files are read once more.
    SettingAside {
        /// How many rows.
        rows: u64,
    },
}

/// Somebody who waits for an import.
pub trait Progress: Sync {
    /// Told now and then, at least once per block of about a mebibyte.
    fn at(&self, step: Step);
}

/// Nobody waits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn at(&self, _: Step) {}
}
