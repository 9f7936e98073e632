//! Reading the files once more, for rows that were found unfit only when all
//! rows had been seen: they are kept aside whole, like every unfit row.

use std::collections::HashMap;
use std::sync::Arc;

use super::feed::{Feed, refused};
use super::intake::Counted;
use super::reasons::{ReasonLine, Reasons};
use super::refusal::ImportRefusal;
use super::{Fault, ParquetReader, Reason, parquet_rows};
use crate::contract::{Contract, FileFormat};
use crate::delivery::FileFault;
use crate::delivery::file::Opened;
use crate::manifest::DeliveredFile;
use crate::quality::Late;
use crate::row::Plan;
use crate::sink::{QuarantineSink, QuarantinedRow};

fn fault(late: Late, counted: &Counted) -> Fault {
    let (_, file, row) = counted.place(late.other);
    let why = match late.reason {
        Reason::Repeated => format!("says the same as row {row} of `{file}`, which is kept"),
        Reason::TwoPeople => {
            format!(
                "row {row} of `{file}` has the same national identity number and is about somebody else: find out whose it is, and correct the other"
            )
        }
        _ => format!(
            "row {row} of `{file}` has the same key and says something else: deliver one of them"
        ),
    };
    Fault::of_row(late.reason, why)
}

/// The first of the rows, in words.
pub(super) fn most(late: &[Late], counted: &Counted) -> String {
    late.first().map_or_else(String::new, |first| {
        let (_, file, row) = counted.place(first.row);
        format!("`{file}`, row {row}: {}", fault(*first, counted).why)
    })
}

/// A delivery that was read once.
#[derive(Clone, Copy)]
pub(super) struct Delivered<'a> {
    pub(super) contract: &'a Contract,
    pub(super) plan: &'a Plan,
    pub(super) opened: &'a [Opened],
    pub(super) parquet: &'a dyn ParquetReader,
    /// What the files were.
    pub(super) files: &'a [DeliveredFile],
    pub(super) counted: &'a Counted,
}

/// Keeps aside the rows of `late`. The files must still be what they were.
pub(super) fn set_aside(
    delivered: &Delivered<'_>,
    late: &[Late],
    quarantine: &mut dyn QuarantineSink,
    reasons: &mut Reasons,
) -> Result<(), ImportRefusal> {
    let Delivered { contract, plan, opened, parquet, files, counted } = *delivered;
    let wanted: HashMap<u64, Late> = late.iter().map(|late| (late.row, *late)).collect();
    let mut next = 0;
    let mut each = |line: u64, bytes: &dyn Fn() -> Vec<u8>| -> Result<(), ImportRefusal> {
        let row = next;
        next += 1;
        let Some(late) = wanted.get(&row) else { return Ok(()) };
        let (_, file, row) = counted.place(row);
        let faults = vec![fault(*late, counted)];
        let bytes = bytes();
        quarantine.put(&QuarantinedRow { file, row, line, faults: &faults, bytes: &bytes })?;
        reasons.put(&ReasonLine { file: file.to_owned(), row, line, faults })?;
        Ok(())
    };
    let again = match contract.file {
        FileFormat::Csv { .. } => {
            let mut feed = Feed::new(contract, plan, opened, Arc::default());
            while let Some(ticket) = feed.next()? {
                for (line, record) in ticket.block.records() {
                    each(line, &|| record.to_vec())?;
                }
            }
            feed.into_delivered()
        }
        FileFormat::Parquet => parquet_rows::revisit(contract, opened, parquet, &mut each)?,
    };
    for ((file, before), after) in opened.iter().zip(files).zip(&again) {
        if before != after {
            return Err(refused(file, FileFault::Changed));
        }
    }
    Ok(())
}
