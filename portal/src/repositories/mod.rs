//! The repositories behind the catalog, and the files in them that a person may read.

use engine_docs::Rendered;
use model::Finding;
use model::repository::{RepositoryDetail, RepositoryRow, Standing};

use crate::identity::Actor;
use crate::{Error, Portal, Result};

/// What a list of repositories is narrowed by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepositoryFilter {
    /// Words that must all occur in slug, name or description, without regard to case.
    pub text: String,
    /// Alternatives; empty means all.
    pub standings: Vec<Standing>,
    pub source: Option<String>,
    pub sort: RepositorySort,
    pub descending: bool,
    /// From 1.
    pub page: usize,
    pub per_page: usize,
}

impl Default for RepositoryFilter {
    fn default() -> Self {
        Self {
            text: String::new(),
            standings: Vec::new(),
            source: None,
            sort: RepositorySort::Name,
            descending: false,
            page: 1,
            per_page: 50,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum RepositorySort {
    /// By name, without regard to case.
    #[default]
    Name,
    /// By last commit.
    Activity,
    /// By lines of code.
    Size,
    /// By number of entities.
    Entities,
    /// By errors, then warnings.
    Findings,
}

impl RepositorySort {
    pub const ALL: [Self; 5] = [Self::Name, Self::Activity, Self::Size, Self::Entities, Self::Findings];

    /// As in addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Activity => "activity",
            Self::Size => "size",
            Self::Entities => "entities",
            Self::Findings => "findings",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.key() == text)
    }
}

/// One page of the list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RepositoryPage {
    pub rows: Vec<RepositoryRow>,
    /// How many match, over all pages.
    pub total: usize,
    /// How many there are of each standing under the other filters, in the order of [`Standing::ALL`]; without those
    /// that there are none of.
    pub standings: Vec<(Standing, usize)>,
    /// The same for the sources, by name.
    pub sources: Vec<(String, usize)>,
}

/// One file at the head of a repository.
#[derive(Debug, Clone, PartialEq)]
pub struct FileView {
    /// From the root, with `/`.
    pub path: String,
    pub content: FileContent,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FileContent {
    /// Safe HTML, links rewritten to pages of the portal.
    Markdown(Rendered),
    /// Never HTML: escape it.
    Text(String),
    Image {
        bytes: Vec<u8>,
        mime: &'static str,
        /// May contain scripts (SVG): must be served with `Content-Security-Policy: sandbox; default-src 'none';
        /// style-src 'unsafe-inline'` and `X-Content-Type-Options: nosniff`.
        sandbox: bool,
    },
    /// It is there, but cannot be shown: too large, binary, or a link; the finding says where, why and what to do.
    Message(Finding),
}

fn soon<T>() -> Result<T> {
    Err(Error::Unavailable("this part is being written".to_owned()))
}

/// One page of the repositories that `actor` may see.
pub async fn list(_portal: &Portal, _actor: &Actor, _filter: &RepositoryFilter) -> Result<RepositoryPage> {
    soon()
}

/// One repository with its facts, entities and findings.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or `actor` may not read it.
pub async fn get(_portal: &Portal, _actor: &Actor, _slug: &str) -> Result<RepositoryDetail> {
    soon()
}

/// One file at the head of the default branch.
///
/// # Errors
/// [`Error::NotFound`] for a path that the head does not have; [`Error::Unavailable`] when the repository cannot be read.
pub async fn file(_portal: &Portal, _actor: &Actor, _slug: &str, _path: &str) -> Result<FileView> {
    soon()
}

/// The README of `folder` (empty for the root, where `docs/` and `.github/` are looked at too); `None` when there is
/// none.
///
/// # Errors
/// As [`file`].
pub async fn readme(_portal: &Portal, _actor: &Actor, _slug: &str, _folder: &str) -> Result<Option<FileView>> {
    soon()
}
