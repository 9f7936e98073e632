//! Programs started by the tasks.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// Why a task stopped, in a line for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

pub(crate) type Done = Result<(), Failed>;

/// A failure in words.
pub(crate) fn failed<T>(why: impl Into<String>) -> Result<T, Failed> {
    Err(Failed(why.into()))
}

/// Turns an error about `what` into a failure.
pub(crate) fn about<E: std::fmt::Display>(
    what: impl std::fmt::Display,
) -> impl FnOnce(E) -> Failed {
    move |error| Failed(format!("{what}: {error}"))
}

fn words(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let arguments = command.get_args().map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ");
    format!("{} {arguments}", name.to_string_lossy())
}

/// Runs `command` with the terminal as its own; an exit code other than 0 is a failure.
pub(crate) fn run(command: &mut Command) -> Done {
    let status = command.status().map_err(about(format!("cannot start `{}`", words(command))))?;
    if status.success() { Ok(()) } else { failed(format!("`{}` failed: {status}", words(command))) }
}

/// Runs `command` and returns what it printed; what it complains of is shown.
pub(crate) fn output(command: &mut Command) -> Result<String, Failed> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(about(format!("cannot start `{}`", words(command))))?;
    if !output.status.success() {
        return failed(format!("`{}` failed: {}", words(command), output.status));
    }
    String::from_utf8(output.stdout).map_err(about(format!("`{}` printed no text", words(command))))
}

/// Whether `command` runs and succeeds; it prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether a program of this name is on the path.
pub(crate) fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}
