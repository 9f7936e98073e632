//! Writing a segment: one identity per subject, in bounded memory.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hash as _, Hasher, RandomState};
use std::path::PathBuf;

use hmac::Mac;
use model::{ImportId, SourceId};
use source::{Identity, IdentitySink, SinkError, SubjectKey};
use zeroize::{Zeroize, Zeroizing};

use super::run::{Run, RunReader};
use super::{BlockIndex, MAX_CIPHERTEXT, SegmentKeys, file_name, header, identity, split_record};
use crate::aead::Nonces;
use crate::disk::{Finished, Unfinished};

/// How much the writer keeps in memory.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of identities not yet written; in the worst case their order takes
    /// twice as much again.
    pub(crate) pending_bytes: usize,
    /// Subjects of whom is remembered what is known; 25 bytes each.
    pub(crate) known_subjects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // 32 MiB of identities; a hash table of 2^22 places, seven eighths full.
        Self { pending_bytes: 32 << 20, known_subjects: 3_600_000 }
    }
}

/// Writes the identities of one import. Implements [`IdentitySink`].
pub struct SegmentWriter {
    source: SourceId,
    import: ImportId,
    path: PathBuf,
    keys: SegmentKeys,
    nonces: Nonces,
    limits: Limits,
    /// What of a subject's identity was put. Only a shortcut: without it the same
    /// identity is written twice and merged.
    known: HashMap<SubjectKey, Known, BuildHasherDefault<KeyHasher>>,
    hasher: RandomState,
    pending: Vec<Pending>,
    packed: Packed,
    runs: Vec<Run>,
    withdrawn: HashSet<SubjectKey>,
}

/// Packed identities, one behind the other. There is room for many, which most imports
/// never fill: what was written is wiped, not the room.
struct Packed(Vec<u8>);

impl Packed {
    /// Wipes what it holds and keeps its place.
    fn wipe(&mut self) {
        self.0.as_mut_slice().zeroize();
        self.0.clear();
    }
}

impl Drop for Packed {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// What was put of a subject.
struct Known {
    parts: identity::Parts,
    /// A hash of what the row before said of what changes: rows of one person mostly say
    /// the same.
    changing: u32,
}

/// Where the identity of a subject lies in `packed`.
struct Pending {
    subject: SubjectKey,
    start: u32,
    end: u32,
}

/// What is in a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentSummary {
    /// The file's name in the folder of its source: what the ledger entry says.
    pub name: String,
    /// How many people have a record.
    pub persons: u64,
}

/// A segment that is wholly on the disk and has no name yet.
#[must_use = "a segment that is not published is removed"]
pub struct UnpublishedSegment {
    file: Finished,
    summary: SegmentSummary,
}

impl SegmentWriter {
    pub(crate) fn new(
        dir: &std::path::Path,
        source: &SourceId,
        import: &ImportId,
        keys: &crate::key::Key,
        nonces: Nonces,
        limits: Limits,
    ) -> Self {
        Self {
            path: dir.join(file_name(import)),
            keys: SegmentKeys::new(keys, source, import),
            source: source.clone(),
            import: import.clone(),
            nonces,
            limits,
            known: HashMap::default(),
            hasher: RandomState::new(),
            pending: Vec::new(),
            // Its full size at once: growing would leave copies behind.
            packed: Packed(Vec::with_capacity(limits.pending_bytes)),
            runs: Vec::new(),
            withdrawn: HashSet::new(),
        }
    }

    /// Merges everything that was put and writes it, sorted. The file has its
    /// name only after [`UnpublishedSegment::publish`].
    pub fn finish(mut self) -> Result<UnpublishedSegment, SinkError> {
        let mut output = Output::begin(&self)?;
        if self.runs.is_empty() {
            let withdrawn = std::mem::take(&mut self.withdrawn);
            self.drain(|subject, record| {
                if withdrawn.contains(&subject) { Ok(()) } else { output.put(subject, record) }
            })?;
        } else {
            self.spill()?;
            self.merge_runs(&mut output)?;
        }
        output.finish(&self.keys, file_name(&self.import))
    }

    /// Writes what is pending as a sorted run.
    fn spill(&mut self) -> Result<(), SinkError> {
        let mut run = Run::create(&self.path, self.runs.len())?;
        self.drain(|_, record| Ok(run.write(record)?))?;
        self.runs.push(run);
        Ok(())
    }

