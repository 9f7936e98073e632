use std::os::unix::fs::PermissionsExt as _;

use centre::ports::Unwatched;
use model::{ManualClock, NationalId, SeededEntropy};
use vault::MasterKey;

use super::*;

pub(super) const CONTRACT: &str = r#"
version = 1
source = "laboratory"
title = "Laboratory"
holder = "centre"
update = "weekly"
smallest-count = 5
time = "date"
key = ["id", "date"]
[file]
format = "csv"
[[column]]
name = "id"
type = "text"
identifies = "national-id"
[[column]]
name = "date"
type = "date"
required = true
[[column]]
name = "value"
type = "decimal"
"#;

fn id(n: u16) -> String {
    let born =
        model::Date::constant(1950, 1, 1).saturating_add(jiff::Span::new().days(i64::from(n)));
    let id = (0..).find_map(|individual| NationalId::synthetic(born, individual)).unwrap();
    String::from_utf8(id.reveal().to_vec()).unwrap()
}

/// `good` rows, then `bad` ones whose date is none.
pub(super) fn rows(good: u16, bad: u16) -> String {
    let row = |n: u16| {
        let date = if n < good { "2020-01-02" } else { "soon" };
        format!("{},{date},{n}\n", id(n))
    };
    format!("id,date,value\n{}", (0..good + bad).map(row).collect::<String>())
}

/// A data folder without ledger and centre.
struct Bench {
    folder: tempfile::TempDir,
    importing: Importing,
    record: SourceRecord,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(5));
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(now));
        let key = MasterKey::create(&root.join("master.key"), entropy.as_ref()).unwrap();
        let vault = Vault::create(&root.join("vault"), key, entropy.clone()).unwrap();
        let lake = Lake::open(&root.join("lake"), clock.clone(), entropy.clone()).unwrap();
        fs::create_dir(root.join("tmp")).unwrap();
        let contract = Contract::parse(CONTRACT).unwrap();
        let record = SourceRecord {
            source: contract.source.clone(),
            contract,
            registered: now,
            imports: Vec::new(),
            refused: Vec::new(),
        };
        let importing = Importing {
            vault: Arc::new(vault),
            lake: Arc::new(lake),
            clock,
            entropy,
            folder: root.to_owned(),
        };
        Self { folder, importing, record }
    }

    fn file(&self, text: &str) -> Vec<PathBuf> {
        let path = self.folder.path().join("delivery.csv");
        fs::write(&path, text).unwrap();
        vec![path]
    }

    fn import(&self) -> ImportId {
        ImportId::mint(self.importing.entropy.as_ref())
    }

    fn take_in(&self, import: &ImportId, text: &str) -> Result<Delivered, NotDelivered> {
        let turn = self.importing.turn(&self.record.source).unwrap();
        turn.take_in(&self.record, import, &self.file(text), &Unwatched)
    }

    /// Files whose path has the import's id in it.
    fn left(&self, import: &ImportId) -> Vec<String> {
        fn walk(folder: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found);
                } else {
                    found.push(path.display().to_string());
                }
            }
        }
        let mut found = Vec::new();
        walk(self.folder.path(), &mut found);
        found.retain(|path| path.contains(import.as_str()));
        found
    }

    fn refuse(&mut self, import: &ImportId, why: &str) {
        self.record.refused.push(source::Refused {
            at: self.record.registered,
            import: import.clone(),
            why: why.into(),
        });
    }
}

#[test]
fn a_commit_that_fails_leaves_neither_names_nor_rows_nor_reasons() {
    let bench = Bench::new();
    let import = bench.import();
    // Where the table's log belongs there is a file: the commit cannot be made.
    let table = bench.folder.path().join("lake/laboratory");
    fs::create_dir(&table).unwrap();
    fs::write(table.join("_delta_log"), "").unwrap();
    let failed = bench.take_in(&import, &rows(30, 2)).unwrap_err();
    assert_eq!(failed.blame, Blame::Machine, "{failed}");
    assert_eq!(bench.left(&import), Vec::<String>::new());
}

