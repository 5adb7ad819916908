//! Footnotes, collected at the end of the document as GitHub does.

use std::collections::HashMap;

use pulldown_cmark::{CowStr, Event, TagEnd};

#[derive(Default)]
pub struct Footnotes<'a> {
    /// By name; in the order of the first reference.
    numbers: HashMap<CowStr<'a>, usize>,
    /// How often each is referred to.
    references: Vec<usize>,
    definitions: HashMap<CowStr<'a>, Vec<Event<'a>>>,
}

impl<'a> Footnotes<'a> {
    /// What stands at a reference.
    pub fn refer(&mut self, name: CowStr<'a>) -> Event<'a> {
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.references.push(0);
        }
        let times = &mut self.references[number - 1];
        *times += 1;
        let id = reference_id(number, *times);
        Event::InlineHtml(
            format!(r##"<sup class="footnote-reference"><a href="#fn-{number}" id="{id}">{number}</a></sup>"##).into(),
        )
    }

    /// Keeps a definition. The first of one name counts.
    pub fn define(&mut self, name: CowStr<'a>, content: Vec<Event<'a>>) {
        self.definitions.entry(name).or_insert(content);
    }

    /// The list of what was referred to; nothing where nothing was.
    pub fn into_events(mut self) -> Vec<Event<'a>> {
        let mut named: Vec<_> = self.numbers.into_iter().collect();
        named.sort_by_key(|(_, number)| *number);
        if named.is_empty() {
            return Vec::new();
        }
        let mut events = vec![Event::Html("<section class=\"footnotes\">\n<ol>\n".into())];
        for (name, number) in named {
            events.push(Event::Html(format!("<li id=\"fn-{number}\">").into()));
            let mut content = self.definitions.remove(&name).unwrap_or_default();
            let back = Event::InlineHtml(back(number, self.references[number - 1]).into());
            let at = content.len() - usize::from(matches!(content.last(), Some(Event::End(TagEnd::Paragraph))));
            content.insert(at, back);
            events.append(&mut content);
            events.push(Event::Html("</li>\n".into()));
        }
        events.push(Event::Html("</ol>\n</section>\n".into()));
        events
    }
}

fn reference_id(number: usize, times: usize) -> String {
    if times == 1 { format!("fnref-{number}") } else { format!("fnref-{number}-{times}") }
}

/// The ways back to where the footnote was referred to; a document that refers a thousand times gets ten.
fn back(number: usize, references: usize) -> String {
    (1..=references.min(10))
        .map(|times| {
            let id = reference_id(number, times);
            let label = if times == 1 { format!("{number}") } else { format!("{number}-{times}") };
            format!(r##" <a href="#{id}" class="footnote-backref" aria-label="Back to reference {label}">↩</a>"##)
        })
        .collect()
}
