//! `helserom backup` and `helserom restore`.
//!
//! A backup is a folder: `metadata.jsonl` and copies of the folders that the
//! ledger speaks of. The metadata are read first, in one transaction; every file
//! they name was there by then and is never changed, so the copies that follow
//! hold all of them, even while the centre runs. What is copied beyond that, no
//! entry speaks of, and the restored centre removes it when it starts. Of rooms the
//! files are copied as they are at that moment; the restored centre makes the rooms
//! again of them when it starts.
//!
//! The master key is not in a backup: without it a backup opens nothing.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use room::Copied;
use serde_json::json;
use store::{BackupError, Contents, RestoreError};
use vault::{MasterKey, Vault};

use super::open;
use crate::answer::{Answer, Stop};
use crate::cli::Common;
use crate::config::Config;
use crate::disk;
use crate::machine::SystemEntropy;
use crate::site::{self, Site};

/// The folders of the data folder that a backup holds.
const FOLDERS: [&str; 6] = ["vault", "lake", "extracts", "outputs", "logs", "quarantine"];

const METADATA: &str = "metadata.jsonl";

/// What is copied of rooms.
const ROOMS: &str = "rooms";

/// Locked by whoever makes a backup: one that nobody makes any more is begun anew.
const LOCK: &str = ".lock";

/// What is in a backup, or was restored of it.
struct Whole {
    contents: Contents,
    /// Files outside of rooms, bytes.
    bytes: u64,
    rooms: Copied,
}

pub(super) async fn backup(
    config: &Config,
    common: &Common,
    folder: &Path,
) -> Result<Answer, Stop> {
    let (site, caller) = open(config, common).await?;
    site.centre.may_run(&caller)?;
    // Unfinished until it is renamed: whatever stops this leaves no backup
    // that only looks like one.
    let unfinished = with_suffix(folder, ".unfinished");
    if folder.exists() {
        return Err(Stop::refused(format!(
            "`{}` exists already: name a new folder",
            folder.display()
        )));
    }
    let _lock = begin(&unfinished)?;
    // No backup is made that no entry speaks of, and none is said to be made before it is.
    site.centre.note_centre(&caller, "backup-begun", json!({})).await?;
    site.store.checkpoint(&site.ledger_key).await.map_err(Stop::refused)?;
    let Whole { contents, bytes, rooms } = match copy_all(&site, &unfinished).await {
        Ok(copied) => copied,
        Err(stop) => {
            clear(&unfinished)?;
            return Err(stop);
        }
    };
    let _ = fs::remove_file(unfinished.join(LOCK));
    fs::rename(&unfinished, folder).map_err(at(folder))?;
    site.centre.note_centre(&caller, "backed-up", json!({})).await?;
    let left_out = match rooms.left_out {
        0 => String::new(),
        left_out => format!(", {left_out} links and the like left out"),
    };
    let text = format!(
        "{}: {} entries, {bytes} bytes of files, and {} files of rooms ({} bytes{left_out}); \
         the master key is not in it, keep `{}` apart",
        folder.display(),
        contents.entries,
        rooms.files,
        rooms.bytes,
        config.master_key().display()
    );
    let entries = contents.entries;
    let json = json!({ "folder": folder, "entries": entries, "bytes": bytes, "rooms": rooms });
    Ok(Answer::new(text, json))
}

/// Makes the folder, or takes the one that a backup left that was killed, and empties
/// it. Whoever was killed left the lock in it, the metadata, or nothing at all: the lock
/// is the first thing in the folder and the last that is cleared.
fn begin(unfinished: &Path) -> Result<File, Stop> {
    match fs::DirBuilder::new().mode(0o700).create(unfinished) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made.map_err(at(unfinished))?,
    }
    let path = unfinished.join(LOCK);
    let was_begun = path.exists() || unfinished.join(METADATA).exists();
    if !was_begun && fs::read_dir(unfinished).map_err(at(unfinished))?.next().is_some() {
        return Err(Stop::refused(format!(
            "`{}` exists already and is no backup that was begun: name a new folder",
            unfinished.display()
        )));
    }
    let held = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(at(&path))?;
    if held.try_lock().is_err() {
        return Err(Stop::refused(format!(
            "another program makes a backup in `{}` at this moment",
            unfinished.display()
        )));
    }
    clear_all_but_lock(unfinished)?;
    Ok(held)
}

