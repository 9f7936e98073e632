//! Pure disclosure control: a file in, findings out.
mod audit;
mod cells;
mod check;
mod checks;
pub mod context;
pub mod finding;
pub mod kind;
mod linked;
mod lp;
mod mend;
mod number;
mod read;
mod role;
pub mod rule;
pub mod rules;
mod scrap;
pub mod sketch;
mod table;
mod text;

pub use check::check;
pub use context::{Context, Earlier, File};
pub use finding::{Finding, Findings, Place, Remedy, Verdict, Weight};
pub use kind::{Contributions, Kind};
pub use mend::{Changes, Mended, NoMend, mend};
pub use rule::Rule;
pub use rules::{Rules, limits};
pub use sketch::{Sketch, Sketcher};
