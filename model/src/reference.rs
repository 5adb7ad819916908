//! Entity references: `[<kind>:][<namespace>/]<name>`, the grammar of Backstage's `catalog-model` 1.10.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The namespace that an entity has when none is written.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The identity of an entity. All three parts are lower case, as Backstage's `stringifyEntityRef` writes them:
/// references are compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityRef {
    pub kind: String,
    pub namespace: String,
    pub name: String,
}

/// Why a text is not an entity reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceError {
    /// An empty kind, namespace or name.
    Form(String),
    /// No kind is written and none can be taken from the place where the reference stands.
    MissingKind(String),
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(text) => write!(f, "\"{text}\" is not of the form [<kind>:][<namespace>/]<name>"),
            Self::MissingKind(text) => {
                write!(f, "\"{text}\" names no kind, and none is implied here; write <kind>:{text}")
            }
        }
    }
}

impl std::error::Error for ReferenceError {}

impl EntityRef {
    /// A reference from its parts, lower-cased.
    pub fn new(kind: impl AsRef<str>, namespace: impl AsRef<str>, name: impl AsRef<str>) -> Self {
        Self {
            kind: kind.as_ref().to_lowercase(),
            namespace: namespace.as_ref().to_lowercase(),
            name: name.as_ref().to_lowercase(),
        }
    }

    /// Reads a reference; `default_kind` and `default_namespace` stand in for what is not written.
    ///
    /// The first `:` ends the kind unless a `/` precedes it; the first `/` after that ends the namespace
    /// (`@backstage/catalog-model`, `entity/ref.ts`).
    pub fn parse(text: &str, default_kind: Option<&str>, default_namespace: &str) -> Result<Self, ReferenceError> {
        let form = || ReferenceError::Form(text.to_owned());
        let colon = text.find(':').filter(|&colon| text.find('/').is_none_or(|slash| colon < slash));
        let (kind, rest) = match colon {
            Some(at) => (Some(&text[..at]), &text[at + 1..]),
            None => (None, text),
        };
        let (namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, rest),
        };
        if kind == Some("") || namespace == Some("") || name.is_empty() {
            return Err(form());
        }
        let kind = kind.or(default_kind).ok_or_else(|| ReferenceError::MissingKind(text.to_owned()))?;
        Ok(Self::new(kind, namespace.unwrap_or(default_namespace), name))
    }

    /// The address of its page.
    pub fn path(&self) -> String {
        format!("/catalog/{}/{}/{}", self.namespace, self.kind, self.name)
    }

    /// As short as it can be where `kind` is understood: `team-a`, or `other/team-a` outside the default namespace.
    pub fn short(&self) -> String {
        if self.namespace == DEFAULT_NAMESPACE {
            self.name.clone()
        } else {
            format!("{}/{}", self.namespace, self.name)
        }
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.kind, self.namespace, self.name)
    }
}

impl FromStr for EntityRef {
    type Err = ReferenceError;

    /// Reads a full reference: the kind must be written, the namespace may be left out.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, None, DEFAULT_NAMESPACE)
    }
}

impl Serialize for EntityRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntityRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl utoipa::PartialSchema for EntityRef {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl utoipa::ToSchema for EntityRef {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> String {
        EntityRef::parse(text, Some("Component"), "default")
            .map_or_else(|error| format!("error: {error}"), |r| r.to_string())
    }

    #[test]
    fn references_follow_backstage() {
        let table = [
            ("a", "component:default/a"),
            ("API:a", "api:default/a"),
            ("a/b", "component:a/b"),
            ("a:b:c", "a:default/b:c"),
            ("a/b/c", "component:a/b/c"),
            ("a:b/c/d", "a:b/c/d"),
            ("a/b:c", "component:a/b:c"),
            ("", "error: \"\" is not of the form [<kind>:][<namespace>/]<name>"),
            (":a", "error: \":a\" is not of the form [<kind>:][<namespace>/]<name>"),
            ("a:/b", "error: \"a:/b\" is not of the form [<kind>:][<namespace>/]<name>"),
            ("/b", "error: \"/b\" is not of the form [<kind>:][<namespace>/]<name>"),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_kind_is_needed_where_none_is_implied() {
        assert_eq!("foo".parse::<EntityRef>(), Err(ReferenceError::MissingKind("foo".into())));
    }
}
