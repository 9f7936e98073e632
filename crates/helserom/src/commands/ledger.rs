//! `helserom ledger`.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use ledger::{Report, VerifierKey};
use serde_json::json;

use super::open;
use crate::answer::{Answer, Stop};
use crate::cli::{Common, LedgerCommand};
use crate::config::Config;

pub(super) async fn run(
    command: LedgerCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    if let LedgerCommand::Verify { export: Some(export), key: Some(key) } = &command {
        return verify_export(export, &read_key(key)?);
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
        LedgerCommand::Export { file } => {
            site.store.checkpoint(&site.ledger_key).await.map_err(Stop::refused)?;
            let at =
                |error: std::io::Error| Stop::refused(format!("`{}`: {error}", file.display()));
            let out = BufWriter::new(File::create_new(&file).map_err(at)?);
            let mut out = out;
            let report = site.store.export(&mut out).await.map_err(Stop::refused)?;
            out.flush().map_err(at)?;
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
