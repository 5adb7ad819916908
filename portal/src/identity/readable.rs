//! What somebody may read: the filter of every list, count, facet and search.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use model::Visibility;

/// Rows of some visibilities, and those that only readers may see of some repositories. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable {
    visibilities: &'static [Visibility],
    own: Option<Arc<Own>>,
}

/// The repositories with visibility `readers` that one account may read.
#[derive(Debug, PartialEq, Eq)]
struct Own {
    /// Whose rows in `account_repositories` they are.
    account: String,
    /// The slugs of the same.
    slugs: BTreeSet<String>,
    mark: u64,
}

impl Readable {
    /// Every row.
    pub const EVERYTHING: Self = Self { visibilities: &Visibility::ALL, own: None };
    /// What everybody may see who reaches the portal.
    pub const PUBLIC: Self = Self { visibilities: &[Visibility::Public], own: None };

    /// What everybody may see who has signed in.
    pub const SIGNED_IN: Self = Self { visibilities: &[Visibility::Public, Visibility::SignedIn], own: None };

    #[cfg(test)]
    pub const fn only(visibilities: &'static [Visibility]) -> Self {
        Self { visibilities, own: None }
    }

    /// What everybody may see who has signed in, and the repositories with these slugs.
    pub(super) fn of_member(account: &str, slugs: BTreeSet<String>) -> Self {
        if slugs.is_empty() {
            return Self::SIGNED_IN;
        }
        let mut hasher = std::hash::DefaultHasher::new();
        (account, &slugs).hash(&mut hasher);
        let own = Own { account: account.to_owned(), slugs, mark: hasher.finish() };
        Self { own: Some(Arc::new(own)), ..Self::SIGNED_IN }
    }

    /// All rows with one of these may be read.
    pub fn visibilities(&self) -> &'static [Visibility] {
        self.visibilities
    }

    /// Whose rows in `account_repositories` tell what else may be read.
    pub fn account(&self) -> Option<&str> {
        self.own.as_deref().map(|own| own.account.as_str())
    }

    /// The slugs of the repositories of which also that may be read which only readers may see.
    pub fn slugs(&self) -> impl Iterator<Item = &str> {
        self.own.iter().flat_map(|own| own.slugs.iter().map(String::as_str))
    }

    pub fn is_everything(&self) -> bool {
        Visibility::ALL.iter().all(|visibility| self.visibilities.contains(visibility))
    }

    /// Whether a row of this visibility that belongs to the repository with this slug may be read.
    pub fn has(&self, visibility: Visibility, slug: Option<&str>) -> bool {
        self.visibilities.contains(&visibility)
            || slug.zip(self.own.as_deref()).is_some_and(|(slug, own)| own.slugs.contains(slug))
    }
}

impl Hash for Readable {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.visibilities.len().hash(state);
        self.own.as_deref().map_or(0, |own| own.mark).hash(state);
    }
}
