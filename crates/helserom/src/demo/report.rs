//! What happened in the story, as JSON. Every figure comes from what happened.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use crate::answer::{Stop, say};

/// The report that `helserom demo --report` writes.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) sources: BTreeMap<String, SourceFigures>,
    pub(super) extract: ExtractFigures,
    pub(super) analysis: BTreeMap<&'static str, Analysis>,
    pub(super) outputs: Vec<OutputFigures>,
    pub(super) release: ReleaseFigures,
    pub(super) ledger: LedgerFigures,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Serialize)]
pub(super) struct SourceFigures {
    pub(super) rows: u64,
    pub(super) persons: u64,
    pub(super) quarantined: u64,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct ExtractFigures {
    pub(super) persons: u64,
    pub(super) tables: BTreeMap<String, TableFigures>,
}

#[derive(Debug, Serialize)]
pub(super) struct TableFigures {
    pub(super) rows: u64,
    pub(super) columns: Vec<String>,
}

/// What a regression found, as the scripts write it.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
pub(super) struct Analysis {
    pub(super) n: u64,
    pub(super) events: u64,
    pub(super) cox: BTreeMap<String, Term>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, serde::Deserialize)]
pub(super) struct Term {
    pub(super) coef: f64,
    pub(super) se: f64,
}

impl Analysis {
    /// The largest difference of any coefficient or standard error to `other`;
    /// infinite when they do not have the same terms.
    pub(super) fn distance(&self, other: &Self) -> f64 {
        if !self.cox.keys().eq(other.cox.keys()) || self.n != other.n || self.events != other.events
        {
            return f64::INFINITY;
        }
        self.cox
            .values()
            .zip(other.cox.values())
            .flat_map(|(a, b)| [(a.coef - b.coef).abs(), (a.se - b.se).abs()])
            // `f64::max` passes over what is no number; a fit that failed must not.
            .fold(0.0, |worst, apart| if apart.is_nan() { f64::INFINITY } else { worst.max(apart) })
    }
}

#[derive(Debug, Serialize)]
pub(super) struct OutputFigures {
    pub(super) file: String,
    pub(super) verdict: String,
    pub(super) findings: Vec<FindingFigures>,
}

#[derive(Debug, Serialize)]
pub(super) struct FindingFigures {
    pub(super) rule: String,
    pub(super) r#where: String,
    pub(super) why: String,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct ReleaseFigures {
    pub(super) package: String,
    /// The public key that the package is verified with, or a file that holds it.
    pub(super) key: String,
    pub(super) sha256: String,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct LedgerFigures {
    pub(super) events: u64,
    pub(super) root: String,
    pub(super) verified: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) seconds: f64,
}

impl Report {
    /// Runs a step of the story, tells of it and notes how long it took.
    pub(super) async fn step<T>(
        &mut self,
        name: &'static str,
        title: &str,
        work: impl Future<Output = Result<(T, String), Stop>>,
    ) -> Result<T, Stop> {
        let number = self.steps.len() + 1;
        say(&format!("\n{number}. {title}"));
        let began = Instant::now();
        let (value, told) = work.await.map_err(|stop| match stop {
            Stop::Refused(why) => {
                Stop::Refused(format!("step {number} ({name}) did not hold: {why}"))
            }
            usage @ Stop::Usage(_) => usage,
        })?;
        let seconds = began.elapsed().as_secs_f64();
        for line in told.lines() {
            say(&format!("   {line}"));
        }
        say(&format!("   {seconds:.1} s"));
        self.steps.push(Step { name, seconds });
        Ok(value)
    }
}

/// Goes on only if what the story says is so.
pub(super) fn hold(is_so: bool, why_not: impl FnOnce() -> String) -> Result<(), Stop> {
    if is_so { Ok(()) } else { Err(Stop::Refused(why_not())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn analysis(coef: f64) -> Analysis {
        let term = Term { coef, se: 0.1 };
        Analysis { n: 10, events: 3, cox: BTreeMap::from([("age".to_owned(), term)]) }
    }

    #[test]
    fn a_fit_that_failed_is_far_from_every_other() {
        assert!(analysis(f64::NAN).distance(&analysis(1.0)).is_infinite());
        assert!(analysis(1.0).distance(&analysis(1.0)) < 1e-12);
    }

    #[test]
    fn another_number_of_people_is_another_analysis() {
        let other = Analysis { n: 11, ..analysis(1.0) };
        assert!(analysis(1.0).distance(&other).is_infinite());
    }
}
