//! Sources for samples.

use std::collections::BTreeMap;

use ::source::{Quantile, Reason, Rhythm, TopValue, ValueRange, VariableProfile, YearCount};
use catalogue::{Dataset, Freshness, Variable, VariableId};
use model::{Lang, Sensitivity, Text, ValueType};

use super::{DeliveryLine, Seen, SourcePage, reason_in_words};
use crate::chrome::Chrome;
use crate::names::Names;
use crate::parts::listing::ListQuery;
use crate::parts::timeline::Happening;
use crate::sample::literal;

impl SourcePage {
    /// A sample.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/sources/laboratory");
        let now = "2026-03-01T09:00:00Z".parse().unwrap_or_default();
        let [_, laboratory, _] = sample_datasets();
        let subject = "source/laboratory";
        let seen = Seen {
            deliveries: vec![DeliveryLine {
                import: "import-7k3m9q2x4d".to_owned(),
                at: now,
                rows: Some((400_127, 400_123, 4)),
                why: String::new(),
                reasons: vec![(reason_in_words(chrome.words(), Reason::NationalId), 4)],
            }],
            may_read_aside: true,
            rulings: Vec::new(),
            happenings: vec![
                Happening::sample(
                    7,
                    "2026-02-20T07:30:00Z",
                    "holder",
                    "source.imported",
                    subject,
                    "",
                ),
                Happening::sample(
                    3,
                    "2026-01-10T12:00:00Z",
                    "operator",
                    "source.registered",
                    subject,
                    "",
                ),
            ],
            may_read_ledger: false,
        };
        Self::of(chrome, &laboratory, &Names::sample(), now, &ListQuery::default(), seen)
    }
}

fn sample_profile(name: &str, value_type: ValueType, filled: f64) -> VariableProfile {
    VariableProfile {
        name: name.to_owned(),
        value_type,
        filled: Some(filled),
        persons: Some(14_100),
        range: None,
        quantiles: Vec::new(),
        top: Vec::new(),
        years: Vec::new(),
    }
}

fn sample_variable(
    source: &str,
    name: &str,
    title: Text,
    value_type: ValueType,
    unit: Option<&str>,
    filled: f64,
) -> Variable {
    Variable {
        id: VariableId { source: literal(source), name: name.to_owned() },
        title,
        description: Text::default(),
        value_type,
        unit: unit.map(ToOwned::to_owned),
        code_system: None,
        codes: BTreeMap::new(),
        sensitivity: Sensitivity::Health,
        profile: Some(sample_profile(name, value_type, filled)),
    }
}

fn sample_dataset(
    id: &str,
    holder: &str,
    title: Text,
    description: Text,
    persons: u64,
    rows: u64,
    variables: Vec<Variable>,
) -> Dataset {
    Dataset {
        source: literal(id),
        title,
        description,
        holder: literal(holder),
        update: Rhythm::Monthly,
        freshness: Freshness {
            delivered: "2026-02-20T07:30:00Z".parse().ok(),
            due: "2026-03-20".parse().ok(),
        },
        smallest_count: 5,
        rows: Some(rows),
        persons: Some(persons),
        quarantined: Some(4),
        snapshots: 2,
        time: Some("date".to_owned()),
        years: (1996..2019)
            .filter(|year| *year != 1997)
            .map(|year| YearCount {
                year,
                rows: 900 * u64::from((year - 1995).unsigned_abs()),
                persons: 300 * u64::from((year - 1995).unsigned_abs()),
            })
            .collect(),
        variables,
        identifiers: vec![Text::of("Fødselsnummer", "Personnummer", "National identity number")],
    }
}

fn population() -> Dataset {
    let mut sex = sample_variable(
        "population",
        "male",
        Text::of("Mann", "Mand", "Male"),
        ValueType::Boolean,
        None,
        1.0,
    );
    sex.sensitivity = Sensitivity::Quasi;
    let height = sample_variable(
        "population",
        "height",
        Text::of("Høyde", "Højde", "Height"),
        ValueType::Decimal,
        Some("cm"),
        0.820,
    );
    sample_dataset(
        "population",
        "population-register",
        Text::of("Befolkning", "Befolkning", "Population"),
        Text::of(
            "Alle som ble fulgt, én rad per person.",
            "Alle, der blev fulgt, én række per person.",
            "Everyone who was followed, one row per person.",
        ),
        17_549,
        17_549,
        vec![sex, height],
    )
}

fn laboratory() -> Dataset {
    let mut value = sample_variable(
        "laboratory",
        "value",
        Text::of("Resultat", "Resultat", "Result"),
        ValueType::Decimal,
        None,
        1.0,
    );
    if let Some(profile) = &mut value.profile {
        profile.range = Some(ValueRange::Numbers { low: 3.0, high: 820.0 });
        profile.quantiles =
            [(0.05, 28.0), (0.25, 61.0), (0.5, 103.0), (0.75, 139.0), (0.95, 232.0)]
                .map(|(share, value)| Quantile { share, value })
                .into();
    }
    let mut test = sample_variable(
        "laboratory",
        "test",
        Text::of("Prøve", "Prøve", "Test"),
        ValueType::Code,
        None,
        1.0,
    );
    test.description = Text::of(
        "Hva som ble målt. HDL er kolesterolet som følger med lipoproteiner med høy tetthet.",
        "Hvad der blev målt. HDL er det kolesterol, der følger med lipoproteiner med høj densitet.",
        "What was measured. HDL is the cholesterol carried by high-density lipoproteins.",
    );
    test.codes = [
        ("hdl", Text::of("HDL-kolesterol", "HDL-kolesterol", "HDL cholesterol")),
        ("chol", Text::of("Kolesterol", "Kolesterol", "Cholesterol")),
        ("smoke", Text::of("Røyker", "Ryger", "Smoker")),
    ]
    .map(|(code, text)| (code.to_owned(), text))
    .into();
    if let Some(profile) = &mut test.profile {
        profile.top = [
            ("sbp", 110_000, 13_900),
            ("dbp", 109_000, 13_900),
            ("chol", 62_000, 12_400),
            ("hdl", 60_500, 12_200),
            ("fib4", 35_000, 6_100),
            ("smoke", 21_000, 9_800),
        ]
        .map(|(value, rows, persons)| TopValue { value: value.to_owned(), rows, persons })
        .into();
    }
    let date = sample_variable(
        "laboratory",
        "date",
        Text::of("Dato", "Dato", "Date"),
        ValueType::Date,
        None,
        1.0,
    );
    sample_dataset(
        "laboratory",
        "regional-hospital",
        Text::of("Laboratorium", "Laboratorium", "Laboratory"),
        Text::of(
            "Blodprøver og målinger.",
            "Blodprøver og målinger.",
            "Blood tests and vital signs.",
        ),
        14_100,
        400_123,
        vec![date, test, value],
    )
}

fn diagnoses() -> Dataset {
    let code = sample_variable(
        "diagnoses",
        "code",
        Text::of("Diagnose", "Diagnose", "Diagnosis"),
        ValueType::Code,
        None,
        1.0,
    );
    sample_dataset(
        "diagnoses",
        "regional-hospital",
        Text::of("Diagnoser", "Diagnoser", "Diagnoses"),
        Text::of(
            "Diagnoser stilt ved sykehuset.",
            "Diagnoser stillet på hospitalet.",
            "Diagnoses made at the hospital.",
        ),
        11_400,
        34_340,
        vec![code],
    )
}

/// Three datasets for samples.
pub fn sample_datasets() -> [Dataset; 3] {
    [population(), laboratory(), diagnoses()]
}
