//! Records to rows: each field against its rule, identity apart from content.

use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::filter;
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use model::national_id::Country;
use model::{Date, NationalId, Secret};

use super::plan::{ColumnPlan, Plan, Rule, Target, written};
use super::seen::SeenSubjects;
use super::values::Values;
use crate::clues::{Clue, Clues};
use crate::delivery::block::{Block, Shape};
use crate::delivery::record::{Field, Fields, MAX_RECORD, QuoteFault};
use crate::identity::{BirthDate, Identity, MOST_IDENTITY_BYTES};
use crate::import::{Fault, Reason};
use crate::sink::IdentityMark;
use crate::subject::{Pseudonymiser, SubjectKey};
use crate::value::date::{date_of, iso_date, years_between};
use crate::value::text::decode;
use crate::value::{boolean, number, trimmed};

/// One block's rows, apart.
pub(crate) struct Parsed {
    /// How many rows the block has, good and bad.
    pub(crate) rows: u64,
    /// Of the good rows: whose, and which row of the block.
    pub(crate) subjects: Vec<SubjectKey>,
    pub(crate) places: Vec<u32>,
    pub(crate) marks: Vec<IdentityMark>,
    pub(crate) content: RecordBatch,
    /// Who the people are, as far as it has not been said before.
    pub(crate) identities: Vec<(SubjectKey, Identity)>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) high: HighBytes,
}

/// A row that breaks the contract.
pub(crate) struct Rejected {
    /// Which row of the block, the first is 0.
    pub(crate) place: u32,
    pub(crate) line: u64,
    pub(crate) faults: Vec<Fault>,
    pub(crate) bytes: Vec<u8>,
}

/// How many fields are not ASCII, and how many of those could be UTF-8.
#[derive(Default)]
pub(crate) struct HighBytes {
    pub(crate) fields: u64,
    pub(crate) utf8: u64,
    /// Row of the block and column of the first that could.
    pub(crate) first: Option<(u32, String)>,
}

/// Reads blocks, one after another.
pub(crate) struct RowReader<'p> {
    plan: &'p Plan,
    keys: &'p dyn Pseudonymiser,
    seen: &'p SeenSubjects,
    values: Vec<Values>,
    /// The dates of the present row by place in the file, for derived columns.
    dates: Vec<Option<i32>>,
    faults: Vec<Fault>,
    last: Option<(NationalId, SubjectKey)>,
    /// No later day has begun anywhere.
    today: Date,
    /// The most rows that a block had so far.
    most_rows: usize,
}

/// More of what stands where a number belongs is not kept.
const MOST_STATED: usize = 32;

/// What a row says of who it is about, until it is known to be good.
#[derive(Default)]
struct Who {
    national_id: Option<NationalId>,
    name: Option<Secret<String>>,
    birth_date: Option<i32>,
    contact: Option<Secret<String>>,
    clues: Clues,
}

impl Who {
    /// How many bytes of text it holds.
    fn length(&self) -> usize {
        let clues: usize = self.clues.iter().map(|(_, text)| text.reveal().len()).sum();
        length(self.name.as_ref()) + length(self.contact.as_ref()) + clues
    }

    /// The name, in one column or two.
    fn name_mark(&self) -> Option<Secret<String>> {
        match (&self.name, self.clues.reveal(Clue::GivenName), self.clues.reveal(Clue::Surname)) {
            (Some(name), ..) => Some(Secret::new(name.reveal().trim().to_owned())),
            (None, None, None) => None,
            (None, given, surname) => {
                let (given, surname) = (given.unwrap_or_default(), surname.unwrap_or_default());
                Some(Secret::new(format!("{}\n{}", given.trim(), surname.trim())))
            }
        }
    }
}

impl<'p> RowReader<'p> {
    pub(crate) fn new(plan: &'p Plan, keys: &'p dyn Pseudonymiser, seen: &'p SeenSubjects) -> Self {
        let seed = plan.salt.first_chunk::<8>().copied().map_or(1, u64::from_le_bytes);
        let values = plan
            .schema
            .fields()
            .iter()
            .map(|field| Values::new(crate::schema::value_type(field.data_type()), seed))
            .collect();
        Self {
            plan,
            keys,
            seen,
            values,
            dates: vec![None; plan.columns.len()],
            faults: Vec::new(),
            last: None,
            today: date_of(plan.today).unwrap_or(Date::MAX),
            most_rows: 0,
        }
    }

