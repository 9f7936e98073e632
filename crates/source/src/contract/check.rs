//! Whether a contract holds together, beyond what its types say.

use std::collections::HashMap;

use model::{Sensitivity, ValueType};

use super::error::{Misfit, Step};
use super::{Column, Contract, Derivation, FileFormat, Identifies, VERSION, WithoutNumber};

/// More columns than this is a mistake, or an attack.
const MOST_COLUMNS: usize = 1000;

/// Names the lake and extracts keep for themselves.
const RESERVED: [&str; 2] = ["subject", "person"];

type Checked = Result<(), Misfit>;

fn misfit(path: Vec<Step>, why: impl Into<String>) -> Checked {
    Err(Misfit { path, why: why.into() })
}

/// The path of a field of the contract itself.
fn top(key: &'static str) -> Vec<Step> {
    vec![Step::Key(key)]
}

/// The path of a field of the `at`th table of a list.
fn field(list: &'static str, at: usize, key: &'static str) -> Vec<Step> {
    vec![Step::Key(list), Step::Place(at), Step::Key(key)]
}

pub(super) fn check(contract: &Contract) -> Checked {
    if contract.version != VERSION {
        return misfit(
            top("version"),
            format!("this program reads contracts of version {VERSION}, not {}", contract.version),
        );
    }
    if contract.title.is_empty() {
        return misfit(top("title"), "say what the source is called");
    }
    if contract.smallest_count == 0 {
        return misfit(top("smallest-count"), "must be at least 1");
    }
    let limit = contract.quarantine.share;
    if !(0.0..=1.0).contains(&limit) {
        return misfit(
            vec![Step::Key("quarantine"), Step::Key("share")],
            format!("`{limit}` is no share: write a number from 0 to 1"),
        );
    }
    file(contract)?;
    names(contract)?;
    for (at, column) in contract.columns.iter().enumerate() {
        values(at, column)?;
        identifies(at, column)?;
        evidence(at, column, contract)?;
    }
    one_identity(contract)?;
    without_number(contract)?;
    time_and_key(contract)?;
    derived(contract)?;
    if contract.content_columns().next().is_none() {
        return misfit(top("column"), "every column identifies: nothing would reach the lake");
    }
    Ok(())
}

fn file(contract: &Contract) -> Checked {
    let FileFormat::Csv { delimiter, missing, .. } = &contract.file else { return Ok(()) };
    let fits = *delimiter == '\t'
        || (delimiter.is_ascii_punctuation() && !matches!(delimiter, '"' | '.' | '-' | '+' | '_'));
    if !fits {
        return misfit(
            vec![Step::Key("file"), Step::Key("delimiter")],
            format!("`{delimiter}` cannot separate fields: use `,`, `;`, `|` or a tab"),
        );
    }
    if missing.len() > 64 || missing.iter().any(|word| word.len() > 64) {
        return misfit(
            vec![Step::Key("file"), Step::Key("missing")],
            "at most 64 words of at most 64 bytes",
        );
    }
    Ok(())
}

/// Letters of any script, digits, `_`, `-` and `.`: what R, pandas and SQL read
/// after at most quoting, and what a Delta table may call a column.
fn is_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn names(contract: &Contract) -> Checked {
    let count = contract.columns.len();
    if !(1..=MOST_COLUMNS).contains(&count) {
        return misfit(top("column"), format!("there are {count}: have 1 to {MOST_COLUMNS}"));
    }
    let delivered = contract.columns.iter().enumerate().map(|(at, c)| ("column", at, &c.name));
    let derived = contract.derived.iter().enumerate().map(|(at, d)| ("derived", at, &d.name));
    // Table formats and databases tell names apart without regard to case.
    let mut seen: HashMap<String, &str> = HashMap::new();
    for (list, at, name) in delivered.chain(derived) {
        let path = field(list, at, "name");
        if !is_name(name) {
            return misfit(
                path,
                format!(
                    "`{}` is no column name: use at most 128 letters, digits, `_`, `-` and `.`, \
                     a letter first; `header` says what the file calls it",
                    name.escape_debug()
                ),
            );
        }
        let folded = name.to_lowercase();
        if RESERVED.contains(&folded.as_str()) {
            return misfit(path, format!("`{name}` is kept for the person: choose another name"));
        }
        if let Some(before) = seen.insert(folded, name) {
            return misfit(path, format!("`{name}` is there already, as `{before}`"));
        }
    }
    let mut headers: HashMap<&str, usize> = HashMap::new();
    for (at, column) in contract.columns.iter().enumerate() {
        if column.header().trim().is_empty() || column.header().contains(['\n', '\r', '\0']) {
            return misfit(field("column", at, "header"), "must be a text on one line");
        }
        if let Some(before) = headers.insert(column.header(), at) {
            return misfit(
                field("column", at, "header"),
                format!("column {} has the same header `{}`", before + 1, column.header()),
            );
        }
    }
    Ok(())
}

