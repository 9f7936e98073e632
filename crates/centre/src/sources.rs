//! Sources: registering them, delivering to them.

use std::path::PathBuf;
use std::sync::Arc;

use ledger::{BookError, Order, RecordFilter};
use model::{ImportId, Lang, SourceId};
use permit::policy::{Action, Thing};
use source::{Contract, SourceEvent, SourceRecord};

use crate::moment::owned;
use crate::ports::{Blame, Checked, Delivered, NotDelivered, Progress, QuarantinedRow, Turn};
use crate::{Caller, Centre, Refused, blocking};

fn thing(source: &SourceRecord) -> Thing {
    Thing::source(&source.source, &source.contract.holder)
}

fn not_delivered(refusal: NotDelivered) -> Refused {
    match refusal.blame {
        Blame::Delivery => Refused::Delivery(Box::new(refusal)),
        Blame::Busy => Refused::Conflict(refusal.why.get(Lang::En).to_owned()),
        Blame::Machine => Refused::failed("the import", refusal.why.get(Lang::En)),
    }
}

/// Whether the entry is certainly not in the ledger. When the database fails in
/// the middle of it, nobody knows, and what the entry may name must stay.
pub(crate) const fn is_surely_unwritten(refused: &Refused) -> bool {
    match refused {
        Refused::Book(error) => matches!(
            error,
            BookError::Changed(_)
                | BookError::Exists(_)
                | BookError::Unfitting { .. }
                | BookError::Unwritable { .. }
        ),
        _ => true,
    }
}

impl Centre {
    /// Registers a source under a contract, or gives a source a new contract.
    /// True when something changed.
    pub async fn register_source(
        &self,
        caller: &Caller,
        contract: Contract,
    ) -> Result<bool, Refused> {
        let actor = self.require(caller, Action::RegisterSource, &Thing::centre())?;
        self.organisation(&contract.holder).await?;
        let id = contract.source.clone();
        let (event, seen) = match self.find::<SourceRecord>(id.as_str()).await? {
            None => (SourceEvent::Registered { contract: Box::new(contract) }, None),
            Some((there, _)) if there.contract == contract => return Ok(false),
            Some((_, seq)) => {
                (SourceEvent::ContractReplaced { contract: Box::new(contract) }, Some(seq))
            }
        };
        self.write(&actor, id.as_str(), &event, seen).await?;
        Ok(true)
    }

    /// Takes files in. Nothing of them counts before the entry is written; if
    /// it cannot be, what was staged is removed again.
    ///
    /// The source's turn is held from before its record is read until the entry
    /// is written (decision 0037): the same files delivered twice at once are one
    /// import, and whoever comes while another delivery is at work is told at once.
    pub async fn import(
        &self,
        caller: &Caller,
        id: &SourceId,
        files: Vec<PathBuf>,
        progress: Arc<dyn Progress>,
    ) -> Result<Delivered, Refused> {
        let (source, _) = self.load::<SourceRecord>(id.as_str()).await?;
        self.require(caller, Action::ImportSource, &thing(&source))?;
        let (deliveries, wanted) = (self.parts.deliveries.clone(), id.clone());
        let turn = blocking("the import", move || deliveries.turn(&wanted))
            .await?
            .map_err(not_delivered)?;
        // Whoever had the turn before may have changed the record.
        let (source, seq) = self.load::<SourceRecord>(id.as_str()).await?;
        let actor = self.require(caller, Action::ImportSource, &thing(&source))?;
        let import = ImportId::mint(self.parts.entropy.as_ref());
        let minted = import.clone();
        let (turn, taken) = blocking("the import", move || {
            let taken = turn.take_in(&source, &minted, &files, progress.as_ref());
            (turn, taken)
        })
        .await?;
        match taken {
            Ok(Delivered::TakenIn(manifest)) => {
                let event = SourceEvent::Imported { manifest: manifest.clone() };
                if let Err(refused) = self.write(&actor, id.as_str(), &event, Some(seq)).await {
                    self.undo(turn, id, import, &refused).await;
                    return Err(refused);
                }
                Ok(Delivered::TakenIn(manifest))
            }
            Ok(already @ Delivered::Already(_)) => Ok(already),
            Err(refusal) => {
                if refusal.blame == Blame::Delivery {
                    let event = SourceEvent::ImportRefused { import, why: refusal.why.clone() };
                    self.write(&actor, id.as_str(), &event, Some(seq)).await?;
                }
                Err(not_delivered(refusal))
            }
        }
    }

