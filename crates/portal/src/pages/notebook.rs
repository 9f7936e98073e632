//! The notebook of a room, which is JupyterLab, or its desktop: in a frame from the
//! rooms' own address.

use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use centre::notebooks::Company;
use centre::rooms::Begun;
use model::{Lang, RoomId, RunId};
use permit::{Role, Way};

use super::seen;
use crate::answer::{Answered, html, see};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::parts::standing::{Standing, Step};
use crate::parts::{Tag, Tone};
use crate::sample::literal;
use crate::security::forms::Signed;
use crate::security::headers::POLICY;
use crate::state::App;
use crate::visitor::Visitor;

/// How long a notebook server may take to answer, and how often it is tried.
const PATIENCE: Duration = Duration::from_secs(40);
const TRY_EVERY: Duration = Duration::from_millis(25);

/// Which of the two a page is around, and its words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    way: Way,
    /// The last part of its address.
    path: &'static str,
    name: &'static str,
    close: &'static str,
    show: &'static str,
    lead: &'static str,
    not_printed: &'static str,
    /// What is said where rooms have none, and where it is not opened.
    none_here: &'static str,
    not_opened: &'static str,
}

const NOTEBOOK: Kind = Kind {
    way: Way::Notebook,
    path: "notebook",
    name: "notebook",
    close: "notebook-close",
    show: "notebook-show",
    lead: "notebook-lead",
    not_printed: "notebook-not-printed",
    none_here: "conflict-no-notebooks",
    not_opened: "conflict-notebook",
};

const DESKTOP: Kind = Kind {
    way: Way::Desktop,
    path: "desktop",
    name: "desktop",
    close: "desktop-close",
    show: "desktop-show",
    lead: "desktop-lead",
    not_printed: "desktop-not-printed",
    none_here: "conflict-no-desktops",
    not_opened: "conflict-desktop",
};

/// The page around the notebook or the desktop.
#[derive(Debug, Template)]
#[template(path = "pages/notebook.html")]
pub struct NotebookPage {
    chrome: Chrome,
    standing: Standing,
    room: String,
    kind: Kind,
    /// The rooms' address.
    origin: String,
    /// What the form hands in there, once.
    ticket: String,
}

impl NotebookPage {
    fn of(
        chrome: Chrome,
        (room, run): (&RoomId, &RunId),
        kind: Kind,
        (origin, ticket): (String, String),
    ) -> Self {
        let words = chrome.words().clone();
        let href = format!("/rooms/{room}/runs/{run}/stop");
        let stop = Step::send(words.say(kind.close), href, &chrome.form_token);
        let standing = Standing {
            trail: vec![(room.to_string(), format!("/rooms/{room}"))],
            kind: words.say("room").into_owned(),
            title: words.say(kind.name).into_owned(),
            tag: Tag::new(Tone::Info, words.say("state-room-running")),
            says: String::new(),
            facts: Vec::new(),
            steps: vec![stop.grave()],
        };
        Self { chrome, standing, room: room.to_string(), kind, origin, ticket }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let room = literal("room-3c5d7f9h1k");
        Self::sample_of(lang, &room, NOTEBOOK)
    }

    /// A sample of a desktop's.
    pub fn desktop_sample(lang: Lang) -> Self {
        Self::sample_of(lang, &literal("room-3c5d7f9h1k"), DESKTOP)
    }

    fn sample_of(lang: Lang, room: &RoomId, kind: Kind) -> Self {
        let chrome = Chrome::sample(lang, &format!("/rooms/{room}/{}", kind.path));
        let chrome = chrome.seen_by(&[Role::Researcher]);
        let run = literal("run-2b4d6f8h0k");
        let told = ("http://127.0.0.1:8421".to_owned(), "ticket".to_owned());
        Self::of(chrome, (room, &run), kind, told)
    }
}

/// `POST /rooms/{room}/notebook`: opens it, and waits until it answers.
pub(crate) async fn open(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    opened(&app, &visitor, &seen::id(&room)?, NOTEBOOK, Company::Alone).await
}

/// `POST /rooms/{room}/notebook/together`: the same for everybody in the room.
pub(crate) async fn open_together(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    opened(&app, &visitor, &seen::id(&room)?, NOTEBOOK, Company::Together).await
}

/// `POST /rooms/{room}/desktop`: the same for the desktop.
pub(crate) async fn open_desktop(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    opened(&app, &visitor, &seen::id(&room)?, DESKTOP, Company::Alone).await
}

/// `POST /rooms/{room}/desktop/together`: the same for everybody in the room.
pub(crate) async fn open_desktop_together(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    _: Signed,
) -> Answered {
    opened(&app, &visitor, &seen::id(&room)?, DESKTOP, Company::Together).await
}

