//! No statement is run before it is taken down.

use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use async_trait::async_trait;
use datafusion::common::ParamValues;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast::Statement;
use datafusion_postgres::hooks::HookClient;
use datafusion_postgres::hooks::cursor::CursorStatementHook;
use datafusion_postgres::hooks::set_show::SetShowHook;
use datafusion_postgres::hooks::transactions::TransactionStatementHook;
use datafusion_postgres::pgwire::api::auth::StartupHandler;
use datafusion_postgres::pgwire::api::auth::noop::NoopStartupHandler;
use datafusion_postgres::pgwire::api::cancel::{CancelHandler, DefaultCancelHandler};
use datafusion_postgres::pgwire::api::portal::Portal;
use datafusion_postgres::pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use datafusion_postgres::pgwire::api::results::{Response, SendableRowStream};
use datafusion_postgres::pgwire::api::store::PortalStore;
use datafusion_postgres::pgwire::api::{
    ClientInfo, ClientPortalStore, ConnectionManager, PgWireServerHandlers,
};
use datafusion_postgres::pgwire::error::{ErrorInfo, PgWireError, PgWireResult};
use datafusion_postgres::pgwire::messages::PgWireBackendMessage;
use datafusion_postgres::pgwire::messages::data::DataRow;
use datafusion_postgres::{DfSessionService, Parser, QueryHook};
use futures::{Sink, Stream};

use super::counted::Reads;
use super::rows::OwnRows;
use super::{Recorder, StatementEnd};

/// A statement with what was bound to it is taken down up to so many bytes; a
/// longer one is not run.
const LONGEST: usize = 256 << 10;

/// What answers one connection.
pub(super) struct Handlers {
    statements: Arc<Recorded>,
    connections: Arc<ConnectionManager>,
}

impl Handlers {
    pub(super) fn new(session: SessionContext, recorder: Arc<dyn Recorder>, reads: Reads) -> Self {
        let rows = Arc::new(OwnRows::default());
        let hooks: Vec<Arc<dyn QueryHook>> = vec![
            Arc::new(Refusals),
            Arc::new(CursorStatementHook),
            Arc::new(SetShowHook),
            Arc::new(TransactionStatementHook),
            Arc::clone(&rows) as Arc<dyn QueryHook>,
        ];
        let inner = DfSessionService::new_with_hooks(Arc::new(session), hooks);
        let statements = Arc::new(Recorded { inner, rows, recorder, reads });
        Self { statements, connections: Arc::new(ConnectionManager::new()) }
    }
}

/// What is not done whoever asks.
struct Refusals;

impl Refusals {
    /// What a room has of the machine is not set from inside.
    fn of_limits(statement: &Statement) -> Option<PgWireError> {
        let sets = matches!(statement, Statement::Set(_) | Statement::Reset(_));
        let mut words = statement.to_string().to_lowercase();
        words.retain(|letter| !matches!(letter, '"' | '`' | ' '));
        let limits = sets && words.contains("datafusion.runtime");
        limits.then(|| {
            let why = "how much memory and disk statements may use is the room's, and is not set \
                       from inside";
            refusal("42501", why.to_owned())
        })
    }

    /// Cursors, where what they give cannot be described beforehand (the extended
    /// protocol, which drivers use): clients break over rows that nobody described.
    fn of_cursors(statement: &Statement) -> Option<PgWireError> {
        let is_cursor = matches!(statement, Statement::Declare { .. } | Statement::Fetch { .. });
        is_cursor.then(|| {
            let why = "a cursor is not kept for this client: ask for all rows, which come as they \
                       are found, or write them to a file with COPY (…) TO 'file.csv'";
            refusal("0A000", why.to_owned())
        })
    }
}

#[async_trait]
impl QueryHook for Refusals {
    async fn handle_simple_query(
        &self,
        statement: &Statement,
        _: &SessionContext,
        _: &mut dyn HookClient,
    ) -> Option<PgWireResult<Response>> {
        Self::of_limits(statement).map(Err)
    }

    async fn handle_extended_parse_query(
        &self,
        statement: &Statement,
        _: &SessionContext,
        _: &(dyn ClientInfo + Send + Sync),
    ) -> Option<PgWireResult<LogicalPlan>> {
        Self::of_limits(statement).or_else(|| Self::of_cursors(statement)).map(Err)
    }

    async fn handle_extended_query(
        &self,
        _: &Statement,
        _: &LogicalPlan,
        _: &ParamValues,
        _: &SessionContext,
        _: &mut dyn HookClient,
    ) -> Option<PgWireResult<Response>> {
        None
    }
}

fn refusal(code: &str, why: String) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("ERROR".to_owned(), code.to_owned(), why)))
}

/// Who connects is in the room: that is all there is to know.
struct Anybody(Arc<ConnectionManager>);

impl NoopStartupHandler for Anybody {
    fn connection_manager(&self) -> Option<Arc<ConnectionManager>> {
        Some(Arc::clone(&self.0))
    }
}

