//! Rooms are seen to, each by itself, and what happens in them is written down.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use centre::Refused;
use centre::journal::Deed;
use centre::notebooks::Company;
use centre::ports::Unwatched;
use jiff::SignedDuration;
use model::CellId;
use room::{CellOutcome, Closing, Outcome, Room, RoomEvent, State};

use crate::house::{House, refused_by};
use crate::pretence::{Site, researcher};

#[tokio::test]
async fn a_room_that_does_not_close_keeps_no_other_open_past_its_permit() {
    let site = Site::new().await;
    let rooms =
        [site.room_that_ends().await, site.room_that_ends().await, site.room_that_ends().await];
    let stays = site.room_that_stays().await;
    site.rooms.stuck.lock().unwrap().insert(rooms[1].clone());
    site.clock.advance(SignedDuration::from_hours(24));
    let said = site.centre.sweep().await.unwrap_err().to_string();
    assert!(said.contains(rooms[1].as_str()), "{said}");
    assert!(!said.contains(rooms[0].as_str()) && !said.contains(rooms[2].as_str()), "{said}");
    for room in [&rooms[0], &rooms[2]] {
        assert_eq!(site.see(room).await.closed, Some(Closing::PermitExpired));
    }
    assert_eq!(site.see(&rooms[1]).await.state, State::Open);
    assert_eq!(site.see(&stays).await.state, State::Open);
    site.rooms.stuck.lock().unwrap().clear();
    site.centre.sweep().await.unwrap();
    assert_eq!(site.see(&rooms[1]).await.closed, Some(Closing::PermitExpired));
}

#[tokio::test]
async fn a_revocation_stands_though_a_room_does_not_close() {
    let site = Site::new().await;
    let room = site.room_that_stays().await;
    site.rooms.stuck.lock().unwrap().insert(room.clone());
    let permit = site.see(&room).await.permit;
    let why = "it was misused".to_owned();
    let said = site.centre.revoke_permit(&Site::caseworker(), &permit, why).await.unwrap_err();
    let said = said.to_string();
    assert!(said.starts_with("the permit is revoked; closing its rooms failed: "), "{said}");
    assert!(said.contains(room.as_str()), "{said}");
    site.rooms.stuck.lock().unwrap().clear();
    site.centre.sweep().await.unwrap();
    assert_eq!(site.see(&room).await.closed, Some(Closing::PermitRevoked));
}

#[tokio::test]
async fn a_run_whose_program_was_killed_is_written_down_as_lost() {
    let site = Site::new().await;
    let (killed, minded) = (site.room_that_stays().await, site.room_that_stays().await);
    site.begin(&killed).await;
    let run = site.begin(&minded).await;
    site.rooms.minded.lock().unwrap().insert(run);
    site.clock.advance(SignedDuration::from_mins(2));
    let young = site.room_that_stays().await;
    site.begin(&young).await;
    site.centre.sweep().await.unwrap();
    let room = site.see(&killed).await;
    assert_eq!(room.state, State::Open);
    assert_eq!(room.runs[0].ended.unwrap().outcome, Outcome::Lost);
    // Another program's, and one that may only just be starting.
    assert_eq!(site.see(&minded).await.state, State::Running);
    assert_eq!(site.see(&young).await.state, State::Running);
}

