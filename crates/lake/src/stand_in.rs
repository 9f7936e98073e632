//! A stand-in for an extract as files: Parquet, CSV and a manifest, as an extract
//! has them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, StringArray,
};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use linkage::extract::Hash;
use linkage::stand_in::{PEOPLE, StandIn, StandInTable, Values};
use linkage::{ExtractManifest, ExtractPlan, PERSON, TableManifest};
use parquet::arrow::ArrowWriter;
use sha2::{Digest as _, Sha256};
use source::{arrow_type, days_of};

use crate::error::LakeError;
use crate::extract::{MANIFEST, extract_column, write_csv};

/// Writes the stand-in for `plan` into the empty folder `folder`.
pub fn write_stand_in(
    plan: &ExtractPlan,
    stand_in: &StandIn,
    folder: &Path,
) -> Result<(), LakeError> {
    let mut tables = BTreeMap::new();
    for table in &stand_in.tables {
        let path = folder.join(format!("{}.parquet", table.source));
        write(table, &path).map_err(|error| LakeError::files("writing", &path, &*error))?;
        write_csv(&path, &path.with_extension("csv"))?;
        let bytes = fs::read(&path).map_err(|error| LakeError::files("reading", &path, &error))?;
        let columns = table.columns.iter().map(|(column, _)| extract_column(column));
        let mut people = table.person.clone();
        people.dedup();
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let manifest = TableManifest {
            rows: number(table.person.len()),
            persons: number(people.len()),
            columns: columns.collect(),
            lake_version: 0,
            sha256: Hash(Sha256::digest(&bytes).into()),
            bytes: number(bytes.len()),
        };
        tables.insert(table.source.clone(), manifest);
    }
    let manifest = ExtractManifest {
        extract: plan.extract.clone(),
        permit: plan.permit.clone(),
        strictness: plan.strictness,
        persons: u64::try_from(PEOPLE).unwrap_or_default(),
        tables,
        linkage: BTreeMap::new(),
        found: None,
        highest: None,
        changed: None,
        compared_with: None,
    };
    let path = folder.join(MANIFEST);
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| LakeError::files("writing", &path, &error))?;
    fs::write(&path, text).map_err(|error| LakeError::files("writing", &path, &error))
}

fn write(table: &StandInTable, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut fields = vec![Field::new(PERSON, DataType::Int32, false)];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(table.person.clone()))];
    for (column, values) in &table.columns {
        fields.push(Field::new(&column.name, arrow_type(column.value_type), true));
        columns.push(match values {
            Values::Texts(texts) => Arc::new(StringArray::from(texts.clone())),
            Values::Integers(numbers) => Arc::new(Int64Array::from(numbers.clone())),
            Values::Decimals(numbers) => Arc::new(Float64Array::from(numbers.clone())),
            Values::Dates(days) => {
                Arc::new(days.iter().map(|day| day.map(days_of)).collect::<Date32Array>())
            }
            Values::Booleans(answers) => Arc::new(BooleanArray::from(answers.clone())),
        });
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    let mut writer = ArrowWriter::try_new(File::create_new(path)?, schema, None)?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}
