//! A room: run a script, read its log, see the files and the limits, ask to
//! take a file out.

mod sample;

#[cfg(test)]
pub(crate) use sample::sample_room;

use super::{output as output_page, seen};
use crate::answer::{Answered, html, see};
use crate::failure::Failure;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::{Path, Query, State};
use centre::outputs::Wish;
use disclosure::Kind;
use model::{Lang, Timestamp};
use permit::Role;
use permit::policy::Action;
use room::Script;
use room::{Closing, Outcome, Room, Run, State as RoomState};
use serde::Deserialize;

use crate::chrome::Chrome;
use crate::names::Names;
use crate::parts::rules::{Rules, RulingLine};
use crate::parts::standing::{Fact, Standing, Step};
use crate::parts::timeline::{Happening, Timeline};
use crate::parts::{Tag, Tone};
use crate::words::{Shown, Words};

/// The page of a room.
#[derive(Debug, Template)]
#[template(path = "pages/room.html")]
pub struct RoomPage {
    chrome: Chrome,
    id: String,
    standing: Standing,
    running: bool,
    may_enter: bool,
    may_ask: bool,
    may_close: bool,
    languages: [(&'static str, &'static str); 2],
    script: String,
    script_fault: String,
    runs: Vec<RunLine>,
    chosen: Option<String>,
    log: Option<String>,
    files: Vec<FileLine>,
    refused: Vec<(String, String)>,
    meters: Vec<Meter>,
    limits: Vec<String>,
    outputs: Vec<OutputLine>,
    wishes: [(&'static str, String); 3],
    rules: Rules,
    timeline: Timeline,
}

/// A command that was run.
#[derive(Debug, Clone)]
pub struct RunLine {
    id: String,
    what: String,
    by: String,
    started_at: Shown,
    took: String,
    memory: String,
    tag: Tag,
    chosen: bool,
}

/// A file in the work folder.
#[derive(Debug, Clone)]
pub struct FileLine {
    /// Its name below the work folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written last.
    pub modified: Timestamp,
}

/// How full something is.
#[derive(Debug, Clone)]
pub struct Meter {
    label: String,
    used: u64,
    most: u64,
    shown: String,
}

/// An output asked for from this room.
#[derive(Debug, Clone)]
pub struct OutputLine {
    /// Its id.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// Where it stands.
    pub tag: Tag,
    /// When it was asked for.
    pub at: Timestamp,
}

/// What the people of a room see of it; others see only that it is there.
#[derive(Debug, Clone, Default)]
pub struct Inside {
    /// Memory in use, bytes.
    pub memory: u64,
    /// The work folder in use, bytes.
    pub disk: u64,
    /// The files in the work folder.
    pub files: Vec<FileLine>,
    /// What lies there and cannot be asked for, and why.
    pub refused: Vec<(String, String)>,
    /// The run whose log is shown.
    pub chosen: Option<String>,
    /// That log.
    pub log: Option<String>,
    /// The outputs asked for.
    pub outputs: Vec<OutputLine>,
}

/// What the reader of a room sees besides the room.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The inside, for its people.
    pub inside: Option<Inside>,
    /// What the permit is called.
    pub title: String,
    /// What the reader may do, by action.
    pub rulings: Vec<RulingLine>,
    /// What happened, newest first.
    pub happenings: Vec<Happening>,
    /// Whether the reader may read the ledger.
    pub may_read_ledger: bool,
}

impl Seen {
    fn may(&self, action: Action) -> bool {
        self.rulings.iter().any(|ruling| ruling.allowed && ruling.action == action.as_str())
    }
}

/// The word for where a room stands, and its colour.
pub const fn state_word(state: RoomState) -> (&'static str, Tone) {
    match state {
        RoomState::Open => ("state-room-open", Tone::Success),
        RoomState::Running => ("state-room-running", Tone::Info),
        RoomState::Closed => ("state-room-closed", Tone::Neutral),
    }
}

/// The word for how a command ended, and its colour.
const fn outcome_word(outcome: Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::Finished => ("outcome-finished", Tone::Success),
        Outcome::Failed => ("outcome-failed", Tone::Danger),
        Outcome::KilledMemory => ("outcome-memory", Tone::Danger),
        Outcome::KilledTime => ("outcome-time", Tone::Danger),
        Outcome::KilledDisk => ("outcome-disk", Tone::Danger),
        Outcome::KilledProcesses => ("outcome-processes", Tone::Danger),
        Outcome::Stopped => ("outcome-stopped", Tone::Warning),
        Outcome::Lost => ("outcome-lost", Tone::Warning),
    }
}

