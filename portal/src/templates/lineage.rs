//! What a repository says of the template that it came from.

use engine_repo::Repository;
use engine_templates::lineage::{CRUFT_FILE, FILE, find};
use engine_templates::tree::{Entry, Tree};

use super::store::{Lineage, normal};

/// Larger files are no lineages.
const LARGEST: usize = 4 << 20;

/// The lineage at the head; `None` where there is none that can be read.
pub(crate) fn of_repository(repository: &Repository) -> Option<Lineage> {
    let mut tree = Tree::default();
    for path in [FILE, CRUFT_FILE] {
        let file = repository.file(path, LARGEST).ok().flatten().filter(|file| !file.blob.truncated);
        if let Some(file) = file {
            tree.insert(path, Entry::file(file.blob.bytes, 0o644)).ok()?;
        }
    }
    if tree.is_empty() {
        return None;
    }
    let lineage = find(&tree).ok()??.lineage;
    Some(Lineage {
        template: normal(&lineage.template.address),
        directory: lineage.template.directory.unwrap_or_default(),
        commit: lineage.version.commit,
        tag: lineage.version.tag,
        dialect: serde_json::to_value(lineage.dialect).ok()?.as_str()?.to_owned(),
    })
}
