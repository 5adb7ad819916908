//! Definitions of APIs: which is the origin, and which a consumer's copy.

use std::collections::HashMap;

use super::world::World;
use crate::draft::ApiDraft;

/// One definition file (for gRPC: one package in one folder).
pub(super) struct Api<'i> {
    pub repository: usize,
    pub draft: &'i ApiDraft,
    /// Index of the API that it is a copy of: it provides nothing.
    pub copy_of: Option<usize>,
    /// Another of its repository has its title and another version: the version tells them apart.
    pub is_other_version: bool,
}

pub(super) struct Apis<'i> {
    pub apis: Vec<Api<'i>>,
}

/// Finds the copies: definitions of equal text, or of one gRPC service by its full name (across repositories only where
/// a package with a dot makes it unique), or foreign ones of the same title. The origin is the one that does not lie among foreign things, in the
/// repository that is older, at the higher place.
pub(super) fn apis<'i>(world: &World<'i>) -> Apis<'i> {
    let mut apis: Vec<Api> = world
        .drafts()
        .flat_map(|(repository, draft)| {
            draft.apis.iter().map(move |draft| Api { repository, draft, copy_of: None, is_other_version: false })
        })
        .collect();
    let age = |repository: usize| {
        world.repositories[repository].facts.first_commit.as_ref().map_or(i64::MAX, |commit| commit.at)
    };
    let depth = |path: &str| path.bytes().filter(|&byte| byte == b'/').count();
    apis.sort_by(|a, b| {
        (a.draft.foreign, age(a.repository), a.repository, depth(&a.draft.path), &a.draft.path).cmp(&(
            b.draft.foreign,
            age(b.repository),
            b.repository,
            depth(&b.draft.path),
            &b.draft.path,
        ))
    });
    let mut by_digest: HashMap<&str, usize> = HashMap::new();
    let mut by_service: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_name: HashMap<(&str, String), Vec<usize>> = HashMap::new();
    for at in 0..apis.len() {
        let draft = apis[at].draft;
        let name = (draft.api_type.as_str(), draft.name.to_lowercase());
        let same = draft.digests.iter().find_map(|digest| by_digest.get(digest.as_str()).copied());
        let alike = || {
            let named = by_name.get(&name).filter(|_| draft.foreign)?;
            let elsewhere: Vec<usize> =
                named.iter().copied().filter(|&other| apis[other].repository != apis[at].repository).collect();
            if let [only] = elsewhere.as_slice() { Some(*only) } else { None }
        };
        let serves = || {
            draft.services.iter().find_map(|service| {
                let known = by_service.get(service.as_str())?;
                let unique = service.matches('.').count() > 1;
                known.iter().copied().find(|&other| apis[other].repository == apis[at].repository || unique)
            })
        };
        // One definition in several files or formats: by its title, where both lie in one repository.
        let titled: Vec<usize> = by_name
            .get(&name)
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|&other| apis[other].repository == apis[at].repository)
            .filter(|&other| draft.title.is_some() && apis[other].draft.title == draft.title)
            .collect();
        let again = || titled.iter().copied().find(|&other| apis[other].draft.major == draft.major);
        let is_other_version = !titled.is_empty();
        apis[at].copy_of = same.or_else(serves).or_else(again).or_else(alike);
        apis[at].is_other_version = is_other_version && apis[at].copy_of.is_none();
        if apis[at].copy_of.is_none() && !draft.foreign {
            draft.digests.iter().for_each(|digest| _ = by_digest.insert(digest, at));
            draft.services.iter().for_each(|service| by_service.entry(service).or_default().push(at));
            by_name.entry(name).or_default().push(at);
        }
    }
    Apis { apis }
}
