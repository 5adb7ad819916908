//! `!r`, `!s` and `!a` in the fields of `str.format`, which minijinja does not know: what is converted becomes an argument of its
//! own, and the field names that.

use minijinja::Error;
use minijinja::value::{Kwargs, Value};

/// A text and its arguments with no conversion in it. Nothing where there is none, or where its fields are none of Python's.
pub fn without(text: &str, arguments: &[Value]) -> Result<Option<(String, Vec<Value>)>, Error> {
    if !["!r", "!s", "!a"].iter().any(|conversion| text.contains(conversion)) {
        return Ok(None);
    }
    let (mut values, named) = match arguments.split_last() {
        Some((last, rest)) if last.is_kwargs() => (rest.to_vec(), Some(Kwargs::try_from(last.clone())?)),
        _ => (arguments.to_vec(), None),
    };
    let (given, mut next) = (values.len(), 0_usize);
    let mut written = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        written.push_str(&rest[..at]);
        let found = &rest[at..];
        if let Some(double) = ["{{", "}}"].into_iter().find(|double| found.starts_with(double)) {
            written.push_str(double);
            rest = &found[2..];
            continue;
        }
        let Some((field, behind)) = found.strip_prefix('{').and_then(|found| found.split_once('}')) else {
            return Ok(None);
        };
        if field.contains('{') {
            return Ok(None);
        }
        let (head, format) = field.split_once(':').map_or((field, ""), |(head, format)| (head, format));
        let (path, conversion) = head.split_once('!').map_or((head, ""), |(path, conversion)| (path, conversion));
        // Fields without a name are counted; beside new arguments they have to say their number.
        let start = path.find(['.', '[']).unwrap_or(path.len());
        let name = if start == 0 { next.to_string() } else { path[..start].to_owned() };
        next += usize::from(start == 0);
        let mut field = format!("{name}{}", &path[start..]);
        if !conversion.is_empty() {
            let base = match name.parse::<usize>() {
                Ok(number) => values.get(number).filter(|_| number < given).cloned(),
                Err(_) => named.as_ref().and_then(|named| named.peek::<Value>(&name).ok()),
            };
            let Some(value) = base.and_then(|base| along(base, &path[start..])) else { return Ok(None) };
            field = values.len().to_string();
            values.push(Value::from(match conversion {
                "r" => repr(&value),
                "s" => value.to_string(),
                "a" => ascii(&repr(&value)),
                _ => return Ok(None),
            }));
        }
        written += &if format.is_empty() { format!("{{{field}}}") } else { format!("{{{field}:{format}}}") };
        rest = behind;
    }
    written.push_str(rest);
    values.extend(named.map(Value::from));
    Ok(Some((written, values)))
}

/// What `.name` and `[key]` lead to.
fn along(mut value: Value, mut path: &str) -> Option<Value> {
    while !path.is_empty() {
        let end;
        value = if let Some(inner) = path.strip_prefix('[') {
            end = inner.find(']')? + 2;
            let key = &inner[..end - 2];
            value.get_item(&key.parse::<i64>().map_or_else(|_| Value::from(key), Value::from)).ok()?
        } else {
            let name = path.strip_prefix('.')?;
            end = name.find(['.', '[']).unwrap_or(name.len()) + 1;
            value.get_attr(&name[..end - 1]).ok()?
        };
        path = &path[end..];
    }
    Some(value).filter(|value| !value.is_undefined())
}

/// Python's `repr`.
pub fn repr(value: &Value) -> String {
    format!("{value:?}")
}

fn ascii(text: &str) -> String {
    let mut written = String::new();
    for one in text.chars() {
        match u32::from(one) {
            0..=0x7f => written.push(one),
            code @ 0x80..=0xff => written += &format!("\\x{code:02x}"),
            code @ 0x100..=0xffff => written += &format!("\\u{code:04x}"),
            code => written += &format!("\\U{code:08x}"),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_converted_becomes_an_argument_of_its_own() {
        let arguments = [Value::from("it's"), Value::from(2), Value::from(vec![1, 3])];
        for (text, expected, added) in
            [("{!r}", "{3}", vec!["\"it's\""]), ("{} {!s:>5} {{!r}} {2[1]!r}", "{0} {3:>5} {{!r}} {4}", vec!["2", "3"])]
        {
            let Ok(Some((text, values))) = without(text, &arguments) else { panic!("{text} was left alone") };
            let shown: Vec<String> = values.iter().skip(arguments.len()).map(Value::to_string).collect();
            assert_eq!((text.as_str(), shown), (expected, added.into_iter().map(str::to_owned).collect()));
        }
        for text in ["{}", "{!x}", "{!r", "{9!r}", "{!r:{}}", "{name!r}"] {
            assert!(matches!(without(text, &arguments), Ok(None)), "{text}");
        }
    }

    #[test]
    fn other_letters_are_written_by_their_number() {
        assert_eq!(ascii("aü€😀"), "a\\xfc\\u20ac\\U0001f600");
    }
}
