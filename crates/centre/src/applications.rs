//! Applications, from the first draft to the access body's decision.

use std::collections::BTreeSet;
use std::sync::Arc;

use ledger::{Guard, Order, RecordFilter, Subject};
use model::{ApplicationId, OrganisationId, PermitId};
use permit::application::{Knowledge, KnownColumn, KnownSource};
use permit::policy::{Action, Thing};
use permit::{Account, Application, ApplicationEvent, Grant, Missing, PermitEvent, Terms, Verdict};
use source::SourceRecord;

use crate::{Caller, Centre, Refused, draft, reasoned};

impl Centre {
    /// Begins an application for the caller's own institution.
    pub async fn begin_application(
        &self,
        caller: &Caller,
        terms: Terms,
    ) -> Result<ApplicationId, Refused> {
        let actor = self.require(caller, Action::BeginApplication, &Thing::centre())?;
        let organisation = caller
            .account()
            .map(|account| account.organisation.clone())
            .ok_or_else(|| Refused::absent("account", &actor))?;
        let id = ApplicationId::mint(self.parts.entropy.as_ref());
        let event = ApplicationEvent::Drafted { organisation, terms };
        self.write(&actor, id.as_str(), &event, None).await?;
        Ok(id)
    }

    /// Saves what the applicant wrote, whole or not.
    pub async fn save_application(
        &self,
        caller: &Caller,
        id: &ApplicationId,
        terms: Terms,
    ) -> Result<(), Refused> {
        let (application, seq) = self.load::<Application>(id.as_str()).await?;
        let thing = Thing::application(&application);
        let actor = self.require(caller, Action::EditApplication, &thing)?;
        if application.terms == terms {
            return Ok(());
        }
        let event = ApplicationEvent::Saved { terms };
        self.write(&actor, id.as_str(), &event, Some(seq)).await?;
        Ok(())
    }

    /// What the application still lacks.
    pub async fn application_lacks(&self, terms: &Terms) -> Result<Vec<Missing>, Refused> {
        Ok(terms.missing(&self.knowledge().await?))
    }

    /// Hands the application in, if it lacks nothing.
    pub async fn submit_application(
        &self,
        caller: &Caller,
        id: &ApplicationId,
    ) -> Result<(), Refused> {
        let (application, seq) = self.load::<Application>(id.as_str()).await?;
        let thing = Thing::application(&application);
        let actor = self.require(caller, Action::EditApplication, &thing)?;
        let missing = self.application_lacks(&application.terms).await?;
        if !missing.is_empty() {
            return Err(Refused::Lacking(missing));
        }
        let asked: BTreeSet<_> = application
            .terms
            .sources
            .iter()
            .map(|terms| &terms.source)
            .chain(&application.terms.cohort.source)
            .collect();
        let holders: BTreeSet<_> = self
            .every_source()
            .await?
            .into_iter()
            .filter(|source| asked.contains(&source.source))
            .map(|source| source.contract.holder.clone())
            .collect();
        let event = ApplicationEvent::Submitted { holders: holders.into_iter().collect() };
        self.write(&actor, id.as_str(), &event, Some(seq)).await?;
        Ok(())
    }

    /// Gives a submitted application back to be completed.
    pub async fn return_application(
        &self,
        caller: &Caller,
        id: &ApplicationId,
        why: String,
    ) -> Result<(), Refused> {
        reasoned(&why)?;
        let event = ApplicationEvent::Returned { why };
        self.on_application(caller, Action::DecideApplication, id, event).await
    }

    /// Takes an application back.
    pub async fn withdraw_application(
        &self,
        caller: &Caller,
        id: &ApplicationId,
        why: String,
    ) -> Result<(), Refused> {
        let event = ApplicationEvent::Withdrawn { why };
        self.on_application(caller, Action::WithdrawApplication, id, event).await
    }

    /// Remarks something on a field, or on the whole when `field` is empty.
    pub async fn comment_application(
        &self,
        caller: &Caller,
        id: &ApplicationId,
        field: String,
        text: String,
    ) -> Result<(), Refused> {
        if text.trim().is_empty() {
            return Err(Refused::Field { field: "text", why: "is empty: write something".into() });
        }
        let event = ApplicationEvent::Commented { field, text };
        self.on_application(caller, Action::CommentApplication, id, event).await
    }

    /// Answers for the caller's own organisation, as a holder.
    pub async fn review_application(
        &self,
        caller: &Caller,
        id: &ApplicationId,
        verdict: Verdict,
        why: String,
    ) -> Result<(), Refused> {
        reasoned(&why)?;
        let holder = caller
            .account()
            .map(|account| account.organisation.clone())
            .ok_or_else(|| Refused::absent("account", "visitor"))?;
        let event = ApplicationEvent::HolderReviewed { holder, verdict, why };
        self.on_application(caller, Action::ReviewApplication, id, event).await
    }

