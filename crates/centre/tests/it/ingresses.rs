//! What is brought into rooms: by whose word, and what becomes of the rest.

use std::sync::Arc;

use centre::Refused;
use centre::ingresses::Brought;
use centre::ports::NotPlaced;
use ingress::{Declared, Fault, Ingress, IngressState};
use model::{IngressId, RoomId};
use permit::Bring;

use crate::house::{House, refused_by};

fn brought(name: &str, declared: Declared) -> Brought {
    Brought {
        name: name.to_owned(),
        declared,
        origin: "our own repository".to_owned(),
        why: "the analysis".to_owned(),
        link: None,
        bytes: b"x <- 1\n".to_vec(),
    }
}

fn code() -> Brought {
    brought("analysis.R", Declared::Code)
}

impl House {
    async fn room_that(&self, bring: Bring) -> RoomId {
        let permit = self.permit(|terms| terms.room.bring = bring).await;
        self.room_on(&permit).await
    }

    async fn bring(&self, room: &RoomId, brought: Brought) -> Result<IngressId, Refused> {
        self.centre.bring_in(&self.caller("researcher").await, room, brought).await
    }

    async fn ingress(&self, id: &IngressId) -> Ingress {
        Arc::unwrap_or_clone(self.centre.ingress(&self.caller("auditor").await, id).await.unwrap())
    }

    async fn admit(&self, id: &IngressId, admit: bool) -> Result<(), Refused> {
        let checker = self.caller("checker").await;
        self.centre.decide_ingress(&checker, id, admit, "looked at it".to_owned()).await
    }

    fn placed(&self) -> usize {
        self.gate.placed.lock().unwrap().len()
    }
}

#[tokio::test]
async fn a_file_comes_in_by_the_word_of_another_person() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.bring(&room, code()).await.unwrap();
    assert_eq!(house.ingress(&id).await.state, IngressState::Inspected);
    assert_eq!(house.placed(), 0);
    house.admit(&id, true).await.unwrap();
    let ingress = house.ingress(&id).await;
    assert_eq!(ingress.state, IngressState::Placed);
    assert_eq!(ingress.decided.unwrap().who, Some("checker".parse().unwrap()));
    let placed = house.gate.placed.lock().unwrap().clone();
    assert_eq!(placed, [(room, "analysis.R".to_owned(), b"x <- 1\n".to_vec())]);
    assert_eq!(
        house.acts("ingress", id.as_str()).await,
        ["ingress.asked", "ingress.inspected", "ingress.admitted", "ingress.placed"]
    );
    assert!(house.blobs.is_empty(), "what is in the room is kept nowhere else");
}

#[tokio::test]
async fn nobody_lets_in_what_is_their_own() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.bring(&room, code()).await.unwrap();
    let own = house.caller("researcher").await;
    let refused = house.centre.decide_ingress(&own, &id, true, "mine".to_owned()).await;
    assert!(!refused_by(refused).is_empty());
    for stranger in ["holder", "caseworker", "operator", "auditor"] {
        let stranger = house.caller(stranger).await;
        let refused = house.centre.decide_ingress(&stranger, &id, true, "x".to_owned()).await;
        assert!(!refused_by(refused).is_empty());
    }
    for stranger in ["holder", "caseworker"] {
        let seen = house.centre.ingress(&house.caller(stranger).await, &id).await;
        assert!(!refused_by(seen).is_empty(), "{stranger}");
    }
    let into = house.centre.bring_in(&house.caller("checker").await, &room, code()).await;
    assert_eq!(refused_by(into), ["files-are-brought-in-by-the-people-of-the-permit"]);
    let checker = house.caller("checker").await;
    let why = house.centre.decide_ingress(&checker, &id, true, " ".to_owned()).await;
    assert!(matches!(why, Err(Refused::Field { field: "why", .. })));
}

