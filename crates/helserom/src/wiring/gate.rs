//! The gate of rooms: what is brought in is looked into by this program in a room
//! of its own, and by the scanner for malware where there is one.

use std::fs::File;
use std::sync::Arc;

use centre::ports::{Gate, Looked, NotPlaced, Placed};
use ingress::{Bounds, Fault, Finding, Inspection};
use model::RoomId;
use room::{Limits, Outcome, Runtime as _, WorkFolder, WorkName};
use sandbox::{Apart, Bubblewrap};

use super::scanner::{Said, Scanner};
use crate::apart;

const MIB: u64 = 1 << 20;

/// So much of each text is shown to who decides, bytes.
const FIRST_OF_A_TEXT: usize = 64 << 10;
/// And so much of all of them.
const MOST_TEXT: usize = 512 << 10;
/// A longer file is not looked at for its text.
const LONGEST_TEXT: u64 = 4 * MIB;

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
            total_seconds: None,
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
        match apart.ended.outcome {
            Outcome::Finished => {}
            // Nobody saw to its end: it is the machine's.
            Outcome::Stopped | Outcome::Lost => {
                return Err("the file was not looked into to its end".to_owned());
            }
            // Whoever made it made it so that it cannot be read.
            outcome => {
                tracing::warn!(%outcome, "a file that was to be brought in could not be looked into");
                return Ok((apart, unreadable()));
            }
        }
        let inspection = found(&apart).unwrap_or_else(unreadable);
        Ok((apart, inspection))
    }
}

/// What was found, if what says so can be read: whoever took it over says nothing.
fn found(apart: &Apart<'_>) -> Option<Inspection> {
    let name: WorkName = apart::FOUND.parse().ok()?;
    let found = apart.work().ok()?.take(&name, LONGEST_FOUND).ok()?;
    serde_json::from_slice::<Inspection>(&found.bytes).ok().map(Inspection::cleaned)
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
        let (apart, mut inspection) = self.open_apart(bytes, name)?;
        let scanned = said.is_some();
        let mut known = said.map_or(Ok(None), |said| Ok::<_, String>(malware(said)))?;
        if known.is_none()
            && let Some(scanner) = &self.scanner
        {
            // What was packed so that the scanner could not see it.
            for (_, bytes) in self.unpacked(&apart, u64::MAX)? {
                known = known.or(malware(scanner.scan(&bytes)?));
            }
        }
        if let Some(fault) = known {
            inspection.findings.insert(0, Finding { place: None, fault });
        }
        Ok(Looked { inspection, scanned })
    }

    fn texts(&self, bytes: &[u8], name: &WorkName) -> Result<Vec<(String, String)>, String> {
        let (apart, _) = self.open_apart(bytes, name)?;
        let mut texts = Vec::new();
        let mut left = MOST_TEXT;
        for (name, mut bytes) in self.unpacked(&apart, LONGEST_TEXT)? {
            bytes.truncate(left.min(FIRST_OF_A_TEXT));
            // A letter may be cut in two.
            let text = match std::str::from_utf8(&bytes) {
                Ok(text) => text,
                Err(error) if error.error_len().is_none() => bytes
                    .get(..error.valid_up_to())
                    .and_then(|b| std::str::from_utf8(b).ok())
                    .unwrap_or_default(),
                Err(_) => continue,
            };
            if text.is_empty() || text.contains('\0') {
                continue;
            }
            left -= text.len().min(left);
            texts.push((name, text.to_owned()));
            if left == 0 {
                break;
            }
        }
        Ok(texts)
    }

    fn place(&self, room: &RoomId, bytes: &[u8], name: &WorkName) -> Result<Placed, NotPlaced> {
        let machine = |error: &dyn std::fmt::Display| NotPlaced::Machine(error.to_string());
        let (apart, inspection) = self.open_apart(bytes, name).map_err(NotPlaced::Machine)?;
        if inspection.refuses() {
            // It was looked into before, and nothing was found: it is the machine's.
            return Err(NotPlaced::Machine("it could not be looked into once more".to_owned()));
        }
        let files = apart
            .work()
            .and_then(|work| work.below(apart::FILES))
            .map_err(|error| machine(&error))?;
        let listing = self.bring(room, &files)?;
        Ok(Placed { files: listing.total(), sha256: listing.digest() })
    }
}

fn malware(said: Said) -> Option<Fault> {
    match said {
        Said::Clean => None,
        Said::Found(name) => Some(Fault::Malware { name }),
    }
}

impl RoomGate {
    /// What came of a file, by name, but for files longer than `longest`.
    fn unpacked(&self, apart: &Apart<'_>, longest: u64) -> Result<Vec<(String, Vec<u8>)>, String> {
        let failed = |error: room::WorkError| error.to_string();
        // One that could not be looked into has none.
        let Ok(files) = apart.work().map_err(failed)?.below(apart::FILES) else {
            return Ok(Vec::new());
        };
        let listing = files.list_at_most(usize::MAX).map_err(failed)?;
        let read = listing.files.iter().filter(|file| file.bytes <= longest).map(|file| {
            let most = self.bounds().bytes;
            let taken = files.take(&file.name, most).map_err(|error| error.to_string())?;
            Ok((file.name.to_string(), taken.bytes))
        });
        read.collect()
    }

    fn bring(&self, room: &RoomId, files: &WorkFolder) -> Result<room::Listing, NotPlaced> {
        self.runtime.bring(room, files).map_err(|error| match error {
            room::BringError::Machine { .. } => NotPlaced::Machine(error.to_string()),
            _ => NotPlaced::Unfit(error.to_string()),
        })
    }
}
