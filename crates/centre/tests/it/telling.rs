//! How much of a room its people are told outside of its notebook.

use centre::Refused;
use centre::inbox::{Matter, Task};
use centre::journal::{Deed, Done};
use model::{AccountId, RoomId, RunId, StatementId};
use permit::{Strictness, Way};
use room::{Room, RoomEvent};

use crate::house::{House, started};

async fn withheld(house: &House, room: &RoomId) -> usize {
    let entries = house.centre.timeline("room", room.as_str()).await.unwrap().items.clone();
    entries.iter().filter(|entry| entry.act == "room.withheld").count()
}

#[tokio::test]
async fn files_are_looked_at_up_to_a_bound_that_comes_back_with_time() {
    let house = House::new().await;
    let permit = house.permit(|_| ()).await;
    let (room, other) = (house.room_on(&permit).await, house.room_on(&permit).await);
    let piece = |n: usize| n.to_string().repeat(1 << 20);
    for n in 0..6 {
        house.put(if n < 3 { &room } else { &other }, &format!("piece-{n}.csv"), &piece(n));
    }
    let own = house.caller("researcher").await;
    let look = async |n: usize| {
        let room = if n < 3 { &room } else { &other };
        house.centre.read_in_room(&own, room, &format!("piece-{n}.csv")).await
    };
    for n in 0..4 {
        assert_eq!(look(n).await.unwrap(), piece(n).as_bytes(), "{n}");
    }
    for n in [4, 5] {
        assert!(matches!(look(n).await, Err(Refused::Conflict(_))), "another room gave more");
    }
    assert_eq!(withheld(&house, &other).await, 1, "once a minute");
    // Auditors are told where it was, for some days; those who wanted more are not.
    let told = async |who: &str| {
        let inbox = house.centre.inbox(&house.caller(who).await).await.unwrap();
        let withheld = |task: &Task| task.matter == Matter::LookIntoWithheld;
        inbox.mine.into_iter().filter(withheld).map(|task| task.id).collect::<Vec<_>>()
    };
    assert_eq!(told("auditor").await, [other.as_str()]);
    assert_eq!(told("researcher").await, [""; 0]);
    assert!(look(0).await.is_ok(), "what was seen before tells nothing new");
    house.clock.advance(jiff::SignedDuration::from_secs(150));
    assert!(look(4).await.is_ok());
    assert!(look(5).await.is_err());
    house.clock.advance(jiff::SignedDuration::from_hours(24 * 16));
    assert_eq!(told("auditor").await, [""; 0]);
}

#[tokio::test]
async fn where_people_see_pixels_names_of_files_are_a_narrow_way_out() {
    let house = House::new().await;
    let permit = house.permit(|terms| terms.room.way = Way::Desktop).await;
    let room = house.room_on(&permit).await;
    let own = house.caller("researcher").await;
    let told = async || {
        let standing = house.centre.room_standing(&own, &room, None).await.unwrap();
        (standing.listing.files.len(), standing.withheld)
    };
    house.put(&room, "results/table.csv", "x");
    assert_eq!(told().await, (1, false));
    for n in 0..900 {
        house.put(&room, &format!("{n:03}{}", "7".repeat(150)), "x");
    }
    let (files, is_withheld) = told().await;
    assert!(is_withheld && files < 450, "{files}");
    assert_eq!(told().await, (files, true), "looking again tells more");
    assert_eq!(withheld(&house, &room).await, 1);
}

/// A room in which a program asked those statements.
async fn room_with(house: &House, way: Way, statements: &[String]) -> RoomId {
    let permit = house.permit(|terms| terms.room.way = way).await;
    let room = house.room_on(&permit).await;
    let by: AccountId = "researcher".parse().unwrap();
    let run: RunId = "run-5v7x9z1b3d".parse().unwrap();
    let mut events = vec![started(&run, &by, "python3")];
    for (n, sql) in statements.iter().enumerate() {
        let statement: StatementId = format!("statement-{n:010}").parse().unwrap();
        let (run, sql) = (run.clone(), sql.clone());
        events.push(RoomEvent::StatementRun { statement, run, sql });
    }
    for event in events {
        let draft = ledger::Draft::new(&by, room.as_str(), &event).unwrap();
        house.book.append(vec![draft], vec![]).await.unwrap();
        house.clock.advance(jiff::SignedDuration::from_millis(1));
    }
    room
}

