//! The house: which crate may use which. Data goes down, knowledge goes up.

use serde::Deserialize;

use super::{Breach, breach};

/// What `cargo metadata --no-deps` says.
#[derive(Deserialize)]
pub(super) struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    kind: Option<String>,
    /// Set for crates of this repository.
    path: Option<String>,
}

/// A crate and the crates of the house it may use. An arrow that is not here
/// runs the wrong way.
const HOUSE: &[(&str, &[&str])] = &[
    // ground
    ("model", &[]),
    ("ledger", &["model"]),
    // flow, from the source down to the release
    ("source", &["model", "ledger"]),
    ("vault", &["model", "ledger", "source"]),
    ("catalogue", &["model", "ledger", "source"]),
    ("permit", &["model", "ledger", "source", "catalogue"]),
    ("linkage", &["model", "ledger", "source", "vault", "catalogue", "permit"]),
    ("room", &["model", "ledger", "permit", "linkage"]),
    ("ingress", &["model", "ledger", "room"]),
    ("disclosure", &["model"]),
    ("release", &["model", "ledger", "permit", "room", "disclosure"]),
    // operations over the whole flow; decision 0003
    (
        "centre",
        &[
            "model",
            "ledger",
            "source",
            "vault",
            "catalogue",
            "permit",
            "linkage",
            "room",
            "ingress",
            "disclosure",
            "release",
        ],
    ),
    // adapters: the ground, and the flow whose traits they fulfil
    ("lake", &["model", "source", "catalogue", "permit", "linkage"]),
    ("store", &["model", "ledger", "source", "permit", "linkage", "room", "release"]),
    ("sandbox", &["model", "room"]),
    // edge
    (
        "portal",
        &[
            "model",
            "ledger",
            "source",
            "catalogue",
            "permit",
            "linkage",
            "room",
            "ingress",
            "disclosure",
            "release",
            "centre",
        ],
    ),
    (
        "helserom",
        &[
            "model",
            "ledger",
            "source",
            "vault",
            "catalogue",
            "permit",
            "linkage",
            "room",
            "ingress",
            "disclosure",
            "release",
            "centre",
            "lake",
            "store",
            "sandbox",
            "portal",
            "synthetic",
        ],
    ),
    // beside the house
    ("synthetic", &["model"]),
    ("postgres-fixture", &[]),
    ("xtask", &["postgres-fixture"]),
];

/// Crates that any other may use in its tests.
const FOR_TESTS: &[&str] = &["postgres-fixture", "synthetic"];

/// What only one part of the house may name, and which. The beginning of a
/// name is enough: `deltalake` is `deltalake-core` too.
const ONLY: &[(&str, &[&str])] = &[
    ("deltalake", &["lake"]),
    ("datafusion", &["lake"]),
    ("sqlx", &["store"]),
    ("cedar-policy", &["permit"]),
    ("axum", &["portal", "helserom"]),
    ("seccompiler", &["sandbox"]),
    ("aes-gcm-siv", &["vault"]),
];

pub(super) fn check(metadata: &Metadata) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for package in &metadata.packages {
        let manifest = manifest_of(&package.name);
        let mut complain = |what: String| breaches.push(breach(manifest.as_ref(), 0, what));
        let Some((_, may_use)) = HOUSE.iter().find(|(name, _)| *name == package.name) else {
            complain(format!(
                "`{}` has no place in the house: give it one in xtask/src/tidy/layers.rs",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let for_tests = dependency.kind.as_deref() == Some("dev");
            if dependency.path.is_some() {
                let allowed = may_use.contains(&name)
                    || (for_tests && (FOR_TESTS.contains(&name) || within_reach(may_use, name)));
                if !allowed {
                    complain(format!("`{}` may not use `{name}`", package.name));
                }
            } else if let Some((what, who)) = ONLY.iter().find(|(what, _)| name.starts_with(what))
                && !who.contains(&package.name.as_str())
            {
                complain(format!(
                    "`{}` names `{name}`: only {} may use {what}",
                    package.name,
                    who.join(", ")
                ));
            }
        }
    }
    breaches
}

/// Whether a crate comes with those that may be used: a test may make its values.
fn within_reach(may_use: &[&str], name: &str) -> bool {
    HOUSE.iter().any(|(of, theirs)| {
        may_use.contains(of) && (theirs.contains(&name) || within_reach(theirs, name))
    })
}

fn manifest_of(name: &str) -> String {
    if name == "xtask" { "xtask/Cargo.toml".into() } else { format!("crates/{name}/Cargo.toml") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(package: &str, dependency: &str, path: Option<&str>, kind: Option<&str>) -> usize {
        let dependency = serde_json::json!({"name": dependency, "path": path, "kind": kind});
        let metadata =
            serde_json::json!({"packages": [{"name": package, "dependencies": [dependency]}]});
        check(&serde_json::from_value(metadata).unwrap()).len()
    }

    #[test]
    fn an_arrow_that_runs_up_is_found_and_one_that_runs_down_is_not() {
        assert_eq!(breaches("source", "permit", Some("crates/permit"), None), 1);
        assert_eq!(breaches("portal", "store", Some("crates/store"), None), 1);
        assert_eq!(breaches("permit", "source", Some("crates/source"), None), 0);
    }

    #[test]
    fn a_fixture_is_for_tests_alone() {
        assert_eq!(
            breaches("store", "postgres-fixture", Some("crates/postgres-fixture"), Some("dev")),
            0
        );
        assert_eq!(breaches("store", "postgres-fixture", Some("crates/postgres-fixture"), None), 1);
    }

    #[test]
    fn a_test_may_make_values_of_what_is_used_but_name_nothing_below() {
        assert_eq!(breaches("sandbox", "permit", Some("crates/permit"), Some("dev")), 0);
        assert_eq!(breaches("sandbox", "permit", Some("crates/permit"), None), 1);
        assert_eq!(breaches("sandbox", "centre", Some("crates/centre"), Some("dev")), 1);
    }

    #[test]
    fn an_engine_outside_its_crate_is_found() {
        assert_eq!(breaches("portal", "deltalake-core", None, None), 1);
        assert_eq!(breaches("portal", "sqlx", None, Some("dev")), 1);
        assert_eq!(breaches("lake", "deltalake-core", None, None), 0);
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        assert_eq!(breaches("attic", "serde", None, None), 1);
    }
}
