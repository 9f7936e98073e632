//! As many digits as a result needs, and no more.
//!
//! A printed number of sixteen digits needs perhaps five of them; the other
//! eleven can carry anything, and a mean with all its digits gives the sum back
//! exactly. A few such numbers are a program's habit; hundreds are a channel.
//! Digits past the eighth are counted over the file, 3.3 bits each, and it may
//! hold 128 bytes' worth before a person is asked. Rounding mends it.

use model::Text;

use super::Look;
use crate::finding::{Finding, Remedy, Weight};
use crate::role::Role;
use crate::rule::Rule;

/// Significant digits that nobody questions.
pub(crate) const ENOUGH: u8 = 8;
/// Digits to spare in a file: 128 bytes at log2(10) bits each.
const SPARE: u64 = 128 * 8 * 1000 / 3322;

/// Files with room for something in their digits.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    let mut spare = 0_u64;
    let mut places = Vec::new();
    for (at, column) in look.table().columns.iter().enumerate() {
        if look.understood.role(at) == Role::Count {
            continue;
        }
        let digits = |significant: u8| u64::from(significant.saturating_sub(ENOUGH));
        let in_column: u64 = column.numbers().map(|n| digits(n.significant())).sum();
        if in_column > 0 {
            places.push(look.table().column_place(at));
            spare += in_column;
        }
    }
    if spare <= SPARE {
        return Vec::new();
    }
    let why = Text::of(
        "Tallene er skrevet med flere sifre enn et resultat trenger, og sifrene kan bære noe annet. Rund av.",
        "Tallene er skrevet med flere cifre, end et resultat behøver, og cifrene kan bære noget andet. Afrund.",
        "The numbers are written with more digits than a result needs, and digits can carry something else. Round them.",
    );
    vec![Finding::new(Rule::SpareDigits, Weight::Review, places, why).mended_by(Remedy::Round)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::of;

    #[test]
    fn a_few_long_numbers_are_a_habit_and_many_are_a_channel() {
        let table = |rows: usize| {
            let lines: Vec<String> =
                (0..rows).map(|i| format!("g{i},50,0.99167205085{:04}", i * 37)).collect();
            format!("group,n,mean_x\n{}\n", lines.join("\n"))
        };
        assert_eq!(of(check, &table(10)), [""; 0]);
        assert_eq!(of(check, &table(60)), ["spare-digits Review column `mean_x`"]);
    }
}
