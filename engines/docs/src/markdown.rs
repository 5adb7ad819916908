//! Markdown → HTML as GitHub has it. What comes out is not safe yet.

use std::collections::VecDeque;

use pulldown_cmark::{
    Alignment, BlockQuoteKind, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream,
    html,
};

use crate::autolink::{self, Piece};
use crate::footnotes::Footnotes;
use crate::highlight::Highlighter;

/// The HTML of a document. Raw HTML in it stands as it was.
pub fn to_html(text: &str) -> String {
    let events = TextMergeStream::new(Parser::new_ext(text, options()));
    let mut html = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut html, GitHub::new(events));
    html
}

/// What GitHub has beyond CommonMark, as far as the parser knows it.
pub fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM
}

/// Replaces events by what GitHub makes of them.
struct GitHub<'a, I> {
    events: I,
    /// Read already, to look ahead.
    ahead: VecDeque<Event<'a>>,
    /// Made already, to be given next.
    made: VecDeque<Event<'a>>,
    footnotes: Footnotes<'a>,
    highlighter: Highlighter,
    /// Links, images and raw `<a>` that are open: no bare address becomes a link in them.
    inside_links: usize,
    alignments: Vec<Alignment>,
    column: usize,
    in_table_head: bool,
    ended: bool,
}

impl<'a, I: Iterator<Item = Event<'a>>> Iterator for GitHub<'a, I> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            if let Some(event) = self.made.pop_front() {
                return Some(event);
            }
            match self.read() {
                Some(event) => self.take(event),
                None if self.ended => return None,
                None => {
                    self.ended = true;
                    self.made.extend(std::mem::take(&mut self.footnotes).into_events());
                }
            }
        }
    }
}

