//! Rows that break the contract are kept aside, whole, with the reason; all
//! others are kept.

use crate::support::{
    Desk, POPULATION, Taken, id, laboratory, laboratory_rows, population, read_reasons,
};

/// Imports `bad` between two good rows and says what was kept aside.
#[track_caller]
fn aside(bad: &str, column: Option<&str>, reason: &str) -> Taken {
    let desk = laboratory();
    let taken = desk
        .import_bytes(laboratory_rows(&[
            format!("{},2020-01-02,hdl,50,", id(1)),
            bad.to_owned(),
            format!("{},2020-01-02,hdl,51,", id(2)),
        ]))
        .unwrap_or_else(|refusal| panic!("{bad:?}: {refusal}"));
    taken.adds_up();
    assert_eq!(taken.aside(), [(2, column, reason)], "{bad:?}");
    assert_eq!(taken.report.rows_kept, 2);
    assert_eq!(taken.quarantine[0].bytes, bad, "the row is kept whole");
    assert_eq!(taken.quarantine[0].line, 3);
    assert_eq!(taken.reasons[0].row, 2);
    taken
}

#[test]
fn values_that_are_not_what_they_should_be() {
    let who = id(3);
    for date in ["42", "43831", "2020-02-30", "02.01.2020", "2020-1-2", "yesterday"] {
        aside(&format!("{who},{date},hdl,1,"), Some("date"), "date");
    }
    aside(&format!("{who},2020-01-02,hdl,high,"), Some("value"), "decimal");
    aside(&format!("{who},2020-01-02,hdl,NaN,"), Some("value"), "decimal");
    aside(&format!("{who},2020-01-02,hdl,-1,"), Some("value"), "below-min");
    aside(&format!("{who},2020-01-02,hdl,1000.5,"), Some("value"), "above-max");
    aside(&format!("{who},2020-01-02,alt,1,"), Some("test"), "not-allowed");
    aside(&format!("{who},,hdl,1,"), Some("date"), "missing");
    aside(&format!("{who},NA,hdl,1,"), Some("date"), "missing");
    aside(",2020-01-02,hdl,1,", Some("id"), "missing");
}

#[test]
fn a_day_that_has_not_come_or_was_too_long_ago() {
    let who = id(3);
    aside(&format!("{who},2024-06-03,hdl,1,"), Some("date"), "future-date");
    aside(&format!("{who},2099-01-01,hdl,1,"), Some("date"), "future-date");
    aside(&format!("{who},1869-12-31,hdl,1,"), Some("date"), "early-date");
    // It is noon in Greenwich on 1 June 2024; on Kiritimati it is 2 June.
    let desk = laboratory();
    let taken = desk.import_bytes(laboratory_rows(&[
        format!("{who},2024-06-02,hdl,1,"),
        format!("{who},1870-01-01,hdl,1,"),
    ]));
    assert_eq!(taken.unwrap().report.rows_kept, 2);
}

#[test]
fn an_identity_number_that_fails_its_check_says_which() {
    let good = id(3);
    let last = good.as_bytes()[10] - b'0';
    let spoilt = format!("{}{}", &good[..10], (last + 1) % 10);
    let cases = [
        (spoilt.as_str(), "check digit 2"),
        ("14815734506", "check digit 1"),
        ("32915730050", "are not a date"),
        ("1234567890", "11 digits"),
        ("1234567890x", "character 11"),
        ("åååååååååål", "character 1"),
    ];
    for (bad, why) in cases {
        let taken = aside(&format!("{bad},2020-01-02,hdl,1,"), Some("id"), "national-id");
        let told = &taken.reasons[0].faults[0].why;
        assert!(told.contains(why), "{told}");
        assert!(!told.contains(bad));
    }
}