    /// Reads one block of separated values.
    pub(crate) fn read(&mut self, block: &Block) -> Result<Parsed, ArrowError> {
        let mut rows = Rows::for_about(self.most_rows);
        let mut fields: Fields<'_> = Vec::with_capacity(self.plan.columns.len());
        for (line, record) in block.records() {
            if block.shape == Shape::TooLarge || record.len() > MAX_RECORD {
                let why = format!("is longer than {MAX_RECORD} bytes; only its beginning is kept");
                self.faults.push(Fault::of_row(Reason::TooLarge, why));
                let start = record.get(..1 << 16).unwrap_or(record);
                self.end_row(&mut rows, Who::default(), line, || start.to_vec());
                continue;
            }
            let who = match self.plan.dialect.split(record, &mut fields) {
                Ok(()) if fields.len() == self.plan.columns.len() => {
                    self.fields(&mut rows, &fields)
                }
                Ok(()) => {
                    let (want, got) = (self.plan.columns.len(), fields.len());
                    let why = format!("has {got} fields, should have {want}");
                    self.faults.push(Fault::of_row(Reason::FieldCount, why));
                    Who::default()
                }
                Err(fault) => {
                    let why = match fault {
                        QuoteFault::Open => "a quote is opened and not closed in the same row",
                        QuoteFault::NotAlone => "a closing quote is followed by more of the field",
                    };
                    self.faults.push(Fault::of_row(Reason::Quote, why));
                    Who::default()
                }
            };
            self.end_row(&mut rows, who, line, || record.to_vec());
        }
        self.end_block(rows)
    }

