//! Python's methods of text, lists and dictionaries, as far as minijinja's own `pycompat` has them not or otherwise.

use minijinja::value::{Tuple, Value, ValueKind};
use minijinja::{Error, ErrorKind, State};

use super::arguments::Arguments;
use super::{conversion, text, values};

/// The widest that a text is padded to.
const WIDEST: usize = 1 << 20;

/// Calls a method that minijinja does not know.
///
/// # Errors
/// There is none of that name, or its arguments are wrong.
pub fn call(state: &mut State, value: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    if let (Some(text), "format") = (value.as_str(), method)
        && let Some((text, arguments)) = conversion::without(text, arguments)?
    {
        return minijinja_contrib::pycompat::unknown_method_callback(state, &Value::from(text), method, &arguments);
    }
    let own = match value.kind() {
        ValueKind::String => value.as_str().map(|text| text_method(state, text, method, arguments)),
        ValueKind::Seq if method == "index" => Some(index(value, arguments).map(Some)),
        _ => None,
    };
    match own {
        Some(Ok(Some(result))) => Ok(result),
        Some(Err(error)) => Err(error),
        _ => minijinja_contrib::pycompat::unknown_method_callback(state, value, method, arguments),
    }
}

fn index(value: &Value, arguments: &[Value]) -> Result<Value, Error> {
    let bound = Arguments::bind("index", arguments, &["value"])?;
    let items: Vec<Value> = value.try_iter()?.collect();
    Ok(Value::from(values::position(&items, bound.required(0)?, "the value is not in the list")?))
}

/// The result of a method of text; nothing where it is left to `pycompat`.
fn text_method(state: &State, text: &str, method: &str, arguments: &[Value]) -> Result<Option<Value>, Error> {
    let none = || Arguments::bind(method, arguments, &[]).map(|_| ());
    let one = |name: &'static [&'static str]| -> Result<String, Error> {
        let bound = Arguments::bind(method, arguments, name)?;
        bound.required(0)?;
        bound.text(0)?.map(str::to_owned).ok_or_else(|| Error::from(ErrorKind::InvalidOperation))
    };
    Ok(Some(match method {
        "title" => none().map(|()| Value::from(text::title(text)))?,
        "capitalize" => none().map(|()| Value::from(text::capitalize(text)))?,
        "swapcase" => none().map(|()| Value::from(text::swapcase(text)))?,
        "casefold" => none().map(|()| Value::from(text.to_lowercase().replace('ß', "ss")))?,
        "istitle" => {
            none().map(|()| Value::from(text::title(text) == text && text.chars().any(char::is_alphabetic)))?
        }
        "isdecimal" | "isdigit" => {
            none()?;
            Value::from(!text.is_empty() && text.chars().all(|character| character.is_ascii_digit()))
        }
        "isidentifier" => {
            none()?;
            let mut characters = text.chars();
            let first = characters.next().is_some_and(|one| one == '_' || one.is_alphabetic());
            Value::from(first && characters.all(|one| one == '_' || one.is_alphanumeric()))
        }
        "isprintable" => none().map(|()| Value::from(!text.chars().any(char::is_control)))?,
        "split" | "rsplit" => split(text, method, arguments)?,
        "splitlines" => {
            let keep = Arguments::bind(method, arguments, &["keepends"])?.flag(0, false)?;
            let lines = text::lines(text).into_iter();
            values::list(
                lines.map(|(line, end)| Value::from(if keep { format!("{line}{end}") } else { line.to_owned() })),
            )
        }
        "partition" => {
            let separator = separator(&one(&["sep"])?)?;
            let (before, middle, after) = text
                .split_once(separator.as_str())
                .map_or((text, "", ""), |(before, after)| (before, separator.as_str(), after));
            triple(before, middle, after)
        }
        "rpartition" => {
            let separator = separator(&one(&["sep"])?)?;
            let (before, middle, after) = text
                .rsplit_once(separator.as_str())
                .map_or(("", "", text), |(before, after)| (before, separator.as_str(), after));
            triple(before, middle, after)
        }
        "removeprefix" => {
            let prefix = one(&["prefix"])?;
            Value::from(text.strip_prefix(prefix.as_str()).unwrap_or(text))
        }
        "removesuffix" => {
            let suffix = one(&["suffix"])?;
            Value::from(text.strip_suffix(suffix.as_str()).unwrap_or(text))
        }
        "center" | "ljust" | "rjust" => padded(state, text, method, arguments)?,
        "zfill" => {
            let width = width(state, &Arguments::bind(method, arguments, &["width"])?)?;
            let (sign, digits) = match text.strip_prefix(['-', '+']) {
                Some(digits) => (&text[..1], digits),
                None => ("", text),
            };
            let missing = width.saturating_sub(text.chars().count());
            Value::from(format!("{sign}{}{digits}", "0".repeat(missing)))
        }
        "expandtabs" => {
            let size = Arguments::bind(method, arguments, &["tabsize"])?.integer(0, 8)?;
            Value::from(expanded(state, text, usize::try_from(size).unwrap_or(0).min(WIDEST))?)
        }
        "index" | "rindex" => {
            let wanted = one(&["sub"])?;
            let found = if method == "index" { text.find(&wanted) } else { text.rfind(&wanted) };
            let at = found.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "substring not found"))?;
            Value::from(text[..at].chars().count())
        }
        "format_map" => {
            let bound = Arguments::bind(method, arguments, &["mapping"])?;
            let mapping = bound.required(0)?;
            let pairs = mapping.try_iter()?.filter_map(|key| {
                let value = mapping.get_item(&key).ok()?;
                Some((key.as_str()?.to_owned(), value))
            });
            let named = Value::from(minijinja::value::Kwargs::from_iter(pairs));
            minijinja::formatting::format(minijinja::formatting::FormatStyle::StrFormat, text, &[named])?.into()
        }
        _ => return Ok(None),
    }))
}

