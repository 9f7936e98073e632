//! Whatever the bytes, an import ends in a report or a refusal, and no row is
//! lost.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proptest::prelude::*;
use source::{ImportRefusal, QuarantineLimit};

use crate::support::{Desk, POPULATION, id, laboratory, laboratory_rows};

/// A row of a laboratory: fit, or unfit by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Fit,
    NoDate,
    CutShort,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    person: usize,
    day: u32,
    value: u32,
    kind: Kind,
}

fn rows(count: Range<usize>) -> impl Strategy<Value = Vec<Row>> {
    let kind = prop_oneof![
        4 => Just(Kind::Fit),
        1 => Just(Kind::NoDate),
        1 => Just(Kind::CutShort),
    ];
    let row = (0..12_usize, 0..4_u32, 0..3_u32, kind);
    prop::collection::vec(
        row.prop_map(|(person, day, value, kind)| Row { person, day, value, kind }),
        count,
    )
}

fn file_of(rows: &[Row]) -> String {
    let first: jiff::civil::Date = jiff::civil::date(2000, 1, 1);
    let line = |row: &Row| {
        let (who, value) = (id(row.person), row.value);
        let day = first.saturating_add(jiff::Span::new().days(row.day));
        match row.kind {
            Kind::Fit => format!("{who},{day},hdl,{value},"),
            Kind::NoDate => format!("{who},soon,hdl,{value},"),
            Kind::CutShort => format!("{who},{day},hdl"),
        }
    };
    laboratory_rows(&rows.iter().map(line).collect::<Vec<_>>())
}

/// The rules by which rows that share a key are kept (decision 0022): the first
/// where all say the same, none where they do not.
fn kept_by_the_rules(rows: &[Row]) -> BTreeSet<u64> {
    let mut by_key: BTreeMap<(usize, u32), Vec<(u64, u32)>> = BTreeMap::new();
    for (at, row) in (0_u64..).zip(rows).filter(|(_, row)| row.kind == Kind::Fit) {
        by_key.entry((row.person, row.day)).or_default().push((at, row.value));
    }
    by_key
        .values()
        .filter(|rows| rows.iter().all(|(_, value)| *value == rows[0].1))
        .map(|rows| rows[0].0)
        .collect()
}

fn good(rows: usize) -> Vec<u8> {
    let rows: Vec<String> = (0..rows)
        .map(|n| format!("{},2020-01-0{},hdl,{n},\"note, {n}\"", id(n % 7), n % 9 + 1))
        .collect();
    laboratory_rows(&rows).into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        let mut file = b"id,date,test,value,comment\n".to_vec();
        file.extend(&bytes);
        if let Ok(taken) = laboratory().import_bytes(file) {
            taken.adds_up();
        }
        let _ = laboratory().import_bytes(&bytes);
    }

    #[test]
    fn spoilt_files_never_panic_and_lose_nothing(
        spoil in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"\",;\n\r\0\xff\xe5-=1a".to_vec())), 1..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = good(60);
        let header = b"id,date,test,value,comment\n".len();
        for (at, byte) in spoil {
            let at = header + at.index(file.len() - header);
            file[at] = byte;
        }
        file.truncate(header + cut.index(file.len() - header) + 1);
        if let Ok(taken) = laboratory().import_bytes(&file) {
            taken.adds_up();
            // Every kept row was a good one, and every line is somewhere.
            let lines = file.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty() && *line != b"\r").count() as u64;
            prop_assert!(taken.report.rows_read <= lines);
            prop_assert!(taken.report.rows_kept <= 60);
        }
    }

    #[test]
    fn spoilt_packed_files_never_panic(
        spoil in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        zst in any::<bool>(),
    ) {
        use std::io::Write;
        let plain = good(200);
        let (name, mut bytes) = if zst {
            ("a.csv.zst", zstd::encode_all(&plain[..], 1).unwrap())
        } else {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(&plain).unwrap();
            ("a.csv.gz", gzip.finish().unwrap())
        };
        for (at, byte) in spoil {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let desk = laboratory();
        let file = desk.file(name, bytes);
        if let Ok(taken) = desk.import(&[file]) {
            taken.adds_up();
        }
    }

    #[test]
    fn rows_in_are_rows_kept_and_rows_kept_aside(rows in rows(1..200)) {
        let mut desk = laboratory();
        desk.contract.quarantine = QuarantineLimit { rows: u64::MAX, share: 1.0 };
        let expected = kept_by_the_rules(&rows);
        let taken = match desk.import_bytes(file_of(&rows)) {
            Ok(taken) => taken,
            // Any number of bad rows is allowed, but for all of them.
            Err(refusal) => {
                prop_assert!(expected.is_empty(), "{}", refusal);
                prop_assert!(matches!(refusal, ImportRefusal::NoneFits { .. }), "{}", refusal);
                return Ok(());
            }
        };
        taken.adds_up();
        prop_assert_eq!(taken.report.rows_read, rows.len() as u64);
        let kept: BTreeSet<u64> = taken.content.rows.iter().copied().collect();
        prop_assert!(!kept.is_empty());
        prop_assert_eq!(kept, expected);
    }

    #[test]
    fn a_delivery_is_refused_when_its_bad_rows_are_both_too_many_and_too_great_a_share(
        good in 1..4000_u64,
        bad in 1..220_u64,
    ) {
        let rows: Vec<Row> = (0..good + bad)
            .map(|n| Row {
                person: usize::try_from(n % 12).unwrap(),
                day: u32::try_from(n / 12).unwrap(),
                value: 1,
                kind: if n < bad { Kind::NoDate } else { Kind::Fit },
            })
            .collect();
        let taken = laboratory().import_bytes(file_of(&rows));
        let too_many = bad > 100 && bad * 20 > good + bad;
        prop_assert_eq!(taken.is_err(), too_many);
        if let Err(refusal) = taken {
            prop_assert!(refusal.to_string().contains("rows break the contract"), "{}", refusal);
        }
    }

    #[test]
    fn latin_1_with_any_bytes_never_panics(bytes in prop::collection::vec(prop::sample::select(b"0123456789;-\n\xe5\xf8\x81\"a ".to_vec()), 0..600)) {
        let mut file = b"id;name;born;index;children;alive\n".to_vec();
        file.extend(&bytes);
        if let Ok(taken) = Desk::new(POPULATION).import_bytes(file) {
            taken.adds_up();
        }
    }
}