impl<'a, I: Iterator<Item = Event<'a>>> GitHub<'a, I> {
    fn new(events: I) -> Self {
        Self {
            events,
            ahead: VecDeque::new(),
            made: VecDeque::new(),
            footnotes: Footnotes::default(),
            highlighter: Highlighter::default(),
            inside_links: 0,
            alignments: Vec::new(),
            column: 0,
            in_table_head: false,
            ended: false,
        }
    }

    fn read(&mut self) -> Option<Event<'a>> {
        self.ahead.pop_front().or_else(|| self.events.next())
    }

    fn look_ahead(&mut self, index: usize) -> Option<&Event<'a>> {
        while self.ahead.len() <= index {
            let event = self.events.next()?;
            self.ahead.push_back(event);
        }
        self.ahead.get(index)
    }

    fn raw(&mut self, html: impl Into<CowStr<'a>>) {
        self.made.push_back(Event::Html(html.into()));
    }

    /// Puts into `made` what stands for one event.
    fn take(&mut self, event: Event<'a>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.inside_links == 0 => self.text(text),
            Event::InlineHtml(html) => {
                self.follow_raw_links(&html);
                self.made.push_back(Event::InlineHtml(html));
            }
            Event::FootnoteReference(name) => {
                let reference = self.footnotes.refer(name);
                self.made.push_back(reference);
            }
            Event::TaskListMarker(done) => {
                let checked = if done { " checked" } else { "" };
                self.made.push_back(Event::InlineHtml(format!("<input type=\"checkbox\"{checked}> ").into()));
            }
            other => self.made.push_back(other),
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        match tag {
            Tag::CodeBlock(kind) => self.code_block(&kind),
            Tag::FootnoteDefinition(name) => self.footnote(name),
            Tag::BlockQuote(Some(kind)) => self.raw(alert(kind)),
            Tag::Item if self.starts_task() => self.raw("<li class=\"task-list-item\">"),
            Tag::Table(alignments) => {
                self.raw("<div class=\"table-scroll\" tabindex=\"0\">");
                self.alignments.clone_from(&alignments);
                self.made.push_back(Event::Start(Tag::Table(alignments)));
            }
            Tag::TableHead => {
                (self.in_table_head, self.column) = (true, 0);
                self.made.push_back(Event::Start(Tag::TableHead));
            }
            Tag::TableRow => {
                (self.in_table_head, self.column) = (false, 0);
                self.made.push_back(Event::Start(Tag::TableRow));
            }
            Tag::TableCell => self.cell(),
            Tag::Link { .. } | Tag::Image { .. } => {
                self.inside_links += 1;
                self.made.push_back(Event::Start(tag));
            }
            other => self.made.push_back(Event::Start(other)),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::BlockQuote(Some(_)) => self.raw("</div>\n"),
            TagEnd::Table => {
                self.made.push_back(Event::End(tag));
                self.raw("</div>\n");
            }
            TagEnd::Link | TagEnd::Image => {
                self.inside_links = self.inside_links.saturating_sub(1);
                self.made.push_back(Event::End(tag));
            }
            other => self.made.push_back(Event::End(other)),
        }
    }

    fn starts_task(&mut self) -> bool {
        match self.look_ahead(0) {
            Some(Event::TaskListMarker(_)) => true,
            Some(Event::Start(Tag::Paragraph)) => matches!(self.look_ahead(1), Some(Event::TaskListMarker(_))),
            _ => false,
        }
    }

    /// pulldown-cmark writes alignments as inline styles, which are not let through.
    fn cell(&mut self) {
        let name = if self.in_table_head { "th" } else { "td" };
        let align = match self.alignments.get(self.column) {
            Some(Alignment::Left) => " align=\"left\"",
            Some(Alignment::Center) => " align=\"center\"",
            Some(Alignment::Right) => " align=\"right\"",
            _ => "",
        };
        self.column += 1;
        self.raw(format!("<{name}{align}>"));
    }

    fn code_block(&mut self, kind: &CodeBlockKind) {
        let info = match kind {
            CodeBlockKind::Fenced(info) => info.as_ref(),
            CodeBlockKind::Indented => "",
        };
        let mut code = String::new();
        while let Some(event) = self.read() {
            match event {
                Event::Text(text) => code.push_str(&text),
                Event::End(TagEnd::CodeBlock) => break,
                _ => {}
            }
        }
        let html = self.highlighter.block(info, &code);
        self.raw(html);
    }

    fn footnote(&mut self, name: CowStr<'a>) {
        let before = std::mem::take(&mut self.made);
        while let Some(event) = self.read() {
            match event {
                Event::End(TagEnd::FootnoteDefinition) => break,
                // They do not nest; should they ever, the inner one's text stays in the outer one.
                Event::Start(Tag::FootnoteDefinition(_)) => {}
                event => self.take(event),
            }
        }
        let content = std::mem::replace(&mut self.made, before);
        self.footnotes.define(name, content.into());
    }

    fn text(&mut self, text: CowStr<'a>) {
        let pieces = autolink::split(&text);
        if let [] | [Piece::Text(_)] = pieces.as_slice() {
            self.made.push_back(Event::Text(text));
            return;
        }
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.made.push_back(Event::Text(text.to_owned().into())),
                Piece::Link { text, address } => {
                    let (link_type, dest_url) = (LinkType::Autolink, address.into());
                    self.made.push_back(Event::Start(Tag::Link {
                        link_type,
                        dest_url,
                        title: "".into(),
                        id: "".into(),
                    }));
                    self.made.push_back(Event::Text(text.to_owned().into()));
                    self.made.push_back(Event::End(TagEnd::Link));
                }
            }
        }
    }

    fn follow_raw_links(&mut self, html: &str) {
        let start = |name: &str| html.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        if start("</a") {
            self.inside_links = self.inside_links.saturating_sub(1);
        } else if start("<a ") || start("<a>") || start("<a\n") {
            self.inside_links += 1;
        }
    }
}

fn alert(kind: BlockQuoteKind) -> String {
    let (class, title) = match kind {
        BlockQuoteKind::Note => ("note", "Note"),
        BlockQuoteKind::Tip => ("tip", "Tip"),
        BlockQuoteKind::Important => ("important", "Important"),
        BlockQuoteKind::Warning => ("warning", "Warning"),
        BlockQuoteKind::Caution => ("caution", "Caution"),
    };
    format!("<div class=\"markdown-alert markdown-alert-{class}\">\n<p class=\"markdown-alert-title\">{title}</p>\n")
}
