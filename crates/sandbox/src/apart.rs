//! A program of ours in a room of its own, with one file that may have been made
//! to harm whoever reads it. The room is gone afterwards; what it wrote is read
//! like any work folder.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{RoomId, RunId};
use room::{Ended, Limits, LogLine, LogSink, Running as _, Runtime as _, WorkFolder};

use crate::bubblewrap::Bubblewrap;
use crate::place::private_dir;
use crate::walls::Setting;

/// What the file is called in the room, below `/data`.
const FILE: &str = "file";

/// Rooms of one process are told apart by this.
static TURN: AtomicU64 = AtomicU64::new(0);

/// A room in which one program ran to its end. It is removed when this is dropped.
#[derive(Debug)]
pub struct Apart<'a> {
    runtime: &'a Bubblewrap,
    room: RoomId,
    /// How the program ended.
    pub ended: Ended,
}

impl Apart<'_> {
    /// What it wrote.
    pub fn work(&self) -> Result<WorkFolder, room::WorkError> {
        self.runtime.work(&self.room)
    }
}

impl Drop for Apart<'_> {
    fn drop(&mut self) {
        clear(self.runtime, &self.room);
    }
}

/// What cannot be removed goes at the next start: no entry speaks of it.
fn clear(runtime: &Bubblewrap, room: &RoomId) {
    if let Err(error) = runtime.close(room) {
        tracing::warn!(%room, %error, "a room that is no longer needed is left");
    }
}

impl Bubblewrap {
    /// Runs `program` with `words` on `file`, which it finds as `/data/file`, in a
    /// room of its own of this size. Waits until it has ended.
    pub fn apart(
        &self,
        file: &[u8],
        program: &File,
        words: &[&str],
        limits: &Limits,
    ) -> io::Result<Apart<'_>> {
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let name = format!("room-apart-{}-{turn}", std::process::id());
        let room: RoomId = name.parse().map_err(io::Error::other)?;
        let run: RunId = name.replacen("room", "run", 1).parse().map_err(io::Error::other)?;
        let made = self.make_apart(&room, file, limits);
        let running = made.and_then(|()| {
            let setting = Setting { program: Some(program.try_clone()?), ..Setting::default() };
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            self.launch(&room, &run, (&words, setting), limits.wall(), Arc::new(Unheard))
                .map_err(io::Error::other)
        });
        match running {
            Ok(handle) => Ok(Apart { runtime: self, room, ended: handle.wait() }),
            Err(error) => {
                clear(self, &room);
                Err(error)
            }
        }
    }

    fn make_apart(&self, room: &RoomId, file: &[u8], limits: &Limits) -> io::Result<()> {
        let _turn = self.lock_rooms()?;
        let dir = self.dir(room);
        // In the room's own folder, so that it goes with it.
        let data = dir.0.join("data");
        let uid = self.make(room, limits, data.clone()).map_err(io::Error::other)?.uid;
        private_dir(&data)?;
        let path = data.join(FILE);
        let mut copy = File::options().write(true).create_new(true).mode(0o400).open(&path)?;
        copy.write_all(file)?;
        for path in [&path, &data] {
            if let Some(uid) = uid {
                std::os::unix::fs::chown(path, Some(uid), Some(uid))?;
            }
        }
        Ok(())
    }
}

/// What the program prints may be what the file made it print.
struct Unheard;

impl LogSink for Unheard {
    fn line(&self, _: LogLine<'_>) {}
}
