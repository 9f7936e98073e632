//! Sockets: of what runs in a room, in its work folder, and ours beside it.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

/// Connects to a socket in a folder of the room's, below `work`, which is ours. The room may have put anything in
/// its place: what is found is held first, then seen to be a socket that belongs
/// to the room, and only then connected to, through the very thing that was seen.
pub(crate) fn connect(
    work: &Path,
    (folder, name): (&str, &str),
    uid: Option<u32>,
) -> io::Result<UnixStream> {
    let opened = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let work = rustix::fs::open(work, opened, Mode::empty())?;
    let inner = rustix::fs::openat(&work, folder, opened, Mode::empty())?;
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let socket = rustix::fs::openat(&inner, name, flags, Mode::empty())?;
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

/// A folder of ours with a socket in it, held open: a path of a socket has 107 bytes
/// at the most, and the folder of a room may lie deeper.
pub(crate) struct In(OwnedFd);

impl In {
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::open(folder, flags, Mode::empty())?))
    }

    /// A short path of the socket `name`, good as long as this is held.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("/proc/self/fd/{}/{name}", self.0.as_raw_fd())
    }
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
    use crate::session::SOCKET;

    const FOLDER: &str = "run-2b4d6f8h0k";

    fn work() -> tempfile::TempDir {
        let work = tempfile::tempdir().unwrap();
        std::fs::create_dir(work.path().join(FOLDER)).unwrap();
        work
    }

    #[test]
    fn the_socket_of_the_room_is_reached() {
        let work = work();
        let _listener = UnixListener::bind(work.path().join(FOLDER).join(SOCKET)).unwrap();
        assert!(connect(work.path(), (FOLDER, SOCKET), None).is_ok());
        assert!(
            connect(work.path(), (FOLDER, SOCKET), Some(u32::MAX - 2)).is_err(),
            "of another user"
        );
    }

    #[test]
    fn a_server_that_takes_nobody_in_is_not_waited_for() {
        let work = work();
        let _listener = UnixListener::bind(work.path().join(FOLDER).join(SOCKET)).unwrap();
        let mut taken = Vec::new();
        let refused = loop {
            match connect(work.path(), (FOLDER, SOCKET), None) {
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
        assert!(
            connect(linked.path(), (FOLDER, SOCKET), None).is_err(),
            "a link to a socket of the machine"
        );

        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join(FOLDER)).unwrap();
        assert!(
            connect(folder.path(), (FOLDER, SOCKET), None).is_err(),
            "a link to a folder of the machine"
        );

        let plain = work();
        std::fs::write(plain.path().join(FOLDER).join(SOCKET), "x").unwrap();
        assert!(connect(plain.path(), (FOLDER, SOCKET), None).is_err(), "a plain file");
        assert!(connect(work().path(), (FOLDER, SOCKET), None).is_err(), "nothing");
    }
}
