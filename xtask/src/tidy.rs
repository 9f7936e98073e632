//! `cargo xtask tidy`: rules about the repository that no compiler knows. Each
//! is a pure function from what it looks at to what is wrong, with a test in
//! which a breach is found.

mod decisions;
mod layers;
mod locales;
mod manifests;
mod names;
mod sizes;
mod words;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::repository::Repository;
use crate::run::{self, Done, Failed, about, failed};

/// Something that is not as it should be.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Breach {
    path: PathBuf,
    /// Counted from 1; 0 when it is about the whole file.
    line: usize,
    what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.what)
    }
}

fn breach(path: &Path, line: usize, what: impl Into<String>) -> Breach {
    Breach { path: path.to_owned(), line, what: what.into() }
}

/// A file of the repository, read.
struct Source {
    path: PathBuf,
    bytes: Vec<u8>,
    /// The text, or nothing if the file is none.
    text: Option<String>,
}

impl Source {
    fn extension(&self) -> &str {
        self.path.extension().and_then(|e| e.to_str()).unwrap_or_default()
    }

    fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// Lines with their numbers, counted from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text().lines())
    }
}

fn read(repository: &Repository) -> Result<Vec<Source>, Failed> {
    let read = |path: PathBuf| {
        let bytes = fs::read(repository.root().join(&path)).map_err(about(path.display()))?;
        let text = String::from_utf8(bytes.clone()).ok().filter(|text| !text.contains('\0'));
        Ok(Source { path, bytes, text })
    };
    repository.files()?.into_iter().map(read).collect()
}

/// Checks every rule and prints every breach.
pub(crate) fn run(repository: &Repository) -> Done {
    let sources = read(repository)?;
    let mut cargo = repository.cargo();
    cargo.args(["metadata", "--format-version=1", "--no-deps", "--locked", "--offline"]);
    let metadata = run::output(&mut cargo)?;
    let metadata = serde_json::from_str(&metadata).map_err(about("cargo metadata"))?;

    let mut breaches = layers::check(&metadata);
    for source in &sources {
        breaches.extend(sizes::check(source));
        breaches.extend(names::check(source));
        breaches.extend(words::check(source));
        breaches.extend(manifests::check(source));
    }
    breaches.extend(locales::check(&sources));
    breaches.extend(decisions::check(&sources));
    breaches.sort();
    for breach in &breaches {
        println!("{breach}");
    }
    match breaches.len() {
        0 => Ok(()),
        1 => failed("tidy: one breach"),
        many => failed(format!("tidy: {many} breaches")),
    }
}

#[cfg(test)]
fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), bytes: text.into(), text: Some(text.into()) }
}
