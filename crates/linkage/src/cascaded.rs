//! The people of an extract whose permit has more than equal numbers count.

use std::cell::OnceCell;

use model::{Entropy, SourceId};
use source::SubjectKey;
use vault::Vault;

use crate::cascade::{Cascade, Part};
use crate::crosswalk::{Crosswalk, LinkError, PersonNumbers};
use crate::earlier::{Earlier, Had, Numbered, number};
use crate::extract::SourceLinkage;
use crate::plan::{ExtractPlan, LinkagePlan};
use crate::review::Review;

/// Links the people of the plan's sources by every stage, and numbers them.
pub(crate) fn link(
    plan: &ExtractPlan,
    how: &LinkagePlan,
    vault: &Vault,
    cohort: Option<&[SubjectKey]>,
    (earlier, review): (&Earlier, &Review),
    entropy: &dyn Entropy,
) -> Result<Crosswalk, LinkError> {
    let hasher = vault.blind_hasher(&plan.permit, &plan.extract)?;
    let said = vault.pair_hasher()?;
    let (parts, decides) = parts(plan);
    let spec = OnceCell::new();
    let decided = (review.decided.as_slice(), &said);
    let cascade = Cascade::run(&parts, vault, &hasher, how.threshold, decided, &spec)?;
    let names: Vec<&SourceId> = parts.iter().map(|part| part.source).collect();
    let chosen = match (decides, cohort) {
        (Some(source), Some(cohort)) => Some((source, chosen(&cascade, source, &names, cohort)?)),
        _ => None,
    };

    let people = Placed::of(&cascade, &names, plan.sources.len(), chosen.as_ref(), earlier)?;
    let numbered = number(&people.had, earlier, entropy)?;

    let is_in = |source: usize, at: u32| people.is_in(source, at);
    let mut found = cascade.found(&names, &is_in, plan.as_of, how.smallest_count);
    found.sources.retain(|name, _| plan.sources.iter().any(|table| table.source == *name));
    let asked = cascade.asked(&parts, &is_in, review.most, &said);
    found.reviewed = cascade.reviewed(&is_in, asked.len(), how.smallest_count);
    let stale = cascade.stale().filter_map(|at| review.decided.get(at));
    let persons = people.had.own.len() as u64;
    let mut crosswalk = Crosswalk {
        persons: u32::try_from(persons).map_err(|_| LinkError::TooMany(persons))?,
        highest: numbered.highest,
        found: Some(found),
        changed: numbered.changed,
        compared_with: earlier.newest().cloned(),
        stale: stale.map(|pair| pair.id.clone()).collect(),
        asked,
        ..Crosswalk::default()
    };
    for (source, name) in names.iter().enumerate().take(plan.sources.len()) {
        people.tell(&mut crosswalk, &cascade, (source, name), &numbered, how.probability);
    }
    crosswalk.moved = numbered.moved;
    Ok(crosswalk)
}

/// The sources whose people are compared: those of the tables, and behind them the one
/// that decides the cohort where it is none of these; and which one decides it.
fn parts(plan: &ExtractPlan) -> (Vec<Part<'_>>, Option<usize>) {
    let mut parts: Vec<Part<'_>> = plan
        .sources
        .iter()
        .map(|source| Part {
            source: &source.source,
            segment: &source.vault_segment,
            once: source.once,
            issued_by: source.issued_by,
            as_of: plan.as_of,
        })
        .collect();
    let decides = plan.cohort.as_ref().map(|cohort| {
        let at = parts.iter().position(|part| *part.source == cohort.source);
        at.unwrap_or_else(|| {
            let (source, segment) = (&cohort.source, &cohort.vault_segment);
            let (once, issued_by) = (cohort.once, cohort.issued_by);
            parts.push(Part { source, segment, once, issued_by, as_of: plan.as_of });
            parts.len() - 1
        })
    });
    (parts, decides)
}

/// Who is in the extract.
struct Placed {
    /// For each source and subject the person's place among those in the extract.
    places: Vec<Vec<Option<u32>>>,
    /// Which numbers the subjects of each had before.
    had: Had,
    linkage: Vec<SourceLinkage>,
    /// Whether somebody is several subjects of a source.
    several: Vec<bool>,
}

