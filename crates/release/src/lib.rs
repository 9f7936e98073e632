//! What leaves a room: outputs, their review, the signed package. Nothing
//! leaves but through here (invariant 5).

pub mod output;
pub mod released;

pub use output::{Checked, Decided, Output, OutputEvent, OutputState, Verdict};
pub use released::{Release, ReleaseEvent};
