//! The runtime: rooms as folders, commands as bubblewraps.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use model::{AccountId, RoomId, RunId, Timestamp};
use room::packages::Installed;
use room::{
    BringError, CloseError, Command, Copied, Hold, Holds, Limits, Listing, LogSink, NotRestored,
    OpenError, Opens, Packages, RecoverError, Recovered, Running, Runtime, Spec, Standing,
    StartError, Statements, Stay, Stuck, Usage, Version, Waits, WorkError, WorkFolder,
};
use rustix::fs::FlockOperation;

use crate::cgroup::{Holding, Place};
use crate::config::{Config, DiskHold};
use crate::doors::Heard;
use crate::identity::{Identity, MOST_ROOMS};
use crate::looks::Looks;
use crate::mason::Mason;
use crate::opens::{Lookout, Watching};
use crate::place::{let_go, make_rooms, private_dir};
use crate::run::Handle;
use crate::state::{Lock, RoomDir, RoomState, lock};
use crate::unusable::SandboxError;
use crate::warden::{self, Errand};
use crate::{brought, desktop, disk, extract, line, packages, parts, process, recover};

/// What a folder of a room is called while it is made, and while it is removed.
pub(crate) const NEW: &str = ".new-";
pub(crate) const GONE: &str = ".gone-";

/// Rooms on this machine, each sealed by bubblewrap.
pub struct Bubblewrap {
    pub(crate) rooms: PathBuf,
    pub(crate) config: Config,
    pub(crate) identity: Identity,
    pub(crate) place: Place,
    pub(crate) mason: Arc<Mason>,
    running: Mutex<Vec<(RoomId, Arc<Handle>)>>,
    /// Whether commands that are started now are to outlive this program.
    pub(crate) outlives: AtomicBool,
    /// Who takes down what runs that are about to be started ask for.
    pub(crate) heard: Heard,
    /// The packages that every room has.
    pub(crate) installed: Vec<Installed>,
    /// Which tables of extracts are opened; nothing where the machine does not tell.
    pub(crate) lookout: Option<Arc<Lookout>>,
    looks: Looks,
}

impl std::fmt::Debug for Bubblewrap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bubblewrap").field("rooms", &self.rooms).finish_non_exhaustive()
    }
}

impl Bubblewrap {
    /// The runtime, after a first room was made, run in and removed: a machine
    /// that cannot seal a room is found out here and not by a researcher.
    pub fn new(config: Config) -> Result<Self, SandboxError> {
        let runtime = Self::unproved(config)?;
        runtime.probe().map_err(SandboxError::Machine)?;
        Ok(runtime)
    }

    /// The runtime as it is, where another program made the first room.
    pub(crate) fn unproved(config: Config) -> Result<Self, SandboxError> {
        let rooms = make_rooms(&config.rooms).map_err(|error| SandboxError::Rooms {
            path: config.rooms.clone(),
            why: error.to_string(),
        })?;
        let mut config = config;
        if let Some(python) = &config.python {
            let found = python.canonicalize().map_err(|error| SandboxError::Python {
                path: python.clone(),
                why: error.to_string(),
            })?;
            config.python = Some(found);
        }
        Ok(Self {
            rooms,
            identity: Identity::find(config.first_uid).map_err(SandboxError::Users)?,
            place: Place::find(&config.cgroup),
            mason: Arc::new(Mason::new(config.bwrap.clone(), config.python.clone())?),
            running: Mutex::default(),
            outlives: AtomicBool::new(false),
            heard: Heard::default(),
            installed: packages::installed(config.python.as_deref()),
            looks: Looks::default(),
            lookout: Lookout::new()
                .inspect_err(|error| tracing::warn!(%error, "nobody hears which tables are opened"))
                .ok(),
            config,
        })
    }

    /// What makes the limits of a room hold here, `image` saying whether its
    /// work folder is a file system of its own.
    pub(crate) fn holds(&self, image: bool) -> Holds {
        let holding = self.place.holding();
        let watched = if process::can_look() { Hold::Watched } else { Hold::Nothing };
        let kind = |held| if held { Hold::Kernel } else { watched };
        Holds {
            memory: kind(holding.memory),
            // By affinity: whole processors, and no way to leave them.
            cpu: Holding::kind(holding.cpu),
            processes: kind(holding.processes),
            disk: Holding::kind(image),
        }
    }

    pub(crate) fn dir(&self, room: &RoomId) -> RoomDir {
        RoomDir(self.rooms.join(room.as_str()))
    }

