//! Who wrote a change of a manifest: nobody of them decides about what it asks for.
//!
//! Git says whoever the commit says, so whoever pushes could name somebody else and approve their own change. GitHub knows who
//! opened the pull requests that brought the commits, and who pushed; the job asks it, and what people would have to approve is
//! not asked for before ([`waits`]). Both count as authors: a name that was made up excludes whoever has it as well. Where
//! GitHub refuses to say it, or does not know, the request carries why its authors are not certain ([`Authors::doubt`]).

use std::collections::BTreeSet;
use std::path::PathBuf;

use engine_repo::{Author, ReadError, Repository};
use model::EntityRef;
use serde::{Deserialize, Serialize};

use super::manifests::store::{self, ManifestRow};
use super::settle;
use crate::db::Tx;
use crate::forge::{self, Forge, Push};
use crate::identity::Directory;
use crate::jobs::{self, Context, Ending, NewJob};
use crate::sources::{self, Host};
use crate::{Error, Portal, Result};

pub(crate) const JOB: &str = "access-authors";

/// Starts after which nobody tries again, until the next round of sources finds that it still waits.
const ATTEMPTS: u32 = 5;
/// Commits of one manifest for whose pull requests GitHub is asked.
const MOST_COMMITS: usize = 50;
/// Commits of a history that are walked through for the push that brought one.
const LONGEST_HISTORY: usize = 200_000;
const NOT_TOLD: &str = "Its authors are as Git says, where anybody can write any name: only GitHub tells who pushed.";

const NOT_READ: &str = "The history of the repository could not be read.";
const NOT_ANY_MORE: &str =
    "The manifest has not changed since it was looked at last: who wrote it then is not asked again.";

/// What the forge said of who brought some commits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Brought {
    /// Those that it was asked for.
    changes: BTreeSet<String>,
    /// Whoever pushed them, or opened their pull requests.
    logins: BTreeSet<String>,
    /// Why that may not be all, in whole sentences.
    doubt: Option<String>,
}

/// Who wrote a change.
#[derive(Debug, Default)]
pub(super) struct Authors {
    pub users: BTreeSet<EntityRef>,
    /// Why somebody may be missing, in whole sentences.
    pub doubt: Option<String>,
    /// Whether there is a change that is not settled.
    pub is_changed: bool,
}

#[derive(Serialize, Deserialize)]
struct Ask {
    /// Id.
    repository: String,
}

/// The commits that are not settled; `None` where the history could not be read.
fn changes(row: &ManifestRow) -> Result<Option<BTreeSet<String>>> {
    Ok(serde_json::from_str(&row.changes)?)
}

/// What the forge said of the changes that are not settled, where it was asked for just these.
fn brought(row: &ManifestRow) -> Result<Option<Brought>> {
    let Some(text) = &row.brought else { return Ok(None) };
    let (found, changes): (Brought, _) = (serde_json::from_str(text)?, changes(row)?);
    Ok(Some(found).filter(|found| Some(&found.changes) == changes.as_ref()))
}

/// Whether GitHub has to be asked first who made the changes that are not settled.
pub(super) fn waits(row: &ManifestRow) -> Result<bool> {
    let is_at_github = row.stable_key.starts_with("github:");
    Ok(is_at_github && changes(row)?.is_some_and(|changes| !changes.is_empty()) && brought(row)?.is_none())
}

/// Why what a manifest newly asks for is not asked for yet, for people.
pub(super) fn waiting(row: &ManifestRow) -> Option<String> {
    let said = "What it newly asks for waits until GitHub has said who pushed it.";
    let trouble = row.trouble.iter().map(|trouble| format!(" It is asked again: {trouble}"));
    (row.settled == settle::WAITS).then(|| std::iter::once(said.to_owned()).chain(trouble).collect())
}

/// The users of the catalog among those who made the changes that are not settled.
pub(super) fn known(directory: &Directory, row: &ManifestRow) -> Result<Authors> {
    let written: BTreeSet<Author> = serde_json::from_str(&row.authors)?;
    let by_login = |login: &str| directory.by_login(login).ok().flatten();
    let user = |author: &Author| {
        author.login().and_then(by_login).or_else(|| directory.by_address(&author.email).ok().flatten()).cloned()
    };
    let mut users: BTreeSet<EntityRef> = written.iter().filter_map(user).collect();
    let Some(brought) = brought(row)? else {
        let (doubt, is_changed) = match changes(row)? {
            None => (NOT_READ, true),
            Some(changes) if changes.is_empty() => (NOT_ANY_MORE, false),
            Some(_) => (NOT_TOLD, true),
        };
        return Ok(Authors { users, doubt: Some(doubt.to_owned()), is_changed });
    };
    users.extend(brought.logins.iter().filter_map(|login| by_login(login).cloned()));
    let strangers: Vec<&str> = brought
        .logins
        .iter()
        .map(String::as_str)
        .filter(|login| by_login(login).is_none() && !login.ends_with("[bot]"))
        .collect();
    let stranger = (!strangers.is_empty())
        .then(|| format!("{} at GitHub pushed or proposed it, and is no user of the catalog.", strangers.join(", ")));
    let doubts: Vec<String> = brought.doubt.into_iter().chain(stranger).collect();
    Ok(Authors { users, doubt: (!doubts.is_empty()).then(|| doubts.join(" ")), is_changed: true })
}

