//! The public register of uses: every application, permit and refusal, in the
//! open (EHDS articles 57(1)(j) and 58).

use std::sync::Arc;

use model::{ApplicationId, OrganisationId, PermitId, Purpose, SourceId, Timestamp};
use permit::policy::{Action, Thing};
use permit::{Application, ApplicationState, Permit, Standing};
use serde::Serialize;

use crate::{Caller, Centre, Refused};

/// One use, as everyone may see it: no names of people, no columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Use {
    /// The application.
    pub application: ApplicationId,
    /// What the work is called.
    pub title: String,
    /// What is to be found out.
    pub summary: String,
    /// Why the data may be used.
    pub purpose: Option<Purpose>,
    /// Who uses them.
    pub data_user: OrganisationId,
    /// Which sources.
    pub sources: Vec<SourceId>,
    /// Where the application stands.
    pub state: ApplicationState,
    /// When it was submitted.
    pub submitted_at: Option<Timestamp>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// Why it was decided so.
    pub reason: Option<String>,
    /// The permit, and where it stands.
    pub permit: Option<(PermitId, Standing)>,
}

impl Use {
    fn of(application: &Application, permits: &[Arc<Permit>], now: Timestamp) -> Self {
        let permit = permits.iter().find(|permit| permit.grant.application == application.id);
        Self {
            application: application.id.clone(),
            title: application.terms.title.clone(),
            summary: application.terms.summary.clone(),
            purpose: application.terms.purpose,
            data_user: application.organisation.clone(),
            sources: application.terms.sources.iter().map(|terms| terms.source.clone()).collect(),
            state: application.state,
            submitted_at: application.submitted_at,
            decided_at: application.decision.as_ref().map(|decision| decision.at),
            reason: application.decision.as_ref().map(|decision| decision.why.clone()),
            permit: permit.map(|permit| (permit.id.clone(), permit.standing(now))),
        }
    }
}

impl Centre {
    /// Every use, newest first. Drafts are their writers' own.
    pub async fn register(&self, caller: &Caller) -> Result<Vec<Use>, Refused> {
        self.require_open(caller, Action::SeeRegister, &Thing::centre())?;
        let permits = self.every_permit().await?;
        let now = self.now();
        Ok(self
            .every_application()
            .await?
            .iter()
            .filter(|application| application.submitted_at.is_some())
            .map(|application| Use::of(application, &permits, now))
            .collect())
    }
}
