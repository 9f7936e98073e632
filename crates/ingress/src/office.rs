//! Office documents: zip files of a known shape (ECMA-376, ODF 1.3 part 2).

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::content::{self, Content};
use crate::finding::Fault;
use crate::identity::IdentityNumbers;
use crate::inspect::each_piece;

/// Where the parts of an office document lie. A zip with anything else in it is
/// an archive, whatever it calls itself.
const PLACES: &[&str] = &[
    "[Content_Types].xml",
    "_rels/",
    "docProps/",
    "customXml/",
    "word/",
    "xl/",
    "ppt/",
    "mimetype",
    "META-INF/",
    "Configurations2/",
    "Thumbnails/",
    "Pictures/",
    "Object ",
    "ObjectReplacements/",
    "content.xml",
    "styles.xml",
    "meta.xml",
    "settings.xml",
    "manifest.rdf",
    "layout-cache",
    "Basic/",
    "Scripts/",
];

/// What in a part's name says that there are macros or foreign objects.
const MACROS: &[&str] = &[
    "vbaproject",
    "vbadata",
    "macrosheets/",
    "activex",
    "/embeddings/",
    "basic/",
    "scripts/",
    "dialogsheets/",
];

/// So many parts has no honest document.
const MOST_PARTS: usize = 10_000;

/// What is wrong with an office document; `None`: the zip is none, or holds
/// something that no document has, and is looked at as an archive.
pub(crate) fn look(mut file: File, most: u64) -> Option<Vec<Fault>> {
    let mut magic = [0; 2];
    file.rewind().and_then(|()| file.read_exact(&mut magic)).ok()?;
    if magic != *b"PK" {
        // A zip may stand behind something else.
        return None;
    }
    file.rewind().ok()?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).ok()?;
    // A name that is no text is none of an office document.
    let names: Vec<String> =
        archive.file_names().map(|name| Some(name.ok()?.into_owned())).collect::<Option<_>>()?;
    let known = |name: &String| PLACES.iter().any(|place| name.starts_with(place));
    let is_office = names.iter().any(|name| name == "[Content_Types].xml" || name == "mimetype");
    if !is_office || names.len() != archive.len() || names.len() > MOST_PARTS {
        return None;
    }
    if !names.iter().all(known) {
        return None;
    }
    let mut found = Found::default();
    for name in &names {
        let lower = name.to_ascii_lowercase();
        if MACROS.iter().any(|part| lower.contains(part)) {
            found.add(Fault::Macros);
        }
        if lower.contains("externallinks/") {
            found.add(Fault::ExternalLinks);
        }
        found.numbers.feed(name.as_bytes());
        found.numbers.feed(b"\n");
    }
    let mut left = most;
    for (at, name) in names.iter().enumerate() {
        let mut part = match archive.by_index(at) {
            Ok(part) if part.is_symlink() => return None,
            Ok(part) => part,
            Err(zip::result::ZipError::UnsupportedArchive(_)) => {
                found.add(Fault::Sealed);
                continue;
            }
            Err(_) => {
                found.add(Fault::Broken);
                continue;
            }
        };
        let mut head = Vec::new();
        let mut text = is_list(name).then(Vec::new);
        let read = each_piece(&mut part, left, |piece| {
            left = left.saturating_sub(piece.len() as u64);
            found.numbers.feed(piece);
            head.extend(piece.iter().take(content::HEAD.saturating_sub(head.len())));
            if let Some(text) = &mut text {
                text.extend_from_slice(piece);
            }
        });
        match read {
            Ok(true) => {}
            Ok(false) => {
                found.add(Fault::TooLarge { most });
                break;
            }
            Err(_) => found.add(Fault::Broken),
        }
        // Pictures and text are what documents are made of; macros are told above.
        if !matches!(content::by_magic(&head), None | Some(Content::Picture | Content::OldOffice)) {
            return None;
        }
        if let Some(text) = text {
            found.read_list(&text);
        }
    }
    let Found { mut faults, numbers } = found;
    if let Some(count) = numbers.found() {
        faults.push(Fault::IdentityNumbers { count });
    }
    Some(faults)
}