/// Asks for those who changed the manifest of a repository. Call [`jobs::Jobs::wake`] after the commit.
pub(super) async fn enqueue(tx: &mut Tx, portal: &Portal, row: &ManifestRow) -> Result<()> {
    let payload = serde_json::to_string(&Ask { repository: row.repository.clone() })?;
    let title = format!("Who changed {} of {}", row.path, row.slug);
    let job = NewJob {
        kind: JOB,
        title: &title,
        payload: &payload,
        dedup: Some(&row.repository),
        // Whoever comes while it runs may mean later changes.
        wished: true,
        max_attempts: ATTEMPTS,
    };
    jobs::enqueue(tx, portal.clock().now(), job).await.map(drop)
}

pub(crate) async fn run(context: &Context) -> Result<Ending> {
    let Ask { repository } = context.payload()?;
    let portal = context.portal();
    let Some(row) = store::manifest_in(portal.db(), &repository).await? else { return Ok(Ending::Routine) };
    if !waits(&row)? {
        return Ok(Ending::Routine);
    }
    let found = match sources::host(portal, &repository).await {
        Ok(Host::GitHub { forge, id }) => ask(&forge, id, &row).await,
        Ok(Host::Git(_) | Host::ReadOnly(_)) => {
            let changes = changes(&row)?.unwrap_or_default();
            Ok(Brought { changes, doubt: Some(NOT_TOLD.to_owned()), ..Brought::default() })
        }
        Err(error) => Err(error),
    };
    let found = match found {
        Ok(found) => found,
        // It is out of sight: there is nothing to ask for.
        Err(Error::NotFound(_)) => return Ok(Ending::Routine),
        Err(error) => {
            keep(portal, &repository, None, Some(&error.for_people())).await?;
            return Err(error);
        }
    };
    keep(portal, &repository, Some(&serde_json::to_string(&found)?), None).await?;
    settle::settle(portal).await?;
    Ok(Ending::Routine)
}

async fn keep(portal: &Portal, repository: &str, brought: Option<&str>, trouble: Option<&str>) -> Result<()> {
    let mut tx = portal.db().begin().await?;
    store::write_brought(&mut tx, repository, brought, trouble).await?;
    tx.commit().await
}

/// What the forge knows of the changes.
async fn ask(forge: &Forge, id: u64, row: &ManifestRow) -> Result<Brought> {
    let there = forge.repository_of_id(id).await?;
    let changes = changes(row)?.unwrap_or_default();
    let mut asked = Asked {
        forge,
        name: &there.full_name,
        path: PathBuf::from(&row.place),
        changes: &changes,
        logins: BTreeSet::new(),
        doubts: BTreeSet::new(),
        known: BTreeSet::new(),
    };
    if let Some(branch) = &there.default_branch {
        let pushes = forge.pushes(asked.name, branch, row.settled_commit.as_deref()).await;
        if let Some(pushes) = asked.allowed(pushes)? {
            let brought = asked.match_pushes(branch, pushes).await?;
            asked.known.extend(brought);
        }
    }
    asked.pulls().await?;
    let Asked { logins, mut doubts, known, .. } = asked;
    if let Some(commit) = changes.difference(&known).next().filter(|_| doubts.is_empty()) {
        let commit = commit.get(..10).unwrap_or(commit);
        doubts.insert(format!("GitHub does not tell how the commit {commit} came to the default branch."));
    }
    let doubt = (!doubts.is_empty()).then(|| doubts.into_iter().collect::<Vec<_>>().join(" "));
    Ok(Brought { changes, logins, doubt })
}

/// What was found out so far.
struct Asked<'a> {
    forge: &'a Forge,
    /// `owner/name`
    name: &'a str,
    /// Where the repository is read on this machine.
    path: PathBuf,
    changes: &'a BTreeSet<String>,
    logins: BTreeSet<String>,
    doubts: BTreeSet<String>,
    /// Changes of which it is known who brought them.
    known: BTreeSet<String>,
}

