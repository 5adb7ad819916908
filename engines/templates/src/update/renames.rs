//! Which files of one tree are those of another under new names, for a plan to say so. What is merged into what, Git
//! decides by itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::tree::{Entry, Tree};

/// Longer files are compared as a whole only.
const LONGEST: usize = 256 << 10;
/// More pairs than these are not compared line by line.
const MOST_PAIRS: usize = 20_000;
/// Of the lines of both files, how many have to be in both: Git's default too.
const ALIKE: f64 = 0.5;

/// The old path of each renamed file, by its new one.
pub(super) fn find<'a>(from: &'a Tree, to: &'a Tree) -> BTreeMap<&'a str, &'a str> {
    let only = |one: &'a Tree, other: &'a Tree| {
        let texts = one.iter().filter(|(path, _)| other.get(path).is_none());
        texts.filter_map(|(path, entry)| Some((path, content(entry)?))).collect::<Vec<_>>()
    };
    let (mut gone, mut fresh) = (only(from, to), only(to, from));
    let mut renames = BTreeMap::new();
    // The same content, and of several the same name in another folder.
    for same_name in [true, false] {
        fresh.retain(|(new, content)| {
            let is_it = |(old, other): &(&str, &Arc<[u8]>)| {
                content == other && !content.is_empty() && (!same_name || name(old) == name(new))
            };
            let Some(position) = gone.iter().position(is_it) else { return true };
            renames.insert(*new, gone.swap_remove(position).0);
            false
        });
    }
    if gone.len() * fresh.len() > MOST_PAIRS {
        return renames;
    }
    let gone: Vec<_> = gone.iter().map(|(path, content)| (*path, lines(content))).collect();
    let mut pairs: Vec<(f64, &str, &str)> = Vec::new();
    for (new, content) in &fresh {
        let fresh = lines(content);
        pairs.extend(
            gone.iter().map(|(old, lines)| (alike(lines, &fresh), *old, *new)).filter(|(score, ..)| *score >= ALIKE),
        );
    }
    pairs.sort_by(|(one, old, new), (other, other_old, other_new)| {
        other.total_cmp(one).then_with(|| (new, old).cmp(&(other_new, other_old)))
    });
    let mut taken: Vec<&str> = Vec::new();
    for (_, old, new) in pairs {
        if !renames.contains_key(new) && !taken.contains(&old) {
            renames.insert(new, old);
            taken.push(old);
        }
    }
    renames
}

fn content(entry: &Entry) -> Option<&Arc<[u8]>> {
    if let Entry::File { content, .. } = entry { Some(content) } else { None }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// How often each line occurs.
fn lines(content: &[u8]) -> HashMap<&[u8], usize> {
    let mut lines = HashMap::new();
    if content.len() <= LONGEST {
        for line in content.split_inclusive(|&byte| byte == b'\n') {
            *lines.entry(line).or_insert(0) += 1;
        }
    }
    lines
}

#[expect(clippy::cast_precision_loss, reason = "no file has so many lines")]
fn alike(one: &HashMap<&[u8], usize>, other: &HashMap<&[u8], usize>) -> f64 {
    let both: usize = one.iter().map(|(line, count)| (*count).min(other.get(line).copied().unwrap_or(0))).sum();
    let all = one.values().sum::<usize>() + other.values().sum::<usize>();
    if all == 0 { 0.0 } else { 2.0 * both as f64 / all as f64 }
}
