//! Numbers that people keep from one extract of a permit to the next.

use std::collections::{BTreeMap, BTreeSet};

use model::{Entropy, ExtractId, SourceId};
use serde::{Deserialize, Serialize};
use source::SubjectKey;

use crate::crosswalk::LinkError;
use crate::numbers::shuffled;

/// Which number every subject had.
type Numbers = BTreeMap<SourceId, BTreeMap<SubjectKey, i32>>;

/// Which number every subject had in the earlier extracts of a permit: in those that are
/// as strict as the one to come, and beside these in the others. It has no `Debug`.
#[derive(Default)]
pub struct Earlier {
    own: Numbers,
    beside: Numbers,
    /// No number above this was ever given.
    highest: i32,
    /// The newest of those that are as strict, and where there is none of the others.
    newest: Option<ExtractId>,
}

impl Earlier {
    /// No number up to `highest` is given again, whether its person is known or not.
    pub fn up_to(highest: u64) -> Self {
        let highest = i32::try_from(highest).unwrap_or(i32::MAX);
        Self { highest, ..Self::default() }
    }

    /// Takes in an extract that is as strict. Of two, the later is taken in last.
    pub fn begin(&mut self, extract: &ExtractId) -> Noting<'_> {
        self.newest = Some(extract.clone());
        Noting { numbers: &mut self.own, highest: &mut self.highest }
    }

    /// Takes in an extract that is not. Of two, the later is taken in last, and all of them
    /// before those that are as strict.
    pub fn begin_beside(&mut self, extract: &ExtractId) -> Noting<'_> {
        self.newest = Some(extract.clone());
        Noting { numbers: &mut self.beside, highest: &mut self.highest }
    }

    /// The same once everything is taken in: where no extract is as strict, people keep the
    /// numbers of the others.
    #[must_use]
    pub fn done(mut self) -> Self {
        if self.own.is_empty() {
            self.own = std::mem::take(&mut self.beside);
        }
        self
    }

    /// The number that a subject had in an extract that is as strict.
    pub(crate) fn of(&self, source: &SourceId, subject: SubjectKey) -> Option<i32> {
        self.own.get(source)?.get(&subject).copied()
    }

    /// The number that a subject had in the others.
    pub(crate) fn of_beside(&self, source: &SourceId, subject: SubjectKey) -> Option<i32> {
        self.beside.get(source)?.get(&subject).copied()
    }

    /// Whether there are others beside.
    pub(crate) fn has_beside(&self) -> bool {
        !self.beside.is_empty()
    }

    /// The extract that people are compared with.
    pub(crate) const fn newest(&self) -> Option<&ExtractId> {
        self.newest.as_ref()
    }

    /// Whether there was an extract before.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }
}

/// An extract that is taken in.
pub struct Noting<'a> {
    numbers: &'a mut Numbers,
    highest: &'a mut i32,
}

impl Noting<'_> {
    /// Takes note of a number.
    pub fn put(&mut self, source: &SourceId, subject: SubjectKey, number: i32) {
        *self.highest = number.max(*self.highest);
        if !self.numbers.contains_key(source) {
            self.numbers.insert(source.clone(), BTreeMap::new());
        }
        if let Some(of_source) = self.numbers.get_mut(source) {
            of_source.insert(subject, number);
        }
    }
}

/// Which numbers the subjects of each person had, each with how many had it.
#[derive(Default)]
pub(crate) struct Had {
    /// In extracts that are as strict.
    pub(crate) own: Vec<BTreeMap<i32, u32>>,
    /// In the others; empty where there are none.
    pub(crate) beside: Vec<BTreeMap<i32, u32>>,
}

impl Had {
    /// Takes note of a person's subject. Who had no national number before and has one now
    /// was known by the register's `own`.
    pub(crate) fn note(
        &mut self,
        person: usize,
        earlier: &Earlier,
        source: &SourceId,
        subject: SubjectKey,
        own: impl Fn() -> Option<SubjectKey>,
    ) {
        let either = |of: &dyn Fn(SubjectKey) -> Option<i32>| of(subject).or_else(|| of(own()?));
        let count = |of: &mut Vec<BTreeMap<i32, u32>>, number: Option<i32>| {
            if let (Some(of_person), Some(number)) = (of.get_mut(person), number) {
                *of_person.entry(number).or_insert(0) += 1;
            }
        };
        count(&mut self.own, either(&|key| earlier.of(source, key)));
        count(&mut self.beside, either(&|key| earlier.of_beside(source, key)));
    }

