//! HTML made well-formed, shallow and addressed to the portal.
//!
//! ammonia builds a tree as browsers do, and that takes quadratic time and more on deep or badly nested input: 50 000
//! open quotes cost seconds, a thousand unclosed formatting elements before a thousand paragraphs a million nodes. What
//! leaves this stage nests properly and at most [`MAX_DEPTH`] deep, so that ammonia's work is linear.

use std::collections::HashMap;

use crate::address::{self, Image};
use crate::slug::Slugger;
use crate::{Heading, Links, allowed};

mod nesting;
mod tokens;

use nesting::{closed_by, is_heading, is_void, may_close};
use tokens::{Attribute, Token, Tokens};

/// Elements inside one another; deeper ones lose their tags and keep their text.
pub const MAX_DEPTH: usize = 100;
const MAX_HEADINGS: usize = 1_000;
/// Of the text of one heading, in characters.
const MAX_HEADING_TEXT: usize = 300;

/// Shown as text, not as elements (GFM specification, "disallowed raw HTML").
const SHOWN_AS_TEXT: [&str; 9] =
    ["iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp"];

pub struct Tidied {
    pub html: String,
    pub headings: Vec<Heading>,
}

/// Balances `html` and rewrites its addresses.
pub fn tidy(html: &str, links: &dyn Links) -> Tidied {
    let mut tidy = Tidy::new(html.len(), links);
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => tidy.source_text(text),
            Token::Start { name, attributes } => tidy.start_tag(&name, &attributes),
            Token::End { name } => tidy.end_tag(&name),
        }
    }
    tidy.finish()
}

/// A heading whose end has not come yet.
struct OpenHeading {
    level: u8,
    /// How many elements are open above it.
    depth: usize,
    /// Where its id goes in the output.
    id_at: usize,
    id: Option<String>,
    text: String,
}

struct Tidy<'a> {
    out: String,
    links: &'a dyn Links,
    open: Vec<String>,
    /// Start tags that were left out, by name: their end tags must be left out too.
    left_out: HashMap<String, usize>,
    heading: Option<OpenHeading>,
    headings: Vec<Heading>,
    slugger: Slugger,
}

impl<'a> Tidy<'a> {
    fn new(length: usize, links: &'a dyn Links) -> Self {
        Self {
            out: String::with_capacity(length + length / 8),
            links,
            open: Vec::new(),
            left_out: HashMap::new(),
            heading: None,
            headings: Vec::new(),
            slugger: Slugger::default(),
        }
    }

    fn finish(mut self) -> Tidied {
        self.close_down_to(0);
        Tidied { html: self.out, headings: self.headings }
    }

