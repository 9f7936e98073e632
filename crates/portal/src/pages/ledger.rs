//! The ledger: find an event, verify the whole, download it.

use crate::answer::{Answered, download, html};
use crate::failure::Failure;
use crate::parts::listing::PER_PAGE;
use crate::query::Query;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::State;
use ledger::EntryFilter;
use ledger::Flaw;
use ledger::chain::Report;
use model::{AccountId, Lang};
use permit::Role;

use crate::chrome::Chrome;
use crate::parts::listing::{Cell, Column, Filter, List, ListQuery, Listing};
use crate::parts::timeline::{Happening, act_in_words};
use crate::parts::{Tag, Tone};
use crate::words::Words;

/// The ledger.
#[derive(Debug, Template)]
#[template(path = "pages/ledger.html")]
pub struct LedgerPage {
    chrome: Chrome,
    listing: Listing,
    verified: Option<Verified>,
}

/// What came of verifying the whole.
#[derive(Debug, Clone)]
pub struct Verified {
    tag: Tag,
    entries: String,
    signed: String,
    root: String,
    faults: Vec<(u64, String)>,
    unlisted: u64,
}

const COLUMNS: &[Column<Happening>] = &[
    Column {
        name: "seq",
        key: "ledger-seq",
        cell: |line, words| Cell::Link(words.whole(line.seq), format!("/ledger/{}", line.seq)),
        order: None,
        numeric: true,
    },
    Column {
        name: "at",
        key: "when",
        cell: |line, words| Cell::Time(words.moment_short(line.at)),
        order: None,
        numeric: false,
    },
    Column {
        name: "actor",
        key: "who",
        cell: |line, _| Cell::Words(line.by.clone()),
        order: None,
        numeric: false,
    },
    Column {
        name: "act",
        key: "what",
        cell: |line, words| Cell::Words(act_in_words(words, &line.act)),
        order: None,
        numeric: false,
    },
    Column {
        name: "subject",
        key: "ledger-subject",
        cell: |line, _| match page_of(&line.subject) {
            Some(href) => Cell::Link(line.subject.clone(), href),
            None => Cell::Words(line.subject.clone()),
        },
        order: None,
        numeric: false,
    },
    Column {
        name: "hash",
        key: "ledger-hash",
        cell: |line, _| Cell::Code(line.hash.chars().take(12).collect()),
        order: None,
        numeric: false,
    },
];

/// The page of a subject, where it has one.
pub fn page_of(subject: &str) -> Option<String> {
    let (kind, id) = subject.split_once('/')?;
    let folder = match kind {
        "source" => "sources",
        "application" => "applications",
        "permit" => "permits",
        "room" => "rooms",
        "ingress" => "ingresses",
        "package" => "packages",
        "reversal" => "reversals",
        "output" => "outputs",
        "release" => "releases",
        _ => return None,
    };
    Some(format!("/{folder}/{id}"))
}

/// What is wrong with an entry: its number, what it was, and the flaw.
fn fault_in_words(words: &Words, fault: &ledger::Fault) -> String {
    let missing = |key: &str, missing: &ledger::chain::Missing| {
        words.say_both(key, missing.from, missing.to.saturating_sub(1))
    };
    let flaw = match &fault.flaw {
        Flaw::Unreadable(_) => words.say("flaw-unreadable").into_owned(),
        Flaw::Changed { .. } => words.say("flaw-changed").into_owned(),
        Flaw::Unchained { before } => words.say_with("flaw-unchained", before),
        Flaw::Gap(gap) => missing("flaw-gap", gap),
        Flaw::Misplaced { behind } => words.say_with("flaw-misplaced", behind),
        Flaw::Column { column, .. } => words.say_with("flaw-column", column),
        Flaw::Checkpoint { size, .. } => words.say_with("flaw-checkpoint", size),
        Flaw::Cut(cut) => missing("flaw-cut", cut),
        Flaw::Headless(cut) => missing("flaw-headless", cut),
        Flaw::Head(_) => words.say("flaw-head").into_owned(),
        Flaw::Unsigned => words.say("flaw-unsigned").into_owned(),
        Flaw::BadCheckpoint(_) => words.say("flaw-bad-checkpoint").into_owned(),
        Flaw::Foreign(_) => words.say("flaw-foreign").into_owned(),
    };
    let about = [&fault.act, &fault.subject].map(|part| part.as_deref().unwrap_or("–"));
    let entry = words.say_with("ledger-entry", fault.seq);
    format!("{entry} ({}, {}) {flaw}", about[0], about[1])
}

