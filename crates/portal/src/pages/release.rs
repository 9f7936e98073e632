//! A release: the package that left, what is in it, how anyone can verify it.

use super::seen;
use crate::answer::{Answered, download, html};
use crate::failure::Failure;
use crate::names::Names;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use ::release::Release;
use askama::Template;
use axum::extract::{Path, State};
use model::{Lang, Timestamp};
use permit::Role;
use permit::policy::Action;

use super::output::state_tag;
use crate::chrome::Chrome;
use crate::parts::rules::{Rules, RulingLine};
use crate::parts::standing::{Fact, Standing, Step};
use crate::parts::timeline::{Happening, Timeline};
use crate::parts::{Tag, Tone};
use crate::words::Words;

/// The page of a release.
#[derive(Debug, Template)]
#[template(path = "pages/release.html")]
pub struct ReleasePage {
    chrome: Chrome,
    id: String,
    standing: Standing,
    may_fetch: bool,
    told: bool,
    sha256: String,
    key: String,
    files: Vec<ReleasedFile>,
    rules: Rules,
    timeline: Timeline,
}

/// A file in the package.
#[derive(Debug, Clone)]
pub struct ReleasedFile {
    /// The output it was.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Where the output stands.
    pub tag: Tag,
}

/// What the page of a release is made from.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The release.
    pub id: String,
    /// The permit, and what it is called.
    pub permit: (String, String),
    /// The room.
    pub room: String,
    /// When the package was written.
    pub packaged_at: Timestamp,
    /// On whose word.
    pub packaged_by: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the package.
    pub sha256: String,
    /// What it is verified with: Ed25519, hexadecimal.
    pub key: String,
    /// How often it was fetched.
    pub fetched: u64,
    /// What is in it, as far as the reader may see that.
    pub files: Vec<ReleasedFile>,
    /// Whether the reader may fetch it.
    pub may_fetch: bool,
    /// Whether the reader sees only what everyone may know.
    pub is_public: bool,
    /// What the reader may do, by action.
    pub rulings: Vec<RulingLine>,
    /// What happened, newest first.
    pub happenings: Vec<Happening>,
    /// Whether the reader may read the ledger.
    pub may_read_ledger: bool,
}

fn facts(words: &Words, seen: &Seen) -> Vec<(String, Fact)> {
    let mut facts = vec![
        (
            words.say("released-at").into_owned(),
            Fact::Time(words.moment(seen.packaged_at), seen.packaged_by.clone()),
        ),
        (
            words.say("permit").into_owned(),
            Fact::Link(seen.permit.0.clone(), format!("/permits/{}", seen.permit.0)),
        ),
        (words.say("size").into_owned(), Fact::Words(words.bytes(seen.bytes))),
    ];
    if !seen.is_public {
        facts.push((
            words.say("room").into_owned(),
            Fact::Link(seen.room.clone(), format!("/rooms/{}", seen.room)),
        ));
        facts.push((
            words.say("release-fetched-times").into_owned(),
            Fact::Words(words.whole(seen.fetched)),
        ));
    }
    facts
}

impl ReleasePage {
    /// The page of a release.
    pub fn of(chrome: Chrome, seen: Seen) -> Self {
        let words = chrome.words().clone();
        let tag = if seen.is_public {
            Tag::new(Tone::Success, words.say("state-output-released"))
        } else if seen.fetched == 0 {
            Tag::new(Tone::Info, words.say("release-waiting"))
        } else {
            Tag::new(Tone::Success, words.say("release-fetched"))
        };
        let steps = if seen.may_fetch {
            let href = format!("/releases/{}/package", seen.id);
            vec![Step::send(words.say("release-download"), href, &chrome.form_token)]
        } else {
            Vec::new()
        };
        let standing = Standing {
            trail: vec![(words.say("nav-results").into_owned(), "/results".to_owned())],
            kind: format!("{} {}", words.say("release"), seen.id),
            title: seen.permit.1.clone(),
            tag,
            says: words.say("release-says").into_owned(),
            facts: facts(&words, &seen),
            steps,
        };
        let told = !seen.is_public;
        Self {
            may_fetch: seen.may_fetch,
            told,
            sha256: seen.sha256,
            key: seen.key,
            files: seen.files,
            rules: Rules::new(&words).ruled(seen.rulings),
            timeline: Timeline::new(&words, &seen.happenings, seen.may_read_ledger),
            standing,
            id: seen.id,
            chrome,
        }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let path = "/releases/release-6w8y0a2c4e";
        let chrome = Chrome::sample(lang, path).seen_by(&[Role::Researcher]);
        let words: Words = chrome.words().clone();
        let file = |name: &str, bytes| ReleasedFile {
            id: "output-5v7x9z1b3d".to_owned(),
            name: name.to_owned(),
            bytes,
            sha256: "5f0c3b1e9a77d2c4".repeat(4),
            tag: state_tag(&words, ::release::OutputState::Released),
        };
        let seen = Seen {
            id: "release-6w8y0a2c4e".to_owned(),
            permit: (
                "permit-7k3m9q2x4d".to_owned(),
                crate::parts::terms::TermsTree::sample_terms(lang).title,
            ),
            room: "room-3p5r7t9v1x".to_owned(),
            packaged_at: "2026-03-01T12:00:00Z".parse().unwrap_or_default(),
            packaged_by: words.say("role-checker").into_owned(),
            bytes: 24_576,
            sha256: "9d1f6c0e2b4a8875".repeat(4),
            key: "19bf44096984cdfe8541bac167dc3b96".repeat(2),
            fetched: 0,
            files: vec![
                file("cox.csv", 412),
                file("survival.csv", 2_102),
                file("survival.svg", 18_220),
            ],
            may_fetch: true,
            happenings: vec![Happening::sample(
                80,
                "2026-03-01T12:00:00Z",
                "checker",
                "release.packaged",
                "release/release-6w8y0a2c4e",
                "",
            )],
            ..Seen::default()
        };
        Self::of(chrome, seen)
    }
}

