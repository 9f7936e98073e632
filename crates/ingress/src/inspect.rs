//! Looks into a file that somebody wants to bring in, and unpacks it.
//!
//! Whoever made the file may want to harm who reads it. This runs in a room of
//! its own, with nothing in it but the file, and its word is taken for no more
//! than that of who sent the file: what comes of it is read like the work folder
//! of a room.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use room::WorkName;
use serde::{Deserialize, Serialize};

use crate::content::{self, Content};
use crate::finding::{Fault, Finding, Findings, MOST_FINDINGS, shown};
use crate::identity::{self, IdentityNumbers};
use crate::{archive, bundle, office};

/// How much may come of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Bytes, unpacked.
    pub bytes: u64,
    /// Files, unpacked.
    pub files: u64,
}

/// So many names are kept; the rest is counted.
pub const MOST_NAMES: usize = 200;

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inspection {
    /// What the file is.
    pub content: Content,
    /// What is in it, how often: itself, where it is not unpacked.
    pub holds: BTreeMap<Content, u64>,
    /// The names of the first files that came of it.
    pub names: Vec<String>,
    /// How many files came of it.
    pub files: u64,
    /// How large they are together, bytes.
    pub bytes: u64,
    /// What was found, what refuses it first.
    pub findings: Vec<Finding>,
}

impl Inspection {
    /// Whether something in it keeps it out.
    pub fn refuses(&self) -> bool {
        use crate::finding::Weight;
        self.findings.iter().any(|finding| finding.fault.weight() == Weight::Refuse)
    }

    /// What an inspector said, which may have been taken over by what it looked at:
    /// no name in it says more than one of ours would.
    #[must_use]
    pub fn cleaned(mut self) -> Self {
        self.names.truncate(MOST_NAMES);
        self.findings.truncate(MOST_FINDINGS);
        self.names = self.names.iter().map(|name| shown(name)).collect();
        for finding in &mut self.findings {
            finding.place = finding.place.as_deref().map(shown);
        }
        self
    }

    /// Whether it is code and nothing else, with nothing that a person must see.
    pub fn is_plain_code(&self) -> bool {
        use crate::finding::Weight;
        let contents = self.holds.keys().all(|content| content.is_code());
        let findings = self.findings.iter().all(|found| found.fault.weight() == Weight::Note);
        contents && findings && self.files > 0
    }
}

/// Looks into `file`, which is called `name`, and puts what may go into a room
/// into the folder `into`. What is found is no error; an error is the machine's.
pub fn inspect(
    file: &Path,
    name: &WorkName,
    into: &Path,
    bounds: Bounds,
) -> io::Result<Inspection> {
    let mut taking = Taking {
        into: into.to_owned(),
        bounds,
        findings: Findings::default(),
        holds: BTreeMap::new(),
        names: Vec::new(),
        files: 0,
        bytes: 0,
        hidden: 0,
    };
    let content = taking.take_whole(file, name)?;
    if taking.hidden > 0 {
        taking.findings.add(None, Fault::Hidden { count: taking.hidden });
    }
    Ok(Inspection {
        content,
        holds: taking.holds,
        names: taking.names,
        files: taking.files,
        bytes: taking.bytes,
        findings: taking.findings.into_vec(),
    })
}

/// What is taken out of a file, and what is found meanwhile.
pub(crate) struct Taking {
    into: PathBuf,
    bounds: Bounds,
    pub(crate) findings: Findings,
    holds: BTreeMap<Content, u64>,
    names: Vec<String>,
    files: u64,
    bytes: u64,
    hidden: u64,
}

/// How many files a compressed one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packed {
    One,
    /// It is a tar.
    Many,
}

/// Whether it goes on after a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Go {
    On,
    /// A bound is reached, or nothing more can be read.
    Stop,
}

