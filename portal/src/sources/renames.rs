//! Recognises a repository whose folder has another name now.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use futures::stream::{self, StreamExt};

use super::plan::{self, Known, New};
use super::{Listed, Listing, read};
use crate::settings::SourceSettings;

/// Which new names are old repositories, as stable keys and ids: by the state of all references first, which costs next
/// to nothing, then by the first commit.
pub async fn find(
    known: &[Known],
    listings: &[(&SourceSettings, Listing)],
    now: i64,
    workers: usize,
) -> HashMap<String, String> {
    let vanished = plan::vanished(known, listings);
    let new = plan::unknown(known, listings);
    if vanished.is_empty() || new.is_empty() {
        return HashMap::new();
    }
    let prints = signs(&new, |path, _| read::fingerprint(path).ok(), now, workers).await;
    let mut renamed = plan::renames(&vanished, &prints, |row| row.fingerprint.clone());
    let left: Vec<_> = vanished.into_iter().filter(|row| !renamed.values().any(|id| *id == row.id)).collect();
    let new: Vec<_> = new.into_iter().filter(|(_, listed)| !renamed.contains_key(&listed.stable_key)).collect();
    if left.iter().any(|row| row.root_commit.is_some()) {
        let roots = signs(&new, read::root_commit, now, workers).await;
        renamed.extend(plan::renames(&left, &roots, |row| row.root_commit.clone()));
    }
    renamed
}

/// Something of each listed repository that tells it apart, as far as it can be had.
async fn signs<'a>(
    new: &[(&'a str, &'a Listed)],
    sign: fn(&Path, i64) -> Option<String>,
    now: i64,
    workers: usize,
) -> Vec<New<'a>> {
    let asked: Vec<_> = new
        .iter()
        .map(|&(source, listed)| async move {
            let path = PathBuf::from(&listed.path);
            let sign = tokio::task::spawn_blocking(move || sign(&path, now)).await.ok().flatten();
            sign.map(|sign| New { source, key: &listed.stable_key, sign })
        })
        .collect();
    let told: Vec<_> = stream::iter(asked).buffer_unordered(workers).collect().await;
    told.into_iter().flatten().collect()
}
