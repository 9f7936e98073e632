//! From a permit to people: what an extract holds is planned from the permit
//! alone, its people are found in the vault and numbered anew for this permit
//! (invariant 3). Where no national id tells, [`probabilistic`] weighs names, dates
//! and places.

mod cascade;
mod cascaded;
mod crosswalk;
mod earlier;
pub mod encoded;
pub mod extract;
pub mod found;
pub mod numbers;
pub mod plan;
pub mod probabilistic;
pub mod reversal;
pub mod review;
pub mod stand_in;

pub use crosswalk::{Crosswalk, LinkError, PersonNumbers, link, link_after, link_reviewed};
pub use earlier::{Changed, Earlier};
pub use extract::{
    Extract, ExtractColumn, ExtractEvent, ExtractManifest, Hash, SourceLinkage, TableManifest,
};
pub use plan::{
    CohortPlan, ExtractPlan, LIKELIHOOD, LinkagePlan, PERSON, PlanError, PlannedColumn, SourcePlan,
    Test, TypedCondition, likelihood, plan,
};
