//! From a permit to people: what an extract holds is planned from the permit
//! alone, its people are found in the vault and numbered anew for this permit
//! (invariant 3).

pub mod extract;
pub mod plan;

pub use extract::{
    Extract, ExtractColumn, ExtractEvent, ExtractManifest, SourceLinkage, TableManifest,
};
pub use plan::{CohortPlan, ExtractPlan, PlanError, PlannedColumn, SourcePlan, Test, TypedCondition, plan};
