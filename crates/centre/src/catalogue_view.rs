//! The catalogue, for everyone.

use std::sync::Arc;

use catalogue::Dataset;
use model::SourceId;
use permit::policy::{Action, Thing};

use crate::{Caller, Centre, Refused};

impl Centre {
    /// Every dataset, by source id.
    pub async fn catalogue(&self, caller: &Caller) -> Result<Arc<Vec<Dataset>>, Refused> {
        self.require_open(caller, Action::SeeCatalogue, &Thing::centre())?;
        self.datasets().await
    }

    /// One dataset.
    pub async fn dataset(&self, caller: &Caller, id: &SourceId) -> Result<Dataset, Refused> {
        Ok(Dataset::of(self.source(caller, id).await?.as_ref()))
    }
}
