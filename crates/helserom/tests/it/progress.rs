//! Long work says how far it is: by a bar to somebody at a terminal, in plain lines else.

use std::process::Command;

use crate::people;
use crate::place::{Place, text};

/// What a command shows that runs on a terminal of its own.
fn on_a_terminal(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut script = Command::new("script");
    script.args(["-qec", &words.join(" "), "/dev/null"]);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    let output = script.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn an_import_shows_a_bar_on_a_terminal_and_plain_lines_elsewhere() {
    let place = Place::with_laboratory();
    let import = |name: &str, rows: usize| {
        let file = place.file(name, people::values(rows));
        place.command(&["source", "import", "laboratory", text(&file)])
    };
    let shown = on_a_terminal(&import("one.csv", 20_000));
    assert!(shown.contains('█') && shown.contains(" %"), "no bar: {shown:?}");
    assert!(shown.contains("\x1b["), "the bar is drawn in one place: {shown:?}");

    let output = import("other.csv", 20_001).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.lines().any(|line| line.starts_with("laboratory: ")), "{said}");
    assert!(!said.contains(['\r', '\x1b', '█']), "{said:?}");

    // A program that reads the answer reads no progress.
    let output = import("third.csv", 20_002).arg("--json").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
