//! Words that are no part of a finished program.

use super::{Breach, Source, breach};

/// What stands where something is left undone. Split, so that this file does
/// not hold them.
const UNDONE: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK:"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("d", "bg!("),
];
/// Folders of somebody's machine.
const MACHINES: &[&str] =
    &[concat!("/ho", "me/runner"), concat!("/Us", "ers/"), concat!("C:", "\\Users")];
/// Left by a merge.
const CONFLICTS: &[&str] = &[concat!("<<<<", "<<< "), concat!(">>>>", ">>> ")];

pub(super) fn check(source: &Source) -> Vec<Breach> {
    if matches!(source.extension(), "lock" | "txt") || source.path.ends_with("package-lock.json") {
        return Vec::new();
    }
    let mut breaches = Vec::new();
    for (number, line) in source.lines() {
        for word in UNDONE.iter().filter(|word| stands_alone(line, word)) {
            breaches.push(breach(
                &source.path,
                number,
                format!("`{word}`: do it, or write an issue"),
            ));
        }
        for path in MACHINES.iter().filter(|path| line.contains(**path)) {
            breaches.push(breach(
                &source.path,
                number,
                format!("`{path}`: a folder of one machine"),
            ));
        }
        for mark in CONFLICTS.iter().filter(|mark| line.starts_with(**mark)) {
            breaches.push(breach(
                &source.path,
                number,
                format!("`{}`: left by a merge", mark.trim()),
            ));
        }
    }
    breaches
}

/// Whether `word` is in the line and not a part of a longer word.
fn stands_alone(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|part| part.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|part| part.chars().next());
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !joins(before) && (!word.ends_with(char::is_alphanumeric) || !joins(after))
    })
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    #[test]
    fn unfinished_work_is_found_and_longer_words_are_not() {
        for word in UNDONE {
            assert_eq!(check(&source("a.rs", &format!("    // {word} later"))).len(), 1, "{word}");
        }
        assert_eq!(check(&source("a.rs", concat!("MASTO", "DONT and XX", "XL"))).len(), 0);
    }

    #[test]
    fn a_folder_of_a_machine_and_a_merge_mark_are_found() {
        assert_eq!(check(&source("a.md", concat!("see /ho", "me/runner/x"))).len(), 1);
        assert_eq!(check(&source("a.md", concat!("<<<<", "<<< HEAD"))).len(), 1);
    }
}
