//! Numbers that people keep from one extract of a permit to the next.

use std::collections::{BTreeMap, BTreeSet};

use model::{Entropy, ExtractId, SourceId};
use serde::{Deserialize, Serialize};
use source::SubjectKey;

use crate::crosswalk::LinkError;
use crate::numbers::shuffled;

/// Which number every subject had in the earlier extracts of a permit. It has no
/// `Debug`.
#[derive(Default)]
pub struct Earlier {
    numbers: BTreeMap<SourceId, BTreeMap<SubjectKey, i32>>,
    /// No number above this was ever given.
    highest: i32,
    /// The extract that was taken in last.
    newest: Option<ExtractId>,
}

impl Earlier {
    /// No number up to `highest` is given again, whether its person is known or not.
    pub fn up_to(highest: u64) -> Self {
        let highest = i32::try_from(highest).unwrap_or(i32::MAX);
        Self { highest, ..Self::default() }
    }

    /// Takes note of which extract the next numbers are of. Of two extracts, the one whose
    /// numbers count more is taken in last.
    pub fn begin(&mut self, extract: &ExtractId) {
        self.newest = Some(extract.clone());
    }

    /// Takes note of a number.
    pub fn put(&mut self, source: &SourceId, subject: SubjectKey, number: i32) {
        self.highest = self.highest.max(number);
        if !self.numbers.contains_key(source) {
            self.numbers.insert(source.clone(), BTreeMap::new());
        }
        if let Some(of_source) = self.numbers.get_mut(source) {
            of_source.insert(subject, number);
        }
    }

    /// The number that a subject had.
    pub(crate) fn of(&self, source: &SourceId, subject: SubjectKey) -> Option<i32> {
        self.numbers.get(source)?.get(&subject).copied()
    }

    /// The extract whose numbers count most.
    pub(crate) const fn newest(&self) -> Option<&ExtractId> {
        self.newest.as_ref()
    }

    /// Whether there was an extract before.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

/// What became of the people of another extract of the permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Changed {
    /// People who have the number that they had.
    pub kept: u64,
    /// People who are new.
    pub new: u64,
    /// Numbers that are no longer used, since their people turned out to be others who
    /// have numbers too.
    pub merged: u64,
    /// Numbers whose people turned out to be several: one keeps it, the others have new
    /// ones.
    pub split: u64,
}

/// Everybody's number.
pub(crate) struct Numbered {
    /// For each person, in the order given.
    pub(crate) numbers: Vec<i32>,
    pub(crate) highest: u32,
    /// What became of the people before; `None` when there were none.
    pub(crate) changed: Option<Changed>,
    /// Numbers that were merged into another, and those that were split, with what
    /// people of theirs are called now.
    pub(crate) moved: Vec<(i32, i32)>,
}

/// Gives each person a number: the one that most of its subjects had, else a new one,
/// new ones in random order. `had`: for each person the numbers that its subjects had,
/// each with how many had it.
pub(crate) fn number(
    had: &[BTreeMap<i32, u32>],
    earlier: &Earlier,
    entropy: &dyn Entropy,
) -> Result<Numbered, LinkError> {
    // Who claims a number: the person with most of its subjects. Of two with as many,
    // the one with fewer other claims, and then the first.
    let mut claims: BTreeMap<i32, Vec<(u32, usize)>> = BTreeMap::new();
    for (person, numbers) in had.iter().enumerate() {
        for (number, subjects) in numbers {
            claims.entry(*number).or_default().push((*subjects, person));
        }
    }
    let mut own: Vec<Option<i32>> = vec![None; had.len()];
    let weight = |number: i32, person: usize| {
        had.get(person).and_then(|numbers| numbers.get(&number)).copied().unwrap_or(0)
    };
    let mut split = BTreeSet::new();
    for (number, claimants) in &claims {
        if claimants.len() > 1 {
            split.insert(*number);
        }
        let winner = claimants.iter().max_by_key(|(subjects, person)| {
            let others = had.get(*person).map_or(0, BTreeMap::len);
            (*subjects, std::cmp::Reverse(others), std::cmp::Reverse(*person))
        });
        let Some((subjects, person)) = winner else { continue };
        if let Some(own) = own.get_mut(*person) {
            // Numbers rise here: of two with as many subjects the smaller stays.
            let better = own.is_none_or(|before| *subjects > weight(before, *person));
            if better {
                *own = Some(*number);
            }
        }
    }
    let new = own.iter().filter(|number| number.is_none()).count() as u64;
    let highest = u64::from(earlier.highest.unsigned_abs()) + new;
    let too_many = |_| LinkError::TooMany(highest);
    i32::try_from(highest).map_err(too_many)?;
    let drawn = shuffled(u32::try_from(new).map_err(too_many)?, entropy);
    let mut drawn = drawn.into_iter();
    let numbers: Vec<i32> = own
        .iter()
        .map(|own| own.unwrap_or_else(|| earlier.highest + drawn.next().unwrap_or(0)))
        .collect();
    let mut moved: Vec<(i32, i32)> = Vec::new();
    for (number, claimants) in &claims {
        let now = claimants.iter().filter_map(|(_, person)| numbers.get(*person));
        moved.extend(now.filter(|now| *now != number).map(|now| (*number, *now)));
    }
    let used: BTreeSet<i32> = own.iter().flatten().copied().collect();
    let changed = (!earlier.is_empty()).then(|| Changed {
        kept: used.len() as u64,
        new,
        merged: claims.keys().filter(|number| !used.contains(number)).count() as u64,
        split: split.len() as u64,
    });
    moved.sort_unstable();
    let highest = u32::try_from(highest).map_err(too_many)?;
    Ok(Numbered { numbers, highest, changed, moved })
}

