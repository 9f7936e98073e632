//! The people of all sources as the vault knows them: read once, source by source,
//! for as long as they are compared.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use model::national_id::{Birth, Check, Country};
use model::{Date, NationalId, Secret, SourceId};
use source::{BirthDate, Clue, Identity, Pseudonymiser as _, SubjectKey};
use vault::{BlindHasher, BlindIndex, PairHasher, Vault};
use zeroize::Zeroizing;

use crate::crosswalk::LinkError;
use crate::probabilistic::{Intake, Records};

/// The columns of [`Records`], in their order.
pub(super) const GIVEN: usize = 0;
pub(super) const SURNAME: usize = 1;
pub(super) const BORN: usize = 2;
pub(super) const SEX: usize = 3;
pub(crate) const POSTCODE: usize = 4;
pub(crate) const MUNICIPALITY: usize = 5;
pub(super) const COUNTRY: usize = 6;
/// What each is called.
pub(crate) const COLUMNS: [&str; 7] =
    ["given-name", "surname", "birth-date", "sex", "postcode", "municipality", "country-of-birth"];

/// Stands between the places of somebody who lived at several.
pub(crate) const BESIDE: char = '\n';

/// A source while its people are read.
pub(crate) struct Part<'a> {
    pub(crate) source: &'a SourceId,
    pub(crate) segment: &'a str,
    /// Whether it holds each person once.
    pub(crate) once: bool,
    /// Which country issues its national identity numbers.
    pub(crate) issued_by: Country,
    /// The day of the newest delivery, by which Swedish numbers have their century.
    pub(crate) as_of: Date,
}

/// What a person's national identity number is worth.
#[derive(Clone, Copy)]
pub(super) enum Number {
    /// There is none that holds.
    None,
    /// A number that somebody may have another one after, with the birth it states.
    Temporary(Birth),
    /// A number for life, who issued it, and the birth it states. A person has one of a
    /// country.
    ForLife(Country, Birth),
}

impl Number {
    pub(super) fn of(id: Option<&NationalId>) -> Self {
        let Some(id) = id else { return Self::None };
        match id.evidence() {
            Some(read) if read.series().is_temporary() => Self::Temporary(read.birth()),
            Some(read) => Self::ForLife(read.country(), read.birth()),
            // One that states nothing certain is not loosened.
            None => Self::ForLife(id.country(), Birth::Unstated),
        }
    }

    /// Who issued it, if it is for life.
    pub(super) const fn for_life(self) -> Option<Country> {
        match self {
            Self::ForLife(country, _) => Some(country),
            Self::None | Self::Temporary(_) => None,
        }
    }
}

/// What stood where a number belongs and is none, or one that nothing shows to be right.
/// It has no `Debug`.
pub(super) struct Stated {
    pub(super) subject: u32,
    pub(super) text: Secret<String>,
    /// By whose rules it is none.
    pub(super) country: Country,
    pub(super) as_of: Date,
    /// Whether it is a number all the same.
    pub(super) is_number: bool,
}

impl Stated {
    /// A number for life whose remainder does not hold: since 2007 Denmark gives such
    /// numbers, and a slip of the pen makes them.
    fn of(id: &NationalId, subject: u32, as_of: Date) -> Option<Self> {
        if id.country() != Country::Denmark {
            return None;
        }
        let read = id.evidence()?;
        let is_in_doubt = read.check() == Check::Lacking && !read.series().is_temporary();
        is_in_doubt.then(|| Self {
            subject,
            text: Secret::new(id.written().to_string()),
            country: id.country(),
            as_of,
            is_number: true,
        })
    }
}

/// Who issued most of the numbers for life.
fn home(numbers: &[Number]) -> Country {
    let mut counts: BTreeMap<Country, u64> = BTreeMap::new();
    for country in numbers.iter().filter_map(|number| number.for_life()) {
        *counts.entry(country).or_default() += 1;
    }
    let most =
        counts.into_iter().max_by_key(|(country, count)| (*count, std::cmp::Reverse(*country)));
    most.map_or(Country::Norway, |(country, _)| country)
}

/// Every subject of every source, one behind the other. It has no `Debug`.
pub(super) struct People {
    /// Where each source's subjects begin, and behind the last where they end.
    pub(super) starts: Vec<u32>,
    /// Whether each source holds a person once.
    pub(super) once: Vec<bool>,
    pub(super) subjects: Vec<SubjectKey>,
    pub(super) numbers: Vec<Number>,
    /// Of those with a number: the blind index and the subject, sorted.
    pub(super) indexes: Vec<(BlindIndex, u32)>,
    /// Of those with a register's own number: source, the key that it makes and the
    /// subject, sorted.
    pub(super) own: Vec<(u16, SubjectKey, u32)>,
    /// The same by subject, when somebody asks.
    own_of: OnceCell<HashMap<u32, SubjectKey>>,
    /// What stood where a number belongs.
    pub(super) stated: Vec<Stated>,
    /// Who issued most people's numbers for life: no two of these people are one, and
    /// they need not be compared with each other.
    pub(super) home: Country,
    /// What else is known of each.
    pub(super) records: Records,
    /// The column of municipalities that are compared: in it those are one that were
    /// [joined or renumbered](super::places).
    pub(super) municipality: usize,
    /// For each subject its row in `records`.
    pub(super) row_of: Vec<u32>,
    /// For each row in `records` the subject.
    pub(super) subject_of: Vec<u32>,
}