    fn handles(&self) -> MutexGuard<'_, Vec<(RoomId, Arc<Handle>)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a command as long as it runs.
    pub(crate) fn remember(&self, room: &RoomId, handle: &Arc<Handle>) {
        let mut handles = self.handles();
        handles.retain(|(_, known)| known.ended().is_none());
        handles.push((room.clone(), Arc::clone(handle)));
    }

    /// The commands of a room that this process has not seen end.
    pub(crate) fn ours(&self, room: &RoomId) -> Vec<Arc<Handle>> {
        let handles = self.handles();
        let of_room = handles.iter().filter(|(of, handle)| of == room && handle.ended().is_none());
        of_room.map(|(_, handle)| Arc::clone(handle)).collect()
    }

    /// Watches which tables of an extract are opened from now on.
    pub(crate) fn watch(&self, data: &Path) -> Option<Watching> {
        let watching = self.lookout.as_ref()?.watch(data);
        watching
            .inspect_err(|error| tracing::warn!(%error, "nobody hears which tables are opened"))
            .ok()
    }

    /// Makes sure that the work folder of a room is there. One at a time, so that
    /// no two processes mount it twice.
    pub(crate) fn attach(&self, dir: &RoomDir, state: &RoomState) -> io::Result<()> {
        if !state.image || disk::is_mounted(&dir.disk())? {
            return Ok(());
        }
        let _turn = self.lock_rooms()?;
        disk::attach(dir, state)
    }

    /// Keeps other processes from opening and removing rooms meanwhile.
    pub(crate) fn lock_rooms(&self) -> io::Result<Option<Lock>> {
        lock(&self.rooms.join(".lock"), FlockOperation::LockExclusive)
    }

    /// The user ids of the rooms that there are.
    fn taken(&self) -> io::Result<BTreeSet<u32>> {
        let mut taken = BTreeSet::new();
        for entry in std::fs::read_dir(&self.rooms)? {
            let dir = RoomDir(entry?.path());
            taken.extend(dir.state().ok().flatten().and_then(|state| state.uid));
        }
        Ok(taken)
    }

    /// An id for a room that is gone at once.
    pub(crate) fn spare_uid(&self) -> Option<u32> {
        match self.identity {
            Identity::Own => None,
            Identity::Each { first } => Some(first + MOST_ROOMS - 1),
        }
    }

    /// Makes the folder of a room that shows `data`.
    pub(crate) fn make(
        &self,
        room: &RoomId,
        limits: &Limits,
        data: PathBuf,
    ) -> Result<RoomState, OpenError> {
        self.make_with(room, limits, data, &|_, _| Ok(()))
    }

    /// The same, filled before it is in its place.
    pub(crate) fn make_with(
        &self,
        room: &RoomId,
        limits: &Limits,
        data: PathBuf,
        fill: &dyn Fn(&RoomDir, &RoomState) -> io::Result<()>,
    ) -> Result<RoomState, OpenError> {
        let failed = |what| {
            move |error: io::Error| OpenError::Machine {
                room: room.clone(),
                what,
                why: error.to_string(),
            }
        };
        let taken = self.taken().map_err(failed("the rooms were counted"))?;
        let uid =
            self.identity.next(&taken).map_err(|()| OpenError::TooMany(MOST_ROOMS as usize))?;
        let wanted = limits.disk;
        let free = disk::free(&self.rooms).map_err(failed("the disk was asked"))?;
        if free < wanted {
            return Err(OpenError::DiskFull { free: free >> 20, wanted: wanted >> 20 });
        }
        let dir = RoomDir(self.rooms.join(format!("{NEW}{room}")));
        disk::detach(&dir).map_err(failed("an unfinished room was removed"))?;
        disk::remove_tree(&dir.0).map_err(failed("an unfinished room was removed"))?;
        private_dir(&dir.0).map_err(failed("its folder was made"))?;
        let mut state = RoomState {
            room: room.clone(),
            data,
            limits: *limits,
            holds: self.holds(false),
            uid,
            image: false,
            parted: false,
        };
        private_dir(&dir.disk()).map_err(failed("its work folder was made"))?;
        brought::make(&dir).map_err(failed("its folder for what is brought in was made"))?;
        if self.config.disk == DiskHold::Best && uid.is_some() {
            state.image = true;
            let mounted = disk::make(&dir, &state.limits, uid)
                .and_then(|()| disk::attach(&dir, &state))
                .and_then(|()| parts::part(&dir, &mut state))
                .and_then(|()| disk::detach(&dir));
            if let Err(error) = mounted {
                tracing::warn!(%room, %error, "the work folder is watched: no file system of its size");
                let _ = std::fs::remove_file(dir.image());
                state.image = false;
            }
        }
        if !state.image {
            parts::part(&dir, &mut state).map_err(failed("its work folder was given to it"))?;
        }
        state.holds = self.holds(state.image);
        dir.put_state(&state).map_err(failed("what it is made with was noted"))?;
        fill(&dir, &state).map_err(failed("what was in it was put back"))?;
        std::fs::rename(&dir.0, self.dir(room).0).map_err(failed("it was put in its place"))?;
        Ok(state)
    }
}

