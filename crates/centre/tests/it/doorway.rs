//! A gate that finds what it is told to find and remembers what came in.

use std::sync::Mutex;

use centre::ports::{Gate, Looked, NotPlaced, Placed};
use ingress::{Content, Fault, Finding, Inspection};
use model::RoomId;
use room::WorkName;

/// See above.
#[derive(Default)]
pub(crate) struct Doorway {
    /// What is found next, in a file that is code unless its name says `.csv`.
    pub(crate) finds: Mutex<Vec<Fault>>,
    /// Whether nobody can look.
    pub(crate) blind: Mutex<bool>,
    /// Why nothing comes in.
    pub(crate) shut: Mutex<Option<NotPlaced>>,
    /// What came in: room, name and bytes.
    pub(crate) placed: Mutex<Vec<(RoomId, String, Vec<u8>)>>,
}

impl Gate for Doorway {
    fn most(&self) -> u64 {
        1000
    }

    fn look(&self, bytes: &[u8], name: &WorkName) -> Result<Looked, String> {
        if *self.blind.lock().unwrap() {
            return Err("the scanner does not answer".to_owned());
        }
        let is_table = name.as_str().contains(".csv");
        let content = if is_table { Content::Table } else { Content::Code };
        let found = self.finds.lock().unwrap().drain(..).collect::<Vec<_>>();
        let inspection = Inspection {
            content,
            holds: [(content, 1)].into(),
            names: vec![name.to_string()],
            files: 1,
            bytes: bytes.len() as u64,
            findings: found.into_iter().map(|fault| Finding { place: None, fault }).collect(),
        };
        Ok(Looked { inspection, scanned: false })
    }

    fn texts(&self, bytes: &[u8], name: &WorkName) -> Result<Vec<(String, String)>, String> {
        Ok(vec![(name.to_string(), String::from_utf8_lossy(bytes).into_owned())])
    }

    fn place(&self, room: &RoomId, bytes: &[u8], name: &WorkName) -> Result<Placed, NotPlaced> {
        if let Some(why) = self.shut.lock().unwrap().take() {
            return Err(why);
        }
        self.placed.lock().unwrap().push((room.clone(), name.to_string(), bytes.to_vec()));
        Ok(Placed { files: 1, sha256: ledger::Hash::default() })
    }
}
