//! Reversal: the requests of a permit with the form that asks, one request with what can
//! be done about it, and, once, whom the numbers lead to.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use centre::reversals::ReversalWish;
use linkage::Extract;
use linkage::reversal::{Revealed, Reversal, ReversalState};
use model::{Lang, PermitId, ReversalId};
use permit::policy::Action;
use permit::{Permit, Role};

use super::seen;
use crate::answer::{Answered, html, not_accepted, see};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::names::Names;
use crate::parts::form::Typed;
use crate::parts::rules::{Rules, RulingLine};
use crate::parts::timeline::{Happening, Timeline};
use crate::parts::{Tag, Tone};
use crate::sample::literal;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use crate::words::{Shown, Words};

/// The requests of a permit.
#[derive(Debug, Template)]
#[template(path = "pages/reversals.html")]
pub struct ReversalsPage {
    chrome: Chrome,
    permit: String,
    may_ask: bool,
    /// The registers of the permit: id and name.
    sources: Vec<(String, String)>,
    /// The newest extract of each kind, where there are two.
    extracts: Vec<(String, String)>,
    lines: Vec<ReversalLine>,
    typed: Typed,
}

/// A request in a list.
#[derive(Debug, Clone)]
pub struct ReversalLine {
    id: String,
    tag: Tag,
    at: Shown,
    by: String,
    source: String,
    persons: usize,
    why: String,
}

/// The word for where a request stands, and its colour.
const fn state_word(state: ReversalState) -> (&'static str, Tone) {
    match state {
        ReversalState::Asked => ("state-reversal-asked", Tone::Info),
        ReversalState::Agreed => ("state-reversal-agreed", Tone::Warning),
        ReversalState::Refused => ("state-reversal-refused", Tone::Danger),
        ReversalState::Done => ("state-reversal-done", Tone::Success),
    }
}

fn tag(words: &Words, state: ReversalState) -> Tag {
    let (key, tone) = state_word(state);
    Tag::new(tone, words.say(key))
}

impl ReversalsPage {
    fn of(
        chrome: Chrome,
        permit: &Permit,
        names: &Names,
        extracts: &[Arc<Extract>],
        reversals: &[Arc<Reversal>],
        may_ask: bool,
    ) -> Self {
        let words = chrome.words().clone();
        let lang = words.lang();
        let line = |reversal: &Arc<Reversal>| ReversalLine {
            id: reversal.id.to_string(),
            tag: tag(&words, reversal.state),
            at: words.moment(reversal.asked_at),
            by: names.person(&reversal.asked_by, lang),
            source: names.source(&reversal.source, lang),
            persons: reversal.persons.len(),
            why: reversal.why.clone(),
        };
        let sources = permit.grant.terms.sources.iter();
        let kinds = permit.grant.terms.linkage.extracts().filter(|_| may_ask);
        let extracts: Vec<(String, String)> = kinds
            .filter_map(|which| {
                let newest = extracts.iter().find(|extract| {
                    extract.destroyed_at.is_none() && extract.manifest.strictness == which
                })?;
                let key = crate::parts::extract::title_key(which);
                Some((newest.id.to_string(), words.say(key).into_owned()))
            })
            .collect();
        Self {
            extracts: if extracts.len() > 1 { extracts } else { Vec::new() },
            permit: permit.id.to_string(),
            may_ask,
            sources: sources
                .map(|of| (of.source.to_string(), names.source(&of.source, lang)))
                .collect(),
            lines: reversals.iter().map(line).collect(),
            typed: Typed::default(),
            chrome,
        }
    }

    /// A sample: somebody who may ask.
    pub fn sample(lang: Lang) -> Self {
        let path = "/permits/permit-7k3m9q2x4d/reversals";
        let chrome = Chrome::sample(lang, path).seen_by(&[Role::Researcher]);
        let permit = super::permit::sample_permit(lang);
        Self::of(chrome, &permit, &Names::sample(), &[], &[Arc::new(sample_reversal())], true)
    }
}

