//! Zips and tars.

use std::io::{Cursor, Write as _};

use ingress::Content;
use zip::write::SimpleFileOptions;

use crate::support::{gzip, look, table_of_people, tar_of, zip_of};

fn entry(kind: tar::EntryType, link: &str) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_mode(0o644);
    if !link.is_empty() {
        header.set_link_name(link).unwrap();
    }
    header
}

/// A header whose name nobody checked.
fn named(name: &[u8], size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

fn file(builder: &mut tar::Builder<Vec<u8>>, name: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, name, bytes).unwrap();
}

#[test]
fn an_archive_is_unpacked_below_its_name() {
    let files: [(&str, &[u8]); 3] =
        [("analysis.R", b"x <- 1\n"), ("lib/helpers.R", b"f <- 2\n"), (".Rhistory", b"secret\n")];
    let tar = tar_of(|builder| {
        for (name, bytes) in files {
            file(builder, name, bytes);
        }
    });
    for (name, bytes) in [
        ("code.zip", zip_of(&files)),
        ("code.tar", tar.clone()),
        ("code.tar.gz", gzip(&tar)),
        ("code.tgz", gzip(&tar)),
        ("code.tar.zst", zstd::encode_all(tar.as_slice(), 1).unwrap()),
    ] {
        let looked = look(name, &bytes);
        assert_eq!(looked.files(), ["code/analysis.R", "code/lib/helpers.R"], "{name}");
        assert_eq!(looked.rules(), ["hidden"], "{name}");
        assert!(looked.found.is_plain_code(), "{name}");
        assert_eq!(looked.found.holds.get(&Content::Code), Some(&2), "{name}");
        assert_eq!(looked.found.content, Content::Archive, "{name}: it is shown as no text");
    }
}

#[test]
fn links_and_devices_in_an_archive_keep_it_out() {
    use tar::EntryType;
    for (kind, link, rule) in [
        (EntryType::Symlink, "/etc/passwd", "link"),
        (EntryType::Symlink, "../../vault", "link"),
        (EntryType::Link, "/etc/passwd", "link"),
        (EntryType::Char, "", "device"),
        (EntryType::Block, "", "device"),
        (EntryType::Fifo, "", "device"),
    ] {
        let tar = tar_of(|builder| {
            let mut header = entry(kind, link);
            builder.append_data(&mut header, "a", &[][..]).unwrap();
            file(builder, "a/b.R", b"1\n");
        });
        let looked = look("x.tar", &tar);
        assert!(looked.found.refuses() && looked.rules().contains(&rule), "{kind:?}");
        looked.stayed_inside();
    }
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("a", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let looked = look("x.zip", &writer.finish().unwrap().into_inner());
    assert_eq!(looked.rules(), ["link"]);
    assert!(looked.files().is_empty());
}

#[test]
fn names_that_lead_out_keep_it_out() {
    for name in
        ["../evil.R", "a/../../evil.R", "/etc/cron.d/evil", "a\\..\\evil", "-rf", "a//b", "a\n.R"]
    {
        let tar = tar_of(|builder| {
            builder.append(&named(name.as_bytes(), 2), &b"1\n"[..]).unwrap();
        });
        for (archive, bytes) in [("x.zip", zip_of(&[(name, b"1\n")])), ("x.tar", tar)] {
            let looked = look(archive, &bytes);
            assert!(looked.found.refuses(), "`{name}` in {archive}: {:?}", looked.rules());
            looked.stayed_inside();
        }
    }
}

#[test]
fn what_would_grow_too_large_is_stopped() {
    let zeros = vec![0_u8; 5 << 20];
    let bomb = zip_of(&[("zeros", &zeros)]);
    assert!(bomb.len() < 64 << 10);
    assert_eq!(look("bomb.zip", &bomb).rules(), ["too-large"]);
    let tar = tar_of(|builder| file(builder, "zeros", &zeros));
    assert_eq!(look("bomb.tar.gz", &gzip(&tar)).rules(), ["too-large"]);
    // Many that are small enough each.
    let parts: Vec<(String, Vec<u8>)> =
        (0..6).map(|n| (format!("part{n}.bin"), vec![0; 1 << 20])).collect();
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
    assert!(look("parts.zip", &zip_of(&parts)).rules().contains(&"too-large"));
    let names: Vec<String> = (0..60).map(|n| format!("f{n}.R")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"1\n"[..])).collect();
    let looked = look("many.zip", &zip_of(&many));
    assert_eq!(looked.rules(), ["too-many"]);
    assert_eq!(looked.files().len(), 50);
    let hidden: Vec<String> = (0..300).map(|n| format!(".f{n}")).collect();
    let hidden: Vec<(&str, &[u8])> = hidden.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(look("hidden.zip", &zip_of(&hidden)).rules(), ["too-many"]);
    let tar = tar_of(|builder| {
        for (name, bytes) in &hidden {
            file(builder, name, bytes);
        }
    });
    assert!(look("hidden.tar", &tar).rules().contains(&"too-many"));
    // A name that says how large it is and lies.
    let tar = tar_of(|builder| {
        builder.append(&named(b"x.R", 1 << 40), &b"1\n"[..]).unwrap();
    });
    assert!(look("lie.tar", &tar).found.refuses());
}

