//! What `helserom link evaluate` refuses, and with what words; and what it bounds.

use crate::link::{Files, HEADER, SPEC, csv, number, people};
use crate::place::text;

/// A spec of which this is told, at this line.
#[track_caller]
fn wrong_spec(spec: &str, line: usize, words: &[&str]) {
    let files = Files::new(spec);
    let file = files.place.file("people.csv", csv(&people(5, 2)));
    let said = files.evaluate(&[text(&file)]);
    let told = said.only_line(2);
    assert!(told.contains(&format!("spec.toml`, line {line}, column ")), "{told}");
    for word in words {
        assert!(told.contains(word), "no `{word}` in: {told}");
    }
}

#[test]
fn what_is_wrong_with_a_spec_is_told_where_it_stands() {
    let with = |from: &str, to: &str| {
        assert!(SPEC.contains(from), "{from}");
        SPEC.replacen(from, to, 1)
    };
    wrong_spec("id = ", 1, &["column 6"]);
    wrong_spec(&with("id = \"id\"", ""), 1, &["`id` is missing"]);
    wrong_spec(&with("id = \"id\"", "id = 7"), 2, &["`id`", "must be a text"]);
    wrong_spec(
        &with("\"born\"\nkind = \"date\"", "\"born\"\nkind = \"birthday\""),
        10,
        &["`comparison[2].kind`", "no kind is called `birthday`", "person-name"],
    );
    wrong_spec(&with("[\"given\", \"surname\"]\nkind", "[\"given\"]\nkind"), 4, &["two columns"]);
    wrong_spec(
        &with("kind = \"date\"", "kind = \"date\"\nweight = 3"),
        11,
        &["no field `weight`", "`term-frequency`"],
    );
    wrong_spec(&with("kind = \"date\"", "kind = \"date\"\nlevels = [1]"), 11, &["are fixed"]);
    wrong_spec(
        &with("kind = \"person-name\"", "kind = \"person-name\"\nlevels = [0.7, 0.9]"),
        7,
        &["`comparison[1].levels`", "strictest first"],
    );
    wrong_spec(
        &with("kind = \"person-name\"", "kind = \"person-name\"\nseparator = \";\""),
        7,
        &["`comparison[1].separator`", "single values"],
    );
    wrong_spec(
        &with("kind = \"postcode\"", "kind = \"postcode\"\nseparator = \";;\""),
        15,
        &["`comparison[3].separator`", "one character"],
    );
    wrong_spec(&with("prefix = 2", "prefix = 0"), 17, &["1 or more"]);
    wrong_spec(&with("part = \"year\"", "part = \"week\""), 26, &["\"month\""]);
    wrong_spec(
        &with("swapped = [\"given\", \"surname\"]", "swapped = [\"given\"]"),
        23,
        &["two columns"],
    );
    wrong_spec(&with("on = [\"born\"]", "on = []"), 19, &["what must agree"]);
    wrong_spec(
        &with("column = \"born\"\n", "column = \"birth\"\n"),
        9,
        &["has no column `birth`", "`given`, `surname`, `born`"],
    );
    wrong_spec("id = \"id\"\n", 1, &["there is no comparison", "[[comparison]]"]);
    let many: String = "{ column = \"born\", kind = \"exact\" },".repeat(17);
    let many = format!("id = \"id\"\nblock = [\"born\"]\ncomparison = [{many}]");
    wrong_spec(&many, 3, &["more than 16 comparisons"]);
}

/// A file that is refused with these words.
#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, words: &[&str]) {
    let files = Files::new(SPEC);
    let file = files.place.file("people.csv", bytes);
    let said = files.evaluate(&[text(&file)]);
    let told = said.only_line(1);
    for word in words {
        assert!(told.contains(word), "no `{word}` in: {told}");
    }
}

