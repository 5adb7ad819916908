//! Extensions at the other end of a pipe.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Brought, Call, Extensions};

/// The longest answer that is read.
const BYTES: u64 = 64 << 20;

/// Extensions that [`super::BRIDGE`] lends: one request in a line, one answer in a line.
///
/// Nobody waits here for longer than the other end takes: whoever started it has to end it after a time, and every call
/// fails from then on.
pub struct Bridge {
    brought: Brought,
    ends: Mutex<Ends>,
}

/// Why extensions cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unloaded {
    /// The one that could not be loaded, where it is one.
    pub extension: Option<String>,
    pub message: String,
}

struct Ends {
    answers: BufReader<Box<dyn Read + Send>>,
    requests: Box<dyn Write + Send>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer<Good> {
    Bad {
        error: String,
        #[serde(default)]
        extension: Option<String>,
    },
    Good(Good),
}

#[derive(Deserialize)]
struct Returned {
    value: Value,
}

impl Bridge {
    /// Loads extensions by the names under which they are imported; `path` are folders in which modules are found beside
    /// Python's own, the template's among them. `answers` and `requests` are output and input of the other end.
    ///
    /// # Errors
    /// One of them cannot be imported or made, or the other end does not answer.
    pub fn load(
        answers: impl Read + Send + 'static,
        requests: impl Write + Send + 'static,
        extensions: &[String],
        path: &[String],
    ) -> Result<Self, Unloaded> {
        let mut ends = Ends { answers: BufReader::new(Box::new(answers)), requests: Box::new(requests) };
        let answer = ends.ask(&json!({ "load": extensions, "path": path }));
        match answer.map_err(|message| Unloaded { extension: None, message })? {
            Answer::Good(brought) => Ok(Self { brought, ends: Mutex::new(ends) }),
            Answer::Bad { error, extension } => Err(Unloaded { extension, message: error }),
        }
    }
}

impl Extensions for Bridge {
    fn brought(&self) -> &Brought {
        &self.brought
    }

    fn call(&self, call: &Call) -> Result<Value, String> {
        #[derive(Serialize)]
        struct Request<'a> {
            call: &'a Call,
        }
        let answer = self.ends.lock().unwrap_or_else(PoisonError::into_inner).ask(&Request { call })?;
        match answer {
            Answer::Good(Returned { value }) => Ok(value),
            Answer::Bad { error, .. } => Err(error),
        }
    }
}

impl Ends {
    /// # Errors
    /// The other end is gone, or says what it should not.
    fn ask<Good: for<'de> Deserialize<'de>>(&mut self, request: &impl Serialize) -> Result<Answer<Good>, String> {
        let answer = self.exchange(request).map_err(|error| format!("the extensions do not answer: {error}"))?;
        serde_json::from_slice(&answer).map_err(|error| format!("the extensions answer wrongly: {error}"))
    }

    fn exchange(&mut self, request: &impl Serialize) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        self.requests.write_all(&line)?;
        self.requests.flush()?;
        let mut answer = Vec::new();
        (&mut self.answers).take(BYTES).read_until(b'\n', &mut answer)?;
        match answer.last() {
            Some(b'\n') => Ok(answer),
            None => Err(io::Error::other("their process has ended")),
            Some(_) if answer.len() as u64 == BYTES => Err(io::Error::other("the answer is too long")),
            Some(_) => Err(io::Error::other("their process ended within an answer")),
        }
    }
}

impl fmt::Debug for Bridge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Bridge").field("brought", &self.brought).finish_non_exhaustive()
    }
}
