//! Review of an output: the file with its findings on it, cell by cell, the
//! mend that is offered, the earlier outputs of the same room.

mod index;
mod sample;
mod sheet;

/// What can be done on an output's page.
pub(crate) const ACTIONS: [Action; 2] = [Action::DecideOutput, Action::CheckOutput];

/// `GET /outputs/{output}`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(output): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answered {
    html(&page(&app, &visitor, &seen::id(&output)?, wanted.page).await?)
}

/// Which page of the file an address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    page: usize,
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &OutputId,
    part: usize,
) -> Result<OutputPage, Failure> {
    let caller = visitor.caller();
    let reviewed = app.centre.review(caller, id).await?;
    let names = app.names(caller).await?;
    let output = reviewed.output;
    let thing = app.centre.output_thing(&output).await?;
    let title = match app.centre.permit(caller, &output.permit).await {
        Ok(permit) => permit.grant.terms.title.clone(),
        Err(_) => output.permit.to_string(),
    };
    let lang = visitor.words().lang();
    // What left and was compared with stands there, and not once more below.
    let mut others = reviewed.others;
    others.retain(|other| reviewed.released.iter().all(|released| released.id != other.id));
    let index =
        reviewed.bytes.as_ref().and_then(|b| app.indexes.of(&output.name, output.sealed, b));
    let seen = Seen {
        index,
        bytes: reviewed.bytes,
        mended: reviewed.mended.map(|mend| (mend.note.get(lang).to_owned(), mend.bytes)),
        others,
        compared: reviewed.released,
        page: part,
        title,
        rulings: seen::rulings(app, visitor, &thing, &ACTIONS),
        happenings: seen::happenings(app, visitor, &names, "output", output.id.as_str()).await?,
        may_read_ledger: seen::may_read_ledger(app, visitor),
    };
    Ok(OutputPage::of(visitor.chrome(app), &output, &names, seen))
}

/// The page again, with why what was asked for on it was not done; the failure
/// itself, where nothing can be done on the page.
async fn again(
    app: &App,
    visitor: &Visitor,
    id: &OutputId,
    beside: &str,
    fields: Fields,
    failure: Failure,
) -> Answered {
    if !failure.is_about_form() {
        return Err(failure);
    }
    let typed = Typed::refused(visitor.words(), "decision", beside, fields, &failure);
    not_accepted(&page(app, visitor, id, 1).await?.with_typed(typed), &failure)
}

/// `GET /outputs/{output}/file`: a picture, for the page to show. Whatever is in
/// it, browsers are told to run nothing. What is still inside is not shown.
pub(crate) async fn file(
    State(app): State<App>,
    visitor: Visitor,
    Path(output): Path<String>,
) -> Answered {
    let reviewed = app.centre.review(visitor.caller(), &seen::id(&output)?).await?;
    let bytes = reviewed.bytes.ok_or(Failure::Absent)?;
    picture(&reviewed.output.name, Arc::unwrap_or_clone(bytes))
}

/// `GET /outputs/{output}/mended-file`: the picture as the mend would make it.
pub(crate) async fn mended_file(
    State(app): State<App>,
    visitor: Visitor,
    Path(output): Path<String>,
) -> Answered {
    let reviewed = app.centre.review(visitor.caller(), &seen::id(&output)?).await?;
    let mended = reviewed.mended.ok_or(Failure::Absent)?;
    picture(&reviewed.output.name, mended.bytes)
}

/// A picture that somebody made, for a page to show. What is none is not given.
pub(crate) fn picture(name: &str, bytes: Vec<u8>) -> Answered {
    let kind = sheet::picture_type(name).ok_or(Failure::Absent)?;
    Ok((
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FILE_POLICY)),
        ],
        bytes,
    )
        .into_response())
}

/// `POST /outputs/{output}/decision`
pub(crate) async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(output): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id = seen::id(&output)?;
    let (verdict, done) = match fields.one("do") {
        "release" => (release::Verdict::Released, "released"),
        "hold" => (release::Verdict::Held, "held"),
        "refuse" => (release::Verdict::Refused, "kept-in"),
        other => return Err(Failure::Choice(other.to_owned())),
    };
    match app.centre.decide_output(visitor.caller(), &id, verdict, fields.text("why")).await {
        Ok(()) => Ok(see(&format!("/outputs/{id}"), done)),
        Err(refused) => again(&app, &visitor, &id, "why", fields, decision_refused(refused)).await,
    }
}

/// Why a decision was refused, in our words.
pub(crate) fn decision_refused(refused: centre::Refused) -> Failure {
    let key = match refused {
        centre::Refused::Conflict(_) => "output-no-release",
        _ => "problem-unfit-says",
    };
    Failure::unfit(refused, key)
}

