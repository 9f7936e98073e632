//! A room's life is what its entries say, and no other order of them is taken.

use ledger::{Draft, Entry, Event as _, Hash, Record as _};
use model::{AccountId, ExtractId, PermitId, RoomId, RunId, SeededEntropy, Timestamp};
use permit::RoomTerms;
use room::{
    Closing, Ended, GivenUp, Hold, Holds, LIFECYCLE, Limits, Listing, Outcome, Room, RoomEvent,
    Script, State,
};

fn researcher() -> AccountId {
    "researcher".parse().unwrap()
}

fn run(number: u64) -> RunId {
    RunId::mint(&SeededEntropy::new(number))
}

fn opened() -> RoomEvent {
    let entropy = SeededEntropy::new(9);
    let kernel = Hold::Kernel;
    RoomEvent::Opened {
        permit: PermitId::mint(&entropy),
        extract: ExtractId::mint(&entropy),
        limits: Limits::of(&RoomTerms::default()).unwrap(),
        holds: Holds { memory: kernel, cpu: kernel, processes: kernel, disk: Hold::Watched },
        by: researcher(),
    }
}

fn started(number: u64) -> RoomEvent {
    RoomEvent::RunStarted {
        run: run(number),
        by: researcher(),
        command: vec!["Rscript".into(), "/run/script/cox.R".into()],
        script: Some(Script::new("cox.R", "library(survival)\n".into()).unwrap()),
        notebook: false,
        desktop: false,
        private: true,
    }
}

fn queued(number: u64) -> RoomEvent {
    RoomEvent::RunQueued {
        run: run(number),
        by: researcher(),
        command: vec!["Rscript".into(), "/run/script/cox.R".into()],
        script: Some(Script::new("cox.R", "library(survival)\n".into()).unwrap()),
        notebook: false,
        desktop: false,
        private: true,
        stays: true,
    }
}

fn given_up(number: u64) -> RoomEvent {
    RoomEvent::RunGivenUp { run: run(number), why: GivenUp::NobodyWaits }
}

fn ended(number: u64) -> RoomEvent {
    Ended { outcome: Outcome::Finished, exit: Some(0), ..Ended::LOST }.event(
        &run(number),
        &Listing::default(),
        None,
    )
}

fn looked() -> RoomEvent {
    let sha256 = Hash::default();
    RoomEvent::Looked { by: researcher(), file: "table.csv".into(), bytes: 3, sha256 }
}

fn closed() -> RoomEvent {
    RoomEvent::Closed { why: Closing::PermitExpired }
}

fn id() -> RoomId {
    RoomId::mint(&SeededEntropy::new(3))
}

fn entry(event: &RoomEvent, seq: u64) -> Entry {
    let draft = Draft::new(&researcher(), id().as_str(), event).unwrap();
    Entry::seal(draft, seq, Timestamp::UNIX_EPOCH, Hash::default()).unwrap()
}

fn frozen() -> RoomEvent {
    RoomEvent::Frozen { why: Closing::PermitExpired, until: Timestamp::UNIX_EPOCH }
}

fn thawed() -> RoomEvent {
    RoomEvent::Thawed { by: researcher() }
}

fn counted() -> RoomEvent {
    RoomEvent::Counted(room::Removed {
        files: 2,
        bytes: 9,
        files_sha256: Hash::default(),
        versions: 0,
        versions_bytes: 0,
    })
}

fn fold(events: &[RoomEvent]) -> Result<Room, String> {
    let mut room: Option<Room> = None;
    for (event, seq) in events.iter().zip(0..) {
        let entry = entry(event, seq);
        // As it comes back from the ledger.
        let event: RoomEvent = entry.event().unwrap();
        match &mut room {
            None => room = Some(Room::begin(id().as_str(), event, &entry)?),
            Some(room) => room.apply(event, &entry)?,
        }
    }
    room.ok_or_else(|| "no events".to_owned())
}

#[test]
fn a_room_opens_runs_and_closes() {
    let room = fold(&[opened(), started(1), ended(1), started(2)]).unwrap();
    assert_eq!(room.state, State::Running);
    assert_eq!(room.running().map(|run| &run.id).collect::<Vec<_>>(), [&run(2)]);
    assert_eq!(room.runs_total, 2);
    let room = fold(&[opened(), started(1), ended(1), closed()]).unwrap();
    assert_eq!((room.state, room.closed), (State::Closed, Some(Closing::PermitExpired)));
    assert_eq!(room.runs[0].ended.unwrap().outcome, Outcome::Finished);
    assert_eq!(room.runs[0].script.as_deref(), Some("cox.R"));
}

#[test]
fn every_order_of_events_that_the_table_does_not_name_is_refused() {
    let events = [
        opened(),
        queued(1),
        given_up(1),
        started(1),
        ended(1),
        looked(),
        frozen(),
        thawed(),
        counted(),
        closed(),
    ];
    let reach: [(Option<State>, Vec<RoomEvent>); 6] = [
        (None, vec![]),
        (Some(State::Open), vec![opened()]),
        (Some(State::Waiting), vec![opened(), queued(1)]),
        (Some(State::Running), vec![opened(), started(1)]),
        (Some(State::Frozen), vec![opened(), frozen()]),
        (Some(State::Closed), vec![opened(), frozen(), closed()]),
    ];
    for (state, before) in &reach {
        for event in &events {
            let mut all = before.clone();
            // Nothing begins twice.
            let is_second = *state == Some(State::Running) && *event == started(1);
            all.push(if is_second { started(2) } else { event.clone() });
            let named = LIFECYCLE
                .iter()
                .find(|(from, act, _)| from == state && *act == event.act())
                .map(|(_, _, to)| *to);
            let came = fold(&all).map(|room| room.state).ok();
            assert_eq!(came, named, "{} in {state:?}", event.act());
        }
    }
}

