//! What this program does as the warden of a command in a room: it minds it when the
//! server that asked for it is gone (`sandbox::keep_command`). It is started by the
//! server, with no configuration and no log, and says what it has to say to servers.

use std::ffi::OsString;
use std::process::ExitCode;

/// The word that starts this instead of the command line.
pub(crate) const WORD: &str = "mind-a-command";

/// Minds a command, if that is what the words say.
pub(crate) fn called(mut words: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    if words.nth(1)? != WORD {
        return None;
    }
    // What commands print passes through it.
    crate::memory::keep_private();
    Some(if sandbox::keep_command().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
