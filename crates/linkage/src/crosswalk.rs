//! Who is who across the sources of one permit.
//!
//! Identities are read from the vault, source by source, and turned into blind
//! indexes under the extract's own key: equal for one person in two sources,
//! unrelated to those of any other extract (invariant 3). Sorted, they are
//! merged; people who are in the cohort and in at least one table are numbered.
//!
//! In memory: 40 bytes for each identity of each source, no name and no
//! identity number for longer than it takes to index it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::fmt;

use model::{Entropy, ExtractId, PairId, PermitId, SourceId};
use source::SubjectKey;
use vault::{
    BlindHasher, BlindIndex, CrosswalkError, KeyringError, NationalIds, SegmentError,
    UnpublishedCrosswalk, Vault,
};

use crate::cascaded;
use crate::earlier::{Changed, Earlier, Had, number};
use crate::extract::SourceLinkage;
use crate::found::Found;
use crate::plan::ExtractPlan;
use crate::review::{KeptPair, Review};

/// Why people could not be linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// A source's identities cannot be read.
    #[error("identities of source `{from}`: {why}")]
    Identities {
        /// Which source.
        from: SourceId,
        /// In words.
        #[source]
        why: SegmentError,
    },
    /// The extract's key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyringError),
    /// The lake has rows of somebody the vault does not know.
    #[error(
        "source `{0}` has rows of a person who is not among its identities: lake and vault are from different times, restore both from one backup"
    )]
    Stranger(SourceId),
    /// The plan has a cohort and nobody said who is in it, or the other way round.
    #[error("the cohort of the plan and the people given for it do not belong together")]
    Cohort,
    /// A number is an int32, for R and pandas to read without loss.
    #[error("{0} people: an extract has at most 2147483647")]
    TooMany(u64),
    /// A thread ended without a result.
    #[error("linking was interrupted")]
    Interrupted,
}

/// The people of one source who are in an extract.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PersonNumbers(Vec<(SubjectKey, i32)>);

impl PersonNumbers {
    /// Subject keys and person numbers, sorted by subject key.
    pub fn as_slice(&self) -> &[(SubjectKey, i32)] {
        &self.0
    }

    /// The numbers, put in order. Each subject key stands there once.
    pub(crate) fn sorted(mut people: Vec<(SubjectKey, i32)>) -> Self {
        people.sort_unstable_by_key(|(subject, _)| *subject);
        Self(people)
    }

    /// The numbers as given; `None` unless each subject key is greater than the
    /// one before.
    pub fn from_sorted(people: Vec<(SubjectKey, i32)>) -> Option<Self> {
        people.is_sorted_by(|a, b| a.0 < b.0).then_some(Self(people))
    }
}

impl fmt::Debug for PersonNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonNumbers({} people)", self.0.len())
    }
}

/// Who is who in one extract.
#[derive(Debug, Clone, Default)]
pub struct Crosswalk {
    pub(crate) persons: u32,
    pub(crate) highest: u32,
    pub(crate) sources: BTreeMap<SourceId, PersonNumbers>,
    pub(crate) linkage: BTreeMap<SourceId, SourceLinkage>,
    /// Sources in which somebody is several subjects.
    pub(crate) several: BTreeSet<SourceId>,
    /// How likely each of a source's people is who they are said to be, where the
    /// permit has that as a column.
    pub(crate) doubts: BTreeMap<SourceId, Vec<f64>>,
    pub(crate) found: Option<Found>,
    pub(crate) changed: Option<Changed>,
    pub(crate) compared_with: Option<ExtractId>,
    pub(crate) moved: Vec<(i32, i32)>,
    pub(crate) asked: Vec<KeptPair>,
    pub(crate) stale: Vec<PairId>,
}

impl Crosswalk {
    /// How many people there are.
    pub const fn persons(&self) -> u32 {
        self.persons
    }

    /// The highest number that anybody has or had: that of people, unless some had
    /// numbers in an earlier extract of the permit.
    pub const fn highest(&self) -> u32 {
        self.highest
    }

    /// Whether somebody is several subjects of `source`.
    pub fn has_several(&self, source: &SourceId) -> bool {
        self.several.contains(source)
    }

