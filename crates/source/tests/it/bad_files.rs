//! Files that are refused as a whole, each with words that help.

use std::io::Write;
use std::slice;
use std::sync::Mutex;

use crate::support::{Desk, Meanwhile, POPULATION, id, laboratory, laboratory_rows, population};

fn some_rows(count: usize) -> String {
    let rows: Vec<String> =
        (0..count).map(|n| format!("{},2020-01-02,hdl,{},", id(n), n % 100)).collect();
    laboratory_rows(&rows)
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn a_header_that_is_not_the_contracts() {
    let desk = laboratory();
    let refusal = |header: &str| desk.refusal("lab.csv", format!("{header}\n1,2,3,4,5\n"));
    assert!(refusal("id,date,test,value").contains("missing `comment`"));
    assert!(refusal("id,date,test,value,coment").contains("`coment` (meant as `comment`?)"));
    assert!(
        refusal("id,date,value,test,comment").contains("column 3 is `value`, should be `test`")
    );
    assert!(refusal("id;date;test;value;comment").contains("looks separated by `;`"));
    assert!(refusal("id\tdate\ttest\tvalue\tcomment").contains("looks separated by a tab"));
}

#[test]
fn a_file_without_a_header_does_not_show_its_first_row() {
    let told = laboratory().refusal("lab.csv", format!("{},2020-01-02,hdl,1,\n", id(1)));
    assert!(told.contains("add the header `id`") && !told.contains(&id(1)[..6]), "{told}");
    let row = format!("{};Kari Nordmann;1950-01-01;2020-01-02;2;true\n", id(1));
    let told = Desk::new(POPULATION).refusal("people.csv", row);
    assert!(told.contains("none of the contract's columns: add the header `id`, `name`"), "{told}");
    for said in ["Kari", "Nordmann", "1950", &id(1)[..6]] {
        assert!(!told.contains(said), "{told}");
    }
}

#[test]
fn a_file_that_may_not_be_read_is_not_held_against_its_holder() {
    let desk = laboratory();
    let Err(refusal) = desk.import(&[desk.folder.path().join("none.csv")]) else { panic!("taken") };
    assert!(!refusal.is_about_the_delivery(), "{refusal}");
    let Err(refusal) = desk.import(&[desk.file("lab.csv", "")]) else { panic!("taken") };
    assert!(refusal.is_about_the_delivery(), "{refusal}");
}

#[test]
fn a_file_of_which_no_row_fits() {
    let desk = laboratory();
    let bad = |n| format!("{},02.01.2020,hdl,1,", id(n));
    let told = desk.refusal("lab.csv", laboratory_rows(&[bad(1), bad(2)]));
    assert!(told.contains("not one of 2 rows keeps to the contract"), "{told}");
    assert!(told.contains("row 1") && told.contains("is no date"), "{told}");
    let good = format!("{},2020-01-02,hdl,1,", id(3));
    let taken = desk.import_bytes(laboratory_rows(&[bad(1), good])).unwrap();
    assert_eq!((taken.report.rows_kept, taken.report.rows_quarantined), (1, 1));
}

#[test]
fn a_file_of_which_every_row_is_of_two_people_with_one_id() {
    let row = |name: &str, born: &str| format!("{};{name};{born};2020-01-02;2;true", id(1));
    let rows = population(&[row("Kari", "1950-01-02"), row("Ola", "1960-01-01")]);
    let told = Desk::new(POPULATION).refusal("people.csv", rows);
    assert!(told.contains("not one of 2 rows keeps to the contract"), "{told}");
}

#[test]
fn a_file_with_nothing_in_it() {
    let desk = laboratory();
    assert!(desk.refusal("lab.csv", "").contains("is empty"));
    assert!(desk.refusal("lab.csv", "\u{feff}").contains("is empty"));
    assert!(desk.refusal("lab.csv", "id,date,test,value,comment").contains("no rows"));
    assert!(desk.refusal("lab.csv", "id,date,test,value,comment\n\n\r\n").contains("no rows"));
    let mut nothing = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    nothing.write_all(b"").unwrap();
    assert!(desk.refusal("lab.csv.gz", nothing.finish().unwrap()).contains("is empty"));
}

#[test]
fn one_empty_file_among_several() {
    let desk = laboratory();
    let files =
        [desk.file("a.csv", some_rows(3)), desk.file("b.csv", "id,date,test,value,comment\n")];
    let Err(refusal) = desk.import(&files) else { panic!("taken") };
    assert_eq!(
        refusal.to_string(),
        "`b.csv` has a header and no rows: export it again, with its rows"
    );
}

#[test]
fn no_file_a_folder_a_missing_one_and_one_given_twice() {
    let desk = laboratory();
    let told = |files: &[std::path::PathBuf]| match desk.import(files) {
        Ok(_) => panic!("taken"),
        Err(refusal) => refusal.to_string(),
    };
    assert_eq!(told(&[]), "no file was given");
    assert!(told(&[desk.folder.path().to_owned()]).contains("no regular file"));
    assert!(told(&[desk.folder.path().join("none.csv")]).contains("cannot be read"));
    let file = desk.file("a.csv", some_rows(3));
    let link = desk.folder.path().join("b.csv");
    std::fs::hard_link(&file, &link).unwrap();
    assert_eq!(told(&[file, link]), "`b.csv` is given twice");
}

#[test]
fn a_packed_file_that_ends_too_early() {
    let desk = laboratory();
    let text = some_rows(3000);
    let packed = [
        ("lab.csv.gz", gzip(&text)),
        ("lab.csv.zst", zstd::encode_all(text.as_bytes(), 1).unwrap()),
    ];
    for (name, whole) in packed {
        for cut in [4, 30, whole.len() / 2, whole.len() - 1] {
            let told = desk.refusal(name, &whole[..cut]);
            assert!(told.contains("cut short"), "{name} cut to {cut}: {told}");
        }
    }
}

#[test]
fn a_packed_file_with_a_spoilt_byte() {
    let desk = laboratory();
    let text = some_rows(3000);
    // Unlike gzip, zstd has a checksum only when asked.
    let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
    zstd.include_checksum(true).unwrap();
    zstd.write_all(text.as_bytes()).unwrap();
    let mut zstd = zstd.finish().unwrap();
    let mut gzip = gzip(&text);
    for (name, bytes) in [("lab.csv.gz", &mut gzip), ("lab.csv.zst", &mut zstd)] {
        let at = bytes.len() / 2;
        bytes[at] ^= 0xff;
        let told = desk.refusal(name, &*bytes);
        assert!(told.contains("is damaged") || told.contains("rows break"), "{told}");
    }
    // gzip has a checksum of the whole: the last bytes are part of it.
    let mut whole = self::gzip(&text);
    let at = whole.len() - 6;
    whole[at] ^= 0xff;
    assert!(desk.refusal("lab.csv.gz", whole).contains("is damaged"));
}

/// A frame of zstd (RFC 8878) with one block that is not compressed, which asks for a window
/// of two to the power of `log` bytes.
fn zstd_with_window(text: &str, log: u8) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3];
    let block = u32::try_from(text.len()).unwrap() << 3 | 1;
    frame.extend(&block.to_le_bytes()[..3]);
    frame.extend(text.as_bytes());
    frame
}

