//! Real people, real outputs: what R makes of the Rochester cohort goes through
//! the check as a centre would send it.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use disclosure::{
    Context, Earlier, File, Findings, Kind, Mended, NoMend, Rule, Rules, Sketcher, Verdict, check,
    mend,
};

/// One test, since what R has to make takes seconds and is made once.
#[test]
fn real_outputs_are_judged_as_a_checker_would() {
    a_safe_table_passes();
    a_table_with_small_cells_is_refused_and_mended();
    a_curve_at_chosen_times_and_its_picture_pass();
    a_curve_of_every_day_is_refused_and_thinned();
    people_in_a_picture_are_found();
    rows_about_people_are_found_whatever_they_are_called();
    a_model_passes_when_it_says_what_it_was_fitted_on();
    the_table_again_without_two_people_is_a_difference();
}

struct Room {
    folder: tempfile::TempDir,
    context: Context,
}

/// Runs the script once for all.
fn room() -> &'static Room {
    static ROOM: OnceLock<Room> = OnceLock::new();
    ROOM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/story.R");
        let run = Command::new("Rscript").arg("--vanilla").arg(script).arg(folder.path()).output();
        let run = run.expect("Rscript, which `cargo xtask setup` installs");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let text = std::fs::read_to_string(folder.path().join("extract.csv")).unwrap();
        let mut lines = text.lines();
        let mut sketchers: Vec<Sketcher> = lines
            .next()
            .unwrap()
            .split(',')
            .map(|name| Sketcher::new(&format!("population.{name}")))
            .collect();
        let mut people = 0;
        for line in lines {
            people += 1;
            for (sketcher, field) in sketchers.iter_mut().zip(line.split(',')) {
                if let Ok(value) = field.parse() {
                    sketcher.add(value);
                }
            }
        }
        assert_eq!(people, 17_549);
        let sketches = sketchers.into_iter().map(Sketcher::finish).collect();
        let context =
            Context { people: Some(people), rows: Some(400_123), sketches, ..Context::default() };
        Room { folder, context }
    })
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(room().folder.path().join(name)).unwrap()
}

fn checked(name: &str, kind: &Kind, table: Option<&str>) -> Findings {
    let (bytes, table) = (bytes(name), table.map(bytes));
    let file = File { name, bytes: &bytes, kind, table: table.as_deref() };
    check(&file, &Rules::default(), &room().context)
}

fn mended(name: &str) -> Result<Mended, NoMend> {
    let bytes = bytes(name);
    let file = File { name, bytes: &bytes, kind: &Kind::Unknown, table: None };
    mend(&file, &Rules::default(), &room().context)
}

fn rules(findings: &Findings) -> Vec<Rule> {
    findings.findings.iter().map(|finding| finding.rule).collect()
}

fn a_safe_table_passes() {
    let findings = checked("safe.csv", &Kind::Unknown, None);
    assert_eq!(findings.verdict, Verdict::Pass, "{:#?}", findings.findings);
}

fn a_table_with_small_cells_is_refused_and_mended() {
    let findings = checked("small.csv", &Kind::Unknown, None);
    assert_eq!(findings.verdict, Verdict::Refuse);
    assert!(rules(&findings).contains(&Rule::SmallCount));
    let mended = mended("small.csv").expect("a mend");
    assert_ne!(mended.findings.verdict, Verdict::Refuse, "{:#?}", mended.findings);
    let text = String::from_utf8(mended.bytes).unwrap();
    assert_eq!(text.matches(":\n").count(), mended.changes.withheld.len());
    assert!(!mended.note.is_empty());
}

fn a_curve_at_chosen_times_and_its_picture_pass() {
    let table = checked("km.csv", &Kind::Unknown, None);
    assert_eq!(
        (table.verdict, table.taken_for.as_str()),
        (Verdict::Pass, "survival-curve"),
        "{:#?}",
        table.findings
    );
    let figure = Kind::Figure { table: Some("km.csv".into()) };
    let picture = checked("km.svg", &figure, Some("km.csv"));
    assert_eq!(picture.verdict, Verdict::Pass, "{:#?}", picture.findings);
    assert_eq!(checked("km.svg", &figure, None).verdict, Verdict::Review);
}

