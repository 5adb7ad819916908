//! What former answers said, with their validators.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::forge::answer::segment;

/// Entries of a page: what all listings ask for, and the most that GitHub gives ("Using pagination in the REST API").
const FULL_PAGE: usize = 100;

/// Validators of former answers with what those said, by listing; the caller keeps it for one set of credentials, in
/// memory or, page by page, wherever it likes.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    listings: BTreeMap<String, Vec<CachedPage>>,
    /// Listings and pages that are another since they were taken last.
    changed: BTreeSet<(String, usize)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CachedPage {
    pub address: String,
    pub etag: String,
    /// The entries as this module's types, which are far smaller than GitHub's.
    pub entries: Vec<Value>,
    pub next: Option<String>,
    pub total: Option<u64>,
}

impl CachedPage {
    /// A validator vouches for the body, not for the `Link` header: when a full page was the last one, a further page may
    /// have come after it without a change of its own, so that one is read anew.
    pub fn ends_visibly(&self) -> bool {
        self.next.is_some() || self.entries.len() < FULL_PAGE
    }
}

/// A page as it is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPage {
    pub listing: String,
    pub page: usize,
    /// JSON; `None` for one that is there no longer.
    pub body: Option<String>,
}

impl Cache {
    /// Takes out what is kept of one team's listings, so that teams can be asked for at the same time.
    pub fn of_team(&mut self, organisation: &str, slug: &str) -> Self {
        let prefix = format!("/orgs/{}/teams/{}/", segment(organisation), segment(slug));
        let paths: Vec<String> = self.listings.keys().filter(|path| path.starts_with(&prefix)).cloned().collect();
        let listings = paths.into_iter().filter_map(|path| self.listings.remove_entry(&path)).collect();
        Self { listings, changed: BTreeSet::new() }
    }

    /// Puts back what was taken out.
    pub fn join(&mut self, other: Self) {
        self.listings.extend(other.listings);
        self.changed.extend(other.changed);
    }

    /// The pages that are another than when this was asked last.
    pub fn take_changes(&mut self) -> Vec<KeptPage> {
        let changed = std::mem::take(&mut self.changed);
        let kept = |(listing, page): (String, usize)| {
            let cached = self.listings.get(&listing).and_then(|pages| pages.get(page));
            let body = cached.and_then(|page| serde_json::to_string(page).ok());
            KeptPage { listing, page, body }
        };
        changed.into_iter().map(kept).collect()
    }

    /// Puts back the next page of a listing, as it was kept; one that cannot be read is asked for anew.
    pub fn restore(&mut self, listing: &str, body: &str) {
        if let Ok(page) = serde_json::from_str(body) {
            self.listings.entry(listing.to_owned()).or_default().push(page);
        }
    }

    pub(super) fn take(&mut self, listing: &str) -> Vec<CachedPage> {
        self.listings.remove(listing).unwrap_or_default()
    }

    pub(super) fn put_back(&mut self, listing: &str, pages: Vec<CachedPage>) {
        self.listings.insert(listing.to_owned(), pages);
    }

    pub(super) fn replace(&mut self, listing: &str, before: &[CachedPage], after: Vec<CachedPage>) {
        let is_same = |page: &usize| match (before.get(*page), after.get(*page)) {
            (Some(before), Some(after)) => before.etag == after.etag && before.address == after.address,
            _ => false,
        };
        let changed = (0..before.len().max(after.len())).filter(|page| !is_same(page));
        self.changed.extend(changed.map(|page| (listing.to_owned(), page)));
        self.listings.insert(listing.to_owned(), after);
    }
}