impl Taking {
    fn take_whole(&mut self, file: &Path, name: &WorkName) -> io::Result<Content> {
        let mut open = File::open(file)?;
        let content = content_of(&mut open, name.as_str())?;
        open.rewind()?;
        let stem = stem(name.as_str());
        match content {
            Content::GitBundle => {
                self.keep(name.as_str(), None, &mut open)?;
                bundle::take(self, file, &stem)?;
            }
            Content::Archive if office::look(open.try_clone()?, self.bounds.bytes).is_some() => {
                open.rewind()?;
                self.keep(name.as_str(), None, &mut open)?;
                return Ok(Content::Office);
            }
            Content::Archive => {
                open.rewind()?;
                archive::take(self, open, &stem)?;
            }
            Content::Compressed => {
                if self.take_compressed(open, name.as_str(), &stem)? == Packed::Many {
                    return Ok(Content::Archive);
                }
                // What it holds says more than how it is packed.
                return Ok(self.holds.keys().next().copied().unwrap_or(content));
            }
            _ => {
                self.keep(name.as_str(), None, &mut open)?;
            }
        }
        Ok(content)
    }

    /// One compressed file: a tar is unpacked, another is looked into and kept as
    /// it is.
    fn take_compressed(&mut self, mut open: File, name: &str, stem: &str) -> io::Result<Packed> {
        let mut head = Vec::new();
        let read = match open.try_clone().and_then(archive::decoder) {
            Ok(decoder) => decoder.take(content::HEAD as u64).read_to_end(&mut head),
            Err(error) => Err(error),
        };
        open.rewind()?;
        if read.is_err() {
            self.findings.add(None, Fault::Broken);
            return Ok(Packed::One);
        }
        if content::by_magic(&head) == Some(Content::Archive) {
            let stem = stem.strip_suffix(".tar").unwrap_or(stem);
            archive::take_tar(self, archive::decoder(open)?, stem)?;
            return Ok(Packed::Many);
        }
        self.keep(name, None, &mut open)?;
        Ok(Packed::One)
    }

    /// Counts a file whose name begins with a point.
    pub(crate) fn skip_hidden(&mut self) {
        self.hidden += 1;
    }

    /// Whether a name of an archive is one that stays out without a word.
    pub(crate) fn is_hidden(name: &str) -> bool {
        name.split('/').any(|part| part.starts_with('.') && part != "." && part != "..")
            || name.starts_with("__MACOSX/")
    }

