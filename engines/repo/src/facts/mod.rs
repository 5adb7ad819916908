//! What Git already knows of a repository, each with its evidence.

mod bots;
mod description;
mod files;
mod history;
mod licence;
mod tags;

#[cfg(test)]
mod tests;

use model::repository::{FileCounts, PathClass, RepositoryFacts};
use model::{Confidence, Evidence, Fact, Finding, Level};

use crate::{File, FileKind, Repository, Snapshot, Tree, codeowners};

pub use bots::Bots;
pub(crate) use bots::login;
pub use description::plain_text;
pub use licence::release_licences;

/// What facts depend on besides the repository.
#[derive(Debug, Clone, Default)]
pub struct FactOptions {
    /// Milliseconds since 1970 in UTC: the last week of the activity is the one that holds it.
    pub now: i64,
    pub bots: Bots,
}

/// At most this many Markdown files and submodules are listed.
const MOST_LISTED: usize = 1_000;

/// Gathers the facts at the snapshot's commit. What cannot be read is a finding, and the rest goes on.
pub fn facts(repository: &Repository, snapshot: &Snapshot, options: &FactOptions) -> (RepositoryFacts, Vec<Finding>) {
    let mut findings = snapshot.findings().to_vec();
    let mut facts = RepositoryFacts {
        head: snapshot.head().cloned(),
        origin: repository.origin(),
        languages: snapshot.scanned().languages(),
        readme: readme(snapshot),
        codeowners: codeowners::PLACES.iter().find(|place| is_blob(snapshot, place)).map(|place| (*place).to_owned()),
        markdown: listed(snapshot, |file| file.is_blob() && is_markdown(file) && may_be_shown(file)),
        submodules: listed(snapshot, |file| file.kind == FileKind::Submodule),
        files: file_counts(snapshot),
        excluded: snapshot.excluded().to_vec(),
        ..RepositoryFacts::default()
    };
    if snapshot.commit().is_none() {
        facts.description = description::own(repository);
        return (facts, findings);
    }
    files::gather(snapshot, &mut facts, &mut findings);
    facts.description = description::find(repository, snapshot, facts.readme.as_deref(), &mut findings);
    facts.licence = licence::find(snapshot, &mut findings);
    history::gather(repository, snapshot, options, &mut facts, &mut findings);
    tags::gather(repository, &mut facts, &mut findings);
    sign(&mut facts);
    (facts, findings)
}

/// Writes the commit that was read into all evidence.
fn sign(facts: &mut RepositoryFacts) {
    let commit = facts.head.as_ref().map(|head| head.commit.clone());
    let lists = [
        &mut facts.ci,
        &mut facts.manifests,
        &mut facts.containers,
        &mut facts.charts,
        &mut facts.compose,
        &mut facts.api_definitions,
        &mut facts.docs,
    ];
    let single = facts.description.iter_mut().chain(facts.licence.iter_mut());
    for fact in lists.into_iter().flatten().chain(single) {
        fact.evidence.commit.clone_from(&commit);
    }
}

/// A fact that a file proves by being there.
fn seen(value: impl Into<String>, rule: &str, file: &str, why: impl Into<String>) -> Fact<String> {
    Fact::new(value.into(), Evidence::new(rule, Confidence::Corroborated, why).at(file, None))
}

/// A fact that a line of a file states.
fn stated(value: impl Into<String>, rule: &str, file: &str, line: u32, why: impl Into<String>) -> Fact<String> {
    Fact::new(value.into(), Evidence::new(rule, Confidence::Declared, why).at(file, Some(line)))
}

fn file_counts(snapshot: &Snapshot) -> FileCounts {
    let mut counts = FileCounts { bytes: snapshot.scanned().bytes, ..FileCounts::default() };
    for file in snapshot.files() {
        counts.total += 1;
        *counts.by_class.entry(file.class).or_default() += 1;
    }
    counts
}

fn listed(snapshot: &Snapshot, wanted: impl Fn(&File) -> bool) -> Vec<String> {
    snapshot.files().iter().filter(|file| wanted(file)).map(|file| file.path.clone()).take(MOST_LISTED).collect()
}

fn is_markdown(file: &File) -> bool {
    let name = file.name().to_ascii_lowercase();
    name.ends_with(".md") || name.ends_with(".markdown")
}

/// Documentation of examples and tests may be read; that of other people's code or of a template may not.
fn may_be_shown(file: &File) -> bool {
    matches!(file.class, PathClass::Source | PathClass::Test | PathClass::Generated)
}

fn is_blob(snapshot: &Snapshot, path: &str) -> bool {
    snapshot.file(path).is_some_and(File::is_blob)
}

/// The README that is shown: at the root, else in `docs/` or `.github/`; Markdown before other formats.
fn readme(snapshot: &Snapshot) -> Option<String> {
    const NAMES: [&str; 8] = [
        "readme.md",
        "readme.markdown",
        "readme.mdown",
        "readme.rst",
        "readme.adoc",
        "readme.org",
        "readme.txt",
        "readme",
    ];
    let places = ["", "docs", ".github"];
    places.iter().find_map(|place| {
        let here = snapshot.below(place).iter().filter(|file| file.folder() == *place && file.is_blob());
        let ranked = here.filter_map(|file| {
            let name = file.name().to_ascii_lowercase();
            Some((NAMES.iter().position(|known| *known == name)?, &file.path))
        });
        ranked.min().map(|(_, path)| path.clone())
    })
}

/// The start of a text file, for rules that look at a few lines only. What cannot be read already has a finding.
fn text(snapshot: &Snapshot, path: &str, limit: usize) -> Option<String> {
    let blob = snapshot.read(path, limit).ok().flatten()?;
    (!crate::classify::is_binary(&blob.bytes)).then(|| blob.text().into_owned())
}

fn line_of(text: &str, wanted: impl Fn(&str) -> bool) -> Option<u32> {
    text.lines().position(wanted).and_then(|at| u32::try_from(at + 1).ok())
}

fn note(rule: &str, message: String, help: &str) -> Finding {
    Finding::new(rule, Level::Note, message, help)
}
