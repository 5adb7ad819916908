//! Who brought commits, as the forge knows it: pull requests of a commit ("Commits") and pushes ("Repositories", activity).
//!
//! Git's authors are whoever the commit says. These are accounts that were signed in.

use serde::Deserialize;

use super::answer::{parse, segment};
use super::client::Forge;
use super::error::Result;
use super::listing::next_page;
use super::objects::named;

/// Pages of a hundred that are looked through.
const MOST_PAGES: u32 = 5;

/// Something that moved a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Commits; `None` where the branch was made, or removed.
    pub before: Option<String>,
    pub after: Option<String>,
    /// It was made by merging a pull request: whoever did that wrote nothing.
    pub is_merge: bool,
    /// By login; nobody where the account is gone.
    pub by: Option<String>,
}

/// A pull request that brought a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bringing {
    pub number: u64,
    /// Who opened it, and whose repository it comes from, by login.
    pub by: Vec<String>,
    /// The branch that it proposes, where that is one of the same repository.
    pub branch: Option<String>,
    /// The last commit that it proposed.
    pub commit: String,
}

#[derive(Deserialize)]
struct WireActivity {
    before: String,
    after: String,
    activity_type: String,
    actor: Option<WireUser>,
}

#[derive(Deserialize)]
struct WireUser {
    login: String,
}

#[derive(Deserialize)]
struct WirePull {
    number: u64,
    user: Option<WireUser>,
    head: WireHead,
    base: WireBase,
}

#[derive(Deserialize)]
struct WireHead {
    #[serde(rename = "ref")]
    branch: String,
    sha: String,
    user: Option<WireUser>,
    /// Nothing where it was removed since.
    repo: Option<WireRepository>,
}

#[derive(Deserialize)]
struct WireBase {
    repo: WireRepository,
}

#[derive(Deserialize)]
struct WireRepository {
    id: u64,
}

impl From<WireActivity> for Push {
    fn from(wire: WireActivity) -> Self {
        let commit = |id: String| Some(id).filter(|id| id.bytes().any(|byte| byte != b'0'));
        Self {
            before: commit(wire.before),
            after: commit(wire.after),
            is_merge: matches!(wire.activity_type.as_str(), "pr_merge" | "merge_queue_merge"),
            by: wire.actor.map(|actor| actor.login),
        }
    }
}

impl From<WirePull> for Bringing {
    fn from(wire: WirePull) -> Self {
        let WireHead { branch, sha, user, repo } = wire.head;
        let is_here = repo.is_some_and(|repo| repo.id == wire.base.repo.id);
        // Whose repository it is says nothing where that is the base's.
        let owner = user.filter(|_| !is_here);
        let by = wire.user.into_iter().chain(owner).map(|user| user.login).collect();
        Self { number: wire.number, by, branch: is_here.then_some(branch), commit: sha }
    }
}

impl Forge {
    /// The pull requests that brought a commit. `repository` is `owner/name` here and below.
    ///
    /// # Errors
    /// As [`Forge::send`]; [`super::Error::Forbidden`] for an App without `pull_requests: read`.
    pub async fn pulls_of_commit(&self, repository: &str, commit: &str) -> Result<Vec<Bringing>> {
        let path = format!("/repos/{}/commits/{}/pulls?per_page=100", named(repository), segment(commit));
        let found: Vec<WirePull> = parse(&path, self.get(&path, None).await?.body())?;
        Ok(found.into_iter().map(Bringing::from).collect())
    }

    /// What moved a branch, the latest first, until one ends at the commit `until`, or at most five hundred.
    ///
    /// # Errors
    /// As [`Forge::send`]; [`super::Error::NotFound`] for an Enterprise Server before 3.9.
    pub async fn pushes(&self, repository: &str, branch: &str, until: Option<&str>) -> Result<Vec<Push>> {
        let reference = segment(&format!("refs/heads/{branch}"));
        let mut next = Some(format!("/repos/{}/activity?per_page=100&ref={reference}", named(repository)));
        let mut pushes: Vec<Push> = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(path) = next.take() else { break };
            let answer = self.get(&path, None).await?;
            let found: Vec<WireActivity> = parse(&path, answer.body())?;
            pushes.extend(found.into_iter().map(Push::from));
            next = next_page(answer.headers());
            if until.is_some() && pushes.iter().any(|push| push.after.as_deref() == until) {
                break;
            }
        }
        Ok(pushes)
    }

    /// What two commits have in common: where the one's branch began.
    ///
    /// # Errors
    /// As [`Forge::send`]; [`super::Error::NotFound`] where they have nothing.
    pub async fn merge_base(&self, repository: &str, base: &str, head: &str) -> Result<String> {
        #[derive(Deserialize)]
        struct Compared {
            merge_base_commit: Commit,
        }
        #[derive(Deserialize)]
        struct Commit {
            sha: String,
        }
        let ends = format!("{}...{}", segment(base), segment(head));
        let path = format!("/repos/{}/compare/{ends}?per_page=1", named(repository));
        Ok(parse::<Compared>(&path, self.get(&path, None).await?.body())?.merge_base_commit.sha)
    }
}
