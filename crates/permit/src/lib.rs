//! Applications, reviews, decisions and policy; the only minter of `ActivePermit`.

pub mod account;
pub mod application;
pub mod permit;
pub mod policy;
pub mod terms;

pub use account::{Account, AccountEvent, Organisation, OrganisationEvent, Role, UnknownRole};
pub use application::{
    Application, ApplicationEvent, Decision, HolderReview, Missing, State as ApplicationState,
    Verdict,
};
pub use permit::{ActivePermit, Grant, Inactive, Permit, PermitEvent, Revocation, Standing};
pub use terms::{
    Bring, Cohort, ColumnTerms, Comparison, Condition, LinkageTerms, LinkageWay, OutputTerms,
    Period, RoomTerms, SourceTerms, Strictness, Terms, Way,
};
