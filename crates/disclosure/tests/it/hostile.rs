//! Whatever the bytes, the check answers, and soon.

use std::time::{Duration, Instant};

use disclosure::{Context, File, Kind, Rules, Verdict, check, limits, mend};
use proptest::prelude::*;

/// A debug build on a busy machine; what matters is that it ends.
const PATIENCE: Duration = Duration::from_secs(90);

fn answers(name: &str, bytes: &[u8]) -> Verdict {
    let start = Instant::now();
    let context = Context { people: Some(17_549), rows: Some(400_000), ..Context::default() };
    let kinds = [
        Kind::Unknown,
        Kind::Figure { table: Some("a.csv".into()) },
        Kind::SurvivalCurve {
            time: "a".into(),
            at_risk: Some("b".into()),
            events: None,
            survival: Some("c".into()),
            groups: vec![String::new()],
        },
    ];
    let mut verdict = Verdict::Pass;
    for kind in &kinds {
        let file = File { name, bytes, kind, table: Some(bytes) };
        let findings = check(&file, &Rules::default(), &context);
        verdict = findings.verdict;
        // A mend is safe or is none.
        if let Ok(mended) = mend(&file, &Rules::default(), &context) {
            assert_ne!(mended.findings.verdict, Verdict::Refuse);
        }
    }
    assert!(
        start.elapsed() < PATIENCE,
        "{:?} for {} bytes of {name}",
        start.elapsed(),
        bytes.len()
    );
    verdict
}

/// Pieces that tables, pictures and numbers are made of, and what breaks them.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(",".to_owned()),
        Just(";".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\"".to_owned()),
        Just("<svg xmlns='http://www.w3.org/2000/svg'>".to_owned()),
        Just("</svg>".to_owned()),
        Just("<path d='M 1 2 L".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("<!--".to_owned()),
        Just("&#x41;".to_owned()),
        Just("&bomb;".to_owned()),
        Just("{\"n\":".to_owned()),
        Just("[[".to_owned()),
        Just("]".to_owned()),
        Just("total".to_owned()),
        Just("n".to_owned()),
        Just("time,n.risk,n.event,surv".to_owned()),
        Just("term,estimate,std.error".to_owned()),
        Just("%".to_owned()),
        Just("1e308".to_owned()),
        Just("-1e-308".to_owned()),
        Just("<5".to_owned()),
        Just(":".to_owned()),
        Just("NaN".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("=1+1".to_owned()),
        Just("170141183460469231731687303715884105727".to_owned()),
        "[0-9]{1,12}",
        "[a-zæøå ]{0,9}",
        "\\PC{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        for name in ["a.csv", "a.svg", "a.json", "a.txt"] {
            answers(name, &bytes);
        }
    }

    #[test]
    fn anything_made_of_the_right_pieces_gets_an_answer(
        pieces in prop::collection::vec(fragment(), 0..120)
    ) {
        let text = pieces.concat();
        for name in ["a.csv", "a.svg", "a.json", "a.txt"] {
            answers(name, text.as_bytes());
        }
    }

    #[test]
    fn any_table_of_numbers_gets_an_answer(
        rows in prop::collection::vec(prop::collection::vec((0_u8..4, any::<i64>()), 3), 1..30)
    ) {
        let mut csv = String::from("a,b,n\n");
        for row in rows {
            let cells: Vec<String> = row
                .iter()
                .map(|(kind, value)| match kind {
                    0 => value.to_string(),
                    1 => (value % 10).to_string(),
                    2 => "total".to_owned(),
                    _ => String::new(),
                })
                .collect();
            csv.push_str(&cells.join(","));
            csv.push('\n');
        }
        answers("a.csv", csv.as_bytes());
    }
}

#[test]
fn large_and_deep_files_get_an_answer_too() {
    let wide = vec!["1"; 100_000].join(",");
    let long = "a,1\n".repeat(300_000);
    let cells = format!("{}\n", vec!["1"; 500].join(",")).repeat(500);
    let quotes = "\"".repeat(1 << 20);
    let nested = format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let keys: Vec<String> = (0..20_000).map(|i| format!("\"k{i}\":{i}")).collect();
    let keys = format!("{{{}}}", keys.join(","));
    let path = format!("<svg><path d='M{}'/></svg>", " 1 2".repeat(500_000));
    let attributes: Vec<String> = (0..50_000).map(|i| format!("a{i}='{i}'")).collect();
    let attributes = format!("<svg {}/>", attributes.join(" "));
    let groups = "<svg>".to_owned() + &"<g>".repeat(200_000);
    let comment = format!("<svg><!--{}--></svg>", "x".repeat(4 << 20));
    let one_line = "x".repeat(limits::BYTES);
    let names = format!("{}\n1\n", "n".repeat(4 << 20));
    let rows = |header: &str, row: &dyn Fn(usize) -> String| {
        let rows: Vec<String> = (0..150_000).map(row).collect();
        format!("{header}\n{}\ntotal,900000,100\n", rows.join("\n"))
    };
    let shares = rows("region,n,pct", &|i| format!("r{i},{},{}", i % 9, i % 100));
    let alike = rows("region,n,pct", &|i| format!("r{},{},{}", i % 3, i % 9, i % 100));
    let curve = rows("time,n.risk,n.event", &|i| format!("{i},{},{}", 150_000 - i, i % 3));
    let grid = rows("a,b,n", &|i| format!("a{},b{},{}", i % 300, i / 300, i % 9));
    for (name, text) in [
        ("wide.csv", wide),
        ("long.csv", long),
        ("cells.csv", cells),
        ("quotes.csv", quotes),
        ("nested.json", nested),
        ("keys.json", keys),
        ("path.svg", path),
        ("attributes.svg", attributes),
        ("groups.svg", groups),
        ("comment.svg", comment),
        ("line.txt", one_line),
        ("names.csv", names),
        ("shares.csv", shares),
        ("alike.csv", alike),
        ("curve.csv", curve),
        ("grid.csv", grid),
    ] {
        assert_ne!(answers(name, text.as_bytes()), Verdict::Pass, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_held_and_never_passed() {
    for (name, bytes) in [
        ("empty.csv", &b""[..]),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("a.csv", b"\x1f\x8b\x08\0\0\0\0\0"),
        ("a.rds", b"RDX3\nX\n\0\0\0\x03"),
        ("a.parquet", b"PAR1\x15\x04\x15\0"),
        ("a.pdf", b"%PDF-1.7\n"),
        ("a.xlsx", b"PK\x03\x04\x14\0\x06\0"),
    ] {
        assert_eq!(answers(name, bytes), Verdict::Review, "{name}");
    }
}
