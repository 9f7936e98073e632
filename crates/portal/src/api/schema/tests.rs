use std::collections::BTreeSet;
use std::fmt::Debug;

use model::Lang;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;
use crate::pages;
use crate::parts::terms::TermsTree;

/// The description takes the record whole, and says nothing that is not in it.
fn says_the_same<D: Serialize + DeserializeOwned + Debug>(record: &impl Serialize) {
    let json = serde_json::to_value(record).unwrap();
    let described: D = match serde_json::from_value(json.clone()) {
        Ok(described) => described,
        Err(error) => panic!("{error}: {json:#}"),
    };
    assert_eq!(bare(serde_json::to_value(described).unwrap()), bare(json));
}

/// Without the fields that say nothing: some records leave them out, some say `null`.
fn bare(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, bare(value)))
                .collect(),
        ),
        Value::Array(items) => items.into_iter().map(bare).collect(),
        value => value,
    }
}

#[test]
fn terms_applications_and_permits_are_described_as_they_are() {
    says_the_same::<TermsBody>(&TermsTree::sample_terms(Lang::En));
    let mut application = pages::application::sample_application(Lang::En);
    application.decision = Some(permit::Decision {
        verdict: permit::Verdict::Approve,
        why: "fits".into(),
        by: "caseworker".parse().unwrap(),
        at: application.began_at,
        permit: Some("permit-1".parse().unwrap()),
    });
    says_the_same::<ApplicationBody>(&application);
    let mut permit = pages::permit::sample_permit(Lang::En);
    permit.revoked = Some(permit::Revocation {
        at: permit.issued_at,
        by: "caseworker".parse().unwrap(),
        why: "the study was stopped".into(),
    });
    says_the_same::<PermitBody>(&permit);
}

#[test]
fn sources_are_described_as_they_are() {
    for dataset in pages::source::sample_datasets() {
        says_the_same::<DatasetBody>(&dataset);
    }
}

#[test]
fn rooms_outputs_and_releases_are_described_as_they_are() {
    for state in [::room::State::Open, ::room::State::Waiting] {
        says_the_same::<RoomBody>(&pages::room::sample_room(state));
    }
    let mut ingress = pages::ingress::sample_ingress();
    ingress.linked =
        Some(::ingress::Linked { rows: 9, kept: 7, people: 5, unreadable: 1, unique: 2 });
    ingress.decided = Some(::ingress::Decided {
        at: ingress.asked_at,
        by: ::ingress::By::Person,
        who: Some("checker".parse().unwrap()),
        admitted: true,
        why: "fits".into(),
    });
    ingress.placed_at = Some(ingress.asked_at);
    says_the_same::<IngressBody>(&ingress);
    let mut output = pages::output::sample_output(disclosure::finding::Verdict::Refuse);
    output.decided.push(release::Decided {
        at: output.requested_at,
        by: "checker".parse().unwrap(),
        verdict: release::Verdict::Held,
        why: "small cells".into(),
    });
    output.table = Some(output.id.clone());
    output.sha256 = Some(output.sealed);
    output.packed = Some("release-1".parse().unwrap());
    says_the_same::<OutputBody>(&output);
    says_the_same::<ReleaseBody>(&release::Release {
        id: "release-1".parse().unwrap(),
        room: output.room.clone(),
        permit: output.permit.clone(),
        outputs: vec![output.id.clone()],
        sha256: output.sealed,
        bytes: 10,
        packaged_at: output.requested_at,
        packaged_by: "checker".parse().unwrap(),
        fetched: 0,
    });
}

#[test]
fn everything_that_is_done_in_a_room_is_described_as_it_is() {
    use centre::journal::Done;
    let mut left: BTreeSet<&str> = Done::KINDS.into_iter().collect();
    for deed in pages::journal::sample_of_every_deed() {
        says_the_same::<DeedBody>(&deed);
        left.remove(deed.what.as_str());
    }
    assert!(left.is_empty(), "there is no sample of {left:?}");
}

#[test]
fn what_everyone_may_see_is_described_as_it_is() {
    let at = "2026-03-01T12:00:00Z".parse().unwrap();
    says_the_same::<UseBody>(&centre::register::Use {
        application: "application-1".parse().unwrap(),
        title: "t".into(),
        summary: "s".into(),
        purpose: Some(model::Purpose::Research),
        data_user: "university".parse().unwrap(),
        sources: vec!["laboratory".parse().unwrap()],
        state: permit::ApplicationState::Granted,
        submitted_at: Some(at),
        decided_at: Some(at),
        reason: Some("r".into()),
        permit: Some(("permit-1".parse().unwrap(), permit::Standing::Active)),
    });
    says_the_same::<ResultBody>(&centre::results::ResultOfUse {
        release: "release-1".parse().unwrap(),
        permit: "permit-1".parse().unwrap(),
        title: "t".into(),
        summary: "s".into(),
        data_user: "university".parse().unwrap(),
        packaged_at: at,
        files: 3,
        bytes: 10,
        sha256: ::ledger::Hash::default(),
    });
}

#[test]
fn the_inbox_accounts_and_entries_are_described_as_they_are() {
    let at: model::Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    let task = centre::inbox::Task {
        matter: centre::inbox::Matter::CheckOutput,
        kind: "output",
        id: "output-1".into(),
        title: "x.csv".into(),
        since: at,
        due: "2026-04-01".parse().ok(),
        waits_for: vec!["checker".into()],
    };
    says_the_same::<InboxBody>(&centre::inbox::Inbox { mine: vec![task], awaited: Vec::new() });
    says_the_same::<AccountBody>(&permit::Account {
        id: "researcher".parse().unwrap(),
        name: "Researcher".into(),
        organisation: "university".parse().unwrap(),
        roles: [permit::Role::Researcher].into(),
        open: true,
    });
    let draft = ::ledger::Draft {
        actor: "researcher".parse().unwrap(),
        act: "permit.issued".into(),
        subject: ::ledger::Subject::new("permit", "permit-1"),
        body: serde_json::json!({ "act": "issued" }),
    };
    says_the_same::<EntryBody>(
        &::ledger::Entry::seal(draft, 0, at, ::ledger::Hash::default()).unwrap(),
    );
}

#[test]
fn a_field_that_a_record_gains_is_noticed() {
    let mut json = serde_json::to_value(pages::permit::sample_permit(Lang::En)).unwrap();
    json["surprise"] = Value::Bool(true);
    assert!(serde_json::from_value::<PermitBody>(json).is_err());
}
