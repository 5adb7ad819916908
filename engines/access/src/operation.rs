//! What an API can be asked to do: a method and a path.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `GET /orders/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// As OpenAPI writes it: parameters in braces.
    pub path: String,
}

/// The methods that OpenAPI 3.1 knows (Path Item Object).
pub const METHODS: [&str; 8] = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"];

impl Operation {
    /// Whether both mean the same: parameters are compared by their places, not by their names.
    pub fn is_same(&self, other: &Self) -> bool {
        self.method == other.method && unnamed(&self.path).eq(unnamed(&other.path))
    }
}

fn unnamed(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').map(|part| if is_parameter(part) { "{}" } else { part })
}

/// Whether a part of a path stands for any text.
pub fn is_parameter(part: &str) -> bool {
    part.starts_with('{') && part.ends_with('}')
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl FromStr for Operation {
    type Err = OperationError;

    fn from_str(text: &str) -> Result<Self, OperationError> {
        let (method, path) = text.split_once(' ').ok_or(OperationError)?;
        let plain = |letter: char| letter.is_ascii_graphic() && !matches!(letter, '?' | '#' | '"' | '\\');
        if METHODS.contains(&method) && path.starts_with('/') && path.chars().all(plain) {
            return Ok(Self { method: method.to_owned(), path: path.to_owned() });
        }
        Err(OperationError)
    }
}

/// A text is no operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no operation: write a method in capitals, a space and a path, such as GET /orders/{{id}}")]
pub struct OperationError;

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
