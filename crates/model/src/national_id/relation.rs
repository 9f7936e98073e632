//! How two numbers relate: whether they are evidence of one person, of two, or of
//! neither.

use super::identifier::{Check, Country, Identifier};

/// How two numbers relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// One number.
    Same,
    /// One is the other with a slip of the pen, and one of them has no check digits
    /// that hold.
    Slip(Slip),
    /// One is temporary and the other is for life, or both are temporary, and what
    /// they state of the birth agrees: evidence that a number changed, not that these
    /// are two people. It is no evidence that they are one, either.
    Change,
    /// Numbers of two countries: a person may have both.
    OtherCountry,
    /// Numbers of which one person has one alone, or that state different births.
    Conflict,
}

/// A slip that turns one number into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// One character is another.
    OneCharacter,
    /// Two that stand side by side changed places.
    Transposition,
}

impl Slip {
    /// The one slip between two texts of the same length; none if they are the same,
    /// or further apart.
    pub fn between(one: &[u8], other: &[u8]) -> Option<Self> {
        if one.len() != other.len() {
            return None;
        }
        let mut differ =
            one.iter().zip(other).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at);
        match (differ.next(), differ.next(), differ.next()) {
            (Some(_), None, _) => Some(Self::OneCharacter),
            (Some(at), Some(next), None) if next == at + 1 => {
                let swapped = one.get(at) == other.get(next) && one.get(next) == other.get(at);
                swapped.then_some(Self::Transposition)
            }
            _ => None,
        }
    }
}

impl Identifier {
    /// How this number relates to another.
    pub fn relate(&self, other: &Self) -> Relation {
        if self.country() != other.country() {
            return Relation::OtherCountry;
        }
        if self.reveal() == other.reveal() {
            return Relation::Same;
        }
        let unchecked = self.check() == Check::Lacking || other.check() == Check::Lacking;
        if let (true, Some(slip)) = (unchecked, Slip::between(self.reveal(), other.reveal())) {
            return Relation::Slip(slip);
        }
        let temporary = self.series().is_temporary() || other.series().is_temporary();
        if temporary && self.birth().agrees(other.birth()) {
            return Relation::Change;
        }
        Relation::Conflict
    }

    /// Whether a text that was refused as a number of this country is this number with
    /// one slip. What separates its parts is left out of both.
    pub fn slip_of(&self, text: &str) -> Option<Slip> {
        // In Finland what stands between the parts is part of the number.
        let counts = |byte: &&u8| {
            byte.is_ascii_alphanumeric()
                || (self.country() == Country::Finland && matches!(byte, b'-' | b'+'))
        };
        let plain = |text: &[u8]| -> zeroize::Zeroizing<Vec<u8>> {
            let letters = text.iter().filter(counts);
            zeroize::Zeroizing::new(letters.map(u8::to_ascii_uppercase).collect())
        };
        let (mut own, text) = (plain(self.reveal()), plain(text.as_bytes()));
        // A Swedish number may be written without its century.
        if own.len() == 12 && text.len() == 10 {
            own.drain(..2);
        }
        Slip::between(&own, &text)
    }
}
