//! Earlier versions of files: which are kept, and for how long (decision 0081).
//!
//! This is the list and its bounds; the bytes lie where the runtime keeps them, out of
//! reach of everything that runs in the room.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use ledger::Hash;
use model::{AccountId, SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Limits;
use crate::work::{PRIVATE, Stamp, WorkName};

/// How long an earlier version is kept, days.
pub const KEPT_DAYS: i64 = 30;

/// How many versions of one file are kept.
pub const MOST_OF_ONE: usize = 100;

/// The number of a version, counted in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionNumber(u64);

impl VersionNumber {
    /// As a number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for VersionNumber {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What a file was at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Version {
    /// Its number.
    pub number: VersionNumber,
    /// The file's name, as whoever may see it calls it.
    pub name: WorkName,
    /// Whose it is alone; nobody's, when the room shares it.
    pub person: Option<AccountId>,
    /// When it was kept.
    pub kept_at: Timestamp,
    /// When the file was seen to be something else, or gone. Until then it is what
    /// the file is.
    pub replaced_at: Option<Timestamp>,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of it.
    pub sha256: Hash,
}

impl Version {
    /// Until when it is kept, once it is an earlier one.
    pub fn until(&self) -> Option<Timestamp> {
        let kept = SignedDuration::from_hours(24 * KEPT_DAYS);
        self.replaced_at.map(|at| at.saturating_add(kept).unwrap_or(Timestamp::MAX))
    }

    /// Whether these are its bytes.
    pub fn is(&self, bytes: &[u8]) -> bool {
        Hash(Sha256::digest(bytes).into()) == self.sha256
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.until().is_some_and(|until| now >= until)
    }

    /// Whether this person may see it now.
    pub fn is_shown(&self, person: &AccountId, now: Timestamp) -> bool {
        self.person.as_ref().is_none_or(|owner| owner == person) && !self.is_over(now)
    }
}

/// How much is kept in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// All versions together, bytes.
    pub bytes: u64,
    /// One version, bytes.
    pub largest: u64,
    /// How many.
    pub versions: usize,
}

impl Bounds {
    /// A quarter of the room's disk, of which one version takes a quarter and never
    /// more than 64 MiB, since it is held in memory while it is copied.
    pub fn of(limits: &Limits) -> Self {
        let bytes = limits.disk / 4;
        Self {
            bytes,
            largest: (bytes / 4).min(64 << 20),
            versions: usize::try_from(limits.files / 4).unwrap_or(usize::MAX).min(10_000),
        }
    }
}

/// Whose a file is, and what they call it, by its name among everybody's.
pub fn owner_of(name: &WorkName) -> Option<(Option<AccountId>, WorkName)> {
    let Some(inner) = name.as_str().strip_prefix(PRIVATE).and_then(|rest| rest.strip_prefix('/'))
    else {
        return Some((None, name.clone()));
    };
    let (person, file) = inner.split_once('/')?;
    let shown = format!("{PRIVATE}/{file}").parse().ok()?;
    Some((Some(person.parse().ok()?), shown))
}

/// The other way round: see [`owner_of`].
pub fn name_among_all(version: &Version) -> Option<WorkName> {
    let Some(person) = &version.person else { return Some(version.name.clone()) };
    let file = version.name.as_str().strip_prefix(PRIVATE)?;
    format!("{PRIVATE}/{person}{file}").parse().ok()
}

/// The versions of the files of a room.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Versions {
    next: u64,
    /// Oldest first.
    kept: Vec<Version>,
    /// What each file looked like when it was kept last, by its name among everybody's.
    seen: BTreeMap<WorkName, Stamp>,
}

impl Versions {
    /// The versions that there are, oldest first.
    pub fn kept(&self) -> &[Version] {
        &self.kept
    }

    /// How long they are together, bytes. What two versions have in common lies on the
    /// disk once.
    pub fn bytes(&self) -> u64 {
        self.kept.iter().fold(0, |sum, version| sum.saturating_add(version.bytes))
    }

