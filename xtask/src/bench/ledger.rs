//! Verifying a ledger from its export.

use serde_json::Value;

use crate::bench::{Finding, median, release};
use crate::repository::Repository;
use crate::run::{self, Failed, about};

const EVENTS: u32 = 1_000_000;
const REPEATS: usize = 5;
/// Events a second.
const ASKED: f64 = 300_000.0;

pub(super) fn measure(repository: &Repository) -> Result<Finding, Failed> {
    let program = release(repository, "examples/verify_speed")?;
    let mut rates = Vec::new();
    for _ in 0..REPEATS {
        let said = run::output(repository.command(&program).arg(EVENTS.to_string()))?;
        let said: Value = serde_json::from_str(&said).map_err(about("verify_speed"))?;
        rates.push(said.get("events_per_second").and_then(Value::as_f64).unwrap_or(f64::NAN));
    }
    let rate = median(rates);
    Ok(Finding {
        what: "Verifying a ledger of a million events".to_owned(),
        figures: vec![("events a second".to_owned(), format!("{rate:.0}"))],
        asked: format!("at least {ASKED:.0} events a second"),
        reached: rate >= ASKED,
    })
}
