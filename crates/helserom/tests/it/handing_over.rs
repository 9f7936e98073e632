//! Programs of one room hand results over, in R and in Python.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command};

/// What each of them hands over.
const FILES: usize = 12;

fn program(language: &str, name: &str, work: &Path) -> Child {
    let rooms = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rooms");
    let mut command = if language == "R" {
        let source = rooms.join("r/R/helserom.R");
        let script = format!(
            "source('{}'); for (n in 1:{FILES}) {{ file <- sprintf('{name}-%d.txt', n); \
             writeLines('x', file.path(work_folder(), file)); hand_over(file, note = 'n') }}",
            source.display()
        );
        let mut command = Command::new("Rscript");
        command.args(["--vanilla", "-e", &script]);
        command
    } else {
        let script = format!(
            "import helserom, os\nfor n in range(1, {FILES} + 1):\n    file = f'{name}-{{n}}.txt'\n    \
             open(os.path.join(helserom.WORK, file), 'w').close()\n    \
             helserom.hand_over(file, note='n')\n"
        );
        let mut command = Command::new("python3");
        command.args(["-B", "-c", &script]).env("PYTHONPATH", rooms.join("python"));
        command
    };
    command.env("HELSEROM_WORK", work).spawn().unwrap()
}

#[test]
fn programs_that_hand_over_at_once_lose_nothing_of_each_other() {
    let work = tempfile::tempdir().unwrap();
    // Left by one that was stopped in the middle of its turn, long ago.
    let left = work.path().join(".handing-over");
    fs::create_dir(&left).unwrap();
    let long_ago = ["-d", "1 hour ago"];
    assert!(Command::new("touch").args(long_ago).arg(&left).status().unwrap().success());
    let all = [("R", "r1"), ("R", "r2"), ("Python", "p1"), ("Python", "p2"), ("Python", "p3")];
    let running: Vec<Child> = all.iter().map(|(of, name)| program(of, name, work.path())).collect();
    for mut one in running {
        assert!(one.wait().unwrap().success());
    }
    let list = fs::read_to_string(work.path().join("handed-over.json")).unwrap();
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let names: BTreeSet<&str> = list["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), all.len() * FILES, "{names:?}");
    assert!(!left.exists());
    let unfinished = fs::read_dir(work.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!unfinished.into_iter().any(|name| name.to_string_lossy().starts_with('.')));
}

#[test]
fn who_hands_over_on_a_full_disk_is_told_and_does_not_wait_for_ever() {
    let work = tempfile::tempdir().unwrap();
    // Of three inodes one is the folder's own, and no folder can be made beside two files.
    let full = "mount -t tmpfs -o nr_inodes=3 none \"$0\" && touch \"$0/r1-1.txt\" \"$0/b\" && \
                exec timeout 60 \"$@\"";
    for (program, flag, script, says) in [
        ("Rscript", "-e", "source('r/R/helserom.R'); hand_over('b', note = 'n')", "nothing can be"),
        (
            "python3",
            "-c",
            "import sys; sys.path.insert(0, 'python'); sys.dont_write_bytecode = True\n\
             import helserom; helserom.hand_over('b', note='n')",
            "No space left",
        ),
    ] {
        let answer = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", full])
            .arg(work.path())
            .args([program, flag, script])
            .env("HELSEROM_WORK", work.path())
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rooms"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&answer.stderr);
        assert_eq!(answer.status.code(), Some(1), "{program}: {said}");
        assert!(said.contains(says), "{program}: {said}");
    }
}
