//! `helserom extract`.

use linkage::Extract;
use linkage::found::{Cell, Found};
use model::ExtractId;
use serde_json::json;

use super::open;
use super::stopping::to_its_end;
use crate::answer::{Answer, Stop, table};
use crate::cli::{Common, ExtractCommand};
use crate::config::Config;
use crate::progress::{self, Stoppable};

pub(super) async fn run(
    command: ExtractCommand,
    config: &Config,
    common: &Common,
) -> Result<Answer, Stop> {
    let (site, caller) = open(config, common).await?;
    match command {
        ExtractCommand::Build { permit } => {
            let watched = Stoppable::new(progress::shown("extract", common.json));
            let build = site.centre.build_extracts(&caller, &permit, watched.clone());
            let extracts = to_its_end(config, "the extract", &watched, build).await??;
            let two = extracts.len() > 1;
            let text: Vec<_> = extracts.iter().map(|extract| in_words(extract, two)).collect();
            let mut extracts = extracts.into_iter();
            let mut json = json!(extracts.next());
            if let (Some(generous), Some(strict)) = (extracts.next(), json.as_object_mut()) {
                strict.insert("generous".to_owned(), json!(generous));
            }
            Ok(Answer::new(text.join("\n\n"), json))
        }
        ExtractCommand::Destroy { id, why } => {
            site.centre.destroy_extract(&caller, &id, why).await?;
            let text = format!("extract `{id}` and the key of its numbers are gone");
            Ok(Answer::new(text, json!({ "destroyed": id })))
        }
    }
}

/// What was made; of `two`, which it is.
fn in_words(extract: &Extract, two: bool) -> String {
    let manifest = &extract.manifest;
    let which =
        if two { format!("the {} extract, ", manifest.strictness.as_str()) } else { String::new() };
    let mut lines = vec![format!("{}: {which}{} people", extract.id, manifest.persons)];
    for (name, table) in &manifest.tables {
        let columns: Vec<_> = table.columns.iter().map(|c| c.name.as_str()).collect();
        lines.push(format!("  {name}: {} rows of person, {}", table.rows, columns.join(", ")));
    }
    if let Some(found) = &manifest.found {
        lines.extend(found_in_words(found));
    }
    if let Some(changed) = manifest.changed {
        let other = manifest.compared_with.as_ref().map_or("the last extract", ExtractId::as_str);
        lines.push(format!(
            "  compared with {other}: {} people kept their number, {} are new, {} numbers were merged, {} split",
            changed.kept, changed.new, changed.merged, changed.split
        ));
    }
    lines.join("\n")
}

/// By which stage people were found, by source, and how far it is to be doubted.
fn found_in_words(found: &Found) -> Vec<String> {
    let count = |of: Option<u64>| match of {
        Some(count) => count.to_string(),
        None => format!("<{}", found.smallest_count),
    };
    let expected = |of: Option<f64>| of.map_or_else(|| "-".to_owned(), |of| format!("{of:.1}"));
    let line = |name: &str, cell: &Cell| {
        vec![
            name.to_owned(),
            count(cell.people),
            count(cell.exact),
            count(cell.own_number),
            count(cell.near),
            count(cell.likely),
            count(cell.alone),
            expected(cell.false_links),
            expected(cell.missed_links),
        ]
    };
    let groups = |what: &str, groups: &[linkage::found::Group]| -> Vec<Vec<String>> {
        let name = |group: &linkage::found::Group| {
            format!("{what} {}", group.value.as_deref().unwrap_or("not known"))
        };
        groups.iter().map(|group| line(&name(group), &group.cell)).collect()
    };
    let mut rows = vec![line("all", &found.all)];
    rows.extend(found.sources.iter().map(|(name, cell)| line(name.as_str(), cell)));
    rows.extend(groups("sex", &found.sexes));
    rows.extend(groups("age", &found.ages));
    rows.extend(groups("born in", &found.countries));
    let head = ["", "people", "equal number", "own number", "one slip", "likely", "alone"];
    let head: Vec<&str> = head.into_iter().chain(["wrong links", "missed links"]).collect();
    let mut lines = vec![
        String::new(),
        format!(
            "two records are one person from p = {} on; {} pairs were weighed; wrong and missed \
             links are what the model expects",
            found.threshold, found.compared
        ),
        table(&head, &rows),
    ];
    lines.extend(found.narrowed.iter().map(|block| {
        let then = if block.narrowed { "only where they agree on more" } else { "not" };
        if block.whole {
            return format!(
                "  `{}` would compare {} pairs: they were {then} compared",
                block.rule, block.pairs
            );
        }
        format!(
            "  {} records share one value under `{}`: they were {then} compared",
            block.rows, block.rule
        )
    }));
    lines
}
