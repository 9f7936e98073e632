//! What programs in rooms ask in SQL: in the ledger before it is answered
//! (invariant 1).

use std::sync::Arc;

use model::{AccountId, RoomId, RunId, StatementId};
use room::{Room, RoomEvent, State, StatementEnd, Statements};

use crate::Centre;

/// Takes down the statements of one run. Called from threads of the runtime.
pub(crate) struct OfRun {
    pub(crate) centre: Arc<Centre>,
    pub(crate) room: RoomId,
    pub(crate) run: RunId,
    /// Who started the run. In a notebook it is whoever ran a cell last that asks.
    pub(crate) by: AccountId,
    pub(crate) executor: tokio::runtime::Handle,
}

impl Statements for OfRun {
    fn begin(&self, sql: String) -> Result<StatementId, String> {
        let statement = StatementId::mint(self.centre.parts.entropy.as_ref());
        let (id, run) = (statement.clone(), self.run.clone());
        let event = RoomEvent::StatementRun { statement: id, run, sql };
        let of_run = self.run.clone();
        let goes_on = move |room: &Room| room.is_running(&of_run);
        let by = self.centre.at_work(&self.run).unwrap_or_else(|| self.by.clone());
        let write = self.centre.write_on(&by, &self.room, &event, goes_on);
        match self.executor.block_on(write) {
            Ok(true) => Ok(statement),
            Ok(false) => Err("what asked this has ended".to_owned()),
            Err(refused) => {
                tracing::error!(room = %self.room, %refused, "a statement could not be written down");
                Err("the statement could not be written down, and is not run".to_owned())
            }
        }
    }

    fn ended(&self, statement: StatementId, end: StatementEnd) {
        let event = RoomEvent::StatementEnded { statement, end };
        // What it was asked by may have ended before it.
        let open = |room: &Room| room.state != State::Closed;
        let write = self.centre.write_on(&self.by, &self.room, &event, open);
        if let Err(refused) = self.executor.block_on(write) {
            tracing::error!(room = %self.room, %refused, "the end of a statement was not written down");
        }
    }
}
