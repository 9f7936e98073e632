//! Commands that go on when this program is killed, and are found again by the next
//! (decision 0078).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use model::{AccountId, RoomId, RunId};
use room::{CellOutcome, Ended, Room, RoomEvent, Run, Running, State};

use super::{THERE, wait_for};
use crate::journal::{Cell, Done};
use crate::statements::OfRun;
use crate::{Centre, Refused, blocking};

/// When it is tried again to write down how a run ended: a database that is away for a
/// while must not leave it running for ever.
const END_AGAIN: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
];

impl Centre {
    /// Takes over what an earlier program left running in rooms, and has what is
    /// started from now on outlive this one: for a program that stays, at its start.
    /// A command that nobody minds was ended in the ledger before.
    pub async fn outlive(self: &Arc<Self>) -> Result<(), Refused> {
        self.parts.runtime.outlive();
        self.take_over_queue().await?;
        for room in self.every_room(&THERE).await? {
            if let Err(refused) = self.take_over(&room).await {
                // The next start tries again; the others are seen to.
                tracing::error!(room = %room.id, %refused, "what runs in a room was not taken over");
            }
        }
        Ok(())
    }

    async fn take_over(self: &Arc<Self>, room: &Room) -> Result<(), Refused> {
        let (runtime, id) = (self.parts.runtime.clone(), room.id.clone());
        let keep: Vec<RunId> = room.running().map(|run| run.id.clone()).collect();
        blocking("letting go of what has ended", move || runtime.forget_others(&id, &keep))
            .await?
            .map_err(|error| Refused::failed("letting go of what has ended", error))?;
        let mut is_any = false;
        for run in room.running() {
            match self.take_over_run(room, run).await {
                Ok(is_taken) => is_any |= is_taken,
                // The others of the room are taken over.
                Err(refused) => {
                    tracing::error!(room = %room.id, run = %run.id, %refused, "a command was not taken over");
                }
            }
        }
        if is_any { self.end_unheard_cells(&room.id).await } else { Ok(()) }
    }

    /// Says whether there was somebody to take it over from.
    async fn take_over_run(self: &Arc<Self>, room: &Room, run: &Run) -> Result<bool, Refused> {
        let heard = self.hearing(&room.id, &run.id, &run.by);
        let (runtime, logs) = (self.parts.runtime.clone(), self.parts.logs.clone());
        let (id, of_run) = (room.id.clone(), run.id.clone());
        let adopted = blocking("taking over a command", move || {
            let log = || logs.reopen(&id, &of_run).map_err(io::Error::other);
            runtime.hear_statements(&of_run, Arc::<OfRun>::clone(&heard));
            runtime.hear_packages(&of_run, heard);
            runtime.adopt(&id, &of_run, &log)
        })
        .await?
        .map_err(|error| Refused::failed("taking over a command", error))?;
        let Some(running) = adopted else { return Ok(false) };
        tracing::info!(room = %room.id, run = %run.id, "a command that went on was taken over");
        drop(self.see_to_end(run.by.clone(), room.id.clone(), run.id.clone(), running));
        Ok(true)
    }

    /// Ends in the ledger the cells whose answer nobody heard: the connections of the
    /// browsers went with the program that was killed.
    async fn end_unheard_cells(&self, id: &RoomId) -> Result<(), Refused> {
        let now = self.now();
        for deed in self.deeds(id).await? {
            let Done::Cell(cell) = &deed.what else { continue };
            let Cell { cell, ended: None, .. } = &**cell else { continue };
            let cell = cell.clone();
            let milliseconds = now.duration_since(deed.at).as_millis();
            let wall_ms = u64::try_from(milliseconds).unwrap_or_default();
            let event =
                RoomEvent::CellEnded { cell, outcome: CellOutcome::Unheard, wall_ms, opened: None };
            self.write_on(&deed.by, id, &event, |room| room.state == State::Running).await?;
        }
        Ok(())
    }

    /// Who takes down what a run asks for.
    pub(super) fn hearing(
        self: &Arc<Self>,
        room: &RoomId,
        run: &RunId,
        by: &AccountId,
    ) -> Arc<OfRun> {
        Arc::new(OfRun {
            centre: Arc::clone(self),
            room: room.clone(),
            run: run.clone(),
            by: by.clone(),
            executor: tokio::runtime::Handle::current(),
        })
    }

    /// Waits for the end of a command and writes it down, beside everything else.
    pub(super) fn see_to_end(
        self: &Arc<Self>,
        actor: AccountId,
        room: RoomId,
        run: RunId,
        running: Arc<dyn Running>,
    ) -> tokio::sync::watch::Receiver<Option<Arc<Ended>>> {
        let (tell, done) = tokio::sync::watch::channel(None);
        let centre = Arc::clone(self);
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = wait_for(Arc::clone(&running)) => ended,
                () = centre.keep_while_it_runs(&room, &*running) => {
                    wait_for(Arc::clone(&running)).await
                }
            };
            centre.nobody_at_work(&run);
            centre.keep_versions(&room).await;
            for again in END_AGAIN {
                match centre.note_end(&actor, &room, &run, &ended).await {
                    Ok(()) => {
                        running.noted();
                        break;
                    }
                    Err(refused) => {
                        tracing::error!(%room, %run, %refused, "the end of a run was not written down");
                        tokio::time::sleep(again).await;
                    }
                }
            }
            let _ = tell.send(Some(Arc::new(ended)));
            centre.queue.stir();
        });
        done
    }
}
