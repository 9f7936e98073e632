//! Rooms whose data nobody sees (`Way::Blind`): what their people are told of them.
//! Whatever a program in the room chooses, a size, a time, a name, a number of
//! rows, is a way to say something, so it is rounded or left out. Auditors read
//! the ledger, which has it as it was.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use disclosure::{Kind, Place};
use model::{RoomId, RunId, Text, Timestamp};
use permit::{Permit, Way};
use release::{Output, OutputState};
use room::scrub::{self, LEFT_OUT};
use room::{Listing, Room, RoomEvent, RunEnd};
use serde_json::Value;

use super::RoomStanding;
use crate::journal::{Deed, Done};
use crate::outputs::Wish;
use crate::{Caller, Centre, Refused};

/// So many files are told of: each that is there or not is a yes or a no.
const MOST_FILES: usize = 20;

/// Whether `caller` is one of the people of a permit whose data nobody sees.
pub(crate) fn is_blind(permit: &Permit, caller: &Caller) -> bool {
    is_one_of(permit, Way::Blind, caller)
}

/// Whether no text comes out of the room to `caller`, who is one of its people: the
/// desktop shows pixels, and outside of it what scripts print is told as in a blind
/// room, and no file is looked at.
pub(crate) fn hides_text(permit: &Permit, caller: &Caller) -> bool {
    is_blind(permit, caller) || is_one_of(permit, Way::Desktop, caller)
}

fn is_one_of(permit: &Permit, way: Way, caller: &Caller) -> bool {
    permit.grant.terms.room.way == way
        && caller.account().is_none_or(|account| permit.grant.terms.people.contains(&account.id))
}

/// A power of two that is no less: of a size or a time little more than how many
/// digits it has is told.
const fn rounded(number: u64) -> u64 {
    match number.checked_next_power_of_two() {
        Some(rounded) if number > 0 => rounded,
        _ => number,
    }
}

fn dim_end(end: &mut RunEnd) {
    end.exit = end.exit.map(|exit| exit.clamp(0, 1));
    for number in [&mut end.wall_ms, &mut end.cpu_ms, &mut end.peak_memory, &mut end.files_total] {
        *number = rounded(*number);
    }
}

/// The record of a room as its people may have it.
pub(crate) fn dim_room(room: &mut Room) {
    for run in &mut room.runs {
        let Some(end) = &mut run.ended else { continue };
        dim_end(end);
        let wall = Duration::from_millis(end.wall_ms);
        end.at = run.started_at.checked_add(wall).unwrap_or(run.started_at);
    }
    // To the quarter of an hour: nobody is told that the room is used up who may use it.
    room.clock.used_ms -= room.clock.used_ms % (15 * 60 * 1000);
    room.clock.until = None;
    if let Some(removed) = &mut room.removed {
        (removed.files, removed.bytes) = (rounded(removed.files), rounded(removed.bytes));
        removed.files_sha256 = ledger::Hash::default();
    }
}

/// What was done in a room as its people may read it: which packages a program fetches, and
/// what it asks in SQL, how often and when, it chooses. That a run asked is told once, as
/// of when it began.
pub(crate) fn dim_journal(deeds: &mut Vec<Arc<Deed>>) {
    let begun: HashMap<RunId, Timestamp> = deeds
        .iter()
        .filter_map(|deed| match &deed.what {
            Done::Ran(ran) => Some((ran.run.clone(), deed.at)),
            _ => None,
        })
        .collect();
    let mut asked = HashSet::new();
    deeds.retain(|deed| match &deed.what {
        Done::Fetched(_) => false,
        Done::Statement(statement) => asked.insert(statement.run.clone()),
        _ => true,
    });
    for deed in &mut *deeds {
        let deed = Arc::make_mut(deed);
        if let Done::Statement(statement) = &mut deed.what {
            deed.at = begun.get(&statement.run).copied().unwrap_or(deed.at);
            statement.ended = None;
        }
        dim_deed(deed);
    }
    deeds.sort_by_key(|deed| deed.at);
}

