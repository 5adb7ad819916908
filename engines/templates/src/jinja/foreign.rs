//! Filters, tests, globals and objects of a template's extensions, which run elsewhere.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Object, ObjectRepr, Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State};
use serde_json::Map;

use super::values;
use crate::extensions::{Call, Called, Extensions, Reference, object};

/// What a call costs, in steps of the engine.
const FUEL: u64 = 100;

/// How deep values may be nested.
const DEPTH: usize = 100;

/// An extension said that something is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failed(String);

/// Puts what extensions bring over what is there.
pub fn add(environment: &mut Environment<'static>, extensions: &Arc<dyn Extensions>) {
    let brought = extensions.brought();
    let caller = |name: &str, called: fn(String) -> Called| {
        let (extensions, called) = (extensions.clone(), called(name.to_owned()));
        let contextual = brought.contextual.iter().any(|other| other == name);
        move |state: &mut State, arguments: &[Value]| call(&extensions, state, called.clone(), arguments, contextual)
    };
    for name in &brought.filters {
        let called = caller(name, Called::Filter);
        environment.add_filter(name.clone(), move |state: &mut State, arguments: Rest<ValueOrKwargs>| {
            called(state, &arguments.into_values())
        });
    }
    for name in &brought.tests {
        let called = caller(name, Called::Test);
        environment.add_test(name.clone(), move |state: &mut State, arguments: Rest<ValueOrKwargs>| {
            called(state, &arguments.into_values()).map(|answer| answer.is_true())
        });
    }
    for (name, value) in &brought.globals {
        environment.add_global(name.clone(), lent(extensions, value));
    }
}

fn call(
    extensions: &Arc<dyn Extensions>,
    state: &mut State,
    called: Called,
    arguments: &[Value],
    contextual: bool,
) -> Result<Value, Error> {
    let (positional, named) = match arguments.split_last() {
        Some((last, rest)) if last.is_kwargs() => (rest, Some(last)),
        _ => (arguments, None),
    };
    // A filter or a test without a value is asked for only to know whether it is there.
    if positional.is_empty() && matches!(called, Called::Filter(_) | Called::Test(_)) {
        return Err(Error::from(ErrorKind::MissingArgument));
    }
    state.consume_fuel(FUEL)?;
    let arguments = positional.iter().map(|value| taken(value, 0)).collect::<Result<_, _>>()?;
    let named = named.map(|named| pairs(named, 0)).transpose()?.unwrap_or_default();
    let context = contextual.then(|| context(state));
    let template = contextual.then(|| state.name().to_owned());
    ask(extensions, &Call { called, arguments, named, context, template })
}

fn ask(extensions: &Arc<dyn Extensions>, call: &Call) -> Result<Value, Error> {
    match extensions.call(call) {
        Ok(value) => Ok(lent(extensions, &value)),
        Err(said) => {
            let what = match &call.called {
                Called::Filter(name) => format!("the filter {name:?} of an extension"),
                Called::Test(name) => format!("the test {name:?} of an extension"),
                Called::Method(_, name) => format!("the method {name:?} of an extension's object"),
                Called::Object(_) => "a function of an extension".to_owned(),
                Called::Item(_, name) => format!("{name} of an extension's object"),
            };
            let error = Error::new(ErrorKind::InvalidOperation, format!("{what} failed: {said}"));
            Err(error.with_source(Failed(said)))
        }
    }
}

/// The variables of the render, without those that the text itself sets to what cannot cross.
fn context(state: &State) -> Map<String, serde_json::Value> {
    let mut context = Map::new();
    for name in state.known_variables() {
        if let Some(Ok(value)) = state.lookup(&name).map(|value| taken(&value, 0)) {
            context.insert(name.into_owned(), value);
        }
    }
    context
}

/// A value of a template, for an extension.
///
/// # Errors
/// It is undefined, or one that does not cross.
fn taken(value: &Value, depth: usize) -> Result<serde_json::Value, Error> {
    let refused = |what: &str| Err(Error::new(ErrorKind::InvalidOperation, format!("an extension takes no {what}")));
    if depth > DEPTH {
        return refused("values that are nested so deeply");
    }
    if let Some(foreign) = value.downcast_object_ref::<Foreign>() {
        return Ok(object(foreign.reference.number, &foreign.reference.text));
    }
    // To minijinja a macro is a dictionary of its name and its arguments.
    if value.as_object().is_some_and(|object| object.type_name().starts_with("minijinja::vm::")) {
        return refused("macros and loops");
    }
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Ok(serde_json::Value::Null),
        ValueKind::Bool => Ok(value.is_true().into()),
        ValueKind::Number if value.is_integer() => match (i64::try_from(value.clone()), u64::try_from(value.clone())) {
            (Ok(number), _) => Ok(number.into()),
            (_, Ok(number)) => Ok(number.into()),
            _ => refused("whole numbers above 64 bits"),
        },
        ValueKind::Number => match serde_json::Number::from_f64(f64::try_from(value.clone())?) {
            Some(number) => Ok(number.into()),
            None => refused("infinite numbers"),
        },
        ValueKind::String => Ok(value.as_str().unwrap_or_default().into()),
        ValueKind::Seq | ValueKind::Iterable => {
            Ok(value.try_iter()?.map(|item| taken(&item, depth + 1)).collect::<Result<Vec<_>, _>>()?.into())
        }
        ValueKind::Map => Ok(pairs(value, depth)?.into()),
        kind => refused(&kind.to_string()),
    }
}

fn pairs(value: &Value, depth: usize) -> Result<Map<String, serde_json::Value>, Error> {
    let mut pairs = Map::new();
    for key in value.try_iter()? {
        let Some(name) = key.as_str() else {
            return Err(Error::new(ErrorKind::InvalidOperation, "an extension takes keys that are texts only"));
        };
        pairs.insert(name.to_owned(), taken(&value.get_item(&key)?, depth + 1)?);
    }
    Ok(pairs)
}

/// A value of an extension, for a template.
fn lent(extensions: &Arc<dyn Extensions>, value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Array(items) => values::list(items.iter().map(|item| lent(extensions, item))),
        serde_json::Value::Object(items) => match Reference::of(items) {
            Some(reference) => Value::from_object(Foreign { extensions: extensions.clone(), reference }),
            None => values::dictionary(
                items.iter().map(|(name, item)| (Value::from(name.as_str()), lent(extensions, item))),
            ),
        },
        plain => values::from_json(plain),
    }
}

/// An object that stays with its extension.
struct Foreign {
    extensions: Arc<dyn Extensions>,
    reference: Reference,
}

impl fmt::Debug for Foreign {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reference.text)
    }
}

impl Object for Foreign {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let called = Called::Item(self.reference.number, taken(key, 0).ok()?);
        let call = Call { called, arguments: Vec::new(), named: Map::new(), context: None, template: None };
        // What cannot be read is undefined in Jinja2 too.
        ask(&self.extensions, &call).ok()
    }

    fn call(self: &Arc<Self>, state: &mut State, arguments: &[Value]) -> Result<Value, Error> {
        let called = Called::Object(self.reference.number);
        call(&self.extensions, state, called, arguments, self.reference.contextual)
    }

    fn call_method(self: &Arc<Self>, state: &mut State, method: &str, arguments: &[Value]) -> Result<Value, Error> {
        let called = Called::Method(self.reference.number, method.to_owned());
        call(&self.extensions, state, called, arguments, false)
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        Some(self.reference.number.cmp(&other.downcast_ref::<Self>()?.reference.number))
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reference.text)
    }
}
