//! A case: the clock, what is asked for, what holders and the access body
//! said, remarks, and the decision.

mod sample;

pub use sample::sample_application;

use super::seen;
use crate::answer::{Answered, html, not_accepted, see};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::{Path, State};
use catalogue::Dataset;
use model::{ApplicationId, Timestamp};
use permit::application::Comment;
use permit::policy::Action;
use permit::policy::Thing;
use permit::{Application, ApplicationState, HolderReview, Terms, Verdict};

use crate::chrome::Chrome;
use crate::names::Names;
use crate::parts::form::Typed;
use crate::parts::rules::{Rules, RulingLine};
use crate::parts::standing::{Fact, Standing, Step, time_left};
use crate::parts::terms::TermsTree;
use crate::parts::timeline::{Happening, Timeline};
use crate::parts::{Tag, Tone};
use crate::words::{Shown, Words};

/// The page of an application.
#[derive(Debug, Template)]
#[template(path = "pages/application.html")]
pub struct ApplicationPage {
    chrome: Chrome,
    id: String,
    standing: Standing,
    summary: String,
    terms: TermsTree,
    answers: Vec<Answer>,
    comments: Vec<CommentLine>,
    fields: Vec<(&'static str, String)>,
    asked: Option<Asked>,
    may_comment: bool,
    may_withdraw: bool,
    typed: Typed,
    rules: Rules,
    timeline: Timeline,
}

/// The answer that the reader is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// What a holder says of the use of its data.
    Review,
    /// The access body's. It can grant when no holder's answer is awaited.
    Decision { ready: bool },
}

impl Asked {
    const fn decides(self) -> bool {
        matches!(self, Self::Decision { .. })
    }

    const fn awaits_holders(self) -> bool {
        matches!(self, Self::Decision { ready: false })
    }
}

/// What a holder or the access body said.
#[derive(Debug, Clone)]
pub struct Answer {
    who: String,
    tag: Tag,
    why: String,
    by: String,
    at: Option<Shown>,
}

/// A remark.
#[derive(Debug, Clone)]
pub struct CommentLine {
    by: String,
    at: Shown,
    field: String,
    text: String,
}

/// The word for a state, and its colour.
pub const fn state_word(state: ApplicationState) -> (&'static str, Tone) {
    match state {
        ApplicationState::Draft => ("state-application-draft", Tone::Neutral),
        ApplicationState::Submitted => ("state-application-submitted", Tone::Info),
        ApplicationState::Granted => ("state-application-granted", Tone::Success),
        ApplicationState::Refused => ("state-application-refused", Tone::Danger),
        ApplicationState::Withdrawn => ("state-application-withdrawn", Tone::Neutral),
    }
}

/// The fields that can be remarked on, with their labels.
pub const FIELDS: [(&str, &str); 9] = [
    ("", "field-whole"),
    ("title", "terms-title"),
    ("summary", "terms-summary"),
    ("purpose", "terms-purpose"),
    ("legal-basis", "terms-legal-basis"),
    ("people", "terms-people"),
    ("sources", "terms-sources"),
    ("cohort", "terms-cohort"),
    ("valid", "terms-valid"),
];

fn answer_of(words: &Words, names: &Names, who: String, said: Option<&HolderReview>) -> Answer {
    match said {
        None => Answer {
            who,
            tag: Tag::new(Tone::Neutral, words.say("answer-awaited")),
            why: String::new(),
            by: String::new(),
            at: None,
        },
        Some(review) => Answer {
            who,
            tag: verdict_tag(words, review.verdict),
            why: review.why.clone(),
            by: names.person(&review.by, words.lang()),
            at: Some(words.moment(review.at)),
        },
    }
}

fn verdict_tag(words: &Words, verdict: Verdict) -> Tag {
    match verdict {
        Verdict::Approve => Tag::new(Tone::Success, words.say("answer-yes")),
        Verdict::Refuse => Tag::new(Tone::Danger, words.say("answer-no")),
    }
}

fn answers(words: &Words, names: &Names, application: &Application) -> Vec<Answer> {
    let mut answers: Vec<_> = application
        .holders
        .iter()
        .map(|(holder, review)| {
            answer_of(words, names, names.organisation(holder, words.lang()), review.as_ref())
        })
        .collect();
    let access_body = words.say("access-body").into_owned();
    if let Some(decision) = &application.decision {
        answers.push(Answer {
            who: access_body,
            tag: verdict_tag(words, decision.verdict),
            why: decision.why.clone(),
            by: names.person(&decision.by, words.lang()),
            at: Some(words.moment(decision.at)),
        });
    } else if application.state == ApplicationState::Submitted {
        answers.push(answer_of(words, names, access_body, None));
    }
    answers
}

