//! The people of an extract whose permit has more than equal numbers count.

use std::collections::BTreeMap;

use model::{Entropy, SourceId};
use source::SubjectKey;
use vault::Vault;

use crate::cascade::{Cascade, Part};
use crate::crosswalk::{Crosswalk, LinkError, PersonNumbers};
use crate::earlier::{Earlier, number};
use crate::extract::SourceLinkage;
use crate::plan::{ExtractPlan, LinkagePlan};

/// Links the people of the plan's sources by every stage, and numbers them.
#[expect(clippy::too_many_lines, reason = "each step takes what the one before found")]
pub(crate) fn link(
    plan: &ExtractPlan,
    how: &LinkagePlan,
    vault: &Vault,
    cohort: Option<&[SubjectKey]>,
    earlier: &Earlier,
    entropy: &dyn Entropy,
) -> Result<Crosswalk, LinkError> {
    let hasher = vault.blind_hasher(&plan.permit, &plan.extract)?;
    let mut parts: Vec<Part<'_>> = plan
        .sources
        .iter()
        .map(|table| Part {
            source: &table.source,
            segment: &table.vault_segment,
            once: table.once,
        })
        .collect();
    let tables = parts.len();
    let decides = plan.cohort.as_ref().map(|cohort| {
        let at = parts.iter().position(|part| *part.source == cohort.source);
        at.unwrap_or_else(|| {
            let (source, segment) = (&cohort.source, &cohort.vault_segment);
            parts.push(Part { source, segment, once: cohort.once });
            tables
        })
    });
    let cascade = Cascade::run(&parts, vault, &hasher, how.threshold)?;
    let names: Vec<&SourceId> = parts.iter().map(|part| part.source).collect();
    let chosen = match (decides, cohort) {
        (Some(source), Some(cohort)) => Some((source, chosen(&cascade, source, &names, cohort)?)),
        _ => None,
    };

    let mut places: Vec<Vec<Option<u32>>> =
        (0..parts.len()).map(|source| vec![None; cascade.of_source(source).count()]).collect();
    let subjects: Vec<Vec<(SubjectKey, f64)>> =
        (0..parts.len()).map(|source| cascade.of_source(source).collect()).collect();
    let subject = |source: usize, at: u32| {
        subjects.get(source).and_then(|of| of.get(at as usize)).map(|(subject, _)| *subject)
    };
    let mut had: Vec<BTreeMap<i32, u32>> = Vec::new();
    let mut linkage: Vec<SourceLinkage> = subjects
        .iter()
        .map(|of| SourceLinkage { persons: of.len() as u64, in_extract: 0, matched: 0 })
        .collect();
    let mut several = vec![false; parts.len()];
    for same in cascade.persons() {
        let in_cohort = chosen.as_ref().is_none_or(|(decides, chosen)| {
            same.iter().any(|(source, at)| {
                source == decides && chosen.get(*at as usize).copied().unwrap_or(false)
            })
        });
        let of_tables: Vec<(usize, u32)> =
            same.into_iter().filter(|(source, _)| *source < tables).collect();
        if of_tables.is_empty() || !in_cohort {
            continue;
        }
        let place = u32::try_from(had.len()).map_err(|_| LinkError::TooMany(had.len() as u64))?;
        let mut numbers = BTreeMap::new();
        let mut found_in: Vec<usize> = of_tables.iter().map(|(source, _)| *source).collect();
        found_in.dedup();
        for pair in of_tables.windows(2) {
            if let [(one, _), (other, _)] = pair
                && one == other
                && let Some(several) = several.get_mut(*one)
            {
                *several = true;
            }
        }
        for (source, at) in &of_tables {
            let of_subject = places.get_mut(*source).and_then(|of| of.get_mut(*at as usize));
            if let Some(of_subject) = of_subject {
                *of_subject = Some(place);
            }
            if let Some(linkage) = linkage.get_mut(*source) {
                linkage.in_extract += 1;
                linkage.matched += u64::from(found_in.len() > 1);
            }
            let (Some(name), Some(subject)) = (names.get(*source), subject(*source, *at)) else {
                continue;
            };
            let before = earlier.of(name, subject).or_else(|| {
                // Who had no national number before and has one now.
                cascade.own_key(*source, *at).and_then(|key| earlier.of(name, key))
            });
            if let Some(before) = before {
                *numbers.entry(before).or_insert(0) += 1;
            }
        }
        had.push(numbers);
    }
    let numbered = number(&had, earlier, entropy)?;

    let is_in = |source: usize, at: u32| {
        places.get(source).and_then(|of| of.get(at as usize)).is_some_and(Option::is_some)
    };
    let mut found = cascade.found(&names, &is_in, plan.as_of, how.smallest_count);
    found.sources.retain(|name, _| plan.sources.iter().any(|table| table.source == *name));
    let persons = had.len() as u64;
    let mut crosswalk = Crosswalk {
        persons: u32::try_from(persons).map_err(|_| LinkError::TooMany(persons))?,
        highest: numbered.highest,
        found: Some(found),
        changed: numbered.changed,
        moved: numbered.moved,
        ..Crosswalk::default()
    };
    for (source, name) in names.iter().enumerate().take(tables) {
        let (of, places) = (subjects.get(source), places.get(source));
        let (mut people, mut doubts) = (Vec::new(), Vec::new());
        for ((subject, probability), place) in
            of.into_iter().flatten().zip(places.into_iter().flatten())
        {
            let number = place.and_then(|place| numbered.numbers.get(place as usize));
            if let Some(number) = number {
                people.push((*subject, *number));
                doubts.push(*probability);
            }
        }
        let name = (*name).clone();
        if let Some(linkage) = linkage.get(source) {
            crosswalk.linkage.insert(name.clone(), *linkage);
        }
        if several.get(source) == Some(&true) {
            crosswalk.several.insert(name.clone());
        }
        if how.probability {
            crosswalk.doubts.insert(name.clone(), doubts);
        }
        crosswalk.sources.insert(name, PersonNumbers::sorted(people));
    }
    Ok(crosswalk)
}

/// Who is in the cohort, by place in its source. Both lists are sorted.
fn chosen(
    cascade: &Cascade,
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
