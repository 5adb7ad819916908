//! A version for each file of a project.
//!
//! A template is applied at few moments, and each brings many files: so what a file alone leaves open, the files of the same
//! moment decide.

use std::collections::{BTreeMap, BTreeSet};

use super::FileFit;
use super::costs::{APPLIED_AGAIN, Costs};
use super::history::Part;
use super::likely::likeliest;
use super::render::Made;
use crate::tree::Tree;

/// A file belongs to a moment that explains it nearly as well as the best would.
const NEARLY: f64 = 1.5;
/// Other moments than that of most files, at most.
const MOMENTS: usize = 6;

pub(super) struct Fit {
    pub(super) score: f64,
    /// The version that most files are from.
    pub(super) base: usize,
    pub(super) files: Vec<FileFit>,
    pub(super) made: Tree,
}

/// Fits each file of a project to the revisions that may have made it. `None` where nothing fits.
pub(super) fn fit(part: &Part, made: &Made, costs: &Costs) -> Option<Fit> {
    let versions = part.by_revision();
    let by_revision = |cost: &dyn Fn(usize) -> f64| -> BTreeMap<usize, f64> {
        let of_version: Vec<f64> = (0..part.versions.len()).map(cost).collect();
        versions.iter().filter_map(|(at, version)| Some((*at, *of_version.get(*version)?))).collect()
    };
    let base = likeliest(&by_revision(&|version| costs.whole(version)))?;
    let base_version = *versions.get(&base)?;
    let mut moments = BTreeMap::new();
    let mut left: BTreeSet<&str> = BTreeSet::new();
    for path in costs.paths() {
        match costs.beyond_best(base_version, path) <= APPLIED_AGAIN {
            true => drop(moments.insert(path, base)),
            false => drop(left.insert(path)),
        }
    }
    for _ in 0..MOMENTS {
        let cost = |version: usize| left.iter().map(|path| costs.beyond_best(version, path).min(APPLIED_AGAIN)).sum();
        let Some(moment) = likeliest(&by_revision(&cost)).filter(|_| !left.is_empty()) else { break };
        let Some(version) = versions.get(&moment) else { break };
        let explained: Vec<&str> =
            left.iter().filter(|path| costs.beyond_best(*version, path) <= NEARLY).copied().collect();
        if explained.is_empty() {
            break;
        }
        for path in explained {
            moments.insert(path, moment);
            left.remove(path);
        }
    }
    for path in left {
        if let Some(moment) = likeliest(&by_revision(&|version| costs.beyond_best(version, path))) {
            moments.insert(path, moment);
        }
    }
    let (mut files, mut tree) = (Vec::new(), Tree::default());
    for (path, revision) in moments {
        let Some(version) = versions.get(&revision) else { continue };
        let Some((blob, likeness)) = costs.at(*version, path) else { continue };
        let (first, last) = run(part, blob, *version);
        files.push(FileFit { path: path.to_owned(), first, last, revision, score: likeness.share });
        if let Some((_, entry)) = made.get(&blob) {
            // It was rendered, so its path may stand in a tree.
            let _ = tree.insert(path, entry.clone());
        }
    }
    let score = costs.score(base_version);
    (score > 0.0).then_some(Fit { score, base: base_version, files, made: tree })
}

/// The unbroken run of revisions around a version that have a blob.
fn run(part: &Part, blob: usize, version: usize) -> (usize, usize) {
    let has = |at: &usize| part.versions.get(*at).is_some_and(|version| version.files.values().any(|it| *it == blob));
    let revisions = |at: usize| part.versions.get(at).map_or(0..=0, |version| version.revisions.clone());
    let first = (0..version).rev().take_while(has).last().unwrap_or(version);
    let last = (version + 1..part.versions.len()).take_while(has).last().unwrap_or(version);
    (*revisions(first).start(), *revisions(last).end())
}
