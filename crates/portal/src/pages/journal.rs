//! The journal of a room: what was done in it, by whom and for how long; and one
//! run of it, with its script word for word.

mod sample;

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use centre::journal::{Cell as Code, Deed, Done, Ran, Statement};
use model::{AccountId, CellId, Lang, RoomId, RunId, StatementId, Timestamp};
use permit::Role;
use permit::policy::Action;
use room::{CellOutcome, Script, TableRead};

use super::output::state_tag;
use super::room::{closing_key, given_up_key, outcome_word, took};
use super::seen;
use crate::answer::{Answered, html};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::names::Names;
use crate::parts::listing::{Cell, Column, Filter, List, ListQuery, Listing};
use crate::parts::standing::{Fact, Standing, Step};
use crate::parts::{Tag, Tone};
use crate::sample::literal;
use crate::state::App;
use crate::visitor::Visitor;
use crate::words::Words;

#[cfg(test)]
pub(crate) use sample::sample_of_every_deed;
use sample::{sample_deeds, sample_run};

/// What was done in a room.
#[derive(Debug, Template)]
#[template(path = "pages/journal.html")]
pub struct JournalPage {
    chrome: Chrome,
    standing: Standing,
    listing: Listing,
}

/// One run, with its script.
#[derive(Debug, Template)]
#[template(path = "pages/run.html")]
pub struct RunPage {
    chrome: Chrome,
    standing: Standing,
    script: Option<String>,
}

/// One thing that was done, in words.
#[derive(Debug, Clone)]
struct DeedLine {
    room: Arc<str>,
    by: Arc<str>,
    deed: Arc<Deed>,
}

const COLUMNS: &[Column<DeedLine>] = &[
    Column {
        name: "at",
        key: "when",
        cell: |line, words| Cell::Time(words.moment(line.deed.at)),
        order: Some(|a, b| a.deed.at.cmp(&b.deed.at)),
        numeric: false,
    },
    Column {
        name: "by",
        key: "who",
        cell: |line, _| Cell::Words(line.by.to_string()),
        order: Some(|a, b| a.by.cmp(&b.by)),
        numeric: false,
    },
    Column {
        name: "kind",
        key: "journal-kind",
        cell: |line, words| Cell::Words(words.say(kind_key(line.deed.what.as_str())).into_owned()),
        order: Some(|a, b| a.deed.what.as_str().cmp(b.deed.what.as_str())),
        numeric: false,
    },
    Column { name: "what", key: "journal-what", cell: what, order: None, numeric: false },
    Column { name: "ended", key: "run-ended", cell: ended, order: None, numeric: false },
    Column {
        name: "took",
        key: "run-took",
        cell: |line, words| match wall_ms(&line.deed.what) {
            Some(wall_ms) => Cell::Number(took(words, wall_ms), wall_ms.to_string()),
            None => Cell::None,
        },
        order: None,
        numeric: true,
    },
];

/// How long it lasted, if it is over.
fn wall_ms(what: &Done) -> Option<u64> {
    match what {
        Done::Ran(ran) => ran.ended.as_ref().map(|end| end.wall_ms),
        Done::Cell(code) => code.ended.as_ref().map(|end| end.wall_ms),
        Done::Statement(asked) => asked.ended.as_ref().map(|end| end.wall_ms),
        Done::Entered { wall_ms, .. } | Done::Waited { wall_ms, .. } => *wall_ms,
        _ => None,
    }
}

fn kind_key(kind: &str) -> &'static str {
    match kind {
        "ran" => "did-ran",
        "waited" => "did-waited",
        "notebook" => "did-notebook",
        "desktop" => "did-desktop",
        "cell" => "did-cell",
        "statement" => "did-statement",
        "entered" => "did-entered",
        "fetched" => "did-fetched",
        "saved" => "did-saved",
        "restored" => "did-restored",
        "pasted" => "did-pasted",
        "withheld" => "did-withheld",
        "looked" => "did-looked",
        "asked-in" => "did-asked-in",
        "asked-out" => "did-asked-out",
        "opened" => "did-opened",
        "frozen" => "did-frozen",
        "thawed" => "did-thawed",
        "counted" => "did-counted",
        _ => "did-closed",
    }
}

