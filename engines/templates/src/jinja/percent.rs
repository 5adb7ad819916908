//! Python's `%`: the remainder of numbers, and the old way of formatting text.

use minijinja::value::{Kwargs, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

/// `left % right`.
///
/// # Errors
/// A format that does not fit its values, or values that have no remainder.
pub fn remainder(state: &mut State, left: &Value, right: &Value) -> Result<Value, Error> {
    if left.is_undefined() || right.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let Some(text) = left.as_str() else {
        return state.env().compile_expression("left % right")?.eval(minijinja::context! { left, right });
    };
    let mapping = matches!(right.as_object().map(|object| object.repr()), Some(ObjectRepr::Map | ObjectRepr::Seq));
    let values = if right.is_tuple() { right.len().unwrap_or(0) } else { 1 };
    if (right.is_tuple() || !mapping) && taken(text) < values {
        let message = "not all arguments converted during string formatting";
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    let mut arguments = vec![Value::from(text)];
    match right.as_object().map(|object| object.repr()) {
        Some(ObjectRepr::Map) => {
            let pairs = right.try_iter()?.filter_map(|key| {
                let value = right.get_item(&key).ok()?;
                Some((key.as_str()?.to_owned(), value))
            });
            arguments.push(Value::from(Kwargs::from_iter(pairs)));
        }
        _ if right.is_tuple() => arguments.extend(right.try_iter()?),
        _ => arguments.push(right.clone()),
    }
    state.apply_filter("format", &arguments)
}

/// How many values a format takes.
fn taken(format: &str) -> usize {
    let mut count = 0;
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        rest = &rest[at + 1..];
        let flags = |character: char| "#0-+ .123456789*hlL".contains(character);
        let end = rest.find(|character| !flags(character)).unwrap_or(rest.len());
        count += rest[..end].matches('*').count() + usize::from(!rest[end..].starts_with('%'));
        rest = rest[end..].strip_prefix('%').unwrap_or(&rest[end..]);
    }
    count
}
