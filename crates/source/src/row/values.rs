//! The values of one column in one block.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBufferBuilder, Date32Array, Float64Array, Int64Array,
    NullBufferBuilder,
};
use arrow::error::ArrowError;
use model::ValueType;

use super::dictionary::Dictionary;

/// One content column that grows row by row. Every row pushes one value, a
/// faulty row too: it is filtered out at the end of the block.
pub(crate) enum Values {
    Integer(Vec<i64>, NullBufferBuilder),
    Decimal(Vec<f64>, NullBufferBuilder),
    Date(Vec<i32>, NullBufferBuilder),
    Boolean(BooleanBufferBuilder, NullBufferBuilder),
    Text(Dictionary),
}

impl Values {
    pub(crate) fn new(value_type: ValueType, seed: u64) -> Self {
        let nulls = NullBufferBuilder::new(0);
        match value_type {
            ValueType::Integer => Self::Integer(Vec::new(), nulls),
            ValueType::Decimal => Self::Decimal(Vec::new(), nulls),
            ValueType::Date => Self::Date(Vec::new(), nulls),
            ValueType::Boolean => Self::Boolean(BooleanBufferBuilder::new(0), nulls),
            ValueType::Text | ValueType::Code => Self::Text(Dictionary::new(seed)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Integer(values, _) => values.len(),
            Self::Decimal(values, _) => values.len(),
            Self::Date(values, _) => values.len(),
            Self::Boolean(values, _) => values.len(),
            Self::Text(dictionary) => dictionary.len(),
        }
    }

    pub(crate) fn push_none(&mut self) {
        match self {
            Self::Integer(values, nulls) => {
                values.push(0);
                nulls.append_null();
            }
            Self::Decimal(values, nulls) => {
                values.push(0.0);
                nulls.append_null();
            }
            Self::Date(values, nulls) => {
                values.push(0);
                nulls.append_null();
            }
            Self::Boolean(values, nulls) => {
                values.append(false);
                nulls.append_null();
            }
            Self::Text(dictionary) => dictionary.push_none(),
        }
    }

    /// The column, empty again for the next block.
    pub(crate) fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Integer(values, nulls) => {
                let room = values.len();
                let values = std::mem::replace(values, Vec::with_capacity(room));
                Arc::new(Int64Array::try_new(values.into(), nulls.finish())?)
            }
            Self::Decimal(values, nulls) => {
                let room = values.len();
                let values = std::mem::replace(values, Vec::with_capacity(room));
                Arc::new(Float64Array::try_new(values.into(), nulls.finish())?)
            }
            Self::Date(values, nulls) => {
                let room = values.len();
                let values = std::mem::replace(values, Vec::with_capacity(room));
                Arc::new(Date32Array::try_new(values.into(), nulls.finish())?)
            }
            Self::Boolean(values, nulls) => {
                Arc::new(BooleanArray::new(values.finish(), nulls.finish()))
            }
            Self::Text(dictionary) => dictionary.take()?,
        })
    }
}