    /// Whether a file is as it was when it was kept last.
    pub fn is_as_kept(&self, name: &WorkName, stamp: &Stamp) -> bool {
        self.seen.get(name) == Some(stamp)
    }

    /// Takes down which files are there: of the others, what they were is an earlier
    /// version now.
    pub fn only_there(&mut self, there: &BTreeSet<&WorkName>, now: Timestamp) {
        let gone: Vec<_> = self.seen.keys().filter(|name| !there.contains(name)).cloned().collect();
        for name in gone {
            self.seen.remove(&name);
            self.replace(&name, now);
        }
    }

    /// Takes down that a file is something else now, of which nothing is kept.
    pub fn pass_over(&mut self, name: &WorkName, stamp: Stamp, now: Timestamp) {
        self.seen.insert(name.clone(), stamp);
        self.replace(name, now);
    }

    fn replace(&mut self, name: &WorkName, now: Timestamp) {
        let Some((person, shown)) = owner_of(name) else { return };
        for version in &mut self.kept {
            if version.name == shown && version.person == person {
                version.replaced_at = version.replaced_at.or(Some(now));
            }
        }
    }

    /// Makes place for one more of so many bytes: removes the oldest until it fits.
    pub fn make_place(&mut self, bounds: &Bounds, bytes: u64) {
        let mut taken = self.bytes().saturating_add(bytes);
        let mut too_many = 0;
        for version in &self.kept {
            if taken <= bounds.bytes && self.kept.len() - too_many < bounds.versions {
                break;
            }
            taken = taken.saturating_sub(version.bytes);
            too_many += 1;
        }
        let gone: Vec<_> = self.kept.drain(..too_many).collect();
        // What nothing is kept of any more is kept anew when it is seen next.
        for gone in gone {
            let same = |other: &Version| other.name == gone.name && other.person == gone.person;
            if !self.kept.iter().any(same)
                && let Some(name) = name_among_all(&gone)
            {
                self.seen.remove(&name);
            }
        }
    }

    /// Takes down a version of the file `name`, which looked like that. What it was
    /// already is not kept again.
    pub fn keep(
        &mut self,
        name: &WorkName,
        stamp: Stamp,
        (sha256, bytes): (Hash, u64),
        now: Timestamp,
    ) {
        let Some((person, shown)) = owner_of(name) else { return };
        self.seen.insert(name.clone(), stamp);
        let of_it = |version: &&Version| version.name == shown && version.person == person;
        if let Some(last) = self.kept.iter().rposition(|version| of_it(&version))
            && let Some(last) = self.kept.get_mut(last)
            && last.sha256 == sha256
        {
            last.replaced_at = None;
            return;
        }
        self.replace(name, now);
        let of_it = |version: &&Version| version.name == shown && version.person == person;
        if self.kept.iter().filter(of_it).count() >= MOST_OF_ONE
            && let Some(first) = self.kept.iter().position(|version| of_it(&version))
        {
            self.kept.remove(first);
        }
        let number = VersionNumber(self.next);
        self.next += 1;
        let (kept_at, replaced_at) = (now, None);
        self.kept.push(Version {
            number,
            name: shown,
            person,
            kept_at,
            replaced_at,
            bytes,
            sha256,
        });
    }

