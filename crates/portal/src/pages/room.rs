//! A room: run a script, read its log, see the files and the limits, ask to
//! take a file out.

mod closing;
mod handed_over;
mod line;
mod running;
mod sample;
mod saying;
mod sight;
mod size;

#[cfg(test)]
pub(crate) use sample::sample_room;

pub(crate) use closing::{close, remove, reopen};
pub use handed_over::HandedOver;
pub(crate) use handed_over::ask_handed_over;
pub use line::InLine;
pub(crate) use running::{how_to_run, run, stop, stop_one};
pub use saying::state_word;
pub(crate) use saying::{closing_key, given_up_key, outcome_word};
use saying::{refusal, says};

use super::bringing::{self, IngressLine};
use super::{asking, calendar, output as output_page, seen};
use crate::answer::{Answered, html, not_accepted};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::query::Query;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::{Path, State};
use model::{Date, RoomId, Timestamp};
use permit::policy::Action;
use room::{Room, Run, State as RoomState};
use serde::Deserialize;

use crate::chrome::Chrome;
use crate::names::Names;
use crate::notebook::desktop;
use crate::parts::calendar::Calendar;
use crate::parts::form::Typed;
use crate::parts::rules::{Rules, RulingLine};
use crate::parts::standing::{Fact, Standing, Step, time_left};
use crate::parts::timeline::{Happening, Timeline};
use crate::parts::{Tag, Tone};
use crate::words::{Shown, Words};

pub use sight::Sight;

/// The page of a room.
#[derive(Debug, Template)]
#[template(path = "pages/room.html")]
pub struct RoomPage {
    chrome: Chrome,
    id: String,
    standing: Standing,
    state: RoomState,
    may_enter: bool,
    may_ask: bool,
    /// What its people see of its data from here.
    sight: Sight,
    /// Where it stands in line for a place on the machine.
    in_line: Option<InLine>,
    /// The address of its journal, for those who may read it.
    journal: Option<String>,
    /// The address where files are brought in, and those that were.
    bringing: Option<(String, Vec<IngressLine>)>,
    /// How the reader may end it.
    ending: Option<closing::Ending>,
    languages: [(&'static str, &'static str); 2],
    language: String,
    script: String,
    typed: Typed,
    runs: Vec<RunLine>,
    chosen: Option<String>,
    log: Option<String>,
    files: Vec<FileLine>,
    withheld: bool,
    refused: Vec<(String, String)>,
    handed_over: HandedOver,
    calendar: Option<Calendar>,
    meters: Vec<size::Meter>,
    limits: Vec<String>,
    outputs: Vec<OutputLine>,
    rules: Rules,
    timeline: Timeline,
}

/// Whether a room's notebook, or its desktop, can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Notebook {
    /// Not in this room, or not now.
    #[default]
    No,
    /// It can.
    Shut,
    /// The one for everybody is open. One of their own can be.
    Common,
    /// Their own is open.
    Own,
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
    /// Whether it runs, and can be stopped.
    runs: bool,
    /// Whether it ends by itself: nobody is in it.
    ends: bool,
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