/// A sample of a request.
pub(crate) fn sample_reversal() -> Reversal {
    Reversal {
        id: literal("reversal-4m6p8r0t2w"),
        state: ReversalState::Asked,
        permit: literal("permit-7k3m9q2x4d"),
        extract: literal("extract-4q6s8v0x2z"),
        source: literal("laboratory"),
        persons: vec![4_711, 9_012],
        why: "Potassium that calls for a doctor the same day".to_owned(),
        asked_by: literal("researcher"),
        asked_at: literal("2026-03-01T09:10:00Z"),
        decision: None,
        done: None,
    }
}

/// One request.
#[derive(Debug, Template)]
#[template(path = "pages/reversal.html")]
pub struct ReversalPage {
    chrome: Chrome,
    id: String,
    permit: String,
    extract: String,
    tag: Tag,
    at: Shown,
    by: String,
    source: String,
    persons: Vec<String>,
    why: String,
    /// By whom, when and why it was decided.
    decision: Option<(String, Shown, String)>,
    /// Who was told, and when.
    done: Option<(String, Shown)>,
    may_agree: bool,
    may_do: bool,
    /// Whom the numbers lead to: on one page, once.
    revealed: Option<Vec<RevealedLine>>,
    typed: Typed,
    rules: Rules,
    timeline: Timeline,
}

/// Whom a number leads to.
#[derive(Clone)]
pub struct RevealedLine {
    person: i32,
    number: String,
    /// Whether that is the register's own.
    own: bool,
}

impl std::fmt::Debug for RevealedLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RevealedLine(..)")
    }
}

impl From<&Revealed> for RevealedLine {
    fn from(revealed: &Revealed) -> Self {
        let own = revealed.national_id.is_none();
        let number = revealed.national_id.as_ref().or(revealed.own_number.as_ref());
        Self { person: revealed.person, number: number.cloned().unwrap_or_default(), own }
    }
}

impl ReversalPage {
    fn of(
        chrome: Chrome,
        reversal: &Reversal,
        names: &Names,
        rulings: Vec<RulingLine>,
        happenings: &[Happening],
        may_read_ledger: bool,
    ) -> Self {
        let words = chrome.words().clone();
        let lang = words.lang();
        let may = |action: Action| {
            rulings.iter().any(|ruling| ruling.allowed && ruling.action == action.as_str())
        };
        Self {
            id: reversal.id.to_string(),
            permit: reversal.permit.to_string(),
            extract: reversal.extract.to_string(),
            tag: tag(&words, reversal.state),
            at: words.moment(reversal.asked_at),
            by: names.person(&reversal.asked_by, lang),
            source: names.source(&reversal.source, lang),
            persons: reversal.persons.iter().map(ToString::to_string).collect(),
            why: reversal.why.clone(),
            decision: reversal.decision.as_ref().map(|decided| {
                let by = names.person(&decided.by, lang);
                (by, words.moment(decided.at), decided.why.clone())
            }),
            done: reversal
                .done
                .as_ref()
                .map(|done| (names.person(&done.by, lang), words.moment(done.at))),
            may_agree: reversal.state == ReversalState::Asked && may(Action::AgreeReversal),
            may_do: reversal.state == ReversalState::Agreed && may(Action::DoReversal),
            revealed: None,
            typed: Typed::default(),
            rules: Rules::new(&words).ruled(rulings),
            timeline: Timeline::new(&words, happenings, may_read_ledger),
            chrome,
        }
    }

