//! The filters of Jinja2 that minijinja has not or has otherwise, and those of cookiecutter's own extensions.

use std::sync::Arc;

use minijinja::value::{Kwargs, ObjectRepr, Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State};

use super::arguments::Arguments;
use super::chance::Chance;
use super::{json, numbers, pretty, slug, text, values};

/// minijinja's own, which Jinja2 has not.
const FOREIGN: [&str; 5] = ["lines", "split", "bool", "chain", "zip"];

/// The widest that a text is padded to.
const WIDEST: i64 = 1 << 20;

pub fn add(environment: &mut Environment<'static>, chance: &Arc<Chance>) {
    for name in FOREIGN {
        environment.remove_filter(name);
    }
    environment.add_filter("center", center);
    environment.add_filter("wordwrap", wordwrap);
    environment.add_filter("truncate", truncate);
    environment.add_filter("indent", indent);
    environment.add_filter("wordcount", wordcount);
    environment.add_filter("filesizeformat", filesizeformat);
    environment.add_filter("striptags", |value: &Value| minijinja_contrib::filters::striptags(value.to_string()));
    environment.add_filter("xmlattr", xmlattr);
    for name in ["escape", "e", "forceescape"] {
        environment.add_filter(name, escaped);
    }
    environment
        .add_filter("capitalize", |value: &Value| defined(value).map(|value| text::capitalize(&value.to_string())));
    environment.add_filter("dictsort", dictsort);
    // Python's are new lists, which a template may change.
    environment.add_filter("list", |state: &State, value: Value| {
        minijinja::filters::list(state, value).and_then(|list| values::changeable(&list))
    });
    environment.add_filter("sort", |state: &mut State, value: Value, named: Kwargs| {
        minijinja::filters::sort(state, value, named).and_then(|list| values::changeable(&list))
    });
    environment.add_filter("abs", numbers::abs);
    environment.add_filter("int", numbers::int);
    environment.add_filter("float", numbers::float);
    environment.add_filter("round", numbers::round);
    environment.add_filter("pprint", |value: &Value| defined(value).map(pretty::pformat));
    environment.add_filter("tojson", tojson);
    environment.add_filter("jsonify", jsonify);
    environment.add_filter("slugify", slugify);
    let chance = chance.clone();
    environment.add_filter("random", move |value: &Value| {
        let items: Vec<Value> = value.try_iter()?.collect();
        Ok::<_, Error>(items.get(chance.below(items.len() as u64) as usize).cloned().unwrap_or(Value::UNDEFINED))
    });
}

/// Writes a value, escaped as markupsafe escapes it where the environment asks for that.
///
/// # Errors
/// The value is undefined.
pub fn write(output: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if value.kind() == ValueKind::Number && !value.is_integer() {
        return output.write_str(&numbers::text(value)).map_err(Error::from);
    }
    if value.is_undefined() || value.is_safe() || *state.auto_escape() == AutoEscape::None {
        return minijinja::escape_formatter(output, state, value);
    }
    output.write_str(&escape(&value.to_string())).map_err(Error::from)
}

/// Takes its arguments by place too.
fn dictsort(value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let names = ["case_sensitive", "by", "reverse"];
    let bound = Arguments::bind("dictsort", &arguments.into_values(), &names)?;
    let given = names.iter().enumerate().filter_map(|(at, name)| Some((*name, bound.get(at)?.clone())));
    minijinja::filters::dictsort(value, Kwargs::from_iter(given))
}

/// # Errors
/// The value is undefined: filters do with it what Jinja2's `StrictUndefined` does.
fn defined(value: &Value) -> Result<&Value, Error> {
    if value.is_undefined() { Err(Error::from(ErrorKind::UndefinedError)) } else { Ok(value) }
}

/// Safe text stays as it is, as markupsafe's `Markup` does.
fn escaped(value: &Value) -> Result<Value, Error> {
    let value = defined(value)?;
    Ok(if value.is_safe() { value.clone() } else { Value::from_safe_string(escape(&value.to_string())) })
}

fn soft_text(value: &Value) -> Result<String, Error> {
    defined(value).map(Value::to_string)
}

