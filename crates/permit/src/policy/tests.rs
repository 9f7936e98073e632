use std::collections::BTreeSet;

use model::{ApplicationId, PermitId, SeededEntropy};

use super::*;
use crate::{Application, ApplicationState, Grant, Period, Permit, Revocation, Role, Terms};

fn account(id: &str, organisation: &str, role: Role) -> Account {
    Account {
        id: id.parse().unwrap(),
        name: Text::from(id),
        organisation: organisation.parse().unwrap(),
        roles: BTreeSet::from([role]),
        open: true,
    }
}

fn permit() -> Permit {
    let entropy = SeededEntropy::new(3);
    let id = PermitId::mint(&entropy);
    Permit {
        id: id.clone(),
        grant: Grant {
            permit: id,
            application: ApplicationId::mint(&entropy),
            data_user: "university".parse().unwrap(),
            terms: Terms {
                people: vec!["researcher".parse().unwrap()],
                valid: Period { from: None, until: Some("2026-12-31".parse().unwrap()) },
                ..Terms::default()
            },
        },
        signature: String::new(),
        issued_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        issued_by: "caseworker".parse().unwrap(),
        revoked: None,
        turned_out_at: None,
    }
}

fn now() -> model::Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn ask(account: &Account, action: Action, thing: &Thing) -> Ruling {
    Policy::load().unwrap().ask(Caller::Account(account), action, thing)
}

fn room(permit: &Permit, at: model::Timestamp) -> Thing {
    Thing::room(&"room-1".parse().unwrap(), "open", permit, at)
}

#[test]
fn every_action_has_a_rule_that_gives_it_and_the_schema_knows_it() {
    let policy = Policy::load().unwrap();
    for action in Action::ALL {
        assert!(
            policy.who_may(*action).iter().any(|rule| !rule.forbids),
            "nobody may ever do `{action}`"
        );
    }
}

#[test]
fn a_visitor_sees_the_catalogue_and_nothing_of_the_inside() {
    let policy = Policy::load().unwrap();
    for action in Action::ALL.iter().filter(|action| action.on() == "Centre") {
        let open = matches!(action, Action::SeeCatalogue | Action::SeeRegister);
        let ruling = policy.ask(Caller::Visitor, *action, &Thing::centre());
        assert_eq!(ruling.allowed, open, "{action}");
    }
    let thing = room(&permit(), now());
    assert!(!policy.ask(Caller::Visitor, Action::SeeRoom, &thing).allowed);
}

#[test]
fn not_on_the_permit_no_entry_and_the_reason_names_the_article() {
    let permit = permit();
    let named = account("researcher", "university", Role::Researcher);
    let stranger = account("other", "university", Role::Researcher);
    assert!(ask(&named, Action::EnterRoom, &room(&permit, now())).allowed);
    let refused = ask(&stranger, Action::EnterRoom, &room(&permit, now()));
    assert!(!refused.allowed);
    assert!(refused.in_words(Lang::En).contains("EHDS 73(1)(a)"), "{refused:?}");
}

#[test]
fn an_operator_runs_the_centre_but_does_not_enter_a_room_or_read_quarantine() {
    let operator = account("operator", "centre", Role::Operator);
    assert!(!ask(&operator, Action::EnterRoom, &room(&permit(), now())).allowed);
    let source = Thing::source(&"lab".parse().unwrap(), &"hospital".parse().unwrap());
    assert!(ask(&operator, Action::ImportSource, &source).allowed);
    assert!(!ask(&operator, Action::ReadQuarantine, &source).allowed);
}

#[test]
fn when_the_permit_ends_or_is_revoked_its_room_is_shut_for_everyone() {
    let mut permit = permit();
    let named = account("researcher", "university", Role::Researcher);
    let late = "2027-01-01T00:00:00Z".parse().unwrap();
    assert!(!ask(&named, Action::EnterRoom, &room(&permit, late)).allowed);
    permit.revoked =
        Some(Revocation { at: now(), by: "caseworker".parse().unwrap(), why: "stopped".into() });
    assert!(!ask(&named, Action::EnterRoom, &room(&permit, now())).allowed);
}

#[test]
fn where_the_permits_standing_alone_is_in_the_way_the_answer_says_so() {
    let permit = permit();
    let named = account("researcher", "university", Role::Researcher);
    let stranger = account("other", "university", Role::Researcher);
    let late = "2027-01-01T00:00:00Z".parse().unwrap();
    let expired = Inactive::Expired(permit.id.clone(), "2026-12-31".parse().unwrap());
    for thing in [room(&permit, late), Thing::permit(&permit, &[], late)] {
        let action = if thing.kind() == "Room" { Action::EnterRoom } else { Action::BuildExtract };
        assert_eq!(ask(&named, action, &thing).inactive.as_ref(), Some(&expired), "{thing:?}");
        assert_eq!(ask(&stranger, action, &thing).inactive, None, "{thing:?}");
    }
    let frozen = Thing::room(&"room-1".parse().unwrap(), "frozen", &permit, late);
    assert_eq!(ask(&named, Action::EnterRoom, &frozen).inactive, None, "the room is in the way");
    assert_eq!(ask(&named, Action::EnterRoom, &room(&permit, now())).inactive, None);
    let told = serde_json::to_value(ask(&named, Action::EnterRoom, &room(&permit, late))).unwrap();
    assert!(told["inactive"].as_str().unwrap().contains("expired after 2026-12-31"), "{told}");
}