#[test]
fn a_name_as_long_as_a_book_is_the_rows_fault_and_not_the_deliverys() {
    let desk = Desk::new(POPULATION);
    let long = "x".repeat(source::MOST_IDENTITY_BYTES + 1);
    let taken = desk
        .import_bytes(population(&[
            format!("{};{long};1950-01-02;2000-01-01;1;true", id(1)),
            format!("{};{};1950-01-03;2000-01-01;1;true", id(2), &long[1..]),
        ]))
        .unwrap();
    taken.adds_up();
    assert_eq!(taken.aside(), [(1, Some("name"), "too-large")]);
}

#[test]
fn a_line_that_was_cut_short_or_grew() {
    aside(&format!("{},2020-01", id(3)), None, "field-count");
    aside(&format!("{},2020-01-02,hdl,1,,", id(3)), None, "field-count");
    aside("x", None, "field-count");
}

#[test]
fn a_quote_that_is_never_closed_takes_no_other_row_with_it() {
    aside(&format!("{},2020-01-02,hdl,1,\"never closed", id(3)), None, "quote");
    aside(&format!("{},2020-01-02,hdl,1,\"closed\" early", id(3)), None, "quote");
    let desk = laboratory();
    let rows: Vec<String> = (0..5000)
        .map(|n| match n {
            40 => format!("{},2020-01-02,hdl,1,\"open", id(n)),
            41 => format!("{},2020-01-02,\"hdl\",1,", id(n)),
            _ => format!("{},2020-01-02,hdl,1,", id(n)),
        })
        .collect();
    let taken = desk.import_bytes(laboratory_rows(&rows)).unwrap();
    taken.adds_up();
    assert_eq!(taken.aside(), [(41, None, "quote")]);
}

#[test]
fn text_that_a_spreadsheet_would_run() {
    for text in ["=1+1", "=cmd|' /C calc'!A0", "@SUM(1)", "+cmd|x", "-2+3+cmd", "\t=1"] {
        let bad = format!("{},2020-01-02,hdl,1,{text}", id(3));
        aside(&bad, Some("comment"), "formula");
    }
    let desk = laboratory();
    let rows: Vec<String> = ["-", "+", "-1.5", "+47 ", "1-2", "a=b"]
        .iter()
        .enumerate()
        .map(|(n, text)| format!("{},2020-01-02,hdl,1,{text}", id(n)))
        .collect();
    let taken = desk.import_bytes(laboratory_rows(&rows)).unwrap();
    assert_eq!(taken.report.rows_kept, 6, "{:?}", taken.aside());
}

#[test]
fn a_name_that_a_spreadsheet_would_run() {
    let desk = Desk::new(POPULATION);
    let taken = desk
        .import_bytes(population(&[
            format!("{};=cmd|' /C calc'!A0;1950-01-02;2000-01-01;1;true", id(1)),
            format!("{};Kari;1950-01-03;2000-01-01;1;true", id(2)),
        ]))
        .unwrap();
    taken.adds_up();
    assert_eq!(taken.aside(), [(1, Some("name"), "formula")]);
}

#[test]
fn bytes_that_are_no_text() {
    let desk = laboratory();
    let mut bytes = laboratory_rows(&[format!("{},2020-01-02,hdl,1,fine", id(1))]).into_bytes();
    bytes.extend(format!("{},2020-01-02,hdl,1,bl", id(2)).bytes());
    bytes.extend(b"\xe5\n");
    bytes.extend(format!("{},2020-01-02,hdl,1,a\0b\n", id(3)).bytes());
    let taken = desk.import_bytes(bytes).unwrap();
    taken.adds_up();
    assert_eq!(taken.aside(), [(2, Some("comment"), "encoding"), (3, Some("comment"), "encoding")]);
    let why = &taken.reasons[0].faults[0].why;
    assert!(why.contains("byte 3") && why.contains("Latin-1"), "{why}");
}

