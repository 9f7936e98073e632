//! What a linkage found, as files: edges, clusters, the model and its drawing.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt32Array};
use linkage::probabilistic::{Edge, Places, Records, Told, probability};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::answer::Stop;
use crate::cli::TableFormat;

/// What is written.
pub(super) struct Found<'a> {
    pub(super) places: &'a Places,
    pub(super) records: &'a Records,
    pub(super) edges: &'a [Edge],
    /// The weight from which on edges are written.
    pub(super) least: f64,
    /// Each row's cluster at p ≥ 0.5, and at p ≥ 0.95.
    pub(super) clusters: &'a [Vec<u32>],
    pub(super) told: &'a Told,
    /// Whether ids are whole numbers, and are written and put in order as these.
    pub(super) ids_are_numbers: bool,
}

impl Found<'_> {
    /// What an id is put in order by.
    fn rank<'i>(&self, id: &'i str) -> (i64, &'i str) {
        (if self.ids_are_numbers { id.parse().unwrap_or(i64::MAX) } else { 0 }, id)
    }

    /// A column of ids.
    fn ids<'i>(&self, ids: impl Iterator<Item = &'i str>) -> ArrayRef {
        if self.ids_are_numbers {
            Arc::new(ids.map(|id| id.parse().ok()).collect::<Int64Array>())
        } else {
            Arc::new(ids.map(Some).collect::<StringArray>())
        }
    }
}

/// Rows that are written at once.
const BATCH: usize = 16_384;

/// Writes everything; gives the names of the files.
pub(super) fn write(
    folder: &Path,
    format: TableFormat,
    found: &Found<'_>,
) -> Result<Vec<String>, Stop> {
    fs::create_dir_all(folder).map_err(|error| unwritten(folder, error))?;
    let extension = match format {
        TableFormat::Parquet => "parquet",
        TableFormat::Csv => "csv",
    };
    let mut written = Vec::new();
    for (name, write) in [("edges", edges as Write_), ("clusters", clusters as Write_)] {
        let path = folder.join(format!("{name}.{extension}"));
        let mut table = Table::new(&path, format)?;
        write(found, &mut table)?;
        table.finish()?;
        written.push(path.display().to_string());
    }
    let model = serde_json::to_string_pretty(found.told).map_err(|e| unwritten(folder, e))?;
    for (name, text) in [("model.json", model), ("weights.svg", super::chart::weights(found.told))]
    {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| unwritten(&path, error))?;
        written.push(path.display().to_string());
    }
    Ok(written)
}

type Write_ = fn(&Found<'_>, &mut Table<'_>) -> Result<(), Stop>;

fn unwritten(path: &Path, error: impl std::fmt::Display) -> Stop {
    Stop::refused(format!("`{}` cannot be written: {error}", path.display()))
}

/// The heaviest first; of one file, the smaller id stands first, so that the order
/// of the rows changes nothing.
fn edges(found: &Found<'_>, table: &mut Table<'_>) -> Result<(), Stop> {
    let enough = found.edges.partition_point(|edge| f64::from(edge.weight) >= found.least);
    let edges = found.edges.get(..enough).unwrap_or_default();
    for batch in edges.chunks(BATCH) {
        let mut ids = [Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len())];
        for edge in batch {
            let (one, other) = found.places.rows(*edge);
            let mut both = [found.records.id(one), found.records.id(other)];
            if !found.records.are_two_files() {
                both.sort_unstable_by_key(|id| found.rank(id));
            }
            for (ids, id) in ids.iter_mut().zip(both) {
                ids.push(id);
            }
        }
        let [one, other] = ids.map(|ids| found.ids(ids.into_iter()));
        let weights: Vec<f64> = batch.iter().map(|edge| f64::from(edge.weight)).collect();
        let probabilities: Vec<f64> = weights.iter().map(|weight| probability(*weight)).collect();
        table.write(vec![
            ("id_1", one),
            ("id_2", other),
            ("weight", Arc::new(Float64Array::from(weights))),
            ("probability", Arc::new(Float64Array::from(probabilities))),
        ])?;
    }
    if edges.is_empty() {
        let none = || found.ids(std::iter::empty());
        let nothing = || Arc::new(Float64Array::from(Vec::<f64>::new()));
        table.write(vec![
            ("id_1", none()),
            ("id_2", none()),
            ("weight", nothing()),
            ("probability", nothing()),
        ])?;
    }
    Ok(())
}