    /// Reads one row whose fields are cut already; `line` is its row for
    /// formats without lines.
    pub(crate) fn row(
        &mut self,
        rows: &mut Rows,
        fields: &[Field<'_>],
        line: u64,
        whole: &dyn Fn() -> Vec<u8>,
    ) {
        let who = self.fields(rows, fields);
        self.end_row(rows, who, line, whole);
    }

    fn fields(&mut self, rows: &mut Rows, fields: &[Field<'_>]) -> Who {
        let mut who = Who::default();
        let plan = self.plan;
        for (at, (column, field)) in plan.columns.iter().zip(fields).enumerate() {
            let field = field.bytes();
            let missing = field.is_empty() || plan.missing.iter().any(|word| word == field);
            if missing || trimmed(field).is_empty() {
                if column.required {
                    let why = "has no value and must have one";
                    self.faults.push(Fault::new(&column.name, Reason::Missing, why));
                }
                if let Target::Content(content) = column.target
                    && let Some(values) = self.values.get_mut(content)
                {
                    values.push_none();
                }
                if let Some(date) = self.dates.get_mut(at) {
                    *date = None;
                }
                continue;
            }
            match column.target {
                Target::Content(content) => {
                    self.content(rows, at, column, content, field);
                    if let Some(clue) = column.evidence
                        && let Ok(text) = decode(trimmed(field), plan.encoding)
                        && who.length() + text.len() <= MOST_IDENTITY_BYTES
                    {
                        who.clues.put(clue, Secret::new(text.into_owned()));
                    }
                }
                Target::Clue(clue) => {
                    let before = who.length();
                    if let Some(text) = self.text(rows, column, field, before) {
                        who.clues.put(clue, text);
                    }
                }
                Target::NationalId(country) => {
                    self.national_id(&mut who, country, column, field);
                }
                Target::BirthDate => {
                    let date = date(field, column, plan.today, &mut self.faults);
                    who.birth_date = date;
                    if let Some(slot) = self.dates.get_mut(at) {
                        *slot = date;
                    }
                }
                Target::Name => {
                    let before = who.length();
                    who.name = self.text(rows, column, field, before);
                }
                Target::Contact => {
                    let before = who.length();
                    let text = self.text(rows, column, field, before);
                    who.contact = match (who.contact.take(), text) {
                        (Some(before), Some(text)) => {
                            Some(Secret::new(format!("{}\n{}", before.reveal(), text.reveal())))
                        }
                        (before, text) => before.or(text),
                    };
                }
            }
        }
        self.derive();
        who
    }

    fn national_id(&mut self, who: &mut Who, country: Country, column: &ColumnPlan, field: &[u8]) {
        // Bytes that are no UTF-8 are no digits either; where they stand tells more
        // than how many there are.
        let text = String::from_utf8_lossy(field);
        match NationalId::read(country, &text, self.today) {
            Ok(id) => who.national_id = Some(id),
            Err(_) if self.plan.keeps_unnumbered => {
                let stated: String = text.trim().chars().take(MOST_STATED).collect();
                who.clues.put(Clue::StatedNumber, Secret::new(stated));
            }
            Err(error) => self.faults.push(Fault::national_id(&column.name, error)),
        }
    }

    /// A text that says who somebody is; `before`: how long those are that the
    /// row has already.
    fn text(
        &mut self,
        rows: &mut Rows,
        column: &ColumnPlan,
        field: &[u8],
        before: usize,
    ) -> Option<Secret<String>> {
        if !field.is_ascii() {
            rows.high(&column.name, std::str::from_utf8(field).is_ok());
        }
        match decode(field, self.plan.encoding) {
            Ok(text) if crate::value::text::is_formula(&text) => {
                let fault = crate::value::text::TextFault::Formula;
                self.faults.push(fault.in_column(&column.name));
                None
            }
            Ok(text) if before + text.len() > MOST_IDENTITY_BYTES => {
                let why = format!(
                    "makes name and contact together longer than {MOST_IDENTITY_BYTES} bytes: is it in the right column? shorten it"
                );
                self.faults.push(Fault::new(&column.name, Reason::TooLarge, why));
                None
            }
            Ok(text) => Some(Secret::new(text.into_owned())),
            Err(fault) => {
                self.faults.push(fault.in_column(&column.name));
                None
            }
        }
    }

    fn content(
        &mut self,
        rows: &mut Rows,
        at: usize,
        column: &ColumnPlan,
        content: usize,
        field: &[u8],
    ) {
        let plan = self.plan;
        let Some(values) = self.values.get_mut(content) else { return };
        let fault = |reason: Reason, why: String| Fault::new(&column.name, reason, why);
        match (values, &column.rule) {
            (Values::Text(dictionary), Rule::Text { allowed }) => {
                let looked = dictionary.push(field, plan.encoding, allowed.as_ref());
                if let Some(utf8) = looked.high {
                    rows.high(&column.name, utf8);
                }
                if let Some(found) = looked.fault {
                    self.faults.push(found.in_column(&column.name));
                }
            }
            (Values::Decimal(values, nulls), Rule::Decimal { min, max }) => {
                if let Some(value) = number::decimal(trimmed(field), plan.mark) {
                    self.faults.extend(outside(column, value, *min, *max));
                    values.push(value);
                    nulls.append_non_null();
                } else {
                    self.faults.push(fault(Reason::Decimal, "is no number".to_owned()));
                    values.push(0.0);
                    nulls.append_null();
                }
            }
            (Values::Integer(values, nulls), Rule::Integer { min, max, allowed }) => {
                if let Some(value) = number::integer(trimmed(field)) {
                    #[expect(
                        clippy::cast_precision_loss,
                        reason = "bounds are binary64 by contract"
                    )]
                    self.faults.extend(outside(column, value as f64, *min, *max));
                    if allowed.as_ref().is_some_and(|allowed| !allowed.contains(&value)) {
                        let why = "is none of the values the contract allows".to_owned();
                        self.faults.push(fault(Reason::NotAllowed, why));
                    }
                    values.push(value);
                    nulls.append_non_null();
                } else {
                    self.faults.push(fault(Reason::Integer, "is no whole number".to_owned()));
                    values.push(0);
                    nulls.append_null();
                }
            }
            (Values::Date(values, nulls), Rule::Date { .. }) => {
                let date = date(field, column, plan.today, &mut self.faults);
                if let Some(slot) = self.dates.get_mut(at) {
                    *slot = date;
                }
                values.push(date.unwrap_or_default());
                nulls.append(date.is_some());
            }
            (Values::Boolean(values, nulls), Rule::Boolean) => {
                let value = boolean(trimmed(field));
                if value.is_none() {
                    let why = "is neither `true` nor `false`".to_owned();
                    self.faults.push(fault(Reason::Boolean, why));
                }
                values.append(value.unwrap_or_default());
                nulls.append(value.is_some());
            }
            // A plan's rules and values are made from the same contract.
            (values, _) => values.push_none(),
        }
    }

