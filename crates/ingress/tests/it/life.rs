//! From the asking until it is in the room.

use std::collections::BTreeMap;

use ingress::{
    By, Content, Declared, Fault, Finding, Ingress, IngressEvent, IngressState, Inspection,
    LIFECYCLE,
};
use ledger::{Draft, Entry, Event as _, Hash, Record as _};
use model::{AccountId, IngressId, PermitId, RoomId, SeededEntropy, Timestamp};

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

fn asked() -> IngressEvent {
    let entropy = SeededEntropy::new(5);
    IngressEvent::Asked {
        room: RoomId::mint(&entropy),
        permit: PermitId::mint(&entropy),
        name: "a.R".into(),
        declared: Declared::Code,
        origin: "ours".into(),
        why: "the analysis".into(),
        sealed: Hash::default(),
        bytes: 3,
        linked: None,
    }
}

fn inspected(faults: &[Fault]) -> IngressEvent {
    let findings = faults.iter().map(|fault| Finding { place: None, fault: fault.clone() });
    let inspection = Inspection {
        content: Content::Code,
        holds: BTreeMap::from([(Content::Code, 1)]),
        names: vec!["a.R".into()],
        files: 1,
        bytes: 3,
        findings: findings.collect(),
    };
    IngressEvent::Inspected { inspection, scanned: false }
}

fn admitted(by: By) -> IngressEvent {
    IngressEvent::Admitted { by, why: "I read it".into() }
}

fn fold(events: &[(&str, IngressEvent)]) -> Result<Ingress, String> {
    let id = IngressId::mint(&SeededEntropy::new(3));
    let mut ingress: Option<Ingress> = None;
    for ((actor, event), seq) in events.iter().zip(0..) {
        let draft = Draft::new(&account(actor), id.as_str(), event).unwrap();
        let entry = Entry::seal(draft, seq, Timestamp::UNIX_EPOCH, Hash::default()).unwrap();
        // As it comes back from the ledger.
        let event: IngressEvent = entry.event().unwrap();
        assert_eq!(&event, &events[usize::try_from(seq).unwrap()].1);
        match &mut ingress {
            None => ingress = Some(Ingress::begin(id.as_str(), event, &entry)?),
            Some(ingress) => ingress.apply(event, &entry)?,
        }
    }
    ingress.ok_or_else(|| "no events".to_owned())
}

#[test]
fn the_ledger_tells_the_whole_life() {
    let placed = IngressEvent::Placed { files: 1, sha256: Hash::default() };
    let ingress = fold(&[
        ("researcher", asked()),
        ("researcher", inspected(&[])),
        ("checker", admitted(By::Person)),
        ("researcher", placed),
    ])
    .unwrap();
    assert_eq!(ingress.state, IngressState::Placed);
    assert_eq!(ingress.decided.unwrap().who, Some(account("checker")));
}

#[test]
fn nobody_decides_on_their_own_even_if_the_policy_were_asleep() {
    let asked = [("researcher", asked()), ("researcher", inspected(&[]))];
    let own = [&asked[..], &[("researcher", admitted(By::Person))]].concat();
    assert!(fold(&own).unwrap_err().contains("nobody decides"));
    let by_rule = [&asked[..], &[("researcher", admitted(By::Rule))]].concat();
    assert_eq!(fold(&by_rule).unwrap().decided.unwrap().who, None);
}

#[test]
fn what_is_kept_out_by_what_was_found_is_admitted_by_nobody() {
    for by in [By::Person, By::Rule] {
        let events = [
            ("researcher", asked()),
            ("researcher", inspected(&[Fault::Program])),
            ("checker", admitted(by)),
        ];
        assert!(fold(&events).unwrap_err().contains("keeps it out"));
    }
}

#[test]
fn nothing_else_happens_than_the_table_says() {
    let refused = || IngressEvent::Refused { by: By::Rule, why: "x".into() };
    let placed = || IngressEvent::Placed { files: 1, sha256: Hash::default() };
    let to: [(IngressState, Vec<IngressEvent>); 5] = [
        (IngressState::Asked, vec![asked()]),
        (IngressState::Inspected, vec![asked(), inspected(&[])]),
        (IngressState::Admitted, vec![asked(), inspected(&[]), admitted(By::Rule)]),
        (IngressState::Placed, vec![asked(), inspected(&[]), admitted(By::Rule), placed()]),
        (IngressState::Refused, vec![asked(), inspected(&[]), refused()]),
    ];
    for (state, path) in to {
        for event in [asked(), inspected(&[]), admitted(By::Rule), refused(), placed()] {
            let act = event.act();
            let named = LIFECYCLE.iter().any(|(from, by, _)| *from == Some(state) && *by == act);
            let mut events: Vec<_> = path.iter().map(|e| ("checker", e.clone())).collect();
            events.push(("checker", event));
            assert_eq!(fold(&events).is_ok(), named, "{act} in {state:?}");
        }
    }
    assert!(fold(&[("checker", placed())]).is_err());
}
