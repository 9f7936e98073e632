use std::collections::BTreeSet;

use super::*;

#[test]
fn the_description_is_openapi_3_1_and_names_every_endpoint_once() {
    let (_, description) = described();
    let json: serde_json::Value = serde_json::from_str(&description.to_json().unwrap()).unwrap();
    assert!(json["openapi"].as_str().unwrap().starts_with("3.1"), "{}", json["openapi"]);
    let mut ids = BTreeSet::new();
    let mut endpoints = 0;
    for (path, item) in json["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if !["get", "post", "put", "delete"].contains(&method.as_str()) {
                continue;
            }
            endpoints += 1;
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "`{id}` twice: {method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path} says nothing of itself");
            assert!(operation["tags"][0].is_string(), "{method} {path}");
        }
    }
    assert!(endpoints >= 45, "only {endpoints} endpoints");
}

#[test]
fn every_schema_that_is_named_is_there() {
    let (_, description) = described();
    let text = description.to_json().unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    for part in text.split("\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(json["components"]["schemas"][name].is_object(), "`{name}` is not there");
    }
}

#[test]
fn every_kind_of_problem_has_its_place_in_the_description() {
    use crate::failure::{Failure, NAMES};
    for failure in [
        Failure::SignIn,
        Failure::Absent,
        Failure::Unfit("x"),
        Failure::Conflict(String::new()),
        Failure::Elsewhere,
        Failure::Busy,
        Failure::Query(String::new()),
        Failure::Choice(String::new()),
        Failure::Changed,
        Failure::Field("x", String::new()),
        Failure::Lacking(Vec::new()),
        Failure::Forged,
        Failure::TooOften(std::time::Duration::ZERO),
        Failure::TooLarge,
        Failure::Unreadable(String::new()),
        Failure::TooSlow,
        Failure::Method,
        Failure::Broken(String::new()),
    ] {
        assert!(NAMES.iter().any(|(name, _)| *name == failure.name()), "{failure:?}");
    }
}

/// What programs do instead of sending each form of a page. `None`: nothing, for
/// the reason beside it.
const INSTEAD_OF_FORMS: &[(&str, Option<&str>)] = &[
    ("/sign-in", Some("session_open")),
    ("/rooms/{room}/packages", Some("package_ask")),
    ("/packages/{package}/decision", Some("package_decide")),
    ("/pairs/{pair}/answer", Some("pair_answer")),
    ("/permits/{permit}/reversals", Some("reversal_ask")),
    ("/reversals/{reversal}/decision", Some("reversal_decide")),
    ("/reversals/{reversal}/doing", Some("reversal_do")),
    // A door for people who look at a demonstration.
    ("/sign-in/demo", None),
    ("/sign-out", Some("session_close")),
    ("/account/password", Some("password_set")),
    // A cookie of the browser: a program begins an application with what it wants.
    ("/basket", None),
    ("/rooms/{room}/notebook", Some("notebook_open")),
    ("/rooms/{room}/desktop", Some("desktop_open")),
    ("/rooms/{room}/notebook/together", Some("notebook_open")),
    ("/rooms/{room}/desktop/together", Some("desktop_open")),
    ("/applications/new", Some("application_begin")),
    ("/applications/{application}/edit", Some("application_submit")),
    ("/applications/{application}/draft", Some("application_save")),
    ("/applications/{application}/review", Some("application_review")),
    ("/applications/{application}/decision", Some("application_decide")),
    ("/applications/{application}/comments", Some("application_comment")),
    ("/applications/{application}/withdrawal", Some("application_withdraw")),
    ("/permits/{permit}/extracts", Some("extract_build")),
    ("/permits/{permit}/rooms", Some("room_open")),
    ("/permits/{permit}/revocation", Some("permit_revoke")),
    ("/rooms/{room}/runs", Some("room_run")),
    ("/rooms/{room}/stop", Some("run_stop")),
    ("/rooms/{room}/runs/{run}/stop", Some("run_stop_one")),
    ("/rooms/{room}/ingresses", Some("ingress_ask")),
    ("/ingresses/{ingress}/decision", Some("ingress_decide")),
    ("/rooms/{room}/outputs", Some("output_ask")),
    ("/rooms/{room}/handed-over", Some("output_ask")),
    ("/rooms/{room}/packing", Some("release_pack")),
    ("/rooms/{room}/closing", Some("room_close")),
    ("/rooms/{room}/restorations", Some("version_restore")),
    ("/rooms/{room}/reopening", Some("room_reopen")),
    ("/rooms/{room}/removal", Some("room_remove")),
    ("/outputs/{output}/decision", Some("output_decide")),
    ("/outputs/{output}/mend", Some("output_mend")),
    ("/releases/{release}/package", Some("release_fetch")),
    ("/ledger/verification", Some("ledger_verify")),
];