/// Whom it waits for, in a sentence.
fn waits_for(words: &Words, names: &Names, application: &Application) -> String {
    let awaited: Vec<_> =
        application.awaited().map(|holder| names.organisation(holder, words.lang())).collect();
    match application.state {
        ApplicationState::Draft => {
            words.say_with("waits-applicant", names.person(&application.applicant, words.lang()))
        }
        ApplicationState::Submitted if awaited.is_empty() => {
            words.say("waits-access-body").into_owned()
        }
        ApplicationState::Submitted => words.say_with("waits-holders", awaited.join(", ")),
        ApplicationState::Granted => words.say("ended-granted").into_owned(),
        ApplicationState::Refused => words.say("ended-refused").into_owned(),
        ApplicationState::Withdrawn => words.say("ended-withdrawn").into_owned(),
    }
}

/// What the reader of a case sees besides the application.
#[derive(Debug, Clone, Default)]
pub struct Seen {
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

impl ApplicationPage {
    /// The page of `application`.
    pub fn of(
        chrome: Chrome,
        application: &Application,
        names: &Names,
        datasets: &[Dataset],
        now: Timestamp,
        seen: Seen,
    ) -> Self {
        let words = chrome.words().clone();
        let lang = words.lang();
        let id = application.id.to_string();
        let submitted = application.state == ApplicationState::Submitted;
        let reviewer = chrome
            .who
            .as_ref()
            .is_some_and(|who| application.awaited().any(|holder| *holder == who.organisation));
        let asked = if submitted && seen.may(Action::DecideApplication) {
            Some(Asked::Decision { ready: application.is_ready_for_decision() })
        } else if submitted && reviewer && seen.may(Action::ReviewApplication) {
            Some(Asked::Review)
        } else {
            None
        };
        let draft = application.state == ApplicationState::Draft;
        let mut steps = Vec::new();
        if draft && seen.may(Action::EditApplication) {
            steps.push(Step::go(words.say("application-edit"), format!("/applications/{id}/edit")));
        }
        if asked.is_some() {
            steps.push(Step::go(words.say("application-answer"), "#answer"));
        }
        if let Some(permit) = application.decision.as_ref().and_then(|d| d.permit.as_ref()) {
            steps.push(Step::go(words.say("application-permit"), format!("/permits/{permit}")));
        }
        let (state, tone) = state_word(application.state);
        let mut facts = vec![(
            words.say("applicant").into_owned(),
            Fact::Words(names.account(&application.applicant, lang)),
        )];
        if let Some(at) = application.submitted_at {
            let shown = Fact::Time(words.moment(at), String::new());
            facts.push((words.say("submitted").into_owned(), shown));
        }
        if let Some(due) = application.due.filter(|_| submitted) {
            let (left, _) = time_left(&words, now, due);
            facts.push((words.say("due-decision").into_owned(), Fact::Time(words.date(due), left)));
        }
        let standing = Standing {
            trail: vec![(words.say("nav-work").into_owned(), "/work".to_owned())],
            kind: format!("{} {id}", words.say("application")),
            title: title_of(&words, &application.terms),
            tag: Tag::new(tone, words.say(state)),
            says: waits_for(&words, names, application),
            facts,
            steps,
        };
        let comments = application
            .comments
            .iter()
            .rev()
            .map(|comment| comment_line(&words, names, comment))
            .collect();
        let open = draft || submitted;
        Self {
            terms: TermsTree::new(&words, names, datasets, &application.terms),
            summary: application.terms.summary.clone(),
            answers: answers(&words, names, application),
            comments,
            fields: FIELDS.iter().map(|(f, key)| (*f, words.say(key).into_owned())).collect(),
            asked,
            may_comment: open && seen.may(Action::CommentApplication),
            may_withdraw: open && seen.may(Action::WithdrawApplication),
            typed: Typed::default(),
            rules: Rules::new(&words)
                .with(words.say("applicant"), vec![names.account(&application.applicant, lang)])
                .with(
                    words.say("source-holders"),
                    application.holders.keys().map(|h| names.organisation(h, lang)).collect(),
                )
                // What is over is not taken back, answered or decided again.
                .ruled(if open { seen.rulings } else { Vec::new() }),
            timeline: Timeline::new(&words, &seen.happenings, seen.may_read_ledger),
            standing,
            id,
            chrome,
        }
    }

