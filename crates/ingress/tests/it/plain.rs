//! Files that are no archive.

use ingress::Content;

use crate::support::{gzip, ids, look, table_of_people};

#[test]
fn code_comes_in_as_it_is() {
    let script = "library(survival)\nfit <- survfit(Surv(time, status) ~ 1, lung)\n";
    let looked = look("km.R", script.as_bytes());
    assert_eq!(looked.found.content, Content::Code);
    assert!(looked.found.is_plain_code() && looked.rules().is_empty());
    assert_eq!(looked.files(), ["km.R"]);
    assert_eq!(looked.read("km.R"), script);
    assert!(look("a.ipynb", b"{\"cells\": []}").found.is_plain_code());
    assert!(!look("rates.csv", b"age,rate\n1,2\n").found.is_plain_code());
    // A table or a list by another name is not code.
    assert!(!look("x.R", b"person,note\n1,a\n2,b\n3,c\n").found.is_plain_code());
    assert!(!look("notes.txt", b"Ola\nKari\n").found.is_plain_code());
}

#[test]
fn a_table_with_peoples_numbers_stays_out_in_whatever_clothes() {
    let table = table_of_people();
    for (name, bytes) in [
        ("t.csv", table.clone().into_bytes()),
        ("t.csv.gz", gzip(table.as_bytes())),
        ("t.csv.zst", zstd::encode_all(table.as_bytes(), 1).unwrap()),
        ("notes.md", format!("The patient {} came.", ids(1)[0]).into_bytes()),
        ("t.parquet", [b"PAR1".as_slice(), table.as_bytes(), b"PAR1"].concat()),
        ("t.xyz", [b"\x01\x02".as_slice(), table.as_bytes()].concat()),
    ] {
        let looked = look(name, &bytes);
        assert!(looked.found.refuses(), "{name}");
        assert!(looked.rules().contains(&"identity-numbers"), "{name}: {:?}", looked.rules());
        let told = serde_json::to_string(&looked.found).unwrap();
        assert!(ids(20).iter().all(|id| !told.contains(id)), "{name}: a finding tells a number");
    }
}

#[test]
fn programs_and_old_office_files_stay_out_whatever_they_are_called() {
    for (bytes, rule) in [
        (b"\x7fELF\x02\x01\x01\0\0\0".as_slice(), "program"),
        (b"MZ\x90\0\x03\0\0\0", "program"),
        (b"\xca\xfe\xba\xbe\0\0\0\x37", "program"),
        (b"\0asm\x01\0\0\0", "program"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "macros"),
        (b"7z\xbc\xaf\x27\x1c\0\x04", "sealed"),
        (b"Rar!\x1a\x07\x01\0", "sealed"),
        (b"\xfd7zXZ\0\0\x04", "sealed"),
    ] {
        for name in ["analysis.R", "data.csv", "x"] {
            let looked = look(name, bytes);
            assert!(looked.found.refuses(), "{rule} as {name}");
            assert!(looked.rules().contains(&rule), "{rule} as {name}: {:?}", looked.rules());
        }
        // And so does one that is compressed.
        let looked = look("data.csv.gz", &gzip(bytes));
        assert!(looked.rules().contains(&rule), "{rule}, compressed: {:?}", looked.rules());
    }
}

#[test]
fn what_is_not_known_or_says_something_else_waits_for_a_person() {
    let unknown = look("blob.bin", b"\x01\x02\x03\x04");
    assert!(!unknown.found.refuses() && !unknown.found.is_plain_code());
    assert_eq!(unknown.rules(), ["unknown"]);
    let pickle = look("model.pkl", b"\x80\x04\x95\x0b\0\0\0");
    assert_eq!(pickle.rules(), ["pickle"]);
    assert!(!pickle.found.refuses());
    assert_eq!(look("codes.csv", b"\x89PNG\r\n\x1a\n").rules(), ["name-says-else"]);
    // Text whose middle is none: what it begins with is not the whole of it.
    let mut late = b"print(1)\n".repeat(4000);
    late.extend(b"\0\x01\x02");
    assert!(!look("late.py", &late).found.is_plain_code());
}

#[test]
fn compressed_data_are_looked_into_and_kept_as_they_are() {
    let bytes = gzip(b"X\n\0\0\0\x03");
    let looked = look("model.rds", &bytes);
    assert_eq!(looked.found.content, Content::Data);
    assert!(looked.rules().is_empty());
    assert_eq!(looked.files(), ["model.rds"]);
    assert!(!look("a.R.gz", &gzip(b"print(1)\n")).found.is_plain_code());
    let cut = &gzip(&b"x,y\n1,2\n".repeat(9000))[..60];
    assert!(look("cut.csv.gz", cut).rules().contains(&"broken"));
    assert!(look("zeros.gz", &gzip(&vec![0; 5 << 20])).rules().contains(&"too-large"));
    // What ends as no text is none.
    let late = [b"a,b\n1,2\n".repeat(9000).as_slice(), b"\0\x01"].concat();
    assert_eq!(look("late.csv.gz", &gzip(&late)).rules(), ["unknown"]);
    assert!(look("twice.gz", &gzip(&gzip(b"x"))).rules().contains(&"nested"));
}

#[test]
fn places_that_would_be_shared_are_known() {
    use ingress::share_a_place as share;
    for (one, other) in [
        ("a.R", "A.r"),
        ("x.zip", "x.tar.gz"),
        ("x.tar.tgz", "x"),
        ("x.bundle.zip", "x.bundle"),
        ("model.R.tar.tgz", "model.R"),
        ("a.csv.gz.zip", "a.csv.gz"),
    ] {
        assert!(share(one, other) && share(other, one), "{one} and {other}");
    }
    assert!(!share("a.R", "b.R") && !share("a.csv", "a.R"));
}
