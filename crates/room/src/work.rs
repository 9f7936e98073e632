//! Looking into a work folder from outside.
//!
//! Whatever runs in the room may change the folder at any moment, and wants us
//! to read something else than it shows. So names are walked one by one from an
//! open folder, no link is ever followed, nothing but plain files is opened, and
//! what is read is read once.

mod folder;
mod list;
mod name;
mod take;

pub use folder::{PRIVATE, Usage, WorkError, WorkFolder};
pub use list::{Listing, Refusal, Refused, Stamp, WorkFile};
pub use name::{NameError, WorkName};
pub use take::{BENEATH, READ, TakeError, Taken};