fn what(line: &DeedLine, words: &Words) -> Cell {
    match &line.deed.what {
        Done::Opened
        | Done::Thawed
        | Done::Entered { shown: None, .. }
        | Done::Waited { why: None, .. } => Cell::None,
        Done::Waited { why: Some(why), .. } => {
            Cell::Words(words.say(given_up_key(*why)).into_owned())
        }
        Done::Counted(removed) => {
            let files = words.say_count("files-count", removed.files);
            Cell::Words(format!("{files}, {}", words.bytes(removed.bytes)))
        }
        Done::Entered { shown: Some(bytes), .. } => {
            Cell::Words(words.say_with("journal-shown", words.bytes(*bytes)))
        }
        Done::Cell(code) => {
            Cell::Link(code.title(), format!("/rooms/{}/journal/{}", line.room, code.cell))
        }
        Done::Statement(asked) => {
            Cell::Link(asked.title(), format!("/rooms/{}/journal/{}", line.room, asked.statement))
        }
        Done::Fetched(fetched) => Cell::Words(fetched.file.clone()),
        Done::Saved { file, .. } | Done::Restored { file, .. } => Cell::Words(file.clone()),
        Done::Withheld { bytes } | Done::Pasted { bytes, .. } => Cell::Words(words.bytes(*bytes)),
        Done::Ran(ran) => {
            Cell::Link(ran.title(), format!("/rooms/{}/journal/{}", line.room, ran.run))
        }
        Done::Looked { file, .. } => Cell::Words(file.clone()),
        Done::AskedIn { ingress, file, .. } => {
            Cell::Link(file.clone(), format!("/ingresses/{ingress}"))
        }
        Done::AskedOut { output, file, .. } => {
            Cell::Link(file.clone(), format!("/outputs/{output}"))
        }
        Done::Frozen { why, .. } | Done::Closed { why } => {
            Cell::Words(words.say(closing_key(*why)).into_owned())
        }
    }
}

fn ended(line: &DeedLine, words: &Words) -> Cell {
    match &line.deed.what {
        Done::Ran(ran) => Cell::Tag(outcome_tag(words, ran)),
        Done::AskedIn { state, .. } => Cell::Tag(super::ingress::state_tag(words, *state)),
        Done::AskedOut { state, .. } => Cell::Tag(state_tag(words, *state)),
        Done::Cell(code) => Cell::Tag(cell_tag(words, code)),
        Done::Statement(asked) => Cell::Tag(statement_tag(words, asked)),
        Done::Waited { wall_ms: None, .. } => {
            Cell::Tag(Tag::new(Tone::Warning, words.say("state-room-waiting")))
        }
        Done::Withheld { .. } => Cell::Tag(Tag::new(Tone::Warning, words.say("withheld"))),
        _ => Cell::None,
    }
}

/// To the run that something was done in.
fn run_of(words: &Words, room: &RoomId, run: &RunId) -> Step {
    Step::go(words.say("statement-run"), format!("/rooms/{room}/journal/{run}"))
}

/// The tables that were opened, with the rows in them.
fn opened<'a>(
    words: &'a Words,
    tables: Option<&'a [TableRead]>,
) -> impl Iterator<Item = (String, Fact)> + use<'a> {
    let fact = |read: &TableRead| {
        (words.say_with("run-opened", &read.table), Fact::Words(words.whole(read.rows)))
    };
    tables.into_iter().flatten().map(fact)
}

fn cell_tag(words: &Words, code: &Code) -> Tag {
    let (key, tone) = match code.ended.as_ref().map(|end| end.outcome) {
        Some(CellOutcome::Ok) => ("outcome-finished", Tone::Success),
        Some(CellOutcome::Error) => ("outcome-failed", Tone::Danger),
        Some(CellOutcome::Unheard) => ("outcome-lost", Tone::Warning),
        Some(CellOutcome::Aborted) => ("outcome-not-begun", Tone::Neutral),
        None => ("state-room-running", Tone::Info),
    };
    Tag::new(tone, words.say(key))
}