    /// Keeps what `from` gives under `name`, looks at it, and says whether to go
    /// on. `place` is where it is said to be in what was sent.
    pub(crate) fn keep(
        &mut self,
        name: &str,
        place: Option<&str>,
        from: &mut dyn Read,
    ) -> io::Result<Go> {
        let Ok(name) = name.parse::<WorkName>() else {
            self.findings.add(place, Fault::Name);
            return Ok(Go::On);
        };
        if self.files == self.bounds.files {
            self.findings.add(None, Fault::TooMany { most: self.bounds.files });
            return Ok(Go::Stop);
        }
        let path = self.into.join(name.as_str());
        if let Some(folder) = path.parent()
            && fs::create_dir_all(folder).is_err()
        {
            // A file is where a folder should be.
            self.findings.add(place, Fault::Twice);
            return Ok(Go::On);
        }
        let mut file = match File::create_new(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.findings.add(place, Fault::Twice);
                return Ok(Go::On);
            }
            Err(error) => return Err(error),
        };
        let left = self.bounds.bytes - self.bytes;
        match copy(from, &mut file, left)? {
            Copied::Whole(bytes) => self.bytes += bytes,
            cut => {
                // What there is of it is not a file of what was sent.
                fs::remove_file(&path)?;
                if matches!(cut, Copied::TooLarge) {
                    self.findings.add(None, Fault::TooLarge { most: self.bounds.bytes });
                } else {
                    self.findings.add(place, Fault::Broken);
                }
                return Ok(Go::Stop);
            }
        }
        self.files += 1;
        if identity::names_a_person(name.as_str()) {
            self.findings.add(place, Fault::IdentityNumbers { count: 1 });
        }
        if self.names.len() < MOST_NAMES {
            self.names.push(shown(name.as_str()));
        }
        self.look(&path, &name, place)?;
        Ok(Go::On)
    }

    /// Looks at a file that was kept.
    fn look(&mut self, path: &Path, name: &WorkName, place: Option<&str>) -> io::Result<()> {
        let mut file = File::open(path)?;
        let mut content = content_of(&mut file, name.as_str())?;
        file.rewind()?;
        let inside = place.is_some();
        match content {
            Content::Archive => match office::look(file, self.bounds.bytes) {
                Some(faults) => {
                    content = Content::Office;
                    for fault in faults {
                        self.findings.add(place, fault);
                    }
                }
                None => self.findings.add(place, Fault::Nested),
            },
            Content::GitBundle if inside => self.findings.add(place, Fault::Nested),
            Content::Compressed => content = self.look_compressed(file, name.as_str(), place),
            Content::Sealed => self.findings.add(place, Fault::Sealed),
            Content::Program => self.findings.add(place, Fault::Program),
            Content::OldOffice => self.findings.add(place, Fault::Macros),
            Content::Pickle => self.findings.add(place, Fault::Pickle),
            Content::Unknown => self.findings.add(place, Fault::Unknown),
            _ => {}
        }
        if !matches!(content, Content::Office | Content::Compressed) {
            let mut numbers = IdentityNumbers::default();
            each_piece(File::open(path)?, u64::MAX, |piece| numbers.feed(piece))?;
            self.count(numbers, place);
        }
        if name_says_else(name.as_str(), content) {
            self.findings.add(place, Fault::NameSaysElse);
        }
        *self.holds.entry(content).or_default() += 1;
        Ok(())
    }

    /// Looks at what a compressed file holds, and says what that is.
    fn look_compressed(&mut self, file: File, name: &str, place: Option<&str>) -> Content {
        let Ok(decoder) = archive::decoder(file) else {
            self.findings.add(place, Fault::Broken);
            return Content::Compressed;
        };
        let mut numbers = IdentityNumbers::default();
        let mut head = Vec::new();
        let mut text = true;
        let read = each_piece(decoder, self.bounds.bytes, |piece| {
            let wanted = LOOK.saturating_sub(head.len());
            head.extend(piece.iter().take(wanted));
            text &= piece.iter().all(|byte| content::is_of_text(*byte));
            numbers.feed(piece);
        });
        match read {
            Ok(true) => {}
            Ok(false) => {
                self.findings.add(place, Fault::TooLarge { most: self.bounds.bytes });
            }
            Err(_) => self.findings.add(place, Fault::Broken),
        }
        self.count(numbers, place);
        let inner = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let content = told(&head, text, inner);
        match content {
            Content::Archive | Content::GitBundle | Content::Compressed => {
                self.findings.add(place, Fault::Nested);
            }
            Content::Sealed => self.findings.add(place, Fault::Sealed),
            Content::Program => self.findings.add(place, Fault::Program),
            Content::OldOffice => self.findings.add(place, Fault::Macros),
            Content::Pickle => self.findings.add(place, Fault::Pickle),
            Content::Unknown => self.findings.add(place, Fault::Unknown),
            _ => {}
        }
        // Data in whatever clothes: nobody reads it as the text that it holds.
        if content.is_text() { Content::Data } else { content }
    }

    pub(crate) fn count(&mut self, numbers: IdentityNumbers, place: Option<&str>) {
        if let Some(count) = numbers.found() {
            self.findings.add(place, Fault::IdentityNumbers { count });
        }
    }

    pub(crate) const fn bounds(&self) -> Bounds {
        self.bounds
    }
}

/// So much of a text is read before it is said what kind it is.
const LOOK: usize = 16 << 10;

