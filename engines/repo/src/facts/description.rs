//! What the repository is, in its own words.

use model::{Confidence, Evidence, Fact, Finding};
use pulldown_cmark::{BrokenLink, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::{line_of, note, stated, text};
use crate::{Repository, Snapshot, Tree};

/// Longest description, in characters.
const LONGEST: usize = 300;

/// How much of a README is read for its first paragraph, in bytes.
const README_HEAD: usize = 64 * 1024;

const MANIFEST: usize = 1024 * 1024;

/// The first that holds: `.git/description`, a manifest at the root, the README's first paragraph.
pub(super) fn find(
    repository: &Repository,
    snapshot: &Snapshot,
    readme: Option<&str>,
    findings: &mut Vec<Finding>,
) -> Option<Fact<String>> {
    own(repository)
        .or_else(|| ["package.json", "pyproject.toml", "Cargo.toml"].iter().find_map(|file| manifest(snapshot, file)))
        .or_else(|| readme.and_then(|file| from_readme(snapshot, file, findings)))
}

/// From `.git/description`.
pub(super) fn own(repository: &Repository) -> Option<Fact<String>> {
    let text = tidy(&repository.description()?)?;
    let why = "The repository's own description file says so.";
    Some(Fact::new(text, Evidence::new("description.git", Confidence::Declared, why)))
}

fn manifest(snapshot: &Snapshot, file: &str) -> Option<Fact<String>> {
    if !snapshot.file(file)?.speaks() {
        return None;
    }
    let text = text(snapshot, file, MANIFEST)?;
    let described = match file {
        "package.json" => {
            let value: serde_json::Value = serde_json::from_str(&text).ok()?;
            value.get("description")?.as_str()?.to_owned()
        }
        _ => toml_description(&text)?,
    };
    let line = line_of(&text, |line| {
        line.trim_start()
            .trim_start_matches('"')
            .strip_prefix("description")
            .is_some_and(|rest| rest.trim_start_matches('"').trim_start().starts_with([':', '=']))
    });
    Some(stated(tidy(&described)?, "description.manifest", file, line.unwrap_or(1), format!("{file} describes it.")))
}

fn toml_description(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    let places: [&[&str]; 4] = [&["project"], &["package"], &["workspace", "package"], &["tool", "poetry"]];
    places.iter().find_map(|place| {
        let found = place.iter().try_fold(&table, |table, key| table.get(*key)?.as_table())?;
        Some(found.get("description")?.as_str()?.to_owned())
    })
}

fn from_readme(snapshot: &Snapshot, file: &str, findings: &mut Vec<Finding>) -> Option<Fact<String>> {
    let blob = snapshot.read(file, README_HEAD).ok().flatten()?;
    if crate::classify::is_binary(&blob.bytes) {
        let help = "Save it as UTF-8 text.";
        findings
            .push(note("readme.binary", "The README is not text and is not shown.".to_owned(), help).at(file, 0, 0));
        return None;
    }
    let text = blob.text();
    let lower = file.to_ascii_lowercase();
    let (paragraph, line) = if lower.ends_with(".md") || lower.ends_with(".markdown") || lower.ends_with(".mdown") {
        first_paragraph(&text)?
    } else {
        first_plain_paragraph(&text)?
    };
    let why = "It is the README's first paragraph.";
    let evidence = Evidence::new("description.readme", Confidence::Corroborated, why).at(file, Some(line));
    Some(Fact::new(tidy(&paragraph)?, evidence))
}

/// The first paragraph of a Markdown text that says something in words: badges, images and navigation are passed over.
/// With its line.
pub(super) fn first_paragraph(text: &str) -> Option<(String, u32)> {
    let mut paragraph = String::new();
    let mut start = 0;
    // Text inside of links, and how deep in images the parser is: a badge is a link around an image.
    let mut heading: Option<String> = None;
    let mut aside = false;
    let (mut inside, mut images, mut linked, mut in_link) = (false, 0_u32, 0_usize, 0_u32);
    for (event, range) in Parser::new_ext(text, Options::ENABLE_YAML_STYLE_METADATA_BLOCKS).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let heading = heading.take().unwrap_or_default().to_lowercase();
                aside = ASIDE.iter().any(|word| heading.contains(word));
            }
            // A line across ends whatever the heading spoke of.
            Event::Rule => aside = false,
            Event::Text(part) if heading.is_some() => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            Event::Start(Tag::Paragraph) => {
                (inside, linked, start) = (true, 0, range.start);
                paragraph.clear();
            }
            Event::End(TagEnd::Paragraph) => {
                inside = false;
                let letters = paragraph.chars().filter(|c| c.is_alphabetic()).count();
                if !aside && letters >= SHORTEST && linked * 2 < paragraph.chars().count() {
                    let line = text[..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
                    return Some((paragraph, u32::try_from(line).ok()?));
                }
            }
            Event::Start(Tag::Image { .. }) => images += 1,
            Event::End(TagEnd::Image) => images = images.saturating_sub(1),
            Event::Start(Tag::Link { .. }) => in_link += 1,
            Event::End(TagEnd::Link) => in_link = in_link.saturating_sub(1),
            Event::Text(part) | Event::Code(part) if inside && images == 0 => {
                paragraph.push_str(&part);
                if in_link > 0 {
                    linked += part.chars().count();
                }
            }
            Event::SoftBreak | Event::HardBreak if inside => paragraph.push(' '),
            _ => {}
        }
    }
    None
}

