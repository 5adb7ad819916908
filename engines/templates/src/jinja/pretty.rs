//! Python's `pprint.pformat`, at its width of 80.

use minijinja::value::{ObjectRepr, Value};

const WIDTH: usize = 80;

/// How deep values are laid out; below that they stand on one line.
const DEPTH: usize = 100;

pub fn pformat(value: &Value) -> String {
    let mut written = String::new();
    layout(&mut written, value, 0, 0, 0);
    written
}

/// A value on one line, with the keys of dictionaries in order.
fn line(value: &Value, depth: usize) -> String {
    let items = |values: Vec<Value>| values.iter().map(|value| line(value, depth + 1)).collect::<Vec<_>>();
    match value.as_object().map(|object| object.repr()) {
        _ if depth > DEPTH => format!("{value:?}"),
        Some(ObjectRepr::Map) => {
            let pairs = sorted(value)
                .into_iter()
                .map(|(key, value)| format!("{}: {}", line(&key, depth + 1), line(&value, depth + 1)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Some(ObjectRepr::Seq) => {
            let items = items(value.try_iter().map(Iterator::collect).unwrap_or_default());
            match (value.is_tuple(), items.len()) {
                (true, 1) => format!("({},)", items[0]),
                (true, _) => format!("({})", items.join(", ")),
                (false, _) => format!("[{}]", items.join(", ")),
            }
        }
        _ => format!("{value:?}"),
    }
}

fn sorted(value: &Value) -> Vec<(Value, Value)> {
    let mut pairs: Vec<(Value, Value)> = value
        .try_iter()
        .map(|keys| keys.filter_map(|key| Some((key.clone(), value.get_item(&key).ok()?))).collect())
        .unwrap_or_default();
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    pairs
}

/// Writes a value from a column on, `behind` more characters following it on its last line.
fn layout(out: &mut String, value: &Value, indent: usize, behind: usize, depth: usize) {
    let single = line(value, depth);
    let repr = value.as_object().map(|object| object.repr());
    if single.chars().count() + indent + behind <= WIDTH || depth > DEPTH {
        out.push_str(&single);
        return;
    }
    let next = format!(",\n{}", " ".repeat(indent + 1));
    match repr {
        Some(ObjectRepr::Map) => {
            out.push('{');
            let pairs = sorted(value);
            for (at, (key, item)) in pairs.iter().enumerate() {
                let last = at + 1 == pairs.len();
                let key = line(key, depth + 1);
                if at > 0 {
                    out.push_str(&next);
                }
                out.push_str(&key);
                out.push_str(": ");
                layout(out, item, indent + key.chars().count() + 3, if last { behind + 1 } else { 1 }, depth + 1);
            }
            out.push('}');
        }
        Some(ObjectRepr::Seq) => {
            let (open, close) = if value.is_tuple() { ("(", ")") } else { ("[", "]") };
            out.push_str(open);
            let items: Vec<Value> = value.try_iter().map(Iterator::collect).unwrap_or_default();
            for (at, item) in items.iter().enumerate() {
                let last = at + 1 == items.len();
                if at > 0 {
                    out.push_str(&next);
                }
                layout(out, item, indent + 1, if last { behind + 1 } else { 1 }, depth + 1);
            }
            out.push_str(if value.is_tuple() && items.len() == 1 { ",)" } else { close });
        }
        _ => out.push_str(&single),
    }
}
