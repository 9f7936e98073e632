//! My work: what waits for me across roles, oldest deadline first, and what I
//! wait for and who holds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use ledger::EntryFilter;
use linkage::Extract;
use linkage::reversal::ReversalState;
use model::{Date, Timestamp};
use permit::policy::{Action, Thing};
use permit::{Account, Application, ApplicationState, Role, Standing};
use release::OutputState;
use room::Room;
use serde::Serialize;

use crate::releases::packable;
use crate::{Caller, Centre, Refused};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matter {
    /// A draft waits for its writer.
    CompleteApplication,
    /// An application waits for a holder.
    AnswerApplication,
    /// An application waits for the access body.
    DecideApplication,
    /// A permit lacks an extract that its terms ask for.
    BuildExtract,
    /// An extract is ready and no room is open on it.
    OpenRoom,
    /// People of a permit's sources turned out to be one, or several, since its data were
    /// made.
    BuildAgain,
    /// People turned out to be one, or several, and no room is open on the extract that
    /// has them so.
    ReadChanges,
    /// A file that is to come into a room waits for a checker.
    DecideIngress,
    /// A package that rooms are to have waits for an operator.
    DecidePackage,
    /// Pairs of records wait for linkage clerks.
    AnswerPairs,
    /// A finding that matters for somebody waits for the access body.
    DecideReversal,
    /// A register can be told whom a finding is about.
    DoReversal,
    /// An output waits for a checker.
    CheckOutput,
    /// A checker wants an output changed.
    ChangeOutput,
    /// Outputs may leave and are in no package yet.
    PackRelease,
    /// A package waits to be fetched.
    FetchRelease,
    /// A delivery is late.
    DeliverSource,
    /// More was to be shown of a room than may be: an auditor sees to whom, and when.
    LookIntoWithheld,
}

/// For so many days auditors are told that more was to be shown than may be.
const LOOKED_INTO: i64 = 14;

impl Matter {
    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CompleteApplication => "complete-application",
            Self::AnswerApplication => "answer-application",
            Self::DecideApplication => "decide-application",
            Self::BuildExtract => "build-extract",
            Self::OpenRoom => "open-room",
            Self::BuildAgain => "build-again",
            Self::ReadChanges => "read-changes",
            Self::DecideIngress => "decide-ingress",
            Self::DecidePackage => "decide-package",
            Self::AnswerPairs => "answer-pairs",
            Self::DecideReversal => "decide-reversal",
            Self::DoReversal => "do-reversal",
            Self::CheckOutput => "check-output",
            Self::ChangeOutput => "change-output",
            Self::PackRelease => "pack-release",
            Self::FetchRelease => "fetch-release",
            Self::DeliverSource => "deliver-source",
            Self::LookIntoWithheld => "look-into-withheld",
        }
    }
}

/// One thing that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Task {
    /// What is to be done.
    pub matter: Matter,
    /// To what kind of thing.
    pub kind: &'static str,
    /// To which.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Since when it waits.
    pub since: Timestamp,
    /// Until when it must be done.
    pub due: Option<Date>,
    /// For whom it waits: organisations, roles or accounts.
    pub waits_for: Vec<String>,
}

/// What waits for me, and what I wait for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inbox {
    /// What waits for me, oldest deadline first.
    pub mine: Vec<Task>,
    /// What I wait for, oldest first.
    pub awaited: Vec<Task>,
}

impl Inbox {
    fn sort(mut self) -> Self {
        let key = |task: &Task| (task.due.unwrap_or(Date::MAX), task.since, task.id.clone());
        self.mine.sort_by_key(key);
        self.awaited.sort_by_key(key);
        self
    }
}