const fn closing_key(why: Closing) -> &'static str {
    match why {
        Closing::ByPerson => "closed-by-person",
        Closing::PermitExpired => "closed-permit-expired",
        Closing::PermitRevoked => "closed-permit-revoked",
        Closing::ExtractDestroyed => "closed-extract-destroyed",
    }
}

fn run_line(words: &Words, names: &Names, run: &Run, chosen: Option<&str>) -> RunLine {
    let (tag, took, memory) = match &run.ended {
        None => {
            (Tag::new(Tone::Info, words.say("state-room-running")), String::new(), String::new())
        }
        Some(end) => {
            let (key, tone) = outcome_word(end.outcome);
            #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
            let seconds = end.wall_ms as f64 / 1_000.0;
            let took = format!("{}\u{202f}s", words.decimal(seconds, 1));
            (Tag::new(tone, words.say(key)), took, words.bytes(end.peak_memory))
        }
    };
    RunLine {
        id: run.id.to_string(),
        what: run.script.clone().unwrap_or_else(|| run.command.join(" ")),
        by: names.person(&run.by, words.lang()),
        started_at: words.moment(run.started_at),
        took,
        memory,
        tag,
        chosen: chosen == Some(run.id.as_str()),
    }
}

fn says(words: &Words, names: &Names, room: &Room) -> String {
    match (room.state, room.closed) {
        (RoomState::Closed, why) => {
            why.map(|why| words.say(closing_key(why)).into_owned()).unwrap_or_default()
        }
        (RoomState::Running, _) => match room.running() {
            Some(run) => words.say_with("room-running-says", names.person(&run.by, words.lang())),
            None => words.say("room-open-says").into_owned(),
        },
        (RoomState::Open, _) => words.say("room-open-says").into_owned(),
    }
}

fn meters(words: &Words, room: &Room, inside: &Inside) -> Vec<Meter> {
    [
        ("room-meter-memory", inside.memory, room.limits.memory),
        ("room-meter-disk", inside.disk, room.limits.disk),
    ]
    .map(|(key, used, most)| Meter {
        label: words.say(key).into_owned(),
        used,
        most,
        shown: words.say_both("of", words.bytes(used), words.bytes(most)),
    })
    .into()
}

fn limits(words: &Words, room: &Room) -> Vec<String> {
    let limits = room.limits;
    vec![
        words.say_with("room-memory", words.bytes(limits.memory)),
        words.say_with("room-disk", words.bytes(limits.disk)),
        words.say_with("room-cpu", words.number(f64::from(limits.cpu_percent) / 100.0)),
        words.say_with("room-processes", limits.processes),
        words.say_with("room-wall", words.duration(limits.wall_seconds)),
        words.say("room-no-network").into_owned(),
    ]
}

