//! Values that a step is told by a path, as Backstage writes them: `${{ parameters.name }}`, and of earlier steps
//! `${{ steps.publish.output.remoteUrl }}`. There are these paths alone, and no expressions around them.
//!
//! A text that is one path and nothing else becomes the value itself, of whatever kind; within a text a value is written out.

use std::fmt;

use serde_json::Value;

const BEGINS: &str = "${{";
const ENDS: &str = "}}";

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path<'t> {
    /// The answer to a question.
    Parameter { question: &'t str, rest: Option<&'t str> },
    /// What a step gave.
    Output { step: &'t str, name: &'t str, rest: Option<&'t str> },
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = match self {
            Self::Parameter { question, rest } => {
                write!(f, "parameters.{question}")?;
                rest
            }
            Self::Output { step, name, rest } => {
                write!(f, "steps.{step}.output.{name}")?;
                rest
            }
        };
        rest.map_or(Ok(()), |rest| write!(f, ".{rest}"))
    }
}

enum Piece<'t> {
    Text(&'t str),
    Path(Path<'t>),
}

/// The value with what its paths lead to; what is put into texts below `escaped` (keys at the top) is encoded for an address.
///
/// # Errors
/// The first that cannot be read, or that `known` does not know, for a person.
pub(super) fn resolve(
    value: &Value,
    escaped: &[&str],
    known: &dyn Fn(Path<'_>) -> Result<Value, String>,
) -> Result<Value, String> {
    let Value::Object(fields) = value else { return inner(value, false, known) };
    let field = |(key, value): (&String, &Value)| {
        let resolved = inner(value, escaped.contains(&key.as_str()), known);
        Ok((key.clone(), resolved.map_err(|why| format!("{key}: {why}"))?))
    };
    fields.iter().map(field).collect::<Result<serde_json::Map<_, _>, String>>().map(Value::Object)
}

fn inner(value: &Value, escapes: bool, known: &dyn Fn(Path<'_>) -> Result<Value, String>) -> Result<Value, String> {
    match value {
        Value::String(text) => match pieces(text)?.as_slice() {
            [Piece::Path(path)] if !escapes => known(*path),
            pieces => {
                let piece = |piece: &Piece<'_>| match piece {
                    Piece::Text(text) => Ok((*text).to_owned()),
                    Piece::Path(path) => known(*path).map(|value| written(&value, escapes)),
                };
                pieces.iter().map(piece).collect::<Result<String, String>>().map(Value::String)
            }
        },
        Value::Array(items) => items.iter().map(|item| inner(item, escapes, known)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| Ok((key.clone(), inner(value, escapes, known)?)))
            .collect::<Result<serde_json::Map<_, _>, String>>()
            .map(Value::Object),
        other => Ok(other.clone()),
    }
}

fn written(value: &Value, escapes: bool) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    match escapes {
        true => percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string(),
        false => text,
    }
}

/// What `rest` leads to within a value.
pub(super) fn within(value: &Value, rest: Option<&str>) -> Option<Value> {
    rest.into_iter()
        .flat_map(|rest| rest.split('.'))
        .try_fold(value, |value, key| match value {
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            value => value.get(key),
        })
        .cloned()
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let (mut pieces, mut left) = (Vec::new(), text);
    while let Some((before, inside)) = left.split_once(BEGINS) {
        let (path, after) = inside.split_once(ENDS).ok_or_else(|| format!("{BEGINS} is not ended by {ENDS}"))?;
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(Piece::Path(parse(path.trim())?));
        left = after;
    }
    if !left.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(left));
    }
    Ok(pieces)
}

fn parse(text: &str) -> Result<Path<'_>, String> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let parsed = || {
        if !text.chars().all(fits) || text.split('.').any(str::is_empty) {
            return None;
        }
        if let Some(rest) = text.strip_prefix("parameters.") {
            let (question, rest) = head(rest);
            return Some(Path::Parameter { question, rest });
        }
        let (step, rest) = text.strip_prefix("steps.")?.split_once('.')?;
        let (name, rest) = head(rest.strip_prefix("output.")?);
        Some(Path::Output { step, name, rest })
    };
    let expected = || {
        format!(
            "{text:?} is not understood: there are parameters.NAME and steps.ID.output.NAME, and nothing around them"
        )
    };
    parsed().ok_or_else(expected)
}

fn head(path: &str) -> (&str, Option<&str>) {
    path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn known(path: Path<'_>) -> Result<Value, String> {
        let all = json!({ "parameters": { "name": "Tides & co", "port": 80, "tags": ["a", "b"] },
                          "steps": { "publish": { "output": { "remoteUrl": "https://x/y", "body": { "id": 7 } } } } });
        within(&all, Some(&path.to_string())).ok_or_else(|| format!("{path} is not there"))
    }

    #[test]
    fn a_path_alone_is_the_value_and_within_a_text_it_is_written_out() {
        let input = json!({ "a": "${{ parameters.port }}", "b": "on ${{parameters.port}}: ${{ steps.publish.output.body.id }}",
                            "c": ["${{ parameters.tags }}", { "d": "${{ parameters.tags.1 }}" }], "e": 1, "f": "$ {{ x }}",
                            "path": "https://h/${{ parameters.name }}?a=${{ steps.publish.output.remoteUrl }}" });
        let resolved = resolve(&input, &["path"], &known).unwrap();
        let expected = json!({ "a": 80, "b": "on 80: 7", "c": [["a", "b"], { "d": "b" }], "e": 1, "f": "$ {{ x }}",
                               "path": "https://h/Tides%20%26%20co?a=https%3A%2F%2Fx%2Fy" });
        assert_eq!(resolved, expected);
    }

    #[test]
    fn what_is_no_such_path_is_refused() {
        for text in [
            "${{ parameters }}",
            "${{ parameters.name | upper }}",
            "${{ steps.publish.remoteUrl }}",
            "${{ steps.publish.output }}",
            "${{ secrets.token }}",
            "${{ parameters..name }}",
            "${{ parameters.name",
            "${{}}",
            "${{ parameters.other }}",
        ] {
            let refused = resolve(&json!({ "x": [text] }), &[], &known);
            assert!(refused.as_ref().is_err_and(|why| why.starts_with("x: ")), "{text}: {refused:?}");
        }
        // What an answer holds is a value, and never read as a path.
        let answer = |_: Path<'_>| Ok(json!("${{ steps.publish.output.remoteUrl }}"));
        assert_eq!(
            resolve(&json!("${{ parameters.name }}"), &[], &answer).unwrap(),
            "${{ steps.publish.output.remoteUrl }}"
        );
    }
}
