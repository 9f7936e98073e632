//! How large a room is, and how full.

use room::Room;

use super::Inside;
use crate::words::Words;

/// How full something is.
#[derive(Debug, Clone)]
pub struct Meter {
    pub(super) label: String,
    pub(super) used: u64,
    pub(super) most: u64,
    pub(super) shown: String,
}

pub(super) fn meters(words: &Words, room: &Room, inside: &Inside) -> Vec<Meter> {
    [
        ("room-meter-memory", inside.memory, room.limits.memory),
        ("room-meter-disk", inside.disk, room.limits.disk),
    ]
    .map(|(key, used, most)| Meter {
        label: words.say(key).into_owned(),
        used,
        most,
        shown: words.say_both("of", words.bytes(used), words.bytes(most)),
    })
    .into()
}

pub(super) fn limits(words: &Words, room: &Room) -> Vec<String> {
    let limits = room.limits;
    vec![
        words.say_with("room-memory", words.bytes(limits.memory)),
        words.say_with("room-disk", words.bytes(limits.disk)),
        words.say_with("room-cpu", words.number(f64::from(limits.cpu_percent) / 100.0)),
        words.say_with("room-processes", limits.processes),
        words.say_with("room-wall", words.duration(limits.wall_seconds)),
        words.say("room-no-network").into_owned(),
    ]
}
