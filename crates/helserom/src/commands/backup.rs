//! `helserom backup` and `helserom restore`.
//!
//! A backup is a folder: `metadata.jsonl` and copies of the folders that the
//! ledger speaks of. The metadata are read first, in one transaction; every file
//! they name was there by then and is never changed, so the copies that follow
//! hold all of them, even while the centre runs. What is copied beyond that, no
//! entry speaks of, and the restored centre removes it when it starts.
//!
//! The master key is not in a backup: without it a backup opens nothing.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    if folder.exists() || unfinished.exists() {
        return Err(Stop::refused(format!(
            "`{}` exists already: name a new folder",
            if folder.exists() { folder } else { &unfinished }.display()
        )));
    }
    site.store.checkpoint(&site.ledger_key).await.map_err(Stop::refused)?;
    fs::DirBuilder::new().mode(0o700).create(&unfinished).map_err(at(&unfinished))?;
    let copied = match copy_all(&site, &unfinished).await {
        // Written down before it has its name: a backup that no entry speaks of
        // is none.
        Ok(copied) => site
            .centre
            .note_centre(&caller, "backed-up", json!({}))
            .await
            .map(|()| copied)
            .map_err(Stop::from),
        Err(stop) => Err(stop),
    };
    let (contents, bytes) = match copied {
        Ok(copied) => copied,
        Err(stop) => {
            clear(&unfinished)?;
            return Err(stop);
        }
    };
    fs::rename(&unfinished, folder).map_err(at(folder))?;
    let text = format!(
        "{}: {} entries and {bytes} bytes of files; the master key is not in it, keep `{}` apart",
        folder.display(),
        contents.entries,
        config.master_key().display()
    );
    Ok(Answer::new(text, json!({ "folder": folder, "entries": contents.entries, "bytes": bytes })))
}

/// Copies the metadata and then the folders; returns what is in it, and how many
/// bytes of files.
async fn copy_all(site: &Site, unfinished: &Path) -> Result<(Contents, u64), Stop> {
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
    sync_folder(unfinished)?;
    Ok((contents, bytes))
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
    if store.head().await.map_err(Stop::refused)?.next > 0 {
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
    let metadata = from.join(METADATA);
    let file = File::open(&metadata).map_err(at(&metadata))?;
    let contents = store.restore(BufReader::new(file)).await.map_err(Stop::refused)?;
    store.close().await;
    let site = Site::open(&there).await?;
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

/// Removes what a restore that was stopped left behind.
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