#[tokio::test]
async fn a_run_that_went_on_is_taken_over_and_its_cells_end_unheard() {
    let site = Site::new().await;
    let (room, alone) = (site.room_that_stays().await, site.room_that_stays().await);
    let run = site.begin(&room).await;
    let other = site.begin(&alone).await;
    let [open, ended]: [CellId; 2] =
        ["cell-2b4d6f8h0k", "cell-3b4d6f8h0k"].map(|id| id.parse().unwrap());
    for cell in [&open, &ended] {
        let (cell, by, kernel) = (cell.clone(), researcher(), "ir".to_owned());
        let code = "fit".to_owned();
        site.write(
            room.as_str(),
            &RoomEvent::CellRun { cell, by, run: Some(run.clone()), kernel, code },
        )
        .await;
    }
    let ok =
        RoomEvent::CellEnded { cell: ended, outcome: CellOutcome::Ok, wall_ms: 3, opened: None };
    site.write(room.as_str(), &ok).await;
    site.rooms.minded.lock().unwrap().insert(run.clone());
    site.clock.advance(SignedDuration::from_secs(90));

    site.centre.outlive().await.unwrap();
    for _ in 0..500 {
        if site.rooms.noted.load(Ordering::Relaxed) > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let seen = site.see(&room).await;
    assert_eq!(seen.state, State::Open);
    assert_eq!((&seen.runs[0].id, seen.runs[0].ended.unwrap().outcome), (&run, Outcome::Finished));
    assert_eq!(site.rooms.noted.load(Ordering::Relaxed), 1, "kept, or forgotten too soon");
    let entries = site.centre.timeline("room", room.as_str()).await.unwrap().items.clone();
    let last = entries.iter().rev().find(|entry| entry.act == "room.cell-ended").unwrap();
    let unheard = CellOutcome::Unheard;
    assert_eq!(
        last.event::<RoomEvent>().unwrap(),
        RoomEvent::CellEnded { cell: open, outcome: unheard, wall_ms: 90_000, opened: None }
    );
    assert_eq!(entries.iter().filter(|entry| entry.act == "room.cell-ended").count(), 2);
    // What nobody minds is not taken over: the sweep says that it is lost.
    assert!(site.see(&alone).await.is_running(&other));
}

#[tokio::test]
async fn a_run_that_ends_while_it_is_looked_for_keeps_its_own_end() {
    let site = Site::new().await;
    let room = site.room_that_stays().await;
    let run = site.begin(&room).await;
    site.clock.advance(SignedDuration::from_mins(2));
    let ended = room::Ended { outcome: Outcome::Finished, exit: Some(0), ..room::Ended::LOST };
    let event = ended.event(&run, &room::Listing::default(), None);
    // Whoever minded it let go a moment ago and writes its end down now.
    let (swept, ()) = tokio::join!(site.centre.sweep(), async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        site.write(room.as_str(), &event).await;
    });
    swept.unwrap();
    assert_eq!(site.see(&room).await.runs[0].ended.unwrap().outcome, Outcome::Finished);
}

#[tokio::test]
async fn a_room_is_closed_though_the_program_that_ran_something_in_it_was_killed() {
    let site = Site::new().await;
    let room = site.room_that_stays().await;
    site.begin(&room).await;
    site.centre.close_room(&Site::caller(), &room).await.unwrap();
    let room = site.see(&room).await;
    assert_eq!((room.state, room.closed), (State::Frozen, Some(Closing::ByPerson)));
    assert_eq!(room.runs[0].ended.unwrap().outcome, Outcome::Lost);
}

#[tokio::test]
async fn a_room_whose_folder_is_gone_is_closed_at_the_start_and_one_that_is_stuck_hinders_none() {
    let site = Site::new().await;
    let (gone, ran, there) =
        (site.room_that_stays().await, site.room_that_stays().await, site.room_that_stays().await);
    let stuck = site.room_that_ends().await;
    site.begin(&ran).await;
    site.begin(&there).await;
    site.rooms.missing.lock().unwrap().extend([gone.clone(), ran.clone()]);
    site.rooms.stuck.lock().unwrap().insert(stuck.clone());
    site.clock.advance(SignedDuration::from_hours(24));
    site.centre.recover().await.unwrap();
    assert_eq!(site.see(&gone).await.closed, Some(Closing::Lost));
    let ran = site.see(&ran).await;
    assert_eq!(ran.closed, Some(Closing::Lost));
    assert_eq!(ran.runs[0].ended.unwrap().outcome, Outcome::Lost);
    let there = site.see(&there).await;
    assert_eq!((there.state, there.runs[0].ended.unwrap().outcome), (State::Open, Outcome::Lost));
    assert_eq!(site.see(&stuck).await.state, State::Open);
}

