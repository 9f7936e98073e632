//! Taking checked blocks in, in order: each part to where it belongs.

use super::feed::is_latin_1;
use super::reasons::{ReasonLine, Reasons};
use super::refusal::ImportRefusal;
use crate::contract::{Contract, Encoding};
use crate::delivery::FileFault;
use crate::delivery::file::Opened;
use crate::identity::IdentitySink;
use crate::row::{Parsed, Rejected};
use crate::sink::{ContentBatch, ContentSink, QuarantineSink, QuarantinedRow};

/// A file that is no good at all is given up after so many rows.
const GIVE_UP_AFTER: u64 = 10_000;

/// Takes blocks in.
pub(super) struct Intake<'a, S> {
    contract: &'a Contract,
    opened: &'a [Opened],
    content: &'a mut S,
    identities: &'a mut dyn IdentitySink,
    quarantine: &'a mut dyn QuarantineSink,
    reasons: &'a mut Reasons,
    counted: Counted,
    high: u64,
    high_utf8: u64,
    first_high: Option<(usize, u64, String)>,
}

/// What has been counted while reading.
pub(super) struct Counted {
    /// How many rows there are in each file.
    files: Vec<(String, u64)>,
    pub(super) rows_read: u64,
    pub(super) rows_kept: u64,
    pub(super) rows_quarantined: u64,
}

impl Counted {
    /// The file and its row that a row of the delivery is.
    pub(super) fn place(&self, row: u64) -> (usize, &str, u64) {
        let mut rest = row;
        for (at, (name, rows)) in self.files.iter().enumerate() {
            if rest < *rows {
                return (at, name, rest + 1);
            }
            rest -= rows;
        }
        (self.files.len(), "", rest + 1)
    }

    /// How many more rows may be kept aside.
    pub(super) fn room(&self, contract: &Contract) -> u64 {
        let limit = contract.quarantine;
        let mut room = 0;
        let mut step = self.rows_read.max(1).next_power_of_two();
        // The most that does not exceed the limit, by halving.
        while step > 0 {
            if !limit.exceeded(self.rows_quarantined + room + step, self.rows_read) {
                room += step;
            }
            step /= 2;
        }
        room
    }
}

/// How many bad rows the contract allows, in words.
pub(super) fn allowed(contract: &Contract) -> String {
    let limit = contract.quarantine;
    format!("{} or {} % of them, whichever is more", limit.rows, limit.share * 100.0)
}

impl<'a, S: ContentSink> Intake<'a, S> {
    pub(super) fn new(
        contract: &'a Contract,
        opened: &'a [Opened],
        content: &'a mut S,
        identities: &'a mut dyn IdentitySink,
        quarantine: &'a mut dyn QuarantineSink,
        reasons: &'a mut Reasons,
    ) -> Self {
        let files = opened.iter().map(|file| (file.name.clone(), 0)).collect();
        Self {
            contract,
            opened,
            content,
            identities,
            quarantine,
            reasons,
            counted: Counted { files, rows_read: 0, rows_kept: 0, rows_quarantined: 0 },
            high: 0,
            high_utf8: 0,
            first_high: None,
        }
    }

    pub(super) const fn rows(&self) -> u64 {
        self.counted.rows_read
    }

    /// Takes the next block of `file`.
    pub(super) fn take(
        &mut self,
        file: usize,
        parsed: Parsed,
        encoding: Encoding,
    ) -> Result<(), ImportRefusal> {
        let base = self.counted.rows_read;
        let Some((name, in_file)) = self.counted.files.get_mut(file) else { return Ok(()) };
        let first_row = *in_file + 1;
        *in_file += parsed.rows;
        let name = name.clone();
        for rejected in parsed.rejected {
            self.set_aside(&name, first_row, rejected)?;
        }
        if is_latin_1(encoding) {
            self.high += parsed.high.fields;
            self.high_utf8 += parsed.high.utf8;
            if let (None, Some((place, column))) = (&self.first_high, parsed.high.first) {
                self.first_high = Some((file, first_row + u64::from(place), column));
            }
        }
        for (subject, identity) in parsed.identities {
            self.identities.put(subject, identity)?;
        }
        self.counted.rows_read += parsed.rows;
        self.counted.rows_kept += parsed.subjects.len() as u64;
        if !parsed.subjects.is_empty() {
            self.content.put(ContentBatch {
                rows: parsed.places.into_iter().map(|place| base + u64::from(place)).collect(),
                subjects: parsed.subjects,
                marks: parsed.marks,
                content: parsed.content,
            })?;
        }
        let (bad, all) = (self.counted.rows_quarantined, self.counted.rows_read);
        let hopeless = all >= GIVE_UP_AFTER && bad > all / 2;
        if hopeless && self.contract.quarantine.exceeded(bad, all) {
            return Err(self.too_many());
        }
        Ok(())
    }

    fn set_aside(
        &mut self,
        file: &str,
        first_row: u64,
        rejected: Rejected,
    ) -> Result<(), ImportRefusal> {
        let Rejected { place, line, faults, bytes } = rejected;
        let row = first_row + u64::from(place);
        self.counted.rows_quarantined += 1;
        self.quarantine.put(&QuarantinedRow { file, row, line, faults: &faults, bytes: &bytes })?;
        self.reasons.put(&ReasonLine { file: file.to_owned(), row, line, faults })?;
        Ok(())
    }

    fn too_many(&self) -> ImportRefusal {
        ImportRefusal::TooManyBadRows {
            bad: self.counted.rows_quarantined,
            rows: self.counted.rows_read,
            allowed: allowed(self.contract),
            most: self.reasons.most(),
            first: self.reasons.first.clone(),
        }
    }

    /// Everything has been read: whether it is fit to go on with.
    pub(super) fn finish(self) -> Result<Counted, ImportRefusal> {
        let refused = |file: usize, fault| {
            let name = self.opened.get(file).map(|opened| opened.name.clone()).unwrap_or_default();
            Err(ImportRefusal::File { file: name, fault })
        };
        if let Some(empty) = self.counted.files.iter().position(|(_, rows)| *rows == 0) {
            return refused(empty, FileFault::NoRows);
        }
        // Latin-1 text that happens to be UTF-8 in every single field is UTF-8.
        if let Some((file, row, column)) = &self.first_high
            && self.high == self.high_utf8
        {
            return refused(*file, FileFault::LooksUtf8 { row: *row, column: column.clone() });
        }
        let (bad, all) = (self.counted.rows_quarantined, self.counted.rows_read);
        if bad == all {
            let (most, first) = (self.reasons.most(), self.reasons.first.clone());
            return Err(ImportRefusal::NoneFits { rows: all, most, first });
        }
        if self.contract.quarantine.exceeded(bad, all) {
            return Err(self.too_many());
        }
        Ok(self.counted)
    }
}
