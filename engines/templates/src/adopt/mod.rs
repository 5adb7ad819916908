//! Adoption: projects that nobody recorded, where each file may stem from another version of the template.
//!
//! [`Index::new`] reads a template's whole history once; [`adopt`] fits a project to it, as often as there are projects (it
//! may be called from many threads). Of several templates the one with the highest [`Adoption::score`] is the right one.
//!
//! How: names of files and lines in which an answer stands vote for answers; what only decides whether something is there is
//! found by rendering with each of its values, and by running the template's programs where they may be run ([`Programs`]).
//! Each distinct file of the history is rendered once; a project's file stems from the moment at which most files were made,
//! unless it is much more like what another moment makes, at which others were made too.

mod answers;
mod costs;
mod fit;
mod history;
mod likely;
mod likeness;
mod patterns;
mod programs;
mod render;

use std::ops::Range;

use model::Findings;
use serde::Serialize;

use self::costs::Costs;
use self::fit::Fit;
use self::history::Part;
pub use self::history::{History, Index, Revision};
use self::patterns::Votes;
pub use self::programs::{Finish, Programs};
use self::render::Made;
use crate::lineage::{self, Lineage, Record, Render, Source, Version};
use crate::tree::{Entry, Tree};
use crate::{Answers, Dialect, Environment};

/// Below this a file is [doubtful](Adoption::doubtful): fewer of its lines than this are also the template's.
const DOUBTFUL: f64 = 0.6;
/// So often other answers may make another base likelier, and that other answers.
const ROUNDS: usize = 3;
/// Of so many runs of versions that have the same programs the best version is looked at closely.
const ERAS: usize = 3;

/// How a project fits a template.
#[derive(Clone, Debug, Serialize)]
pub struct Adoption {
    /// From 0 to 1: how much of what the template makes the project has, at the version that fits best.
    pub score: f64,
    /// The template's folder in its repository; `None` where that is the root. Of a template that holds several, the one that
    /// fits best.
    pub directory: Option<String>,
    /// What a person calls it, where it is one of several.
    pub label: Option<String>,
    pub dialect: Dialect,
    pub answers: Answers,
    /// Names of answers that nothing in the project speaks for: they are the template's defaults.
    pub assumed: Vec<String>,
    /// The proposed base: the position of the newest revision that makes the same as the one that fits most files.
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
    /// The positions of the first and the last revision that make it so, around the likeliest.
    pub first: usize,
    pub last: usize,
    /// Of those the likeliest, judging by all files: where nothing tells some of them apart, the middle one.
    pub revision: usize,
    /// 1 where the file is exactly what that revision makes; else how many of its lines are alike.
    pub score: f64,
}

/// Fits a project to a template's history. `None` where they have nothing in common.
///
/// # Errors
/// No version of the history can be rendered.
pub fn adopt(
    project: &Tree,
    index: &Index,
    render: Render,
    programs: &Programs<'_>,
) -> Result<Option<Adoption>, Findings> {
    let environment = environment(render);
    let mut best: Option<Adoption> = None;
    let mut refused = None;
    for part in &index.parts {
        match adopt_part(project, part, programs, &environment) {
            Ok(Some(one)) if best.as_ref().is_none_or(|other| one.score > other.score) => best = Some(one),
            Ok(_) => {}
            Err(findings) => refused = Some(findings),
        }
    }
    match (best, refused) {
        (None, Some(findings)) => Err(findings),
        (best, _) => Ok(best),
    }
}

