//! What the fake knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use crate::fault::Planned;
use crate::oauth::{Email, Grant, OauthApp};
use crate::registration::Pending;

/// Which of GitHub's two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// github.com: the API at the root, rate limits on.
    GitHub,
    /// Enterprise Server: the API below `/api/v3`, rate limits off (`/rate_limit` answers 404).
    Enterprise,
}

/// Everything; tests change it as they like.
pub struct State {
    pub profile: Profile,
    /// Where it listens.
    pub origin: String,
    /// By login.
    pub organisations: BTreeMap<String, Organisation>,
    /// By id; ids rise in the order of creation.
    pub repositories: BTreeMap<u64, Repository>,
    /// Former `owner/name` to the id.
    pub renamed: BTreeMap<String, u64>,
    /// By the token itself.
    pub tokens: BTreeMap<String, Token>,
    pub installations: BTreeMap<u64, Installation>,
    /// Pull requests by the id of their repository, by number.
    pub pulls: BTreeMap<u64, Vec<Pull>>,
    /// What happened to branches, in its order.
    pub activities: Vec<Activity>,
    /// Workflows that were started: `owner/name`, the file, the branch, and what they were told.
    pub dispatched: Vec<(String, String, String, serde_json::Value)>,
    /// What was said to pull requests, in its order.
    pub comments: Vec<Comment>,
    /// In the order in which they were made.
    pub check_runs: Vec<CheckRun>,
    /// By id; the one that is always there has [`crate::APP_ID`].
    pub apps: BTreeMap<u64, App>,
    /// Codes of manifests that nobody has exchanged yet.
    pub codes: BTreeMap<String, Pending>,
    /// OAuth apps by their client id.
    pub oauth_apps: BTreeMap<String, OauthApp>,
    /// Codes of these that nobody has exchanged yet.
    pub grants: BTreeMap<String, Grant>,
    /// The login of who sits at the browser, and agrees to what an OAuth app asks for; without one nobody does.
    pub visitor: Option<String>,
    /// By login, where they differ from the usual one.
    pub emails: BTreeMap<String, Vec<Email>>,
    /// `None` while rate limits are off.
    pub rate: Option<Rate>,
    pub(crate) faults: Vec<Planned>,
    pub(crate) requests: Vec<String>,
    pub(crate) clock: Option<Arc<AtomicI64>>,
    /// How many installation tokens were handed out.
    pub tokens_made: usize,
    /// How many were answered with 304.
    pub unchanged: usize,
    /// Where real repositories are.
    pub(crate) folder: Option<Arc<tempfile::TempDir>>,
}

#[derive(Debug, Clone)]
pub struct Organisation {
    pub id: u64,
    pub login: String,
    pub teams: Vec<Team>,
    pub members: Vec<Member>,
    /// What every member may do in every repository: `none`, `read`, `write` or `admin`.
    pub base_permission: String,
}

#[derive(Debug, Clone)]
pub struct Team {
    pub id: u64,
    pub slug: String,
    pub name: String,
    pub parent: Option<String>,
    /// Not shown to those who are not in it.
    pub secret: bool,
    /// Logins.
    pub members: Vec<String>,
    /// Repository id to role: `read`, `triage`, `write`, `maintain`, `admin`.
    pub repositories: BTreeMap<u64, String>,
}

#[derive(Debug, Clone)]
pub struct Member {
    pub id: u64,
    pub login: String,
    pub admin: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    Public,
    Internal,
    Private,
}

