//! `helserom source`.

use std::path::{Path, PathBuf};

use catalogue::Dataset;
use centre::Refused;
use centre::ports::{Checked, Delivered, NotDelivered};
use model::Lang;
use serde_json::json;
use source::{Contract, FIRST_REASONS, ImportManifest};

use super::open;
use super::stopping::to_its_end;
use crate::answer::{Answer, Stop, table};
use crate::cli::{Common, SourceCommand};
use crate::config::Config;
use crate::progress::{self, Stoppable};

pub(super) async fn run(
    command: SourceCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    let (site, caller) = open(config, common).await?;
    match command {
        SourceCommand::Add { contract } => {
            let contract = read_contract(&contract)?;
            let id = contract.source.clone();
            let changed = site.centre.register_source(&caller, contract).await?;
            let text = if changed {
                format!("source `{id}` is registered")
            } else {
                format!("source `{id}` is registered under this very contract already")
            };
            Ok(Answer::new(text, json!({ "source": id, "changed": changed })))
        }
        SourceCommand::Import { source, files } => {
            let watched = Stoppable::new(progress::shown(source.as_str(), common.json));
            let files = existing(files)?;
            let import = site.centre.import(&caller, &source, files, watched.clone());
            let delivered = match to_its_end(config, "the import", &watched, import).await? {
                Err(Refused::Delivery(refusal)) => return not_taken(&refusal, common.json),
                delivered => delivered?,
            };
            match delivered {
                Delivered::TakenIn(manifest) => {
                    Ok(Answer::new(in_words(&manifest), json!({ "imported": manifest })))
                }
                Delivered::Already(import) => {
                    let text = format!("these very files were taken in before, as `{import}`");
                    Ok(Answer::new(text, json!({ "already": import })))
                }
            }
        }
        SourceCommand::Check { contract, files } => {
            let contract = read_contract(&contract)?;
            let progress = progress::shown(contract.source.as_str(), common.json);
            let files = existing(files)?;
            let checked = site.centre.check_delivery(&caller, contract, files, progress).await;
            let Checked { manifest, reasons } = match checked {
                Err(Refused::Delivery(refusal)) => return not_taken(&refusal, common.json),
                checked => checked?,
            };
            let mut lines = vec![in_words(&manifest)];
            lines.extend(reasons.iter().take(FIRST_REASONS).map(|reason| format!("  {reason}")));
            let value = json!({ "would-import": manifest, "reasons": reasons });
            Ok(Answer::new(lines.join("\n"), value))
        }
        SourceCommand::List => Ok(listed(&site.centre.catalogue(&caller).await?)),
        SourceCommand::Quarantine { source, import } => {
            let record = site.centre.source(&caller, &source).await?;
            // The last delivery, taken in or refused: refusals are newer than
            // the import that counts.
            let refused = record.refused.last().map(|refused| refused.import.clone());
            let import = import
                .or(refused)
                .or_else(|| record.current().map(|current| current.manifest.import.clone()))
                .ok_or_else(|| Stop::refused(format!("nothing was delivered to `{source}` yet")))?;
            let rows = site.centre.quarantine(&caller, &source, &import).await?;
            let lines: Vec<_> = rows
                .iter()
                .map(|row| {
                    let faults: Vec<_> = row
                        .faults
                        .iter()
                        .map(|fault| match &fault.column {
                            Some(column) => format!("`{column}`: {}", fault.why),
                            None => fault.why.clone(),
                        })
                        .collect();
                    let told = format!("{} row {}: {}", row.file, row.row, faults.join("; "));
                    match &row.text {
                        Some(text) => format!("{told}\n  {text}"),
                        None => told,
                    }
                })
                .collect();
            Ok(Answer::new(lines.join("\n"), json!(rows)))
        }
    }
}

fn listed(datasets: &[Dataset]) -> Answer {
    let rows: Vec<_> = datasets
        .iter()
        .map(|dataset| {
            let count = |count: Option<u64>| {
                count.map_or_else(|| "-".to_owned(), |count| count.to_string())
            };
            vec![
                dataset.source.to_string(),
                dataset.title.get(Lang::En).to_owned(),
                dataset.holder.to_string(),
                count(dataset.rows),
                count(dataset.persons),
                dataset.freshness.delivered.map_or_else(|| "never".to_owned(), |at| at.to_string()),
            ]
        })
        .collect();
    Answer::new(
        table(&["source", "title", "holder", "rows", "people", "delivered"], &rows),
        json!(datasets),
    )
}

/// Reads and checks a contract.
pub(crate) fn read_contract(path: &Path) -> Result<Contract, Stop> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Stop::refused(format!("contract `{}`: {error}", path.display())))?;
    Contract::parse(&text)
        .map_err(|error| Stop::refused(format!("contract `{}`: {error}", path.display())))
}

fn existing(files: Vec<PathBuf>) -> Result<Vec<PathBuf>, Stop> {
    match files.iter().find(|file| !file.exists()) {
        Some(absent) => Err(Stop::refused(format!("there is no file `{}`", absent.display()))),
        None => Ok(files),
    }
}

/// A delivery that was refused, with its first reasons and where all of them are.
fn not_taken(refusal: &NotDelivered, as_json: bool) -> Result<Answer, Stop> {
    if !as_json {
        return Err(Stop::refused(refusal));
    }
    let NotDelivered { why, reasons, list, .. } = refusal;
    Ok(Answer::no("", json!({ "error": why.get(Lang::En), "reasons": reasons, "list": list })))
}

fn in_words(manifest: &ImportManifest) -> String {
    let mut lines = vec![format!(
        "{}: {} rows of {} people, {} rows kept aside",
        manifest.import, manifest.rows_kept, manifest.persons, manifest.rows_quarantined
    )];
    for (reason, rows) in &manifest.reasons {
        lines.push(format!("  {}: {rows}", reason.word()));
    }
    lines.join("\n")
}
