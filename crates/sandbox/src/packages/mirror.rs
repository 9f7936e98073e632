//! The operator's mirror: two folders, read and never listed for anybody. A file is
//! reached by a name that was read before, through no link.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use room::packages::{Allowed, Language, PackageName, of_file};
use room::{BENEATH, READ};
use rustix::fs::{Dir, FileType, Mode, OFlags};
use serde::{Deserialize, Serialize};

/// The largest file that is passed on, bytes.
pub(crate) const LARGEST: u64 = 2 << 30;
/// The largest list of R packages that is read, bytes.
const LARGEST_LIST: u64 = 64 << 20;
/// The most files of one package that are named.
const MOST_FILES: usize = 5000;

/// The folders of a mirror.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Mirror {
    /// A folder per Python package, by its normalised name, with its files (PEP 503).
    pub pypi: Option<PathBuf>,
    /// A folder as CRAN is one: `src/contrib/PACKAGES`, the sources beside it, and earlier
    /// versions in `src/contrib/Archive/<package>`.
    pub cran: Option<PathBuf>,
}

impl Mirror {
    /// Whether there is none at all.
    pub const fn is_empty(&self) -> bool {
        self.pypi.is_none() && self.cran.is_none()
    }

    /// The files of a Python package that are allowed.
    pub(crate) fn python_files(
        &self,
        name: &PackageName,
        allowed: &[Allowed],
    ) -> io::Result<BTreeSet<String>> {
        let folder = open(self.pypi.as_deref(), name.as_str(), OFlags::DIRECTORY)?;
        let mut files = BTreeSet::new();
        for entry in Dir::new(folder)? {
            let entry = entry?;
            let Ok(file) = entry.file_name().to_str() else { continue };
            let fits = of_file(Language::Python, file).is_some_and(|(of, version)| {
                of == *name && allowed.iter().any(|a| a.covers(Language::Python, &of, &version))
            });
            let plain = matches!(entry.file_type(), FileType::RegularFile | FileType::Unknown);
            if fits && plain && files.len() < MOST_FILES {
                files.insert(file.to_owned());
            }
        }
        Ok(files)
    }

    /// What the mirror's list says of the R packages that are allowed.
    pub(crate) fn r_list(&self, allowed: &[Allowed]) -> io::Result<String> {
        let file = open(self.cran.as_deref(), "src/contrib/PACKAGES", OFlags::empty())?;
        let mut text = String::new();
        plain(&file)?;
        File::from(file).take(LARGEST_LIST).read_to_string(&mut text)?;
        let mut kept = String::new();
        for about in text.replace("\r\n", "\n").split("\n\n") {
            let field = |name: &str| {
                let lines = about.lines().filter_map(|line| line.split_once(':'));
                lines.filter(|(key, _)| *key == name).map(|(_, value)| value.trim()).next_back()
            };
            // In another folder, or by another name, than where sources lie.
            if field("Path").is_some() || field("File").is_some() {
                continue;
            }
            let (Some(name), Some(version)) = (field("Package"), field("Version")) else {
                continue;
            };
            let (Ok(name), Ok(version)) = (PackageName::of(Language::R, name), version.parse())
            else {
                continue;
            };
            if allowed.iter().any(|a| a.covers(Language::R, &name, &version)) {
                kept.push_str(about.trim_matches('\n'));
                kept.push_str("\n\n");
            }
        }
        Ok(kept)
    }

    /// A file of a package, to be read, and how long it is.
    pub(crate) fn open(
        &self,
        language: Language,
        name: &PackageName,
        file: &str,
    ) -> io::Result<(File, u64)> {
        let opened = match language {
            Language::Python => {
                open(self.pypi.as_deref(), &format!("{name}/{file}"), OFlags::empty())
            }
            Language::R => {
                let below = |path: String| open(self.cran.as_deref(), &path, OFlags::empty());
                match below(format!("src/contrib/{file}")) {
                    // An earlier version.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        below(format!("src/contrib/Archive/{name}/{file}"))
                    }
                    opened => opened,
                }
            }
        }?;
        let bytes = plain(&opened)?;
        if bytes > LARGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok((File::from(opened), bytes))
    }
}

fn open(folder: Option<&Path>, name: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let folder = folder.ok_or(io::ErrorKind::NotFound)?;
    let top = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = rustix::fs::open(folder, top, Mode::empty())?;
    Ok(rustix::fs::openat2(top, name, READ | flags, Mode::empty(), BENEATH)?)
}

/// How long a plain file is; an error for anything else.
fn plain(file: &OwnedFd) -> io::Result<u64> {
    let stat = rustix::fs::fstat(file)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(io::ErrorKind::NotFound.into());
    }
    u64::try_from(stat.st_size).map_err(io::Error::other)
}
