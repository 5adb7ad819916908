//! A change at GitHub: objects first, then the branch, then the pull request. Each step looks first at what is there, so
//! that one that was interrupted goes on, and none is done twice.

use model::change::FileEdit;

use super::job::{Outcome, Stop, Work};
use crate::forge::{Content, Error, Forge, NewFile, Pull, PullState, PullUpdate};

/// A regular file.
const REGULAR: &str = "100644";

pub(super) async fn propose(work: &mut Work<'_>, forge: &Forge, id: u64) -> Result<Outcome, Stop> {
    work.step("looking at the repository");
    let repository = forge.repository_of_id(id).await.map_err(|error| refused("Looking at the repository", error))?;
    let name = repository.full_name;
    if repository.archived {
        return Ok(Outcome::Failed(format!("{name} is archived: unarchive it at GitHub, then try again.")));
    }
    let base = repository.default_branch.unwrap_or_default();
    let base_commit = base_commit(forge, &name, &base).await?;
    work.keep(|row| row.base = Some(base.clone())).await?;

    let pulls = pulls(work, forge, &name).await?;
    if let Some(closed) = closed(work, &pulls) {
        return Ok(closed);
    }
    work.step("looking at the branch");
    let there = forge.branch(&name, &work.row.branch).await.map_err(|error| refused("Looking at the branch", error))?;
    if let Some(commit) = there.as_deref().filter(|commit| !work.row.is_ours(commit)) {
        return Ok(taken(&work.row.branch, commit));
    }
    if there.is_none() || there.as_deref() != work.row.ready() {
        match commit(work, forge, &name, &base, &base_commit).await? {
            Some(commit) => move_branch(work, forge, &name, there.is_some(), &commit).await?,
            None => return Ok(Outcome::Merged(format!("{base} has this content already."))),
        }
    }
    let open = pulls.into_iter().find(|pull| pull.state == PullState::Open);
    request(work, forge, &name, &base, open).await
}

/// Closes the pull request and removes the branch, unless somebody else has pushed to it.
pub(super) async fn close(work: &mut Work<'_>, forge: &Forge, id: u64) -> Result<Outcome, Stop> {
    work.step("closing it");
    let repository = match forge.repository_of_id(id).await {
        Ok(repository) => repository,
        Err(Error::NotFound { .. } | Error::Gone { .. }) => {
            return Ok(Outcome::Closed("Its repository is gone.".to_owned()));
        }
        Err(error) => return Err(refused("Looking at the repository", error)),
    };
    let name = repository.full_name;
    for pull in pulls(work, forge, &name).await? {
        match pull.state {
            PullState::Merged if work.row.number == i64::try_from(pull.number).ok() => {
                return Ok(Outcome::Merged(format!(
                    "Pull request #{} was merged before it could be closed.",
                    pull.number
                )));
            }
            PullState::Open => {
                let update = PullUpdate { close: true, ..PullUpdate::default() };
                let closed = forge.update_pull(&name, pull.number, &update).await;
                closed.map_err(|error| refused("Closing the pull request", error))?;
            }
            PullState::Merged | PullState::Closed => {}
        }
    }
    let branch = work.row.branch.clone();
    let there = forge.branch(&name, &branch).await.map_err(|error| refused("Looking at the branch", error))?;
    Ok(Outcome::Closed(match there {
        Some(commit) if work.row.is_ours(&commit) => {
            forge.delete_branch(&name, &branch).await.map_err(|error| refused("Removing the branch", error))?;
            "Closed here, and its branch removed.".to_owned()
        }
        Some(_) => format!("Closed here; the branch {branch} stays, since somebody else has pushed to it."),
        None => "Closed here.".to_owned(),
    }))
}

