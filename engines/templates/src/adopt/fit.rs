//! A version for each file of a project.

use std::collections::{BTreeMap, HashMap};

use model::Findings;

use super::FileFit;
use super::answers::fitting;
use super::history::{Blob, Index};
use crate::tree::{Entry, Tree};
use crate::{Answers, Environment, Template};

/// What is less alike than this has nothing in common but its name.
const LEAST: f64 = 0.15;

pub(super) struct Fit {
    pub(super) score: f64,
    pub(super) base: usize,
    pub(super) files: Vec<FileFit>,
    pub(super) made: Tree,
}

/// Fits each file of a project to the revisions that may have made it.
///
/// # Errors
/// No version can be rendered: why not the newest.
pub(super) fn fit(
    project: &Tree,
    index: &Index,
    answers: &Answers,
    environment: &Environment,
) -> Result<Option<Fit>, Findings> {
    let made = render(index, answers, environment);
    if made.is_empty() {
        let newest = index.template(index.files.len().saturating_sub(1))?;
        newest.render(answers, environment)?;
        return Ok(None);
    }
    // How alike each blob's render and the project's file of that path are.
    let scores: HashMap<usize, f64> = made
        .iter()
        .filter_map(|(blob, (path, entry))| Some((*blob, alike(entry, project.get(path)?))))
        .map(|(blob, score)| (blob, if score < LEAST { 0.0 } else { score }))
        .collect();
    if scores.values().all(|score| *score == 0.0) {
        return Ok(None);
    }
    let total = |files: &BTreeMap<_, usize>| files.values().filter_map(|blob| scores.get(blob)).sum::<f64>();
    // What the project would have deleted: more likely it was made before the template had that.
    let missing = |files: &BTreeMap<_, usize>| {
        let is_missing = |blob: &&usize| made.contains_key(blob) && scores.get(blob).is_none_or(|score| *score == 0.0);
        files.values().filter(is_missing).count()
    };
    // Of equal ones that which needs the fewest deletions, and then the newest.
    let Some((base, (sum, _))) = index.files.iter().map(|files| (total(files), missing(files))).enumerate().max_by(
        |(at, (one, fewer)), (other_at, (other, more))| {
            one.total_cmp(other).then(more.cmp(fewer)).then(at.cmp(other_at))
        },
    ) else {
        return Ok(None);
    };
    let mut best: BTreeMap<&str, Vec<(usize, f64)>> = BTreeMap::new();
    for (blob, score) in &scores {
        if let Some((path, _)) = made.get(blob) {
            best.entry(path).or_default().push((*blob, *score));
        }
    }
    let (mut files, mut tree) = (Vec::new(), Tree::default());
    for (path, candidates) in best {
        let highest = candidates.iter().map(|(_, score)| *score).fold(0.0, f64::max);
        let fitting = candidates.into_iter().filter(|(_, score)| *score >= highest - 1e-9);
        let placed = fitting.filter_map(|(blob, score)| Some((place(index, blob, base)?, blob, score)));
        let Some(((first, revision, last), blob, score)) = placed.min_by_key(|((_, at, _), ..)| at.abs_diff(base))
        else {
            continue;
        };
        files.push(FileFit { path: path.to_owned(), first, last, revision, score });
        if let Some((_, entry)) = made.get(&blob) {
            // It was rendered, so its path may stand in a tree.
            let _ = tree.insert(path, entry.clone());
        }
    }
    let count = index.files.get(base).map_or(1, |files| files.values().filter(|blob| made.contains_key(blob)).count());
    if files.is_empty() {
        return Ok(None);
    }
    #[expect(clippy::cast_precision_loss, reason = "no template has so many files")]
    let score = sum / count.max(1) as f64;
    Ok(Some(Fit { score, base, files, made: tree }))
}

/// Every distinct file of the history, rendered once: by its number, with its path in the project.
fn render(index: &Index, answers: &Answers, environment: &Environment) -> HashMap<usize, (String, Entry)> {
    let mut made = HashMap::new();
    // A version may be broken by something that has nothing to do with the file: then the last one that has it.
    for at in [|blob: &Blob| blob.first, |blob: &Blob| blob.last] {
        let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, blob) in index.blobs.iter().enumerate().filter(|(number, _)| !made.contains_key(number)) {
            parts.entry(at(blob)).or_default().push(number);
        }
        for (revision, blobs) in parts {
            render_part(index, revision, &blobs, answers, environment, &mut made);
        }
    }
    made
}

/// Renders some files; where one of them is an error to all, the others by themselves.
fn render_part(
    index: &Index,
    revision: usize,
    blobs: &[usize],
    answers: &Answers,
    environment: &Environment,
    made: &mut HashMap<usize, (String, Entry)>,
) {
    let rendered = index.part(revision, blobs).and_then(|tree| {
        let template = Template::open(tree).ok()?;
        template.render(&fitting(&template, answers, environment), environment).ok()
    });
    match rendered {
        Some(rendered) => {
            let by_path: HashMap<&str, usize> =
                blobs.iter().filter_map(|number| Some((&*index.blobs.get(*number)?.path, *number))).collect();
            for (path, origin) in rendered.origins {
                if let (Some(number), Some(entry)) = (by_path.get(origin.path.as_str()), rendered.tree.get(&path)) {
                    made.insert(*number, (path, entry.clone()));
                }
            }
        }
        None if blobs.len() > 1 => {
            let (one, other) = blobs.split_at(blobs.len() / 2);
            render_part(index, revision, one, answers, environment, made);
            render_part(index, revision, other, answers, environment, made);
        }
        None => {}
    }
}

/// The unbroken run of revisions with a blob that is nearest to the base, and its revision that is nearest.
fn place(index: &Index, blob: usize, base: usize) -> Option<(usize, usize, usize)> {
    let path = &index.blobs.get(blob)?.path;
    let has = |at: &usize| index.files.get(*at).is_some_and(|files| files.get(path) == Some(&blob));
    let nearest = (0..index.files.len()).filter(has).min_by_key(|at| at.abs_diff(base))?;
    let first = (0..nearest).rev().take_while(has).last().unwrap_or(nearest);
    let last = (nearest + 1..index.files.len()).take_while(has).last().unwrap_or(nearest);
    Some((first, nearest, last))
}

/// From 0 to 1, of the lines of both how many are in both; 1 where they are equal.
#[expect(clippy::cast_precision_loss, reason = "no file has so many lines")]
pub(super) fn alike(one: &Entry, other: &Entry) -> f64 {
    let (Entry::File { content, .. }, Entry::File { content: other, .. }) = (one, other) else {
        return if one == other { 1.0 } else { 0.0 };
    };
    if content == other {
        return 1.0;
    }
    let mut lines: HashMap<&[u8], isize> = HashMap::new();
    let split = |content: &[u8]| {
        content.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty()).count()
    };
    for line in content.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end) {
        *lines.entry(line).or_insert(0) += 1;
    }
    let mut both = 0_usize;
    for line in other.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty()) {
        if let Some(count) = lines.get_mut(line).filter(|count| **count > 0) {
            *count -= 1;
            both += 1;
        }
    }
    let all = split(content) + split(other);
    if all == 0 { 0.99 } else { (2.0 * both as f64 / all as f64).min(0.99) }
}
