//! Names say what a caseworker, a statistician or a sysadmin would say.

use super::{Breach, Source, breach};

/// What a name says when nobody knew what the thing is.
const NOWHERE: &[&str] = &["Manager", "Helper", "Util"];
/// Endings that add nothing.
const ENDINGS: &[&str] = &["Data", "Info"];
const MODULES: &[&str] = &["util", "utils", "helper", "helpers", "manager", "misc", "common"];
const KEYWORDS: &[&str] = &["struct ", "enum ", "trait ", "type ", "union "];

pub(super) fn check(source: &Source) -> Vec<Breach> {
    if source.extension() != "rs" {
        return Vec::new();
    }
    let mut breaches = Vec::new();
    let stem = source.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if MODULES.contains(&stem) {
        breaches.push(breach(
            &source.path,
            0,
            format!("a module called `{stem}`: say what it is for"),
        ));
    }
    for (number, line) in source.lines() {
        if let Some(name) = declared(line)
            && (NOWHERE.iter().any(|word| name.contains(word))
                || ENDINGS.iter().any(|ending| name.ends_with(ending)))
        {
            breaches.push(breach(&source.path, number, format!("`{name}`: say what it is")));
        }
        if line.trim_start().starts_with("#[ignore]") {
            breaches.push(breach(&source.path, number, "`#[ignore]` without a reason"));
        }
    }
    breaches
}

/// The name of the type that a line declares.
fn declared(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    if let Some(public) = rest.strip_prefix("pub") {
        rest = public.trim_start();
        if let Some(scope) = rest.strip_prefix('(') {
            rest = scope.split_once(')')?.1.trim_start();
        }
    }
    let name = KEYWORDS.iter().find_map(|keyword| rest.strip_prefix(keyword))?;
    name.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&source(path, text)).len()
    }

    #[test]
    fn an_empty_name_is_found() {
        assert_eq!(found("a.rs", "pub struct RoomManager {"), 1);
        assert_eq!(found("a.rs", "    pub(crate) enum PermitInfo {"), 1);
        assert_eq!(found("a.rs", "trait StringUtils<T> {"), 1);
        assert_eq!(found("a.rs", "type RowData = Vec<u8>;"), 1);
        assert_eq!(found("a.rs", "struct Room; // no Manager"), 0);
        assert_eq!(found("a.rs", "enum Rule { RowData }"), 0);
        assert_eq!(found("src/util.rs", ""), 1);
    }

    #[test]
    fn a_test_that_is_skipped_without_a_reason_is_found() {
        assert_eq!(found("a.rs", concat!("    #[ign", "ore]")), 1);
        assert_eq!(found("a.rs", concat!("    #[ign", "ore = \"wants a GPU\"]")), 0);
    }
}
