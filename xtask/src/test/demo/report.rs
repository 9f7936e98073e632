//! What the demo's report must say: the same figures as the files that went in, the
//! same regression and survival as on the raw tables, the columns that were asked for
//! and no other, and a ledger that verifies.

use serde_json::Value;

use crate::run::{Done, Failed, failed};

/// R in the room against R on the raw tables.
const SAME: f64 = 1e-9;
/// Python's own implementation of the same regression.
const ALIKE: f64 = 1e-6;
/// Python's own implementation of the same survival curve.
const SAME_CURVE: f64 = 1e-11;
const TERMS: [&str; 4] = ["age", "male", "diabetes", "hdl"];
/// The story, in its order.
const STEPS: [&str; 12] = [
    "found",
    "import",
    "catalogue",
    "apply",
    "decide",
    "extract",
    "analyse",
    "compare",
    "check",
    "review",
    "release",
    "ledger",
];
const GROUPS: [&str; 2] = ["no", "yes"];

/// What the researcher asks for of each source: what the application's reasons name.
const COLUMNS: [(&str, &[&str]); 3] = [
    ("population", &["age", "death_date", "end_date", "index_date", "person", "sex"]),
    ("laboratory", &["date", "person", "test", "value"]),
    ("diagnoses", &["code", "date", "person"]),
];

/// Checks `report` against the manifest of the files that went in; the seconds
/// that all steps took together.
pub(super) fn check(report: &Value, manifest: &Value) -> Result<f64, Failed> {
    sources(report, manifest)?;
    columns(report)?;
    analysis(report)?;
    survival(report)?;
    outputs(report)?;
    if at(report, "/ledger/verified")?.as_bool() != Some(true) {
        return failed("the ledger does not verify");
    }
    if number(report, "/ledger/events")? < 1.0 {
        return failed("the ledger is empty");
    }
    digest(report, "/ledger/root")?;
    digest(report, "/release/sha256")?;
    let steps = list(report, "/steps")?;
    let names: Vec<&str> = steps.iter().filter_map(|step| step.get("name")?.as_str()).collect();
    if names != STEPS {
        return failed(format!("the steps are {names:?}"));
    }
    steps.iter().map(|step| number(step, "/seconds")).sum()
}

fn at<'a>(value: &'a Value, pointer: &str) -> Result<&'a Value, Failed> {
    value.pointer(pointer).ok_or_else(|| Failed(format!("the report has no `{pointer}`")))
}

fn number(value: &Value, pointer: &str) -> Result<f64, Failed> {
    let found = at(value, pointer)?;
    found.as_f64().ok_or_else(|| Failed(format!("`{pointer}` is no number: {found}")))
}

fn list<'a>(value: &'a Value, pointer: &str) -> Result<&'a [Value], Failed> {
    let found = at(value, pointer)?.as_array();
    found.map(Vec::as_slice).ok_or_else(|| Failed(format!("`{pointer}` is no list")))
}

/// A SHA-256 digest in hexadecimal, which is not that of nothing at all: the root of
/// an empty ledger.
fn digest(report: &Value, pointer: &str) -> Done {
    const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let found = at(report, pointer)?.as_str().unwrap_or_default();
    let hexadecimal = found.len() == 64 && found.bytes().all(|b| b.is_ascii_hexdigit());
    if hexadecimal && found != OF_NOTHING {
        return Ok(());
    }
    failed(format!("`{pointer}` is no SHA-256 of anything: `{found}`"))
}

/// Two figures that must differ by no more than `by`.
fn near(what: &str, found: f64, expected: f64, by: f64) -> Done {
    if (found - expected).abs() <= by {
        return Ok(());
    }
    failed(format!("{what} is {found}, not {expected}"))
}

fn sources(report: &Value, manifest: &Value) -> Done {
    let mut everybody = 0.0_f64;
    for delivery in list(manifest, "/deliveries")? {
        let source = at(delivery, "/source")?.as_str().unwrap_or_default();
        let figure = |name: &str| number(report, &format!("/sources/{source}/{name}"));
        let rows = number(delivery, "/rows")?;
        let persons = number(delivery, "/persons")?;
        let spoilt = number(&Value::from(list(delivery, "/spoilt")?.len()), "")?;
        near(&format!("rows of {source}"), figure("rows")?, rows, 0.0)?;
        near(&format!("persons of {source}"), figure("persons")?, persons, 0.0)?;
        near(&format!("quarantined rows of {source}"), figure("quarantined")?, spoilt, 0.0)?;
        // Everybody is an adult; a permit may still ask for some of the rows only.
        let extracted = number(report, &format!("/extract/tables/{source}/rows"))?;
        if extracted < 1.0 || extracted > rows {
            return failed(format!("{extracted} rows of {source} in the extract, of {rows}"));
        }
        everybody = everybody.max(persons);
    }
    near("persons in the extract", number(report, "/extract/persons")?, everybody, 0.0)
}