#[derive(Debug, Clone)]
pub struct Repository {
    pub id: u64,
    pub owner: String,
    pub name: String,
    pub description: Option<String>,
    pub homepage: Option<String>,
    pub default_branch: String,
    pub visibility: Visibility,
    pub archived: bool,
    pub fork: bool,
    pub template: bool,
    pub topics: Vec<String>,
    pub language: Option<String>,
    /// Seconds since 1970.
    pub pushed_at: i64,
    pub properties: BTreeMap<String, serde_json::Value>,
    /// Login to role, besides the teams.
    pub collaborators: BTreeMap<String, String>,
    /// How the default branch is protected, as it was said.
    pub protection: Option<serde_json::Value>,
    /// Where `git` clones from; GitHub's own address otherwise.
    pub clone_url: Option<String>,
    /// The real repository behind it, bare: see [`State::add_git`].
    pub git: Option<PathBuf>,
    /// A rule forbids to make branches that begin so.
    pub forbidden_branches: Option<String>,
}

/// A pull request within one repository. Times are seconds since 1970.
#[derive(Debug, Clone)]
pub struct Pull {
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub branch: String,
    /// The commit of the branch.
    pub head: String,
    pub base: String,
    /// The repository from which it comes, where that is another one: its commits are here all the same.
    pub fork: Option<u64>,
    /// Who made it, by login.
    pub by: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub closed_at: Option<i64>,
    pub merged_at: Option<i64>,
    /// What the merge made.
    pub merged: Option<Merged>,
}

/// What a pull request has become on its base.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The merge, or the one commit that stands for all.
    pub commit: String,
    /// What the base was before.
    pub before: String,
}

/// Something that happened to a branch.
#[derive(Debug, Clone)]
pub struct Activity {
    pub id: u64,
    /// By id.
    pub repository: u64,
    pub before: String,
    pub after: String,
    /// `refs/heads/main`
    pub reference: String,
    /// `push`, `force_push`, `branch_creation`, `branch_deletion`, `pr_merge` or `merge_queue_merge`.
    pub kind: String,
    /// By login.
    pub by: String,
    /// Seconds since 1970.
    pub at: i64,
}

/// A comment on a pull request. Times are seconds since 1970.
#[derive(Debug, Clone)]
pub struct Comment {
    pub id: u64,
    /// By id.
    pub repository: u64,
    /// Of the pull request.
    pub number: u64,
    /// Who said it, by login.
    pub by: String,
    pub body: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A check run of a commit.
#[derive(Debug, Clone)]
pub struct CheckRun {
    pub id: u64,
    /// By id.
    pub repository: u64,
    pub name: String,
    pub head: String,
    pub conclusion: String,
    pub details_url: Option<String>,
    pub title: String,
    pub summary: String,
    /// As they were sent.
    pub annotations: Vec<serde_json::Value>,
    /// Seconds since 1970.
    pub at: i64,
}

/// A token that the fake accepts.
#[derive(Debug, Clone)]
pub struct Token {
    pub login: String,
    /// Of a classic token; `None` for a fine-grained one or an installation's.
    pub scopes: Option<Vec<String>>,
    /// Whether private and internal repositories are seen.
    pub private: bool,
    /// Only these repositories are seen.
    pub selected: Option<BTreeSet<u64>>,
    /// Seconds since 1970.
    pub expires: Option<i64>,
    pub installation: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct Installation {
    pub id: u64,
    pub account: String,
    pub selected: Option<BTreeSet<u64>>,
    pub permissions: BTreeMap<String, String>,
    pub suspended: bool,
}

/// A registered GitHub App. All have the same private key, [`crate::APP_KEY`].
#[derive(Debug, Clone)]
pub struct App {
    pub id: u64,
    pub slug: String,
    pub name: String,
    pub owner: String,
    pub permissions: BTreeMap<String, String>,
    pub events: Vec<String>,
    /// Of its webhook; `None` while it is not active.
    pub hook_url: Option<String>,
    pub hook_secret: Option<String>,
    /// Latest first.
    pub deliveries: Vec<Delivery>,
}

/// An attempt at a delivery.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Seconds since 1970.
    pub at: i64,
    pub event: String,
    pub status: String,
    pub status_code: u16,
}

#[derive(Debug, Clone, Copy)]
pub struct Rate {
    pub limit: u64,
    pub remaining: u64,
    /// Seconds since 1970.
    pub reset: i64,
}

impl Profile {
    pub fn api_path(self) -> &'static str {
        match self {
            Self::GitHub => "",
            Self::Enterprise => "/api/v3",
        }
    }
}

