//! Finding the people of four registers of five million, by every stage of the cascade.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bench::{Finding, median, release};
use crate::repository::Repository;
use crate::run::{self, Failed, about, failed};

const PEOPLE: u64 = 5_000_000;
const REGISTERS: [&str; 4] = ["population", "hospital", "laboratory", "prescriptions"];
const REPEATS: usize = 3;
const ASKED_SECONDS: f64 = 600.0;
const ASKED_PEAK_MIB: f64 = 8.0 * 1024.0;
const ASKED_NUMBERS: f64 = 5e6;

pub(super) fn measure(repository: &Repository) -> Result<Finding, Failed> {
    let program = release(repository, "examples/cascade_speed")?;
    let folder = prepared(repository)?;
    let mut told = Vec::new();
    for _ in 0..REPEATS {
        let mut command = repository.command(&program);
        command.args([folder.join("data"), folder.join("registers")]);
        let said = run::output(&mut command)?;
        told.push(serde_json::from_str::<Value>(&said).map_err(about("cascade_speed"))?);
    }
    let middle = |name: &str| {
        median(told.iter().map(|told| told[name].as_f64().unwrap_or(f64::NAN)).collect())
    };
    let [seconds, peak, numbers] = ["seconds", "peak_mib", "numbers_a_second"].map(middle);
    let [subjects, persons] = ["subjects", "persons"].map(middle);
    let [precision, recall] = ["precision", "recall"].map(|name| 100.0 * middle(name));
    let [exact, several] = ["exact_persons", "exact_several"].map(middle);
    Ok(Finding {
        what: "Finding the people of four registers of five million".to_owned(),
        figures: [
            ("in the registers", format!("{subjects:.0} people, {persons:.0} different ones")),
            ("by every stage, numbered", format!("{seconds:.0} s, at most {peak:.0} MiB")),
            (
                "pairs of their records",
                format!("{precision:.2} % of those found are right, {recall:.2} % were found"),
            ),
            (
                "by equal numbers alone",
                format!("{exact:.0} people, of whom {several:.0} are several"),
            ),
            ("person numbers a second", format!("{numbers:.0}")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
        asked: format!(
            "at most {ASKED_SECONDS:.0} s, {ASKED_PEAK_MIB:.0} MiB; nobody by equal numbers who \
             is several; at least {ASKED_NUMBERS:.0} numbers a second"
        ),
        reached: seconds <= ASKED_SECONDS
            && peak <= ASKED_PEAK_MIB
            && several <= 0.0
            && numbers >= ASKED_NUMBERS,
    })
}

/// The folder with the registers, and with the centre that has imported them.
fn prepared(repository: &Repository) -> Result<PathBuf, Failed> {
    let folder = repository.made("bench").join("cascade");
    let done = folder.join("done");
    if done.exists() {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(about(folder.display()))?;
    }
    fs::create_dir_all(&folder).map_err(about(folder.display()))?;
    let program = release(repository, "helserom")?;
    let (data, registers) = (folder.join("data"), folder.join("registers"));
    let helserom = || {
        let mut command = repository.command(&program);
        command.arg("--data").arg(&data);
        command
    };
    let (people, sources) = (PEOPLE.to_string(), REGISTERS.len().to_string());
    println!("Generating {people} people and {sources} registers");
    run::run(
        helserom()
            .args(["generate", "population", "--people", &people, "--sources", &sources])
            .args(["--truth-column", "--out"])
            .arg(&registers),
    )?;
    run::run(helserom().args(["account", "add-organisation", "hospital", "--name", "Hospital"]))?;
    for name in REGISTERS {
        import(&helserom, &registers, name)?;
    }
    fs::write(&done, "").map_err(about(done.display()))?;
    Ok(folder)
}

fn import(
    helserom: &impl Fn() -> std::process::Command,
    registers: &Path,
    name: &str,
) -> Result<(), Failed> {
    let path = registers.join(format!("{name}.toml"));
    fs::write(&path, contract(name)).map_err(about(path.display()))?;
    run::run(helserom().args(["source", "add"]).arg(&path))?;
    let rows = registers.join(format!("{name}.csv"));
    if !rows.exists() {
        return failed(format!("no register `{name}` was generated"));
    }
    run::run(helserom().args(["source", "import", name]).arg(&rows))
}

/// What a register of the generated population promises.
fn contract(name: &str) -> String {
    let mut text = format!(
        "version = 1\nsource = \"{name}\"\ntitle = \"{name}\"\nholder = \"hospital\"\n\
         update = \"yearly\"\nsmallest-count = 5\ntime = \"recorded_on\"\n\
         without-national-id = \"kept\"\n\
         [quarantine]\nrows = 1000000\nshare = 0.1\n[file]\nformat = \"csv\"\n"
    );
    for (column, kind, more) in [
        ("record", "text", "identifies = \"local-id\""),
        ("national_id", "text", "identifies = \"national-id\""),
        ("given_name", "text", "identifies = \"given-name\""),
        ("surname", "text", "identifies = \"surname\""),
        ("sex", "code", "evidence = \"sex\""),
        ("date_of_birth", "date", "identifies = \"birth-date\""),
        ("address", "text", "identifies = \"contact\""),
        ("postcode", "text", "evidence = \"postcode\""),
        ("municipality", "text", "evidence = \"municipality\""),
        ("country_of_birth", "code", "evidence = \"country-of-birth\""),
        ("recorded_on", "date", ""),
        ("truth", "integer", "header = \"person\""),
    ] {
        let _ = writeln!(text, "[[column]]\nname = \"{column}\"\ntype = \"{kind}\"\n{more}");
    }
    text
}
