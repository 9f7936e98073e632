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
        Failure::Conflict(String::new()),
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