/// Whether a part tells what others are, or what is fetched from where.
fn is_list(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [".rels", "[content_types].xml", "manifest.xml", "content.xml", "styles.xml"]
        .iter()
        .any(|ending| lower.ends_with(ending))
}

#[derive(Default)]
struct Found {
    faults: Vec<Fault>,
    numbers: IdentityNumbers,
}

impl Found {
    fn add(&mut self, fault: Fault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Reads such a part for macros and for what is fetched by itself. A hyperlink
    /// is followed by a person.
    fn read_list(&mut self, text: &[u8]) {
        let mut reader = Reader::from_reader(text);
        loop {
            let element = match reader.read_event() {
                Ok(Event::Start(element) | Event::Empty(element)) => element,
                Ok(Event::Eof) => return,
                // Names for pieces of text, which no such part needs.
                Ok(Event::DocType(_)) | Err(_) => return self.add(Fault::Broken),
                Ok(_) => continue,
            };
            let name = element.local_name().as_ref().to_ascii_lowercase();
            let mut attributes = HashMap::new();
            for attribute in element.attributes().with_checks(false) {
                let Ok(attribute) = attribute else { return self.add(Fault::Broken) };
                let Ok(value) = attribute.unescape_value() else {
                    return self.add(Fault::Broken);
                };
                let key = attribute.key.local_name().as_ref().to_ascii_lowercase();
                attributes.insert(key, value.to_ascii_lowercase());
            }
            let says = |key: &str| attributes.get(key.as_bytes()).map_or("", String::as_str);
            if says("contenttype").contains("macroenabled")
                || says("contenttype").contains("vbaproject")
                || says("type").ends_with("/vbaproject")
            {
                self.add(Fault::Macros);
            }
            let outside = says("targetmode") == "external" && !says("type").ends_with("/hyperlink");
            let loaded = says("actuate") == "onload" && is_elsewhere(says("href"));
            let source = name.ends_with(b"-source") && is_elsewhere(says("href"));
            if outside || loaded || source {
                self.add(Fault::ExternalLinks);
            }
        }
    }
}

/// Whether an address leads out of the document.
fn is_elsewhere(href: &str) -> bool {
    href.contains(':')
        || href.starts_with("//")
        || href.starts_with("\\\\")
        || href.starts_with("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(list: &str) -> Vec<Fault> {
        let mut found = Found::default();
        found.read_list(list.as_bytes());
        found.faults
    }

    #[test]
    fn a_template_from_elsewhere_is_fetched_and_a_hyperlink_is_not() {
        let of = |kind: &str, target: &str| {
            faults(&format!(
                "<r:Relationships xmlns:r='x'><r:Relationship Id='a>b' Type='http://x/{kind}' \
                 Target='{target}' TargetMode='Ext&#101;rnal'/></r:Relationships>"
            ))
        };
        assert_eq!(of("attachedTemplate", "https://x/hyperlink\""), [Fault::ExternalLinks]);
        assert_eq!(of("oleObject", "https://x"), [Fault::ExternalLinks]);
        assert_eq!(of("hyperlink", "https://x"), []);
        assert_eq!(faults("<Relationships/>"), []);
    }

    #[test]
    fn macros_are_read_and_not_looked_for() {
        let types =
            "<Types><Override ContentType='application/vnd.ms-office.vba&#80;roject'/></Types>";
        assert_eq!(faults(types), [Fault::Macros]);
        assert_eq!(faults("<Types><Override ContentType='x'"), [Fault::Broken]);
        assert_eq!(faults("<!DOCTYPE x [<!ENTITY a 'b'>]><Types/>"), [Fault::Broken]);
    }

    #[test]
    fn a_picture_that_open_documents_load_from_elsewhere_is_told() {
        let image = "<draw:image xlink:href='https://x/a.png' xlink:actuate='onLoad'/>";
        assert_eq!(faults(image), [Fault::ExternalLinks]);
        let own = "<draw:image xlink:href='Pictures/a.png' xlink:actuate='onLoad'/>";
        assert_eq!(faults(own), []);
    }
}
