//! Who writes about a room next: this program's writers take turns, so that what sixteen
//! commands say at once does not lose to each other again and again. Others' writers are
//! found by the ledger.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::RoomId;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// So many rooms are remembered before those are forgotten about which nobody writes.
const MOST: usize = 256;

/// The turns of all rooms.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<RoomId, Arc<Turn<()>>>>);

impl Turns {
    /// Waits for the turn to write about a room.
    pub(crate) async fn take(&self, room: &RoomId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.len() >= MOST {
                turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            }
            Arc::clone(turns.entry(room.clone()).or_default())
        };
        turn.lock_owned().await
    }
}