fn dim_deed(deed: &mut Deed) {
    match &mut deed.what {
        Done::Ran(ran) => {
            if let Some(end) = &mut ran.ended {
                end.exit = end.exit.map(|exit| exit.clamp(0, 1));
                for number in
                    [&mut end.wall_ms, &mut end.cpu_ms, &mut end.peak_memory, &mut end.files]
                {
                    *number = rounded(*number);
                }
                end.files_sha256 = ledger::Hash::default();
                // A script opens tables for what it read in others.
                end.opened = None;
            }
        }
        Done::Cell(cell) => {
            if let Some(end) = &mut cell.ended {
                end.opened = None;
            }
        }
        // A script puts together what it asks, of what it read.
        Done::Statement(asked) => LEFT_OUT.clone_into(&mut asked.sql),
        Done::Counted(removed) => {
            (removed.files, removed.bytes) = (rounded(removed.files), rounded(removed.bytes));
            removed.files_sha256 = ledger::Hash::default();
        }
        _ => {}
    }
}

/// An output as the people of its room may have it before it is released: by which
/// rules it was stopped, and not where. Names of columns and how many cells there
/// are were chosen by a script that had read the data.
pub(crate) fn dim_output(output: &mut Output) {
    if output.state == OutputState::Released {
        return;
    }
    output.bytes = rounded(output.bytes);
    output.changes = None;
    for finding in output.checked.iter_mut().flat_map(|checked| &mut checked.findings) {
        finding.within = None;
        finding.places = vec![Place::File];
        finding.more = 0;
        finding.why = Text::of(
            "Hvor og hvorfor ser bare kontrolløren: dette er et rom der ingen ser data.",
            "Hvor og hvorfor ser kun kontrolløren: dette er et rum, hvor ingen ser data.",
            "Where and why is for the checker alone: this is a room whose data nobody sees.",
        );
    }
}

/// What a program handed over, as it may be told: words and numbers of its own
/// choice stand in the script, or are left out.
fn dim_wish(wish: &mut Wish, script: &str) {
    let names = quoted(script);
    if !names.contains(wish.note.as_str()) {
        LEFT_OUT.clone_into(&mut wish.note);
    }
    let (shown, _told_to_the_check_alone) = wish.declared.clone().without_contributions();
    let kind = shown.as_str();
    let words: HashSet<&str> =
        script.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').collect();
    let stands = |said: &Said<'_>| match said {
        Said::Text(text) => *text == kind || names.contains(text),
        Said::Number(number) => words.contains(number.as_str()),
    };
    let told = serde_json::to_value(&shown).is_ok_and(|shown| all_said(&shown, 0, &stands));
    if !told {
        wish.declared = Kind::Unknown;
    }
}

/// What a program may choose in what it says a file is.
enum Said<'a> {
    Text(&'a str),
    Number(String),
}

/// Fields are named by us down to here in what a file is said to be; below they
/// are named by who says it.
const FIELDS: usize = 1;

fn all_said(value: &Value, depth: usize, stands: &impl Fn(&Said<'_>) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().all(|item| all_said(item, depth + 1, stands)),
        Value::Object(members) => members.iter().all(|(name, member)| {
            (depth < FIELDS || stands(&Said::Text(name))) && all_said(member, depth + 1, stands)
        }),
        Value::String(text) => stands(&Said::Text(text)),
        Value::Number(number) => stands(&Said::Number(number.to_string())),
        Value::Null | Value::Bool(_) => true,
    }
}

/// What stands between quotes in a script: the names it gives files.
fn quoted(script: &str) -> HashSet<&str> {
    let mut found = HashSet::new();
    for line in script.lines() {
        for quote in ['"', '\''] {
            found.extend(line.split(quote).skip(1).step_by(2));
        }
    }
    found
}

/// Whether a path ends in the name.
fn is_at_the_end(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|folder| folder.ends_with('/'))
}

/// The files that a script names, with their sizes rounded.
fn dim_listing(listing: &mut Listing, script: &str) {
    let names = quoted(script);
    listing.refused.clear();
    listing.files.retain(|file| {
        let name = file.name.as_str();
        // By its name in the work folder, however the script says where that is.
        names.contains(name) || names.iter().any(|said| is_at_the_end(said, name))
    });
    listing.files.truncate(MOST_FILES);
    for file in &mut listing.files {
        file.bytes = rounded(file.bytes);
        file.modified = 0;
    }
}

