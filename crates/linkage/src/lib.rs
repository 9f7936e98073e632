//! From a permit to people: what an extract holds is planned from the permit
//! alone, its people are found in the vault and numbered anew for this permit
//! (invariant 3). Where no national id tells, [`probabilistic`] weighs names, dates
//! and places.

mod crosswalk;
pub mod encoded;
pub mod extract;
mod numbers;
pub mod plan;
pub mod probabilistic;
pub mod stand_in;

pub use crosswalk::{Crosswalk, LinkError, PersonNumbers, link};
pub use extract::{
    Extract, ExtractColumn, ExtractEvent, ExtractManifest, Hash, SourceLinkage, TableManifest,
};
pub use plan::{
    CohortPlan, ExtractPlan, PERSON, PlanError, PlannedColumn, SourcePlan, Test, TypedCondition,
    plan,
};
