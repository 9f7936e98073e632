//! A permit: what it allows, as a tree in plain words; the data made on it and
//! the rooms opened on it.

pub(crate) mod data;

use super::{calendar, register, room as room_page, seen};
use crate::answer::{Answered, download, html, not_accepted, see};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::{Path, State};
use catalogue::Dataset;
use linkage::Extract;
use model::{Lang, Timestamp};
use permit::policy::Action;
use permit::{Permit, Role, Standing as PermitStanding, Strictness};

use super::source::sample_datasets;
use crate::chrome::Chrome;
use crate::names::Names;
use crate::parts::calendar::Calendar;
use crate::parts::extract::{self, ExtractPart};
use crate::parts::form::Typed;
use crate::parts::rules::{Rules, RulingLine};
use crate::parts::standing::{Fact, Standing, Step};
use crate::parts::terms::{TermsTree, period};
use crate::parts::timeline::{Happening, Timeline};
use crate::parts::{Tag, Tone};
use crate::sample::literal;
use crate::words::{Shown, Words};

/// The page of a permit, for those who may see it whole.
#[derive(Debug, Template)]
#[template(path = "pages/permit.html")]
pub struct PermitPage {
    chrome: Chrome,
    id: String,
    standing: Standing,
    summary: String,
    terms: TermsTree,
    extracts: Vec<ExtractPart>,
    job: Option<JobLine>,
    calendar: Option<Calendar>,
    rooms: Vec<RoomLine>,
    signature: String,
    may_revoke: bool,
    /// Where a stand-in for its data is, for those who may open rooms on it.
    stand_in: Option<String>,
    typed: Typed,
    rules: Rules,
    timeline: Timeline,
}

/// How far the making of the data has come.
#[derive(Debug, Clone)]
pub struct JobLine {
    /// What is being done.
    pub phase: String,
    /// How much of it is done.
    pub done: u64,
    /// Of how much; 0 when that is not known.
    pub total: u64,
    /// For how long, seconds.
    pub seconds: u64,
    /// Why it failed, if it did.
    pub failed: Option<String>,
}

/// A room opened on a permit.
#[derive(Debug, Clone)]
pub struct RoomLine {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub tag: Tag,
    /// When it was opened.
    pub opened_at: Shown,
    /// How many commands were run in it.
    pub runs: u64,
    /// Whether it is on the generous data of a permit that has two.
    pub generous: bool,
}

/// The word for where a permit stands, and its colour.
pub const fn standing_word(standing: PermitStanding) -> (&'static str, Tone) {
    match standing {
        PermitStanding::NotYet => ("state-permit-not-yet", Tone::Info),
        PermitStanding::Active => ("state-permit-active", Tone::Success),
        PermitStanding::Expired => ("state-permit-expired", Tone::Neutral),
        PermitStanding::Revoked => ("state-permit-revoked", Tone::Danger),
    }
}

/// Where a permit stands, in a sentence.
fn says(words: &Words, permit: &Permit, now: Timestamp, ready: bool) -> String {
    match permit.standing(now) {
        PermitStanding::NotYet => words.say("permit-not-yet-says").into_owned(),
        PermitStanding::Active if ready => words.say("permit-ready-says").into_owned(),
        PermitStanding::Active => words.say("permit-no-extract-says").into_owned(),
        PermitStanding::Expired => words.say("permit-expired-says").into_owned(),
        PermitStanding::Revoked => words.say_with(
            "permit-revoked-says",
            permit.revoked.as_ref().map(|revoked| revoked.why.as_str()).unwrap_or_default(),
        ),
    }
}

/// What the reader of a permit sees besides the permit.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The data made for it, newest first.
    pub extracts: Vec<Extract>,
    /// The rooms opened on it, newest first, with whether they are open.
    pub rooms: Vec<(RoomLine, bool)>,
    /// What the reader may do, by action.
    pub rulings: Vec<RulingLine>,
    /// What happened, newest first.
    pub happenings: Vec<Happening>,
    /// Whether the reader may read the ledger.
    pub may_read_ledger: bool,
    /// The making of the data, while it goes on or when it failed.
    pub job: Option<JobLine>,
}

