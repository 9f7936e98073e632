//! The cases under `spec/` are the manual and the tests: prose for people, a
//! small file in, the findings out. Each case:
//!
//! ````text
//! ## Its name
//! Prose.
//! ```csv            (or svg, json, txt: the file)
//! ```declared       (optional: what it is said to be, as JSON)
//! ```people         (optional: how many people are in the extract)
//! ```findings       (the verdict, then `rule weight where` for each)
//! ```mended         (optional: the file after the mend)
//! ````

use std::collections::BTreeMap;
use std::path::Path;

use disclosure::{Context, File, Kind, Rules, Weight, check, mend};

struct Case {
    name: String,
    blocks: BTreeMap<String, String>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match open.take() {
            Some((kind, body)) if line.trim_end() == "```" => {
                let case = cases.last_mut().expect("a heading before the block");
                assert!(case.blocks.insert(kind, body).is_none(), "{}: a block twice", case.name);
            }
            Some((kind, body)) => open = Some((kind, body + line + "\n")),
            None => {
                if let Some(name) = line.strip_prefix("## ") {
                    cases.push(Case { name: name.to_owned(), blocks: BTreeMap::new() });
                } else if let Some(kind) = line.strip_prefix("```") {
                    open = Some((kind.trim().to_owned(), String::new()));
                }
            }
        }
    }
    cases
}

/// What is wrong with the case, if something is.
fn run(case: &Case) -> Result<(), String> {
    let block = |kind: &str| case.blocks.get(kind).map(String::as_str);
    let (extension, body) = ["csv", "svg", "json", "txt"]
        .iter()
        .find_map(|kind| Some((*kind, block(kind)?)))
        .unwrap_or_else(|| panic!("{}: no file", case.name));
    let kind: Kind = block("declared").map_or(Kind::Unknown, |json| {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{}: {error}", case.name))
    });
    let people = block("people").map(|n| n.trim().parse().expect("a number of people"));
    let context = Context { people, rows: people, ..Context::default() };
    let name = format!("result.{extension}");
    let file = File { name: &name, bytes: body.as_bytes(), kind: &kind, table: None };
    let found = check(&file, &Rules::default(), &context);
    let mut lines = vec![found.verdict.as_str().to_owned()];
    for finding in &found.findings {
        let weight = match finding.weight {
            Weight::Note => "note",
            Weight::Review => "review",
            Weight::Refuse => "refuse",
        };
        lines.push(format!("{} {weight} {}", finding.rule, finding.whereabouts()));
    }
    let expected = block("findings").unwrap_or_else(|| panic!("{}: no findings", case.name));
    if lines.join("\n") != expected.trim_end() {
        return Err(format!("## {}\nfound:\n{}\n", case.name, lines.join("\n")));
    }
    if let Some(expected) = block("mended") {
        let mended = match mend(&file, &Rules::default(), &context) {
            Ok(mended) => String::from_utf8(mended.bytes).map_err(|error| error.to_string())?,
            Err(error) => format!("no mend: {error}\n"),
        };
        if mended != expected {
            return Err(format!("## {}\nmended:\n{mended}", case.name));
        }
    }
    Ok(())
}

#[test]
fn the_manual_is_true() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    files.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    for path in files {
        for case in cases(&std::fs::read_to_string(&path).unwrap()) {
            wrong.extend(run(&case).err());
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 20, "{count} cases");
}