/// The words of a piece of Markdown: what a link is called without where it leads, no marks, no images, no tags.
pub fn plain_text(markdown: &str) -> String {
    // Where a reference leads stands elsewhere in the document.
    let referred = |link: BrokenLink| {
        let known = matches!(link.link_type, LinkType::Reference | LinkType::Collapsed);
        known.then(|| ("".into(), "".into()))
    };
    let mut plain = String::new();
    let mut images = 0_u32;
    for event in Parser::new_with_broken_link_callback(markdown, Options::ENABLE_STRIKETHROUGH, Some(referred)) {
        match event {
            Event::Start(Tag::Image { .. }) => images += 1,
            Event::End(TagEnd::Image) => images = images.saturating_sub(1),
            Event::Text(part) | Event::Code(part) if images == 0 => plain.push_str(&part),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph) => plain.push(' '),
            _ => {}
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words of headings below which nobody says what a project is.
const ASIDE: &[&str] =
    &["announc", "is now available", "news", "what's new", "sponsor", "table of contents", "changelog"];

/// Letters below which a paragraph is taken for decoration.
const SHORTEST: usize = 12;

/// The same for formats that are not parsed: headings, underlines, directives and lists are passed over.
fn first_plain_paragraph(text: &str) -> Option<(String, u32)> {
    let lines: Vec<&str> = text.lines().collect();
    let underline = |line: &str| line.len() >= 3 && line.chars().all(|c| "=-~^*#+\"'`".contains(c));
    let mut at = 0;
    while at < lines.len() {
        let length = lines[at..].iter().take_while(|line| !line.trim().is_empty()).count();
        if length == 0 {
            at += 1;
            continue;
        }
        let block = &lines[at..at + length];
        let marked = block.iter().any(|line| underline(line.trim()))
            || block[0].starts_with(|c: char| ".:|=*#-+ \t".contains(c))
            || block.iter().all(|line| line.contains("://"));
        let joined = block.join(" ");
        if !marked && joined.chars().filter(|c| c.is_alphabetic()).count() >= SHORTEST {
            return Some((joined.replace("``", ""), u32::try_from(at + 1).ok()?));
        }
        at += length;
    }
    None
}

/// One line of at most [`LONGEST`] characters, cut at a word.
fn tidy(text: &str) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    // What leads over to a list says nothing without it.
    let line = match (line.ends_with(':'), line.rfind(". ")) {
        (true, Some(end)) => line[..=end].to_owned(),
        _ => line,
    };
    if line.is_empty() {
        return None;
    }
    let Some((end, _)) = line.char_indices().nth(LONGEST) else { return Some(line) };
    let cut = line[..end].rfind(' ').unwrap_or(end);
    Some(format!("{}…", line[..cut].trim_end_matches([',', ';', ':', ' '])))
}
