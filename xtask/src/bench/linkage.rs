//! Linkage by names, dates and places beside Splink, and by encoded records beside
//! clkhash and anonlink, on registers of people who do not exist. One thread each.

mod known;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bench::{Finding, median, release};
use crate::repository::Repository;
use crate::run::{self, Failed, about, failed};
use crate::setup::python;

pub(super) use known::{measure_febrl, measure_historical};

const ENVIRONMENT: &str = "bench-linkage-python";
const REQUIREMENTS: &str = "xtask/bench/linkage-requirements.txt";
const SCRIPT: &str = "xtask/bench/linkage_compare.py";
const SPEC: &str = include_str!("linkage/spec.toml");
const SCHEMA: &str = include_str!("linkage/schema.json");
const PEOPLE: &str = "20000";
const REPEATS: usize = 5;

/// Times anonlink's speed, by instructions; and clkhash's.
const KERNELS: [(&str, f64); 3] = [("avx512", 8.0), ("avx2", 2.5), ("scalar", 1.4)];
const ASKED_ENCODING: f64 = 20.0;
const THRESHOLDS: [&str; 3] = ["0.7", "0.8", "0.9"];

/// Two registers, and what links them.
struct Registers {
    program: PathBuf,
    folder: PathBuf,
    files: [PathBuf; 2],
}

impl Registers {
    fn make(repository: &Repository) -> Result<Self, Failed> {
        let program = release(repository, "helserom")?;
        let folder = made_anew(repository)?;
        let registers = folder.join("registers");
        let mut generate = repository.command(&program);
        generate.args(["generate", "population", "--people", PEOPLE, "--sources", "2"]);
        run::run(generate.args(["--truth-column", "--out"]).arg(&registers))?;
        let files = ["population.csv", "hospital.csv"].map(|name| registers.join(name));
        Ok(Self { program, folder, files })
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, Failed> {
        written(&self.folder, name, text)
    }

    fn ours(&self, repository: &Repository, words: &[&str], paths: &[&Path]) -> Told {
        ours(repository, &self.program, words, paths)
    }
}

/// A folder with nothing in it, and the others' programs.
fn made_anew(repository: &Repository) -> Result<PathBuf, Failed> {
    if !python::is_made(repository, ENVIRONMENT, REQUIREMENTS)? {
        python::make(repository, ENVIRONMENT, REQUIREMENTS, &["mypy-extensions"])?;
    }
    let folder = repository.made("bench").join("linkage");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(about(folder.display()))?;
    }
    fs::create_dir_all(&folder).map_err(about(folder.display()))?;
    Ok(folder)
}