/// Empties the folder of a backup that is not finished, and leaves what tells that it was
/// begun.
fn clear_all_but_lock(unfinished: &Path) -> Result<(), Stop> {
    for entry in fs::read_dir(unfinished).map_err(at(unfinished))? {
        let entry = entry.map_err(at(unfinished))?;
        let path = entry.path();
        if entry.file_name() == LOCK {
            continue;
        }
        let is_folder = entry.file_type().map_err(at(&path))?.is_dir();
        let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(at(&path))?;
    }
    Ok(())
}

/// Copies the metadata, then the folders and what is in rooms; returns what is in it.
async fn copy_all(site: &Site, unfinished: &Path) -> Result<Whole, Stop> {
    let path = unfinished.join(METADATA);
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(at(&path))?;
    let mut out = BufWriter::new(file);
    let contents = site.store.backup(&mut out).await.map_err(|error| match error {
        BackupError::Io(error) => at(&path)(error),
        BackupError::Book(error) => Stop::refused(error),
    })?;
    let file = out.into_inner().map_err(|error| at(&path)(error.into_error()))?;
    file.sync_all().map_err(at(&path))?;
    let mut bytes = 0;
    for name in FOLDERS {
        bytes += copy_tree(&site.folder.join(name), &unfinished.join(name))?;
    }
    let of_rooms = unfinished.join(ROOMS);
    fs::DirBuilder::new().mode(0o700).create(&of_rooms).map_err(at(&of_rooms))?;
    let rooms = site.centre.copy_rooms(&of_rooms).await?;
    sync_folder(unfinished)?;
    Ok(Whole { contents, bytes, rooms })
}

/// Restores the backup in `from` into the data folder of `config`. The folder has
/// its name only when everything is in it and verified: whatever stops this leaves
/// no centre that only looks like one.
pub(super) async fn restore(config: &Config, from: &Path, key: &Path) -> Result<Answer, Stop> {
    let folder = &config.data.folder;
    if folder.exists() && fs::read_dir(folder).map_err(at(folder))?.next().is_some() {
        return Err(Stop::refused(format!(
            "`{}` has files in it: restore into a new folder, named with `--data`",
            folder.display()
        )));
    }
    opens(config, from, key)?;
    let unfinished = with_suffix(folder, ".unfinished");
    clear(&unfinished)?;
    let restored = restore_into(config, from, key, &unfinished).await;
    let contents = match restored {
        Ok(contents) => contents,
        Err(stop) => {
            clear(&unfinished)?;
            return Err(stop);
        }
    };
    if !config.keys.master_file.as_os_str().is_empty() && !config.keys.master_file.exists() {
        copy_key(key, &config.keys.master_file)?;
    }
    fs::rename(&unfinished, folder).map_err(at(folder))?;
    sync_folder(folder.parent().filter(|parent| parent.is_dir()).unwrap_or(Path::new(".")))?;
    let text = format!(
        "`{}` is restored: {} entries, and the ledger verifies",
        folder.display(),
        contents.entries
    );
    Ok(Answer::new(text, json!({ "folder": folder, "entries": contents.entries })))
}

/// Refuses what could not be opened afterwards, before anything is copied.
fn opens(config: &Config, from: &Path, key: &Path) -> Result<(), Stop> {
    let metadata = from.join(METADATA);
    File::open(&metadata).map_err(at(&metadata))?;
    let given = MasterKey::load(key).map_err(Stop::usage)?;
    let elsewhere = &config.keys.master_file;
    if elsewhere.exists() && !MasterKey::load(elsewhere).map_err(Stop::usage)?.is(&given) {
        return Err(Stop::refused(format!(
            "`{}` holds another key than `{}`: name another place in `keys.master-file`",
            elsewhere.display(),
            key.display()
        )));
    }
    Vault::open(&from.join("vault"), given, Arc::new(SystemEntropy))
        .map(drop)
        .map_err(Stop::refused)
}

