//! What Git already knows of a repository.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Fact, Finding, Visibility};

/// The weeks over which activity is counted: two years.
pub const ACTIVITY_WEEKS: usize = 104;

/// Facts of one repository at the head of its default branch. Times are milliseconds since 1970 in UTC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct RepositoryFacts {
    /// `None` for an empty repository or one without a HEAD; a finding says which.
    pub head: Option<Head>,
    /// From `.git/description`, a manifest or the README's first paragraph.
    pub description: Option<Fact<String>>,
    pub first_commit: Option<CommitSummary>,
    pub last_commit: Option<CommitSummary>,
    /// Commits reachable from the head.
    pub commits: u64,
    /// History is cut off: first commit, counts and people are of what is there.
    pub shallow: bool,
    pub activity: Activity,
    pub people: People,
    /// Newest first, at most 50.
    pub tags: Vec<Tag>,
    pub tag_count: u64,
    /// Most lines first. YAML stands by itself; lock files, generated and vendored files are not in.
    pub languages: Vec<LanguageLines>,
    /// SPDX expression.
    pub licence: Option<Fact<String>>,
    /// Where it was cloned from, without scheme, login and port: `github.com/acme/ledger`.
    #[serde(default)]
    pub origin: Option<String>,
    /// Path of the README at the root, or in `docs/` or `.github/`.
    pub readme: Option<String>,
    /// Path of the CODEOWNERS file that GitHub would use.
    pub codeowners: Option<String>,
    /// `GitHub Actions`, `GitLab CI`, …, each once.
    pub ci: Vec<Fact<String>>,
    /// Paths; the evidence says what they are.
    pub manifests: Vec<Fact<String>>,
    pub containers: Vec<Fact<String>>,
    pub charts: Vec<Fact<String>>,
    pub compose: Vec<Fact<String>>,
    pub api_definitions: Vec<Fact<String>>,
    /// Folders, without a trailing `/`.
    pub docs: Vec<Fact<String>>,
    /// Markdown files that can be read at their paths, sorted, at most 1 000.
    pub markdown: Vec<String>,
    pub submodules: Vec<String>,
    pub files: FileCounts,
    /// What may not speak, and why; at most 200, folders before files.
    pub excluded: Vec<Exclusion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Head {
    /// Short name; `None` when HEAD is detached.
    pub branch: Option<String>,
    pub commit: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CommitSummary {
    pub commit: String,
    pub at: i64,
    /// First line of the message, at most 200 characters.
    pub title: String,
}

/// Human commits per week.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Activity {
    /// When the last week began (Monday, 00:00 UTC).
    pub last_week: i64,
    /// [`ACTIVITY_WEEKS`] counts, oldest first; empty when nothing could be read.
    pub weeks: Vec<u32>,
}

impl Activity {
    /// Human commits over the last `weeks` weeks.
    pub fn recent(&self, weeks: usize) -> u32 {
        self.weeks.iter().rev().take(weeks).sum()
    }
}

/// How many people contribute; `.mailmap` is honoured and bots are apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct People {
    pub all_time: u32,
    pub last_year: u32,
    pub bots: u32,
    /// Human commits of the last twelve months by author, most first, at most 200. Authors are hashes: people are
    /// counted, not named, and the hash serves only to match members of known teams.
    pub authors: Vec<AuthorCommits>,
    /// When the first commit was made that is a person's.
    #[serde(default)]
    pub first_commit_at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct AuthorCommits {
    /// First 16 hexadecimal digits of SHA-256 over the lower-case e-mail address, or over the login where the
    /// address is a forge's `noreply` address.
    pub author: String,
    pub commits: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Tag {
    pub name: String,
    pub commit: String,
    pub at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct LanguageLines {
    pub language: String,
    pub files: u64,
    pub code: u64,
    pub comments: u64,
    pub blanks: u64,
}

/// How many files the head has, and how many of them may speak.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct FileCounts {
    pub total: u64,
    pub bytes: u64,
    /// By class; what speaks is under [`PathClass::Source`].
    pub by_class: BTreeMap<PathClass, u64>,
}

/// What a path is, decided before any rule runs. Only `Source` produces components, APIs, dependencies and facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PathClass {
    Source,
    TemplateSkeleton,
    Vendored,
    Generated,
    /// Tests, fixtures and examples.
    Test,
    Submodule,
    /// Lock files, cassettes and snapshots: never counted as code or YAML lines.
    Lock,
    /// A symbolic link: never followed.
    Link,
}

