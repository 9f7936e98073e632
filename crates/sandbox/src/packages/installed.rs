//! What every room has, read from what is installed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use room::packages::{Installed, Language, PackageName};

/// How much of what a package says about itself is read, bytes.
const MOST_SAID: u64 = 256 << 10;
/// The longest licence that is shown, characters. Some put all of its text there.
const LONGEST_LICENCE: usize = 100;

/// Where R of the machine keeps packages. Rooms see all of `/usr`.
const R: [&str; 3] =
    ["/usr/local/lib/R/site-library", "/usr/lib/R/site-library", "/usr/lib/R/library"];

/// The packages of rooms with the Python environment `python`.
pub(crate) fn installed(python: Option<&Path>) -> Vec<Installed> {
    let mut found = BTreeSet::new();
    if let Some(python) = python {
        let versions = below(&python.join("lib"));
        for packages in versions.iter().map(|version| version.join("site-packages")) {
            found.extend(below(&packages).iter().filter_map(|folder| python_package(folder)));
        }
    }
    let own = python.map(|python| python.join("lib/R/library"));
    // The first that R finds is the one it takes.
    let mut names = BTreeSet::new();
    for library in own.into_iter().chain(R.map(PathBuf::from)) {
        for package in below(&library).iter().filter_map(|folder| r_package(folder)) {
            if names.insert(package.name.clone()) {
                found.insert(package);
            }
        }
    }
    found.into_iter().collect()
}

/// What keeps pip from putting another version beside what a room has. What builds
/// packages may be another: it is gone when they are built.
pub(crate) fn constraints(installed: &[Installed]) -> String {
    let mut text = String::new();
    for Installed { language, name, version, .. } in installed {
        let builds = ["pip", "setuptools", "wheel"].contains(&name.as_str());
        if *language == Language::Python
            && !builds
            && PackageName::of(*language, name).is_ok()
            && !version.contains(char::is_whitespace)
        {
            let _ = writeln!(text, "{name}=={version}");
        }
    }
    text
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// The fields at the beginning of a file, as mail has them.
fn fields(file: &Path) -> Option<Vec<(String, String)>> {
    let mut bytes = Vec::new();
    File::open(file).ok()?.take(MOST_SAID).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().take_while(|line| !line.is_empty());
    let said = lines.filter(|line| !line.starts_with([' ', '\t'])).filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        Some((key.to_owned(), value.trim().to_owned()))
    });
    Some(said.collect())
}

fn first(fields: &[(String, String)], key: &str) -> Option<String> {
    let value = fields.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
    value.filter(|value| !value.is_empty() && value != "UNKNOWN")
}

fn python_package(folder: &Path) -> Option<Installed> {
    let said = match folder.extension()?.to_str()? {
        "dist-info" => fields(&folder.join("METADATA"))?,
        "egg-info" => fields(&folder.join("PKG-INFO"))?,
        _ => return None,
    };
    let classified = || {
        let licences: Vec<&str> = said
            .iter()
            .filter(|(key, _)| key == "Classifier")
            .filter_map(|(_, value)| value.strip_prefix("License :: "))
            .filter_map(|value| value.rsplit(" :: ").next())
            .collect();
        Some(licences.join(", ")).filter(|licences| !licences.is_empty())
    };
    let licence = first(&said, "License-Expression")
        .or_else(classified)
        .or_else(|| first(&said, "License"))
        .unwrap_or_default();
    Some(Installed {
        language: Language::Python,
        name: first(&said, "Name")?,
        version: first(&said, "Version")?,
        licence: licence.chars().take(LONGEST_LICENCE).collect(),
    })
}

fn r_package(folder: &Path) -> Option<Installed> {
    let said = fields(&folder.join("DESCRIPTION"))?;
    Some(Installed {
        language: Language::R,
        name: first(&said, "Package")?,
        version: first(&said, "Version")?,
        licence: first(&said, "License")
            .unwrap_or_default()
            .chars()
            .take(LONGEST_LICENCE)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_says_its_name_version_and_licence() {
        let python = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = python.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let site = "lib/python3.99/site-packages";
        let said = "Metadata-Version: 2.4\nName: Wheeled\nVersion: 1.2\nLicense-Expression: MIT\n\nName: no\n";
        put(&format!("{site}/wheeled-1.2.dist-info/METADATA"), said);
        let said = "Name: old\nVersion: 3\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License\n";
        put(&format!("{site}/old-3.egg-info/PKG-INFO"), said);
        put(&format!("{site}/pip-9.dist-info/METADATA"), "Name: pip\nVersion: 9\n");
        put(&format!("{site}/none.py"), "");
        put(
            "lib/R/library/ours/DESCRIPTION",
            "Package: ours\nVersion: 0.1\nLicense: EUPL\nDepends: R,\n  x\n",
        );
        let found = installed(Some(python.path()));
        let of = |name: &str| {
            let one = found.iter().find(|package| package.name == name).unwrap();
            (one.language, one.version.as_str(), one.licence.as_str())
        };
        assert_eq!(of("Wheeled"), (Language::Python, "1.2", "MIT"));
        assert_eq!(of("old"), (Language::Python, "3", "BSD License"));
        assert_eq!(of("ours"), (Language::R, "0.1", "EUPL"));
        assert_eq!(constraints(&found), "Wheeled==1.2\nold==3\n");
        // R itself is on every machine that has rooms.
        assert!(of("survival").2.contains("GPL"), "{:?}", of("survival"));
    }
}
