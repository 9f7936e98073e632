//! The gate of rooms: what is brought in is looked into by this program in a room
//! of its own, and by the scanner for malware where there is one.

use std::fs::File;
use std::sync::Arc;

use centre::ports::{Gate, Looked, NotPlaced, Placed};
use ingress::{Bounds, Fault, Finding, Inspection};
use model::RoomId;
use room::{Limits, Runtime as _, WorkFolder, WorkName};
use sandbox::{Apart, Bubblewrap};

use super::scanner::{Said, Scanner};
use crate::apart;

const MIB: u64 = 1 << 20;

/// The longest list of findings.
const LONGEST_FOUND: u64 = MIB;

/// See [`Gate`].
pub(crate) struct RoomGate {
    runtime: Arc<Bubblewrap>,
    program: File,
    scanner: Option<Scanner>,
    most: u64,
}

impl RoomGate {
    /// A gate through which at most `most` bytes come at once.
    pub(crate) fn open(
        runtime: Arc<Bubblewrap>,
        scanner: Option<Scanner>,
        most: u64,
    ) -> Result<Self, String> {
        let program = File::open("/proc/self/exe")
            .map_err(|error| format!("this program cannot open itself: {error}"))?;
        Ok(Self { runtime, program, scanner, most })
    }

    /// How much may come of a file: an archive may be ten times what was sent.
    const fn bounds(&self) -> Bounds {
        Bounds { bytes: self.most.saturating_mul(10), files: 5_000 }
    }

    fn limits(&self) -> Limits {
        Limits {
            memory: 512 * MIB,
            cpu_percent: 100,
            processes: 16,
            disk: self.bounds().bytes + self.most + 16 * MIB,
            files: 20_000,
            wall_seconds: 120,
            scratch: 256 * MIB,
            log: 16 << 10,
        }
    }

    fn open_apart(&self, bytes: &[u8], name: &WorkName) -> Result<(Apart<'_>, Inspection), String> {
        let Bounds { bytes: most, files } = self.bounds();
        let (most, files) = (most.to_string(), files.to_string());
        let words = [apart::WORD, name.as_str(), &most, &files];
        let apart = self
            .runtime
            .apart(bytes, &self.program, &words, &self.limits())
            .map_err(|error| format!("the file could not be looked into: {error}"))?;
        if !apart.ended_well() {
            // Whoever sent it made it so that it cannot be read.
            let outcome = apart.ended.outcome;
            tracing::warn!(%outcome, "a file that was to be brought in could not be looked into");
            return Ok((apart, unreadable()));
        }
        let found: WorkName = apart::FOUND.parse().map_err(|e: room::NameError| e.to_string())?;
        let found = apart
            .work()
            .map_err(|error| error.to_string())?
            .take(&found, LONGEST_FOUND)
            .map_err(|error| error.to_string())?;
        let inspection = serde_json::from_slice(&found.bytes)
            .map_err(|error| format!("what was found cannot be read: {error}"))?;
        Ok((apart, inspection))
    }
}

/// What is found in a file that nobody could read to its end.
fn unreadable() -> Inspection {
    Inspection {
        content: ingress::Content::Unknown,
        holds: std::collections::BTreeMap::new(),
        names: Vec::new(),
        files: 0,
        bytes: 0,
        findings: vec![Finding { place: None, fault: Fault::Broken }],
    }
}

impl Gate for RoomGate {
    fn most(&self) -> u64 {
        self.most
    }

    fn look(&self, bytes: &[u8], name: &WorkName) -> Result<Looked, String> {
        let said = self.scanner.as_ref().map(|scanner| scanner.scan(bytes)).transpose()?;
        let (_apart, mut inspection) = self.open_apart(bytes, name)?;
        let scanned = said.is_some();
        if let Some(Said::Found(name)) = said {
            inspection.findings.insert(0, Finding { place: None, fault: Fault::Malware { name } });
        }
        Ok(Looked { inspection, scanned })
    }

    fn place(&self, room: &RoomId, bytes: &[u8], name: &WorkName) -> Result<Placed, NotPlaced> {
        let machine = |error: &dyn std::fmt::Display| NotPlaced::Machine(error.to_string());
        let (apart, inspection) = self.open_apart(bytes, name).map_err(NotPlaced::Machine)?;
        if inspection.refuses() {
            return Err(NotPlaced::Unfit("something in it keeps it out".to_owned()));
        }
        let files = apart
            .work()
            .and_then(|work| work.below(apart::FILES))
            .map_err(|error| machine(&error))?;
        let listing = self.bring(room, &files)?;
        Ok(Placed { files: listing.total(), sha256: listing.digest() })
    }
}

impl RoomGate {
    fn bring(&self, room: &RoomId, files: &WorkFolder) -> Result<room::Listing, NotPlaced> {
        self.runtime.bring(room, files).map_err(|error| match error {
            room::BringError::Machine { .. } => NotPlaced::Machine(error.to_string()),
            _ => NotPlaced::Unfit(error.to_string()),
        })
    }
}
