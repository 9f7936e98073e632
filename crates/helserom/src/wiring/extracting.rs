//! Extracts: linkage plans and links, the vault keeps the crosswalk, the lake
//! writes the tables.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use centre::ports::{
    Before, Behind, Built, ExtractTurn, Extracts, NotBuilt, NotLinked, NotReversed, Progress,
    Wanted,
};
use disclosure::{Sketch, Sketcher};
use ingress::{Known, Linked};
use lake::{ExtractOptions, Lake, LakeError};
use linkage::reversal::Revealed;
use linkage::review::{Review, Shown};
use linkage::{Earlier, Extract, ExtractPlan};
use model::national_id::Country;
use model::{
    Clock as _, Date, Entropy, ExtractId, NationalId, PairId, PermitId, SeededEntropy, SourceId,
};
use permit::{ActivePermit, Strictness};
use sha2::{Digest as _, Sha256};
use source::{Pseudonymiser as _, SourceRecord, SubjectKey};
use vault::{SubjectHasher, Vault};

use crate::disk;
use crate::machine::SystemClock;

mod clerks;
mod reversing;

/// Makes the data of permits.
pub(crate) struct Extracting {
    vault: Arc<Vault>,
    lake: Arc<Lake>,
    entropy: Arc<dyn Entropy>,
    /// Bytes of rows that may wait in memory.
    memory: usize,
    folder: PathBuf,
    /// An extract never changes, so its columns are sketched once a program.
    sketched: Mutex<HashMap<ExtractId, Vec<Sketch>>>,
}

impl Extracting {
    /// Extracts in `folder`, which is made if it is not there.
    pub(crate) fn open(
        vault: Arc<Vault>,
        lake: Arc<Lake>,
        entropy: Arc<dyn Entropy>,
        memory: usize,
        folder: PathBuf,
    ) -> Result<Self, String> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(&folder)
            .map_err(|error| format!("`{}`: {error}", folder.display()))?;
        Ok(Self { vault, lake, entropy, memory, folder, sketched: Mutex::default() })
    }
}

/// What the folder begins with in which a stand-in is made.
const STAND_IN: &str = ".stand-in-";