#[tokio::test]
async fn code_comes_in_by_rule_where_the_permit_says_so_and_nothing_else_does() {
    let house = House::new().await;
    let room = house.room_that(Bring::Rule).await;
    let id = house.bring(&room, code()).await.unwrap();
    assert_eq!(house.ingress(&id).await.state, IngressState::Placed);
    for (name, declared, finds) in [
        ("rates.csv", Declared::Code, None),
        ("other.R", Declared::Reference, None),
        ("odd.R", Declared::Code, Some(Fault::NameSaysElse)),
    ] {
        house.gate.finds.lock().unwrap().extend(finds);
        let id = house.bring(&room, brought(name, declared)).await.unwrap();
        assert_eq!(house.ingress(&id).await.state, IngressState::Inspected, "{name}");
    }
    house.gate.finds.lock().unwrap().push(Fault::Hidden { count: 1 });
    let id = house.bring(&room, brought("more.R", Declared::Code)).await.unwrap();
    assert_eq!(house.ingress(&id).await.state, IngressState::Placed);
}

#[tokio::test]
async fn what_breaks_a_rule_stays_out_and_is_forgotten() {
    let house = House::new().await;
    let room = house.room_that(Bring::Rule).await;
    house.gate.finds.lock().unwrap().push(Fault::Program);
    let id = house.bring(&room, code()).await.unwrap();
    assert_eq!(house.ingress(&id).await.state, IngressState::Refused);
    assert!(house.blobs.is_empty());
    assert!(matches!(house.admit(&id, true).await, Err(Refused::Conflict(_))));
    assert_eq!(house.placed(), 0);
    // Another by its name may be asked for.
    house.bring(&room, code()).await.unwrap();
}

#[tokio::test]
async fn a_checker_keeps_a_file_out() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.bring(&room, code()).await.unwrap();
    house.admit(&id, false).await.unwrap();
    assert_eq!(house.ingress(&id).await.state, IngressState::Refused);
    assert!(house.blobs.is_empty());
    assert!(matches!(house.admit(&id, true).await, Err(Refused::Conflict(_))));
}

#[tokio::test]
async fn nothing_is_brought_into_rooms_of_a_permit_that_says_so_or_is_over() {
    let house = House::new().await;
    let shut = house.room_that(Bring::Nothing).await;
    assert!(matches!(house.bring(&shut, code()).await, Err(Refused::Conflict(_))));
    let room = house.room().await;
    let id = house.bring(&room, code()).await.unwrap();
    house.wait_until("2027-03-02T00:00:01Z");
    assert!(!refused_by(house.bring(&room, brought("b.R", Declared::Code)).await).is_empty());
    assert!(!refused_by(house.admit(&id, true).await).is_empty());
    assert_eq!(house.placed(), 0);
}

type Change = fn(&mut Brought);

