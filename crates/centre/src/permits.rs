//! Permits: reading them, taking them back, explaining what they allow.

use std::collections::HashMap;
use std::sync::Arc;

use ledger::{Order, RecordFilter};
use model::{AccountId, ApplicationId, OrganisationId, PermitId};
use permit::policy::{Action, Ruling, Thing};
use permit::{Account, ActivePermit, Application, Permit, PermitEvent};
use source::SourceRecord;

use crate::{Caller, Centre, Refused};

impl Centre {
    /// One permit, for those who may see it whole.
    pub async fn permit(&self, caller: &Caller, id: &PermitId) -> Result<Arc<Permit>, Refused> {
        let (permit, _) = self.load::<Permit>(id.as_str()).await?;
        let thing = self.permit_thing(&permit).await?;
        self.require(caller, Action::SeePermit, &thing)?;
        Ok(permit)
    }

    /// The permits the caller may see whole, newest first.
    pub async fn permits(&self, caller: &Caller) -> Result<Vec<Arc<Permit>>, Refused> {
        let applications: HashMap<_, _> = self
            .every_application()
            .await?
            .into_iter()
            .map(|application| (application.id.clone(), application))
            .collect();
        let now = self.now();
        let mut permits = self.every_permit().await?;
        permits.retain(|permit| {
            let holders = applications.get(&permit.grant.application);
            let holders: Vec<_> =
                holders.into_iter().flat_map(|of| of.holders.keys().cloned()).collect();
            let thing = Thing::permit(permit, &holders, now);
            self.ruling(caller, Action::SeePermit, &thing).allowed
        });
        Ok(permits)
    }

    /// Takes a permit back: its rooms are closed at once.
    pub async fn revoke_permit(
        &self,
        caller: &Caller,
        id: &PermitId,
        why: String,
    ) -> Result<(), Refused> {
        if why.trim().is_empty() {
            return Err(Refused::Field {
                field: "why",
                why: "is empty: a revocation says its reason".to_owned(),
            });
        }
        let (permit, seq) = self.load::<Permit>(id.as_str()).await?;
        let thing = self.permit_thing(&permit).await?;
        let actor = self.require(caller, Action::RevokePermit, &thing)?;
        self.write(&actor, id.as_str(), &PermitEvent::Revoked { why }, Some(seq)).await?;
        // Nobody enters the rooms any more, whether or not they can be closed now.
        let closed = self.sweep().await;
        closed.map_err(|why| Refused::failed("the permit is revoked; closing its rooms", why))
    }

    /// May `account` do `action` on the thing, and by which rule?
    pub async fn explain(
        &self,
        account: Option<&AccountId>,
        action: Action,
        on: &str,
    ) -> Result<Ruling, Refused> {
        let caller = match account {
            None => Caller::Visitor,
            Some(id) => Arc::unwrap_or_clone(self.load::<Account>(id.as_str()).await?.0).into(),
        };
        let thing = self.thing(action, on).await?;
        Ok(Ruling::clone(&*self.ruling(&caller, action, &thing)))
    }

    /// The thing an action is about, found by its id.
    async fn thing(&self, action: Action, id: &str) -> Result<Thing, Refused> {
        let id = id.rsplit('/').next().unwrap_or(id);
        Ok(match action.on() {
            "Source" => {
                let (source, _) = self.load::<SourceRecord>(id).await?;
                Thing::source(&source.source, &source.contract.holder)
            }
            "Application" => Thing::application(&self.load::<Application>(id).await?.0),
            "Permit" => self.permit_thing(&self.load::<Permit>(id).await?.0).await?,
            "Room" => {
                let (room, _) = self.load::<room::Room>(id).await?;
                self.room_thing(&room).await?
            }
            "Package" => {
                self.package_thing(&self.load::<room::PackageRequest>(id).await?.0).await?
            }
            "Pair" => self.pair_thing(&self.load::<linkage::review::Pair>(id).await?.0).await?,
            "Reversal" => {
                self.reversal_thing(&self.load::<linkage::reversal::Reversal>(id).await?.0).await?
            }
            "Output" => {
                let (output, _) = self.load::<release::Output>(id).await?;
                self.output_thing(&output).await?
            }
            "Release" => {
                let (release, _) = self.load::<release::Release>(id).await?;
                self.release_thing(&release).await?
            }
            _ => Thing::centre(),
        })
    }

    /// The permit as authority, if it is good now.
    pub(crate) fn activate(&self, permit: &Permit) -> Result<ActivePermit, Refused> {
        Ok(permit.activate(self.now(), &self.permit_key())?)
    }

    /// The permit as the policy sees it now.
    pub async fn permit_thing(&self, permit: &Permit) -> Result<Thing, Refused> {
        let holders = self.holders_of(&permit.grant.application).await?;
        Ok(Thing::permit(permit, &holders, self.now()))
    }

    async fn holders_of(&self, id: &ApplicationId) -> Result<Vec<OrganisationId>, Refused> {
        let application = self.find::<Application>(id.as_str()).await?;
        Ok(application
            .map(|(application, _)| application.holders.keys().cloned().collect())
            .unwrap_or_default())
    }

    pub(crate) async fn every_permit(&self) -> Result<Vec<Arc<Permit>>, Refused> {
        let filter =
            RecordFilter { order: Order::NewestFirst, limit: u32::MAX, ..RecordFilter::default() };
        Ok(self.list(&filter).await?.items)
    }
}
