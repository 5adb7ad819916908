//! Which templates may execute what they bring: a person says so of one repository at one commit, and it is remembered.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Fetched;
use super::folder::replace;
use crate::error::{Error, Result};

/// The decisions of a person at this machine, in a file of theirs.
#[derive(Debug, Clone)]
pub struct Trusted {
    file: PathBuf,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The address of the repository, or the path of the folder.
    pub template: String,
    /// The commit, or for what is in no commit `sha256:` and the hash of all its files.
    pub version: String,
    /// When it was made, as `2026-11-26T12:00:00Z`.
    pub since: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    trusted: Vec<Decision>,
}

impl Trusted {
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// Every decision, the oldest first.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn all(&self) -> Result<Vec<Decision>> {
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.cannot("read", &error)),
        };
        let file: File = toml::from_str(&text).map_err(|error| self.cannot("read", &error))?;
        Ok(file.trusted)
    }

    /// Whether this version of the template was trusted.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub fn holds(&self, template: &Fetched) -> Result<bool> {
        let version = template.identity();
        let is_it = |one: &Decision| one.template == template.source.address && one.version == version;
        Ok(self.all()?.iter().any(is_it))
    }

    /// Trusts this version of the template.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn add(&self, template: &Fetched, now: jiff::Timestamp) -> Result<()> {
        if self.holds(template)? {
            return Ok(());
        }
        let mut all = self.all()?;
        let since = now.round(jiff::Unit::Second).unwrap_or(now).to_string();
        all.push(Decision { template: template.source.address.clone(), version: template.identity(), since });
        self.write(all)
    }

    /// Trusts a template no more, in none of its versions; how many decisions that were.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn forget(&self, template: &str) -> Result<usize> {
        let mut all = self.all()?;
        let before = all.len();
        all.retain(|one| one.template != template);
        let gone = before - all.len();
        if gone > 0 {
            self.write(all)?;
        }
        Ok(gone)
    }

    fn write(&self, trusted: Vec<Decision>) -> Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let text = toml::to_string(&File { trusted }).map_err(|error| self.cannot("written", &error))?;
        let put = fs::create_dir_all(folder).and_then(|()| replace(&self.file, text.as_bytes()));
        put.map_err(|error| self.cannot("written", &error))
    }

    fn cannot(&self, done: &str, error: &dyn std::fmt::Display) -> Error {
        Error::Unavailable(format!("{}, which says what is trusted, cannot be {done}: {error}", self.file.display()))
    }
}
