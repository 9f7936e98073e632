//! SVG pictures. What a figure needs is on a list; whatever is not is named.
//!
//! Nothing is resolved, fetched or run: this reads tags, one after another.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::read::path::{self, Point};
use crate::read::{Unreadable, css};
use crate::rules::limits;
use crate::text;

pub(crate) mod carried;
mod list;

use carried::Carried;

/// The longest style of one element; R's needs 222 letters.
const LONGEST_STYLE: usize = 600;

/// Blanks unlike those around them that a hand makes.
const ODD_BLANKS: usize = 8;

/// What a picture consists of.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    pub(crate) troubles: Vec<Trouble>,
    /// The points of each line or shape that is drawn.
    pub(crate) shapes: Vec<Vec<Point>>,
    /// Where single marks stand: circles, small symbols, by what is drawn there.
    pub(crate) marks: BTreeMap<String, Vec<Point>>,
    /// The words one sees.
    pub(crate) words: Vec<String>,
    /// Titles and descriptions, which only a screen reader reads.
    pub(crate) described: String,
    /// What draws nothing: names, values, numbers.
    pub(crate) carried: Carried,
}

impl Picture {
    /// Texts that one sees, or is read.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str).chain([self.described.as_str()])
    }

    /// Texts that only a program reads.
    pub(crate) fn unseen(&self) -> impl Iterator<Item = &str> {
        self.carried.values.iter().map(String::as_str).chain(self.carried.names())
    }
}

/// Something in a picture that a figure does not need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) what: What,
    pub(crate) element: String,
    pub(crate) offset: u64,
}

/// What kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// Runs, or can run.
    Script,
    /// Points out of the file.
    Link,
    /// An element not on the list.
    Element,
    /// An attribute not on the list, or a value that is not plain.
    Attribute,
    /// A comment, metadata, a processing instruction: nobody sees it.
    Hidden,
}

/// Reads a picture. Markup whose root is no `svg` is malformed.
pub(crate) fn read(text: &str) -> Result<Picture, Unreadable> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut walk = Walk::default();
    let mut elements = 0_usize;
    loop {
        walk.offset = reader.buffer_position();
        let event = reader.read_event().map_err(|_| Unreadable::Malformed)?;
        match event {
            Event::Start(tag) => {
                elements += 1;
                let id = walk.open(&tag)?;
                walk.path.push(name_of(&tag));
                walk.names.push(id);
            }
            Event::Empty(tag) => {
                elements += 1;
                walk.open(&tag)?;
            }
            Event::End(_) => {
                walk.close();
            }
            Event::Text(content) => {
                let content = content.decode().map_err(|_| Unreadable::Malformed)?;
                walk.content(&content)?;
            }
            Event::CData(content) => {
                let content = content.decode().map_err(|_| Unreadable::Malformed)?.into_owned();
                walk.cdata(&content)?;
            }
            Event::GeneralRef(reference) => {
                let resolved = reference.resolve_char_ref().map_err(|_| Unreadable::Malformed)?;
                let known = ["amp", "lt", "gt", "quot", "apos"].map(str::as_bytes);
                match resolved {
                    Some(c) => walk.content(c.encode_utf8(&mut [0; 4]))?,
                    None if known.contains(&&*reference) => walk.content("&")?,
                    None => walk.trouble(What::Script, "entity"),
                }
            }
            Event::Comment(_) => walk.trouble(What::Hidden, "comment"),
            Event::PI(_) => walk.trouble(What::Link, "processing instruction"),
            Event::DocType(doctype) => {
                let harmless = doctype.decode().is_ok_and(|text| list::known_doctype(&text));
                walk.trouble(if harmless { What::Hidden } else { What::Script }, "doctype");
            }
            Event::Decl(_) => {}
            Event::Eof => break,
        }
        if elements > limits::ELEMENTS || walk.path.len() > limits::DEPTH {
            return Err(Unreadable::TooLarge);
        }
    }
    if !walk.rooted || !walk.path.is_empty() {
        return Err(Unreadable::Malformed);
    }
    walk.tidy();
    Ok(walk.picture)
}

fn name_of(tag: &BytesStart<'_>) -> String {
    String::from_utf8_lossy(tag.name().as_ref()).into_owned()
}

#[derive(Default)]
struct Walk {
    picture: Picture,
    path: Vec<String>,
    /// The names of the elements that are open, where they have one.
    names: Vec<Option<String>>,
    style: String,
    rooted: bool,
    offset: u64,
}

impl Walk {
    fn trouble(&mut self, what: What, element: &str) {
        // Past so many a person needs no more of them.
        if self.picture.troubles.len() < limits::PLACES * 4 {
            let element = crate::finding::shown(element);
            self.picture.troubles.push(Trouble { what, element, offset: self.offset });
        }
    }

    fn within(&self, name: &str) -> bool {
        self.path.iter().any(|open| open == name)
    }