    fn sample_by(lang: Lang, role: Role, reversal: &Reversal, action: Action) -> Self {
        let chrome = Chrome::sample(lang, "/reversals/reversal-4m6p8r0t2w").seen_by(&[role]);
        let what = chrome.words().say_or(&format!("may-{}", action.as_str()), action.as_str());
        let ruling = RulingLine {
            action: action.as_str().to_owned(),
            what,
            allowed: true,
            inactive: None,
            why: Vec::new(),
        };
        let happening = Happening::sample(
            90,
            "2026-03-01T09:10:00Z",
            "researcher",
            "reversal.asked",
            "reversal/reversal-4m6p8r0t2w",
            &reversal.why,
        );
        Self::of(chrome, reversal, &Names::sample(), vec![ruling], &[happening], false)
    }

    /// A sample: a caseworker before a request.
    pub fn sample(lang: Lang) -> Self {
        Self::sample_by(lang, Role::Caseworker, &sample_reversal(), Action::AgreeReversal)
    }

    /// A sample: the holder is told.
    pub fn sample_told(lang: Lang) -> Self {
        let told = Reversal {
            id: literal("reversal-6q8s0v2x4z"),
            state: ReversalState::Done,
            ..sample_reversal()
        };
        let mut page = Self::sample_by(lang, Role::Holder, &told, Action::SeeReversal);
        page.revealed = Some(vec![
            RevealedLine { person: 4_711, number: "patient-001".to_owned(), own: true },
            RevealedLine { person: 9_012, number: "patient-002".to_owned(), own: true },
        ]);
        page
    }
}

async fn list(app: &App, visitor: &Visitor, id: &PermitId) -> Result<ReversalsPage, Failure> {
    let caller = visitor.caller();
    let permit = app.centre.permit(caller, id).await?;
    let reversals = app.centre.reversals(caller, Some(id)).await?;
    let thing = app.centre.permit_thing(&permit).await?;
    let may_ask = app.centre.ruling(caller, Action::AskReversal, &thing).allowed;
    let names = app.names(caller).await?;
    let extracts = app.centre.extracts_of(caller, id).await?;
    let chrome = visitor.chrome(app);
    Ok(ReversalsPage::of(chrome, &permit, &names, &extracts, &reversals, may_ask))
}

async fn one(app: &App, visitor: &Visitor, id: &ReversalId) -> Result<ReversalPage, Failure> {
    const ACTIONS: [Action; 2] = [Action::AgreeReversal, Action::DoReversal];
    let caller = visitor.caller();
    let reversal = app.centre.reversal(caller, id).await?;
    let thing = app.centre.reversal_thing(&reversal).await?;
    let rulings = seen::rulings(app, visitor, &thing, &ACTIONS);
    let names = app.names(caller).await?;
    let happenings = seen::happenings(app, visitor, &names, "reversal", id.as_str()).await?;
    let may_read = seen::may_read_ledger(app, visitor);
    Ok(ReversalPage::of(visitor.chrome(app), &reversal, &names, rulings, &happenings, may_read))
}

/// `GET /permits/{permit}/reversals`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
) -> Answered {
    html(&list(&app, &visitor, &seen::id(&permit)?).await?)
}

/// `GET /reversals/{reversal}`
pub(crate) async fn show_one(
    State(app): State<App>,
    visitor: Visitor,
    Path(reversal): Path<String>,
) -> Answered {
    html(&one(&app, &visitor, &seen::id(&reversal)?).await?)
}

/// The person numbers in a text: whole numbers with anything between them.
fn numbers(text: &str) -> Result<Vec<i32>, Failure> {
    let parts = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
    let read = |part: &str| {
        let why = || format!("`{}` is no person number", part.chars().take(20).collect::<String>());
        part.parse().map_err(|_| Failure::Field("persons", why()))
    };
    parts.filter(|part| !part.is_empty()).map(read).collect()
}

fn wish(fields: &Fields) -> Result<ReversalWish, Failure> {
    let source = fields.one("source");
    let source = source.parse().map_err(|_| Failure::Choice(source.to_owned()))?;
    let persons = numbers(fields.one("persons"))?;
    let extract = match fields.one("extract") {
        "" => None,
        extract => Some(extract.parse().map_err(|_| Failure::Choice(extract.to_owned()))?),
    };
    Ok(ReversalWish { extract, source, persons, finding: fields.text("finding") })
}