    /// Says no for the access body.
    pub async fn refuse_application(
        &self,
        caller: &Caller,
        id: &ApplicationId,
        why: String,
    ) -> Result<(), Refused> {
        reasoned(&why)?;
        let event = ApplicationEvent::Refused { why };
        self.on_application(caller, Action::DecideApplication, id, event).await
    }

    /// Says yes for the access body: the permit is issued and signed in the
    /// same breath, or neither happens.
    pub async fn grant_application(
        &self,
        caller: &Caller,
        id: &ApplicationId,
        why: String,
    ) -> Result<PermitId, Refused> {
        reasoned(&why)?;
        let (application, seq) = self.load::<Application>(id.as_str()).await?;
        let thing = Thing::application(&application);
        let actor = self.require(caller, Action::DecideApplication, &thing)?;
        if !application.is_ready_for_decision() {
            let awaited: Vec<_> = application.awaited().map(OrganisationId::as_str).collect();
            return Err(Refused::Conflict(if awaited.is_empty() {
                format!("application `{id}` is {}", application.state.as_str())
            } else {
                format!("these holders have not answered yet: {}", awaited.join(", "))
            }));
        }
        // What was whole at submission may have lost a column or a colleague since.
        let missing = self.application_lacks(&application.terms).await?;
        if !missing.is_empty() {
            return Err(Refused::Lacking(missing));
        }
        let permit = PermitId::mint(self.parts.entropy.as_ref());
        let grant = Grant {
            permit: permit.clone(),
            application: id.clone(),
            data_user: application.organisation.clone(),
            terms: application.terms.clone(),
        };
        let signature = grant
            .sign(&self.parts.keys.permit)
            .map_err(|error| Refused::failed("signing the permit", error))?;
        let granted = ApplicationEvent::Granted { why, permit: permit.clone() };
        let issued = PermitEvent::Issued { grant: Box::new(grant), signature };
        let drafts =
            vec![draft(&actor, id.as_str(), &granted)?, draft(&actor, permit.as_str(), &issued)?];
        let guard = Guard::Unchanged(Subject::new("application", id.as_str()), seq);
        self.append(drafts, vec![guard]).await?;
        Ok(permit)
    }

    /// One application, for those who may see it.
    pub async fn application(
        &self,
        caller: &Caller,
        id: &ApplicationId,
    ) -> Result<Arc<Application>, Refused> {
        let (application, _) = self.load::<Application>(id.as_str()).await?;
        self.require(caller, Action::SeeApplication, &Thing::application(&application))?;
        Ok(application)
    }

    /// The applications the caller may see, newest first.
    pub async fn applications(&self, caller: &Caller) -> Result<Vec<Arc<Application>>, Refused> {
        let mut applications = self.every_application().await?;
        applications.retain(|application| {
            let thing = Thing::application(application);
            self.ruling(caller, Action::SeeApplication, &thing).allowed
        });
        Ok(applications)
    }

    pub(crate) async fn every_application(&self) -> Result<Vec<Arc<Application>>, Refused> {
        let filter = RecordFilter { limit: u32::MAX, ..RecordFilter::default() };
        Ok(self.list(&filter).await?.items)
    }

    async fn on_application(
        &self,
        caller: &Caller,
        action: Action,
        id: &ApplicationId,
        event: ApplicationEvent,
    ) -> Result<(), Refused> {
        let (application, seq) = self.load::<Application>(id.as_str()).await?;
        let actor = self.require(caller, action, &Thing::application(&application))?;
        self.write(&actor, id.as_str(), &event, Some(seq)).await?;
        Ok(())
    }

    /// What there is to ask for.
    pub(crate) async fn knowledge(&self) -> Result<Knowledge, Refused> {
        let accounts = RecordFilter {
            states: vec!["open".to_owned()],
            order: Order::ById,
            limit: u32::MAX,
            ..RecordFilter::default()
        };
        let accounts = self.list::<Account>(&accounts).await?;
        let sources = self.every_source().await?;
        Ok(Knowledge {
            sources: sources.iter().map(|source| known_source(source)).collect(),
            accounts: accounts.items.iter().map(|account| account.id.clone()).collect(),
        })
    }
}

fn known_source(source: &SourceRecord) -> (model::SourceId, KnownSource) {
    let columns = source
        .contract
        .content_columns()
        .map(|column| {
            let known =
                KnownColumn { value_type: column.value_type, sensitivity: column.sensitivity };
            (column.name.to_owned(), known)
        })
        .collect();
    let smallest_count = source.contract.smallest_count;
    (source.source.clone(), KnownSource { columns, smallest_count })
}
