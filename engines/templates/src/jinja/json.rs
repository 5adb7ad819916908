//! JSON as Python's `json.dumps` writes it.

use std::fmt::Write;

use minijinja::value::{ObjectRepr, Value, ValueKind};
use minijinja::{Error, ErrorKind};

/// How deep values may be nested.
const DEPTH: usize = 200;

/// Writes a value with ASCII only, keys sorted where asked; `indent` is what one level is indented by.
///
/// # Errors
/// What JSON cannot hold.
pub fn dumps(value: &Value, indent: Option<&str>, sort_keys: bool) -> Result<String, Error> {
    let mut written = String::new();
    write_value(&mut written, value, Style { indent, sort_keys, ascii: true }, 0)?;
    Ok(written)
}

/// [`dumps`] of a JSON value, in the order of its keys.
pub fn dumps_json(value: &serde_json::Value, indent: &str) -> String {
    dumps(&super::values::from_json(value), Some(indent), false).unwrap_or_default()
}

/// [`dumps_json`] with `ensure_ascii=False`: other characters stand as they are.
pub fn dumps_unicode(value: &serde_json::Value, indent: &str) -> String {
    let mut written = String::new();
    let style = Style { indent: Some(indent), sort_keys: false, ascii: false };
    // Only what JSON cannot hold is refused, and this is JSON.
    let _ = write_value(&mut written, &super::values::from_json(value), style, 0);
    written
}

#[derive(Clone, Copy)]
struct Style<'a> {
    /// What one level is indented by; all is on one line where it is `None`.
    indent: Option<&'a str>,
    sort_keys: bool,
    /// Other characters are escaped.
    ascii: bool,
}

fn write_value(out: &mut String, value: &Value, style: Style<'_>, depth: usize) -> Result<(), Error> {
    if depth > DEPTH {
        return Err(Error::new(ErrorKind::BadSerialization, "values are nested too deeply for JSON"));
    }
    match value.kind() {
        ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number if value.is_integer() => {
            let _ = write!(out, "{value}");
        }
        ValueKind::Number => out.push_str(&float(f64::try_from(value.clone())?)),
        ValueKind::String => write_text(out, value.as_str().unwrap_or_default(), style.ascii),
        _ => match value.as_object().map(|object| object.repr()) {
            Some(ObjectRepr::Map) => write_object(out, value, style, depth)?,
            Some(ObjectRepr::Seq) => {
                let items: Vec<Value> = value.try_iter()?.collect();
                between(out, '[', ']', items.len(), style.indent, depth, |out, at| {
                    write_value(out, &items[at], style, depth + 1)
                })?;
            }
            _ => {
                let message = format!("{} is nothing that JSON can hold", value.kind());
                return Err(Error::new(ErrorKind::BadSerialization, message));
            }
        },
    }
    Ok(())
}

fn write_object(out: &mut String, value: &Value, style: Style<'_>, depth: usize) -> Result<(), Error> {
    let mut keys: Vec<Value> = value.try_iter()?.collect();
    if style.sort_keys {
        keys.sort_by(|one, other| one.as_str().cmp(&other.as_str()).then_with(|| one.cmp(other)));
    }
    between(out, '{', '}', keys.len(), style.indent, depth, |out, at| {
        let key = &keys[at];
        match key.kind() {
            ValueKind::String => write_text(out, key.as_str().unwrap_or_default(), style.ascii),
            ValueKind::None | ValueKind::Bool | ValueKind::Number => {
                out.push('"');
                write_value(out, key, Style { indent: None, ..style }, depth + 1)?;
                out.push('"');
            }
            _ => return Err(Error::new(ErrorKind::BadSerialization, "a key is nothing that JSON can hold")),
        }
        out.push_str(": ");
        write_value(out, &value.get_item(key)?, style, depth + 1)
    })
}

fn between(
    out: &mut String,
    open: char,
    close: char,
    count: usize,
    indent: Option<&str>,
    depth: usize,
    mut item: impl FnMut(&mut String, usize) -> Result<(), Error>,
) -> Result<(), Error> {
    let line = |out: &mut String, depth: usize| {
        if let Some(indent) = indent {
            out.push('\n');
            (0..depth).for_each(|_| out.push_str(indent));
        }
    };
    out.push(open);
    for at in 0..count {
        if at > 0 {
            out.push_str(if indent.is_some() { "," } else { ", " });
        }
        line(out, depth + 1);
        item(out, at)?;
    }
    if count > 0 {
        line(out, depth);
    }
    out.push(close);
    Ok(())
}

fn write_text(out: &mut String, text: &str, ascii: bool) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            '\u{7f}'.. if !ascii => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// A floating point number as Python's `repr` writes it: the shortest digits, an exponent from `1e16` and below `1e-4`.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{value}");
    if plain.contains('.') { plain } else { plain + ".0" }
}
