use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fluent_bundle::FluentResource;

use super::*;

fn words(lang: Lang) -> Words {
    Words::new(lang, TimeZone::UTC)
}

/// Every message of a language with the names of the arguments it takes.
fn messages(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for source in sources(lang) {
        if let Err((_, errors)) = FluentResource::try_new((*source).to_owned()) {
            panic!("{lang}: {errors:?}");
        }
        let mut key = String::new();
        for line in source.lines() {
            if let Some((name, _)) = line.split_once(" =")
                && line.starts_with(|c: char| c.is_ascii_lowercase())
            {
                key = name.to_owned();
                let before = found.insert(key.clone(), BTreeSet::new());
                assert!(before.is_none(), "{lang}: `{key}` is said twice");
            }
            let arguments: &mut BTreeSet<String> = match found.get_mut(&key) {
                Some(arguments) => arguments,
                None => continue,
            };
            for part in line.split('$').skip(1) {
                let name: String = part.chars().take_while(char::is_ascii_alphabetic).collect();
                arguments.insert(name);
            }
        }
    }
    found
}

fn files(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, into);
        } else if path.extension().is_some_and(|e| e == ending) {
            into.push(path);
        }
    }
}

/// Every key that a template or a source file names.
fn used() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("src"), "rs", &mut paths);
    files(&root.join("templates"), "html", &mut paths);
    let mut keys = BTreeMap::new();
    for path in paths.iter().filter(|path| !path.ends_with("words/tests.rs")) {
        let text = std::fs::read_to_string(path).unwrap();
        for call in ["say(\"", "say_with(\"", "say_both(\"", "say_count(\"", "key(\""] {
            for rest in text.split(call).skip(1) {
                let key: String = rest.chars().take_while(|c| *c != '"').collect();
                keys.insert(key, path.display().to_string());
            }
        }
    }
    keys
}

#[test]
fn the_three_languages_say_the_same_things_with_the_same_arguments() {
    let english = messages(Lang::En);
    for lang in [Lang::Nb, Lang::Da] {
        let other = messages(lang);
        for (key, arguments) in &english {
            assert_eq!(other.get(key), Some(arguments), "{lang}: `{key}`");
        }
        for key in other.keys() {
            assert!(english.contains_key(key), "en: `{key}` is missing");
        }
    }
}

#[test]
fn every_key_that_is_used_exists() {
    let english = messages(Lang::En);
    let used = used();
    assert!(used.len() > 100, "the search for keys finds too few: {}", used.len());
    let missing: Vec<_> = used.iter().filter(|(key, _)| !english.contains_key(*key)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn no_message_is_said_nowhere() {
    // Keys that are put together at run time, each kind listed where it is made.
    let made = [
        "act-",
        "subject-",
        "month-",
        "problem-",
        "state-",
        "role-",
        "may-",
        "reason-",
        "phase-",
        "reading-",
        "content-",
        "fault-in-",
        "compared-",
        "level-",
        "rule-",
    ];
    let used = used();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("src"), "rs", &mut paths);
    files(&root.join("templates"), "html", &mut paths);
    let code: String = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let idle: Vec<_> = messages(Lang::En)
        .into_keys()
        .filter(|key| !used.contains_key(key))
        .filter(|key| !made.iter().any(|start| key.starts_with(start)))
        .filter(|key| !code.contains(&format!("\"{key}\"")))
        .collect();
    assert!(idle.is_empty(), "{idle:#?}");
}

#[test]
fn numbers_are_written_as_the_language_has_it() {
    assert_eq!(words(Lang::Nb).whole(400_123_u64), "400\u{202f}123");
    assert_eq!(words(Lang::Nb).whole(1998_u64), "1998");
    assert_eq!(words(Lang::Da).decimal(-1234.5, 2), "\u{2212}1234,50");
    assert_eq!(words(Lang::En).decimal(1_234_567.891, 1), "1\u{202f}234\u{202f}567.9");
    assert_eq!(words(Lang::En).decimal(-0.001, 1), "0.0");
    assert_eq!(words(Lang::Nb).number(2.5), "2,5");
    assert_eq!(words(Lang::Nb).number(200.0), "200");
}

#[test]
fn a_share_that_is_not_whole_is_never_shown_as_none_or_all() {
    let en = words(Lang::En);
    assert_eq!(en.percent(0.0), "0%");
    assert_eq!(en.percent(0.000_01), "<\u{202f}0.1%");
    assert_eq!(en.percent(0.999_999), ">\u{202f}99.9%");
    assert_eq!(en.percent(1.0), "100%");
    assert_eq!(words(Lang::Nb).percent(0.505), "50,5\u{a0}%");
}

#[test]
fn a_day_is_in_words_and_in_iso() {
    let day = Date::constant(2026, 3, 1);
    assert_eq!(words(Lang::Nb).date(day).words, "1. mars 2026");
    assert_eq!(words(Lang::Da).date(day).words, "1. marts 2026");
    assert_eq!(
        words(Lang::En).date(day).to_string(),
        "<time datetime=\"2026-03-01\" title=\"2026-03-01\">1 March 2026</time>"
    );
}

#[test]
fn an_instant_is_shown_as_clocks_show_it_there() {
    let at: Timestamp = "2026-06-30T22:05:00Z".parse().unwrap();
    let oslo = Words::new(Lang::Nb, TimeZone::fixed(jiff::tz::offset(2)));
    let shown = oslo.moment(at);
    assert_eq!(shown.words, "1. juli 2026 kl.\u{a0}00.05");
    assert_eq!(shown.iso, "2026-07-01T00:05:00+02:00");
}

#[test]
fn a_length_of_time_names_two_units_at_the_most() {
    let en = words(Lang::En);
    assert_eq!(en.duration(59), "59 s");
    assert_eq!(en.duration(60), "1 min");
    assert_eq!(en.duration(3_725), "1 h 2 min");
    assert_eq!(en.duration(90_000), "1 day 1 h");
    assert_eq!(en.bytes(1_536_u64), "1.5\u{202f}KiB");
}
