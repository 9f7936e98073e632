//! Whatever the bytes, an import ends in a report or a refusal, and no row is
//! lost.

use proptest::prelude::*;

use crate::support::{Desk, POPULATION, id, laboratory, laboratory_rows};

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
    fn rows_in_are_rows_kept_and_rows_kept_aside(
        rows in prop::collection::vec((0..12_usize, 0..4_u32, 0..3_u32, 0..6_u8), 1..120)
    ) {
        let lines: Vec<String> = rows
            .iter()
            .map(|(person, day, value, kind)| match kind {
                0 => format!("{},soon,hdl,{value},", id(*person)),
                1 => format!("{},2020-01-0{},hdl", id(*person), day + 1),
                _ => format!("{},2020-01-0{},hdl,{value},", id(*person), day + 1),
            })
            .collect();
        let Ok(taken) = laboratory().import_bytes(laboratory_rows(&lines)) else {
            return Err(TestCaseError::fail("fewer than a hundred bad rows are allowed"));
        };
        taken.adds_up();
        prop_assert_eq!(taken.report.rows_read, rows.len() as u64);
        // No key stands in two kept rows.
        let mut keys: Vec<(usize, u32)> = taken.content.rows.iter().map(|row| {
            let (person, day, _, _) = rows[usize::try_from(*row).unwrap()];
            (person, day)
        }).collect();
        keys.sort_unstable();
        let all = keys.len();
        keys.dedup();
        prop_assert_eq!(all, keys.len());
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
