//! Two safe tables can make an unsafe third.
//!
//! The same table for all and for all but a few gives those few when one is
//! taken from the other; a cell withheld here and shown there is not withheld.
//! Every table of counts that left under the same permit is held against this
//! one: cell by cell where the dimensions are the same, as sums of each other
//! where those of one are among the other's ([`crate::linked`]), and else by
//! their largest numbers. Other tables may still be combined in ways this does not see: a person
//! has the list of them. Source: *Handbook* 5.2, differencing.

use std::collections::BTreeMap;

use model::Text;

use super::Look;
use super::recoverable::worked_out;
use crate::context::Earlier;
use crate::finding::{Finding, Place, Weight};
use crate::linked;
use crate::read::tables;
use crate::role::Shape;
use crate::rule::Rule;

/// Differences of few people from what left before.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    if !matches!(look.understood.shape, Shape::Frequency | Shape::Magnitude)
        || look.counts.is_empty()
    {
        return Vec::new();
    }
    let mine = keyed(look);
    let mut findings = Vec::new();
    for earlier in &look.context.earlier {
        for table in tables(&earlier.name, &earlier.bytes) {
            // Without its own history: one step back is enough.
            let context = crate::context::Context {
                people: look.context.people,
                rows: look.context.rows,
                ..crate::context::Context::default()
            };
            let other = Look::at(&table, &earlier.kind, look.rules, &context);
            if other.counts.is_empty() {
                continue;
            }
            let theirs = keyed(&other);
            findings.extend(compare(look, earlier, &mine, &theirs));
            findings.extend(gives_away(look, earlier, &other));
        }
    }
    findings
}

/// What was withheld then and can be worked out with what is shown now.
fn gives_away(look: &Look<'_>, earlier: &Earlier, other: &Look<'_>) -> Option<Finding> {
    let threshold = look.rules.threshold();
    let theirs = linked::counts(&other.understood, &other.counts, &other.cells);
    let mine = linked::counts(&look.understood, &look.counts, &look.cells);
    let mut before = other.cells.clone();
    for published in super::published(look.context) {
        linked::tie(&mut before, &theirs, &published);
    }
    let mut after = before.clone();
    linked::tie(&mut after, &theirs, &mine);
    if after.sums.len() == before.sums.len() {
        return None;
    }
    // What could be worked out already is lost already.
    let already = worked_out(&before, threshold).unwrap_or_default();
    let now = worked_out(&after, threshold).unwrap_or_default();
    if now.iter().all(|cell| already.contains(cell)) {
        return None;
    }
    let name = crate::finding::shown(earlier.output.as_str());
    let why = Text::of(
        &format!("Med denne filen kan et tall regnes ut som er skjult i resultatet `{name}`."),
        &format!("Med denne fil kan et tal regnes ud, som er skjult i resultatet `{name}`."),
        &format!("With this file a number can be worked out that is withheld in output `{name}`."),
    );
    Some(Finding::file(Rule::Differencing, Weight::Refuse, why))
}

/// A cell by what it is called, for those who compare names: the values of the
/// dimensions in the order of their names, then the column counted.
type Keyed = BTreeMap<(Vec<(String, String)>, String), (Option<i128>, Place)>;

fn keyed(look: &Look<'_>) -> Keyed {
    let dimensions = look.understood.with(|role| role == crate::role::Role::Dimension);
    let rows = look.table().rows();
    let mut cells = Keyed::new();
    for (at, column) in look.counts.iter().enumerate() {
        // A lone count is the same count whatever it is called.
        let counted = if look.counts.len() == 1 {
            String::new()
        } else {
            crate::role::names::plain(look.table().name(*column))
        };
        for row in 0..rows {
            let mut key: Vec<(String, String)> = dimensions
                .iter()
                .map(|dimension| {
                    let label = look.table().cell(row, *dimension).map_or("", |c| c.trimmed());
                    (crate::role::names::plain(look.table().name(*dimension)), label.to_lowercase())
                })
                .collect();
            key.sort();
            let value = look.cells.value(at * rows + row);
            cells.insert((key, counted.clone()), (value, look.table().place(row, *column)));
        }
    }
    cells
}