    /// How likely each of [`Self::of`] is who they are said to be, where the permit has
    /// that as a column.
    pub fn doubts(&self, source: &SourceId) -> Option<&[f64]> {
        self.doubts.get(source).map(Vec::as_slice)
    }

    /// How people were found, where more than equal numbers count.
    pub const fn found(&self) -> Option<&Found> {
        self.found.as_ref()
    }

    /// What became of the people of earlier extracts, if there were any.
    pub const fn changed(&self) -> Option<Changed> {
        self.changed
    }

    /// The extract whose numbers people kept first of all.
    pub const fn compared_with(&self) -> Option<&ExtractId> {
        self.compared_with.as_ref()
    }

    /// Numbers of earlier extracts whose people have other numbers now, all or some of
    /// them: the old and the new, sorted.
    pub fn moved(&self) -> &[(i32, i32)] {
        &self.moved
    }

    /// Pairs that clerks are to be asked about.
    pub fn asked(&self) -> &[KeptPair] {
        &self.asked
    }

    /// Pairs of whom the registers say something else than when clerks were asked.
    pub fn stale(&self) -> &[PairId] {
        &self.stale
    }

    /// The people of `source`; nobody when the extract has no such table.
    pub fn of(&self, source: &SourceId) -> &[(SubjectKey, i32)] {
        self.sources.get(source).map_or(&[], PersonNumbers::as_slice)
    }

    /// How the people of each table were found.
    pub const fn linkage(&self) -> &BTreeMap<SourceId, SourceLinkage> {
        &self.linkage
    }

    /// Writes it into the vault, under the extract's key. It counts once it is
    /// published and the ledger has the extract.
    pub fn keep(
        &self,
        vault: &Vault,
        permit: &PermitId,
        extract: &ExtractId,
    ) -> Result<UnpublishedCrosswalk, CrosswalkError> {
        let mut writer = vault.crosswalk_writer(permit, extract)?;
        for (source, people) in &self.sources {
            writer.source(source, people.as_slice())?;
        }
        writer.finish()
    }
}

/// An identity of one source, as the merge sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    person: BlindIndex,
    /// Which of the source's subjects.
    at: u32,
}

/// One source while its people are linked.
struct Linking<'a> {
    source: &'a SourceId,
    /// Sorted.
    subjects: Vec<SubjectKey>,
    /// Each sorted by blind index; together all subjects.
    parts: Vec<Vec<Member>>,
    /// Whether the source is a table of the extract, or only decides the cohort.
    is_table: bool,
    /// For the source that decides the cohort: who is in it.
    chosen: Option<Vec<bool>>,
    /// By subject: the person's place before numbers are drawn.
    places: Vec<Option<u32>>,
    linkage: SourceLinkage,
}

/// Links the people of the plan's sources and numbers them.
///
/// `cohort` are the subjects of the cohort's source who meet its conditions, as
/// the lake found them: sorted, each once. `None` exactly when the plan has no
/// cohort.
pub fn link(
    plan: &ExtractPlan,
    vault: &Vault,
    cohort: Option<&[SubjectKey]>,
    entropy: &dyn Entropy,
) -> Result<Crosswalk, LinkError> {
    link_after(plan, vault, cohort, &Earlier::default(), entropy)
}

/// The same after earlier extracts of the permit: people keep the numbers that they had.
pub fn link_after(
    plan: &ExtractPlan,
    vault: &Vault,
    cohort: Option<&[SubjectKey]>,
    earlier: &Earlier,
    entropy: &dyn Entropy,
) -> Result<Crosswalk, LinkError> {
    link_reviewed(plan, vault, cohort, (earlier, &Review::default()), entropy)
}

