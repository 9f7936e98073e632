//! What packages, versions and their files are called. A name that passes here
//! cannot lead out of a folder.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name of a package, a version or a file.
const LONGEST: usize = 128;

/// A text that names no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct NotPackage {
    text: String,
    what: &'static str,
}

fn not(text: &str, what: &'static str) -> NotPackage {
    NotPackage { text: text.chars().take(80).collect(), what }
}

/// The languages that rooms have packages for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Python, with packages as `PyPI` has them.
    Python,
    /// R, with packages as CRAN has them.
    R,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Python, Self::R];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::R => "r",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Language {
    type Err = NotPackage;

    fn from_str(text: &str) -> Result<Self, NotPackage> {
        let known = Self::ALL.into_iter().find(|language| language.as_str() == text);
        known.ok_or_else(|| not(text, "a language that rooms have packages for: python or r"))
    }
}

/// The name of a package, one way of writing it (PEP 503 for Python).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackageName(String);

impl PackageName {
    /// A name as people write it.
    pub fn of(language: Language, text: &str) -> Result<Self, NotPackage> {
        match language {
            Language::Python => Self::python(text),
            Language::R => {
                // Writing R Extensions, 1.1.1.
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
                let fits = (2..=LONGEST).contains(&text.len())
                    && text.chars().all(plain)
                    && !text.contains("..")
                    && text.starts_with(|c: char| c.is_ascii_alphabetic())
                    && !text.ends_with('.');
                if fits { Ok(Self(text.to_owned())) } else { Err(not(text, "an R package's name")) }
            }
        }
    }

    fn python(text: &str) -> Result<Self, NotPackage> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let fits = text.len() <= LONGEST
            && text.chars().all(plain)
            && edge(text.chars().next())
            && edge(text.chars().next_back());
        if !fits {
            return Err(not(text, "a Python package's name"));
        }
        let mut name = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '.' | '-' | '_' if name.ends_with('-') => {}
                '.' | '-' | '_' => name.push('-'),
                c => name.push(c.to_ascii_lowercase()),
            }
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PackageName {
    type Err = NotPackage;

    /// A name as it is kept.
    fn from_str(text: &str) -> Result<Self, NotPackage> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for PackageName {
    type Error = NotPackage;

    fn try_from(text: String) -> Result<Self, NotPackage> {
        // Whichever language: a name of one is as plain as that of the other.
        match Self::of(Language::R, &text) {
            Ok(name) => Ok(name),
            Err(_) => Self::python(&text).and_then(|name| {
                if name.0 == text { Ok(name) } else { Err(not(&text, "a package's name")) }
            }),
        }
    }
}

impl From<PackageName> for String {
    fn from(name: PackageName) -> Self {
        name.0
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackageVersion(String);

impl PackageVersion {
    /// The version.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PackageVersion {
    type Err = NotPackage;

    fn from_str(text: &str) -> Result<Self, NotPackage> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '!');
        let fits = (1..=LONGEST).contains(&text.len())
            && text.chars().all(plain)
            && !text.contains("..")
            && text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err(not(text, "a version")) }
    }
}

impl TryFrom<String> for PackageVersion {
    type Error = NotPackage;

    fn try_from(text: String) -> Result<Self, NotPackage> {
        text.parse()
    }
}

impl From<PackageVersion> for String {
    fn from(version: PackageVersion) -> Self {
        version.0
    }
}

impl fmt::Display for PackageVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose file this is, and which version of it; nothing when it is none that a
/// room could install. Wheels as in the binary distribution format, sources as
/// `NAME-VERSION.tar.gz`; R's sources as `NAME_VERSION.tar.gz`.
pub fn of_file(language: Language, file: &str) -> Option<(PackageName, PackageVersion)> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '!');
    if file.len() > 2 * LONGEST || !file.chars().all(plain) || file.contains("..") {
        return None;
    }
    let (name, version) = match language {
        Language::R => file.strip_suffix(".tar.gz")?.split_once('_')?,
        Language::Python => of_python_file(file)?,
    };
    Some((PackageName::of(language, name).ok()?, version.parse().ok()?))
}

/// The name and the version that a wheel or a source file says it is.
fn of_python_file(file: &str) -> Option<(&str, &str)> {
    let Some(wheel) = file.strip_suffix(".whl") else {
        let stem = file.strip_suffix(".tar.gz").or_else(|| file.strip_suffix(".zip"))?;
        return stem.rsplit_once('-');
    };
    let parts: Vec<&str> = wheel.split('-').collect();
    match parts.as_slice() {
        [name, version, _, _, _] | [name, version, _, _, _, _] => Some((*name, *version)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_say_whose_they_are() {
        let python = |file| of_file(Language::Python, file).map(|(n, v)| format!("{n} {v}"));
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(python("Life_Lines-0.30.0-py3-none-any.whl"), said("life-lines 0.30.0"));
        assert_eq!(python("torch-2.0+cpu-1-cp311-cp311-linux_x86_64.whl"), said("torch 2.0+cpu"));
        assert_eq!(python("autograd-gamma-0.5.0.tar.gz"), said("autograd-gamma 0.5.0"));
        let r = of_file(Language::R, "data.table_1.14.8.tar.gz").unwrap();
        assert_eq!((r.0.as_str(), r.1.as_str()), ("data.table", "1.14.8"));
        for none in
            ["index.html", "x-1.exe", "x.whl", "../x-1.tar.gz", "x-..1.tar.gz", "x-1.tar.gz.asc"]
        {
            assert_eq!(python(none), None, "{none}");
        }
        assert_eq!(of_file(Language::R, "PACKAGES"), None);
    }

    #[test]
    fn no_name_leads_out_of_a_folder() {
        for language in Language::ALL {
            for bad in ["", ".", "..", "a/b", "../a", "a%2fb", ".a1", "a1.", "a b", "a\0b", "æ1"] {
                assert!(PackageName::of(language, bad).is_err(), "{language} `{bad}`");
            }
        }
        for bad in ["", "..", "1..2", "1/2", "-1", "1 2"] {
            assert!(bad.parse::<PackageVersion>().is_err(), "`{bad}`");
        }
        assert!(serde_json::from_str::<PackageName>("\"../x\"").is_err());
        assert!(serde_json::from_str::<PackageName>("\"My_Thing\"").is_err(), "not as it is kept");
        assert!(serde_json::from_str::<PackageName>("\"data.table\"").is_ok());
    }
}
