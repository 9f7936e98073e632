//! A picture without what nobody sees and what no figure needs.

use std::collections::BTreeSet;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer};

use super::Changes;
use crate::read::svg;
use crate::rules::limits;

/// Takes out comments, metadata, unlisted elements with all that is in them,
/// unlisted attributes, and names that nothing refers to. `None` if the picture cannot be read.
pub(crate) fn strip(bytes: &[u8]) -> Option<(Vec<u8>, Changes)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let picture = svg::read(text).ok()?;
    let idle: BTreeSet<&str> = picture.carried.idle().into_iter().map(|(name, _)| name).collect();
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut writer = Writer::new(Vec::new());
    let mut changes = Changes::default();
    let mut names: Vec<String> = Vec::new();
    // How deep within an element that is being left out.
    let mut skipping = 0_usize;
    // Whether something was left out just before: then so are the blanks after it.
    let mut gap = false;
    loop {
        let event = reader.read_event().ok()?;
        match event {
            Event::Start(_) if skipping > 0 => skipping += 1,
            Event::End(_) if skipping > 0 => {
                skipping -= 1;
                gap = true;
            }
            Event::Eof => break,
            _ if skipping > 0 => {}
            Event::Start(tag) if !listed(&tag) => {
                changes.stripped += 1;
                skipping = 1;
            }
            Event::Start(tag) => {
                let tag = trimmed(&tag, &idle, &mut changes)?;
                gap = false;
                names.push(String::from_utf8_lossy(tag.name().as_ref()).into_owned());
                writer.write_event(Event::Start(tag)).ok()?;
            }
            Event::Empty(tag) if !listed(&tag) => {
                changes.stripped += 1;
                gap = true;
            }
            Event::Empty(tag) => {
                let tag = trimmed(&tag, &idle, &mut changes)?;
                gap = false;
                writer.write_event(Event::Empty(tag)).ok()?;
            }
            Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {
                changes.stripped += 1;
                gap = true;
            }
            Event::CData(_) | Event::Text(_) | Event::GeneralRef(_) => {
                let shown = names.last().is_some_and(|name| {
                    matches!(
                        name.as_str(),
                        "text" | "tspan" | "textPath" | "title" | "desc" | "style"
                    )
                });
                let blank =
                    matches!(&event, Event::Text(text) if text.iter().all(u8::is_ascii_whitespace));
                if blank && !shown && gap {
                    continue;
                }
                if shown || blank {
                    writer.write_event(event).ok()?;
                } else {
                    changes.stripped += 1;
                }
            }
            Event::End(tag) => {
                gap = false;
                names.pop();
                writer.write_event(Event::End(tag)).ok()?;
            }
            Event::Decl(declaration) => writer.write_event(Event::Decl(declaration)).ok()?,
        }
    }
    Some((writer.into_inner(), changes))
}

fn listed(tag: &BytesStart<'_>) -> bool {
    svg::listed_element(&String::from_utf8_lossy(tag.name().as_ref()))
}

/// The tag with its listed attributes. `None` if they cannot be read.
fn trimmed(
    tag: &BytesStart<'_>,
    idle: &BTreeSet<&str>,
    changes: &mut Changes,
) -> Option<BytesStart<'static>> {
    let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
    let mut out = BytesStart::new(name.clone());
    // The check has read the picture before: there are no doubles, and few.
    for attribute in tag.attributes().with_checks(false).take(limits::ATTRIBUTES) {
        let attribute = attribute.ok()?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let value = attribute.unescape_value().ok()?;
        let of_use = match key.as_str() {
            "id" => !idle.contains(&*value),
            "class" => !value.split_whitespace().any(|class| idle.contains(class)),
            _ => true,
        };
        if of_use && svg::judge(&name, &key, &value).is_none() {
            out.push_attribute((key.as_str(), &*value));
        } else {
            changes.stripped += 1;
        }
    }
    Some(out)
}