fn strict_text<'v>(value: &'v Value, filter: &str) -> Result<&'v str, Error> {
    defined(value)?.as_str().ok_or_else(|| {
        Error::new(ErrorKind::InvalidOperation, format!("the filter {filter:?} wants a text, and not {}", value.kind()))
    })
}

fn escape(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&#34;"),
            '\'' => written.push_str("&#39;"),
            _ => written.push(character),
        }
    }
    written
}

fn center(state: &State, value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let width = Arguments::bind("center", &arguments.into_values(), &["width"])?.integer(0, 80)?.clamp(0, WIDEST);
    state.consume_fuel(width as u64 / 64)?;
    Ok(text::center(&soft_text(value)?, width as usize, ' '))
}

fn wordwrap(value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let names = ["width", "break_long_words", "wrapstring", "break_on_hyphens"];
    let bound = Arguments::bind("wordwrap", &arguments.into_values(), &names)?;
    let width = usize::try_from(bound.integer(0, 79)?)
        .ok()
        .filter(|width| *width > 0)
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "a text is wrapped at a width above 0"))?;
    let (long, hyphens) = (bound.flag(1, true)?, bound.flag(3, true)?);
    let between = bound.text(2)?.unwrap_or("\n");
    let lines = text::lines(strict_text(value, "wordwrap")?);
    let wrapped = lines.into_iter().map(|(line, _)| text::wrap(line, width, long, hyphens).join(between));
    Ok(wrapped.collect::<Vec<_>>().join(between))
}

fn truncate(value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let bound = Arguments::bind("truncate", &arguments.into_values(), &["length", "killwords", "end", "leeway"])?;
    let text = strict_text(value, "truncate")?;
    let end = bound.text(2)?.unwrap_or("...");
    let count = |text: &str| text.chars().count() as i64;
    let (length, leeway) = (bound.integer(0, 255)?, bound.integer(3, 5)?);
    if length < count(end) || leeway < 0 {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("a text is cut to at least {}", count(end))));
    }
    if count(text) <= length + leeway {
        return Ok(text.to_owned());
    }
    let cut: String = text.chars().take((length - count(end)) as usize).collect();
    let kept =
        if bound.flag(1, false)? { cut.as_str() } else { cut.rsplit_once(' ').map_or(cut.as_str(), |(kept, _)| kept) };
    Ok(format!("{kept}{end}"))
}

fn indent(state: &State, value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let bound = Arguments::bind("indent", &arguments.into_values(), &["width", "first", "blank"])?;
    let by = match bound.get(0).and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => " ".repeat(bound.integer(0, 4)?.clamp(0, WIDEST) as usize),
    };
    let whole = format!("{}\n", strict_text(value, "indent")?);
    let lines: Vec<&str> = text::lines(&whole).into_iter().map(|(line, _)| line).collect();
    state.consume_fuel((lines.len() * by.len()) as u64 / 64)?;
    let blank = bound.flag(2, false)?;
    let mut written = if bound.flag(1, false)? { by.clone() } else { String::new() };
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            written.push('\n');
            if blank || !line.is_empty() {
                written.push_str(&by);
            }
        }
        written.push_str(line);
    }
    Ok(written)
}

fn wordcount(value: &Value) -> Result<usize, Error> {
    let text = soft_text(value)?;
    let words = text.split(|character: char| !(character.is_alphanumeric() || character == '_'));
    Ok(words.filter(|word| !word.is_empty()).count())
}

fn filesizeformat(value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let binary = Arguments::bind("filesizeformat", &arguments.into_values(), &["binary"])?.flag(0, false)?;
    let not_a_number = || Error::new(ErrorKind::InvalidOperation, "a size is a number");
    let bytes = match defined(value)?.as_str() {
        Some(text) => text.trim().parse::<f64>().map_err(|_| not_a_number())?,
        None => numbers::number(value).ok_or_else(not_a_number)?,
    };
    let base: f64 = if binary { 1024.0 } else { 1000.0 };
    if bytes == 1.0 {
        return Ok("1 Byte".to_owned());
    }
    if bytes < base {
        return Ok(format!("{} Bytes", bytes.trunc()));
    }
    let units = if binary {
        ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
    } else {
        ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
    };
    let mut size = bytes / base;
    let mut units = units.iter();
    let mut unit = units.next();
    while size >= base {
        let Some(next) = units.next() else { break };
        size /= base;
        unit = Some(next);
    }
    Ok(format!("{size:.1} {}", unit.unwrap_or(&"")))
}

