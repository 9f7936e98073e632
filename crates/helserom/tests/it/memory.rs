//! The program's memory: how much of it, and what is in it stays there.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::people;
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

/// The most memory that the import of a file ever had, in MiB, where 32 MiB of rows may
/// wait.
fn peak_of_import(place: &Place, file: &Path) -> u64 {
    let mut command = place.command(&["source", "import", "laboratory", text(file)]);
    command.env("HELSEROM_WORK_MEMORY_MIB", "32");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = Running(command.spawn().unwrap());
    let status = format!("/proc/{}/status", running.0.id());
    let mut peak = 0;
    loop {
        let now = fs::read_to_string(&status).unwrap_or_default();
        let most = now.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = most.and_then(|most| most.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or_default() >> 10);
        if let Some(ended) = running.0.try_wait().unwrap() {
            assert!(ended.success());
            return peak;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// A laboratory's values of 5,000 people on so many days.
fn days(place: &Place, name: &str, days: i32) -> std::path::PathBuf {
    let people: Vec<String> = (0..5_000).map(people::id).collect();
    let mut rows = format!("{}\n", people::HEADER);
    for day in 0..days {
        let date = model::Date::constant(2000, 1, 1).saturating_add(jiff::Span::new().days(day));
        for (n, id) in people.iter().enumerate() {
            writeln!(rows, "{id},Kari Prøve {n},{date},hdl,{},a word on it", n % 100).unwrap();
        }
    }
    place.file(name, rows)
}

#[test]
fn the_import_of_a_larger_file_has_no_more_memory() {
    let place = Place::with_laboratory();
    let file = days(&place, "smaller.csv", 100);
    let smaller = peak_of_import(&place, &file);
    let file = days(&place, "larger.csv", 400);
    let size = fs::metadata(&file).unwrap().len() >> 20;
    let larger = peak_of_import(&place, &file);
    // What varies is how much waits between the threads.
    assert!(larger < smaller + size / 2, "{smaller} MiB, then {larger} MiB, of {size} MiB");
}