impl Placed {
    /// The people who are in one of the first `tables` sources and, where there is a
    /// cohort, in that.
    fn of(
        cascade: &Cascade<'_>,
        names: &[&SourceId],
        tables: usize,
        chosen: Option<&(usize, Vec<bool>)>,
        earlier: &Earlier,
    ) -> Result<Self, LinkError> {
        let counts = (0..names.len()).map(|source| cascade.of_source(source).count());
        let linkage =
            |persons| SourceLinkage { persons: persons as u64, in_extract: 0, matched: 0 };
        let mut placed = Self {
            places: counts.clone().map(|count| vec![None; count]).collect(),
            had: Had::default(),
            linkage: counts.map(linkage).collect(),
            several: vec![false; names.len()],
        };
        for same in cascade.persons() {
            let in_cohort = chosen.is_none_or(|(decides, chosen)| {
                same.iter().any(|(source, at)| {
                    source == decides && chosen.get(*at as usize).copied().unwrap_or(false)
                })
            });
            let of_tables: Vec<(usize, u32)> =
                same.into_iter().filter(|(source, _)| *source < tables).collect();
            if in_cohort && !of_tables.is_empty() {
                placed.put(&of_tables)?;
                placed.had.more(1, earlier);
                placed.note(cascade, names, &of_tables, earlier);
            }
        }
        Ok(placed)
    }

    /// Takes one person in: their subjects, sorted by source.
    fn put(&mut self, subjects: &[(usize, u32)]) -> Result<(), LinkError> {
        let all = self.had.own.len();
        let place = u32::try_from(all).map_err(|_| LinkError::TooMany(all as u64))?;
        for pair in subjects.windows(2) {
            if let [(one, _), (other, _)] = pair
                && one == other
                && let Some(several) = self.several.get_mut(*one)
            {
                *several = true;
            }
        }
        let matched =
            subjects.first().map(|(source, _)| source) != subjects.last().map(|(source, _)| source);
        for (source, at) in subjects {
            let of_subject = self.places.get_mut(*source).and_then(|of| of.get_mut(*at as usize));
            if let Some(of_subject) = of_subject {
                *of_subject = Some(place);
            }
            if let Some(linkage) = self.linkage.get_mut(*source) {
                linkage.in_extract += 1;
                linkage.matched += u64::from(matched);
            }
        }
        Ok(())
    }

    /// Takes note of the numbers that the last person's subjects had before.
    fn note(
        &mut self,
        cascade: &Cascade<'_>,
        names: &[&SourceId],
        subjects: &[(usize, u32)],
        earlier: &Earlier,
    ) {
        let person = self.had.own.len().saturating_sub(1);
        for (source, at) in subjects.iter().filter(|_| !earlier.is_empty()) {
            if let (Some(name), Some(subject)) = (names.get(*source), cascade.subject(*source, *at))
            {
                let own = || cascade.own_key(*source, *at);
                self.had.note(person, earlier, name, subject, own);
            }
        }
    }

    fn is_in(&self, source: usize, at: u32) -> bool {
        self.places.get(source).and_then(|of| of.get(at as usize)).is_some_and(Option::is_some)
    }

    /// Tells the crosswalk of the people of one table.
    fn tell(
        &self,
        crosswalk: &mut Crosswalk,
        cascade: &Cascade<'_>,
        (source, name): (usize, &SourceId),
        numbered: &Numbered,
        probability: bool,
    ) {
        let (mut people, mut doubts) = (Vec::new(), Vec::new());
        let places = self.places.get(source).into_iter().flatten();
        for ((subject, likely), place) in cascade.of_source(source).zip(places) {
            let number = place.and_then(|place| numbered.numbers.get(place as usize));
            if let Some(number) = number {
                people.push((subject, *number));
                doubts.push(likely);
            }
        }
        if let Some(linkage) = self.linkage.get(source) {
            crosswalk.linkage.insert(name.clone(), *linkage);
        }
        if self.several.get(source) == Some(&true) {
            crosswalk.several.insert(name.clone());
        }
        if probability {
            crosswalk.doubts.insert(name.clone(), doubts);
        }
        crosswalk.sources.insert(name.clone(), PersonNumbers::sorted(people));
    }
}

/// Who is in the cohort, by place in its source. Both lists are sorted.
fn chosen(
    cascade: &Cascade<'_>,
    source: usize,
    names: &[&SourceId],
    cohort: &[SubjectKey],
) -> Result<Vec<bool>, LinkError> {
    let mut chosen = vec![false; cascade.of_source(source).count()];
    let mut subjects = cascade.of_source(source).zip(&mut chosen);
    for wanted in cohort {
        match subjects.find(|((subject, _), _)| subject >= wanted) {
            Some(((subject, _), is_chosen)) if subject == *wanted => *is_chosen = true,
            _ => {
                let name = names.get(source).map(|name| (*name).clone());
                return Err(name.map_or(LinkError::Cohort, LinkError::Stranger));
            }
        }
    }
    Ok(chosen)
}
