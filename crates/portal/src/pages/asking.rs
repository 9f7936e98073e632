//! Asking to take files out of a room: which, what each is, and what for.

use askama::Template;
use axum::extract::{Path, State};
use centre::outputs::{LARGEST_OUTPUT, Wish};
use disclosure::Kind;
use model::{Lang, RoomId};
use permit::Role;
use permit::policy::Action;

use super::room::{FileLine, Sight};
use super::seen;
use crate::answer::{Answered, html, not_accepted, see};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::parts::form::Typed;
use crate::query::Query;
use crate::sample::literal;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;

/// The page: the files of the room, and what is said of those that were chosen.
#[derive(Debug, Template)]
#[template(path = "pages/asking.html")]
pub struct AskingPage {
    chrome: Chrome,
    room: String,
    /// Whether files are asked for here, by the reader, now.
    may_ask: bool,
    sight: Sight,
    files: Vec<FileLine>,
    /// The names of those that were chosen.
    chosen: Vec<String>,
    kinds: Vec<(&'static str, String)>,
    typed: Typed,
}

impl AskingPage {
    /// The page about `chosen` of the `files` of a room.
    fn of(chrome: Chrome, room: &RoomId, files: Vec<FileLine>, chosen: Vec<String>) -> Self {
        let words = chrome.words();
        let kinds = KINDS.map(|(value, key)| (value, words.say(key).into_owned())).into();
        Self {
            room: room.to_string(),
            may_ask: true,
            sight: Sight::Text,
            files,
            chosen,
            kinds,
            typed: Typed::default(),
            chrome,
        }
    }

    /// A sample: two of three files are chosen.
    pub fn sample(lang: Lang) -> Self {
        let room = literal("room-3p5r7t9v1x");
        let chrome = Chrome::sample(lang, &format!("/rooms/{room}/outputs"));
        let file = |name: &str, bytes| FileLine {
            name: name.to_owned(),
            bytes,
            modified: literal("2026-03-01T08:12:13Z"),
        };
        let files = vec![
            file("results/cox.csv", 412),
            file("results/small-cells.csv", 655),
            file("results/survival.svg", 18_220),
        ];
        let chosen = vec!["results/cox.csv".to_owned(), "results/survival.svg".to_owned()];
        Self::of(chrome.seen_by(&[Role::Researcher]), &room, files, chosen)
    }

    fn is_chosen(&self, file: &str) -> bool {
        self.chosen.iter().any(|chosen| chosen == file)
    }

    /// What was typed into a field of a file, where the form was not accepted.
    fn said(&self, field: &str, file: &str) -> String {
        self.typed.text("ask", &format!("{field}:{file}"))
    }
}

/// What a file can be said to be. Of a table of means or sums the largest
/// contributions to each cell are no thing to type: programs tell them.
pub(super) const KINDS: [(&str, &str); 6] = [
    ("unknown", "kind-unknown"),
    ("frequency-table", "kind-table"),
    ("magnitude-table", "kind-magnitude"),
    ("survival-curve", "kind-survival"),
    ("model", "kind-model"),
    ("figure", "kind-figure"),
];

/// What the form says that a file is: each file has fields of its own, named
/// `kind:results/cox.csv` and so on. What was left open is found out by the
/// check, and so is whether what was said is so.
fn declared(fields: &Fields, file: &str) -> Result<Kind, Failure> {
    let one = |what: &str| fields.one(&format!("{what}:{file}")).to_owned();
    let named = |what: &str| Some(one(what)).filter(|name| !name.is_empty());
    let list = |what: &str| -> Vec<String> {
        let names = one(what);
        let names = names.split(',').map(|name| name.trim().to_owned());
        names.filter(|name| !name.is_empty()).collect()
    };
    let number = |what: &str| match one(what).as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Failure::Field("declared", text.to_owned())),
    };
    let lacking = || Failure::Field("declared", "lacks a column".to_owned());
    Ok(match one("kind").as_str() {
        "frequency-table" => {
            let (dimensions, counts) = (list("dimensions"), list("counts"));
            if counts.is_empty() {
                return Err(lacking());
            }
            Kind::FrequencyTable { dimensions, counts, hierarchies: [].into() }
        }
        "magnitude-table" => Kind::MagnitudeTable {
            dimensions: list("dimensions"),
            value: named("value").ok_or_else(lacking)?,
            count: list("counts").into_iter().next().ok_or_else(lacking)?,
            contributions: Vec::new(),
        },
        "survival-curve" => Kind::SurvivalCurve {
            time: named("time").ok_or_else(lacking)?,
            at_risk: named("at-risk"),
            events: None,
            survival: None,
            groups: list("groups"),
        },
        "model" => Kind::Model { n: number("n")?, parameters: None, residual_df: None },
        "figure" => Kind::Figure { table: named("table") },
        _ => Kind::Unknown,
    })
}

fn wishes(fields: &Fields) -> Result<Vec<Wish>, Failure> {
    let note = fields.text("note");
    fields
        .all("file")
        .map(|file| {
            let name =
                file.parse().map_err(|_: room::NameError| Failure::Choice(file.to_owned()))?;
            Ok(Wish { name, declared: declared(fields, file)?, note: note.clone() })
        })
        .collect()
}

