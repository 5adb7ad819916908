//! How commits came to be where they are: pull requests of a commit, pushes ("activity"), and what two commits have in common.

use std::path::Path;

use serde_json::{Value, json};

use crate::changes::{head, refusal_to_read};
use crate::git;
use crate::reply::Said;
use crate::routes::Asked;
use crate::shapes;
use crate::state::{Activity, Merged, Pull, State, Token};

const NOT_FOUND: Said = Said::Refused(404, "Not Found");
const NOTHING: &str = "0000000000000000000000000000000000000000";

/// What may be asked below `/repos/owner/name`; `rest` begins with `commits`, `activity` or `compare`.
pub(crate) fn route(state: &State, asked: &Asked, id: u64, rest: &[&str], token: Option<&Token>) -> Said {
    let Some(bare) = state.repositories.get(&id).and_then(|found| found.git.clone()) else { return NOT_FOUND };
    let needed = if rest[0] == "commits" { "pull_requests" } else { "contents" };
    if let Some(refused) = refusal_to_read(state, token, needed) {
        return refused;
    }
    match (asked.method.as_str(), rest) {
        ("GET", ["commits", commit, "pulls"]) => pulls(state, id, &bare, commit),
        ("GET", ["activity"]) => activity(state, asked, id),
        ("GET", ["compare", ends]) => {
            let ends = percent_encoding::percent_decode_str(ends).decode_utf8_lossy().into_owned();
            let compared = ends.split_once("...").map(|(base, head)| compare(state, id, &bare, base, head));
            compared.and_then(Result::ok).unwrap_or(NOT_FOUND)
        }
        _ => NOT_FOUND,
    }
}

/// Merged ones that brought it to the default branch; where it is not there, all whose branch has it.
fn pulls(state: &State, id: u64, bare: &Path, commit: &str) -> Said {
    let is_in = |tip: &str| git::git(bare, &["merge-base", "--is-ancestor", commit, tip], b"").is_ok();
    if git::git(bare, &["cat-file", "-e", commit], b"").is_err() {
        return Said::Refused(422, "No commit found for SHA");
    }
    let main = state.repositories.get(&id).map(|found| found.default_branch.clone()).unwrap_or_default();
    let is_main = is_in(&format!("refs/heads/{main}"));
    let all = state.pulls.get(&id).into_iter().flatten();
    let brought = all.filter(|pull| match (&pull.merged, pull.merged_at) {
        // Neither a merge commit nor what the base had before is among its own commits, but what stands for it there is.
        (Some(merge), Some(_)) => commit == merge.commit || is_in(&pull.head) && !is_in(&merge.before),
        _ => !is_main && is_in(&pull.head),
    });
    Said::Many(brought.map(|pull| shapes::pull(state, id, pull, false)).collect())
}

/// The latest first; of one reference where that is asked for.
fn activity(state: &State, asked: &Asked, id: u64) -> Said {
    let wanted = asked.query.get("ref").map(|name| {
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
        if name.starts_with("refs/") { name } else { format!("refs/heads/{name}") }
    });
    let mine = state.activities.iter().rev().filter(|one| one.repository == id);
    let mine = mine.filter(|one| wanted.as_ref().is_none_or(|wanted| *wanted == one.reference));
    Said::Many(mine.map(|one| shapes::activity(state, one)).collect())
}

