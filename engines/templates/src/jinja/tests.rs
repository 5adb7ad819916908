//! The tests (`is …`) of Jinja2, and none beside them.

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State};

/// minijinja's own, which Jinja2 has not.
const FOREIGN: [&str; 4] = ["safe", "int", "startingwith", "endingwith"];

pub fn add(environment: &mut Environment<'static>) {
    for name in FOREIGN {
        environment.remove_test(name);
    }
    environment.add_test("callable", |value: &Value| {
        value.kind() == ValueKind::Plain
            || value.as_object().is_some_and(|object| format!("{object:?}").contains("function"))
    });
    // Whatever is no name is the name of none.
    environment.add_test("filter", |state: &mut State, value: &Value| {
        is_known(value, ErrorKind::UnknownFilter, |name| state.apply_filter(name, &[]).err())
    });
    environment.add_test("test", |state: &mut State, value: &Value| {
        is_known(value, ErrorKind::UnknownTest, |name| state.perform_test(name, &[]).err())
    });
    environment.add_test("odd", |value: &Value| remainder(value, 2).map(|rest| rest == Value::from(1)));
    environment.add_test("even", |value: &Value| remainder(value, 2).map(|rest| rest == Value::from(0)));
    // Text can be iterated over in Python.
    environment.add_test("iterable", |value: &Value| match value.kind() {
        ValueKind::None | ValueKind::Undefined => false,
        ValueKind::String => true,
        _ => value.try_iter().is_ok(),
    });
    environment.add_test("sequence", |value: &Value| {
        matches!(value.kind(), ValueKind::String | ValueKind::Seq | ValueKind::Map)
    });
    environment.add_test("number", |value: &Value| matches!(value.kind(), ValueKind::Number | ValueKind::Bool));
}

/// Whether something of a name is there: trying it fails with the one error only where it is not.
fn is_known(value: &Value, missing: ErrorKind, attempt: impl FnOnce(&str) -> Option<Error>) -> bool {
    value.as_str().is_some_and(|name| attempt(name).is_none_or(|error| error.kind() != missing))
}

/// # Errors
/// The value is no number.
fn remainder(value: &Value, by: i64) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Bool => Ok(Value::from(i64::from(value.is_true()) % by)),
        ValueKind::Number if value.is_integer() => {
            Ok(Value::from(i128::try_from(value.clone())?.rem_euclid(by.into())))
        }
        ValueKind::Number => Ok(Value::from(f64::try_from(value.clone())?.rem_euclid(by as f64))),
        kind => Err(Error::new(ErrorKind::InvalidOperation, format!("{kind} is neither odd nor even"))),
    }
}
