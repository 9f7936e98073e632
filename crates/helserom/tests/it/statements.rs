//! SQL in a room: through the program, its sandbox and the tools people use.

use serde_json::Value;

use crate::demo::made;
use crate::place::{Place, Running, Said, until};
use crate::web::with_permit;

/// A centre with an open room.
struct Room {
    place: Place,
    room: String,
}

impl Room {
    fn new(people: usize) -> Self {
        let (place, permit) = with_permit(people);
        place.does(&["--as", "researcher", "extract", "build", &permit]);
        let room = place.does(&["--as", "researcher", "room", "open", &permit]);
        Self { place, room: room.trim().to_owned() }
    }

    /// The words that run something in the room's shell.
    fn exec<'a>(&'a self, command: &'a str) -> [&'a str; 9] {
        ["--as", "researcher", "room", "exec", &self.room, "--", "sh", "-c", command]
    }

    /// What a command prints in the room, which has Python.
    #[track_caller]
    fn sh(&self, command: &str) -> String {
        let mut exec = self.place.command(&self.exec(command));
        let said =
            Said::from(exec.env("HELSEROM_ROOMS_PYTHON", made("room-python")).output().unwrap());
        assert_eq!(said.code, Some(0), "{said:?}");
        said.out
    }

    /// What was asked in SQL, by the journal.
    fn statements(&self) -> Vec<Value> {
        self.did("statement")
    }

    /// What was done of one kind.
    fn did(&self, kind: &str) -> Vec<Value> {
        let words = ["--json", "--as", "researcher", "room", "journal", &self.room];
        let journal: Value = serde_json::from_str(&self.place.does(&words)).unwrap();
        let deeds = journal.as_array().or_else(|| journal["deeds"].as_array()).unwrap();
        deeds.iter().filter(|deed| deed["did"] == kind).cloned().collect()
    }
}

#[test]
fn psql_asks_and_every_statement_is_in_the_journal() {
    let room = Room::new(200);
    let counted = room.sh("psql -Atc 'SELECT count(DISTINCT person) FROM laboratory'");
    assert!(counted.lines().any(|line| line == "200"), "{counted}");
    let described = room.sh("psql -c '\\d laboratory'");
    assert!(described.contains("value") && described.contains("double precision"), "{described}");
    let failed = room.place.says(&room.exec("psql -c 'SELECT nope FROM laboratory'; exit 3"));
    assert_eq!(failed.code, Some(1), "{failed:?}");

    let statements = room.statements();
    let first = &statements[0];
    assert_eq!(first["sql"], "SELECT count(DISTINCT person) FROM laboratory");
    assert_eq!(first["by"], "researcher");
    let ended = &first["ended"];
    assert_eq!((&ended["answered"], &ended["rows"]), (&true.into(), &1.into()), "{first}");
    assert_eq!(ended["read"][0]["table"], "laboratory");
    assert!(ended["read"][0]["rows"].as_u64().unwrap() >= 200, "{first}");
    let last = statements.last().unwrap();
    assert_eq!(
        (&last["sql"], &last["ended"]["answered"]),
        (&"SELECT nope FROM laboratory".into(), &false.into())
    );
    // Nothing of what was answered is in the ledger.
    let told = room.place.does(&["--json", "ledger", "verify"]);
    assert!(told.contains("\"verified\":true") || told.contains("\"verified\": true"), "{told}");
}