async fn opened(
    app: &App,
    visitor: &Visitor,
    room: &RoomId,
    kind: Kind,
    company: Company,
) -> Answered {
    match begin(app, visitor, room, kind, company).await? {
        // Where in line it is stands on the room's page, which goes on by itself.
        Some(Begun::Waits(_)) => Ok(see(&format!("/rooms/{room}#runs"), "queued")),
        Some(Begun::Started(_)) | None => {
            if answering(app, visitor, room).await? {
                Ok(see(&format!("/rooms/{room}/{}", kind.path), ""))
            } else {
                // It ended at once: its log says why.
                Ok(see(&format!("/rooms/{room}#runs"), ""))
            }
        }
    }
}

/// Which of the two is meant.
pub(crate) const fn kind(way: Way) -> Kind {
    match way {
        Way::Desktop => DESKTOP,
        _ => NOTEBOOK,
    }
}

/// Opens it, or has it wait for a place on the machine; nothing, when it is open.
pub(crate) async fn begin(
    app: &App,
    visitor: &Visitor,
    room: &RoomId,
    kind: Kind,
    company: Company,
) -> Result<Option<Begun>, Failure> {
    if app.config.notebooks.is_none() {
        return Err(Failure::Unfit(kind.none_here));
    }
    let begun = if kind.way == Way::Desktop {
        app.centre.open_desktop(visitor.caller(), room, company).await
    } else {
        app.centre.open_notebook(visitor.caller(), room, company).await
    };
    begun.map_err(|refused| Failure::unfit(refused, kind.not_opened))
}

/// Waits until what was opened answers; `false`: it ended at once.
pub(crate) async fn answering(
    app: &App,
    visitor: &Visitor,
    room: &RoomId,
) -> Result<bool, Failure> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let admitted = app.centre.admit(visitor.caller(), room).await?;
        let Some(run) = &admitted.run else { return Ok(false) };
        app.used.know(room, run);
        app.used.touch(Some(run));
        if app.centre.reach_notebook(&admitted).await.is_ok() {
            return Ok(true);
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
    Err(Failure::TooSlow)
}

/// `GET /rooms/{room}/notebook`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    headers: HeaderMap,
) -> Answered {
    shown(&app, &visitor, seen::id(&room)?, NOTEBOOK, &headers).await
}

/// `GET /rooms/{room}/desktop`
pub(crate) async fn show_desktop(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    headers: HeaderMap,
) -> Answered {
    shown(&app, &visitor, seen::id(&room)?, DESKTOP, &headers).await
}

async fn shown(
    app: &App,
    visitor: &Visitor,
    room: RoomId,
    kind: Kind,
    headers: &HeaderMap,
) -> Answered {
    let account = visitor.account()?.id.clone();
    let origin = app.config.notebooks.as_ref().and_then(|notebooks| notebooks.origin(headers));
    let origin = origin.ok_or(Failure::Unfit("conflict-no-notebooks"))?;
    let admitted = app.centre.admit(visitor.caller(), &room).await?;
    let Some(run) = admitted.run.filter(|_| admitted.way == kind.way) else {
        return Ok(see(&format!("/rooms/{room}"), ""));
    };
    let who = (&room, &account, visitor.token().hash());
    let how = (kind.way, visitor.words().lang());
    let ticket = app.used.door.ticket(app.entropy.as_ref(), who, how, app.centre.now());
    let policy = policy(&origin);
    let told = (origin, ticket.as_str().to_owned());
    let page = NotebookPage::of(visitor.chrome(app), (&room, &run), kind, told);
    let mut response = html(&page)?;
    let policy =
        HeaderValue::from_str(&policy).map_err(|error| Failure::Broken(error.to_string()))?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The portal's policy, and: the notebooks' address is framed, and gets the form
/// with the ticket.
fn policy(origin: &str) -> String {
    let forms = POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
    format!("{forms}; frame-src {origin}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_frames_the_notebooks_and_nothing_else() {
        let policy = policy("http://127.0.0.1:8421");
        assert!(policy.contains("form-action 'self' http://127.0.0.1:8421;"));
        assert!(policy.ends_with("; frame-src http://127.0.0.1:8421"));
        assert!(policy.contains("frame-ancestors 'none'"));
    }

    #[test]
    fn the_ticket_is_in_a_form_and_in_no_address() {
        let page = NotebookPage::sample(Lang::En).render().unwrap();
        assert!(page.contains(r#"name="ticket" value="ticket""#));
        assert!(!page.contains("?ticket") && !page.contains("ticket="));
        assert!(page.contains(r#"sandbox="allow-scripts allow-same-origin""#));
    }
}