#[test]
fn the_same_key_twice() {
    let desk = laboratory();
    let row = |n: usize, value: u32| format!("{},2020-01-02,hdl,{value},", id(n));
    let taken = desk
        .import_bytes(laboratory_rows(&[
            row(1, 50),
            row(2, 60),
            row(1, 51), // contradicts row 1
            row(2, 60), // repeats row 2
            row(3, 70),
            row(3, 70),
            row(3, 71), // contradicts both
            row(4, 80),
        ]))
        .unwrap();
    taken.adds_up();
    assert_eq!(
        taken.aside(),
        [
            (1, None, "duplicate-key"),
            (3, None, "duplicate-key"),
            (4, None, "repeated"),
            (5, None, "duplicate-key"),
            (6, None, "duplicate-key"),
            (7, None, "duplicate-key"),
        ]
    );
    assert_eq!(taken.content.rows, {
        let mut rows = [1, 7];
        rows.sort_by_key(|row| {
            taken.content.subjects[taken.content.rows.iter().position(|r| r == row).unwrap()]
        });
        rows
    });
    // Persons 1 and 3 have no row left: the vault is told.
    assert_eq!(taken.withdrawn.len(), 2);
    let repeated = taken.quarantine.iter().find(|aside| aside.row == 4).unwrap();
    assert_eq!(repeated.bytes, row(2, 60));
    assert_eq!(repeated.line, 5);
}

#[test]
fn a_key_with_a_missing_value_is_a_key() {
    let contract = crate::support::LABORATORY.replace(
        "name = \"date\"\ntype = \"date\"\nrequired = true",
        "name = \"date\"\ntype = \"date\"",
    );
    let desk = Desk::new(&contract);
    let row = format!("{},,hdl,1,", id(1));
    let taken = desk.import_bytes(laboratory_rows(&[row.clone(), row])).unwrap();
    assert_eq!(taken.aside(), [(2, None, "repeated")]);
}

#[test]
fn without_a_key_rows_may_repeat() {
    let contract =
        crate::support::LABORATORY.replace("key = [\"id\", \"date\", \"test\"]", "key = []");
    let desk = Desk::new(&contract);
    let row = format!("{},2020-01-02,hdl,1,", id(1));
    let taken = desk.import_bytes(laboratory_rows(&[row.clone(), row])).unwrap();
    taken.adds_up();
    assert_eq!(taken.report.rows_kept, 2);
}

#[test]
fn two_people_with_one_number() {
    let desk = Desk::new(POPULATION);
    let row =
        |n: usize, name: &str, born: &str| format!("{};{name};{born};2000-01-01;1;true", id(n));
    let taken = desk
        .import_bytes(population(&[
            row(1, "First", "1950-01-02"),
            row(2, "Second", "1950-01-03"),
            row(1, "Another", "1950-01-02"), // other name
            row(3, "Third", "1950-01-04"),
            row(3, "Third", "1961-07-07"),  // other birth date
            row(2, "Second", "1950-01-03"), // the same again
        ]))
        .unwrap();
    taken.adds_up();
    assert_eq!(
        taken.aside(),
        [
            (1, None, "two-people"),
            (3, None, "two-people"),
            (4, None, "two-people"),
            (5, None, "two-people"),
            (6, None, "repeated"),
        ]
    );
    assert_eq!(taken.report.persons, 1);
}

#[test]
fn years_cannot_run_backwards() {
    let desk = Desk::new(POPULATION);
    let taken = desk
        .import_bytes(population(&[
            format!("{};A;1950-01-02;1940-01-01;1;true", id(1)),
            format!("{};B;1950-01-03;2000-01-01;x;maybe", id(2)),
            format!("{};C;1950-01-03;2000-01-01;;", id(3)),
        ]))
        .unwrap();
    taken.adds_up();
    assert_eq!(
        taken.aside(),
        [
            (1, Some("age"), "order"),
            (2, Some("alive"), "boolean"),
            (2, Some("children"), "integer")
        ]
    );
    assert_eq!(taken.report.reasons[&source::Reason::Integer], 1);
}

