//! Packages: what every room has, what rooms may fetch, and what was asked for; and,
//! of one room, the form that asks.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Redirect;
use centre::packages::Shelf;
use model::{Lang, PackageRequestId, RoomId};
use permit::Role;
use permit::policy::Action;
use room::PackageRequest;
use room::packages::{Allowed, Installed, Language, NotPackage, PackageName, PackageState};

use super::seen;
use crate::answer::{Answered, html, not_accepted, see};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::names::Names;
use crate::parts::form::Typed;
use crate::parts::{Tag, Tone};
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use crate::words::{Shown, Words};

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/packages.html")]
pub struct PackagesPage {
    chrome: Chrome,
    /// The room that more is asked for in, where the reader may ask.
    room: Option<String>,
    mirror: bool,
    /// By language: its name, and what every room has.
    installed: Vec<(&'static str, String, Vec<Installed>)>,
    allowed: Vec<(String, String, String)>,
    requests: Vec<RequestLine>,
    languages: Vec<(&'static str, String)>,
    typed: Typed,
}

/// A request.
#[derive(Debug, Clone)]
pub struct RequestLine {
    id: String,
    what: String,
    tag: Tag,
    at: Shown,
    by: String,
    room: String,
    why: String,
    /// By whom and why it was decided.
    decision: Option<(String, String)>,
    may_approve: bool,
    may_refuse: bool,
}

/// The word for where a request stands, and its colour.
const fn state_word(state: PackageState) -> (&'static str, Tone) {
    match state {
        PackageState::Asked => ("state-package-asked", Tone::Info),
        PackageState::Approved => ("state-package-approved", Tone::Success),
        PackageState::Refused => ("state-package-refused", Tone::Danger),
    }
}

/// What a language is called.
const fn language_key(language: Language) -> &'static str {
    match language {
        Language::Python => "language-python",
        Language::R => "language-r",
    }
}

fn version(words: &Words, package: &Allowed) -> String {
    match &package.version {
        Some(version) => version.to_string(),
        None => words.say("package-any-version").into_owned(),
    }
}

fn line(words: &Words, names: &Names, (request, may): &(Arc<PackageRequest>, bool)) -> RequestLine {
    let (key, tone) = state_word(request.state);
    let lang = words.lang();
    let language = words.say(language_key(request.package.language));
    RequestLine {
        id: request.id.to_string(),
        what: format!(
            "{language}: {} ({})",
            request.package.name,
            version(words, &request.package)
        ),
        tag: Tag::new(tone, words.say(key)),
        at: words.moment(request.asked_at),
        by: names.person(&request.asked_by, lang),
        room: request.room.to_string(),
        why: request.why.clone(),
        decision: request
            .decision
            .as_ref()
            .map(|decided| (names.person(&decided.by, lang), decided.why.clone())),
        may_approve: *may && request.state != PackageState::Approved,
        may_refuse: *may && request.state != PackageState::Refused,
    }
}

impl PackagesPage {
    /// The page of what is on the shelf. `may_decide`: of each request, whether the
    /// reader decides on it.
    fn of(chrome: Chrome, shelf: Shelf, names: &Names, may_decide: Vec<bool>) -> Self {
        let words = chrome.words().clone();
        let of = |language: Language| {
            let these = shelf.installed.iter().filter(|one| one.language == language);
            let word = words.say(language_key(language)).into_owned();
            (language.as_str(), word, these.cloned().collect())
        };
        let allowed = |package: &Allowed| {
            let language = words.say(language_key(package.language)).into_owned();
            (package.name.to_string(), version(&words, package), language)
        };
        let requests: Vec<_> = shelf.requests.into_iter().zip(may_decide).collect();
        Self {
            room: None,
            mirror: shelf.mirror,
            installed: Language::ALL.map(of).into(),
            allowed: shelf.allowed.iter().map(allowed).collect(),
            requests: requests.iter().map(|request| line(&words, names, request)).collect(),
            languages: Language::ALL
                .map(|one| (one.as_str(), words.say(language_key(one)).into_owned()))
                .into(),
            typed: Typed::default(),
            chrome,
        }
    }

    /// A sample: an operator before a request.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/packages").seen_by(&[Role::Operator]);
        Self::of(chrome, sample_shelf(), &Names::sample(), vec![true])
    }

    /// A sample: somebody who asks for more.
    pub fn sample_of_room(lang: Lang) -> Self {
        let chrome =
            Chrome::sample(lang, "/rooms/room-3p5r7t9v1x/packages").seen_by(&[Role::Researcher]);
        let mut page = Self::of(chrome, sample_shelf(), &Names::sample(), vec![false]);
        page.room = Some("room-3p5r7t9v1x".to_owned());
        page
    }
}

/// A sample of the shelf.
fn sample_shelf() -> Shelf {
    use crate::sample::literal;
    let installed = |language, name: &str, version: &str, licence: &str| Installed {
        language,
        name: name.to_owned(),
        version: version.to_owned(),
        licence: licence.to_owned(),
    };
    Shelf {
        mirror: true,
        installed: vec![
            installed(Language::Python, "lifelines", "0.30.0", "MIT License"),
            installed(Language::R, "survival", "3.5-3", "LGPL (>= 2)"),
        ],
        allowed: vec![Allowed { language: Language::R, name: literal("cmprsk"), version: None }],
        requests: vec![Arc::new(sample_request())],
    }
}

