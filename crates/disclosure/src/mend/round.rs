//! Fewer digits: six significant ones say all that a figure or a table shows.

use crate::checks::spare_digits::ENOUGH;
use crate::finding::shown;
use crate::table::{Cell, Table};

/// Significant digits that are kept.
pub(crate) const DIGITS: usize = 6;

/// Rounds the columns that have digits to spare; returns their names.
pub(crate) fn round(table: &mut Table) -> Vec<String> {
    let mut names = Vec::new();
    let comma = table.delimiter.is_some_and(|delimiter| delimiter != b',');
    for column in &mut table.columns {
        if !column.numbers().any(|number| number.significant() > ENOUGH) {
            continue;
        }
        names.push(shown(&column.name));
        for cell in &mut column.cells {
            if let Some(number) = cell.number().filter(|n| usize::from(n.significant()) > DIGITS) {
                let mut text = plain(number.value());
                if comma && cell.text.contains(',') {
                    text = text.replace('.', ",");
                }
                *cell = Cell::read(&text, comma);
            }
        }
    }
    names
}

/// A number with [`DIGITS`] significant digits, without an exponent.
fn plain(value: f64) -> String {
    let scientific = format!("{value:.*e}", DIGITS - 1);
    let exponent: i32 = scientific.split('e').nth(1).and_then(|e| e.parse().ok()).unwrap_or(0);
    let kept = i32::try_from(DIGITS).unwrap_or(6) - 1 - exponent;
    let rounded: f64 = scientific.parse().unwrap_or(value);
    let text = format!("{rounded:.*}", usize::try_from(kept.max(0)).unwrap_or(0));
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_kept() {
        for (value, text) in [
            (0.991_672_050_853_874, "0.991672"),
            (123_456_789.0, "123457000"),
            (-0.000_012_345_678, "-0.0000123457"),
            (0.999_999_99, "1"),
            (1.5, "1.5"),
            (0.0, "0"),
        ] {
            assert_eq!(plain(value), text);
        }
    }
}