impl Centre {
    /// The caller's inbox.
    pub async fn inbox(&self, caller: &Caller) -> Result<Inbox, Refused> {
        let Some(account) = caller.account() else { return Ok(Inbox::default()) };
        let mut inbox = Inbox::default();
        for application in self.applications(caller).await? {
            self.sort_application(caller, &application, &mut inbox);
        }
        self.permit_tasks(caller, &mut inbox).await?;
        self.ingress_tasks(caller, &mut inbox).await?;
        self.package_tasks(caller, &mut inbox).await?;
        self.pair_tasks(caller, &mut inbox).await?;
        self.reversal_tasks(caller, &mut inbox).await?;
        self.output_tasks(caller, &mut inbox).await?;
        self.release_tasks(caller, &mut inbox).await?;
        self.withheld_tasks(account, &mut inbox).await?;
        if account.is(Role::Holder) {
            for dataset in self.catalogue(caller).await?.iter() {
                let late = dataset.freshness.is_late(self.now());
                if let Some(since) = dataset
                    .freshness
                    .delivered
                    .filter(|_| late && dataset.holder == account.organisation)
                {
                    inbox.mine.push(Task {
                        matter: Matter::DeliverSource,
                        kind: "source",
                        id: dataset.source.to_string(),
                        title: dataset.title.get(model::Lang::En).to_owned(),
                        since,
                        due: dataset.freshness.due,
                        waits_for: vec![dataset.holder.to_string()],
                    });
                }
            }
        }
        Ok(inbox.sort())
    }

    fn sort_application(&self, caller: &Caller, application: &Application, inbox: &mut Inbox) {
        let Some(account) = caller.account() else { return };
        let thing = Thing::application(application);
        let may = |action| self.ruling(caller, action, &thing).allowed;
        let task = |matter, waits_for| Task {
            matter,
            kind: "application",
            id: application.id.to_string(),
            title: application.terms.title.clone(),
            since: application.submitted_at.unwrap_or(application.began_at),
            due: application.due,
            waits_for,
        };
        match application.state {
            ApplicationState::Draft if application.applicant == account.id => {
                inbox.mine.push(task(Matter::CompleteApplication, vec![account.id.to_string()]));
            }
            ApplicationState::Submitted => {
                let awaited: Vec<_> = application.awaited().map(ToString::to_string).collect();
                let mine = application.awaited().any(|holder| *holder == account.organisation);
                let deciders = || vec!["caseworker".to_owned()];
                if mine && may(Action::ReviewApplication) {
                    let own = vec![account.organisation.to_string()];
                    inbox.mine.push(task(Matter::AnswerApplication, own));
                } else if awaited.is_empty() && may(Action::DecideApplication) {
                    inbox.mine.push(task(Matter::DecideApplication, deciders()));
                } else if awaited.is_empty() {
                    inbox.awaited.push(task(Matter::DecideApplication, deciders()));
                } else {
                    inbox.awaited.push(task(Matter::AnswerApplication, awaited));
                }
            }
            _ => {}
        }
    }

