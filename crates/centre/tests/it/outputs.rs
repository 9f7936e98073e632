//! Asking to take files out: what is kept, what is shown to whom, what is mended.

use centre::Refused;
use centre::outputs::HANDED_OVER;
use disclosure::{Contributions, Kind};
use ledger::{EntryFilter, Hash};
use release::{OutputState, Verdict};
use sha2::{Digest, Sha256};

use crate::house::{House, SAFE, SMALL, refused_by};

#[tokio::test]
async fn what_is_still_inside_is_shown_to_those_who_check_it_and_the_findings_to_the_others() {
    let house = House::new().await;
    let room = house.room().await;
    let id = house.asked(&room, "out/small.csv", SMALL).await;
    for (who, sees) in [("researcher", false), ("auditor", false), ("checker", true)] {
        let seen = house.centre.review(&house.caller(who).await, &id).await.unwrap();
        assert_eq!(seen.bytes.is_some(), sees, "{who}");
        assert_eq!(seen.mended.is_some(), sees, "{who}");
        assert!(
            !seen.output.checked.as_ref().unwrap().findings.is_empty(),
            "{who} sees what was found"
        );
    }
    let stranger = house.caller("stranger").await;
    let refused = house.centre.review(&stranger, &id).await.map(|_| ());
    assert!(refused_by(refused).contains(&"output-is-seen-by-its-people-and-checkers".to_owned()));

    let safe = house.asked(&room, "out/safe.csv", SAFE).await;
    house.release(&safe).await.unwrap();
    for who in ["researcher", "auditor", "checker"] {
        let seen = house.centre.review(&house.caller(who).await, &safe).await.unwrap();
        assert_eq!(seen.bytes.as_deref().map(Vec::as_slice), Some(SAFE.as_bytes()), "{who}");
    }
}

#[tokio::test]
async fn a_name_that_no_package_takes_is_refused_before_the_file_is_taken() {
    let house = House::new().await;
    let room = house.room().await;
    // Long enough for a package, but not once it is mended.
    let long = format!("{}.csv", "n".repeat(87));
    for name in ["a=b.csv", "con.csv", "[x].csv", &long] {
        house.put(&room, name, SAFE);
        house.put(&room, "fine.csv", SAFE);
        let asked = house.ask(&room, &[("fine.csv", Kind::Unknown), (name, Kind::Unknown)]).await;
        let Err(Refused::Field { field: "files", why }) = asked else {
            panic!("{name}: {asked:?}")
        };
        assert!(why.contains(name), "{why}");
    }
    assert_eq!(house.count("output").await, 0, "all are taken, or none");
    let fits = format!("{}.csv", "n".repeat(82));
    house.asked(&room, &fits, SAFE).await;
}

fn plain(bytes: &[u8]) -> String {
    Hash(Sha256::digest(bytes).into()).to_string()
}

#[tokio::test]
async fn no_original_can_be_guessed_by_the_hashes_in_the_ledger() {
    let house = House::new().await;
    let room = house.room().await;
    let small = house.asked(&room, "small.csv", SMALL).await;
    let mended = house.centre.mend(&house.caller("checker").await, &small).await.unwrap();
    house.decide(&small, Verdict::Refused).await.unwrap();
    let told = vec![Contributions { cell: vec!["north".into()], largest: vec![9.0], total: None }];
    let magnitude = Kind::MagnitudeTable {
        dimensions: vec!["region".into()],
        value: "cost".into(),
        count: "people".into(),
        contributions: told.clone(),
    };
    house.put(&room, "cost.csv", "region,cost,people\nnorth,900,40\n");
    house.ask(&room, &[("cost.csv", magnitude)]).await.unwrap();

    let ledger = async || {
        let entries = house.book.entries(&EntryFilter::default()).await.unwrap().items;
        entries.iter().map(|entry| entry.body.to_string()).collect::<String>()
    };
    let original = plain(SMALL.as_bytes());
    let contributions = plain(&serde_json::to_vec(&told).unwrap());
    let checker = house.caller("checker").await;
    let bytes = house.centre.review(&checker, &mended).await.unwrap().bytes.unwrap();
    let text = ledger().await;
    assert!(text.contains(&house.output(&small).await.sealed.to_string()));
    for hash in [&original, &contributions, &plain(&bytes)] {
        assert!(!text.contains(hash.as_str()));
    }
    house.release(&mended).await.unwrap();
    let text = ledger().await;
    assert!(text.contains(&plain(&bytes)), "what left is named by what it is");
    assert!(!text.contains(&original));
}

const CURVE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"></svg>";

