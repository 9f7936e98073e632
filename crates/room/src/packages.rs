//! Packages that rooms fetch from the operator's mirror: what they are called,
//! which are allowed, how a room asks for one, and who decides on more.
//!
//! Everything here is a pure reading of text. The mirror's folders, and the socket
//! in a room, are the runtime's.

mod asking;
mod bytes;
mod name;
mod request;

use ledger::Hash;
use serde::{Deserialize, Serialize};

pub use asking::{Asked, LONGEST_HEAD, Method, Question, Unfit, read_head};
pub use bytes::{measure, pass_on};
pub use name::{Language, NotPackage, PackageName, PackageVersion, of_file};
pub use request::{PackageEvent, PackageRequest, PackageState, REQUEST_LIFECYCLE};

/// A package that rooms may fetch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Allowed {
    /// In which language.
    pub language: Language,
    /// Which.
    pub name: PackageName,
    /// Which version of it; any when not said.
    pub version: Option<PackageVersion>,
}

impl Allowed {
    /// Whether it is about this version of this package.
    pub fn covers(&self, language: Language, name: &PackageName, version: &PackageVersion) -> bool {
        self.language == language
            && self.name == *name
            && self.version.as_ref().is_none_or(|only| only == version)
    }
}

/// A file that a room fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Fetched {
    /// In which language.
    pub language: Language,
    /// Of which package.
    pub name: PackageName,
    /// Which version.
    pub version: PackageVersion,
    /// The file's name.
    pub file: String,
    /// SHA-256 of what was sent.
    pub sha256: Hash,
    /// How much, bytes.
    pub bytes: u64,
}

/// Says what one run may fetch, and takes down what it does.
pub trait Packages: Send + Sync {
    /// What is allowed now.
    fn allowed(&self) -> Result<Vec<Allowed>, String>;

    /// A file is about to be sent. It is not sent when this fails.
    fn fetched(&self, fetched: Fetched) -> Result<(), String>;
}

/// A package that every room has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Installed {
    /// In which language.
    pub language: Language,
    /// What it is called.
    pub name: String,
    /// Which version.
    pub version: String,
    /// Its licence, in its own words; empty when it says none.
    pub licence: String,
}

/// Reads an allow-list: a package a line, `python lifelines` or
/// `r lme4 1.1-31`; what follows `#` is a remark. The error names the line.
pub fn allow_list(text: &str) -> Result<Vec<Allowed>, String> {
    let mut list = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let said = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = said.split_whitespace().collect();
        let (language, name, version) = match words.as_slice() {
            [] => continue,
            [language, name] => (*language, *name, None),
            [language, name, version] => (*language, *name, Some(*version)),
            _ => {
                return Err(format!(
                    "line {number}: write a language, a name and, if only one will do, a version"
                ));
            }
        };
        let at = |error: NotPackage| format!("line {number}: {error}");
        let language: Language = language.parse().map_err(at)?;
        let name = PackageName::of(language, name).map_err(at)?;
        let version = version.map(str::parse).transpose().map_err(at)?;
        list.push(Allowed { language, name, version });
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allow_list_is_read_and_a_wrong_line_is_named() {
        let list = allow_list("# ours\npython Life_Lines\n\nr lme4 1.1-31 # for Berit\n").unwrap();
        let said: Vec<_> = list.iter().map(|a| (a.language, a.name.as_str())).collect();
        assert_eq!(said, [(Language::Python, "life-lines"), (Language::R, "lme4")]);
        assert_eq!(list[1].version.as_ref().map(PackageVersion::as_str), Some("1.1-31"));
        for wrong in ["julia x", "python", "python ../x", "r a b c", "r lme4 ../1", "python x *"] {
            let error = allow_list(&format!("python fine\n{wrong}\n")).unwrap_err();
            assert!(error.starts_with("line 2: "), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_version_that_is_named_is_the_only_one() {
        let [any, one] = &allow_list("r a1\nr b1 1.0\n").unwrap()[..] else { panic!() };
        let version = |text: &str| text.parse::<PackageVersion>().unwrap();
        assert!(any.covers(Language::R, &any.name, &version("7")));
        assert!(one.covers(Language::R, &one.name, &version("1.0")));
        assert!(!one.covers(Language::R, &one.name, &version("1.1")));
        assert!(!any.covers(Language::Python, &any.name, &version("7")));
        assert!(!any.covers(Language::R, &one.name, &version("1.0")));
    }
}
