//! The data made for a permit: how many people and rows, how they were found and what is
//! told of the doubt in it.

use askama::Template;
use linkage::{Changed, Extract, ExtractManifest};
use model::Timestamp;
use permit::Strictness;

use super::found::{self, FoundPart};
use crate::names::Names;
use crate::words::{Shown, Words};

/// An extract of a permit. Prints itself as HTML.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/extract.html")]
pub struct ExtractPart {
    words: Words,
    /// Which it is, of a permit that has two.
    title: Option<&'static str>,
    strictness: Strictness,
    built_at: Shown,
    persons: String,
    tables: Vec<(String, String, String)>,
    changed: Vec<String>,
    changed_title: &'static str,
    found: Option<FoundPart>,
}

impl askama::filters::HtmlSafe for ExtractPart {}

impl ExtractPart {
    /// What `extract` holds. `others`: the permit's extracts.
    pub fn new(words: &Words, names: &Names, extract: &Extract, others: &[Extract]) -> Self {
        let manifest = &extract.manifest;
        let id = match manifest.strictness {
            Strictness::Strict => "found",
            Strictness::Generous => "found-generous",
        };
        let found = manifest.found.as_ref();
        Self {
            title: others
                .iter()
                .any(|other| other.manifest.strictness != manifest.strictness)
                .then_some(title_key(manifest.strictness)),
            strictness: manifest.strictness,
            built_at: words.moment(extract.built_at),
            persons: words.whole(manifest.persons),
            tables: manifest
                .tables
                .iter()
                .map(|(source, table)| {
                    let columns = table.columns.len() as u64;
                    (source.to_string(), words.whole(table.rows), words.whole(columns))
                })
                .collect(),
            changed: manifest.changed.map(|of| found::changed(words, of)).unwrap_or_default(),
            changed_title: changed_key(manifest, others),
            found: found.map(|found| FoundPart::new(words, names, found, id)),
            words: words.clone(),
        }
    }
}

/// What an extract is called beside the other.
pub(crate) const fn title_key(strictness: Strictness) -> &'static str {
    match strictness {
        Strictness::Strict => "extract-strict",
        Strictness::Generous => "extract-generous",
    }
}

/// What stands above what became of people: a generous extract is told against the strict
/// one the first time.
fn changed_key(manifest: &ExtractManifest, others: &[Extract]) -> &'static str {
    let other = others.iter().find(|other| manifest.compared_with.as_ref() == Some(&other.id));
    match other.map(|other| other.manifest.strictness) {
        Some(other) if other != manifest.strictness => match other {
            Strictness::Strict => "changed-from-strict",
            Strictness::Generous => "changed-from-generous",
        },
        _ => "changed-since",
    }
}

/// What sample pages show: the newest first.
pub(crate) fn sample() -> Vec<Extract> {
    use crate::sample::literal;

    let table = |rows| linkage::TableManifest {
        rows,
        persons: 17_549,
        columns: Vec::new(),
        lake_version: 3,
        sha256: linkage::extract::Hash::default(),
        bytes: 40_000,
    };
    let of = |id: &str, strictness, persons, changed| Extract {
        id: literal(id),
        manifest: ExtractManifest {
            extract: literal(id),
            permit: literal("permit-7k3m9q2x4d"),
            strictness,
            persons,
            tables: [(literal("person"), table(17_549)), (literal("laboratory"), table(60_512))]
                .into(),
            linkage: [].into(),
            found: Some(found::sample()),
            highest: None,
            changed: Some(changed),
            compared_with: Some(literal("extract-4q6s8v0x2z")),
        },
        built_at: literal::<Timestamp>("2026-03-01T08:04:00Z"),
        built_by: literal("researcher"),
        milliseconds: 840,
        destroyed_at: None,
    };
    let strict = Changed { kept: 17_401, new: 148, merged: 6, split: 0 };
    let generous = Changed { kept: 17_512, new: 0, merged: 37, split: 0 };
    vec![
        of("extract-9b1d3f5h7k", Strictness::Generous, 17_512, generous),
        of("extract-4q6s8v0x2z", Strictness::Strict, 17_549, strict),
    ]
}
