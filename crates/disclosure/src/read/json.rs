//! JSON: every list of alike things in it is a table, the rest are single values.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::read::{Unreadable, strict};
use crate::rules::limits;
use crate::table::{Cell, Column, Table};

const LONGEST_NAME: usize = 200;

/// What stands in a JSON file.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// Tables, by the path to each.
    pub(crate) tables: Vec<(String, Table)>,
    /// Single values, by the path to each.
    pub(crate) values: BTreeMap<String, String>,
    /// Whether the text holds more than was understood: a name given twice,
    /// blanks and digits that nobody reads.
    pub(crate) more: bool,
    cells: usize,
}

impl Document {
    /// The value whose last name is one of these.
    pub(crate) fn value(&self, names: &[&str]) -> Option<&str> {
        self.values.iter().find_map(|(path, value)| {
            let last = path.rsplit('/').next().unwrap_or(path).to_lowercase();
            names.contains(&last.as_str()).then_some(value.as_str())
        })
    }

    fn spend(&mut self, cells: usize) -> Result<(), Unreadable> {
        self.cells = self.cells.saturating_add(cells);
        if self.cells > limits::CELLS { Err(Unreadable::TooLarge) } else { Ok(()) }
    }
}

/// Reads a JSON text. `serde_json` stops at a depth of 128.
pub(crate) fn read(text: &str) -> Result<Document, Unreadable> {
    let read = strict::read(text).map_err(|_| Unreadable::Malformed)?;
    let mut document = Document { more: read.more, ..Document::default() };
    walk("", &read.json, &mut document)?;
    Ok(document)
}

fn walk(path: &str, json: &Json, out: &mut Document) -> Result<(), Unreadable> {
    match json {
        Json::Object(members) => {
            let lengths: Vec<usize> =
                members.values().filter_map(|v| v.as_array().map(Vec::len)).collect();
            let alike = lengths.len() >= 2
                && lengths.len() == members.len()
                && lengths.windows(2).all(|pair| matches!(pair, [a, b] if a == b))
                && members.values().all(|v| v.as_array().is_some_and(|v| v.iter().all(is_single)));
            if alike {
                let columns = members
                    .iter()
                    .map(|(name, v)| (name.clone(), v.as_array().into_iter().flatten().collect()))
                    .collect();
                return push(path, columns, out);
            }
            for (name, value) in members {
                // A long name repeated in every path below it would multiply.
                if name.len() > LONGEST_NAME {
                    return Err(Unreadable::TooLarge);
                }
                // A slash within a name as in a JSON pointer (RFC 6901), or two
                // values could have one path.
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(&format!("{path}/{name}"), value, out)?;
            }
            // A name is there even if nothing stands in it.
            if members.is_empty() {
                out.spend(1)?;
                out.values.insert(path.to_owned(), String::new());
            }
        }
        Json::Array(items) if items.iter().all(Json::is_object) && !items.is_empty() => {
            return objects(path, items, out);
        }
        Json::Array(items) if items.iter().all(Json::is_array) && !items.is_empty() => {
            let width = items.iter().filter_map(|i| i.as_array().map(Vec::len)).max().unwrap_or(0);
            if width > limits::COLUMNS {
                return Err(Unreadable::TooLarge);
            }
            out.spend(width.saturating_mul(items.len()))?;
            let columns = (0..width)
                .map(|at| {
                    let cells = items.iter().map(|item| item.get(at).unwrap_or(&Json::Null));
                    (format!("column {}", at + 1), cells.collect())
                })
                .collect();
            return push(path, columns, out);
        }
        Json::Array(items) if !items.is_empty() => {
            return push(path, vec![("column 1".to_owned(), items.iter().collect())], out);
        }
        single => {
            out.spend(1)?;
            out.values.insert(path.to_owned(), as_text(single));
        }
    }
    Ok(())
}

/// A list of objects: a row for each, a column for each name. Objects within
/// objects become columns `outer.inner`.
fn objects(path: &str, items: &[Json], out: &mut Document) -> Result<(), Unreadable> {
    let mut rows: Vec<BTreeMap<String, &Json>> = Vec::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for item in items {
        let mut row = BTreeMap::new();
        out.more |= flatten("", item, &mut row, 0);
        out.spend(row.len())?;
        for name in row.keys() {
            if name.len() > LONGEST_NAME * 4 {
                return Err(Unreadable::TooLarge);
            }
            names.insert(name.clone());
        }
        rows.push(row);
    }
    if names.len() > limits::COLUMNS || names.len().saturating_mul(rows.len()) > limits::CELLS {
        return Err(Unreadable::TooLarge);
    }
    let columns = names
        .into_iter()
        .map(|name| {
            let cells = rows.iter().map(|row| row.get(&name).copied().unwrap_or(&Json::Null));
            let cells = cells.collect();
            (name, cells)
        })
        .collect();
    push(path, columns, out)
}

/// Whether two values had the same name: `a.b`, and `b` in `a`.
fn flatten<'a>(
    prefix: &str,
    json: &'a Json,
    row: &mut BTreeMap<String, &'a Json>,
    depth: u8,
) -> bool {
    match json {
        Json::Object(members) if depth < 4 && !members.is_empty() => {
            let mut doubled = false;
            for (name, value) in members {
                let name =
                    if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                doubled |= flatten(&name, value, row, depth + 1);
            }
            doubled
        }
        other => row.insert(prefix.to_owned(), other).is_some(),
    }
}

fn push(
    path: &str,
    columns: Vec<(String, Vec<&Json>)>,
    out: &mut Document,
) -> Result<(), Unreadable> {
    let cells: usize = columns.iter().map(|(_, cells)| cells.len()).sum();
    out.spend(cells)?;
    let rows = columns.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    if out.tables.len() >= limits::TABLES || rows > limits::ROWS {
        return Err(Unreadable::TooLarge);
    }
    let columns = columns
        .into_iter()
        .map(|(name, cells)| Column {
            name,
            cells: cells.into_iter().map(|v| Cell::read(&as_text(v), false)).collect(),
        })
        .collect();
    let path = if path.is_empty() { "/" } else { path };
    out.tables
        .push((path.to_owned(), Table { columns, header: true, delimiter: None, ragged: vec![] }));
    Ok(())
}

fn is_single(json: &Json) -> bool {
    !json.is_array() && !json.is_object()
}

fn as_text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_tables_however_they_are_nested() {
        let document = read(
            r#"{"n": 100, "terms": [{"term": "age", "fit": {"coef": 0.1}}, {"term": "sex", "fit": {"coef": 0.2}}],
                "wide": {"a": [1, 2], "b": [3, 4]}, "bare": [1, 2, 3], "pairs": [[1, 2], [3]]}"#,
        )
        .unwrap();
        assert_eq!(document.value(&["n"]), Some("100"));
        let shape = |path: &str| {
            let table = &document.tables.iter().find(|(p, _)| p == path).unwrap().1;
            (table.rows(), table.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>())
        };
        assert_eq!(shape("/terms"), (2, vec!["fit.coef", "term"]));
        assert_eq!(shape("/wide"), (2, vec!["a", "b"]));
        assert_eq!(shape("/bare"), (3, vec!["column 1"]));
        assert_eq!(shape("/pairs"), (2, vec!["column 1", "column 2"]));
    }

    #[test]
    fn depth_has_an_end() {
        let deep = "[".repeat(100_000);
        assert!(read(&deep).is_err());
    }
}
