//! The rows of a delivery that were kept aside, for the holder who delivered them:
//! they hold identifiers and are shown to nobody else.

use ::source::Reason;
use askama::Template;
use axum::extract::{Path, State};
use centre::ports::QuarantinedRow;
use model::Lang;
use permit::Role;

use super::reason_in_words;
use crate::answer::{Answered, html};
use crate::chrome::Chrome;
use crate::pages::seen;
use crate::parts::listing::{Cell, Column, Filter, List, ListQuery, Listing};
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/quarantine.html")]
pub struct QuarantinePage {
    chrome: Chrome,
    source: String,
    title: String,
    import: String,
    rows: Listing,
}

const COLUMNS: &[Column<QuarantinedRow>] = &[
    Column {
        name: "file",
        key: "file",
        cell: |row, _| Cell::Words(row.file.clone()),
        order: Some(|a, b| (&a.file, a.row).cmp(&(&b.file, b.row))),
        numeric: false,
    },
    Column {
        name: "row",
        key: "row",
        cell: |row, words| Cell::whole(words, row.row),
        order: Some(|a, b| (a.row, &a.file).cmp(&(b.row, &b.file))),
        numeric: true,
    },
    Column {
        name: "why",
        key: "aside-why",
        cell: |row, words| Cell::Words(why(row, words)),
        order: None,
        numeric: false,
    },
    Column {
        name: "text",
        key: "aside-text",
        cell: |row, _| row.text.clone().map_or(Cell::None, Cell::Code),
        order: None,
        numeric: false,
    },
];

fn why(row: &QuarantinedRow, words: &Words) -> String {
    let faults = row.faults.iter().map(|fault| {
        let reason = reason_in_words(words, fault.reason);
        match &fault.column {
            Some(column) => format!("{column}: {reason}"),
            None => reason,
        }
    });
    faults.collect::<Vec<_>>().join("; ")
}

impl QuarantinePage {
    /// The page of a delivery's rows.
    pub fn of(
        chrome: Chrome,
        source: String,
        title: String,
        import: String,
        rows: Vec<QuarantinedRow>,
        query: &ListQuery,
    ) -> Self {
        let words = chrome.words().clone();
        let mut reasons: Vec<Reason> =
            rows.iter().flat_map(|row| row.faults.iter().map(|fault| fault.reason)).collect();
        reasons.sort_unstable();
        reasons.dedup();
        let path = format!("/sources/{source}/deliveries/{import}");
        let rows = List {
            words: &words,
            caption: "aside-rows",
            path: &path,
            columns: COLUMNS,
            filter: Some(Filter {
                label: "aside-why",
                choices: reasons
                    .into_iter()
                    .map(|reason| (reason.word().to_owned(), reason_in_words(&words, reason)))
                    .collect(),
                passes: &|row, word| row.faults.iter().any(|fault| fault.reason.word() == word),
            }),
            empty: "aside-none",
        }
        .show(rows, query);
        Self { chrome, source, title, import, rows }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let path = "/sources/laboratory/deliveries/import-7k3m9q2x4d";
        let chrome = Chrome::sample(lang, path).seen_by(&[Role::Holder]);
        let row = |row, column: &str, reason, text: &str| QuarantinedRow {
            file: "laboratory.csv".to_owned(),
            row,
            faults: vec![::source::Fault::new(column, reason, "")],
            text: Some(text.to_owned()),
        };
        let rows = vec![
            row(17, "id", Reason::NationalId, "01819912345;2011-04-02;hdl;51"),
            row(90_211, "value", Reason::Decimal, "14879500765;2011-04-02;hdl;high"),
        ];
        let title = chrome.words().say("source").into_owned();
        let import = "import-7k3m9q2x4d".to_owned();
        Self::of(chrome, "laboratory".to_owned(), title, import, rows, &ListQuery::default())
    }
}

/// `GET /sources/{source}/deliveries/{import}`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path((source, import)): Path<(String, String)>,
    Query(query): Query<ListQuery>,
) -> Answered {
    let record = app.centre.source(visitor.caller(), &seen::id(&source)?).await?;
    let id = seen::id(&import)?;
    let rows = app.centre.quarantine(visitor.caller(), &record.source, &id).await?;
    let title = visitor.words().text(&record.contract.title).to_owned();
    let chrome = visitor.chrome(&app);
    let page = QuarantinePage::of(chrome, source, title, import.clone(), rows, &query);
    if query.is_csv() { Ok(page.rows.csv_response(&import)) } else { html(&page) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words_in_every_language() {
        let reasons = [
            Reason::FieldCount,
            Reason::TooLarge,
            Reason::Quote,
            Reason::Encoding,
            Reason::Missing,
            Reason::NationalId,
            Reason::Integer,
            Reason::Decimal,
            Reason::Date,
            Reason::Boolean,
            Reason::FutureDate,
            Reason::EarlyDate,
            Reason::NotAllowed,
            Reason::BelowMin,
            Reason::AboveMax,
            Reason::Formula,
            Reason::Order,
            Reason::Repeated,
            Reason::DuplicateKey,
            Reason::TwoPeople,
        ];
        for lang in Lang::ALL {
            let words = Words::new(lang, jiff::tz::TimeZone::UTC);
            for reason in reasons {
                assert!(words.knows(&format!("reason-{}", reason.word())), "{reason:?} in {lang}");
            }
        }
    }
}