impl Asked<'_> {
    /// Whoever pushed one of the changes to a branch; gives the changes that were brought so. Of pushes that the default branch
    /// does not have, since they were squashed or pushed over, any may have been one.
    async fn match_pushes(&mut self, branch: &str, mut pushes: Vec<Push>) -> Result<BTreeSet<String>> {
        if pushes.is_empty() {
            self.doubts.insert(format!("GitHub has no record of who pushed to {branch}."));
            return Ok(BTreeSet::new());
        }
        // The latest come first.
        pushes.reverse();
        let (path, changes) = (self.path.clone(), self.changes.clone());
        let matched = tokio::task::spawn_blocking(move || {
            // It may be on another machine, or about to be fetched again.
            let gone = |_| Error::Unavailable("The repository is not here to be read.".to_owned());
            Ok::<_, Error>(matched(&Repository::open(&path).map_err(gone)?, &changes, pushes))
        });
        match matched.await.map_err(Error::internal)?? {
            Ok((brought, logins)) => {
                self.logins.extend(logins);
                Ok(brought)
            }
            Err(why) => {
                self.doubts.insert(format!("Who pushed to {branch} cannot be told: {why}."));
                Ok(BTreeSet::new())
            }
        }
    }

    /// Whoever opened the pull requests that brought the changes, or pushed to their branches.
    async fn pulls(&mut self) -> Result<()> {
        if self.changes.len() > MOST_COMMITS {
            let (all, most) = (self.changes.len(), MOST_COMMITS);
            self.doubts.insert(format!("Of {all} commits only {most} were looked at for their pull requests."));
        }
        let mut branches = BTreeSet::new();
        for commit in self.changes.iter().take(MOST_COMMITS) {
            let Some(pulls) = self.allowed(self.forge.pulls_of_commit(self.name, commit).await)? else { return Ok(()) };
            for pull in pulls {
                self.known.insert(commit.clone());
                self.logins.extend(pull.by);
                branches.extend(pull.branch.map(|branch| (branch, pull.commit)));
            }
        }
        for (branch, commit) in branches {
            let Some(mut pushes) = self.allowed(self.forge.pushes(self.name, &branch, None).await)? else {
                return Ok(());
            };
            // Those that led to what was proposed, since the branch was made. It may have been removed, restored, or made again
            // for something else, by whoever wants to hide them: the first that ended there counts, or else all.
            if let Some(last) = pushes.iter().rposition(|push| push.after.as_ref() == Some(&commit)) {
                pushes.drain(..last);
                let made = pushes.iter().position(|push| push.before.is_none());
                pushes.truncate(made.map_or(pushes.len(), |made| made + 1));
            }
            self.match_pushes(&branch, pushes).await?;
        }
        Ok(())
    }

    /// What was answered; `None`, and a doubt, where that is refused. What may be answered later is an error.
    fn allowed<T>(&mut self, answer: forge::Result<T>) -> Result<Option<T>> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(
                error @ (forge::Error::Forbidden { .. }
                | forge::Error::NotFound { .. }
                | forge::Error::Status { status: 400..500, .. }),
            ) => {
                self.doubts.insert(format!("GitHub does not tell who brought it: {error}"));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Of pushes, the oldest first: which changes came with one, and whoever pushed them or something that is not in the history of
/// the default branch.
fn matched(
    repository: &Repository,
    changes: &BTreeSet<String>,
    pushes: Vec<Push>,
) -> std::result::Result<(BTreeSet<String>, BTreeSet<String>), ReadError> {
    let Some(head) = repository.head()? else { return Ok(Default::default()) };
    let here = |commit: &Option<String>| commit.clone().filter(|commit| repository.has_commit(commit));
    let afters: BTreeSet<String> = pushes.iter().filter_map(|push| here(&push.after)).collect();
    let history = repository.first_with(&afters, &[&head.commit], LONGEST_HISTORY)?;
    // What was there before the first push that is known came with none of them.
    let before = pushes.first().and_then(|first| here(&first.before));
    let is_kept = |push: &Push| push.after.as_ref().is_some_and(|after| history.contains_key(after));
    let (kept, others): (Vec<Push>, Vec<Push>) = pushes.into_iter().partition(is_kept);
    let mut tips: Vec<&str> = before.as_deref().into_iter().collect();
    let first = tips.len();
    tips.extend(kept.iter().filter_map(|push| push.after.as_deref()));
    let found = repository.first_with(changes, &tips, LONGEST_HISTORY)?;
    let bringing = found.into_iter().filter_map(|(commit, tip)| Some((commit, kept.get(tip.checked_sub(first)?)?)));
    let (mut brought, mut logins) = (BTreeSet::new(), BTreeSet::new());
    for (commit, push) in bringing.filter(|(_, push)| !push.is_merge) {
        brought.insert(commit);
        logins.extend(push.by.clone());
    }
    let others = others.into_iter().filter(|push| !push.is_merge && push.after.is_some());
    logins.extend(others.filter_map(|push| push.by));
    Ok((brought, logins))
}
