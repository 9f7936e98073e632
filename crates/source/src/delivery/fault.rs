//! Why a file is refused as a whole.

use std::fmt;

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "unpacked",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// Why a file is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It cannot be opened or read.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] std::io::Error),
    /// A folder, a pipe, a device.
    #[error("is no regular file")]
    NotAFile,
    /// No byte in it.
    #[error("is empty")]
    Empty,
    /// A header and nothing below it.
    #[error("has a header and no rows")]
    NoRows,
    /// Somebody wrote to it, or replaced it, while it was read.
    #[error("changed while it was read: import it again when nobody writes to it")]
    Changed,
    /// It ends in the middle of its packing.
    #[error("is cut short: the {0} stream ends before its end mark; fetch it again")]
    CutShort(Packing),
    /// Its packing cannot be read.
    #[error("is damaged: its {packing} stream cannot be read ({why}); fetch it again")]
    Damaged {
        /// How it is packed.
        packing: Packing,
        /// In words.
        why: String,
    },
    /// The name says one packing and the bytes say another.
    #[error(
        "is {found} by its first bytes and {named} by its name: name it `.gz`, `.zst` or neither, as it is packed"
    )]
    Packing {
        /// As its name says.
        named: Packing,
        /// As its first bytes say.
        found: Packing,
    },
    /// Two-byte characters.
    #[error("is UTF-16: save it as UTF-8")]
    Utf16,
    /// It begins with the mark of UTF-8 and the contract says otherwise.
    #[error("begins with the UTF-8 byte order mark, the contract says `latin-1`")]
    Utf8Mark,
    /// What should be Latin-1 is UTF-8 throughout.
    #[error(
        "looks like UTF-8, the contract says `latin-1`: the first letter that tells is in row {row}, column `{column}`"
    )]
    LooksUtf8 {
        /// Which row; the first after the header is 1.
        row: u64,
        /// Which column.
        column: String,
    },
    /// No line end within the size a record may have.
    #[error("has no line end in its first {0} bytes: is it a text file with one row per line?")]
    NoLines(usize),
    /// Lines end in a carriage return alone.
    #[error("ends its lines with a carriage return alone: save it with LF or CR LF")]
    CarriageReturns,
    /// The header is not the contract's.
    #[error(transparent)]
    Header(#[from] HeaderFault),
    /// No Parquet file, or one that cannot be read.
    #[error("cannot be read as Parquet: {0}")]
    Parquet(String),
}

/// How a header differs from the contract's columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// The first line is no header at all.
    #[error("the header is no text in the contract's encoding (byte {0} of the first line)")]
    Encoding(usize),
    /// A quote is opened and not closed, or closed in the middle of a name.
    #[error("a quote in the header is not closed, or not at the end of a name")]
    Quote,
    /// It fits with another delimiter.
    #[error("the header looks separated by {found}, the contract says {said}", found = shown(*.found), said = shown(*.said))]
    Delimiter {
        /// As the contract says.
        said: char,
        /// As the file has it.
        found: char,
    },
    /// Columns are missing, or there are some that no contract knows.
    #[error("the header does not fit the contract: {}", columns(.missing, .unexpected))]
    Columns {
        /// Columns of the contract that the header lacks.
        missing: Vec<String>,
        /// Columns of the header that the contract lacks, each with the missing
        /// one it is probably meant to be.
        unexpected: Vec<(String, Option<String>)>,
    },
    /// The right columns in another order.
    #[error(
        "the columns stand in another order than in the contract: column {at} is `{found}`, should be `{said}`"
    )]
    Order {
        /// Which column, the first is 1.
        at: usize,
        /// As the file has it.
        found: String,
        /// As the contract says.
        said: String,
    },
    /// A column that stands twice.
    #[error("the header has column `{0}` twice")]
    Twice(String),
    /// A Parquet column of a type that holds no such values.
    #[error("column `{column}` has the Parquet type {found}, which holds no {said}")]
    Type {
        /// Which column.
        column: String,
        /// As the file has it.
        found: String,
        /// As the contract says.
        said: String,
    },
}

fn shown(delimiter: char) -> String {
    match delimiter {
        '\t' => "a tab".to_owned(),
        other => format!("`{other}`"),
    }
}

fn columns(missing: &[String], unexpected: &[(String, Option<String>)]) -> String {
    let mut parts = Vec::new();
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        parts.push(format!("missing {}", names.join(", ")));
    }
    if !unexpected.is_empty() {
        let names: Vec<String> = unexpected
            .iter()
            .map(|(name, near)| match near {
                Some(near) => format!("`{name}` (meant as `{near}`?)"),
                None => format!("`{name}`"),
            })
            .collect();
        parts.push(format!("unexpected {}", names.join(", ")));
    }
    parts.join("; ")
}
