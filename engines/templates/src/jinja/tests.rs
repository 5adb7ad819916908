//! The tests (`is …`) of Jinja2, and none beside them.

use minijinja::Environment;
use minijinja::value::{Value, ValueKind};

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
    // Text can be iterated over in Python.
    environment.add_test("iterable", |value: &Value| value.kind() == ValueKind::String || value.try_iter().is_ok());
    environment.add_test("sequence", |value: &Value| {
        matches!(value.kind(), ValueKind::String | ValueKind::Seq | ValueKind::Map)
    });
    environment.add_test("number", |value: &Value| matches!(value.kind(), ValueKind::Number | ValueKind::Bool));
}
