//! Values that templates may change in place, as Python's lists and dictionaries; minijinja's own are fixed.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use super::arguments::Arguments;

/// A list that can grow and shrink.
#[derive(Default)]
pub struct List {
    values: RwLock<Vec<Value>>,
}

/// A dictionary that can grow and shrink, in the order of insertion.
#[derive(Default)]
pub struct Dictionary {
    values: RwLock<IndexMap<Value, Value>>,
}

/// A JSON value as a template sees it: its lists and objects can be changed.
pub fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(value) => Value::from(*value),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), _, _) => Value::from(value),
            (_, Some(value), _) => Value::from(value),
            (_, _, value) => Value::from(value.unwrap_or_default()),
        },
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(values) => list(values.iter().map(from_json)),
        serde_json::Value::Object(values) => {
            dictionary(values.iter().map(|(name, value)| (Value::from(name.as_str()), from_json(value))))
        }
    }
}

pub fn list(values: impl IntoIterator<Item = Value>) -> Value {
    Value::from_object(List { values: RwLock::new(values.into_iter().collect()) })
}

pub fn dictionary(values: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::from_object(Dictionary { values: RwLock::new(values.into_iter().collect()) })
}

/// Another list or dictionary of the same items; what is neither stays what it is.
pub fn changeable(value: &Value) -> Result<Value, Error> {
    Ok(match value.as_object().map(|object| object.repr()) {
        Some(ObjectRepr::Map) => {
            let mut pairs = IndexMap::new();
            for key in value.try_iter()? {
                let item = value.get_item(&key)?;
                pairs.insert(key, item);
            }
            dictionary(pairs)
        }
        Some(ObjectRepr::Seq | ObjectRepr::Iterable) => list(value.try_iter()?),
        _ => value.clone(),
    })
}

/// Puts mappings, pairs and names into a [`Dictionary`].
///
/// # Errors
/// Arguments that are none.
pub fn updated(dictionary: &Value, arguments: &[Value]) -> Result<(), Error> {
    let mut updates = IndexMap::new();
    pairs_of(arguments, &mut updates)?;
    if let Some(dictionary) = dictionary.downcast_object_ref::<Dictionary>() {
        dictionary.values.write().unwrap_or_else(PoisonError::into_inner).extend(updates);
    }
    Ok(())
}

/// Puts one value into a [`Dictionary`].
pub fn put(dictionary: &Value, name: &str, value: Value) {
    if let Some(dictionary) = dictionary.downcast_object_ref::<Dictionary>() {
        dictionary.values.write().unwrap_or_else(PoisonError::into_inner).insert(Value::from(name), value);
    }
}

fn read<Inner: Clone>(values: &RwLock<Inner>) -> Inner {
    values.read().unwrap_or_else(PoisonError::into_inner).clone()
}

impl fmt::Debug for List {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(read(&self.values)).finish()
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(read(&self.values)).finish()
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.values.read().unwrap_or_else(PoisonError::into_inner).get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(read(&self.values))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.values.read().unwrap_or_else(PoisonError::into_inner).len())
    }

    fn call_method(self: &Arc<Self>, state: &mut State, method: &str, arguments: &[Value]) -> Result<Value, Error> {
        // The arguments are read before the list is locked: they may be the list itself.
        let grown = match method {
            "extend" => Arguments::bind(method, arguments, &["iterable"])?.required(0)?.try_iter()?.collect(),
            _ => Vec::new(),
        };
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        state.consume_fuel((values.len() / 16 + grown.len()) as u64)?;
        match method {
            "append" => values.push(Arguments::bind(method, arguments, &["object"])?.required(0)?.clone()),
            "extend" => values.extend(grown),
            "insert" => {
                let bound = Arguments::bind(method, arguments, &["index", "object"])?;
                let at = place(bound.integer(0, 0)?, values.len()).min(values.len());
                values.insert(at, bound.required(1)?.clone());
            }
            "remove" => {
                let bound = Arguments::bind(method, arguments, &["value"])?;
                let at = position(&values, bound.required(0)?, "list.remove(x): x not in list")?;
                values.remove(at);
            }
            "pop" => {
                let at = Arguments::bind(method, arguments, &["index"])?.integer(0, -1)?;
                let at = place(at, values.len());
                if at >= values.len() {
                    return Err(Error::new(ErrorKind::InvalidOperation, "pop index out of range"));
                }
                return Ok(values.remove(at));
            }
            "clear" => values.clear(),
            "reverse" => values.reverse(),
            "sort" => {
                let bound = Arguments::bind(method, arguments, &["key", "reverse"])?;
                values.sort();
                if bound.flag(1, false)? {
                    values.reverse();
                }
            }
            "copy" => return Ok(list(values.clone())),
            "index" => {
                let bound = Arguments::bind(method, arguments, &["value"])?;
                return Ok(Value::from(position(&values, bound.required(0)?, "value is not in list")?));
            }
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        }
        Ok(Value::from(()))
    }
}

/// An index as Python counts it: from the end where it is negative.
fn place(index: i64, length: usize) -> usize {
    if index < 0 { length.saturating_sub(index.unsigned_abs() as usize) } else { index as usize }
}

/// Where a value stands in a list.
///
/// # Errors
/// With the given words where it does not.
pub fn position(values: &[Value], wanted: &Value, missing: &'static str) -> Result<usize, Error> {
    values.iter().position(|value| value == wanted).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, missing))
}

impl Object for Dictionary {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.values.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(read(&self.values).into_keys().collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.values.read().unwrap_or_else(PoisonError::into_inner).len())
    }

    fn call_method(self: &Arc<Self>, state: &mut State, method: &str, arguments: &[Value]) -> Result<Value, Error> {
        let mut updates = IndexMap::new();
        if method == "update" {
            pairs_of(arguments, &mut updates)?;
        }
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        state.consume_fuel((values.len() / 16 + updates.len()) as u64)?;
        match method {
            "update" => values.extend(updates),
            "pop" => {
                let bound = Arguments::bind(method, arguments, &["key", "default"])?;
                let key = bound.required(0)?;
                return match (values.shift_remove(key), bound.get(1)) {
                    (Some(value), _) => Ok(value),
                    (None, Some(default)) => Ok(default.clone()),
                    (None, None) => Err(Error::new(ErrorKind::InvalidOperation, format!("no key {key:?} to pop"))),
                };
            }
            "setdefault" => {
                let bound = Arguments::bind(method, arguments, &["key", "default"])?;
                let default = bound.get(1).cloned().unwrap_or_else(|| Value::from(()));
                return Ok(values.entry(bound.required(0)?.clone()).or_insert(default).clone());
            }
            "popitem" => {
                let (key, value) = values
                    .pop()
                    .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "popitem(): dictionary is empty"))?;
                return Ok(Value::from(minijinja::value::Tuple::from([key, value])));
            }
            "clear" => values.clear(),
            "copy" => return Ok(dictionary(values.clone())),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        }
        Ok(Value::from(()))
    }
}

/// What `update` is called with: a mapping or pairs, and names.
fn pairs_of(arguments: &[Value], into: &mut IndexMap<Value, Value>) -> Result<(), Error> {
    for argument in arguments {
        if argument.as_object().is_some_and(|object| object.repr() == ObjectRepr::Map) || argument.is_kwargs() {
            for key in argument.try_iter()? {
                let value = argument.get_item(&key)?;
                into.insert(key, value);
            }
        } else {
            for pair in argument.try_iter()? {
                into.insert(pair.get_item_by_index(0)?, pair.get_item_by_index(1)?);
            }
        }
    }
    Ok(())
}
