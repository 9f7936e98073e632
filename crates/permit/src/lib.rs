//! Applications, reviews, decisions and policy; the only minter of `ActivePermit`.

pub mod terms;

pub use terms::{
    Cohort, ColumnTerms, Comparison, Condition, OutputTerms, Period, RoomTerms, SourceTerms, Terms,
};