/// `POST /outputs/{output}/mend`: makes the mended file.
pub(crate) async fn mend(
    State(app): State<App>,
    visitor: Visitor,
    Path(output): Path<String>,
    _: Signed,
) -> Answered {
    let id = seen::id(&output)?;
    match app.centre.mend(visitor.caller(), &id).await {
        Ok(mended) => Ok(see(&format!("/outputs/{mended}"), "mended")),
        Err(refused) => {
            let failure = Failure::unfit(refused, "conflict-no-mend");
            again(&app, &visitor, &id, "", Fields::default(), failure).await
        }
    }
}

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::seen;
use crate::answer::{Answered, html, not_accepted, see};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::query::Query;
use crate::security::forms::Signed;
use crate::security::headers::FILE_POLICY;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use disclosure::finding::{Finding, Remedy, Verdict, Weight};
use model::OutputId;
use permit::policy::Action;
use release::output::Owner;
use release::{Output, OutputState};
use serde::Deserialize;

pub use index::Index;
pub(crate) use index::Indexes;
#[cfg(test)]
pub(crate) use sample::sample_output;
pub use sheet::{Rows, Sheet, SheetCell, Whereabouts};

use crate::chrome::Chrome;
use crate::names::Names;
use crate::parts::form::Typed;
use crate::parts::rules::{Rules, RulingLine};
use crate::parts::standing::{Fact, Standing, Step};
use crate::parts::timeline::{Happening, Timeline};
use crate::parts::{Tag, Tone};
use crate::words::{Shown, Words};

/// The page of an output.
#[derive(Debug, Template)]
#[template(path = "pages/output.html")]
pub struct OutputPage {
    chrome: Chrome,
    id: String,
    standing: Standing,
    note: String,
    sheet: Sheet,
    findings: Vec<FindingLine>,
    suggestion: Option<Tag>,
    mend: Option<MendPreview>,
    decided: Vec<DecisionLine>,
    others: Vec<OtherLine>,
    compared: Vec<OtherLine>,
    page: usize,
    may_decide: bool,
    may_mend: bool,
    may_release: bool,
    typed: Typed,
    rules: Rules,
    timeline: Timeline,
}

/// One thing that was found.
#[derive(Debug, Clone)]
pub struct FindingLine {
    tone: Tone,
    weight: String,
    title: String,
    places: Vec<Whereabouts>,
    why: String,
    mend: String,
    source: &'static str,
    rule: &'static str,
}

/// What a mend would make of the file.
#[derive(Debug, Clone)]
pub struct MendPreview {
    note: String,
    sheet: Sheet,
}

/// A decision of a person.
#[derive(Debug, Clone)]
pub struct DecisionLine {
    tag: Tag,
    why: String,
    by: String,
    at: Shown,
}

/// Another output of the same room.
#[derive(Debug, Clone)]
pub struct OtherLine {
    id: String,
    name: String,
    tag: Tag,
    at: Shown,
}

/// The word for where an output stands, and its colour.
pub const fn state_word(state: OutputState) -> (&'static str, Tone) {
    match state {
        OutputState::Requested => ("state-output-requested", Tone::Neutral),
        OutputState::Checked => ("state-output-checked", Tone::Info),
        OutputState::Held => ("state-output-held", Tone::Warning),
        OutputState::Refused => ("state-output-refused", Tone::Danger),
        OutputState::Released => ("state-output-released", Tone::Success),
    }
}

const fn owner_key(owner: Owner) -> &'static str {
    match owner {
        Owner::Check => "output-waits-check",
        Owner::Checker => "output-waits-checker",
        Owner::Researcher => "output-waits-researcher",
        Owner::Nobody => "output-over",
    }
}

const fn decision_word(verdict: release::Verdict) -> (&'static str, Tone) {
    match verdict {
        release::Verdict::Released => state_word(OutputState::Released),
        release::Verdict::Held => state_word(OutputState::Held),
        release::Verdict::Refused => state_word(OutputState::Refused),
    }
}

const fn weight_word(weight: Weight) -> (&'static str, Tone) {
    match weight {
        Weight::Note => ("weight-note", Tone::Neutral),
        Weight::Review => ("weight-review", Tone::Warning),
        Weight::Refuse => ("weight-refuse", Tone::Danger),
    }
}

const fn suggestion_word(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Pass => ("suggest-pass", Tone::Success),
        Verdict::Review => ("suggest-review", Tone::Warning),
        Verdict::Refuse => ("suggest-refuse", Tone::Danger),
    }
}

const fn remedy_key(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Withhold => "mend-withhold",
        Remedy::DropColumn => "mend-drop-column",
        Remedy::Round => "mend-round",
        Remedy::Thin => "mend-thin",
        Remedy::Strip => "mend-strip",
    }
}

/// The tag of an output's state.
pub fn state_tag(words: &Words, state: OutputState) -> Tag {
    let (key, tone) = state_word(state);
    Tag::new(tone, words.say(key))
}

fn finding_line(words: &Words, finding: &Finding, page: usize) -> FindingLine {
    let (weight, tone) = weight_word(finding.weight);
    FindingLine {
        tone,
        weight: words.say(weight).into_owned(),
        title: words.text(&finding.rule.title()).to_owned(),
        places: sheet::whereabouts(words, finding, page),
        why: words.text(&finding.why).to_owned(),
        mend: finding.mend.map(|r| words.say(remedy_key(r)).into_owned()).unwrap_or_default(),
        source: finding.rule.source(),
        rule: finding.rule.as_str(),
    }
}

