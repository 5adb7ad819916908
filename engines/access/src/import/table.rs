//! CSV (RFC 4180) with the place of each cell.
//!
//! Own, since the `csv` crate knows no columns, and takes a quote that is never closed for the whole rest of a file.

use engine_yaml::{Node, Value, nearest};

use super::rows::Row;
use super::{FIELDS, MOST_RECORDS};
use crate::at::{At, Place};
use crate::manifest::reader::{Reader, clipped};
use crate::rules::UNKNOWN_KEY;

/// More columns than that are no table of grants.
const MOST_COLUMNS: usize = 100;

pub fn rows(reader: &mut Reader<'_>, text: &str) -> Vec<Row> {
    let first = text.lines().next().unwrap_or_default();
    let separator = [',', ';', '\t'].into_iter().find(|one| first.contains(*one)).unwrap_or(',');
    let mut cells = Cells { letters: text.chars().peekable(), line: 1, column: 1, separator };
    let Some(header) = cells.record(reader) else { return Vec::new() };
    let Some(columns) = columns(reader, &header) else { return Vec::new() };
    let mut rows = Vec::new();
    while rows.len() <= MOST_RECORDS {
        let Some(record) = cells.record(reader) else { break };
        let Some(first) = record.first() else { break };
        // A line without anything ends many files.
        if record.len() == 1 && first.value.trim().is_empty() {
            continue;
        }
        if record.len() != columns.len() {
            let message = format!("The row has {} cells, and the header {}.", record.len(), columns.len());
            reader.wrong(first.place, message, "Put quotes around cells that hold the separator.");
            continue;
        }
        let mut row = Row::new(first.place);
        for (field, cell) in columns.iter().zip(record) {
            let Place { line, column } = cell.place;
            row.add(field, Node { line, column, value: Value::String(cell.value.trim().to_owned()) });
        }
        rows.push(row);
    }
    rows
}

/// The field of each column; `None` where the header is wrong, of which everything is said.
fn columns(reader: &mut Reader<'_>, header: &[At<String>]) -> Option<Vec<&'static str>> {
    let mut columns = Vec::new();
    for cell in header.iter().take(MOST_COLUMNS) {
        let name = cell.value.trim();
        match FIELDS.iter().find(|field| field.eq_ignore_ascii_case(name)) {
            Some(field) if columns.contains(field) => {
                reader.wrong(cell.place, format!("There are two columns `{field}`."), "Keep one of the two.");
            }
            Some(field) => columns.push(*field),
            None => {
                let help = match nearest(name, FIELDS) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => format!("Known are {}.", FIELDS.join(", ")),
                };
                reader.error(&UNKNOWN_KEY, cell.place, format!("There is no column {:?}.", clipped(name)), help);
            }
        }
    }
    (columns.len() == header.len()).then_some(columns)
}

struct Cells<'a> {
    letters: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
    column: u32,
    separator: char,
}

impl Cells<'_> {
    fn next(&mut self) -> Option<char> {
        let letter = self.letters.next()?;
        if letter == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(letter)
    }

    /// The cells up to the end of a line, or `None` at the end of the text. A quote that is wrong ends the text, since
    /// nobody knows what stands in it.
    fn record(&mut self, reader: &mut Reader<'_>) -> Option<Vec<At<String>>> {
        self.letters.peek()?;
        let mut cells = Vec::new();
        loop {
            let place = Place { line: self.line, column: self.column };
            let value = if self.letters.peek() == Some(&'"') { self.quoted(reader, place)? } else { self.plain() };
            cells.push(At { value, place });
            match self.next() {
                Some('\r') if self.letters.peek() == Some(&'\n') => {
                    self.next();
                    return Some(cells);
                }
                Some('\n') | None => return Some(cells),
                Some(letter) if letter == self.separator => {}
                Some(_) => {
                    let place = Place { line: self.line, column: self.column.saturating_sub(1).max(1) };
                    let message = "Something stands after a closing quote; nothing from here on was read.";
                    reader.wrong(place, message, "Write a quote within quotes twice.");
                    self.letters = "".chars().peekable();
                    return None;
                }
            }
        }
    }

    fn plain(&mut self) -> String {
        let mut value = String::new();
        while let Some(&letter) = self.letters.peek() {
            let mut ahead = self.letters.clone();
            let ends = letter == '\r' && ahead.nth(1) == Some('\n');
            if ends || letter == '\n' || letter == self.separator {
                break;
            }
            value.extend(self.next());
        }
        value
    }

    fn quoted(&mut self, reader: &mut Reader<'_>, begun: Place) -> Option<String> {
        self.next();
        let mut value = String::new();
        loop {
            match self.next() {
                Some('"') if self.letters.peek() == Some(&'"') => value.extend(self.next()),
                Some('"') => return Some(value),
                Some(letter) => value.push(letter),
                None => {
                    let message = "The quote that begins here is never closed; nothing from here on was read.";
                    reader.wrong(begun, message, "Close it, or write a quote within quotes twice.");
                    return None;
                }
            }
        }
    }
}