impl People {
    /// Reads all of them. Subjects of a source come in the order of their keys.
    pub(super) fn read(
        parts: &[Part<'_>],
        vault: &Vault,
        hasher: &BlindHasher,
    ) -> Result<Self, LinkError> {
        // The same for a source wherever in the permit it stands.
        let ranks: BTreeMap<&SourceId, usize> = {
            let mut names: Vec<_> = parts.iter().map(|part| part.source).collect();
            names.sort_unstable();
            names.into_iter().zip(0..).collect()
        };
        let mut intake = Intake::new(COLUMNS.len());
        let (mut starts, mut subjects, mut numbers) = (vec![0], Vec::new(), Vec::new());
        let (mut indexes, mut own, mut stated) = (Vec::new(), Vec::new(), Vec::new());
        for (place, part) in (0_u16..).zip(parts) {
            let failed = |why| LinkError::Identities { from: part.source.clone(), why };
            let segment = vault.segment(part.source, part.segment).map_err(failed)?;
            let keys = vault.pseudonymiser(part.source)?;
            let rank = ranks.get(part.source).copied().unwrap_or_default();
            for identity in segment.identities() {
                let (subject, identity) = identity.map_err(failed)?;
                let all = subjects.len() as u64;
                let at = u32::try_from(all).map_err(|_| LinkError::TooMany(all))?;
                subjects.push(subject);
                numbers.push(Number::of(identity.national_id.as_ref()));
                stated.extend(
                    identity.national_id.as_ref().and_then(|id| Stated::of(id, at, part.as_of)),
                );
                // One that a hospital gave for itself says nothing elsewhere, and within
                // its source who has it is one subject already.
                if let Some(id) = identity.national_id.as_ref().filter(|id| !id.is_local()) {
                    indexes.push((hasher.index(id), at));
                }
                if let Some(local) = identity.clues.reveal(Clue::LocalId) {
                    own.push((place, keys.local(local.trim()), at));
                }
                if let Some(number) = identity.clues.reveal(Clue::StatedNumber) {
                    let (country, as_of) = (part.issued_by, part.as_of);
                    let text = Secret::new(number.to_owned());
                    stated.push(Stated { subject: at, text, country, as_of, is_number: false });
                }
                push(&mut intake, rank, subject, &identity);
            }
            starts.push(u32::try_from(subjects.len()).unwrap_or(u32::MAX));
        }
        indexes.sort_unstable();
        own.sort_unstable();
        let home = home(&numbers);
        let settled: Vec<bool> =
            numbers.iter().map(|number| number.for_life() == Some(home)).collect();
        let (records, subject_of) = intake.finish_settled(&settled);
        let mut row_of = vec![0; subject_of.len()];
        for (row, subject) in (0..).zip(&subject_of) {
            if let Some(of) = row_of.get_mut(*subject as usize) {
                *of = row;
            }
        }
        let once = parts.iter().map(|part| part.once).collect();
        Ok(Self {
            starts,
            once,
            subjects,
            numbers,
            indexes,
            own,
            own_of: OnceCell::new(),
            stated,
            home,
            records,
            municipality: MUNICIPALITY,
            row_of,
            subject_of,
        })
    }

    /// Which source a subject is of.
    pub(super) fn source_of(&self, subject: u32) -> usize {
        self.starts.partition_point(|start| *start <= subject).saturating_sub(1)
    }

    /// A subject by its key in a source: the one that has it now, or the one whose
    /// register's own number makes it.
    pub(super) fn find(&self, source: usize, key: SubjectKey) -> Option<u32> {
        let (from, to) = (*self.starts.get(source)? as usize, *self.starts.get(source + 1)?);
        let of_source = self.subjects.get(from..to as usize)?;
        if let Ok(at) = of_source.binary_search(&key) {
            return u32::try_from(from + at).ok();
        }
        let wanted = (u16::try_from(source).ok()?, key);
        let at = self.own.partition_point(|(of, own, _)| (*of, *own) < wanted);
        self.own.get(at).filter(|(of, own, _)| (*of, *own) == wanted).map(|(.., at)| *at)
    }

    /// The key that a subject would have by its register's own number, where that is
    /// known.
    pub(super) fn own_key(&self, subject: u32) -> Option<SubjectKey> {
        let by_subject = || self.own.iter().map(|(_, key, at)| (*at, *key)).collect();
        self.own_of.get_or_init(by_subject).get(&subject).copied()
    }

    /// What is known of a subject, as a keyed hash.
    pub(super) fn said(&self, subject: u32, hasher: &PairHasher) -> [u8; 16] {
        hasher.hash((0..COLUMNS.len()).map(|column| self.value(column, subject)))
    }

    /// What is known of a subject in one column.
    pub(super) fn value(&self, column: usize, subject: u32) -> Option<&str> {
        self.records.value(column, *self.row_of.get(subject as usize)?)
    }

    /// Whether anybody has something in a column.
    pub(super) fn has(&self, column: usize) -> bool {
        self.records.texts(column).next().is_some()
    }

    /// Whether anybody lived at several of a column's places.
    pub(super) fn has_several(&self, column: usize) -> bool {
        self.records.texts(column).any(|text| text.contains(BESIDE))
    }
}

/// What is known of somebody, column by column: wiped when it is dropped.
pub(crate) struct Said([Option<Zeroizing<String>>; COLUMNS.len()]);

impl Said {
    /// What an identity says.
    pub(crate) fn of(identity: &Identity) -> Self {
        let clue = |clue| identity.clues.reveal(clue);
        let own = |text: &str| Zeroizing::new(text.to_owned());
        let places = |of, tidy: fn(&str) -> &str| {
            let mut places = Zeroizing::new(String::new());
            for place in identity.clues.reveal_all(of).map(|text| tidy(text.trim())) {
                if !place.is_empty() && places.split(BESIDE).all(|known| known != place) {
                    if !places.is_empty() {
                        places.push(BESIDE);
                    }
                    places.push_str(place);
                }
            }
            Some(places).filter(|places| !places.is_empty())
        };
        let (given, surname) = match identity.name.as_ref().map(|name| split(name.reveal())) {
            Some((given, surname)) => (Some(Zeroizing::new(given)), Some(Zeroizing::new(surname))),
            None => (clue(Clue::GivenName).map(own), clue(Clue::Surname).map(own)),
        };
        let born = identity.birth_date.as_ref().map(BirthDate::reveal);
        Self([
            given,
            surname,
            born.map(|born| Zeroizing::new(born.to_string())),
            clue(Clue::Sex).and_then(sex).map(own),
            places(Clue::Postcode, |text| text),
            places(Clue::Municipality, |text| text.trim_start_matches('0')),
            clue(Clue::CountryOfBirth).map(own),
        ])
    }