/// How much text can be looked for, characters.
pub(crate) const LONGEST_SEARCH: usize = 200;

/// The kinds of subject that can be chosen.
pub const KINDS: [&str; 15] = [
    "source",
    "application",
    "permit",
    "extract",
    "room",
    "ingress",
    "package",
    "pair",
    "reversal",
    "output",
    "release",
    "account",
    "organisation",
    "session",
    "centre",
];

impl LedgerPage {
    /// A page of the ledger: `happenings` of `total`.
    pub fn of(
        chrome: Chrome,
        happenings: &[Happening],
        total: usize,
        query: &ListQuery,
        report: Option<&Report>,
    ) -> Self {
        let words = chrome.words().clone();
        let choices = KINDS
            .map(|kind| (kind.to_owned(), words.say_or(&format!("subject-{kind}"), kind)))
            .into();
        let list = List {
            words: &words,
            caption: "ledger-caption",
            path: "/ledger",
            columns: COLUMNS,
            filter: Some(Filter { label: "ledger-kind", choices, passes: &|_, _| true }),
            empty: "ledger-empty",
        };
        let verified = report.map(|report| Verified {
            tag: if report.is_sound() {
                Tag::new(Tone::Success, words.say("ledger-sound"))
            } else {
                Tag::new(Tone::Danger, words.say("ledger-unsound"))
            },
            entries: words.whole(report.entries),
            signed: words.whole(report.signed),
            root: report.root.to_string(),
            faults: report
                .faults
                .iter()
                .map(|fault| (fault.seq, fault_in_words(&words, fault)))
                .collect(),
            unlisted: report.unlisted,
        });
        Self { listing: list.show_page(happenings, total, query).with_keys(), verified, chrome }
    }

    /// The list, for a download.
    pub const fn listing(&self) -> &Listing {
        &self.listing
    }

    /// A sample, verified, with one changed entry.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/ledger").seen_by(&[Role::Auditor]);
        let happenings: Vec<_> = [
            (81, "release.packaged", "release/release-6w8y0a2c4e", "checker"),
            (80, "output.released", "output/output-5v7x9z1b3d", "checker"),
            (79, "room.run-ended", "room/room-3p5r7t9v1x", "researcher"),
            (52, "permit.issued", "permit/permit-7k3m9q2x4d", "caseworker"),
            (7, "source.imported", "source/laboratory", "holder"),
        ]
        .map(|(seq, act, subject, actor)| {
            Happening::sample(seq, "2026-03-01T12:00:00Z", actor, act, subject, "")
        })
        .into();
        let report = Report {
            entries: 82,
            root: ledger::Hash([0x3c; 32]),
            signed: 80,
            faults: vec![ledger::Fault {
                seq: 7,
                act: Some("source.imported".to_owned()),
                subject: Some("source/laboratory".to_owned()),
                flaw: Flaw::Unchained { before: 6 },
            }],
            unlisted: 0,
        };
        Self::of(chrome, &happenings, 82, &ListQuery::default(), Some(&report))
    }
}

/// The entries that the address asks for. What is looked for is an account, what
/// an entry is about (`permit/permit-…`, or the id), or any words that stand in
/// it: in a script that was run, a reason that was given.
pub(crate) fn filter(query: &ListQuery, is_account: impl Fn(&AccountId) -> bool) -> EntryFilter {
    let kind = KINDS.iter().find(|kind| **kind == query.only);
    let mut filter = EntryFilter {
        acts: kind.into_iter().map(|kind| format!("{kind}.")).collect(),
        newest_first: query.sort != "seq",
        ..EntryFilter::default()
    };
    let wanted = query.q.trim();
    // Not every slash is a subject's: `/data/population.csv` stands in scripts.
    if let Some((kind, id)) = wanted.split_once('/').filter(|(kind, _)| KINDS.contains(kind)) {
        filter.subject = Some(ledger::Subject::new(kind, id));
    } else if let Some((kind, _)) = wanted
        .rsplit_once('-')
        .filter(|(kind, symbols)| symbols.len() == 10 && KINDS.contains(kind))
    {
        filter.subject = Some(ledger::Subject::new(kind, wanted));
    } else if let Some(account) = wanted.parse().ok().filter(is_account) {
        filter.actor = Some(account);
    } else if !wanted.is_empty() {
        filter.text = Some(wanted.chars().take(LONGEST_SEARCH).collect());
    }
    if query.is_csv() {
        filter.limit = u32::MAX;
    } else {
        let page = u64::try_from(query.page.saturating_sub(1)).unwrap_or(u64::MAX);
        filter.limit = u32::try_from(PER_PAGE).unwrap_or(50);
        filter.offset = page.saturating_mul(u64::from(filter.limit));
    }
    filter
}

