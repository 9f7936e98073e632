//! `helserom extract`.

use serde_json::json;

use super::open;
use crate::answer::{Answer, Stop};
use crate::cli::{Common, ExtractCommand};
use crate::config::Config;
use crate::progress;

pub(super) async fn run(
    command: ExtractCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    let (site, caller) = open(config, common).await?;
    match command {
        ExtractCommand::Build { permit } => {
            let progress = progress::shown("extract", common.json);
            let extract = site.centre.build_extract(&caller, &permit, progress).await?;
            let manifest = &extract.manifest;
            let mut lines = vec![format!("{}: {} people", extract.id, manifest.persons)];
            for (name, table) in &manifest.tables {
                let columns: Vec<_> = table.columns.iter().map(|c| c.name.as_str()).collect();
                lines.push(format!(
                    "  {name}: {} rows of person, {}",
                    table.rows,
                    columns.join(", ")
                ));
            }
            Ok(Answer::new(lines.join("\n"), json!(extract)))
        }
        ExtractCommand::Destroy { id, why } => {
            site.centre.destroy_extract(&caller, &id, why).await?;
            let text = format!("extract `{id}` and the key of its numbers are gone");
            Ok(Answer::new(text, json!({ "destroyed": id })))
        }
    }
}