    async fn permit_tasks(&self, caller: &Caller, inbox: &mut Inbox) -> Result<(), Refused> {
        let Some(account) = caller.account() else { return Ok(()) };
        let rooms = self.every_room(&["open", "waiting", "running"]).await?;
        for permit in self.permits(caller).await? {
            let named = permit.grant.terms.people.contains(&account.id);
            if permit.standing(self.now()) != Standing::Active
                || !(named || account.is(Role::Operator))
            {
                continue;
            }
            let task = |matter, since, waits_for| Task {
                matter,
                kind: "permit",
                id: permit.id.to_string(),
                title: permit.grant.terms.title.clone(),
                since,
                due: permit.grant.terms.valid.until,
                waits_for,
            };
            let extracts = self.every_extract_of(&permit.id).await?;
            let newest_of = |which| {
                extracts.iter().find(|extract| {
                    extract.destroyed_at.is_none() && extract.manifest.strictness == which
                })
            };
            let newest: Option<Vec<_>> =
                permit.grant.terms.linkage.extracts().map(newest_of).collect();
            // Of two that are held against each other one is not to lack a delivery.
            let newest = newest.filter(|newest| {
                let mut pairs = newest.windows(2);
                pairs.all(|pair| matches!(pair, [one, other] if one.is_as_new_as(other)))
            });
            match newest {
                None => inbox.mine.push(task(
                    Matter::BuildExtract,
                    permit.issued_at,
                    vec![account.id.to_string()],
                )),
                Some(newest) if named => {
                    let own = || vec![account.id.to_string()];
                    let strict = newest.first();
                    let stale = |extract: &&&Arc<Extract>| {
                        permit.turned_out_at.is_some_and(|at| at > extract.built_at)
                    };
                    if let Some(since) = strict.filter(stale).and(permit.turned_out_at) {
                        inbox.mine.push(task(Matter::BuildAgain, since, own()));
                    }
                    let none_open = !rooms.iter().any(|room| room.permit == permit.id);
                    if let Some(extract) = strict.filter(|_| none_open) {
                        inbox.mine.push(task(Matter::OpenRoom, extract.built_at, own()));
                    }
                    for extract in newest {
                        let compared = extract.manifest.compared_with.as_ref();
                        let other = extracts.iter().find(|other| compared == Some(&other.id));
                        if extract.has_news(other.map(AsRef::as_ref))
                            && !rooms.iter().any(|room| room.extract == extract.id)
                        {
                            inbox.mine.push(task(Matter::ReadChanges, extract.built_at, own()));
                        }
                    }
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    async fn ingress_tasks(&self, caller: &Caller, inbox: &mut Inbox) -> Result<(), Refused> {
        for ingress in &self.every_ingress(&["inspected"], None).await? {
            let thing = self.ingress_thing(ingress).await?;
            let may = |action| self.ruling(caller, action, &thing).allowed;
            if !may(Action::SeeIngress) {
                continue;
            }
            let task = Task {
                matter: Matter::DecideIngress,
                kind: "ingress",
                id: ingress.id.to_string(),
                title: ingress.name.clone(),
                since: ingress.asked_at,
                due: None,
                waits_for: vec!["checker".to_owned()],
            };
            let list =
                if may(Action::DecideIngress) { &mut inbox.mine } else { &mut inbox.awaited };
            list.push(task);
        }
        Ok(())
    }

    async fn package_tasks(&self, caller: &Caller, inbox: &mut Inbox) -> Result<(), Refused> {
        for request in &self.every::<room::PackageRequest>(&["asked"], None).await? {
            let thing = self.package_thing(request).await?;
            let may = |action| self.ruling(caller, action, &thing).allowed;
            if !may(Action::SeePackage) {
                continue;
            }
            let task = Task {
                matter: Matter::DecidePackage,
                kind: "package",
                id: request.id.to_string(),
                title: request.package.name.to_string(),
                since: request.asked_at,
                due: None,
                waits_for: vec!["operator".to_owned()],
            };
            let list =
                if may(Action::DecidePackage) { &mut inbox.mine } else { &mut inbox.awaited };
            list.push(task);
        }
        Ok(())
    }

    /// One task, however many pairs wait: nothing tells them apart before somebody
    /// looks.
    async fn pair_tasks(&self, caller: &Caller, inbox: &mut Inbox) -> Result<(), Refused> {
        if !self.ruling(caller, Action::SeePairs, &Thing::centre()).allowed {
            return Ok(());
        }
        let waiting = self.pairs(caller).await?.waiting;
        if let Some(first) = waiting.first() {
            inbox.mine.push(Task {
                matter: Matter::AnswerPairs,
                kind: "pair",
                id: first.id.to_string(),
                title: waiting.len().to_string(),
                since: first.since,
                due: None,
                waits_for: vec![Role::Clerk.as_str().to_owned()],
            });
        }
        Ok(())
    }

    /// One task for each room, since it was first.
    async fn withheld_tasks(&self, account: &Account, inbox: &mut Inbox) -> Result<(), Refused> {
        if !account.is(Role::Auditor) {
            return Ok(());
        }
        // By whole days, so that one answer is good for all who ask on one.
        let today = self.now().to_zoned(TimeZone::UTC).date();
        let since = today.saturating_sub(jiff::Span::new().days(LOOKED_INTO));
        let filter = EntryFilter {
            acts: vec!["room.withheld".to_owned()],
            since: since.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp()),
            limit: u32::MAX,
            ..EntryFilter::default()
        };
        let mut rooms = BTreeMap::new();
        for entry in &self.entries(filter).await?.items {
            rooms.entry(entry.subject.id().to_owned()).or_insert(entry.at);
        }
        for (id, since) in rooms {
            let (room, _) = self.load::<Room>(&id).await?;
            inbox.mine.push(Task {
                matter: Matter::LookIntoWithheld,
                kind: "room",
                id,
                title: self.permit_of(&room).await?.grant.terms.title.clone(),
                since,
                due: None,
                waits_for: vec![Role::Auditor.as_str().to_owned()],
            });
        }
        Ok(())
    }

    async fn reversal_tasks(&self, caller: &Caller, inbox: &mut Inbox) -> Result<(), Refused> {
        for reversal in self.reversals(caller, None).await? {
            let (matter, action, whom) = match reversal.state {
                ReversalState::Asked => {
                    (Matter::DecideReversal, Action::AgreeReversal, Role::Caseworker)
                }
                ReversalState::Agreed => (Matter::DoReversal, Action::DoReversal, Role::Holder),
                ReversalState::Refused | ReversalState::Done => continue,
            };
            let thing = self.reversal_thing(&reversal).await?;
            let mine = self.ruling(caller, action, &thing).allowed;
            let list = if mine { &mut inbox.mine } else { &mut inbox.awaited };
            list.push(Task {
                matter,
                kind: "reversal",
                id: reversal.id.to_string(),
                title: reversal.why.clone(),
                since: reversal.asked_at,
                due: None,
                waits_for: vec![whom.as_str().to_owned()],
            });
        }
        Ok(())
    }

    async fn output_tasks(&self, caller: &Caller, inbox: &mut Inbox) -> Result<(), Refused> {
        let Some(account) = caller.account() else { return Ok(()) };
        for output in &self.every_output(&["checked", "held"], None).await? {
            let task = |matter, waits_for| Task {
                matter,
                kind: "output",
                id: output.id.to_string(),
                title: output.name.clone(),
                since: output.requested_at,
                due: None,
                waits_for,
            };
            let thing = self.output_thing(output).await?;
            let may = |action| self.ruling(caller, action, &thing).allowed;
            if !may(Action::SeeOutput) {
                continue;
            }
            match output.state {
                OutputState::Checked if may(Action::DecideOutput) => {
                    inbox.mine.push(task(Matter::CheckOutput, vec!["checker".to_owned()]));
                }
                OutputState::Checked => {
                    inbox.awaited.push(task(Matter::CheckOutput, vec!["checker".to_owned()]));
                }
                OutputState::Held => {
                    // Once a mended one takes its place, nothing is left to do.
                    let beside = self.every_output(&[], Some(&output.room)).await?;
                    if beside.iter().any(|other| other.mends.as_ref() == Some(&output.id)) {
                        continue;
                    }
                    let owner = vec![output.requested_by.to_string()];
                    if output.requested_by == account.id {
                        inbox.mine.push(task(Matter::ChangeOutput, owner));
                    } else {
                        inbox.awaited.push(task(Matter::ChangeOutput, owner));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn release_tasks(&self, caller: &Caller, inbox: &mut Inbox) -> Result<(), Refused> {
        let Some(account) = caller.account() else { return Ok(()) };
        if account.is(Role::Checker) {
            let mut rooms = BTreeMap::new();
            for output in packable(self.every_output(&["released"], None).await?) {
                rooms.entry(output.room.clone()).or_insert(output);
            }
            inbox.mine.extend(rooms.into_iter().map(|(room, first)| Task {
                matter: Matter::PackRelease,
                kind: "room",
                id: room.to_string(),
                title: first.name.clone(),
                since: first.requested_at,
                due: None,
                waits_for: vec!["checker".to_owned()],
            }));
        }
        for release in self.releases(caller).await? {
            let (permit, _) = self.load::<permit::Permit>(release.permit.as_str()).await?;
            if release.fetched == 0 && permit.grant.terms.people.contains(&account.id) {
                inbox.mine.push(Task {
                    matter: Matter::FetchRelease,
                    kind: "release",
                    id: release.id.to_string(),
                    title: permit.grant.terms.title.clone(),
                    since: release.packaged_at,
                    due: None,
                    waits_for: vec![account.id.to_string()],
                });
            }
        }
        Ok(())
    }
}
