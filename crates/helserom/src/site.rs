//! A data folder, opened: everything the centre is put together from.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use centre::{Centre, Parts, SigningKeys};
use ed25519_dalek::SigningKey;
use lake::Lake;
use ledger::{Report, SignerKey};
use model::{Clock, Entropy, Secret, SignedDuration, Text};
use sandbox::{Bubblewrap, SqlProgram, WardenProgram};
use store::Store;
use vault::{MasterKey, MasterKeyError, Vault};

use crate::answer::Stop;
use crate::config::{Config, MetadataKind};
use crate::machine::{SystemClock, SystemEntropy};
use crate::wiring::{BlobFiles, Extracting, Importing, LogFiles, Passwords, RoomGate, Scanner};

pub(crate) use folder::{Folder, LOCK, hold_alone};

mod folder;

/// What the ledger's checkpoints say they are of.
const LEDGER_NAME: &str = "helserom";

/// Whether what a stopped program left half-done is undone when a folder is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    Undoing,
    AsItIs,
}

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
    lock: Folder,
}

impl Site {
    /// Opens the data folder of `config`; makes it when there is none. What a
    /// stopped program left half-done is undone first. Others may open it too.
    pub(crate) async fn open(config: &Config) -> Result<Self, Stop> {
        let folder = Folder::open(&config.data.folder)?;
        let mut site = Self::open_folder(config, folder, Begin::Undoing).await?;
        if site.lock.is_alone() {
            site.lock.share()?;
        }
        Ok(site)
    }

    /// The same, and nothing is undone: for a folder that has not its name yet.
    pub(crate) async fn open_as_it_is(config: &Config) -> Result<Self, Stop> {
        Self::open_folder(config, Folder::open(&config.data.folder)?, Begin::AsItIs).await
    }

    /// The same, for work that no other program may see half-done.
    pub(crate) async fn open_alone(config: &Config, what: &str) -> Result<Self, Stop> {
        let folder = Folder::open(&config.data.folder)?;
        if !folder.is_alone() {
            return Err(Stop::refused(format!(
                "another program has `{}` open, and {what} needs it alone: stop that program first",
                folder.path.display()
            )));
        }
        Self::open_folder(config, folder, Begin::Undoing).await
    }

    async fn open_folder(config: &Config, mut lock: Folder, begin: Begin) -> Result<Self, Stop> {
        let folder = lock.path.clone();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let store = open_store(config, &folder).await?;
        let blank = is_blank(&store, &mut lock).await?;
        let vault = Arc::new(open_vault(config, &folder, blank, &entropy)?);
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
        let runtime = Arc::new(open_runtime(config, &folder)?);
        let gate = open_gate(config, &runtime)?;
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
            runtime,
            allowed_packages: config.packages.allowed().map_err(Stop::usage)?,
            told: centre::Told {
                at_once: u64::from(config.rooms.notebook_shown_kib) << 10,
                per_minute: u64::from(config.rooms.notebook_shown_kib_per_minute) << 10,
            },
            places: places(config)?,
            patience: SignedDuration::from_mins(config.rooms.queue_minutes.into()),
            standstill: SignedDuration::from_hours(24 * i64::from(config.rooms.standstill_days)),
            gate: Arc::new(gate),
            logs: Arc::new(LogFiles { folder: folder.join("logs") }),
            blobs: Arc::new(blobs),
        };
        let centre = Centre::new(parts).map_err(Stop::usage)?;
        if blank {
            found(&centre).await?;
        }
        if begin == Begin::Undoing && lock.is_alone() {
            centre.recover().await?;
            centre.check_pending().await?;
            centre.see_to_ingresses().await?;
        }
        Ok(Self { centre, store, vault, ledger_key, folder, config: config.clone(), lock })
    }

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

