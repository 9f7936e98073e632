//! Rows with something wrong in them, added between the good ones, so that
//! quarantine is seen at work.

use model::Entropy;
use serde::{Deserialize, Serialize};

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spoilage {
    /// The last digit of the identity number is one too high.
    CheckDigit,
    /// 30 February.
    ImpossibleDate,
    /// A day that has not come.
    FutureDate,
    /// A spreadsheet's day number where a date belongs.
    NumberForDate,
    /// A required value is empty.
    MissingValue,
    /// A code that the contract does not list.
    UnknownCode,
    /// The line ends in the middle of a field.
    CutShort,
}

/// One spoilt row and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpoiltRow {
    /// Counted from 1 at the first row after the header.
    pub row: u64,
    /// What is wrong with it.
    pub spoilage: Spoilage,
    /// The column that is wrong; `None` for a line cut short.
    pub column: Option<String>,
}

/// A row's fields, in the order of the columns.
pub(crate) type Row = Vec<String>;

/// A wish for one spoilt row: what to spoil, in which column.
pub(crate) struct Wish(pub(crate) Spoilage, pub(crate) &'static str);

/// Spoils `row` as wished.
fn spoil(mut row: Row, columns: &[&str], wish: &Wish) -> Row {
    let at = columns.iter().position(|column| *column == wish.1).unwrap_or_default();
    if wish.0 == Spoilage::CutShort {
        row.truncate(at + 1);
    }
    let Some(field) = row.get_mut(at) else { return row };
    match wish.0 {
        Spoilage::CheckDigit => {
            let last = field.pop().and_then(|digit| digit.to_digit(10)).unwrap_or_default();
            field.extend(char::from_digit((last + 1) % 10, 10));
        }
        Spoilage::ImpossibleDate => field.replace_range(4.., "-02-30"),
        Spoilage::FutureDate => field.replace_range(..4, "2999"),
        Spoilage::NumberForDate => "43101".clone_into(field),
        Spoilage::MissingValue => field.clear(),
        Spoilage::UnknownCode => field.push('?'),
        Spoilage::CutShort => field.truncate(field.len() / 2),
    }
    row
}

/// Puts a spoilt copy of a row of `from` for each of `wishes` at a random place
/// among `rows`, and says where each came to stand.
pub(crate) fn add(
    rows: &mut Vec<Row>,
    columns: &[&str],
    from: &[Row],
    wishes: &[Wish],
    entropy: &dyn Entropy,
) -> Vec<SpoiltRow> {
    let mut places: Vec<(usize, &Wish, Row)> = wishes
        .iter()
        .zip(from)
        .map(|(wish, row)| (draw(rows.len(), entropy), wish, spoil(row.clone(), columns, wish)))
        .collect();
    places.sort_by_key(|(place, ..)| *place);
    places
        .into_iter()
        .enumerate()
        .map(|(added, (place, wish, row))| {
            rows.insert(place + added, row);
            SpoiltRow {
                row: (place + added + 1) as u64,
                spoilage: wish.0,
                column: (wish.0 != Spoilage::CutShort).then(|| wish.1.to_owned()),
            }
        })
        .collect()
}

/// A number below `bound`.
pub(crate) fn draw(bound: usize, entropy: &dyn Entropy) -> usize {
    usize::try_from(entropy.below(bound as u64)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use model::{NationalId, SeededEntropy};

    use super::*;

    const COLUMNS: &[&str] = &["id", "date", "code"];

    fn good() -> Row {
        ["14835712345", "2001-05-17", "htn"].map(str::to_owned).to_vec()
    }

    fn check(spoilage: Spoilage, column: &'static str, expect: &str) {
        assert_eq!(spoil(good(), COLUMNS, &Wish(spoilage, column)).join(","), expect);
    }

    #[test]
    fn each_spoilage_changes_what_it_names_and_nothing_else() {
        check(Spoilage::CheckDigit, "id", "14835712346,2001-05-17,htn");
        check(Spoilage::ImpossibleDate, "date", "14835712345,2001-02-30,htn");
        check(Spoilage::FutureDate, "date", "14835712345,2999-05-17,htn");
        check(Spoilage::NumberForDate, "date", "14835712345,43101,htn");
        check(Spoilage::MissingValue, "code", "14835712345,2001-05-17,");
        check(Spoilage::UnknownCode, "code", "14835712345,2001-05-17,htn?");
        check(Spoilage::CutShort, "date", "14835712345,2001-");
    }

    #[test]
    fn a_spoilt_check_digit_is_never_valid() {
        let born = model::Date::constant(1957, 3, 14);
        for id in (0..1000).filter_map(|individual| NationalId::synthetic(born, individual)) {
            let mut row = good();
            row[0] = String::from_utf8(id.reveal().to_vec()).unwrap();
            let spoilt = spoil(row, COLUMNS, &Wish(Spoilage::CheckDigit, "id"));
            assert!(NationalId::parse(&spoilt[0]).is_err());
        }
    }

    #[test]
    fn spoilt_rows_stand_where_they_are_said_to_and_good_rows_stay_in_order() {
        let entropy = SeededEntropy::new(3);
        let good: Vec<Row> =
            (0..50).map(|n| vec![n.to_string(), String::new(), "htn".into()]).collect();
        let mut rows = good.clone();
        let wishes = [
            Wish(Spoilage::UnknownCode, "code"),
            Wish(Spoilage::UnknownCode, "code"),
            Wish(Spoilage::UnknownCode, "code"),
        ];
        let spoilt = add(&mut rows, COLUMNS, &good, &wishes, &entropy);
        assert_eq!(spoilt.len(), 3);
        for at in spoilt.iter().rev() {
            let row = rows.remove(usize::try_from(at.row).unwrap() - 1);
            assert_eq!(row[2], "htn?");
        }
        assert_eq!(rows, good);
    }
}
