//! How many entries a second the verifier checks: writes an export of that many
//! synthetic entries in memory, checks it as `helserom ledger verify` would, and
//! prints one line of JSON.
//!
//! ```text
//! cargo run --release -p ledger --example verify_speed -- 1000000
//! ```

use std::io::Write;
use std::time::Instant;

use ledger::export::{Export, verify};
use ledger::tree::Tree;
use ledger::{Checkpoint, Draft, Entry, Hash, SignerKey, Subject};
use model::{AccountId, SeededEntropy, Timestamp};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let key = SignerKey::generate("bench.example/ledger", &SeededEntropy::new(1))?;
    let bytes = synthetic(count, &key)?;
    let size = bytes.len();

    let begin = Instant::now();
    let report = verify(&bytes[..], key.public())?;
    let seconds = begin.elapsed().as_secs_f64();
    if !report.is_sound() || report.entries != count {
        return Err("the synthetic ledger did not verify".into());
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
    let rate = count as f64 / seconds;
    let line =
        json!({"events": count, "bytes": size, "seconds": seconds, "events_per_second": rate});
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// An export of `count` entries of about the size that real ones have.
fn synthetic(count: u64, key: &SignerKey) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let actor: AccountId = "checker".parse()?;
    let mut export = Export::begin(Vec::new(), key.name())?;
    let (mut tree, mut previous) = (Tree::new(), Hash::default());
    for seq in 0..count {
        let draft = Draft {
            actor: actor.clone(),
            act: "output.checked".to_owned(),
            subject: Subject::new("output", format!("output-{seq:010}")),
            body: json!({
                "act": "checked",
                "findings": [{
                    "rule": "smallest-count",
                    "where": "row 3, column `events`",
                    "cells": seq % 9,
                }],
                "sha256": previous.to_string(),
                "verdict": "held",
            }),
        };
        let at = Timestamp::from_microsecond(1_767_225_600_000_000 + i64::try_from(seq)? * 1_003)?;
        let entry = Entry::seal(draft, seq, at, previous)?;
        export.entry(&String::from_utf8(entry.canonical()?)?, &entry.hash.to_string())?;
        tree.push(entry.hash);
        previous = entry.hash;
    }
    export.checkpoint(&Checkpoint::sign(count, tree.root(), key)?)?;
    Ok(export.finish()?)
}
