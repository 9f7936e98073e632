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
    #[error("cannot be read: {0}; see to it that the centre may read it, and try again")]
    Unreadable(#[source] std::io::Error),
    /// A folder, a pipe, a device.
    #[error("is no regular file: give the name of a file, not of a folder, pipe or device")]
    NotAFile,
    /// No byte in it.
    #[error("is empty: export it again")]
    Empty,
    /// A header and nothing below it.
    #[error("has a header and no rows: export it again, with its rows")]
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
    #[error(
        "begins with the UTF-8 byte order mark, the contract says `latin-1`: save it as Latin-1, or have `encoding` in the contract changed"
    )]
    Utf8Mark,
    /// What should be Latin-1 is UTF-8 throughout.
    #[error(
        "looks like UTF-8, the contract says `latin-1`: the first letter that tells is in row {row}, column `{column}`; save it as Latin-1, or have `encoding` in the contract changed"
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
    #[error(
        "cannot be read as Parquet: {0}; write it again, or have `format` in the contract changed"
    )]
    Parquet(String),
}

/// How a header differs from the contract's columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// The first line is no header at all.
    #[error(
        "has a first line that is no text in the contract's encoding (its byte {0}): save the file in that encoding, or have `encoding` in the contract changed"
    )]
    Encoding(usize),
    /// A quote is opened and not closed, or closed in the middle of a name.
    #[error(
        "has a quote in its header that is not closed, or not at the end of a name: close it or leave it out"
    )]
    Quote,
    /// It fits with another delimiter.
    #[error("has a header that looks separated by {found}, the contract says {said}: export it with {said}, or have `delimiter` in the contract changed", found = shown(*.found), said = shown(*.said))]
    Delimiter {
        /// As the contract says.
        said: char,
        /// As the file has it.
        found: char,
    },
    /// The first line has no word in common with the header: it is a row.
    #[error(
        "has no header: the first line has none of the contract's columns: add the header {}", named(.columns)
    )]
    Absent {
        /// The header's columns.
        columns: Vec<String>,
    },
    /// The first line has few of the columns, so that the others may be values.
    #[error(
        "has a first line with only {known} of the contract's columns, missing {}: make it the header", named(.missing)
    )]
    Mostly {
        /// Columns of the contract that the line lacks.
        missing: Vec<String>,
        /// How many it has.
        known: usize,
    },
    /// Columns are missing, or there are some that no contract knows.
    #[error("has a header that does not fit the contract: {}", columns(.missing, .unexpected))]
    Columns {
        /// Columns of the contract that the header lacks.
        missing: Vec<String>,
        /// Columns of the header that the contract lacks, each with the missing
        /// one it is probably meant to be.
        unexpected: Vec<(String, Option<String>)>,
    },
    /// The right columns in another order.
    #[error(
        "has the contract's columns in another order: column {at} is `{found}`, should be `{said}`; put them in the contract's order"
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
    #[error("has column `{0}` twice in its header: leave one out")]
    Twice(String),
    /// A Parquet column of a type that holds no such values.
    #[error(
        "has column `{column}` of the Parquet type {found}, which holds no {said}: write it as another type"
    )]
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

fn named(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn columns(missing: &[String], unexpected: &[(String, Option<String>)]) -> String {
    let mut parts = Vec::new();
    if !missing.is_empty() {
        parts.push(format!("missing {}", named(missing)));
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
    let todo = match (missing, unexpected) {
        ([], _) => "leave out what the contract does not have",
        (_, []) => "deliver every column of the contract",
        _ => "name the columns as the contract does",
    };
    parts.push(todo.to_owned());
    parts.join("; ")
}