/// What a file is. Reads all of it: a text may end as something else.
fn content_of(file: &mut File, name: &str) -> io::Result<Content> {
    let mut head = Vec::new();
    let mut text = true;
    each_piece(file, u64::MAX, |piece| {
        let wanted = LOOK.saturating_sub(head.len());
        head.extend(piece.iter().take(wanted));
        text &= piece.iter().all(|byte| content::is_of_text(*byte));
    })?;
    Ok(told(&head, text, name))
}

fn told(head: &[u8], text: bool, name: &str) -> Content {
    match content::by_magic(head) {
        Some(content) => content,
        None if text => content::of_text(name, &String::from_utf8_lossy(head)),
        None => Content::Unknown,
    }
}

/// Gives what `from` has to `with`, piece by piece. Whether that was all of it:
/// not when it is more than `most`.
pub(crate) fn each_piece(
    from: impl Read,
    most: u64,
    mut with: impl FnMut(&[u8]),
) -> io::Result<bool> {
    let mut from = BufReader::with_capacity(1 << 16, from);
    let mut left = most;
    loop {
        let piece = match io::BufRead::fill_buf(&mut from) {
            Ok(piece) => piece,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let length = piece.len();
        if length == 0 {
            return Ok(true);
        }
        let Some(after) = left.checked_sub(length as u64) else { return Ok(false) };
        left = after;
        with(piece);
        io::BufRead::consume(&mut from, length);
    }
}

enum Copied {
    Whole(u64),
    TooLarge,
    /// What it comes from cannot be read to its end.
    Broken,
}

/// Copies at most `most` bytes. An error is one of `to`.
fn copy(from: &mut dyn Read, to: &mut File, most: u64) -> io::Result<Copied> {
    let (mut bytes, mut failed) = (0_u64, None);
    let whole = each_piece(from, most, |piece| {
        if failed.is_none() {
            bytes += piece.len() as u64;
            failed = to.write_all(piece).err();
        }
    });
    match (failed, whole) {
        (Some(error), _) => Err(error),
        (None, Ok(true)) => Ok(Copied::Whole(bytes)),
        (None, Ok(false)) => Ok(Copied::TooLarge),
        (None, Err(_)) => Ok(Copied::Broken),
    }
}

/// Whether two files would lie in each other's place in the room: what an archive
/// or bundle is unpacked into has its name without its endings.
pub fn share_a_place(one: &str, other: &str) -> bool {
    let places = |name: &str| {
        let stem = stem(name);
        let bare = stem.strip_suffix(".tar").unwrap_or(&stem).to_owned();
        [name.to_lowercase(), stem.to_lowercase(), bare.to_lowercase()]
    };
    let others = places(other);
    places(one).iter().any(|place| others.contains(place))
}

fn stem(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let ending = [".tar.gz", ".tar.zst", ".tgz", ".tar", ".zip", ".bundle", ".gz", ".zst"]
        .into_iter()
        .find(|ending| lower.ends_with(ending) && lower.len() > ending.len());
    let kept = name.len() - ending.map_or(0, str::len);
    name.get(..kept).unwrap_or(name).to_owned()
}

/// Whether the ending of a name promises something else than the file is.
fn name_says_else(name: &str, content: Content) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "csv" | "tsv" | "tab" | "txt" | "md" | "r" | "rmd" | "qmd" | "py" | "sql" | "ipynb"
        | "json" | "sh" | "do" => !content.is_text(),
        "parquet" | "feather" | "arrow" | "rda" | "rdata" | "rds" | "dta" | "sav" | "sas7bdat"
        | "xpt" | "h5" => content != Content::Data,
        "png" | "jpg" | "jpeg" | "gif" | "tif" | "tiff" => content != Content::Picture,
        "pdf" => content != Content::Pdf,
        "zip" | "tar" => content == Content::Office,
        "xlsx" | "docx" | "pptx" | "ods" | "odt" => content != Content::Office,
        _ => false,
    }
}