impl PgWireServerHandlers for Handlers {
    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        Arc::clone(&self.statements)
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        Arc::clone(&self.statements)
    }

    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        Arc::new(Anybody(Arc::clone(&self.connections)))
    }

    fn cancel_handler(&self) -> Arc<impl CancelHandler> {
        Arc::new(DefaultCancelHandler::new(Arc::clone(&self.connections)))
    }
}

struct Recorded {
    inner: DfSessionService,
    rows: Arc<OwnRows>,
    recorder: Arc<dyn Recorder>,
    reads: Reads,
}

impl Recorded {
    /// Takes a statement down. It has ended when what is given back is dropped.
    async fn begin(&self, sql: &str) -> PgWireResult<Underway> {
        let refused = |why| refusal("54000", why);
        if sql.len() > LONGEST {
            let kib = LONGEST >> 10;
            return Err(refused(format!(
                "the statement is longer than the {kib} KiB that are written down of one, and is \
                 not run: bring long lists in as a table"
            )));
        }
        // What is left of one that failed before it was run.
        self.reads.take();
        let statement = self.recorder.begin(sql).await.map_err(refused)?;
        let recorder = Arc::clone(&self.recorder);
        let reads = self.reads.clone();
        let (rows, unanswered) = (AtomicU64::new(0), AtomicUsize::new(1));
        Ok(Underway { statement, recorder, reads, rows, unanswered })
    }

    /// The same answers; the statement has ended when all of them have.
    fn watch(underway: Underway, answers: Vec<Response>) -> Vec<Response> {
        let of_rows = |answer: &&Response| matches!(answer, Response::Query(_));
        underway.unanswered.store(answers.iter().filter(of_rows).count(), Ordering::Relaxed);
        let underway = Arc::new(underway);
        let watch = |answer| match answer {
            Response::Query(mut query) => {
                let underway = Arc::clone(&underway);
                query.data_rows = Box::pin(Watched { rows: query.data_rows, underway });
                Response::Query(query)
            }
            other => other,
        };
        answers.into_iter().map(watch).collect()
    }
}

/// A statement that is being answered.
struct Underway {
    statement: u64,
    recorder: Arc<dyn Recorder>,
    reads: Reads,
    /// How many were sent.
    rows: AtomicU64,
    /// How many of its answers were not sent to their end.
    unanswered: AtomicUsize,
}

impl Drop for Underway {
    fn drop(&mut self) {
        let answered = *self.unanswered.get_mut() == 0;
        let end = StatementEnd { answered, rows: *self.rows.get_mut(), read: self.reads.take() };
        self.recorder.ended(self.statement, end);
    }
}

/// Rows on their way.
struct Watched {
    rows: SendableRowStream,
    underway: Arc<Underway>,
}

impl Stream for Watched {
    type Item = PgWireResult<DataRow>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let row = std::task::ready!(self.rows.as_mut().poll_next(context));
        match &row {
            Some(Ok(_)) => {
                self.underway.rows.fetch_add(1, Ordering::Relaxed);
            }
            Some(Err(_)) => {}
            None => {
                self.underway.unanswered.fetch_sub(1, Ordering::Relaxed);
            }
        }
        Poll::Ready(row)
    }
}

#[async_trait]
impl SimpleQueryHandler for Recorded {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: std::fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let underway = self.begin(query).await?;
        let answers = SimpleQueryHandler::do_query(&self.inner, client, query).await?;
        Ok(Self::watch(underway, answers))
    }
}

#[async_trait]
impl ExtendedQueryHandler for Recorded {
    type Statement = <DfSessionService as ExtendedQueryHandler>::Statement;
    type QueryParser = Parser;

    fn query_parser(&self) -> Arc<Self::QueryParser> {
        self.inner.query_parser()
    }

    async fn do_query<C>(
        &self,
        client: &mut C,
        portal: &Portal<Self::Statement>,
        most: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: std::fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let underway = self.begin(&with_bound(portal)).await?;
        self.rows.expect(&portal.result_column_format);
        let answer = ExtendedQueryHandler::do_query(&self.inner, client, portal, most).await?;
        let mut answers = Self::watch(underway, vec![answer]);
        Ok(answers.pop().unwrap_or(Response::EmptyQuery))
    }
}

/// A statement and, below it, what was bound to its places: text as it is, the
/// rest in hexadecimal digits as it was sent.
fn with_bound(portal: &Portal<<DfSessionService as ExtendedQueryHandler>::Statement>) -> String {
    let mut text = portal.statement.statement.0.clone();
    for (place, value) in (1..).zip(&portal.parameters) {
        let said = match value.as_deref().map(|bytes| (std::str::from_utf8(bytes), bytes)) {
            None => "NULL".to_owned(),
            Some((Ok(said), _)) if !said.contains(char::is_control) => said.to_owned(),
            Some((_, bytes)) => format!("\\x{}", hex::encode(bytes)),
        };
        let _ = write!(text, "\n-- ${place}: {said}");
    }
    text
}