/// Everything of a restored centre, in a folder that has another name yet.
async fn restore_into(
    config: &Config,
    from: &Path,
    key: &Path,
    unfinished: &Path,
) -> Result<Contents, Stop> {
    drop(site::Folder::open(unfinished)?);
    let store = site::open_store(config, unfinished).await?;
    let metadata = from.join(METADATA);
    let read = || File::open(&metadata).map(BufReader::new).map_err(at(&metadata));
    // A restore may have been stopped when the database, which lies elsewhere, had it.
    let before = match store.head().await.map_err(Stop::refused)?.next {
        0 => None,
        _ => store.holds(read()?).await.map_err(Stop::refused)?,
    };
    if before.is_none() && store.head().await.map_err(Stop::refused)?.next > 0 {
        return Err(Stop::refused(RestoreError::NotEmpty));
    }
    for name in FOLDERS {
        copy_tree(&from.join(name), &unfinished.join(name))?;
    }
    let mut there = config.clone();
    there.data.folder = unfinished.to_owned();
    if config.keys.master_file.as_os_str().is_empty() {
        copy_key(key, &there.master_key())?;
    } else {
        there.keys.master_file = key.to_owned();
    }
    let of_rooms = from.join(ROOMS);
    sandbox::bring_back(&of_rooms, &unfinished.join(ROOMS)).map_err(at(&of_rooms))?;
    let contents = match before {
        Some(contents) => contents,
        None => store.restore(read()?).await.map_err(Stop::refused)?,
    };
    store.close().await;
    // What is to be cleared away and made again is when it has its name.
    let site = Site::open_as_it_is(&there).await?;
    let report = site.verify_ledger().await;
    site.store.close().await;
    let report = report?;
    if !report.is_sound() {
        return Err(Stop::refused(super::ledger::in_words(&report)));
    }
    Ok(contents)
}

/// A copy of the master key, for its owner alone.
fn copy_key(from: &Path, to: &Path) -> Result<(), Stop> {
    let bytes = fs::read(from).map_err(at(from))?;
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(at(to))?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(at(to))
}

/// Removes a folder that was begun and is not finished.
fn clear(unfinished: &Path) -> Result<(), Stop> {
    match fs::remove_dir_all(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(unfinished)(error)),
        _ => Ok(()),
    }
}

/// `path` with `suffix`, beside it also when it is written with a slash at the end.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.components().collect::<PathBuf>().into_os_string();
    name.push(suffix);
    name.into()
}

fn at(path: &Path) -> impl Fn(io::Error) -> Stop + '_ {
    move |error| Stop::refused(disk::in_words(path, &error))
}

/// Copies plain files and folders; returns how many bytes. A file that vanishes
/// meanwhile was work in progress. Locks and work folders are left out.
fn copy_tree(from: &Path, to: &Path) -> Result<u64, Stop> {
    if !from.is_dir() {
        return Ok(0);
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(at(to))?;
    let mut bytes = 0;
    for entry in fs::read_dir(from).map_err(at(from))? {
        let entry = entry.map_err(at(from))?;
        let (inner, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(at(&inner))?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            bytes += copy_tree(&inner, &target)?;
        } else if kind.is_file() {
            match fs::copy(&inner, &target) {
                Ok(copied) => {
                    bytes += copied;
                    File::open(&target).and_then(|file| file.sync_all()).map_err(at(&target))?;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // It is the copy that there may be no room for.
                Err(error) => return Err(at(&target)(error)),
            }
        }
    }
    sync_folder(to)?;
    Ok(bytes)
}

fn sync_folder(folder: &Path) -> Result<(), Stop> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}
