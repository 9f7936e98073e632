//! A spec of a linkage, read from TOML. What is wrong with it is told with the
//! file, the line, the column and the field.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use linkage::probabilistic::{
    Comparison, DateOrder, Kind, MOST_COMPARISONS, Part, Rule, Spec, Term,
};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::table::{Encoding, Written};
use crate::answer::Stop;

/// A block with more pairs than this is narrowed, unless the spec says otherwise.
const MOST_PAIRS_IN_A_BLOCK: u64 = 10_000_000;

/// What a spec says.
#[derive(Debug)]
pub(super) struct Asked {
    /// The column of ids.
    pub(super) id: Named,
    /// The columns that are read besides, in the order of [`Spec`]'s numbers.
    pub(super) columns: Vec<Named>,
    /// Columns that the second file calls otherwise.
    second: BTreeMap<String, String>,
    pub(super) missing: Vec<String>,
    pub(super) written: Written,
    pub(super) spec: Spec,
}

impl Asked {
    /// What a column is called in the second file.
    pub(super) fn in_second<'a>(&'a self, column: &'a str) -> &'a str {
        self.second.get(column).map_or(column, String::as_str)
    }

    /// The first file's columns that the second calls otherwise.
    pub(super) fn renamed(&self) -> impl Iterator<Item = &str> {
        self.second.keys().map(String::as_str)
    }
}

/// A column, and where the spec first names it.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) at: At,
}

/// A place in a spec.
#[derive(Debug, Clone)]
pub(super) struct At {
    file: PathBuf,
    line: usize,
    column: usize,
    field: String,
}

impl At {
    /// Says what is wrong there.
    pub(super) fn wrong(&self, why: &str) -> Stop {
        let Self { file, line, column, field } = self;
        let field = if field.is_empty() { String::new() } else { format!(", `{field}`") };
        Stop::usage(format!("`{}`, line {line}, column {column}{field}: {why}", file.display()))
    }
}

/// Reads a spec.
pub(super) fn read(path: &Path) -> Result<Asked, Stop> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Stop::usage(format!("the spec `{}` cannot be read: {error}", path.display()))
    })?;
    let sheet = Sheet { path, text: &text };
    let table = DeTable::parse(&text).map_err(|error| {
        let at = sheet.at(&error.span().unwrap_or_default(), "");
        at.wrong(&error.message().trim().replace('\n', "; "))
    })?;
    let table = Fields { sheet, table: table.get_ref(), span: 0..0, field: String::new() };
    asked(&table)
}

fn asked(table: &Fields<'_>) -> Result<Asked, Stop> {
    table.only(&[
        "id",
        "one-to-one",
        "missing",
        "delimiter",
        "encoding",
        "most-pairs-in-a-block",
        "second",
        "comparison",
        "block",
    ])?;
    let mut columns = Columns(Vec::new());
    let id = table.get("id").ok_or_else(|| {
        table.wrong("`id` is missing: name the column that tells rows apart, `id = \"unique_id\"`")
    })?;
    let id = Named { name: id.text()?.to_owned(), at: id.at() };
    let given = table.several("comparison", "there is no comparison")?;
    let comparisons: Vec<Comparison> =
        given.iter().map(|field| comparison(field, &mut columns)).collect::<Result<_, _>>()?;
    let rules: Vec<Rule> = table
        .several("block", "there is no blocking rule")?
        .iter()
        .map(|field| rule(field, &mut columns))
        .collect::<Result<_, _>>()?;
    if comparisons.is_empty() || rules.is_empty() {
        return Err(table.wrong("a spec needs a comparison and a blocking rule at least"));
    }
    if let Some(one_too_many) = given.get(MOST_COMPARISONS) {
        let why = format!("more than {MOST_COMPARISONS} comparisons: leave the weakest out");
        return Err(one_too_many.at().wrong(&why));
    }
    let one_to_one = table.get("one-to-one").map_or(Ok(false), |field| field.flag())?;
    let most = table.get("most-pairs-in-a-block");
    let most = most.map_or(Ok(MOST_PAIRS_IN_A_BLOCK), |field| field.whole())?;
    Ok(Asked {
        id,
        columns: columns.0,
        second: second(table)?,
        missing: table.get("missing").map_or(Ok(Vec::new()), |field| field.texts())?,
        written: Written {
            delimiter: table.get("delimiter").map(|field| delimiter(&field)).transpose()?,
            encoding: table.get("encoding").map_or(Ok(Encoding::Utf8), |field| encoding(&field))?,
        },
        spec: Spec {
            comparisons,
            rules,
            one_to_one,
            most_pairs_in_a_block: most,
            most_pairs_of_a_rule: u64::MAX,
        },
    })
}

