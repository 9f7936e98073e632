//! The key envelope: one file of data keys, each wrapped under the master key.
//!
//! Rotating the master key wraps the same data keys again and touches no other
//! file. Destroying a key takes it out of the file for good and leaves its name
//! behind, so that no new key is ever made in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::{Entropy, ExtractId, PermitId, SourceId};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::aead::{Cipher, NONCE_BYTES, Nonces, fields};
use crate::disk::{self, At, FileError};
use crate::key::{KEY_BYTES, Key};
use crate::master::MasterKey;

const FORMAT: &str = "helserom keyring 1";
const FILE: &str = "keyring.json";
const LOCK: &str = "keyring.lock";

/// Why the vault's keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// Nothing was ever stored here.
    #[error(
        "no keyring at `{}`: restore it from a backup; without it the vault cannot be read", .0.display()
    )]
    Missing(PathBuf),
    /// A new keyring would take the place of one that is there.
    #[error("there is a keyring at `{}` already: open it instead", .0.display())]
    Exists(PathBuf),
    /// The master key is not the one that wrapped it.
    #[error(
        "the master key does not open the keyring `{}`: give the key it was closed with (after a rotation the new one, with a restored backup the one of its time)", .0.display()
    )]
    WrongMaster(PathBuf),
    /// It opened, but something in it was changed.
    #[error("the keyring `{}` is damaged ({what}): restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// The key was destroyed, and so was the way back to people.
    #[error("the key `{0}` was destroyed: what it closed can never be opened again")]
    Destroyed(String),
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