#[test]
fn what_is_in_an_archive_is_looked_at_like_any_file() {
    let table = table_of_people();
    let looked = look("data.zip", &zip_of(&[("a/people.csv", table.as_bytes())]));
    assert_eq!(looked.rules(), ["identity-numbers"]);
    assert_eq!(looked.found.findings[0].place.as_deref(), Some("a/people.csv"));
    let inner = zip_of(&[("x.R", b"1\n")]);
    assert_eq!(look("outer.zip", &zip_of(&[("inner.zip", &inner)])).rules(), ["nested"]);
    let bundle: (&str, &[u8]) = ("work.bundle", b"# v2 git bundle\n");
    assert_eq!(look("outer.zip", &zip_of(&[bundle])).rules(), ["nested"]);
    assert_eq!(look("p.zip", &zip_of(&[("tool.py", b"\x7fELF\x02")])).rules()[0], "program");
    let gz = gzip(table.as_bytes());
    assert_eq!(look("g.zip", &zip_of(&[("t.csv.gz", &gz)])).rules(), ["identity-numbers"]);
}

#[test]
fn the_same_name_twice_is_told() {
    let tar = tar_of(|builder| {
        file(builder, "a.R", b"1\n");
        file(builder, "a.R", b"2\n");
    });
    let looked = look("x.tar", &tar);
    assert_eq!(looked.rules(), ["twice"]);
    assert_eq!(looked.read("x/a.R"), "1\n");
    let tar = tar_of(|builder| {
        file(builder, "a", b"1\n");
        file(builder, "a/b.R", b"2\n");
    });
    assert!(look("x.tar", &tar).rules().contains(&"twice"));
}

#[test]
fn an_encrypted_or_broken_archive_stays_out() {
    let mut zip = zip_of(&[("a.R", b"1\n")]);
    // The bit that says encrypted, in both headers (APPNOTE 4.4.4).
    zip[6] |= 1;
    let central = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    zip[central + 8] |= 1;
    assert_eq!(look("x.zip", &zip).rules(), ["sealed"]);
    let whole = zip_of(&[("a.R", b"print(1)\n")]);
    for cut in [10, 30, whole.len() - 5] {
        assert!(look("x.zip", &whole[..cut]).found.refuses(), "{cut}");
    }
    let mut spoilt = zip_of(&[("a.R", b"print(1)\n")]);
    spoilt[36] ^= 0xff;
    assert!(look("x.zip", &spoilt).found.refuses());
    assert_eq!(look("x.zip", &zip_of(&[])).rules(), ["broken"]);
    let tar = tar_of(|builder| file(builder, "a.R", &b"x".repeat(3000)));
    assert!(look("x.tar", &tar[..1500]).rules().contains(&"broken"));
    assert!(look("x.tar.gz", &gzip(&tar)[..40]).rules().contains(&"broken"));
}

#[test]
fn a_zip_that_can_be_run_is_no_archive_for_us() {
    // A self-extracting one begins as a program.
    let program = [b"MZ\x90\0\x03\0".as_slice(), &zip_of(&[("a.R", b"1\n")])].concat();
    assert!(look("setup.zip", &program).rules().contains(&"program"));
}

#[test]
fn a_file_with_no_compression_is_written_whole() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("a.R", stored).unwrap();
    writer.write_all(b"x <- 1\n").unwrap();
    let looked = look("s.zip", &writer.finish().unwrap().into_inner());
    assert_eq!(looked.read("s/a.R"), "x <- 1\n");
}

#[test]
fn a_name_that_is_a_persons_number_is_found_and_not_told() {
    let id = &crate::support::ids(1)[0];
    let name = format!("scans/{id}.txt");
    let looked = look("x.zip", &zip_of(&[(&name, b"")]));
    assert_eq!(looked.rules(), ["identity-numbers"]);
    let told = serde_json::to_string(&looked.found).unwrap();
    assert!(!told.contains(id.as_str()), "{told}");
}