    /// Another person, or so many.
    pub(crate) fn more(&mut self, persons: usize, earlier: &Earlier) {
        self.own.resize_with(self.own.len() + persons, BTreeMap::new);
        if earlier.has_beside() {
            self.beside.resize_with(self.own.len(), BTreeMap::new);
        }
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

/// Gives each person a number: the one that most of its subjects had in extracts that are
/// as strict, else the one that they had in the others, else a new one, new ones in random
/// order. What became of people is told of the first alone.
pub(crate) fn number(
    had: &Had,
    earlier: &Earlier,
    entropy: &dyn Entropy,
) -> Result<Numbered, LinkError> {
    let claims = claims(&had.own);
    let beside = |person: usize, number: i32| {
        had.beside.get(person).and_then(|had| had.get(&number)).copied().unwrap_or(0)
    };
    let mut own = won(&had.own, &claims, beside);
    // Who has no number yet takes the one of the other extracts, unless it is somebody's.
    let taken: BTreeSet<i32> = claims.keys().copied().collect();
    let mut others = self::claims(&had.beside);
    others.retain(|number, claimants| {
        claimants.retain(|(_, person)| own.get(*person).is_some_and(Option::is_none));
        !taken.contains(number) && !claimants.is_empty()
    });
    let kept = own.iter().flatten().count() as u64;
    let split = claims.values().filter(|claimants| claimants.len() > 1).count() as u64;
    let new = own.len() as u64 - kept;
    let used: BTreeSet<i32> = own.iter().flatten().copied().collect();
    for (own, other) in own.iter_mut().zip(won(&had.beside, &others, |_, _| 0)) {
        *own = own.or(other);
    }
    let drawn = own.iter().filter(|number| number.is_none()).count() as u64;
    let highest = u64::from(earlier.highest.unsigned_abs()) + drawn;
    let too_many = |_| LinkError::TooMany(highest);
    i32::try_from(highest).map_err(too_many)?;
    let drawn = shuffled(u32::try_from(drawn).map_err(too_many)?, entropy);
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
    let changed = (!earlier.is_empty()).then(|| Changed {
        kept,
        new,
        merged: claims.keys().filter(|number| !used.contains(number)).count() as u64,
        split,
    });
    moved.sort_unstable();
    let highest = u32::try_from(highest).map_err(too_many)?;
    Ok(Numbered { numbers, highest, changed, moved })
}

/// For each number the people whose subjects had it, with how many.
fn claims(had: &[BTreeMap<i32, u32>]) -> BTreeMap<i32, Vec<(u32, usize)>> {
    let mut claims: BTreeMap<i32, Vec<(u32, usize)>> = BTreeMap::new();
    for (person, numbers) in had.iter().enumerate() {
        for (number, subjects) in numbers {
            claims.entry(*number).or_default().push((*subjects, person));
        }
    }
    claims
}

/// Who wins a number: whoever has it `beside`, then the person with most of its subjects.
/// Of two with as many, the one with fewer other claims, and then the first.
fn won(
    had: &[BTreeMap<i32, u32>],
    claims: &BTreeMap<i32, Vec<(u32, usize)>>,
    beside: impl Fn(usize, i32) -> u32,
) -> Vec<Option<i32>> {
    let mut own: Vec<Option<i32>> = vec![None; had.len()];
    let weight = |number: i32, person: usize| {
        let subjects = had.get(person).and_then(|numbers| numbers.get(&number)).copied();
        (beside(person, number), subjects.unwrap_or(0))
    };
    for (number, claimants) in claims {
        let winner = claimants.iter().max_by_key(|(subjects, person)| {
            let others = had.get(*person).map_or(0, BTreeMap::len);
            let beside = beside(*person, *number);
            (beside, *subjects, std::cmp::Reverse(others), std::cmp::Reverse(*person))
        });
        let Some((_, person)) = winner else { continue };
        if let Some(own) = own.get_mut(*person) {
            // Numbers rise here: of two with as many subjects the smaller stays.
            let better =
                own.is_none_or(|before| weight(*number, *person) > weight(before, *person));
            if better {
                *own = Some(*number);
            }
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use model::SeededEntropy;
    use proptest::prelude::*;

    use super::*;

    fn had(of: &[&[(i32, u32)]]) -> Vec<BTreeMap<i32, u32>> {
        of.iter().map(|numbers| numbers.iter().copied().collect()).collect()
    }

    fn earlier(highest: i32) -> Earlier {
        let mut earlier = Earlier::up_to(u64::from(highest.unsigned_abs()));
        let extract = "extract-4q6s8v0x2z".parse().unwrap();
        earlier.begin(&extract).put(&"population".parse().unwrap(), SubjectKey([1; 16]), 1);
        earlier.done()
    }

    fn numbered(of: &[&[(i32, u32)]], highest: i32) -> Numbered {
        numbered_beside(of, &[], highest)
    }

    fn numbered_beside(own: &[&[(i32, u32)]], beside: &[&[(i32, u32)]], highest: i32) -> Numbered {
        let had = Had { own: had(own), beside: had(beside) };
        number(&had, &earlier(highest), &SeededEntropy::new(1)).unwrap()
    }

    #[test]
    fn who_was_parted_has_the_number_that_the_other_extract_gave() {
        // One was 1 in both; the strict one has them as 1 and 60 since.
        let of = numbered_beside(&[&[(1, 1)], &[(1, 3)]], &[&[(1, 1)], &[(60, 3)]], 60);
        assert_eq!((of.numbers, of.highest), (vec![1, 60], 60));
        assert_eq!(of.changed, Some(Changed { kept: 1, new: 1, merged: 0, split: 1 }));
        assert_eq!(of.moved, [(1, 60)]);
    }

    #[test]
    fn what_became_of_people_is_told_of_extracts_that_are_as_strict() {
        // Two are new in the other extract and one here: nothing of this one was merged.
        let of = numbered_beside(&[&[(3, 1)], &[]], &[&[(3, 1)], &[(8, 1), (9, 1)]], 9);
        assert_eq!(of.numbers, [3, 8]);
        assert_eq!(of.changed, Some(Changed { kept: 1, new: 1, merged: 0, split: 0 }));
        assert!(of.moved.is_empty());
        // A number that somebody here had is not taken from them.
        let of = numbered_beside(&[&[(3, 1)], &[]], &[&[(5, 1)], &[(3, 1)]], 9);
        assert_eq!((of.numbers, of.highest), (vec![3, 10], 10));
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
            let had = Had { own: people.clone(), beside: Vec::new() };
            let of = number(&had, &earlier(30), &SeededEntropy::new(seed)).unwrap();
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
