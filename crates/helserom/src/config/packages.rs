//! The mirror that rooms fetch packages from.

use std::fs;
use std::path::{Path, PathBuf};

use room::packages::{Allowed, allow_list};
use sandbox::Mirror;
use serde::{Deserialize, Serialize};

/// Packages that rooms may fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Packages {
    /// A folder with a folder per Python package, by its normalised name, and the
    /// package's files in it (PEP 503). Empty: Python has no mirror.
    pub(crate) pypi: PathBuf,
    /// A folder as CRAN is one: `src/contrib/PACKAGES` with the sources beside it.
    /// Empty: R has no mirror.
    pub(crate) cran: PathBuf,
    /// A file that says which of them rooms may fetch, a package a line, such as
    /// `python lifelines` or `r lme4 1.1-31`. Empty: those that were asked for and
    /// approved, and no other.
    pub(crate) allow_list: PathBuf,
}

impl Packages {
    /// The mirror. The folders must be there.
    pub(crate) fn mirror(&self) -> Result<Mirror, String> {
        let pypi = folder("packages.pypi", &self.pypi, None)?;
        let cran = folder("packages.cran", &self.cran, Some("src/contrib/PACKAGES"))?;
        Ok(Mirror { pypi, cran })
    }

    /// What the operator lets rooms fetch.
    pub(crate) fn allowed(&self) -> Result<Vec<Allowed>, String> {
        let file = &self.allow_list;
        if file.as_os_str().is_empty() {
            return Ok(Vec::new());
        }
        let wrong = |why: String| format!("`packages.allow-list`: `{}`: {why}", file.display());
        let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        allow_list(&text).map_err(wrong)
    }
}

/// A folder that has `holds` in it; none, when none is said.
fn folder(key: &str, path: &Path, holds: Option<&str>) -> Result<Option<PathBuf>, String> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let wrong = |why: &str| format!("`{key}`: `{}` {why}", path.display());
    let found = path.canonicalize().map_err(|error| wrong(&format!("cannot be used: {error}")))?;
    if !found.is_dir() {
        return Err(wrong("is no folder"));
    }
    match holds {
        Some(holds) if !found.join(holds).is_file() => Err(wrong(&format!("has no `{holds}`"))),
        _ => Ok(Some(found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_that_is_not_there_is_found_at_the_start() {
        let top = tempfile::tempdir().unwrap();
        let cran = top.path().to_owned();
        let packages = Packages { cran: cran.clone(), ..Packages::default() };
        assert!(packages.mirror().unwrap_err().contains("src/contrib/PACKAGES"));
        let packages = Packages { pypi: top.path().join("none"), ..Packages::default() };
        assert!(packages.mirror().unwrap_err().starts_with("`packages.pypi`"));
        fs::create_dir_all(cran.join("src/contrib")).unwrap();
        fs::write(cran.join("src/contrib/PACKAGES"), "").unwrap();
        let list = top.path().join("list");
        let packages = Packages { cran, allow_list: list.clone(), ..Packages::default() };
        assert!(packages.mirror().unwrap().cran.is_some());
        fs::write(&list, "python fine\nruby rails\n").unwrap();
        let error = packages.allowed().unwrap_err();
        assert!(error.starts_with("`packages.allow-list`") && error.contains("line 2"), "{error}");
        assert_eq!(Packages::default().allowed(), Ok(Vec::new()));
    }
}
