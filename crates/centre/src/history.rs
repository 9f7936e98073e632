//! What happened: the ledger as people read it.

use std::sync::Arc;

use ledger::{Entry, EntryFilter, Page, Subject};
use permit::policy::{Action, Thing};

use crate::{Caller, Centre, Refused};

/// Everything about a subject, of what begins with one of `acts` where there are some.
fn about(kind: &str, id: &str, acts: &[&str]) -> EntryFilter {
    EntryFilter {
        subject: Some(Subject::new(kind, id)),
        acts: acts.iter().map(|act| format!("{kind}.{act}")).collect(),
        limit: u32::MAX,
        ..EntryFilter::default()
    }
}

impl Centre {
    /// The timeline of one subject, oldest first. For whoever may see the
    /// subject: the page that shows it has asked for that already.
    pub async fn timeline(&self, kind: &str, id: &str) -> Result<Arc<Page<Entry>>, Refused> {
        self.timeline_of(kind, id, &[]).await
    }

    /// What happened to a subject, oldest first, of what begins with one of `acts`;
    /// everything, when there are none.
    pub async fn timeline_of(
        &self,
        kind: &str,
        id: &str,
        acts: &[&str],
    ) -> Result<Arc<Page<Entry>>, Refused> {
        self.entries(about(kind, id, acts)).await
    }

    /// The newest of that, the newest first: so many at the most.
    pub async fn newest_of(
        &self,
        kind: &str,
        id: &str,
        acts: &[&str],
        most: u32,
    ) -> Result<Arc<Page<Entry>>, Refused> {
        let filter = EntryFilter { newest_first: true, limit: most, ..about(kind, id, acts) };
        self.entries(filter).await
    }

    /// Entries of the ledger that pass the filter, for those who may read it.
    pub async fn ledger(
        &self,
        caller: &Caller,
        filter: &EntryFilter,
    ) -> Result<Arc<Page<Entry>>, Refused> {
        self.require(caller, Action::ReadLedger, &Thing::centre())?;
        self.entries(filter.clone()).await
    }

    /// Goes on only if the caller may read, verify and export the ledger.
    pub fn may_read_ledger(&self, caller: &Caller) -> Result<(), Refused> {
        self.require(caller, Action::ReadLedger, &Thing::centre()).map(|_| ())
    }

    /// Goes on only if the caller may see the centre's health.
    pub fn may_see_centre(&self, caller: &Caller) -> Result<(), Refused> {
        self.require(caller, Action::SeeCentre, &Thing::centre()).map(|_| ())
    }

    /// Goes on only if the caller may run the centre.
    pub fn may_run(&self, caller: &Caller) -> Result<(), Refused> {
        self.require(caller, Action::RunCentre, &Thing::centre()).map(|_| ())
    }

    /// Writes down that something happened to the centre itself: it started, a
    /// key was rotated, a backup was taken.
    pub async fn note_centre(
        &self,
        caller: &Caller,
        act: &str,
        body: serde_json::Value,
    ) -> Result<(), Refused> {
        let actor = self.require(caller, Action::RunCentre, &Thing::centre())?;
        let draft = ledger::Draft {
            actor,
            act: format!("centre.{act}"),
            subject: Subject::new("centre", "centre"),
            body,
        };
        self.append(vec![draft], vec![]).await?;
        Ok(())
    }
}