impl App {
    fn new(id: u64, name: &str, owner: &str) -> Self {
        Self {
            id,
            slug: name.to_owned(),
            name: name.to_owned(),
            owner: owner.to_owned(),
            permissions: BTreeMap::new(),
            events: Vec::new(),
            hook_url: None,
            hook_secret: None,
            deliveries: Vec::new(),
        }
    }
}

impl State {
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            origin: String::new(),
            organisations: BTreeMap::new(),
            repositories: BTreeMap::new(),
            renamed: BTreeMap::new(),
            tokens: BTreeMap::new(),
            installations: BTreeMap::new(),
            pulls: BTreeMap::new(),
            activities: Vec::new(),
            dispatched: Vec::new(),
            comments: Vec::new(),
            check_runs: Vec::new(),
            apps: BTreeMap::from([(4_711, App::new(4_711, "slipway", "acme"))]),
            codes: BTreeMap::new(),
            oauth_apps: BTreeMap::new(),
            grants: BTreeMap::new(),
            visitor: None,
            emails: BTreeMap::new(),
            rate: (profile == Profile::GitHub).then_some(Rate { limit: 5_000, remaining: 5_000, reset: 0 }),
            faults: Vec::new(),
            requests: Vec::new(),
            clock: None,
            tokens_made: 0,
            unchanged: 0,
            folder: None,
        }
    }

    /// No request meets a fault that was planned before.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Adds a public repository, and its owner if it is new; its id.
    pub fn add_repository(&mut self, owner: &str, name: &str) -> u64 {
        let id = self.repositories.keys().next_back().map_or(1_000, |last| last + 1);
        let organisations = self.organisations.len() as u64;
        self.organisations.entry(owner.to_owned()).or_insert_with(|| organisation(100 + organisations, owner));
        let repository = Repository {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            description: None,
            homepage: None,
            default_branch: "main".to_owned(),
            visibility: Visibility::Public,
            archived: false,
            fork: false,
            template: false,
            topics: Vec::new(),
            language: None,
            pushed_at: 1_507_651_200,
            properties: BTreeMap::new(),
            collaborators: BTreeMap::new(),
            protection: None,
            clone_url: None,
            git: None,
            forbidden_branches: None,
        };
        self.repositories.insert(id, repository);
        id
    }

    /// Renames or transfers; the former name leads to it from now on.
    pub fn move_repository(&mut self, id: u64, owner: &str, name: &str) {
        if let Some(repository) = self.repositories.get_mut(&id) {
            self.renamed.insert(format!("{}/{}", repository.owner, repository.name), id);
            repository.owner = owner.to_owned();
            repository.name = name.to_owned();
        }
    }

    /// A classic token with these scopes (`repo`, `read:org`).
    pub fn add_token(&mut self, token: &str, login: &str, scopes: &[&str]) {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let private = scopes.iter().any(|scope| scope == "repo");
        self.tokens.insert(
            token.to_owned(),
            Token {
                login: login.to_owned(),
                scopes: Some(scopes),
                private,
                selected: None,
                expires: None,
                installation: None,
            },
        );
    }

    /// An installation of the App at this account.
    pub fn add_installation(&mut self, id: u64, account: &str, permissions: &[(&str, &str)]) {
        let permissions = permissions.iter().map(|(what, how)| ((*what).to_owned(), (*how).to_owned())).collect();
        self.installations.insert(
            id,
            Installation { id, account: account.to_owned(), selected: None, permissions, suspended: false },
        );
    }
}

/// An organisation without teams and members.
pub fn organisation(id: u64, login: &str) -> Organisation {
    Organisation {
        id,
        login: login.to_owned(),
        teams: Vec::new(),
        members: Vec::new(),
        base_permission: "read".to_owned(),
    }
}
