//! What is wrong with the set-up is said in one line that says what to do: exit 2.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::place::{Place, Said, program, text};

/// What `config explain` says to a config of this text.
#[track_caller]
fn config(lines: &str) -> String {
    let place = Place::new();
    let file = place.file("helserom.toml", lines);
    let said = place.says(&["--config", text(&file), "config", "explain"]);
    assert!(!place.data().exists());
    said.only_line(2).replace(text(&file), "FILE")
}

#[test]
fn a_config_that_cannot_be_read() {
    let place = Place::new();
    let said = place.says(&["--config", "nowhere.toml", "config", "explain"]);
    assert!(said.only_line(2).starts_with("config `nowhere.toml` cannot be read"), "{said:?}");
}

#[test]
fn a_config_that_is_no_toml() {
    assert!(config("version = 1\n[server\n").starts_with("config `FILE`, line 2: "));
}

#[test]
fn an_unknown_key_with_the_nearest() {
    assert_eq!(
        config("version = 1\n[server]\nlisten-on = \"127.0.0.1:1\"\n"),
        "config `FILE`, line 3: there is no key `server.listen-on`; did you mean `server.listen`?"
    );
}

#[test]
fn an_unknown_key_and_table_like_no_other_say_where_all_are_listed() {
    for (text, what) in [
        (
            "version = 1\n[server]\nxyzzy-plugh = 1\n",
            "line 3: there is no key `server.xyzzy-plugh`",
        ),
        ("version = 1\n[xyzzyplugh]\n", "line 2: there is no table `[xyzzyplugh]`"),
    ] {
        let said = config(text);
        assert!(said.contains(what), "{said}");
        assert!(said.ends_with("; `helserom config explain` lists those there are"), "{said}");
    }
}

#[test]
fn an_unknown_table_with_nothing_in_it() {
    assert_eq!(
        config("version = 1\n[sever]\n"),
        "config `FILE`, line 2: there is no table `[sever]`; did you mean `[server]`?"
    );
}

#[test]
fn a_config_without_its_version() {
    assert_eq!(
        config("[server]\nstop-seconds = 3\n"),
        "config `FILE` does not say its version: write `version = 1` as the first line"
    );
}

#[test]
fn a_config_of_a_newer_version() {
    assert!(config("version = 7\n").contains("this program reads version 1 of the config, not 7"));
}

#[test]
fn a_value_of_the_wrong_kind() {
    let told = config("version = 1\n[server]\nstop-seconds = \"soon\"\n");
    assert!(told.starts_with("`server.stop-seconds` (FILE:3): "), "{told}");
    let told = config("version = 1\n[server]\nlanguage = \"fr\"\n");
    assert!(told.starts_with("`server.language` (FILE:3): "), "{told}");
}

#[test]
fn a_variable_that_means_nothing_with_the_nearest() {
    let place = Place::new();
    let mut command = place.command(&["config", "explain"]);
    let said = Said::from(command.env("HELSEROM_DATA_FOLDR", "x").output().unwrap());
    let told = said.only_line(2);
    assert!(told.contains("no variable `HELSEROM_DATA_FOLDR`"), "{told}");
    assert!(told.contains("did you mean `HELSEROM_DATA_FOLDER`?"), "{told}");
}

#[test]
fn a_variable_that_is_no_text() {
    let garbled = OsStr::from_bytes(b"caf\xe9");
    let mut command = program();
    let other = command.args(["config", "explain"]).env("SOMETHING", garbled).output().unwrap();
    assert!(other.status.success(), "another program's variables are not ours to judge");
    let said = Said::from(command.env("HELSEROM_LOG_LEVEL", garbled).output().unwrap());
    let told = said.only_line(2);
    assert!(told.contains("`log.level`") && told.contains("not UTF-8"), "{told}");
}

#[test]
fn who_acts_may_come_from_the_environment() {
    let place = Place::new();
    let mut command = place.command(&["account", "list"]);
    assert!(command.env("HELSEROM_AS", "operator").output().unwrap().status.success());
}

#[test]
fn a_port_in_use_is_told_before_anything_is_done() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::new();
    for words in [&["serve"][..], &["demo", "--no-browser"]] {
        let mut all = words.to_vec();
        all.extend(["--listen", &address]);
        let said = place.says(&all);
        let told = said.only_line(2);
        assert!(told.contains(&address) && told.contains("choose another"), "{told}");
        assert!(!place.data().exists(), "{words:?} made a data folder first");
    }
}

#[test]
fn a_port_for_notebooks_in_use_is_told_before_anything_is_done() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::new();
    for (listen, expected) in [(address.as_str(), "choose another in"), ("8421", "is no address")] {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        let command = command
            .env("HELSEROM_ROOMS_NOTEBOOK_LISTEN", listen)
            .env("HELSEROM_ROOMS_PYTHON", place.path());
        let said = Said::from(command.output().unwrap());
        let told = said.only_line(2);
        assert!(told.contains("rooms.notebook-listen") && told.contains(expected), "{told}");
        assert!(!place.data().exists());
    }
}

#[test]
fn a_port_for_metrics_in_use_is_told_before_anything_is_done() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::new();
    for (listen, expected) in [(address.as_str(), "choose another in"), ("9420", "is no address")] {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        let said =
            Said::from(command.env("HELSEROM_SERVER_METRICS_LISTEN", listen).output().unwrap());
        let told = said.only_line(2);
        assert!(told.contains("server.metrics-listen") && told.contains(expected), "{told}");
        assert!(!place.data().exists());
    }
}

