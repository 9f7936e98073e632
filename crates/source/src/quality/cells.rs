//! Cells of one column compared with each other, without knowing their type.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, PrimitiveArray, StringArray,
};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type};

use crate::row::hash;

/// One column's cells.
pub(super) enum Cells<'a> {
    Integer(&'a PrimitiveArray<Int64Type>),
    Decimal(&'a PrimitiveArray<Float64Type>),
    Date(&'a PrimitiveArray<Date32Type>),
    Boolean(&'a BooleanArray),
    /// INVARIANT: no text has two codes within one chunk, so codes stand for texts.
    Codes(&'a Int32Array),
    Text(&'a StringArray),
    /// No content column has another type.
    Other,
}

impl<'a> Cells<'a> {
    pub(super) fn of(column: &'a ArrayRef) -> Self {
        match column.data_type() {
            DataType::Int64 => Self::Integer(column.as_primitive()),
            DataType::Float64 => Self::Decimal(column.as_primitive()),
            DataType::Date32 => Self::Date(column.as_primitive()),
            DataType::Boolean => Self::Boolean(column.as_boolean()),
            DataType::Dictionary(_, _) => column
                .as_dictionary_opt::<Int32Type>()
                .map_or(Self::Other, |d| Self::Codes(d.keys())),
            DataType::Utf8 => Self::Text(column.as_string()),
            _ => Self::Other,
        }
    }

    /// The cell as a number: equal cells have equal numbers, and but for texts
    /// different cells have different ones. A missing value is equal to another.
    pub(super) fn number(&self, at: usize, seed: u64) -> Option<u64> {
        match self {
            Self::Integer(cells) => cells.is_valid(at).then(|| cells.value(at).cast_unsigned()),
            Self::Decimal(cells) => cells.is_valid(at).then(|| cells.value(at).to_bits()),
            Self::Date(cells) => {
                cells.is_valid(at).then(|| u64::from(cells.value(at).cast_unsigned()))
            }
            Self::Boolean(cells) => cells.is_valid(at).then(|| u64::from(cells.value(at))),
            Self::Codes(cells) => {
                cells.is_valid(at).then(|| u64::from(cells.value(at).cast_unsigned()))
            }
            Self::Text(cells) => cells.is_valid(at).then(|| hash(seed, cells.value(at).as_bytes())),
            Self::Other => None,
        }
    }

    pub(super) fn equal(&self, a: usize, b: usize) -> bool {
        match self {
            Self::Text(cells) => {
                cells.is_valid(a) == cells.is_valid(b)
                    && (cells.is_null(a) || cells.value(a) == cells.value(b))
            }
            other => other.number(a, 0) == other.number(b, 0),
        }
    }
}