impl Runtime for Bubblewrap {
    fn open(&self, spec: &Spec) -> Result<Holds, OpenError> {
        let room = spec.id();
        let failed = |what| {
            move |error: io::Error| OpenError::Machine {
                room: room.clone(),
                what,
                why: error.to_string(),
            }
        };
        let _turn = self.lock_rooms().map_err(failed("the rooms were locked"))?;
        let dir = self.dir(room);
        if dir.0.exists() {
            return Err(OpenError::Exists(room.clone()));
        }
        let others = matches!(self.identity, Identity::Each { .. });
        let data = extract::check(spec.data(), others).map_err(|why| OpenError::Extract {
            path: spec.data().to_owned(),
            why: why.to_string(),
        })?;
        let state = self.make(room, spec.limits(), data)?;
        if let Err(error) = disk::attach(&dir, &state) {
            let _ = recover::remove(self, room);
            return Err(failed("its work folder was mounted")(error));
        }
        Ok(state.holds)
    }

    fn start(
        &self,
        room: &RoomId,
        run: &RunId,
        command: Command,
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        if command.words.first().is_none_or(String::is_empty) {
            return Err(StartError::NoCommand);
        }
        if command.words.iter().any(|word| word.contains('\0')) {
            return Err(StartError::ZeroByte);
        }
        let stay = Stay { wall: command.wall, person: command.person };
        let script = command.script.as_ref();
        let script = script.map(|script| (script.path(), script.text().to_owned()));
        self.begin(room, run, Errand::Command { words: command.words, script }, stay, log)
    }

    fn start_notebook(
        &self,
        room: &RoomId,
        run: &RunId,
        stay: Stay,
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        if !self.has_notebooks() {
            return Err(StartError::NoNotebooks);
        }
        self.begin(room, run, Errand::Notebook, stay, log)
    }

    fn outlive(&self) {
        self.outlives.store(true, Ordering::Relaxed);
    }

    fn adopt(
        &self,
        room: &RoomId,
        run: &RunId,
        log: &dyn Fn() -> io::Result<Arc<dyn LogSink>>,
    ) -> io::Result<Option<Arc<dyn Running>>> {
        let heard = self.heard.take(run);
        let Some(handle) = warden::adopt(self.dir(room), run, log, heard)? else {
            return Ok(None);
        };
        self.remember(room, &handle);
        Ok(Some(handle))
    }

    fn forget_others(&self, room: &RoomId, keep: &[RunId]) -> io::Result<()> {
        warden::dismiss(&self.dir(room), keep)
    }

    fn hear_statements(&self, run: &RunId, statements: Arc<dyn Statements>) {
        self.heard.statements(run, statements);
    }

    fn hear_packages(&self, run: &RunId, packages: Arc<dyn Packages>) {
        self.heard.packages(run, packages);
    }

    fn has_mirror(&self) -> bool {
        !self.config.mirror.is_empty()
    }

    fn installed(&self) -> Vec<Installed> {
        self.installed.clone()
    }

    fn opens(&self, room: &RoomId) -> Option<Box<dyn Opens>> {
        let state = self.dir(room).state().ok()??;
        Some(Box::new(self.watch(&state.data)?))
    }

    fn has_notebooks(&self) -> bool {
        let python = self.config.python.as_ref();
        python.is_some_and(|python| python.join("share/jupyter/lab/static").is_dir())
    }

    fn reach(&self, room: &RoomId, run: &RunId) -> io::Result<UnixStream> {
        self.reach_session(room, run)
    }

    fn has_desktops(&self) -> bool {
        desktop::is_there()
    }

    fn start_desktop(
        &self,
        room: &RoomId,
        run: &RunId,
        stay: Stay,
        log: Arc<dyn LogSink>,
    ) -> Result<Arc<dyn Running>, StartError> {
        if !self.has_desktops() {
            return Err(StartError::NoDesktops);
        }
        self.begin(room, run, Errand::Desktop, stay, log)
    }

    fn reach_desktop(&self, room: &RoomId, run: &RunId) -> io::Result<UnixStream> {
        self.reach_session(room, run)
    }

