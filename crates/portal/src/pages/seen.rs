//! What pages about one object have in common: what happened to it, and what
//! its reader may do with it.

use ledger::Entry;
use permit::policy::{Action, Thing};

use crate::failure::Failure;
use crate::names::Names;
use crate::parts::rules::RulingLine;
use crate::parts::timeline::{Happening, Timeline};
use crate::state::App;
use crate::visitor::Visitor;

/// The newest of what happened to a subject, newest first: as much as a page tells.
pub(crate) async fn happenings(
    app: &App,
    visitor: &Visitor,
    names: &Names,
    kind: &str,
    id: &str,
) -> Result<Vec<Happening>, Failure> {
    let newest = app.centre.newest_of(kind, id, &[], Timeline::MOST).await?;
    Ok(told(visitor, names, newest.items.iter()))
}

/// What is told of a room. What was done in a notebook is in the room's journal:
/// every cell is an entry.
pub(crate) const OF_A_ROOM: [&str; 4] = ["opened", "run-", "looked", "closed"];

/// Entries as they are told, in the same order.
pub(crate) fn told<'a>(
    visitor: &Visitor,
    names: &Names,
    entries: impl Iterator<Item = &'a Entry>,
) -> Vec<Happening> {
    let lang = visitor.words().lang();
    entries.map(|entry| Happening::from(entry).named(names, lang)).collect()
}

/// What the reader may do with a thing, and by which rules.
pub(crate) fn rulings(
    app: &App,
    visitor: &Visitor,
    thing: &Thing,
    actions: &[Action],
) -> Vec<RulingLine> {
    actions
        .iter()
        .map(|action| {
            let ruling = app.centre.ruling(visitor.caller(), *action, thing);
            RulingLine::new(visitor.words(), *action, &ruling)
        })
        .collect()
}

/// Asks the policy; a no says by which rules.
pub(crate) fn require(
    app: &App,
    visitor: &Visitor,
    action: Action,
    thing: &Thing,
) -> Result<(), Failure> {
    Ok(app.centre.require_open(visitor.caller(), action, thing)?)
}

/// Whether the reader may read the ledger.
pub(crate) fn may_read_ledger(app: &App, visitor: &Visitor) -> bool {
    app.centre.may_read_ledger(visitor.caller()).is_ok()
}

/// An id in an address. What is no id is no such thing.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::Absent)
}
