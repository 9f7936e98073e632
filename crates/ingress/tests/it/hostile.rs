//! Whatever the bytes, an inspection ends, and nothing is written elsewhere.

use proptest::prelude::*;

use crate::support::{gzip, look, tar_of, zip_of};

fn archive(which: u8) -> (&'static str, Vec<u8>) {
    let files: [(&str, &[u8]); 3] =
        [("a.R", b"x <- 1\n"), ("b/c.csv", b"a,b\n1,2\n"), ("d.txt", b"hello\n")];
    let tar = || {
        tar_of(|builder| {
            for (name, bytes) in files {
                let mut header = tar::Header::new_gnu();
                header.set_size(bytes.len() as u64);
                header.set_mode(0o644);
                builder.append_data(&mut header, name, bytes).unwrap();
            }
        })
    };
    match which % 4 {
        0 => ("x.zip", zip_of(&files)),
        1 => ("x.tar", tar()),
        2 => ("x.tar.gz", gzip(&tar())),
        _ => ("x.xlsx", zip_of(&[("[Content_Types].xml", b"<x/>"), ("xl/a.xml", b"<x/>")])),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn spoilt_archives_never_panic_and_stay_inside(
        which in any::<u8>(),
        spoil in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let (name, mut bytes) = archive(which);
        for (at, byte) in spoil {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        let looked = look(name, &bytes);
        looked.stayed_inside();
        prop_assert_eq!(looked.files().len() as u64, looked.found.files);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 1..600)) {
        look("x.bin", &bytes).stayed_inside();
    }
}
