//! Rooms whose data nobody sees: what their people are told, and what they are not.

use centre::Refused;
use permit::Way;
use room::{Outcome, RoomEvent, Script, State};

use crate::house::{House, started};

const SCRIPT: &str = "x <- read.csv('/data/laboratory.csv')\nwrite.csv(x, 'out/table.csv')\n";

impl House {
    /// A room whose data nobody sees, in which a script ran and ended so.
    async fn blind_room(&self, outcome: Outcome) -> (model::RoomId, model::RunId) {
        let permit = self.permit(|terms| terms.room.way = Way::Blind).await;
        let room = self.room_on(&permit).await;
        let run: model::RunId = "run-5v7x9z1b3d".parse().unwrap();
        let by: model::AccountId = "researcher".parse().unwrap();
        let started = RoomEvent::RunStarted {
            run: run.clone(),
            by: by.clone(),
            command: vec!["Rscript".to_owned()],
            script: Some(Script::new("a.R", SCRIPT.to_owned()).unwrap()),
            notebook: false,
            desktop: false,
            private: true,
        };
        let ended = room::Ended {
            outcome,
            exit: Some(37),
            wall: std::time::Duration::from_millis(1_234),
            peak_memory: 321_987_654,
            ..room::Ended::LOST
        };
        let opened = vec![room::TableRead { table: "laboratory".to_owned(), rows: 9 }];
        let ended = ended.event(&run, &room::Listing::default(), Some(opened));
        for event in [started, ended] {
            let draft = ledger::Draft::new(&by, room.as_str(), &event).unwrap();
            self.book.append(vec![draft], vec![]).await.unwrap();
        }
        (room, run)
    }
}

#[tokio::test]
async fn files_are_not_read_and_only_those_that_the_script_names_are_told() {
    let house = House::new().await;
    let (room, run) = house.blind_room(Outcome::Finished).await;
    house.put(&room, "out/table.csv", "sex,people\nwomen,160\nmen,140\n");
    house.put(&room, "Kari-Nordmann-is-ill", "x");
    let own = house.caller("researcher").await;
    let refused = house.centre.read_in_room(&own, &room, "out/table.csv").await;
    assert!(matches!(refused, Err(Refused::Conflict(_))), "{refused:?}");
    let standing = house.centre.room_standing(&own, &room, Some(&run)).await.unwrap();
    assert!(standing.blind);
    let told: Vec<_> = standing.listing.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(told, ["out/table.csv"]);
    assert_eq!((standing.listing.files[0].bytes, standing.listing.files[0].modified), (32, 0));
    // Nor by how busy the room is, or by how many of anything there are in it.
    let full = &standing.standing;
    assert_eq!((full.memory, full.processes, full.cpu_percent), (8_192, None, None));
    assert_eq!(full.work.files, 0);
    // What is to leave is asked for, and checked, as ever.
    let wish = ("out/table.csv", disclosure::Kind::Unknown);
    house.ask(&room, &[wish]).await.unwrap();
}

#[tokio::test]
async fn how_a_run_ended_is_told_without_what_the_data_could_say_by_it() {
    let house = House::new().await;
    let (room, run) = house.blind_room(Outcome::Failed).await;
    let own = house.caller("researcher").await;
    let seen = house.centre.room(&own, &room).await.unwrap();
    assert_eq!(seen.state, State::Open);
    let end = seen.runs[0].ended.unwrap();
    assert_eq!((end.exit, end.wall_ms, end.peak_memory), (Some(1), 2_048, 1 << 29));
    assert_eq!(house.centre.rooms(&own).await.unwrap(), [seen]);
    let log = house.centre.run_log(&own, &room, &run).await.unwrap();
    assert!(log.starts_with("0 lines were printed."), "{log}");
    // Who proves things reads them as they were.
    let auditor = house.caller("auditor").await;
    let deeds = house.centre.journal(&auditor, &room).await.unwrap();
    // Which tables a script opens it chooses, of what it read in others.
    let opened = |deeds: &[std::sync::Arc<centre::journal::Deed>]| {
        deeds.iter().any(|deed| match &deed.what {
            centre::journal::Done::Ran(ran) => {
                ran.ended.as_ref().is_some_and(|end| end.opened.is_some())
            }
            _ => false,
        })
    };
    assert!(opened(&deeds));
    assert!(!opened(&house.centre.journal(&own, &room).await.unwrap()));
    let exits = |deeds: &[std::sync::Arc<centre::journal::Deed>]| {
        let exit = |deed: &std::sync::Arc<centre::journal::Deed>| match &deed.what {
            centre::journal::Done::Ran(ran) => ran.ended.as_ref().and_then(|end| end.exit),
            _ => None,
        };
        deeds.iter().find_map(exit)
    };
    assert_eq!(exits(&deeds), Some(37));
    let deeds = house.centre.journal(&own, &room).await.unwrap();
    assert_eq!(exits(&deeds), Some(1));
}

