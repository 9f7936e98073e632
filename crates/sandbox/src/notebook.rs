//! The notebook server of a room: how it is started, and how it is reached.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use model::RoomId;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use crate::walls::Setting;

/// The folder in the work folder that the server keeps its own things in, and
/// its socket there. The work folder is the one place that a room can write to
/// and that is bounded.
const FOLDER: &str = ".jupyter";
/// Where the room sees its work folder.
const WORK: &str = "/work";
const SOCKET: &str = "room.sock";

const SERVER: &str = include_str!("../notebook/server.py");
const KERNEL: &str = include_str!("../notebook/kernel.py");
const KERNEL_SPEC: &str = include_str!("../notebook/kernel.json");
const R_SPEC: &str = include_str!("../notebook/r.json");
const PAGE: &str = include_str!("../notebook/page_config.json");
const OVERRIDES: &str = include_str!("../notebook/overrides.json");

/// The command that starts it. `exec`: it is the process that is minded. `-P`:
/// nothing is imported from the work folder, where files have any name.
pub(crate) fn words() -> Vec<String> {
    let line = "mkdir -p \"$NOTEBOOK_FOLDER\" && \
                exec python3 -P -m jupyterlab --config /run/notebook/server.py";
    ["/bin/sh", "-c", line].map(str::to_owned).to_vec()
}

/// What it finds in the room besides its program.
pub(crate) fn setting(room: &RoomId) -> Setting {
    let text = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let variable = |name, value: &str| (name, value.to_owned());
    let folder = format!("{WORK}/{FOLDER}");
    Setting {
        texts: vec![
            text("/run/notebook/server.py", SERVER),
            text("/run/notebook/kernel.py", KERNEL),
            text("/run/notebook/data/kernels/python3/kernel.json", KERNEL_SPEC),
            text("/run/notebook/data/kernels/ir/kernel.json", R_SPEC),
            text("/run/notebook/settings/page_config.json", PAGE),
            text("/run/notebook/settings/overrides.json", OVERRIDES),
        ],
        variables: vec![
            variable("NOTEBOOK_FOLDER", &folder),
            variable("NOTEBOOK_SOCKET", &format!("{folder}/{SOCKET}")),
            variable("NOTEBOOK_BASE", &format!("/{room}/")),
            variable("JUPYTER_CONFIG_DIR", "/run/notebook"),
            variable("JUPYTER_PATH", "/run/notebook/data"),
            variable("JUPYTER_DATA_DIR", "/tmp/jupyter-data"),
            variable("JUPYTER_RUNTIME_DIR", "/tmp/jupyter"),
            variable("IPYTHONDIR", "/tmp/ipython"),
        ],
        ..Setting::default()
    }
}

/// Connects to the socket in the work folder. The room may have put anything in
/// its place: what is found is held first, then seen to be a socket that belongs
/// to the room, and only then connected to, through the very thing that was seen.
pub(crate) fn connect(work: &Path, uid: Option<u32>) -> io::Result<UnixStream> {
    let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let work = rustix::fs::open(work, folder, Mode::empty())?;
    let inner = rustix::fs::openat(&work, FOLDER, folder, Mode::empty())?;
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let socket = rustix::fs::openat(&inner, SOCKET, flags, Mode::empty())?;
    is_the_rooms(&socket, &work, uid)?;
    // Not waited for: a room whose server takes nobody in must not hold threads.
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let stream = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let at = SocketAddrUnix::new(format!("/proc/self/fd/{}", socket.as_raw_fd()))?;
    rustix::net::connect(&stream, &at)?;
    let stream = UnixStream::from(stream);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

fn is_the_rooms(socket: &OwnedFd, work: &OwnedFd, uid: Option<u32>) -> io::Result<()> {
    let (found, folder) = (rustix::fs::fstat(socket)?, rustix::fs::fstat(work)?);
    let owner = uid.unwrap_or(folder.st_uid);
    if FileType::from_raw_mode(found.st_mode) != FileType::Socket
        || found.st_uid != owner
        || found.st_dev != folder.st_dev
    {
        return Err(io::Error::other("what lies in its place is no socket of the room"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn work() -> tempfile::TempDir {
        let work = tempfile::tempdir().unwrap();
        std::fs::create_dir(work.path().join(FOLDER)).unwrap();
        work
    }

    #[test]
    fn the_socket_of_the_room_is_reached() {
        let work = work();
        let _listener = UnixListener::bind(work.path().join(FOLDER).join(SOCKET)).unwrap();
        assert!(connect(work.path(), None).is_ok());
        assert!(connect(work.path(), Some(u32::MAX - 2)).is_err(), "of another user");
    }

    #[test]
    fn a_server_that_takes_nobody_in_is_not_waited_for() {
        let work = work();
        let _listener = UnixListener::bind(work.path().join(FOLDER).join(SOCKET)).unwrap();
        let mut taken = Vec::new();
        let refused = loop {
            match connect(work.path(), None) {
                Ok(stream) => taken.push(stream),
                Err(error) => break error,
            }
        };
        assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn nothing_else_in_its_place_is() {
        let elsewhere = tempfile::tempdir().unwrap();
        let outside = elsewhere.path().join(SOCKET);
        let _listener = UnixListener::bind(&outside).unwrap();

        let linked = work();
        std::os::unix::fs::symlink(&outside, linked.path().join(FOLDER).join(SOCKET)).unwrap();
        assert!(connect(linked.path(), None).is_err(), "a link to a socket of the machine");

        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join(FOLDER)).unwrap();
        assert!(connect(folder.path(), None).is_err(), "a link to a folder of the machine");

        let plain = work();
        std::fs::write(plain.path().join(FOLDER).join(SOCKET), "x").unwrap();
        assert!(connect(plain.path(), None).is_err(), "a plain file");
        assert!(connect(work().path(), None).is_err(), "nothing");
    }
}
