//! How alike two files are.

use std::collections::HashMap;

use crate::tree::Entry;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Likeness {
    /// From 0 to 1, of the lines of both how many are in both; 1 where the files are equal.
    pub(super) share: f64,
    /// How many lines are not in both.
    pub(super) differing: usize,
}

/// What is no file is equal or nothing like each other.
#[expect(clippy::cast_precision_loss, reason = "no file has so many lines")]
pub(super) fn compare(one: &Entry, other: &Entry) -> Likeness {
    let (Entry::File { content, .. }, Entry::File { content: other, .. }) = (one, other) else {
        return if one == other { EQUAL } else { STRANGERS };
    };
    if content == other {
        return EQUAL;
    }
    let mut counts: HashMap<&[u8], usize> = HashMap::new();
    let (mut all, mut both) = (0, 0);
    for line in lines(content) {
        *counts.entry(line).or_insert(0) += 1;
        all += 1;
    }
    for line in lines(other) {
        all += 1;
        if let Some(count) = counts.get_mut(line).filter(|count| **count > 0) {
            *count -= 1;
            both += 1;
        }
    }
    let share = if all == 0 { 1.0 } else { 2.0 * both as f64 / all as f64 };
    Likeness { share: share.min(0.99), differing: (all - 2 * both).max(1) }
}

const EQUAL: Likeness = Likeness { share: 1.0, differing: 0 };
const STRANGERS: Likeness = Likeness { share: 0.0, differing: usize::MAX };

fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty())
}
