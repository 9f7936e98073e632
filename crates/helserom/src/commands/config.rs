//! `helserom config`.

use serde_json::json;

use crate::answer::{Answer, table};
use crate::config::Explained;

/// What every value is and where it comes from.
pub(super) fn explain(explained: &[Explained]) -> Answer {
    let rows: Vec<_> = explained
        .iter()
        .map(|line| {
            vec![
                line.key.clone(),
                line.value.to_string(),
                line.origin.to_string(),
                line.variable.clone(),
            ]
        })
        .collect();
    let values: serde_json::Map<_, _> = explained
        .iter()
        .map(|line| {
            let value = serde_json::to_value(&line.value).unwrap_or_default();
            let said = json!({
                "value": value,
                "from": line.origin.to_string(),
                "variable": line.variable,
            });
            (line.key.clone(), said)
        })
        .collect();
    Answer::new(table(&["key", "value", "from", "environment variable"], &rows), values.into())
}