    /// Removes what has been kept for its time.
    pub fn expire(&mut self, now: Timestamp) {
        self.kept.retain(|version| !version.is_over(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> WorkName {
        text.parse().unwrap()
    }

    fn stamp(n: u64) -> Stamp {
        Stamp { inode: n, bytes: n, changed: (0, 0) }
    }

    fn day(n: i64) -> Timestamp {
        let begin: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        begin.checked_add(SignedDuration::from_hours(24 * n)).unwrap()
    }

    fn hash(n: u8) -> Hash {
        Hash([n; 32])
    }

    const WIDE: Bounds = Bounds { bytes: 1000, largest: 1000, versions: 1000 };

    #[test]
    fn a_private_file_is_its_persons_and_is_called_as_they_call_it() {
        let (person, shown) = owner_of(&name("private/alice/a/b.R")).unwrap();
        assert_eq!(person, Some("alice".parse().unwrap()));
        assert_eq!(shown, name("private/a/b.R"));
        assert_eq!(owner_of(&name("a.R")), Some((None, name("a.R"))));
        assert_eq!(owner_of(&name("private/alice")), None);
        let mut versions = Versions::default();
        versions.keep(&name("private/alice/b.R"), stamp(1), (hash(1), 1), day(0));
        let version = &versions.kept()[0];
        assert_eq!(name_among_all(version), Some(name("private/alice/b.R")));
        assert!(version.is_shown(&"alice".parse().unwrap(), day(1)));
        assert!(!version.is_shown(&"bob".parse().unwrap(), day(1)));
    }

    #[test]
    fn thirty_days_begin_when_a_version_is_an_earlier_one() {
        let mut versions = Versions::default();
        versions.keep(&name("a"), stamp(1), (hash(1), 1), day(0));
        versions.keep(&name("gone"), stamp(3), (hash(3), 1), day(0));
        versions.expire(day(50));
        assert_eq!(versions.kept().len(), 2, "what a file is does not go");
        versions.keep(&name("a"), stamp(2), (hash(2), 1), day(50));
        versions.only_there(&BTreeSet::from([&name("a")]), day(51));
        versions.expire(day(79));
        assert_eq!(versions.kept().len(), 3);
        versions.expire(day(80));
        let left: Vec<_> = versions.kept().iter().map(|version| version.sha256).collect();
        assert_eq!(left, [hash(3), hash(2)], "the first of `a` has had its time");
        versions.expire(day(81));
        assert_eq!(versions.kept().len(), 1, "and what was deleted");
    }

    #[test]
    fn what_is_too_large_to_be_kept_replaces_what_was() {
        let mut versions = Versions::default();
        versions.keep(&name("a"), stamp(1), (hash(1), 1), day(0));
        versions.pass_over(&name("a"), stamp(9), day(1));
        assert!(versions.is_as_kept(&name("a"), &stamp(9)));
        versions.expire(day(31));
        assert!(versions.kept().is_empty());
        // And back again, it is what it was.
        versions.keep(&name("b"), stamp(1), (hash(1), 1), day(0));
        versions.only_there(&BTreeSet::new(), day(1));
        versions.keep(&name("b"), stamp(2), (hash(1), 1), day(2));
        assert_eq!(versions.kept()[0].until(), None);
    }

    #[test]
    fn what_a_file_was_already_is_not_kept_again() {
        let mut versions = Versions::default();
        versions.keep(&name("a"), stamp(1), (hash(1), 1), day(0));
        versions.keep(&name("a"), stamp(2), (hash(1), 1), day(1));
        assert_eq!(versions.kept().len(), 1);
        assert!(versions.is_as_kept(&name("a"), &stamp(2)));
        for n in 0..250 {
            versions.keep(&name("a"), stamp(n), (hash(n.to_le_bytes()[0]), 1), day(2));
        }
        assert_eq!(versions.kept().len(), MOST_OF_ONE);
    }

    #[test]
    fn there_is_never_more_than_there_may_be_and_the_oldest_goes_first() {
        let bounds = Bounds { bytes: 100, largest: 100, versions: 5 };
        let mut versions = Versions::default();
        for n in 0..20_u8 {
            let bytes = u64::from(n) * 3;
            versions.make_place(&bounds, bytes);
            versions.keep(&name(&format!("f{n}")), stamp(1), (hash(n), bytes), day(0));
            assert!(versions.bytes() <= 100 && versions.kept().len() <= 5);
        }
        assert_eq!(versions.kept().last().unwrap().name, name("f19"));
        assert!(!versions.is_as_kept(&name("f0"), &stamp(1)), "kept anew when it is seen next");
        versions.make_place(&WIDE, 900);
        assert!(versions.bytes() <= 100);
    }
}
