//! What a check may know besides the file. All of it is made elsewhere.

use model::OutputId;

use crate::kind::Kind;
use crate::sketch::Sketch;

/// What the file is held against.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// How many people are in the extract.
    pub people: Option<u64>,
    /// How many rows the extract's largest table has.
    pub rows: Option<u64>,
    /// The extract's columns, to recognise copies of them.
    pub sketches: Vec<Sketch>,
    /// What left before under the same permit.
    pub earlier: Vec<Earlier>,
}

/// A file that left before.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// Which output it was.
    pub output: OutputId,
    /// Its name.
    pub name: String,
    /// What it was said to be.
    pub kind: Kind,
    /// The file itself.
    pub bytes: Vec<u8>,
}

/// A file that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Its name in the room.
    pub name: &'a str,
    /// The file itself.
    pub bytes: &'a [u8],
    /// What it is said to be.
    pub kind: &'a Kind,
    /// For a figure: the table it is said to be drawn from.
    pub table: Option<&'a [u8]>,
}
