//! R and Python do their work in a room as they do on a desk.

use std::path::PathBuf;
use std::time::Duration;

use permit::RoomTerms;
use room::{Outcome, Runtime as _, Script};

use crate::bench::{Bench, small};

pub fn python() -> PathBuf {
    let made = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/room-python");
    assert!(made.join("bin/python").exists(), "no Python for rooms: run `cargo xtask setup`");
    made
}

/// Large enough for what R and pandas load.
pub fn usual() -> RoomTerms {
    RoomTerms { memory_mib: 2048, processes: 64, ..small() }
}

/// What R prints on this machine, outside any room.
fn r_outside(bench: &Bench, script: &str) -> String {
    let file = bench.dir.path().join("outside.R");
    std::fs::write(&file, format!("library(survival)\n{script}\n")).unwrap();
    let done = std::process::Command::new("Rscript").arg(&file).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

#[test]
fn r_fits_a_cox_model_and_draws_a_curve() {
    let bench = Bench::with(usual(), |_| {});
    let text = "library(survival)\n\
        fit <- coxph(Surv(time, status) ~ age + sex, data = lung)\n\
        cat(sprintf('%.10f\\n', coef(fit)))\n\
        write.csv(coef(summary(fit)), '/work/cox.csv')\n\
        svg('/work/km.svg'); plot(survfit(Surv(time, status) ~ sex, lung)); invisible(dev.off())\n";
    let script = Script::new("cox.R", text.into()).unwrap();
    let path = script.path();
    let room = bench.room.clone();
    let report = bench.run_in(&room, &["Rscript", &path], Some(script), Duration::from_mins(2));
    report.must(Outcome::Finished);
    // The same, outside.
    let outside = r_outside(&bench, &text.lines().skip(1).take(2).collect::<Vec<_>>().join("\n"));
    assert_eq!(report.text().trim(), outside.trim());
    let work = bench.runtime.work(&room).unwrap();
    let svg = work.take(&"km.svg".parse().unwrap(), 1 << 20).unwrap();
    assert!(String::from_utf8_lossy(&svg.bytes).contains("<svg"));
    assert!(!work.take(&"cox.csv".parse().unwrap(), 1 << 20).unwrap().bytes.is_empty());
}

#[test]
fn python_fits_a_cox_model_from_its_own_environment() {
    let bench = Bench::with(usual(), |_| {});
    let export = format!("write.csv(lung, {:?})", bench.extract().join("lung.csv"));
    r_outside(&bench, &export);
    let text = "import sys, pandas as pd, statsmodels.api as sm\n\
        lung = pd.read_csv('/data/lung.csv')\n\
        fit = sm.PHReg(lung['time'], lung[['age', 'sex']], status=lung['status'] - 1,\n\
        \x20              ties='efron').fit()\n\
        fit.summary().tables[1].to_csv('/work/cox.csv')\n\
        print(sys.prefix)\n\
        print('\\n'.join(f'{b:.6f}' for b in fit.params))\n";
    let script = Script::new("cox.py", text.into()).unwrap();
    let path = script.path();
    let room = bench.room.clone();
    let report = bench.run_in(&room, &["python3", &path], Some(script), Duration::from_mins(2));
    report.must(Outcome::Finished);
    // R's `coxph` on the same data, ties as Efron has them.
    let fit =
        "cat(sprintf('%.6f\\n', coef(coxph(Surv(time, status) ~ age + sex, lung))), sep = '')";
    let expected = r_outside(&bench, fit);
    assert_eq!(report.text(), format!("/opt/room-python\n{}", expected.trim()));
}

/// What the README says is there from the start.
#[test]
fn every_package_that_is_promised_is_there() {
    let bench = Bench::with(usual(), |config| config.python = Some(python()));
    let r = "for (name in c('survival', 'data.table', 'dplyr', 'ggplot2', 'lme4', 'RPostgreSQL', \
             'helserom')) suppressPackageStartupMessages(library(name, character.only = TRUE)); \
             cat('all of R\n')";
    let room = bench.room.clone();
    let report = bench.run_in(&room, &["Rscript", "-e", r], None, Duration::from_mins(2));
    assert_eq!(report.text().trim(), "all of R", "{report:?}");
    let loads = "import pandas, polars, duckdb, sklearn, statsmodels.api, lifelines, matplotlib, \
                 psycopg, IPython, helserom; print('all of Python')";
    let python = "/opt/room-python/bin/python";
    let report = bench.run_in(&room, &[python, "-c", loads], None, Duration::from_mins(2));
    assert_eq!(report.text().trim(), "all of Python", "{report:?}");
}
