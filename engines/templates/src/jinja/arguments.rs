//! Arguments bound to the names of parameters, as Python binds them.

use minijinja::value::{Kwargs, Value};
use minijinja::{Error, ErrorKind};

/// One value for each parameter that was given.
pub struct Arguments<'names> {
    function: String,
    names: &'names [&'names str],
    values: Vec<Option<Value>>,
}

impl<'names> Arguments<'names> {
    /// Binds the arguments of a call, named ones last.
    ///
    /// # Errors
    /// Too many, unknown, or one given twice.
    pub fn bind(function: &str, arguments: &[Value], names: &'names [&'names str]) -> Result<Self, Error> {
        let (positional, named) = match arguments.split_last() {
            Some((last, rest)) if last.is_kwargs() => (rest, Some(Kwargs::try_from(last.clone())?)),
            _ => (arguments, None),
        };
        if positional.len() > names.len() {
            let message = format!("{function}() takes at most {} arguments", names.len());
            return Err(Error::new(ErrorKind::TooManyArguments, message));
        }
        let mut values: Vec<Option<Value>> = positional.iter().cloned().map(Some).collect();
        values.resize(names.len(), None);
        if let Some(named) = named {
            for name in named.args() {
                let refused =
                    |why: &str| Error::new(ErrorKind::TooManyArguments, format!("{function}(): {why} {name:?}"));
                let at = names.iter().position(|known| *known == name).ok_or_else(|| refused("unknown argument"))?;
                if values[at].is_some() {
                    return Err(refused("two values for argument"));
                }
                values[at] = Some(named.peek::<Value>(name)?);
            }
        }
        Ok(Self { function: function.to_owned(), names, values })
    }

    pub fn get(&self, at: usize) -> Option<&Value> {
        self.values.get(at).and_then(Option::as_ref)
    }

    pub fn required(&self, at: usize) -> Result<&Value, Error> {
        self.get(at).ok_or_else(|| {
            let message = format!("{}() wants the argument {:?}", self.function, self.names[at]);
            Error::new(ErrorKind::MissingArgument, message)
        })
    }

    pub fn text(&self, at: usize) -> Result<Option<&str>, Error> {
        match self.get(at) {
            None => Ok(None),
            Some(value) if value.is_none() => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or_else(|| self.wrong(at, "a text", value)),
        }
    }

    pub fn integer(&self, at: usize, default: i64) -> Result<i64, Error> {
        match self.get(at) {
            None => Ok(default),
            Some(value) => match bool::try_from(value.clone()) {
                Ok(flag) if value.kind() == minijinja::value::ValueKind::Bool => Ok(i64::from(flag)),
                _ => i64::try_from(value.clone()).map_err(|_| self.wrong(at, "a whole number", value)),
            },
        }
    }

    /// Anything is true or false.
    pub fn flag(&self, at: usize, default: bool) -> Result<bool, Error> {
        match self.get(at) {
            None => Ok(default),
            Some(value) if value.is_undefined() => Err(Error::from(ErrorKind::UndefinedError)),
            Some(value) => Ok(value.is_true()),
        }
    }

    fn wrong(&self, at: usize, wanted: &str, value: &Value) -> Error {
        let kind = if value.is_undefined() { ErrorKind::UndefinedError } else { ErrorKind::InvalidOperation };
        let message = format!(
            "{}(): the argument {:?} is {}, and should be {wanted}",
            self.function,
            self.names[at],
            value.kind()
        );
        Error::new(kind, message)
    }
}