impl Seen {
    /// The newest data that are as strict.
    fn newest(&self, strictness: Strictness) -> Option<&Extract> {
        let of = |extract: &&Extract| extract.manifest.strictness == strictness;
        self.extracts.iter().filter(|extract| extract.destroyed_at.is_none()).find(of)
    }

    fn may(&self, action: Action) -> bool {
        self.rulings.iter().any(|ruling| ruling.allowed && ruling.action == action.as_str())
    }
}

fn steps(words: &Words, permit: &Permit, token: &str, active: bool, seen: &Seen) -> Vec<Step> {
    let id = &permit.id;
    let linkage = permit.grant.terms.linkage;
    let mut steps = Vec::new();
    for which in linkage.extracts().filter(|_| active) {
        let generous = which == Strictness::Generous;
        let open = seen.rooms.iter().find(|(room, open)| *open && room.generous == generous);
        let (enter, begin) = match which {
            Strictness::Strict => ("permit-enter-room", "permit-open-room"),
            Strictness::Generous => ("permit-enter-generous", "permit-open-generous"),
        };
        if let Some((room, _)) = open {
            steps.push(Step::go(words.say(enter), format!("/rooms/{}", room.id)));
        } else if seen.newest(which).is_some() && seen.may(Action::OpenRoom) {
            let more = if generous { "?strictness=generous" } else { "" };
            let href = format!("/permits/{id}/rooms{more}");
            steps.push(Step::send(words.say(begin), href, token));
        }
    }
    let goes_on = seen.job.as_ref().is_some_and(|job| job.failed.is_none());
    let newest: Option<Vec<_>> = linkage.extracts().map(|which| seen.newest(which)).collect();
    let alike = |pair: &[&Extract]| matches!(pair, [one, other] if one.is_as_new_as(other));
    let lacks = newest.is_none_or(|newest| !newest.windows(2).all(alike));
    if active && lacks && !goes_on && seen.may(Action::BuildExtract) {
        let href = format!("/permits/{id}/extracts");
        steps.push(Step::send(words.say("permit-build-extract"), href, token));
    }
    steps
}

impl PermitPage {
    /// The page of `permit`.
    pub fn of(
        chrome: Chrome,
        permit: &Permit,
        names: &Names,
        datasets: &[Dataset],
        now: Timestamp,
        seen: Seen,
    ) -> Self {
        let words = chrome.words().clone();
        let lang = words.lang();
        let id = permit.id.to_string();
        let stands = permit.standing(now);
        let active = stands == PermitStanding::Active;
        let (state, tone) = standing_word(stands);
        let terms = &permit.grant.terms;
        let data_user = names.organisation(&permit.grant.data_user, lang);
        let standing = Standing {
            trail: vec![(words.say("nav-register").into_owned(), "/register".to_owned())],
            kind: format!("{} {id}", words.say("permit")),
            title: terms.title.clone(),
            tag: Tag::new(tone, words.say(state)),
            says: says(&words, permit, now, seen.newest(Strictness::Strict).is_some()),
            facts: vec![
                (words.say("data-user").into_owned(), Fact::Words(data_user.clone())),
                (words.say("terms-valid").into_owned(), Fact::Words(period(&words, terms.valid))),
                (
                    words.say("issued").into_owned(),
                    Fact::Time(words.moment(permit.issued_at), String::new()),
                ),
                (
                    words.say("application").into_owned(),
                    Fact::Link(
                        permit.grant.application.to_string(),
                        format!("/applications/{}", permit.grant.application),
                    ),
                ),
            ],
            steps: steps(&words, permit, &chrome.form_token, active, &seen),
        };
        let extracts = Strictness::ALL
            .into_iter()
            .filter_map(|which| seen.newest(which))
            .map(|extract| ExtractPart::new(&words, names, extract, &seen.extracts))
            .collect();
        Self {
            summary: terms.summary.clone(),
            terms: TermsTree::new(&words, names, datasets, terms),
            signature: permit.signature.clone(),
            stand_in: seen
                .may(Action::OpenRoom)
                .then(|| format!("/permits/{}/stand-in", permit.id)),
            may_revoke: seen.may(Action::RevokePermit)
                && matches!(stands, PermitStanding::Active | PermitStanding::NotYet),
            typed: Typed::default(),
            rules: Rules::new(&words)
                .with(words.say("data-user"), vec![data_user])
                .with(
                    words.say("terms-people"),
                    terms.people.iter().map(|person| names.person(person, lang)).collect(),
                )
                .with(words.say("issued-by"), vec![names.account(&permit.issued_by, lang)])
                .ruled(seen.rulings),
            timeline: Timeline::new(&words, &seen.happenings, seen.may_read_ledger),
            calendar: None,
            extracts,
            job: seen.job,
            rooms: seen.rooms.into_iter().map(|(room, _)| room).collect(),
            standing,
            id,
            chrome,
        }
    }

