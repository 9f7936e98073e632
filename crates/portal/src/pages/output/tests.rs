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
    let Sheet::Table(head, rows) = &page.sheet else { panic!("no table") };
    let marked: Vec<_> = rows
        .rows
        .iter()
        .flatten()
        .filter(|cell| cell.finding > 0)
        .map(|cell| (cell.text.as_str(), cell.finding))
        .collect();
    assert_eq!(marked, [("3", 1)]);
    assert_eq!(head.iter().map(|cell| cell.finding).collect::<Vec<_>>(), [0, 0, 0, 2]);
    assert_eq!(rows.hidden(), 0);
}

#[test]
fn the_preview_of_a_mend_marks_what_it_changes() {
    let page = page(Verdict::Refuse);
    let Sheet::Table(_, rows) = &page.mend.as_ref().unwrap().sheet else { panic!("no table") };
    let changed: Vec<_> =
        rows.rows.iter().flatten().filter(|c| c.changed).map(|c| c.text.as_str()).collect();
    assert_eq!(changed, ["*", "*"]);
}

#[test]
fn a_file_with_markup_in_it_is_shown_as_text() {
    let chrome = Chrome::sample(Lang::En, "/");
    let mut seen = sample_seen(chrome.words());
    seen.bytes = Some(Arc::new(b"a,b\n<script>alert(1)</script>,<img src=x>\n".to_vec()));
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
        let sheet = Sheet::of("o", "x.csv", b"a,b\n1,2\n", &findings[..1], 1, None);
        let Sheet::Table(_, rows) = sheet else { panic!("no table") };
        assert!(rows.rows.iter().flatten().all(|cell| cell.finding == 0));
    }
}

#[test]
fn every_row_of_a_long_table_is_on_one_of_its_pages() {
    let text: String =
        std::iter::once("n\n".to_owned()).chain((1..=450).map(|i| format!("row {i}\n"))).collect();
    let mut finding = sample_findings().remove(0);
    finding.places = vec![Place::Cell { row: 301, column: 1, name: "n".to_owned() }];
    let mut seen = Vec::new();
    for page in 1..=5 {
        let findings = std::slice::from_ref(&finding);
        let sheet = Sheet::of("o", "x.csv", text.as_bytes(), findings, page, None);
        assert_eq!(sheet.pages(), 5);
        let Sheet::Table(_, rows) = sheet else { panic!("no table") };
        assert_eq!((rows.first, rows.total), ((page - 1) * 100 + 1, 450));
        let marked: Vec<_> =
            rows.rows.iter().flatten().filter(|cell| cell.finding > 0).cloned().collect();
        assert_eq!(marked.len(), usize::from(page == 4), "page {page}: {marked:?}");
        seen.extend(rows.rows.into_iter().flatten().map(|cell| cell.text));
    }
    assert_eq!(seen, (1..=450).map(|i| format!("row {i}")).collect::<Vec<_>>());
    let words = Words::new(Lang::En, jiff::tz::TimeZone::UTC);
    let way = |page| sheet::whereabouts(&words, &finding, page).remove(0).href;
    assert_eq!((way(1).as_str(), way(4).as_str()), ("?page=4#row-301", "#row-301"));
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
