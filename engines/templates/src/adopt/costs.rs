//! What it costs to take a version for that of a file, or of most files: the negative logarithm of how likely it is. The
//! numbers are those of a project of which a tenth of the files was deleted, a tenth made again later, and a third edited.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::history::Part;
use super::likeness::{Likeness, compare};
use super::programs::Moves;
use super::render::Made;
use crate::tree::Tree;

/// What is less alike than this has nothing in common but its name.
const LEAST: f64 = 0.15;
/// That a file was edited by the team.
const EDITED: f64 = 1.0;
/// For each line that differs. What the team wrote differs from every version, so that only lines count that another version
/// explains: hardly anybody writes those by chance.
const LINE: f64 = 2.0;
/// That a file has nothing in common with what the template makes there.
const FOREIGN: f64 = 12.0;
/// That a file is from another moment than most.
pub(super) const APPLIED_AGAIN: f64 = 3.5;
/// That it is from another moment, and that of most did not have it.
const ADDED_LATER: f64 = 4.5;
/// That the team deleted a file.
const DELETED: f64 = 2.3;

pub(super) struct Costs {
    /// Of each version, by the path in the project: the blob that makes a file there, and how alike they are.
    versions: Vec<BTreeMap<Arc<str>, (usize, Likeness)>>,
    /// How many files each version makes that the project does not have.
    missing: Vec<usize>,
    /// Of each path of the project that any version makes, the least.
    best: BTreeMap<Arc<str>, f64>,
}

impl Costs {
    /// Compares a project with what was made of a history. `moves` are what the programs of each era do.
    pub(super) fn new(project: &Tree, part: &Part, made: &Made, moves: &[(Range<usize>, Arc<Moves>)]) -> Self {
        let mut costs = Self { versions: Vec::new(), missing: Vec::new(), best: BTreeMap::new() };
        // Programs put the same file to different places, depending on the era.
        let mut known: HashMap<usize, Vec<(Arc<str>, Option<Likeness>)>> = HashMap::new();
        for (era, moves) in moves {
            for version in part.versions.get(era.clone()).unwrap_or_default() {
                let (mut files, mut missing) = (BTreeMap::new(), 0);
                for (source, blob) in &version.files {
                    let Some((rendered, entry)) = made.get(blob) else { continue };
                    let Some(path) = moves.place(source, rendered) else { continue };
                    let places = known.entry(*blob).or_default();
                    let at = places.iter().position(|(known, _)| **known == *path).unwrap_or_else(|| {
                        let likeness = project.get(&path).map(|other| compare(entry, other));
                        places.push((path.into(), likeness));
                        places.len() - 1
                    });
                    match places.get(at) {
                        Some((path, Some(likeness))) => {
                            let best = costs.best.entry(path.clone()).or_insert(f64::INFINITY);
                            *best = best.min(cost(*likeness));
                            let other = files.entry(path.clone()).or_insert((*blob, *likeness));
                            if likeness.share > other.1.share {
                                *other = (*blob, *likeness);
                            }
                        }
                        _ => missing += 1,
                    }
                }
                costs.versions.push(files);
                costs.missing.push(missing);
            }
        }
        costs
    }

    /// The paths of the project that any version makes.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.best.keys().map(|path| &**path)
    }

    /// Which blob a version makes at a path, and how alike it is.
    pub(super) fn at(&self, version: usize, path: &str) -> Option<(usize, Likeness)> {
        self.versions.get(version)?.get(path).copied()
    }

    /// How much more a version costs for a file than the best.
    pub(super) fn beyond_best(&self, version: usize, path: &str) -> f64 {
        let best = self.best.get(path).copied().unwrap_or_default();
        self.at(version, path).map_or(f64::INFINITY, |(_, likeness)| cost(likeness) - best)
    }

    /// What a version costs as that of most files.
    #[expect(clippy::cast_precision_loss, reason = "no template has so many files")]
    pub(super) fn whole(&self, version: usize) -> f64 {
        let files = self.best.iter().map(|(path, best)| match self.at(version, path) {
            Some((_, likeness)) => cost(likeness).min(best + APPLIED_AGAIN),
            None => best + ADDED_LATER,
        });
        files.sum::<f64>() + DELETED * self.missing.get(version).copied().unwrap_or_default() as f64
    }

    /// How much of what a version makes the project has.
    #[expect(clippy::cast_precision_loss, reason = "no template has so many files")]
    pub(super) fn score(&self, version: usize) -> f64 {
        let Some(files) = self.versions.get(version) else { return 0.0 };
        let count = files.len() + self.missing.get(version).copied().unwrap_or_default();
        let alike = files.values().map(|(_, likeness)| likeness.share).filter(|share| *share >= LEAST);
        alike.sum::<f64>() / count.max(1) as f64
    }
}

#[expect(clippy::cast_precision_loss, reason = "no file has so many lines")]
fn cost(likeness: Likeness) -> f64 {
    match likeness.differing {
        0 => 0.0,
        _ if likeness.share < LEAST => FOREIGN,
        lines => EDITED + LINE * lines as f64,
    }
}