fn xmlattr(value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let autospace = Arguments::bind("xmlattr", &arguments.into_values(), &["autospace"])?.flag(0, true)?;
    let mut written: Vec<String> = Vec::new();
    for key in defined(value)?.try_iter()? {
        let item = value.get_item(&key)?;
        let name = key.to_string();
        if name.contains(|character: char| character.is_whitespace() || matches!(character, '/' | '>' | '=')) {
            return Err(Error::new(ErrorKind::InvalidOperation, format!("{name:?} is no name of an attribute")));
        }
        if !item.is_none() && !item.is_undefined() {
            written.push(format!("{}=\"{}\"", escape(&name), escape(&item.to_string())));
        }
    }
    let space = if autospace && !written.is_empty() { " " } else { "" };
    Ok(format!("{space}{}", written.join(" ")))
}

/// Jinja2's: sorted keys, and nothing in it that HTML would read.
fn tojson(value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let written =
        json::dumps(defined(value)?, indentation("tojson", &arguments.into_values(), None)?.as_deref(), true)?;
    let safe = written.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027");
    Ok(Value::from_safe_string(safe))
}

/// cookiecutter's: `json.dumps(value, sort_keys=True, indent=4)`.
fn jsonify(value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::BadSerialization, "an undefined value is nothing that JSON can hold"));
    }
    json::dumps(value, indentation("jsonify", &arguments.into_values(), Some("    "))?.as_deref(), true)
}

fn indentation(filter: &str, arguments: &[Value], default: Option<&str>) -> Result<Option<String>, Error> {
    let bound = Arguments::bind(filter, arguments, &["indent"])?;
    Ok(match bound.get(0) {
        None => default.map(str::to_owned),
        Some(value) if value.is_none() => None,
        Some(value) => Some(match value.as_str() {
            Some(text) => text.to_owned(),
            None => " ".repeat(bound.integer(0, 0)?.clamp(0, 1_000) as usize),
        }),
    })
}

fn slugify(value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let names = [
        "entities",
        "decimal",
        "hexadecimal",
        "max_length",
        "word_boundary",
        "separator",
        "save_order",
        "stopwords",
        "regex_pattern",
        "lowercase",
        "replacements",
        "allow_unicode",
    ];
    let bound = Arguments::bind("slugify", &arguments.into_values(), &names)?;
    let text = defined(value)?.as_str().ok_or_else(|| {
        Error::new(ErrorKind::InvalidOperation, format!("slugify wants a text, and not {}", value.kind()))
    })?;
    let pattern = |text: &str| {
        regex::Regex::new(text)
            .map_err(|error| Error::new(ErrorKind::InvalidOperation, format!("{text:?} is no pattern: {error}")))
    };
    let options = slug::Options {
        entities: bound.flag(0, true)?,
        decimal: bound.flag(1, true)?,
        hexadecimal: bound.flag(2, true)?,
        max_length: bound.integer(3, 0)?,
        word_boundary: bound.flag(4, false)?,
        separator: bound.text(5)?.unwrap_or("-"),
        save_order: bound.flag(6, false)?,
        stopwords: items(bound.get(7))?.iter().map(Value::to_string).collect(),
        regex_pattern: bound.text(8)?.filter(|text| !text.is_empty()).map(pattern).transpose()?,
        lowercase: bound.flag(9, true)?,
        replacements: items(bound.get(10))?
            .iter()
            .map(|pair| Ok((pair.get_item_by_index(0)?.to_string(), pair.get_item_by_index(1)?.to_string())))
            .collect::<Result<_, Error>>()?,
        allow_unicode: bound.flag(11, false)?,
    };
    Ok(slug::slugify(text, &options))
}

fn items(value: Option<&Value>) -> Result<Vec<Value>, Error> {
    match value {
        None => Ok(Vec::new()),
        Some(value) if value.kind() == ValueKind::String => {
            Ok(value.to_string().chars().map(|character| Value::from(character.to_string())).collect())
        }
        Some(value) if value.as_object().is_some_and(|object| object.repr() == ObjectRepr::Plain) => Ok(Vec::new()),
        Some(value) => Ok(value.try_iter()?.collect()),
    }
}
