//! What is withheld must stay withheld.
//!
//! A researcher who blots out a small cell by hand often leaves the sum beside
//! it. The rule plays the reader: see [`crate::audit`]. A withheld cell is safe
//! when it is certainly large enough to be shown, or may as well be: the range
//! of what it can be is at least a threshold wide and reaches above it.
//! Source: *Handbook* 4.2.2, feasibility interval.

use std::collections::BTreeMap;

use model::Text;

use super::{Look, counted};
use crate::audit::{self, Need, Numbers};
use crate::cells::{Cells, Origin};
use crate::finding::{Finding, Remedy, Weight};
use crate::lp::NoAnswer;
use crate::rule::Rule;
use crate::rules::limits;

/// Withheld counts that can be worked out, or nearly.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    let exposed = match worked_out(&look.cells, look.rules.threshold()) {
        Ok(exposed) if exposed.is_empty() => return Vec::new(),
        Ok(exposed) => Some(exposed),
        Err(NoAnswer::Infeasible | NoAnswer::Unbounded | NoAnswer::Beyond) => None,
    };
    let Some(exposed) = exposed else {
        let why = Text::of(
            "Tabellen er for stor, eller summene stemmer ikke, så det er uvisst om skjulte tall kan regnes ut.",
            "Tabellen er for stor, eller summerne stemmer ikke, så det er uvist, om skjulte tal kan regnes ud.",
            "The table is too large, or its sums do not add up, so it is uncertain whether withheld numbers can be worked out.",
        );
        return vec![Finding::file(Rule::Recoverable, Weight::Review, why)];
    };
    let n = exposed.len();
    let places = exposed.iter().map(|at| look.cells.place(look.table(), *at)).collect();
    let why = Text::of(
        &format!(
            "{} regnes ut av summene, helt eller nesten.",
            counted(n, "Ett skjult tall kan", "skjulte tall kan")
        ),
        &format!(
            "{} regnes ud af summerne, helt eller næsten.",
            counted(n, "Ét skjult tal kan", "skjulte tal kan")
        ),
        &format!(
            "{} be worked out from the sums, exactly or nearly.",
            counted(n, "One withheld number can", "withheld numbers can")
        ),
    );
    vec![Finding::new(Rule::Recoverable, Weight::Refuse, places, why).mended_by(Remedy::Withhold)]
}

/// The withheld counts that can be worked out. An error says that it cannot be
/// told.
pub(crate) fn worked_out(cells: &Cells, threshold: u64) -> Result<Vec<usize>, NoAnswer> {
    let threshold = i128::from(threshold);
    let asked: BTreeMap<usize, Need> = cells
        .all
        .iter()
        .enumerate()
        .filter(|(_, c)| c.origin != Origin::Known && c.value.is_none())
        .map(|(at, cell)| (at, Need::Unknown { threshold, at_most: cell.at_most }))
        .collect();
    if asked.is_empty() || cells.sums.is_empty() {
        return Ok(Vec::new());
    }
    if cells.all.len() > limits::AUDITED_CELLS {
        return Err(NoAnswer::Beyond);
    }
    let numbers = Numbers { whole: true, signed: false };
    let exposed = audit::exposed(cells, &cells.unseen(), &asked, numbers)?;
    Ok(exposed.into_iter().map(|(at, _)| at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{of, says};
    use crate::context::Context;
    use crate::kind::Kind;

    #[test]
    fn a_lone_blot_beside_a_sum_hides_nothing() {
        let found = of(check, "region,n\na,50\nb,NA\nc,40\ntotal,93\n");
        assert_eq!(found, ["recoverable Refuse row 2, column `n`"]);
    }

    #[test]
    fn a_large_one_may_be_worked_out() {
        assert_eq!(of(check, "region,n\na,50\nb,\nc,40\ntotal,193\n"), [""; 0]);
    }

    #[test]
    fn two_blots_with_room_between_them_hide_each_other() {
        assert_eq!(of(check, "region,n\na,50\nb,<5\nc,:\ntotal,93\n"), [""; 0]);
        let found = of(check, "region,n\na,50\nb,<5\nc,<5\ntotal,57\n");
        assert_eq!(found.len(), 2, "7 in two cells below 5: both are 3 or 4");
    }

    #[test]
    fn columns_of_one_row_are_a_sum_too() {
        let found = of(check, "age,no,yes,total\n18-39,50,:,53\n40+,40,30,70\n");
        assert_eq!(found, ["recoverable Refuse row 1, column `yes`"]);
    }

    #[test]
    fn everybody_being_known_is_a_sum() {
        let context = Context { people: Some(93), ..Context::default() };
        let found = says(check, "region,n\na,50\nb,:\nc,40\n", &Kind::Unknown, &context);
        assert_eq!(found, ["recoverable Refuse row 2, column `n`"]);
    }
}