impl Centre {
    /// Whether the caller is one of the people of a room whose data nobody sees.
    pub async fn is_blind(&self, caller: &Caller, id: &RoomId) -> Result<bool, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        Ok(is_blind(self.permit_of(&room).await?.as_ref(), caller))
    }

    /// Whether no text comes out of a room to the caller: see [`Way::Desktop`] and
    /// [`Way::Blind`].
    pub async fn hides_text(&self, caller: &Caller, id: &RoomId) -> Result<bool, Refused> {
        let (room, _) = self.load::<Room>(id.as_str()).await?;
        Ok(hides_text(self.permit_of(&room).await?.as_ref(), caller))
    }

    /// The script of a run, or the words of its command; and whether it failed.
    async fn script_of(&self, room: &Room, run: &RunId) -> Result<(String, bool), Refused> {
        let told =
            self.timeline_of("room", room.id.as_str(), &["run-started", "run-ended"]).await?;
        let (mut text, mut failed) = (String::new(), false);
        for entry in &told.items {
            match entry.event::<RoomEvent>() {
                Ok(RoomEvent::RunStarted { run: started, command, script, .. })
                    if started == *run =>
                {
                    text = command.join(" ");
                    if let Some(script) = script {
                        text.push('\n');
                        text.push_str(script.text());
                    }
                }
                Ok(RoomEvent::RunEnded { run: ended, outcome, .. }) if ended == *run => {
                    failed = outcome != room::Outcome::Finished;
                }
                _ => {}
            }
        }
        Ok((text, failed))
    }

    /// What may be told of a log in a room whose data nobody sees.
    pub(super) async fn dim_log(
        &self,
        room: &Room,
        run: &RunId,
        log: &str,
    ) -> Result<String, Refused> {
        let (script, failed) = self.script_of(room, run).await?;
        Ok(scrub::scrub(log, &script, failed))
    }

    /// What may be told of how a room stands.
    pub(super) async fn dim_standing(
        &self,
        room: &Room,
        run: Option<&RunId>,
        standing: &mut RoomStanding,
    ) -> Result<(), Refused> {
        let newest = room.runs.last().map(|run| &run.id);
        let script = match newest {
            Some(newest) => self.script_of(room, newest).await?.0,
            None => String::new(),
        };
        if let (Some(run), Some(log)) = (run, &standing.log) {
            standing.log = Some(self.dim_log(room, run, log).await?);
        }
        dim_listing(&mut standing.listing, &script);
        let there: HashSet<&str> =
            standing.listing.files.iter().map(|file| file.name.as_str()).collect();
        match &mut standing.handed_over {
            Ok(wishes) => {
                wishes.retain(|wish| there.contains(wish.name.as_str()));
                for wish in wishes {
                    dim_wish(wish, &script);
                }
            }
            // Why repeats what could not be read.
            Err(why) => "it is not as `hand_over` writes it".clone_into(why),
        }
        Ok(())
    }
}

/// How full a room is, of which no text is told: what code in it could say by how many
/// processes it starts, how busy it is and how many files it makes is left out.
pub(super) fn dim_fullness(standing: &mut room::Standing) {
    standing.memory = rounded(standing.memory);
    standing.processes = None;
    standing.cpu_percent = None;
    standing.work.bytes = rounded(standing.work.bytes);
    standing.work.files = 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_told_in_powers_of_two() {
        assert_eq!([0, 1, 3, 1000, u64::MAX].map(rounded), [0, 1, 4, 1024, u64::MAX]);
    }

    #[test]
    fn only_whole_quoted_names_count() {
        let names = quoted("write.csv(x, \"out/a.csv\")\nfor n in ['b.csv', 'c']: open('d' + x)\n");
        for name in ["out/a.csv", "b.csv", "c", "d"] {
            assert!(names.contains(name), "{name}: {names:?}");
        }
        assert!(!names.contains("a.csv") && !names.contains("x"), "{names:?}");
    }
}
