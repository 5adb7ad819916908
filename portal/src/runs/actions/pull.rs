//! `publish:github:pull-request`: proposes files of the project to another repository at GitHub, on a branch of its own.
//!
//! The commit is written down before the branch is moved to it, so that our branch is told from one that somebody else has made
//! under the same name, which is left alone.

use engine_repo::Repository;
use engine_templates::tree::{Entry, check_path};
use futures::FutureExt;
use futures::future::BoxFuture;
use model::Level;
use model::run::EffectState;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::place::{self, Place, asked, refused};
use super::{Action, Output, PULL, project};
use crate::forge::{Content, Error, NewFile, Pull, PullState, PullUpdate};
use crate::runs::store::Effect;
use crate::runs::work::{Stop, Undone, Work};
use crate::templates::tree_at;

const MOST_FILES: usize = 500;
const NEEDS: &str = "The token or the App of the source needs write access to contents and to pull requests there (of a classic \
                     token the scope repo).";

pub(super) struct PullRequest;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    repo_url: Option<String>,
    branch_name: String,
    title: String,
    #[serde(default)]
    description: String,
    /// The default branch where nothing is said.
    #[serde(default)]
    target_branch_name: Option<String>,
    /// Of the project: all of it where nothing is said.
    #[serde(default)]
    source_path: Option<String>,
    /// A folder there.
    #[serde(default)]
    target_path: Option<String>,
    #[serde(default)]
    commit_message: Option<String>,
}

/// How it is recognised.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Proposed {
    source: String,
    repository: String,
    branch: String,
    base: String,
    /// Before the branch is there.
    commit: Option<String>,
    number: Option<u64>,
}

impl Action for PullRequest {
    fn does(&self, input: &Value) -> String {
        let Ok(input) = Input::deserialize(input) else { return "proposes a change".to_owned() };
        format!(
            "proposes {} of the project to {}, as a pull request from the branch {}, with the login of its source",
            input.source_path.as_deref().filter(|path| !path.is_empty()).unwrap_or("all"),
            place::shown(input.repo_url.as_deref()),
            input.branch_name
        )
    }

    fn accepts(&self, input: &Value) -> Result<(), String> {
        let input = Input::deserialize(input).map_err(|error| error.to_string())?;
        place::check(input.repo_url.as_deref()).map_err(|expected| format!("repoUrl is {expected}"))?;
        if input.branch_name.is_empty() || input.title.is_empty() {
            return Err("branchName and title are not empty".to_owned());
        }
        Ok(())
    }

    fn run<'w>(&'w self, work: &'w mut Work<'_>) -> BoxFuture<'w, Result<Output, Stop>> {
        propose(work).boxed()
    }

    fn undo<'w>(&'w self, work: &'w mut Work<'_>, effect: &'w Effect) -> BoxFuture<'w, Result<Undone, Stop>> {
        undo(work, effect).boxed()
    }
}

async fn propose(work: &mut Work<'_>) -> Result<Output, Stop> {
    let input: Input = serde_json::from_value(work.step_input()?).map_err(|error| Stop::Failed(error.to_string()))?;
    let (place, mut proposed, mut effect) = begin(work, &input).boxed().await?;
    work.boundary().await?;
    let (repository, branch) = (place.repository.clone(), proposed.branch.clone());
    let there = asked(work, place.forge.branch(&repository, &branch), "Looking at the branch", NEEDS).await?;
    let is_ours = effect.state() == EffectState::Made || there.is_some() && there == proposed.commit;
    match &there {
        Some(_) if is_ours => {}
        Some(_) => {
            work.void(effect).await?;
            return Err(taken(&proposed));
        }
        None => {
            let Some(commit) = commit(work, &place, &proposed, &input).boxed().await? else {
                work.void(effect).await?;
                work.log(Level::Note, &format!("{repository} has these files already: there is nothing to propose."));
                return Ok(Output { value: json!({ "targetBranchName": proposed.base }), ..Output::default() });
            };
            proposed.commit = Some(commit.clone());
            effect = work.keep(effect, &json!(proposed)).await?;
            work.boundary().await?;
            if let Err(error) =
                work.unless_left_for_long(place.forge.create_branch(&repository, &branch, &commit)).await?
            {
                // The answer may have been lost on its way, or somebody was faster.
                match asked(work, place.forge.branch(&repository, &branch), "Looking at the branch", NEEDS).await? {
                    Some(there) if there == commit => {}
                    Some(_) => {
                        work.void(effect).await?;
                        return Err(taken(&proposed));
                    }
                    None => return Err(refused("Making the branch", error, NEEDS)),
                }
            }
            work.boundary().await?;
        }
    }
    effect = work.made(effect, &json!(proposed)).await?;
    work.boundary().await?;
    let pull = request(work, &place, &proposed, &input).boxed().await?;
    work.boundary().await?;
    proposed.number = Some(pull.number);
    work.keep(effect, &json!(proposed)).await?;
    work.log(Level::Note, &format!("Pull request #{} of {repository} is there: {}", pull.number, pull.url));
    let value = json!({
        "remoteUrl": pull.url, "pullRequestNumber": pull.number, "targetBranchName": proposed.base,
    });
    Ok(Output { value, ..Output::default() })
}

