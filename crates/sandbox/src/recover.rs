//! Clearing away what a stopped server left.
//!
//! What ran is dead already: the kernel ends it with the server. Left are empty
//! control groups, folders of rooms that were half made or half removed, and
//! mounts. Each is found by the id of its room, and a room that another living
//! process minds is left alone.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use model::RoomId;
use room::{RecoverError, Recovered, Stuck};

use crate::bubblewrap::{Bubblewrap, GONE, NEW};
use crate::state::{Lock, RoomDir, RunState, boot_id};
use crate::{cgroup, disk, process, warden};

/// Ends what runs in a room, whoever started it, and takes the room's lock.
/// `None` when it does not end in time.
pub(crate) fn end_run(dir: &RoomDir, patience: Duration) -> io::Result<Option<Lock>> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(run) = dir.run()? {
            kill(&run);
        }
        // The process that minded it lets go when nothing is left of it.
        if let Some(lock) = dir.lock()? {
            forget(dir, patience)?;
            return Ok(Some(lock));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn kill(run: &RunState) {
    if run.boot == boot_id()
        && let (Some(pid), Some(began)) = (run.pid, run.began)
    {
        process::kill_if_same(pid, began);
    }
}

/// Removes what a run that nobody minds left. Says whether there was one.
pub(crate) fn forget(dir: &RoomDir, patience: Duration) -> io::Result<bool> {
    let Some(run) = dir.run()? else { return Ok(false) };
    kill(&run);
    cgroup::end(&run.groups, patience)?;
    dir.forget_run();
    Ok(true)
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
        let released = match dir.lock() {
            // Somebody runs a command in it, and lets go of it later.
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
    let Some(_lock) = dir.lock()? else {
        recovered.minded.push(room.clone());
        return Ok(());
    };
    if is_open && warden::is_there(&dir)? {
        // Its command has ended, and who minded it waits to say so.
        recovered.minded.push(room.clone());
        return Ok(());
    }
    if forget(&dir, Duration::from_secs(10))? {
        recovered.ended.push(room.clone());
    }
    if is_open {
        // Mounted by a program that was killed: mounted again when it is used.
        disk::detach(&dir)?;
    } else {
        remove(runtime, room)?;
        recovered.removed.push(room.clone());
    }
    Ok(())
}
