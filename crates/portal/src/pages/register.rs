//! The register of uses: every application, permit and refusal, in the open.

use crate::answer::{Answered, html};
use crate::failure::Failure;
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::{Path, State};
use model::{Lang, Purpose, Timestamp};
use permit::{ApplicationState, Standing};

use super::application::state_word;
use super::permit::standing_word;
use crate::chrome::Chrome;
use crate::parts::listing::{Cell, Column, Filter, List, ListQuery, Listing};
use crate::parts::standing::{Fact, Standing as Head};
use crate::parts::{Tag, Tone};
use crate::words::Words;

/// The register.
#[derive(Debug, Template)]
#[template(path = "pages/register.html")]
pub struct RegisterPage {
    chrome: Chrome,
    listing: Listing,
}

/// One use, with names instead of ids.
#[derive(Debug, Clone)]
pub struct UseLine {
    /// The application.
    pub application: String,
    /// What the work is called.
    pub title: String,
    /// What is to be found out.
    pub summary: String,
    /// Why the data may be used.
    pub purpose: Option<Purpose>,
    /// Who uses them.
    pub data_user: String,
    /// Which sources.
    pub sources: Vec<String>,
    /// Where the application stands.
    pub state: ApplicationState,
    /// When it was submitted.
    pub submitted_at: Option<Timestamp>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// Why it was decided so.
    pub reason: Option<String>,
    /// The permit, and where it stands.
    pub permit: Option<(String, Standing)>,
}

/// The one word for where a use stands: the permit's, else the application's.
fn word(line: &UseLine) -> (&'static str, Tone) {
    match line.permit {
        Some((_, standing)) => standing_word(standing),
        None => state_word(line.state),
    }
}

fn href(line: &UseLine) -> String {
    match &line.permit {
        Some((permit, _)) => format!("/permits/{permit}"),
        None => format!("/register/{}", line.application),
    }
}

const COLUMNS: &[Column<UseLine>] = &[
    Column {
        name: "title",
        key: "terms-title",
        cell: |line, _| Cell::Link(line.title.clone(), href(line)),
        order: Some(|a, b| a.title.cmp(&b.title)),
        numeric: false,
    },
    Column {
        name: "user",
        key: "data-user",
        cell: |line, _| Cell::Words(line.data_user.clone()),
        order: Some(|a, b| a.data_user.cmp(&b.data_user)),
        numeric: false,
    },
    Column {
        name: "purpose",
        key: "terms-purpose",
        cell: |line, words| {
            line.purpose.map_or(Cell::None, |purpose| {
                Cell::Words(purpose.title().get(words.lang()).to_owned())
            })
        },
        order: Some(|a, b| a.purpose.cmp(&b.purpose)),
        numeric: false,
    },
    Column {
        name: "sources",
        key: "terms-sources",
        cell: |line, _| Cell::Words(line.sources.join(", ")),
        order: None,
        numeric: false,
    },
    Column {
        name: "submitted",
        key: "submitted",
        cell: |line, words| {
            line.submitted_at.map_or(Cell::None, |at| Cell::Time(words.moment_short(at)))
        },
        order: Some(|a, b| a.submitted_at.cmp(&b.submitted_at)),
        numeric: false,
    },
    Column {
        name: "state",
        key: "state",
        cell: |line, words| {
            let (key, tone) = word(line);
            Cell::Tag(Tag::new(tone, words.say(key)))
        },
        order: Some(|a, b| word(a).0.cmp(word(b).0)),
        numeric: false,
    },
];

const STATES: [&str; 8] = [
    "state-application-submitted",
    "state-application-granted",
    "state-application-refused",
    "state-application-withdrawn",
    "state-permit-not-yet",
    "state-permit-active",
    "state-permit-expired",
    "state-permit-revoked",
];

impl RegisterPage {
    /// The register, narrowed as the address says.
    pub fn of(chrome: Chrome, lines: Vec<UseLine>, query: &ListQuery) -> Self {
        let words = chrome.words();
        let choices = STATES
            .iter()
            .filter(|state| lines.iter().any(|line| word(line).0 == **state))
            .map(|state| ((*state).to_owned(), words.say(state).into_owned()))
            .collect();
        let list = List {
            words,
            caption: "register-caption",
            path: "/register",
            columns: COLUMNS,
            filter: Some(Filter {
                label: "state",
                choices,
                passes: &|line, value| word(line).0 == value,
            }),
            empty: "register-empty",
        };
        Self { listing: list.show(lines, query), chrome }
    }

    /// The list, for a download.
    pub const fn listing(&self) -> &Listing {
        &self.listing
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/register");
        let line = sample_use(lang);
        let mut refused = line.clone();
        refused.permit = None;
        refused.state = ApplicationState::Refused;
        "application-9z1b3d5f7h".clone_into(&mut refused.application);
        Self::of(chrome, vec![line, refused], &ListQuery::default())
    }
}