#[test]
fn a_table_that_is_opened_without_sql_is_in_the_journal_too() {
    let room = Room::new(60);
    let rows = room.sh("wc -l < /data/laboratory.csv").trim().parse::<u64>().unwrap() - 1;
    for quiet in [
        "ls -l /data; cat /data/manifest.json >/dev/null",
        "psql -Atc 'SELECT count(*) FROM laboratory'",
        "psql -Atc \"CREATE EXTERNAL TABLE mine STORED AS PARQUET LOCATION \
         '/data/laboratory.parquet'; SELECT count(value) FROM mine\"",
    ] {
        room.sh(quiet);
    }
    room.sh("python3 -c \"import helserom; helserom.read('laboratory')\"");
    room.sh("Rscript -e 'x <- helserom::read(\"laboratory\")'");
    room.sh("ln -s /data/laboratory.parquet mine; head -c 4 mine");
    let runs = room.did("ran");
    let opened: Vec<&Value> = runs.iter().map(|run| &run["ended"]["opened"]).collect();
    let table = serde_json::json!([{ "table": "laboratory", "rows": rows }]);
    let none = serde_json::json!([]);
    assert_eq!(opened, [&table, &none, &none, &none, &table, &table, &table]);
    // What SQL reads by whatever name is told with the statement.
    let read =
        room.statements().iter().map(|told| told["ended"]["read"].clone()).collect::<Vec<_>>();
    assert!(read[0][0]["table"] == "laboratory" && read[1][0]["table"] == "laboratory", "{read:?}");
}

#[test]
fn python_and_r_ask_too() {
    let room = Room::new(60);
    let python = "python3 -c \"import helserom; print('n is', helserom.sql(\
                  'SELECT count(*) AS n FROM laboratory WHERE value > %s', [-1]).n[0] > 0)\"";
    assert!(room.sh(python).contains("n is True"));
    let r = "Rscript -e 'cat(\"n is\", helserom::sql(\"SELECT count(DISTINCT person) AS n FROM \
             laboratory\")$n, \"\\n\")'";
    assert!(room.sh(r).contains("n is 60"));
    let bound: Vec<_> = room.statements().iter().map(|said| said["sql"].to_string()).collect();
    assert!(bound.iter().any(|sql| sql.contains("-- $1: ")), "{bound:?}");
}

#[test]
fn what_answers_is_out_of_reach_of_who_asks() {
    let room = Room::new(20);
    let tried = room.sh("psql -Atc 'SELECT 1' >/dev/null; \
         ls /proc | grep -c '^[0-9]' ; \
         rm -f /run/postgresql/.s.PGSQL.5432 && echo REMOVED; \
         mv /run/postgresql moved && echo MOVED; \
         touch /run/postgresql/x && echo WRITTEN; \
         psql -Atc \"COPY (SELECT 1) TO '/data/x.csv'\" && echo COPIED; \
         psql -Atc \"CREATE EXTERNAL TABLE p STORED AS CSV LOCATION '/etc/shadow'\" && \
         psql -Atc 'SELECT * FROM p' && echo READ; \
         psql -Atc 'SELECT 2'; true");
    for sign in ["REMOVED", "MOVED", "WRITTEN", "COPIED", "READ"] {
        assert!(!tried.contains(sign), "{tried}");
    }
    // It still answers, and only what runs in the room is seen in it.
    assert!(tried.lines().any(|line| line == "2"), "{tried}");
    let seen: u32 = tried.lines().find_map(|line| line.parse().ok()).unwrap();
    assert!(seen <= 6, "{tried}");
    // What it may write it writes where the room does.
    room.sh("psql -Atc \"COPY (SELECT 1 AS one) TO 'one.csv'\" && grep -q 1 one.csv");
}

#[test]
fn it_ends_with_the_command_and_leaves_nothing() {
    let room = Room::new(20);
    for _ in 0..2 {
        let answered = room.sh("psql -Atc 'SELECT 41 + 1'");
        assert!(answered.lines().any(|line| line == "42"), "{answered}");
    }
    let words = room.exec("psql -c 'SELECT 1'; sleep 600");
    let mut running = Running(room.place.command(&words).spawn().unwrap());
    until("the statement", || (room.statements().len() == 3).then_some(()));
    // Killed, however it ends: the server of its statements ends with it.
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    until("its end", || {
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let place = room.place.path().display().to_string();
        let answers = |folder: std::path::PathBuf| {
            let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
            let words = String::from_utf8_lossy(&read("cmdline")).into_owned();
            let mounts = String::from_utf8_lossy(&read("mountinfo")).into_owned();
            words.contains("answer-statements") && mounts.contains(&place)
        };
        (!all.into_iter().any(|entry| answers(entry.path()))).then_some(())
    });
    room.place.does(&["--as", "researcher", "room", "close", &room.room]);
}