/// What was begun before, or what is about to be.
async fn begin(work: &mut Work<'_>, input: &Input) -> Result<(Place, Proposed, Effect), Stop> {
    if let Some(effect) = work.effect() {
        let proposed: Proposed = serde_json::from_str(&effect.data)?;
        return Ok((place::again(work, &proposed.source, &proposed.repository)?, proposed, effect));
    }
    let place = place::find(work, input.repo_url.as_deref())?;
    let base = match &input.target_branch_name {
        Some(base) => base.clone(),
        None => {
            let (owner, name) = place.repository.split_once('/').unwrap_or_default();
            let looked = place.forge.repository_named(owner, name);
            let found = asked(work, looked, "Looking at the repository", NEEDS).await?;
            let base = found.and_then(|found| found.default_branch);
            base.ok_or_else(|| {
                Stop::Failed(format!(
                    "{} is not there, or has no default branch. Correct it there, then try again.",
                    place.repository
                ))
            })?
        }
    };
    let proposed = Proposed {
        source: place.source.clone(),
        repository: place.repository.clone(),
        branch: input.branch_name.clone(),
        base,
        commit: None,
        number: None,
    };
    let there = place.forge.branch(&place.repository, &proposed.branch);
    if asked(work, there, "Looking for the branch", NEEDS).await?.is_some() {
        return Err(taken(&proposed));
    }
    let target =
        format!("the branch {} of {} at {} with its pull request", proposed.branch, place.repository, place.host);
    let effect = work.intend(PULL, target, &json!(proposed)).await?;
    Ok((place, proposed, effect))
}

fn taken(proposed: &Proposed) -> Stop {
    Stop::Failed(format!(
        "There is a branch {} in {} already, and it is somebody else's: nothing was changed there. Once it is gone, try again.",
        proposed.branch, proposed.repository
    ))
}

/// Whether this run has proposed it: the branch is its own.
pub(super) fn is_ours(work: &Work<'_>, repository: &str, pull: &Pull) -> bool {
    let proposed = work.effects.iter().filter(|effect| effect.action == PULL);
    proposed
        .filter_map(|effect| serde_json::from_str::<Proposed>(&effect.data).ok())
        .any(|one| one.repository.eq_ignore_ascii_case(repository) && one.branch == pull.branch)
}

/// The files on top of the branch that they are for; `None` where that has them already.
async fn commit(work: &Work<'_>, place: &Place, proposed: &Proposed, input: &Input) -> Result<Option<String>, Stop> {
    const MAKING: &str = "Making the commit";
    let (forge, repository) = (&place.forge, place.repository.as_str());
    let base = asked(work, forge.branch(repository, &proposed.base), "Looking at the branch", NEEDS).await?;
    let base = base.ok_or_else(|| {
        Stop::Failed(format!("There is no branch {} in {repository}. Make it there, then try again.", proposed.base))
    })?;
    let before = asked(work, forge.tree_of(repository, &base), MAKING, NEEDS).await?;
    let (mut texts, mut blobs) = (Vec::new(), Vec::new());
    for (path, mode, bytes) in files(work, input).await? {
        match String::from_utf8(bytes) {
            Ok(text) => texts.push((path, mode, text)),
            Err(other) => {
                let blob = forge.create_blob(repository, other.as_bytes());
                blobs.push((path, mode, asked(work, blob, MAKING, NEEDS).await?));
            }
        }
    }
    let texts = texts.iter().map(|(path, mode, text)| NewFile { path, mode, content: Content::Text(text) });
    let blobs = blobs.iter().map(|(path, mode, id)| NewFile { path, mode, content: Content::Blob(id) });
    let entries: Vec<NewFile<'_>> = texts.chain(blobs).collect();
    let tree = asked(work, forge.create_tree(repository, &before, &entries), MAKING, NEEDS).await?;
    if tree == before {
        return Ok(None);
    }
    let mut message = input.commit_message.clone().unwrap_or_else(|| input.title.clone());
    message += &format!("\n\nProposed by Slipway's run {}.\n", work.row.id);
    if let Some(person) = &work.input.person {
        message += &format!("\nCo-authored-by: {person}\n");
    }
    asked(work, forge.create_commit(repository, &message, &tree, &base), MAKING, NEEDS).await.map(Some)
}