#[test]
fn too_many_bad_rows_refuse_the_delivery_and_leave_the_list() {
    let desk = laboratory();
    let rows: Vec<String> = (0..3000)
        .map(|n| format!("{},{},hdl,1,", id(n), if n % 15 == 0 { "soon" } else { "2020-01-02" }))
        .collect();
    let told = desk.refusal("delivery.csv", laboratory_rows(&rows));
    assert!(told.contains("200 of 3000 rows"), "{told}");
    assert!(told.contains("row 1, column `date`: is no date"), "{told}");
    assert_eq!(read_reasons(&desk.reasons_path()).len(), 200);
    // A hundred are always allowed, and five in a hundred.
    let fewer: Vec<String> = rows.iter().take(1500).cloned().collect();
    assert_eq!(desk.import_bytes(laboratory_rows(&fewer)).unwrap().report.rows_quarantined, 100);
    let diluted: Vec<String> = rows
        .iter()
        .cloned()
        .chain((3000..5000).map(|n| format!("{},2020-01-02,hdl,1,", id(n))))
        .collect();
    assert_eq!(desk.import_bytes(laboratory_rows(&diluted)).unwrap().report.rows_quarantined, 200);
}

#[test]
fn too_many_contradictions_refuse_the_delivery_too() {
    let desk = laboratory();
    let rows: Vec<String> = (0..1000)
        .flat_map(|n| [1, 2].map(|value| format!("{},2020-01-02,hdl,{value},", id(n))))
        .collect();
    let told = desk.refusal("delivery.csv", laboratory_rows(&rows));
    assert!(told.contains("of 2000 rows") && told.contains("same key"), "{told}");
    // The list has the rows that contradict each other, found after all were read.
    let listed = read_reasons(&desk.reasons_path());
    assert!(listed.len() > 100, "{}", listed.len());
    assert!(listed.iter().all(|line| line.faults[0].reason == source::Reason::DuplicateKey));
    let (first, all) = source::read_reasons(&desk.reasons_path(), 20).unwrap();
    assert_eq!((first.as_slice(), all), (&listed[..20], listed.len() as u64));
}

#[test]
fn a_refusal_tells_its_first_reasons_by_row_column_and_why() {
    let desk = laboratory();
    let rows: Vec<String> = (0..500).map(|n| format!("{},soon,hdl,1,", id(n))).collect();
    let file = desk.file("delivery.csv", laboratory_rows(&rows));
    let Err(refusal) = desk.import(&[file]) else { panic!("taken") };
    let first = refusal.first_reasons();
    assert_eq!(first.len(), source::FIRST_REASONS);
    assert_eq!(
        first[1].to_string(),
        "`delivery.csv`, row 2: column `date` is no date: write YYYY-MM-DD"
    );
    assert_eq!(first, &read_reasons(&desk.reasons_path())[..20]);
}

#[test]
fn a_file_that_is_no_good_at_all_is_given_up_early() {
    let desk = laboratory();
    let rows: Vec<String> = (0..400_000).map(|_| "not,a,row,at,all".to_owned()).collect();
    let told = desk.refusal("delivery.csv", laboratory_rows(&rows));
    let read: u64 = told.split(" of ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((10_000..350_000).contains(&read), "{told}");
}

#[test]
fn no_reason_and_no_debug_holds_a_value() {
    let desk = Desk::new(POPULATION);
    let secret = "Ystensen";
    let taken = desk
        .import_bytes(population(&[
            format!("{};{secret};1950-01-02;1940-01-01;1;true", id(1)),
            format!("{};{secret};1950-01-03;2000-13-01;1;true", id(2)),
            format!("{};{secret};1950-01-04;2000-01-01;1;true", id(3)),
        ]))
        .unwrap();
    let told = format!(
        "{:?} {:?} {}",
        taken.identities,
        taken.report,
        serde_json::to_string(&taken.reasons).unwrap()
    );
    for value in [secret, "1950-01", &id(1), &id(2), &id(3)] {
        assert!(!told.contains(value), "`{value}` is told: {told}");
    }
}
