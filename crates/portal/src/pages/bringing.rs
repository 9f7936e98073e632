//! Bringing files into a room: what was asked for and where it stands, and the
//! form that asks.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use centre::ingresses::Brought;
use ingress::{Declared, Ingress};
use model::{Lang, RoomId};
use permit::policy::Action;
use permit::{Bring, Role};

use super::{ingress as one, seen};
use crate::answer::{Answered, html, not_accepted, see};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::names::Names;
use crate::parts::Tag;
use crate::parts::form::Typed;
use crate::security::forms::{SignedUpload, Upload};
use crate::state::App;
use crate::visitor::Visitor;
use crate::words::{Shown, Words};

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/bringing.html")]
pub struct BringingPage {
    chrome: Chrome,
    room: String,
    /// Whether the form stands there.
    may_bring: bool,
    /// By whose word files come in.
    word: String,
    most: u64,
    kinds: Vec<(&'static str, String)>,
    lines: Vec<IngressLine>,
    typed: Typed,
}

/// A file that was asked to be brought in.
#[derive(Debug, Clone)]
pub struct IngressLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub tag: Tag,
    /// When it was asked for.
    pub at: Shown,
    /// By whom.
    pub by: String,
}

/// Lines of files, newest first.
pub(crate) fn lines(words: &Words, names: &Names, ingresses: &[Arc<Ingress>]) -> Vec<IngressLine> {
    let mut newest: Vec<&Ingress> = ingresses.iter().map(Arc::as_ref).collect();
    newest.sort_by_key(|ingress| std::cmp::Reverse(ingress.asked_at));
    let line = |ingress: &Ingress| IngressLine {
        id: ingress.id.to_string(),
        name: ingress.name.clone(),
        tag: one::state_tag(words, ingress.state),
        at: words.moment(ingress.asked_at),
        by: names.person(&ingress.asked_by, words.lang()),
    };
    newest.into_iter().map(line).collect()
}

/// By whose word files come into rooms of a permit.
pub(crate) const fn word_key(bring: Bring) -> &'static str {
    match bring {
        Bring::Nothing => "room-bring-nothing",
        Bring::Person => "room-bring-person",
        Bring::Rule => "room-bring-rule",
    }
}

fn kinds(words: &Words) -> Vec<(&'static str, String)> {
    let kind = |declared: Declared| {
        (declared.as_str(), words.say(one::declared_key(declared)).into_owned())
    };
    Declared::ALL.map(kind).into()
}

impl BringingPage {
    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome =
            Chrome::sample(lang, "/rooms/room-3p5r7t9v1x/ingresses").seen_by(&[Role::Researcher]);
        let words = chrome.words().clone();
        Self {
            room: "room-3p5r7t9v1x".to_owned(),
            may_bring: true,
            word: words.say(word_key(Bring::Person)).into_owned(),
            most: 64 << 20,
            kinds: kinds(&words),
            lines: lines(&words, &Names::sample(), &[Arc::new(one::sample_ingress())]),
            typed: Typed::default(),
            chrome,
        }
    }

    fn with_typed(mut self, typed: Typed) -> Self {
        self.typed = if self.may_bring { typed } else { typed.without_form("why") };
        self
    }
}

/// `GET /rooms/{room}/ingresses`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Answered {
    html(&page(&app, &visitor, &seen::id(&room)?).await?)
}

async fn page(app: &App, visitor: &Visitor, id: &RoomId) -> Result<BringingPage, Failure> {
    let caller = visitor.caller();
    let room = app.centre.room(caller, id).await?;
    let permit = app.centre.permit(caller, &room.permit).await?;
    let bring = permit.grant.terms.room.bring;
    let thing = app.centre.room_thing(&room).await?;
    let may = app.centre.ruling(caller, Action::BringIn, &thing).allowed;
    let names = app.names(caller).await?;
    let ingresses = app.centre.ingresses(caller, Some(id)).await?;
    let words = visitor.words();
    Ok(BringingPage {
        chrome: visitor.chrome(app),
        room: id.to_string(),
        may_bring: may && bring != Bring::Nothing,
        word: words.say(word_key(bring)).into_owned(),
        most: app.centre.most_brought_in(),
        kinds: kinds(words),
        lines: lines(words, &names, &ingresses),
        typed: Typed::default(),
    })
}

/// What a form, or the API's, asks to bring in.
pub(crate) fn brought(fields: &Fields, upload: Upload) -> Result<Brought, Failure> {
    let word = fields.one("declared");
    let declared = Declared::ALL.into_iter().find(|declared| declared.as_str() == word);
    let typed = fields.one("name").to_owned();
    Ok(Brought {
        name: if typed.is_empty() { upload.name } else { typed },
        declared: declared.ok_or_else(|| Failure::Choice(word.to_owned()))?,
        origin: fields.text("origin"),
        why: fields.text("why"),
        link: Some(fields.one("link").to_owned()).filter(|column| !column.is_empty()),
        bytes: upload.bytes,
    })
}

/// `POST /rooms/{room}/ingresses`
pub(crate) async fn bring(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    SignedUpload(fields, file): SignedUpload,
) -> Answered {
    let id = seen::id(&room)?;
    let asked = match file.ok_or(Failure::Field("file", "is missing".to_owned())) {
        Ok(file) => match brought(&fields, file) {
            Ok(brought) => app
                .centre
                .bring_in(visitor.caller(), &id, brought)
                .await
                .map_err(|refused| Failure::unfit(refused, "ingress-not-now")),
            Err(failure) => Err(failure),
        },
        Err(failure) => Err(failure),
    };
    match asked {
        Ok(ingress) => Ok(see(&format!("/ingresses/{ingress}"), "brought")),
        Err(failure) if failure.is_about_form() => {
            let beside = match &failure {
                Failure::Field(field, _) => field,
                _ => "",
            };
            let typed = Typed::refused(visitor.words(), "bring", beside, fields, &failure);
            not_accepted(&page(&app, &visitor, &id).await?.with_typed(typed), &failure)
        }
        Err(failure) => Err(failure),
    }
}