async fn page(
    app: &App,
    visitor: &Visitor,
    query: &ListQuery,
    report: Option<&Report>,
) -> Result<LedgerPage, Failure> {
    app.centre.may_read_ledger(visitor.caller())?;
    let names = app.names(visitor.caller()).await?;
    let filter = filter(query, |account| names.accounts.contains_key(account));
    let found = app.centre.ledger(visitor.caller(), &filter).await?;
    let lang = visitor.words().lang();
    let happenings: Vec<_> =
        found.items.iter().map(|entry| Happening::from(entry).named(&names, lang)).collect();
    let total = usize::try_from(found.total).unwrap_or(usize::MAX);
    let mut chrome = visitor.chrome(app);
    "/ledger".clone_into(&mut chrome.path);
    Ok(LedgerPage::of(chrome, &happenings, total, query, report))
}

/// `GET /ledger`. A number that is looked for leads to that entry.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<ListQuery>,
) -> Answered {
    if let Ok(seq) = query.q.trim().parse::<u64>() {
        return Ok(crate::answer::see(&format!("/ledger/{seq}"), ""));
    }
    let page = page(&app, &visitor, &query, None).await?;
    if query.is_csv() { Ok(page.listing().csv_response("ledger")) } else { html(&page) }
}

/// `POST /ledger/verification`: verifies the whole, and says what came of it.
pub(crate) async fn verify(State(app): State<App>, visitor: Visitor, _: Signed) -> Answered {
    app.centre.may_read_ledger(visitor.caller())?;
    let report = app.proofs.verify().await?;
    html(&page(&app, &visitor, &ListQuery::default(), Some(&report)).await?)
}

/// `GET /ledger/export`
pub(crate) async fn export(State(app): State<App>, visitor: Visitor) -> Answered {
    app.centre.may_read_ledger(visitor.caller())?;
    Ok(download("application/x-ndjson", "ledger.jsonl", app.proofs.export().await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_that_has_a_page_leads_to_it() {
        assert_eq!(page_of("permit/permit-1").as_deref(), Some("/permits/permit-1"));
        assert_eq!(page_of("session/researcher"), None);
        assert_eq!(page_of("nonsense"), None);
    }

    #[test]
    fn an_account_an_id_or_a_kind_is_looked_for() {
        let look = |q: &str, only: &str| {
            let query = ListQuery { q: q.into(), only: only.into(), ..ListQuery::default() };
            filter(&query, |account| account.as_str() == "researcher")
        };
        assert_eq!(look("researcher", "").actor.unwrap().as_str(), "researcher");
        let subject = look("permit-7k3m9q2x4d", "").subject.unwrap();
        assert_eq!(subject.to_string(), "permit/permit-7k3m9q2x4d");
        assert_eq!(look("source/laboratory", "").subject.unwrap().kind(), "source");
        assert_eq!(look("", "output").acts, ["output."]);
        assert!(look("", "nonsense").acts.is_empty());
        let words = look("coxph(Surv", "");
        assert_eq!((words.text.as_deref(), words.actor), (Some("coxph(Surv"), None));
        assert_eq!(look("mortality", "").text.as_deref(), Some("mortality"));
        assert_eq!(look("/data/lab.csv", "").text.as_deref(), Some("/data/lab.csv"));
        assert_eq!(look("out/table.csv", "").subject, None);
        assert_eq!(look(" ", ""), look("", ""));
    }

    #[test]
    fn a_changed_entry_is_named_on_the_page() {
        let html = LedgerPage::sample(Lang::En).to_string();
        assert!(html.contains("source.imported") && html.contains("Entry 7"), "{html}");
    }
}