fn compare(look: &Look<'_>, earlier: &Earlier, mine: &Keyed, theirs: &Keyed) -> Vec<Finding> {
    let (mut small, mut shown_before) = (Vec::new(), Vec::new());
    let (mut common, mut equal) = (0_usize, 0_usize);
    for (key, (value, place)) in mine {
        let Some((before, _)) = theirs.get(key) else { continue };
        match (value, before) {
            (Some(now), Some(then)) => {
                common += 1;
                equal += usize::from(now == then);
                if look.rules.small((now - then).abs()) {
                    small.push(place.clone());
                }
            }
            (None, Some(_)) | (Some(_), None) => shown_before.push(place.clone()),
            (None, None) => {}
        }
    }
    let name = crate::finding::shown(earlier.output.as_str());
    let k = look.rules.threshold();
    let mut findings = Vec::new();
    if !small.is_empty() {
        let why = Text::of(
            &format!(
                "Trukket fra resultatet `{name}`, som alt er utlevert, blir det færre enn {k} personer igjen."
            ),
            &format!(
                "Trukket fra resultatet `{name}`, som allerede er udleveret, bliver der færre end {k} personer tilbage."
            ),
            &format!(
                "Subtracted from output `{name}`, which has left already, fewer than {k} people remain."
            ),
        );
        findings.push(Finding::new(Rule::Differencing, Weight::Refuse, small, why));
    }
    // Most of the table being the same, it is the same table.
    if !shown_before.is_empty() && common > 0 && equal * 2 >= common {
        let why = Text::of(
            &format!(
                "Tallet er skjult i den ene og vist i den andre av denne filen og resultatet `{name}`."
            ),
            &format!(
                "Tallet er skjult i den ene og vist i den anden af denne fil og resultatet `{name}`."
            ),
            &format!(
                "The number is withheld in one and shown in the other of this file and output `{name}`."
            ),
        );
        findings.push(Finding::new(Rule::Differencing, Weight::Refuse, shown_before, why));
    }
    if findings.is_empty() && common == 0 {
        let all = |cells: &Keyed| cells.values().filter_map(|(value, _)| *value).max();
        if let (Some(now), Some(then)) = (all(mine), all(theirs))
            && look.rules.small((now - then).abs())
        {
            let why = Text::of(
                &format!(
                    "Det største tallet her og i resultatet `{name}` skiller færre enn {k} personer. Se om det er de samme menneskene."
                ),
                &format!(
                    "Det største tal her og i resultatet `{name}` adskiller færre end {k} personer. Se, om det er de samme mennesker."
                ),
                &format!(
                    "The largest number here and in output `{name}` are fewer than {k} people apart. See whether they are the same people."
                ),
            );
            findings.push(Finding::file(Rule::Differencing, Weight::Review, why));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::says;
    use crate::context::Context;
    use crate::kind::Kind;

    fn after(earlier: &str, now: &str) -> Vec<String> {
        let context = Context {
            earlier: vec![Earlier {
                output: "output-0000000000".parse().unwrap(),
                name: "a.csv".into(),
                kind: Kind::Unknown,
                bytes: earlier.as_bytes().to_vec(),
            }],
            ..Context::default()
        };
        says(check, now, &Kind::Unknown, &context)
    }

    /// *Handbook* 5.2, the area drawn twice: 52 less 50 is two people.
    #[test]
    fn the_handbooks_example() {
        let found = after(
            "hours,sex,n\n>30,m,52\n>30,f,75\n16-30,m,130\n",
            "hours,sex,count\n>30,f,54\n>30,m,50\n16-30,m,128\n",
        );
        assert_eq!(
            found,
            [
                "differencing Refuse row 2, column `count`",
                "differencing Refuse row 3, column `count`"
            ]
        );
    }

    #[test]
    fn a_cell_withheld_now_and_shown_then_is_not_withheld() {
        let found = after("region,n\na,50\nb,60\nc,7\n", "region,n\na,50\nb,60\nc,:\n");
        assert_eq!(found, ["differencing Refuse row 3, column `n`"]);
    }

    #[test]
    fn the_same_table_again_and_another_altogether_are_no_difference() {
        assert_eq!(after("region,n\na,50\nb,60\n", "region,n\na,50\nb,60\n"), [""; 0]);
        assert_eq!(after("region,n\na,50\nb,60\n", "region,n\na,20\nb,30\n"), [""; 0]);
        assert_eq!(after("region,n\na,50\nb,60\n", "sex,n\nm,40\nf,70\n"), [""; 0]);
    }

    #[test]
    fn totals_a_few_people_apart_are_for_a_person_to_see() {
        let found = after("region,n\na,50\nb,60\ntotal,110\n", "sex,n\nm,40\nf,67\ntotal,107\n");
        assert_eq!(found, ["differencing Review file"]);
    }
}
