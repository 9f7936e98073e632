//! How many rows a statement reads of which table.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider, TableProviderFactory};
use datafusion::common::{Constraints, Result, Statistics, not_impl_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{
    CreateExternalTable, Expr, LogicalPlan, TableProviderFilterPushDown, TableType,
};
use datafusion::object_store::local::LocalFileSystem;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::prelude::SessionContext;

/// What one connection reads. Its statements are run one after the other.
#[derive(Debug, Clone, Default)]
pub struct Reads(Arc<Mutex<Vec<Scan>>>);

/// A table, and how it is read.
type Scan = (String, Arc<dyn ExecutionPlan>);

impl Reads {
    fn note(&self, table: &str, scan: &Arc<dyn ExecutionPlan>) {
        let mut scans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        scans.push((table.to_owned(), Arc::clone(scan)));
    }

    /// The rows that were read of each table since this was asked last.
    pub fn take(&self) -> Vec<(String, u64)> {
        let scans = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut rows = BTreeMap::<String, u64>::new();
        for (table, scan) in scans {
            let read = scan.metrics().and_then(|metrics| metrics.output_rows()).unwrap_or(0);
            *rows.entry(table).or_default() += u64::try_from(read).unwrap_or(u64::MAX);
        }
        rows.into_iter().collect()
    }
}

/// A table whose scans are noted. Everything else is the table's own.
#[derive(Debug)]
pub(super) struct Counted {
    named: Named,
    table: Arc<dyn TableProvider>,
    reads: Reads,
}

/// What the record calls a table.
#[derive(Debug)]
enum Named {
    /// A table of the extract, which takes no rows.
    Table(String),
    /// By the files that are scanned, of which those in this folder are the extract's.
    ByFiles(Arc<Path>),
}

impl Counted {
    /// A table of the extract.
    pub(super) fn new(name: String, table: Arc<dyn TableProvider>, reads: Reads) -> Self {
        Self { named: Named::Table(name), table, reads }
    }
}

#[async_trait]
impl TableProvider for Counted {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn constraints(&self) -> Option<&Constraints> {
        self.table.constraints()
    }

    fn table_type(&self) -> TableType {
        self.table.table_type()
    }

    fn get_table_definition(&self) -> Option<&str> {
        self.table.get_table_definition()
    }

    fn get_logical_plan(&self) -> Option<Cow<'_, LogicalPlan>> {
        self.table.get_logical_plan()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let scan = self.table.scan(state, projection, filters, limit).await?;
        match &self.named {
            Named::Table(name) => self.reads.note(name, &scan),
            Named::ByFiles(data) => {
                for table in scanned(data, &scan) {
                    self.reads.note(&table, &scan);
                }
            }
        }
        Ok(scan)
    }

    async fn insert_into(
        &self,
        state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        how: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if let Named::Table(name) = &self.named {
            return not_impl_err!("`{name}` is a table of the extract, which takes no rows");
        }
        self.table.insert_into(state, input, how).await
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.table.supports_filters_pushdown(filters)
    }

    fn statistics(&self) -> Option<Statistics> {
        self.table.statistics()
    }
}

/// Has what is read of files that statements make tables of (`CREATE EXTERNAL TABLE`)
/// noted too: by the files that are scanned, whatever they were called and through
/// whichever link. A file of the extract in `data` is noted as the table that it is.
pub(super) fn count_external(session: &SessionContext, data: &Path, reads: &Reads) {
    let data: Arc<Path> = data.canonicalize().unwrap_or_else(|_| data.to_owned()).into();
    let state = session.state_ref();
    for factory in state.write().table_factories_mut().values_mut() {
        let (makes, data, reads) = (Arc::clone(factory), Arc::clone(&data), reads.clone());
        *factory = Arc::new(External { makes, data, reads });
    }
}

/// Makes tables of files.
#[derive(Debug)]
struct External {
    makes: Arc<dyn TableProviderFactory>,
    data: Arc<Path>,
    reads: Reads,
}

#[async_trait]
impl TableProviderFactory for External {
    async fn create(
        &self,
        state: &dyn Session,
        asked: &CreateExternalTable,
    ) -> Result<Arc<dyn TableProvider>> {
        let table = self.makes.create(state, asked).await?;
        let named = Named::ByFiles(Arc::clone(&self.data));
        Ok(Arc::new(Counted { named, table, reads: self.reads.clone() }))
    }
}

/// What the record calls a file that is none of the extract.
const OTHER: &str = "file";

/// The tables of the extract in `data` that a scan reads, and [`OTHER`] for files that
/// are none. Every table, where that cannot be told.
fn scanned(data: &Path, scan: &Arc<dyn ExecutionPlan>) -> BTreeSet<String> {
    if scan.downcast_ref::<EmptyExec>().is_some() {
        return BTreeSet::new();
    }
    let source = scan.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
    let Some(files) = source.and_then(|source| source.downcast_ref::<FileScanConfig>()) else {
        let all = std::fs::read_dir(data).into_iter().flatten().flatten();
        return all.filter_map(|entry| table(data, &entry.path())).collect();
    };
    let disk = LocalFileSystem::new();
    let files = files.file_groups.iter().flat_map(FileGroup::iter);
    let path = |file: &PartitionedFile| {
        disk.path_to_filesystem(&file.object_meta.location).ok()?.canonicalize().ok()
    };
    let named = files.map(|file| path(file).and_then(|path| table(data, &path)));
    named.map(|table| table.unwrap_or_else(|| OTHER.to_owned())).collect()
}

/// The table of the extract that a file holds.
fn table(data: &Path, file: &Path) -> Option<String> {
    file.strip_prefix(data).ok()?.file_stem()?.to_str().map(str::to_owned)
}
