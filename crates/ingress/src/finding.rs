//! What was found in a file that somebody wants to bring in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was found. Never what stands in the file: a finding is kept in the
/// ledger, and more people read that than see the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum Fault {
    /// National identity numbers.
    IdentityNumbers {
        /// How many were found.
        count: u64,
    },
    /// A program for a machine.
    Program,
    /// An office document with macros, or of a kind that may have some.
    Macros,
    /// An office document that fetches something from elsewhere.
    ExternalLinks,
    /// Something that runs code when it is read.
    Pickle,
    /// A link to another file.
    Link,
    /// A device, a pipe or a socket.
    Device,
    /// A name that leads out of the folder, or that cannot be written down.
    Name,
    /// Two things with one name.
    Twice,
    /// It would become larger than what may be brought in.
    TooLarge {
        /// The most that may be, bytes.
        most: u64,
    },
    /// It has more files in it than may be brought in.
    TooMany {
        /// The most that may be.
        most: u64,
    },
    /// It is encrypted, or compressed in a way that is not looked into.
    Sealed,
    /// An archive in an archive.
    Nested,
    /// It is not what its first bytes say, or ends early.
    Broken,
    /// Nothing that is known.
    Unknown,
    /// Its name says something else than its bytes.
    NameSaysElse,
    /// Code that is kept elsewhere: a submodule of git.
    Submodule,
    /// Files whose names begin with a point: they stay out.
    Hidden {
        /// How many.
        count: u64,
    },
    /// The scanner for malware knows it.
    Malware {
        /// What the scanner calls it.
        name: String,
    },
    /// Rows that no other row is like: whoever has the file knows them again.
    UniqueRows {
        /// How many.
        unique: u64,
        /// Of how many.
        rows: u64,
    },
}

/// What a fault means for the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// It is good to know.
    Note,
    /// A person decides.
    Person,
    /// The file stays out.
    Refuse,
}

impl Fault {
    /// The rule's name, the same word as in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::IdentityNumbers { .. } => "identity-numbers",
            Self::Program => "program",
            Self::Macros => "macros",
            Self::ExternalLinks => "external-links",
            Self::Pickle => "pickle",
            Self::Link => "link",
            Self::Device => "device",
            Self::Name => "name",
            Self::Twice => "twice",
            Self::TooLarge { .. } => "too-large",
            Self::TooMany { .. } => "too-many",
            Self::Sealed => "sealed",
            Self::Nested => "nested",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
            Self::NameSaysElse => "name-says-else",
            Self::Submodule => "submodule",
            Self::Hidden { .. } => "hidden",
            Self::Malware { .. } => "malware",
            Self::UniqueRows { .. } => "unique-rows",
        }
    }

    /// What it means for the file.
    pub const fn weight(&self) -> Weight {
        match self {
            Self::Hidden { .. } => Weight::Note,
            Self::Unknown | Self::NameSaysElse | Self::Pickle | Self::UniqueRows { .. } => {
                Weight::Person
            }
            Self::IdentityNumbers { .. }
            | Self::Program
            | Self::Macros
            | Self::ExternalLinks
            | Self::Link
            | Self::Device
            | Self::Name
            | Self::Twice
            | Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::Sealed
            | Self::Nested
            | Self::Broken
            | Self::Submodule
            | Self::Malware { .. } => Weight::Refuse,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdentityNumbers { count } => write!(
                f,
                "has {count} national identity numbers in it: people have no names in a room; \
                 take them out, or name their column so that it is linked"
            ),
            Self::Program => f.write_str(
                "is a program for a machine: bring its source, or ask for the package it is from",
            ),
            Self::Macros => {
                f.write_str("is an office document with macros: save it as text, or without them")
            }
            Self::ExternalLinks => f.write_str(
                "is an office document that fetches something from elsewhere: break its links",
            ),
            Self::Pickle => f.write_str("runs code when Python reads it"),
            Self::Link => f.write_str("is a link to another file: pack the file itself"),
            Self::Device => f.write_str("is a device, a pipe or a socket: leave it out"),
            Self::Name => f.write_str(
                "has a name that cannot be kept: use letters, digits and ._-+=()[],@%, \
                 and no way up",
            ),
            Self::Twice => f.write_str("is there twice"),
            Self::TooLarge { most } => write!(
                f,
                "would be larger than the {} MiB that may be brought in at once",
                most >> 20
            ),
            Self::TooMany { most } => {
                write!(f, "has more than the {most} files in it that may be brought in at once")
            }
            Self::Sealed => f.write_str(
                "is encrypted, or packed in a way that is not looked into: \
                 pack it as zip or tar.gz, without a password",
            ),
            Self::Nested => f.write_str(
                "is an archive in an archive, which is not looked into: unpack it first",
            ),
            Self::Broken => f.write_str("is not whole, or not what its first bytes say"),
            Self::Unknown => f.write_str("is of a kind that is not known here"),
            Self::NameSaysElse => f.write_str("has a name that says something else than its bytes"),
            Self::Submodule => {
                f.write_str("names code that is kept elsewhere: bring that in a bundle of its own")
            }
            Self::Hidden { count } => {
                write!(f, "has {count} files whose names begin with a point: they stay out")
            }
            Self::Malware { name } => write!(f, "is known to the scanner for malware as `{name}`"),
            Self::UniqueRows { unique, rows } => write!(
                f,
                "has {unique} rows of {rows} that no other row is like: whoever has the file \
                 elsewhere knows its people again"
            ),
        }
    }
}