/// `commit-comparison`, without the files.
fn compare(state: &State, id: u64, bare: &Path, base: &str, head: &str) -> std::io::Result<Said> {
    let one = |arguments: &[&str]| git::git(bare, arguments, b"");
    let base = one(&["rev-parse", "-q", "--verify", &format!("{base}^{{commit}}")])?;
    let head = one(&["rev-parse", "-q", "--verify", &format!("{head}^{{commit}}")])?;
    let common = one(&["merge-base", &base, &head])?;
    let count = |from: &str, to: &str| -> std::io::Result<u64> {
        Ok(one(&["rev-list", "--count", &format!("{from}..{to}")])?.parse().unwrap_or_default())
    };
    let (ahead, behind) = (count(&base, &head)?, count(&head, &base)?);
    let status = match (ahead, behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let url = shapes::repository_url(state, id);
    let commits = one(&["rev-list", "--reverse", &format!("{base}..{head}")])?;
    let commits = commits.lines().map(|commit| commit_shape(state, id, bare, commit));
    let page = format!("{url}/compare/{base}...{head}");
    Ok(Said::One(json!({
        "url": page,
        "html_url": page,
        "permalink_url": page,
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "base_commit": commit_shape(state, id, bare, &base)?,
        "merge_base_commit": commit_shape(state, id, bare, &common)?,
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": commits.collect::<std::io::Result<Vec<_>>>()?,
        "files": [],
    })))
}

/// `commit`; whose account wrote it is not known.
fn commit_shape(state: &State, id: u64, bare: &Path, commit: &str) -> std::io::Result<Value> {
    let url = shapes::repository_url(state, id);
    let show = |format: &str| git::git(bare, &["show", "-s", &format!("--format={format}"), commit], b"");
    let person = |name: &str, email: &str, date: &str| -> std::io::Result<Value> {
        Ok(json!({"name": show(name)?, "email": show(email)?, "date": show(date)?}))
    };
    let tree = show("%T")?;
    let parents: Vec<Value> = show("%P")?
        .split(' ')
        .filter(|parent| !parent.is_empty())
        .map(|parent| json!({"sha": parent, "url": format!("{url}/commits/{parent}"), "html_url": format!("{url}/commit/{parent}")}))
        .collect();
    Ok(json!({
        "sha": commit,
        "node_id": format!("C_{commit}"),
        "url": format!("{url}/commits/{commit}"),
        "html_url": format!("{url}/commit/{commit}"),
        "comments_url": format!("{url}/commits/{commit}/comments"),
        "commit": {
            "url": format!("{url}/git/commits/{commit}"),
            "author": person("%an", "%ae", "%aI")?,
            "committer": person("%cn", "%ce", "%cI")?,
            "message": show("%B")?,
            "comment_count": 0,
            "tree": {"sha": tree, "url": format!("{url}/git/trees/{tree}")},
            "verification": {"verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null},
        },
        "author": null,
        "committer": null,
        "parents": parents,
    }))
}

impl State {
    /// Somebody proposes what they have in a fork; the number of the pull request.
    ///
    /// # Errors
    /// If git cannot be run, or the repository has no real one behind it.
    pub fn propose_from_fork(&mut self, id: u64, files: &[(&str, &str)]) -> std::io::Result<u64> {
        let fork = self.add_repository("stranger", "fork");
        if let Some(fork) = self.repositories.get_mut(&fork) {
            fork.fork = true;
        }
        let commit = self.commit(id, "theirs", files)?;
        let bare = self.repositories.get(&id).and_then(|found| found.git.clone());
        let bare = bare.ok_or_else(|| std::io::Error::other("no repository"))?;
        let now = self.now();
        let pulls = self.pulls.entry(id).or_default();
        let number = pulls.last().map_or(1, |last| last.number + 1);
        // Its commits are here, but no branch of it.
        git::git(&bare, &["update-ref", &format!("refs/pull/{number}/head"), &commit], b"")?;
        git::git(&bare, &["update-ref", "-d", "refs/heads/theirs"], b"")?;
        pulls.push(Pull {
            number,
            title: "From afar".to_owned(),
            body: None,
            branch: "theirs".to_owned(),
            head: commit,
            base: "main".to_owned(),
            fork: Some(fork),
            by: "stranger".to_owned(),
            created_at: now,
            updated_at: now,
            closed_at: None,
            merged_at: None,
            merged: None,
        });
        Ok(number)
    }

    /// Somebody merges a pull request: the default branch gets what it proposes.
    ///
    /// # Errors
    /// If there is none, or it cannot be merged.
    pub fn merge_pull(&mut self, id: u64, number: u64) -> std::io::Result<()> {
        self.merge(id, number, "ada", false)
    }

    /// The same by this person, where it is wanted as one commit that stands for all.
    ///
    /// # Errors
    /// As [`State::merge_pull`].
    pub fn merge(&mut self, id: u64, number: u64, login: &str, squash: bool) -> std::io::Result<()> {
        let unknown = || std::io::Error::other("no such pull request");
        let bare = self.repositories.get(&id).and_then(|found| found.git.clone()).ok_or_else(unknown)?;
        let now = self.now();
        let pull = self.pulls.entry(id).or_default().iter_mut().find(|pull| pull.number == number);
        let pull = pull.ok_or_else(unknown)?;
        if pull.fork.is_none() {
            pull.head = head(&bare, &pull.branch)?;
        }
        let (ours, theirs) = (head(&bare, &pull.base)?, pull.head.clone());
        let tree = git::git(&bare, &["merge-tree", "--write-tree", &ours, &theirs], b"")?;
        let parents = if squash { vec![ours.as_str()] } else { vec![ours.as_str(), theirs.as_str()] };
        let commit = git::make_commit(&bare, &tree, parents.into_iter(), "Merge")?;
        let reference = format!("refs/heads/{}", pull.base);
        git::git(&bare, &["update-ref", &reference, &commit], b"")?;
        (pull.merged_at, pull.closed_at, pull.updated_at) = (Some(now), Some(now), now);
        pull.merged = Some(Merged { commit: commit.clone(), before: ours.clone() });
        self.note(id, login, "pr_merge", &reference, Some(&ours), Some(&commit));
        if let Some(repository) = self.repositories.get_mut(&id) {
            repository.pushed_at = now;
        }
        Ok(())
    }

    /// Somebody pushes a commit with these files to a branch, which is made from the default one where it is not there. Git's
    /// author of it is whoever they say, `Ann <ann@example.com>`.
    ///
    /// # Errors
    /// If git cannot be run, or the repository has no real one behind it.
    pub fn push(
        &mut self,
        id: u64,
        login: &str,
        author: &str,
        branch: &str,
        files: &[(&str, &str)],
    ) -> std::io::Result<String> {
        let found =
            self.repositories.get(&id).and_then(|found| Some((found.git.clone()?, found.default_branch.clone())));
        let (bare, main) = found.ok_or_else(|| std::io::Error::other("no repository"))?;
        let before = head(&bare, branch).ok();
        let start = before.clone().map_or_else(|| head(&bare, &main), Ok)?;
        let commit = git::commit_by(&bare, &start, files, author)?;
        let reference = format!("refs/heads/{branch}");
        git::git(&bare, &["update-ref", &reference, &commit], b"")?;
        let kind = if before.is_some() { "push" } else { "branch_creation" };
        self.note(id, login, kind, &reference, before.as_deref(), Some(&commit));
        let now = self.now();
        if let Some(repository) = self.repositories.get_mut(&id) {
            repository.pushed_at = now;
        }
        Ok(commit)
    }

    /// Writes down what happened to a reference.
    pub(crate) fn note(
        &mut self,
        id: u64,
        login: &str,
        kind: &str,
        reference: &str,
        before: Option<&str>,
        after: Option<&str>,
    ) {
        let activity = Activity {
            id: self.activities.len() as u64 + 1,
            repository: id,
            before: before.unwrap_or(NOTHING).to_owned(),
            after: after.unwrap_or(NOTHING).to_owned(),
            reference: reference.to_owned(),
            kind: kind.to_owned(),
            by: login.to_owned(),
            at: self.now(),
        };
        self.activities.push(activity);
    }
}