#[cfg(test)]
mod tests {
    use model::SeededEntropy;
    use proptest::prelude::*;

    use super::*;

    fn had(of: &[&[(i32, u32)]]) -> Vec<BTreeMap<i32, u32>> {
        of.iter().map(|numbers| numbers.iter().copied().collect()).collect()
    }

    fn numbered(of: &[&[(i32, u32)]], highest: i32) -> Numbered {
        let mut earlier = Earlier::up_to(u64::from(highest.unsigned_abs()));
        earlier.put(&"population".parse().unwrap(), SubjectKey([1; 16]), 1);
        number(&had(of), &earlier, &SeededEntropy::new(1)).unwrap()
    }

    #[test]
    fn people_keep_their_numbers_and_new_ones_come_behind() {
        let of = numbered(&[&[(3, 2)], &[], &[(1, 1)]], 7);
        assert_eq!(of.numbers, [3, 8, 1]);
        assert_eq!(of.highest, 8);
        assert_eq!(of.changed, Some(Changed { kept: 2, new: 1, merged: 0, split: 0 }));
        assert!(of.moved.is_empty());
    }

    #[test]
    fn of_two_who_are_one_the_number_of_most_records_stays() {
        let of = numbered(&[&[(3, 1), (5, 2)]], 7);
        assert_eq!((of.numbers, of.moved), (vec![5], vec![(3, 5)]));
        assert_eq!(of.changed, Some(Changed { kept: 1, new: 0, merged: 1, split: 0 }));
    }

    #[test]
    fn of_one_who_is_two_the_one_with_most_records_keeps_the_number() {
        let of = numbered(&[&[(3, 1)], &[(3, 2)]], 7);
        assert_eq!((of.numbers, of.moved), (vec![8, 3], vec![(3, 8)]));
        assert_eq!(of.changed, Some(Changed { kept: 1, new: 1, merged: 0, split: 1 }));
    }

    proptest! {
        #[test]
        fn nobody_shares_a_number_and_whoever_alone_had_one_keeps_it(
            people in proptest::collection::vec(
                proptest::collection::btree_map(1_i32..30, 1_u32..4, 0..3), 0..40),
            seed: u64,
        ) {
            let mut earlier = Earlier::up_to(30);
            earlier.put(&"population".parse().unwrap(), SubjectKey([1; 16]), 1);
            let of = number(&people, &earlier, &SeededEntropy::new(seed)).unwrap();
            let distinct: BTreeSet<i32> = of.numbers.iter().copied().collect();
            prop_assert_eq!(distinct.len(), people.len());
            prop_assert!(distinct.iter().all(|n| *n >= 1 && n.unsigned_abs() <= of.highest));
            for (had, now) in people.iter().zip(&of.numbers) {
                if had.len() == 1 {
                    let (only, _) = had.iter().next().unwrap();
                    let claimed = people.iter().filter(|other| other.contains_key(only)).count();
                    if claimed == 1 {
                        prop_assert_eq!(only, now);
                    }
                }
            }
        }
    }
}