#[test]
fn a_packed_file_that_asks_for_gigabytes() {
    let desk = laboratory();
    let text = some_rows(10);
    let modest = desk.file("modest.csv.zst", zstd_with_window(&text, 20));
    desk.import(&[modest]).unwrap();
    let told = desk.refusal("lab.csv.zst", zstd_with_window(&text, 31));
    assert!(told.contains("memory") || told.contains("is damaged"), "{told}");
}

#[test]
fn a_packed_file_that_swells_into_one_endless_line() {
    if alone("bad_files::a_packed_file_that_swells_into_one_endless_line") {
        return;
    }
    let desk = laboratory();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    bomb.write_all(some_rows(3).as_bytes()).unwrap();
    let line = vec![b'7'; 1 << 20];
    for _ in 0..300 {
        bomb.write_all(&line).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 4 << 20);
    let file = desk.file("lab.csv.gz", bomb);
    let before = peak_memory();
    // Put aside or refused: held in memory it is not.
    let told = desk.import(&[file]).map(|_| ());
    let used = peak_memory() - before;
    assert!(used < 150 << 20, "{used} bytes, {told:?}");
}

#[test]
fn a_packed_file_with_rubbish_behind_it() {
    let desk = laboratory();
    let mut whole = gzip(&some_rows(10));
    whole.extend(b"rubbish, and some more of it");
    assert!(desk.refusal("lab.csv.gz", whole).contains("is damaged"));
}