#[tokio::test]
async fn what_is_asked_must_be_whole() {
    let house = House::new().await;
    let room = house.room().await;
    house.bring(&room, brought("code.zip", Declared::Code)).await.unwrap();
    let wrong: [(&str, Change); 9] = [
        ("name", |b| b.name = "a/b.R".to_owned()),
        ("name", |b| b.name = "../b.R".to_owned()),
        ("name", |b| b.name = ".hidden".to_owned()),
        ("name", |b| b.name = "010250-1234.R".to_owned()),
        // It is, or will be, unpacked to the same place.
        ("name", |b| b.name = "Code.tar.gz".to_owned()),
        ("origin", |b| b.origin = " ".to_owned()),
        ("why", |b| b.why = String::new()),
        ("file", |b| b.bytes.clear()),
        ("file", |b| b.bytes = vec![b'x'; 1001]),
    ];
    for (field, change) in wrong {
        let mut asked = code();
        change(&mut asked);
        match house.bring(&room, asked).await {
            Err(Refused::Field { field: at, .. }) => assert_eq!(at, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    assert_eq!(house.count("ingress.asked").await, 1);
}

#[tokio::test]
async fn a_file_nobody_could_look_into_waits_outside() {
    let house = House::new().await;
    let room = house.room_that(Bring::Rule).await;
    *house.gate.blind.lock().unwrap() = true;
    let id = house.bring(&room, code()).await.unwrap();
    assert_eq!(house.ingress(&id).await.state, IngressState::Asked);
    assert!(matches!(house.admit(&id, true).await, Err(Refused::Conflict(_))));
    house.centre.see_to_ingresses().await.unwrap();
    assert_eq!(house.placed(), 0);
    *house.gate.blind.lock().unwrap() = false;
    house.centre.see_to_ingresses().await.unwrap();
    assert_eq!(house.ingress(&id).await.state, IngressState::Placed);
}

#[tokio::test]
async fn what_was_admitted_and_did_not_come_in_is_tried_again_or_refused() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.bring(&room, code()).await.unwrap();
    *house.gate.shut.lock().unwrap() = Some(NotPlaced::Machine("the disk is full".to_owned()));
    assert!(matches!(house.admit(&id, true).await, Err(Refused::Failed { .. })));
    assert_eq!(house.ingress(&id).await.state, IngressState::Admitted);
    house.centre.see_to_ingresses().await.unwrap();
    assert_eq!(house.ingress(&id).await.state, IngressState::Placed);

    let id = house.bring(&room, brought("b.R", Declared::Code)).await.unwrap();
    *house.gate.shut.lock().unwrap() = Some(NotPlaced::Unfit("no place is left".to_owned()));
    house.admit(&id, true).await.unwrap();
    let refused = house.ingress(&id).await;
    assert_eq!(refused.state, IngressState::Refused);
    assert_eq!(refused.decided.unwrap().why, "no place is left");
    assert!(house.blobs.is_empty());
}

#[tokio::test]
async fn a_start_keeps_what_waits_and_removes_what_nobody_named() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.bring(&room, code()).await.unwrap();
    house.centre.recover().await.unwrap();
    house.admit(&id, true).await.unwrap();
    assert_eq!(house.placed(), 1);
}

#[tokio::test]
async fn what_waits_at_the_gate_of_a_room_that_closes_stays_out() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.bring(&room, code()).await.unwrap();
    house.centre.close_room(&house.caller("researcher").await, &room).await.unwrap();
    assert_eq!(house.ingress(&id).await.state, IngressState::Refused);
    assert!(house.blobs.is_empty());
    assert!(matches!(house.admit(&id, true).await, Err(Refused::Conflict(_))));
}

fn own_table(people: u32, column: &str) -> Brought {
    let rows: Vec<String> = (1..=people).rev().map(|n| format!("p{n},{n}")).collect();
    let rows = rows.join("\n");
    Brought {
        link: Some(column.to_owned()),
        bytes: format!("id,score\n{rows}\nelse,99\n").into_bytes(),
        ..brought("scores.csv", Declared::People)
    }
}

#[tokio::test]
async fn a_table_is_linked_before_anything_of_it_is_kept() {
    let house = House::new().await;
    let room = house.room().await;
    let refused = house.bring(&room, own_table(6, "nr")).await;
    assert!(matches!(refused, Err(Refused::Field { field: "link", .. })), "{refused:?}");
    let id = house.bring(&room, own_table(6, "id")).await.unwrap();
    let linked = "person,score\n1,1\n2,2\n3,3\n4,4\n5,5\n6,6\n";
    let checker = house.caller("checker").await;
    let seen = house.centre.considered(&checker, &id).await.unwrap();
    assert_eq!(seen.texts, [("scores.csv".to_owned(), linked.to_owned())]);
    assert_eq!(seen.ingress.linked.as_ref().unwrap().kept, 6);
    assert_eq!(seen.ingress.findings().len(), 1, "rows that are like no other");
    let own = house.caller("researcher").await;
    let seen = house.centre.considered(&own, &id).await.unwrap();
    assert!(seen.texts.is_empty());
    // How many of one's own people the permit has is not told before the decision.
    assert_eq!((seen.ingress.linked.clone(), seen.ingress.bytes), (None, 0));
    assert!(seen.ingress.findings().is_empty());
    let listed = house.centre.ingresses(&own, Some(&room)).await.unwrap();
    assert_eq!(listed, [seen.ingress]);
    house.admit(&id, true).await.unwrap();
    let placed = house.gate.placed.lock().unwrap().clone();
    assert_eq!(placed[0].2, linked.as_bytes());
    let there = house.centre.ingress(&own, &id).await.unwrap();
    assert_eq!(there.linked.as_ref().unwrap().kept, 6);
}

