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

/// What the scripts found, as they write it: a regression, and a survival curve for
/// each group.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
pub(super) struct Analysis {
    pub(super) n: u64,
    pub(super) events: u64,
    pub(super) cox: BTreeMap<String, Term>,
    pub(super) survival: BTreeMap<String, Vec<Point>>,
}

/// A survival curve at the end of a whole year.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, serde::Deserialize)]
pub(super) struct Point {
    pub(super) years: u64,
    pub(super) at_risk: u64,
    /// Since the point before.
    pub(super) deaths: u64,
    pub(super) survival: f64,
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
        let terms = self.cox.values().zip(other.cox.values());
        worst(terms.flat_map(|(a, b)| [(a.coef - b.coef).abs(), (a.se - b.se).abs()]))
    }

    /// The largest difference of the survival curves at any point; infinite when they
    /// are not of the same groups and years, with the same people at risk and deaths.
    pub(super) fn curves_apart(&self, other: &Self) -> f64 {
        let counted = |analysis: &Self| -> Vec<(String, u64, u64, u64)> {
            let of_group = |(group, curve): (&String, &Vec<Point>)| {
                let named = |p: &Point| (group.clone(), p.years, p.at_risk, p.deaths);
                curve.iter().map(named).collect::<Vec<_>>()
            };
            analysis.survival.iter().flat_map(of_group).collect()
        };
        let mine = counted(self);
        if mine.is_empty() || mine != counted(other) {
            return f64::INFINITY;
        }
        let points = self.survival.values().flatten().zip(other.survival.values().flatten());
        worst(points.map(|(a, b)| (a.survival - b.survival).abs()))
    }
}

/// The largest; infinite when one is no number. `f64::max` passes over those, and a
/// fit that failed must not be passed over.
fn worst(differences: impl Iterator<Item = f64>) -> f64 {
    differences
        .fold(0.0, |worst, apart| if apart.is_nan() { f64::INFINITY } else { worst.max(apart) })
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
        let point = Point { years: 1, at_risk: 7, deaths: 2, survival: 0.8 };
        Analysis {
            n: 10,
            events: 3,
            cox: BTreeMap::from([("age".to_owned(), term)]),
            survival: BTreeMap::from([("no".to_owned(), vec![point])]),
        }
    }

    fn with_curve(curve: Vec<Point>) -> Analysis {
        Analysis { survival: BTreeMap::from([("no".to_owned(), curve)]), ..analysis(1.0) }
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

    #[test]
    fn curves_of_other_people_years_or_groups_are_far_apart() {
        let one = analysis(1.0);
        assert!(one.curves_apart(&one) < 1e-12);
        let point = one.survival["no"][0];
        let off = with_curve(vec![Point { survival: 0.8 + 1e-6, ..point }]);
        assert!((one.curves_apart(&off) - 1e-6).abs() < 1e-12);
        for other in [
            vec![Point { at_risk: 8, ..point }],
            vec![Point { deaths: 1, ..point }],
            vec![Point { years: 2, ..point }],
            vec![Point { survival: f64::NAN, ..point }],
            vec![point, Point { years: 2, ..point }],
            vec![],
        ] {
            assert!(one.curves_apart(&with_curve(other.clone())).is_infinite(), "{other:?}");
        }
        let nothing = Analysis { survival: BTreeMap::new(), ..analysis(1.0) };
        assert!(nothing.curves_apart(&nothing).is_infinite(), "no curve agrees with none");
    }
}
