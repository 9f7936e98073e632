//! A centre in small: a vault, sources with people in them, permits.

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use linkage::{Crosswalk, ExtractPlan, LinkError};
use model::{
    ApplicationId, Date, ExtractId, ImportId, NationalId, PermitId, Secret, SeededEntropy, SourceId,
};
use permit::{
    ActivePermit, Cohort, ColumnTerms, Condition, Grant, Period, Permit, SourceTerms, Strictness,
    Terms,
};
use source::{
    BirthDate, Clue, Clues, Contract, Identity, IdentitySink, ImportManifest, Imported,
    Pseudonymiser, SourceRecord, SubjectKey,
};
use tempfile::TempDir;
use vault::{MasterKey, Vault};

pub(crate) fn source(name: &str) -> SourceId {
    name.parse().unwrap()
}

/// A contract with a column of every type.
pub(crate) fn contract(name: &str) -> Contract {
    let column =
        |name: &str, kind: &str| format!("[[column]]\nname = \"{name}\"\ntype = \"{kind}\"\n");
    let text = format!(
        "version = 1\nsource = \"{name}\"\ntitle = \"{name}\"\nholder = \"hospital\"\n\
         update = \"weekly\"\nsmallest-count = 5\ntime = \"date\"\n[file]\nformat = \"csv\"\n\
         [[column]]\nname = \"id\"\ntype = \"text\"\nidentifies = \"national-id\"\n{}{}{}{}{}",
        column("date", "date"),
        column("age", "integer"),
        column("value", "decimal"),
        column("code", "code"),
        column("seen", "boolean"),
    );
    Contract::parse(&text).unwrap()
}

/// A source with one import of `persons` people.
pub(crate) fn record(contract: Contract, persons: u64) -> SourceRecord {
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let import: ImportId = "import-0000000001".parse().unwrap();
    let manifest = ImportManifest {
        vault_segment: format!("{import}.segment"),
        import,
        contract: contract.fingerprint(),
        files: Vec::new(),
        rows_read: persons,
        rows_kept: persons,
        rows_quarantined: 0,
        reasons: BTreeMap::new(),
        persons,
        lake_version: 0,
        variables: Vec::new(),
    };
    SourceRecord {
        source: contract.source.clone(),
        registered: at,
        imports: vec![Imported { at, manifest, contract: contract.clone() }],
        refused: Vec::new(),
        contract,
    }
}

pub(crate) fn table(name: &str, columns: &[&str]) -> SourceTerms {
    let columns = columns.iter().map(|name| ColumnTerms {
        name: (*name).to_owned(),
        reason: "the question needs it".to_owned(),
    });
    SourceTerms { source: source(name), columns: columns.collect(), rows: Vec::new() }
}

pub(crate) fn cohort(name: &str, conditions: Vec<Condition>) -> Cohort {
    Cohort { source: Some(source(name)), conditions }
}

/// A permit with these terms, good on the first day of 2026.
pub(crate) fn permit(number: u32, sources: Vec<SourceTerms>, cohort: Cohort) -> ActivePermit {
    let day = Date::constant(2026, 1, 1);
    permit_with(
        number,
        Terms {
            sources,
            cohort,
            valid: Period { from: Some(day), until: Some(day) },
            ..Terms::default()
        },
    )
}

pub(crate) fn permit_with(number: u32, terms: Terms) -> ActivePermit {
    let key = SigningKey::from_bytes(&[7; 32]);
    let id: PermitId = format!("permit-{number:010}").parse().unwrap();
    let grant = Grant {
        permit: id.clone(),
        application: ApplicationId::mint(&SeededEntropy::new(1)),
        data_user: "university".parse().unwrap(),
        terms,
    };
    let signature = grant.sign(&key).unwrap();
    let issued_at = "2026-01-01T00:00:00Z".parse().unwrap();
    let issued_by = "caseworker".parse().unwrap();
    Permit { id, grant, signature, issued_at, issued_by, revoked: None, turned_out_at: None }
        .activate("2026-01-01T12:00:00Z".parse().unwrap(), &key.verifying_key())
        .unwrap()
}

pub(crate) fn extract(number: u32) -> ExtractId {
    format!("extract-{number:010}").parse().unwrap()
}

/// The first `count` synthetic identity numbers.
pub(crate) fn national_ids(count: usize) -> Vec<NationalId> {
    let day = |n: i64| {
        Date::constant(1930, 1, 1).saturating_add(model::SignedDuration::from_hours(24 * n))
    };
    (0..)
        .flat_map(|n| (0..1000).filter_map(move |i| NationalId::synthetic(day(n), i)))
        .take(count)
        .collect()
}

/// Somebody as a register writes them down.
#[derive(Clone, Default)]
pub(crate) struct Who {
    pub(crate) id: Option<NationalId>,
    /// What stands where the number belongs, where that is none.
    pub(crate) stated: Option<String>,
    pub(crate) local: String,
    pub(crate) given: String,
    pub(crate) surname: String,
    pub(crate) born: Option<Date>,
    pub(crate) sex: String,
    pub(crate) postcode: String,
    pub(crate) municipality: String,
}