#[test]
fn an_import_that_was_never_written_down_is_removed_at_once_or_at_the_next_start() {
    let bench = Bench::new();
    for at_once in [true, false] {
        let import = bench.import();
        let turn = bench.importing.turn(&bench.record.source).unwrap();
        let files = bench.file(&rows(30, 2));
        turn.take_in(&bench.record, &import, &files, &Unwatched).unwrap();
        // Segment, rows kept aside, their reasons, the lake's rows.
        assert_eq!(bench.left(&import).len(), 4, "{:?}", bench.left(&import));
        if at_once {
            turn.undo(&bench.record, &import).unwrap();
        } else {
            drop(turn);
            bench.importing.recover(std::slice::from_ref(&bench.record)).unwrap();
            bench.importing.vault.sweep(&|_, _| false, &|_| false).unwrap();
        }
        assert_eq!(bench.left(&import), Vec::<String>::new());
    }
}

#[test]
fn recovery_removes_lists_that_no_entry_speaks_of_and_nothing_else() {
    let mut bench = Bench::new();
    let (refused, orphan) = (bench.import(), bench.import());
    bench.refuse(&refused, "is empty");
    let lists = bench.folder.path().join("quarantine/laboratory");
    let tmp = bench.folder.path().join("tmp");
    fs::create_dir_all(&lists).unwrap();
    let doomed = [
        lists.join(format!("{orphan}.jsonl")),
        lists.join(format!("{refused}.jsonl.partial")),
        tmp.join(format!("{orphan}.jsonl")),
        tmp.join(format!("{orphan}.jsonl.partial")),
    ];
    let kept =
        [lists.join(format!("{refused}.jsonl")), lists.join("notes.txt"), tmp.join("x.jsonl")];
    for path in doomed.iter().chain(&kept) {
        fs::write(path, "").unwrap();
    }
    bench.importing.recover(std::slice::from_ref(&bench.record)).unwrap();
    for path in &doomed {
        assert!(!path.exists(), "{} stays", path.display());
    }
    for path in &kept {
        assert!(path.exists(), "{} is gone", path.display());
    }
}

#[test]
fn a_refusal_gives_its_first_reasons_and_the_list_which_the_holder_can_read() {
    let mut bench = Bench::new();
    let import = bench.import();
    let refusal = bench.take_in(&import, &rows(300, 200)).unwrap_err();
    assert_eq!((refusal.blame, refusal.reasons.len()), (Blame::Delivery, source::FIRST_REASONS));
    let list = refusal.list.clone().unwrap();
    let told = refusal.to_string();
    assert!(told.contains("`delivery.csv`, row 301: column `date` is no date"), "{told}");
    assert!(told.contains(list.to_str().unwrap()), "{told}");
    // What the ledger gets has no path of this machine.
    let why = refusal.why.get(Lang::En);
    assert!(!why.contains('/'), "{why}");
    for n in 300..500 {
        assert!(!told.contains(&id(n)), "an identity number is told");
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&list), mode(list.parent().unwrap())), (0o600, 0o700));

    bench.refuse(&import, why);
    let rows = bench.importing.quarantine(&bench.record, &import).unwrap();
    assert_eq!((rows.len(), rows[0].row, rows[0].text.clone()), (200, 301, None));
}

#[test]
fn a_check_returns_the_reasons_and_keeps_nothing() {
    let bench = Bench::new();
    let contract = &bench.record.contract;
    let check = |text: &str| bench.importing.check(contract, &bench.file(text), &Unwatched);
    let checked = check(&rows(30, 2)).unwrap();
    assert_eq!((checked.manifest.rows_kept, checked.reasons.len()), (30, 2));
    assert_eq!(checked.reasons[0].row, 31);
    let refusal = check(&rows(300, 200)).unwrap_err();
    assert_eq!((refusal.reasons.len(), refusal.list), (200, None));
    assert_eq!(fs::read_dir(bench.folder.path().join("tmp")).unwrap().count(), 0);
}

#[test]
fn whoever_comes_while_a_delivery_is_at_work_is_told_at_once() {
    let bench = Bench::new();
    let turn = bench.importing.turn(&bench.record.source).unwrap();
    let Err(busy) = bench.importing.turn(&bench.record.source) else { panic!("two have the turn") };
    assert_eq!(busy.blame, Blame::Busy);
    assert!(busy.why.get(Lang::En).contains("another import of `laboratory` is at work"), "{busy}");
    drop(turn);
    assert!(bench.importing.turn(&bench.record.source).is_ok());
}
