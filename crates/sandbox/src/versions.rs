//! Earlier versions of files, kept on the room's own disk where nothing that runs in
//! the room sees them (decision 0081): one limit bounds both, and they go with it.
//!
//! ```text
//! versions/
//!     list.json    what is kept
//!     3b7f…        the bytes, by their SHA-256
//! ```

mod put;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use model::{RoomId, Timestamp};
use room::versions::{Bounds, Versions, name_among_all};
use room::{NotRestored, Usage, Version, WorkFile, WorkFolder};
use rustix::fs::FlockOperation;

use crate::Bubblewrap;
use crate::disk;
use crate::state::{Lock, RoomDir, RoomState, lock};

const LIST: &str = "list.json";

/// A work folder of more files than this has the first so many kept.
const MOST_FILES: usize = 20_000;

/// How long keeping may take: what is not reached then is kept the next time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Of the room's disk so much stays free for the room, a share of this many.
const FREE_SHARE: u64 = 20;

impl Bubblewrap {
    /// See [`room::Runtime::keep_versions`].
    pub(crate) fn keep(&self, room: &RoomId, now: Timestamp) -> io::Result<()> {
        let Some((dir, state, _lock)) = self.versioned(room)? else { return Ok(()) };
        let work = room::Runtime::work_of_all(self, room).map_err(io::Error::other)?;
        let mut store = Store::open(&dir)?;
        store.versions.expire(now);
        let kept = store.keep_changed(&work, &state, now);
        // What was kept before something failed is kept.
        store.save()?;
        kept
    }

    /// See [`room::Runtime::versions`].
    pub(crate) fn kept_versions(&self, room: &RoomId) -> io::Result<Vec<Version>> {
        let Some((dir, _, _lock)) = self.versioned(room)? else { return Ok(Vec::new()) };
        Ok(Store::open(&dir)?.versions.kept().to_vec())
    }

    /// See [`room::Runtime::restore`].
    pub(crate) fn put_back(
        &self,
        room: &RoomId,
        version: &Version,
        now: Timestamp,
    ) -> Result<(), NotRestored> {
        let machine =
            |source: io::Error| NotRestored::Machine { name: version.name.clone(), source };
        let gone = || NotRestored::Gone(version.number);
        // First, since making place for it may let go of others.
        let bytes = {
            let (dir, _, _lock) = self.versioned(room).map_err(machine)?.ok_or_else(gone)?;
            Store::open(&dir).and_then(|store| store.read(version)).map_err(machine)?
        };
        let bytes = bytes.ok_or_else(gone)?;
        self.keep(room, now).map_err(machine)?;
        let (dir, state, _lock) = self.versioned(room).map_err(machine)?.ok_or_else(gone)?;
        if !has_place(&dir, &state, version.bytes).map_err(machine)? {
            return Err(NotRestored::Full(version.name.clone()));
        }
        put::put(&dir, &state, version, &bytes)
    }

    /// The folder of a room that has versions, with its disk there and in our hands.
    fn versioned(&self, room: &RoomId) -> io::Result<Option<(RoomDir, RoomState, Lock)>> {
        let dir = self.dir(room);
        let Some(state) = dir.state()?.filter(|state| state.parted) else { return Ok(None) };
        // Whoever keeps at this moment is waited for.
        let lock = lock(&dir.0.join("versions.lock"), FlockOperation::LockExclusive)?;
        self.attach(&dir, &state)?;
        Ok(lock.map(|lock| (dir, state, lock)))
    }
}

/// Whether the room's disk has place for so many bytes.
fn has_place(dir: &RoomDir, state: &RoomState, bytes: u64) -> io::Result<bool> {
    if state.image {
        return Ok(disk::free(&dir.disk())? > bytes);
    }
    let most = Usage { bytes: state.limits.disk, files: state.limits.files, unseen: 0 };
    let usage = WorkFolder::open(&dir.disk()).map_err(io::Error::other)?.usage(most)?;
    Ok(usage.bytes.saturating_add(bytes) <= state.limits.disk && usage.files < state.limits.files)
}

struct Store {
    folder: PathBuf,
    dir: RoomDir,
    versions: Versions,
}

