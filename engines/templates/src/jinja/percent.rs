//! Python's `%`: the remainder of numbers, and the old way of formatting text.

use minijinja::value::{Kwargs, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

/// `left % right`.
///
/// # Errors
/// A format that does not fit its values, or values that have no remainder.
pub fn remainder(state: &mut State, left: &Value, right: &Value) -> Result<Value, Error> {
    if left.is_undefined() || right.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let Some(text) = left.as_str() else {
        return state.env().compile_expression("left % right")?.eval(minijinja::context! { left, right });
    };
    let mut arguments = vec![Value::from(text)];
    match right.as_object().map(|object| object.repr()) {
        Some(ObjectRepr::Map) => {
            let pairs = right.try_iter()?.filter_map(|key| {
                let value = right.get_item(&key).ok()?;
                Some((key.as_str()?.to_owned(), value))
            });
            arguments.push(Value::from(Kwargs::from_iter(pairs)));
        }
        _ if right.is_tuple() => arguments.extend(right.try_iter()?),
        _ => arguments.push(right.clone()),
    }
    state.apply_filter("format", &arguments)
}
