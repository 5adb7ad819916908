//! XML as a small tree whose elements know their lines: enough for manifests, and bounded.
//!
//! Entities beyond the five that XML itself has are left out, so none can grow; documents type definitions are not read.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::Located;

/// Deeper or longer than any manifest; a file beyond it is not read at all.
const DEPTH: usize = 60;
const ELEMENTS: usize = 50_000;

/// One element. Names are without their prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub line: u32,
    pub attributes: Vec<(String, String)>,
    /// All of its own text, trimmed.
    pub text: String,
    pub children: Vec<Element>,
}

/// The root element of a document; `None` where it is no well-formed XML within the bounds.
pub fn xml(text: &str) -> Option<Element> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut count = 0usize;
    loop {
        let begins = usize::try_from(reader.buffer_position()).ok()?;
        match reader.read_event().ok()? {
            Event::Start(start) => {
                count += 1;
                if open.len() >= DEPTH || count > ELEMENTS {
                    return None;
                }
                open.push(element(&start, lines.at(begins)));
            }
            Event::Empty(start) => {
                count += 1;
                let found = element(&start, lines.at(begins));
                match open.last_mut() {
                    Some(_) if count > ELEMENTS => return None,
                    Some(parent) => parent.children.push(found),
                    None => return Some(found),
                }
            }
            Event::End(_) => {
                let mut found = open.pop()?;
                found.text.truncate(found.text.trim_end().len());
                match open.last_mut() {
                    Some(parent) => parent.children.push(found),
                    None => return Some(found),
                }
            }
            Event::Text(part) => add(&mut open, &part.xml10_content()),
            Event::CData(part) => add(&mut open, &part.xml10_content()),
            Event::GeneralRef(part) => {
                let resolved = match &*part.xml10_content() {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => part.resolve_char_ref().ok().flatten(),
                };
                if let Some(character) = resolved {
                    add(&mut open, character.encode_utf8(&mut [0; 4]));
                }
            }
            Event::Eof => return None,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn element(start: &BytesStart, line: u32) -> Element {
    let mut attributes = start.attributes();
    let attributes = attributes.with_checks(false).flatten().take(100).filter_map(|attribute| {
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        Some((local(attribute.key.as_ref()).to_owned(), value.trim().to_owned()))
    });
    Element {
        name: local(start.name().as_ref()).to_owned(),
        line,
        attributes: attributes.collect(),
        ..Element::default()
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn add(open: &mut [Element], text: &str) {
    let Some(element) = open.last_mut() else { return };
    let text = if element.text.is_empty() { text.trim_start() } else { text };
    element.text.push_str(text);
}

/// Line numbers of rising offsets.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line on which the element that begins at or after `offset` stands.
    fn at(&mut self, offset: usize) -> u32 {
        let passed = self.text.as_bytes().get(self.at..offset).unwrap_or_default();
        let breaks = passed.iter().filter(|&&byte| byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        self.at = self.at.max(offset);
        self.line
    }
}

impl Element {
    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element at a path of names, the first of each.
    pub fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The children of the child `list` that are called `name`.
    pub fn listed<'e>(&'e self, list: &str, name: &'e str) -> impl Iterator<Item = &'e Element> {
        let children = self.child(list).map(|list| list.children.as_slice()).unwrap_or_default();
        children.iter().filter(move |child| child.name == name)
    }

    /// The non-empty text of a child.
    pub fn text_of(&self, name: &str) -> Option<Located> {
        self.child(name).and_then(Element::located)
    }

    pub fn located(&self) -> Option<Located> {
        (!self.text.is_empty()).then(|| Located::new(self.text.clone(), self.line))
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn elements_know_their_lines() {
        let root = xml("<?xml version=\"1.0\"?>\n<!-- x -->\n<a xmlns=\"y\">\n  <b k='1 &amp; 2'/>\n  <n:c> x\n &lt; y </n:c>\n</a>\n").unwrap();
        assert_eq!((root.name.as_str(), root.line), ("a", 3));
        assert_eq!(root.child("b").unwrap().attribute("k"), Some("1 & 2"));
        assert_eq!(root.text_of("c"), Some(Located::new("x\n < y", 5)));
    }

    #[test]
    fn what_is_hostile_ends_in_bounds() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><a>&c;</a>";
        assert_eq!(xml(bomb).unwrap().text, "");
        assert_eq!(xml(&"<a>".repeat(100_000)), None);
        assert_eq!(xml(&format!("<a>{}</a>", "<b/>".repeat(ELEMENTS + 1))), None);
        assert!(xml("<a><b></a>").is_none() && xml("").is_none() && xml("text").is_none());
    }
}
