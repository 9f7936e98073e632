//! What of the tests' report would be overlooked. A test that passes without a try says
//! so on a line that begins with `skipped: `; one that failed first and held when it was
//! tried again passes too. Both are counted here.

use std::fs;

use crate::repository::Repository;
use crate::run::{Done, about, failed};

/// What a test begins the line with that says why it was not tried.
const SAID: &str = "skipped: ";

/// Where `cargo nextest run` leaves what the tests printed: `.config/nextest.toml`.
const REPORT: &str = "nextest/default/junit.xml";

/// Says which of the tests of the last run were not tried, and why, and which held at
/// their second try alone. Fails where all have to be tried and one was not.
pub(super) fn told(repository: &Repository, all_tried: bool) -> Done {
    let path = repository.made(REPORT);
    let report = fs::read_to_string(&path).map_err(about(path.display()))?;
    let skipped = found(&report);
    println!("{}", in_words(&skipped));
    for test in unsteady(&report) {
        println!("failed first, and held at its second try: {test}");
    }
    if all_tried && !skipped.is_empty() {
        return failed(format!("{} tests were not tried", skipped.len()));
    }
    Ok(())
}

/// The report of each test, and what the test is called.
fn cases(report: &str) -> impl Iterator<Item = (&str, String)> {
    report.split("<testcase ").skip(1).map(|case| {
        let case = case.split("</testcase>").next().unwrap_or(case);
        let name = |what: &str| {
            let value = case.split(&format!("{what}=\"")).nth(1)?.split('"').next()?;
            Some(unescaped(value))
        };
        let test = format!(
            "{} {}",
            name("classname").unwrap_or_default(),
            name("name").unwrap_or_default()
        );
        (case, test.trim().to_owned())
    })
}

/// The tests that failed and then held.
fn unsteady(report: &str) -> Vec<String> {
    let unsteady = cases(report).filter(|(case, _)| case.contains("<flakyFailure"));
    unsteady.map(|(_, test)| test).collect()
}

/// The tests that were not tried, each with why.
fn found(report: &str) -> Vec<(String, String)> {
    let each = cases(report).flat_map(|(case, test)| {
        let lines = case.split('\n').filter_map(|line| {
            // The first line stands behind the tag that holds the output.
            let line = line.rsplit('>').find(|part| part.contains(SAID)).unwrap_or(line);
            let (before, why) = line.split_once(SAID)?;
            before.trim().is_empty().then(|| unescaped(why.split('<').next().unwrap_or(why)))
        });
        lines.map(move |why| (test.clone(), why)).collect::<Vec<_>>()
    });
    each.collect()
}

/// Text of XML as it was.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn in_words(skipped: &[(String, String)]) -> String {
    let mut lines = vec![match skipped {
        [] => "every test was tried".to_owned(),
        [_] => "1 test was not tried on this machine:".to_owned(),
        several => format!("{} tests were not tried on this machine:", several.len()),
    }];
    lines.extend(skipped.iter().map(|(test, why)| format!("  {test}: {why}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "<testsuite name=\"lake::it\">\n\
        <testcase name=\"full::a_disk\" classname=\"lake::it\" time=\"0.1\">\n\
        <system-out>running 1 test\nskipped: a small disk needs &quot;mount&quot; (Ok(&lt;1&gt;))\n\
        test full::a_disk ... ok\n</system-out>\n<system-err></system-err></testcase>\n\
        <testcase name=\"says\" classname=\"lake::it\" time=\"0.1\">\n\
        <system-out>nothing is skipped: it goes on\n</system-out></testcase>\n\
        <testcase name=\"at_once\" classname=\"lake::it\"><system-err>skipped: only root can\n\
        </system-err></testcase>\n<testcase name=\"quiet\" classname=\"lake::it\"/>\n\
        <testcase name=\"upset\" classname=\"lake::it\"><flakyFailure timestamp=\"1\"\n\
        message=\"no\">no</flakyFailure></testcase></testsuite>";

    #[test]
    fn who_was_not_tried_is_found_with_why() {
        assert_eq!(
            found(REPORT),
            [
                (
                    "lake::it full::a_disk".to_owned(),
                    "a small disk needs \"mount\" (Ok(<1>))".to_owned()
                ),
                ("lake::it at_once".to_owned(), "only root can".to_owned()),
            ]
        );
    }

    #[test]
    fn who_held_at_the_second_try_is_found() {
        assert_eq!(unsteady(REPORT), ["lake::it upset"]);
    }

    #[test]
    fn they_are_counted() {
        let one = ("t".to_owned(), "why".to_owned());
        assert_eq!(in_words(&[]), "every test was tried");
        assert!(in_words(std::slice::from_ref(&one)).starts_with("1 test was"));
        let told = in_words(&[one.clone(), one]);
        assert!(told.starts_with("2 tests were not tried") && told.contains("  t: why"), "{told}");
    }
}
