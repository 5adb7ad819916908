//! What one text says of itself: its title, and where it leads.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::{address, markdown, source};

/// Links of one page that are followed.
const MOST_LINKS: usize = 2_000;
/// Longer titles are cut. In characters.
const LONGEST_TITLE: usize = 200;
/// Front matter that is longer is none. In bytes.
const FRONT_MATTER: usize = 64 * 1024;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// `title` of the front matter, or the first heading.
    pub title: Option<String>,
    pub links: Vec<Link>,
}

/// A link or image within the repository.
#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    /// As [`crate::Links`] gets it.
    pub target: String,
    /// From 1.
    pub line: u32,
    pub image: bool,
}

pub fn read(text: &str) -> Read {
    let (front, body) = source::split(text);
    let mut read = Read { title: front.and_then(front_title), links: Vec::new() };
    let mut lines = Lines { text, at: 0, line: 1 };
    let before = text.len() - body.len();
    let mut heading: Option<String> = None;
    for (event, range) in Parser::new_ext(body, markdown::options()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) if read.title.is_none() => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                if let Some(text) = heading.take() {
                    read.title = tidy(&text);
                }
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) => read.add(&dest_url, lines.at(before + range.start), false),
            Event::Start(Tag::Image { dest_url, .. }) => read.add(&dest_url, lines.at(before + range.start), true),
            _ => {}
        }
    }
    read
}

/// What MkDocs makes of a name: `getting_started.md` is Getting started, a lower-case name gets a capital.
pub fn title_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if path == name && (stem == "index" || stem == "README") {
        return "Home".to_owned();
    }
    words(stem)
}

/// A name with spaces, and a capital if it has none.
pub fn words(name: &str) -> String {
    let spaced = name.replace(['-', '_'], " ");
    if spaced.to_lowercase() != spaced {
        return spaced;
    }
    let mut characters = spaced.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

impl Read {
    fn add(&mut self, destination: &str, line: u32, image: bool) {
        if self.links.len() < MOST_LINKS
            && let Some(target) = address::inside(destination)
        {
            self.links.push(Link { target, line, image });
        }
    }
}

fn front_title(front: &str) -> Option<String> {
    if front.len() > FRONT_MATTER {
        return None;
    }
    let documents = engine_yaml::parse(front, &engine_yaml::Limits::default()).ok()?;
    tidy(&documents.first()?.root.get("title")?.scalar_text()?)
}

/// On one line, at most [`LONGEST_TITLE`] characters; `None` for nothing.
fn tidy(text: &str) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then(|| line.chars().take(LONGEST_TITLE).collect())
}

/// Numbers of lines, asked for in the order of the text.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn at(&mut self, offset: usize) -> u32 {
        if let Some(passed) = self.text.as_bytes().get(self.at..offset) {
            let passed = passed.iter().filter(|byte| **byte == b'\n').count();
            self.line = self.line.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
            self.at = offset;
        }
        self.line
    }
}
