//! The list of rows that were kept aside, with the reason and without values.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fault::{Fault, Reason};
use crate::sink::SinkError;

/// One line of `quarantine.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReasonLine {
    /// The file's name.
    pub file: String,
    /// Which row of the file; the first after the header is 1.
    pub row: u64,
    /// The line it begins on; the header is on line 1.
    pub line: u64,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// So many reasons are told at once; the list has the rest.
pub const FIRST_REASONS: usize = 20;

impl fmt::Display for ReasonLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, row {}", self.file, self.row)?;
        for (at, fault) in self.faults.iter().enumerate() {
            f.write_str(if at == 0 { ": " } else { "; " })?;
            match &fault.column {
                Some(column) => write!(f, "column `{column}` {}", fault.why)?,
                None => f.write_str(&fault.why)?,
            }
        }
        Ok(())
    }
}

/// The first `most` lines of a list of reasons, and how many it has.
pub fn read_reasons(path: &Path, most: usize) -> Result<(Vec<ReasonLine>, u64), SinkError> {
    let fail = |error: &std::io::Error| SinkError::io("reading", path, error);
    let list = BufReader::new(File::open(path).map_err(|error| fail(&error))?);
    let (mut first, mut all) = (Vec::new(), 0);
    for line in list.lines() {
        let line = line.map_err(|error| fail(&error))?;
        if first.len() < most {
            first.push(serde_json::from_str(&line).map_err(|error| fail(&error.into()))?);
        }
        all += 1;
    }
    Ok((first, all))
}

/// Writes the list, and counts.
pub(super) struct Reasons {
    path: PathBuf,
    partial: PathBuf,
    out: Option<BufWriter<File>>,
    counts: BTreeMap<Reason, (u64, String)>,
    pub(super) rows: u64,
    /// The first lines.
    pub(super) first: Vec<ReasonLine>,
}

impl Reasons {
    pub(super) fn create(path: &Path) -> Result<Self, SinkError> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        // For nobody's eyes but ours: it tells which rows of a register are odd.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)
            .map_err(|error| SinkError::io("creating", &partial, &error))?;
        Ok(Self {
            path: path.to_owned(),
            partial,
            out: Some(BufWriter::new(file)),
            counts: BTreeMap::new(),
            rows: 0,
            first: Vec::new(),
        })
    }

    pub(super) fn put(&mut self, line: &ReasonLine) -> Result<(), SinkError> {
        self.rows += 1;
        if self.first.len() < FIRST_REASONS {
            self.first.push(line.clone());
        }
        let mut said: Vec<Reason> = Vec::new();
        for fault in &line.faults {
            // A row counts once under each of its reasons.
            if !said.contains(&fault.reason) {
                said.push(fault.reason);
                let count =
                    self.counts.entry(fault.reason).or_insert_with(|| (0, example(line, fault)));
                count.0 += 1;
            }
        }
        let Some(out) = &mut self.out else { return Ok(()) };
        let written = serde_json::to_writer(&mut *out, line)
            .map_err(std::io::Error::from)
            .and_then(|()| out.write_all(b"\n"));
        written.map_err(|error| SinkError::io("writing", &self.partial, &error))
    }

    /// The commonest reason, in words.
    pub(super) fn most(&self) -> String {
        self.counts.values().max_by_key(|(count, _)| *count).map_or_else(
            || "none".to_owned(),
            |(count, example)| format!("{example} ({count} rows)"),
        )
    }

    pub(super) fn counts(&self) -> BTreeMap<Reason, u64> {
        self.counts.iter().map(|(reason, (count, _))| (*reason, *count)).collect()
    }

    /// Puts the list in its place.
    pub(super) fn finish(mut self) -> Result<(), SinkError> {
        let Some(mut out) = self.out.take() else { return Ok(()) };
        let done = out
            .flush()
            .and_then(|()| out.get_ref().sync_all())
            .and_then(|()| std::fs::rename(&self.partial, &self.path));
        done.map_err(|error| SinkError::io("writing", &self.path, &error))
    }
}

impl Drop for Reasons {
    fn drop(&mut self) {
        // Not finished: the import left nothing, so its list goes too. If that
        // fails, recovery removes what is called `.partial`.
        if self.out.take().is_some() {
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

fn example(line: &ReasonLine, fault: &Fault) -> String {
    let column = fault.column.as_ref().map(|name| format!(", column `{name}`")).unwrap_or_default();
    format!("`{}`, row {}{column}: {}", line.file, line.row, fault.why)
}
