//! How many rows a statement reads of which table.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider, TableProviderFactory};
use datafusion::common::{Constraints, Result, Statistics, not_impl_err};
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{
    CreateExternalTable, Expr, LogicalPlan, TableProviderFilterPushDown, TableType,
};
use datafusion::physical_plan::ExecutionPlan;
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
    name: String,
    table: Arc<dyn TableProvider>,
    reads: Reads,
    /// Whether rows may be put into it: a table of the extract takes none.
    takes_rows: bool,
}

impl Counted {
    /// A table of the extract.
    pub(super) fn new(name: String, table: Arc<dyn TableProvider>, reads: Reads) -> Self {
        Self { name, table, reads, takes_rows: false }
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
        self.reads.note(&self.name, &scan);
        Ok(scan)
    }

    async fn insert_into(
        &self,
        state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        how: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if !self.takes_rows {
            return not_impl_err!("`{}` is a table of the extract, which takes no rows", self.name);
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
/// noted too. A file of the extract in `data` is noted as the table that it is.
pub(super) fn count_external(session: &SessionContext, data: &Path, reads: &Reads) {
    let state = session.state_ref();
    for factory in state.write().table_factories_mut().values_mut() {
        let counting =
            External { makes: Arc::clone(factory), data: data.into(), reads: reads.clone() };
        *factory = Arc::new(counting);
    }
}

/// Makes tables of files.
#[derive(Debug)]
struct External {
    makes: Arc<dyn TableProviderFactory>,
    data: Box<Path>,
    reads: Reads,
}

impl External {
    /// What the record calls the table of the file at `location`.
    fn name(&self, location: &str) -> String {
        let path = Path::new(location.strip_prefix("file://").unwrap_or(location));
        path.strip_prefix(&self.data)
            .ok()
            .and_then(|inside| inside.file_stem()?.to_str())
            .map_or_else(|| location.to_owned(), str::to_owned)
    }
}

#[async_trait]
impl TableProviderFactory for External {
    async fn create(
        &self,
        state: &dyn Session,
        asked: &CreateExternalTable,
    ) -> Result<Arc<dyn TableProvider>> {
        let table = self.makes.create(state, asked).await?;
        let names: Vec<String> =
            asked.locations.iter().map(|location| self.name(location)).collect();
        let (name, reads) = (names.join("-and-"), self.reads.clone());
        Ok(Arc::new(Counted { name, table, reads, takes_rows: true }))
    }
}
