//! The centre, for its operator: health, storage, keys, versions, settings.

use crate::answer::{Answered, html};
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::State;
use model::Lang;
use permit::Role;

use crate::chrome::Chrome;
use crate::parts::{Tag, Tone};
use crate::ports::Reading;
use crate::words::Words;

/// The centre's page.
#[derive(Debug, Template)]
#[template(path = "pages/centre.html")]
pub struct CentrePage {
    chrome: Chrome,
    ready: Tag,
    why: String,
    groups: Vec<(String, Vec<Line>)>,
    accounts: Vec<(String, String, String, String)>,
}

/// One reading in words.
#[derive(Debug)]
struct Line {
    name: String,
    value: String,
    /// Whether it is as it should be, where that can be told.
    well: Option<Tag>,
}

/// What a group of readings is called.
fn group_word(words: &Words, group: &str) -> String {
    let key = match group {
        "storage" => "centre-storage",
        "keys" => "centre-keys",
        "versions" => "centre-versions",
        "settings" => "centre-settings",
        "work" => "centre-work",
        _ => return group.to_owned(),
    };
    words.say(key).into_owned()
}

impl CentrePage {
    /// The page of a centre that is ready, or not and why. Accounts: id, name,
    /// organisation, roles.
    pub fn of(
        chrome: Chrome,
        ready: Result<(), String>,
        readings: Vec<Reading>,
        accounts: Vec<(String, String, String, String)>,
    ) -> Self {
        let words = chrome.words();
        let (tag, why) = match ready {
            Ok(()) => (Tag::new(Tone::Success, words.say("centre-ready")), String::new()),
            Err(why) => (Tag::new(Tone::Danger, words.say("centre-not-ready")), why),
        };
        let mut groups: Vec<(String, Vec<Line>)> = Vec::new();
        for reading in readings {
            let group = group_word(words, reading.group);
            let well = reading.well.map(|well| {
                if well {
                    Tag::new(Tone::Success, words.say("well"))
                } else {
                    Tag::new(Tone::Warning, words.say("not-well"))
                }
            });
            let name = words.say_or(&format!("reading-{}", reading.name), &reading.name);
            let line = Line { name, value: reading.value, well };
            match groups.iter_mut().find(|(name, _)| *name == group) {
                Some((_, lines)) => lines.push(line),
                None => groups.push((group, vec![line])),
            }
        }
        Self { ready: tag, why, groups, accounts, chrome }
    }

    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/centre").seen_by(&[Role::Operator]);
        let reading = |group, name: &str, value: &str, well| Reading {
            group,
            name: name.to_owned(),
            value: value.to_owned(),
            well,
        };
        let readings = vec![
            reading("storage", "metadata", "sqlite, 4.2 MiB", Some(true)),
            reading("storage", "lake", "38 MiB, 3 snapshots", None),
            reading("storage", "free", "212 GiB", Some(true)),
            reading("keys", "master key", "12 days old", Some(true)),
            reading("versions", "helserom", env!("CARGO_PKG_VERSION"), None),
            reading("settings", "portal.listen", "127.0.0.1:8080 (default)", None),
        ];
        let accounts = ["researcher", "checker"]
            .map(|id| (id.to_owned(), id.to_owned(), "university".to_owned(), id.to_owned()))
            .into();
        Self::of(chrome, Ok(()), readings, accounts)
    }
}

/// `GET /centre`
pub(crate) async fn show(State(app): State<App>, visitor: Visitor) -> Answered {
    app.centre.may_see_centre(visitor.caller())?;
    let words = visitor.words();
    let names = app.names(visitor.caller()).await?;
    let accounts = app
        .centre
        .accounts(visitor.caller())
        .await?
        .into_iter()
        .map(|account| {
            let roles = account
                .roles
                .iter()
                .map(|role| words.say(&format!("role-{}", role.as_str())).into_owned())
                .collect::<Vec<_>>()
                .join(", ");
            (
                account.id.to_string(),
                words.text(&account.name).to_owned(),
                names.organisation(&account.organisation, words.lang()),
                roles,
            )
        })
        .collect();
    let ready = app.health.ready().await.map_err(|broken| broken.to_string());
    let readings = app.health.readings().await;
    html(&CentrePage::of(visitor.chrome(&app), ready, readings, accounts))
}