fn values(at: usize, column: &Column) -> Checked {
    let numeric = matches!(column.value_type, ValueType::Integer | ValueType::Decimal);
    if column.unit.is_some() && !numeric {
        return misfit(field("column", at, "unit"), "only numbers have a unit");
    }
    if column.not_before.is_some() && column.value_type != ValueType::Date {
        return misfit(field("column", at, "not-before"), "only dates have an earliest day");
    }
    for (key, bound) in [("min", column.min), ("max", column.max)] {
        match bound {
            Some(_) if !numeric => {
                return misfit(field("column", at, key), "only numbers have bounds");
            }
            Some(bound) if !bound.is_finite() => {
                return misfit(field("column", at, key), "must be a finite number");
            }
            _ => {}
        }
    }
    if let (Some(min), Some(max)) = (column.min, column.max)
        && min > max
    {
        return misfit(
            field("column", at, "max"),
            format!("is smaller than `min`, which is {min}"),
        );
    }
    if column.allowed.is_empty() {
        return Ok(());
    }
    let allowed = |word: &str| {
        vec![
            Step::Key("column"),
            Step::Place(at),
            Step::Key("allowed"),
            Step::Entry(word.to_owned()),
        ]
    };
    match column.value_type {
        ValueType::Text | ValueType::Code => Ok(()),
        ValueType::Integer => {
            match column.allowed.keys().find(|word| word.parse::<i64>().is_err()) {
                Some(word) => misfit(allowed(word), format!("`{word}` is no whole number")),
                None => Ok(()),
            }
        }
        ValueType::Decimal | ValueType::Date | ValueType::Boolean => misfit(
            field("column", at, "allowed"),
            "only codes, texts and whole numbers have a list of allowed values",
        ),
    }
}

fn identifies(at: usize, column: &Column) -> Checked {
    if !column.issued_by.is_norway() && column.identifies != Some(Identifies::NationalId) {
        return misfit(
            field("column", at, "issued-by"),
            "only a column of national identity numbers is issued by a country: it must say \
             `identifies = \"national-id\"`",
        );
    }
    let Some(identifies) = column.identifies else {
        if column.sensitivity == Sensitivity::Direct {
            return misfit(
                field("column", at, "sensitivity"),
                "a column that names people must say what it `identifies`, so that it goes to the vault",
            );
        }
        return Ok(());
    };
    let (fits, want) = match identifies {
        Identifies::BirthDate => (column.value_type == ValueType::Date, "date"),
        Identifies::NationalId | Identifies::LocalId => {
            (matches!(column.value_type, ValueType::Text | ValueType::Code), "text")
        }
        Identifies::Name | Identifies::GivenName | Identifies::Surname | Identifies::Contact => {
            (column.value_type == ValueType::Text, "text")
        }
    };
    if !fits {
        return misfit(
            field("column", at, "type"),
            format!("must be `{want}` for what it identifies"),
        );
    }
    if !column.allowed.is_empty() {
        return misfit(field("column", at, "allowed"), "a list of people is no part of a contract");
    }
    Ok(())
}

/// A copy of the column goes to the vault, and there is one of each kind.
fn evidence(at: usize, column: &Column, contract: &Contract) -> Checked {
    let Some(evidence) = column.evidence else { return Ok(()) };
    if column.identifies.is_some() {
        return misfit(
            field("column", at, "evidence"),
            "a column that identifies goes to the vault already: say one of the two",
        );
    }
    if !matches!(column.value_type, ValueType::Text | ValueType::Code | ValueType::Integer) {
        return misfit(field("column", at, "type"), "must be `text`, `code` or `integer`");
    }
    let before = contract.columns.iter().take(at).position(|c| c.evidence == Some(evidence));
    match before {
        Some(before) => misfit(
            field("column", at, "evidence"),
            format!("column {} is the same evidence already: there is only one", before + 1),
        ),
        None => Ok(()),
    }
}