#[test]
fn what_waits_for_a_place_begins_or_is_given_up_and_nothing_else_does() {
    let room = fold(&[opened(), queued(1)]).unwrap();
    let waits = room.waiting.unwrap();
    assert_eq!((waits.run, waits.script.as_deref(), waits.seq), (run(1), Some("cox.R"), 1));
    assert_eq!((room.runs.len(), room.runs_total), (0, 0), "it has not begun");
    for (after, state) in [
        (started(1), State::Running),
        (given_up(1), State::Open),
        (frozen(), State::Frozen),
        (closed(), State::Closed),
    ] {
        let room = fold(&[opened(), queued(1), after]).unwrap();
        assert_eq!((room.state, room.waiting), (state, None));
    }
    fold(&[opened(), queued(1), started(2)]).unwrap_err();
    fold(&[opened(), queued(1), given_up(2)]).unwrap_err();
}

#[test]
fn a_room_that_was_frozen_and_opened_again_is_as_it_was() {
    let before = fold(&[opened(), started(1), ended(1)]).unwrap();
    let again = fold(&[opened(), started(1), ended(1), frozen(), thawed()]).unwrap();
    assert_eq!(again, before);
}

#[test]
fn the_end_of_another_run_is_refused() {
    let refused = fold(&[opened(), started(1), ended(2)]).unwrap_err();
    assert!(refused.contains("does not run in this room"), "{refused}");
    fold(&[opened(), started(1), ended(1), ended(1)]).unwrap_err();
    fold(&[opened(), started(1), started(2), ended(1), ended(1)]).unwrap_err();
    fold(&[opened(), started(1), started(1)]).unwrap_err();
}

#[test]
fn several_run_at_once_and_the_room_is_open_when_the_last_has_ended() {
    let both = [opened(), started(1), started(2)];
    let room = fold(&both).unwrap();
    assert_eq!(room.running().map(|run| &run.id).collect::<Vec<_>>(), [&run(1), &run(2)]);
    for (first, last) in [(1, 2), (2, 1)] {
        let one = [&both[..], &[ended(first)]].concat();
        let room = fold(&one).unwrap();
        assert_eq!(room.state, State::Running);
        assert!(room.is_running(&run(last)) && !room.is_running(&run(first)));
        fold(&[&one[..], &[frozen()]].concat()).unwrap_err();
        let room = fold(&[&one[..], &[ended(last), frozen()]].concat()).unwrap();
        assert_eq!(room.state, State::Frozen);
    }
}

/// A notebook of `by`'s, in which they are alone or with everybody.
fn notebook(number: u64, by: &str, private: bool) -> RoomEvent {
    let command = vec!["jupyter".into(), "lab".into()];
    let (run, by, script) = (run(number), by.parse().unwrap(), None);
    RoomEvent::RunStarted { run, by, command, script, notebook: true, desktop: false, private }
}

#[test]
fn everybody_is_in_their_own_notebook_else_in_the_common_one() {
    let room = fold(&[
        opened(),
        started(1),
        notebook(2, "one", true),
        notebook(3, "one", false),
        notebook(4, "two", true),
    ])
    .unwrap();
    let is_in = |person: &str| room.session_of(&person.parse().unwrap()).map(|run| run.id.clone());
    assert_eq!(is_in("one"), Some(run(2)));
    assert_eq!(is_in("two"), Some(run(4)));
    assert_eq!(is_in("three"), Some(run(3)));
    assert_eq!(room.sessions().count(), 3);
    let alone = fold(&[opened(), notebook(2, "one", true)]).unwrap();
    assert_eq!(alone.session_of(&"two".parse().unwrap()), None);
}

#[test]
fn what_still_runs_is_kept_among_the_last_runs() {
    let mut events = vec![opened(), started(1000)];
    for number in 0..120 {
        events.extend([started(number), ended(number)]);
    }
    let room = fold(&events).unwrap();
    assert_eq!((room.runs.len(), room.runs_total), (Room::KEPT, 121));
    assert!(room.is_running(&run(1000)));
    events.push(ended(1000));
    assert_eq!(fold(&events).unwrap().state, State::Open);
}

#[test]
fn a_record_keeps_the_last_runs_and_counts_them_all() {
    let mut events = vec![opened()];
    for number in 0..120 {
        events.extend([started(number), ended(number)]);
    }
    let room = fold(&events).unwrap();
    assert_eq!((room.runs.len(), room.runs_total), (Room::KEPT, 120));
    assert_eq!(room.runs[0].id, run(20));
}

#[test]
fn a_look_changes_nothing_and_a_closed_room_is_not_looked_into() {
    let before = fold(&[opened(), started(1)]).unwrap();
    assert_eq!(fold(&[opened(), started(1), looked()]).unwrap(), before);
    assert!(fold(&[opened(), closed(), looked()]).is_err());
}

#[test]
fn a_record_is_found_by_its_permit() {
    let room = fold(&[opened()]).unwrap();
    assert_eq!(room.parent(), Some(room.permit.to_string()));
    assert_eq!(Room::projection().kind, "room");
}