#[tokio::test]
async fn a_look_at_a_file_is_written_down_before_anybody_sees_it() {
    let site = Site::new().await;
    let room = site.room_that_stays().await;
    std::fs::write(site.folder.path().join("table.csv"), "a,b\n").unwrap();
    let shown = site.centre.read_in_room(&Site::caller(), &room, "table.csv").await.unwrap();
    assert_eq!(shown, b"a,b\n");
    let entries = site.centre.timeline("room", room.as_str()).await.unwrap().items.clone();
    let looked: RoomEvent = entries.last().unwrap().event().unwrap();
    let RoomEvent::Looked { by, file, bytes, sha256 } = looked else { panic!("{looked:?}") };
    assert_eq!((by, file.as_str(), bytes), (researcher(), "table.csv", 4));
    // printf 'a,b\n' | sha256sum
    assert_eq!(
        sha256.to_string(),
        "5be08c9684a1d25efcee09318204824278b08bbfb4aef973ffefd0b9d7478313"
    );
    assert!(site.centre.read_in_room(&Site::caller(), &room, "none.csv").await.is_err());
    assert_eq!(site.acts(&room).await, ["room.opened", "room.looked"]);
}

#[tokio::test]
async fn people_who_look_into_a_room_hold_up_neither_a_start_nor_an_end() {
    for act in ["room.run-started", "room.run-ended", "room.frozen"] {
        let site = Site::with_rival(act, 3).await;
        let room = site.room_that_stays().await;
        let words = vec!["Rscript".to_owned()];
        let begun = site.centre.start_run(&Site::caller(), &room, words, None, None).await;
        let started = begun.unwrap().started().unwrap();
        assert_eq!(started.ended().await.unwrap().outcome, Outcome::Finished);
        let ended = site.see(&room).await.runs[0].ended;
        assert_eq!(ended.map(|end| end.outcome), Some(Outcome::Finished), "{act}");
        site.centre.close_room(&Site::caller(), &room).await.unwrap();
        let looks = site.acts(&room).await.iter().filter(|act| *act == "room.looked").count();
        assert_eq!(looks, 1, "{act}: it was tried again");
    }
}