    /// The same page after a form on it was not accepted.
    #[must_use]
    pub fn with_typed(mut self, typed: Typed) -> Self {
        let has_form = (typed.is("answer") && self.asked.is_some())
            || (typed.is("comment") && self.may_comment)
            || (typed.is("withdrawal") && self.may_withdraw);
        let field = if typed.is("comment") { "text" } else { "why" };
        self.typed = if has_form { typed } else { typed.without_form(field) };
        self
    }
}

fn comment_line(words: &Words, names: &Names, comment: &Comment) -> CommentLine {
    let field = FIELDS
        .iter()
        .find(|(field, _)| *field == comment.field)
        .map_or_else(|| comment.field.clone(), |(_, key)| words.say(key).into_owned());
    CommentLine {
        by: names.account(&comment.by, words.lang()),
        at: words.moment(comment.at),
        field,
        text: comment.text.clone(),
    }
}

/// What the work is called, or that it has no name yet.
pub fn title_of(words: &Words, terms: &Terms) -> String {
    if terms.title.trim().is_empty() {
        words.say("application-untitled").into_owned()
    } else {
        terms.title.clone()
    }
}

/// What can be done on an application's page.
pub(crate) const ACTIONS: [Action; 5] = [
    Action::EditApplication,
    Action::ReviewApplication,
    Action::DecideApplication,
    Action::CommentApplication,
    Action::WithdrawApplication,
];

/// `GET /applications/{application}`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
) -> Answered {
    html(&page(&app, &visitor, &seen::id(&application)?).await?)
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
) -> Result<ApplicationPage, Failure> {
    let application = app.centre.application(visitor.caller(), id).await?;
    let names = app.names(visitor.caller()).await?;
    let datasets = app.centre.catalogue(visitor.caller()).await?;
    let thing = Thing::application(&application);
    let seen = Seen {
        rulings: seen::rulings(app, visitor, &thing, &ACTIONS),
        happenings: seen::happenings(app, visitor, &names, "application", id.as_str()).await?,
        may_read_ledger: seen::may_read_ledger(app, visitor),
    };
    let now = app.centre.now();
    let chrome = visitor.chrome(app);
    Ok(ApplicationPage::of(chrome, &application, &names, &datasets, now, seen))
}

/// The page again, with what was typed into one of its forms and why that was
/// not accepted; the failure itself, where nothing can be done on the form.
async fn again(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
    (form, beside): (&'static str, &str),
    fields: Fields,
    failure: Failure,
) -> Answered {
    if !failure.is_about_form() {
        return Err(failure);
    }
    let typed = Typed::refused(visitor.words(), form, beside, fields, &failure);
    not_accepted(&page(app, visitor, id).await?.with_typed(typed), &failure)
}

/// `POST /applications/{application}/review`: a holder's answer.
pub(crate) async fn review(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id = seen::id(&application)?;
    let verdict = match fields.one("do") {
        "approve" => Verdict::Approve,
        "refuse" => Verdict::Refuse,
        other => return Err(Failure::Choice(other.to_owned())),
    };
    let why = fields.text("why");
    match app.centre.review_application(visitor.caller(), &id, verdict, why).await {
        Ok(()) => Ok(see(&format!("/applications/{id}"), "answered")),
        Err(refused) => again(&app, &visitor, &id, ("answer", "why"), fields, refused.into()).await,
    }
}

/// `POST /applications/{application}/decision`: the access body's.
pub(crate) async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id = seen::id(&application)?;
    match decided(&app, &visitor, &id, fields.one("do"), fields.text("why")).await {
        Ok((address, done)) => Ok(see(&address, done)),
        Err(failure) => again(&app, &visitor, &id, ("answer", "why"), fields, failure).await,
    }
}