/// The same with what clerks said of pairs that were in doubt: it counts where the
/// plan has more than equal numbers count.
pub fn link_reviewed(
    plan: &ExtractPlan,
    vault: &Vault,
    cohort: Option<&[SubjectKey]>,
    (earlier, review): (&Earlier, &Review),
    entropy: &dyn Entropy,
) -> Result<Crosswalk, LinkError> {
    if cohort.is_some() != plan.cohort.is_some() {
        return Err(LinkError::Cohort);
    }
    if let Some(how) = &plan.linkage {
        return cascaded::link(plan, how, vault, cohort, (earlier, review), entropy);
    }
    let hasher = vault.blind_hasher(&plan.permit, &plan.extract)?;
    let mut linking = Vec::with_capacity(plan.sources.len() + 1);
    for table in &plan.sources {
        linking.push(Linking::read(&table.source, &table.vault_segment, true, vault, &hasher)?);
    }
    if let (Some(cohort), Some(chosen)) = (&plan.cohort, cohort) {
        let at = linking.iter().position(|linking| *linking.source == cohort.source);
        if at.is_none() {
            let (source, segment) = (&cohort.source, &cohort.vault_segment);
            linking.push(Linking::read(source, segment, false, vault, &hasher)?);
        }
        if let Some(decides) = linking.get_mut(at.unwrap_or(plan.sources.len())) {
            decides.choose(chosen)?;
        }
    }
    let persons = place(&mut linking)?;
    let mut had = Had::default();
    had.more(persons as usize, earlier);
    for linking in linking.iter().filter(|linking| linking.is_table && !earlier.is_empty()) {
        linking.had(earlier, &mut had);
    }
    let numbered = number(&had, earlier, entropy)?;
    let mut crosswalk = Crosswalk {
        persons,
        highest: numbered.highest,
        changed: numbered.changed,
        compared_with: earlier.newest().cloned(),
        ..Crosswalk::default()
    };
    for linking in linking {
        if linking.is_table {
            crosswalk.linkage.insert(linking.source.clone(), linking.linkage);
            crosswalk.sources.insert(linking.source.clone(), linking.numbered(&numbered.numbers));
        }
    }
    crosswalk.moved = numbered.moved;
    Ok(crosswalk)
}