/// `GET /rooms/{room}/outputs?file=…&file=…`: the form about the files that were
/// chosen.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Query(wanted): Query<Vec<(String, String)>>,
) -> Answered {
    let chosen = wanted.into_iter().filter(|(name, _)| name == "file").map(|(_, file)| file);
    html(&page(&app, &visitor, &seen::id(&room)?, chosen.collect()).await?)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &RoomId,
    chosen: Vec<String>,
) -> Result<AskingPage, Failure> {
    let caller = visitor.caller();
    let room = app.centre.room(caller, id).await?;
    let thing = app.centre.room_thing(&room).await?;
    seen::require(app, visitor, Action::RequestOutput, &thing)?;
    let standing = app.centre.room_standing(caller, id, None).await?;
    let files = standing.listing.files.iter().map(FileLine::of).collect();
    let mut page = AskingPage::of(visitor.chrome(app), id, files, chosen);
    page.may_ask = can_be_asked(&room);
    page.sight = Sight::of(&standing);
    Ok(page)
}

/// Whether files can be asked for as the room stands: as long as people may be in it.
/// What is asked for is what the file is at that moment.
pub(super) const fn can_be_asked(room: &room::Room) -> bool {
    room.is_entered()
}

/// `POST /rooms/{room}/outputs`: asks to take files out.
pub(crate) async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Path(room): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id = seen::id(&room)?;
    let asked = match wishes(&fields) {
        Ok(wishes) => match app.centre.request_outputs(visitor.caller(), &id, wishes).await {
            Ok(asked) => Ok(asked),
            Err(refused) => Err(why_not_taken(&app, &visitor, &id, &fields, refused).await),
        },
        Err(failure) => Err(failure),
    };
    match asked.as_deref() {
        Ok([one]) => Ok(see(&format!("/outputs/{one}"), "asked")),
        Ok(_) => Ok(see(&format!("/rooms/{id}"), "asked")),
        Err(failure) => {
            let failure = failure.clone();
            again(&app, &visitor, &id, fields, failure).await
        }
    }
}

/// The page again, with what was typed and why that was not done; the failure
/// itself, where nothing can be done on the page.
async fn again(
    app: &App,
    visitor: &Visitor,
    id: &RoomId,
    fields: Fields,
    failure: Failure,
) -> Answered {
    if !failure.is_about_form() {
        return Err(failure);
    }
    let chosen = fields.all("file").map(str::to_owned).collect();
    let mut page = page(app, visitor, id, chosen).await?;
    let typed = Typed::refused(visitor.words(), "ask", "asked-files", fields, &failure);
    page.typed = if page.may_ask { typed } else { typed.without_form("note") };
    not_accepted(&page, &failure)
}

/// Why the files were not taken: in most cases one is no longer there, or is too
/// large.
async fn why_not_taken(
    app: &App,
    visitor: &Visitor,
    id: &RoomId,
    fields: &Fields,
    refused: centre::Refused,
) -> Failure {
    if !matches!(refused, centre::Refused::Conflict(_)) {
        return refused.into();
    }
    let Ok(inside) = app.centre.room_standing(visitor.caller(), id, None).await else {
        return refused.into();
    };
    for file in fields.all("file") {
        match inside.listing.files.iter().find(|there| there.name.as_str() == file) {
            None => return Failure::Unfit("conflict-file-gone"),
            Some(there) if there.bytes > LARGEST_OUTPUT => {
                return Failure::Unfit("conflict-file-large");
            }
            Some(_) => {}
        }
    }
    refused.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, &str)]) -> Result<Kind, Failure> {
        let fields =
            pairs.iter().map(|(name, value)| (format!("{name}:a.csv"), (*value).to_owned()));
        declared(&fields.collect(), "a.csv")
    }

    #[test]
    fn each_file_is_what_its_own_fields_say() {
        let table =
            said(&[("kind", "frequency-table"), ("dimensions", "sex, age"), ("counts", "n")]);
        let Ok(Kind::FrequencyTable { dimensions, counts, .. }) = table else {
            panic!("{table:?}")
        };
        assert_eq!((dimensions, counts), (vec!["sex".into(), "age".into()], vec!["n".into()]));
        let figure = said(&[("kind", "figure"), ("table", "km.csv")]);
        assert!(matches!(figure, Ok(Kind::Figure { table: Some(t) }) if t == "km.csv"));
        assert!(matches!(
            said(&[("kind", "model"), ("n", "120")]),
            Ok(Kind::Model { n: Some(120), .. })
        ));
        assert!(matches!(said(&[]), Ok(Kind::Unknown)));
        let other = [("kind:b.csv".to_owned(), "model".to_owned())].into_iter().collect();
        assert!(matches!(declared(&other, "a.csv"), Ok(Kind::Unknown)));
    }

    #[test]
    fn what_the_check_needs_to_know_of_a_kind_is_not_left_out() {
        for half in [
            &[("kind", "frequency-table"), ("dimensions", "sex")][..],
            &[("kind", "survival-curve")],
            &[("kind", "model"), ("n", "many")],
        ] {
            assert!(matches!(said(half), Err(Failure::Field("declared", _))), "{half:?}");
        }
    }
}
