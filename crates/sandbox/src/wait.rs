//! Waiting at a socket of a room until somebody comes, or it is shut.

use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags};

/// Waits until somebody connects to `listener`; false when the other end of `stopped`
/// is closed first.
pub(crate) fn somebody_waits(listener: &impl AsFd, stopped: &impl AsFd) -> bool {
    loop {
        let mut files = [PollFd::new(listener, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match rustix::event::poll(&mut files, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return false,
        }
        let [listener, stopped] = &files;
        if !stopped.revents().is_empty() {
            return false;
        }
        if !listener.revents().is_empty() {
            return true;
        }
    }
}
