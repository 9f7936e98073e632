//! Every crate's manifest says the same of licence, edition and lints, and
//! leaves versions to the workspace.

use super::{Breach, Source, breach};

const EVERY_CRATE: &[&str] = &[
    "version.workspace = true",
    "edition.workspace = true",
    "rust-version.workspace = true",
    "license.workspace = true",
    "publish.workspace = true",
    "[lints]\nworkspace = true",
];

pub(super) fn check(source: &Source) -> Vec<Breach> {
    let in_a_crate = source.path.components().count() > 1;
    if !source.path.ends_with("Cargo.toml") || !in_a_crate {
        return Vec::new();
    }
    let mut breaches = Vec::new();
    for wanted in EVERY_CRATE.iter().filter(|wanted| !source.text().contains(**wanted)) {
        breaches.push(breach(
            &source.path,
            0,
            format!("`{}` is missing", wanted.replace('\n', " ")),
        ));
    }
    if !source.text().contains("\ndescription = \"") {
        breaches.push(breach(&source.path, 0, "no description: say in a line what lives here"));
    }
    let mut in_dependencies = false;
    for (number, line) in source.lines() {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        } else if in_dependencies
            && line.contains('=')
            && !line.starts_with('#')
            && !line.contains("workspace = true")
        {
            breaches.push(breach(
                &source.path,
                number,
                "pin versions and features in the root manifest",
            ));
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\ndescription = \"A.\"\nversion.workspace = true\n\
        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
        publish.workspace = true\n\n[dependencies]\nserde.workspace = true\n\n[lints]\nworkspace = true\n";

    fn found(text: &str) -> usize {
        check(&source("crates/a/Cargo.toml", text)).len()
    }

    #[test]
    fn a_manifest_without_its_licence_or_with_a_version_of_its_own_is_found() {
        assert_eq!(found(GOOD), 0);
        assert_eq!(found(&GOOD.replace("license.workspace = true\n", "")), 1);
        assert_eq!(found(&GOOD.replace("description = \"A.\"\n", "")), 1);
        assert_eq!(found(&GOOD.replace("serde.workspace = true", "serde = \"1\"")), 1);
        assert_eq!(
            found(&GOOD.replace("serde.workspace = true", "serde = { workspace = true }")),
            0
        );
    }
}