impl Store {
    fn open(dir: &RoomDir) -> io::Result<Self> {
        let folder = dir.versions();
        let versions = match std::fs::read(folder.join(LIST)) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Versions::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { folder, dir: dir.clone(), versions })
    }

    /// Keeps what has changed, the smallest first: scripts before what they make.
    fn keep_changed(
        &mut self,
        work: &WorkFolder,
        state: &RoomState,
        now: Timestamp,
    ) -> io::Result<()> {
        let (began, bounds) = (Instant::now(), Bounds::of(&state.limits));
        let listing = work.list_at_most(MOST_FILES).map_err(io::Error::other)?;
        if !listing.more {
            let there = listing.files.iter().map(|file| &file.name).collect();
            self.versions.only_there(&there, now);
        }
        let mut changed: Vec<&WorkFile> = listing
            .files
            .iter()
            .filter(|file| !self.versions.is_as_kept(&file.name, &file.stamp))
            .collect();
        changed.sort_by_key(|file| file.bytes);
        // Half of the place at once, so that one program that writes much does not
        // push out everything that was there before it.
        let (mut bytes_left, mut files_left) = (bounds.bytes / 2, bounds.versions / 2);
        for file in changed {
            if file.bytes > bounds.largest {
                self.versions.pass_over(&file.name, file.stamp, now);
                continue;
            }
            if file.bytes > bytes_left || files_left == 0 || began.elapsed() > PATIENCE {
                // The larger ones wait for the next time, too; those that are too
                // large for any time are taken down.
                continue;
            }
            // One that is written to at this moment is kept the next time.
            let Ok(taken) = work.take(&file.name, bounds.largest) else { continue };
            self.versions.make_place(&bounds, file.bytes);
            if !has_place(&self.dir, state, file.bytes + state.limits.disk / FREE_SHARE)? {
                continue;
            }
            self.write(&taken.sha256, &taken.bytes)?;
            self.versions.keep(&file.name, file.stamp, (taken.sha256, file.bytes), now);
            bytes_left -= file.bytes;
            files_left -= 1;
        }
        Ok(())
    }

    fn blob(&self, hash: &impl Display) -> PathBuf {
        self.folder.join(hash.to_string())
    }

    fn write(&self, hash: &impl Display, bytes: &[u8]) -> io::Result<()> {
        let path = self.blob(hash);
        if path.exists() {
            return Ok(());
        }
        replace(&path, bytes, false)
    }

    /// The bytes of a version, if they are what was kept.
    fn read(&self, version: &Version) -> io::Result<Option<Vec<u8>>> {
        let same = |kept: &Version| kept.number == version.number && kept.sha256 == version.sha256;
        if !self.versions.kept().iter().any(same) {
            return Ok(None);
        }
        let bytes = std::fs::read(self.blob(&version.sha256))?;
        if !version.is(&bytes) {
            return Err(io::Error::other("what was kept is damaged"));
        }
        Ok(Some(bytes))
    }

    /// Writes the list down, and removes what it does not name.
    fn save(&self) -> io::Result<()> {
        replace(&self.folder.join(LIST), &serde_json::to_vec(&self.versions)?, true)?;
        let kept: BTreeSet<String> =
            self.versions.kept().iter().map(|version| version.sha256.to_string()).collect();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != LIST && !kept.contains(&name) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Writes the whole file or leaves the one that is there.
fn replace(path: &Path, bytes: &[u8], lasting: bool) -> io::Result<()> {
    let new = path.with_extension("new");
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        if lasting { file.sync_all() } else { Ok(()) }
    });
    if let Err(error) = written {
        let _ = std::fs::remove_file(&new);
        return Err(error);
    }
    std::fs::rename(new, path)
}

/// Where a version is put back: whose folder, and its name there.
fn place_of(dir: &RoomDir, version: &Version) -> Option<(PathBuf, String)> {
    let name = name_among_all(version)?;
    match &version.person {
        None => Some((dir.work(), name.as_str().to_owned())),
        Some(person) => {
            let inner = name.as_str().strip_prefix(room::PRIVATE)?.strip_prefix('/')?;
            let (_, inner) = inner.split_once('/')?;
            Some((dir.private(person), inner.to_owned()))
        }
    }
}