/// `GET /releases/{release}`: the whole for those who may see it, else what
/// everyone may know.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(release): Path<String>,
) -> Answered {
    let release = match app.centre.release(visitor.caller(), &seen::id(&release)?).await {
        Ok(release) => release,
        Err(centre::Refused::Denied(_)) => return public_part(&app, &visitor, &release).await,
        Err(refused) => return Err(refused.into()),
    };
    let names = app.names(visitor.caller()).await?;
    let thing = app.centre.release_thing(&release).await?;
    let rulings = seen::rulings(&app, &visitor, &thing, &[Action::DownloadRelease]);
    let title = match app.centre.permit(visitor.caller(), &release.permit).await {
        Ok(permit) => permit.grant.terms.title.clone(),
        Err(_) => release.permit.to_string(),
    };
    let seen = Seen {
        files: files(&app, &visitor, &release).await?,
        may_fetch: rulings.iter().all(|ruling| ruling.allowed),
        rulings,
        happenings: seen::happenings(&app, &visitor, &names, "release", release.id.as_str())
            .await?,
        may_read_ledger: seen::may_read_ledger(&app, &visitor),
        ..told(&app, &visitor, &names, &release, title)
    };
    html(&ReleasePage::of(visitor.chrome(&app), seen))
}

fn told(app: &App, visitor: &Visitor, names: &Names, release: &Release, title: String) -> Seen {
    Seen {
        id: release.id.to_string(),
        permit: (release.permit.to_string(), title),
        room: release.room.to_string(),
        packaged_at: release.packaged_at,
        packaged_by: names.person(&release.packaged_by, visitor.words().lang()),
        bytes: release.bytes,
        sha256: release.sha256.to_string(),
        key: key(app),
        fetched: release.fetched,
        ..Seen::default()
    }
}

/// What packages are verified with: 32 bytes (RFC 8032), in hexadecimal digits as
/// `helserom release verify --key` reads them.
pub(crate) fn key(app: &App) -> String {
    hex::encode(app.centre.release_key().as_bytes())
}

async fn files(
    app: &App,
    visitor: &Visitor,
    release: &Release,
) -> Result<Vec<ReleasedFile>, Failure> {
    let outputs = app.centre.outputs(visitor.caller(), Some(&release.room)).await?;
    Ok(outputs
        .into_iter()
        .filter(|output| release.outputs.contains(&output.id))
        .map(|output| ReleasedFile {
            id: output.id.to_string(),
            name: output.name.clone(),
            bytes: output.bytes,
            sha256: output.sha256.map(|hash| hash.to_string()).unwrap_or_default(),
            tag: state_tag(visitor.words(), output.state),
        })
        .collect())
}

async fn public_part(app: &App, visitor: &Visitor, release: &str) -> Answered {
    let results = app.centre.results(visitor.caller()).await?;
    let result =
        results.into_iter().find(|r| r.release.as_str() == release).ok_or(Failure::Absent)?;
    let seen = Seen {
        id: result.release.to_string(),
        permit: (result.permit.to_string(), result.title),
        packaged_at: result.packaged_at,
        bytes: result.bytes,
        sha256: result.sha256.to_string(),
        key: key(app),
        is_public: true,
        ..Seen::default()
    };
    html(&ReleasePage::of(visitor.chrome(app), seen))
}

/// `POST /releases/{release}/package`: the package. That it was fetched is
/// written down, so it is a form and no link.
pub(crate) async fn fetch(
    State(app): State<App>,
    visitor: Visitor,
    Path(release): Path<String>,
    _: Signed,
) -> Answered {
    let id = seen::id(&release)?;
    let package = app.centre.fetch_release(visitor.caller(), &id).await?;
    Ok(download("application/x-tar", &format!("{id}.tar"), package))
}