/// Decides, and says where that is to be seen.
async fn decided(
    app: &App,
    visitor: &Visitor,
    id: &ApplicationId,
    verdict: &str,
    why: String,
) -> Result<(String, &'static str), Failure> {
    let caller = visitor.caller();
    let here = format!("/applications/{id}");
    match verdict {
        "grant" => {
            let permit = match app.centre.grant_application(caller, id, why).await {
                Ok(permit) => permit,
                Err(refused @ centre::Refused::Conflict(_)) => {
                    let application = app.centre.application(caller, id).await?;
                    let waits = application.awaited().next().is_some();
                    let key = if waits { "application-not-ready" } else { "problem-unfit-says" };
                    return Err(Failure::unfit(refused, key));
                }
                Err(refused) => return Err(refused.into()),
            };
            Ok((format!("/permits/{permit}"), "granted"))
        }
        "return" => {
            app.centre.return_application(caller, id, why).await?;
            Ok((here, "returned"))
        }
        "refuse" => {
            app.centre.refuse_application(caller, id, why).await?;
            Ok((here, "refused"))
        }
        other => Err(Failure::Choice(other.to_owned())),
    }
}

/// `POST /applications/{application}/comments`
pub(crate) async fn comment(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id = seen::id(&application)?;
    let field = fields.one("field");
    let field = FIELDS.iter().find(|(known, _)| *known == field).map_or("", |(known, _)| known);
    let text = fields.text("text");
    match app.centre.comment_application(visitor.caller(), &id, field.to_owned(), text).await {
        Ok(()) => Ok(see(&format!("/applications/{id}#comments"), "commented")),
        Err(refused) => {
            again(&app, &visitor, &id, ("comment", "text"), fields, refused.into()).await
        }
    }
}

/// `POST /applications/{application}/withdrawal`
pub(crate) async fn withdraw(
    State(app): State<App>,
    visitor: Visitor,
    Path(application): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id = seen::id(&application)?;
    match app.centre.withdraw_application(visitor.caller(), &id, fields.text("why")).await {
        Ok(()) => Ok(see(&format!("/applications/{id}"), "withdrawn")),
        Err(refused) => {
            let form = ("withdrawal", "withdraw-why");
            again(&app, &visitor, &id, form, fields, refused.into()).await
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Lang;
    use permit::Role;

    use super::*;
    use crate::pages::source::sample_datasets;

    fn page(seen: Seen, organisation: &str) -> ApplicationPage {
        let mut chrome = Chrome::sample(Lang::En, "/").seen_by(&[Role::Holder]);
        if let Some(who) = &mut chrome.who {
            who.organisation = organisation.parse().unwrap();
        }
        let now = "2026-03-01T09:00:00Z".parse().unwrap();
        let application = sample_application(Lang::En);
        ApplicationPage::of(chrome, &application, &Names::sample(), &sample_datasets(), now, seen)
    }

    fn allowed(action: Action) -> Seen {
        let ruling = RulingLine {
            action: action.as_str().to_owned(),
            what: String::new(),
            allowed: true,
            inactive: None,
            why: Vec::new(),
        };
        Seen { rulings: vec![ruling], ..Seen::default() }
    }

    #[test]
    fn a_holder_who_has_answered_is_not_asked_again() {
        let asked = |organisation| page(allowed(Action::ReviewApplication), organisation).asked;
        assert_eq!(asked("regional-hospital"), Some(Asked::Review));
        assert_eq!(asked("population-register"), None);
    }

    #[test]
    fn what_may_be_done_is_not_said_of_an_application_that_is_over() {
        let allowed = || allowed(Action::WithdrawApplication);
        assert_eq!(page(allowed(), "university").rules.rulings.len(), 1);
        let mut granted = sample_application(Lang::En);
        granted.state = ApplicationState::Granted;
        let chrome = Chrome::sample(Lang::En, "/");
        let now = "2026-03-01T09:00:00Z".parse().unwrap();
        let page = ApplicationPage::of(
            chrome,
            &granted,
            &Names::sample(),
            &sample_datasets(),
            now,
            allowed(),
        );
        assert!(page.rules.rulings.is_empty());
    }

    #[test]
    fn the_page_says_whom_the_case_waits_for() {
        let page = page(Seen::default(), "university");
        assert_eq!(page.standing.says, "It waits for an answer from The regional hospital.");
    }

    #[test]
    fn every_state_has_a_word_in_every_language() {
        for state in ApplicationState::ALL {
            for lang in Lang::ALL {
                let words = Words::new(lang, jiff::tz::TimeZone::UTC);
                assert!(words.knows(state_word(state).0), "{state:?} in {lang}");
            }
        }
    }
}
