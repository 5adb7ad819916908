//! What a project remembers of where it came from: enough to render again what its template once made of it.
//!
//! It is kept in [`FILE`] within the project. A `.cruft.json` ([`Cruft`]) is read where it is all there is, and kept exact
//! where it is there. [`find`] is the door to both.

mod cruft;
mod find;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde::Serialize;
use sha2::{Digest, Sha256};

pub use self::cruft::{CRUFT_FILE, Cruft};
pub use self::find::{Found, find};
pub use self::read::parse;
use crate::tree::{Entry, Tree};
use crate::{Answers, Dialect, Environment};

/// Where a project keeps it.
pub const FILE: &str = ".slipway/lineage.yml";

/// The version of the file's format that is written, and the newest that is read.
pub const FORMAT: u64 = 1;

/// What stands in a render in the place of a secret answer: it is rendered, hashed and compared instead of it.
pub const PLACEHOLDER: &str = "slipway-secret";

/// Where a project came from, and how it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Lineage {
    pub template: Source,
    pub version: Version,
    pub dialect: Dialect,
    /// `None` where nobody recorded it, as cruft does not.
    pub render: Option<Render>,
    pub programs: Programs,
    /// Without the secret ones.
    pub answers: Answers,
    /// The names of answers that were secret.
    pub secrets: Vec<String>,
    /// Paths and globs that an update leaves alone, as in `.cruft.json`.
    pub skip: Vec<String>,
    /// Every file and link that the template made, by its path; empty where nobody recorded them.
    pub files: BTreeMap<String, Record>,
    /// What the last update left to a person, until it is settled.
    pub unresolved: Vec<Unresolved>,
}

/// Where a template is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// An address or a path, without a password.
    pub address: String,
    /// The folder in it that holds the template; `None` where that is its root.
    pub directory: Option<String>,
}

/// A version of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The full id of the commit; `None` where the template was not in Git.
    pub commit: Option<String>,
    /// The tag of that commit, if it has one.
    pub tag: Option<String>,
    /// The branch, tag or commit that was asked for; `None` where nothing was.
    pub reference: Option<String>,
}

/// The inputs of a render that are neither template nor answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Render {
    pub clock: Timestamp,
    /// From UTC, of the zone that was local, at that time.
    pub offset: Offset,
    pub seed: u64,
}

/// What became of the template's programs (its hooks) when it was rendered. An update renders old and new in the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Programs {
    /// They were run, where it has any.
    #[default]
    Run,
    /// They were left out, whether it has any or not.
    Skipped,
}

/// A file or link as the template made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub kind: RecordKind,
    /// SHA-256 of the content, or of a link's target; 64 hexadecimal digits.
    pub sha256: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// With its permission bits.
    File {
        mode: u32,
    },
    Link,
}

/// A path at which an update left a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unresolved {
    pub path: String,
    /// SHA-256 of what the update left there; `None` where it left nothing.
    pub sha256: Option<String>,
}

impl Lineage {
    /// What there is to remember of a fresh render. `tree` is what was rendered with [`PLACEHOLDER`] for each of `secrets`,
    /// after its hooks; `answers` may hold the secret ones, and they are left out.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "each is a part of what is recorded, and none has a default")]
    pub fn record(
        template: Source,
        version: Version,
        dialect: Dialect,
        environment: &Environment,
        answers: &Answers,
        secrets: &[String],
        tree: &Tree,
        programs: Programs,
    ) -> Self {
        let kept = answers.iter().filter(|(name, _)| !secrets.iter().any(|secret| secret == name));
        Self {
            template,
            version,
            dialect,
            render: Some(Render::of(environment)),
            programs,
            answers: kept.map(|(name, value)| (name, value.clone())).collect(),
            secrets: secrets.to_vec(),
            skip: Vec::new(),
            files: records(tree),
            unresolved: Vec::new(),
        }
    }