impl FileLine {
    pub(super) fn of(file: &room::WorkFile) -> Self {
        Self {
            name: file.name.to_string(),
            bytes: file.bytes,
            modified: Timestamp::from_second(file.modified).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
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
    /// Processors in use, hundredths of one, where that is known.
    pub cpu_percent: Option<u32>,
    /// Processes and threads, where they are counted.
    pub processes: Option<u64>,
    /// The work folder in use, bytes.
    pub disk: u64,
    /// Files, folders and links in it, where text is seen of the room.
    pub names: u64,
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
    /// The language of the last script, `r` or `python`.
    pub language: String,
    /// The last script, to be changed and run again.
    pub script: String,
    /// Whether its notebook or its desktop can be opened.
    pub notebook: Notebook,
    /// Where it stands in line for a place on the machine.
    pub in_line: Option<InLine>,
    /// What was asked to be brought in.
    pub brought: Vec<IngressLine>,
    /// What programs in the room handed over.
    pub handed_over: HandedOver,
    /// What its people see of its data from here.
    pub sight: Sight,
    /// Whether some of what is in it is left out, because it is too much for a while.
    pub withheld: bool,
}

/// What the reader of a room sees besides the room.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The inside, for its people.
    pub inside: Option<Inside>,
    /// What the permit is called.
    pub title: String,
    /// The permit's last day.
    pub until: Option<Date>,
    /// The instant it is now.
    pub now: Timestamp,
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

/// How long something took, with one decimal.
pub(crate) fn took(words: &Words, milliseconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let seconds = milliseconds as f64 / 1_000.0;
    format!("{}\u{202f}s", words.decimal(seconds, 1))
}

fn run_line(words: &Words, names: &Names, run: &Run, chosen: Option<&str>) -> RunLine {
    let (tag, took, memory) = match &run.ended {
        None => {
            (Tag::new(Tone::Info, words.say("state-room-running")), String::new(), String::new())
        }
        Some(end) => {
            let (key, tone) = outcome_word(end.outcome);
            (Tag::new(tone, words.say(key)), took(words, end.wall_ms), words.bytes(end.peak_memory))
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
        runs: run.ended.is_none(),
        ends: !run.is_session(),
    }
}

/// The words of what is opened in a room, and the last part of its address.
const fn keys(pixels: bool) -> [&'static str; 5] {
    if pixels {
        ["desktop-open", "desktop-together", "desktop-go", "desktop-close", "desktop"]
    } else {
        ["notebook-open", "notebook-together", "notebook-go", "notebook-close", "notebook"]
    }
}

/// What somebody who may be in a room can do next.
fn steps(words: &Words, room: &Room, notebook: Notebook, pixels: bool, token: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let [open, together, go, close, path] = keys(pixels);
    let id = &room.id;
    let href = format!("/rooms/{id}/{path}");
    if matches!(notebook, Notebook::Common | Notebook::Own) {
        steps.push(Step::go(words.say(go), href.clone()));
    }
    if matches!(notebook, Notebook::Shut | Notebook::Common) {
        steps.push(Step::send(words.say(open), href.clone(), token));
    }
    if notebook == Notebook::Shut {
        steps.push(Step::send(words.say(together), format!("{href}/together"), token));
    }
    if matches!(room.state, RoomState::Open | RoomState::Running) {
        steps.push(Step::go(words.say("room-run"), "#run"));
    }
    let stop =
        |key, path: &str| Step::send(words.say(key), format!("/rooms/{id}/{path}"), token).grave();
    let running: Vec<_> = room.running().collect();
    match (running.as_slice(), &room.waiting) {
        (_, Some(_)) => steps.push(stop("queue-leave", "stop")),
        ([run], None) => {
            let key = if run.is_session() { close } else { "room-stop" };
            steps.push(stop(key, &format!("runs/{}/stop", run.id)));
        }
        // Which of several is said in the list.
        _ => {}
    }
    steps
}

impl RoomPage {
    /// The page of `room`.
    pub fn of(chrome: Chrome, room: &Room, names: &Names, mut seen: Seen) -> Self {
        let words = chrome.words().clone();
        let lang = words.lang();
        let id = room.id.to_string();
        let (state, tone) = state_word(room.state);
        let token = chrome.form_token.clone();
        let inside = seen.inside.take();
        let may_enter = inside.is_some() && seen.may(Action::EnterRoom);
        let notebook = inside.as_ref().map(|inside| inside.notebook).unwrap_or_default();
        let pixels = inside.as_ref().is_some_and(|inside| inside.sight.is_pixels());
        let steps =
            if may_enter { steps(&words, room, notebook, pixels, &token) } else { Vec::new() };
        let mut standing = Standing {
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
        closing::tell(&words, room, seen.may(Action::OpenRoom), &token, &mut standing);
        if let Some(until) = seen.until.filter(|_| room.is_entered()) {
            let (left, _) = time_left(&words, seen.now, until);
            let end = (words.say("room-until").into_owned(), Fact::Time(words.date(until), left));
            standing.facts.insert(1, end);
        }
        let chosen = inside.as_ref().and_then(|inside| inside.chosen.clone());
        let runs = room
            .runs
            .iter()
            .rev()
            .map(|run| run_line(&words, names, run, chosen.as_deref()))
            .collect();
        let meters = inside
            .as_ref()
            .map(|inside| size::meters(&words, room, inside, seen.now))
            .unwrap_or_default();
        let inside = inside.unwrap_or_default();
        let bringing = may_enter.then(|| (format!("/rooms/{id}/ingresses"), inside.brought));
        Self {
            bringing,
            state: room.state,
            may_enter: may_enter && room.is_entered(),
            ending: closing::Ending::of(&words, room).filter(|_| seen.may(Action::CloseRoom)),
            may_ask: seen.may(Action::RequestOutput) && asking::can_be_asked(room),
            sight: inside.sight,
            in_line: inside.in_line,
            languages: [("r", "R"), ("python", "Python")],
            language: inside.language,
            script: inside.script,
            typed: Typed::default(),
            runs,
            chosen,
            log: inside.log,
            files: inside.files,
            withheld: inside.withheld,
            refused: inside.refused,
            handed_over: inside.handed_over,
            calendar: None,
            meters,
            limits: size::limits(&words, room),
            outputs: inside.outputs,
            journal: seen.may(Action::ReadJournal).then(|| format!("/rooms/{id}/journal")),
            rules: Rules::new(&words)
                .with(words.say("opened-by"), vec![names.account(&room.opened_by, lang)])
                .ruled(seen.rulings),
            timeline: Timeline::new(&words, &seen.happenings, seen.may_read_ledger),
            standing,
            id,
            chrome,
        }
    }

    /// The same page with what ends when.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Option<Calendar>) -> Self {
        self.calendar = calendar;
        self
    }

    /// Whether something runs that will end by itself, or waits to begin.
    fn is_waited_for(&self) -> bool {
        self.waits() || self.runs.iter().any(|run| run.runs && run.ends)
    }

    fn waits(&self) -> bool {
        self.state == RoomState::Waiting
    }

    /// The same page after a form on it was not accepted.
    #[must_use]
    pub fn with_typed(mut self, typed: Typed) -> Self {
        let has_form = typed.is("run") && self.may_enter;
        if typed.is("run") {
            self.script = typed.text("run", "script");
            self.language = typed.text("run", "language");
        }
        self.typed = if has_form { typed } else { typed.without_form("script") };
        self
    }
}

/// What can be done on a room's page.
pub(crate) const ACTIONS: [Action; 5] = [
    Action::EnterRoom,
    Action::ReadJournal,
    Action::BringIn,
    Action::RequestOutput,
    Action::CloseRoom,
];

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
    let permit = app.centre.permit_of_room(caller, room).await?;
    let id = room.id.as_str();
    let entries = app.centre.newest_of("room", id, &seen::OF_A_ROOM, Timeline::MOST).await?;
    // However often somebody looked at a file since.
    let runs = app.centre.newest_of("room", id, &["run-started"], Timeline::MOST).await?;
    let mut rulings = seen::rulings(app, visitor, &thing, &ACTIONS);
    if room.state == RoomState::Frozen {
        // Who may open a room on the permit may open this one again.
        let permit = app.centre.permit_thing_of_room(room).await?;
        rulings.extend(seen::rulings(app, visitor, &permit, &[Action::OpenRoom]));
    }
    let may_enter = app.centre.ruling(caller, Action::EnterRoom, &thing).allowed;
    let seen = Seen {
        inside: if may_enter {
            Some(inside(app, visitor, room, run, running::last_script(&runs.items)).await?)
        } else {
            None
        },
        title: permit.grant.terms.title.clone(),
        until: permit.grant.terms.valid.until,
        now: app.centre.now(),
        rulings,
        happenings: seen::told(visitor, &names, entries.items.iter()),
        may_read_ledger: seen::may_read_ledger(app, visitor),
    };
    let calendar = calendar::of_room(app, visitor, room).await?;
    Ok(RoomPage::of(visitor.chrome(app), room, &names, seen).with_calendar(calendar))
}

async fn inside(
    app: &App,
    visitor: &Visitor,
    room: &Room,
    run: &str,
    (language, script): (String, String),
) -> Result<Inside, Failure> {
    let caller = visitor.caller();
    // The run the address names, else the newest.
    let chosen = room
        .runs
        .iter()
        .find(|known| known.id.as_str() == run)
        .or_else(|| room.runs.last())
        .map(|run| run.id.clone());
    let standing = app.centre.room_standing(caller, &room.id, chosen.as_ref()).await?;
    let words = visitor.words();
    let outputs = app.centre.outputs(caller, Some(&room.id)).await?;
    let handed_over = handed_over::still_to_ask(words, &standing, &outputs);
    let sight = Sight::of(&standing);
    let withheld = standing.withheld;
    let person = visitor.account()?.id.clone();
    let listing = standing.listing;
    let has_either = app.config.notebooks.is_some()
        && (app.centre.has_notebook(room).await?
            || (desktop::is_there() && app.centre.has_desktop(room).await?));
    let notebook = match (room.state, room.session_of(&person)) {
        (RoomState::Running, Some(session)) if session.private => Notebook::Own,
        (RoomState::Running, Some(_)) => Notebook::Common,
        (RoomState::Open | RoomState::Running, None) if has_either => Notebook::Shut,
        _ => Notebook::No,
    };
    let names = app.names(caller).await?;
    let ingresses = app.centre.ingresses(caller, Some(&room.id)).await?;
    Ok(Inside {
        handed_over,
        sight,
        withheld,
        brought: bringing::lines(words, &names, &ingresses),
        notebook,
        in_line: line::of(app, visitor, room, &names).await?,
        language,
        script,
        memory: standing.standing.memory,
        cpu_percent: standing.standing.cpu_percent,
        processes: standing.standing.processes,
        disk: standing.standing.work.bytes,
        names: standing.standing.work.files,
        files: listing.files.iter().map(FileLine::of).collect(),
        refused: listing
            .refused
            .iter()
            .map(|refused| (refused.shown.clone(), refusal(words, &refused.why)))
            .collect(),
        chosen: chosen.map(|run| run.to_string()),
        log: standing.log,
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

/// The page again, with what was typed into one of its forms and why that was
/// not done; the failure itself, where nothing can be done on the page.
async fn again(
    app: &App,
    visitor: &Visitor,
    id: &RoomId,
    (form, beside): (&'static str, &str),
    fields: Fields,
    failure: Failure,
) -> Answered {
    if !failure.is_about_form() {
        return Err(failure);
    }
    let room = app.centre.room(visitor.caller(), id).await?;
    let typed = Typed::refused(visitor.words(), form, beside, fields, &failure);
    let page = page(app, visitor, &room, "").await?.with_typed(typed);
    not_accepted(&page, &failure)
}

/// Why something was refused in a room: in most cases a colleague was faster, and
/// the state of the room says with what.
async fn state_in_the_way(
    app: &App,
    visitor: &Visitor,
    id: &RoomId,
    refused: centre::Refused,
) -> Failure {
    let fitted = !matches!(refused, centre::Refused::Conflict(_) | centre::Refused::Book(_));
    match app.centre.room(visitor.caller(), id).await {
        Ok(room) if !fitted && room.state == RoomState::Running => {
            Failure::Unfit("conflict-room-busy")
        }
        Ok(room) if !fitted && room.state == RoomState::Waiting => {
            Failure::Unfit("conflict-room-waits")
        }
        Ok(room) if !fitted && !room.is_entered() => Failure::Unfit("conflict-room-closed"),
        _ => refused.into(),
    }
}

#[cfg(test)]
mod tests;