fn second(table: &Fields<'_>) -> Result<BTreeMap<String, String>, Stop> {
    let Some(field) = table.get("second") else { return Ok(BTreeMap::new()) };
    let names = field.fields()?;
    names.all().map(|(name, field)| Ok((name, field.text()?.to_owned()))).collect()
}

fn delimiter(field: &Field<'_>) -> Result<u8, Stop> {
    // As it stands: a tabulator is a blank elsewhere.
    match field.value {
        DeValue::String(text) if text.len() == 1 && text.chars().all(Written::separates) => {
            Ok(text.as_bytes().first().copied().unwrap_or(b','))
        }
        _ => Err(field.wrong("a delimiter is one ASCII character, as \";\" or \"\\t\"")),
    }
}

fn encoding(field: &Field<'_>) -> Result<Encoding, Stop> {
    let word = field.word()?;
    <Encoding as clap::ValueEnum>::from_str(&word, false).map_err(|_| {
        field.wrong(&format!(
            "no encoding is called `{word}`: it is \"utf-8\", \"latin-1\" or \"mixed\""
        ))
    })
}

/// The columns that are read, each once.
struct Columns(Vec<Named>);

impl Columns {
    fn number(&mut self, field: &Field<'_>) -> Result<usize, Stop> {
        let name = field.text()?;
        if let Some(at) = self.0.iter().position(|column| column.name == name) {
            return Ok(at);
        }
        self.0.push(Named { name: name.to_owned(), at: field.at() });
        Ok(self.0.len() - 1)
    }
}

const KINDS: &str =
    "exact, name, person-name, text, date, postcode, number, percent, sound, words or encoded";

fn comparison(field: &Field<'_>, columns: &mut Columns) -> Result<Comparison, Stop> {
    let fields = field.fields()?;
    fields.only(&[
        "name",
        "column",
        "columns",
        "kind",
        "levels",
        "term-frequency",
        "order",
        "separator",
    ])?;
    let kind_field = fields
        .get("kind")
        .ok_or_else(|| fields.wrong(&format!("`kind` is missing: it is {KINDS}")))?;
    let kind = several(&fields, kind(&fields, &kind_field)?)?;
    let named = match (fields.get("column"), fields.get("columns")) {
        (Some(column), None) => vec![column],
        (None, Some(columns)) => columns.list()?,
        _ => return Err(fields.wrong("name one `column`, or `columns`, of what is compared")),
    };
    let wanted = if matches!(kind, Kind::PersonName(_)) { 2 } else { 1 };
    if named.len() != wanted {
        let why = if wanted == 2 {
            "a person-name has two columns: `columns = [GIVEN, SURNAME]`"
        } else {
            "this kind compares one column: `column = \"…\"`"
        };
        return Err(fields.wrong(why));
    }
    let names: Vec<&str> = named.iter().map(Field::text).collect::<Result<_, _>>()?;
    let name = fields.get("name").map_or(Ok(names.join(" + ")), |f| f.text().map(str::to_owned))?;
    let usual = !matches!(kind, Kind::Number(_) | Kind::Percent(_));
    let term_frequency = fields.get("term-frequency").map_or(Ok(usual), |field| field.flag())?;
    let columns = named.iter().map(|field| columns.number(field)).collect::<Result<Vec<_>, _>>()?;
    Ok(Comparison { name, kind, columns, term_frequency })
}

