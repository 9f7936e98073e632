//! Probabilistic linkage without answers to learn from: Fellegi and Sunter's model
//! (1969) with levels of agreement, weights by the frequency of a value, and blocks.
//! Pure: rows in, edges and clusters out.
//!
//! [`Intake`] reads rows, [`Spec`] says what is compared, and [`Linker`] goes
//! through the stages: [`Linker::train`], [`Linker::weigh`], [`Linker::clusters`].

#![allow(
    clippy::indexing_slicing,
    reason = "codes index the values they were made from, places the rows they stand for"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "rows are counted in 32 bits, and counts are weighed as shares"
)]

mod blocking;
mod clusters;
mod compare;
mod date;
mod figures;
mod hashing;
mod labels;
mod likeness;
mod linker;
mod model;
mod names;
mod records;
mod seen;
mod several;
mod spec;
mod strangers;
mod texts;
mod training;
mod words;

pub use blocking::Narrowed;
pub use figures::{Figures, Truth};
pub(crate) use labels::{EQUAL, ONE_IN_COMMON, extract_labels};
pub use linker::{Edge, Linker, Places, Step, Weighed};
pub use model::{Model, Session, Told, ToldComparison, ToldLevel, Trained, probability, weight};
pub(crate) use names::are_alike_names;
pub use records::{Intake, Records};
pub use spec::{Comparison, DateOrder, Kind, MOST_COMPARISONS, Part, Rule, Spec, Term};

impl std::fmt::Debug for Linker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Linker(..)")
    }
}
