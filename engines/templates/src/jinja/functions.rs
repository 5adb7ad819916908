//! The functions that templates may call: those of Jinja2, those of cookiecutter's own extensions, and those that only a
//! rewritten template calls.

use std::sync::Arc;

use minijinja::value::{Rest, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

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
    environment.add_function("cycler", minijinja_contrib::globals::cycler);
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
    environment.add_function("random_ascii_string", move |arguments: Rest<Value>| random_text(&arguments, &random));
    let uuid = chance.clone();
    environment.add_function("uuid4", move || uuid.uuid4());
    environment.add_function("dict", |arguments: Rest<Value>| {
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