    /// The answers with which it is rendered again: [`PLACEHOLDER`] stands for each secret one.
    #[must_use]
    pub fn answers_to_render(&self) -> Answers {
        let mut answers = self.answers.clone();
        for name in &self.secrets {
            answers.insert(name.as_str(), PLACEHOLDER);
        }
        answers
    }

    /// Whether a render is what was recorded, file by file. Where nothing was, nobody knows.
    #[must_use]
    pub fn is_record_of(&self, rendered: &Tree) -> bool {
        !self.files.is_empty() && self.files == records(rendered)
    }

    /// The environment in which it is rendered again, old version and new: so that a date or a random number is no change.
    /// Where none was recorded `otherwise` stands in; best is the time of the template's commit.
    #[must_use]
    pub fn environment(&self, otherwise: Render) -> Environment {
        let render = self.render.unwrap_or(otherwise);
        let mut environment = Environment::new(render.clock, render.seed);
        environment.zone = TimeZone::fixed(render.offset);
        environment.template.clone_from(&self.template.address);
        environment.checkout.clone_from(&self.version.reference);
        environment
    }
}

impl Source {
    /// A source whose address holds no password, whatever was typed.
    #[must_use]
    pub fn new(address: &str, directory: Option<&str>) -> Self {
        let directory =
            directory.map(|directory| directory.trim_matches('/')).filter(|directory| !directory.is_empty());
        Self { address: without_password(address), directory: directory.map(str::to_owned) }
    }
}

impl Version {
    /// As a person calls it: the tag, or the beginning of the commit.
    #[must_use]
    pub fn name(&self) -> &str {
        match (&self.tag, &self.commit) {
            (Some(tag), _) => tag,
            (None, Some(commit)) => commit.get(..10).unwrap_or(commit),
            (None, None) => "an unknown version",
        }
    }
}

impl Render {
    #[must_use]
    pub fn of(environment: &Environment) -> Self {
        let offset = environment.zone.to_offset(environment.clock);
        Self { clock: environment.clock, offset, seed: environment.seed }
    }
}

impl Record {
    /// What is remembered of an entry; of a folder nothing.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        let kind = match entry {
            Entry::File { mode, .. } => RecordKind::File { mode: mode & 0o777 },
            Entry::Link { .. } => RecordKind::Link,
            Entry::Folder => return None,
        };
        Some(Self { kind, sha256: hash(entry)? })
    }

    /// Whether an entry is what was recorded. Of permission bits only the owner's right to execute counts, as Git keeps no
    /// others.
    #[must_use]
    pub fn is(&self, entry: &Entry) -> bool {
        let kind = match (self.kind, entry) {
            (RecordKind::File { mode }, Entry::File { mode: other, .. }) => (mode ^ other) & 0o100 == 0,
            (RecordKind::Link, Entry::Link { .. }) => true,
            _ => false,
        };
        kind && hash(entry).is_some_and(|hash| hash == self.sha256)
    }
}

/// SHA-256 of a file's content or a link's target, in hexadecimal digits.
pub(crate) fn hash(entry: &Entry) -> Option<String> {
    match entry {
        Entry::File { content, .. } => Some(format!("{:x}", Sha256::digest(content))),
        Entry::Link { target } => Some(format!("{:x}", Sha256::digest(target))),
        Entry::Folder => None,
    }
}

/// A record of everything in a tree but what Slipway and cruft keep there themselves.
pub(crate) fn records(tree: &Tree) -> BTreeMap<String, Record> {
    let entries = tree.iter().filter(|(path, _)| !is_own(path));
    entries.filter_map(|(path, entry)| Some((path.to_owned(), Record::of(entry)?))).collect()
}

/// Whether a path is one of the files in which a lineage is kept.
pub(crate) fn is_own(path: &str) -> bool {
    path == FILE || path == CRUFT_FILE
}

/// `https://user:password@host/…` without what is before the `@`; names without a password are part of an address of ssh.
fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((user, host)) if user.contains(':') || scheme.starts_with("http") => format!("{scheme}://{host}{path}"),
        _ => address.to_owned(),
    }
}
