//! What a clerk is shown of a pair: as little of each person as decides it.

use serde::Serialize;
use source::Identity;

use super::kept::{KeptPair, Weighed};
use super::mask;
use crate::cascade::{BESIDE, COLUMNS, MUNICIPALITY, POSTCODE, Said};
use crate::probabilistic::{EQUAL, ONE_IN_COMMON, probability};

/// Two records of whom somebody is to say whether they are one person. Its `Debug` is
/// as discreet as its values.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shown {
    /// What was compared.
    pub fields: Vec<ShownField>,
    /// Whether what differs stands there whole.
    pub whole: bool,
    /// The prior, then what each comparison weighed, bits.
    pub steps: Vec<Weighed>,
    /// All of it together, bits.
    pub weight: f64,
    /// How likely they are one person by the model.
    pub probability: f64,
    /// Whether others are about as likely to be that person.
    pub competes: bool,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown(..)")
    }
}

/// One thing that was compared.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ShownField {
    /// What.
    pub name: &'static str,
    /// How the two agree.
    pub agreement: Agreement,
    /// What differs, of the one and of the other; nothing where they agree, or where
    /// one says nothing.
    pub values: Option<(String, String)>,
}

/// How two records agree in something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// They say the same.
    Same,
    /// The given name of one is the surname of the other, and the other way round.
    Swapped,
    /// They lived at one place, now or earlier.
    AtSomeTime,
    /// They say different things.
    Differs,
    /// One says nothing.
    OneLacks,
    /// Neither says anything.
    BothLack,
}

impl Agreement {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Same,
        Self::Swapped,
        Self::AtSomeTime,
        Self::Differs,
        Self::OneLacks,
        Self::BothLack,
    ];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Swapped => "swapped",
            Self::AtSomeTime => "at-some-time",
            Self::Differs => "differs",
            Self::OneLacks => "one-lacks",
            Self::BothLack => "both-lack",
        }
    }
}

/// The columns that a comparison is of.
fn columns_of(comparison: &str) -> &'static [usize] {
    match comparison {
        "name" => &[0, 1],
        "birth-date" => &[2],
        "sex" => &[3],
        "postcode" => &[POSTCODE],
        "municipality" => &[MUNICIPALITY],
        "country-of-birth" => &[6],
        _ => &[],
    }
}

/// Of the places that somebody lived at the one that is true now.
fn now(places: &str) -> &str {
    places.split(BESIDE).next().unwrap_or_default()
}

/// What is shown of a pair: of what was compared, what is the same without its value,
/// and of what differs the part that does, or, where `whole`, all of it. No number of
/// anybody and no register's name is in it.
pub fn shown(kept: &KeptPair, one: &Identity, other: &Identity, whole: bool) -> Shown {
    let (one, other) = (Said::of(one), Said::of(other));
    let pair = |column: usize| (one.get(column), other.get(column));
    let is_same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
    let swapped = match (pair(0), pair(1)) {
        ((Some(given), Some(other_given)), (Some(surname), Some(other_surname))) => {
            !is_same(given, other_given)
                && is_same(given, other_surname)
                && is_same(surname, other_given)
        }
        _ => false,
    };
    let field = |column: usize, name: &'static str, level: &str| {
        // A municipality that was renumbered is the same one.
        let at_one_place = column == POSTCODE || column == MUNICIPALITY;
        let (agreement, values) = match pair(column) {
            (None, None) => (Agreement::BothLack, None),
            (None, _) | (_, None) => (Agreement::OneLacks, None),
            (Some(a), Some(b)) if is_same(a, b) => (Agreement::Same, None),
            (Some(_), Some(_)) if at_one_place && level == EQUAL => (Agreement::Same, None),
            (Some(_), Some(_)) if at_one_place && level == ONE_IN_COMMON => {
                (Agreement::AtSomeTime, None)
            }
            _ if swapped && column < 2 => (Agreement::Swapped, None),
            (Some(a), Some(b)) if whole => {
                let said = |text: &str| text.trim().replace(BESIDE, ", ");
                (Agreement::Differs, Some((said(a), said(b))))
            }
            (Some(a), Some(b)) => {
                let values = match column {
                    2 => mask::dates(a, b),
                    0 | 1 => mask::texts(a, b),
                    POSTCODE | MUNICIPALITY => mask::places(now(a), now(b)),
                    _ => (a.to_owned(), b.to_owned()),
                };
                (Agreement::Differs, Some(values))
            }
        };
        ShownField { name, agreement, values }
    };
    let fields = kept
        .steps
        .iter()
        .flat_map(|step| columns_of(&step.name).iter().map(|column| (*column, &step.level)))
        .filter_map(|(column, level)| COLUMNS.get(column).map(|name| field(column, name, level)))
        .collect();
    let weight = kept.steps.iter().map(|step| step.weight + step.rarity).sum();
    Shown {
        fields,
        whole,
        steps: kept.steps.clone(),
        weight,
        probability: kept.probability,
        // Rounding of weights alone does not come to a hundredth.
        competes: probability(weight) - kept.probability > 0.01,
    }
}