async fn base_commit(forge: &Forge, name: &str, base: &str) -> Result<String, Stop> {
    let fail = |text: String| Stop::Ended(Outcome::Failed(text));
    let empty = || fail(format!("{name} has no commit yet: push a first one, then try again."));
    if base.is_empty() {
        return Err(empty());
    }
    match forge.branch(name, base).await {
        Ok(Some(commit)) => Ok(commit),
        Ok(None) => Err(fail(format!(
            "The default branch {base} of {name} does not exist: choose another one in the repository's settings, then try again."
        ))),
        Err(Error::Status { status: 409, .. }) => Err(empty()),
        Err(error) => Err(refused("Looking at the default branch", error)),
    }
}

async fn pulls(work: &Work<'_>, forge: &Forge, name: &str) -> Result<Vec<Pull>, Stop> {
    work.step("looking for its pull request");
    let pulls = forge.pulls_of_branch(name, &work.row.branch).await;
    pulls.map_err(|error| refused("Looking for the pull request", error))
}

/// Whether somebody decided at GitHub against the pull request that is known. After one that was merged, what is wanted now
/// becomes another.
fn closed(work: &Work<'_>, pulls: &[Pull]) -> Option<Outcome> {
    let known = work.row.number.and_then(|number| u64::try_from(number).ok())?;
    let is_closed = |pull: &Pull| pull.number == known && pull.state == PullState::Closed;
    let decided = pulls.iter().any(is_closed) && !pulls.iter().any(|pull| pull.state == PullState::Open);
    decided.then(|| {
        let text = format!("Somebody closed pull request #{known} at GitHub. Propose it again for a new one.");
        Outcome::Closed(text)
    })
}