fn written(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Failed> {
    let path = folder.join(name);
    fs::write(&path, text).map_err(about(path.display()))?;
    Ok(path)
}

/// What `helserom link …` says.
fn ours(repository: &Repository, program: &Path, words: &[&str], paths: &[&Path]) -> Told {
    let mut command = repository.command(program);
    command.args(["--json", "link"]).args(words).args(["--threads", "1"]).args(paths);
    told(&run::output(&mut command)?)
}

/// What the script says of somebody else's work.
fn theirs(repository: &Repository, what: &str, paths: &[&Path], more: &[&str]) -> Told {
    let python = repository.made(ENVIRONMENT).join("bin/python");
    let mut command = repository.command(python);
    command.arg(repository.root().join(SCRIPT)).arg(what).args(paths).args(more);
    told(&run::output(&mut command)?)
}

type Told = Result<Value, Failed>;

fn told(text: &str) -> Told {
    serde_json::from_str(text).map_err(about("what was measured"))
}

fn number(told: &Value, path: &str) -> f64 {
    told.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// The median of one number of all that was told.
fn middle(told: &[Value], path: &str) -> f64 {
    median(told.iter().map(|told| number(told, path)).collect())
}

fn version(told: &[Value]) -> &str {
    told.first().and_then(|told| told["version"].as_str()).unwrap_or("?")
}

pub(super) fn measure(repository: &Repository) -> Result<Finding, Failed> {
    let registers = Registers::make(repository)?;
    let spec = registers.write("spec.toml", SPEC)?;
    let [first, second] = &registers.files;
    let (found, edges) = (registers.folder.join("found"), registers.folder.join("edges.parquet"));
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let words = ["evaluate", "--truth", "person"];
        let paths = ["--spec".as_ref(), &*spec, first, second, "--out".as_ref(), &*found];
        ours.push(registers.ours(repository, &words, &paths)?);
        others.push(theirs(repository, "splink", &[first, second, &edges], &[])?);
    }
    let pairs = middle(&ours, "/pairs");
    let beside = BesideSplink::of(&ours, &others);
    let f1 = [middle(&ours, "/at/0.5/pairs/f1"), middle(&others, "/f1")];
    let mut figures = beside.figures(pairs);
    figures.push(("F1 at p ≥ 0.5".to_owned(), format!("{:.4}, Splink {:.4}", f1[0], f1[1])));
    Ok(Finding {
        what: "Linking two registers of 20,000 people without a national id".to_owned(),
        figures,
        asked: format!("{}, F1 at least as high", BesideSplink::asked()),
        reached: beside.reached() && f1[0] >= f1[1],
    })
}

/// What we took and what Splink took, in turn: medians.
struct BesideSplink {
    version: String,
    predict: [f64; 2],
    total: [f64; 2],
    memory: [f64; 2],
}

impl BesideSplink {
    /// How many times as fast weighing and all of it, and how much less memory.
    const ASKED: [f64; 3] = [10.0, 15.0, 10.0];

    fn asked() -> String {
        let [pairs, all, memory] = Self::ASKED;
        format!("pairs {pairs} × as fast, all {all} ×, memory {memory} × as little")
    }

    fn of(ours: &[Value], others: &[Value]) -> Self {
        Self {
            version: version(others).to_owned(),
            predict: [middle(ours, "/seconds/predict"), middle(others, "/predict")],
            total: [middle(ours, "/seconds/total"), middle(others, "/seconds")],
            memory: [middle(ours, "/peak-memory-mib"), middle(others, "/peak_mib")],
        }
    }

    fn ratios(&self) -> [f64; 3] {
        [self.predict, self.total, self.memory].map(|[ours, theirs]| theirs / ours)
    }

    fn reached(&self) -> bool {
        self.ratios().iter().zip(Self::ASKED).all(|(ratio, asked)| *ratio >= asked)
    }

    fn figures(&self, pairs: f64) -> Vec<(String, String)> {
        let [faster, sooner, smaller] = self.ratios();
        let of = |[ours, theirs]: [f64; 2], unit: &str, ratio: f64| {
            format!("{ours:.2} {unit}, Splink {theirs:.2} {unit}, {ratio:.1} ×")
        };
        vec![
            ("compared with".to_owned(), format!("Splink {} on DuckDB", self.version)),
            ("weighing pairs".to_owned(), format!("{} of {pairs}", of(self.predict, "s", faster))),
            ("from files to files".to_owned(), of(self.total, "s", sooner)),
            ("memory at most".to_owned(), of(self.memory, "MiB", smaller)),
        ]
    }
}

pub(super) fn measure_encoded(repository: &Repository) -> Result<Finding, Failed> {
    let registers = Registers::make(repository)?;
    let schema = registers.write("schema.json", SCHEMA)?;
    let secret = registers.write("secret", "known to everybody")?;
    let owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&secret, owner).map_err(about(secret.display()))?;
    let [first, second] = &registers.files;
    let filters = ["first", "second"].map(|name| registers.folder.join(name));
    let words = ["encode", "--form", "lines"];
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        for (file, to) in registers.files.iter().zip(&filters) {
            let by = ["--schema".as_ref(), &*schema, "--secret".as_ref(), &*secret];
            let paths = [&by[..], &["--to".as_ref(), &**to, &**file]].concat();
            ours.push(registers.ours(repository, &words, &paths)?);
        }
        for file in [first, second] {
            others.push(theirs(repository, "clkhash", &[&schema, &secret, file], &[])?);
        }
    }
    // Both read rows and make filters in memory.
    let encoding = middle(&others, "/seconds") / middle(&ours, "/seconds/encode");
    let mut reached = encoding >= ASKED_ENCODING;
    let mut figures = vec![(
        format!("encoding in memory, beside clkhash {}", version(&others)),
        format!("{encoding:.0} × as fast"),
    )];
    let [one, other] = &filters;
    for (kernel, asked) in KERNELS {
        let mut ratios = Vec::new();
        for threshold in THRESHOLDS {
            let (mut ours, mut others) = (Vec::new(), Vec::new());
            let to = registers.folder.join("pairs.csv");
            for _ in 0..REPEATS {
                let words = ["match", "--threshold", threshold, "--kernel", kernel];
                let paths = ["--to".as_ref(), &*to, one, other];
                ours.push(registers.ours(repository, &words, &paths)?);
                others.push(theirs(repository, "anonlink", &[one, other], &[threshold])?);
            }
            let found = pairs(&fs::read_to_string(&to).map_err(about(to.display()))?);
            if others.iter().any(|told| told["matched"] != found) {
                return failed(format!("anonlink finds other pairs at {threshold}"));
            }
            let took = middle(&ours, "/seconds/compare") + middle(&ours, "/seconds/solve");
            ratios.push((threshold, middle(&others, "/seconds") / took));
        }
        reached &= ratios.iter().all(|(_, ratio)| *ratio >= asked);
        let said = ratios.iter().map(|(at, ratio)| format!("{ratio:.1} × at {at}"));
        figures.push((
            format!("comparing with {kernel}, beside anonlink"),
            format!("{}; asked: {asked} ×", said.collect::<Vec<_>>().join(", ")),
        ));
    }
    Ok(Finding {
        what: "Linking encoded records of 20,000 people, 1,024 bits".to_owned(),
        figures,
        asked: format!("the same pairs as anonlink, so much faster; encoding {ASKED_ENCODING} ×"),
        reached,
    })
}

/// The pairs of record numbers in a file of two columns, in order.
fn pairs(text: &str) -> Value {
    let numbers = |line: &str| -> Option<[u64; 2]> {
        let (one, other) = line.split_once(',')?;
        Some([one.parse().ok()?, other.parse().ok()?])
    };
    let mut pairs: Vec<_> = text.lines().filter_map(numbers).collect();
    pairs.sort_unstable();
    pairs.into_iter().collect()
}
