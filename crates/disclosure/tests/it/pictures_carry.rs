//! A picture is a table at once: what it can carry besides its curve is bounded.

use disclosure::{Context, File, Findings, Kind, Rules, Verdict, check, mend};

const TABLE: &str = include_str!("figures/km.csv");

fn checked(svg: &str) -> Findings {
    let kind = Kind::Figure { table: Some("km.csv".into()) };
    let file =
        File { name: "km.svg", bytes: svg.as_bytes(), kind: &kind, table: Some(TABLE.as_bytes()) };
    check(&file, &Rules::default(), &Context::default())
}

/// A figure with its curve, and what is to be carried.
fn within(inside: &str) -> String {
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' \
         viewBox='0 0 720 420'><polyline points='74,67 95,67 95,74 117,74' fill='none'/>{inside}</svg>"
    )
}

fn many(n: usize, one: impl Fn(usize) -> String) -> String {
    within(&(0..n).map(one).collect::<Vec<_>>().concat())
}

#[test]
fn figures_as_programs_draw_them_pass() {
    for figure in
        [include_str!("figures/ggplot2-svglite.svg"), include_str!("figures/r-svglite.svg")]
    {
        let findings = checked(figure);
        assert_eq!(findings.verdict, Verdict::Pass, "{:#?}", findings.findings);
    }
    // matplotlib writes metadata, which nobody sees: without it, it passes.
    let kind = Kind::Figure { table: Some("km.csv".into()) };
    let file = File {
        name: "km.svg",
        bytes: include_bytes!("figures/matplotlib.svg"),
        kind: &kind,
        table: Some(TABLE.as_bytes()),
    };
    let mended = mend(&file, &Rules::default(), &Context::default()).expect("a mend");
    assert_eq!(mended.findings.verdict, Verdict::Pass, "{:#?}", mended.findings);
    assert_eq!(checked(&within("")).verdict, Verdict::Pass);
}

#[test]
fn a_picture_carries_nothing_beside_its_curve() {
    let words = |i: usize| format!("p{} m{} h{}", 20 + i * 7 % 71, i % 2, 150 + i * 13 % 53);
    let numbers = |n: usize| {
        (0..n).map(|i| format!(" {} {}", i * 37 % 97, i * 53 % 89)).collect::<Vec<_>>().concat()
    };
    let tricks: Vec<(&str, String)> = vec![
        ("elements", many(20_000, |_| "<g/>".to_owned())),
        ("classes", many(300, |i| format!("<g class='{}'/>", words(i)))),
        ("ids", many(300, |i| format!("<g id='a{:x}'/>", i * 7919 % 65_521))),
        (
            "ids that are referenced",
            many(300, |i| {
                let id = format!("a{:08x}{:08x}", i * 7919 % 65_521, i * 104_729);
                format!("<g id='{id}'/><use href='#{id}'/>")
            }),
        ),
        ("a long id", within(&format!("<g id='{}'/>", "abcdefgh".repeat(12)))),
        ("labels for screen readers", many(300, |i| format!("<g aria-label='{}'/>", words(i)))),
        (
            "one long label",
            within(&format!("<g aria-label='{}'/>", "forty seven male dead ".repeat(17))),
        ),
        ("styles", many(300, |i| format!("<g style='font-family:{}'/>", words(i)))),
        ("a long style", within(&format!("<g style='{}'/>", "font-family:forty;".repeat(200)))),
        ("colours", many(600, |i| format!("<g fill='#{:06x}'/>", i * 104_729 % 16_777_215))),
        ("widths", many(1_000, |i| format!("<g stroke-width='{}.{}'/>", i * 37 % 97, i * 53 % 89))),
        (
            "outlines that nobody uses",
            within(&format!("<defs><path id='g1' d='M{}'/></defs>", numbers(400))),
        ),
        (
            "an outline that is no letter",
            within(&format!(
                "<defs><symbol id='g1'><path d='M{}'/></symbol></defs><use href='#g1' x='1' y='2'/>",
                numbers(2_000)
            )),
        ),
        (
            "many outlines",
            many(240, |i| {
                format!(
                    "<defs><symbol id='glyph0-{i}'><path d='M{}'/></symbol></defs><use href='#glyph0-{i}' x='1' y='2'/>",
                    numbers(60)
                )
            }),
        ),
        (
            "many short lines",
            many(200, |i| {
                format!(
                    "<polyline points='{}'/>",
                    (0..60)
                        .map(|k| format!("{},{} ", i * 7 % 97, k * 13 % 89))
                        .collect::<Vec<_>>()
                        .concat()
                )
            }),
        ),
        (
            "digits",
            within(&format!(
                "<polyline points='{}'/>",
                (0..40)
                    .map(|i| format!("{i}.12345678901234567{i:02},{i}.9876543210987654{i:02} "))
                    .collect::<Vec<_>>()
                    .concat()
            )),
        ),
        ("a table in words", many(15, |i| format!("<text>{}</text>", numbers(9 + i)))),
        (
            "many numbers in words",
            many(200, |i| format!("<text>{} {}</text>", 20 + i * 37 % 70, i * 13 % 50)),
        ),
        ("a number of a person", within("<g class='010203-1234'/>")),
        ("base64", within("<g class='aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxk'/>")),
        ("blanks", within(&format!("<g{}/>", " ".repeat(3_000)))),
        ("empty lines", many(200, |i| "\n".repeat(i * 37 % 60))),
    ];
    let passed: Vec<&str> = tricks
        .iter()
        .filter(|(_, svg)| checked(svg).verdict == Verdict::Pass)
        .map(|(trick, _)| *trick)
        .collect();
    assert!(passed.is_empty(), "{passed:?}");
}
