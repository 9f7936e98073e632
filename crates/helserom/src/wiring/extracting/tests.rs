use std::os::unix::fs::PermissionsExt as _;

use model::{ManualClock, SeededEntropy};
use vault::MasterKey;

use super::*;
use crate::wiring::small_disk::SmallDisk;

/// Extracts in a folder of their own, with one table of one made by hand.
struct Bench {
    folder: tempfile::TempDir,
    vault: Arc<Vault>,
    lake: Arc<Lake>,
    entropy: Arc<dyn Entropy>,
    extract: ExtractId,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(5));
        let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
        let key = MasterKey::create(&root.join("master.key"), entropy.as_ref()).unwrap();
        let vault = Arc::new(Vault::create(&root.join("vault"), key, entropy.clone()).unwrap());
        let lake = Arc::new(Lake::open(&root.join("lake"), clock, entropy.clone()).unwrap());
        let extract = ExtractId::mint(entropy.as_ref());
        let bench = Self { folder, vault, lake, entropy, extract };
        let tables = bench.extracts().folder(&bench.extract);
        fs::create_dir(&tables).unwrap();
        let mut rows = vec!["person,value".to_owned()];
        rows.extend((0..500).map(|n| format!("{},{}.5", n % 90, n * 7 % 311)));
        fs::write(tables.join("laboratory.csv"), rows.join("\n")).unwrap();
        bench
    }

    /// As a program that has just started sees them.
    fn extracts(&self) -> Extracting {
        let folder = self.folder.path().join("extracts");
        let (vault, lake) = (self.vault.clone(), self.lake.clone());
        Extracting::open(vault, lake, self.entropy.clone(), 1 << 20, folder).unwrap()
    }
}

#[test]
fn sketches_are_made_once_and_read_after_a_new_start() {
    let bench = Bench::new();
    let made = bench.extracts().sketch_all(&bench.extract).unwrap();
    assert_eq!(made.len(), 1);
    let extracts = bench.extracts();
    fs::remove_file(extracts.folder(&bench.extract).join("laboratory.csv")).unwrap();
    assert_eq!(extracts.sketches(&bench.extract).unwrap(), made);
    let kept = extracts.sketches_of(&bench.extract);
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let permit = PermitId::mint(bench.entropy.as_ref());
    extracts.destroy(&permit, &bench.extract).unwrap();
    assert!(!kept.exists() && !extracts.folder(&bench.extract).exists());
    assert!(extracts.sketches(&bench.extract).is_err());
}

#[test]
fn recovery_removes_extracts_of_no_entry_and_leaves_what_is_none() {
    let bench = Bench::new();
    let extracts = bench.extracts();
    extracts.sketch_all(&bench.extract).unwrap();
    let stray = bench.folder.path().join("extracts/notes.sketches");
    fs::write(&stray, "not ours").unwrap();

    extracts.recover(&[], std::slice::from_ref(&bench.extract), &[]).unwrap();
    assert!(extracts.folder(&bench.extract).exists());
    assert!(extracts.sketches_of(&bench.extract).exists());

    extracts.recover(&[], &[], &[]).unwrap();
    assert!(!extracts.folder(&bench.extract).exists());
    assert!(!extracts.sketches_of(&bench.extract).exists());
    assert!(stray.exists());
}

#[test]
fn what_a_killed_building_left_goes_before_the_next_one() {
    let bench = Bench::new();
    let extracts = bench.extracts();
    let permit = PermitId::mint(bench.entropy.as_ref());
    // A building makes the key first, then the numbers, then the tables.
    drop(bench.vault.crosswalk_writer(&permit, &bench.extract).unwrap());
    assert_eq!(bench.vault.extracts_of(&permit).unwrap(), std::slice::from_ref(&bench.extract));
    assert!(extracts.folder(&bench.extract).exists());
    extracts.clear(&permit, &[]).unwrap();
    assert_eq!(bench.vault.extracts_of(&permit).unwrap(), []);
    assert!(!extracts.folder(&bench.extract).exists());
}

#[test]
fn an_own_table_is_read_by_the_rules_of_the_country_whose_numbers_most_of_it_are() {
    let today = model::Date::constant(2026, 6, 1);
    // Numbers for tests, as their issuers publish them, and of series that nobody is given.
    for (country, numbers) in [
        (Country::Norway, ["17912099997", "14515730185", "99305734507"]),
        (Country::Denmark, ["251248-9996", "2512489996", "070761-4285"]),
        (Country::Sweden, ["19121212-1212", "701063-2391", "not a number"]),
        (Country::Finland, ["131052-308T", "010594Y9032", "070761-4285"]),
    ] {
        let table = format!("value,who\n1,{}\n", numbers.join("\n2,"));
        assert_eq!(issuer(table.as_bytes(), "who", today), country, "{table}");
    }
    assert_eq!(issuer(b"who,value\nnobody,1\n", "who", today), Country::Norway);
}

#[test]
fn on_a_full_disk_nothing_of_the_sketches_stays_and_that_is_told() {
    let Some(disk) = SmallDisk::mount(
        "wiring::extracting::tests::on_a_full_disk_nothing_of_the_sketches_stays_and_that_is_told",
    ) else {
        return;
    };
    let bench = Bench::new();
    let folder = disk.path().join("extracts");
    let (vault, lake) = (bench.vault.clone(), bench.lake.clone());
    let extracts =
        Extracting::open(vault, lake, bench.entropy.clone(), 1 << 20, folder.clone()).unwrap();
    let tables = extracts.folder(&bench.extract);
    fs::create_dir(&tables).unwrap();
    let table = "laboratory.csv";
    fs::copy(bench.extracts().folder(&bench.extract).join(table), tables.join(table)).unwrap();
    disk.fill(0);
    let told = extracts.sketch_all(&bench.extract).unwrap_err();
    assert!(told.contains("is full: make room and try again"), "{told}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "the extract alone");
    disk.make_room();
    assert_eq!(extracts.sketch_all(&bench.extract).unwrap().len(), 1);
}
