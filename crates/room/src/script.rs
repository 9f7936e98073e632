//! What a person wrote to be run in a room: kept word for word in the ledger.

use ledger::Hash;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::work::{NameError, WorkName};

/// A script as it was run: its name, its text and the hash of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Script {
    name: WorkName,
    sha256: Hash,
    text: String,
}

#[derive(Deserialize)]
struct Written {
    name: String,
    sha256: Hash,
    text: String,
}

/// Why a script is not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// Its name is no plain file name.
    #[error("the script's name is refused: {0}")]
    Name(#[from] NameError),
    /// Its name has folders in it.
    #[error("`{0}` is no plain file name: name the script without folders, such as `analysis.R`")]
    Folder(WorkName),
    /// It is too long for the ledger.
    #[error("the script is {0} bytes, and at most {max} are kept: split it, or put tables into files of the work folder", max = Script::LONGEST)]
    TooLong(usize),
    /// The hash is not the hash of the text.
    #[error("the hash of script `{0}` is not that of its text")]
    Hash(WorkName),
}

impl Script {
    /// How long a script may be, bytes.
    pub const LONGEST: usize = 256 * 1024;

    /// The script of that file name and text.
    pub fn new(name: &str, text: String) -> Result<Self, ScriptError> {
        let name: WorkName = name.parse()?;
        if name.as_str().contains('/') {
            return Err(ScriptError::Folder(name));
        }
        if text.len() > Self::LONGEST {
            return Err(ScriptError::TooLong(text.len()));
        }
        let sha256 = Hash(Sha256::digest(&text).into());
        Ok(Self { name, sha256, text })
    }

    /// The plain file name.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// SHA-256 of the text.
    pub const fn sha256(&self) -> Hash {
        self.sha256
    }

    /// Every word of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a command in the room finds it: it is there to be read, not to be
    /// changed, so that what ran is what the ledger says.
    pub fn path(&self) -> String {
        format!("/run/script/{}", self.name)
    }
}

impl TryFrom<Written> for Script {
    type Error = ScriptError;

    fn try_from(written: Written) -> Result<Self, ScriptError> {
        let script = Self::new(&written.name, written.text)?;
        if script.sha256 == written.sha256 {
            Ok(script)
        } else {
            Err(ScriptError::Hash(script.name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_text_and_a_changed_text_is_not_read_back() {
        let script = Script::new("a.R", "1 + 1\n".into()).unwrap();
        // printf '1 + 1\n' | sha256sum
        assert_eq!(
            script.sha256().to_string(),
            "cd626bdd714dc3c2e1c69489ec753104ee212a829b3494f1044cff3ba849737f"
        );
        let json = serde_json::to_string(&script).unwrap();
        assert_eq!(serde_json::from_str::<Script>(&json).unwrap(), script);
        assert!(serde_json::from_str::<Script>(&json.replace("1 + 1", "1 + 2")).is_err());
    }

    #[test]
    fn a_script_has_a_plain_name_and_a_length() {
        for bad in ["../a.R", "/a.R", "a/b.R", "", "-e", ".Rprofile"] {
            assert!(Script::new(bad, String::new()).is_err(), "`{bad}` was taken");
        }
        let long = "#".repeat(Script::LONGEST + 1);
        assert!(matches!(Script::new("a.R", long), Err(ScriptError::TooLong(_))));
    }
}
