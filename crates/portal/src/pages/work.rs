//! My work: what waits for me, oldest deadline first; what I wait for, and who
//! holds it; what is mine.

use super::{permit as permit_page, room as room_page};
use crate::answer::{Answered, html};
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::State;
use centre::inbox::{self, Matter};
use jiff::tz::TimeZone;
use model::{Date, Lang, Timestamp};
use permit::Role;
use permit::policy::{Action, Thing};

use crate::chrome::Chrome;
use crate::parts::calendar::Calendar;
use crate::parts::standing::time_left;
use crate::parts::{Tag, Tone};
use crate::words::{Shown, Words};

/// The inbox.
#[derive(Debug, Template)]
#[template(path = "pages/work.html")]
pub struct WorkPage {
    chrome: Chrome,
    waiting: Vec<TaskLine>,
    awaited: Vec<TaskLine>,
    mine: Vec<TaskLine>,
    calendar: Option<Calendar>,
    may_apply: bool,
}

/// One thing that waits, before it is put in words.
#[derive(Debug, Clone)]
pub struct Task {
    /// The key of what is to be done, or of what is awaited.
    pub key: &'static str,
    /// What it is about.
    pub title: String,
    /// Its page.
    pub href: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Until when, at the latest.
    pub due: Option<Date>,
    /// Who holds it.
    pub with: String,
    /// The state in a word, for what is mine.
    pub tag: Option<Tag>,
}

/// One thing that waits, in words.
#[derive(Debug, Clone)]
pub struct TaskLine {
    what: String,
    title: String,
    href: String,
    since: Option<Shown>,
    due: Option<(Shown, Tag)>,
    with: String,
    tag: Option<Tag>,
}

fn line(words: &Words, now: Timestamp, task: Task) -> TaskLine {
    TaskLine {
        what: words.say(task.key).into_owned(),
        title: if task.title.trim().is_empty() {
            words.say("application-untitled").into_owned()
        } else {
            task.title
        },
        href: task.href,
        since: task.since.map(|since| words.moment(since)),
        due: task.due.map(|due| {
            let (left, tone) = time_left(words, now, due);
            (words.date(due), Tag::new(tone, left))
        }),
        with: task.with,
        tag: task.tag,
    }
}

impl WorkPage {
    /// The inbox of whoever is signed in.
    pub fn of(
        chrome: Chrome,
        now: Timestamp,
        mut waiting: Vec<Task>,
        awaited: Vec<Task>,
        mine: Vec<Task>,
        may_apply: bool,
    ) -> Self {
        // What has no deadline comes after what has one; then the longest waiting.
        waiting.sort_by_key(|task| (task.due.is_none(), task.due, task.since));
        let lines = |tasks: Vec<Task>| {
            tasks.into_iter().map(|task| line(chrome.words(), now, task)).collect()
        };
        Self {
            waiting: lines(waiting),
            awaited: lines(awaited),
            mine: lines(mine),
            calendar: None,
            may_apply,
            chrome,
        }
    }

    /// The same page with what ends when.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Calendar) -> Self {
        self.calendar = Some(calendar);
        self
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap_or_default();
        let chrome = Chrome::sample(lang, "/work").seen_by(&[Role::Researcher]);
        let today = now.to_zoned(TimeZone::UTC).date();
        let title = match lang {
            Lang::Nb => "Dødelighet ved fettleversykdom",
            Lang::Da => "Dødelighed ved fedtleversygdom",
            Lang::En => "Mortality in fatty liver disease",
        };
        let task = |key, href: &str, due, tag| Task {
            key,
            title: title.to_owned(),
            href: href.to_owned(),
            since: Some(now),
            due,
            with: Names::sample_holder(lang),
            tag,
        };
        let waiting = vec![
            task("task-complete-application", "/applications/application-2m4n6p8q0r", None, None),
            task("task-change-output", "/outputs/output-5v7x9z1b3d", today.tomorrow().ok(), None),
        ];
        let awaited = vec![task(
            "awaits-answer",
            "/applications/application-7k3m9q2x4d",
            today.checked_add(jiff::Span::new().days(80)).ok(),
            None,
        )];
        let active = Tag::new(Tone::Success, chrome.words().say("state-permit-active"));
        let mine = vec![task("task-my-permit", "/permits/permit-7k3m9q2x4d", None, Some(active))];
        let calendar = Calendar::sample(chrome.words());
        Self::of(chrome, now, waiting, awaited, mine, true).with_calendar(calendar)
    }
}

use crate::names::Names;

impl Names {
    fn sample_holder(lang: Lang) -> String {
        "regional-hospital"
            .parse()
            .map(|id| Self::sample().organisation(&id, lang))
            .unwrap_or_default()
    }
}

const fn task_key(matter: Matter) -> &'static str {
    match matter {
        Matter::CompleteApplication => "task-complete-application",
        Matter::AnswerApplication => "task-answer-application",
        Matter::DecideApplication => "task-decide-application",
        Matter::BuildExtract => "task-build-extract",
        Matter::OpenRoom => "task-open-room",
        Matter::BuildAgain => "task-build-again",
        Matter::ReadChanges => "task-read-changes",
        Matter::DecideIngress => "task-decide-ingress",
        Matter::DecidePackage => "task-decide-package",
        Matter::AnswerPairs => "task-answer-pairs",
        Matter::DecideReversal => "task-decide-reversal",
        Matter::DoReversal => "task-do-reversal",
        Matter::CheckOutput => "task-check-output",
        Matter::ChangeOutput => "task-change-output",
        Matter::PackRelease => "task-pack-release",
        Matter::FetchRelease => "task-fetch-release",
        Matter::DeliverSource => "task-deliver-source",
        Matter::LookIntoWithheld => "task-look-into-withheld",
    }
}