/// A fault and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// Which file in the archive or bundle; nothing: the file as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What.
    #[serde(flatten)]
    pub fault: Fault,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "`{place}` {}", self.fault),
            None => write!(f, "it {}", self.fault),
        }
    }
}

/// How many findings are kept: one that refuses is always among them.
pub const MOST_FINDINGS: usize = 50;

/// Findings as they come. The same fault in a hundred files is told fifty times.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    pub(crate) fn add(&mut self, place: Option<&str>, fault: Fault) {
        let refuses = fault.weight() == Weight::Refuse;
        let finding = Finding { place: place.map(shown), fault };
        if self.0.len() < MOST_FINDINGS {
            self.0.push(finding);
        } else if refuses && !self.refuses() {
            self.0.pop();
            self.0.push(finding);
        }
    }

    pub(crate) fn refuses(&self) -> bool {
        self.0.iter().any(|finding| finding.fault.weight() == Weight::Refuse)
    }

    pub(crate) fn into_vec(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| std::cmp::Reverse(finding.fault.weight()));
        self.0
    }
}

/// A name as it may be kept: what cannot be shown is replaced, and a run of
/// digits as long as an identity number is blotted out.
pub(crate) fn shown(name: &str) -> String {
    let mut shown: String = name
        .chars()
        .take(120)
        .map(|c| if c.is_alphanumeric() || "/ ._-+=()[],@%".contains(c) { c } else { '\u{fffd}' })
        .collect();
    let digits = shown.chars().filter(char::is_ascii_digit).count();
    if digits >= 10 {
        shown = shown.chars().map(|c| if c.is_ascii_digit() { '•' } else { c }).collect();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_like_a_sentence_and_back_from_json() {
        let finding = Finding { place: Some("a/b.exe".to_owned()), fault: Fault::Program };
        assert!(finding.to_string().starts_with("`a/b.exe` is a program"));
        let json = serde_json::to_value(&finding).unwrap();
        assert_eq!(json, serde_json::json!({ "place": "a/b.exe", "rule": "program" }));
        assert_eq!(serde_json::from_value::<Finding>(json).unwrap(), finding);
    }

    #[test]
    fn one_that_refuses_is_kept_however_many_came_before() {
        let mut findings = Findings::default();
        for _ in 0..MOST_FINDINGS + 10 {
            findings.add(Some("x"), Fault::Unknown);
        }
        assert!(!findings.refuses());
        findings.add(Some("y"), Fault::Link);
        assert!(findings.refuses());
        let kept = findings.into_vec();
        assert_eq!((kept.len(), kept[0].fault.as_str()), (MOST_FINDINGS, "link"));
    }

    #[test]
    fn a_name_with_an_identity_number_in_it_is_blotted_out() {
        assert_eq!(shown("scans/41015800124.png"), "scans/•••••••••••.png");
        assert_eq!(shown("a\u{1b}[2J.R"), "a\u{fffd}[2J.R");
    }
}
