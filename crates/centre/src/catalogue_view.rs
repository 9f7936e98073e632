//! The catalogue, for everyone.

use catalogue::Dataset;
use model::SourceId;

use crate::{Caller, Centre, Refused};

impl Centre {
    /// Every dataset, by source id.
    pub async fn catalogue(&self, caller: &Caller) -> Result<Vec<Dataset>, Refused> {
        Ok(self.sources(caller).await?.iter().map(Dataset::of).collect())
    }

    /// One dataset.
    pub async fn dataset(&self, caller: &Caller, id: &SourceId) -> Result<Dataset, Refused> {
        Ok(Dataset::of(&self.source(caller, id).await?))
    }
}
