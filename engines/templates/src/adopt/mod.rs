//! Adoption: projects that nobody recorded, where each file may stem from another version of the template.
//!
//! [`Index::new`] reads a template's whole history once; [`adopt`] fits a project to it, as often as there are projects (it
//! may be called from many threads). Of several templates the one with the highest [`Adoption::score`] is the right one.
//!
//! How: names of files and lines of the form `… {{ cookiecutter.x }} …` vote for answers; each distinct file of the history
//! is rendered once with them; a project's file that equals one of those stems from it, any other from the one that is most
//! alike; what only decides whether something is there is found by rendering with each of its values.

mod answers;
mod fit;
mod history;

use model::Findings;
use serde::Serialize;

pub use self::history::{History, Index, Revision};
use crate::lineage::{self, Lineage, Programs, Record, Render, Source, Version};
use crate::tree::{Entry, Tree};
use crate::{Answers, Dialect, Environment, Rendered};

/// Below this a file is [doubtful](Adoption::doubtful): fewer of its lines than this are also the template's.
const DOUBTFUL: f64 = 0.6;

/// How a project fits a template.
#[derive(Clone, Debug, Serialize)]
pub struct Adoption {
    /// From 0 to 1: how much of what the template makes the project has, at the versions that fit best.
    pub score: f64,
    pub answers: Answers,
    /// Names of answers that nothing in the project speaks for: they are the template's defaults.
    pub assumed: Vec<String>,
    /// The proposed base: the position of the revision that fits most files.
    pub base: usize,
    pub files: Vec<FileFit>,
    /// What the template makes at the base and the project does not have.
    pub missing: Vec<String>,
    /// What the template made, each file at its own version: the base of a first update.
    #[serde(skip)]
    pub made: Tree,
}

/// How one file of a project fits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileFit {
    pub path: String,
    /// The positions of the first and the last revision that make it so, around the one nearest to the base.
    pub first: usize,
    pub last: usize,
    /// Of those the one nearest to the base.
    pub revision: usize,
    /// 1 where the file is exactly what that revision makes; else how many of its lines are alike.
    pub score: f64,
}

/// Fits a project to a template's history. `None` where they have nothing in common.
///
/// # Errors
/// No version of the history can be rendered.
pub fn adopt(project: &Tree, index: &Index, render: Render) -> Result<Option<Adoption>, Findings> {
    let environment = environment(render);
    let mut votes = answers::vote(project, index);
    let best = votes.iter().filter_map(|(name, values)| Some((name.as_str(), values.first()?.clone())));
    let mut answers: Answers = best.collect();
    let Some(mut fit) = fit::fit(project, index, &answers, &environment)? else { return Ok(None) };
    if answers::decide(project, index, fit.base, &mut answers, &mut votes, &environment) {
        match fit::fit(project, index, &answers, &environment)? {
            Some(better) if better.score >= fit.score => fit = better,
            _ => {}
        }
    }
    // A version that cannot be rendered as a whole may still be the one that fits best.
    let rendered = index
        .template(fit.base)
        .and_then(|template| template.render(&answers::fitting(&template, &answers, &environment), &environment));
    let rendered = rendered.unwrap_or_else(|_| Rendered { answers, ..Rendered::default() });
    let asked: Vec<&str> = rendered.answers.iter().map(|(name, _)| name).collect();
    let assumed = asked.iter().filter(|name| !votes.contains_key(**name)).map(|name| (*name).to_owned()).collect();
    let is_missing = |(path, entry): &(&str, &Entry)| **entry != Entry::Folder && project.get(path).is_none();
    let missing = rendered.tree.iter().filter(is_missing).map(|(path, _)| path.to_owned()).collect();
    Ok(Some(Adoption {
        score: fit.score,
        answers: rendered.answers,
        assumed,
        base: fit.base,
        files: fit.files,
        missing,
        made: with_missing(fit.made, &rendered.tree),
    }))
}

impl Adoption {
    /// Files of which nobody can be sure that they stem from the template as it says.
    pub fn doubtful(&self) -> impl Iterator<Item = &FileFit> {
        self.files.iter().filter(|file| file.score < DOUBTFUL)
    }

    /// The lineage to write for the project: files are recorded as they were made, each at its own version.
    #[must_use]
    pub fn lineage(&self, template: Source, index: &Index, dialect: Dialect, render: Render) -> Lineage {
        let revision = index.revisions().get(self.base);
        let version = Version {
            commit: revision.map(|revision| revision.commit.clone()),
            tag: revision.and_then(|revision| revision.tag.clone()),
            reference: None,
        };
        let mut lineage = Lineage::record(
            template,
            version,
            dialect,
            &environment(render),
            &self.answers,
            &[],
            &Tree::default(),
            Programs::Run,
        );
        let made = self.made.iter().filter(|(path, _)| !lineage::is_own(path));
        lineage.files = made.filter_map(|(path, entry)| Some((path.to_owned(), Record::of(entry)?))).collect();
        lineage
    }
}

/// What the project deleted was made too: so that an update knows that it is to stay deleted.
fn with_missing(mut made: Tree, rendered: &Tree) -> Tree {
    for (path, entry) in rendered.iter() {
        if made.get(path).is_none() {
            // It comes from a tree, so its path may stand in one.
            let _ = made.insert(path, entry.clone());
        }
    }
    made
}

fn environment(render: Render) -> Environment {
    let mut environment = Environment::new(render.clock, render.seed);
    environment.zone = jiff::tz::TimeZone::fixed(render.offset);
    environment
}
