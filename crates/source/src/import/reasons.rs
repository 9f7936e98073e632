//! The list of rows that were kept aside, with the reason and without values.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
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

/// Writes the list, and counts.
pub(super) struct Reasons {
    path: PathBuf,
    partial: PathBuf,
    out: Option<BufWriter<File>>,
    counts: BTreeMap<Reason, (u64, String)>,
    pub(super) rows: u64,
}

impl Reasons {
    pub(super) fn create(path: &Path) -> Result<Self, SinkError> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file =
            File::create(&partial).map_err(|error| SinkError::io("creating", &partial, &error))?;
        Ok(Self {
            path: path.to_owned(),
            partial,
            out: Some(BufWriter::new(file)),
            counts: BTreeMap::new(),
            rows: 0,
        })
    }

    pub(super) fn put(&mut self, line: &ReasonLine) -> Result<(), SinkError> {
        self.rows += 1;
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
