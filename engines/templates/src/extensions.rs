//! What a template's own code brings to its renderer: filters, tests and globals, which run somewhere else.
//!
//! Nothing is run here. [`Extensions`] are what [`crate::Template::with_extensions`] takes, and [`Bridge`] is such that
//! speaks with a process over its input and output; [`BRIDGE`] is the script for `python3` at the other end. Who starts that
//! process, and what it may do, is the business of whoever trusts the template.
//!
//! # How values cross
//!
//! A call takes and gives JSON. Text, numbers, true, false, none, lists and dictionaries cross as copies: what a function
//! changes in a list that it was given, the template does not see. A tuple, set, range or iterator of Python comes back as a
//! list, escaped text as text. Every other object (a date, a module, a function) stays where it is, and crosses as a
//! reference ([`object`]): a template can write it, read its attributes and items, call it and its methods, and give it back
//! as an argument. It cannot count it, iterate over it or compare it with anything but itself.
//!
//! Undefined values do not cross: to give one to an extension is the error that it is in Jinja2 wherever one is used.
//! Functions and macros of the template do not cross either.

mod bridge;

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use self::bridge::{Bridge, Unloaded};

/// The other end of a [`Bridge`]: a script for a plain `python3` (3.8 or newer), to be run as `python3 -c BRIDGE`. It needs no
/// packages; Jinja2 and cookiecutter are used where they are installed.
pub const BRIDGE: &str = include_str!("extensions/bridge.py");

/// The filters, tests and globals of a template's extensions.
pub trait Extensions: Debug + Send + Sync {
    /// Their names, the same at every call.
    fn brought(&self) -> &Brought;

    /// Calls one of them.
    ///
    /// # Errors
    /// What it says, in a line: `TypeError: …`.
    fn call(&self, call: &Call) -> Result<Value, String>;
}

/// What extensions bring. They come over what is built in, as in Jinja2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    pub filters: Vec<String>,
    pub tests: Vec<String>,
    /// Plain values, and functions and other objects as references ([`object`]).
    pub globals: Map<String, Value>,
    /// Of the filters and tests those that want [`Call::context`] (`pass_context`).
    #[serde(default)]
    pub contextual: Vec<String>,
    /// Statements (`{% gitcommit %}`), and the extension that would read them: no text may use one.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// An extension, and what it does that no call can do: nothing is rendered with one.
    #[serde(default)]
    pub unsupported: Vec<(String, String)>,
}

/// A call of something that an extension brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    #[serde(flatten)]
    pub called: Called,
    #[serde(rename = "args")]
    pub arguments: Vec<Value>,
    #[serde(rename = "kwargs")]
    pub named: Map<String, Value>,
    /// The variables of the render (`cookiecutter`), for what wants them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Map<String, Value>>,
    /// The text that is rendered, where it has `context`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Called {
    Filter(String),
    Test(String),
    /// An object by its number.
    Object(u64),
    /// A method of an object.
    Method(u64, String),
    /// Nothing: an attribute or an item of an object is read.
    Item(u64, Value),
}

/// The key of a reference.
const OBJECT: &str = "python object";

/// A reference to an object that stays where it is, by a number of its own; `text` is how a template writes it.
#[must_use]
pub fn object(number: u64, text: &str) -> Value {
    json!({ OBJECT: number, "text": text })
}

/// A reference that was read.
pub(crate) struct Reference {
    pub number: u64,
    pub text: String,
    /// Calling it wants [`Call::context`].
    pub contextual: bool,
}

impl Reference {
    /// The reference that a value is.
    pub fn of(value: &Map<String, Value>) -> Option<Self> {
        let number = value.get(OBJECT)?.as_u64()?;
        let text = value.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
        let contextual = value.get("contextual").and_then(Value::as_bool).unwrap_or_default();
        Some(Self { number, text, contextual })
    }
}