fn kind(fields: &Fields<'_>, field: &Field<'_>) -> Result<Kind, Stop> {
    let levels = fields.get("levels");
    let order = fields.get("order");
    let word = field.word()?;
    let kind = match word.as_str() {
        "exact" => Kind::Exact,
        "name" | "jaro-winkler" => Kind::Name(shares(levels.as_ref(), &Kind::NAMES)?),
        "person-name" | "given-and-surname" => {
            Kind::PersonName(shares(levels.as_ref(), &Kind::NAMES)?)
        }
        "text" | "string" | "damerau-levenshtein" => Kind::Text(
            rising(levels.as_ref(), &[1.0, 2.0])?
                .into_iter()
                .map(|level| {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "rising numbers of letters"
                    )]
                    let letters = level as usize;
                    letters
                })
                .collect(),
        ),
        "date" | "dob" => Kind::Date(order.as_ref().map_or(Ok(DateOrder::Found), date_order)?),
        "postcode" => Kind::Postcode,
        "number" => Kind::Number(rising(levels.as_ref(), &[1.0, 5.0])?),
        "percent" => Kind::Percent(rising(levels.as_ref(), &[1.0, 10.0])?),
        "sound" | "phonetic" | "soundex" => Kind::Sound,
        "words" => Kind::Words,
        "encoded" | "clk" => Kind::Encoded(shares(levels.as_ref(), &Kind::FILTERS)?),
        other => {
            return Err(field.wrong(&format!("no kind is called `{other}`: it is {KINDS}")));
        }
    };
    if let Some(levels) = levels.filter(|_| {
        matches!(kind, Kind::Exact | Kind::Date(_) | Kind::Postcode | Kind::Sound | Kind::Words)
    }) {
        return Err(levels.wrong(&format!("the levels of {word} are fixed: leave this out")));
    }
    if let Some(order) = order.filter(|_| !matches!(kind, Kind::Date(_))) {
        return Err(order.wrong("only a date has an order: leave this out"));
    }
    Ok(kind)
}

/// The kind for values of which somebody has several, where the spec says so.
fn several(fields: &Fields<'_>, kind: Kind) -> Result<Kind, Stop> {
    let Some(field) = fields.get("separator") else { return Ok(kind) };
    if !kind.may_be_several() {
        return Err(field.wrong("this kind compares single values: leave this out"));
    }
    let mut letters = field.text()?.chars();
    match (letters.next(), letters.next()) {
        (Some(one), None) if !one.is_alphanumeric() => Ok(Kind::Several(Box::new(kind), one)),
        _ => Err(field.wrong("values are parted by one character that is in none, as \";\"")),
    }
}

fn date_order(field: &Field<'_>) -> Result<DateOrder, Stop> {
    match field.word()?.as_str() {
        "day-first" => Ok(DateOrder::DayFirst),
        "month-first" => Ok(DateOrder::MonthFirst),
        _ => Err(field.wrong("the order of a date is \"day-first\" or \"month-first\"")),
    }
}

/// A level more than these would not fit into a pair's four bits.
const MOST_LEVELS: usize = 8;

/// Thresholds between 0 and 1, falling.
fn shares(field: Option<&Field<'_>>, usual: &[f64]) -> Result<Vec<f64>, Stop> {
    let Some(field) = field else { return Ok(usual.to_vec()) };
    let levels = field.numbers()?;
    let falls = levels.iter().zip(levels.iter().skip(1)).all(|(one, next)| one > next);
    let shares = levels.iter().all(|level| *level > 0.0 && *level < 1.0);
    if !falls || !shares || levels.is_empty() || levels.len() > MOST_LEVELS {
        return Err(field.wrong(&format!(
            "levels are 1 to {MOST_LEVELS} numbers between 0 and 1, the strictest first, \
             as [0.92, 0.88, 0.7]"
        )));
    }
    Ok(levels)
}

/// Distances above 0, rising.
fn rising(field: Option<&Field<'_>>, usual: &[f64]) -> Result<Vec<f64>, Stop> {
    let Some(field) = field else { return Ok(usual.to_vec()) };
    let levels = field.numbers()?;
    let rises = levels.iter().zip(levels.iter().skip(1)).all(|(one, next)| one < next);
    let positive = levels.iter().all(|level| *level > 0.0 && level.is_finite());
    if !rises || !positive || levels.is_empty() || levels.len() > MOST_LEVELS {
        return Err(field.wrong(&format!(
            "levels are 1 to {MOST_LEVELS} numbers above 0, the strictest first, as [1, 2]"
        )));
    }
    Ok(levels)
}

