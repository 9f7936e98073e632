//! Rooms that close by themselves, runs that nobody minds any more, and what is
//! done about both when the program starts, goes on and stops. One room that
//! cannot be seen to keeps no other from being seen to (invariant 4).

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use model::{AccountId, RoomId, Timestamp};
use permit::Standing;
use room::{Closing, Copied, Ended, Removed, Room, RoomEvent, Run, Runtime, State, WorkError};

use super::THERE;
use crate::{Centre, Refused, blocking};

/// How long the end of a run that was stopped is waited for: ten seconds.
const PATIENCE_STEPS: u32 = 200;
const PATIENCE_STEP: Duration = Duration::from_millis(50);

/// How long after its entry a run may take until it is minded.
const BEGINNING: SignedDuration = SignedDuration::from_secs(60);

/// How long a run that ended may take to be written down by who minded it.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What went wrong with one room, told in the log at once: the others are seen
/// to first.
fn failure(room: &RoomId, done: Result<(), Refused>) -> Option<String> {
    let refused = done.err()?;
    tracing::error!(%room, %refused, "a room was not seen to");
    Some(format!("`{room}`: {refused}"))
}

impl Centre {
    /// Freezes every room whose permit has ended, removes those whose standstill is
    /// over, and ends in the ledger the runs
    /// whose program was killed. Called when a permit is revoked, at every start,
    /// and once a minute. Names the rooms that could not be seen to; the others
    /// were.
    pub async fn sweep(&self) -> Result<(), Refused> {
        let mut failures = Vec::new();
        for room in self.every_room(&THERE).await? {
            let seen_to = match room.frozen_until {
                None => self.close_if_over(&room).await,
                Some(until) if self.now() >= until => self.remove(&room.opened_by, &room.id).await,
                Some(_) => Ok(()),
            };
            failures.extend(failure(&room.id, seen_to));
        }
        for (room, run) in self.unminded().await? {
            failures.extend(failure(&room, self.end_lost_run(&room, &run).await));
        }
        if let Err(refused) = self.see_to_unwaited().await {
            tracing::error!(%refused, "the queue was not seen to");
            failures.push(refused.to_string());
        }
        if failures.is_empty() {
            Ok(())
        } else {
            Err(Refused::failed("looking after rooms", failures.join("; ")))
        }
    }

    async fn close_if_over(&self, room: &Room) -> Result<(), Refused> {
        let why = match self.permit_of(room).await?.standing(self.now()) {
            Standing::Active | Standing::NotYet => return Ok(()),
            Standing::Expired => Closing::PermitExpired,
            Standing::Revoked => Closing::PermitRevoked,
        };
        self.shut(&room.opened_by, &room.id, why).await
    }

    /// What runs in rooms by the ledger and no living program minds, looked at twice:
    /// whoever minded a run that just ended writes it down a moment later.
    async fn unminded(&self) -> Result<Vec<(RoomId, Run)>, Refused> {
        let first = self.unminded_now().await?;
        if first.is_empty() {
            return Ok(first);
        }
        tokio::time::sleep(LAST_WORDS).await;
        let mut again = self.unminded_now().await?;
        again.retain(|(_, run)| first.iter().any(|(_, before)| before.id == run.id));
        Ok(again)
    }

    async fn unminded_now(&self) -> Result<Vec<(RoomId, Run)>, Refused> {
        let (runtime, now) = (self.parts.runtime.clone(), self.now());
        let rooms = self.every_room(&["running"]).await?;
        blocking("looking for what runs", move || {
            let has_begun = |run: &&Run| now.duration_since(run.started_at) >= BEGINNING;
            let unminded = |room: &Room| {
                let running = room.running().filter(has_begun);
                let lost = running.filter(|run| !runtime.is_minded(&room.id, &run.id));
                lost.map(|run| (room.id.clone(), run.clone())).collect::<Vec<_>>()
            };
            rooms.iter().flat_map(|room| unminded(room)).collect()
        })
        .await
    }

    async fn end_lost_run(&self, room: &RoomId, run: &Run) -> Result<(), Refused> {
        tracing::warn!(%room, run = %run.id, "nobody minds this run any more");
        self.note_end(&run.by, room, &run.id, &Ended::LOST).await
    }

    /// Ends what this program runs in rooms, waits until the ledger says so, and
    /// lets go of what rooms hold of the machine: called last, when the program
    /// stops. The rooms stay open with what is in them.
    pub async fn stop_runs(&self) -> Result<(), Refused> {
        let stopped = self.stop_own_runs().await;
        let runtime = self.parts.runtime.clone();
        for stuck in blocking("letting go of rooms", move || runtime.let_go()).await? {
            tracing::warn!(%stuck, "a room was not let go of");
        }
        stopped
    }