    /// The same page with what ends when.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Option<Calendar>) -> Self {
        self.calendar = calendar;
        self
    }

    /// The same page after a form on it was not accepted.
    #[must_use]
    pub fn with_typed(mut self, typed: Typed) -> Self {
        let has_form = typed.is("revocation") && self.may_revoke;
        self.typed = if has_form { typed } else { typed.without_form("why") };
        self
    }

    fn goes_on(&self) -> bool {
        self.job.as_ref().is_some_and(|job| job.failed.is_none())
    }

    /// A sample: active, with an extract and a room.
    pub fn sample(lang: Lang) -> Self {
        let path = "/permits/permit-7k3m9q2x4d";
        let chrome = Chrome::sample(lang, path).seen_by(&[Role::Researcher]);
        let words = chrome.words().clone();
        let at = literal::<Timestamp>;
        let room = RoomLine {
            id: "room-3p5r7t9v1x".to_owned(),
            tag: Tag::new(Tone::Success, words.say("state-room-open")),
            opened_at: words.moment(at("2026-03-01T08:10:00Z")),
            runs: 2,
            generous: false,
        };
        let ruling = |action: Action, allowed| RulingLine {
            action: action.as_str().to_owned(),
            what: words.say_or(&format!("may-{}", action.as_str()), action.as_str()),
            allowed,
            inactive: None,
            why: Vec::new(),
        };
        let subject = "permit/permit-7k3m9q2x4d";
        let seen = Seen {
            extracts: extract::sample(),
            rooms: vec![(room, true)],
            rulings: vec![ruling(Action::OpenRoom, true), ruling(Action::RevokePermit, false)],
            happenings: vec![Happening::sample(
                52,
                "2026-02-28T14:00:00Z",
                "caseworker",
                "permit.issued",
                subject,
                "",
            )],
            may_read_ledger: false,
            job: None,
        };
        let now = at("2026-03-01T09:00:00Z");
        let permit = sample_permit(lang);
        let page = Self::of(chrome, &permit, &Names::sample(), &sample_datasets(), now, seen);
        page.with_calendar(Some(Calendar::sample(&words)))
    }
}

/// A permit for samples.
pub fn sample_permit(lang: Lang) -> Permit {
    let id: model::PermitId = literal("permit-7k3m9q2x4d");
    Permit {
        id: id.clone(),
        grant: permit::Grant {
            permit: id,
            application: literal("application-7k3m9q2x4d"),
            data_user: literal("university"),
            terms: TermsTree::sample_terms(lang),
        },
        signature: "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ".to_owned(),
        issued_at: literal("2026-02-28T14:00:00Z"),
        issued_by: literal("caseworker"),
        revoked: None,
        turned_out_at: None,
    }
}