/// The files of a folder as a zip archive, with what they are beside them.
fn zipped(folder: &Path) -> std::io::Result<Vec<u8>> {
    const SAID: &str = "These tables are about people who do not exist. They are drawn from what \
                        the centre's catalogue shows of each column by itself: how columns go \
                        together is not in them, and nothing can be learnt from them. They are \
                        here to write code against.\n\n\
                        In Python and R, set HELSEROM_DATA to this folder and use the functions \
                        of the room's helserom package.\n";
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    archive.start_file("README.txt", options)?;
    archive.write_all(SAID.as_bytes())?;
    for file in files {
        archive.start_file(file.file_name().to_string_lossy(), options)?;
        archive.write_all(&fs::read(file.path())?)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn by_machine(why: impl ToString) -> NotBuilt {
    NotBuilt::Machine(why.to_string())
}

/// How one source knows its people, and the number each has in an extract.
type People = (SubjectHasher, HashMap<SubjectKey, i32>);

/// What the file of an extract's sketches ends with. It lies beside the extract
/// and not in it: a room sees the folder, and this is for the checker alone.
const SKETCHES: &str = ".sketches";
/// And what one ends with that is being written.
const UNFINISHED_SKETCHES: &str = ".sketches.tmp";

impl Extracting {
    fn sketches_of(&self, extract: &ExtractId) -> PathBuf {
        self.folder.join(format!("{extract}{SKETCHES}"))
    }

    /// The people of an extract by each of its sources.
    fn people(&self, permit: &PermitId, extract: &ExtractId) -> Result<Vec<People>, String> {
        let read = || {
            let mut crosswalk = self.vault.crosswalk(permit, extract)?;
            let mut people = Vec::new();
            while let Some((source, count)) = crosswalk.next_source()? {
                let subjects = self.vault.pseudonymiser(&source)?;
                let mut numbers =
                    HashMap::with_capacity(usize::try_from(count).unwrap_or_default());
                while let Some((subject, person)) = crosswalk.next_person()? {
                    numbers.insert(subject, person);
                }
                people.push((subjects, numbers));
            }
            Ok(people)
        };
        read().map_err(|error: vault::CrosswalkError| error.to_string())
    }

    /// The numbers that people had in earlier extracts, the newest counting most. Of those that were destroyed nothing is left but how high they went.
    fn earlier(&self, plan: &ExtractPlan, extracts: &[Extract]) -> Result<Earlier, String> {
        let highest =
            |extract: &Extract| extract.manifest.highest.unwrap_or(extract.manifest.persons);
        let mut earlier = Earlier::up_to(extracts.iter().map(highest).max().unwrap_or(0));
        let mut read = |extract: &Extract| {
            let is_alike = extract.manifest.strictness == plan.strictness;
            let mut noting = if is_alike {
                earlier.begin(&extract.id)
            } else {
                earlier.begin_beside(&extract.id)
            };
            let mut crosswalk = self.vault.crosswalk(&plan.permit, &extract.id)?;
            while let Some((source, _)) = crosswalk.next_source()? {
                while let Some((subject, person)) = crosswalk.next_person()? {
                    noting.put(&source, subject, person);
                }
            }
            Ok(())
        };
        let kept = extracts.iter().rev().filter(|extract| extract.destroyed_at.is_none());
        let (alike, others): (Vec<_>, Vec<_>) =
            kept.partition(|extract| extract.manifest.strictness == plan.strictness);
        for extract in others.into_iter().chain(alike) {
            read(extract).map_err(|error: vault::CrosswalkError| error.to_string())?;
        }
        Ok(earlier.done())
    }

    /// Removes what is left of extracts of a permit whose building was killed while others
    /// had the data folder open, so that no start came that would have.
    fn clear(&self, permit: &PermitId, known: &[Extract]) -> Result<(), String> {
        let begun = self.vault.extracts_of(permit).map_err(|error| error.to_string())?;
        let left = |begun: &&ExtractId| !known.iter().any(|known| known.id == **begun);
        begun.iter().filter(left).try_for_each(|left| self.destroy(permit, left))
    }

    /// Sketches the columns of an extract, and keeps that beside it.
    fn sketch_all(&self, extract: &ExtractId) -> Result<Vec<Sketch>, String> {
        let mut sketches = Vec::new();
        for entry in fs::read_dir(self.folder(extract)).map_err(|error| error.to_string())? {
            let path = entry.map_err(|error| error.to_string())?.path();
            let is_table = path.file_name().is_some_and(|name| name != lake::MOVED);
            if is_table && path.extension().is_some_and(|ending| ending == "csv") {
                sketches.extend(sketch(&path)?);
            }
        }
        sketches.sort_by(|a, b| a.column().cmp(b.column()));
        let unfinished = self.folder.join(format!("{extract}{UNFINISHED_SKETCHES}"));
        let written =
            serde_json::to_vec(&sketches).map_err(std::io::Error::from).and_then(|text| {
                let mut file = fs::OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .mode(0o600)
                    .open(&unfinished)?;
                file.write_all(&text)?;
                file.sync_all()?;
                fs::rename(&unfinished, self.sketches_of(extract))
            });
        written.map_err(|error| {
            // What there is of it is of no use, and the next attempt has another name.
            let _ = fs::remove_file(&unfinished);
            disk::in_words(&unfinished, &error)
        })?;
        Ok(sketches)
    }
}

impl Extracts for Extracting {
    fn stand_in(
        &self,
        permit: &ActivePermit,
        sources: &[SourceRecord],
    ) -> Result<Vec<u8>, NotBuilt> {
        // The same for a permit whenever it is asked for.
        let seed = Sha256::digest(permit.id().as_str());
        let seed = seed.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        let entropy = SeededEntropy::new(seed);
        let plan = linkage::plan(permit, sources, &ExtractId::mint(&entropy), Strictness::Strict)
            .map_err(|error| NotBuilt::Unfitting(error.to_string()))?;
        let datasets: Vec<_> = sources.iter().map(catalogue::Dataset::of).collect();
        let stand_in = linkage::stand_in::stand_in(&plan, &datasets, &entropy);
        let folder = tempfile::Builder::new()
            .prefix(STAND_IN)
            .tempdir_in(&self.folder)
            .map_err(by_machine)?;
        lake::write_stand_in(&plan, &stand_in, folder.path()).map_err(by_machine)?;
        zipped(folder.path()).map_err(by_machine)
    }

    fn turn(&self, permit: &PermitId) -> Result<ExtractTurn, NotBuilt> {
        match self.lake.lock_permit(permit) {
            Ok(lock) => Ok(ExtractTurn::new(lock)),
            Err(busy @ LakeError::BusyPermit { .. }) => Err(NotBuilt::Unfitting(busy.to_string())),
            Err(error) => Err(by_machine(error)),
        }
    }

    fn build(
        &self,
        _: &ExtractTurn,
        permit: &ActivePermit,
        sources: &[SourceRecord],
        before: Before<'_>,
        wanted: Wanted<'_>,
        progress: &dyn Progress,
    ) -> Result<Built, NotBuilt> {
        let extract = wanted.extract;
        let plan = linkage::plan(permit, sources, extract, wanted.strictness)
            .map_err(|error| NotBuilt::Unfitting(error.to_string()))?;
        self.clear(&plan.permit, before.extracts).map_err(by_machine)?;
        progress.at("linking", 0, 0);
        let cohort = match &plan.cohort {
            Some(cohort) => Some(self.lake.cohort(cohort).map_err(by_machine)?),
            None => None,
        };
        let earlier = self.earlier(&plan, before.extracts).map_err(by_machine)?;
        let review = match plan.linkage {
            Some(_) => self.review(before.pairs).map_err(by_machine)?,
            None => Review::default(),
        };
        let (cohort, entropy) = (cohort.as_deref(), self.entropy.as_ref());
        let before = (&earlier, &review);
        let crosswalk = linkage::link_reviewed(&plan, &self.vault, cohort, before, entropy)
            .map_err(by_machine)?;
        drop((earlier, review));
        let kept = crosswalk.keep(&self.vault, &plan.permit, extract).map_err(by_machine)?;
        let options = ExtractOptions { csv: true, memory: self.memory };
        let rows = |table: &SourceId, done, of| {
            progress.at(table.as_str(), done, of);
            if progress.is_given_up() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let manifest = self
            .lake
            .build_extract(&plan, &crosswalk, &self.folder, options, &rows)
            .map_err(by_machine)?;
        progress.at("sketching", 0, 0);
        let sketched = self.sketch_all(extract).map_err(by_machine);
        let published = sketched.and_then(|_| kept.publish().map_err(by_machine));
        let put_up = published.and_then(|()| self.put_up(&crosswalk).map_err(by_machine));
        let put_up = put_up.inspect_err(|_| {
            // Whole tables that no entry will speak of. What cannot be removed
            // either goes at the next start.
            let tables = lake::remove_extract(&self.folder, extract);
            let sketches = remove(&self.sketches_of(extract));
            if let Err(left) = tables.map_err(|error| error.to_string()).and(sketches) {
                tracing::warn!(%left, "an extract that was not finished was left behind");
            }
        })?;
        Ok(Built { manifest, put_up, stale: crosswalk.stale().to_vec() })
    }

    fn reveal(&self, behind: &Behind) -> Result<Vec<Revealed>, NotReversed> {
        self.whom(behind)
    }

    fn show_pair(&self, pair: &PairId, whole: bool) -> Result<Shown, String> {
        self.shown(pair, whole)
    }

    fn forget_pairs(&self, pairs: &[PairId]) {
        self.forget(pairs);
    }

    fn folder(&self, extract: &ExtractId) -> PathBuf {
        self.folder.join(extract.as_str())
    }

    fn sketches(&self, extract: &ExtractId) -> Result<Vec<Sketch>, String> {
        let cached = || self.sketched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sketches) = cached().get(extract) {
            return Ok(sketches.clone());
        }
        let kept = fs::read(self.sketches_of(extract)).map_err(|error| error.to_string());
        let kept = kept.and_then(|text| {
            serde_json::from_slice::<Vec<Sketch>>(&text).map_err(|error| error.to_string())
        });
        // An extract that was built before sketches were kept has none.
        let sketches = match kept {
            Ok(sketches) => sketches,
            Err(_) => self.sketch_all(extract)?,
        };
        cached().insert(extract.clone(), sketches.clone());
        Ok(sketches)
    }

    fn link_table(
        &self,
        permit: &PermitId,
        extract: &ExtractId,
        table: &[u8],
        column: &str,
        least: u64,
    ) -> Result<(Vec<u8>, Linked), NotLinked> {
        let people = self.people(permit, extract).map_err(NotLinked::Machine)?;
        let today = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let country = issuer(table, column, today);
        let person = |text: &str| match NationalId::read(country, text, today) {
            Err(_) => Known::Unreadable,
            Ok(id) => people
                .iter()
                .find_map(|(subjects, numbers)| numbers.get(&subjects.subject(&id)))
                .map_or(Known::NotOfPermit, |number| Known::Is(*number)),
        };
        Ok(ingress::link(table, column, least, person)?)
    }

    fn destroy(&self, permit: &PermitId, extract: &ExtractId) -> Result<(), String> {
        let key = self.vault.destroy_extract(permit, extract).map_err(|error| error.to_string());
        self.sketched.lock().unwrap_or_else(PoisonError::into_inner).remove(extract);
        // One that fails does not keep the others from being removed.
        let tables = lake::remove_extract(&self.folder, extract).map_err(|error| error.to_string());
        let sketches = remove(&self.sketches_of(extract));
        let unfinished = remove(&self.folder.join(format!("{extract}{UNFINISHED_SKETCHES}")));
        key.and(tables).and(sketches).and(unfinished)
    }

    fn recover(
        &self,
        sources: &[SourceRecord],
        extracts: &[ExtractId],
        pairs: &[PairId],
    ) -> Result<(), String> {
        let pairs: HashSet<&PairId> = pairs.iter().collect();
        self.vault.sweep_pairs(&|pair| pairs.contains(pair)).map_err(|error| error.to_string())?;
        self.vault
            .sweep(
                &|source, import| {
                    sources.iter().any(|record| {
                        record.source == *source
                            && record.imports.iter().any(|known| known.manifest.import == *import)
                    })
                },
                &|extract| extracts.contains(extract),
            )
            .map_err(|error| error.to_string())?;
        lake::sweep_extracts(&self.folder, &|extract| extracts.contains(extract))
            .map_err(|error| error.to_string())?;
        for entry in fs::read_dir(&self.folder).map_err(|error| error.to_string())? {
            let path = entry.map_err(|error| error.to_string())?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let of = name.strip_suffix(SKETCHES).and_then(extract_of);
            if name.ends_with(UNFINISHED_SKETCHES) || of.is_some_and(|of| !extracts.contains(&of)) {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

/// Whose numbers a column has. Somebody's own table does not say it, and a text may be a
/// number in two countries: it is the one by whose rules most of them are numbers.
fn issuer(table: &[u8], column: &str, today: Date) -> Country {
    let counts = RefCell::new([0_u64; Country::ALL.len()]);
    let count = |text: &str| {
        for (count, country) in counts.borrow_mut().iter_mut().zip(Country::ALL) {
            *count += u64::from(NationalId::read(country, text, today).is_ok());
        }
        Known::NotOfPermit
    };
    // What is wrong with the table is said when it is linked.
    let _ = ingress::link(table, column, 0, count);
    let counts = counts.into_inner();
    // Of two, the one that refuses more: Danish numbers have no check digit. Of any others
    // the first, which is the last that is looked at.
    let strict = |country: Country| country != Country::Denmark;
    let of_country = counts.into_iter().zip(Country::ALL).rev();
    let most = of_country.max_by_key(|(count, country)| (*count, strict(*country)));
    most.map_or(Country::Norway, |(_, country)| country)
}

/// The extract that a file is called after; `None`: it is not one of ours.
fn extract_of(stem: &str) -> Option<ExtractId> {
    stem.parse().ok().filter(|extract: &ExtractId| extract.as_str().starts_with(ExtractId::PREFIX))
}

fn remove(path: &Path) -> Result<(), String> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("`{}`: {error}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Sketches every column of a table but the person numbers.
fn sketch(path: &Path) -> Result<Vec<Sketch>, String> {
    let failed = |error: csv::Error| format!("`{}`: {error}", path.display());
    let table = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let table = table.unwrap_or_default();
    let mut reader = csv::Reader::from_path(path).map_err(failed)?;
    let mut columns: Vec<Sketcher> = reader
        .headers()
        .map_err(failed)?
        .iter()
        .map(|name| Sketcher::new(&format!("{table}.{name}")))
        .collect();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(failed)? {
        for (column, field) in columns.iter_mut().zip(&record).skip(1) {
            if field.is_empty() {
                continue;
            }
            match field.parse::<f64>() {
                Ok(value) => column.add(value),
                Err(_) => column.add_text(field),
            }
        }
    }
    Ok(columns.into_iter().skip(1).map(Sketcher::finish).collect())
}

#[cfg(test)]
mod tests;