#[tokio::test]
async fn what_a_statement_counted_is_for_auditors() {
    let house = House::new().await;
    let permit = house.permit(|terms| terms.room.way = Way::Blind).await;
    let room = house.room_on(&permit).await;
    let by: model::AccountId = "researcher".parse().unwrap();
    let (run, statement): (model::RunId, model::StatementId) =
        ("run-5v7x9z1b3d".parse().unwrap(), "statement-5v7x9z1b3d".parse().unwrap());
    let end = room::StatementEnd {
        answered: true,
        wall_ms: 1_000,
        rows: 3,
        read: vec![room::TableRead { table: "laboratory".to_owned(), rows: 3 }],
    };
    let sql = "SELECT * FROM laboratory WHERE value = 7".to_owned();
    let again: model::StatementId = "statement-6v7x9z1b3d".parse().unwrap();
    let fetched = room::Fetched {
        language: room::packages::Language::Python,
        name: "lifelines".parse().unwrap(),
        version: "0.30.0".parse().unwrap(),
        file: "lifelines-0.30.0-py3-none-any.whl".to_owned(),
        sha256: ledger::Hash::default(),
        bytes: 1,
    };
    for event in [
        started(&run, &by, "psql"),
        RoomEvent::StatementRun {
            statement: statement.clone(),
            run: run.clone(),
            sql: sql.clone(),
        },
        RoomEvent::StatementEnded { statement, end },
        RoomEvent::StatementRun { statement: again, run: run.clone(), sql },
        RoomEvent::PackageFetched { run, fetched },
    ] {
        house.clock.advance(jiff::SignedDuration::from_secs(7));
        let draft = ledger::Draft::new(&by, room.as_str(), &event).unwrap();
        house.book.append(vec![draft], vec![]).await.unwrap();
    }
    // How often a program asks and fetches, when, and what comes of it says as much as it
    // chooses: its people are told that it asked.
    for (who, all, rows, fetches) in [("researcher", 1, None, 0), ("auditor", 2, Some(3), 1)] {
        let deeds = house.centre.journal(&house.caller(who).await, &room).await.unwrap();
        let kind = |word: &str| deeds.iter().filter(|deed| deed.what.as_str() == word).count();
        assert_eq!((kind("statement"), kind("fetched")), (all, fetches), "{who}");
        let asked = deeds.iter().find_map(|deed| match &deed.what {
            centre::journal::Done::Statement(asked) => Some((deed.at, asked)),
            _ => None,
        });
        let (at, asked) = asked.unwrap();
        assert_eq!(asked.ended.as_ref().map(|end| end.rows), rows, "{who}");
        let begun = deeds.iter().find(|deed| deed.what.as_str() == "ran").unwrap().at;
        assert_eq!(at == begun, who == "researcher");
        assert_eq!(asked.sql.contains("laboratory"), who == "auditor");
    }
}

#[tokio::test]
async fn a_stand_in_is_for_the_people_of_a_permit_that_goes_on() {
    let house = House::new().await;
    let permit = house.permit(|terms| terms.room.way = Way::Blind).await;
    assert!(house.centre.stand_in(&house.caller("researcher").await, &permit).await.is_ok());
    for who in ["stranger", "statistician", "checker"] {
        let refused = house.centre.stand_in(&house.caller(who).await, &permit).await;
        assert!(!crate::house::refused_by(refused).is_empty(), "{who}");
    }
    house.wait_until("2027-03-02T00:00:00Z");
    assert!(house.centre.stand_in(&house.caller("researcher").await, &permit).await.is_err());
}