/// Rows without a national number have to be somebody's all the same.
fn without_number(contract: &Contract) -> Checked {
    if contract.identifying(Identifies::Name).is_some() {
        let of = |column: &Column| {
            matches!(column.identifies, Some(Identifies::GivenName | Identifies::Surname))
        };
        if let Some(at) = contract.columns.iter().position(of) {
            return misfit(
                field("column", at, "identifies"),
                "there is a `name` already: say either that, or `given-name` and `surname`",
            );
        }
    }
    if contract.without_national_id == WithoutNumber::Aside {
        return Ok(());
    }
    if contract.identifying(Identifies::LocalId).is_none() {
        return misfit(
            top("without-national-id"),
            "say which column is the register's own number of the person, with \
             `identifies = \"local-id\"`: rows without a national identity number are kept under it",
        );
    }
    let required = |c: &Column| c.identifies == Some(Identifies::NationalId) && c.required;
    match contract.columns.iter().position(required) {
        Some(at) => misfit(
            field("column", at, "required"),
            "rows without a national identity number are kept: it cannot be required",
        ),
        None => Ok(()),
    }
}

fn one_identity(contract: &Contract) -> Checked {
    for (what, word, least) in [
        (Identifies::NationalId, "national-id", 1),
        (Identifies::Name, "name", 0),
        (Identifies::BirthDate, "birth-date", 0),
        (Identifies::GivenName, "given-name", 0),
        (Identifies::Surname, "surname", 0),
        (Identifies::LocalId, "local-id", 0),
    ] {
        let places: Vec<usize> = (0..)
            .zip(&contract.columns)
            .filter(|(_, column)| column.identifies == Some(what))
            .map(|(at, _)| at)
            .collect();
        if places.len() < least {
            return misfit(top("column"), format!("one column must say `identifies = \"{word}\"`"));
        }
        if let [first, second, ..] = places.as_slice() {
            return misfit(
                field("column", *second, "identifies"),
                format!("column {} is the `{word}` already: there is only one", first + 1),
            );
        }
    }
    Ok(())
}

fn column_named<'a>(contract: &'a Contract, name: &str) -> Result<&'a Column, String> {
    contract.columns.iter().find(|column| column.name == name).ok_or_else(|| {
        let names = contract.columns.iter().map(|column| column.name.as_str());
        let near = crate::nearest::nearest(name, names)
            .map(|near| format!(": did you mean `{near}`?"))
            .unwrap_or_default();
        format!("there is no column `{}`{near}", name.escape_debug())
    })
}

fn time_and_key(contract: &Contract) -> Checked {
    if let Some(time) = &contract.time {
        let column = match column_named(contract, time) {
            Ok(column) => column,
            Err(why) => return misfit(top("time"), why),
        };
        if column.value_type != ValueType::Date {
            return misfit(top("time"), format!("`{time}` is no date"));
        }
        if column.identifies.is_some() {
            return misfit(
                top("time"),
                format!("`{time}` goes to the vault: rows cannot be sorted by it"),
            );
        }
    }
    let mut has_id = false;
    for (at, name) in contract.key.iter().enumerate() {
        let path = vec![Step::Key("key"), Step::Place(at)];
        let column = match column_named(contract, name) {
            Ok(column) => column,
            Err(why) => return misfit(path, why),
        };
        match column.identifies {
            Some(Identifies::NationalId) => has_id = true,
            Some(_) => {
                return misfit(
                    path,
                    format!("`{name}` goes to the vault: it cannot be part of a key"),
                );
            }
            None => {}
        }
        if contract.key.iter().take(at).any(|before| before == name) {
            return misfit(path, format!("`{name}` is in the key already"));
        }
    }
    if !contract.key.is_empty() && !has_id {
        return misfit(
            top("key"),
            "must have the national identity number among its columns: rows are compared person by person",
        );
    }
    Ok(())
}

fn derived(contract: &Contract) -> Checked {
    for (at, derived) in contract.derived.iter().enumerate() {
        let Derivation::YearsBetween { from, to } = &derived.from;
        for (key, name) in [("from", from), ("to", to)] {
            let path = vec![
                Step::Key("derived"),
                Step::Place(at),
                Step::Key("years-between"),
                Step::Key(key),
            ];
            match column_named(contract, name) {
                Err(why) => return misfit(path, why),
                Ok(column) if column.value_type != ValueType::Date => {
                    return misfit(path, format!("`{name}` is no date"));
                }
                Ok(_) => {}
            }
        }
        if from == to {
            return misfit(
                field("derived", at, "years-between"),
                "from and to are the same column",
            );
        }
        if derived.sensitivity == Sensitivity::Direct {
            return misfit(
                field("derived", at, "sensitivity"),
                "a derived column reaches the lake: it cannot name people",
            );
        }
    }
    Ok(())
}