impl<'a> Linking<'a> {
    /// Reads and indexes the source's identities on two threads.
    fn read(
        source: &'a SourceId,
        segment: &str,
        is_table: bool,
        vault: &Vault,
        hasher: &BlindHasher,
    ) -> Result<Self, LinkError> {
        let failed = |why| LinkError::Identities { from: source.clone(), why };
        let segment = vault.segment(source, segment).map_err(failed)?;
        let persons = segment.persons();
        if u32::try_from(persons).is_err() {
            return Err(LinkError::TooMany(persons));
        }
        let halves = std::thread::scope(|threads| {
            let running: Vec<_> = segment
                .national_ids(2)
                .into_iter()
                .map(|half| threads.spawn(move || index(source, half, hasher)))
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().map_err(|_| LinkError::Interrupted))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let mut linking = Self {
            source,
            subjects: Vec::new(),
            parts: Vec::new(),
            is_table,
            chosen: None,
            places: Vec::new(),
            linkage: SourceLinkage { persons, in_extract: 0, matched: 0 },
        };
        for half in halves {
            let (mut subjects, mut members) = half.map_err(failed)?;
            let before = u32::try_from(linking.subjects.len()).unwrap_or(u32::MAX);
            for member in &mut members {
                member.at += before;
            }
            linking.subjects.append(&mut subjects);
            linking.parts.push(members);
        }
        linking.places = vec![None; linking.subjects.len()];
        Ok(linking)
    }

    /// Notes who is in the cohort. Both lists are sorted.
    fn choose(&mut self, cohort: &[SubjectKey]) -> Result<(), LinkError> {
        let mut chosen = vec![false; self.subjects.len()];
        let mut subjects = self.subjects.iter().zip(&mut chosen);
        for wanted in cohort {
            match subjects.find(|(subject, _)| *subject >= wanted) {
                Some((subject, is_chosen)) if subject == wanted => *is_chosen = true,
                _ => return Err(LinkError::Stranger(self.source.clone())),
            }
        }
        self.chosen = Some(chosen);
        Ok(())
    }

    /// Notes for each person which numbers its subjects had in earlier extracts.
    fn had(&self, earlier: &Earlier, had: &mut Had) {
        for (subject, place) in self.subjects.iter().zip(&self.places) {
            if let Some(place) = place {
                had.note(*place as usize, earlier, self.source, *subject, || None);
            }
        }
    }

    fn numbered(self, numbers: &[i32]) -> PersonNumbers {
        let people = self.subjects.into_iter().zip(self.places).filter_map(|(subject, place)| {
            Some((subject, *numbers.get(usize::try_from(place?).ok()?)?))
        });
        PersonNumbers(people.collect())
    }
}

/// Subject keys in order, and the same people sorted by blind index.
type Indexed = (Vec<SubjectKey>, Vec<Member>);

fn index(
    source: &SourceId,
    identities: NationalIds,
    hasher: &BlindHasher,
) -> Result<Indexed, SegmentError> {
    let (mut subjects, mut members) = (Vec::new(), Vec::new());
    for (at, identity) in (0..).zip(identities) {
        let (subject, id) = identity?;
        subjects.push(subject);
        // Who has no number that holds is nobody else, and who has one that a hospital gave
        // for itself nobody in another source.
        let person = match &id {
            Some(id) if !id.is_local() => hasher.index(id),
            _ => hasher.index_alone(source, subject),
        };
        members.push(Member { person, at });
    }
    members.sort_unstable();
    Ok((subjects, members))
}

/// Merges the sources by blind index and gives each person of the extract a
/// place, from 0. Returns how many there are.
fn place(linking: &mut [Linking<'_>]) -> Result<u32, LinkError> {
    let parts: Vec<(usize, Vec<Member>)> = linking
        .iter_mut()
        .enumerate()
        .flat_map(|(source, linking)| {
            std::mem::take(&mut linking.parts).into_iter().map(move |part| (source, part))
        })
        .collect();
    let mut rest: Vec<_> = parts.iter().map(|(source, part)| (*source, part.iter())).collect();
    let mut heads: BinaryHeap<Reverse<(Member, usize)>> = BinaryHeap::new();
    for (list, (_, members)) in rest.iter_mut().enumerate() {
        heads.extend(members.next().map(|member| Reverse((*member, list))));
    }
    let mut placed: u64 = 0;
    let mut same: Vec<(usize, u32)> = Vec::new();
    while let Some(Reverse((first, _))) = heads.peek().copied() {
        same.clear();
        while let Some(Reverse((member, list))) = heads.peek().copied() {
            if member.person != first.person {
                break;
            }
            heads.pop();
            if let Some((source, members)) = rest.get_mut(list) {
                same.push((*source, member.at));
                heads.extend(members.next().map(|next| Reverse((*next, list))));
            }
        }
        if is_in(&same, linking) {
            let place = u32::try_from(placed).map_err(|_| LinkError::TooMany(placed))?;
            admit(&same, place, linking);
            placed += 1;
        }
    }
    match i32::try_from(placed) {
        Ok(persons) => Ok(persons.unsigned_abs()),
        Err(_) => Err(LinkError::TooMany(placed)),
    }
}

/// Whether the person who is `same` across sources is in the extract: in the
/// cohort, if there is one, and in at least one table.
fn is_in(same: &[(usize, u32)], linking: &[Linking<'_>]) -> bool {
    let of = |source: usize| linking.get(source);
    let in_table = same.iter().any(|(source, _)| of(*source).is_some_and(|l| l.is_table));
    let has_cohort = linking.iter().any(|linking| linking.chosen.is_some());
    let in_cohort = same.iter().any(|(source, at)| {
        of(*source)
            .and_then(|linking| linking.chosen.as_ref()?.get(*at as usize).copied())
            .unwrap_or(false)
    });
    in_table && (!has_cohort || in_cohort)
}

fn admit(same: &[(usize, u32)], place: u32, linking: &mut [Linking<'_>]) {
    let tables =
        same.iter().filter(|(source, _)| linking.get(*source).is_some_and(|l| l.is_table)).count();
    for (source, at) in same {
        let Some(linking) = linking.get_mut(*source).filter(|linking| linking.is_table) else {
            continue;
        };
        if let Some(of_subject) = linking.places.get_mut(*at as usize) {
            *of_subject = Some(place);
        }
        linking.linkage.in_extract += 1;
        linking.linkage.matched += u64::from(tables > 1);
    }
}