/// What can be done on a permit's page.
pub(crate) const ACTIONS: [Action; 3] =
    [Action::BuildExtract, Action::OpenRoom, Action::RevokePermit];

/// `GET /permits/{permit}`: the whole for those who may see it, else the public
/// part.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
) -> Answered {
    let caller = visitor.caller();
    let permit = match app.centre.permit(caller, &seen::id(&permit)?).await {
        Ok(permit) => permit,
        Err(centre::Refused::Denied(_)) => {
            return register::public_part(&app, &visitor, |line| {
                line.permit.as_ref().is_some_and(|(id, _)| *id == permit)
            })
            .await;
        }
        Err(refused) => return Err(refused.into()),
    };
    html(&page(&app, &visitor, &permit).await?)
}

async fn page(app: &App, visitor: &Visitor, permit: &Permit) -> Result<PermitPage, Failure> {
    let caller = visitor.caller();
    let names = app.names(caller).await?;
    let datasets = app.centre.catalogue(caller).await?;
    let thing = app.centre.permit_thing(permit).await?;
    let id = permit.id.as_str();
    let extracts = centre::owned(app.centre.extracts_of(caller, &permit.id).await?);
    let seen = Seen {
        rooms: rooms(app, visitor, permit, &extracts).await?,
        extracts,
        rulings: seen::rulings(app, visitor, &thing, &ACTIONS),
        happenings: seen::happenings(app, visitor, &names, "permit", id).await?,
        may_read_ledger: seen::may_read_ledger(app, visitor),
        job: app.jobs.on(id).map(|job| JobLine {
            phase: phase_in_words(visitor.words(), &names, &job.step().phase),
            done: job.step().done,
            total: job.step().total,
            seconds: job.seconds(),
            failed: job.failed(),
        }),
    };
    let now = app.centre.now();
    let chrome = visitor.chrome(app);
    let calendar = calendar::of_permit(app, visitor, &permit.id).await?;
    Ok(PermitPage::of(chrome, permit, &names, &datasets, now, seen).with_calendar(calendar))
}

/// The page again, with why a form on it was not accepted; the failure itself,
/// where nothing can be done on the page.
async fn again(
    app: &App,
    visitor: &Visitor,
    permit: &Permit,
    beside: &str,
    fields: Fields,
    failure: Failure,
) -> Answered {
    if !failure.is_about_form() {
        return Err(failure);
    }
    let typed = Typed::refused(visitor.words(), "revocation", beside, fields, &failure);
    not_accepted(&page(app, visitor, permit).await?.with_typed(typed), &failure)
}

/// What is being done: people are linked, then a table is written for each
/// source.
fn phase_in_words(words: &Words, names: &Names, phase: &str) -> String {
    match phase.parse::<model::SourceId>() {
        _ if phase.is_empty() => String::new(),
        _ if words.knows(&format!("phase-{phase}")) => {
            words.say(&format!("phase-{phase}")).into_owned()
        }
        Ok(source) => words.say_with("phase-table", names.source(&source, words.lang())),
        Err(_) => String::new(),
    }
}

async fn rooms(
    app: &App,
    visitor: &Visitor,
    permit: &Permit,
    extracts: &[Extract],
) -> Result<Vec<(RoomLine, bool)>, Failure> {
    let generous = |room: &room::Room| {
        let on = extracts.iter().find(|extract| extract.id == room.extract);
        on.is_some_and(|extract| extract.manifest.strictness == Strictness::Generous)
    };
    let words = visitor.words();
    let rooms = app.centre.rooms(visitor.caller()).await?;
    Ok(rooms
        .into_iter()
        .filter(|room| room.permit == permit.id)
        .map(|room| {
            let (key, tone) = room_page::state_word(room.state);
            let line = RoomLine {
                id: room.id.to_string(),
                tag: Tag::new(tone, words.say(key)),
                opened_at: words.moment(room.opened_at),
                runs: room.runs_total,
                generous: generous(&room),
            };
            (line, room.is_entered())
        })
        .collect())
}

