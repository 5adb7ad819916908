//! JSON values as YAML that a person would write: block style, quotes only where something would misread without them.

use std::fmt::Write;

use saphyr_parser::ScalarStyle;
use serde_json::Value as Json;

use super::Value;
use super::scalar::resolve;

/// A parser need not accept a longer key without `? `; half of what YAML allows.
const MAX_KEY: usize = 512;

/// `value` as one document. Reads back as the same value.
pub fn emit(value: &Json) -> String {
    let mut out = String::new();
    match value {
        Json::Object(entries) if !entries.is_empty() => mapping(&mut out, entries, 0),
        Json::Array(items) if !items.is_empty() => sequence(&mut out, items, 0),
        _ => {
            // Indented, so that no line of a text begins a document.
            inline(&mut out, value, 2);
            out.push('\n');
        }
    }
    out
}

fn mapping(out: &mut String, entries: &serde_json::Map<String, Json>, indent: usize) {
    for (position, (key, value)) in entries.iter().enumerate() {
        if position > 0 {
            pad(out, indent);
        }
        let name = scalar(key);
        if name.len() > MAX_KEY {
            out.push_str("? ");
            out.push_str(&name);
            out.push('\n');
            pad(out, indent);
        } else {
            out.push_str(&name);
        }
        out.push(':');
        match value {
            Json::Object(entries) if !entries.is_empty() => {
                out.push('\n');
                pad(out, indent + 2);
                mapping(out, entries, indent + 2);
            }
            Json::Array(items) if !items.is_empty() => {
                out.push('\n');
                pad(out, indent + 2);
                sequence(out, items, indent + 2);
            }
            _ => {
                out.push(' ');
                inline(out, value, indent + 2);
                out.push('\n');
            }
        }
    }
}

fn sequence(out: &mut String, items: &[Json], indent: usize) {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            pad(out, indent);
        }
        out.push_str("- ");
        match item {
            Json::Object(entries) if !entries.is_empty() => mapping(out, entries, indent + 2),
            Json::Array(items) if !items.is_empty() => sequence(out, items, indent + 2),
            _ => {
                inline(out, item, indent + 2);
                out.push('\n');
            }
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// A value that begins on the line of its key; without the line's end.
fn inline(out: &mut String, value: &Json, indent: usize) {
    match value {
        Json::String(text) if is_block(text) => block(out, text, indent),
        Json::String(text) => out.push_str(&scalar(text)),
        Json::Array(_) => out.push_str("[]"),
        Json::Object(_) => out.push_str("{}"),
        Json::Null | Json::Bool(_) | Json::Number(_) => out.push_str(&value.to_string()),
    }
}

/// Whether a text can stand as it is below a `|`.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let lines_are_plain = body.split('\n').all(|line| line.is_empty() || !line.trim().is_empty());
    body.contains('\n')
        && !body.ends_with('\n')
        && !body.starts_with([' ', '\t', '\n'])
        && lines_are_plain
        && body.chars().all(|c| c == '\n' || c == '\t' || is_printable(c))
}

fn block(out: &mut String, text: &str, indent: usize) {
    out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(out, indent);
            out.push_str(line);
        }
    }
}

fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quote(text) }
}

/// Whether a text means itself without quotes, to this parser and to those of YAML 1.1.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
    );
    let like_a_number = matches!(first, '0'..='9' | '.')
        && text.chars().all(
            |c| matches!(c, '0'..='9' | '.' | ':' | '_' | '-' | '+' | 'a'..='f' | 'A'..='F' | 'x' | 'o' | 'T' | 'Z'),
        );
    (first.is_alphanumeric() || matches!(first, '/' | '.' | '_' | '$' | '('))
        && !word
        && !like_a_number
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && !text.starts_with("...")
        && text.chars().all(is_printable)
        && matches!(resolve(text, ScalarStyle::Plain, None), Value::String(_))
}

fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if is_printable(c) => quoted.push(c),
            // What is not printable lies in the first plane.
            c => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}