#[tokio::test]
async fn a_figure_keeps_to_the_table_it_named_when_it_was_asked_for() {
    let house = House::new().await;
    let room = house.room().await;
    house.put(&room, "km.svg", CURVE);
    let figure = || Kind::Figure { table: Some("km.csv".into()) };
    let refused = house.ask(&room, &[("km.svg", figure())]).await;
    assert!(matches!(refused, Err(Refused::Field { field: "files", .. })), "{refused:?}");

    // A small table first: whatever is drawn from it may not leave either.
    let small = house.asked(&room, "km.csv", SMALL).await;
    let of_small = house.ask(&room, &[("km.svg", figure())]).await.unwrap().remove(0);
    assert_eq!(house.output(&of_small).await.table, Some(small.clone()));

    // Another file of the same name later is not the table of the first figure.
    house.put(&room, "km.csv", SAFE);
    let both = house.ask(&room, &[("km.svg", figure()), ("km.csv", Kind::Unknown)]).await.unwrap();
    assert_eq!(house.output(&both[0]).await.table, Some(both[1].clone()), "of the same request");
    assert_eq!(house.output(&of_small).await.table, Some(small.clone()));

    let by_id = Kind::Figure { table: Some(small.to_string()) };
    let again = house.ask(&room, &[("km.svg", by_id)]).await.unwrap().remove(0);
    assert_eq!(house.output(&again).await.table, Some(small));
}

#[tokio::test]
async fn outputs_of_a_destroyed_extract_are_still_shown_and_decided() {
    let house = House::new().await;
    let permit = house.permit(|_| {}).await;
    let room = house.room_on(&permit).await;
    let small = house.asked(&room, "small.csv", SMALL).await;
    let safe = house.asked(&room, "safe.csv", SAFE).await;
    let operator = house.caller("operator").await;
    let researcher = house.caller("researcher").await;
    house.centre.close_room(&researcher, &room).await.unwrap();
    let extract = house.centre.extracts_of(&operator, &permit).await.unwrap().remove(0).id.clone();
    let early = house.centre.destroy_extract(&operator, &extract, "over".into()).await;
    assert!(matches!(early, Err(Refused::Conflict(_))), "a room is frozen on it: {early:?}");
    house.centre.remove_room(&researcher, &room).await.unwrap();
    house.centre.destroy_extract(&operator, &extract, "over".into()).await.unwrap();

    let checker = house.caller("checker").await;
    let seen = house.centre.review(&checker, &small).await.unwrap();
    assert_eq!(seen.bytes.as_deref().map(Vec::as_slice), Some(SMALL.as_bytes()));
    assert!(seen.mended.is_none(), "a mended file could not be held against the extract");
    let refused = house.centre.mend(&checker, &small).await;
    assert!(matches!(refused, Err(Refused::Conflict(_))), "{refused:?}");
    house.decide(&small, Verdict::Refused).await.unwrap();
    house.release(&safe).await.unwrap();
}

#[tokio::test]
async fn one_output_that_cannot_be_checked_does_not_keep_the_centre_shut() {
    let house = House::new().await;
    let room = house.room().await;
    let safe = house.asked(&room, "safe.csv", SAFE).await;
    // Left behind by a program that stopped between asking and checking; the
    // bytes of the first were lost.
    let output = house.output(&safe).await;
    let requested = |sealed| release::OutputEvent::Requested {
        room: room.clone(),
        permit: output.permit.clone(),
        run: None,
        name: "x.csv".into(),
        declared: Kind::Unknown,
        table: None,
        contributions: None,
        sealed,
        bytes: 1,
        note: String::new(),
    };
    let by = output.requested_by.clone();
    let drafts = vec![
        ledger::Draft::new(&by, "output-aaaaaaaaaa", &requested(Hash([9; 32]))).unwrap(),
        ledger::Draft::new(&by, "output-bbbbbbbbbb", &requested(output.sealed)).unwrap(),
    ];
    house.book.append(drafts, vec![]).await.unwrap();
    house.centre.check_pending().await.unwrap();
    let state = async |id: &str| house.output(&id.parse().unwrap()).await.state;
    assert_eq!(state("output-aaaaaaaaaa").await, OutputState::Requested);
    assert_eq!(state("output-bbbbbbbbbb").await, OutputState::Checked);
}

#[tokio::test]
async fn a_mend_is_reckoned_once_and_offered_only_while_somebody_may_take_it() {
    let house = House::new().await;
    let room = house.room().await;
    let small = house.asked(&room, "small.csv", SMALL).await;
    let checker = house.caller("checker").await;
    let looked = || *house.extracts.looked.lock().unwrap();
    let before = looked();
    let first = house.centre.review(&checker, &small).await.unwrap().mended.unwrap();
    assert_eq!(looked(), before + 1);
    let second = house.centre.review(&checker, &small).await.unwrap().mended.unwrap();
    assert_eq!((looked(), &second), (before + 1, &first), "the second look reckons nothing");

    // What leaves meanwhile may change what can be offered.
    let safe = house.asked(&room, "safe.csv", SAFE).await;
    house.release(&safe).await.unwrap();
    let before = looked();
    house.centre.review(&checker, &small).await.unwrap();
    assert_eq!(looked(), before + 1);

    house.decide(&small, Verdict::Refused).await.unwrap();
    assert!(house.centre.review(&checker, &small).await.unwrap().mended.is_none());
    assert_eq!(looked(), before + 1);
}

