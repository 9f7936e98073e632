//! `helserom ledger`.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use ledger::{Checkpoint, Growth, Report, SignedNote, VerifierKey};
use serde_json::json;
use store::ExportError;

use super::open;
use crate::answer::{Answer, Stop};
use crate::cli::{Common, LedgerCommand};
use crate::config::Config;
use crate::disk::{self, NewFile};
use crate::site::Site;

pub(super) async fn run(
    command: LedgerCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    if let LedgerCommand::Verify { export: Some(export), key: Some(key), .. } = &command {
        return verify_export(export, &read_key(key)?);
    }
    if let LedgerCommand::Verify {
        growth: Some(growth), since: Some(since), key: Some(key), ..
    } = &command
    {
        return verify_growth(growth, since, &read_key(key)?);
    }
    let (site, caller) = open(config, common).await?;
    site.centre.may_read_ledger(&caller)?;
    match command {
        LedgerCommand::Verify { key, .. } => {
            let keys = match key {
                Some(key) => vec![read_key(&key)?],
                None => vec![site.ledger_key.public().clone()],
            };
            let report = site.store.verify(&keys).await.map_err(Stop::refused)?;
            Ok(told(&report))
        }
        LedgerCommand::Replay { check } => {
            if !check {
                site.centre.may_run(&caller)?;
                site.store.rebuild().await.map_err(Stop::refused)?;
            }
            let replay = site.store.replay_check().await.map_err(Stop::refused)?;
            let wrong: Vec<_> = replay
                .differences
                .iter()
                .map(ToString::to_string)
                .chain(replay.unfit.iter().map(ToString::to_string))
                .collect();
            let json = json!({
                "entries": replay.entries,
                "records": replay.records,
                "differences": wrong,
                "rebuilt": !check,
            });
            if replay.is_sound() {
                let what = if check { "as the entries say" } else { "rebuilt from the entries" };
                let text =
                    format!("{} records of {} entries: {what}", replay.records, replay.entries);
                Ok(Answer::new(text, json))
            } else {
                let hint = if check { "\nrebuild them with `helserom ledger replay`" } else { "" };
                Ok(Answer::no(format!("{}{hint}", wrong.join("\n")), json))
            }
        }
        LedgerCommand::Prove { seq } => {
            site.store.checkpoint(&site.ledger_key).await.map_err(Stop::refused)?;
            let proved = site.store.prove(seq).await.map_err(Stop::refused)?;
            let checked = proved.proof.verify(&proved.entry.hash, site.ledger_key.public());
            let checkpoint = checked.map_err(Stop::refused)?;
            let text = format!("{}\n{}", proved.line, proved.proof.to_string().trim_end());
            let json = json!({
                "entry": proved.entry,
                "line": proved.line,
                "proof": proved.proof.to_string(),
                "size": checkpoint.size,
                "root": checkpoint.root,
            });
            Ok(Answer::new(text, json))
        }
        LedgerCommand::Checkpoint => {
            let note = site.store.checkpoint(&site.ledger_key).await.map_err(Stop::refused)?;
            let covers = Checkpoint::unverified(&note).map_err(Stop::refused)?;
            let json =
                json!({ "checkpoint": note.to_string(), "size": covers.size, "root": covers.root });
            Ok(Answer::new(note.to_string().trim_end().to_owned(), json))
        }
        LedgerCommand::Grew { since } => {
            let kept = read_checkpoint(&since)?;
            let old = Checkpoint::open(&kept, site.ledger_key.public()).map_err(Stop::refused)?;
            site.store.checkpoint(&site.ledger_key).await.map_err(Stop::refused)?;
            let growth = site.store.prove_growth_since(old.size).await.map_err(Stop::refused)?;
            let new = growth.verify(&kept, site.ledger_key.public()).map_err(Stop::refused)?;
            let json = json!({
                "growth": growth.to_string(), "old": old.size, "new": new.size, "root": new.root,
            });
            Ok(Answer::new(growth.to_string().trim_end().to_owned(), json))
        }
        LedgerCommand::Export { file } => {
            site.store.checkpoint(&site.ledger_key).await.map_err(Stop::refused)?;
            let report = export(&site, &file).await?;
            let text = format!(
                "{}: {} entries, root {}\nverify it with `helserom ledger verify --export {} --key {}`",
                file.display(),
                report.entries,
                report.root,
                file.display(),
                site.ledger_key.public()
            );
            let json = json!({ "file": file, "entries": report.entries, "root": report.root });
            Ok(Answer::new(text, json))
        }
    }
}

