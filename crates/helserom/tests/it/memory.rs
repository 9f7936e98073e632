//! What is in the program's memory stays there.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use crate::place::{Place, Running, signal, text, until};

/// Names of people are in memory while they are compared.
#[test]
fn a_program_that_is_killed_writes_no_core_dump() {
    let place = Place::new();
    let program = env!("CARGO_BIN_EXE_helserom");
    let data = place.data();
    // Started where core dumps are allowed, which it then forbids itself.
    let script = format!(
        "ulimit -c unlimited; exec {program} --data {} serve --listen 127.0.0.1:0",
        text(&data)
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(place.path());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut running = Running(command.spawn().unwrap());
    let limits = format!("/proc/{}/limits", running.0.id());
    until("the vault", || data.join("vault/keyring.json").exists().then_some(()));
    let limits = fs::read_to_string(limits).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let words: Vec<&str> = core.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core}");
    signal(&running.0, "-ABRT");
    let ended = running.0.wait().unwrap();
    assert_eq!(ended.signal(), Some(6));
    assert!(!ended.core_dumped());
    let left = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!left.into_iter().any(|name| name.to_string_lossy().contains("core")));
}