fn statement_tag(words: &Words, asked: &Statement) -> Tag {
    let (key, tone) = match asked.ended.as_ref().map(|end| end.answered) {
        Some(true) => ("statement-answered", Tone::Success),
        Some(false) => ("statement-unanswered", Tone::Danger),
        None => ("state-room-running", Tone::Info),
    };
    Tag::new(tone, words.say(key))
}

fn outcome_tag(words: &Words, ran: &Ran) -> Tag {
    let (key, tone) = match &ran.ended {
        Some(end) => outcome_word(end.outcome),
        None => ("state-room-running", Tone::Info),
    };
    Tag::new(tone, words.say(key))
}

/// Whether every word that is looked for is in the deed, or in the script of it.
fn holds(line: &DeedLine, words: &Words, wanted: &[String]) -> bool {
    let mut text = format!("{} {} ", line.by, what(line, words).plain()).to_lowercase();
    if let Done::Ran(ran) = &line.deed.what {
        let script = ran.script.as_ref().map(Script::text).unwrap_or_default();
        text.push_str(&ran.command.join(" ").to_lowercase());
        text.push(' ');
        text.push_str(&script.to_lowercase());
    }
    if let Done::Cell(code) = &line.deed.what {
        text.push_str(&code.code.to_lowercase());
    }
    if let Done::Statement(asked) = &line.deed.what {
        text.push_str(&asked.sql.to_lowercase());
        for read in asked.ended.iter().flat_map(|end| &end.read) {
            text.push(' ');
            text.push_str(&read.table);
        }
    }
    wanted.iter().all(|word| text.contains(word.as_str()))
}

fn trail(words: &Words, room: &RoomId) -> Vec<(String, String)> {
    vec![
        (room.to_string(), format!("/rooms/{room}")),
        (words.say("journal").into_owned(), format!("/rooms/{room}/journal")),
    ]
}

impl JournalPage {
    /// The journal, newest first, narrowed as the address says.
    pub fn of(
        chrome: Chrome,
        room: &RoomId,
        names: &Names,
        deeds: Vec<Arc<Deed>>,
        query: &ListQuery,
    ) -> Self {
        let words = chrome.words().clone();
        let of_room = Arc::from(room.as_str());
        let mut called: HashMap<AccountId, Arc<str>> = HashMap::new();
        let mut lines: Vec<DeedLine> = Vec::with_capacity(deeds.len());
        for deed in deeds.into_iter().rev() {
            if !called.contains_key(&deed.by) {
                let by = Arc::from(names.person(&deed.by, words.lang()));
                called.insert(deed.by.clone(), by);
            }
            let by = called.get(&deed.by).map(Arc::clone).unwrap_or_default();
            lines.push(DeedLine { room: Arc::clone(&of_room), by, deed });
        }
        let unfiltered = lines.len();
        let choices = Done::KINDS
            .into_iter()
            .filter(|kind| lines.iter().any(|line| line.deed.what.as_str() == *kind))
            .map(|kind| (kind.to_owned(), words.say(kind_key(kind)).into_owned()))
            .collect();
        let wanted: Vec<String> =
            query.q.split_whitespace().map(str::to_lowercase).take(8).collect();
        lines.retain(|line| {
            (query.only.is_empty() || line.deed.what.as_str() == query.only)
                && (wanted.is_empty() || holds(line, &words, &wanted))
        });
        let path = format!("/rooms/{room}/journal");
        let list = List {
            words: &words,
            caption: "journal-caption",
            path: &path,
            columns: COLUMNS,
            filter: Some(Filter {
                label: "journal-kind",
                choices,
                passes: &|line, kind| line.deed.what.as_str() == kind,
            }),
            empty: "journal-empty",
        };
        let (_, listing) = list.show_found(lines, unfiltered, query);
        let mut trail = trail(&words, room);
        trail.truncate(1);
        let standing = Standing {
            trail,
            kind: words.say("room").into_owned(),
            title: words.say("journal").into_owned(),
            tag: Tag::default(),
            says: format!("{} {}", words.say("journal-lead"), words.say("journal-search-hint")),
            facts: Vec::new(),
            steps: Vec::new(),
        };
        Self { chrome, standing, listing }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let room = literal("room-3c5d7f9h1k");
        let path = format!("/rooms/{room}/journal");
        let chrome = Chrome::sample(lang, &path).seen_by(&[Role::Researcher]);
        let deeds = sample_deeds().into_iter().map(Arc::new).collect();
        Self::of(chrome, &room, &Names::sample(), deeds, &ListQuery::default())
    }
}