#[cfg(test)]
mod tests {
    use model::{Date, NationalId, Secret};
    use source::{BirthDate, Clue, Clues};

    use super::*;
    use crate::review::Side;

    fn identity(given: &str, surname: &str, born: Date, postcode: &str) -> Identity {
        let mut clues = Clues::default();
        for (clue, text) in
            [(Clue::GivenName, given), (Clue::Surname, surname), (Clue::Postcode, postcode)]
        {
            if !text.is_empty() {
                clues.put(clue, Secret::new(text.to_owned()));
            }
        }
        clues.put(Clue::LocalId, Secret::new("patient-4711".to_owned()));
        Identity {
            national_id: (0..).find_map(|n| NationalId::synthetic(born, n)),
            name: None,
            birth_date: Some(BirthDate::new(born)),
            contact: None,
            clues,
        }
    }

    fn kept() -> KeptPair {
        let step = |name: &str, weight| Weighed {
            name: name.to_owned(),
            level: "x".to_owned(),
            weight,
            rarity: 0.5,
        };
        let side = |name: &str| {
            let subject = source::SubjectKey([1; 16]);
            Side::new(name.parse().unwrap(), "import-1.segment".to_owned(), subject, [2; 16])
        };
        KeptPair {
            sides: [side("cancer"), side("population")],
            steps: vec![
                step("prior", -12.0),
                step("name", 9.0),
                step("birth-date", 5.0),
                step("postcode", 1.0),
            ],
            probability: 0.3,
        }
    }

    #[test]
    fn what_agrees_has_no_value_and_of_what_differs_the_difference_is_shown() {
        let one = identity("Kristian", "Solberg", Date::constant(1980, 5, 17), "0482");
        let other = identity("Christian", "Solberg", Date::constant(1980, 5, 11), "");
        let seen = shown(&kept(), &one, &other, false);
        let said: Vec<_> = seen.fields.iter().map(|field| (field.name, field.agreement)).collect();
        assert_eq!(
            said,
            [
                ("given-name", Agreement::Differs),
                ("surname", Agreement::Same),
                ("birth-date", Agreement::Differs),
                ("postcode", Agreement::OneLacks),
            ]
        );
        let text = serde_json::to_string(&seen).unwrap();
        for hidden in ["Solberg", "Kristian", "1980", "0482", "4711", "cancer", "population"] {
            assert!(!text.contains(hidden), "{hidden}: {text}");
        }
        assert!(text.contains("K•••••••") && text.contains("••••-••-17"), "{text}");
        assert!((seen.weight - 5.0).abs() < 1e-9 && seen.competes);

        let text = serde_json::to_string(&shown(&kept(), &one, &other, true)).unwrap();
        assert!(text.contains("Christian") && text.contains("1980-05-11"), "{text}");
        for hidden in ["Solberg", "0482", "4711", "cancer"] {
            assert!(!text.contains(hidden), "{hidden} is shown whole: {text}");
        }
    }

    #[test]
    fn names_that_changed_places_are_said_to_have() {
        let born = Date::constant(1980, 5, 17);
        let (one, other) =
            (identity("Kari", "Solberg", born, ""), identity("solberg", "Kari", born, ""));
        let seen = shown(&kept(), &one, &other, true);
        assert!(seen.fields.iter().take(2).all(|f| f.agreement == Agreement::Swapped));
        assert!(seen.fields.iter().all(|field| field.values.is_none()));
    }
}