/// A sample of a request.
pub(crate) fn sample_request() -> PackageRequest {
    use crate::sample::literal;
    PackageRequest {
        id: literal("package-4c6e8g0j2m"),
        state: PackageState::Asked,
        room: literal("room-3p5r7t9v1x"),
        permit: literal("permit-7k3m9q2x4d"),
        package: Allowed {
            language: Language::Python,
            name: literal("scikit-survival"),
            version: Some(literal("0.24.0")),
        },
        why: "Random survival forests".to_owned(),
        asked_by: literal("researcher"),
        asked_at: literal("2026-03-01T09:10:00Z"),
        decision: None,
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    room: Option<&RoomId>,
) -> Result<PackagesPage, Failure> {
    let caller = visitor.caller();
    let mut shelf = app.centre.packages(caller).await?;
    let mut may_ask = None;
    if let Some(id) = room {
        let room = app.centre.room(caller, id).await?;
        shelf.requests.retain(|request| request.permit == room.permit);
        let thing = app.centre.room_thing(&room).await?;
        if app.centre.ruling(caller, Action::RequestPackage, &thing).allowed {
            may_ask = Some(id.to_string());
        }
    }
    let mut may_decide = Vec::new();
    for request in &shelf.requests {
        let thing = app.centre.package_thing(request).await?;
        may_decide.push(app.centre.ruling(caller, Action::DecidePackage, &thing).allowed);
    }
    let names = app.names(caller).await?;
    let mut page = PackagesPage::of(visitor.chrome(app), shelf, &names, may_decide);
    page.room = may_ask;
    Ok(page)
}

/// `GET /packages`
pub(crate) async fn show(State(app): State<App>, visitor: Visitor) -> Answered {
    html(&page(&app, &visitor, None).await?)
}

/// `GET /packages/{package}`: where the ledger and lists of tasks lead.
pub(crate) async fn show_one(Path(package): Path<String>) -> Result<Redirect, Failure> {
    let id: PackageRequestId = seen::id(&package)?;
    Ok(Redirect::to(&format!("/packages#{id}")))
}

/// `GET /rooms/{room}/packages`
pub(crate) async fn show_of_room(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
) -> Answered {
    html(&page(&app, &visitor, Some(&seen::id(&room)?)).await?)
}

/// What is asked for.
fn asked(fields: &Fields) -> Result<Allowed, Failure> {
    let word = fields.one("language");
    let language: Language = word.parse().map_err(|_| Failure::Choice(word.to_owned()))?;
    package(language, fields.one("package"), Some(fields.one("version")))
}

/// The package of that name, with only that version where one is said.
pub(crate) fn package(
    language: Language,
    name: &str,
    version: Option<&str>,
) -> Result<Allowed, Failure> {
    let field = |field| move |error: NotPackage| Failure::Field(field, error.to_string());
    let name = PackageName::of(language, name).map_err(field("package"))?;
    let version = version.filter(|version| !version.is_empty());
    let version = version.map(str::parse).transpose().map_err(field("version"))?;
    Ok(Allowed { language, name, version })
}

/// `POST /rooms/{room}/packages`
pub(crate) async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id = seen::id(&room)?;
    let caller = visitor.caller();
    let done = match asked(&fields) {
        Ok(package) => app
            .centre
            .request_package(caller, &id, package, fields.text("why"))
            .await
            .map_err(|refused| Failure::unfit(refused, "package-asked-already")),
        Err(failure) => Err(failure),
    };
    match done {
        Ok(_) => Ok(see(&format!("/rooms/{id}/packages"), "package-asked")),
        Err(failure) if failure.is_about_form() => {
            let beside = match &failure {
                Failure::Field(field, _) => field,
                _ => "package",
            };
            let typed = Typed::refused(visitor.words(), "ask", beside, fields, &failure);
            let mut page = page(&app, &visitor, Some(&id)).await?;
            page.typed = if page.room.is_some() { typed } else { typed.without_form("why") };
            not_accepted(&page, &failure)
        }
        Err(failure) => Err(failure),
    }
}

/// `POST /packages/{package}/decision`
pub(crate) async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(package): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id: PackageRequestId = seen::id(&package)?;
    let (approve, done) = match fields.one("do") {
        "approve" => (true, "package-approved"),
        "refuse" => (false, "package-refused"),
        other => return Err(Failure::Choice(other.to_owned())),
    };
    let why = fields.text("why");
    match app.centre.decide_package(visitor.caller(), &id, approve, why).await {
        Ok(()) => Ok(see("/packages", done)),
        Err(refused) => {
            let failure = Failure::unfit(refused, "package-decided-already");
            if !failure.is_about_form() {
                return Err(failure);
            }
            let beside = format!("why-{id}");
            let typed = Typed::refused(visitor.words(), "decide", &beside, fields, &failure);
            let mut page = page(&app, &visitor, None).await?;
            page.typed = typed;
            not_accepted(&page, &failure)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_word_in_every_language() {
        for lang in Lang::ALL {
            let words = Words::new(lang, jiff::tz::TimeZone::UTC);
            for state in [PackageState::Asked, PackageState::Approved, PackageState::Refused] {
                assert!(words.knows(state_word(state).0), "{lang}: {state:?}");
            }
            for language in Language::ALL {
                assert!(words.knows(language_key(language)), "{lang}: {language}");
            }
        }
    }

    #[test]
    fn only_who_decides_is_shown_the_buttons() {
        let page = PackagesPage::sample(Lang::En).render().unwrap();
        assert!(page.contains("/packages/package-4c6e8g0j2m/decision"));
        let page = PackagesPage::sample_of_room(Lang::En).render().unwrap();
        assert!(!page.contains("/decision") && page.contains("/rooms/room-3p5r7t9v1x/packages"));
    }
}
