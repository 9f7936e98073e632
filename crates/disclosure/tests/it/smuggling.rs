//! A researcher who wants the row of one person out, in a file that passes.
//! Each test is an attack that must not pass, or an honest file that must.

use disclosure::{
    Context, Contributions, Earlier, File, Findings, Kind, Mended, NoMend, Rule, Rules, Verdict,
    check, mend,
};

const PEOPLE: u64 = 17_549;

fn context() -> Context {
    Context { people: Some(PEOPLE), rows: Some(400_123), ..Context::default() }
}

fn checked(name: &str, text: &str, kind: &Kind, context: &Context) -> Findings {
    let file = File { name, bytes: text.as_bytes(), kind, table: None };
    check(&file, &Rules::default(), context)
}

fn of(name: &str, text: &str) -> Findings {
    checked(name, text, &Kind::Unknown, &context())
}

fn mended(text: &str, context: &Context) -> Result<Mended, NoMend> {
    let file = File { name: "a.csv", bytes: text.as_bytes(), kind: &Kind::Unknown, table: None };
    mend(&file, &Rules::default(), context)
}

fn rules(findings: &Findings) -> Vec<Rule> {
    findings.findings.iter().map(|finding| finding.rule).collect()
}

#[track_caller]
fn held(findings: &Findings, rule: Rule) {
    assert_ne!(findings.verdict, Verdict::Pass);
    assert!(rules(findings).contains(&rule), "{rule} not among {:?}", rules(findings));
}

#[track_caller]
fn refused(findings: &Findings, rule: Rule) {
    held(findings, rule);
    assert_eq!(findings.verdict, Verdict::Refuse, "{:#?}", findings.findings);
}

#[track_caller]
fn passes(findings: &Findings) {
    assert_eq!(findings.verdict, Verdict::Pass, "{:#?}", findings.findings);
}

// ---- JSON ------------------------------------------------------------------

#[test]
fn a_json_name_given_twice_hides_nothing() {
    let rows: Vec<String> =
        (0..400).map(|i| format!("[{},{}]", 20 + i % 70, i * 37 % 91)).collect();
    let model = |n: &str| {
        format!(
            r#"{{{n}"n": 17549, "events": 1364, "terms": [{{"term": "age", "coef": 0.1, "se": 0.01}}]}}"#
        )
    };
    passes(&of("a.json", &model("")));
    refused(&of("a.json", &model(&format!("\"n\": [{}], ", rows.join(",")))), Rule::Payload);
    // The same deeper down, and by another spelling of the name.
    let deep = r#"{"n": 17549, "events": 1364, "terms": [{"term": "age", "coef": 47.31, "c\u006fef": 0.1, "se": 0.01}]}"#;
    refused(&of("a.json", deep), Rule::Payload);
}

#[test]
fn json_names_that_fall_together_hide_nothing() {
    for text in [
        r#"{"n/p": "47 M", "n": {"p": 0.5}, "events": 1364}"#,
        r#"[{"fit.coef": 47.31, "fit": {"coef": 0.1}, "term": "age", "se": 0.01}]"#,
    ] {
        let findings = of("a.json", text);
        assert_ne!(findings.verdict, Verdict::Pass, "{text}");
        assert!(
            rules(&findings).iter().any(|rule| matches!(rule, Rule::Payload | Rule::Unexplained)),
            "{text}: {:?}",
            rules(&findings)
        );
    }
}

#[test]
fn json_names_without_values_are_values() {
    let names: Vec<String> =
        (0..40).map(|i| format!("\"p{i} aged {} bmi {}\": {{}}", i + 20, i * 7 % 31)).collect();
    let text = format!(
        r#"{{"n": 17549, "events": 1364, {}, "terms": [{{"term": "age", "coef": 0.1, "se": 0.01}}]}}"#,
        names.join(", ")
    );
    held(&of("a.json", &text), Rule::Unexplained);
}

