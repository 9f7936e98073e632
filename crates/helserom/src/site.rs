//! A data folder, opened: everything the centre is put together from.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use centre::{Centre, Parts, SigningKeys};
use ed25519_dalek::SigningKey;
use lake::Lake;
use ledger::{Report, SignerKey};
use model::{Clock, Entropy, Secret, Text};
use rustix::fs::FlockOperation;
use sandbox::Bubblewrap;
use store::Store;
use vault::{MasterKey, Vault};

use crate::answer::Stop;
use crate::config::{Config, MetadataKind};
use crate::machine::{SystemClock, SystemEntropy};
use crate::wiring::{BlobFiles, Extracting, Importing, LogFiles, Passwords};

/// The version of the data folder's layout that this program reads and writes.
const LAYOUT: u32 = 1;

/// What the ledger's checkpoints say they are of.
const LEDGER_NAME: &str = "helserom";

/// An open data folder.
pub(crate) struct Site {
    pub(crate) centre: Arc<Centre>,
    pub(crate) store: Store,
    pub(crate) vault: Arc<Vault>,
    /// Signs the ledger's checkpoints.
    pub(crate) ledger_key: SignerKey,
    pub(crate) folder: PathBuf,
    pub(crate) config: Config,
    /// Held while the folder is open: shared by every program that has it open.
    _lock: File,
}

impl Site {
    /// Opens the data folder of `config`; makes it when there is none. What a
    /// stopped program left half-done is undone first.
    pub(crate) async fn open(config: &Config) -> Result<Self, Stop> {
        let folder = prepare(&config.data.folder)?;
        let (lock, alone) = lock(&folder)?;
        let new = !folder.join("vault").exists();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let vault = Arc::new(open_vault(config, &folder, new, &entropy)?);
        let store = open_store(config, &folder).await?;
        let memory = usize::try_from(config.work.memory_mib).unwrap_or(512) << 20;
        let lake = Lake::open(&folder.join("lake"), clock.clone(), entropy.clone())
            .map_err(Stop::usage)?
            .with_sort_memory(memory);
        let lake = Arc::new(lake);
        let keys = SigningKeys {
            permit: signing_key(&vault, "permit-signing")?,
            release: signing_key(&vault, "release-signing")?,
        };
        let ledger_key = ledger_key(&vault)?;
        let runtime = open_runtime(config, &folder)?;
        let blobs = BlobFiles::open(&folder.join("outputs")).map_err(Stop::usage)?;
        let parts = Parts {
            book: Arc::new(store.clone()),
            clock: clock.clone(),
            entropy: entropy.clone(),
            keys,
            credentials: Arc::new(Passwords(store.clone())),
            deliveries: Arc::new(Importing {
                vault: vault.clone(),
                lake: lake.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
                folder: folder.clone(),
            }),
            extracts: Arc::new(
                Extracting::open(
                    vault.clone(),
                    lake,
                    entropy.clone(),
                    memory,
                    folder.join("extracts"),
                )
                .map_err(Stop::usage)?,
            ),
            runtime: Arc::new(runtime),
            logs: Arc::new(LogFiles { folder: folder.join("logs") }),
            blobs: Arc::new(blobs),
        };
        let centre = Centre::new(parts).map_err(Stop::usage)?;
        if new {
            found(&centre).await?;
        }
        if alone {
            centre.recover().await?;
            centre.check_pending().await?;
            share(&lock)?;
        }
        Ok(Self { centre, store, vault, ledger_key, folder, config: config.clone(), _lock: lock })
    }
}

impl Site {
    /// Signs the ledger as it stands, then checks every entry, the tree and
    /// every checkpoint.
    pub(crate) async fn verify_ledger(&self) -> Result<Report, Stop> {
        // A ledger that was changed by hand cannot be signed; verification says
        // what was changed.
        if let Err(error) = self.store.checkpoint(&self.ledger_key).await {
            tracing::warn!(%error, "the ledger was not signed");
        }
        let keys = [self.ledger_key.public().clone()];
        self.store.verify(&keys).await.map_err(Stop::refused)
    }
}

