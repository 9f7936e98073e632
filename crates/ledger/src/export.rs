//! The ledger as a file that anybody can check: JSON lines.
//!
//! ```text
//! {"format":"helserom-ledger/1","origin":"centre.example/ledger"}
//! {"entry":{"act":…,"subject":…},"hash":"64 hex digits"}     one per entry, from entry 0 on
//! {"checkpoint":"centre.example/ledger\n…\n\n— …\n"}         last
//! ```
//!
//! What stands between `{"entry":` and `,"hash":"` is the canonical text of the
//! entry (RFC 8785), byte for byte; the hash is SHA-256 of the byte 0x00 and
//! those bytes. The checkpoint is a C2SP `tlog-checkpoint` over all entries.
//! Further checkpoints may stand between entries, each behind the last entry it
//! covers. A program in another language needs a JSON reader, SHA-256 and
//! Ed25519 to check all of it.

use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};

use crate::chain::{Chain, Examined, Flaw, Report};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{SignedNote, VerifierKey};
use crate::parallel::in_parallel;

/// The first line says that the file is of this format.
pub const FORMAT: &str = "helserom-ledger/1";

/// No line of an export is longer than this, bytes: a file without newlines
/// must not fill the memory.
pub const LONGEST_LINE: u64 = 64 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    format: std::borrow::Cow<'a, str>,
    origin: std::borrow::Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointLine {
    checkpoint: String,
}

const ENTRY: &str = "{\"entry\":";
const HASH: &str = ",\"hash\":\"";
const END: &str = "\"}";

/// Writes an export.
#[derive(Debug)]
pub struct Export<W> {
    out: W,
}

impl<W: Write> Export<W> {
    /// Begins an export of the ledger that is called `origin`.
    pub fn begin(mut out: W, origin: &str) -> io::Result<Self> {
        serde_json::to_writer(&mut out, &Header { format: FORMAT.into(), origin: origin.into() })?;
        out.write_all(b"\n")?;
        Ok(Self { out })
    }

    /// The next entry: its canonical text and its hash.
    pub fn entry(&mut self, text: &str, hash: &str) -> io::Result<()> {
        write_entry(&mut self.out, text, hash)
    }

    /// A checkpoint over the entries so far. The last line must be one.
    pub fn checkpoint(&mut self, note: &SignedNote) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, &CheckpointLine { checkpoint: note.to_string() })?;
        self.out.write_all(b"\n")
    }

    /// Ends the export and gives the writer back, flushed.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Writes the line of one entry.
pub fn write_entry(out: &mut impl Write, text: &str, hash: &str) -> io::Result<()> {
    for part in [ENTRY, text, HASH, hash, END, "\n"] {
        out.write_all(part.as_bytes())?;
    }
    Ok(())
}

/// The canonical text and the hash in the line of an entry; `None` when it is
/// the line of something else.
pub fn split_entry(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix(ENTRY)?.strip_suffix(END)?.rsplit_once(HASH)
}

/// Reads lines of bounded length into `line`, without the newline; `false` at
/// the end of the file.
pub fn read_line(input: &mut impl BufRead, line: &mut String) -> io::Result<bool> {
    line.clear();
    let read = input.take(LONGEST_LINE).read_line(line)?;
    if line.ends_with('\n') {
        line.pop();
    } else if u64::try_from(read).is_ok_and(|read| read == LONGEST_LINE) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than 64 MiB"));
    }
    Ok(read > 0)
}

/// Why a file was not checked at all.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It cannot be read.
    #[error("the export cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is no export.
    #[error("this is no export of a ledger: the first line should say `{FORMAT}`")]
    Format,
    /// It is the export of another ledger.
    #[error("this is the export of `{found}`, and the key is that of `{expected}`")]
    Origin {
        /// What the export says.
        found: String,
        /// What the key says.
        expected: String,
    },
}

/// How many entries are handed to a processor at once.
const BATCH: usize = 4096;

/// Checks an export with nothing but the public key, and says everything that is
/// wrong with it: entries changed, removed, put in or reordered, checkpoints
/// that are not rightly signed or not of these entries, entries that no
/// checkpoint covers.
pub fn verify(mut input: impl BufRead, key: &VerifierKey) -> Result<Report, ExportError> {
    let mut line = String::new();
    read_line(&mut input, &mut line)?;
    let header: Header<'_> = serde_json::from_str(&line).map_err(|_| ExportError::Format)?;
    if header.format != FORMAT {
        return Err(ExportError::Format);
    }
    if header.origin != key.name() {
        return Err(ExportError::Origin {
            found: header.origin.into_owned(),
            expected: key.name().to_owned(),
        });
    }
    let mut chain = Chain::new();
    let mut batch: Vec<String> = Vec::with_capacity(BATCH);
    let mut more = true;
    while more {
        batch.clear();
        while more && batch.len() < BATCH {
            let mut line = String::with_capacity(512);
            more = read_line(&mut input, &mut line)?;
            if more {
                batch.push(line);
            }
        }
        for part in in_parallel(&batch, |line| Part::read(line, key)) {
            part.put_in(&mut chain);
        }
    }
    chain.expect_covered();
    Ok(chain.finish())
}

enum Part<'a> {
    Entry(Examined<'a>),
    Checkpoint(Result<Checkpoint, CheckpointError>),
    Foreign(&'a str),
}

impl<'a> Part<'a> {
    fn read(line: &'a str, key: &VerifierKey) -> Self {
        if let Some((text, hash)) = split_entry(line) {
            return Self::Entry(Examined::new(text, hash));
        }
        match serde_json::from_str::<CheckpointLine>(line) {
            Ok(found) => {
                let note = found.checkpoint.parse::<SignedNote>().map_err(CheckpointError::Note);
                Self::Checkpoint(note.and_then(|note| Checkpoint::open(&note, key)))
            }
            Err(_) => Self::Foreign(line),
        }
    }

    fn put_in(self, chain: &mut Chain) {
        match self {
            Self::Entry(entry) => chain.take(&entry),
            Self::Checkpoint(Ok(checkpoint)) => chain.checkpoint(&checkpoint),
            Self::Checkpoint(Err(why)) => chain.bad_checkpoint(why.to_string()),
            Self::Foreign(line) => {
                chain.fault_at_end(Flaw::Foreign(line.chars().take(60).collect()));
            }
        }
    }
}
