//! Scalars by the YAML 1.2 core schema, as the npm package `yaml` 2.x resolves them (its `schema/core`).

use saphyr_parser::{ScalarStyle, Tag};
use serde_json::Number;

use super::Value;

/// Integers up to here are exact in JavaScript, and so in what Backstage reads.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_992.0;

/// What a scalar means. A quoted one is a string unless a tag says otherwise; an unknown tag leaves a string.
pub fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let string = || Value::String(text.to_owned());
    match tag.map(core_suffix) {
        None if style == ScalarStyle::Plain => plain(text),
        None => string(),
        Some(Some("null")) => null(text).unwrap_or_else(string),
        Some(Some("bool")) => boolean(text).unwrap_or_else(string),
        Some(Some("int")) => integer(text).unwrap_or_else(string),
        Some(Some("float")) => float(text).unwrap_or_else(string),
        Some(_) => string(),
    }
}

/// The part of a tag after `tag:yaml.org,2002:`.
fn core_suffix(tag: &Tag) -> Option<&str> {
    if tag.is_yaml_core_schema() { Some(&tag.suffix) } else { tag.suffix.strip_prefix("tag:yaml.org,2002:") }
}

fn plain(text: &str) -> Value {
    null(text)
        .or_else(|| boolean(text))
        .or_else(|| integer(text))
        .or_else(|| float(text))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

fn null(text: &str) -> Option<Value> {
    matches!(text, "" | "~" | "null" | "Null" | "NULL").then_some(Value::Null)
}

fn boolean(text: &str) -> Option<Value> {
    match text {
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// `[-+]?[0-9]+`, `0o[0-7]+`, `0x[0-9a-fA-F]+`
fn integer(text: &str) -> Option<Value> {
    let digits = |text: &str, radix| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    if let Some(octal) = text.strip_prefix("0o") {
        return digits(octal, 8).then(|| number(radix_value(octal, 8)));
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return digits(hexadecimal, 16).then(|| number(radix_value(hexadecimal, 16)));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits(unsigned, 10).then(|| text.parse().map_or(Value::Null, number))
}

/// Rounds as JavaScript's `parseInt` does for what is too large to be exact, well enough for a place where a number
/// that large means nothing.
fn radix_value(digits: &str, radix: u32) -> f64 {
    digits
        .chars()
        .filter_map(|c| c.to_digit(radix))
        .fold(0.0, |value, digit| value * f64::from(radix) + f64::from(digit))
}

/// Decimal and exponential notation, `.inf` and `.nan`. JSON has no word for the last two: they become null.
fn float(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Value::Null);
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_is_right = match mantissa.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()),
        // Without a point only an exponent makes it a float.
        None => exponent.is_some() && !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_is_right = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    (mantissa_is_right && exponent_is_right).then(|| text.parse().map_or(Value::Null, number))
}

/// A number as JavaScript would print it: without a point where it is whole.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() <= MAX_SAFE_INTEGER {
        // Exact: the value is whole and small enough.
        #[allow(clippy::cast_possible_truncation)]
        return Value::Number(Number::from(value as i64));
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let table = [
            ("yes", "\"yes\""),
            ("tRUE", "\"tRUE\""),
            ("TRUE", "true"),
            ("0o17", "15"),
            ("0x1F", "31"),
            ("-0x1", "\"-0x1\""),
            ("0o8", "\"0o8\""),
            ("1_000", "\"1_000\""),
            ("1e3", "1000"),
            ("+1", "1"),
            ("0017", "17"),
            ("1.", "1"),
            (".5", "0.5"),
            (".", "\".\""),
            ("1.0", "1"),
            ("1e", "\"1e\""),
            (".inf", "null"),
            ("-.INF", "null"),
            ("1e400", "null"),
            ("-0", "0"),
            ("12345678901234567890", "12345678901234567000.0"),
            ("2020-01-01", "\"2020-01-01\""),
            ("1:30", "\"1:30\""),
            ("NULL", "null"),
            ("nULL", "\"nULL\""),
            ("", "null"),
            ("-", "\"-\""),
        ];
        for (text, expected) in table {
            let node = super::super::Node { line: 1, column: 1, value: plain(text) };
            let json = node.to_json();
            let expected: serde_json::Value = serde_json::from_str(expected).unwrap_or_default();
            assert_eq!(json, expected, "{text:?}");
        }
    }
}