/// The first organisation and the first account: without them nobody could do
/// anything.
async fn found(centre: &Centre) -> Result<(), Stop> {
    let parse = |error: model::IdError| Stop::usage(error);
    let name = Text::of("Helsedatasenteret", "Sundhedsdatacentret", "The health data centre");
    let founded = centre
        .found(&"centre".parse().map_err(parse)?, name, &"operator".parse().map_err(parse)?)
        .await;
    match founded {
        // A database that is older than the folder: it was founded before.
        Err(centre::Refused::Conflict(_)) | Ok(()) => Ok(()),
        Err(refused) => Err(refused.into()),
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> Stop + '_ {
    move |error| Stop::usage(format!("`{}`: {error}", path.display()))
}

/// The folder, made for its owner alone, of a layout this program knows.
pub(crate) fn prepare(folder: &Path) -> Result<PathBuf, Stop> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
    let folder = folder.canonicalize().map_err(at(folder))?;
    let version = folder.join("VERSION");
    match fs::read_to_string(&version) {
        Ok(text) => match text.trim().parse::<u32>() {
            Ok(LAYOUT) => {}
            Ok(found) if found > LAYOUT => {
                return Err(Stop::usage(format!(
                    "the data folder `{}` is of version {found}, and this program knows versions up to {LAYOUT}: run the newer program",
                    folder.display()
                )));
            }
            _ => {
                return Err(Stop::usage(format!(
                    "`{}` holds no version that this program knows: is it a data folder?",
                    version.display()
                )));
            }
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let strange = fs::read_dir(&folder).map_err(at(&folder))?.next().is_some();
            if strange && !folder.join("lock").exists() {
                return Err(Stop::usage(format!(
                    "`{}` has files in it and is no data folder: name an empty one with `--data`",
                    folder.display()
                )));
            }
            let mut file = File::create(&version).map_err(at(&version))?;
            writeln!(file, "{LAYOUT}").and_then(|()| file.sync_all()).map_err(at(&version))?;
        }
        Err(error) => return Err(at(&version)(error)),
    }
    for name in ["tmp", "logs"] {
        let inner = folder.join(name);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&inner).map_err(at(&inner))?;
    }
    Ok(folder)
}

/// The folder's lock: ours alone, if nobody else has the folder open; else
/// shared with the others.
fn lock(folder: &Path) -> Result<(File, bool), Stop> {
    let path = folder.join("lock");
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(at(&path))?;
    if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
        return Ok((file, true));
    }
    share(&file)?;
    Ok((file, false))
}

fn share(file: &File) -> Result<(), Stop> {
    rustix::fs::flock(file, FlockOperation::LockShared)
        .map_err(|error| Stop::usage(format!("the data folder's lock: {error}")))
}

fn open_vault(
    config: &Config,
    folder: &Path,
    new: bool,
    entropy: &Arc<dyn Entropy>,
) -> Result<Vault, Stop> {
    let path = config.master_key();
    let dir = folder.join("vault");
    if new {
        let key = if path.exists() {
            MasterKey::load(&path).map_err(Stop::usage)?
        } else {
            MasterKey::create(&path, entropy.as_ref()).map_err(Stop::usage)?
        };
        return Vault::create(&dir, key, entropy.clone()).map_err(Stop::usage);
    }
    Vault::open_with_key_file(&dir, &path, entropy.clone()).map_err(Stop::usage)
}

/// The metadata database of `config`; an SQLite file lies in `folder`.
pub(crate) async fn open_store(config: &Config, folder: &Path) -> Result<Store, Stop> {
    let url = match config.metadata.kind {
        MetadataKind::Sqlite => format!("sqlite:{}", folder.join("helserom.sqlite").display()),
        MetadataKind::Postgresql => {
            let path = &config.metadata.url_file;
            if path.as_os_str().is_empty() {
                return Err(Stop::usage(
                    "`metadata.kind` is `postgresql`: say in `metadata.url-file` which file holds the database's URL",
                ));
            }
            fs::read_to_string(path).map_err(at(path))?.trim().to_owned()
        }
    };
    Store::open(&url, &centre::projections(), Arc::new(SystemClock)).await.map_err(Stop::usage)
}

fn signing_key(vault: &Vault, name: &str) -> Result<SigningKey, Stop> {
    let secret: Secret<[u8; 32]> = vault.sealed(name).map_err(Stop::usage)?;
    Ok(SigningKey::from_bytes(secret.reveal()))
}

fn ledger_key(vault: &Vault) -> Result<SignerKey, Stop> {
    let secret = vault.sealed("ledger-signing").map_err(Stop::usage)?;
    SignerKey::from_seed(LEDGER_NAME, &secret).map_err(Stop::usage)
}

fn open_runtime(config: &Config, folder: &Path) -> Result<Bubblewrap, Stop> {
    let mut rooms = sandbox::Config::new(folder.join("rooms"));
    rooms.python = config.python().map(Path::to_owned);
    Bubblewrap::new(rooms).map_err(Stop::usage)
}