    /// Hands what is pending to `write`, one sealed record per subject in order,
    /// and forgets it.
    fn drain(
        &mut self,
        mut write: impl FnMut(SubjectKey, &[u8]) -> Result<(), SinkError>,
    ) -> Result<(), SinkError> {
        let mut pending = std::mem::take(&mut self.pending);
        // Stable: of one subject, what was put first comes first.
        pending.sort_by_key(|identity| identity.subject);
        let mut plain = Zeroizing::new(Vec::with_capacity(MAX_CIPHERTEXT));
        let mut record = Vec::new();
        for of_one in pending.chunk_by(|a, b| a.subject == b.subject) {
            let packed = |place: &Pending| {
                self.packed.0.get(place.start as usize..place.end as usize).unwrap_or_default()
            };
            let Some(first) = of_one.first() else { continue };
            plain.clear();
            if let [only] = of_one {
                plain.extend_from_slice(packed(only));
            } else {
                let read = of_one.iter().map(|place| identity::unpack(packed(place)));
                repack(merged(read), &mut plain)?;
            }
            identity::pad(&mut plain);
            record.clear();
            self.keys
                .seal(&mut self.nonces, first.subject, &mut plain, &mut record)
                .map_err(|_| too_long())?;
            write(first.subject, &record)?;
        }
        pending.clear();
        self.pending = pending;
        self.packed.wipe();
        Ok(())
    }

    fn merge_runs(&mut self, output: &mut Output) -> Result<(), SinkError> {
        let mut runs = std::mem::take(&mut self.runs)
            .into_iter()
            .map(Run::read_back)
            .collect::<Result<Vec<RunReader>, _>>()?;
        let mut heads = BinaryHeap::new();
        for (number, run) in runs.iter_mut().enumerate() {
            heads.extend(run.advance()?.map(|subject| Reverse((subject, number))));
        }
        let mut plain = Zeroizing::new(Vec::with_capacity(MAX_CIPHERTEXT));
        while let Some(Reverse((subject, number))) = heads.pop() {
            let mut same = vec![number];
            while let Some(Reverse((_, other))) = heads.peek().filter(|head| head.0.0 == subject) {
                same.push(*other);
                heads.pop();
            }
            if !self.withdrawn.contains(&subject) {
                if let [only] = same.as_slice() {
                    output.put(subject, runs.get(*only).map_or(&[], RunReader::record))?;
                } else {
                    // The heap gives runs of one subject in the order they were written.
                    let read = same
                        .iter()
                        .filter_map(|number| runs.get(*number))
                        .map(|run| self.read_record(run, &mut plain));
                    let merged = merged(read);
                    repack(merged, &mut plain)?;
                    identity::pad(&mut plain);
                    let mut record = Vec::new();
                    self.keys
                        .seal(&mut self.nonces, subject, &mut plain, &mut record)
                        .map_err(|_| too_long())?;
                    output.put(subject, &record)?;
                }
            }
            for number in same {
                if let Some(run) = runs.get_mut(number) {
                    heads.extend(run.advance()?.map(|subject| Reverse((subject, number))));
                }
            }
        }
        Ok(())
    }

    /// A hash of what an identity says of what changes in a life.
    fn changing(&self, identity: &Identity) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        let mut said = identity.clues.iter().filter(|(clue, _)| clue.changes()).peekable();
        if said.peek().is_none() {
            return 0;
        }
        for (clue, text) in said {
            (clue.code(), text.reveal()).hash(&mut hasher);
        }
        (hasher.finish() >> 32) as u32
    }

    fn read_record(&self, run: &RunReader, plain: &mut Vec<u8>) -> Option<Identity> {
        let record = split_record(&mut run.record())?;
        self.keys.open(&record, plain).ok()?;
        identity::unpack(plain)
    }
}

/// One identity of all that was read. `None` if one of them could not be.
fn merged(mut read: impl Iterator<Item = Option<Identity>>) -> Option<Identity> {
    let first = read.next()??;
    read.try_fold(first, |earlier, later| Some(identity::merge(earlier, later?)))
}

fn repack(merged: Option<Identity>, plain: &mut Vec<u8>) -> Result<(), SinkError> {
    let merged = merged.ok_or_else(|| SinkError::Failed {
        what: "merging the identities of one person".to_owned(),
        why: "what was written a moment ago does not read back".to_owned(),
    })?;
    plain.clear();
    identity::pack(&merged, identity::Parts::MAX, plain);
    Ok(())
}

fn too_long() -> SinkError {
    SinkError::Failed {
        what: "keeping an identity".to_owned(),
        why: format!("name and contact together are longer than {} bytes", MAX_CIPHERTEXT / 2),
    }
}