impl RunPage {
    /// One run of the room.
    pub fn of(
        chrome: Chrome,
        room: &RoomId,
        names: &Names,
        by: &AccountId,
        at: Timestamp,
        ran: &Ran,
        may_enter: bool,
    ) -> Self {
        let words = chrome.words().clone();
        let mut facts = vec![
            (
                words.say("run-started").into_owned(),
                Fact::Time(words.moment(at), names.person(by, words.lang())),
            ),
            (words.say("run-command").into_owned(), Fact::Words(ran.command.join(" "))),
        ];
        if let Some(script) = &ran.script {
            let digest = Fact::Words(script.sha256().to_string());
            facts.push((words.say("run-script-digest").into_owned(), digest));
        }
        if let Some(end) = &ran.ended {
            let exit =
                end.exit.map_or_else(|| "–".to_owned(), |exit| words.number(f64::from(exit)));
            for (key, fact) in [
                ("run-exit", exit),
                ("run-took", took(&words, end.wall_ms)),
                ("run-processor", took(&words, end.cpu_ms)),
                ("run-memory", words.bytes(end.peak_memory)),
                ("run-files-after", words.whole(end.files)),
                ("run-files-digest", end.files_sha256.to_string()),
            ] {
                facts.push((words.say(key).into_owned(), Fact::Words(fact)));
            }
            facts.extend(opened(&words, end.opened.as_deref()));
        }
        let log = format!("/rooms/{room}?run={}#log", ran.run);
        let steps =
            may_enter.then(|| Step::go(words.say("run-see-log"), log)).into_iter().collect();
        let standing = Standing {
            trail: trail(&words, room),
            kind: words.say("run-page").into_owned(),
            title: ran.title(),
            tag: outcome_tag(&words, ran),
            says: String::new(),
            facts,
            steps,
        };
        let script = ran.script.as_ref().map(|script| script.text().to_owned());
        Self { chrome, standing, script }
    }

    /// One cell of a notebook.
    pub fn of_cell(chrome: Chrome, room: &RoomId, names: &Names, deed: &Deed, code: &Code) -> Self {
        let words = chrome.words().clone();
        let mut facts = vec![
            (
                words.say("run-started").into_owned(),
                Fact::Time(words.moment(deed.at), names.person(&deed.by, words.lang())),
            ),
            (words.say("cell-kernel").into_owned(), Fact::Words(code.kernel.clone())),
        ];
        if let Some(end) = &code.ended {
            let after = Fact::Words(took(&words, end.wall_ms));
            facts.push((words.say("run-took").into_owned(), after));
            facts.extend(opened(&words, end.opened.as_deref()));
        }
        let standing = Standing {
            trail: trail(&words, room),
            kind: words.say("did-cell").into_owned(),
            title: code.title(),
            tag: cell_tag(&words, code),
            says: String::new(),
            facts,
            steps: deed.session.iter().map(|run| run_of(&words, room, run)).collect(),
        };
        Self { chrome, standing, script: Some(code.code.clone()) }
    }

