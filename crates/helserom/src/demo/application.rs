//! What the researcher of the story applies for.

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use model::{Date, IdError, Purpose, Timestamp};
use permit::{
    Cohort, ColumnTerms, Comparison, Condition, LinkageTerms, OutputTerms, Period, RoomTerms,
    SourceTerms, Terms, Way,
};

/// The application's terms, good for a year from `now`.
pub(super) fn terms(now: Timestamp) -> Result<Terms, IdError> {
    let today = now.to_zoned(TimeZone::UTC).date();
    Ok(Terms {
        title: "Diabetes, HDL cholesterol and survival in fatty liver disease".to_owned(),
        summary: "Do people with diabetes die earlier after a diagnosis of non-alcoholic fatty \
                  liver disease than comparable people without, when age, sex and HDL \
                  cholesterol are taken into account? The answer helps clinics decide whom to \
                  follow more closely."
            .to_owned(),
        purpose: Some(Purpose::Research),
        legal_basis: "GDPR articles 6(1)(e) and 9(2)(j); research in the public interest with \
                      ethical approval under the Norwegian Health Research Act"
            .to_owned(),
        people: vec!["researcher".parse()?],
        sources: vec![
            source(
                "population",
                &[
                    ("sex", "covariate of the regression"),
                    ("age", "covariate of the regression, and decides who is an adult"),
                    ("index_date", "time zero of the survival analysis"),
                    ("end_date", "end of follow-up: censoring"),
                    ("death_date", "the outcome"),
                ],
                vec![],
            )?,
            source(
                "laboratory",
                &[
                    ("date", "picks the last day before the index date"),
                    ("test", "tells which values are HDL cholesterol"),
                    ("value", "HDL cholesterol, covariate of the regression"),
                ],
                vec![Condition {
                    column: "test".to_owned(),
                    is: Comparison::OneOf,
                    values: vec!["hdl".to_owned()],
                }],
            )?,
            source(
                "diagnoses",
                &[
                    ("date", "tells whether diabetes was known at the index date"),
                    ("code", "tells who has diabetes"),
                ],
                vec![Condition {
                    column: "code".to_owned(),
                    is: Comparison::OneOf,
                    values: vec!["diabetes".to_owned()],
                }],
            )?,
        ],
        cohort: Cohort {
            source: Some("population".parse()?),
            conditions: vec![Condition {
                column: "age".to_owned(),
                is: Comparison::AtLeast,
                values: vec!["18".to_owned()],
            }],
        },
        period: Period { from: Some(Date::constant(1970, 1, 1)), until: Some(today) },
        valid: Period { from: Some(today), until: today.checked_add(1.year()).ok() },
        outputs: OutputTerms::default(),
        room: RoomTerms { way: Way::Notebook, ..RoomTerms::default() },
        linkage: LinkageTerms::default(),
    })
}

fn source(
    id: &str,
    columns: &[(&str, &str)],
    rows: Vec<Condition>,
) -> Result<SourceTerms, IdError> {
    let columns = columns
        .iter()
        .map(|(name, reason)| ColumnTerms {
            name: (*name).to_owned(),
            reason: (*reason).to_owned(),
        })
        .collect();
    Ok(SourceTerms { source: id.parse()?, columns, rows })
}