#[test]
fn a_file_that_cannot_be_linked_is_refused_with_the_reason() {
    refused("", &["people.csv` is empty"]);
    refused(format!("{HEADER}\n"), &["has no rows"]);
    refused(
        format!("{HEADER}\n1,a,b,,,1\n2,a,b,,,1\n1,c,d,,,1\n"),
        &["1 rows have an id in column `id` that another row has", "the rows 1 and 3"],
    );
    refused(format!("{HEADER}\n1,a,b,,,1\n ,a,b,,,1\n"), &["row 2", "column `id`"]);
    refused(format!("{HEADER}\n1,a,b,,,1\n2,a\n"), &["line 3: 2 fields", "has 6"]);
    refused("PAR1 and nothing more", &["cannot be read"]);
    // The rest of the file is not one field.
    let rows = "2,a,b,,,1\n".repeat(60);
    refused(format!("{HEADER}\n1,a,b,,,\"1\n{rows}"), &["line 2", "a quote is not closed"]);
    let mut latin = format!("{HEADER}\n1,a,b,,,1\n2,").into_bytes();
    latin.extend(b"bj\xf8rn,b,,,1\n");
    refused(&latin, &["line 3: not UTF-8", "encoding is \"latin-1\""]);
    for (start, why) in [
        (&b"\x1f\x8b\x08\0"[..], "compressed (gzip): unpack it first"),
        (b"PK\x03\x04", "an archive or a spreadsheet: save it as CSV"),
        (b"\xff\xfei\0d\0,\0", "in UTF-16: save it in UTF-8"),
    ] {
        refused(start, &["people.csv` is", why]);
    }
}

#[test]
fn a_missing_file_or_column_is_wrong_usage() {
    let files = Files::new(SPEC);
    let file = files.place.file("people.csv", csv(&people(5, 2)));
    let said = files.evaluate(&["nowhere.csv"]);
    assert!(said.only_line(2).contains("`nowhere.csv` cannot be opened"), "{said:?}");
    let said = files.evaluate(&[text(&file), "--truth", "who"]);
    assert!(said.only_line(2).contains("no column `who`"), "{said:?}");
    let one_to_one = Files::new(&format!("one-to-one = true\n{SPEC}"));
    let said = one_to_one.evaluate(&[text(&file)]);
    assert!(said.only_line(2).contains("a second is missing"), "{said:?}");
}

#[test]
fn ten_thousand_people_born_on_one_day_are_bounded_and_told() {
    let spec = SPEC.replace("id = \"id\"", "id = \"id\"\nmost-pairs-in-a-block = 200000");
    let files = Files::new(&spec);
    let mut rows = people(5000, 2);
    for row in &mut rows {
        row[2] = "1900-01-01".to_owned();
    }
    let file = files.place.file("people.csv", csv(&rows));
    let told = files.told(&[text(&file), "--truth", "person"]);
    let narrowed = told["narrowed"].as_array().unwrap();
    let born = narrowed.iter().find(|block| block["rule"] == "born").unwrap();
    assert_eq!(born["rows"], 10_000);
    assert_eq!(born["pairs"], 10_000 * 9_999 / 2);
    assert!(number(&told["pairs"]) < 1_500_000.0, "{}", told["pairs"]);
    assert!(number(&told["at"]["0.5"]["clustered"]["f1"]) > 0.9, "{}", told["at"]);
    let said = files.evaluate(&[text(&file)]);
    assert!(said.out.contains("too large a block of"), "{said:?}");
}

#[test]
fn files_of_empty_names_end_well() {
    let files = Files::new(SPEC);
    let mut rows = people(50, 2);
    for row in &mut rows {
        row[0].clear();
        row[1].clear();
    }
    let file = files.place.file("people.csv", csv(&rows));
    let told = files.told(&[text(&file), "--truth", "person"]);
    assert_eq!(told["rows"], 100);
    let out = files.place.path().join("out");
    let one = files.place.file("one.csv", format!("{HEADER}\n1,a,b,2000-01-01,0101,1\n"));
    let told = files.told(&[text(&one), "--truth", "person", "--out", text(&out)]);
    assert_eq!((&told["pairs"], &told["at"]["0.5"]["pairs"]["f1"]), (&0.into(), &0.0.into()));
    assert!(out.join("edges.parquet").exists());
}