impl RoomPage {
    /// The page of `room`.
    pub fn of(chrome: Chrome, room: &Room, names: &Names, mut seen: Seen) -> Self {
        let words = chrome.words().clone();
        let lang = words.lang();
        let id = room.id.to_string();
        let (state, tone) = state_word(room.state);
        let running = room.state == RoomState::Running;
        let token = chrome.form_token.clone();
        let inside = seen.inside.take();
        let may_enter = inside.is_some() && seen.may(Action::EnterRoom);
        let mut steps = Vec::new();
        if may_enter && room.state == RoomState::Open {
            steps.push(Step::go(words.say("room-run"), "#run"));
        }
        if may_enter && running {
            let href = format!("/rooms/{id}/stop");
            steps.push(Step::send(words.say("room-stop"), href, &token).grave());
        }
        let standing = Standing {
            trail: vec![(seen.title.clone(), format!("/permits/{}", room.permit))],
            kind: words.say("room").into_owned(),
            title: id.clone(),
            tag: Tag::new(tone, words.say(state)),
            says: says(&words, names, room),
            facts: vec![
                (
                    words.say("opened").into_owned(),
                    Fact::Time(words.moment(room.opened_at), names.person(&room.opened_by, lang)),
                ),
                (words.say("extract").into_owned(), Fact::Words(room.extract.to_string())),
                (words.say("runs").into_owned(), Fact::Words(words.whole(room.runs_total))),
            ],
            steps,
        };
        let chosen = inside.as_ref().and_then(|inside| inside.chosen.clone());
        let runs = room
            .runs
            .iter()
            .rev()
            .map(|run| run_line(&words, names, run, chosen.as_deref()))
            .collect();
        let meters = inside.as_ref().map(|inside| meters(&words, room, inside)).unwrap_or_default();
        let inside = inside.unwrap_or_default();
        Self {
            running,
            may_enter: may_enter && room.state != RoomState::Closed,
            may_close: room.state != RoomState::Closed && seen.may(Action::CloseRoom),
            may_ask: seen.may(Action::RequestOutput) && room.state == RoomState::Open,
            languages: [("r", "R"), ("python", "Python")],
            script: String::new(),
            script_fault: String::new(),
            runs,
            chosen,
            log: inside.log,
            files: inside.files,
            refused: inside.refused,
            meters,
            limits: limits(&words, room),
            outputs: inside.outputs,
            wishes: [("table", "kind-table"), ("model", "kind-model"), ("figure", "kind-figure")]
                .map(|(value, key)| (value, words.say(key).into_owned())),
            rules: Rules::new(&words)
                .with(words.say("opened-by"), vec![names.account(&room.opened_by, lang)])
                .ruled(seen.rulings),
            timeline: Timeline::new(&words, &seen.happenings, seen.may_read_ledger),
            standing,
            id,
            chrome,
        }
    }

    /// The same page with a script that was not run, and why.
    #[must_use]
    pub fn with_script(mut self, script: String, fault: String) -> Self {
        self.script = script;
        self.script_fault = fault;
        self
    }
}

/// What can be done on a room's page.
pub(crate) const ACTIONS: [Action; 3] =
    [Action::EnterRoom, Action::RequestOutput, Action::CloseRoom];

/// What the address of a room's page says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Look {
    run: String,
}

/// `GET /rooms/{room}`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Query(look): Query<Look>,
) -> Answered {
    let room = app.centre.room(visitor.caller(), &seen::id(&room)?).await?;
    html(&page(&app, &visitor, &room, &look.run).await?)
}

async fn page(app: &App, visitor: &Visitor, room: &Room, run: &str) -> Result<RoomPage, Failure> {
    let caller = visitor.caller();
    let names = app.names(caller).await?;
    let thing = app.centre.room_thing(room).await?;
    let title = match app.centre.permit(caller, &room.permit).await {
        Ok(permit) => permit.grant.terms.title,
        Err(_) => room.permit.to_string(),
    };
    let rulings = seen::rulings(app, visitor, &thing, &ACTIONS);
    let may_enter = app.centre.ruling(caller, Action::EnterRoom, &thing).allowed;
    let seen = Seen {
        inside: if may_enter { Some(inside(app, visitor, room, run).await?) } else { None },
        title,
        rulings,
        happenings: seen::happenings(app, visitor, &names, "room", room.id.as_str()).await?,
        may_read_ledger: seen::may_read_ledger(app, visitor),
    };
    Ok(RoomPage::of(visitor.chrome(app), room, &names, seen))
}