/// The commit on top of the default branch as it is now; `None` where that has everything already.
async fn commit(
    work: &mut Work<'_>,
    forge: &Forge,
    name: &str,
    base: &str,
    base_commit: &str,
) -> Result<Option<String>, Stop> {
    const READING: &str = "Reading the files";
    const MAKING: &str = "Making the commit";
    work.step("reading the files");
    let tree = forge.tree_of(name, base_commit).await.map_err(|error| refused(READING, error))?;
    let edits = work.row.edits()?;
    let mut files = Vec::new();
    for edit in &edits {
        let entry = forge.entry(name, &tree, &edit.path).await.map_err(|error| refused(READING, error))?;
        let mode = entry.as_ref().map_or(REGULAR.to_owned(), |entry| entry.mode.clone());
        let now = match entry {
            Some(entry) if entry.mode.starts_with("100") => {
                let bytes = forge.blob(name, &entry.id).await.map_err(|error| refused(READING, error))?;
                Some(bytes)
            }
            Some(_) => return Err(Stop::Ended(Outcome::Conflict(not_a_file(&edit.path, base)))),
            None => None,
        };
        if needs(edit, now.as_deref(), base).map_err(Stop::Ended)? {
            files.push((edit, mode));
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    work.step("making the commit");
    let files: Vec<NewFile<'_>> = files
        .iter()
        .map(|(edit, mode)| NewFile {
            path: &edit.path,
            mode,
            content: edit.after.as_deref().map_or(Content::Removed, Content::Text),
        })
        .collect();
    let tree = forge.create_tree(name, &tree, &files).await.map_err(|error| refused(MAKING, error))?;
    let message = message(&work.row.title);
    let commit =
        forge.create_commit(name, &message, &tree, base_commit).await.map_err(|error| refused(MAKING, error))?;
    work.keep_commit(&commit).await?;
    Ok(Some(commit))
}

async fn move_branch(work: &Work<'_>, forge: &Forge, name: &str, exists: bool, commit: &str) -> Result<(), Stop> {
    work.step("moving the branch");
    let branch = &work.row.branch;
    let moved = match exists {
        true => forge.move_branch(name, branch, commit).await,
        false => forge.create_branch(name, branch, commit).await,
    };
    let error = match moved {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    // The answer may have been lost on its way, or somebody else was faster.
    match forge.branch(name, branch).await {
        Ok(Some(there)) if there == commit => return Ok(()),
        Ok(Some(there)) if !work.row.is_ours(&there) => return Err(Stop::Ended(taken(branch, &there))),
        _ => {}
    }
    Err(match error {
        Error::Status { status: 422, message, .. } => Stop::Ended(Outcome::Failed(format!(
            "Making the branch {branch}: a rule of {name} forbids it ({message}). Allow branches that begin with slipway/ \
             for the account of the source, then try again."
        ))),
        error => refused("Making the branch", error),
    })
}

/// Makes the pull request, or brings the open one up to date.
async fn request(work: &Work<'_>, forge: &Forge, name: &str, base: &str, open: Option<Pull>) -> Result<Outcome, Stop> {
    work.step("making the pull request");
    let row = &work.row;
    let opened = |pull: Pull| Outcome::Open { number: Some(pull.number), url: Some(pull.url) };
    if let Some(pull) = open {
        if pull.title == row.title && pull.body == row.text {
            return Ok(opened(pull));
        }
        let update = PullUpdate { title: Some(&row.title), body: Some(&row.text), close: false };
        let updated = forge.update_pull(name, pull.number, &update).await;
        return updated.map(opened).map_err(|error| refused("Changing the pull request", error));
    }
    let error = match forge.create_pull(name, &row.branch, base, &row.title, &row.text).await {
        Ok(pull) => return Ok(opened(pull)),
        Err(error) => error,
    };
    // It may have been made all the same, and only the answer was lost; or somebody was faster.
    if let Ok(pulls) = forge.pulls_of_branch(name, &row.branch).await
        && let Some(pull) = pulls.into_iter().find(|pull| pull.state == PullState::Open)
    {
        return Ok(opened(pull));
    }
    Err(refused("Making the pull request", error))
}

/// Whether a file has to be changed, as it is in the default branch now.
pub(super) fn needs(edit: &FileEdit, now: Option<&[u8]>, base: &str) -> Result<bool, Outcome> {
    let is = |text: &Option<String>| text.as_ref().map(String::as_bytes) == now;
    if is(&edit.after) {
        return Ok(false);
    }
    if is(&edit.before) {
        return Ok(true);
    }
    let what = match (&edit.before, now) {
        (None, _) => "was added",
        (_, None) => "was removed",
        _ => "was changed",
    };
    Err(Outcome::Conflict(format!(
        "{} {what} in {base} since this change was written. Make the change again from what is there now.",
        edit.path
    )))
}

pub(super) fn not_a_file(path: &str, base: &str) -> String {
    format!("{path} is no file in {base}, but a folder, a link or a submodule. Change it by hand.")
}

pub(super) fn taken(branch: &str, commit: &str) -> Outcome {
    let commit: String = commit.chars().take(7).collect();
    Outcome::Taken(format!(
        "Somebody else pushed to the branch {branch} ({commit}), so Slipway leaves it alone. Go on there by hand, or try \
         again: that makes a new branch."
    ))
}

pub(super) fn message(title: &str) -> String {
    format!("{title}\n\nProposed with Slipway.")
}

/// What an answer of the forge means for the change.
fn refused(step: &str, error: Error) -> Stop {
    const NEEDS: &str = "The token or the App of the source needs write access to contents and to pull requests (of a \
                         classic token the scope repo, or public_repo).";
    let outcome = match error {
        error if error.is_passing() => Outcome::Again(format!("{step}: {error}")),
        Error::Forbidden { message, .. } if message.contains("archived") => {
            Outcome::Failed(format!("{step}: the repository is archived. Unarchive it at GitHub, then try again."))
        }
        Error::Forbidden { message, sign_on: None, .. } => {
            Outcome::Failed(format!("{step}: GitHub does not allow it ({message}). {NEEDS}"))
        }
        Error::NotFound { .. } => Outcome::Failed(format!(
            "{step}: GitHub answers that it is not there, as it does where something may not be seen or written. {NEEDS}"
        )),
        error => Outcome::Failed(format!("{step}: {error}")),
    };
    Stop::Ended(outcome)
}
