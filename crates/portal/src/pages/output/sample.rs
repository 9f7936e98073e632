//! An output for samples.

use std::sync::Arc;

use disclosure::Kind;
use disclosure::finding::{Finding, Place, Remedy, Verdict, Weight};
use disclosure::rule::Rule;
use model::{Lang, Text};
use permit::Role;
use permit::policy::Action;
use release::{Checked, Output, OutputState};

use super::{OutputPage, Seen};
use crate::chrome::Chrome;
use crate::names::Names;
use crate::parts::rules::RulingLine;
use crate::parts::timeline::Happening;
use crate::sample::literal;
use crate::words::Words;

const TABLE: &str = "diabetes,male,deaths,people\n0,0,301,6120\n0,1,322,4987\n1,0,118,702\n1,1,3,399\nall,all,744,12208\n";
const MENDED: &str = "diabetes,male,deaths,people\n0,0,301,6120\n0,1,*,4987\n1,0,118,702\n1,1,*,399\nall,all,744,12208\n";

/// Two findings on a table with a small cell.
pub(super) fn sample_findings() -> Vec<Finding> {
    let cell = |row, column, name: &str| Place::Cell { row, column, name: name.to_owned() };
    vec![
        Finding {
            rule: Rule::SmallCount,
            weight: Weight::Refuse,
            within: None,
            places: vec![cell(4, 3, "deaths")],
            more: 0,
            why: Text::of(
                "Cellen hviler på færre personer enn de 5 som tillatelsen krever.",
                "Cellen hviler på færre personer end de 5, som tilladelsen kræver.",
                "The cell rests on fewer people than the 5 that the permit asks for.",
            ),
            mend: Some(Remedy::Withhold),
        },
        Finding {
            rule: Rule::SpareDigits,
            weight: Weight::Note,
            within: None,
            places: vec![Place::Column { column: 4, name: "people".to_owned() }],
            more: 0,
            why: Text::of(
                "Tallene har flere sifre enn resultatet trenger.",
                "Tallene har flere cifre, end resultatet behøver.",
                "The numbers have more digits than the result needs.",
            ),
            mend: Some(Remedy::Round),
        },
    ]
}

/// An output that was checked and waits for a checker.
pub(crate) fn sample_output(verdict: Verdict) -> Output {
    Output {
        id: literal("output-5v7x9z1b3d"),
        state: OutputState::Checked,
        room: literal("room-3p5r7t9v1x"),
        permit: literal("permit-7k3m9q2x4d"),
        name: "results/small-cells.csv".to_owned(),
        declared: Kind::Unknown,
        table: None,
        contributions: Some(ledger::Hash::default()),
        sealed: ledger::Hash::default(),
        sha256: None,
        bytes: 655,
        note: "Table 2 of the paper".to_owned(),
        requested_by: literal("researcher"),
        requested_at: literal("2026-03-01T08:30:00Z"),
        mends: None,
        changes: Some(disclosure::Changes { thinned: 2, ..disclosure::Changes::default() }),
        checked: Some(Checked {
            at: literal("2026-03-01T08:30:01Z"),
            verdict,
            findings: sample_findings(),
            read_as: "frequency-table".to_owned(),
            tried: vec![Rule::SmallCount, Rule::Dominance],
        }),
        decided: Vec::new(),
        packed: None,
    }
}

/// What the checker may do, and what the file holds.
pub(super) fn sample_seen(words: &Words) -> Seen {
    let ruling = |action: Action| RulingLine {
        action: action.as_str().to_owned(),
        what: words.say_or(&format!("may-{}", action.as_str()), action.as_str()),
        allowed: true,
        inactive: None,
        why: Vec::new(),
    };
    Seen {
        bytes: Some(std::sync::Arc::new(TABLE.as_bytes().to_vec())),
        mended: Some((words.say("mend-withhold").into_owned(), MENDED.as_bytes().to_vec())),
        title: crate::parts::terms::TermsTree::sample_terms(words.lang()).title,
        rulings: vec![ruling(Action::DecideOutput), ruling(Action::CheckOutput)],
        happenings: vec![Happening::sample(
            71,
            "2026-03-01T08:30:01Z",
            "researcher",
            "output.checked",
            "output/output-5v7x9z1b3d",
            "",
        )],
        ..Seen::default()
    }
}

impl OutputPage {
    /// A sample: a table with a small cell, as the checker sees it.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/outputs/output-5v7x9z1b3d").seen_by(&[Role::Checker]);
        let mut seen = sample_seen(chrome.words());
        seen.others = vec![Arc::new(Output {
            name: "results/cox.csv".to_owned(),
            state: OutputState::Released,
            ..sample_output(Verdict::Pass)
        })];
        Self::of(chrome, &sample_output(Verdict::Refuse), &Names::sample(), seen)
    }
}