async fn inside(app: &App, visitor: &Visitor, room: &Room, run: &str) -> Result<Inside, Failure> {
    let caller = visitor.caller();
    let standing = app.centre.room_standing(caller, &room.id).await?;
    // The run the address names, else the newest.
    let chosen = room
        .runs
        .iter()
        .find(|known| known.id.as_str() == run)
        .or_else(|| room.runs.last())
        .map(|run| run.id.clone());
    let log = match &chosen {
        Some(run) => Some(app.centre.run_log(caller, &room.id, run).await?),
        None => None,
    };
    let words = visitor.words();
    let outputs = app.centre.outputs(caller, Some(&room.id)).await?;
    let listing = standing.listing;
    Ok(Inside {
        memory: standing.standing.memory,
        disk: standing.standing.work.bytes,
        files: listing
            .files
            .iter()
            .map(|file| FileLine {
                name: file.name.to_string(),
                bytes: file.bytes,
                modified: Timestamp::from_second(file.modified).unwrap_or(Timestamp::UNIX_EPOCH),
            })
            .collect(),
        refused: listing
            .refused
            .iter()
            .map(|refused| (refused.shown.clone(), refused.why.to_string()))
            .collect(),
        chosen: chosen.map(|run| run.to_string()),
        log,
        outputs: outputs
            .iter()
            .map(|output| OutputLine {
                id: output.id.to_string(),
                name: output.name.clone(),
                tag: output_page::state_tag(words, output.state),
                at: output.requested_at,
            })
            .collect(),
    })
}

/// The name a script gets, and the words that run it. `None`: no such language.
pub(crate) fn how_to_run(language: &str) -> Option<(&'static str, &'static str)> {
    match language {
        "r" => Some(("script.R", "Rscript")),
        "python" => Some(("script.py", "python3")),
        _ => None,
    }
}

/// `POST /rooms/{room}/runs`: runs a script.
pub(crate) async fn run(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let room = app.centre.room(visitor.caller(), &seen::id(&room)?).await?;
    let language = fields.one("language");
    let (name, program) = how_to_run(language)
        .ok_or_else(|| Failure::Unreadable(format!("`{language}` is no language here")))?;
    let text = fields.text("script");
    let script = match Script::new(name, text.clone()) {
        Ok(script) => script,
        Err(error) => {
            let page = page(&app, &visitor, &room, "").await?.with_script(text, error.to_string());
            let mut response = html(&page)?;
            *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(response);
        }
    };
    let words = vec![program.to_owned(), script.path()];
    let started =
        app.centre.start_run(visitor.caller(), &room.id, words, Some(script), None).await?;
    Ok(see(&format!("/rooms/{}?run={}#runs", room.id, started.run), "run"))
}

/// `POST /rooms/{room}/stop`
pub(crate) async fn stop(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    let id = seen::id(&room)?;
    app.centre.stop_run(visitor.caller(), &id).await?;
    Ok(see(&format!("/rooms/{id}"), "stopped"))
}

/// What a form says that `file` is. Of a figure it says the table as well, and
/// may ask for both at once.
pub(crate) fn kind_named(word: &str, file: &str, table: &str) -> Kind {
    match word {
        "figure" if file != table => {
            Kind::Figure { table: Some(table.to_owned()).filter(|table| !table.is_empty()) }
        }
        "model" => Kind::Model { n: None, parameters: None, residual_df: None },
        // A table's columns are found in its header; saying which would help the
        // check, but a form cannot know them.
        _ => Kind::Unknown,
    }
}

/// `POST /rooms/{room}/outputs`: asks to take files out.
pub(crate) async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id = seen::id(&room)?;
    let note = fields.text("note");
    let mut wishes = Vec::new();
    for file in fields.all("file") {
        let name =
            file.parse().map_err(|error: room::NameError| Failure::Conflict(error.to_string()))?;
        let declared = kind_named(fields.one("kind"), file, fields.one("table"));
        wishes.push(Wish { name, declared, note: note.clone() });
    }
    let asked = app.centre.request_outputs(visitor.caller(), &id, wishes).await?;
    match asked.as_slice() {
        [one] => Ok(see(&format!("/outputs/{one}"), "asked")),
        _ => Ok(see(&format!("/rooms/{id}"), "asked")),
    }
}

/// `POST /rooms/{room}/closing`
pub(crate) async fn close(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    let id = seen::id(&room)?;
    app.centre.close_room(visitor.caller(), &id).await?;
    Ok(see(&format!("/rooms/{id}"), "room-closed"))
}

#[cfg(test)]
mod tests;
