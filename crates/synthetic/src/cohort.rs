//! The NAFLD cohort as `export.R` writes it: real values, times in days since
//! each person's index date, nobody's name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A row of `nafld1`: a person.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Participant {
    pub(crate) id: u32,
    /// Whole years at the index date.
    pub(crate) age: i16,
    /// 1 for men.
    pub(crate) male: u8,
    /// Kilograms, as written.
    pub(crate) weight: String,
    /// Centimetres, as written.
    pub(crate) height: String,
    /// Days from the index date to the end of follow-up.
    pub(crate) futime: i32,
    /// 1 for those who had died then.
    pub(crate) status: u8,
}

/// A row of `nafld2`: a laboratory value or vital sign.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) id: u32,
    pub(crate) days: i32,
    pub(crate) test: String,
    /// As written.
    pub(crate) value: String,
}

/// A row of `nafld3`: a diagnosis.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Diagnosis {
    pub(crate) id: u32,
    pub(crate) days: i32,
    pub(crate) event: String,
}

/// The three tables.
#[derive(Debug)]
pub(crate) struct Cohort {
    pub(crate) participants: Vec<Participant>,
    pub(crate) measurements: Vec<Measurement>,
    pub(crate) diagnoses: Vec<Diagnosis>,
}

/// Why an exported table could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the exported table `{}`", path.display())]
pub struct CohortError {
    path: PathBuf,
    #[source]
    source: csv::Error,
}

impl Cohort {
    /// Reads what `export.R` wrote in `directory`.
    pub(crate) fn read(directory: &Path) -> Result<Self, CohortError> {
        Ok(Self {
            participants: table(&directory.join("nafld1.csv"))?,
            measurements: table(&directory.join("nafld2.csv"))?,
            diagnoses: table(&directory.join("nafld3.csv"))?,
        })
    }

    /// The last day, since the index date, on which anything is known of each person.
    pub(crate) fn last_days(&self) -> HashMap<u32, i32> {
        let followed = self.participants.iter().map(|p| (p.id, p.futime));
        let measured = self.measurements.iter().map(|m| (m.id, m.days));
        let diagnosed = self.diagnoses.iter().map(|d| (d.id, d.days));
        let mut last = HashMap::with_capacity(self.participants.len());
        for (id, days) in followed.chain(measured).chain(diagnosed) {
            let latest = last.entry(id).or_insert(days);
            *latest = days.max(*latest);
        }
        last
    }
}

fn table<Row: DeserializeOwned>(path: &Path) -> Result<Vec<Row>, CohortError> {
    csv::Reader::from_path(path)
        .and_then(|mut reader| reader.deserialize().collect())
        .map_err(|source| CohortError { path: path.to_owned(), source })
}
