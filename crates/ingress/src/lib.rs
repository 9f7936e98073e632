//! What is brought into a room: asked for, looked into, decided.
//!
//! The counterpart of `release`. A file that somebody wants to bring in is
//! recognised by what it is and not by its name, unpacked where it is an archive
//! or a bundle of code, and held against rules; then a rule or a person decides.

mod archive;
mod bundle;
mod content;
mod finding;
mod identity;
mod inspect;
mod link;
mod office;
mod request;

pub use content::Content;
pub use finding::{Fault, Finding, MOST_FINDINGS, Weight};
pub use identity::names_a_person;
pub use inspect::{Bounds, Inspection, MOST_NAMES, inspect, share_a_place};
pub use link::{Known, LinkError, Linked, PERSON, link};
pub use request::{By, Decided, Declared, Ingress, IngressEvent, IngressState, LIFECYCLE};
