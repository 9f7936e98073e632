//! The organisations the centre knows.

use std::sync::Arc;

use ledger::RecordFilter;
use model::{OrganisationId, Text};
use permit::policy::{Action, Thing};
use permit::{Organisation, OrganisationEvent};

use crate::{Caller, Centre, Refused};

impl Centre {
    /// Makes an organisation known.
    pub async fn register_organisation(
        &self,
        caller: &Caller,
        id: &OrganisationId,
        name: Text,
    ) -> Result<(), Refused> {
        let actor = self.require(caller, Action::RunCentre, &Thing::centre())?;
        self.write(&actor, id.as_str(), &OrganisationEvent::Registered { name }, None).await?;
        Ok(())
    }

    /// Every organisation, by id. Open to all: they stand in the register of uses.
    pub async fn organisations(&self) -> Result<Vec<Arc<Organisation>>, Refused> {
        let filter =
            RecordFilter { order: ledger::Order::ById, limit: u32::MAX, ..RecordFilter::default() };
        Ok(self.list(&filter).await?.items)
    }

    /// One organisation.
    pub async fn organisation(&self, id: &OrganisationId) -> Result<Arc<Organisation>, Refused> {
        Ok(self.load(id.as_str()).await?.0)
    }
}
