//! Made-up people, and deliveries about them.

use std::fmt::Write as _;

use model::{Date, NationalId};

/// A laboratory that delivers names with its values.
pub(crate) const LABORATORY: &str = r#"
version = 1
source = "laboratory"
title = "Laboratory"
holder = "hospital"
update = "weekly"
smallest-count = 5
time = "date"
key = ["id", "date", "test"]

[quarantine]
rows = 20
share = 0.0

[file]
format = "csv"

[[column]]
name = "id"
type = "text"
identifies = "national-id"
required = true

[[column]]
name = "name"
type = "text"
identifies = "name"

[[column]]
name = "date"
type = "date"
required = true

[[column]]
name = "test"
type = "code"
required = true
[column.allowed]
hdl = "HDL cholesterol"
ldl = "LDL cholesterol"

[[column]]
name = "value"
type = "decimal"
min = 0
max = 1000

[[column]]
name = "comment"
type = "text"
"#;

pub(crate) const HEADER: &str = "id,name,date,test,value,comment";

/// The number of the `n`th made-up person, born on a day that it states.
pub(crate) fn id(n: usize) -> String {
    let born = Date::constant(1950, 1, 1)
        .saturating_add(jiff::Span::new().days(i64::try_from(n % 15_000).unwrap()));
    let start = n / 15_000 * 90;
    let id = (start..)
        .find_map(|individual| NationalId::synthetic(born, u16::try_from(individual).unwrap()))
        .unwrap();
    String::from_utf8(id.reveal().to_vec()).unwrap()
}

/// A delivery of one value for each of `people`.
pub(crate) fn values(people: usize) -> String {
    let mut text = format!("{HEADER}\n");
    for n in 0..people {
        writeln!(text, "{},Kari Prøve {n},2020-01-02,hdl,{},", id(n), n % 100).unwrap();
    }
    text
}

/// A delivery of 20 good rows, then these.
pub(crate) fn with_rows(rows: &[&str]) -> String {
    let mut text = values(20);
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    text
}