impl IdentitySink for SegmentWriter {
    fn put(&mut self, subject: SubjectKey, identity: Identity) -> Result<(), SinkError> {
        let parts = identity::parts(&identity);
        let changing = self.changing(&identity);
        let news = if let Some(known) = self.known.get_mut(&subject) {
            let mut news = parts & !known.parts;
            if changing != known.changing {
                news |= parts & identity::changing();
            }
            if news == 0 {
                return Ok(());
            }
            *known = Known { parts: known.parts | parts, changing };
            news
        } else {
            if self.known.len() >= self.limits.known_subjects {
                self.known.clear();
            }
            self.known.insert(subject, Known { parts, changing });
            parts
        };
        let length = identity::packed_len(&identity);
        if length > MAX_CIPHERTEXT / 2 || length > self.limits.pending_bytes {
            return Err(too_long());
        }
        if self.packed.0.len() + length > self.limits.pending_bytes {
            self.spill()?;
        }
        let place = |at: usize| u32::try_from(at).map_err(|_| too_long());
        let start = place(self.packed.0.len())?;
        identity::pack(&identity, news, &mut self.packed.0);
        self.pending.push(Pending { subject, start, end: place(self.packed.0.len())? });
        Ok(())
    }

    fn withdraw(&mut self, subject: SubjectKey) -> Result<(), SinkError> {
        self.withdrawn.insert(subject);
        Ok(())
    }
}

/// The segment's file as it grows.
struct Output {
    file: Unfinished,
    header: Vec<u8>,
    index: BlockIndex,
    offset: u64,
    persons: u64,
}

impl Output {
    fn begin(writer: &SegmentWriter) -> Result<Self, SinkError> {
        let header = header(&writer.source, &writer.import);
        let mut file = Unfinished::create(&writer.path)?;
        file.write(&header)?;
        let offset = header.len() as u64;
        Ok(Self { file, header, index: BlockIndex::new(), offset, persons: 0 })
    }

    fn put(&mut self, subject: SubjectKey, record: &[u8]) -> Result<(), SinkError> {
        self.file.write(record)?;
        self.index.note(subject, self.offset, record);
        self.offset += record.len() as u64;
        self.persons += 1;
        Ok(())
    }

    fn finish(mut self, keys: &SegmentKeys, name: String) -> Result<UnpublishedSegment, SinkError> {
        self.index.close_block();
        let index = &self.index.entries;
        let mac = keys.authenticator(&self.header, index, self.persons, self.offset);
        self.file.write(index)?;
        self.file.write(&self.persons.to_le_bytes())?;
        self.file.write(&self.offset.to_le_bytes())?;
        self.file.write(&mac.finalize().into_bytes())?;
        Ok(UnpublishedSegment {
            file: self.file.finish()?,
            summary: SegmentSummary { name, persons: self.persons },
        })
    }
}

impl UnpublishedSegment {
    /// What is in it.
    pub fn summary(&self) -> &SegmentSummary {
        &self.summary
    }

    /// Gives the file its name. It counts only once a ledger entry names it.
    pub fn publish(self) -> Result<SegmentSummary, SinkError> {
        self.file.publish()?;
        Ok(self.summary)
    }
}

/// Subject keys are pseudorandom under a secret key: their first bytes are hash enough.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