    fn derive(&mut self) {
        for derived in &self.plan.derived {
            let date = |at: usize| self.dates.get(at).copied().flatten();
            let years = match (date(derived.from), date(derived.to)) {
                (Some(from), Some(to)) => {
                    let years = years_between(from, to);
                    if years.is_none() {
                        let why = "cannot be counted: the later date is before the earlier one";
                        self.faults.push(Fault::new(&derived.name, Reason::Order, why));
                    }
                    years
                }
                _ => None,
            };
            if let Some(Values::Integer(values, nulls)) = self.values.get_mut(derived.content) {
                values.push(years.unwrap_or_default());
                nulls.append(years.is_some());
            }
        }
    }

    /// Decides about the row: kept, or kept aside.
    fn end_row(&mut self, rows: &mut Rows, who: Who, line: u64, whole: impl FnOnce() -> Vec<u8>) {
        let place = rows.count;
        rows.count += 1;
        rows.broken_columns(&mut self.values);
        let Some(subject) = self.subject(&who) else {
            if self.faults.is_empty() {
                let why = if self.plan.keeps_unnumbered {
                    "has neither a national identity number nor the register's own"
                } else {
                    "has no national identity number"
                };
                self.faults.push(Fault::of_row(Reason::Missing, why));
            }
            return self.reject(rows, place, line, whole());
        };
        if !self.faults.is_empty() {
            return self.reject(rows, place, line, whole());
        }
        rows.subjects.push(subject);
        rows.places.push(place);
        rows.good.push(true);
        if self.plan.marks {
            rows.marks.push(IdentityMark {
                birth_date: who
                    .birth_date
                    .map(|days| self.plan.mark_of(b"birth-date", &days.to_le_bytes()))
                    .unwrap_or_default(),
                name: who
                    .name_mark()
                    .map(|name| self.plan.mark_of(b"name", name.reveal().as_bytes()))
                    .unwrap_or_default(),
            });
        }
        match who {
            Who {
                national_id: Some(national_id),
                name: None,
                birth_date: None,
                contact: None,
                clues,
            } if clues.is_empty() => rows.numbers.push((subject, national_id)),
            Who { national_id, name, birth_date, contact, clues } => {
                let birth_date = birth_date.and_then(date_of).map(BirthDate::new);
                let identity = Identity { national_id, name, birth_date, contact, clues };
                rows.identities.push((subject, identity));
            }
        }
    }

    /// Whose the row is; `None` when it does not say.
    fn subject(&mut self, who: &Who) -> Option<SubjectKey> {
        let Some(national_id) = &who.national_id else {
            let local = who.clues.reveal(Clue::LocalId).filter(|_| self.plan.keeps_unnumbered)?;
            return Some(self.keys.local(local.trim()));
        };
        if let Some((last, subject)) = &self.last
            && last == national_id
        {
            return Some(*subject);
        }
        let subject = self.keys.subject(national_id);
        self.last = Some((national_id.clone(), subject));
        Some(subject)
    }

    fn reject(&mut self, rows: &mut Rows, place: u32, line: u64, bytes: Vec<u8>) {
        rows.good.push(false);
        let faults = std::mem::take(&mut self.faults);
        rows.rejected.push(Rejected { place, line, faults, bytes });
    }