    async fn stop_own_runs(&self) -> Result<(), Refused> {
        self.shut_queue().await?;
        let mut stopped = Vec::new();
        for room in self.every_room(&["running"]).await? {
            for running in self.parts.runtime.running(&room.id) {
                running.stop();
                stopped.push((room.id.clone(), running.run().clone()));
            }
        }
        for (id, run) in stopped {
            for _ in 0..PATIENCE_STEPS {
                if !self.load::<Room>(id.as_str()).await?.0.is_running(&run) {
                    break;
                }
                tokio::time::sleep(PATIENCE_STEP).await;
            }
        }
        Ok(())
    }

    /// Shuts a room: what runs is stopped, and nobody enters it any more. Its files
    /// stay until the standstill is over.
    pub(super) async fn shut(
        &self,
        actor: &AccountId,
        id: &RoomId,
        why: Closing,
    ) -> Result<(), Refused> {
        let (runtime, room) = (self.parts.runtime.clone(), id.clone());
        blocking("ending what runs in the room", move || runtime.quiet(&room))
            .await?
            .map_err(|error| Refused::failed("closing the room", error))?;
        let until = self.now().saturating_add(self.parts.standstill);
        let until = until.unwrap_or(Timestamp::MAX);
        for step in 0..PATIENCE_STEPS {
            let (room, _) = self.load::<Room>(id.as_str()).await?;
            match room.state {
                State::Closed | State::Frozen => return Ok(()),
                State::Open | State::Waiting => {
                    let frozen = RoomEvent::Frozen { why, until };
                    if self.write_on(actor, id, &frozen, nothing_runs).await? {
                        self.shut_gate(actor, id).await?;
                        let runtime = self.parts.runtime.clone();
                        // What holds its files is let go of; what cannot be is seen
                        // to when the program stops.
                        blocking("letting go of the room", move || runtime.let_go()).await?;
                        return Ok(());
                    }
                }
                // The runs that were stopped are written down by whoever started them;
                // that may take a moment. Their programs may also be gone: nothing
                // runs in the room.
                State::Running if step >= PATIENCE_STEPS / 2 => self.end_unminded(&room).await?,
                State::Running => tokio::time::sleep(PATIENCE_STEP).await,
            }
        }
        Err(Refused::Conflict(format!("what runs in room `{id}` does not end: try again")))
    }

    /// Ends in the ledger what nobody minds in a room, and for good what began there since
    /// all was ended.
    async fn end_unminded(&self, room: &Room) -> Result<(), Refused> {
        for run in room.running() {
            let (runtime, id, of_run) =
                (self.parts.runtime.clone(), room.id.clone(), run.id.clone());
            let is_minded = move || runtime.is_minded(&id, &of_run);
            if !blocking("looking for what runs", is_minded).await? {
                self.end_lost_run(&room.id, run).await?;
                continue;
            }
            let (runtime, id) = (self.parts.runtime.clone(), room.id.clone());
            blocking("ending what runs in the room", move || runtime.quiet(&id))
                .await?
                .map_err(|error| Refused::failed("closing the room", error))?;
            tokio::time::sleep(PATIENCE_STEP).await;
        }
        Ok(())
    }