fn triple(before: &str, middle: &str, after: &str) -> Value {
    Value::from(Tuple::from([before, middle, after].map(Value::from)))
}

fn separator(text: &str) -> Result<String, Error> {
    if text.is_empty() {
        return Err(Error::new(ErrorKind::InvalidOperation, "empty separator"));
    }
    Ok(text.to_owned())
}

fn split(text: &str, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let bound = Arguments::bind(method, arguments, &["sep", "maxsplit"])?;
    let between = bound.text(0)?.map(separator).transpose()?;
    let limit = usize::try_from(bound.integer(1, -1)?).ok();
    let parts = text::split(text, between.as_deref(), limit, method == "rsplit");
    Ok(values::list(parts.into_iter().map(Value::from)))
}

fn width(state: &State, bound: &Arguments) -> Result<usize, Error> {
    bound.required(0)?;
    let width = usize::try_from(bound.integer(0, 0)?).unwrap_or(0);
    if width > WIDEST {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("a text is padded to at most {WIDEST} characters"),
        ));
    }
    state.consume_fuel(width as u64 / 64)?;
    Ok(width)
}

fn padded(state: &State, text: &str, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let bound = Arguments::bind(method, arguments, &["width", "fillchar"])?;
    let width = width(state, &bound)?;
    let fill = match bound.text(1)?.map(|fill| (fill.chars().next(), fill.chars().count())) {
        None => ' ',
        Some((Some(fill), 1)) => fill,
        Some(_) => {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "the fill character must be exactly one character long",
            ));
        }
    };
    let missing: String = std::iter::repeat_n(fill, width.saturating_sub(text.chars().count())).collect();
    Ok(Value::from(match method {
        "ljust" => format!("{text}{missing}"),
        "rjust" => format!("{missing}{text}"),
        _ => text::center(text, width, fill),
    }))
}

fn expanded(state: &State, text: &str, size: usize) -> Result<String, Error> {
    let mut written = String::new();
    let mut column = 0;
    for character in text.chars() {
        match character {
            '\t' => {
                let missing = size.saturating_sub(column % size.max(1));
                state.consume_fuel(missing as u64 / 64)?;
                written.push_str(&" ".repeat(missing));
                column += missing;
            }
            '\n' | '\r' => {
                written.push(character);
                column = 0;
            }
            _ => {
                written.push(character);
                column += 1;
            }
        }
    }
    Ok(written)
}
