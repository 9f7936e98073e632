//! Waiting for a place on the machine, and who does.

use std::time::Duration;

use centre::Caller;
use centre::rooms::{Place, Started, Turns};
use model::RoomId;
use serde_json::json;

use crate::answer::{Answer, Stop, say, table};
use crate::commands::serve::StopSignal;
use crate::site::Site;

/// How often it is seen to whether it is our turn.
const OFTEN: Duration = Duration::from_millis(500);

/// The queue, as far as the caller may see it.
pub(super) async fn list(site: &Site, caller: &Caller) -> Result<Answer, Stop> {
    let places = site.centre.queue(caller).await?;
    let rows: Vec<_> = places.iter().map(line).collect();
    let json: Vec<_> = places
        .iter()
        .map(|place| {
            let (room, number, of) = (&place.room, place.number, place.of);
            json!({ "room": room, "number": number, "of": of, "waiting": place.waiting })
        })
        .collect();
    Ok(Answer::new(table(&["place", "room", "what", "asked by", "since"], &rows), json!(json)))
}

fn line(place: &Place) -> Vec<String> {
    let waits = &place.waiting;
    vec![
        format!("{} of {}", place.number, place.of),
        place.room.to_string(),
        waits.script.clone().unwrap_or_else(|| waits.command.join(" ")),
        waits.by.to_string(),
        waits.asked_at.to_string(),
    ]
}

/// Waits until what was asked for in a room begins, saying its place whenever that
/// changes. A stop gives it up.
pub(super) async fn wait(
    site: &Site,
    caller: &Caller,
    id: &RoomId,
    signal: &mut StopSignal,
) -> Result<Started, Stop> {
    let gone = || Stop::refused(format!("what was asked for in room `{id}` waits no more"));
    let turns = site.centre.turns(id).ok_or_else(gone)?;
    let mut told = None;
    loop {
        match turns.borrow().clone() {
            Turns::Started(started) => return Ok(started),
            Turns::Failed(why) => return Err(Stop::refused(why)),
            Turns::GivenUp(why) => {
                let why = why.as_str();
                return Err(Stop::refused(format!("its place in the queue was given up: {why}")));
            }
            Turns::Waits => {}
        }
        let place =
            site.centre.place_in_line(caller, id).await?.map(|place| (place.number, place.of));
        if place != told
            && let Some((number, of)) = place
        {
            say(&format!("the machine is full: number {number} of {of} in the queue"));
            told = place;
        }
        tokio::select! {
            () = signal.told() => {
                site.centre.leave_queue(caller, id).await?;
                return Err(Stop::refused("stopped: its place in the queue is given up"));
            }
            () = tokio::time::sleep(OFTEN) => {}
        }
        site.centre.see_to_queue().await?;
    }
}