fn adopt_part(
    project: &Tree,
    part: &Part,
    programs: &Programs<'_>,
    environment: &Environment,
) -> Result<Option<Adoption>, Findings> {
    let mut votes = part.patterns.vote(project);
    let best = votes.iter().filter_map(|(name, values)| Some((name.as_str(), values.first()?.clone())));
    let mut answers: Answers = best.collect();
    let mut made = render::render(part, &answers, environment);
    if made.is_empty()
        && let Some(newest) = part.versions.last()
    {
        newest.template.render(&answers, environment)?;
    }
    let eras = part.eras();
    let compared = |made: &Made, answers: &Answers, at: Option<usize>| {
        let moves = eras.iter().map(|era| {
            // The version that is looked at, or the newest.
            let version = at.filter(|at| era.contains(at)).unwrap_or(era.end.saturating_sub(1));
            (era.clone(), programs.moves(part, version, answers, environment))
        });
        Costs::new(project, part, made, &moves.collect::<Vec<_>>())
    };
    let mut costs = compared(&made, &answers, None);
    let mut looked_at = best_of_eras(&eras, &costs);
    let mut fit = None;
    for _ in 0..ROUNDS {
        let decided = looked_at.iter().filter_map(|version| {
            let (mut answers, mut votes) = (answers.clone(), votes.clone());
            let likeness = answers::decide(project, part, *version, &mut answers, &mut votes, programs, environment)?;
            Some((likeness, *version, answers, votes))
        });
        let best = decided.max_by(|(one, ..), (other, ..)| one.total_cmp(other));
        let at = best.as_ref().map(|(_, version, ..)| *version);
        if let Some((_, _, decided, decided_votes)) = best {
            (answers, votes) = (decided, decided_votes);
            made = render::render(part, &answers, environment);
            costs = compared(&made, &answers, at);
        }
        fit = fit::fit(part, &made, &costs);
        match &fit {
            Some(fit) if Some(fit.base) != at => looked_at = vec![fit.base],
            _ => break,
        }
    }
    Ok(fit.and_then(|fit| adoption(project, part, fit, answers, &votes, programs, environment)))
}

/// The version of each of the likeliest eras that costs least, the likeliest first.
fn best_of_eras(eras: &[Range<usize>], costs: &Costs) -> Vec<usize> {
    let cheapest = eras.iter().filter_map(|era| {
        let versions = era.clone().map(|version| (costs.whole(version), version));
        versions.min_by(|(one, _), (other, _)| one.total_cmp(other))
    });
    let mut cheapest: Vec<(f64, usize)> = cheapest.collect();
    cheapest.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    cheapest.into_iter().map(|(_, version)| version).take(ERAS).collect()
}

fn adoption(
    project: &Tree,
    part: &Part,
    fit: Fit,
    answers: Answers,
    votes: &Votes,
    programs: &Programs<'_>,
    environment: &Environment,
) -> Option<Adoption> {
    let version = part.versions.get(fit.base)?;
    let fitting = answers::fitting(&version.template, &answers, environment);
    // A version that cannot be rendered as a whole may still be the one that fits best.
    let rendered = version.template.render(&fitting, environment).ok();
    let tree = rendered.clone().map(|rendered| programs.tree(rendered)).unwrap_or_default();
    let answers = rendered.map_or(answers, |rendered| rendered.answers);
    let asked = answers.iter().map(|(name, _)| name).filter(|name| !votes.contains_key(*name));
    let is_missing = |(path, entry): &(&str, &Entry)| **entry != Entry::Folder && project.get(path).is_none();
    Some(Adoption {
        score: fit.score,
        directory: Some(part.folder.clone()).filter(|folder| !folder.is_empty()),
        label: part.label.clone(),
        dialect: version.template.dialect(),
        assumed: asked.map(str::to_owned).collect(),
        answers,
        base: *version.revisions.end(),
        files: fit.files,
        missing: tree.iter().filter(is_missing).map(|(path, _)| path.to_owned()).collect(),
        made: with_missing(fit.made, &tree),
    })
}

impl Adoption {
    /// Files of which nobody can be sure that they stem from the template as it says.
    pub fn doubtful(&self) -> impl Iterator<Item = &FileFit> {
        self.files.iter().filter(|file| file.score < DOUBTFUL)
    }

    /// The lineage to write for the project: files are recorded as they were made, each at its own version.
    #[must_use]
    pub fn lineage(&self, template: Source, index: &Index, render: Render) -> Lineage {
        let template = Source { directory: self.directory.clone(), ..template };
        let revision = index.revisions().get(self.base);
        let version = Version {
            commit: revision.map(|revision| revision.commit.clone()),
            tag: revision.and_then(|revision| revision.tag.clone()),
            reference: None,
        };
        let mut lineage = Lineage::record(
            template,
            version,
            self.dialect,
            &environment(render),
            &self.answers,
            &[],
            &Tree::default(),
            lineage::Programs::Run,
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