#[test]
fn a_holder_delivers_to_its_own_source_only() {
    let holder = account("holder", "hospital", Role::Holder);
    let own = Thing::source(&"lab".parse().unwrap(), &"hospital".parse().unwrap());
    let other = Thing::source(&"births".parse().unwrap(), &"register".parse().unwrap());
    assert!(ask(&holder, Action::ImportSource, &own).allowed);
    assert!(!ask(&holder, Action::ImportSource, &other).allowed);
}

#[test]
fn a_checker_who_is_on_the_permit_cannot_let_its_files_out() {
    let permit = permit();
    let requested_by = "researcher".parse().unwrap();
    let thing = Thing::output(&"output-1".parse().unwrap(), "checked", &requested_by, &permit);
    let checker = account("checker", "centre", Role::Checker);
    assert!(ask(&checker, Action::DecideOutput, &thing).allowed);
    let own = account("researcher", "university", Role::Checker);
    let refused = ask(&own, Action::DecideOutput, &thing);
    assert!(!refused.allowed);
    assert_eq!(refused.rules.len(), 1);
    assert_eq!(refused.rules[0].id, "nobody-checks-own-output");
}

#[test]
fn a_package_is_fetched_by_the_people_of_its_permit_alone_and_seen_by_those_who_answer_for_it() {
    let thing = Thing::release(&"release-1".parse().unwrap(), &permit());
    let may = |id: &str, role: Role, action: Action| {
        ask(&account(id, "somewhere", role), action, &thing).allowed
    };
    assert!(may("researcher", Role::Researcher, Action::SeeRelease));
    assert!(may("researcher", Role::Researcher, Action::DownloadRelease));
    for role in [Role::Checker, Role::Caseworker, Role::Auditor] {
        assert!(may("other", role, Action::SeeRelease), "{role:?}");
    }
    for role in Role::ALL {
        assert!(!may("other", role, Action::DownloadRelease), "{role:?}");
    }
    let refused = ask(&account("other", "x", Role::Checker), Action::DownloadRelease, &thing);
    let named: Vec<_> = refused.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(named, ["release-goes-to-the-people-of-the-permit"]);
}

#[test]
fn a_caseworker_does_not_decide_for_their_own_institution() {
    let application = Application {
        id: "application-1".parse().unwrap(),
        applicant: "researcher".parse().unwrap(),
        organisation: "university".parse().unwrap(),
        terms: Terms::default(),
        state: ApplicationState::Submitted,
        began_at: now(),
        submitted_at: Some(now()),
        due: None,
        holders: std::iter::once(("hospital".parse().unwrap(), None)).collect(),
        comments: vec![],
        decision: None,
    };
    let thing = Thing::application(&application);
    let caseworker = account("caseworker", "access-body", Role::Caseworker);
    assert!(ask(&caseworker, Action::DecideApplication, &thing).allowed);
    let partial = account("caseworker", "university", Role::Caseworker);
    assert!(!ask(&partial, Action::DecideApplication, &thing).allowed);
    let holder = account("holder", "hospital", Role::Holder);
    assert!(ask(&holder, Action::ReviewApplication, &thing).allowed);
    assert!(!ask(&holder, Action::DecideApplication, &thing).allowed);
}

#[test]
fn a_closed_account_may_nothing() {
    let mut operator = account("operator", "centre", Role::Operator);
    operator.open = false;
    assert!(!ask(&operator, Action::SeeCatalogue, &Thing::centre()).allowed);
}

#[test]
fn a_rule_without_words_is_refused() {
    let bare = r#"@id("x") @article("EHDS 1") @en("a") @nb("b")
        permit (principal, action == Action::"see-catalogue", resource);"#;
    let error = Policy::parse(SCHEMA, &[("x.cedar", bare)]).unwrap_err();
    assert_eq!(error.to_string(), "policy `x` has no `@da`");
}

#[test]
fn a_rule_about_something_unknown_is_refused() {
    let typo = r#"@id("x") @article("EHDS 1") @en("a") @nb("b") @da("c")
        permit (principal, action == Action::"see-catalog", resource);"#;
    assert!(matches!(Policy::parse(SCHEMA, &[("x.cedar", typo)]), Err(PolicyError::Unfitting(_))));
}

#[test]
fn a_schema_with_groups_of_actions_is_refused() {
    let grouped = format!(
        "{SCHEMA}\naction \"anything\";\naction \"look\" in [\"anything\"] \
         appliesTo {{ principal: [Account], resource: [Centre] }};"
    );
    let Err(PolicyError::Unfitting(why)) = Policy::parse(&grouped, POLICIES) else {
        panic!("a rule about a group would be left out when one of its actions is asked about")
    };
    assert_eq!(why, "`Action::\"anything\"` is a group of actions");
}