    fn held(&self, room: &RoomId) -> Option<u64> {
        let ours = || self.ours(room).iter().map(|running| running.memory()).sum();
        line::held(&self.dir(room)).or_else(|| Some(ours()).filter(|held| *held > 0))
    }

    fn wait_for_place(&self, room: &RoomId) -> io::Result<Option<Waits>> {
        line::wait(&self.dir(room))
    }

    fn is_waited_for(&self, room: &RoomId) -> bool {
        line::is_waited_for(&self.dir(room))
    }

    fn running(&self, room: &RoomId) -> Vec<Arc<dyn Running>> {
        self.ours(room).into_iter().map(|handle| handle as Arc<dyn Running>).collect()
    }

    fn standing(&self, room: &RoomId) -> Result<Standing, WorkError> {
        let dir = self.dir(room);
        let folder = |source| WorkError::Folder { path: dir.work(), source };
        let state = dir.state().map_err(folder)?.ok_or_else(|| WorkError::NoRoom(room.clone()))?;
        let work = if state.image {
            self.attach(&dir, &state).and_then(|()| disk::image_usage(&dir.disk()))
        } else {
            let most = Usage { bytes: u64::MAX, files: state.limits.files * 2, unseen: 0 };
            WorkFolder::open(&dir.disk())?.usage(most)
        };
        let running = self.ours(room);
        let (processes, used) = line::at_work(&dir);
        Ok(Standing {
            running: running.iter().map(|running| running.run().clone()).collect(),
            memory: self.held(room).unwrap_or_default(),
            processes,
            cpu_percent: self.looks.share(room, used, Instant::now()),
            work: work.map_err(folder)?,
        })
    }

    fn work(&self, room: &RoomId) -> Result<WorkFolder, WorkError> {
        self.work_with(room, |_| None)
    }

    fn work_of(&self, room: &RoomId, person: &AccountId) -> Result<WorkFolder, WorkError> {
        self.work_with(room, |dir| Some(dir.private(person)))
    }

    fn work_of_all(&self, room: &RoomId) -> Result<WorkFolder, WorkError> {
        self.work_with(room, |dir| Some(dir.private_of_all()))
    }

    fn keep_versions(&self, room: &RoomId, now: Timestamp) -> io::Result<()> {
        self.keep(room, now)
    }

    fn versions(&self, room: &RoomId) -> io::Result<Vec<Version>> {
        self.kept_versions(room)
    }

    fn restore(&self, room: &RoomId, version: &Version, now: Timestamp) -> Result<(), NotRestored> {
        self.put_back(room, version, now)
    }

    fn bring(&self, room: &RoomId, from: &WorkFolder) -> Result<Listing, BringError> {
        let failed = |error: io::Error| BringError::Machine {
            room: room.clone(),
            what: "the room was looked for",
            why: error.to_string(),
        };
        let _turn = self.lock_rooms().map_err(failed)?;
        let dir = self.dir(room);
        let state = dir.state().map_err(failed)?;
        let state = state.ok_or_else(|| BringError::NoRoom(room.clone()))?;
        brought::bring(&dir, room, from, state.limits.disk)
    }

    fn copy_out(&self, room: &RoomId, to: &Path) -> io::Result<Copied> {
        self.copy_room(room, to)
    }

    fn make_again(&self, room: &RoomId, limits: &Limits, data: &Path) -> Result<bool, OpenError> {
        self.make_room_again(room, limits, data)
    }

    fn quiet(&self, room: &RoomId) -> Result<(), CloseError> {
        self.end_runs(room).map(drop)
    }

    fn close(&self, room: &RoomId) -> Result<(), CloseError> {
        let failed = |what| {
            move |error: io::Error| CloseError::Machine {
                room: room.clone(),
                what,
                why: error.to_string(),
            }
        };
        // Kept until the folder is gone: nothing starts in it any more.
        if let Some(_lock) = self.end_runs(room)? {
            let _turn = self.lock_rooms().map_err(failed("the rooms were locked"))?;
            recover::remove(self, room).map_err(failed("its folder was removed"))?;
        }
        Ok(())
    }

    fn recover(&self, open: &[RoomId]) -> Result<Recovered, RecoverError> {
        recover::recover(self, open)
    }

    fn let_go(&self) -> Vec<Stuck> {
        let_go(&self.rooms)
    }

    fn is_minded(&self, room: &RoomId, run: &RunId) -> bool {
        let dir = self.dir(room);
        // Who cannot be asked may be alive.
        !matches!(dir.is_minded(run), Ok(false))
            || !matches!(warden::is_alive(&dir, run), Ok(false))
    }
}