    /// One statement.
    pub fn of_statement(
        chrome: Chrome,
        room: &RoomId,
        names: &Names,
        deed: &Deed,
        asked: &Statement,
    ) -> Self {
        let words = chrome.words().clone();
        let mut facts = vec![(
            words.say("run-started").into_owned(),
            Fact::Time(words.moment(deed.at), names.person(&deed.by, words.lang())),
        )];
        if let Some(end) = &asked.ended {
            let mut fact = |label: String, value| facts.push((label, Fact::Words(value)));
            fact(words.say("run-took").into_owned(), took(&words, end.wall_ms));
            fact(words.say("statement-rows").into_owned(), words.whole(end.rows));
            for read in &end.read {
                fact(words.say_with("statement-read", &read.table), words.whole(read.rows));
            }
        }
        let standing = Standing {
            trail: trail(&words, room),
            kind: words.say("did-statement").into_owned(),
            title: asked.title(),
            tag: statement_tag(&words, asked),
            says: String::new(),
            facts,
            steps: vec![run_of(&words, room, &asked.run)],
        };
        Self { chrome, standing, script: Some(asked.sql.clone()) }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let room = literal("room-3c5d7f9h1k");
        let run = sample_run();
        let path = format!("/rooms/{room}/journal/{}", run.run);
        let chrome = Chrome::sample(lang, &path).seen_by(&[Role::Researcher]);
        let (by, at) = (literal("researcher"), literal("2026-03-01T08:30:00Z"));
        Self::of(chrome, &room, &Names::sample(), &by, at, &run, true)
    }
}

/// `GET /rooms/{room}/journal`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Query(query): Query<ListQuery>,
) -> Answered {
    let room: RoomId = seen::id(&room)?;
    let deeds = app.centre.journal(visitor.caller(), &room).await?;
    let names = app.names(visitor.caller()).await?;
    let page = JournalPage::of(visitor.chrome(&app), &room, &names, deeds, &query);
    if query.is_csv() {
        Ok(page.listing.csv_response(&format!("journal-{room}")))
    } else {
        html(&page)
    }
}

/// `GET /rooms/{room}/journal/{run}`
pub(crate) async fn show_run(
    State(app): State<App>,
    visitor: Visitor,
    Path((room, run)): Path<(String, String)>,
) -> Answered {
    let room: RoomId = seen::id(&room)?;
    let deeds = app.centre.journal(visitor.caller(), &room).await?;
    if run.starts_with(CellId::PREFIX) {
        let cell: CellId = seen::id(&run)?;
        let found = deeds.iter().find_map(|deed| match &deed.what {
            Done::Cell(code) if code.cell == cell => Some((deed, code)),
            _ => None,
        });
        let (deed, code) = found.ok_or(Failure::Absent)?;
        let names = app.names(visitor.caller()).await?;
        return html(&RunPage::of_cell(visitor.chrome(&app), &room, &names, deed, code));
    }
    if run.starts_with(StatementId::PREFIX) {
        let statement: StatementId = seen::id(&run)?;
        let found = deeds.iter().find_map(|deed| match &deed.what {
            Done::Statement(asked) if asked.statement == statement => Some((deed, asked)),
            _ => None,
        });
        let (deed, asked) = found.ok_or(Failure::Absent)?;
        let names = app.names(visitor.caller()).await?;
        return html(&RunPage::of_statement(visitor.chrome(&app), &room, &names, deed, asked));
    }
    let run: RunId = seen::id(&run)?;
    let found = deeds.iter().find_map(|deed| match &deed.what {
        Done::Ran(ran) if ran.run == run => Some((deed, ran)),
        _ => None,
    });
    let (deed, ran) = found.ok_or(Failure::Absent)?;
    let names = app.names(visitor.caller()).await?;
    let record = app.centre.room(visitor.caller(), &room).await?;
    let thing = app.centre.room_thing(&record).await?;
    let may_enter = app.centre.ruling(visitor.caller(), Action::EnterRoom, &thing).allowed;
    let chrome = visitor.chrome(&app);
    html(&RunPage::of(chrome, &room, &names, &deed.by, deed.at, ran, may_enter))
}
