//! Names of things. Two forms:
//!
//! * a *slug* that people choose (`laboratory`, `north-hospital`): sources,
//!   organisations, accounts;
//! * a *minted* id (`permit-7k3m9q2x4d`): a prefix and ten symbols of
//!   Crockford's base 32, 50 random bits. Minted ids carry no order and no time.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Entropy;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not {what}: use 1 to 63 lower-case letters, digits and hyphens, a letter first"
)]
pub struct IdError {
    text: String,
    what: &'static str,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn is_slug(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

fn mint(prefix: &str, entropy: &dyn Entropy) -> String {
    let mut id = String::with_capacity(prefix.len() + 11);
    id.push_str(prefix);
    id.push('-');
    let mut bits = entropy.next_u64();
    for _ in 0..10 {
        let index = usize::try_from(bits & 31).unwrap_or_default();
        id.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'0')));
        bits >>= 5;
    }
    id
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal $(, $prefix:literal)?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            $(
                /// What every such id begins with.
                pub const PREFIX: &'static str = $prefix;

                /// A new id, drawn from `entropy`.
                pub fn mint(entropy: &dyn Entropy) -> Self {
                    Self(mint($prefix, entropy))
                }
            )?
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if is_slug(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { text: text.chars().take(80).collect(), what: $what })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )*};
}

ids! {
    /// A register, hospital extract or clinical database, as its contract names it.
    SourceId, "a source id";
    /// A data holder, a research institution or the access body.
    OrganisationId, "an organisation id";
    /// Somebody who can sign in.
    AccountId, "an account id";
    /// One delivery of files to a source.
    ImportId, "an import id", "import";
    /// An application for a permit.
    ApplicationId, "an application id", "application";
    /// A data permit (EHDS article 68).
    PermitId, "a permit id", "permit";
    /// The data made for one permit.
    ExtractId, "an extract id", "extract";
    /// Two records that people decide on: one person, or two.
    PairId, "a pair's id", "pair";
    /// Asking that person numbers lead back to people (EHDS article 66(3)).
    ReversalId, "a reversal's id", "reversal";
    /// A secure processing environment (EHDS article 73) opened on one permit.
    RoomId, "a room id", "room";
    /// One command run in a room.
    RunId, "a run id", "run";
    /// Code that was given to a kernel of a notebook.
    CellId, "a cell id", "cell";
    /// A statement that a program in a room asked of its tables.
    StatementId, "a statement id", "statement";
    /// A package that somebody asks to have in rooms.
    PackageRequestId, "a package request's id", "package";
    /// A file that somebody asks to bring into a room.
    IngressId, "an ingress id", "ingress";
    /// A file that somebody asks to take out of a room.
    OutputId, "an output id", "output";
    /// A package of outputs that left.
    ReleaseId, "a release id", "release";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn a_slug_with_a_path_in_it_is_refused() {
        for bad in ["", "../etc", "A", "1a", "a b", "a/b", "æ", &"a".repeat(64)] {
            assert!(bad.parse::<SourceId>().is_err(), "`{bad}` was taken");
        }
        assert_eq!("lab-2".parse::<SourceId>().unwrap().as_str(), "lab-2");
    }

    #[test]
    fn a_minted_id_is_a_valid_id_and_differs_from_the_next() {
        let entropy = SeededEntropy::new(1);
        let (a, b) = (PermitId::mint(&entropy), PermitId::mint(&entropy));
        assert_ne!(a, b);
        assert_eq!(a.as_str().parse::<PermitId>().unwrap(), a);
        assert!(a.as_str().starts_with("permit-"));
    }

    #[test]
    fn an_id_from_json_is_checked() {
        assert!(serde_json::from_str::<RoomId>("\"../../x\"").is_err());
    }
}