impl fmt::Debug for SegmentWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentWriter")
            .field("source", &self.source)
            .field("import", &self.import)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for UnpublishedSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnpublishedSegment").field(&self.summary).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use model::{Date, NationalId, Secret, SeededEntropy};
    use proptest::prelude::*;
    use source::{BirthDate, Clue};

    use super::*;
    use crate::key::Key;
    use crate::segment::Segment;

    /// What is known of a person: name, born, contact.
    type Known = (Option<u8>, bool, Option<u8>);

    fn key() -> Key {
        Key::random(&SeededEntropy::new(1))
    }

    fn ids() -> (SourceId, ImportId) {
        ("laboratory".parse().unwrap(), "import-0000000001".parse().unwrap())
    }

    fn born() -> Date {
        Date::constant(1948, 2, 29)
    }

    fn identity(known: Known) -> Identity {
        let word = |n: u8| Secret::new(format!("Synthetic {n}"));
        Identity {
            national_id: (0..).find_map(|n| NationalId::synthetic(born(), n)),
            clues: source::Clues::default(),
            name: known.0.map(word),
            birth_date: known.1.then(|| BirthDate::new(born())),
            contact: known.2.map(word),
        }
    }

    fn known(identity: &Identity) -> Known {
        let number = |text: &Secret<String>| text.reveal()["Synthetic ".len()..].parse().unwrap();
        (
            identity.name.as_ref().map(number),
            identity.birth_date.is_some(),
            identity.contact.as_ref().map(number),
        )
    }

    fn subject(person: u8) -> SubjectKey {
        // Spread as a pseudonym is, so that runs interleave.
        let mut bytes = [person; 16];
        bytes[0] = person.wrapping_mul(151);
        SubjectKey(bytes)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn however_little_memory_there_is_each_person_has_one_merged_record(
            rows in proptest::collection::vec((0_u8..40, any::<Known>()), 0..300),
            withdrawn in proptest::collection::btree_set(0_u8..40, 0..8),
            pending_bytes in 80_usize..4000,
            known_subjects in 1_usize..60,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let (source, import) = ids();
            let limits = Limits { pending_bytes, known_subjects };
            let nonces = Nonces::new(&SeededEntropy::new(2));
            let mut writer =
                SegmentWriter::new(dir.path(), &source, &import, &key(), nonces, limits);
            let mut expected: BTreeMap<SubjectKey, Known> = BTreeMap::new();
            for (person, row) in &rows {
                writer.put(subject(*person), identity(*row)).unwrap();
                let kept = expected.entry(subject(*person)).or_default();
                *kept = (kept.0.or(row.0), kept.1 || row.1, kept.2.or(row.2));
            }
            for person in &withdrawn {
                writer.withdraw(subject(*person)).unwrap();
                expected.remove(&subject(*person));
            }
            let summary = writer.finish().unwrap().publish().unwrap();
            prop_assert_eq!(summary.persons, expected.len() as u64);
            let path = dir.path().join(&summary.name);
            let segment = Segment::open(&path, &source, &import, &key()).unwrap();
            let read: Vec<(SubjectKey, Known)> = segment
                .identities()
                .map(|item| item.map(|(subject, identity)| (subject, known(&identity))).unwrap())
                .collect();
            prop_assert!(read == expected.into_iter().collect::<Vec<_>>());
            // Runs are gone, nothing else is left.
            prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn repeated_rows_of_one_person_take_no_memory() {
        let dir = tempfile::tempdir().unwrap();
        let (source, import) = ids();
        let nonces = Nonces::new(&SeededEntropy::new(2));
        let limits = Limits::default();
        let mut writer = SegmentWriter::new(dir.path(), &source, &import, &key(), nonces, limits);
        for _ in 0..10_000 {
            writer.put(subject(1), identity((Some(1), true, None))).unwrap();
        }
        assert_eq!(writer.pending.len(), 1);
    }

    #[test]
    fn places_of_later_rows_are_kept_with_the_first_in_front() {
        let lived = |code: &str| {
            let mut identity = identity((Some(1), false, None));
            identity.clues.put(Clue::Postcode, Secret::new(code.to_owned()));
            identity
        };
        for pending_bytes in [200, 1 << 16] {
            let dir = tempfile::tempdir().unwrap();
            let (source, import) = ids();
            let nonces = Nonces::new(&SeededEntropy::new(2));
            let limits = Limits { pending_bytes, known_subjects: 8 };
            let mut writer =
                SegmentWriter::new(dir.path(), &source, &import, &key(), nonces, limits);
            for code in ["7030", "7030", "0171", "0171", "7030", "5003"] {
                writer.put(subject(1), lived(code)).unwrap();
                writer.put(subject(2), lived("9008")).unwrap();
            }
            let of_two = writer.pending.iter().filter(|of| of.subject == subject(2)).count();
            assert!(of_two <= 1, "what was said already is written again");
            let summary = writer.finish().unwrap().publish().unwrap();
            let path = dir.path().join(&summary.name);
            let segment = Segment::open(&path, &source, &import, &key()).unwrap();
            let places = |of: u8| {
                let identity = segment.lookup(subject(of)).unwrap().unwrap();
                identity.clues.reveal_all(Clue::Postcode).map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(places(1), ["7030", "0171", "5003"]);
            assert_eq!(places(2), ["9008"]);
        }
    }

    #[test]
    fn an_identity_too_long_to_keep_is_refused_and_said_so() {
        let dir = tempfile::tempdir().unwrap();
        let (source, import) = ids();
        let nonces = Nonces::new(&SeededEntropy::new(2));
        let limits = Limits::default();
        let mut writer = SegmentWriter::new(dir.path(), &source, &import, &key(), nonces, limits);
        let name = Some(Secret::new("x".repeat(MAX_CIPHERTEXT)));
        let long = Identity { name, ..identity((None, false, None)) };
        let error = writer.put(subject(1), long).unwrap_err().to_string();
        assert!(error.contains("longer than"), "{error}");
    }

    #[test]
    fn every_nonce_of_a_segment_is_its_own() {
        let mut nonces = Nonces::new(&SeededEntropy::new(2));
        let drawn: BTreeSet<_> = (0..10_000).map(|_| nonces.next()).collect();
        assert_eq!(drawn.len(), 10_000);
    }
}