#[test]
fn a_name_that_says_another_packing_than_the_bytes() {
    let desk = laboratory();
    let told = desk.refusal("lab.csv", gzip(&some_rows(3)));
    assert!(told.contains("gzip by its first bytes and unpacked by its name"), "{told}");
    let told = desk.refusal("lab.csv.gz", some_rows(3));
    assert!(told.contains("unpacked by its first bytes and gzip by its name"), "{told}");
    let told = desk.refusal("lab.csv.zst", gzip(&some_rows(3)));
    assert!(told.contains("gzip by its first bytes and zstd by its name"), "{told}");
}

#[test]
fn another_encoding_than_the_contracts() {
    let desk = laboratory();
    let utf16: Vec<u8> = std::iter::once(0xfeff_u16)
        .chain(some_rows(3).encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(desk.refusal("lab.csv", &utf16).contains("UTF-16"));
    assert!(desk.refusal("lab.csv", &utf16[2..]).contains("UTF-16"));
    // Letters of which none has a zero byte.
    let runes: Vec<u8> = "\u{feff}ᚠᚢᚦ".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(desk.refusal("lab.csv", runes).contains("UTF-16"));

    let desk = Desk::new(POPULATION);
    let text =
        format!("id;name;born;index;children;alive\n{};Blå;1950-01-02;2000-01-01;1;1\n", id(1));
    let told = desk.refusal("people.csv", &text);
    assert!(told.contains("looks like UTF-8") && told.contains("row 1, column `name`"), "{told}");
    assert!(desk.refusal("people.csv", format!("\u{feff}{text}")).contains("byte order mark"));
}

#[test]
fn a_whole_file_in_the_wrong_encoding_says_so_with_row_and_byte() {
    let desk = laboratory();
    let mut bytes = b"id,date,test,value,comment\n".to_vec();
    for n in 0..300 {
        bytes.extend(format!("{},2020-01-02,hdl,1,bl", id(n)).bytes());
        bytes.extend(b"\xe5 \n");
    }
    let told = desk.refusal("lab.csv", bytes);
    assert!(
        told.contains(
            "row 1, column `comment`: byte 3 of the field is not UTF-8: is the file Latin-1?"
        ),
        "{told}"
    );
}

#[test]
fn lines_that_end_in_carriage_returns() {
    let told = laboratory().refusal("lab.csv", some_rows(3).replace('\n', "\r"));
    assert!(told.contains("carriage return"), "{told}");
}

/// The most memory this process has had, in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Runs a test of this binary in a process of its own, where the peak of memory
/// is that test's alone. False in that process.
fn alone(test: &str) -> bool {
    if std::env::var_os("ALONE").is_some() {
        return false;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("ALONE", "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("1 passed"), "{told}");
    true
}

#[test]
fn a_line_of_two_gigabytes_is_one_bad_row_in_bounded_memory() {
    if alone("bad_files::a_line_of_two_gigabytes_is_one_bad_row_in_bounded_memory") {
        return;
    }
    let desk = laboratory();
    // A hole in a file reads as zeros and takes no room on the disk.
    let path = desk.file("lab.csv", some_rows(3));
    let mut file = std::fs::File::options().append(true).open(&path).unwrap();
    let end = file.metadata().unwrap().len();
    file.set_len(end + (2 << 30)).unwrap();
    write!(file, "\n{},2020-01-02,hdl,1,\n", id(9)).unwrap();
    let before = peak_memory();
    let taken = desk.import(&[path]).unwrap();
    taken.adds_up();
    assert_eq!(taken.aside(), [(4, None, "too-large")]);
    assert_eq!(taken.report.rows_kept, 4);
    assert!(taken.quarantine[0].bytes.len() <= 1 << 16);
    let used = peak_memory() - before;
    assert!(used < 128 << 20, "{used} bytes");
}

#[test]
fn a_file_that_is_one_line_without_end_is_refused() {
    let desk = laboratory();
    let path = desk.folder.path().join("lab.csv");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(1 << 30).unwrap();
    let Err(refusal) = desk.import(&[path]) else { panic!("taken") };
    assert!(refusal.to_string().contains("no line end"), "{refusal}");
}

fn many_rows() -> String {
    let rows: Vec<String> = (0..40_000)
        .map(|n| format!("{},19{:02}-01-02,hdl,1,{}", id(n % 1000), n / 1000 + 10, "x".repeat(400)))
        .collect();
    laboratory_rows(&rows)
}

fn changed(change: impl FnOnce(&std::path::Path) + Send) -> String {
    let desk = laboratory();
    // Longer than readers run ahead of the progress that is told.
    let path = desk.file("lab.csv", many_rows());
    let meanwhile = Meanwhile(Mutex::new(Some(|| change(&path))));
    match desk.import_watched(slice::from_ref(&path), &meanwhile) {
        Ok(_) => panic!("the change was not seen"),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn a_file_that_changes_while_it_is_read() {
    let appended = changed(|path| {
        let mut file = std::fs::File::options().append(true).open(path).unwrap();
        file.write_all(b"more\n").unwrap();
    });
    assert!(appended.contains("changed while it was read"), "{appended}");
    let cut = changed(|path| {
        std::fs::File::options().write(true).open(path).unwrap().set_len(1000).unwrap();
    });
    assert!(cut.contains("changed while it was read"), "{cut}");
    let rewritten = changed(|path| {
        use std::os::unix::fs::FileExt;
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.write_all_at(b"9", 1000).unwrap();
    });
    assert!(rewritten.contains("changed while it was read"), "{rewritten}");
    let replaced = changed(|path| {
        let other = path.with_extension("new");
        std::fs::write(&other, many_rows()).unwrap();
        std::fs::rename(other, path).unwrap();
    });
    assert!(replaced.contains("changed while it was read"), "{replaced}");
}

#[test]
fn a_file_that_changes_before_it_is_read_again_for_contradictions() {
    struct BetweenReads<'a>(&'a std::path::Path);
    impl source::Progress for BetweenReads<'_> {
        fn at(&self, step: source::Step) {
            if matches!(step, source::Step::SettingAside { .. }) {
                let mut text = std::fs::read_to_string(self.0).unwrap();
                text = text.replacen(",51,", ",52,", 1);
                std::fs::write(self.0, text).unwrap();
            }
        }
    }
    let desk = laboratory();
    let row = |value: u32| format!("{},2020-01-02,hdl,{value},", id(1));
    let path = desk.file("lab.csv", laboratory_rows(&[row(50), row(51)]));
    let Err(refusal) = desk.import_watched(slice::from_ref(&path), &BetweenReads(&path)) else {
        panic!("the change was not seen")
    };
    assert!(refusal.to_string().contains("changed while it was read"), "{refusal}");
}
