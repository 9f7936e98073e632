use disclosure::finding::Place;
use model::Lang;

use super::sample::{sample_findings, sample_output, sample_seen};
use super::*;

fn page(verdict: Verdict) -> OutputPage {
    let chrome = Chrome::sample(Lang::En, "/");
    let seen = sample_seen(chrome.words());
    OutputPage::of(chrome, &sample_output(verdict), &Names::sample(), seen)
}

#[test]
fn what_breaks_a_rule_is_not_offered_for_release() {
    assert!(!page(Verdict::Refuse).may_release);
    assert!(page(Verdict::Review).may_release);
}

#[test]
fn a_finding_stands_on_the_cell_it_is_about_and_on_no_other() {
    let page = page(Verdict::Refuse);
    let Sheet::Table(head, rows, hidden) = &page.sheet else { panic!("no table") };
    let marked: Vec<_> = rows
        .iter()
        .flatten()
        .filter(|cell| cell.finding > 0)
        .map(|cell| (cell.text.as_str(), cell.finding))
        .collect();
    assert_eq!(marked, [("3", 1)]);
    assert_eq!(head.iter().map(|cell| cell.finding).collect::<Vec<_>>(), [0, 0, 0, 2]);
    assert_eq!(*hidden, 0);
}

#[test]
fn the_preview_of_a_mend_marks_what_it_changes() {
    let page = page(Verdict::Refuse);
    let Sheet::Table(_, rows, _) = &page.mend.as_ref().unwrap().sheet else { panic!("no table") };
    let changed: Vec<_> =
        rows.iter().flatten().filter(|c| c.changed).map(|c| c.text.as_str()).collect();
    assert_eq!(changed, ["*", "*"]);
}

#[test]
fn a_file_with_markup_in_it_is_shown_as_text() {
    let chrome = Chrome::sample(Lang::En, "/");
    let mut seen = sample_seen(chrome.words());
    seen.bytes = Some(b"a,b\n<script>alert(1)</script>,<img src=x>\n".to_vec());
    let output = sample_output(Verdict::Refuse);
    let html = OutputPage::of(chrome, &output, &Names::sample(), seen).to_string();
    assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{html}");
}

#[test]
fn a_place_outside_the_file_marks_nothing() {
    let mut findings = sample_findings();
    for place in [
        Place::Cell { row: 0, column: 0, name: String::new() },
        Place::Cell { row: 900, column: 1, name: String::new() },
        Place::Column { column: 77, name: String::new() },
    ] {
        findings[0].places = vec![place];
        let Sheet::Table(_, rows, _) = Sheet::of("o", "x.csv", b"a,b\n1,2\n", &findings[..1])
        else {
            panic!("no table")
        };
        assert!(rows.iter().flatten().all(|cell| cell.finding == 0));
    }
}

#[test]
fn a_long_table_says_how_much_of_it_is_not_shown() {
    let mut text = String::from("n\n");
    for i in 0..1_000 {
        text.push_str(&format!("{i}\n"));
    }
    let Sheet::Table(_, rows, hidden) = Sheet::of("o", "x.csv", text.as_bytes(), &[]) else {
        panic!("no table")
    };
    assert_eq!(rows.len() + hidden, 1_000);
}

#[test]
fn every_word_about_outputs_is_there_in_every_language() {
    for lang in Lang::ALL {
        let words = Words::new(lang, jiff::tz::TimeZone::UTC);
        for state in OutputState::ALL {
            assert!(words.knows(state_word(state).0));
        }
        for owner in [Owner::Check, Owner::Checker, Owner::Researcher, Owner::Nobody] {
            assert!(words.knows(owner_key(owner)));
        }
        for remedy in
            [Remedy::Withhold, Remedy::DropColumn, Remedy::Round, Remedy::Thin, Remedy::Strip]
        {
            assert!(words.knows(remedy_key(remedy)));
        }
    }
}
