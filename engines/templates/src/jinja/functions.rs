//! The functions that templates may call: those of Jinja2, those of cookiecutter's own extensions, and those that only a
//! rewritten template calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::value::{Object, ObjectRepr, Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State};

use super::arguments::Arguments;
use super::chance::Chance;
use super::time::{Clock, FORMAT};
use super::{percent, rewrite, values};

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// The longest text of `random_ascii_string`.
const LONGEST: i64 = 1 << 20;

pub fn add(environment: &mut Environment<'static>, clock: Clock, chance: &Arc<Chance>) {
    environment.remove_global("debug");
    environment.add_function("cycler", |items: Rest<Value>| Cycler::of(items.to_vec()));
    environment.add_function("joiner", minijinja_contrib::globals::joiner);
    let clock = Arc::new(clock);
    let now = clock.clone();
    environment.add_function(rewrite::NOW, move |zone: &str, format: Option<String>| {
        now.now(zone, format.as_deref().unwrap_or(FORMAT))
    });
    environment.add_function(
        rewrite::SHIFTED_NOW,
        move |zone: &str, sign: &str, offset: &str, format: Option<String>| {
            clock.shifted(zone, sign, offset, format.as_deref().unwrap_or(FORMAT))
        },
    );
    environment.add_function(rewrite::LIST, |value: &Value| values::changeable(value));
    environment.add_function(rewrite::DICTIONARY, |value: &Value| values::changeable(value));
    environment.add_filter(rewrite::REMAINDER, percent::remainder);
    let random = chance.clone();
    environment.add_function("random_ascii_string", move |arguments: Rest<ValueOrKwargs>| {
        random_text(&arguments.into_values(), &random)
    });
    let uuid = chance.clone();
    environment.add_function("uuid4", move || uuid.uuid4());
    environment.add_function("dict", |arguments: Rest<ValueOrKwargs>| {
        let arguments = arguments.into_values();
        let empty = values::dictionary([]);
        match arguments.iter().find(|value| value.kind() != ValueKind::Map && value.try_iter().is_err()) {
            Some(value) => Err(Error::new(ErrorKind::InvalidOperation, format!("{value:?} makes no dictionary"))),
            None => values::updated(&empty, &arguments).map(|()| empty),
        }
    });
}

fn random_text(arguments: &[Value], chance: &Chance) -> Result<String, Error> {
    let bound = Arguments::bind("random_ascii_string", arguments, &["length", "punctuation"])?;
    bound.required(0)?;
    let length = bound.integer(0, 0)?;
    if length > LONGEST {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("a random text has at most {LONGEST} characters")));
    }
    let corpus = if bound.flag(1, false)? { format!("{LETTERS}{PUNCTUATION}") } else { LETTERS.to_owned() };
    let letters = corpus.as_bytes();
    Ok((0..length).map(|_| char::from(letters[chance.below(letters.len() as u64) as usize])).collect())
}

/// Jinja2's `cycler`: one value after another, and from the first one again.
#[derive(Debug)]
struct Cycler {
    items: Vec<Value>,
    position: AtomicUsize,
}

impl Cycler {
    fn of(items: Vec<Value>) -> Result<Value, Error> {
        if items.is_empty() {
            return Err(Error::new(ErrorKind::MissingArgument, "cycler() wants at least one item"));
        }
        Ok(Value::from_object(Self { items, position: AtomicUsize::new(0) }))
    }

    fn current(&self) -> Value {
        self.items[self.position.load(Ordering::Relaxed) % self.items.len()].clone()
    }
}

impl Object for Cycler {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str() == Some("current")).then(|| self.current())
    }

    fn call_method(self: &Arc<Self>, _: &mut State, method: &str, arguments: &[Value]) -> Result<Value, Error> {
        Arguments::bind(method, arguments, &[])?;
        match method {
            "next" => {
                let current = self.current();
                self.position.fetch_add(1, Ordering::Relaxed);
                Ok(current)
            }
            "reset" => {
                self.position.store(0, Ordering::Relaxed);
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}