fn rule(field: &Field<'_>, columns: &mut Columns) -> Result<Rule, Stop> {
    // A rule may be written as the list of its terms alone.
    let (terms, swapped) = match field.value {
        DeValue::Array(_) | DeValue::String(_) => (Some(field.clone()), None),
        _ => {
            let fields = field.fields()?;
            fields.only(&["on", "swapped"])?;
            (fields.get("on"), fields.get("swapped"))
        }
    };
    let mut found = Vec::new();
    let mut names = Vec::new();
    let terms = match terms {
        Some(one) if matches!(one.value, DeValue::String(_)) => vec![one],
        Some(list) => list.list()?,
        None => Vec::new(),
    };
    for one in &terms {
        let (term, name) = term(one, columns)?;
        found.push(term);
        names.push(name);
    }
    if let Some(field) = swapped {
        let [one, other] = field.list()?.try_into().map_err(|_| {
            field.wrong("two columns are swapped: `swapped = [\"given_name\", \"surname\"]`")
        })?;
        let (a, b) = (columns.number(&one)?, columns.number(&other)?);
        found.push(Term { column: a, other: b, part: Part::Whole });
        found.push(Term { column: b, other: a, part: Part::Whole });
        names.push(format!("{} and {} swapped", one.text()?, other.text()?));
    }
    if found.is_empty() {
        return Err(field.wrong(
            "a blocking rule says what must agree: `on = [\"surname\", \"dob\"]` or \
             `swapped = [\"given_name\", \"surname\"]`",
        ));
    }
    Ok(Rule { name: names.join(", "), terms: found, narrower: Vec::new() })
}

fn term(field: &Field<'_>, columns: &mut Columns) -> Result<(Term, String), Stop> {
    if let DeValue::String(name) = field.value {
        let column = columns.number(field)?;
        let term = Term { column, other: column, part: Part::Whole };
        return Ok((term, name.to_string()));
    }
    let fields = field.fields()?;
    fields.only(&["column", "prefix", "suffix", "part", "equals"])?;
    let named = fields
        .get("column")
        .ok_or_else(|| fields.wrong("`column` is missing: name what must agree"))?;
    let column = columns.number(&named)?;
    let other = fields.get("equals").map(|field| columns.number(&field)).transpose()?;
    let letters = |field: Field<'_>| {
        let letters = field.whole()?;
        match usize::try_from(letters) {
            Ok(letters @ 1..) => Ok(letters),
            _ => Err(field.wrong("is a number of letters, 1 or more")),
        }
    };
    let parts = [
        fields.get("prefix").map(|f| letters(f).map(Part::Prefix)).transpose()?,
        fields.get("suffix").map(|f| letters(f).map(Part::Suffix)).transpose()?,
        fields.get("part").map(|f| part(&f)).transpose()?,
    ];
    let mut parts = parts.into_iter().flatten();
    let part = parts.next().unwrap_or(Part::Whole);
    if parts.next().is_some() {
        return Err(fields.wrong("one of `prefix`, `suffix` and `part` is enough"));
    }
    let mut name = named.text()?.to_owned();
    match part {
        Part::Whole => {}
        Part::Prefix(letters) => name = format!("{name} (first {letters})"),
        Part::Suffix(letters) => name = format!("{name} (last {letters})"),
        Part::Year => name.push_str(" (year)"),
        Part::Month => name.push_str(" (month)"),
        Part::Day => name.push_str(" (day)"),
        Part::Sound => name.push_str(" (sound)"),
    }
    if let Some(equals) = fields.get("equals") {
        name = format!("{name} = {}", equals.text()?);
    }
    Ok((Term { column, other: other.unwrap_or(column), part }, name))
}

fn part(field: &Field<'_>) -> Result<Part, Stop> {
    match field.word()?.as_str() {
        "year" => Ok(Part::Year),
        "month" => Ok(Part::Month),
        "day" => Ok(Part::Day),
        "sound" => Ok(Part::Sound),
        _ => Err(field.wrong("a part is \"year\", \"month\", \"day\" or \"sound\"")),
    }
}

/// The spec as text, for telling where something stands.
#[derive(Debug, Clone, Copy)]
struct Sheet<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Sheet<'_> {
    fn at(&self, span: &Range<usize>, field: &str) -> At {
        let before = self.text.get(..span.start).unwrap_or_default();
        At {
            file: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
            field: field.to_owned(),
        }
    }
}

/// A table of the spec, and where it stands.
struct Fields<'a> {
    sheet: Sheet<'a>,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    field: String,
}

/// A value of the spec, and where it stands.
#[derive(Clone)]
struct Field<'a> {
    sheet: Sheet<'a>,
    value: &'a DeValue<'a>,
    span: Range<usize>,
    called: String,
}

/// Names that people write for a field: with `_` or `-`, in the plural.
fn is_called(written: &str, field: &str) -> bool {
    let written = written.replace('_', "-");
    written == field
        || (matches!(field, "comparison" | "block") && written == format!("{field}s"))
        || (field == "block" && matches!(written.as_str(), "blocking" | "blocking-rules"))
        || (field == "id" && matches!(written.as_str(), "id-column" | "unique-id"))
}