/// `POST /permits/{permit}/reversals`
pub(crate) async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id: PermitId = seen::id(&permit)?;
    let asked = match wish(&fields) {
        Ok(wish) => app
            .centre
            .ask_reversal(visitor.caller(), &id, wish)
            .await
            .map_err(|refused| Failure::unfit(refused, "reversal-no-extract")),
        Err(failure) => Err(failure),
    };
    match asked {
        Ok(reversal) => Ok(see(&format!("/reversals/{reversal}"), "reversal-asked")),
        Err(failure) if failure.is_about_form() => {
            let beside = match &failure {
                Failure::Field(field, _) => field,
                _ => "persons",
            };
            let typed = Typed::refused(visitor.words(), "ask", beside, fields, &failure);
            let mut page = list(&app, &visitor, &id).await?;
            page.typed = if page.may_ask { typed } else { typed.without_form("finding") };
            not_accepted(&page, &failure)
        }
        Err(failure) => Err(failure),
    }
}

/// `POST /reversals/{reversal}/decision`
pub(crate) async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(reversal): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id: ReversalId = seen::id(&reversal)?;
    let (agree, done) = match fields.one("do") {
        "agree" => (true, "reversal-agreed"),
        "refuse" => (false, "reversal-refused"),
        other => return Err(Failure::Choice(other.to_owned())),
    };
    let why = fields.text("why");
    match app.centre.decide_reversal(visitor.caller(), &id, agree, why).await {
        Ok(()) => Ok(see(&format!("/reversals/{id}"), done)),
        Err(refused) => {
            let failure = Failure::unfit(refused, "reversal-not-now");
            if !failure.is_about_form() {
                return Err(failure);
            }
            let typed = Typed::refused(visitor.words(), "decide", "why", fields, &failure);
            let mut page = one(&app, &visitor, &id).await?;
            page.typed = if page.may_agree { typed } else { typed.without_form("why") };
            not_accepted(&page, &failure)
        }
    }
}

/// `POST /reversals/{reversal}/doing`: the only page that shows whom it is, once.
pub(crate) async fn reveal(
    State(app): State<App>,
    visitor: Visitor,
    Path(reversal): Path<String>,
    _: Signed,
) -> Answered {
    let id: ReversalId = seen::id(&reversal)?;
    let revealed = app
        .centre
        .do_reversal(visitor.caller(), &id)
        .await
        .map_err(|refused| Failure::unfit(refused, "reversal-not-now"))?;
    let mut page = one(&app, &visitor, &id).await?;
    page.revealed = Some(revealed.iter().map(RevealedLine::from).collect());
    html(&page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_word_in_every_language() {
        for lang in Lang::ALL {
            let words = Words::new(lang, jiff::tz::TimeZone::UTC);
            for state in ReversalState::ALL {
                assert!(words.knows(state_word(state).0), "{lang}: {state:?}");
            }
        }
    }

    #[test]
    fn person_numbers_are_read_with_anything_between_them() {
        assert_eq!(numbers("12, 7;\n 9 ").unwrap(), [12, 7, 9]);
        assert!(numbers("").unwrap().is_empty());
        for wrong in ["twelve", "12.5", "3000000000", "1-2"] {
            assert!(matches!(numbers(wrong), Err(Failure::Field("persons", _))), "{wrong}");
        }
    }

    #[test]
    fn only_who_decides_is_shown_the_form() {
        let html = ReversalPage::sample(Lang::En).render().unwrap();
        assert!(html.contains("/reversals/reversal-4m6p8r0t2w/decision"));
        assert!(!html.contains("/doing"));
        let html = ReversalPage::sample_told(Lang::En).render().unwrap();
        assert!(html.contains("patient-001") && !html.contains("/decision"));
    }
}