/// Whether nothing was ever written in the ledger. A centre is founded while no
/// other program has its folder open.
async fn is_blank(store: &Store, lock: &mut Folder) -> Result<bool, Stop> {
    let entries = async || store.head().await.map(|head| head.next).map_err(Stop::refused);
    if entries().await? > 0 {
        return Ok(false);
    }
    lock.be_alone()?;
    if entries().await? > 0 {
        return Ok(false);
    }
    // What no entry speaks of is removed at the start: everything, here.
    for kept in ["vault/sources", "vault/permits", "vault/pairs"] {
        let kept = lock.path.join(kept);
        if fs::read_dir(&kept).is_ok_and(|mut inside| inside.next().is_some()) {
            return Err(Stop::usage(format!(
                "the ledger is empty, but `{}` is not: the metadata database is another one or was lost; name the right one, or restore a backup",
                kept.display()
            )));
        }
    }
    Ok(true)
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
        // Another data folder on the same database was quicker.
        Err(centre::Refused::Conflict(_)) | Ok(()) => Ok(()),
        Err(refused) => Err(refused.into()),
    }
}

/// The vault in `folder`. A new one is made only while nothing was ever written:
/// a new key opens nothing that an old one closed.
fn open_vault(
    config: &Config,
    folder: &Path,
    blank: bool,
    entropy: &Arc<dyn Entropy>,
) -> Result<Vault, Stop> {
    let path = config.master_key();
    let dir = folder.join("vault");
    if dir.join("keyring.json").exists() {
        return Vault::open_with_key_file(&dir, &path, entropy.clone()).map_err(Stop::usage);
    }
    if !blank {
        return Err(Stop::usage(format!(
            "the ledger has entries, and there is no vault in `{}`: name the data folder they belong to with `--data`, or restore a backup",
            folder.display()
        )));
    }
    let key = if path.exists() { MasterKey::load(&path) } else { new_key(&path, entropy) };
    Vault::create(&dir, key.map_err(Stop::usage)?, entropy.clone()).map_err(Stop::usage)
}

/// A new master key in a file that has its name only when it is whole.
fn new_key(path: &Path, entropy: &Arc<dyn Entropy>) -> Result<MasterKey, MasterKeyError> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    // What a program that was killed had begun; it closed nothing yet.
    let _ = fs::remove_file(&unfinished);
    MasterKey::create(&unfinished, entropy.as_ref())?;
    if let Err(error) = take_name(&unfinished, path) {
        let _ = fs::remove_file(&unfinished);
        if error.kind() == io::ErrorKind::AlreadyExists {
            return Err(MasterKeyError::Exists(path.to_owned()));
        }
        // The place cannot be written to: creating it says so in its own words.
        return MasterKey::create(path, entropy.as_ref());
    }
    MasterKey::load(path)
}

/// Gives a file another name that nothing may have yet, and keeps that.
fn take_name(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
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
            let mode = fs::metadata(path).map_err(folder::at(path))?.permissions().mode() & 0o7777;
            if mode & 0o077 != 0 {
                return Err(Stop::usage(format!(
                    "`{}` has mode {mode:04o} and others could read the password in it: `chmod 600` it",
                    path.display()
                )));
            }
            fs::read_to_string(path).map_err(folder::at(path))?.trim().to_owned()
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

fn open_gate(config: &Config, runtime: &Arc<Bubblewrap>) -> Result<RoomGate, Stop> {
    let scanner = Some(config.rooms.malware_scanner.clone())
        .filter(|socket| !socket.as_os_str().is_empty())
        .map(Scanner::new);
    let most = u64::from(config.rooms.bring_in_mib) << 20;
    RoomGate::open(Arc::clone(runtime), scanner, most).map_err(Stop::usage)
}

/// What this machine gives to rooms.
fn places(config: &Config) -> Result<room::Budget, Stop> {
    let machine = sandbox::machine_memory().map_err(|error| {
        Stop::usage(format!("how much memory this machine has is not known: {error}"))
    })?;
    Ok(config.rooms.places(machine))
}

fn open_runtime(config: &Config, folder: &Path) -> Result<Bubblewrap, Stop> {
    let mut rooms = sandbox::Config::new(folder.join("rooms"));
    rooms.python = config.python().map(Path::to_owned);
    let program = File::open("/proc/self/exe")
        .map_err(|error| Stop::usage(format!("this program cannot open itself: {error}")))?;
    let program = Arc::new(program);
    let words = vec![crate::statements::WORD.to_owned()];
    rooms.sql = Some(SqlProgram { program: Arc::clone(&program), words });
    rooms.warden = Some(WardenProgram { program, words: vec![crate::warden::WORD.to_owned()] });
    rooms.mirror = config.packages.mirror().map_err(Stop::usage)?;
    Bubblewrap::new(rooms).map_err(Stop::usage)
}
