//! Register files to try the centre on.
//!
//! The demo's three files hold real, de-identified records: the NAFLD cohort
//! of R's `survival` package, every value and every interval in days as it is
//! there. The identities are invented and follow from a fixed seed: numbers of
//! Tenor's synthetic series, names drawn from lists, index dates. A few spoilt
//! rows stand between the real ones.
//!
//! [`population`] makes registers of any size about people who do not exist, with the
//! truth of which records are one person.
//!
//! Knows nothing of contracts, the vault or the lake: it writes what a holder
//! would send.

mod cohort;
mod delivery;
pub mod demo;
pub mod identity;
mod names;
pub mod population;
mod registers;
pub mod scale;
pub mod spoil;

pub use cohort::CohortError;
pub use demo::{Delivery, DemoFiles, Manifest, PrepareError};
pub use scale::Scale;
pub use spoil::{Spoilage, SpoiltRow};
