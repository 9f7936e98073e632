//! How long the people of several registers take to be found by every stage of the
//! cascade, and how much memory, on what a centre has imported.
//!
//! ```text
//! cascade_speed DATA REGISTERS
//! ```
//!
//! `DATA` is the data folder of a centre that has imported the registers of
//! `helserom generate population … --truth-column`, each under the contract
//! `REGISTERS/NAME.toml`. One line of JSON says who was found and what it took, and what
//! that is worth by the truth in `REGISTERS/NAME.csv`: which share of the pairs of records
//! that were put together are one person, and which share of those that are were found;
//! and how many of those whom equal numbers alone make one person are several.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ed25519_dalek::SigningKey;
use linkage::{Crosswalk, ExtractPlan};
use model::{
    ApplicationId, Date, ExtractId, ImportId, NationalId, PermitId, SeededEntropy, SourceId,
};
use permit::{
    ActivePermit, ColumnTerms, Grant, LinkageTerms, LinkageWay, Period, Permit, SourceTerms,
    Strictness, Terms,
};
use source::{Contract, ImportManifest, Imported, Pseudonymiser, SourceRecord};
use vault::{MasterKey, Vault};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// So many people are numbered to see how fast that is.
const NUMBERED: u32 = 5_000_000;

fn main() -> Outcome<()> {
    let words: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [data, registers] = words.as_slice() else {
        return Err("cascade_speed DATA REGISTERS".into());
    };
    let entropy = Arc::new(SeededEntropy::new(1));
    let key = MasterKey::load(&data.join("master.key"))?;
    let vault = Vault::open(&data.join("vault"), key, entropy.clone())?;
    let records = records(&vault, registers)?;

    let plan = plan_of(LinkageWay::Likely, &records, 1)?;
    let begun = Instant::now();
    let found = linkage::link(&plan, &vault, None, entropy.as_ref())?;
    let seconds = begun.elapsed().as_secs_f64();
    let peak_mib = peak_mib()?;
    let subjects: usize = plan.sources.iter().map(|table| found.of(&table.source).len()).sum();
    let persons = found.persons();
    let [precision, recall] = Judged::of(&found, &vault, &plan, registers)?.shares();
    drop(found);

    let exact = plan_of(LinkageWay::Exact, &records, 2)?;
    let found = linkage::link(&exact, &vault, None, entropy.as_ref())?;
    let several = Judged::of(&found, &vault, &exact, registers)?.several();

    let begun = Instant::now();
    let numbers = linkage::numbers::shuffled(NUMBERED, entropy.as_ref());
    drop(numbers);
    let a_second = f64::from(NUMBERED) / begun.elapsed().as_secs_f64();
    writeln!(
        std::io::stdout(),
        "{{\"sources\":{},\"subjects\":{subjects},\"persons\":{persons},\"seconds\":{seconds},\
         \"peak_mib\":{peak_mib},\"precision\":{precision},\"recall\":{recall},\
         \"exact_persons\":{},\"exact_several\":{several},\
         \"numbers_a_second\":{a_second}}}",
        records.len(),
        found.persons(),
    )?;
    Ok(())
}

/// The sources that have a contract, each with what was imported of it.
fn records(vault: &Vault, registers: &Path) -> Outcome<Vec<SourceRecord>> {
    let at = "2026-01-01T00:00:00Z".parse()?;
    let mut records = Vec::new();
    for entry in fs::read_dir(registers)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let contract = Contract::parse(&fs::read_to_string(&path)?)
            .map_err(|error| format!("{}: {error:?}", path.display()))?;
        let (import, vault_segment) =
            segment(&vault.dir().join("sources").join(contract.source.as_str()))?;
        let manifest = ImportManifest {
            vault_segment,
            import,
            contract: contract.fingerprint(),
            files: Vec::new(),
            rows_read: 0,
            rows_kept: 0,
            rows_quarantined: 0,
            reasons: BTreeMap::new(),
            persons: 0,
            lake_version: 0,
            variables: Vec::new(),
        };
        records.push(SourceRecord {
            source: contract.source.clone(),
            registered: at,
            imports: vec![Imported { at, manifest, contract: contract.clone() }],
            refused: Vec::new(),
            contract,
        });
    }
    records.sort_by(|a, b| a.source.cmp(&b.source));
    Ok(records)
}