    /// Removes a room that is frozen, with all that is in it. What that is is
    /// counted and in the ledger before anything is removed; that the room is
    /// closed is written when nothing of it is left.
    pub(super) async fn remove(&self, actor: &AccountId, id: &RoomId) -> Result<(), Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        let Some(why) = room.closed.filter(|_| room.state == State::Frozen) else {
            return Err(Refused::Conflict(format!("room `{id}` is not frozen")));
        };
        let frozen = |room: &Room| room.state == State::Frozen;
        let (runtime, counted) = (self.parts.runtime.clone(), id.clone());
        let removed = blocking("counting what is in the room", move || count(&*runtime, &counted))
            .await?
            .map_err(|error| Refused::failed("counting what is in the room", error))?;
        if let Some(removed) = removed
            && !self.write_on(actor, id, &RoomEvent::Counted(removed), frozen).await?
        {
            return Err(Refused::Conflict(format!("room `{id}` was opened again meanwhile")));
        }
        let (runtime, logs, gone) =
            (self.parts.runtime.clone(), self.parts.logs.clone(), id.clone());
        blocking("removing the room", move || {
            runtime.close(&gone).map_err(|error| error.to_string())?;
            logs.remove(&gone)?;
            match runtime.work(&gone) {
                Err(WorkError::NoRoom(_)) => Ok(()),
                _ => Err("its work folder is still there".to_owned()),
            }
        })
        .await?
        .map_err(|error| Refused::failed("removing the room", error))?;
        self.write_on(actor, id, &RoomEvent::Closed { why }, frozen).await?;
        Ok(())
    }

    /// Ends in the ledger what a stopped program left running, closes the rooms
    /// whose work folder is gone, and removes rooms no entry speaks of.
    pub(crate) async fn recover_rooms(&self) -> Result<(), Refused> {
        let rooms = self.every_room(&THERE).await?;
        let open: Vec<_> = rooms.iter().map(|room| room.id.clone()).collect();
        let runtime = self.parts.runtime.clone();
        let recovered = blocking("recovery of rooms", move || runtime.recover(&open))
            .await?
            .map_err(|error| Refused::failed("recovery of rooms", error))?;
        for stuck in &recovered.stuck {
            tracing::error!(%stuck, "a room could not be cleared away: the next start tries again");
        }
        for room in &rooms {
            // The centre starts for everybody else.
            let _ = failure(&room.id, self.recover_room(room, &recovered).await);
        }
        if let Err(refused) = self.sweep().await {
            tracing::error!(%refused, "not every room was seen to at the start");
        }
        Ok(())
    }

    /// Makes a room again that a restored backup holds. Says whether it does.
    async fn make_again(&self, room: &Room) -> Result<bool, Refused> {
        let (runtime, id, limits) = (self.parts.runtime.clone(), room.id.clone(), room.limits);
        let data = self.parts.extracts.folder(&room.extract);
        let made = move || runtime.make_again(&id, &limits, &data);
        let made = blocking("making a room again", made).await?;
        let is_made = made.map_err(|error| Refused::failed("making a room again", error))?;
        if is_made {
            tracing::info!(room = %room.id, "a room was made again of what the backup had of it");
        }
        Ok(is_made)
    }

    /// Copies what is in rooms into a folder, one for each, for a backup. Says how much.
    pub async fn copy_rooms(&self, to: &Path) -> Result<Copied, Refused> {
        let mut copied = Copied::default();
        for room in self.every_room(&THERE).await? {
            let (runtime, to) = (self.parts.runtime.clone(), to.join(room.id.as_str()));
            let copying = blocking("copying a room", move || runtime.copy_out(&room.id, &to));
            copied += copying.await?.map_err(|error| Refused::failed("copying a room", error))?;
        }
        let runtime = self.parts.runtime.clone();
        blocking("letting go of rooms", move || runtime.let_go()).await?;
        Ok(copied)
    }

    async fn recover_room(&self, room: &Room, recovered: &room::Recovered) -> Result<(), Refused> {
        for run in room.running().filter(|run| !recovered.minded.contains(&run.id)) {
            self.end_lost_run(&room.id, run).await?;
        }
        if !recovered.missing.contains(&room.id) || self.make_again(room).await? {
            return Ok(());
        }
        if room.state == State::Frozen {
            // Stopped between the removal and the entry of it.
            return self.remove(&room.opened_by, &room.id).await;
        }
        let closed = RoomEvent::Closed { why: Closing::Lost };
        self.write_on(&room.opened_by, &room.id, &closed, nothing_runs).await?;
        self.shut_gate(&room.opened_by, &room.id).await
    }
}

/// Whether nothing runs in a room that people may be in.
fn nothing_runs(room: &Room) -> bool {
    matches!(room.state, State::Open | State::Waiting)
}

/// What is in the work folder of a room, with what each of its people has alone;
/// nothing, when there is none.
fn count(runtime: &dyn Runtime, room: &RoomId) -> Result<Option<Removed>, WorkError> {
    let work = match runtime.work_of_all(room) {
        Err(WorkError::NoRoom(_)) => return Ok(None),
        work => work?,
    };
    let listing = work.list_at_most(usize::MAX)?;
    let (files, bytes) = (listing.total(), listing.bytes());
    // Versions that cannot be read go with the room all the same.
    let kept = runtime.versions(room).unwrap_or_default();
    Ok(Some(Removed {
        files,
        bytes,
        files_sha256: listing.digest(),
        versions: u64::try_from(kept.len()).unwrap_or(u64::MAX),
        versions_bytes: kept.iter().map(|version| version.bytes).sum(),
    }))
}
