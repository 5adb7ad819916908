//! What a template asks, and what was answered.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Answers by the name of their question, in the order in which they were given.
///
/// An answer is a value as it stands in the end: it is never rendered. Answers to questions that a template does not ask
/// are kept, and a template may use them, as one rendered by cookiecutter's `--replay` may.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers {
    values: Map<String, Value>,
}

/// One thing that a template wants to know, with the default that the answers so far lead to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// What templates call the answer.
    pub name: String,
    /// What a person is asked.
    pub text: String,
    pub kind: Kind,
    /// What is taken where nothing is answered.
    pub default: Value,
    /// The answer is neither stored nor shown.
    pub secret: bool,
}

/// What answers a question takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Kind {
    Text,
    YesNo,
    Choice {
        choices: Vec<Choice>,
    },
    /// A JSON object.
    Dictionary,
}

/// One of the values that a question takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub value: Value,
    /// What a person reads in its place.
    pub label: String,
}

impl Answers {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Puts an answer in, in the place of an earlier one.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.values.insert(name.into(), value.into());
    }

    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.values.shift_remove(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl From<Map<String, Value>> for Answers {
    fn from(values: Map<String, Value>) -> Self {
        Self { values }
    }
}

impl<Name: Into<String>, Answer: Into<Value>> FromIterator<(Name, Answer)> for Answers {
    fn from_iter<Items: IntoIterator<Item = (Name, Answer)>>(items: Items) -> Self {
        Self { values: items.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}