impl PathClass {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::TemplateSkeleton => "template skeleton",
            Self::Vendored => "vendored",
            Self::Generated => "generated",
            Self::Test => "test, fixture or example",
            Self::Submodule => "submodule",
            Self::Lock => "lock file, cassette or snapshot",
            Self::Link => "symbolic link",
        }
    }
}

/// A path that may not speak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Exclusion {
    pub path: String,
    pub class: PathClass,
    /// One sentence: the attribute, the folder's name, the header.
    pub why: String,
    /// How many files it covers.
    pub files: u64,
}

/// What a repository is to the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Its name is known; its content has not been read yet.
    Listed,
    /// It holds at least one entity.
    Catalogued,
    /// Read, but nothing decisive says what it is.
    WithoutComponent,
    /// Nothing in it to read.
    Empty,
    Archived,
    /// By an override, or a fork; the reason is with it.
    LeftOut,
    /// It could not be read; what was known before stays.
    Failed,
}

impl Standing {
    pub const ALL: [Self; 7] = [
        Self::Listed,
        Self::Catalogued,
        Self::WithoutComponent,
        Self::Empty,
        Self::Archived,
        Self::LeftOut,
        Self::Failed,
    ];

    /// As in addresses and filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Catalogued => "catalogued",
            Self::WithoutComponent => "without-component",
            Self::Empty => "empty",
            Self::Archived => "archived",
            Self::LeftOut => "left-out",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == text)
    }
}

/// What the forge says of a repository, beyond Git.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ForgeFacts {
    /// `owner/name`
    pub full_name: String,
    /// Its page at the forge.
    pub html_url: String,
    pub homepage: Option<String>,
    pub description: Option<String>,
    pub default_branch: Option<String>,
    /// `public`, `internal` or `private`
    pub visibility: String,
    pub archived: bool,
    pub template: bool,
    pub topics: Vec<String>,
    /// The most used one, in the forge's own words.
    pub language: Option<String>,
    /// One value, or several.
    pub custom_properties: BTreeMap<String, Vec<String>>,
    /// When somebody last pushed to any branch; milliseconds since 1970 in UTC.
    pub pushed_at: Option<i64>,
}

/// That a repository is not listed by its source any more, and not known to be gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct OutOfSight {
    /// Milliseconds since 1970 in UTC.
    pub since: i64,
    /// As far as can be told; the end of a sentence about it.
    pub why: String,
    /// It stays until a person has said what became of it.
    pub waits: bool,
}

/// One row of the list of repositories.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct RepositoryRow {
    /// Assigned once; survives a rename of the folder.
    pub id: String,
    /// Unique, readable, in addresses.
    pub slug: String,
    /// As the source names it: the path below the folder, without `.git`.
    pub name: String,
    pub source: String,
    pub visibility: Visibility,
    pub standing: Standing,
    /// Why it is left out, or could not be read.
    pub reason: Option<String>,
    pub description: Option<String>,
    /// Language and lines of code, most first, at most six.
    pub languages: Vec<(String, u64)>,
    /// Human commits per week over two years, oldest first.
    pub activity: Vec<u32>,
    pub last_commit_at: Option<i64>,
    pub entities: u64,
    pub errors: u64,
    pub warnings: u64,
    /// Its source does not list it any more.
    pub out_of_sight: Option<OutOfSight>,
}

/// Everything that the page of a repository shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct RepositoryDetail {
    pub row: RepositoryRow,
    pub facts: RepositoryFacts,
    /// Where its source is at a forge.
    pub forge: Option<ForgeFacts>,
    pub entities: Vec<crate::catalog::CatalogRow>,
    pub findings: Vec<Finding>,
    /// When its content was last read, and how many milliseconds that took.
    pub read_at: Option<i64>,
    pub took: Option<i64>,
}