fn analysis(report: &Value) -> Done {
    for term in TERMS {
        for figure in ["coef", "se"] {
            let of = |who: &str| number(report, &format!("/analysis/{who}/cox/{term}/{figure}"));
            let raw = of("raw")?;
            near(&format!("R in the room: {figure} of {term}"), of("r")?, raw, SAME)?;
            near(&format!("Python in the room: {figure} of {term}"), of("python")?, raw, ALIKE)?;
        }
    }
    Ok(())
}

/// Each table has the columns that were asked for, the person's number and no other.
fn columns(report: &Value) -> Done {
    let tables = at(report, "/extract/tables")?.as_object().map_or(0, serde_json::Map::len);
    if tables != COLUMNS.len() {
        return failed(format!("the extract has {tables} tables, not {}", COLUMNS.len()));
    }
    for (table, asked) in COLUMNS {
        let found = list(report, &format!("/extract/tables/{table}/columns"))?;
        let mut found: Vec<&str> = found.iter().filter_map(Value::as_str).collect();
        found.sort_unstable();
        if found != asked {
            return failed(format!("columns of {table}: {found:?}, not {asked:?}"));
        }
    }
    Ok(())
}

/// At the end of every year as many are alive in the room as on the raw tables, with
/// as many at risk and as many deaths.
fn survival(report: &Value) -> Done {
    for group in GROUPS {
        let years = list(report, &format!("/analysis/raw/survival/{group}"))?.len();
        if years == 0 {
            return failed(format!("diabetes {group}: no curve on the raw tables"));
        }
        for who in ["r", "python"] {
            let found = list(report, &format!("/analysis/{who}/survival/{group}"))?.len();
            if found != years {
                return failed(format!("{who}: {found} years of diabetes {group}, not {years}"));
            }
        }
        for year in 0..years {
            let of = |who: &str, figure: &str| {
                number(report, &format!("/analysis/{who}/survival/{group}/{year}/{figure}"))
            };
            let what = |who: &str, figure: &str| {
                format!("{who} in the room: {figure} at point {year} of diabetes {group}")
            };
            for who in ["r", "python"] {
                for count in ["years", "at_risk", "deaths"] {
                    near(&what(who, count), of(who, count)?, of("raw", count)?, 0.0)?;
                }
            }
            let (raw, r, python) =
                (of("raw", "survival")?, of("r", "survival")?, of("python", "survival")?);
            near(&what("R", "survival"), r, raw, SAME)?;
            near(&what("Python", "survival"), python, r, SAME_CURVE)?;
        }
    }
    Ok(())
}