    async fn undo(&self, turn: Box<dyn Turn>, id: &SourceId, import: ImportId, why: &Refused) {
        if !is_surely_unwritten(why) {
            tracing::warn!(%import, "whether it was written down is not known: the next start decides");
            return;
        }
        let undone = match self.load::<SourceRecord>(id.as_str()).await {
            Ok((source, _)) => {
                blocking("undoing an import", move || turn.undo(&source, &import)).await
            }
            Err(refused) => Err(refused),
        };
        match undone {
            Ok(Ok(())) => {}
            Ok(Err(why)) => tracing::warn!(%why, "a refused import stays until the next start"),
            Err(why) => tracing::warn!(%why, "a refused import stays until the next start"),
        }
    }

    /// Says how a delivery under `contract` would go, and keeps nothing.
    pub async fn check_delivery(
        &self,
        caller: &Caller,
        contract: Contract,
        files: Vec<PathBuf>,
        progress: Arc<dyn Progress>,
    ) -> Result<Checked, Refused> {
        let thing = Thing::source(&contract.source, &contract.holder);
        self.require(caller, Action::ImportSource, &thing)?;
        let deliveries = self.parts.deliveries.clone();
        blocking("the check", move || deliveries.check(&contract, &files, progress.as_ref()))
            .await?
            .map_err(not_delivered)
    }

    /// The rows of an import that were kept aside, for their holder.
    pub async fn quarantine(
        &self,
        caller: &Caller,
        id: &SourceId,
        import: &ImportId,
    ) -> Result<Vec<QuarantinedRow>, Refused> {
        let (source, _) = self.load::<SourceRecord>(id.as_str()).await?;
        self.require(caller, Action::ReadQuarantine, &thing(&source))?;
        let (deliveries, import) = (self.parts.deliveries.clone(), import.clone());
        self.briefly("reading the quarantine", move || deliveries.quarantine(&source, &import))
            .await?
            .map_err(|why| Refused::failed("reading the quarantine", why))
    }

    /// Every source, by id: what the catalogue shows to all.
    pub async fn sources(&self, caller: &Caller) -> Result<Vec<Arc<SourceRecord>>, Refused> {
        self.require_open(caller, Action::SeeCatalogue, &Thing::centre())?;
        self.every_source().await
    }

    /// One source.
    pub async fn source(
        &self,
        caller: &Caller,
        id: &SourceId,
    ) -> Result<Arc<SourceRecord>, Refused> {
        self.require_open(caller, Action::SeeCatalogue, &Thing::centre())?;
        Ok(self.load(id.as_str()).await?.0)
    }

    pub(crate) async fn every_source(&self) -> Result<Vec<Arc<SourceRecord>>, Refused> {
        let filter =
            RecordFilter { order: Order::ById, limit: u32::MAX, ..RecordFilter::default() };
        Ok(self.list(&filter).await?.items)
    }

    /// Removes what a stopped program left half-done. Called at every start,
    /// before anything else.
    pub async fn recover(&self) -> Result<(), Refused> {
        let sources = owned(self.every_source().await?);
        let deliveries = self.parts.deliveries.clone();
        blocking("recovery", move || deliveries.recover(&sources))
            .await?
            .map_err(|why| Refused::failed("recovery", why))?;
        self.recover_extracts().await?;
        self.recover_blobs().await?;
        self.recover_rooms().await
    }
}