/// `GET /permits/{permit}/stand-in`
pub(crate) async fn stand_in(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
) -> Answered {
    let id: model::PermitId = seen::id(&permit)?;
    let archive = app.centre.stand_in(visitor.caller(), &id).await?;
    Ok(download("application/zip", &format!("stand-in-{id}.zip"), archive))
}

/// `POST /permits/{permit}/revocation`
pub(crate) async fn revoke(
    State(app): State<App>,
    visitor: Visitor,
    Path(permit): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let permit = app.centre.permit(visitor.caller(), &seen::id(&permit)?).await?;
    let why = fields.text("why");
    match app.centre.revoke_permit(visitor.caller(), &permit.id, why).await {
        Ok(()) => Ok(see(&format!("/permits/{}", permit.id), "revoked")),
        Err(refused) => again(&app, &visitor, &permit, "why", fields, refused.into()).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(now: &str, seen: Seen) -> PermitPage {
        let chrome = Chrome::sample(Lang::En, "/").seen_by(&[Role::Researcher]);
        let permit = sample_permit(Lang::En);
        let now = now.parse().unwrap();
        PermitPage::of(chrome, &permit, &Names::sample(), &sample_datasets(), now, seen)
    }

    fn may_build() -> Seen {
        Seen { rulings: vec![RulingLine::allowed(Action::BuildExtract)], ..Seen::default() }
    }

    #[test]
    fn an_active_permit_without_data_offers_to_make_them() {
        let page = page("2026-03-01T09:00:00Z", may_build());
        assert_eq!(page.standing.steps.len(), 1);
        assert_eq!(page.standing.tag.word, "Active");
    }

    #[test]
    fn while_data_are_made_the_page_shows_how_far_and_offers_no_second_time() {
        let job = JobLine { phase: "linking".into(), done: 3, total: 9, seconds: 12, failed: None };
        let page = page("2026-03-01T09:00:00Z", Seen { job: Some(job), ..may_build() });
        assert!(page.standing.steps.is_empty());
        let html = page.to_string();
        assert!(html.contains("data-live") && html.contains("max=\"9\" value=\"3\""), "{html}");
    }

    #[test]
    fn a_permit_of_two_extracts_offers_a_room_on_each_and_tells_both() {
        let of = |extracts| {
            let mut permit = sample_permit(Lang::En);
            permit.grant.terms.linkage.how = permit::LinkageWay::Likely;
            permit.grant.terms.linkage.generous = Some(0.6);
            let chrome = Chrome::sample(Lang::En, "/").seen_by(&[Role::Researcher]);
            let rulings =
                [Action::OpenRoom, Action::BuildExtract].map(RulingLine::allowed).to_vec();
            let seen = Seen { extracts, rulings, ..Seen::default() };
            let now = "2026-03-01T09:00:00Z".parse().unwrap();
            PermitPage::of(chrome, &permit, &Names::sample(), &sample_datasets(), now, seen)
                .to_string()
        };
        let both = of(extract::sample());
        for (which, rooms) in [("strict", "/rooms\""), ("generous", "/rooms?strictness=generous\"")]
        {
            assert!(both.contains(rooms), "{which}");
            assert!(both.contains(&format!("id=\"extract-{which}\"")), "{which}");
        }
        assert!(both.contains("Compared with the strict extract"));
        assert!(!both.contains("/extracts\""), "nothing is left to build");
        // The generous one is the newest, and is not taken for the strict one.
        let one = of(extract::sample().split_off(1));
        assert!(one.contains("/rooms\""), "{one}");
        assert!(!one.contains("strictness=generous") && one.contains("/extracts\""), "{one}");
    }

    #[test]
    fn an_expired_permit_offers_nothing() {
        let page = page("2027-03-01T09:00:00Z", may_build());
        assert!(page.standing.steps.is_empty());
        assert_eq!(page.standing.tag.word, "Expired");
    }
}