    /// What was carried and is of no use.
    fn tidy(&mut self) {
        let idle: Vec<u64> = self.picture.carried.idle().into_iter().map(|(_, at)| at).collect();
        for offset in idle {
            self.offset = offset;
            self.trouble(What::Attribute, "name of no use");
        }
        if self.picture.carried.odd_blanks > ODD_BLANKS {
            self.offset = 0;
            self.trouble(What::Hidden, "blanks");
        }
    }

    /// Reads a tag; returns its name.
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<Option<String>, Unreadable> {
        let name = name_of(tag);
        if self.path.is_empty() {
            if name != "svg" || self.rooted {
                return Err(Unreadable::Malformed);
            }
            self.rooted = true;
        }
        if list::ACTIVE.iter().any(|bad| name.to_ascii_lowercase().ends_with(bad)) {
            self.trouble(What::Script, &name);
        } else if list::HIDDEN.contains(&name.as_str()) || self.within("metadata") {
            self.trouble(What::Hidden, &name);
        } else if !list::ELEMENTS.contains(&name.as_str()) {
            self.trouble(What::Element, &name);
        }
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        let (mut needed, mut attributes) = (name.len(), 0);
        // The reader's own test for doubles takes the square of their number.
        for (count, attribute) in tag.attributes().with_checks(false).enumerate() {
            if count >= limits::ATTRIBUTES {
                return Err(Unreadable::TooLarge);
            }
            let attribute = attribute.map_err(|_| Unreadable::Malformed)?;
            let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
            needed += attribute.key.as_ref().len() + attribute.value.len() + 3;
            attributes += 1;
            match attribute.unescape_value() {
                Ok(value) => {
                    if let Some(what) = judge(&name, &key, &value) {
                        self.trouble(what, &format!("{name} {key}"));
                    }
                    self.picture.carried.attribute(&key, &value, self.offset);
                    if key == "aria-label" {
                        self.picture.described.push_str(&value);
                    }
                    if values.insert(key, value.into_owned()).is_some() {
                        return Err(Unreadable::Malformed);
                    }
                }
                Err(_) => self.trouble(What::Script, &format!("{name} {key}")),
            }
        }
        self.picture.carried.tag(tag.len(), needed, attributes);
        self.draw(&name, &values);
        Ok(values.remove("id"))
    }

    fn draw(&mut self, name: &str, values: &BTreeMap<String, String>) {
        let number = |key: &str| -> f64 {
            let text = values.get(key).map_or("0", String::as_str);
            text.trim_end_matches(|c: char| c.is_alphabetic() || c == '%').parse().unwrap_or(0.0)
        };
        let defining = ["defs", "symbol", "clipPath", "marker", "pattern"]
            .iter()
            .any(|outer| self.within(outer));
        let traced = match name {
            "path" => path::trace(values.get("d").map_or("", String::as_str)),
            "polyline" | "polygon" => path::pairs(values.get("points").map_or("", String::as_str)),
            "line" => path::Trace {
                points: vec![(number("x1"), number("y1")), (number("x2"), number("y2"))],
                numbers: 4,
                spoilt: false,
            },
            "rect" => path::Trace {
                points: vec![
                    (number("x"), number("y")),
                    (number("x") + number("width"), number("y") + number("height")),
                ],
                numbers: 4,
                spoilt: false,
            },
            "circle" | "ellipse" | "use" => {
                let (x, y) = if name == "use" { ("x", "y") } else { ("cx", "cy") };
                let target = values.get("xlink:href").or_else(|| values.get("href"));
                let target = target.map_or(name, String::as_str).to_owned();
                let at = transformed((number(x), number(y)), values.get("transform"));
                self.picture.marks.entry(target).or_default().push(at);
                return;
            }
            _ => return,
        };
        if traced.spoilt {
            self.trouble(What::Attribute, &format!("{name} points"));
        }
        if matches!(name, "line" | "rect") && !defining {
            self.picture.shapes.push(traced.points);
        } else if defining {
            let inherited = || self.names.iter().rev().flatten().next();
            let id = values.get("id").or_else(inherited).cloned().unwrap_or_default();
            *self.picture.carried.outlines.entry(id).or_default() += traced.numbers;
        } else {
            self.picture.carried.numbers += traced.numbers;
            self.picture.shapes.push(traced.points);
        }
    }

    fn content(&mut self, content: &str) -> Result<(), Unreadable> {
        match self.path.last().map(String::as_str) {
            Some("text" | "tspan" | "textPath") => self.picture.words.push(content.to_owned()),
            Some("title" | "desc") => self.picture.described.push_str(content),
            Some("style") => self.style.push_str(content),
            None if !content.trim().is_empty() => return Err(Unreadable::Malformed),
            _ if !content.trim().is_empty() => self.trouble(What::Hidden, "words outside text"),
            _ => self.picture.carried.blank(self.path.len(), content),
        }
        Ok(())
    }

    fn cdata(&mut self, content: &str) -> Result<(), Unreadable> {
        // svglite wraps its style sheet so; anywhere else it only hides things.
        if self.path.last().is_some_and(|open| open == "style") {
            return self.content(content);
        }
        self.trouble(What::Hidden, "cdata");
        Ok(())
    }

