//! What the levels of comparisons are called.

use super::date;
use super::spec::Kind;

/// What the level of two values that are the same is called.
pub(crate) const EQUAL: &str = "equal";
/// Of several values each: what the level is called on which they have one in common.
pub(crate) const ONE_IN_COMMON: &str = "now or earlier the same";

/// Every level that an extract's comparisons know.
pub(crate) fn extract_labels() -> Vec<String> {
    let mut labels = owned(&["unknown", EQUAL, "different"]);
    labels.extend(person_labels());
    labels.extend(name_labels(&Kind::NAMES));
    labels.extend(owned(&date::LEVELS));
    labels.extend(owned(&POSTCODES));
    labels.push(ONE_IN_COMMON.to_owned());
    labels
}

pub(super) fn name_labels(alike: &[f64]) -> Vec<String> {
    let mut labels = owned(&[EQUAL, "another spelling or order"]);
    let alike: Vec<String> = alike.iter().map(|least| format!("Jaro–Winkler ≥ {least}")).collect();
    let mut alike = alike.into_iter();
    labels.push(alike.next().unwrap_or_else(|| "alike".to_owned()));
    labels.push("part of the other, or patronymics of one father".to_owned());
    labels.extend(alike);
    if let Some(last) = labels.last_mut().filter(|last| last.starts_with("Jaro")) {
        last.push_str(" or sounds alike");
    }
    labels.push("different".to_owned());
    labels
}

/// The levels of postcodes.
pub(super) const POSTCODES: [&str; 6] = [
    EQUAL,
    "one letter wrong or two swapped",
    "same sector",
    "same district",
    "same area",
    "different",
];

pub(super) fn person_labels() -> Vec<String> {
    owned(&[
        "both equal",
        "both equal in another order",
        "both alike",
        "both somewhat alike",
        "surname the same, given name different",
        "given name the same, surname different",
        "one somewhat alike",
        "both different",
        "surname unknown, given name the same",
        "surname unknown, given name somewhat alike",
        "surname unknown, given name different",
        "given name unknown, surname the same",
        "given name unknown, surname somewhat alike",
        "given name unknown, surname different",
    ])
}

pub(super) fn owned(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}
