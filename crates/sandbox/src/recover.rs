//! Clearing away what a stopped server left.
//!
//! What ran is dead already: the kernel ends it with the server. Left are empty
//! control groups, folders of rooms that were half made or half removed, and
//! mounts. Each is found by the id of its room, and a room that another living
//! process minds is left alone.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use model::{RoomId, RunId};
use room::{RecoverError, Recovered, Stuck};

use crate::bubblewrap::{Bubblewrap, GONE, NEW};
use crate::kept::RESTORED;
use crate::state::{Lock, RoomDir, RunState, boot_id};
use crate::{cgroup, disk, process, warden};

/// How often it is looked whether something has ended.
const BREATH: Duration = Duration::from_millis(5);

/// Ends everything that runs in a room, whoever started it, and takes the room for this
/// process alone. `None` when it does not end in time.
pub(crate) fn end_runs(dir: &RoomDir, patience: Duration) -> io::Result<Option<Lock>> {
    let deadline = Instant::now() + patience;
    loop {
        dir.runs()?.iter().for_each(kill);
        // The processes that minded them let go when nothing is left of them.
        if let Some(lock) = dir.seize()? {
            for run in dir.runs()? {
                forget(dir, &run, patience)?;
            }
            return Ok(Some(lock));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        std::thread::sleep(BREATH);
    }
}

/// Ends a run that nobody minds. Says whether it ended in time.
pub(crate) fn end_run(dir: &RoomDir, run: &RunId, patience: Duration) -> io::Result<bool> {
    let deadline = Instant::now() + patience;
    loop {
        let Some(state) = dir.runs()?.into_iter().find(|state| state.run == *run) else {
            return Ok(true);
        };
        kill(&state);
        if let Some(_lock) = dir.mind(run)? {
            return forget(dir, &state, patience).map(|()| true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        std::thread::sleep(BREATH);
    }
}

fn kill(run: &RunState) {
    if run.boot == boot_id()
        && let (Some(pid), Some(began)) = (run.pid, run.began)
    {
        process::kill_if_same(pid, began);
    }
}

/// Removes what runs of processes that were killed left in a room.
pub(crate) fn forget_unminded(dir: &RoomDir, patience: Duration) -> io::Result<()> {
    for run in dir.runs()? {
        if let Some(_lock) = dir.mind(&run.run)? {
            forget(dir, &run, patience)?;
        }
    }
    Ok(())
}

/// Removes what a run that nobody minds left.
fn forget(dir: &RoomDir, run: &RunState, patience: Duration) -> io::Result<()> {
    kill(run);
    cgroup::end(&run.groups, patience)?;
    dir.forget_run(&run.run);
    Ok(())
}

/// Removes the folder of a room: at once out of its place, then bit by bit.
pub(crate) fn remove(runtime: &Bubblewrap, room: &RoomId) -> io::Result<()> {
    let dir = runtime.dir(room);
    disk::detach(&dir)?;
    let gone = RoomDir(runtime.rooms.join(format!("{GONE}{room}")));
    disk::remove_tree(&gone.0)?;
    std::fs::rename(&dir.0, &gone.0)?;
    disk::remove_tree(&gone.0)
}

/// See [`room::Runtime::recover`]. One room that the machine does not let go of
/// keeps none of the others.
pub(crate) fn recover(runtime: &Bubblewrap, open: &[RoomId]) -> Result<Recovered, RecoverError> {
    let unreadable = |error: io::Error| RecoverError::Folder {
        path: runtime.rooms.clone(),
        why: error.to_string(),
    };
    let _turn = runtime.lock_rooms().map_err(unreadable)?;
    let mut recovered = Recovered {
        missing: open.iter().filter(|room| !runtime.dir(room).0.exists()).cloned().collect(),
        ..Recovered::default()
    };
    for entry in std::fs::read_dir(&runtime.rooms).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let cleared = if name.starts_with(NEW) || name.starts_with(GONE) {
            let dir = RoomDir(entry.path());
            disk::detach(&dir).and_then(|()| disk::remove_tree(&dir.0))
        } else if name.starts_with(RESTORED) {
            runtime.forget_restored(name, open)
        } else if let Ok(room) = name.parse::<RoomId>() {
            recover_room(runtime, &room, open.contains(&room), &mut recovered)
        } else {
            Ok(())
        };
        if let Err(error) = cleared {
            let why = format!("what a stopped centre left could not be removed: {error}");
            recovered.stuck.push(Stuck { room: name.to_owned(), why });
        }
    }
    Ok(recovered)
}

/// Takes the file systems off the work folders below `rooms` in which nothing
/// runs. One that another process reads in at this moment is left to it.
pub(crate) fn let_go(rooms: &Path) -> io::Result<Vec<Stuck>> {
    let mut stuck = Vec::new();
    for entry in std::fs::read_dir(rooms)? {
        let entry = entry?;
        let dir = RoomDir(entry.path());
        let Ok(Some(state)) = dir.state() else { continue };
        if !state.image {
            continue;
        }
        let released = match dir.seize() {
            // Something runs in it, and it is let go of later.
            Ok(None) => continue,
            Ok(Some(_lock)) => disk::release(&dir),
            Err(error) => Err(error),
        };
        if let Err(error) = released {
            let room = entry.file_name().to_string_lossy().into_owned();
            let why = format!("its work folder could not be unmounted: {error}");
            stuck.push(Stuck { room, why });
        }
    }
    Ok(stuck)
}

fn recover_room(
    runtime: &Bubblewrap,
    room: &RoomId,
    is_open: bool,
    recovered: &mut Recovered,
) -> io::Result<()> {
    let dir = runtime.dir(room);
    let mut is_in_use = false;
    for run in dir.runs()? {
        let Some(_lock) = dir.mind(&run.run)? else {
            recovered.minded.push(run.run);
            is_in_use = true;
            continue;
        };
        forget(&dir, &run, Duration::from_secs(10))?;
        if !is_open || !warden::is_alive(&dir, &run.run)? {
            recovered.ended.push(run.run);
        }
    }
    if is_in_use {
        return Ok(());
    }
    if is_open {
        // Their commands have ended, and who minded them waits to say so.
        let wait = warden::kept(&dir)?;
        let is_left_alone = !wait.is_empty();
        recovered.minded.extend(wait);
        // Mounted by a program that was killed: mounted again when it is used.
        if !is_left_alone && let Some(_lock) = dir.seize()? {
            disk::detach(&dir)?;
        }
    } else if let Some(_lock) = dir.seize()? {
        remove(runtime, room)?;
        recovered.removed.push(room.clone());
    }
    Ok(())
}
