//! Repositories of an organisation, a user or an installation.

use std::collections::BTreeMap;

use globset::{GlobSet, GlobSetBuilder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::coverage::{Coverage, Narrowed};
use super::{Cache, Listing};
use crate::forge::answer::segment;
use crate::forge::client::Forge;
use crate::forge::error::{Error, Result};

/// Whose repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Organisation(String),
    /// Only public ones: "List repositories for a user" shows no others.
    User(String),
    /// Those that the App's installation may see.
    Installation,
}

/// One repository as a forge describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgeRepository {
    /// Stays when the repository is renamed or transferred.
    pub id: u64,
    /// The same for GraphQL.
    pub node_id: String,
    /// `owner/name`
    pub full_name: String,
    pub owner: String,
    pub name: String,
    pub description: Option<String>,
    /// `None` while the repository is empty, on some forges.
    pub default_branch: Option<String>,
    pub visibility: ForgeVisibility,
    pub archived: bool,
    pub fork: bool,
    pub template: bool,
    pub topics: Vec<String>,
    /// The most used language, in GitHub's own words.
    pub language: Option<String>,
    /// `https://…/owner/name.git`
    pub clone_url: String,
    pub html_url: String,
    #[serde(default)]
    pub homepage: Option<String>,
    /// Milliseconds since 1970 in UTC.
    pub pushed_at: Option<i64>,
    /// Where the forge lists them with the repository; one value, or several.
    pub custom_properties: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForgeVisibility {
    Public,
    /// Everybody in the enterprise.
    Internal,
    Private,
}

/// Which of the listed repositories are wanted. The default wants all.
#[derive(Debug, Clone)]
pub struct Filter {
    pub archived: bool,
    pub forks: bool,
    /// None wants all.
    pub visibilities: Vec<ForgeVisibility>,
    /// At least one of these; none wants all.
    pub topics: Vec<String>,
    pub names: Names,
}

/// Names that are wanted and names that are not. The default wants all.
#[derive(Debug, Clone, Default)]
pub struct Names {
    include: GlobSet,
    exclude: GlobSet,
}

impl Names {
    /// Both as globs (`shop-*`); nothing included wants all.
    ///
    /// # Errors
    /// [`Error::Settings`] if one is no glob.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self> {
        Ok(Self { include: globs(include)?, exclude: globs(exclude)? })
    }

    fn wants(&self, name: &str) -> bool {
        (self.include.is_empty() || self.include.is_match(name)) && !self.exclude.is_match(name)
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self { archived: true, forks: true, visibilities: Vec::new(), topics: Vec::new(), names: Names::default() }
    }
}

impl Filter {
    pub fn wants(&self, repository: &ForgeRepository) -> bool {
        (self.archived || !repository.archived)
            && (self.forks || !repository.fork)
            && (self.visibilities.is_empty() || self.visibilities.contains(&repository.visibility))
            && (self.topics.is_empty() || self.topics.iter().any(|topic| repository.topics.contains(topic)))
            && self.names.wants(&repository.name)
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let wrong = |error: globset::Error| Error::Settings(format!("{pattern} is no pattern for names ({error})."));
        set.add(globset::Glob::new(pattern).map_err(wrong)?);
    }
    set.build().map_err(|error| Error::Settings(format!("The patterns for names cannot be used ({error}).")))
}

impl Forge {
    /// Everything in the scope, each repository once; filters say what of it is wanted and never narrow the coverage.
    ///
    /// In the order of creation, so that what is made meanwhile comes at the end and moves nothing between two pages.
    ///
    /// # Errors
    /// If the first page cannot be had.
    pub async fn repositories(
        &self,
        scope: &Scope,
        filter: &Filter,
        cache: &mut Cache,
    ) -> Result<Listing<ForgeRepository>> {
        let path = match scope {
            Scope::Organisation(name) => {
                format!("/orgs/{}/repos?type=all&sort=created&direction=asc&per_page=100", segment(name))
            }
            Scope::User(name) => {
                format!("/users/{}/repos?type=owner&sort=created&direction=asc&per_page=100", segment(name))
            }
            Scope::Installation => "/installation/repositories?per_page=100".to_owned(),
        };
        let mut listing = self.list::<WireRepository, ForgeRepository>(&path, cache).await?;
        if self.installation().await?.is_some_and(|installation| installation.selected_only) {
            listing.coverage.narrow(Narrowed::SelectedRepositories);
        }
        let mut seen = std::collections::BTreeSet::new();
        listing.entries.retain(|repository| seen.insert(repository.id) && filter.wants(repository));
        Ok(listing)
    }
}