#[test]
fn a_database_that_is_not_there_and_a_password_that_others_can_read() {
    let place = Place::new();
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = place.file("url", format!("postgres://somebody:opensesame@{unused}/helserom"));
    let config = format!(
        "version = 1\n[metadata]\nkind = \"postgresql\"\nurl-file = \"{}\"\n",
        url.display()
    );
    let config = place.file("helserom.toml", config);
    let list = ["--config", text(&config), "account", "list"];
    fs::set_permissions(&url, fs::Permissions::from_mode(0o640)).unwrap();
    let told = place.says(&list).only_line(2).to_owned();
    assert!(told.contains("has mode 0640") && told.contains("`chmod 600`"), "{told}");
    fs::set_permissions(&url, fs::Permissions::from_mode(0o600)).unwrap();
    let said = place.says(&list);
    let told = said.only_line(2);
    assert!(told.contains(&format!("nothing answers at {unused}")), "{told}");
    assert!(told.contains("start PostgreSQL") && !told.contains("opensesame"), "{told}");
}

#[test]
fn a_time_zone_that_there_is_not() {
    let place = Place::new();
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    let said =
        Said::from(command.env("HELSEROM_SERVER_TIME_ZONE", "Europe/Olso").output().unwrap());
    assert!(said.only_line(2).starts_with("`server.time-zone`: there is no time zone"), "{said:?}");
}

#[test]
fn plain_http_stays_on_this_machine_unless_the_config_says_otherwise() {
    let place = Place::new();
    for words in [&["serve"][..], &["demo", "--no-browser"]] {
        let mut all = words.to_vec();
        all.extend(["--listen", "0.0.0.0:0"]);
        let said = place.says(&all);
        assert!(said.only_line(2).contains("`server.plain-http = true`"), "{said:?}");
        assert!(!place.data().exists());
    }
}

#[test]
fn a_data_folder_of_a_newer_version() {
    let place = Place::new();
    place.does(&["account", "list"]);
    fs::write(place.data().join("VERSION"), "2\n").unwrap();
    let said = place.says(&["account", "list"]);
    assert!(said.only_line(2).contains("run the newer program"), "{said:?}");
}

#[test]
fn a_metadata_database_of_a_newer_version() {
    let place = Place::new();
    place.does(&["account", "list"]);
    let sql = "import sqlite3, sys\n\
               with sqlite3.connect(sys.argv[1]) as db:\n    \
               db.execute('INSERT INTO schema_versions (version, applied) VALUES (99, 0)')\n";
    let database = place.data().join("helserom.sqlite");
    let altered = Command::new("python3").args(["-c", sql]).arg(&database).status().unwrap();
    assert!(altered.success());
    let said = place.says(&["account", "list"]);
    assert!(said.only_line(2).contains("use the newer program"), "{said:?}");
}

#[test]
fn a_master_key_that_is_missing() {
    let place = Place::new();
    place.does(&["account", "list"]);
    fs::remove_file(place.data().join("master.key")).unwrap();
    let said = place.says(&["account", "list"]);
    assert!(said.only_line(2).contains("put the key file back"), "{said:?}");
    assert!(!place.data().join("master.key").exists(), "a new key was made");
}

#[test]
fn a_master_key_that_others_can_read() {
    let place = Place::new();
    place.does(&["account", "list"]);
    let key = place.data().join("master.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let said = place.says(&["account", "list"]);
    let told = said.only_line(2);
    assert!(told.contains("has mode 0644") && told.contains("`chmod 600`"), "{told}");
}

#[test]
fn a_folder_of_something_else() {
    let place = Place::new();
    fs::create_dir(place.data()).unwrap();
    fs::write(place.data().join("letter.txt"), "dear").unwrap();
    let said = place.says(&["account", "list"]);
    assert!(said.only_line(2).contains("name an empty one with `--data`"), "{said:?}");
}

#[test]
fn a_data_folder_that_is_not_there_is_not_made_by_who_only_asks() {
    let place = Place::new();
    let (backup, file) = (place.path().join("backup"), place.file("a.csv", "a\n1\n"));
    let questions: [&[&str]; 9] = [
        &["ledger", "verify"],
        &["ledger", "replay", "--check"],
        &["source", "list"],
        &["source", "import", "laboratory", text(&file)],
        &["permit", "list"],
        &["room", "list"],
        &["release", "list"],
        &["key", "show"],
        &["backup", text(&backup)],
    ];
    let refused = |question: &[&str]| {
        let said = place.says(question);
        assert!(said.only_line(2).contains("is no data folder"), "{question:?}: {said:?}");
    };
    for question in questions {
        refused(question);
        assert!(!place.data().exists(), "{question:?}");
    }
    fs::create_dir(place.data()).unwrap();
    refused(&["ledger", "verify"]);
    assert_eq!(fs::read_dir(place.data()).unwrap().count(), 0);
}

#[test]
fn a_package_is_verified_without_making_a_data_folder() {
    let place = Place::new();
    let package = place.file("package.tar", "no package");
    let said = place.says(&["release", "verify", text(&package)]);
    assert!(said.only_line(2).contains("with `--key`"), "{said:?}");
    let said = place.says(&["release", "verify", text(&package), "--key", "abc"]);
    assert!(said.only_line(2).contains("hexadecimal or base64"), "{said:?}");
    assert!(!place.data().exists());
}