#[tokio::test]
async fn a_mended_table_is_a_new_output_and_is_not_mended_again() {
    let house = House::new().await;
    let room = house.room().await;
    let small = house.asked(&room, "small.csv", SMALL).await;
    let checker = house.caller("checker").await;
    let mended = house.centre.mend(&checker, &small).await.unwrap();
    assert_eq!(house.acts("output", mended.as_str()).await, ["output.mended", "output.checked"]);
    let output = house.output(&mended).await;
    assert_eq!((output.name.as_str(), &output.mends), ("small.mended.csv", &Some(small)));
    assert_eq!(output.requested_by.as_str(), "researcher");
    let again = house.centre.mend(&checker, &mended).await;
    assert!(matches!(again, Err(Refused::Conflict(_))), "{again:?}");
    assert_eq!(house.count("output.mended").await, 1);
    let researcher = house.caller("researcher").await;
    let own = house.centre.mend(&researcher, &mended).await;
    assert_eq!(refused_by(own), ["nobody-checks-own-output"]);
}

#[tokio::test]
async fn nothing_is_taken_from_a_closed_room_or_by_somebody_from_outside() {
    let house = House::new().await;
    let room = house.room().await;
    house.put(&room, "safe.csv", SAFE);
    let wish = || centre::outputs::Wish {
        name: "safe.csv".parse().unwrap(),
        declared: Kind::Unknown,
        note: String::new(),
    };
    let rule = ["only-the-people-of-the-permit-enter"];
    for who in ["stranger", "statistician", "checker", "operator"] {
        let caller = house.caller(who).await;
        let asked = house.centre.request_outputs(&caller, &room, vec![wish()]).await;
        assert_eq!(refused_by(asked), rule, "{who}");
    }
    house.centre.close_room(&house.caller("researcher").await, &room).await.unwrap();
    assert_eq!(refused_by(house.ask(&room, &[("safe.csv", Kind::Unknown)]).await), rule);
    assert_eq!(house.count("output").await, 0);
}

#[tokio::test]
async fn on_a_full_disk_no_file_is_asked_out_and_none_is_kept() {
    let house = House::new().await;
    let room = house.room().await;
    for name in ["one.csv", "two.csv", "three.csv"] {
        house.put(&room, name, SAFE);
    }
    let all = ["one.csv", "two.csv", "three.csv"].map(|name| (name, Kind::Unknown));
    let entries = house.count("").await;
    // There is room for the first two.
    *house.blobs.room.lock().unwrap() = Some(2);
    let refused = house.ask(&room, &all).await.unwrap_err();
    assert!(matches!(refused, Refused::Failed { .. }), "{refused:?}");
    assert!(refused.to_string().contains("the disk is full: make room"), "{refused}");
    assert_eq!(house.count("").await, entries);
    assert!(house.blobs.kept.lock().unwrap().is_empty(), "the first two were kept for nothing");
    *house.blobs.room.lock().unwrap() = None;
    assert_eq!(house.ask(&room, &all).await.unwrap().len(), 3);
}

#[tokio::test]
async fn on_a_full_disk_a_file_is_not_mended() {
    let house = House::new().await;
    let room = house.room().await;
    let small = house.asked(&room, "small.csv", SMALL).await;
    let (entries, kept) = (house.count("").await, house.blobs.kept.lock().unwrap().len());
    *house.blobs.room.lock().unwrap() = Some(0);
    let checker = house.caller("checker").await;
    let refused = house.centre.mend(&checker, &small).await.unwrap_err();
    assert!(refused.to_string().contains("the disk is full: make room"), "{refused}");
    assert_eq!(house.count("").await, entries);
    assert_eq!(house.blobs.kept.lock().unwrap().len(), kept);
    *house.blobs.room.lock().unwrap() = None;
    house.centre.mend(&checker, &small).await.unwrap();
}

#[tokio::test]
async fn what_programs_hand_over_is_read_strictly() {
    let house = House::new().await;
    let room = house.room().await;
    let researcher = house.caller("researcher").await;
    let handed = async |text: &str| {
        house.put(&room, HANDED_OVER, text);
        house.centre.room_standing(&researcher, &room, None).await.unwrap().handed_over
    };
    let good = r#"{"files": [
        {"name": "out/t.csv", "note": "table 1",
         "declared": {"kind": "frequency-table", "dimensions": ["sex"], "counts": ["n"]}},
        {"name": "x.csv", "note": ""}
    ]}"#;
    let wishes = handed(good).await.unwrap();
    assert_eq!(wishes.len(), 2);
    assert_eq!(
        (wishes[0].name.as_str(), wishes[0].declared.as_str()),
        ("out/t.csv", "frequency-table")
    );
    assert_eq!(wishes[1].declared, Kind::Unknown);
    let many = format!(r#"{{"files": [{}]}}"#, vec![r#"{"name":"x","note":""}"#; 201].join(","));
    for bad in [
        "",
        "[]",
        r#"{"files": [{"name": "../x", "note": ""}]}"#,
        r#"{"files": [{"name": "x", "note": "", "more": 1}]}"#,
        r#"{"files": [{"name": "x", "note": "", "declared": {"kind": "nothing"}}]}"#,
        &many,
    ] {
        assert!(handed(bad).await.is_err(), "{bad:.80}");
    }
}