/// Path there, mode and bytes of what is proposed.
async fn files(work: &Work<'_>, input: &Input) -> Result<Vec<(String, &'static str, Vec<u8>)>, Stop> {
    let project = project(work).await?;
    let read = tokio::task::spawn_blocking(move || {
        let repository = Repository::open(&project.bare).map_err(|error| crate::Error::internal(error.to_string()))?;
        tree_at(&repository, &project.commit)
    });
    let tree = read.await.map_err(crate::Error::internal)??;
    let folder = |path: &Option<String>| path.as_deref().unwrap_or_default().trim_matches('/').to_owned();
    let (from, to) = (folder(&input.source_path), folder(&input.target_path));
    let below = |path: &str| match from.as_str() {
        "" => Some(path.to_owned()),
        from if path == from => path.rsplit('/').next().map(str::to_owned),
        from => path.strip_prefix(from)?.strip_prefix('/').map(str::to_owned),
    };
    let mut files = Vec::new();
    for (path, entry) in tree.iter() {
        let Some(path) = below(path) else { continue };
        let (mode, bytes) = match entry {
            Entry::Folder => continue,
            Entry::Link { target } => ("120000", target.as_bytes().to_vec()),
            Entry::File { content, mode } => (if mode & 0o100 == 0 { "100644" } else { "100755" }, content.to_vec()),
        };
        let path = if to.is_empty() { path } else { format!("{to}/{path}") };
        check_path(&path).map_err(|error| Stop::Failed(format!("targetPath: {error}")))?;
        files.push((path, mode, bytes));
    }
    match files.len() {
        0 => Err(Stop::Failed(format!("The project has nothing at {from:?} (sourcePath)."))),
        count if count > MOST_FILES => Err(Stop::Failed(format!(
            "{count} files are more than one pull request takes ({MOST_FILES}): name a sourcePath."
        ))),
        _ => Ok(files),
    }
}

async fn request(work: &Work<'_>, place: &Place, proposed: &Proposed, input: &Input) -> Result<Pull, Stop> {
    let (forge, repository) = (&place.forge, place.repository.as_str());
    let known = || async {
        let pulls = forge.pulls_of_branch(repository, &proposed.branch);
        let pulls = asked(work, pulls, "Looking for the pull request", NEEDS).await?;
        Ok::<Option<Pull>, Stop>(pulls.into_iter().next())
    };
    if let Some(pull) = known().await? {
        return Ok(pull);
    }
    let (branch, base) = (&proposed.branch, &proposed.base);
    let made = forge.create_pull(repository, branch, base, &input.title, &input.description);
    match work.unless_left_for_long(made).await? {
        Ok(pull) => Ok(pull),
        // It may have been made all the same, and only the answer was lost.
        Err(error) => match known().await? {
            Some(pull) => Ok(pull),
            None => Err(refused("Making the pull request", error, NEEDS)),
        },
    }
}

async fn undo(work: &mut Work<'_>, effect: &Effect) -> Result<Undone, Stop> {
    const LOOKING: &str = "Looking at what was proposed";
    let proposed: Proposed = serde_json::from_str(&effect.data)?;
    let Some(commit) = &proposed.commit else { return Ok(Undone::Nothing) };
    let Place { forge, repository, .. } = place::again(work, &proposed.source, &proposed.repository)?;
    let branch = &proposed.branch;
    let there = forge.branch(&repository, branch).await.map_err(|error| refused(LOOKING, error, NEEDS))?;
    let pulls = forge.pulls_of_branch(&repository, branch).await.map_err(|error| refused(LOOKING, error, NEEDS))?;
    if there.as_ref().is_some_and(|there| there != commit) {
        let command = pulls.first().map_or_else(
            || format!("gh api -X DELETE repos/{repository}/git/refs/heads/{branch}"),
            |pull| format!("gh pr close {} -R {repository} --delete-branch", pull.number),
        );
        return Ok(Undone::Kept { why: "somebody has pushed to the branch since.".to_owned(), command: Some(command) });
    }
    let ours = pulls.iter().filter(|pull| proposed.number.is_none_or(|number| number == pull.number));
    for pull in ours {
        match pull.state {
            PullState::Merged if effect.state() == EffectState::Made => {
                let why = format!("pull request #{} is merged.", pull.number);
                return Ok(Undone::Kept { why, command: None });
            }
            PullState::Open if there.is_some() => {
                let update = PullUpdate { close: true, ..PullUpdate::default() };
                let closed = forge.update_pull(&repository, pull.number, &update).await;
                closed.map_err(|error| refused("Closing the pull request", error, NEEDS))?;
            }
            _ => {}
        }
    }
    if there.is_none() {
        return Ok(Undone::Nothing);
    }
    match forge.delete_branch(&repository, branch).await {
        Ok(()) => Ok(Undone::Removed),
        Err(Error::NotFound { .. } | Error::Gone { .. }) => Ok(Undone::Nothing),
        Err(error) => Err(refused("Removing the branch", error, NEEDS)),
    }
}
