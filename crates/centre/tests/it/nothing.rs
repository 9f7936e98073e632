//! A centre's parts that do nothing: no delivery, no extract, no log is kept.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use centre::ports::{
    Before, Behind, Blobs, Built, Checked, Credentials, Deliveries, ExtractTurn, Extracts,
    NotBuilt, NotDelivered, NotLinked, NotReversed, Progress, QuarantinedRow, RunLogs, Turn,
    Wanted,
};
use ingress::Linked;
use ledger::{BookError, Draft, Entry, Hash};
use linkage::reversal::Revealed;
use linkage::review::Shown;
use model::{AccountId, ExtractId, ImportId, PairId, PermitId, RoomId, RunId, Secret, SourceId};
use permit::ActivePermit;
use room::{LogLine, LogSink};
use source::{Contract, SourceRecord};

pub(crate) struct Nothing;

#[async_trait]
impl Credentials for Nothing {
    async fn password(&self, _: &AccountId) -> Result<Option<Secret<String>>, BookError> {
        Ok(None)
    }

    async fn set_password(
        &self,
        _: &AccountId,
        _: Secret<String>,
        _: Vec<Draft>,
    ) -> Result<Vec<Entry>, BookError> {
        Ok(Vec::new())
    }
}

impl Deliveries for Nothing {
    fn turn(&self, _: &SourceId) -> Result<Box<dyn Turn>, NotDelivered> {
        panic!("nothing is delivered here")
    }

    fn recover(&self, _: &[SourceRecord]) -> Result<(), String> {
        Ok(())
    }

    fn check(
        &self,
        _: &Contract,
        _: &[PathBuf],
        _: &dyn Progress,
    ) -> Result<Checked, NotDelivered> {
        panic!("nothing is delivered here")
    }

    fn quarantine(&self, _: &SourceRecord, _: &ImportId) -> Result<Vec<QuarantinedRow>, String> {
        Ok(Vec::new())
    }
}

impl Extracts for Nothing {
    fn stand_in(&self, _: &ActivePermit, _: &[SourceRecord]) -> Result<Vec<u8>, NotBuilt> {
        Err(NotBuilt::Machine("nothing is built here".to_owned()))
    }

    fn turn(&self, _: &PermitId) -> Result<ExtractTurn, NotBuilt> {
        Ok(ExtractTurn::new(()))
    }

    fn build(
        &self,
        _: &ExtractTurn,
        _: &ActivePermit,
        _: &[SourceRecord],
        _: Before<'_>,
        _: Wanted<'_>,
        _: &dyn Progress,
    ) -> Result<Built, NotBuilt> {
        Err(NotBuilt::Machine("nothing is built here".to_owned()))
    }

    fn show_pair(&self, _: &PairId, _: bool) -> Result<Shown, String> {
        Err("nobody is in doubt here".to_owned())
    }

    fn reveal(&self, _: &Behind) -> Result<Vec<Revealed>, NotReversed> {
        Err(NotReversed::Destroyed)
    }

    fn forget_pairs(&self, _: &[PairId]) {}

    fn folder(&self, _: &ExtractId) -> PathBuf {
        PathBuf::from("/nowhere")
    }

    fn sketches(&self, _: &ExtractId) -> Result<Vec<disclosure::Sketch>, String> {
        Ok(Vec::new())
    }

    fn link_table(
        &self,
        _: &PermitId,
        _: &ExtractId,
        _: &[u8],
        _: &str,
        _: u64,
    ) -> Result<(Vec<u8>, Linked), NotLinked> {
        Err(NotLinked::Machine("nothing is linked here".to_owned()))
    }

    fn destroy(&self, _: &PermitId, _: &ExtractId) -> Result<(), String> {
        Ok(())
    }

    fn recover(&self, _: &[SourceRecord], _: &[ExtractId], _: &[PairId]) -> Result<(), String> {
        Ok(())
    }
}

impl LogSink for Nothing {
    fn line(&self, _: LogLine<'_>) {}
}

impl RunLogs for Nothing {
    fn open(&self, _: &RoomId, _: &RunId) -> Result<Arc<dyn LogSink>, String> {
        Ok(Arc::new(Self))
    }

    fn reopen(&self, room: &RoomId, run: &RunId) -> Result<Arc<dyn LogSink>, String> {
        self.open(room, run)
    }

    fn read(&self, _: &RoomId, _: &RunId) -> Result<String, String> {
        Ok(String::new())
    }

    fn remove(&self, _: &RoomId) -> Result<(), String> {
        Ok(())
    }
}

impl Blobs for Nothing {
    fn put(&self, _: &[u8]) -> Result<Hash, String> {
        Ok(Hash::default())
    }

    fn get(&self, _: &Hash) -> Result<Vec<u8>, String> {
        Err("not kept".to_owned())
    }

    fn remove(&self, _: &Hash) -> Result<(), String> {
        Ok(())
    }

    fn keep_only(&self, _: &HashSet<Hash>) -> Result<(), String> {
        Ok(())
    }

    fn path(&self, _: &Hash) -> PathBuf {
        PathBuf::from("/nowhere")
    }

    fn folder(&self) -> &Path {
        Path::new("/nowhere")
    }
}
