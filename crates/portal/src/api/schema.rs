//! What the API gives and takes, described.
//!
//! Answers are the records of the flow crates, as they serialise themselves.
//! The structs here say the same for the description (OpenAPI), which those
//! crates know nothing of. A test holds each against its record: no field may
//! be missing, and none too many.

mod application;
mod catalogue;
mod deed;
mod ingress;
mod ledger;
mod output;
mod packages;
mod pairs;
mod reversals;
mod room;
mod work;

pub(crate) use application::{ApplicationBody, PermitBody, TermsBody, UseBody};
pub(crate) use catalogue::{AsideBody, DatasetBody, DeliveryBody, SourceSummary, VariableBody};
pub(crate) use deed::DeedBody;
pub(crate) use ingress::IngressBody;
pub(crate) use ledger::{EntryBody, EntryPage, VerificationBody};
pub(crate) use output::{OutputBody, ReleaseBody, ResultBody, ReviewBody};
pub(crate) use packages::ShelfBody;
pub(crate) use pairs::{PairsBody, ShownBody};
pub(crate) use reversals::{RevealedBody, ReversalBody};
pub(crate) use room::{
    ExtractBody, FileBody, PlaceBody, RoomBody, RoomInside, SittingBody, VersionBody,
};
pub(crate) use work::{AccountBody, DueBody, InboxBody, RulingBody};

#[cfg(test)]
mod tests;
