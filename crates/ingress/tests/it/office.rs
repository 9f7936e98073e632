//! Office documents.

use ingress::Content;

use crate::support::{ids, look, zip_of};

const TYPES: (&str, &[u8]) = ("[Content_Types].xml", b"<Types/>");

fn workbook(more: &[(&str, &[u8])]) -> Vec<u8> {
    let sheet: (&str, &[u8]) = ("xl/worksheets/sheet1.xml", b"<worksheet/>");
    zip_of(&[&[TYPES, sheet], more].concat())
}

#[test]
fn a_plain_workbook_is_kept_whole() {
    let looked = look("codes.xlsx", &workbook(&[]));
    assert_eq!(looked.found.content, Content::Office);
    assert!(looked.rules().is_empty(), "{:?}", looked.rules());
    assert_eq!(looked.files(), ["codes.xlsx"]);
    assert!(!looked.found.is_plain_code());
}

#[test]
fn macros_keep_it_out_whatever_its_name() {
    let vba: (&str, &[u8]) = ("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0");
    let sheet: (&str, &[u8]) = ("xl/macrosheets/sheet1.xml", b"<x/>");
    let control: (&str, &[u8]) = ("xl/activeX/activeX1.xml", b"<x/>");
    let object: (&str, &[u8]) = ("xl/embeddings/oleObject1.bin", b"x");
    for part in [vba, sheet, control, object] {
        for name in ["a.xlsx", "a.xlsm"] {
            assert_eq!(look(name, &workbook(&[part])).rules()[0], "macros", "{} {name}", part.0);
        }
    }
    let types = b"<Types><Override ContentType=\"application/vnd.ms-excel.sheet.macroEnabled.main+xml\"/></Types>";
    let bytes = zip_of(&[("[Content_Types].xml", types), ("xl/workbook.xml", b"<x/>")]);
    assert_eq!(look("a.xlsx", &bytes).rules(), ["macros"]);
    let odf = zip_of(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", b"<x/>"),
        ("Basic/Standard/Module1.xml", b"<x/>"),
    ]);
    assert_eq!(look("a.ods", &odf).rules(), ["macros"]);
}

#[test]
fn what_fetches_from_elsewhere_stays_out() {
    let rels = b"<Relationships><Relationship Id=\"r\" Type=\"http://x/attachedTemplate\" Target=\"https://x.example/t.dotm\" TargetMode=\"External\"/></Relationships>";
    let looked = look("a.xlsx", &workbook(&[("xl/_rels/workbook.xml.rels", rels)]));
    assert_eq!(looked.rules(), ["external-links"]);
    let linked = look("a.xlsx", &workbook(&[("xl/externalLinks/externalLink1.xml", b"<x/>")]));
    assert_eq!(linked.rules(), ["external-links"]);
}

#[test]
fn a_workbook_that_would_grow_too_large_stays_out() {
    let zeros = vec![b'0'; 5 << 20];
    let looked = look("a.xlsx", &workbook(&[("xl/sharedStrings.xml", &zeros)]));
    assert_eq!(looked.rules(), ["too-large"]);
}

#[test]
fn people_in_a_workbook_are_found() {
    let strings = format!("<si><t>{}</t></si>", ids(5).join("</t></si><si><t>"));
    let looked = look("a.xlsx", &workbook(&[("xl/sharedStrings.xml", strings.as_bytes())]));
    assert_eq!(looked.rules(), ["identity-numbers"]);
    assert!(looked.found.refuses());
}

#[test]
fn a_zip_that_only_calls_itself_a_document_is_unpacked_and_looked_into() {
    let looked = look("a.xlsx", &workbook(&[("payload/tool", b"\x7fELF\x02")]));
    assert!(looked.rules().contains(&"program"), "{:?}", looked.rules());
}

#[test]
fn what_no_document_has_makes_it_an_archive() {
    let program: (&str, &[u8]) = ("xl/media/tool.png", b"\x7fELF\x02");
    assert!(look("a.xlsx", &workbook(&[program])).rules().contains(&"program"));
    let inner = zip_of(&[("x.R", b"1\n")]);
    assert!(look("a.xlsx", &workbook(&[("xl/a.zip", &inner)])).rules().contains(&"nested"));
    let list = ids(5).join("\n");
    let people: (&str, &[u8]) = ("word/people.rels", list.as_bytes());
    let looked = look("a.docx", &workbook(&[people]));
    assert!(looked.rules().contains(&"identity-numbers"), "{:?}", looked.rules());
    let named = format!("xl/{}.xml", ids(1)[0]);
    assert!(look("a.xlsx", &workbook(&[(&named, b"<x/>")])).found.refuses());
    // A document behind something else is not what it begins with.
    let tar = crate::support::tar_of(|builder| {
        let mut header = tar::Header::new_gnu();
        header.set_size(5);
        header.set_mode(0o755);
        builder.append_data(&mut header, "tool", &b"\x7fELF\x02"[..]).unwrap();
    });
    let both = [tar, workbook(&[])].concat();
    assert!(look("a.xlsx", &both).rules().contains(&"program"));
    assert_eq!(look("a.zip", &workbook(&[])).rules(), ["name-says-else"]);
}