#[tokio::test]
async fn a_program_that_stops_lets_go_of_the_rooms() {
    let site = Site::new().await;
    site.room_that_stays().await;
    site.centre.stop_runs().await.unwrap();
    assert_eq!(site.rooms.let_go.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_is_in_a_closed_room_stays_until_the_standstill_is_over() {
    let site = Site::new().await;
    let room = site.room_that_stays().await;
    std::fs::write(site.folder.path().join("table.csv"), "a,b\n").unwrap();
    site.centre.close_room(&Site::caller(), &room).await.unwrap();
    let frozen = site.see(&room).await;
    assert_eq!(frozen.frozen_until, Some("2026-03-15T12:00:00Z".parse().unwrap()));
    // Nobody is in it.
    let words = vec!["Rscript".to_owned()];
    assert!(site.centre.start_run(&Site::caller(), &room, words, None, None).await.is_err());
    assert!(site.centre.read_in_room(&Site::caller(), &room, "table.csv").await.is_err());
    assert!(site.centre.open_notebook(&Site::caller(), &room, Company::Alone).await.is_err());
    site.clock.advance(SignedDuration::from_hours(24 * 14 - 1));
    site.centre.sweep().await.unwrap();
    assert_eq!(site.see(&room).await.state, State::Frozen);
    site.clock.advance(SignedDuration::from_hours(1));
    site.centre.sweep().await.unwrap();
    let gone = site.see(&room).await;
    assert_eq!((gone.state, gone.closed), (State::Closed, Some(Closing::ByPerson)));
    let removed = gone.removed.unwrap();
    assert_eq!((removed.files, removed.bytes), (1, 4));
    assert_ne!(removed.files_sha256, room::Listing::default().digest());
    assert_eq!(
        site.acts(&room).await,
        ["room.opened", "room.frozen", "room.counted", "room.closed"]
    );
}

#[tokio::test]
async fn a_closed_room_is_opened_again_while_its_permit_goes_on() {
    let house = House::new().await;
    let permit = house.permit(|_| {}).await;
    let room = house.room_on(&permit).await;
    house.put(&room, "table.csv", "a,b\n");
    let researcher = house.caller("researcher").await;
    assert!(house.centre.reopen_room(&researcher, &room).await.is_err(), "it is open");
    house.centre.close_room(&researcher, &room).await.unwrap();
    assert!(house.centre.close_room(&researcher, &room).await.is_err(), "it is closed");
    let stranger = house.caller("stranger").await;
    refused_by(house.centre.reopen_room(&stranger, &room).await);
    refused_by(house.centre.remove_room(&stranger, &room).await);
    house.centre.reopen_room(&researcher, &room).await.unwrap();
    let again = house.centre.room(&researcher, &room).await.unwrap();
    assert_eq!((again.state, again.closed, again.frozen_until), (State::Open, None, None));
    assert_eq!(house.centre.read_in_room(&researcher, &room, "table.csv").await.unwrap(), b"a,b\n");
    // Not on the old data of a permit that has new ones.
    house.centre.close_room(&researcher, &room).await.unwrap();
    house.wait_until("2026-03-01T09:00:01Z");
    house.centre.build_extracts(&researcher, &permit, Arc::new(Unwatched)).await.unwrap();
    assert!(
        house.centre.reopen_room(&researcher, &room).await.is_err(),
        "its data are not the permit's"
    );
    // Nor when the permit has ended.
    let other = house.room().await;
    house.centre.close_room(&researcher, &other).await.unwrap();
    house.wait_until("2027-03-02T00:00:00Z");
    let over = house.centre.reopen_room(&researcher, &other).await;
    assert_eq!(refused_by(over), ["room-opens-for-the-people-of-the-permit"]);
}

#[tokio::test]
async fn a_room_is_removed_before_its_time_by_its_people_but_not_when_its_permit_was_taken_back() {
    let site = Site::new().await;
    let (own, taken) = (site.room_that_stays().await, site.room_that_stays().await);
    let open = site.centre.remove_room(&Site::caller(), &own).await.unwrap_err().to_string();
    assert!(open.contains("close room"), "{open}");
    site.centre.close_room(&Site::caller(), &own).await.unwrap();
    site.centre.remove_room(&Site::caller(), &own).await.unwrap();
    assert_eq!(site.see(&own).await.state, State::Closed);
    assert!(site.centre.remove_room(&Site::caller(), &own).await.is_err());
    let permit = site.see(&taken).await.permit;
    let why = "it was misused".to_owned();
    site.centre.revoke_permit(&Site::caseworker(), &permit, why).await.unwrap();
    let refused = site.centre.remove_room(&Site::caller(), &taken).await.unwrap_err().to_string();
    assert!(refused.contains("stays until"), "{refused}");
    assert_eq!(site.see(&taken).await.state, State::Frozen);
    site.clock.advance(SignedDuration::from_hours(24 * 14));
    site.centre.sweep().await.unwrap();
    assert_eq!(site.see(&taken).await.closed, Some(Closing::PermitRevoked));
    assert_eq!(site.see(&taken).await.state, State::Closed);
}

#[tokio::test]
async fn a_removal_that_was_cut_short_is_ended_at_the_start() {
    let site = Site::new().await;
    let room = site.room_that_stays().await;
    site.centre.close_room(&Site::caller(), &room).await.unwrap();
    let (files, bytes) = (3, 99);
    let counted = room::Removed {
        files,
        bytes,
        files_sha256: ledger::Hash::default(),
        versions: 0,
        versions_bytes: 0,
    };
    site.write(room.as_str(), &RoomEvent::Counted(counted)).await;
    // The folder is gone; the program was killed before it wrote that.
    site.rooms.missing.lock().unwrap().insert(room.clone());
    site.centre.recover().await.unwrap();
    let gone = site.see(&room).await;
    assert_eq!((gone.state, gone.closed), (State::Closed, Some(Closing::ByPerson)));
    assert_eq!(gone.removed, Some(counted));
}

#[tokio::test]
async fn so_many_run_at_once_in_a_room_and_no_more() {
    let site = Site::new().await;
    let room = site.room_that_stays().await;
    let mut runs = Vec::new();
    for _ in 0..Room::AT_ONCE {
        runs.push(site.begin(&room).await);
    }
    let begin = async || {
        let words = vec!["Rscript".to_owned()];
        site.centre.start_run(&Site::caller(), &room, words, None, None).await
    };
    let refused = begin().await.unwrap_err().to_string();
    assert!(refused.contains("no more do at once"), "{refused}");
    site.ends(&room, &runs[0]).await;
    begin().await.unwrap();
}

#[tokio::test]
async fn of_several_runs_each_that_nobody_minds_is_lost_and_each_that_went_on_is_taken_over() {
    let site = Site::new().await;
    let room = site.room_that_stays().await;
    let [minded, lost, also] =
        [site.begin(&room).await, site.begin(&room).await, site.begin(&room).await];
    site.rooms.minded.lock().unwrap().extend([minded.clone(), also.clone()]);
    site.clock.advance(SignedDuration::from_mins(2));
    site.centre.recover().await.unwrap();
    let seen = site.see(&room).await;
    assert!(seen.is_running(&minded) && seen.is_running(&also) && !seen.is_running(&lost));
    assert_eq!(seen.runs[1].ended.unwrap().outcome, Outcome::Lost);

    site.centre.outlive().await.unwrap();
    for _ in 0..500 {
        if site.rooms.noted.load(Ordering::Relaxed) > 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let seen = site.see(&room).await;
    assert_eq!(seen.state, State::Open);
    for run in [0, 2] {
        assert_eq!(seen.runs[run].ended.unwrap().outcome, Outcome::Finished);
    }
}

#[tokio::test]
async fn a_room_is_used_for_the_hours_that_its_permit_gives_it_and_no_longer() {
    let site = Site::new().await;
    let room = site.room_for(2).await;
    let asks = async || {
        let words = vec!["Rscript".to_owned()];
        site.centre.start_run(&Site::caller(), &room, words, None, None).await
    };
    // One hour and 55 minutes go by while something runs, and an hour while nothing does.
    let (run, hour) = (site.begin(&room).await, SignedDuration::from_hours(1));
    site.clock.advance(hour + SignedDuration::from_mins(55));
    let wall = std::time::Duration::from_mins(115);
    let ended = room::Ended { outcome: Outcome::Finished, wall, ..room::Ended::LOST };
    let ends = ended.event(&run, &room::Listing::default(), None);
    site.write(room.as_str(), &ends).await;
    site.clock.advance(hour);
    asks().await.unwrap().started().unwrap().ended().await.unwrap();
    // A run may last ten minutes, and there are five left.
    assert_eq!(*site.rooms.walls.lock().unwrap(), [std::time::Duration::from_mins(5)]);

    // Nor is what people are in open for longer.
    let opened = site.room_for(3).await;
    site.centre.open_notebook(&Site::caller(), &opened, Company::Alone).await.unwrap();
    let walls = site.rooms.walls.lock().unwrap().clone();
    assert_eq!(walls.last(), Some(&std::time::Duration::from_hours(3)));

    let last = site.begin(&room).await;
    let wall = std::time::Duration::from_mins(5);
    let ended = room::Ended { outcome: Outcome::KilledTime, wall, ..room::Ended::LOST };
    site.write(room.as_str(), &ended.event(&last, &room::Listing::default(), None)).await;
    let refused = asks().await.unwrap_err();
    assert!(matches!(refused, Refused::Conflict(_)), "{refused:?}");
    assert!(refused.to_string().contains("was used for the 2 hours"), "{refused}");
    assert_eq!(site.rooms.walls.lock().unwrap().len(), 2);
    assert_eq!(site.see(&room).await.state, State::Open);
}

#[tokio::test]
async fn what_was_run_is_read_by_an_auditor_more_than_a_year_after_its_room_is_gone() {
    let site = Site::new().await;
    let room = site.room_that_ends().await;
    let run = site.begin(&room).await;
    let cell: CellId = "cell-2b4d6f8h0k".parse().unwrap();
    let (by, kernel, code) = (researcher(), "ir".to_owned(), "coxph(S ~ age)".to_owned());
    let event = RoomEvent::CellRun { cell, by, run: Some(run.clone()), kernel, code };
    site.write(room.as_str(), &event).await;
    site.ends(&room, &run).await;
    // The permit ends, the room stands still and is removed, and a year goes by.
    for days in [1, 15, 400] {
        site.clock.advance(SignedDuration::from_hours(24 * days));
        site.centre.sweep().await.unwrap();
    }
    assert_eq!(site.see(&room).await.state, State::Closed);
    let deeds = site.centre.journal(&Site::auditor(), &room).await.unwrap();
    let says = |deed: &Deed| serde_json::to_string(deed).unwrap().contains("coxph(S ~ age)");
    let ran = deeds.iter().find(|deed| says(deed));
    assert_eq!(ran.map(|deed| &deed.by), Some(&researcher()), "{deeds:?}");
}