/// What was pushed to lately.
#[derive(Debug, Clone)]
pub struct Recent {
    /// Latest first.
    pub repositories: Vec<ForgeRepository>,
    /// The forge answered with 304: nobody pushed since the cache was filled.
    pub unchanged: bool,
}

impl Forge {
    /// What was made or pushed to in an organisation after `since` (milliseconds since 1970), in one call while nothing is
    /// new, however many repositories there are. It does not see deletions, nor changes of settings: list all now and then.
    ///
    /// # Errors
    /// If a page cannot be had: what is missing would be taken for old.
    pub async fn recently_pushed(&self, organisation: &str, since: i64, cache: &mut Cache) -> Result<Recent> {
        let path = format!("/orgs/{}/repos?type=all&sort=pushed&direction=desc&per_page=100", segment(organisation));
        // GitHub counts whole seconds; a repository without a push stands at either end.
        let is_new = |repository: &ForgeRepository| repository.pushed_at.is_none_or(|at| at >= since);
        let old = |repository: &ForgeRepository| !is_new(repository);
        let mut listing = self.list_until::<WireRepository, ForgeRepository>(&path, cache, old).await?;
        if let Coverage::Partial(reasons) = listing.coverage {
            for reason in reasons {
                if let Narrowed::PageFailed { error, .. } = reason {
                    return Err(error);
                }
            }
            listing.unchanged = false;
        }
        listing.entries.retain(is_new);
        Ok(Recent { repositories: listing.entries, unchanged: listing.unchanged })
    }
}

/// What is used of the documentation's `minimal-repository` and `repository`.
#[derive(Deserialize)]
pub(in crate::forge) struct WireRepository {
    id: u64,
    #[serde(default)]
    node_id: String,
    full_name: String,
    name: String,
    owner: WireOwner,
    description: Option<String>,
    default_branch: Option<String>,
    private: bool,
    visibility: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    fork: bool,
    #[serde(default)]
    is_template: bool,
    #[serde(default)]
    topics: Vec<String>,
    language: Option<String>,
    clone_url: Option<String>,
    html_url: String,
    homepage: Option<String>,
    pushed_at: Option<String>,
    #[serde(default)]
    custom_properties: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct WireOwner {
    login: String,
}

impl From<WireRepository> for ForgeRepository {
    fn from(wire: WireRepository) -> Self {
        let visibility = match wire.visibility.as_deref() {
            Some("internal") => ForgeVisibility::Internal,
            // Whatever is not certainly public is shown to nobody too many.
            Some("public") if !wire.private => ForgeVisibility::Public,
            None if !wire.private => ForgeVisibility::Public,
            _ => ForgeVisibility::Private,
        };
        Self {
            id: wire.id,
            node_id: wire.node_id,
            // "Minimal" repositories need not name it; it is the page's address with `.git` on every version.
            clone_url: wire.clone_url.unwrap_or_else(|| format!("{}.git", wire.html_url)),
            full_name: wire.full_name,
            owner: wire.owner.login,
            name: wire.name,
            description: wire.description.filter(|description| !description.is_empty()),
            default_branch: wire.default_branch,
            visibility,
            archived: wire.archived,
            fork: wire.fork,
            template: wire.is_template,
            topics: wire.topics,
            language: wire.language,
            html_url: wire.html_url,
            // GitHub keeps an emptied field as an empty text.
            homepage: wire.homepage.filter(|homepage| !homepage.is_empty()),
            pushed_at: wire.pushed_at.and_then(|at| at.parse::<Timestamp>().ok()).map(Timestamp::as_millisecond),
            custom_properties: properties(wire.custom_properties),
        }
    }
}

/// Values are text, several texts, or null.
pub(super) fn properties(values: BTreeMap<String, Value>) -> BTreeMap<String, Vec<String>> {
    let texts = |value: Value| match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.into_iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    values.into_iter().map(|(name, value)| (name, texts(value))).filter(|(_, values)| !values.is_empty()).collect()
}