/// What a data key is for. Two uses never share a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Use<'a> {
    /// National identity numbers to subject keys, in one source.
    Subjects(&'a SourceId),
    /// Encrypting the identities of one source.
    Identities(&'a SourceId),
    /// Encrypting the rows of one source that were refused.
    Quarantine(&'a SourceId),
    /// Linking for one extract of a permit, and its crosswalk.
    Extract(&'a PermitId, &'a ExtractId),
    /// Pairs of records that people decide on.
    Pairs,
    /// Any other secret of the centre: signing keys.
    Sealed(&'a str),
}

impl Use<'_> {
    fn name(&self) -> String {
        match self {
            Self::Subjects(source) => format!("source/{source}/subjects"),
            Self::Identities(source) => format!("source/{source}/identities"),
            Self::Quarantine(source) => format!("source/{source}/quarantine"),
            Self::Extract(permit, extract) => format!("permit/{permit}/{extract}"),
            Self::Pairs => "pairs".to_owned(),
            Self::Sealed(name) => format!("sealed/{name}"),
        }
    }

    /// Whether the key, or all keys of its permit, are gone for good.
    fn is_destroyed(&self, destroyed: &BTreeSet<String>) -> bool {
        let permit_is = |permit: &PermitId| destroyed.contains(&permit_name(permit));
        destroyed.contains(&self.name())
            || matches!(self, Self::Extract(permit, _) if permit_is(permit))
    }
}

/// What the names of a permit's keys begin with, and what is written down when
/// all of them are gone.
fn permit_name(permit: &PermitId) -> String {
    format!("permit/{permit}")
}

/// Which keys are to be destroyed.
pub(crate) enum Doomed<'a> {
    /// That of one extract.
    Extract(&'a PermitId, &'a ExtractId),
    /// Those of all extracts of a permit, present and future.
    Permit(&'a PermitId),
    /// Those of all extracts but these.
    ExtractsBut(&'a dyn Fn(&ExtractId) -> bool),
}

impl Doomed<'_> {
    fn is(&self, name: &str) -> bool {
        let Some((permit, extract)) =
            name.strip_prefix("permit/").and_then(|name| name.split_once('/'))
        else {
            return false;
        };
        match self {
            Self::Extract(p, e) => permit == p.as_str() && extract == e.as_str(),
            Self::Permit(p) => permit == p.as_str(),
            Self::ExtractsBut(keep) => extract.parse().is_ok_and(|extract| !keep(&extract)),
        }
    }

    /// What must stay gone although it never was.
    fn beforehand(&self) -> Option<String> {
        match self {
            Self::Extract(permit, extract) => Some(Use::Extract(permit, extract).name()),
            Self::Permit(permit) => Some(permit_name(permit)),
            Self::ExtractsBut(_) => None,
        }
    }
}

/// The data keys of one vault, in memory. Each change is on the disk before it counts.
pub(crate) struct Keyring {
    dir: PathBuf,
    master: Key,
    open: Open,
}

#[derive(Default)]
struct Open {
    generation: u64,
    keys: BTreeMap<String, Key>,
    destroyed: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: String,
    /// Counts the changes.
    generation: u64,
    /// Opens under the right master key whatever else is wrong.
    master: Wrapped,
    keys: BTreeMap<String, Wrapped>,
    destroyed: BTreeSet<String>,
    /// Over everything above: no key can be taken out or put in unseen.
    seal: Wrapped,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    version: u32,
    nonce: String,
    bytes: String,
}

/// The version of how a key is wrapped.
const WRAPPING: u32 = 1;

fn place(what: &str, name: &str) -> Vec<u8> {
    fields(&[FORMAT.as_bytes(), what.as_bytes(), name.as_bytes(), &WRAPPING.to_le_bytes()])
}

impl Wrapped {
    fn close(cipher: &Cipher, nonce: [u8; NONCE_BYTES], place: &[u8], plain: &[u8]) -> Self {
        let mut bytes = plain.to_vec();
        // Sealing fails only beyond 2^36 bytes (RFC 8452 section 6); what came
        // of it would not open.
        if cipher.seal(&nonce, place, &mut bytes).is_err() {
            bytes.zeroize();
        }
        Self { version: WRAPPING, nonce: BASE64.encode(nonce), bytes: BASE64.encode(bytes) }
    }

    /// `None`: not what was closed for this place, or in a later program's way.
    fn open(&self, cipher: &Cipher, place: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if self.version != WRAPPING {
            return None;
        }
        let nonce = BASE64.decode(&self.nonce).ok()?.try_into().ok()?;
        let mut bytes = Zeroizing::new(BASE64.decode(&self.bytes).ok()?);
        cipher.open(&nonce, place, &mut bytes).ok()?;
        Some(bytes)
    }
}

impl Stored {
    /// What the seal is over.
    fn sealed_place(&self) -> Vec<u8> {
        let body = serde_json::to_vec(&(
            &self.format,
            self.generation,
            &self.master,
            &self.keys,
            &self.destroyed,
        ));
        fields(&[FORMAT.as_bytes(), b"seal", &body.unwrap_or_default()])
    }
}

fn wrapping_cipher(master: &Key) -> Cipher {
    Cipher::new(&master.derive(&fields(&[b"helserom", b"keyring"])))
}

impl Open {
    fn close(&self, master: &Key, entropy: &dyn Entropy) -> Stored {
        let cipher = wrapping_cipher(master);
        let mut nonces = Nonces::new(entropy);
        let keys = self
            .keys
            .iter()
            .map(|(name, key)| {
                let place = place("key", name);
                (name.clone(), Wrapped::close(&cipher, nonces.next(), &place, key.reveal()))
            })
            .collect();
        let mut stored = Stored {
            format: FORMAT.to_owned(),
            generation: self.generation,
            master: Wrapped::close(&cipher, nonces.next(), &place("master", ""), &[]),
            keys,
            destroyed: self.destroyed.clone(),
            seal: Wrapped { version: WRAPPING, nonce: String::new(), bytes: String::new() },
        };
        stored.seal = Wrapped::close(&cipher, nonces.next(), &stored.sealed_place(), &[]);
        stored
    }

    fn read(path: &Path, text: &[u8], master: &Key) -> Result<Self, KeyringError> {
        let damaged = |what: String| KeyringError::Damaged { path: path.to_owned(), what };
        let stored: Stored =
            serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        if stored.format != FORMAT {
            let format: String = stored.format.chars().take(80).collect();
            return Err(damaged(format!("format `{format}`, this program reads `{FORMAT}`")));
        }
        let cipher = wrapping_cipher(master);
        if stored.master.open(&cipher, &place("master", "")).is_none() {
            return Err(KeyringError::WrongMaster(path.to_owned()));
        }
        let mut keys = BTreeMap::new();
        for (name, wrapped) in &stored.keys {
            let mut key: Zeroizing<[u8; KEY_BYTES]> = wrapped
                .open(&cipher, &place("key", name))
                .and_then(|bytes| bytes.as_slice().try_into().ok())
                .map(Zeroizing::new)
                .ok_or_else(|| damaged(format!("key `{name}` does not open")))?;
            keys.insert(name.clone(), Key::taken_from(&mut key));
        }
        if stored.seal.open(&cipher, &stored.sealed_place()).is_none() {
            return Err(damaged("keys were added, taken out or renamed".to_owned()));
        }
        Ok(Self { generation: stored.generation, keys, destroyed: stored.destroyed })
    }
}

impl Keyring {
    /// Begins a vault in `dir`, which may be there but holds no keyring yet.
    pub(crate) fn create(
        dir: &Path,
        master: MasterKey,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeyringError> {
        disk::make_dir(dir)?;
        let ring = Self { dir: dir.to_owned(), master: master.0, open: Open::default() };
        let _lock = ring.lock()?;
        if ring.path().exists() {
            return Err(KeyringError::Exists(ring.path()));
        }
        write(&ring.path(), &ring.open.close(&ring.master, entropy))?;
        Ok(ring)
    }

    /// Opens the keyring in `dir`, and removes what a program that died while it
    /// wrote one left beside it: keys may be in there that are destroyed later.
    pub(crate) fn open(dir: &Path, master: MasterKey) -> Result<Self, KeyringError> {
        let path = dir.join(FILE);
        let open = Open::read(&path, &read(&path)?, &master.0)?;
        let ring = Self { dir: dir.to_owned(), master: master.0, open };
        if disk::unfinished(&path).exists() {
            let _lock = ring.lock()?;
            disk::discard(&disk::unfinished(&path))?;
        }
        Ok(ring)
    }

    fn path(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    /// Held while the file is changed: two programs on one vault take turns.
    fn lock(&self) -> Result<File, FileError> {
        disk::lock(&self.dir.join(LOCK))
    }

    /// Takes over what another program on this vault may have changed.
    fn refresh(&mut self) -> Result<(), KeyringError> {
        self.open = Open::read(&self.path(), &read(&self.path())?, &self.master)?;
        Ok(())
    }

    /// Calls `with` on the key for `of`, which is made when there is none.
    pub(crate) fn key<T>(
        &mut self,
        of: &Use<'_>,
        entropy: &dyn Entropy,
        with: impl FnOnce(&Key) -> T,
    ) -> Result<T, KeyringError> {
        let name = of.name();
        if !self.open.keys.contains_key(&name) {
            let _lock = self.lock()?;
            self.refresh()?;
            if of.is_destroyed(&self.open.destroyed) {
                return Err(KeyringError::Destroyed(name));
            }
            if !self.open.keys.contains_key(&name) {
                self.open.keys.insert(name.clone(), Key::random(entropy));
                self.open.generation += 1;
                let written = write(&self.path(), &self.open.close(&self.master, entropy));
                if let Err(error) = written {
                    // A key that is not on the disk must close nothing.
                    self.open.keys.remove(&name);
                    return Err(error);
                }
            }
        }
        match self.open.keys.get(&name) {
            Some(key) => Ok(with(key)),
            None => Err(KeyringError::Destroyed(name)),
        }
    }

    /// Removes the doomed keys for good. Doing it twice, or before they were
    /// ever made, is no error: afterwards there are none and never will be.
    pub(crate) fn destroy(
        &mut self,
        doomed: &Doomed<'_>,
        entropy: &dyn Entropy,
    ) -> Result<(), KeyringError> {
        let _lock = self.lock()?;
        self.refresh()?;
        let mut names: BTreeSet<String> =
            self.open.keys.keys().filter(|name| doomed.is(name)).cloned().collect();
        names.extend(doomed.beforehand());
        if names.is_subset(&self.open.destroyed) {
            return Ok(());
        }
        self.open.keys.retain(|name, _| !names.contains(name));
        self.open.destroyed.append(&mut names);
        self.open.generation += 1;
        self.rewrite(entropy)
    }

    /// Wraps every key anew under `new`. Until the new file has its name the old
    /// master key opens the keyring, from then on the new one.
    pub(crate) fn rotate(
        &mut self,
        new: MasterKey,
        entropy: &dyn Entropy,
    ) -> Result<(), KeyringError> {
        let _lock = self.lock()?;
        self.refresh()?;
        self.open.generation += 1;
        let old = std::mem::replace(&mut self.master, new.0);
        let rewritten = self.rewrite(entropy);
        if rewritten.is_err() {
            // Not under the new name, unless only the folder's sync failed:
            // the file says which key is right.
            let under_new = read(&self.path())
                .and_then(|text| Open::read(&self.path(), &text, &self.master))
                .is_ok();
            if !under_new {
                self.master = old;
            }
        }
        rewritten
    }

    /// Puts a new file in the old one's place and wipes the old one, which holds
    /// keys that are meant to be gone.
    fn rewrite(&self, entropy: &dyn Entropy) -> Result<(), KeyringError> {
        let path = self.path();
        let mut old = OpenOptions::new().read(true).write(true).open(&path).at("open", &path)?;
        write(&path, &self.open.close(&self.master, entropy))?;
        disk::wipe(&mut old).at("wipe the former", &path)?;
        Ok(())
    }

    /// Whether `master` is the key it is wrapped under.
    pub(crate) fn is_closed_by(&self, master: &MasterKey) -> bool {
        self.master.is(&master.0)
    }

    /// The extracts of `permit` that have a key, whichever program made it.
    pub(crate) fn extracts_of(
        &mut self,
        permit: &PermitId,
    ) -> Result<Vec<ExtractId>, KeyringError> {
        self.refresh()?;
        let of = format!("{}/", permit_name(permit));
        let keys = self.open.keys.keys();
        Ok(keys.filter_map(|name| name.strip_prefix(&of)?.parse().ok()).collect())
    }

    /// The names of the keys there are, for tests and for the operator.
    pub(crate) fn names(&self) -> Vec<String> {
        self.open.keys.keys().cloned().collect()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, KeyringError> {
    match std::fs::read(path) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            Err(KeyringError::Missing(path.to_owned()))
        }
        read => Ok(read.at("read", path)?),
    }
}

fn write(path: &Path, stored: &Stored) -> Result<(), KeyringError> {
    let mut text = serde_json::to_vec_pretty(stored).map_err(|error| KeyringError::Damaged {
        path: path.to_owned(),
        what: error.to_string(),
    })?;
    text.push(b'\n');
    Ok(disk::replace(path, &text)?)
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("dir", &self.dir)
            .field("keys", &self.open.keys.len())
            .finish_non_exhaustive()
    }
}