const fn awaited_key(matter: Matter) -> &'static str {
    match matter {
        Matter::AnswerApplication => "awaits-answer",
        Matter::DecideApplication => "awaits-decision",
        Matter::DecideIngress | Matter::CheckOutput => "awaits-check",
        Matter::ChangeOutput => "awaits-change",
        matter => task_key(matter),
    }
}

fn href(task: &inbox::Task) -> String {
    match (task.matter, task.kind) {
        (Matter::CompleteApplication, _) => format!("/applications/{}/edit", task.id),
        (Matter::PackRelease, _) => format!("/rooms/{}/packing", task.id),
        (Matter::LookIntoWithheld, _) => format!("/rooms/{}/journal?only=withheld", task.id),
        (Matter::AnswerPairs, _) => "/pairs".to_owned(),
        (Matter::DecideIngress, _) => format!("/ingresses/{}", task.id),
        (_, kind) => format!("/{kind}s/{}", task.id),
    }
}

/// Roles, organisations and accounts as people call them.
fn called(words: &Words, names: &Names, whom: &[String]) -> String {
    let name = |word: &String| {
        let role = format!("role-{word}");
        if words.knows(&role) {
            return words.say(&role).into_owned();
        }
        if let Ok(id) = word.parse()
            && names.organisations.contains_key(&id)
        {
            return names.organisation(&id, words.lang());
        }
        word.parse().map_or_else(|_| word.clone(), |id| names.person(&id, words.lang()))
    };
    whom.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// `GET /work`
pub(crate) async fn show(State(app): State<App>, visitor: Visitor) -> Answered {
    let account = visitor.account()?;
    let words = visitor.words();
    let inbox = app.centre.inbox(visitor.caller()).await?;
    let names = app.names(visitor.caller()).await?;
    let waiting = inbox
        .mine
        .iter()
        .map(|task| Task {
            key: task_key(task.matter),
            title: task.title.clone(),
            href: href(task),
            since: Some(task.since),
            due: task.due,
            with: String::new(),
            tag: None,
        })
        .collect();
    let awaited = inbox
        .awaited
        .iter()
        .map(|task| Task {
            key: awaited_key(task.matter),
            title: task.title.clone(),
            href: href(task),
            since: Some(task.since),
            due: task.due,
            with: called(words, &names, &task.waits_for),
            tag: None,
        })
        .collect();
    let mine = if account.is(Role::Researcher) { mine(&app, &visitor).await? } else { Vec::new() };
    let may_apply =
        app.centre.ruling(visitor.caller(), Action::BeginApplication, &Thing::centre()).allowed;
    let now = app.centre.now();
    let mut page = WorkPage::of(visitor.chrome(&app), now, waiting, awaited, mine, may_apply);
    if account.is(Role::Researcher) {
        let dues = app.centre.calendar(visitor.caller(), None).await?;
        page = page.with_calendar(Calendar::of(words, now, &dues, "/calendar.ics".to_owned()));
    }
    html(&page)
}

/// The permits and open rooms somebody is named on.
async fn mine(app: &App, visitor: &Visitor) -> Result<Vec<Task>, Failure> {
    let words = visitor.words();
    let me = &visitor.account()?.id;
    let mut mine = Vec::new();
    let tagged = |(key, tone): (&str, Tone)| Some(Tag::new(tone, words.say(key)));
    let permits = app.centre.permits(visitor.caller()).await?;
    for permit in permits.iter().filter(|permit| permit.grant.terms.people.contains(me)) {
        mine.push(Task {
            key: "task-my-permit",
            title: permit.grant.terms.title.clone(),
            href: format!("/permits/{}", permit.id),
            since: Some(permit.issued_at),
            due: None,
            with: String::new(),
            tag: tagged(permit_page::standing_word(permit.standing(app.centre.now()))),
        });
    }
    for room in app.centre.rooms(visitor.caller()).await? {
        if room.state != room::State::Closed {
            mine.push(Task {
                key: "task-my-room",
                title: room.id.to_string(),
                href: format!("/rooms/{}", room.id),
                since: Some(room.opened_at),
                due: None,
                with: String::new(),
                tag: tagged(room_page::state_word(room.state)),
            });
        }
    }
    Ok(mine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_deadline_comes_first_and_what_has_none_last() {
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let task = |title: &str, due: Option<&str>| Task {
            key: "task-decide",
            title: title.into(),
            href: String::new(),
            since: None,
            due: due.map(|due| due.parse().unwrap()),
            with: String::new(),
            tag: None,
        };
        let tasks =
            vec![task("c", None), task("b", Some("2026-04-01")), task("a", Some("2026-02-01"))];
        let chrome = Chrome::sample(Lang::En, "/work");
        let page = WorkPage::of(chrome, now, tasks, Vec::new(), Vec::new(), false);
        let titles: Vec<_> = page.waiting.iter().map(|line| line.title.as_str()).collect();
        assert_eq!(titles, ["a", "b", "c"]);
        assert_eq!(page.waiting[0].due.as_ref().unwrap().1.tone, Tone::Danger);
    }
}
