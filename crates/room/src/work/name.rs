//! Names that can be shown, written down and asked for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a file below the work folder: `table.csv`, `figures/km.svg`.
/// No way up, no absolute path, nothing hidden, nothing that a shell, a
/// spreadsheet or a terminal could take for something else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkName(String);

/// Why a name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or too much.
    #[error("a name has 1 to {max} bytes", max = WorkName::LONGEST)]
    Length,
    /// Too many folders.
    #[error("`{0}` is more than {max} folders deep", max = WorkName::DEEPEST)]
    Depth(String),
    /// A part of it is empty, begins with `.` or `-`, or ends with `.` or a space.
    #[error(
        "`{0}` has a part that is empty, begins with `.`, `-` or a space, or ends with `.` or a space"
    )]
    Part(String),
    /// It has a character in it that is not allowed.
    #[error(
        "`{shown}` has the character {character:?} in it: use letters, digits and ._-+=()[],@%"
    )]
    Character {
        /// The name, with what cannot be shown left out.
        shown: String,
        /// The first that is not allowed.
        character: char,
    },
}

impl WorkName {
    /// How long a name may be, bytes.
    pub const LONGEST: usize = 512;
    /// How many folders deep a file may lie.
    pub const DEEPEST: usize = 8;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the character may be part of a name. `char::is_alphanumeric` knows
/// the letters of every language and none of the invisible or direction-turning
/// characters.
fn is_allowed(character: char) -> bool {
    character.is_alphanumeric() || " ._-+=()[],@%".contains(character)
}

/// The text with what cannot be shown replaced.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(120).map(|c| if is_allowed(c) || c == '/' { c } else { '\u{fffd}' }).collect()
}

/// Checks one part of a path.
pub(super) fn check_part(part: &str) -> Result<(), NameError> {
    if let Some(character) = part.chars().find(|c| !is_allowed(*c)) {
        return Err(NameError::Character { shown: shown(part), character });
    }
    if part.is_empty() || part.starts_with(['.', '-', ' ']) || part.ends_with(['.', ' ']) {
        return Err(NameError::Part(part.to_owned()));
    }
    Ok(())
}

impl FromStr for WorkName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() || text.len() > Self::LONGEST {
            return Err(NameError::Length);
        }
        let mut depth = 0;
        for part in text.split('/') {
            check_part(part).map_err(|error| match error {
                NameError::Part(_) => NameError::Part(shown(text)),
                NameError::Character { character, .. } => {
                    NameError::Character { shown: shown(text), character }
                }
                other => other,
            })?;
            depth += 1;
        }
        if depth > Self::DEEPEST {
            return Err(NameError::Depth(shown(text)));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for WorkName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<WorkName> for String {
    fn from(name: WorkName) -> Self {
        name.0
    }
}

impl fmt::Display for WorkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_people_give_are_taken() {
        for good in ["table.csv", "figurer/overlevelse (menn).svg", "blåbær_2.txt", "a+b=c.R"] {
            assert!(good.parse::<WorkName>().is_ok(), "`{good}` was refused");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_or_deceive_are_refused() {
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            ".hidden",
            "a/.b",
            "-rf",
            "a\nb",
            "a\\b",
            "a\u{202e}gvs.exe",
            "a\u{200b}b",
            "a\u{1b}[31m",
            "a;b",
            "$(id)",
            "a\"b",
            "<b>",
            "end.",
            "end ",
            "a/b/c/d/e/f/g/h/i",
        ] {
            assert!(bad.parse::<WorkName>().is_err(), "`{bad:?}` was taken");
        }
    }

    proptest! {
        #[test]
        fn no_name_leads_out_of_its_folder(text in "[a./ -]{0,20}") {
            if let Ok(name) = text.parse::<WorkName>() {
                let path = std::path::Path::new(name.as_str());
                let inside = path
                    .components()
                    .all(|part| matches!(part, std::path::Component::Normal(_)));
                prop_assert!(inside);
            }
        }
    }
}
