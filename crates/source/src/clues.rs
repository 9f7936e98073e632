//! What a row says of who its person is, besides number, name, birth and contact:
//! evidence for linkage where the number is missing or wrong.

use model::Secret;

/// One kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Clue {
    /// The register's own number of the person.
    LocalId = 0,
    /// What stood where the national identity number belongs, and is none.
    StatedNumber = 1,
    /// Given names.
    GivenName = 2,
    /// The surname.
    Surname = 3,
    /// The sex, in the register's own words.
    Sex = 4,
    /// The postcode.
    Postcode = 5,
    /// The municipality.
    Municipality = 6,
    /// The country of birth.
    CountryOfBirth = 7,
}

impl Clue {
    /// Every kind, in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::LocalId,
        Self::StatedNumber,
        Self::GivenName,
        Self::Surname,
        Self::Sex,
        Self::Postcode,
        Self::Municipality,
        Self::CountryOfBirth,
    ];

    /// Whether it changes in a life: of such a kind everything that is said is kept,
    /// what is said first as what is true now.
    pub const fn changes(self) -> bool {
        matches!(self, Self::Postcode | Self::Municipality)
    }

    /// The number that files know it by.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind that files know by this number.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|clue| clue.code() == code)
    }
}

/// The clues of one row or person: of each kind what was said first, and of those that
/// change ([`Clue::changes`]) what was said later too. Its `Debug` prints the kinds and
/// nothing of what they say.
#[derive(Debug, Clone, Default)]
pub struct Clues(Vec<(Clue, Secret<String>)>);

impl Clues {
    /// So many things are kept of one kind.
    pub const MOST_OF_A_KIND: usize = 16;

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is said of one kind. Every call is a place a reviewer looks at.
    pub fn reveal(&self, of: Clue) -> Option<&str> {
        self.0.iter().find(|(clue, _)| *clue == of).map(|(_, text)| text.reveal().as_str())
    }

    /// All that is said of one kind, the first first. Every call is a place a reviewer
    /// looks at.
    pub fn reveal_all(&self, of: Clue) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(clue, _)| *clue == of).map(|(_, text)| text.reveal().as_str())
    }

    /// Takes note of a clue, unless there is one of its kind already, or, where the kind
    /// [changes](Clue::changes), this one.
    pub fn put(&mut self, clue: Clue, text: Secret<String>) {
        let known = self.reveal_all(clue).count();
        let is_news = || {
            clue.changes()
                && known < Self::MOST_OF_A_KIND
                && self.reveal_all(clue).all(|said| said != text.reveal().as_str())
        };
        if known == 0 || is_news() {
            let place = self.0.partition_point(|(known, _)| *known <= clue);
            self.0.insert(place, (clue, text));
        }
    }

    /// All of them, in the order of their kinds.
    pub fn iter(&self) -> impl Iterator<Item = (Clue, &Secret<String>)> {
        self.0.iter().map(|(clue, text)| (*clue, text))
    }

    /// These, and of `later` what they do not say already.
    #[must_use]
    pub fn and(mut self, later: Self) -> Self {
        for (clue, text) in later.0 {
            self.put(clue, text);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clues(of: &[(Clue, &str)]) -> Clues {
        let mut clues = Clues::default();
        for (clue, text) in of {
            clues.put(*clue, Secret::new((*text).to_owned()));
        }
        clues
    }

    #[test]
    fn what_was_said_first_stays_and_debug_tells_kinds_alone() {
        let first = clues(&[(Clue::Surname, "Prøve"), (Clue::LocalId, "17")]);
        let both = first.and(clues(&[(Clue::Surname, "Test"), (Clue::Sex, "F")]));
        assert_eq!(both.reveal(Clue::Surname), Some("Prøve"));
        assert_eq!(both.reveal(Clue::Sex), Some("F"));
        assert_eq!(both.reveal(Clue::Postcode), None);
        assert!(both.iter().map(|(clue, _)| clue).is_sorted());
        let shown = format!("{both:?}");
        assert!(shown.contains("Surname") && !shown.contains("Prøve"), "{shown}");
    }

    #[test]
    fn places_are_kept_as_far_as_they_are_few() {
        let mut moved = clues(&[(Clue::Postcode, "7030"), (Clue::Sex, "F")]);
        for code in ["0171", "7030", "0171", "5003"] {
            moved = moved.and(clues(&[(Clue::Postcode, code)]));
        }
        assert_eq!(moved.reveal(Clue::Postcode), Some("7030"));
        assert!(moved.reveal_all(Clue::Postcode).eq(["7030", "0171", "5003"]));
        for code in 0..100 {
            moved.put(Clue::Postcode, Secret::new(format!("{code:04}")));
        }
        assert_eq!(moved.reveal_all(Clue::Postcode).count(), Clues::MOST_OF_A_KIND);
        assert_eq!(moved.reveal(Clue::Sex), Some("F"));
        assert!(moved.iter().map(|(clue, _)| clue).is_sorted());
    }

    #[test]
    fn every_kind_has_a_code_of_its_own() {
        for clue in Clue::ALL {
            assert_eq!(Clue::of_code(clue.code()), Some(clue));
        }
        assert_eq!(Clue::of_code(8), None);
    }
}
