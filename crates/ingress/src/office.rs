//! Office documents: zip files of a known shape (ECMA-376, ODF 1.3 part 2).

use std::fs::File;
use std::io::{BufReader, Read};

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

/// A part that tells what others are is not longer than this.
const LONGEST_LIST: u64 = 4 << 20;

/// What is wrong with an office document; `None`: the zip is none.
pub(crate) fn look(file: File, most: u64) -> Option<Vec<Fault>> {
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).ok()?;
    // A name that is no text is none of an office document.
    let names: Vec<String> =
        archive.file_names().map(|name| Some(name.ok()?.into_owned())).collect::<Option<_>>()?;
    let known = |name: &String| PLACES.iter().any(|place| name.starts_with(place));
    let is_office = names.iter().any(|name| name == "[Content_Types].xml" || name == "mimetype");
    if !is_office || names.len() > MOST_PARTS || !names.iter().all(known) {
        return None;
    }
    let mut faults = Vec::new();
    let mut add = |fault: Fault| {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    };
    for name in &names {
        let lower = name.to_ascii_lowercase();
        if MACROS.iter().any(|part| lower.contains(part)) {
            add(Fault::Macros);
        }
        if lower.contains("externallinks/") {
            add(Fault::ExternalLinks);
        }
    }
    let mut numbers = IdentityNumbers::default();
    let mut left = most;
    for at in 0..archive.len() {
        let mut part = match archive.by_index(at) {
            Ok(part) => part,
            Err(zip::result::ZipError::UnsupportedArchive(_)) => {
                add(Fault::Sealed);
                continue;
            }
            Err(_) => {
                add(Fault::Broken);
                continue;
            }
        };
        let lower = names.get(at).map_or_else(String::new, |name| name.to_ascii_lowercase());
        if lower.ends_with(".rels")
            || lower == "[content_types].xml"
            || lower.ends_with("manifest.xml")
        {
            let mut list = Vec::new();
            let read = part.by_ref().take(LONGEST_LIST).read_to_end(&mut list);
            if read.is_err() {
                add(Fault::Broken);
            }
            let list = String::from_utf8_lossy(&list).to_ascii_lowercase();
            if list.contains("macroenabled") || list.contains("vbaproject") {
                add(Fault::Macros);
            }
            if fetches(&list) {
                add(Fault::ExternalLinks);
            }
        }
        match each_piece(&mut part, left, |piece| {
            left = left.saturating_sub(piece.len() as u64);
            numbers.feed(piece);
        }) {
            Ok(true) => {}
            Ok(false) => {
                add(Fault::TooLarge { most });
                break;
            }
            Err(_) => add(Fault::Broken),
        }
    }
    if let Some(count) = numbers.found() {
        add(Fault::IdentityNumbers { count });
    }
    Some(faults)
}

/// Whether a list of relationships (ECMA-376 part 2, 9.3) names something
/// outside that is fetched by itself. A hyperlink is followed by a person.
fn fetches(list: &str) -> bool {
    list.split("<relationship ").skip(1).any(|one| {
        let one = one.split('>').next().unwrap_or_default();
        one.contains("targetmode=\"external\"") && !one.contains("/hyperlink\"")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_from_elsewhere_is_fetched_and_a_hyperlink_is_not() {
        let of = |kind: &str| {
            format!(
                "<relationships><relationship id=\"r1\" type=\"http://x/{kind}\" \
                 target=\"https://x\" targetmode=\"external\"/></relationships>"
            )
        };
        assert!(fetches(&of("attachedtemplate")));
        assert!(fetches(&of("oleobject")));
        assert!(!fetches(&of("hyperlink")));
        assert!(!fetches("<relationships/>"));
    }
}