    /// Text with its entities, which ammonia resolves.
    fn source_text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '\0' => self.out.push('\u{fffd}'),
                c => self.out.push(c),
            }
        }
        if let Some(heading) = self.heading.as_mut().filter(|heading| heading.text.len() < 4 * MAX_HEADING_TEXT) {
            heading.text.push_str(&tokens::decode(text));
        }
    }

    fn start_tag(&mut self, name: &str, attributes: &[Attribute]) {
        match name {
            _ if SHOWN_AS_TEXT.contains(&name) => escape(&mut self.out, &as_text(name, attributes)),
            _ if !allowed::tag(name) => {}
            "img" => self.image(attributes),
            "source" => self.image_source(attributes),
            "input" => self.checkbox(attributes),
            _ => self.start(name, attributes),
        }
    }

    fn end_tag(&mut self, name: &str) {
        if SHOWN_AS_TEXT.contains(&name) {
            escape(&mut self.out, &format!("</{name}>"));
        } else if allowed::tag(name) {
            self.end(name);
        }
    }

    fn start(&mut self, name: &str, attributes: &[Attribute]) {
        if let Some(index) = closed_by(&self.open, name) {
            self.close_down_to(index);
        }
        // A link in a link, or too deep: the text stays.
        if self.open.len() >= MAX_DEPTH || (name == "a" && self.is_open("a")) {
            if !is_void(name) {
                *self.left_out.entry(name.to_owned()).or_insert(0) += 1;
            }
            return;
        }
        self.out.push('<');
        self.out.push_str(name);
        let id_at = self.out.len();
        let mut id = value(attributes, "id").map(str::to_owned);
        if name == "a" && id.is_none() {
            id = value(attributes, "name").map(str::to_owned);
        }
        for attribute in attributes {
            self.attribute(name, &attribute.name, &attribute.value);
        }
        if is_heading(name) && self.heading.is_none() {
            let level = name.as_bytes()[1] - b'0';
            self.heading = Some(OpenHeading { level, depth: self.open.len(), id_at, id, text: String::new() });
        } else if let Some(id) = id {
            self.write_attribute("id", &id);
        }
        self.out.push('>');
        if !is_void(name) {
            self.open.push(name.to_owned());
        }
    }

    fn end(&mut self, name: &str) {
        if let Some(count) = self.left_out.get_mut(name).filter(|count| **count > 0) {
            *count -= 1;
        } else if let Some(index) = may_close(&self.open, name) {
            self.close_down_to(index);
        }
    }

    /// Closes what is open until `depth` elements are left.
    fn close_down_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            let Some(name) = self.open.pop() else { return };
            if let Some(heading) = self.heading.take_if(|heading| heading.depth == self.open.len()) {
                self.finish_heading(heading);
            }
            self.out.push_str("</");
            self.out.push_str(&name);
            self.out.push('>');
        }
    }

    fn finish_heading(&mut self, heading: OpenHeading) {
        let text: String = heading.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = text.chars().take(MAX_HEADING_TEXT).collect();
        if text.is_empty() && heading.id.is_none() {
            return;
        }
        // Slugged before white space is put together, as GitHub does.
        let slug = heading.id.unwrap_or_else(|| self.slugger.slug(heading.text.trim()));
        let id = if slug.starts_with(crate::ID_PREFIX) { slug } else { format!("{}{slug}", crate::ID_PREFIX) };
        let mut attribute = String::from(" id=\"");
        escape_value(&mut attribute, &id);
        attribute.push('"');
        self.out.insert_str(heading.id_at, &attribute);
        if self.headings.len() < MAX_HEADINGS {
            self.headings.push(Heading { level: heading.level, id, text });
        }
    }

    /// All but `id`, which comes last.
    fn attribute(&mut self, tag: &str, name: &str, value: &str) {
        match (tag, name) {
            (_, "id") | ("a", "name") => {}
            ("a", "href") => match address::link(value, self.links) {
                Some(address) => self.write_attribute("href", &address),
                None if address::inside(value).is_some() => {
                    self.write_attribute("class", "missing-link");
                    self.write_attribute("title", "Leads to nothing");
                }
                None => {}
            },
            _ if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') => {
                self.write_attribute(name, value)
            }
            _ => {}
        }
    }

    fn image(&mut self, attributes: &[Attribute]) {
        let source = value(attributes, "src").unwrap_or_default();
        let alternative = value(attributes, "alt").map(str::trim).unwrap_or_default();
        match address::image(source, self.links) {
            Image::Shown(address) => {
                self.out.push_str("<img");
                self.write_attribute("src", &address);
                if let Some(set) = value(attributes, "srcset").and_then(|set| address::image_set(set, self.links)) {
                    self.write_attribute("srcset", &set);
                }
                for name in ["title", "width", "height", "align", "sizes"] {
                    if let Some(value) = value(attributes, name) {
                        self.write_attribute(name, value);
                    }
                }
                // A link with nothing but an image needs a name.
                let file = source.rsplit('/').next().unwrap_or_default();
                let alternative = if alternative.is_empty() && self.is_open("a") { file } else { alternative };
                self.write_attribute("alt", alternative);
                self.write_attribute("loading", "lazy");
                self.out.push('>');
            }
            Image::Hidden(host) => self.hidden_image(alternative, host.as_deref()),
        }
    }

    fn hidden_image(&mut self, alternative: &str, host: Option<&str>) {
        let text = match (alternative, host) {
            ("", Some(host)) if self.is_open("a") => host,
            ("", _) => return,
            (alternative, _) => alternative,
        };
        let why = match host {
            Some(host) => format!("Image on {host}, not loaded"),
            None => "Image that is not in the repository".to_owned(),
        };
        self.out.push_str("<span class=\"outside-image\"");
        self.write_attribute("title", &why);
        self.out.push('>');
        escape(&mut self.out, text);
        self.out.push_str("</span>");
    }

    fn image_source(&mut self, attributes: &[Attribute]) {
        let Some(set) = value(attributes, "srcset").and_then(|set| address::image_set(set, self.links)) else { return };
        self.out.push_str("<source");
        self.write_attribute("srcset", &set);
        for name in ["media", "type", "sizes"] {
            if let Some(value) = value(attributes, name) {
                self.write_attribute(name, value);
            }
        }
        self.out.push('>');
    }

    /// The box of a task; every other kind of input goes.
    fn checkbox(&mut self, attributes: &[Attribute]) {
        if !value(attributes, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("checkbox")) {
            return;
        }
        let (checked, label) = match value(attributes, "checked") {
            Some(_) => (" checked=\"\"", "Done"),
            None => ("", "To do"),
        };
        let _ = std::fmt::Write::write_fmt(
            &mut self.out,
            format_args!("<input type=\"checkbox\" disabled=\"\"{checked} aria-label=\"{label}\">"),
        );
    }

    fn is_open(&self, name: &str) -> bool {
        self.open.iter().any(|open| open == name)
    }

    fn write_attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape_value(&mut self.out, value);
        self.out.push('"');
    }
}

fn value<'t>(attributes: &'t [Attribute], name: &str) -> Option<&'t str> {
    attributes.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value.as_str())
}

fn as_text(name: &str, attributes: &[Attribute]) -> String {
    let mut text = format!("<{name}");
    for attribute in attributes {
        text.push(' ');
        text.push_str(&attribute.name);
        if !attribute.value.is_empty() {
            text.push_str("=\"");
            text.push_str(&attribute.value);
            text.push('"');
        }
    }
    text.push('>');
    text
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}

fn escape_value(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}