fn a_curve_of_every_day_is_refused_and_thinned() {
    let findings = checked("km-every-day.csv", &Kind::Unknown, None);
    assert_eq!(findings.verdict, Verdict::Refuse);
    assert!(rules(&findings).contains(&Rule::SurvivalStep));
    let mended = mended("km-every-day.csv").expect("a mend");
    assert_ne!(mended.findings.verdict, Verdict::Refuse);
    let rows = String::from_utf8(mended.bytes).unwrap().lines().count();
    assert!(rows > 20, "{rows} rows left of the curve");
    let figure = Kind::Figure { table: Some("km.csv".into()) };
    assert_eq!(checked("km-every-day.svg", &figure, Some("km.csv")).verdict, Verdict::Refuse);
}

fn people_in_a_picture_are_found() {
    let figure = Kind::Figure { table: Some("safe.csv".into()) };
    for table in [None, Some("safe.csv")] {
        let findings = checked("scatter.svg", &figure, table);
        assert_eq!(findings.verdict, Verdict::Refuse);
        assert!(rules(&findings).contains(&Rule::PointsInPicture));
        assert!(rules(&findings).contains(&Rule::CopyOfColumn), "{:?}", rules(&findings));
    }
}

fn rows_about_people_are_found_whatever_they_are_called() {
    let frequency = Kind::FrequencyTable {
        dimensions: vec!["stratum".into(), "index_1".into(), "index_2".into()],
        counts: vec!["n".into()],
        hierarchies: std::collections::BTreeMap::new(),
    };
    for kind in [Kind::Unknown, frequency, Kind::Figure { table: None }] {
        let findings = checked("disguised.csv", &kind, None);
        assert_eq!(findings.verdict, Verdict::Refuse);
        assert!(rules(&findings).contains(&Rule::RowData), "{:?}", rules(&findings));
        assert!(rules(&findings).contains(&Rule::CopyOfColumn), "{:?}", rules(&findings));
        let part = checked("disguised-part.csv", &kind, None);
        assert_eq!(part.verdict, Verdict::Refuse, "{:?}", rules(&part));
    }
    assert!(matches!(mended("disguised.csv"), Err(NoMend::Beyond(_))));
}

fn a_model_passes_when_it_says_what_it_was_fitted_on() {
    let fitted = Kind::Model { n: Some(1364), parameters: Some(3), residual_df: None };
    assert_eq!(checked("cox.csv", &fitted, None).verdict, Verdict::Pass);
    assert_eq!(checked("cox.csv", &Kind::Unknown, None).verdict, Verdict::Review);
    let json = checked("cox.json", &Kind::Unknown, None);
    assert_eq!(json.verdict, Verdict::Pass, "{:#?}", json.findings);
    let text = checked("cox.txt", &Kind::Unknown, None);
    assert_eq!(text.verdict, Verdict::Review, "{:#?}", text.findings);
}

fn the_table_again_without_two_people_is_a_difference() {
    let before = bytes("safe.csv");
    let after = String::from_utf8(before.clone()).unwrap();
    let count: u64 = after.lines().nth(1).unwrap().split(',').nth(2).unwrap().parse().unwrap();
    let after = after.replacen(&format!(",{count},"), &format!(",{},", count - 2), 1);
    let mut context = room().context.clone();
    context.earlier.push(Earlier {
        output: "output-0000000000".parse().unwrap(),
        name: "safe.csv".into(),
        kind: Kind::Unknown,
        bytes: before,
    });
    let file =
        File { name: "safe.csv", bytes: after.as_bytes(), kind: &Kind::Unknown, table: None };
    let findings = check(&file, &Rules::default(), &context);
    assert_eq!(findings.verdict, Verdict::Refuse);
    assert!(rules(&findings).contains(&Rule::Differencing));
}
