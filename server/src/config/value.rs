//! One value, from the file or from the environment.

use std::net::SocketAddr;
use std::time::Duration;

use portal::git::Address;
use toml::de::DeValue;

const MOST_WORDS: usize = 100;
const MOST_ADDRESSES: usize = 10_000;

/// What stands at a key. A variable of the environment is always text, and is read as the key expects it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Text(&'a str),
    Boolean(bool),
    Integer(i64),
    /// Texts only.
    List(Vec<&'a str>),
    Other,
}

impl<'a> From<&'a DeValue<'_>> for Value<'a> {
    fn from(value: &'a DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text),
            DeValue::Boolean(value) => Self::Boolean(*value),
            DeValue::Integer(integer) => {
                i64::from_str_radix(integer.as_str(), integer.radix()).map_or(Self::Other, Self::Integer)
            }
            DeValue::Array(items) => {
                let texts = items.iter().map(|item| match item.get_ref() {
                    DeValue::String(text) => Some(text.as_ref()),
                    _ => None,
                });
                texts.collect::<Option<_>>().map_or(Self::Other, Self::List)
            }
            _ => Self::Other,
        }
    }
}

/// The errors say what was expected.
impl Value<'_> {
    pub fn text(&self) -> Result<String, String> {
        match self {
            Self::Text(text) if !text.trim().is_empty() => Ok((*text).to_owned()),
            _ => Err("a text that is not empty".to_owned()),
        }
    }

    /// Addresses of repositories, at least one. What is wrong is not repeated: it may hold a password.
    pub fn git_addresses(&self) -> Result<Vec<Address>, String> {
        let Self::List(texts) = self else { return Err("a list of Git addresses: [\"https://…\", …]".to_owned()) };
        if texts.is_empty() || texts.len() > MOST_ADDRESSES {
            return Err(format!("a list of 1 to {MOST_ADDRESSES} Git addresses"));
        }
        let parse = |(at, text): (usize, &&str)| {
            Address::parse(text)
                .map_err(|expected| format!("a list of Git addresses; number {} must be {expected}", at + 1))
        };
        texts.iter().enumerate().map(parse).collect()
    }

    /// A list of words, at least one.
    pub fn words(&self) -> Result<Vec<String>, String> {
        match self {
            Self::List(texts) if !texts.is_empty() && texts.len() <= MOST_WORDS => {
                Ok(texts.iter().map(|text| (*text).to_owned()).collect())
            }
            _ => Err(format!("a list of 1 to {MOST_WORDS} words: [\"…\", …]")),
        }
    }

    pub fn boolean(&self) -> Result<bool, String> {
        match self {
            Self::Boolean(value) => Ok(*value),
            Self::Text("true") => Ok(true),
            Self::Text("false") => Ok(false),
            _ => Err("true or false".to_owned()),
        }
    }

    pub fn count(&self, most: usize) -> Result<usize, String> {
        let number = match self {
            Self::Integer(number) => usize::try_from(*number).ok(),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        };
        number.filter(|number| *number <= most).ok_or_else(|| format!("a whole number from 0 to {most}"))
    }

    /// `"500ms"`, `"30s"`, `"5m"`, `"1h"`; at least 100 ms, at most a day.
    pub fn duration(&self) -> Result<Duration, String> {
        let expected = || "a time from 100ms to 24h, such as \"30s\", \"5m\" or \"1h\"".to_owned();
        let Self::Text(text) = self else { return Err(expected()) };
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 = text[..digits].parse().map_err(|_| expected())?;
        let unit = match text[digits..].trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(expected()),
        };
        let milliseconds =
            number.checked_mul(unit).filter(|ms| (100..=86_400_000).contains(ms)).ok_or_else(expected)?;
        Ok(Duration::from_millis(milliseconds))
    }

    pub fn address(&self) -> Result<SocketAddr, String> {
        let expected = || "an address with a port, such as \"127.0.0.1:3000\" or \"[::1]:3000\"".to_owned();
        match self {
            Self::Text(text) => text.replace("localhost:", "127.0.0.1:").parse().map_err(|_| expected()),
            _ => Err(expected()),
        }
    }

    pub fn one_of<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, String> {
        let Self::Text(text) = self else { return Err(list(choices)) };
        choices.iter().find(|(name, _)| name == text).map(|(_, value)| *value).ok_or_else(|| list(choices))
    }
}

fn list<T>(choices: &[(&str, T)]) -> String {
    let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    format!("one of {}", names.join(", "))
}
