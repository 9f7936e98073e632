//! No room for what nobody reads.
//!
//! A file that passes has no place to hide another in: no long runs of digits
//! or of base64, no lists in a cell, no characters that take no room, no blanks
//! at the ends of lines that would spell something. It is not that the check
//! knows what was hidden; it is that a result needs none of it (decision 0050).

use std::collections::BTreeSet;

use model::Text;

use crate::finding::{Finding, Weight};
use crate::rule::Rule;
use crate::scrap::Scrap;
use crate::table::{Cell, Column, Table, Value};
use crate::text;

/// The longest text of a cell or a label.
const LONG: usize = 160;
/// Runs of digits in one cell past which it is a list; an estimate with its
/// interval has six.
const LIST: usize = 12;

/// Strings that carry something, and characters nobody sees. `prose` says that
/// sentences are expected: a text, not a table's cell.
pub(crate) fn scan(scraps: &[Scrap<'_>], prose: bool) -> Vec<Finding> {
    let (mut coded, mut lists, mut long, mut unseen, mut trailing) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for scrap in scraps {
        let numeric = scrap.cell().is_some_and(|cell| cell.number().is_some());
        if !numeric && scrap.text.split(separator).any(text::carries) {
            coded.push(scrap.place());
        } else if !prose && !numeric && text::runs_of_digits(scrap.text) > LIST {
            lists.push(scrap.place());
        }
        if scrap.text.chars().count() > if prose { LONG * 4 } else { LONG } {
            long.push(scrap.place());
        }
        if scrap.text.chars().any(text::unseen) {
            unseen.push(scrap.place());
        }
        let end = scrap.text.trim_end_matches(['\r', '\n']);
        if end.len() > end.trim_end().len() && !end.trim().is_empty() {
            trailing.push(scrap.place());
        }
    }
    let mut findings = Vec::new();
    let mut say = |rule, weight, places: Vec<_>, nb: &str, da: &str, en: &str| {
        if !places.is_empty() {
            findings.push(Finding::new(rule, weight, places, Text::of(nb, da, en)));
        }
    };
    say(
        Rule::Payload,
        Weight::Refuse,
        coded,
        "Her står en lang rekke tegn som ikke er ord eller tall, og som kan bære hva som helst.",
        "Her står en lang række tegn, der ikke er ord eller tal, og som kan bære hvad som helst.",
        "Here is a long run of characters that is no word and no number, and could carry anything.",
    );
    say(
        Rule::Payload,
        Weight::Refuse,
        lists,
        "En celle inneholder en liste av tall.",
        "En celle indeholder en liste af tal.",
        "A cell holds a list of numbers.",
    );
    say(
        Rule::Payload,
        Weight::Review,
        long,
        "Teksten er lengre enn en overskrift eller en merkelapp trenger å være.",
        "Teksten er længere, end en overskrift eller en etiket behøver at være.",
        "The text is longer than a heading or a label needs to be.",
    );
    say(
        Rule::HiddenText,
        Weight::Refuse,
        unseen,
        "Her står tegn som ikke vises.",
        "Her står tegn, der ikke vises.",
        "Here are characters that do not show.",
    );
    // One or two are an accident; many may spell something.
    if trailing.len() >= 8 && trailing.len() * 20 < scraps.len() * 19 {
        say(
            Rule::HiddenText,
            Weight::Review,
            trailing,
            "Noen tekster ender med mellomrom og andre ikke. Forskjellen kan bære noe.",
            "Nogle tekster ender med mellemrum og andre ikke. Forskellen kan bære noget.",
            "Some texts end in blanks and some do not. The difference can carry something.",
        );
    }
    findings
}

/// Letters of all names and labels of a table together: the municipalities of a
/// country have fewer.
const WORDS: usize = 4_000;

/// Whether a table has more words than it needs.
pub(crate) fn words(table: &Table) -> Option<Finding> {
    let of = |column: &Column| {
        let texts = column.cells.iter().filter(|cell| cell.value == Value::Text);
        let labels: BTreeSet<&str> = texts.map(Cell::trimmed).collect();
        let letters = labels.into_iter().map(|label| label.chars().count()).sum::<usize>();
        letters + column.name.chars().count()
    };
    if table.columns.iter().map(of).sum::<usize>() <= WORDS {
        return None;
    }
    let why = Text::of(
        "Tabellen har flere ord enn overskrifter og merkelapper trenger.",
        "Tabellen har flere ord, end overskrifter og etiketter behøver.",
        "The table has more words than headings and labels need.",
    );
    Some(Finding::file(Rule::Payload, Weight::Review, why))
}

fn separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, ',' | ';' | ':' | '(' | ')' | '[' | ']' | '{' | '}' | '"' | '\'')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::separated;
    use crate::scrap;

    fn check(csv: &str, expected: &[&str]) {
        let table = separated::read(csv, true).unwrap();
        let found: Vec<String> = scan(&scrap::of_table(&table), false)
            .iter()
            .map(|f| format!("{} {:?} {}", f.rule, f.weight, f.whereabouts()))
            .collect();
        assert_eq!(found, expected, "{csv:?}");
    }

    #[test]
    fn what_a_result_has_no_use_for_is_found() {
        check(
            "group,n\naGVsbG8gd29ybGQsIGhlbGxv,10\nb,20\n",
            &["payload Refuse row 1, column `group`"],
        );
        check(
            "group,n\n9f86d081884c7d659a2feaa0c55ad015,10\nb,20\n",
            &["payload Refuse row 1, column `group`"],
        );
        check(
            "group,n\n\"[47,51,38,60,44,41,39,70,22,28,31,55,62]\",10\nb,20\n",
            &["payload Refuse row 1, column `group`"],
        );
        check(
            "group,n\n471.51.8.4.139.7.23.31.34.11.12.13.15,10\nb,20\n",
            &["payload Refuse row 1, column `group`"],
        );
        check(
            "group,n\na\u{200b}\u{200c},10\nb,20\n",
            &["hidden-text Refuse row 1, column `group`"],
        );
        check(
            &format!("group,n\n{},10\nb,20\n", "word ".repeat(40)),
            &["payload Review row 1, column `group`"],
        );
    }

    #[test]
    fn blanks_that_spell_are_found() {
        let rows: Vec<String> =
            (0..20).map(|i| format!("g{i}{},10", if i % 3 == 0 { " " } else { "" })).collect();
        let table = separated::read(&format!("group,n\n{}\n", rows.join("\n")), true).unwrap();
        assert!(scan(&scrap::of_table(&table), false).is_empty(), "seven are an accident");
        let rows: Vec<String> =
            (0..20).map(|i| format!("g{i}{},10", if i % 2 == 0 { " " } else { "" })).collect();
        let table = separated::read(&format!("group,n\n{}\n", rows.join("\n")), true).unwrap();
        assert_eq!(scan(&scrap::of_table(&table), false)[0].rule, Rule::HiddenText);
    }

    #[test]
    fn labels_and_numbers_are_not_taken_for_it() {
        check(
            "group,n,x\n\"Diabetes, type 2 (E11)\",10,0.991672050853874\n18-39 years,20,1e-16\n",
            &[],
        );
    }
}
