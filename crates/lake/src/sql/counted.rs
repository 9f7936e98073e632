//! How many rows a statement reads of which table.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Constraints, Result, Statistics};
use datafusion::logical_expr::{Expr, LogicalPlan, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

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
}

impl Counted {
    pub(super) fn new(name: String, table: Arc<dyn TableProvider>, reads: Reads) -> Self {
        Self { name, table, reads }
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
