//! How what people are in until it is stopped is reached: the notebook server or the
//! desktop of a room.

use std::io;
use std::os::unix::net::UnixStream;

use model::RoomId;

use crate::Bubblewrap;
use crate::socket;

impl Bubblewrap {
    /// A connection to it: `name` says in which folder of the work folder its socket
    /// is, and how it is called.
    pub(crate) fn reach_socket(&self, room: &RoomId, name: (&str, &str)) -> io::Result<UnixStream> {
        let dir = self.dir(room);
        let state = dir.state()?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        socket::connect(&dir.work_in(&state), name, state.uid)
    }
}
