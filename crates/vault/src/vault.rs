//! The vault as one thing: a folder and the keys to it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use model::{Entropy, ExtractId, ImportId, PairId, PermitId, Secret, SourceId};
use source::SinkError;
use zeroize::Zeroizing;

use crate::aead::{Nonces, fields};
use crate::crosswalk::{self, CrosswalkError, CrosswalkReader, CrosswalkWriter};
use crate::disk::{self, FileError};
use crate::key::{KEY_BYTES, Key};
use crate::keyring::{Doomed, Keyring, KeyringError, Use};
use crate::master::MasterKey;
use crate::pairs::{self, PairError, PairHasher};
use crate::quarantine::{self, QuarantineReader, QuarantineWriter};
use crate::segment::{self, Limits, Segment, SegmentError, SegmentWriter};
use crate::stream::StreamError;
use crate::subject::{BlindHasher, SubjectHasher};
use crate::sweep;

const SOURCES: &str = "sources";
const PERMITS: &str = "permits";
const PAIRS: &str = "pairs";

/// Why the vault did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyringError),
    /// A file cannot be read to its end.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// What was put in cannot be kept.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The only place where a person has a name (invariant 2).
///
/// One folder: a keyring, and per source the segments of identities and the
/// rows that were kept aside, per permit the crosswalks. Everything but names of
/// sources, imports and permits, counts and sizes is encrypted.
pub struct Vault {
    dir: PathBuf,
    ring: Mutex<Keyring>,
    entropy: Arc<dyn Entropy>,
}

