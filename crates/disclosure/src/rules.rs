//! What a permit says may leave, in numbers.

use serde::{Deserialize, Serialize};

/// The permit's parameters. Where the handbook speaks of percentages these are
/// shares from 0 to 1. (Hundepool et al., *Handbook on Statistical Disclosure
/// Control*, section 4.2.1, table "Sensitivity rules".)
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rules {
    /// No cell on fewer people than this. 0 and 1 protect nobody and count as 2.
    pub smallest_count: u32,
    /// No dominance: the `n` largest contributors hold at most `k` of a total.
    pub dominance_n: u32,
    /// See `dominance_n`: a share from 0 to 1.
    pub dominance_k: f64,
    /// p-percent: nobody can work out a contribution to within this share of it.
    pub p_percent: f64,
    /// Fitted models leave only with at least so many residual degrees of freedom.
    pub smallest_residual_df: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            smallest_count: 5,
            dominance_n: 2,
            dominance_k: 0.85,
            p_percent: 0.10,
            smallest_residual_df: 10,
        }
    }
}

impl Rules {
    /// The smallest count that may be shown, never below 2: a cell of one is a
    /// person whatever a permit says.
    pub fn threshold(&self) -> u64 {
        u64::from(self.smallest_count.max(2))
    }

    /// Whether `count` is of people, but of too few.
    pub(crate) fn small(&self, count: i128) -> bool {
        count > 0 && count < i128::from(self.threshold())
    }
}

/// How much of a file is read. Beyond these a file is no result that a person
/// could check, and is refused without looking further.
pub mod limits {
    /// Bytes of a file.
    pub const BYTES: usize = 8 << 20;
    /// Rows of a table.
    pub const ROWS: usize = 200_000;
    /// Columns of a table.
    pub const COLUMNS: usize = 2_000;
    /// Cells of a table.
    pub const CELLS: usize = 1_000_000;
    /// Tables found inside one JSON or text file.
    pub const TABLES: usize = 50;
    /// Elements of a picture.
    pub const ELEMENTS: usize = 50_000;
    /// Attributes of one element.
    pub const ATTRIBUTES: usize = 100;
    /// Depth of elements in a picture.
    pub const DEPTH: usize = 64;
    /// Places named by one finding; how many more there are is said in a number.
    pub const PLACES: usize = 200;
    /// Cells of a table that the audit and the mend take on.
    pub const AUDITED_CELLS: usize = 2_000;
}