#[tokio::test]
async fn whether_one_person_is_among_the_permits_is_not_told_and_the_asking_is_kept() {
    let house = House::new().await;
    let room = house.room().await;
    for people in [0, 1, 4] {
        let id = house.bring(&room, own_table(people, "id")).await.unwrap();
        let ingress = house.ingress(&id).await;
        assert_eq!((ingress.state, ingress.bytes), (IngressState::Refused, 0));
        let why = ingress.decided.unwrap().why;
        assert_eq!(why, "it is about fewer than 5 people of the permit's data");
        assert!(ingress.linked.is_none() && ingress.inspection.is_none());
    }
    assert_eq!(house.count("ingress.asked").await, 3);
    assert!(house.blobs.is_empty());
}

#[tokio::test]
async fn a_permit_of_small_counts_links_no_table_of_fewer_than_five() {
    for (smallest_count, least) in [(3, 5), (5, 5), (8, 8)] {
        let house = House::new().await;
        house.let_publish(3).await;
        let permit = house.permit(|terms| terms.outputs.smallest_count = smallest_count).await;
        let room = house.room_on(&permit).await;
        let id = house.bring(&room, own_table(least - 1, "id")).await.unwrap();
        let why = house.ingress(&id).await.decided.unwrap().why;
        assert_eq!(why, format!("it is about fewer than {least} people of the permit's data"));
        let id = house.bring(&room, own_table(least, "id")).await.unwrap();
        assert_eq!(house.ingress(&id).await.state, IngressState::Inspected);
    }
}

#[tokio::test]
async fn a_linked_table_is_decided_on_by_a_person_under_every_rule() {
    let house = House::new().await;
    let room = house.room_that(Bring::Rule).await;
    // No row is like no other: nothing but the link keeps it from being plain code.
    let bytes = b"id,score\np1,7\np2,7\np3,7\np4,7\np5,7\np6,7\n".to_vec();
    let table =
        Brought { name: "x.R".to_owned(), declared: Declared::Code, bytes, ..own_table(6, "id") };
    let id = house.bring(&room, table).await.unwrap();
    let ingress = house.ingress(&id).await;
    assert!(ingress.findings().is_empty());
    assert_eq!(ingress.state, IngressState::Inspected);
}

#[tokio::test]
async fn what_was_left_at_the_gate_of_a_closed_room_is_seen_to() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.bring(&room, code()).await.unwrap();
    // A program that was stopped between the two.
    let closed = room::RoomEvent::Closed { why: room::Closing::ByPerson };
    let draft = ledger::Draft::new(&"researcher".parse().unwrap(), room.as_str(), &closed).unwrap();
    house.book.append(vec![draft], vec![]).await.unwrap();
    house.centre.see_to_ingresses().await.unwrap();
    assert_eq!(house.ingress(&id).await.state, IngressState::Refused);
    assert!(house.blobs.is_empty());
}

#[tokio::test]
async fn checkers_find_it_in_their_work_and_the_journal_tells_of_it() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.bring(&room, code()).await.unwrap();
    let waits = |inbox: &[centre::inbox::Task]| inbox.iter().any(|task| task.id == id.as_str());
    let checkers = house.centre.inbox(&house.caller("checker").await).await.unwrap();
    assert!(waits(&checkers.mine));
    let own = house.centre.inbox(&house.caller("researcher").await).await.unwrap();
    assert!(waits(&own.awaited) && !waits(&own.mine));
    let journal = house.centre.journal(&house.caller("auditor").await, &room).await.unwrap();
    assert!(journal.iter().any(|deed| deed.what.as_str() == "asked-in"));
}