#[test]
fn what_json_passes_over_carries_nothing() {
    let terms: Vec<String> = (0..30)
        .map(|i| format!(r#"{{"term": "x{i}", "coef": 0.{}, "se": 0.01}}"#, 100 + i))
        .collect();
    let with = |between: &dyn Fn(usize) -> String| {
        let terms: Vec<String> =
            terms.iter().enumerate().map(|(i, term)| format!("{}{term}", between(i))).collect();
        format!(r#"{{"n": 17549, "events": 1364, "terms": [{}]}}"#, terms.join(","))
    };
    passes(&of("a.json", &with(&|_| String::new())));
    passes(&of("a.json", &with(&|_| "\n    ".to_owned())));
    // An age in the blanks before each term.
    refused(&of("a.json", &with(&|i| " ".repeat(20 + i * 7 % 60))), Rule::Payload);
    refused(&of("a.json", &with(&|i| format!("\n{}", " ".repeat(i * 7 % 60)))), Rule::Payload);
    // A number of which only the first seventeen digits are read.
    let digits = "1234567890".repeat(30);
    refused(
        &of("a.json", &with(&|_| String::new()).replace("0.129", &format!("0.129{digits}"))),
        Rule::Payload,
    );
}

#[test]
fn json_as_programs_write_it_is_no_payload() {
    for text in [
        "{\"n\":17549,\"events\":1364,\"terms\":[{\"term\":\"age\",\"coef\":0.09712345678901234,\"se\":0.0023},{\"term\":\"male\",\"coef\":0.330000,\"se\":0.0545}]}",
        "{\n  \"n\": 17549,\n  \"events\": 1364,\n  \"terms\": [\n    {\n      \"term\": \"age\",\n      \"coef\": 0.0971,\n      \"se\": 0.0023\n    },\n    {\n      \"term\": \"k\\u00f8nn\",\n      \"coef\": 0.33,\n      \"se\": 0.0545\n    }\n  ]\n}\n",
        "{\"n\": 17549, \"events\": 1364, \"terms\": [\n  {\"term\": \"age\", \"coef\": 0.097, \"se\": 0.0023},\n  {\"term\": \"male\", \"coef\": 0.330, \"se\": 0.0545}]}\n",
    ] {
        passes(&of("a.json", text));
    }
}

// ---- curves and models -----------------------------------------------------

/// A safe curve with other columns added to it.
fn curve(header: &str, cells: impl Fn(usize) -> String) -> String {
    let rows =
        ["0,15155,0,1", "730,13183,217,0.985", "1460,10030,191,0.969", "2190,8020,170,0.951"];
    let rows: Vec<String> =
        rows.iter().enumerate().map(|(i, row)| format!("{row}{}\n", cells(i))).collect();
    format!("time,n.risk,n.event,surv{header}\n{}", rows.concat())
}

#[test]
fn a_curve_hides_no_other_columns() {
    passes(&of("a.csv", &curve("", |_| String::new())));
    passes(&of(
        "a.csv",
        &curve(",std.err,lower,upper", |i| format!(",0.00{},0.9{},1", i + 1, 4 - i)),
    ));
    for (header, cells) in [
        (",n", (|i| format!(",{}", i + 1)) as fn(usize) -> String),
        (",mean_age", |i| format!(",{}.3", 47 + i * 3)),
        (",share_male", |i| format!(",{}", i % 2)),
        (",sum_cost", |i| format!(",{}", 1200 + i * 37)),
        (",p_value", |i| format!(",0.{}", 471 + i)),
        (",estimate", |i| format!(",{}", 47 + i)),
        (",observed", |i| format!(",{}", 9 + i * 7 % 5)),
        (",survival", |i| format!(",{}", 47 + i)),
        (",weeks", |i| format!(",{}", 47 + i)),
        (",age_sd", |i| format!(",{}.7", 47 + i)),
        (",se,sd,iqr,lower", |i| format!(",0.4{i},0.3{i},0.5{i},0.7{i}")),
    ] {
        held(&of("a.csv", &curve(header, cells)), Rule::Unexplained);
    }
}

#[test]
fn deaths_beside_a_curve_are_its_events() {
    let csv =
        "years,at_risk,deaths,survival\n1,14000,120,0.991\n2,13000,100,0.985\n3,11900,3,0.984\n";
    refused(&of("a.csv", csv), Rule::SurvivalStep);
    passes(&of("a.csv", &csv.replace(",3,0.984", ",90,0.978")));
}

#[test]
fn a_table_in_the_shape_of_a_curve_is_none() {
    let rows: Vec<String> = (1..=30).map(|i| format!("{i},10000,0,1,{i}\n")).collect();
    held(
        &of("a.csv", &format!("time,n.risk,n.event,surv,n\n{}", rows.concat())),
        Rule::Unexplained,
    );
    // Up and down: heights in per cent, in the order of a list of people.
    let rows: Vec<String> =
        (1..=30).map(|i| format!("{i},10000,0,{}\n", 40 + i * 37 % 50)).collect();
    held(&of("a.csv", &format!("time,n.risk,n.event,surv\n{}", rows.concat())), Rule::SurvivalStep);
    // Events said to be none while the curve falls.
    let csv = "time,n.risk,n.event,surv\n0,1000,0,1\n90,1000,0,0.998\n180,1000,0,0.9\n";
    refused(&of("a.csv", csv), Rule::SurvivalStep);
    // A curve for each person.
    let rows: Vec<String> =
        (1..=30).map(|i| format!("p{i},{},10000,0,1\n", 40 + i * 37 % 50)).collect();
    held(
        &of("a.csv", &format!("who,time,n.risk,n.event,surv\n{}", rows.concat())),
        Rule::SurvivalStep,
    );
}

#[test]
fn what_a_curve_withholds_is_not_taken_for_safe() {
    let csv = "time,n.risk,n.event,surv\n0,:,:,1\n90,:,:,0.99873\n180,:,:,0.99745\n";
    held(&of("a.csv", csv), Rule::Uncounted);
    let csv = "time,n.risk,n.event,surv\n0,1000,0,1\n,3,2,0.5\n180,800,90,0.9\n";
    held(&of("a.csv", csv), Rule::SurvivalStep);
}

#[test]
fn a_model_hides_no_other_columns() {
    let kind = Kind::Model { n: Some(1364), parameters: Some(3), residual_df: None };
    let model = |header: &str, one: &str, two: &str| {
        let csv = format!("term,coef,se{header}\nage,0.1,0.01{one}\nmale,0.3,0.05{two}\n");
        checked("a.csv", &csv, &kind, &context())
    };
    passes(&model("", "", ""));
    passes(&model(",p,lower,upper", ",0.01,0.08,0.12", ",0.02,0.2,0.4"));
    for (header, one, two) in [
        (",mean_age", ",47.3", ",51.2"),
        (",share_male", ",1", ",0"),
        (",sum_cost", ",1200", ",3400"),
        (",median_bmi", ",31.2", ",27.9"),
        (",a_sd,b_sd,c_sd,d_sd,e_sd,f_sd,g_sd", ",1,2,3,4,5,6,7", ",1,2,3,4,5,6,7"),
    ] {
        held(&model(header, one, two), Rule::Unexplained);
    }
}

#[test]
fn a_model_is_not_fitted_on_more_people_than_there_are() {
    let few = Context { people: Some(12), rows: Some(12), ..Context::default() };
    let csv = "term,coef,se\na,0.1,0.01\nb,0.3,0.05\nc,0.3,0.05\n";
    let kind = |n, residual_df| Kind::Model { n, parameters: Some(3), residual_df };
    refused(&checked("a.csv", csv, &kind(Some(5000), None), &few), Rule::ResidualFreedom);
    refused(&checked("a.csv", csv, &kind(None, Some(5000)), &few), Rule::ResidualFreedom);
    held(&checked("a.csv", csv, &kind(Some(500_000), None), &context()), Rule::Implausible);
    // Rows of measurements are more than people.
    passes(&checked("a.csv", csv, &kind(Some(300_000), None), &context()));
}

// ---- marks -----------------------------------------------------------------

#[test]
fn a_mark_that_tells_a_small_count_is_one() {
    let csv = "region,n\nnorth,500\nsouth,<2\neast,90\n";
    refused(&of("a.csv", csv), Rule::SmallCount);
    refused(&of("a.csv", &csv.replace("<2", "≤3")), Rule::SmallCount);
    passes(&of("a.csv", &csv.replace("<2", "<5")));
    // Nobody is nobody.
    passes(&of("a.csv", &csv.replace("<2", "<1")));
    let mended = mended(csv, &context()).expect("a mend");
    assert_eq!(String::from_utf8(mended.bytes).unwrap(), csv.replace("<2", ":"));
}

#[test]
fn a_mark_is_mended_with_what_hides_it() {
    let csv = "region,n\nnorth,500\nsouth,<3\neast,90\ntotal,592\n";
    let mended = mended(csv, &context()).expect("a mend");
    let text = String::from_utf8(mended.bytes).unwrap();
    assert_eq!(text, "region,n\nnorth,500\nsouth,:\neast,:\ntotal,592\n");
}

// ---- files that tell together what none tells alone ---------------------------

fn after(earlier: &[(&str, &str)]) -> Context {
    let earlier = earlier
        .iter()
        .enumerate()
        .map(|(at, (name, text))| Earlier {
            output: format!("output-000000000{at}").parse().unwrap(),
            name: (*name).to_owned(),
            kind: Kind::Unknown,
            bytes: text.as_bytes().to_vec(),
        })
        .collect();
    Context { earlier, ..context() }
}

const BY_SEX_AND_ILLNESS: &str =
    "sex,ill,n\nmen,no,5000\nmen,yes,:\nwomen,no,6000\nwomen,yes,700\n";
const BY_SEX: &str = "sex,n\nmen,5003\nwomen,6700\n";

#[test]
fn a_cell_withheld_here_is_not_left_over_from_a_sum_that_left_before() {
    passes(&of("a.csv", BY_SEX_AND_ILLNESS));
    passes(&of("a.csv", BY_SEX));
    let json = r#"[{"sex": "men", "n": 5003}, {"sex": "women", "n": 6700}]"#;
    let text =
        "The people by sex were\n\nsex n\nmen 5003\nwomen 6700\nothers 800\n\nas expected.\n";
    let wide = "sex,seen,unseen,total\nmen,4000,1003,5003\nwomen,6000,700,6700\n";
    let rows = "sex,age,n\nmen,young,1000\nmen,all,5003\nwomen,young,2000\nwomen,all,6700\n";
    for (name, earlier) in
        [("b.csv", BY_SEX), ("b.json", json), ("b.txt", text), ("b.csv", wide), ("b.csv", rows)]
    {
        let context = after(&[(name, earlier)]);
        let findings = checked("a.csv", BY_SEX_AND_ILLNESS, &Kind::Unknown, &context);
        refused(&findings, Rule::Recoverable);
    }
}

#[test]
fn a_sum_does_not_give_away_a_cell_withheld_before() {
    for (name, earlier) in [
        ("b.csv", BY_SEX_AND_ILLNESS),
        (
            "b.json",
            r#"[{"sex":"men","ill":"no","n":5000},{"sex":"men","ill":"yes","n":null},{"sex":"women","ill":"no","n":6000},{"sex":"women","ill":"yes","n":700}]"#,
        ),
    ] {
        let context = after(&[(name, earlier)]);
        refused(&checked("a.csv", BY_SEX, &Kind::Unknown, &context), Rule::Differencing);
    }
}

#[test]
fn the_mend_knows_the_sums_that_left_before() {
    let csv = "sex,ill,n\nmen,no,5000\nmen,yes,3\nwomen,no,6000\nwomen,yes,700\n";
    let alone = mended(csv, &context()).expect("a mend");
    assert_eq!(alone.changes.withheld.len(), 1);
    let context = after(&[("b.csv", BY_SEX)]);
    let beside = mended(csv, &context).expect("a mend");
    assert_eq!(
        String::from_utf8(beside.bytes).unwrap(),
        "sex,ill,n\nmen,no,:\nmen,yes,:\nwomen,no,6000\nwomen,yes,700\n"
    );
    // And in both directions at once.
    let context = after(&[("b.csv", BY_SEX), ("c.csv", "ill,n\nno,11000\nyes,703\n")]);
    let beside = mended(csv, &context).expect("a mend");
    assert_eq!(beside.changes.withheld.len(), 4);
}

#[test]
fn a_sum_of_other_people_is_no_sum_of_these() {
    let others = "sex,n\nmen,9100\nwomen,8449\n";
    let csv = "sex,ill,n\nmen,no,5000\nmen,yes,:\nwomen,no,6000\nwomen,yes,700\n";
    let context = after(&[("b.csv", others)]);
    passes(&checked("a.csv", csv, &Kind::Unknown, &context));
}

#[test]
fn the_same_file_as_json_is_held_against_what_left() {
    let json = r#"[{"region":"a","n":50},{"region":"b","n":60},{"region":"c","n":70}]"#;
    let context = after(&[("b.json", json)]);
    let csv = "region,n\na,50\nb,58\nc,70\n";
    refused(&checked("a.csv", csv, &Kind::Unknown, &context), Rule::Differencing);
}

// ---- contributions ------------------------------------------------------------

fn costs(told: &[(&str, &[f64], Option<f64>)]) -> Findings {
    let kind = Kind::MagnitudeTable {
        dimensions: vec!["region".into()],
        value: "cost".into(),
        count: "n".into(),
        contributions: told
            .iter()
            .map(|(cell, largest, total)| Contributions {
                cell: vec![(*cell).to_owned()],
                largest: largest.to_vec(),
                total: *total,
            })
            .collect(),
    };
    let csv = "region,n,cost\nnorth,12,110000\nsouth,40,900000\n";
    checked("a.csv", csv, &kind, &context())
}

#[test]
fn contributions_told_of_one_cell_say_nothing_of_the_others() {
    let north: &[f64] = &[20_000.0, 15_000.0];
    let south: &[f64] = &[60_000.0, 50_000.0];
    passes(&costs(&[("north", north, None), ("south", south, None)]));
    held(&costs(&[("north", north, None)]), Rule::Dominance);
    held(&costs(&[("north", north, None), ("south", &[], None)]), Rule::Dominance);
    held(&costs(&[("north", north, None), ("south", &[60_000.0], None)]), Rule::Dominance);
}

#[test]
fn contributions_that_cannot_make_up_the_total_are_not_believed() {
    // Nobody holds more than two, and forty hold 900 000.
    held(
        &costs(&[("north", &[20_000.0, 15_000.0], None), ("south", &[2.0, 2.0], None)]),
        Rule::Dominance,
    );
    // The total that is said does not count against the one that is shown.
    let north: (&str, &[f64], _) = ("north", &[52_000.0, 50_000.0], Some(9_000_000.0));
    refused(&costs(&[north, ("south", &[60_000.0, 50_000.0], None)]), Rule::Dominance);
}

// ---- the way a table is written -------------------------------------------------

#[test]
fn how_a_table_is_written_carries_nothing() {
    let table = |row: &dyn Fn(usize) -> String, end: &str| {
        let rows: Vec<String> = (0..30).map(row).collect();
        format!("group,n,mean_x{end}{}{end}", rows.join(end))
    };
    let bit = |i: usize| (i * 37 + i / 3).is_multiple_of(2);
    let plain = |i: usize| format!("g{i},{},{}.{}", 50 + i, 30 + i, 1 + i % 9);
    passes(&of("a.csv", &table(&plain, "\n")));
    passes(&of("a.csv", &table(&plain, "\r\n")));
    passes(&of(
        "a.csv",
        &table(&|i| format!("\"g{i}\",{},{}.{}", 50 + i, 30 + i, 1 + i % 9), "\n"),
    ));
    let either = |yes: String, no: String, i: usize| if bit(i) { yes } else { no };
    let tricks: Vec<(&str, String)> = vec![
        ("quotes", table(&|i| either(plain(i), format!("\"g{i}\",{},31.1", 50 + i), i), "\n")),
        (
            "quoted numbers",
            table(&|i| either(plain(i), format!("g{i},\"{}\",31.1", 50 + i), i), "\n"),
        ),
        ("blanks before", table(&|i| either(plain(i), format!("g{i}, {},31.1", 50 + i), i), "\n")),
        ("blanks", table(&|i| format!("g{i},{}{},31.1", " ".repeat(i * 7 % 13), 50 + i), "\n")),
        ("blanks after", table(&|i| either(plain(i), format!("g{i},{} ,31.1", 50 + i), i), "\n")),
        ("empty lines", table(&|i| either(plain(i), format!("{}\n", plain(i)), i), "\n")),
        ("line ends", table(&|i| either(plain(i), format!("{}\r", plain(i)), i), "\n")),
        ("zeros before", table(&|i| either(plain(i), format!("g{i},0{},31.1", 50 + i), i), "\n")),
        ("zeros after", table(&|i| either(plain(i), format!("g{i},{},31.10", 50 + i), i), "\n")),
        ("signs", table(&|i| either(plain(i), format!("g{i},+{},31.1", 50 + i), i), "\n")),
        ("powers", table(&|i| either(plain(i), format!("g{i},{},3.11e1", 50 + i), i), "\n")),
        (
            "counts with decimals",
            table(&|i| either(plain(i), format!("g{i},{}.0,31.1", 50 + i), i), "\n"),
        ),
    ];
    for (trick, text) in tricks {
        let findings = of("a.csv", &text);
        assert_ne!(findings.verdict, Verdict::Pass, "{trick}");
        assert!(rules(&findings).contains(&Rule::HiddenText), "{trick}: {:?}", rules(&findings));
    }
}

#[test]
fn blanks_between_printed_columns_carry_nothing() {
    let table = |gap: &dyn Fn(usize) -> usize| {
        let rows: Vec<String> =
            (0..30).map(|i| format!("g{i:02}{}{}", " ".repeat(gap(i)), 50 + i)).collect();
        format!("group  n\n{}\n", rows.join("\n"))
    };
    passes(&of("a.tsv", &table(&|_| 3)));
    held(&of("a.tsv", &table(&|i| 1 + i * 7 % 60)), Rule::HiddenText);
}

#[test]
fn labels_and_names_have_an_end() {
    let words = ["seven", "forty", "male", "smoker", "died", "north", "early", "twice"];
    let label = |i: usize| {
        (0..20).map(|k| words[(i * 5 + k * 3 + i * k) % 8]).collect::<Vec<_>>().join(" ")
    };
    let rows: Vec<String> = (0..60).map(|i| format!("{} {i},{}", label(i), 50 + i)).collect();
    held(&of("a.csv", &format!("group,n\n{}\n", rows.join("\n"))), Rule::Payload);
    let names: Vec<String> = (0..50).map(|i| format!("n {}", label(i))).collect();
    let row: Vec<String> = (0..50).map(|i| (50 + i).to_string()).collect();
    let csv = format!("sex,{}\nmen,{}\nwomen,{}\n", names.join(","), row.join(","), row.join(","));
    held(&of("a.csv", &csv), Rule::Payload);
}

#[test]
fn numbers_of_thirty_digits_count_nobody() {
    let rows: Vec<String> =
        (0..15).map(|i| format!("g{i},{}", 471_352_081_000_000_000_000_i128 + i * 7_919)).collect();
    let findings = checked(
        "a.csv",
        &format!("group,n\n{}\n", rows.join("\n")),
        &Kind::Unknown,
        &Context::default(),
    );
    assert_ne!(findings.verdict, Verdict::Pass);
}
