//! Where a room stands, how a command ended, and why something is not so: in words.

use std::time::Duration;

use room::{Closing, GivenUp, Outcome, Refusal, Room, State as RoomState};

use crate::names::Names;
use crate::parts::Tone;
use crate::words::Words;

/// The word for where a room stands, and its colour.
pub const fn state_word(state: RoomState) -> (&'static str, Tone) {
    match state {
        RoomState::Open => ("state-room-open", Tone::Success),
        RoomState::Waiting => ("state-room-waiting", Tone::Warning),
        RoomState::Running => ("state-room-running", Tone::Info),
        RoomState::Frozen => ("state-room-frozen", Tone::Warning),
        RoomState::Closed => ("state-room-closed", Tone::Neutral),
    }
}

/// The word for how a command ended, and its colour.
pub(crate) const fn outcome_word(outcome: Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::Finished => ("outcome-finished", Tone::Success),
        Outcome::Failed => ("outcome-failed", Tone::Danger),
        Outcome::KilledMemory => ("outcome-memory", Tone::Danger),
        Outcome::KilledTime => ("outcome-time", Tone::Danger),
        Outcome::KilledDisk => ("outcome-disk", Tone::Danger),
        Outcome::KilledProcesses => ("outcome-processes", Tone::Danger),
        Outcome::Stopped => ("outcome-stopped", Tone::Warning),
        Outcome::Lost => ("outcome-lost", Tone::Warning),
    }
}

pub(crate) const fn closing_key(why: Closing) -> &'static str {
    match why {
        Closing::ByPerson => "closed-by-person",
        Closing::PermitExpired => "closed-permit-expired",
        Closing::PermitRevoked => "closed-permit-revoked",
        Closing::ExtractDestroyed => "closed-extract-destroyed",
        Closing::Lost => "closed-lost",
    }
}

/// The word for why something that waited did not begin.
pub(crate) const fn given_up_key(why: GivenUp) -> &'static str {
    match why {
        GivenUp::ByPerson => "given-up-by-person",
        GivenUp::NobodyWaits => "given-up-nobody-waits",
        GivenUp::NotAllowed => "given-up-not-allowed",
        GivenUp::ProgramGone => "given-up-program-gone",
    }
}

/// Why a file cannot be asked for.
pub(super) fn refusal(words: &Words, why: &Refusal) -> String {
    match why {
        Refusal::SymbolicLink => words.say("refused-link").into_owned(),
        Refusal::HardLink(names) => words.say_with("refused-hard-link", names),
        Refusal::Device => words.say("refused-device").into_owned(),
        Refusal::Pipe => words.say("refused-pipe").into_owned(),
        Refusal::Socket => words.say("refused-socket").into_owned(),
        Refusal::Hidden => words.say("refused-hidden").into_owned(),
        Refusal::Name(_) => words.say("refused-name").into_owned(),
    }
}

/// Where a room stands, in a sentence.
pub(super) fn says(words: &Words, names: &Names, room: &Room) -> String {
    match (room.state, room.closed) {
        (RoomState::Frozen | RoomState::Closed, why) => {
            why.map(|why| words.say(closing_key(why)).into_owned()).unwrap_or_default()
        }
        (RoomState::Running, _) if room.running().count() > 1 => {
            words.say_count("room-several-says", room.running().count())
        }
        (RoomState::Running, _) => match room.running().next() {
            Some(run) if run.is_session() && run.private => {
                words.say_with("room-private-says", names.person(&run.by, words.lang()))
            }
            Some(run) if run.notebook => {
                words.say_with("room-notebook-says", names.person(&run.by, words.lang()))
            }
            Some(run) if run.desktop => {
                words.say_with("room-desktop-says", names.person(&run.by, words.lang()))
            }
            Some(run) => words.say_with("room-running-says", names.person(&run.by, words.lang())),
            None => words.say("room-open-says").into_owned(),
        },
        (RoomState::Waiting, _) => words.say("room-waiting-says").into_owned(),
        (RoomState::Open, _)
            if room.limits.left(Duration::from_millis(room.clock.used_ms)).is_zero() =>
        {
            words.say("room-used-up-says").into_owned()
        }
        (RoomState::Open, _) => words.say("room-open-says").into_owned(),
    }
}