/// One use, for everyone: the public part of a permit or of an application.
#[derive(Debug, Template)]
#[template(path = "pages/use.html")]
pub struct UsePage {
    chrome: Chrome,
    standing: Head,
    summary: String,
    purpose: Option<(String, &'static str)>,
    sources: Vec<String>,
    reason: Option<String>,
    releases: u64,
}

impl UsePage {
    /// The public part of `line`; under its permit, `releases` packages left.
    pub fn of(chrome: Chrome, line: &UseLine, releases: u64) -> Self {
        let words = chrome.words().clone();
        let (key, tone) = word(line);
        let mut facts =
            vec![(words.say("data-user").into_owned(), Fact::Words(line.data_user.clone()))];
        let mut when = |key: &str, at: Option<Timestamp>| {
            if let Some(at) = at {
                let shown = Fact::Time(words.moment(at), String::new());
                facts.push((words.say(key).into_owned(), shown));
            }
        };
        when("submitted", line.submitted_at);
        when("decided", line.decided_at);
        let id = line.permit.as_ref().map_or(&line.application, |(permit, _)| permit);
        let kind =
            if line.permit.is_some() { words.say("permit") } else { words.say("application") };
        Self {
            standing: Head {
                trail: vec![(words.say("nav-register").into_owned(), "/register".to_owned())],
                kind: format!("{kind} {id}"),
                title: line.title.clone(),
                tag: Tag::new(tone, words.say(key)),
                says: words.say("use-public").into_owned(),
                facts,
                steps: Vec::new(),
            },
            summary: line.summary.clone(),
            purpose: line
                .purpose
                .map(|purpose| (purpose.title().get(words.lang()).to_owned(), purpose.article())),
            sources: line.sources.clone(),
            reason: line.reason.clone(),
            releases,
            chrome,
        }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/permits/permit-3p5r7t9v1x");
        Self::of(chrome, &sample_use(lang), 1)
    }
}

fn sample_use(lang: Lang) -> UseLine {
    let terms = crate::parts::terms::TermsTree::sample_terms(lang);
    let words = Words::new(lang, jiff::tz::TimeZone::UTC);
    let names = crate::names::Names::sample();
    let reason = match lang {
        Lang::Nb => "Formålet er forskning, og alle holdere er enige.",
        Lang::Da => "Formålet er forskning, og alle dataindehavere er enige.",
        Lang::En => "The purpose is research, and every holder agrees.",
    };
    UseLine {
        application: "application-7k3m9q2x4d".to_owned(),
        title: terms.title,
        summary: terms.summary,
        purpose: terms.purpose,
        data_user: "university"
            .parse()
            .map(|id| names.organisation(&id, words.lang()))
            .unwrap_or_default(),
        sources: terms.sources.iter().map(|s| names.source(&s.source, lang)).collect(),
        state: ApplicationState::Granted,
        submitted_at: "2026-02-20T08:00:00Z".parse().ok(),
        decided_at: "2026-02-28T14:00:00Z".parse().ok(),
        reason: Some(reason.to_owned()),
        permit: Some(("permit-3p5r7t9v1x".to_owned(), Standing::Active)),
    }
}

/// Every use, with names instead of ids.
pub(crate) async fn lines(app: &App, visitor: &Visitor) -> Result<Vec<UseLine>, Failure> {
    let lang = visitor.words().lang();
    let uses = app.centre.register(visitor.caller()).await?;
    let names = app.names(visitor.caller()).await?;
    Ok(uses
        .into_iter()
        .map(|used| UseLine {
            application: used.application.to_string(),
            title: used.title,
            summary: used.summary,
            purpose: used.purpose,
            data_user: names.organisation(&used.data_user, lang),
            sources: used.sources.iter().map(|source| names.source(source, lang)).collect(),
            state: used.state,
            submitted_at: used.submitted_at,
            decided_at: used.decided_at,
            reason: used.reason,
            permit: used.permit.map(|(permit, standing)| (permit.to_string(), standing)),
        })
        .collect())
}

/// `GET /register`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<ListQuery>,
) -> Answered {
    let lines = lines(&app, &visitor).await?;
    let page = RegisterPage::of(visitor.chrome(&app), lines, &query);
    if query.is_csv() { Ok(page.listing().csv_response("uses")) } else { html(&page) }
}

/// `GET /register/{application}`
pub(crate) async fn show_one(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
) -> Answered {
    public_part(&app, &visitor, |line| line.application == application).await
}

/// The public part of the use that `is_it`.
pub(crate) async fn public_part(
    app: &App,
    visitor: &Visitor,
    is_it: impl Fn(&UseLine) -> bool,
) -> Answered {
    let lines = lines(app, visitor).await?;
    let line = lines.iter().find(|line| is_it(line)).ok_or(Failure::Absent)?;
    let releases = match line.permit.as_ref().and_then(|(permit, _)| permit.parse().ok()) {
        Some(permit) => app.centre.releases_under(&permit).await?,
        None => 0,
    };
    html(&UsePage::of(visitor.chrome(app), line, releases))
}
