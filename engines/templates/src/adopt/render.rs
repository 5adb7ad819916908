//! Every file of a history, rendered once with the answers of one project.

use std::collections::{BTreeMap, HashMap};

use super::answers::fitting;
use super::history::{Blob, Part};
use crate::tree::Entry;
use crate::{Answers, Environment};

/// Rendered files by the number of their blob, with their paths.
pub(super) type Made = HashMap<usize, (String, Entry)>;

/// The rendered files by the number of their blob, each with its path in the project before the programs.
pub(super) fn render(part: &Part, answers: &Answers, environment: &Environment) -> Made {
    let mut made = HashMap::new();
    // A version may be broken by something that has nothing to do with the file: then the last one that has it.
    for at in [|blob: &Blob| blob.first, |blob: &Blob| blob.last] {
        let mut versions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, blob) in part.blobs.iter().enumerate().filter(|(number, _)| !made.contains_key(number)) {
            versions.entry(at(blob)).or_default().push(number);
        }
        for (version, blobs) in versions {
            render_some(part, version, &blobs, answers, environment, &mut made);
        }
    }
    made
}

/// Renders some files; where one of them is an error to all, the others by themselves.
fn render_some(
    part: &Part,
    version: usize,
    blobs: &[usize],
    answers: &Answers,
    environment: &Environment,
    made: &mut Made,
) {
    let rendered = part
        .only(version, blobs)
        .and_then(|template| template.render(&fitting(&template, answers, environment), environment).ok());
    match rendered {
        Some(rendered) => {
            let by_path: HashMap<&str, usize> =
                blobs.iter().filter_map(|number| Some((&*part.blobs.get(*number)?.path, *number))).collect();
            for (path, origin) in rendered.origins {
                if let (Some(number), Some(entry)) = (by_path.get(origin.path.as_str()), rendered.tree.get(&path)) {
                    made.insert(*number, (path, entry.clone()));
                }
            }
        }
        None if blobs.len() > 1 => {
            let (one, other) = blobs.split_at(blobs.len() / 2);
            render_some(part, version, one, answers, environment, made);
            render_some(part, version, other, answers, environment, made);
        }
        None => {}
    }
}
