//! The table format: what a version is made of, and how a new one is made.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use deltalake_core::kernel::transaction::CommitBuilder;
use deltalake_core::kernel::{Action, Add, CommitInfo, Metadata, Protocol, Remove};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaResult, DeltaTable, DeltaTableBuilder, ensure_table_uri};
use serde_json::json;

use crate::durable;
use crate::error::LakeError;

/// One file of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataFile {
    /// Its name in the table's folder.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
}

/// What a version is made of.
#[derive(Debug)]
pub(crate) struct TableState {
    pub(crate) schema: SchemaRef,
    /// In the order of their rows.
    pub(crate) files: Vec<DataFile>,
}

/// What makes a new version.
pub(crate) struct NewVersion<'a> {
    pub(crate) source: &'a str,
    pub(crate) import: &'a str,
    pub(crate) schema: &'a Schema,
    pub(crate) files: &'a [DataFile],
    /// The version the new one comes after; `None`: the table is not there yet.
    pub(crate) after: Option<u64>,
    pub(crate) now_ms: i64,
    /// Random, for the name of a new table.
    pub(crate) table_id: [u8; 16],
}

/// The log's folder in a table's.
pub(crate) const LOG: &str = "_delta_log";

/// The name of a version's entry in the log.
pub(crate) fn log_entry(version: u64) -> String {
    format!("{version:020}.json")
}

/// The versions of a table that its log has an entry of, in order.
pub(crate) fn versions(table: &Path) -> Result<Vec<u64>, LakeError> {
    Ok(durable::names(&table.join(LOG))?
        .iter()
        .filter_map(|name| name.strip_suffix(".json"))
        .filter(|stem| stem.len() == 20 && stem.bytes().all(|byte| byte.is_ascii_digit()))
        .filter_map(|stem| stem.parse().ok())
        .collect())
}

/// Reads a version; `None` if there is none.
pub(crate) fn load(table: &Path, version: u64) -> Result<Option<TableState>, LakeError> {
    if !table.join(LOG).join(log_entry(version)).exists() {
        return Ok(None);
    }
    let loaded = wait(table, "reading the table", async {
        let loaded = open(table, version).await?;
        state(&loaded)
    })?;
    Ok(Some(loaded))
}

/// The names of the files whose rows a version has. A version replaces all of
/// the one before (decision 0025): its own entry of the log names every file of
/// it, and no other entry need be read.
pub(crate) fn files_of(table: &Path, version: u64) -> Result<Vec<String>, LakeError> {
    let path = table.join(LOG).join(log_entry(version));
    let fail = |error: &(dyn std::error::Error + 'static)| {
        LakeError::files("reading the log entry", &path, error)
    };
    let text = fs::read_to_string(&path).map_err(|error| fail(&error))?;
    let mut names = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let action: serde_json::Value = serde_json::from_str(line).map_err(|error| fail(&error))?;
        let added =
            action.get("add").and_then(|add| add.get("path")).and_then(|path| path.as_str());
        names.extend(added.map(str::to_owned));
    }
    Ok(names)
}

async fn open(table: &Path, version: u64) -> DeltaResult<DeltaTable> {
    DeltaTableBuilder::from_url(ensure_table_uri(table.to_string_lossy())?)?
        .with_version(version)
        .load()
        .await
}

fn state(table: &DeltaTable) -> DeltaResult<TableState> {
    let snapshot = table.snapshot()?.snapshot();
    let mut files: Vec<DataFile> = snapshot
        .log_data()
        .iter()
        .map(|file| DataFile {
            name: file.path().into_owned(),
            bytes: u64::try_from(file.size()).unwrap_or(0),
            rows: file.num_records().map_or(0, |rows| rows as u64),
        })
        .collect();
    // A file's name ends in its place in the order of rows.
    files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(TableState { schema: snapshot.arrow_schema(), files })
}

/// Makes the version after `new.after`: its rows are `new.files` and no others.
pub(crate) fn commit(table: &Path, new: &NewVersion<'_>) -> Result<u64, LakeError> {
    durable::make_folder(&table.join(LOG))?;
    let version = wait(table, "committing to the table", write_entry(table, new))?;
    // The entry is what makes the version: it and its name must outlive the machine.
    durable::close_to_others(&table.join(LOG).join(log_entry(version)))?;
    durable::sync(&table.join(LOG).join(log_entry(version)))?;
    durable::sync(&table.join(LOG))?;
    durable::sync(table)?;
    Ok(version)
}

async fn write_entry(table: &Path, new: &NewVersion<'_>) -> DeltaResult<u64> {
    let mut actions = vec![Action::CommitInfo(commit_info(new))];
    let before = match new.after {
        Some(version) => Some(open(table, version).await?),
        None => None,
    };
    let state = before.as_ref().map(state).transpose()?;
    if let (Some(before), Some(state)) = (&before, &state) {
        if state.schema.fields() != new.schema.fields() {
            let metadata = before.snapshot()?.metadata();
            actions.push(Action::Metadata(metadata_action(new, metadata.id())?));
        }
        actions.extend(state.files.iter().map(|file| Action::Remove(remove(file, new))));
    } else {
        // No feature beyond the first version's: every reader can read it.
        let protocol: Protocol =
            serde_json::from_value(json!({ "minReaderVersion": 1, "minWriterVersion": 2 }))?;
        actions.push(Action::Protocol(protocol));
        actions.push(Action::Metadata(metadata_action(new, &uuid(new.table_id))?));
    }
    actions.extend(new.files.iter().map(|file| Action::Add(add(file, new))));
    let log_store = match &before {
        Some(table) => table.log_store(),
        None => DeltaTableBuilder::from_url(ensure_table_uri(table.to_string_lossy())?)?
            .build_storage()?,
    };
    let overwrite =
        DeltaOperation::Write { mode: SaveMode::Overwrite, partition_by: None, predicate: None };
    let snapshot = before.as_ref().map(DeltaTable::snapshot).transpose()?;
    let done = CommitBuilder::default()
        .with_actions(actions)
        // INVARIANT: the new version comes right after the one it was made for.
        // A table that somebody else has written to is not written over.
        .with_max_retries(0)
        .build(
            snapshot.map(|snapshot| {
                snapshot as &dyn deltalake_core::kernel::transaction::TableReference
            }),
            log_store,
            overwrite,
        )
        .await?;
    Ok(done.version())
}

