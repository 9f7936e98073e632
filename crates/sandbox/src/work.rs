//! Looking into the work folder of a room.

use std::io;
use std::path::PathBuf;

use model::RoomId;
use room::{WorkError, WorkFolder};

use crate::Bubblewrap;
use crate::disk;
use crate::state::RoomDir;

/// How many times a work folder is mounted and opened before it is given up.
const TRIES: usize = 3;

impl Bubblewrap {
    /// The work folder with the folder that `private` names in the place of the
    /// private one, where it is there: who never ran anything has none.
    pub(crate) fn work_with(
        &self,
        room: &RoomId,
        private: impl Fn(&RoomDir) -> Option<PathBuf>,
    ) -> Result<WorkFolder, WorkError> {
        let dir = self.dir(room);
        let folder = |source| WorkError::Folder { path: dir.disk(), source };
        let state = dir.state().map_err(folder)?.ok_or_else(|| WorkError::NoRoom(room.clone()))?;
        for _ in 0..TRIES {
            self.attach(&dir, &state).map_err(folder)?;
            let mut work = WorkFolder::open(&dir.work_in(&state))?;
            if let Some(private) = private(&dir).filter(|path| path.is_dir()) {
                work = work.with_private(&private)?;
            }
            // Another program that stops may have let go of it before it was
            // open here; from now on it cannot.
            if !state.image || disk::is_mounted(&dir.disk()).map_err(folder)? {
                return Ok(work);
            }
        }
        Err(folder(io::Error::other("it is unmounted again and again")))
    }
}