/// What the reader of an output sees besides it.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Every byte of the file, for those who may see them.
    pub bytes: Option<Arc<Vec<u8>>>,
    /// Where the pages of it begin, where that is known.
    pub index: Option<Arc<Index>>,
    /// What a mend would make of it: what was done, and the new bytes.
    pub mended: Option<(String, Vec<u8>)>,
    /// Outputs of the same room.
    pub others: Vec<Arc<Output>>,
    /// What was released under the same permit: what the file was compared with.
    pub compared: Vec<Arc<Output>>,
    /// Which page of the file.
    pub page: usize,
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

fn standing(
    words: &Words,
    names: &Names,
    output: &Output,
    seen: &Seen,
    may_decide: bool,
) -> Standing {
    let mut facts = vec![
        (
            words.say("output-asked-by").into_owned(),
            Fact::Words(names.account(&output.requested_by, words.lang())),
        ),
        (
            words.say("output-asked-at").into_owned(),
            Fact::Time(words.moment(output.requested_at), String::new()),
        ),
        (words.say("size").into_owned(), Fact::Words(words.bytes(output.bytes))),
        (
            words.say("room").into_owned(),
            Fact::Link(output.room.to_string(), format!("/rooms/{}", output.room)),
        ),
    ];
    if let Some(of) = &output.mends {
        facts.push((
            words.say("output-mends").into_owned(),
            Fact::Link(of.to_string(), format!("/outputs/{of}")),
        ));
    }
    let steps =
        if may_decide { vec![Step::go(words.say("output-decide"), "#decide")] } else { Vec::new() };
    Standing {
        trail: vec![
            (words.say("nav-work").into_owned(), "/work".to_owned()),
            (seen.title.clone(), format!("/permits/{}", output.permit)),
        ],
        kind: format!("{} {}", words.say("output"), output.id),
        title: output.name.clone(),
        tag: state_tag(words, output.state),
        says: words.say(owner_key(output.owner())).into_owned(),
        facts,
        steps,
    }
}

impl OutputPage {
    /// The same page after a decision was not accepted.
    #[must_use]
    pub fn with_typed(mut self, typed: Typed) -> Self {
        self.typed = if self.may_decide { typed } else { typed.without_form("why") };
        self
    }

    /// The page of `output`.
    pub fn of(chrome: Chrome, output: &Output, names: &Names, mut seen: Seen) -> Self {
        let words = chrome.words().clone();
        let lang = words.lang();
        let id = output.id.to_string();
        let findings: &[Finding] =
            output.checked.as_ref().map_or(&[], |checked| checked.findings.as_slice());
        let waiting = output.state == OutputState::Checked;
        let may_decide =
            (waiting || output.state == OutputState::Held) && seen.may(Action::DecideOutput);
        let verdict = output.checked.as_ref().map(|checked| checked.verdict);
        let address = format!("/outputs/{id}/file");
        let page = seen.page.max(1);
        let sheet = match &seen.bytes {
            Some(bytes) => {
                let index = seen.index.as_deref();
                Sheet::of(&address, &output.name, bytes, findings, page, index)
            }
            None => Sheet::Inside,
        };
        let mend = seen.mended.take().map(|(note, bytes)| MendPreview {
            note,
            sheet: Sheet::of(
                &format!("/outputs/{id}/mended-file"),
                &output.name,
                &bytes,
                &[],
                page,
                None,
            )
            .marking_changes_from(&sheet),
        });
        let decided = output
            .decided
            .iter()
            .rev()
            .map(|decided| {
                let (key, tone) = decision_word(decided.verdict);
                DecisionLine {
                    tag: Tag::new(tone, words.say(key)),
                    why: decided.why.clone(),
                    by: names.account(&decided.by, lang),
                    at: words.moment(decided.at),
                }
            })
            .collect();
        let line = |other: &Arc<Output>| OtherLine {
            id: other.id.to_string(),
            name: other.name.clone(),
            tag: state_tag(&words, other.state),
            at: words.moment(other.requested_at),
        };
        let compared = seen.compared.iter().map(line).collect();
        let others = seen.others.iter().map(line).collect();
        Self {
            standing: standing(&words, names, output, &seen, may_decide),
            note: output.note.clone(),
            findings: findings.iter().map(|finding| finding_line(&words, finding, page)).collect(),
            suggestion: verdict.map(|verdict| {
                let (key, tone) = suggestion_word(verdict);
                Tag::new(tone, words.say(key))
            }),
            may_mend: mend.is_some() && may_decide && seen.may(Action::CheckOutput),
            may_release: waiting && output.why_not().is_none(),
            mend,
            typed: Typed::default(),
            sheet,
            decided,
            others,
            compared,
            page,
            may_decide,
            rules: Rules::new(&words)
                .with(words.say("output-asked-by"), vec![names.account(&output.requested_by, lang)])
                .ruled(seen.rulings),
            timeline: Timeline::new(&words, &seen.happenings, seen.may_read_ledger),
            id,
            chrome,
        }
    }
}
