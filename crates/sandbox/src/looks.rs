//! How busy rooms are, from one look to the next: the kernel counts processor time, and
//! what is at work now is how fast that grows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::RoomId;

/// Between looks nearer to each other than this the kernel counts in steps.
const SHORTEST: Duration = Duration::from_millis(500);

/// What was seen of each room when it was looked at last.
#[derive(Debug, Default)]
pub(crate) struct Looks(Mutex<HashMap<RoomId, Look>>);

#[derive(Debug, Clone, Copy)]
struct Look {
    at: Instant,
    used: Duration,
    /// Hundredths of a processor, from the look before to this one.
    share: Option<u32>,
}

impl Looks {
    /// Processors at work, in hundredths of one, of a room in which `used` was used so
    /// far. Nothing at the first look, and where nothing runs.
    pub(crate) fn share(&self, room: &RoomId, used: Option<Duration>, now: Instant) -> Option<u32> {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(used) = used else {
            looks.remove(room);
            return None;
        };
        // Less than before: another group, made since.
        let before = looks.get(room).copied().filter(|before| used >= before.used);
        let share = match before {
            Some(before) if now.duration_since(before.at) < SHORTEST => return before.share,
            Some(before) => {
                let rate = used.saturating_sub(before.used).as_secs_f64()
                    / now.duration_since(before.at).as_secs_f64();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a machine has fewer processors than these"
                )]
                let hundredths = (rate * 100.0).round() as u32;
                Some(hundredths)
            }
            None => None,
        };
        looks.insert(room.clone(), Look { at: now, used, share });
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_work_is_how_fast_the_time_used_grows() {
        let looks = Looks::default();
        let room: RoomId = "room-3p5r7t9v1x".parse().unwrap();
        let begun = Instant::now();
        let look = |at: u64, used: Option<u64>| {
            looks.share(&room, used.map(Duration::from_millis), begun + Duration::from_millis(at))
        };
        assert_eq!(look(0, Some(5_000)), None, "the first look");
        assert_eq!(look(100, Some(5_080)), None, "too near to it");
        assert_eq!(look(1_000, Some(6_500)), Some(150));
        assert_eq!(look(1_200, Some(6_500)), Some(150), "the same a moment later");
        assert_eq!(look(3_000, Some(6_500)), Some(0));
        assert_eq!(look(4_000, Some(10)), None, "another command, from its beginning");
        assert_eq!(look(5_000, Some(260)), Some(25));
        assert_eq!(look(6_000, None), None);
        assert_eq!(look(7_000, Some(260)), None, "what ended is forgotten");
    }
}