impl Vault {
    /// Begins a vault in `dir`, closed by `master`.
    pub fn create(
        dir: &Path,
        master: MasterKey,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, KeyringError> {
        let ring = Keyring::create(dir, master, &*entropy)?;
        Ok(Self { dir: dir.to_owned(), ring: Mutex::new(ring), entropy })
    }

    /// Opens the vault in `dir` with the key that closes it.
    pub fn open(
        dir: &Path,
        master: MasterKey,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, KeyringError> {
        let ring = Keyring::open(dir, master)?;
        Ok(Self { dir: dir.to_owned(), ring: Mutex::new(ring), entropy })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    fn ring(&self) -> std::sync::MutexGuard<'_, Keyring> {
        // A panic elsewhere leaves the ring as the file is: it changes in memory
        // only together with the file.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn key<T>(
        &self,
        of: &Use<'_>,
        with: impl FnOnce(&Key) -> T,
    ) -> Result<T, KeyringError> {
        self.ring().key(of, &*self.entropy, with)
    }

    /// Closes every data key anew under `new`. The old master key opens nothing
    /// afterwards. No other file changes.
    pub fn rotate(&self, new: MasterKey) -> Result<(), KeyringError> {
        self.ring().rotate(new, &*self.entropy)
    }

    pub(crate) fn is_closed_by(&self, master: &MasterKey) -> bool {
        self.ring().is_closed_by(master)
    }

    /// A secret of the centre that is kept wrapped in the keyring, such as a
    /// signing key's seed. Made when there is none of that name.
    pub fn sealed(&self, name: &str) -> Result<Secret<[u8; KEY_BYTES]>, KeyringError> {
        self.key(&Use::Sealed(name), Key::to_secret)
    }

    /// Turns identity numbers into the subject keys of `source`.
    pub fn pseudonymiser(&self, source: &SourceId) -> Result<SubjectHasher, KeyringError> {
        self.key(&Use::Subjects(source), SubjectHasher::new)
    }

    /// Turns identity numbers into the blind indexes of one extract.
    pub fn blind_hasher(
        &self,
        permit: &PermitId,
        extract: &ExtractId,
    ) -> Result<BlindHasher, KeyringError> {
        let info = fields(&[b"helserom", b"link"]);
        self.key(&Use::Extract(permit, extract), |key| BlindHasher::new(&key.derive(&info)))
    }

    /// Writes the identities of one import.
    pub fn identity_writer(
        &self,
        source: &SourceId,
        import: &ImportId,
    ) -> Result<SegmentWriter, VaultError> {
        let dir = self.source_dir(source);
        disk::make_dir(&dir)?;
        let nonces = Nonces::new(self.entropy());
        Ok(self.key(&Use::Identities(source), |key| {
            SegmentWriter::new(&dir, source, import, key, nonces, Limits::default())
        })?)
    }

    /// Opens the segment that a ledger entry of `source` calls `name`.
    pub fn segment(&self, source: &SourceId, name: &str) -> Result<Segment, SegmentError> {
        let path = self.source_dir(source).join(name);
        let import = name.strip_suffix(segment::EXTENSION).and_then(|id| id.parse().ok());
        let Some(import) = import else { return Err(SegmentError::Missing(path)) };
        self.key(&Use::Identities(source), |key| Segment::open(&path, source, &import, key))?
    }

    /// Writes the rows that one import keeps aside.
    pub fn quarantine_writer(
        &self,
        source: &SourceId,
        import: &ImportId,
    ) -> Result<QuarantineWriter, VaultError> {
        let dir = self.source_dir(source);
        disk::make_dir(&dir)?;
        Ok(self.key(&Use::Quarantine(source), |key| {
            QuarantineWriter::create(&dir, source, import, key, self.entropy())
        })??)
    }

    /// Removes what an import has published, where the import came to nothing
    /// after all. Doing it twice is no error.
    pub fn discard_import(&self, source: &SourceId, import: &ImportId) -> Result<(), VaultError> {
        let dir = self.source_dir(source);
        disk::remove(&dir.join(format!("{import}{}", segment::EXTENSION)))?;
        disk::remove(&dir.join(quarantine::file_name(import)))?;
        if dir.exists() {
            disk::sync_dir(&dir)?;
        }
        Ok(())
    }

    /// Reads the rows that one import kept aside.
    pub fn quarantine(
        &self,
        source: &SourceId,
        import: &ImportId,
    ) -> Result<QuarantineReader, VaultError> {
        // Files are opened when nobody waits for the keyring any more.
        let key = self.key(&Use::Quarantine(source), Key::copied)?;
        Ok(QuarantineReader::open(&self.source_dir(source), source, import, &key)?)
    }

    /// Writes the crosswalk of one extract.
    pub fn crosswalk_writer(
        &self,
        permit: &PermitId,
        extract: &ExtractId,
    ) -> Result<CrosswalkWriter, CrosswalkError> {
        let dir = self.permit_dir(permit);
        disk::make_dir(&dir)?;
        Ok(self.key(&Use::Extract(permit, extract), |key| {
            CrosswalkWriter::create(&dir, permit, extract, key, self.entropy())
        })??)
    }

    /// Reads the crosswalk of one extract.
    pub fn crosswalk(
        &self,
        permit: &PermitId,
        extract: &ExtractId,
    ) -> Result<CrosswalkReader, CrosswalkError> {
        Ok(self.key(&Use::Extract(permit, extract), |key| {
            CrosswalkReader::open(&self.permit_dir(permit), permit, extract, key)
        })??)
    }

    /// Keeps who two records are. It counts once the ledger has the pair.
    pub fn keep_pair(&self, pair: &PairId, bytes: &[u8]) -> Result<(), PairError> {
        let dir = self.dir.join(PAIRS);
        disk::make_dir(&dir)?;
        Ok(self.key(&Use::Pairs, |key| pairs::write(&dir, pair, bytes, key, self.entropy()))??)
    }

    /// What [`Vault::keep_pair`] kept.
    pub fn pair(&self, pair: &PairId) -> Result<Zeroizing<Vec<u8>>, PairError> {
        Ok(self.key(&Use::Pairs, |key| pairs::read(&self.dir.join(PAIRS), pair, key))??)
    }

    /// Forgets who two records are. Doing it twice is no error.
    pub fn forget_pair(&self, pair: &PairId) -> Result<(), PairError> {
        Ok(disk::remove(&self.dir.join(PAIRS).join(pairs::file_name(pair)))?)
    }

    /// Tells whether what a decision on a pair rests on is still the same.
    pub fn pair_hasher(&self) -> Result<PairHasher, KeyringError> {
        self.key(&Use::Pairs, PairHasher::new)
    }

    /// Removes the pairs that no ledger entry speaks of. Nothing may be extracting
    /// meanwhile. Returns how many files were removed.
    pub fn sweep_pairs(&self, counts: &dyn Fn(&PairId) -> bool) -> Result<u64, VaultError> {
        Ok(sweep::pairs(&self.dir.join(PAIRS), counts)?)
    }

    /// The extracts of `permit` that have a key: one is made before anything else of
    /// them, so there is none of which something is left that is not named here.
    pub fn extracts_of(&self, permit: &PermitId) -> Result<Vec<ExtractId>, KeyringError> {
        self.ring().extracts_of(permit)
    }

    /// Destroys the key of one extract, then its crosswalk, finished or not: its numbers
    /// never again lead to people. Doing it twice is no error.
    pub fn destroy_extract(
        &self,
        permit: &PermitId,
        extract: &ExtractId,
    ) -> Result<(), VaultError> {
        self.ring().destroy(&Doomed::Extract(permit, extract), self.entropy())?;
        let crosswalk = self.permit_dir(permit).join(crosswalk::file_name(extract));
        disk::remove(&disk::unfinished(&crosswalk))?;
        Ok(disk::remove(&crosswalk)?)
    }

    /// Destroys the keys of all extracts of `permit`, then their crosswalks, and
    /// sees to it that no key is ever made for it again.
    pub fn destroy_permit(&self, permit: &PermitId) -> Result<(), VaultError> {
        self.ring().destroy(&Doomed::Permit(permit), self.entropy())?;
        Ok(disk::remove_dir(&self.permit_dir(permit))?)
    }

    /// Removes what a crash left behind: segments and kept-aside rows of imports
    /// that no ledger entry speaks of, unfinished files, and the crosswalks and
    /// keys of extracts that no ledger entry speaks of. Nothing may be importing
    /// or extracting meanwhile. Returns how many files were removed.
    pub fn sweep(
        &self,
        import_counts: &dyn Fn(&SourceId, &ImportId) -> bool,
        extract_counts: &dyn Fn(&ExtractId) -> bool,
    ) -> Result<u64, VaultError> {
        let mut removed = sweep::imports(&self.dir.join(SOURCES), import_counts)?;
        self.ring().destroy(&Doomed::ExtractsBut(extract_counts), self.entropy())?;
        removed += sweep::crosswalks(&self.dir.join(PERMITS), extract_counts)?;
        Ok(removed)
    }

    /// Removes the segments and kept-aside rows of imports of one source that no ledger
    /// entry speaks of, and its unfinished files. Nothing may be importing to it
    /// meanwhile. Returns how many files were removed.
    pub fn sweep_source(
        &self,
        source: &SourceId,
        counts: &dyn Fn(&ImportId) -> bool,
    ) -> Result<u64, VaultError> {
        Ok(sweep::imports_of(&self.source_dir(source), counts)?)
    }

    fn source_dir(&self, source: &SourceId) -> PathBuf {
        self.dir.join(SOURCES).join(source.as_str())
    }

    fn permit_dir(&self, permit: &PermitId) -> PathBuf {
        self.dir.join(PERMITS).join(permit.as_str())
    }

    /// The names of the keys in the keyring, such as `source/laboratory/subjects`.
    pub fn key_names(&self) -> Vec<String> {
        self.ring().names()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("dir", &self.dir).finish_non_exhaustive()
    }
}
