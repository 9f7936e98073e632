//! How large a room is, and how full.

use model::Timestamp;
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

pub(super) fn meters(words: &Words, room: &Room, inside: &Inside, now: Timestamp) -> Vec<Meter> {
    let limits = room.limits;
    let meter = |key: &str, used: u64, most: u64, say: &dyn Fn(u64) -> String| Meter {
        label: words.say(key).into_owned(),
        used,
        most,
        shown: words.say_both("of", say(used), say(most)),
    };
    let bytes = |bytes| words.bytes(bytes);
    let whole = |number: u64| words.whole(number);
    let processors = |hundredths: u64| {
        let hundredths = u32::try_from(hundredths).unwrap_or(u32::MAX);
        words.number(f64::from(hundredths) / 100.0)
    };
    let mut meters = vec![meter("room-meter-memory", inside.memory, limits.memory, &bytes)];
    if let Some(busy) = inside.cpu_percent {
        let (busy, most) = (busy.into(), limits.cpu_percent.into());
        meters.push(meter("room-meter-cpu", busy, most, &processors));
    }
    if let Some(processes) = inside.processes {
        meters.push(meter("room-meter-processes", processes, limits.processes.into(), &whole));
    }
    meters.push(meter("room-meter-disk", inside.disk, limits.disk, &bytes));
    if inside.sight.is_text() {
        meters.push(meter("room-meter-files", inside.names, limits.files, &whole));
    }
    if let Some(total) = limits.total_seconds {
        let used = room.clock.used(now).as_secs().min(total);
        meters.push(meter("room-meter-hours", used, total, &|seconds| words.duration(seconds)));
    }
    meters
}

pub(super) fn limits(words: &Words, room: &Room) -> Vec<String> {
    let limits = room.limits;
    let mut lines = vec![
        words.say_with("room-memory", words.bytes(limits.memory)),
        words.say_with("room-disk", words.bytes(limits.disk)),
        words.say_with("room-cpu", words.number(f64::from(limits.cpu_percent) / 100.0)),
        words.say_with("room-processes", limits.processes),
        words.say_with("room-wall", words.duration(limits.wall_seconds)),
        words.say("room-no-network").into_owned(),
    ];
    lines.extend(limits.total_seconds.map(|total| words.say_count("room-hours", total / 3600)));
    lines
}