    /// The block's rows as columns, without the bad ones.
    pub(crate) fn end_block(&mut self, mut rows: Rows) -> Result<Parsed, ArrowError> {
        // Here and not with each row: one question after another, the processor
        // waits for many places of a large table at once.
        for (subject, national_id) in rows.numbers.drain(..) {
            if self.seen.is_new(subject) {
                rows.identities.push((subject, Identity::numbered(national_id)));
            }
        }
        self.most_rows = self.most_rows.max(rows.count as usize);
        let mut columns = Vec::with_capacity(self.values.len());
        let good = (!rows.rejected.is_empty()).then(|| BooleanArray::from(rows.good));
        for values in &mut self.values {
            let column: ArrayRef = values.take()?;
            columns.push(match &good {
                Some(good) => filter(&column, good)?,
                None => column,
            });
        }
        let fields: Vec<_> = self
            .plan
            .schema
            .fields()
            .iter()
            .zip(&columns)
            .map(|(field, column)| {
                field.as_ref().clone().with_data_type(column.data_type().clone())
            })
            .collect();
        let schema = std::sync::Arc::new(arrow::datatypes::Schema::new(fields));
        let options = RecordBatchOptions::new().with_row_count(Some(rows.subjects.len()));
        Ok(Parsed {
            rows: u64::from(rows.count),
            content: RecordBatch::try_new_with_options(schema, columns, &options)?,
            subjects: rows.subjects,
            places: rows.places,
            marks: rows.marks,
            identities: rows.identities,
            rejected: rows.rejected,
            high: rows.high,
        })
    }
}

/// The rows of a block as they are read.
#[derive(Default)]
pub(crate) struct Rows {
    count: u32,
    good: Vec<bool>,
    subjects: Vec<SubjectKey>,
    places: Vec<u32>,
    marks: Vec<IdentityMark>,
    identities: Vec<(SubjectKey, Identity)>,
    /// Of the rows that say nothing of a person but the number.
    numbers: Vec<(SubjectKey, NationalId)>,
    rejected: Vec<Rejected>,
    high: HighBytes,
}

impl Rows {
    /// Room for about so many rows.
    fn for_about(count: usize) -> Self {
        Self {
            good: Vec::with_capacity(count),
            subjects: Vec::with_capacity(count),
            places: Vec::with_capacity(count),
            numbers: Vec::with_capacity(count),
            ..Self::default()
        }
    }

    pub(crate) const fn len(&self) -> u32 {
        self.count
    }

    fn high(&mut self, column: &str, utf8: bool) {
        self.high.fields += 1;
        self.high.utf8 += u64::from(utf8);
        if utf8 && self.high.first.is_none() {
            self.high.first = Some((self.count, column.to_owned()));
        }
    }

    /// INVARIANT: after each row every column has as many values as there are
    /// rows. A row whose fields could not be cut has pushed none.
    fn broken_columns(&self, values: &mut [Values]) {
        let want = self.count as usize;
        for values in values {
            if values.len() < want {
                values.push_none();
            }
        }
    }
}

fn length(text: Option<&Secret<String>>) -> usize {
    text.map_or(0, |text| text.reveal().len())
}

fn date(field: &[u8], column: &ColumnPlan, today: i32, faults: &mut Vec<Fault>) -> Option<i32> {
    let Rule::Date { earliest } = column.rule else { return None };
    let Some(days) = iso_date(trimmed(field)) else {
        let why = "is no date: write YYYY-MM-DD";
        faults.push(Fault::new(&column.name, Reason::Date, why));
        return None;
    };
    if days > today {
        let why = "is a day that has not come yet: correct it, or leave it out until it has";
        faults.push(Fault::new(&column.name, Reason::FutureDate, why));
    } else if days < earliest {
        let why = format!(
            "is before {}, the earliest day the contract allows: correct it",
            written(earliest)
        );
        faults.push(Fault::new(&column.name, Reason::EarlyDate, why));
    }
    Some(days)
}

fn outside(column: &ColumnPlan, value: f64, min: Option<f64>, max: Option<f64>) -> Option<Fault> {
    if let Some(min) = min.filter(|min| value < *min) {
        return Some(Fault::new(&column.name, Reason::BelowMin, format!("is below {min}")));
    }
    let max = max.filter(|max| value > *max)?;
    Some(Fault::new(&column.name, Reason::AboveMax, format!("is above {max}")))
}
