//! Rows of an answer as they are sent: of the types that tables of an extract have, many
//! at a time. The library writes any type, one value after the other, and asks of
//! each anew what it is and how it is to look; what is not in here is left to it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use bytes::{BufMut as _, BytesMut};
use datafusion::arrow::array::{
    Array, BooleanArray, Date32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    StringArray, StringViewArray,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::ParamValues;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::sql::sqlparser::ast::Statement;
use datafusion_postgres::QueryHook;
use datafusion_postgres::arrow_pg::datatypes::arrow_schema_to_pg_fields;
use datafusion_postgres::arrow_pg::datatypes::df::encode_dataframe;
use datafusion_postgres::hooks::HookClient;
use datafusion_postgres::pgwire::api::portal::Format;
use datafusion_postgres::pgwire::api::results::{FieldFormat, FieldInfo, QueryResponse, Response};
use datafusion_postgres::pgwire::api::{ClientInfo, Type};
use datafusion_postgres::pgwire::error::{PgWireError, PgWireResult};
use datafusion_postgres::pgwire::messages::data::DataRow;
use datafusion_postgres::pgwire::types::format::FormatOptions;
use futures::{Stream, StreamExt as _};

/// Where rows are written before they are cut off, bytes.
const SHEET: usize = 64 << 10;
/// So many rows are written at once: what they take is beside the batch they are of.
const AT_ONCE: usize = 512;
/// 1 January 2000, the first day of PostgreSQL's dates, in days since 1970.
const FIRST_DAY: i32 = 10_957;
/// The time a statement may take, where a client has set one.
const STATEMENT_TIMEOUT: &str = "statement_timeout_ms";

/// Answers statements that ask for rows. Comes last of the hooks.
#[derive(Default)]
pub(super) struct OwnRows {
    /// How what a connection bound last is to be sent: hooks are not told.
    format: Mutex<Format>,
}

impl OwnRows {
    /// The next answer to what was bound is to look so.
    pub(super) fn expect(&self, format: &Format) {
        format.clone_into(&mut self.format.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[async_trait]
impl QueryHook for OwnRows {
    async fn handle_simple_query(
        &self,
        statement: &Statement,
        session: &SessionContext,
        client: &mut dyn HookClient,
    ) -> Option<PgWireResult<Response>> {
        let options = options_of(statement, client)?;
        let answer = async {
            let frame = session.sql(&statement.to_string()).await.map_err(failed)?;
            answer(frame, &Format::UnifiedText, options).await
        };
        Some(answer.await)
    }

    async fn handle_extended_parse_query(
        &self,
        _: &Statement,
        _: &SessionContext,
        _: &(dyn ClientInfo + Send + Sync),
    ) -> Option<PgWireResult<LogicalPlan>> {
        None
    }

    async fn handle_extended_query(
        &self,
        statement: &Statement,
        plan: &LogicalPlan,
        bound: &ParamValues,
        session: &SessionContext,
        client: &mut dyn HookClient,
    ) -> Option<PgWireResult<Response>> {
        let options = options_of(statement, client)?;
        let format = self.format.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let answer = async {
            let plan = plan.clone().replace_params_with_values(bound).map_err(failed)?;
            let plan = session.state().optimize(&plan).map_err(failed)?;
            let frame = session.execute_logical_plan(plan).await.map_err(failed)?;
            answer(frame, &format, options).await
        };
        Some(answer.await)
    }
}

fn failed(error: DataFusionError) -> PgWireError {
    PgWireError::ApiError(Box::new(error))
}

/// How values are to look for this client; nothing where the statement asks for no rows,
/// or may not take as long as it likes.
fn options_of(statement: &Statement, client: &dyn HookClient) -> Option<FormatOptions> {
    let settings = client.metadata();
    let is_plain = matches!(statement, Statement::Query(_));
    (is_plain && !settings.contains_key(STATEMENT_TIMEOUT))
        .then(|| FormatOptions::from_client_metadata(settings))
}

async fn answer(
    frame: DataFrame,
    format: &Format,
    options: FormatOptions,
) -> PgWireResult<Response> {
    // Dates as ISO 8601 has them and numbers with all their digits: what clients are
    // given unless they ask for something else.
    let is_plain = options.date_style.starts_with("ISO") && options.extra_float_digits >= 1;
    let options = Some(Arc::new(options));
    let fields = arrow_schema_to_pg_fields(frame.schema().as_arrow(), format, options.clone())?;
    let types = frame.schema().fields().iter().map(|field| field.data_type());
    if !is_plain || !types.zip(&fields).all(|(is, as_told)| is_ours(is, as_told.datatype())) {
        return Ok(Response::Query(encode_dataframe(frame, format, options).await?));
    }
    let fields = Arc::new(fields);
    let batches = frame.execute_stream().await.map_err(failed)?;
    let written = Vec::new().into_iter();
    let rows = Rows { batches, fields: Arc::clone(&fields), rest: None, written };
    Ok(Response::Query(QueryResponse::new(fields, rows)))
}

/// Whether values of this type are written here, when the client was told it is that one.
fn is_ours(is: &DataType, as_told: &Type) -> bool {
    match is {
        DataType::Boolean => *as_told == Type::BOOL,
        DataType::Int16 => *as_told == Type::INT2,
        DataType::Int32 => *as_told == Type::INT4,
        DataType::Int64 => *as_told == Type::INT8,
        DataType::Float64 => *as_told == Type::FLOAT8,
        DataType::Utf8 | DataType::Utf8View => *as_told == Type::TEXT || *as_told == Type::VARCHAR,
        DataType::Date32 => *as_told == Type::DATE,
        _ => false,
    }
}

/// The rows of batches as they come.
struct Rows {
    batches: SendableRecordBatchStream,
    fields: Arc<Vec<FieldInfo>>,
    /// What was not written yet of the last batch.
    rest: Option<RecordBatch>,
    /// What was written and not sent yet.
    written: std::vec::IntoIter<DataRow>,
}

impl Stream for Rows {
    type Item = PgWireResult<DataRow>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.written.next() {
                return Poll::Ready(Some(Ok(row)));
            }
            if let Some(batch) = self.rest.take() {
                let count = batch.num_rows().min(AT_ONCE);
                if count < batch.num_rows() {
                    self.rest = Some(batch.slice(count, batch.num_rows() - count));
                }
                let Some(rows) = written(&batch.slice(0, count), &self.fields) else {
                    let why = "the answer has another type than was told".to_owned();
                    let error = DataFusionError::Internal(why);
                    return Poll::Ready(Some(Err(failed(error))));
                };
                self.written = rows.into_iter();
                continue;
            }
            match ready!(self.batches.poll_next_unpin(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(failed(error)))),
                Some(Ok(batch)) => self.rest = Some(batch),
            }
        }
    }
}

/// A column of a batch.
enum Values<'a> {
    Boolean(&'a BooleanArray),
    Int16(&'a Int16Array),
    Int32(&'a Int32Array),
    Int64(&'a Int64Array),
    Float64(&'a Float64Array),
    Text(&'a StringArray),
    TextView(&'a StringViewArray),
    Day(&'a Date32Array),
}

impl<'a> Values<'a> {
    fn of(array: &'a dyn Array) -> Option<Self> {
        let any = array.as_any();
        match array.data_type() {
            DataType::Boolean => any.downcast_ref().map(Self::Boolean),
            DataType::Int16 => any.downcast_ref().map(Self::Int16),
            DataType::Int32 => any.downcast_ref().map(Self::Int32),
            DataType::Int64 => any.downcast_ref().map(Self::Int64),
            DataType::Float64 => any.downcast_ref().map(Self::Float64),
            DataType::Utf8 => any.downcast_ref().map(Self::Text),
            DataType::Utf8View => any.downcast_ref().map(Self::TextView),
            DataType::Date32 => any.downcast_ref().map(Self::Day),
            _ => None,
        }
    }

    /// Writes the value of a row as text, its length before it.
    fn text(&self, row: usize, out: &mut BytesMut) {
        match self {
            Self::Boolean(values) => put(out, if values.value(row) { b"t" } else { b"f" }),
            Self::Int16(values) => put_whole(out, values.value(row)),
            Self::Int32(values) => put_whole(out, values.value(row)),
            Self::Int64(values) => put_whole(out, values.value(row)),
            Self::Float64(values) => put_float(out, values.value(row)),
            Self::Text(values) => put(out, values.value(row).as_bytes()),
            Self::TextView(values) => put(out, values.value(row).as_bytes()),
            Self::Day(values) => put_day(out, values.value(row)),
        }
    }

    /// The same as PostgreSQL keeps it, in network byte order.
    fn binary(&self, row: usize, out: &mut BytesMut) {
        match self {
            Self::Boolean(values) => put(out, &[u8::from(values.value(row))]),
            Self::Int16(values) => put(out, &values.value(row).to_be_bytes()),
            Self::Int32(values) => put(out, &values.value(row).to_be_bytes()),
            Self::Int64(values) => put(out, &values.value(row).to_be_bytes()),
            Self::Float64(values) => put(out, &values.value(row).to_be_bytes()),
            Self::Text(values) => put(out, values.value(row).as_bytes()),
            Self::TextView(values) => put(out, values.value(row).as_bytes()),
            Self::Day(values) => {
                put(out, &values.value(row).saturating_sub(FIRST_DAY).to_be_bytes());
            }
        }
    }
}

/// Every row of a batch; `None` when a column is none that is written here.
fn written(batch: &RecordBatch, fields: &[FieldInfo]) -> Option<Vec<DataRow>> {
    let columns = batch.columns().iter().zip(fields).map(|(array, field)| {
        let nulls = array.logical_nulls();
        Some((Values::of(array.as_ref())?, nulls, field.format() == FieldFormat::Binary))
    });
    let columns = columns.collect::<Option<Vec<_>>>()?;
    let count = i16::try_from(columns.len()).ok()?;
    let mut rows = Vec::with_capacity(batch.num_rows());
    let mut sheet = BytesMut::with_capacity(SHEET);
    for row in 0..batch.num_rows() {
        if sheet.capacity() < SHEET / 32 {
            // The rows before hold on to the old one.
            sheet = BytesMut::with_capacity(SHEET);
        }
        for (values, nulls, is_binary) in &columns {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                sheet.put_i32(-1);
            } else if *is_binary {
                values.binary(row, &mut sheet);
            } else {
                values.text(row, &mut sheet);
            }
        }
        rows.push(DataRow::new(sheet.split(), count));
    }
    Some(rows)
}

fn put(out: &mut BytesMut, value: &[u8]) {
    // Values of an extract are far shorter than 2 GiB, the longest that PostgreSQL sends.
    out.put_i32(i32::try_from(value.len()).unwrap_or(i32::MAX));
    out.put_slice(value);
}

fn put_whole(out: &mut BytesMut, value: impl itoa::Integer) {
    put(out, itoa::Buffer::new().format(value).as_bytes());
}

fn put_float(out: &mut BytesMut, value: f64) {
    if value.is_nan() {
        put(out, b"NaN");
    } else if value.is_infinite() {
        put(out, if value > 0.0 { b"Infinity" } else { b"-Infinity" });
    } else {
        let mut buffer = ryu::Buffer::new();
        let digits = buffer.format_finite(value);
        put(out, digits.strip_suffix(".0").unwrap_or(digits).as_bytes());
    }
}

/// A day as `2001-02-03`.
fn put_day(out: &mut BytesMut, since_1970: i32) {
    let (year, month, day) = civil(since_1970.into());
    let (year, mut text) = match u16::try_from(year) {
        Ok(year @ 0..=9_999) => (year, *b"0000-00-00"),
        // Beyond any calendar that people have.
        _ => return put(out, format!("{year:+}-{month:02}-{day:02}").as_bytes()),
    };
    let mut write = |at: usize, digits: usize, mut number: u16| {
        for place in (at..at + digits).rev() {
            if let Some(digit) = text.get_mut(place) {
                *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
            }
            number /= 10;
        }
    };
    write(0, 4, year);
    write(5, 2, month.into());
    write(8, 2, day.into());
    put(out, &text);
}

/// Year, month and day in the Gregorian calendar of a day since 1 January 1970: by eras
/// of 400 years, each of which begins on a 1 March.
fn civil(since_1970: i64) -> (i64, u8, u8) {
    const ERA: i64 = 146_097;
    // Days since 1 March of the year 0.
    let days = since_1970 + 719_468;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // From March on, months are 31, 30, 31, 30, 31 days, over and over.
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, u8::try_from(month).unwrap_or_default(), u8::try_from(day).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::ArrayRef;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn rows(columns: Vec<(&str, ArrayRef, Type, FieldFormat)>) -> Vec<Vec<u8>> {
        let told = |(name, _, kind, format): &(&str, ArrayRef, Type, FieldFormat)| {
            FieldInfo::new((*name).to_owned(), None, None, kind.clone(), *format)
        };
        let fields: Vec<FieldInfo> = columns.iter().map(told).collect();
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array, ..)| (name, array, true)),
        );
        let rows = written(&batch.unwrap(), &fields).unwrap();
        rows.into_iter().map(|row| row.data.to_vec()).collect()
    }

    fn one(value: &[u8]) -> Vec<u8> {
        let length = i32::try_from(value.len()).unwrap().to_be_bytes();
        [&length, value].concat()
    }

    #[test]
    fn values_are_written_as_postgresql_writes_them() {
        let floats = [0.0, -0.5, 5.0, 0.1 + 0.2, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let text =
            ["0", "-0.5", "5", "0.30000000000000004", "1e300", "NaN", "Infinity", "-Infinity"];
        let array: ArrayRef = Arc::new(Float64Array::from(floats.to_vec()));
        let sent = rows(vec![("x", array, Type::FLOAT8, FieldFormat::Text)]);
        assert_eq!(sent, text.map(|text| one(text.as_bytes())));

        let array: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]));
        let sent = rows(vec![("x", array.clone(), Type::BOOL, FieldFormat::Text)]);
        assert_eq!(sent, [one(b"t"), vec![0xff; 4], one(b"f")]);
        let sent = rows(vec![("x", array, Type::BOOL, FieldFormat::Binary)]);
        assert_eq!(sent, [one(&[1]), vec![0xff; 4], one(&[0])]);

        let days: ArrayRef = Arc::new(Date32Array::from(vec![10_957, 10_956]));
        let sent = rows(vec![("x", days, Type::DATE, FieldFormat::Binary)]);
        assert_eq!(sent, [one(&0_i32.to_be_bytes()), one(&(-1_i32).to_be_bytes())]);
    }

    #[test]
    fn rows_of_several_columns_are_apart_however_long_they_are() {
        let long = "æ".repeat(SHEET);
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["", &long, "a"]));
        let views: ArrayRef = Arc::new(StringViewArray::from(vec![Some("b"), None, Some(&long)]));
        let whole: ArrayRef = Arc::new(Int64Array::from(vec![i64::MIN, 0, i64::MAX]));
        let small: ArrayRef = Arc::new(Int16Array::from(vec![-1, 0, 1]));
        let sent = rows(vec![
            ("a", texts, Type::TEXT, FieldFormat::Text),
            ("b", views, Type::VARCHAR, FieldFormat::Binary),
            ("c", whole, Type::INT8, FieldFormat::Text),
            ("d", small, Type::INT2, FieldFormat::Binary),
        ]);
        let expected = [
            [one(b""), one(b"b"), one(b"-9223372036854775808"), one(&[0xff, 0xff])],
            [one(long.as_bytes()), vec![0xff; 4], one(b"0"), one(&[0, 0])],
            [one(b"a"), one(long.as_bytes()), one(b"9223372036854775807"), one(&[0, 1])],
        ];
        assert_eq!(sent, expected.map(|row| row.concat()));
    }

    proptest! {
        #[test]
        fn days_are_those_of_the_calendar(since in -719_528_i32..2_932_896) {
            let day = date(1970, 1, 1).checked_add(jiff::Span::new().days(since)).unwrap();
            let mut out = BytesMut::new();
            put_day(&mut out, since);
            prop_assert_eq!(out.to_vec(), one(day.to_string().as_bytes()));
        }
    }

    #[test]
    fn a_day_beyond_the_calendar_is_written_and_nothing_breaks() {
        for since in [i32::MIN, i32::MAX] {
            let mut out = BytesMut::new();
            put_day(&mut out, since);
            assert!(out.len() > 14);
        }
    }
}