/// The safe table and the curve leave, the small cells only once mended, the
/// rows in disguise never.
fn outputs(report: &Value) -> Done {
    let outputs = list(report, "/outputs")?;
    let verdicts = |file: &str| -> Vec<&str> {
        let of = outputs.iter().filter(|output| {
            output.pointer("/file").and_then(Value::as_str).is_some_and(|name| name.ends_with(file))
        });
        of.filter_map(|output| output.pointer("/verdict")?.as_str()).collect()
    };
    let expect = |file: &str, verdict: &str| {
        let found = verdicts(file);
        if found.contains(&verdict) {
            Ok(())
        } else {
            failed(format!("{file}: {found:?}, not {verdict}"))
        }
    };
    expect("safe_table.csv", "released")?;
    expect("survival_curve.csv", "released")?;
    expect("survival_curve.svg", "released")?;
    expect("small_cells.csv", "refused")?;
    expect("small_cells.mended.csv", "released")?;
    expect("rows_in_disguise.csv", "refused")?;
    for kept in ["rows_in_disguise.csv", "small_cells.csv"] {
        if verdicts(kept).contains(&"released") {
            return failed(format!("{kept} left the room"));
        }
    }
    for refused in outputs.iter().filter(|o| o.pointer("/verdict") == Some(&Value::from("refused")))
    {
        let findings = list(refused, "/findings")?;
        let explained = |finding: &Value| {
            ["rule", "where", "why"].iter().all(|part| {
                finding.get(*part).and_then(Value::as_str).is_some_and(|text| !text.is_empty())
            })
        };
        if findings.is_empty() || !findings.iter().all(explained) {
            return failed("a refusal does not say which rule, where and why");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cox(age: f64) -> Value {
        let term = |coef: f64| json!({"coef": coef, "se": 0.01});
        let curve = |survival: f64| {
            json!([
                {"years": 1, "at_risk": 9, "deaths": 1, "survival": 0.9},
                {"years": 2, "at_risk": 7, "deaths": 2, "survival": survival},
            ])
        };
        json!({
            "cox": {"age": term(age), "male": term(0.2), "diabetes": term(0.5), "hdl": term(-0.01)},
            "survival": {"no": curve(0.7), "yes": curve(0.5)},
        })
    }

    fn manifest() -> Value {
        let delivery =
            |source: &str| json!({"source": source, "rows": 10, "persons": 10, "spoilt": [{}]});
        json!({"deliveries": COLUMNS.map(|(source, _)| delivery(source))})
    }

    fn good() -> Value {
        let each = |made: &dyn Fn(&[&str]) -> Value| -> Value {
            COLUMNS.iter().map(|(source, columns)| ((*source).to_owned(), made(columns))).collect()
        };
        let finding = json!({"rule": "small-count", "where": "row 1", "why": "few people"});
        json!({
            "sources": each(&|_| json!({"rows": 10, "persons": 10, "quarantined": 1})),
            "extract": {"persons": 10, "tables": each(&|columns| json!({"rows": 10, "columns": columns}))},
            "analysis": {"r": cox(0.1), "python": cox(0.1 + 1e-8), "raw": cox(0.1)},
            "outputs": [
                {"file": "out/safe_table.csv", "verdict": "released", "findings": []},
                {"file": "out/survival_curve.csv", "verdict": "released", "findings": []},
                {"file": "out/survival_curve.svg", "verdict": "released", "findings": []},
                {"file": "out/small_cells.csv", "verdict": "refused", "findings": [finding.clone()]},
                {"file": "out/rows_in_disguise.csv", "verdict": "refused", "findings": [finding]},
                {"file": "out/small_cells.mended.csv", "verdict": "released", "findings": []},
            ],
            "release": {"package": "p.tar", "sha256": "a".repeat(64)},
            "ledger": {"events": 40, "root": "b".repeat(64), "verified": true},
            "steps": STEPS.map(|name| json!({"name": name, "seconds": 0.5})),
        })
    }

    #[test]
    fn a_good_report_passes_and_its_time_is_added_up() {
        assert!((check(&good(), &manifest()).unwrap() - 6.0).abs() < 1e-12);
    }

    #[test]
    fn each_wrong_figure_is_found() {
        for (pointer, wrong) in [
            ("/sources/population/rows", json!(9)),
            ("/sources/population/quarantined", json!(0)),
            ("/extract/persons", json!(11)),
            ("/analysis/r", cox(0.1 + 1e-8)),
            ("/analysis/python", cox(0.1 + 1e-5)),
            ("/outputs/0/verdict", json!("held")),
            ("/outputs/4/verdict", json!("released")),
            ("/outputs/3/findings", json!([])),
            ("/outputs/3/verdict", json!("released")),
            ("/outputs/5/verdict", json!("refused")),
            ("/outputs/5/file", json!("out/another.csv")),
            ("/extract/tables/population/columns", json!(["person", "sex"])),
            ("/extract/tables/diagnoses/columns", json!(["code", "date", "national_id", "person"])),
            ("/extract/tables/diagnoses/columns", json!(3)),
            ("/analysis/r/survival/no/0/survival", json!(0.9 + 1e-8)),
            ("/analysis/python/survival/yes/1/survival", json!(0.5 + 1e-10)),
            ("/analysis/python/survival/yes/1/at_risk", json!(8)),
            ("/analysis/r/survival/no/1/deaths", json!(3)),
            ("/analysis/r/survival/yes", json!([])),
            ("/analysis/raw/survival", json!({"no": [], "yes": []})),
            ("/ledger/root", json!("")),
            (
                "/ledger/root",
                json!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ),
            ("/ledger/verified", json!(false)),
            ("/ledger/events", json!(0)),
            ("/release/sha256", json!("")),
            ("/steps", json!("none")),
            ("/steps/3/name", json!("import")),
        ] {
            let mut report = good();
            *report.pointer_mut(pointer).unwrap() = wrong;
            assert!(check(&report, &manifest()).is_err(), "{pointer} was not looked at");
        }
    }
}
