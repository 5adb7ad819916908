//! A text by its lines, and copies of it in which something was put in or taken out.

use engine_yaml::{Entry, Node};

use super::{Tried, last_line};

pub struct Text<'a> {
    text: &'a str,
    /// With their ends.
    lines: Vec<&'a str>,
    /// As most lines end.
    pub end: &'static str,
}

impl<'a> Text<'a> {
    pub fn new(text: &'a str) -> Self {
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { text, lines: text.split_inclusive('\n').collect(), end }
    }

    pub fn count(&self) -> usize {
        self.lines.len()
    }

    fn line(&self, line: u32) -> &'a str {
        (line as usize).checked_sub(1).and_then(|at| self.lines.get(at)).copied().unwrap_or_default()
    }

    /// Where in the text a place is, in bytes.
    fn byte(&self, line: u32, column: u32) -> Option<usize> {
        let at = (line as usize).checked_sub(1)?;
        let within = self.lines.get(at)?.char_indices().nth((column as usize).checked_sub(1)?)?.0;
        Some(self.lines[..at].iter().map(|line| line.len()).sum::<usize>() + within)
    }

    /// With more lines after so many.
    pub fn with_lines(&self, after: usize, more: &str) -> String {
        let before = self.lines[..after.min(self.lines.len())].concat();
        let gap = if before.is_empty() || before.ends_with('\n') { "" } else { self.end };
        format!("{before}{gap}{more}{}", self.lines[after.min(self.lines.len())..].concat())
    }

    /// With another text for one line.
    pub fn with_line(&self, line: u32, change: impl Fn(&str) -> String) -> String {
        let changed = |(at, one): (usize, &&str)| if at + 1 == line as usize { change(one) } else { (*one).to_owned() };
        self.lines.iter().enumerate().map(changed).collect()
    }

    pub fn inserted(&self, line: u32, column: u32, more: &str) -> Option<String> {
        let at = self.byte(line, column)?;
        Some(format!("{}{more}{}", &self.text[..at], &self.text[at..]))
    }

    /// How many lines stand before that one and its comments.
    pub fn before_comments(&self, line: u32) -> usize {
        let before = &self.lines[..(line as usize).saturating_sub(1).min(self.lines.len())];
        before.len() - before.iter().rev().take_while(|line| line.trim_start().starts_with('#')).count()
    }

    /// The line of the dash before an item, and how far from the left it is; `None` where it stands in brackets.
    pub fn dash(&self, item: &Node) -> Option<(u32, usize)> {
        let is_before = |line: &str| {
            let before: String = if line == self.line(item.line) {
                line.chars().take((item.column as usize).saturating_sub(1)).collect()
            } else {
                line.to_owned()
            };
            let dash = before.find(|letter: char| letter != ' ')?;
            before[dash..].trim_end().strip_prefix('-')?.trim_start().is_empty().then_some(dash)
        };
        // It may stand alone on a line before.
        let lines = [item.line, item.line.saturating_sub(1)];
        lines.into_iter().find_map(|line| Some((line, is_before(self.line(line))?)))
    }

    fn without_lines(&self, from: usize, to: usize) -> String {
        let to = to.min(self.lines.len());
        [&self.lines[..from.min(to)], &self.lines[to..]].concat().concat()
    }

    /// How many lines there are up to the end of an item whose dash is so far from the left: what is further in is its own.
    pub fn end_of(&self, item: &Node, dash: usize) -> usize {
        let last = (last_line(item) as usize).min(self.lines.len());
        let mut end = last;
        for (at, line) in self.lines.iter().enumerate().skip(last) {
            let inner = line.trim_start_matches(' ');
            if !inner.trim().is_empty() {
                if line.len() - inner.len() <= dash {
                    break;
                }
                end = at + 1;
            }
        }
        end
    }

    /// Without one item of a list that is the value of `key`, the most natural first.
    pub fn without_item<'t>(&'t self, key: Option<&'t Entry>, items: &[Node], index: usize) -> Tried<'t> {
        let Some(item) = items.get(index) else { return Box::new(std::iter::empty()) };
        let Some((line, dash)) = self.dash(item) else { return Box::new(self.without_flow(items, index).into_iter()) };
        let from = (line as usize).saturating_sub(1);
        let cut = (self.end_of(item, dash)..=self.lines.len()).map(move |to| self.without_lines(from, to));
        match key {
            // Without a value it would be no list.
            Some(key) if items.len() == 1 => Box::new(cut.map(|text| {
                let empty = |line: &str| line.replacen(&format!("{}:", key.key), &format!("{}: []", key.key), 1);
                Text::new(&text).with_line(key.line, empty)
            })),
            _ => Box::new(cut),
        }
    }

    /// Without a text in the list that is the value of `key`.
    pub fn without_named<'t>(&'t self, entry: &'t Node, key: &str, name: &str) -> Tried<'t> {
        let items = entry.get(key).map(Node::items).unwrap_or_default();
        match items.iter().position(|item| item.as_str() == Some(name)) {
            Some(index) => self.without_item(entry.entry(key), items, index),
            None => Box::new(std::iter::empty()),
        }
    }

    /// Without one item within brackets, and the comma that it no longer needs.
    fn without_flow(&self, items: &[Node], index: usize) -> Option<String> {
        let place = |item: &Node| self.byte(item.line, item.column);
        let from = place(&items[index])?;
        let (from, to) = match items.get(index + 1) {
            Some(next) => (from, place(next)?),
            None if index == 0 => (from, from + token(&self.text[from..])),
            None => (self.text[..from].rfind(',')?, from + token(&self.text[from..])),
        };
        (from < to).then(|| format!("{}{}", &self.text[..from], &self.text[to..]))
    }
}

/// How long the value within brackets is with which a text begins.
fn token(text: &str) -> usize {
    let mut depth = 0usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        if let Some(open) = quote {
            if letter == open && !escaped {
                quote = None;
            }
            escaped = letter == '\\' && open == '"' && !escaped;
            continue;
        }
        match letter {
            '"' | '\'' => quote = Some(letter),
            '{' | '[' => depth += 1,
            '}' | ']' | ',' if depth == 0 => return text[..at].trim_end().len(),
            '}' | ']' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}