/// What programs ask instead of looking at each page: all that they are told together is
/// what the page shows. None: nothing, for the reason beside it.
const INSTEAD_OF_PAGES: &[(&str, &[&str])] = &[
    // Leads on to `/work` or `/catalogue`.
    ("/", &[]),
    // A form and nothing else.
    ("/sign-in", &[]),
    ("/account", &["me"]),
    ("/work", &["inbox", "application_list", "permit_list", "room_list"]),
    ("/catalogue", &["source_list", "variable_search"]),
    // Leads on to `/catalogue`.
    ("/sources", &[]),
    ("/sources/{source}", &["source_show", "delivery_list", "use_show"]),
    ("/sources/{source}/{variable}", &["variable_show"]),
    ("/sources/{source}/deliveries/{import}", &["quarantine"]),
    // A cookie of the browser.
    ("/basket", &[]),
    ("/register", &["register"]),
    ("/register/{application}", &["permit_public"]),
    ("/results", &["results", "result_show"]),
    ("/ledger", &["ledger_list", "ledger_checkpoint", "ledger_growth"]),
    ("/ledger/export", &["ledger_export"]),
    ("/ledger/{seq}", &["ledger_entry", "ledger_proof"]),
    ("/centre", &["centre_show", "account_list", "room_queue"]),
    // Leads on to `/basket`.
    ("/applications/new", &[]),
    ("/applications/{application}", &["application_show", "timeline"]),
    ("/applications/{application}/edit", &["application_show"]),
    ("/permits/{permit}", &["permit_show", "extract_list", "calendar", "ruling"]),
    ("/permits/{permit}/stand-in", &["permit_stand_in"]),
    ("/calendar.ics", &["calendar"]),
    ("/permits/{permit}/calendar.ics", &["calendar"]),
    ("/rooms/{room}", &["room_show", "room_inside", "run_log"]),
    ("/rooms/{room}/journal", &["room_journal"]),
    ("/rooms/{room}/journal/{run}", &["room_journal", "run_log"]),
    ("/rooms/{room}/file", &["room_file"]),
    ("/rooms/{room}/versions", &["version_list"]),
    ("/rooms/{room}/picture", &["room_file"]),
    ("/rooms/{room}/notebook", &["notebook_show"]),
    ("/rooms/{room}/desktop", &["desktop_show"]),
    ("/rooms/{room}/ingresses", &["ingress_list"]),
    ("/ingresses/{ingress}", &["ingress_show"]),
    ("/rooms/{room}/packages", &["package_list"]),
    ("/packages", &["package_list"]),
    ("/packages/{package}", &["package_list"]),
    ("/permits/{permit}/reversals", &["reversal_list"]),
    ("/reversals/{reversal}", &["reversal_show"]),
    ("/pairs", &["pair_list"]),
    ("/pairs/{pair}", &["pair_look"]),
    ("/rooms/{room}/outputs", &["room_inside", "output_list"]),
    ("/rooms/{room}/packing", &["packing_list"]),
    ("/outputs", &["output_list"]),
    ("/outputs/{output}", &["output_show"]),
    ("/outputs/{output}/file", &["output_show"]),
    ("/outputs/{output}/mended-file", &["output_show"]),
    ("/releases/{release}", &["release_show"]),
];

/// The addresses of the routes that speak one method.
fn routes_with(method: &str) -> BTreeSet<&'static str> {
    let routes = include_str!("../routes.rs").split(".route(").skip(1);
    let those = routes.filter(|route| route.contains(method));
    those.map(|route| route.split('"').nth(1).unwrap()).collect()
}

#[test]
fn what_a_page_can_do_a_program_can_do() {
    let (_, description) = described();
    let text = description.to_json().unwrap();
    let known: BTreeSet<_> = INSTEAD_OF_FORMS.iter().map(|(form, _)| *form).collect();
    assert_eq!(routes_with("post("), known);
    let known: BTreeSet<_> = INSTEAD_OF_PAGES.iter().map(|(page, _)| *page).collect();
    assert_eq!(routes_with("get("), known);
    let forms = INSTEAD_OF_FORMS.iter().map(|(form, operation)| (*form, operation.as_slice()));
    for (page, operations) in forms.chain(INSTEAD_OF_PAGES.iter().copied()) {
        for operation in operations {
            let there = text.contains(&format!("\"operationId\":\"{operation}\""));
            assert!(there, "{page}: there is no `{operation}`");
        }
    }
}
