//! Numbers as Python reads, rounds and writes them.

use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Error, ErrorKind};

use super::arguments::Arguments;
use super::json;

/// A floating point number as Python's `str` writes it.
pub fn text(value: &Value) -> String {
    let number = f64::try_from(value.clone()).unwrap_or_default();
    if number.is_finite() { json::float(number) } else { format!("{number}").to_lowercase() }
}

/// Python's `abs`, of true and false too.
pub fn abs(value: &Value) -> Result<Value, Error> {
    if value.kind() == ValueKind::Bool {
        Ok(Value::from(i64::from(value.is_true())))
    } else {
        minijinja::filters::abs(value.clone())
    }
}

/// Jinja2's `int`: what is no whole number is the default.
pub fn int(value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let bound = Arguments::bind("int", &arguments.into_values(), &["default", "base"])?;
    let default = bound.get(0).cloned().unwrap_or_else(|| Value::from(0));
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let whole = |number: f64| number.is_finite().then(|| Value::from(number.trunc() as i128));
    let read = match value.as_str() {
        Some(text) => {
            let base = u32::try_from(bound.integer(1, 10)?).unwrap_or(10);
            parse_int(text, base).map(Value::from).or_else(|| whole(parse_float(text)?))
        }
        None if value.is_integer() => Some(value.clone()),
        None => number(value).and_then(whole),
    };
    Ok(read.unwrap_or(default))
}

/// Jinja2's `float`: what is no number is the default.
pub fn float(value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let bound = Arguments::bind("float", &arguments.into_values(), &["default"])?;
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let read = value.as_str().map_or_else(|| number(value), parse_float);
    Ok(read.map_or_else(|| bound.get(0).cloned().unwrap_or_else(|| Value::from(0.0)), Value::from))
}

/// Jinja2's `round`: half to even as Python's own, or up or down, which always makes a floating point number.
pub fn round(value: &Value, arguments: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let bound = Arguments::bind("round", &arguments.into_values(), &["precision", "method"])?;
    let precision = bound.integer(0, 0)?.clamp(-300, 300) as i32;
    let Some(exact) = number(value) else {
        let kind = if value.is_undefined() { ErrorKind::UndefinedError } else { ErrorKind::InvalidOperation };
        return Err(Error::new(kind, format!("{} cannot be rounded", value.kind())));
    };
    let factor = 10_f64.powi(precision);
    match bound.text(1)?.unwrap_or("common") {
        "common" if value.is_integer() && precision >= 0 => Ok(value.clone()),
        "common" if value.kind() == ValueKind::Bool => Ok(Value::from(exact as i64)),
        "common" if precision < 0 => {
            let scale = 10_f64.powi(-precision);
            let rounded = (exact / scale).round_ties_even() * scale;
            Ok(if value.is_integer() { Value::from(rounded as i128) } else { Value::from(rounded) })
        }
        "common" => Ok(Value::from(format!("{exact:.*}", precision as usize).parse::<f64>().unwrap_or(exact))),
        "ceil" => Ok(Value::from((exact * factor).ceil() / factor)),
        "floor" => Ok(Value::from((exact * factor).floor() / factor)),
        _ => Err(Error::new(ErrorKind::InvalidOperation, "the method of round is common, ceil or floor")),
    }
}

/// A number; true and false are one and zero, as in Python.
pub fn number(value: &Value) -> Option<f64> {
    match value.kind() {
        ValueKind::Number => f64::try_from(value.clone()).ok(),
        ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
        _ => None,
    }
}

/// Python's `int(text, base)`.
fn parse_int(text: &str, base: u32) -> Option<i128> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let prefix = match base {
        2 => "0b",
        8 => "0o",
        16 => "0x",
        _ => "",
    };
    let lower = digits.to_lowercase();
    let digits = if prefix.is_empty() { lower.as_str() } else { lower.strip_prefix(prefix).unwrap_or(&lower) };
    let grouped = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    if grouped || digits.starts_with(['-', '+']) || !(2..=36).contains(&base) {
        return None;
    }
    i128::from_str_radix(&format!("{sign}{}", digits.replace('_', "")), base).ok()
}

fn parse_float(text: &str) -> Option<f64> {
    text.trim().replace('_', "").parse().ok()
}