fn commit_info(new: &NewVersion<'_>) -> CommitInfo {
    let rows: u64 = new.files.iter().map(|file| file.rows).sum();
    CommitInfo {
        timestamp: Some(new.now_ms),
        operation: Some("WRITE".to_owned()),
        operation_parameters: Some(HashMap::from([("mode".to_owned(), json!("Overwrite"))])),
        read_version: new.after,
        is_blind_append: Some(false),
        engine_info: Some(concat!("helserom/", env!("CARGO_PKG_VERSION")).to_owned()),
        info: HashMap::from([
            ("import".to_owned(), json!(new.import)),
            ("operationMetrics".to_owned(), json!({ "numOutputRows": rows.to_string() })),
        ]),
        ..CommitInfo::default()
    }
}

fn add(file: &DataFile, new: &NewVersion<'_>) -> Add {
    Add {
        path: file.name.clone(),
        size: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        modification_time: new.now_ms,
        data_change: true,
        // No smallest and largest values: of a subject they would be the key of
        // two people, in a file that is read by more eyes than the rows.
        stats: Some(json!({ "numRecords": file.rows }).to_string()),
        ..Add::default()
    }
}

fn remove(file: &DataFile, new: &NewVersion<'_>) -> Remove {
    Remove {
        path: file.name.clone(),
        data_change: true,
        deletion_timestamp: Some(new.now_ms),
        extended_file_metadata: Some(true),
        partition_values: Some(HashMap::new()),
        size: Some(i64::try_from(file.bytes).unwrap_or(i64::MAX)),
        ..Remove::default()
    }
}

/// `Metadata` has no constructor: its JSON form is the one the protocol fixes.
fn metadata_action(new: &NewVersion<'_>, id: &str) -> DeltaResult<Metadata> {
    Ok(serde_json::from_value(json!({
        "id": id,
        "name": new.source,
        "format": { "provider": "parquet", "options": {} },
        "schemaString": schema_string(new.schema).to_string(),
        "partitionColumns": [],
        // Old versions stay readable: nobody's VACUUM or log cleaning takes them.
        "configuration": {
            "delta.enableExpiredLogCleanup": "false",
            "delta.logRetentionDuration": "interval 36500 days",
            "delta.deletedFileRetentionDuration": "interval 36500 days",
        },
        "createdTime": new.now_ms,
    }))?)
}

/// The schema as the Delta protocol writes it (PROTOCOL.md, "Schema Serialization Format").
fn schema_string(schema: &Schema) -> serde_json::Value {
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| {
            json!({
                "name": field.name(),
                "type": delta_type(field.data_type()),
                "nullable": field.is_nullable(),
                "metadata": {},
            })
        })
        .collect();
    json!({ "type": "struct", "fields": fields })
}

/// INVARIANT: `source::arrow_type` gives no other types than these.
const fn delta_type(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Binary => "binary",
        DataType::Int64 => "long",
        DataType::Float64 => "double",
        DataType::Date32 => "date",
        DataType::Boolean => "boolean",
        _ => "string",
    }
}

/// The columns of a table whose content has `content`'s.
pub(crate) fn table_schema(content: &Schema) -> SchemaRef {
    let subject = Arc::new(Field::new(crate::SUBJECT, DataType::Binary, false));
    let fields: Vec<_> = std::iter::once(subject).chain(content.fields().iter().cloned()).collect();
    Arc::new(Schema::new(fields))
}

/// A version 4 UUID (RFC 9562, section 5.4) of random bytes.
fn uuid(mut bytes: [u8; 16]) -> String {
    if let Some(byte) = bytes.get_mut(6) {
        *byte = (*byte & 0x0f) | 0x40;
    }
    if let Some(byte) = bytes.get_mut(8) {
        *byte = (*byte & 0x3f) | 0x80;
    }
    let text = hex::encode(bytes);
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

/// Runs Delta's asynchronous code on a thread of its own, so that the caller may
/// stand anywhere, in a runtime or not.
fn wait<T: Send>(
    table: &Path,
    what: &'static str,
    work: impl Future<Output = DeltaResult<T>> + Send,
) -> Result<T, LakeError> {
    let on_thread = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| LakeError::files(what, table, &error))?
            .block_on(work)
            .map_err(|error| LakeError::files(what, table, &error))
    };
    std::thread::scope(|scope| scope.spawn(on_thread).join()).unwrap_or_else(|_| {
        Err(LakeError::files(what, table, &std::io::Error::other("the table's library gave up")))
    })
}