async fn told(house: &House, who: &str, room: &RoomId, sql: &[String]) -> usize {
    let deeds = house.centre.journal(&house.caller(who).await, room).await.unwrap();
    let told = deeds.iter().filter_map(|deed| match &deed.what {
        Done::Statement(asked) => Some(&asked.sql),
        _ => None,
    });
    told.filter(|told| sql.contains(told)).count()
}

#[tokio::test]
async fn statements_that_programs_put_together_carry_no_table_out_by_the_journal() {
    let house = House::new().await;
    let sql: Vec<String> =
        (0..24).map(|n| format!("SELECT '{}'", n.to_string().repeat(1 << 17))).collect();
    let room = room_with(&house, Way::Scripts, &sql).await;
    let first = told(&house, "researcher", &room, &sql).await;
    assert!((10..24).contains(&first), "{first} of 24 statements were told");
    assert_eq!(told(&house, "researcher", &room, &sql).await, first, "reading again tells more");
    assert_eq!(told(&house, "auditor", &room, &sql).await, 24, "who proves things reads them all");
    // Where people see pixels not even a short one.
    let sql = ["SELECT 1".to_owned(), "SELECT 2".to_owned()];
    let room = room_with(&house, Way::Desktop, &sql).await;
    assert_eq!(told(&house, "researcher", &room, &sql).await, 0);
    assert_eq!(told(&house, "auditor", &room, &sql).await, 2);
}

#[tokio::test]
async fn a_permit_has_so_many_rooms_and_no_more() {
    let house = House::new().await;
    let permit = house.permit(|_| ()).await;
    let mut rooms = Vec::new();
    for _ in 0..Room::OF_A_PERMIT {
        rooms.push(house.room_on(&permit).await);
    }
    let own = house.caller("researcher").await;
    let refused =
        house.centre.open_room(&own, &permit, Strictness::Strict).await.unwrap_err().to_string();
    assert!(refused.contains("has 8 rooms, and no more"), "{refused}");
    house.centre.close_room(&own, &rooms[0]).await.unwrap();
    assert!(
        house.centre.open_room(&own, &permit, Strictness::Strict).await.is_err(),
        "a closed one is there still"
    );
    house.centre.remove_room(&own, &rooms[0]).await.unwrap();
    house.centre.open_room(&own, &permit, Strictness::Strict).await.unwrap();
}

#[tokio::test]
async fn a_journal_that_was_read_before_tells_what_came_after_and_keeps_what_was_told() {
    let house = House::new().await;
    let permit = house.permit(|_| ()).await;
    let room = house.room_on(&permit).await;
    let by: AccountId = "researcher".parse().unwrap();
    let own = house.caller("researcher").await;
    let run: RunId = "run-5v7x9z1b3d".parse().unwrap();
    let statement: StatementId = "statement-5v7x9z1b3d".parse().unwrap();
    let sql = "SELECT 1".to_owned();
    let ran = room::Ended::LOST.event(&run, &room::Listing::default(), None);
    let end = room::StatementEnd { answered: true, wall_ms: 7, rows: 1, read: vec![] };
    let events = [
        started(&run, &by, "psql"),
        RoomEvent::Entered { by: by.clone(), run: None },
        RoomEvent::StatementRun { statement: statement.clone(), run: run.clone(), sql },
        RoomEvent::StatementEnded { statement, end },
        RoomEvent::Left { by: by.clone(), wall_ms: 9, shown: 0 },
        ran,
    ];
    // Each in a moment of its own, as pages are.
    let read = || house.centre.at_one_moment(house.centre.journal(&own, &room));
    let first = read().await.unwrap();
    let mut before = Vec::new();
    for event in &events {
        let draft = ledger::Draft::new(&by, room.as_str(), event).unwrap();
        house.book.append(vec![draft], vec![]).await.unwrap();
        before.push(read().await.unwrap());
    }
    let last = read().await.unwrap();
    let kinds: Vec<&str> = last.iter().map(|deed| deed.what.as_str()).collect();
    assert_eq!(kinds, ["opened", "ran", "entered", "statement"]);
    let is_over = |deed: &Deed| match &deed.what {
        Done::Entered { wall_ms, .. } => wall_ms.is_some(),
        Done::Ran(ran) => ran.ended.is_some(),
        Done::Statement(asked) => asked.ended.is_some(),
        _ => true,
    };
    assert!(last.iter().all(|deed| is_over(deed)), "{last:?}");
    assert_eq!(first.len(), 1);
    assert!(before[2].iter().skip(1).all(|deed| !is_over(deed)), "what was told has changed");
}