/// Writes the export: the whole of it under its name, or nothing.
async fn export(site: &Site, path: &Path) -> Result<Report, Stop> {
    let at = |error: std::io::Error| Stop::refused(disk::in_words(path, &error));
    let mut new = NewFile::begin(path).map_err(at)?;
    let mut out = BufWriter::new(new.file());
    let report = site.store.export(&mut out).await.map_err(|error| match error {
        ExportError::Io(error) => at(error),
        error => Stop::refused(error),
    })?;
    out.into_inner().map_err(|error| at(error.into_error()))?;
    new.end().map_err(at)?;
    Ok(report)
}

fn read_checkpoint(path: &Path) -> Result<SignedNote, Stop> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Stop::refused(disk::in_words(path, &error)))?;
    // As the program says it, without the end of the last line.
    let text = format!("{}\n", text.trim_end_matches('\n'));
    text.parse().map_err(|error| Stop::refused(format!("`{}`: {error}", path.display())))
}

/// Needs two files and the key, and no data folder.
fn verify_growth(growth: &Path, since: &Path, key: &VerifierKey) -> Result<Answer, Stop> {
    let kept = read_checkpoint(since)?;
    let text = std::fs::read_to_string(growth)
        .map_err(|error| Stop::refused(disk::in_words(growth, &error)))?;
    let text = format!("{}\n", text.trim_end_matches('\n'));
    let checked =
        text.parse::<Growth>().and_then(|growth| Ok((growth.old, growth.verify(&kept, key)?)));
    match checked {
        Ok((old, new)) => {
            let json = json!({ "verified": true, "old": old, "new": new.size, "root": new.root });
            let text = format!(
                "the ledger of {} entries, root {}, begins with the {old} entries of the checkpoint that was kept",
                new.size, new.root
            );
            Ok(Answer::new(text, json))
        }
        Err(error) => {
            let text = format!("`{}`: {error}", growth.display());
            Ok(Answer::no(text, json!({ "verified": false, "why": error.to_string() })))
        }
    }
}

fn verify_export(path: &Path, key: &VerifierKey) -> Result<Answer, Stop> {
    let file = File::open(path)
        .map_err(|error| Stop::refused(format!("`{}`: {error}", path.display())))?;
    let report = ledger::export::verify(BufReader::with_capacity(1 << 20, file), key)
        .map_err(|error| Stop::refused(format!("`{}`: {error}", path.display())))?;
    Ok(told(&report))
}

/// A verification in words: what is wrong, or that nothing is.
fn told(report: &Report) -> Answer {
    let faults: Vec<_> = report.faults.iter().map(ToString::to_string).collect();
    let json = json!({
        "verified": report.is_sound(),
        "events": report.entries,
        "root": report.root,
        "signed": report.signed,
        "faults": faults,
    });
    if report.is_sound() {
        let text = format!(
            "{} entries, root {}\nthe chain holds, and {} of them are covered by signed checkpoints",
            report.entries, report.root, report.signed
        );
        Answer::new(text, json)
    } else {
        Answer::no(in_words(report), json)
    }
}

/// What is wrong with a ledger, one fault a line.
pub(crate) fn in_words(report: &Report) -> String {
    let mut lines: Vec<_> = report.faults.iter().map(ToString::to_string).collect();
    if report.unlisted > 0 {
        lines.push(format!("and {} more", report.unlisted));
    }
    lines.join("\n")
}

fn read_key(text: &str) -> Result<VerifierKey, Stop> {
    let written = match std::fs::read_to_string(text) {
        Ok(file) => file,
        Err(_) => text.to_owned(),
    };
    written.trim().parse().map_err(|error| {
        Stop::usage(format!("`{text}` is no public key of a ledger, nor a file with one: {error}"))
    })
}
