//! Reads one repository. Everything here blocks, and runs on threads made for that.

use std::path::Path;
use std::time::Instant;

use engine_repo::{FactOptions, Repository};
use model::docs::DocsSite;
use model::{Finding, Level};

use crate::access;
use crate::docs;
use crate::templates::lineage;
use crate::templates::store::Lineage;

/// What reading one repository gave, as it is stored.
#[derive(Debug)]
pub struct Read {
    /// Of before the reading: what moves meanwhile is read the next time.
    pub fingerprint: String,
    pub root_commit: Option<String>,
    /// JSON.
    pub facts: String,
    pub draft: String,
    pub findings: String,
    /// What Locations of other repositories name in it, with which it was read; as it is stored with the repository.
    pub wanted: String,
    pub docs: Vec<DocsSite>,
    /// The template that it came from.
    pub lineage: Option<Lineage>,
    /// Its manifest of access.
    pub access: Option<access::Found>,
    /// Milliseconds.
    pub took: i64,
}

/// Why a repository could not be read.
#[derive(Debug, Clone)]
pub struct Failure {
    /// For a person, without a full stop.
    pub reason: String,
    /// What to do, where it could not even be had; `None` for one that is there and cannot be read.
    pub help: Option<String>,
    /// Where it could still be told: nobody tries again before it changes, or a while has passed.
    pub fingerprint: Option<String>,
}

impl Failure {
    pub fn of(reason: String, help: Option<String>) -> Self {
        Self { reason, help, fingerprint: None }
    }
}

/// The state of a repository's references.
pub fn fingerprint(path: &Path) -> Result<String, Failure> {
    let failure = |reason| Failure::of(reason, None);
    let repository = Repository::open(path).map_err(|error| failure(error.to_string()))?;
    repository.fingerprint().map_err(|error| failure(error.to_string()))
}

/// Everything that one repository says. `wanted` is as [`Read::wanted`] has it, `settled` the commit up to which it is known
/// who wrote its manifest of access, `now` what its activity is counted from.
pub fn read(path: &Path, wanted: &str, settled: Option<&str>, now: i64) -> Result<Read, Failure> {
    let start = Instant::now();
    let unnamed = |reason| Failure::of(reason, None);
    let repository = Repository::open(path).map_err(|error| unnamed(error.to_string()))?;
    let fingerprint = repository.fingerprint().map_err(|error| unnamed(error.to_string()))?;
    let failure = |reason| Failure { reason, help: None, fingerprint: Some(fingerprint.clone()) };
    let snapshot = repository.snapshot().map_err(|error| failure(error.to_string()))?;
    let (facts, mut findings) =
        engine_repo::facts(&repository, &snapshot, &FactOptions { now, ..FactOptions::default() });
    let named: Vec<String> = serde_json::from_str(wanted).unwrap_or_default();
    let draft = engine_catalog::draft_with(&snapshot, &facts, &named);
    let (docs, found) = docs::find(&snapshot, &draft);
    findings.extend(found);
    let text = |error: serde_json::Error| failure(format!("what was read could not be kept: {error}"));
    Ok(Read {
        root_commit: facts.first_commit.as_ref().filter(|_| !facts.shallow).map(|first| first.commit.clone()),
        facts: serde_json::to_string(&facts).map_err(text)?,
        draft: serde_json::to_string(&draft).map_err(text)?,
        findings: serde_json::to_string(&findings).map_err(text)?,
        wanted: wanted.to_owned(),
        docs,
        lineage: lineage::of_repository(&repository),
        access: access::find(&repository, &draft, settled),
        took: i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX),
        fingerprint,
    })
}

/// The first commit, which stays when a folder is renamed. `None` where it cannot be told.
pub fn root_commit(path: &Path, now: i64) -> Option<String> {
    let repository = Repository::open(path).ok()?;
    let snapshot = repository.snapshot().ok()?;
    let (facts, _) = engine_repo::facts(&repository, &snapshot, &FactOptions { now, ..FactOptions::default() });
    facts.first_commit.filter(|_| !facts.shallow).map(|first| first.commit)
}

/// How much there is to read, roughly, in bytes: large ones first, so that none of them is begun when all else is done.
pub fn weight(path: &Path) -> u64 {
    let packs = |folder: &str| std::fs::read_dir(path.join(folder).join("pack")).into_iter().flatten().flatten();
    let sizes = [".git/objects", "objects"].into_iter().flat_map(packs).filter_map(|entry| entry.metadata().ok());
    sizes.map(|metadata| metadata.len()).sum()
}

/// What the page of a repository shows when it could not be read.
pub fn finding(failure: &Failure) -> Finding {
    let reason = &failure.reason;
    if let Some(help) = &failure.help {
        let message = format!("This repository could not be fetched: {reason}.");
        return Finding::new("repository.unreachable", Level::Error, message, help);
    }
    Finding::new(
        "repository.unreadable",
        Level::Error,
        format!("This repository could not be read: {reason}."),
        "Run \"git fsck\" in it to see what is damaged. It is read again as soon as its references change, and with \
         every sync that somebody starts; what was known before stays.",
    )
}