/// The one segment in the folder of a source, and its import.
fn segment(folder: &Path) -> Outcome<(ImportId, String)> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(import) = name.strip_suffix(".segment") {
            return Ok((import.parse()?, name.clone()));
        }
    }
    Err(format!("no segment in {}", folder.display()).into())
}

fn plan_of(how: LinkageWay, records: &[SourceRecord], number: u32) -> Outcome<ExtractPlan> {
    let extract: ExtractId = format!("extract-{number:010}").parse()?;
    let sources = records.iter().map(|record| SourceTerms {
        source: record.source.clone(),
        columns: vec![ColumnTerms { name: "recorded_on".into(), reason: "to measure".into() }],
        rows: Vec::new(),
    });
    let terms = Terms {
        sources: sources.collect(),
        linkage: LinkageTerms { how, ..LinkageTerms::default() },
        ..Terms::default()
    };
    Ok(linkage::plan(&permit(terms, number)?, records, &extract, Strictness::Strict)?)
}

fn permit(mut terms: Terms, number: u32) -> Outcome<ActivePermit> {
    let day = Date::constant(2026, 1, 1);
    terms.valid = Period { from: Some(day), until: Some(day) };
    let key = SigningKey::from_bytes(&[7; 32]);
    let id: PermitId = format!("permit-{number:010}").parse()?;
    let grant = Grant {
        permit: id.clone(),
        application: ApplicationId::mint(&SeededEntropy::new(1)),
        data_user: "university".parse()?,
        terms,
    };
    let signature = grant.sign(&key)?;
    let (issued_at, issued_by) = ("2026-01-01T00:00:00Z".parse()?, "caseworker".parse()?);
    Ok(Permit { id, grant, signature, issued_at, issued_by, revoked: None, turned_out_at: None }
        .activate("2026-01-01T12:00:00Z".parse()?, &key.verifying_key())?)
}

/// How many records each person that was found has of each that there is.
struct Judged(HashMap<(i32, u64), u32>);

impl Judged {
    fn of(found: &Crosswalk, vault: &Vault, plan: &ExtractPlan, registers: &Path) -> Outcome<Self> {
        let mut judged = HashMap::new();
        for table in &plan.sources {
            let of: &SourceId = &table.source;
            let (subjects, keys) = (found.of(of), vault.pseudonymiser(of)?);
            let mut seen = vec![false; subjects.len()];
            let mut rows = csv::Reader::from_path(registers.join(format!("{of}.csv")))?;
            let head = rows.headers()?.clone();
            let at = |name: &str| {
                head.iter().position(|column| column == name).ok_or(format!("{of} has no `{name}`"))
            };
            let (record, id, person) = (at("record")?, at("national_id")?, at("person")?);
            let mut row = csv::StringRecord::new();
            while rows.read_record(&mut row)? {
                let field = |at: usize| row.get(at).unwrap_or_default();
                let subject = match NationalId::parse(field(id)) {
                    Ok(number) => keys.subject(&number),
                    Err(_) => keys.local(field(record)),
                };
                // Rows that were put aside are nobody's.
                let Ok(place) = subjects.binary_search_by_key(&subject, |(known, _)| *known) else {
                    continue;
                };
                let here = seen.get_mut(place).zip(subjects.get(place));
                if let Some((seen, (_, number))) = here.filter(|(seen, _)| !**seen) {
                    *seen = true;
                    *judged.entry((*number, field(person).parse()?)).or_default() += 1;
                }
            }
        }
        Ok(Self(judged))
    }

    /// How many of the people that were found are several.
    fn several(&self) -> usize {
        let (mut met, mut several) = (HashSet::new(), HashSet::new());
        for (number, _) in self.0.keys() {
            if !met.insert(number) {
                several.insert(number);
            }
        }
        several.len()
    }

    /// Of the pairs of records that were put together the share that are one person, and
    /// of those that are one person the share that were put together.
    fn shares(&self) -> [f64; 2] {
        let pairs = |records: u32| f64::from(records) * (f64::from(records) - 1.0) / 2.0;
        let (mut found, mut there) = (HashMap::new(), HashMap::new());
        for ((number, person), records) in &self.0 {
            *found.entry(*number).or_default() += records;
            *there.entry(*person).or_default() += records;
        }
        let both: f64 = self.0.values().copied().map(pairs).sum();
        let found: f64 = found.values().copied().map(pairs).sum();
        let there: f64 = there.values().copied().map(pairs).sum();
        [both / found, both / there]
    }
}

/// The most memory that this process held at once (`VmHWM`, proc(5)), MiB.
fn peak_mib() -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
