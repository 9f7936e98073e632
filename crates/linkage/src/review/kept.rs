//! What the vault keeps of a pair: who the two records are, what they said when it was
//! put up as a keyed hash, and what the evidence weighed. Nothing of what they say.

use model::{PairId, SourceId};
use serde::{Deserialize, Serialize};
use source::SubjectKey;

use super::record::Outcome;
use crate::probabilistic::Step;

/// One of two records.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Side {
    /// Of which source.
    pub source: SourceId,
    /// In which segment of its identities.
    pub segment: String,
    /// Which subject, in hexadecimal digits.
    subject: String,
    /// What was known of it, as a keyed hash.
    said: String,
}

impl Side {
    pub(crate) fn new(
        source: SourceId,
        segment: String,
        subject: SubjectKey,
        said: [u8; 16],
    ) -> Self {
        Self { source, segment, subject: hex(subject.0), said: hex(said) }
    }

    /// Which subject.
    pub fn subject(&self) -> Option<SubjectKey> {
        unhex(&self.subject).map(SubjectKey)
    }

    /// Whether what is known of it is still this.
    pub(crate) fn says(&self, said: [u8; 16]) -> bool {
        self.said == hex(said)
    }
}

fn hex(bytes: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes))
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|_| digits);
    number.map(u128::to_be_bytes)
}

/// What one comparison weighed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Weighed {
    /// The comparison, or the prior.
    pub name: String,
    /// On which level the two records agree.
    pub level: String,
    /// Bits for one person, or against it.
    pub weight: f64,
    /// Bits more for a rare value, less for a frequent one.
    pub rarity: f64,
}

impl From<Step> for Weighed {
    fn from(step: Step) -> Self {
        let Step { name, label, given: _, weight, frequency } = step;
        Self { name, level: label, weight, rarity: frequency }
    }
}

/// A pair as the vault keeps it. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct KeptPair {
    /// The two records.
    pub sides: [Side; 2],
    /// The prior, then each comparison.
    pub steps: Vec<Weighed>,
    /// How likely the model holds it that both are one person. Less than the weights
    /// say where others compete for the same person.
    pub probability: f64,
}

/// A pair that is known from before.
#[derive(Clone)]
pub struct Decided {
    /// Its id.
    pub id: PairId,
    /// What the vault keeps of it.
    pub kept: KeptPair,
    /// What clerks said; `None`: it still waits for them.
    pub outcome: Option<Outcome>,
}

/// A known pair, found again among the people of an extract.
pub(crate) struct Known {
    /// Its place in the list that was given.
    pub(crate) at: usize,
    /// The two subjects.
    pub(crate) subjects: (u32, u32),
    /// Whether the registers still say what they said.
    pub(crate) stands: bool,
    pub(crate) outcome: Option<Outcome>,
}

impl Known {
    /// Whether it is decided so, on what the registers still say.
    pub(crate) fn says(&self, outcome: Outcome) -> bool {
        self.stands && self.outcome == Some(outcome)
    }
}

impl std::fmt::Debug for KeptPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptPair(..)")
    }
}

impl std::fmt::Debug for Decided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decided({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_back_as_it_was_and_nonsense_is_none() {
        let subject = SubjectKey([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        let side = Side::new("a".parse().unwrap(), "s".to_owned(), subject, [7; 16]);
        assert!(side.subject() == Some(subject));
        assert!(side.says([7; 16]) && !side.says([8; 16]));
        for nonsense in ["", "+0", "0g", &"1".repeat(33), &format!("+{}", "1".repeat(31))] {
            assert!(unhex(nonsense).is_none(), "{nonsense}");
        }
    }
}
