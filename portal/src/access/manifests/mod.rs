//! What one repository says of access: read with everything else of it, on threads that may block.

pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use engine_access::manifest::{FILE_NAME, MOST_BYTES, decode, parse};
use engine_access::operation::{METHODS, Operation};
use engine_catalog::Draft;
use engine_catalog::yaml::{self, Limits};
use engine_repo::{Changes, Repository};
use model::EntityRef;
use sha2::{Digest, Sha256};

use self::store::ManifestWrite;

/// Names another place of the manifest in its repository, in a descriptor at the root.
const ANNOTATION: &str = "slipway.dev/access-manifest";
/// Commits that are looked at for who wrote a manifest.
const MOST_COMMITS: usize = 20_000;
/// Bytes of an API's description.
const LARGEST_DESCRIPTION: usize = 8 << 20;

/// What a repository says of access; `None` where it has no manifest.
#[derive(Debug, Clone)]
pub struct Found(pub(super) ManifestWrite);

/// Finds the manifest of a repository. `settled` is the commit up to which its authors are known.
pub fn find(repository: &Repository, draft: &Draft, settled: Option<&str>) -> Option<Found> {
    let annotated = draft.descriptors.iter().find_map(|entity| entity.entity.metadata.annotations.get(ANNOTATION));
    let path = annotated.map_or(FILE_NAME, |path| path.trim_start_matches("./"));
    let file = repository.file(path, MOST_BYTES + 1).ok()??;
    // What is too long is kept up to there, and found to be too long when it is settled.
    let content = match decode(path, &file.blob.bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(&file.blob.bytes).into_owned(),
    };
    let changes: Option<Changes> = repository
        .changes_of(path, settled, MOST_COMMITS)
        .inspect_err(|error| {
            tracing::warn!(repository = %repository.path().display(), %error, "who wrote a manifest of access is not known");
        })
        .ok();
    let operations = operations(repository, draft, path, &content);
    Some(Found(ManifestWrite {
        path: path.to_owned(),
        sha256: hash(&content),
        // An empty text stands for none.
        content: if content.is_empty() { "\n".to_owned() } else { content },
        commit_id: draft.commit.clone().unwrap_or_default(),
        changes: serde_json::to_string(&changes.as_ref().map(|changes| &changes.commits)).unwrap_or_default(),
        authors: serde_json::to_string(&changes.map(|changes| changes.authors).unwrap_or_default()).unwrap_or_default(),
        operations: serde_json::to_string(&operations).unwrap_or_default(),
    }))
}

/// SHA-256 in hexadecimal.
pub(super) fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The operations of the APIs that the manifest exposes, as far as their descriptions are OpenAPI in this repository.
fn operations(
    repository: &Repository,
    draft: &Draft,
    path: &str,
    content: &str,
) -> BTreeMap<String, BTreeSet<Operation>> {
    let Ok(manifest) = parse(path, content) else { return BTreeMap::new() };
    let found = manifest.exposes.iter().filter_map(|exposure| {
        let api = &exposure.api.value;
        Some((api.to_string(), of_openapi(&description(repository, draft, api)?)?))
    });
    found.collect()
}

/// The description of an API: that of its descriptor, or else of the file after which it is called.
fn description(repository: &Repository, draft: &Draft, api: &EntityRef) -> Option<String> {
    let declared = draft.descriptors.iter().find(|entity| entity.entity.reference() == *api);
    if let Some(declared) = declared {
        return declared.entity.spec.get("definition")?.as_str().map(str::to_owned);
    }
    let drafted = draft.apis.iter().find(|draft| draft.name.eq_ignore_ascii_case(&api.name));
    let drafted = drafted.or_else(|| draft.apis.first().filter(|_| draft.apis.len() == 1))?;
    let blob = repository.file(&drafted.path, LARGEST_DESCRIPTION).ok()??.blob;
    String::from_utf8(blob.bytes).ok().filter(|_| !blob.truncated)
}

/// Methods and paths (OpenAPI 3.1, Paths Object); nothing for what is none.
pub fn of_openapi(text: &str) -> Option<BTreeSet<Operation>> {
    let limits = Limits { bytes: LARGEST_DESCRIPTION, ..Limits::default() };
    let documents = yaml::parse(text, &limits).ok()?;
    let paths = documents.first()?.root.get("paths")?;
    let mut operations = BTreeSet::new();
    for path in paths.entries() {
        let methods = METHODS.iter().filter(|method| path.value.get(&method.to_lowercase()).is_some());
        operations.extend(methods.filter_map(|method| format!("{method} {}", path.key).parse::<Operation>().ok()));
    }
    Some(operations)
}