impl<'a> Fields<'a> {
    fn wrong(&self, why: &str) -> Stop {
        self.sheet.at(&self.span, &self.field).wrong(why)
    }

    fn field(&self, name: &str, value: &'a Spanned<DeValue<'a>>) -> Field<'a> {
        let dot = if self.field.is_empty() { "" } else { "." };
        Field {
            sheet: self.sheet,
            value: value.get_ref(),
            span: value.span(),
            called: format!("{}{dot}{name}", self.field),
        }
    }

    fn all(&self) -> impl Iterator<Item = (String, Field<'a>)> {
        self.table.iter().map(|(name, value)| {
            let name = name.get_ref().to_string();
            let field = self.field(&name, value);
            (name, field)
        })
    }

    fn get(&self, wanted: &str) -> Option<Field<'a>> {
        let found = self.table.iter().find(|(name, _)| is_called(name.get_ref(), wanted));
        found.map(|(_, value)| self.field(wanted, value))
    }

    /// The entries of a list that must be there.
    fn several(&self, wanted: &str, without: &str) -> Result<Vec<Field<'a>>, Stop> {
        match self.get(wanted) {
            Some(field) => field.list(),
            None => Err(self.wrong(&format!("{without}: begin one with `[[{wanted}]]`"))),
        }
    }

    /// Refuses what nobody asks for: a misspelt field would be passed over.
    fn only(&self, known: &[&str]) -> Result<(), Stop> {
        for (name, _) in self.table {
            let written = name.get_ref();
            if !known.iter().any(|field| is_called(written, field)) {
                let at = self.sheet.at(&name.span(), &self.field);
                let known = known.join("`, `");
                return Err(
                    at.wrong(&format!("there is no field `{written}` here: there are `{known}`"))
                );
            }
        }
        Ok(())
    }
}

impl<'a> Field<'a> {
    fn at(&self) -> At {
        self.sheet.at(&self.span, &self.called)
    }

    fn wrong(&self, why: &str) -> Stop {
        self.at().wrong(why)
    }

    fn text(&self) -> Result<&'a str, Stop> {
        match self.value {
            DeValue::String(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(self.wrong("must be a text, in quotes")),
        }
    }

    /// A text of which case and `_` or `-` do not matter.
    fn word(&self) -> Result<String, Stop> {
        Ok(self.text()?.trim().to_lowercase().replace('_', "-"))
    }

    fn flag(&self) -> Result<bool, Stop> {
        match self.value {
            DeValue::Boolean(flag) => Ok(*flag),
            _ => Err(self.wrong("must be true or false")),
        }
    }

    fn number(&self) -> Result<f64, Stop> {
        let written = match self.value {
            DeValue::Integer(number) => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => return Err(self.wrong("must be a number")),
        };
        written.replace('_', "").parse().map_err(|_| self.wrong("must be a number"))
    }

    fn whole(&self) -> Result<u64, Stop> {
        match self.value {
            DeValue::Integer(number) => number.as_str().replace('_', "").parse().ok(),
            _ => None,
        }
        .ok_or_else(|| self.wrong("must be a whole number"))
    }

    fn list(&self) -> Result<Vec<Field<'a>>, Stop> {
        let DeValue::Array(values) = self.value else {
            return Err(self.wrong("must be a list, in square brackets"));
        };
        let field = |(at, value): (usize, &'a Spanned<DeValue<'a>>)| Field {
            sheet: self.sheet,
            value: value.get_ref(),
            span: value.span(),
            called: format!("{}[{}]", self.called, at + 1),
        };
        Ok(values.iter().enumerate().map(field).collect())
    }

    fn texts(&self) -> Result<Vec<String>, Stop> {
        self.list()?.iter().map(|field| field.text().map(str::to_owned)).collect()
    }

    fn numbers(&self) -> Result<Vec<f64>, Stop> {
        self.list()?.iter().map(Field::number).collect()
    }

    fn fields(&self) -> Result<Fields<'a>, Stop> {
        match self.value {
            DeValue::Table(table) => Ok(Fields {
                sheet: self.sheet,
                table,
                span: self.span.clone(),
                field: self.called.clone(),
            }),
            _ => Err(self.wrong("must be a table, in curly brackets or below [[…]]")),
        }
    }
}