    /// What it says in one column, if anything.
    pub(crate) fn get(&self, column: usize) -> Option<&str> {
        let text = self.0.get(column)?.as_ref()?;
        Some(text.as_str()).filter(|text| !text.trim().is_empty())
    }
}

fn push(intake: &mut Intake, rank: usize, subject: SubjectKey, identity: &Identity) {
    let said = Said::of(identity);
    // Only parts rows that say the same: the rest of the key would not help.
    let id = format!("{rank:x}-{:016x}", subject.prefix());
    intake.push(&id, (0..COLUMNS.len()).map(|column| said.get(column)));
}

/// A whole name as given names and surname: `Prøve, Kari` or `Kari Prøve`.
fn split(name: &str) -> (String, String) {
    let name = name.trim();
    if let Some((surname, given)) = name.split_once(',') {
        return (given.trim().to_owned(), surname.trim().to_owned());
    }
    match name.rsplit_once(char::is_whitespace) {
        Some((given, surname)) => (given.trim().to_owned(), surname.to_owned()),
        None => (String::new(), name.to_owned()),
    }
}

/// A register's word for a sex as one that all registers share.
fn sex(word: &str) -> Option<&'static str> {
    match word.trim().to_lowercase().as_str() {
        "1" | "m" | "male" | "man" | "mann" | "mand" | "mies" | "boy" | "gutt" | "dreng"
        | "pojke" | "poika" => Some("m"),
        "2" | "f" | "k" | "n" | "female" | "woman" | "kvinne" | "kvinde" | "kvinna" | "nainen"
        | "girl" | "jente" | "pike" | "pige" | "flicka" | "tyttö" => Some("f"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_name_is_split_either_way_it_is_written() {
        let of = |name| split(name);
        assert_eq!(of("Kari Anne Prøve"), ("Kari Anne".into(), "Prøve".into()));
        assert_eq!(of("Prøve, Kari Anne"), ("Kari Anne".into(), "Prøve".into()));
        assert_eq!(of(" Prøve "), (String::new(), "Prøve".into()));
    }

    #[test]
    fn registers_words_for_sex_are_understood() {
        assert_eq!(
            ["Kvinne", "kvinna", "Nainen", "M", "mies", "2", "?"].map(sex),
            [Some("f"), Some("f"), Some("f"), Some("m"), Some("m"), Some("f"), None]
        );
    }

    #[test]
    fn a_d_number_may_be_followed_by_another_and_a_birth_number_not() {
        let born = Date::constant(1980, 5, 17);
        let for_life = (0..).find_map(|n| NationalId::synthetic(born, n));
        let temporary = (0..).find_map(|n| NationalId::synthetic_temporary(born, n));
        assert_eq!(Number::of(for_life.as_ref()).for_life(), Some(Country::Norway));
        assert!(matches!(Number::of(temporary.as_ref()), Number::Temporary(_)));
        assert!(matches!(Number::of(None), Number::None));
    }
}
