//! Whether the rows that were kept aside are the spoilt ones, each for what is
//! wrong with it.

use std::collections::BTreeMap;

use source::{Fault, Reason};
use synthetic::{Spoilage, SpoiltRow};

use super::report::hold;
use crate::answer::Stop;

/// How many rows of a delivery are told of.
const SHOWN: usize = 3;

/// The reason an import gives for what was done to a row.
const fn reason_of(spoilage: Spoilage) -> Reason {
    match spoilage {
        Spoilage::CheckDigit => Reason::NationalId,
        Spoilage::ImpossibleDate | Spoilage::NumberForDate => Reason::Date,
        Spoilage::FutureDate => Reason::FutureDate,
        Spoilage::MissingValue => Reason::Missing,
        Spoilage::UnknownCode => Reason::NotAllowed,
        Spoilage::CutShort => Reason::FieldCount,
    }
}

/// Goes on only if exactly the spoilt rows were kept aside, each in its column and
/// for its reason; tells of a few, without their values.
pub(super) fn compare<'a>(
    aside: impl IntoIterator<Item = (u64, &'a [Fault])>,
    spoilt: &[SpoiltRow],
) -> Result<Vec<String>, Stop> {
    let found: BTreeMap<u64, &[Fault]> = aside.into_iter().collect();
    hold(found.len() == spoilt.len(), || {
        format!("{} rows were spoilt, and {} kept aside", spoilt.len(), found.len())
    })?;
    for row in spoilt {
        let reason = reason_of(row.spoilage);
        let known = found.get(&row.row).is_some_and(|faults| {
            faults.iter().any(|fault| fault.reason == reason && fault.column == row.column)
        });
        hold(known, || {
            format!("row {} was spoilt ({}) and not kept aside for it", row.row, reason.word())
        })?;
    }
    let told = found.iter().take(SHOWN).map(|(row, faults)| {
        let why: Vec<_> = faults
            .iter()
            .map(|fault| match &fault.column {
                Some(column) => format!("`{column}` {}", fault.why),
                None => fault.why.clone(),
            })
            .collect();
        format!("  row {row}: {}", why.join("; "))
    });
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(column: &str, reason: Reason) -> [Fault; 1] {
        [Fault { column: Some(column.to_owned()), reason, why: String::new() }]
    }

    #[test]
    fn another_row_column_or_reason_does_not_hold() {
        let column = Some("id".to_owned());
        let spoilt = [SpoiltRow { row: 7, spoilage: Spoilage::CheckDigit, column }];
        let with =
            |row, column, reason| compare([(row, &kept(column, reason)[..])], &spoilt).is_ok();
        assert!(with(7, "id", Reason::NationalId));
        assert!(!with(8, "id", Reason::NationalId));
        assert!(!with(7, "date", Reason::NationalId));
        assert!(!with(7, "id", Reason::Date));
        assert!(compare([], &spoilt).is_err());
    }
}