    fn close(&mut self) {
        self.names.pop();
        if self.path.pop().is_some_and(|name| name == "style") {
            let style = std::mem::take(&mut self.style);
            self.picture.carried.sheet(&style);
            if !css::harmless_sheet(&style) {
                self.trouble(What::Attribute, "style");
            }
        }
    }
}

/// A mark may be placed by `transform="translate(x,y)"` instead of by x and y.
fn transformed(at: Point, transform: Option<&String>) -> Point {
    let Some(inside) = transform.and_then(|t| t.split_once("translate(")) else { return at };
    let numbers: Vec<f64> = inside
        .1
        .split([',', ' ', ')'])
        .filter(|part| !part.is_empty())
        .take(2)
        .filter_map(|part| part.parse().ok())
        .collect();
    match numbers.as_slice() {
        [x, y] => (at.0 + x, at.1 + y),
        [x] => (at.0 + x, at.1),
        _ => at,
    }
}

/// Whether figures need the element.
pub(crate) fn listed_element(name: &str) -> bool {
    list::ELEMENTS.contains(&name)
}

/// What is wrong with an attribute, if something is.
pub(crate) fn judge(element: &str, key: &str, value: &str) -> Option<What> {
    let lower = key.to_ascii_lowercase();
    let bare = lower.rsplit(':').next().unwrap_or(&lower);
    if bare.starts_with("on") {
        return Some(What::Script);
    }
    let squeezed: String =
        value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let squeezed = squeezed.to_ascii_lowercase();
    if squeezed.contains("javascript:") || squeezed.contains("vbscript:") {
        return Some(What::Script);
    }
    // No figure is drawn at a place that is somebody's number.
    if text::names_person(value) {
        return Some(What::Attribute);
    }
    match key {
        "xmlns" => (value != list::SVG || element != "svg").then_some(What::Link),
        "xmlns:xlink" => (value != list::XLINK).then_some(What::Link),
        "xmlns:svg" => (value != list::SVG).then_some(What::Link),
        "href" | "xlink:href" => {
            (element != "use" && element != "textPath" && !element.ends_with("Gradient")
                || !css::local(value))
            .then_some(What::Link)
        }
        "style" => {
            (value.len() > LONGEST_STYLE || !css::harmless(value)).then_some(What::Attribute)
        }
        "d" | "points" => None,
        _ if bare == "href" || bare == "src" => Some(What::Link),
        _ if !list::ATTRIBUTES.contains(&key) => Some(What::Attribute),
        _ => (!css::plain(value)).then_some(What::Attribute),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn troubles(inside: &str) -> Vec<What> {
        let text = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>{inside}</svg>"
        );
        read(&text).unwrap().troubles.into_iter().map(|t| t.what).collect()
    }

    #[test]
    fn an_identity_number_is_no_place_on_a_page() {
        let born = model::Date::constant(1961, 7, 2);
        let id = (0..).find_map(|n| model::NationalId::synthetic(born, n)).unwrap();
        let id = String::from_utf8(id.reveal().to_vec()).unwrap();
        for hidden in [
            format!("<rect x='{id}' y='1'/>"),
            format!("<path d='M 0 0 L {id} 1'/>"),
            format!("<polyline points='0,0 1,{id}'/>"),
            format!("<g style='stroke-width:{id}'/>"),
            format!("<rect x='{} {}' y='1'/>", &id[..6], &id[6..]),
        ] {
            assert_eq!(troubles(&hidden), [What::Attribute], "{hidden}");
        }
        assert_eq!(troubles("<rect x='99999999999' y='0.41070112345'/>"), []);
    }

    #[test]
    fn a_plain_figure_has_no_trouble() {
        let plain = "<defs><symbol id='g1'><path d='M 0 0 L 1 1'/></symbol></defs>\
            <g clip-path='url(#c1)'><path style='fill:none' d='M 1 2 L 3 4'/></g>\
            <use xlink:href='#g1' x='5' y='6'/><text x='1' y='2'>Days</text>";
        assert_eq!(troubles(plain), []);
    }

    #[test]
    fn what_is_drawn_is_counted() {
        let picture = read(
            "<svg xmlns='http://www.w3.org/2000/svg'><polyline points='1,2 3,4 5,6'/>\
             <circle cx='1' cy='2' r='1'/><circle cx='3' cy='2' r='1'/><text>A &amp; B</text></svg>",
        )
        .unwrap();
        assert_eq!(picture.shapes, [vec![(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)]]);
        assert_eq!(picture.marks["circle"].len(), 2);
        assert_eq!(picture.words.concat(), "A & B");
    }

    #[test]
    fn markup_that_is_no_picture_is_malformed() {
        for bad in ["<html></html>", "<svg>", "<svg></g>", "<svg/><svg/>", "<a b=c>", "<svg/>tail"]
        {
            assert!(read(bad).is_err(), "`{bad}`");
        }
    }

    #[test]
    fn depth_has_an_end() {
        let deep = format!("<svg>{}{}</svg>", "<g>".repeat(1000), "</g>".repeat(1000));
        assert_eq!(read(&deep).err(), Some(Unreadable::TooLarge));
    }
}
