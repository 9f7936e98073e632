//! How a contract's columns look in memory.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use model::ValueType;

use crate::contract::Contract;

/// The Arrow type of a value.
pub const fn arrow_type(value_type: ValueType) -> DataType {
    match value_type {
        ValueType::Text | ValueType::Code => DataType::Utf8,
        ValueType::Integer => DataType::Int64,
        ValueType::Decimal => DataType::Float64,
        ValueType::Date => DataType::Date32,
        ValueType::Boolean => DataType::Boolean,
    }
}

/// The kind of value that a content column's Arrow type holds.
pub(crate) const fn value_type(data_type: &DataType) -> ValueType {
    match data_type {
        DataType::Int64 => ValueType::Integer,
        DataType::Float64 => ValueType::Decimal,
        DataType::Date32 => ValueType::Date,
        DataType::Boolean => ValueType::Boolean,
        _ => ValueType::Text,
    }
}

/// The content columns of a contract, in order, without the subject. All may
/// be null: what a contract requires today it may not have required before.
pub fn content_schema(contract: &Contract) -> SchemaRef {
    let fields: Vec<Field> = contract
        .content_columns()
        .map(|column| Field::new(column.name, arrow_type(column.value_type), true))
        .collect();
    Arc::new(Schema::new(fields))
}
