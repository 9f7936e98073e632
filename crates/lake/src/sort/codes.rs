//! Text with few different values is sorted as numbers.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, Int32Builder, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Schema};
use arrow::record_batch::RecordBatch;
use source::SinkError;

use super::layout::arrow_failed;

/// A column with more different values than this stays text.
const MOST_VALUES: usize = 1 << 16;
/// And so does one whose different values fill more bytes.
const MOST_BYTES: usize = 4 << 20;

/// The values of each content column that is text; `None`: not coded.
pub(crate) type Values = Vec<Option<Arc<StringArray>>>;

/// One numbering per text column.
pub(crate) struct TextCodes(Vec<Option<Numbering>>);

#[derive(Default)]
struct Numbering {
    numbers: HashMap<Box<str>, i32>,
    values: Vec<Box<str>>,
    bytes: usize,
    full: bool,
    /// The values as an array, as long as none has come since.
    array: Option<Arc<StringArray>>,
}

impl TextCodes {
    pub(crate) fn new(content: &Schema) -> Self {
        let text = |field: &Arc<arrow::datatypes::Field>| {
            (field.data_type() == &DataType::Utf8).then(Numbering::default)
        };
        Self(content.fields().iter().map(text).collect())
    }

    /// The content's columns: text as numbers, or as `Utf8` once a column has
    /// shown too many different values.
    pub(crate) fn encode(&mut self, content: &RecordBatch) -> Result<Vec<ArrayRef>, SinkError> {
        let columns = self.0.iter_mut().zip(content.columns());
        columns
            .map(|(numbering, column)| match numbering {
                None => Ok(Arc::clone(column)),
                Some(numbering) => numbering.encode(column),
            })
            .collect()
    }

    /// The values seen so far. A column that is no longer coded has its values
    /// too: earlier rows hold its numbers.
    pub(crate) fn values(&mut self) -> Values {
        self.0.iter_mut().map(|numbering| numbering.as_mut().map(Numbering::array)).collect()
    }
}

impl Numbering {
    fn array(&mut self) -> Arc<StringArray> {
        let values = &self.values;
        let array = self
            .array
            .get_or_insert_with(|| Arc::new(StringArray::from_iter_values(values.iter())));
        Arc::clone(array)
    }

    fn number(&mut self, text: &str) -> i32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // At most `MOST_VALUES` and one batch of them: far from the end of `i32`.
        let number = i32::try_from(self.values.len()).unwrap_or(i32::MAX);
        self.numbers.insert(text.into(), number);
        self.values.push(text.into());
        self.bytes += text.len();
        self.array = None;
        number
    }

    fn encode(&mut self, column: &ArrayRef) -> Result<ArrayRef, SinkError> {
        self.full |= self.values.len() > MOST_VALUES || self.bytes > MOST_BYTES;
        if self.full {
            return plain(column);
        }
        if let Some(dictionary) = column.as_dictionary_opt::<Int32Type>() {
            let Some(values) = dictionary.values().as_string_opt::<i32>() else {
                return plain(column);
            };
            let numbers: Vec<Option<i32>> =
                values.iter().map(|value| value.map(|value| self.number(value))).collect();
            let keys = dictionary.keys().iter().map(|key| {
                let value = usize::try_from(key?).ok()?;
                numbers.get(value).copied().flatten()
            });
            return Ok(Arc::new(keys.collect::<Int32Array>()));
        }
        let Some(text) = column.as_string_opt::<i32>() else {
            return plain(column);
        };
        let mut keys = Int32Builder::with_capacity(text.len());
        for value in text {
            keys.append_option(value.map(|value| self.number(value)));
        }
        Ok(Arc::new(keys.finish()))
    }
}

/// Text as `Utf8`.
fn plain(column: &ArrayRef) -> Result<ArrayRef, SinkError> {
    cast(column, &DataType::Utf8).map_err(|error| arrow_failed(&error))
}

/// Numbers of `values` as a dictionary; what is no number as it is.
pub(crate) fn decode(
    column: &ArrayRef,
    values: Option<&Arc<StringArray>>,
) -> Result<ArrayRef, SinkError> {
    match (values, column.as_primitive_opt::<Int32Type>()) {
        (Some(values), Some(keys)) => {
            let values: ArrayRef = Arc::clone(values) as ArrayRef;
            let dictionary = DictionaryArray::<Int32Type>::try_new(keys.clone(), values)
                .map_err(|error| arrow_failed(&error))?;
            Ok(Arc::new(dictionary))
        }
        _ => Ok(Arc::clone(column)),
    }
}

/// Numbers of `values` as `Utf8`; what is no number as it is.
pub(crate) fn decode_plain(
    column: &ArrayRef,
    values: Option<&Arc<StringArray>>,
) -> Result<ArrayRef, SinkError> {
    let decoded = decode(column, values)?;
    if values.is_some() { plain(&decoded) } else { Ok(decoded) }
}
