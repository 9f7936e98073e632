//! The demo, run to its end, and its report looked at with other eyes than its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use postgres_fixture::Cluster;
use serde_json::Value;

use crate::repository::Repository;
use crate::run::{self, Done, Failed, about, failed};
use crate::{build, demo, setup};

mod report;

/// The demo may take so long, building left out.
const LONGEST_SECONDS: f64 = 60.0;

pub(super) fn on_sqlite(repository: &Repository) -> Done {
    let folder = fresh(repository, "sqlite")?;
    once(repository, &folder, None)
}

pub(super) fn on_postgres(repository: &Repository) -> Done {
    let folder = fresh(repository, "postgres")?;
    let cluster = Cluster::start().map_err(about("PostgreSQL"))?;
    let url = cluster.create_database("helserom").map_err(about("PostgreSQL"))?;
    let config = config(&folder, &url)?;
    once(repository, &folder, Some(&config))
}

/// A config file in `folder` for the database at `url`.
fn config(folder: &Path, url: &str) -> Result<PathBuf, Failed> {
    let url_file = folder.join("postgres-url");
    fs::write(&url_file, url).map_err(about(url_file.display()))?;
    let owner_only = fs::Permissions::from_mode(0o600);
    fs::set_permissions(&url_file, owner_only).map_err(about(url_file.display()))?;
    let metadata = format!("kind = \"postgresql\"\nurl-file = \"{}\"\n", url_file.display());
    let config = folder.join("helserom.toml");
    fs::write(&config, format!("version = 1\n\n[metadata]\n{metadata}"))
        .map_err(about(config.display()))?;
    Ok(config)
}

/// An empty folder for what a run leaves.
fn fresh(repository: &Repository, name: &str) -> Result<PathBuf, Failed> {
    let folder = repository.made("demo-tests").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(about(folder.display()))?;
    }
    fs::create_dir_all(&folder).map_err(about(folder.display()))?;
    Ok(folder)
}

fn once(repository: &Repository, folder: &Path, config: Option<&Path>) -> Done {
    let program = build::helserom(repository)?;
    let report = folder.join("report.json");
    let mut command: Command = demo::command(repository, &program);
    command.arg("--once").arg("--data").arg(folder.join("data")).arg("--report").arg(&report);
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    run::run(&mut command)?;
    let report = json(&report)?;
    as_it_is(repository, &program, (folder, config), &report)?;
    let manifest = json(&repository.made(setup::DEMO_FILES).join("manifest.json"))?;
    let seconds = report::check(&report, &manifest)?;
    println!("the demo took {seconds:.1} s");
    if seconds > LONGEST_SECONDS {
        return failed(format!("the demo took {seconds:.1} s, more than {LONGEST_SECONDS} s"));
    }
    Ok(())
}

/// What the report says of the ledger and of the package is what is there.
fn as_it_is(
    repository: &Repository,
    program: &Path,
    (folder, config): (&Path, Option<&Path>),
    report: &Value,
) -> Done {
    let mut command: Command = repository.command(program);
    command.arg("--json").arg("--data").arg(folder.join("data"));
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    let said = run::output(command.args(["ledger", "verify"]))?;
    let ledger: Value = serde_json::from_str(&said).map_err(about("ledger verify"))?;
    for figure in ["events", "root"] {
        if report.pointer(&format!("/ledger/{figure}")) != ledger.get(figure) {
            return failed(format!("`/ledger/{figure}` is not what `ledger verify` says: {said}"));
        }
    }
    let text = |pointer: &str| report.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let package = text("/release/package");
    let digest = run::output(repository.command("sha256sum").arg(package))?;
    let digest = digest.split_whitespace().next().unwrap_or_default();
    if text("/release/sha256") != digest {
        return failed(format!("`/release/sha256` is not that of `{package}`: {digest}"));
    }
    Ok(())
}

fn json(path: &Path) -> Result<Value, Failed> {
    let text = fs::read(path).map_err(about(path.display()))?;
    serde_json::from_slice(&text).map_err(about(path.display()))
}