/// Every row with its cluster. Clusters are numbered by their smallest id, so that
/// the order of the rows changes nothing.
fn clusters(found: &Found<'_>, table: &mut Table<'_>) -> Result<(), Stop> {
    let records = found.records;
    let split = records.rows_of_first();
    let in_second = |row: u32| row as usize >= split;
    let mut rows: Vec<u32> = (0..).take(records.rows()).collect();
    rows.sort_unstable_by_key(|row| (in_second(*row), found.rank(records.id(*row))));
    let numbers: Vec<Vec<u32>> =
        found.clusters.iter().map(|of_row| numbered(&rows, of_row)).collect();
    for (at, batch) in rows.chunks(BATCH).enumerate() {
        let ids = found.ids(batch.iter().map(|row| records.id(*row)));
        let mut columns: Vec<(&str, ArrayRef)> = vec![("id", ids)];
        if records.are_two_files() {
            let files = batch.iter().map(|row| 1 + u32::from(in_second(*row)));
            columns.push(("file", Arc::new(UInt32Array::from_iter_values(files))));
        }
        for (name, numbers) in ["cluster", "cluster_95"].into_iter().zip(&numbers) {
            let these = numbers.iter().skip(at * BATCH).take(batch.len()).copied();
            columns.push((name, Arc::new(UInt32Array::from_iter_values(these))));
        }
        table.write(columns)?;
    }
    Ok(())
}

/// Numbers from 1 for the clusters of `rows`, as they are met.
fn numbered(rows: &[u32], of_row: &[u32]) -> Vec<u32> {
    let mut numbers = vec![0; of_row.len()];
    let mut next = 0;
    rows.iter()
        .map(|row| {
            let cluster = of_row.get(*row as usize).copied().unwrap_or(*row);
            match numbers.get_mut(cluster as usize) {
                Some(number) if *number > 0 => *number,
                Some(number) => {
                    next += 1;
                    *number = next;
                    next
                }
                None => 0,
            }
        })
        .collect()
}

/// A table that is being written.
struct Table<'a> {
    path: &'a Path,
    to: To,
}

enum To {
    /// The writer is made when the columns are known.
    Parquet(Option<Box<ArrowWriter<File>>>),
    Csv(Box<csv::Writer<BufWriter<File>>>, bool),
}

impl<'a> Table<'a> {
    fn new(path: &'a Path, format: TableFormat) -> Result<Self, Stop> {
        let to = match format {
            TableFormat::Parquet => To::Parquet(None),
            TableFormat::Csv => {
                let file = File::create(path).map_err(|error| unwritten(path, error))?;
                To::Csv(Box::new(csv::Writer::from_writer(BufWriter::new(file))), false)
            }
        };
        Ok(Self { path, to })
    }

    fn write(&mut self, columns: Vec<(&str, ArrayRef)>) -> Result<(), Stop> {
        let path = self.path;
        let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let batch = RecordBatch::try_from_iter(columns).map_err(|e| unwritten(path, e))?;
        match &mut self.to {
            To::Parquet(writer) => {
                if writer.is_none() {
                    let file = File::create(path).map_err(|error| unwritten(path, error))?;
                    let properties = WriterProperties::builder()
                        .set_compression(Compression::ZSTD(ZstdLevel::default()))
                        .set_max_row_group_row_count(Some(8 * BATCH))
                        // Hardly a weight comes twice.
                        .set_column_dictionary_enabled("weight".into(), false)
                        .set_column_dictionary_enabled("probability".into(), false)
                        .build();
                    let made = ArrowWriter::try_new(file, batch.schema(), Some(properties));
                    *writer = Some(Box::new(made.map_err(|error| unwritten(path, error))?));
                }
                let written = writer.as_mut().map_or(Ok(()), |writer| writer.write(&batch));
                written.map_err(|error| unwritten(path, error))
            }
            To::Csv(writer, headed) => {
                let texts = batch
                    .columns()
                    .iter()
                    .map(|column| arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8))
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(|error| unwritten(path, error))?;
                if !*headed {
                    *headed = true;
                    writer.write_record(&names).map_err(|error| unwritten(path, error))?;
                }
                let texts: Vec<&arrow::array::StringArray> =
                    texts.iter().map(arrow::array::AsArray::as_string::<i32>).collect();
                for row in 0..batch.num_rows() {
                    let fields = texts.iter().map(|column| column.value(row));
                    writer.write_record(fields).map_err(|error| unwritten(path, error))?;
                }
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<(), Stop> {
        let Self { path, to } = self;
        match to {
            To::Parquet(None) => Ok(()),
            To::Parquet(Some(writer)) => {
                writer.close().map(drop).map_err(|error| unwritten(path, error))
            }
            To::Csv(writer, _) => {
                let mut file = writer.into_inner().map_err(|error| unwritten(path, error))?;
                file.flush().map_err(|error| unwritten(path, error))
            }
        }
    }
}