impl Who {
    fn identity(&self) -> Identity {
        let mut clues = Clues::default();
        for (clue, text) in [
            (Clue::LocalId, &self.local),
            (Clue::StatedNumber, self.stated.as_ref().unwrap_or(&String::new())),
            (Clue::GivenName, &self.given),
            (Clue::Surname, &self.surname),
            (Clue::Sex, &self.sex),
            (Clue::Postcode, &self.postcode),
            (Clue::Municipality, &self.municipality),
        ] {
            if !text.is_empty() {
                clues.put(clue, Secret::new(text.clone()));
            }
        }
        Identity {
            national_id: self.id.clone(),
            name: None,
            birth_date: self.born.map(BirthDate::new),
            contact: None,
            clues,
        }
    }

    fn subject(&self, pseudonyms: &impl Pseudonymiser) -> SubjectKey {
        match &self.id {
            Some(id) => pseudonyms.subject(id),
            None => pseudonyms.local(&self.local),
        }
    }
}

/// A vault and the people of its sources.
pub(crate) struct House {
    folder: TempDir,
    pub(crate) vault: Vault,
    pub(crate) records: Vec<SourceRecord>,
}

impl House {
    /// Each source with its people, put in the order given.
    pub(crate) fn of(sources: &[(&str, Vec<NationalId>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let entropy = Arc::new(SeededEntropy::new(3));
        let master = MasterKey::random(&*entropy);
        let vault = Vault::create(&folder.path().join("vault"), master, entropy).unwrap();
        let mut records = Vec::new();
        for (name, people) in sources {
            let import = "import-0000000001".parse().unwrap();
            let pseudonyms = vault.pseudonymiser(&source(name)).unwrap();
            let mut writer = vault.identity_writer(&source(name), &import).unwrap();
            for id in people {
                let identity = Identity::numbered(id.clone());
                writer.put(pseudonyms.subject(id), identity).unwrap();
            }
            writer.finish().unwrap().publish().unwrap();
            records.push(record(contract(name), people.len() as u64));
        }
        Self { folder, vault, records }
    }

    /// The same with all that registers say of people.
    pub(crate) fn with(sources: &[(&str, Vec<Who>)]) -> Self {
        Self::with_contracts(sources, contract)
    }

    pub(crate) fn with_contracts(
        sources: &[(&str, Vec<Who>)],
        contract: impl Fn(&str) -> Contract,
    ) -> Self {
        let mut house = Self::of(&[]);
        for (name, people) in sources {
            house.deliver(name, people, contract(name), 1);
        }
        house
    }

    /// A delivery of a source, after others if there were any.
    pub(crate) fn deliver(&mut self, name: &str, people: &[Who], contract: Contract, number: u64) {
        let import: ImportId = format!("import-{number:010}").parse().unwrap();
        let pseudonyms = self.vault.pseudonymiser(&source(name)).unwrap();
        let mut writer = self.vault.identity_writer(&source(name), &import).unwrap();
        for who in people {
            let identity = who.identity();
            let subject = who.subject(&pseudonyms);
            writer.put(subject, identity).unwrap();
        }
        let persons = writer.finish().unwrap().publish().unwrap().persons;
        let mut made = record(contract, persons);
        for imported in &mut made.imports {
            imported.manifest.vault_segment = format!("{import}.segment");
            imported.manifest.import = import.clone();
        }
        self.records.retain(|record| record.source != source(name));
        self.records.push(made);
    }

    /// The number that somebody has in a table.
    pub(crate) fn number(&self, crosswalk: &Crosswalk, name: &str, who: &Who) -> Option<i32> {
        let subject = who.subject(&self.vault.pseudonymiser(&source(name)).unwrap());
        let of = crosswalk.of(&source(name));
        of.iter().find(|(known, _)| *known == subject).map(|(_, number)| *number)
    }

    pub(crate) fn root(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn plan(&self, permit: &ActivePermit, number: u32) -> ExtractPlan {
        linkage::plan(permit, &self.records, &extract(number), Strictness::Strict).unwrap()
    }

    /// The subject keys of `people` in a source, sorted.
    pub(crate) fn subjects(&self, name: &str, people: &[NationalId]) -> Vec<SubjectKey> {
        let pseudonyms = self.vault.pseudonymiser(&source(name)).unwrap();
        let mut subjects: Vec<_> = people.iter().map(|id| pseudonyms.subject(id)).collect();
        subjects.sort_unstable();
        subjects
    }

    pub(crate) fn link(
        &self,
        plan: &ExtractPlan,
        cohort: Option<&[SubjectKey]>,
        seed: u64,
    ) -> Result<Crosswalk, LinkError> {
        linkage::link(plan, &self.vault, cohort, &SeededEntropy::new(seed))
    }

    /// Who has which number in a table, found by looking into the vault.
    pub(crate) fn numbers(&self, crosswalk: &Crosswalk, name: &str) -> BTreeMap<String, i32> {
        let segment = self.vault.segment(&source(name), "import-0000000001.segment").unwrap();
        crosswalk
            .of(&source(name))
            .iter()
            .map(|(subject, person)| {
                let identity = segment.lookup(*subject).unwrap().unwrap();
                (
                    String::from_utf8(identity.national_id.unwrap().reveal().to_vec()).unwrap(),
                    *person,
                )
            })
            .collect()
    }
}
