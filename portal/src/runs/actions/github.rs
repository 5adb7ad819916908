//! `publish:github`: a repository of an owner at GitHub, with the first commit pushed to it.
//!
//! A new repository is described by the run that makes it, until its id is written down: so one whose answer was lost is told
//! from one that somebody else has made meanwhile, which is never touched.

use futures::FutureExt;
use futures::future::BoxFuture;
use model::Level;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fetch::{BRANCH, Project};
use super::{Action, GITHUB, Output, project, pull, text};
use crate::forge::{Error, Forge, ForgeRepository, ForgeVisibility, NewRepository, Protection, RepositoryUpdate};
use crate::git::{Pushed, Watch, push_new};
use crate::runs::launch::TOKEN;
use crate::runs::store::Effect;
use crate::runs::work::{Stop, Undone, Work};
use crate::settings::{Collaborator, GitHubOwner, GitHubSettings, PublishInput};
use crate::sources::{self, Ground};

const NEEDS: &str = "The token or the App of the source needs to administer repositories and to write their contents (of a \
                     classic token the scope repo).";
/// The same where a person has given a token, which nobody can exchange in a run that has begun.
const OWN_NEEDS: &str = "Your token needs to administer repositories and to write their contents there (of a classic token the \
                         scope repo). Take back what was made, and launch it again with another token, or with none.";

pub(super) struct GitHub;

/// How it is recognised.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Made {
    source: String,
    owner: String,
    name: String,
    commit: String,
    /// At the forge, once that is known.
    id: Option<u64>,
}

impl Action for GitHub {
    fn does(&self, input: &Value) -> String {
        let (name, destination) = (text(input, "name"), text(input, "destination"));
        let visibility = text(input, "repoVisibility");
        let who = match input.get("ownToken").and_then(Value::as_bool) {
            Some(true) => "in your name, with your token",
            _ => "with the login of the source, naming you as co-author",
        };
        format!(
            "makes the {visibility} repository {name} at GitHub in {destination}, {who}, and pushes the first commit{}",
            afterwards(input)
        )
    }

    fn run<'w>(&'w self, work: &'w mut Work<'_>) -> BoxFuture<'w, Result<Output, Stop>> {
        publish(work).boxed()
    }

    fn undo<'w>(&'w self, work: &'w mut Work<'_>, effect: &'w Effect) -> BoxFuture<'w, Result<Undone, Stop>> {
        undo(work, effect).boxed()
    }
}

/// What comes behind that, for a person.
fn afterwards(input: &Value) -> String {
    let Some(besides) = besides(input) else { return String::new() };
    let collaborators = besides.collaborators.iter().map(|one| match (&one.user, &one.team) {
        (Some(user), _) => format!("; lets {user} in ({})", one.access),
        (None, Some(team)) => format!("; lets the team {team} in ({})", one.access),
        (None, None) => String::new(),
    });
    let reviews = match besides.required_approving_review_count {
        0 => String::new(),
        count => format!(", with {count} approving reviews"),
    };
    let protected =
        besides.protect_default_branch.then(|| format!("; lets {BRANCH} be changed by pull requests alone{reviews}"));
    collaborators.chain(protected).collect()
}

async fn publish(work: &mut Work<'_>) -> Result<Output, Stop> {
    let input = work.step_input()?;
    let (name, source) = (text(&input, "name").to_owned(), text(&input, "destination").to_owned());
    let (forge, settings) = ground(work, &source)?;
    let project = project(work).await?;
    let owner = settings.owner.name().to_owned();
    let mut made = Made { source, owner, name, commit: project.commit.clone(), id: None };
    let effect = match work.effect() {
        Some(effect) => {
            made = serde_json::from_str(&effect.data)?;
            effect
        }
        None => {
            let there = asked(work, forge.repository_named(&made.owner, &made.name), "Looking for the name").await?;
            if there.is_some() {
                return Err(Stop::Failed(taken(&made)));
            }
            work.intend(GITHUB, target(&made, &settings), &json!(made)).await?
        }
    };
    work.boundary().await?;
    let repository = match made.id {
        Some(id) => asked(work, forge.repository_of_id(id), "Looking at the repository").await?,
        None => {
            let Some(repository) = create(work, &forge, &settings, &input, &made).await? else {
                work.void(effect).await?;
                return Err(Stop::Failed(taken(&made)));
            };
            work.boundary().await?;
            made.id = Some(repository.id);
            repository
        }
    };
    work.made(effect, &json!(made)).await?;
    work.boundary().await?;
    push(work, &forge, &settings, &repository, &project).await?;
    work.boundary().await?;
    describe(work, &forge, &repository, &input).await?;
    work.boundary().await?;
    let_in(work, &forge, &settings, &repository, &input).await?;
    work.log(Level::Note, &format!("{} is there.", repository.html_url));
    let value = json!({
        "remoteUrl": repository.clone_url, "repoContentsUrl": format!("{}/blob/{BRANCH}", repository.html_url),
        "commitHash": made.commit, "stableKey": sources::key_at_github(&settings, repository.id),
    });
    let shown = vec![
        ("remoteUrl", repository.clone_url.clone()),
        ("repoContentsUrl", format!("{}/blob/{BRANCH}", repository.html_url)),
    ];
    Ok(Output { value, shown, tell: false })
}

/// The source's owner, and who speaks to the forge: the person, where they have given a token.
fn ground(work: &Work<'_>, source: &str) -> Result<(Forge, GitHubSettings), Stop> {
    let Ground::GitHub { forge, settings } = sources::ground(work.portal(), source)? else {
        return Err(Stop::Failed(format!("{source} is no source at GitHub any more.")));
    };
    let Some(token) = work.secrets.get(TOKEN) else { return Ok((forge, *settings)) };
    Ok((sources::forge_with(&settings, token).map_err(Stop::Failed)?, *settings))
}

/// The repository that we make, or have made before the answer was lost; `None` where the name is somebody else's by now.
async fn create(
    work: &Work<'_>,
    forge: &Forge,
    settings: &GitHubSettings,
    input: &Value,
    made: &Made,
) -> Result<Option<ForgeRepository>, Stop> {
    let mark = mark(&work.row.id);
    let is_ours = |found: &ForgeRepository| found.description.as_deref() == Some(mark.as_str());
    const LOOKING: &str = "Looking for the name";
    if let Some(there) = asked(work, forge.repository_named(&made.owner, &made.name), LOOKING).await? {
        return Ok(is_ours(&there).then_some(there));
    }
    let new = NewRepository {
        organisation: match &settings.owner {
            GitHubOwner::Organisation(name) => Some(name),
            GitHubOwner::User(_) => None,
        },
        name: &made.name,
        description: &mark,
        visibility: match text(input, "repoVisibility") {
            "public" => ForgeVisibility::Public,
            "internal" => ForgeVisibility::Internal,
            _ => ForgeVisibility::Private,
        },
    };
    let error = match work.unless_left_for_long(forge.create_repository(&new)).await? {
        Ok(repository) => return Ok(Some(repository)),
        Err(error) => error,
    };
    // It may be there all the same, and only the answer was lost; or somebody was faster.
    match asked(work, forge.repository_named(&made.owner, &made.name), LOOKING).await? {
        Some(there) => Ok(is_ours(&there).then_some(there)),
        None => Err(refused(work, "Making the repository", error)),
    }
}

/// The first commit, unless it is there.
async fn push(
    work: &Work<'_>,
    forge: &Forge,
    settings: &GitHubSettings,
    repository: &ForgeRepository,
    project: &Project,
) -> Result<(), Stop> {
    const LOOKING: &str = "Looking at the branch";
    let (name, commit) = (&repository.full_name, &project.commit);
    let elsewhere = |there: &str| {
        Stop::Failed(format!(
            "Somebody else has pushed to {name} already ({}), so Slipway leaves it alone.",
            there.chars().take(7).collect::<String>()
        ))
    };
    let there = || async {
        match work.unless_left(forge.branch(name, BRANCH)).await? {
            Ok(there) => Ok(there),
            // It has no commit yet.
            Err(Error::Status { status: 409, .. }) => Ok(None),
            Err(error) => Err(refused(work, LOOKING, error)),
        }
    };
    match there().await? {
        Some(there) if there == *commit => return Ok(()),
        Some(there) => return Err(elsewhere(&there)),
        None => {}
    }
    let remote = sources::remote_at_github(settings, forge, repository).map_err(Stop::Failed)?;
    let watch = Watch::new(work.left.clone(), |step: &str| {
        work.context.progress(|progress| progress.current = step.to_owned());
    });
    match work.unless_left(push_new(&project.bare, &remote, BRANCH, commit, &watch)).await? {
        Ok(Pushed::Done) => Ok(()),
        Ok(Pushed::Moved) => match there().await? {
            Some(there) if there == *commit => Ok(()),
            Some(there) => Err(elsewhere(&there)),
            None => Err(Stop::Again(format!("Pushing to {name}: the branch has moved."))),
        },
        Ok(Pushed::Rejected(why)) => {
            Err(Stop::Failed(format!("Pushing to {name}: GitHub does not take it ({why}). {}", needs(work))))
        }
        Err(failure) => {
            use crate::git::Kind;
            let text = format!("Pushing to {name}: {}. {}", failure.reason, failure.help);
            Err(match failure.kind {
                Kind::Halted | Kind::TimedOut | Kind::Unreachable | Kind::Busy | Kind::DiskFull => Stop::Again(text),
                _ => Stop::Failed(text),
            })
        }
    }
}

/// What the repository says of itself, in the place of our mark.
async fn describe(work: &Work<'_>, forge: &Forge, repository: &ForgeRepository, input: &Value) -> Result<(), Stop> {
    let update = RepositoryUpdate { description: Some(text(input, "description")), default_branch: Some(BRANCH) };
    let name = &repository.full_name;
    asked(work, forge.update_repository(name, &update), "Describing the repository").await?;
    let topics = input.get("topics").and_then(Value::as_array).into_iter().flatten();
    let topics: Vec<String> = topics.filter_map(Value::as_str).map(str::to_owned).collect();
    if !topics.is_empty() {
        asked(work, forge.replace_topics(name, &topics), "Setting the topics").await?;
    }
    Ok(())
}

/// Collaborators, teams and the protection of the branch, as the operator wants them. All of it is said anew by whoever comes after a
/// process that died, and is gone with the repository.
async fn let_in(
    work: &Work<'_>,
    forge: &Forge,
    settings: &GitHubSettings,
    repository: &ForgeRepository,
    input: &Value,
) -> Result<(), Stop> {
    let Some(besides) = besides(input) else { return Ok(()) };
    let name = &repository.full_name;
    for Collaborator { user, team, access } in &besides.collaborators {
        if let Some(user) = user {
            asked(work, forge.add_collaborator(name, user, access), &format!("Letting {user} in")).await?;
        }
        if let Some(team) = team {
            let owner = settings.owner.name();
            asked(work, forge.add_team(owner, team, name, access), &format!("Letting the team {team} in")).await?;
        }
        work.boundary().await?;
    }
    if besides.protect_default_branch {
        let protection = Protection {
            approvals: besides.required_approving_review_count,
            code_owners: besides.require_code_owner_reviews,
            dismiss_stale: besides.dismiss_stale_reviews,
            checks: &besides.required_status_check_contexts,
            administrators: besides.protect_enforce_admins,
        };
        asked(work, forge.protect_branch(name, BRANCH, &protection), "Protecting the branch").await?;
        work.boundary().await?;
    }
    Ok(())
}

fn besides(input: &Value) -> Option<PublishInput> {
    PublishInput::deserialize(input.get("besides")?).ok()
}

async fn undo(work: &mut Work<'_>, effect: &Effect) -> Result<Undone, Stop> {
    const LOOKING: &str = "Looking at what was made";
    let made: Made = serde_json::from_str(&effect.data)?;
    let (forge, _) = ground(work, &made.source)?;
    let found = match made.id {
        Some(id) => match forge.repository_of_id(id).await {
            Ok(found) => Some(found),
            Err(Error::NotFound { .. } | Error::Gone { .. }) => None,
            Err(error) => return Err(refused(work, LOOKING, error)),
        },
        None => {
            let named =
                forge.repository_named(&made.owner, &made.name).await.map_err(|error| refused(work, LOOKING, error))?;
            named.filter(|found| found.description.as_deref() == Some(mark(&work.row.id).as_str()))
        }
    };
    let Some(found) = found else { return Ok(Undone::Nothing) };
    let name = &found.full_name;
    let kept = |why: &str| Undone::Kept { why: why.to_owned(), command: Some(format!("gh repo delete {name}")) };
    let branches = match forge.branches(name).await {
        Ok(branches) => branches,
        Err(Error::Status { status: 409, .. }) => Vec::new(),
        Err(error) => return Err(refused(work, LOOKING, error)),
    };
    if !branches.iter().all(|(branch, commit)| branch == BRANCH && *commit == made.commit) {
        return Ok(kept("somebody has pushed to it since."));
    }
    let pulls = forge.latest_pulls(found.id, None).await.map_err(|error| refused(work, LOOKING, error))?;
    if pulls.is_some_and(|(pulls, _)| pulls.iter().any(|pull| !pull::is_ours(work, name, pull))) {
        return Ok(kept("somebody has proposed a change of it."));
    }
    match forge.delete_repository(name).await {
        Ok(()) => Ok(Undone::Removed),
        Err(Error::NotFound { .. } | Error::Gone { .. }) => Ok(Undone::Nothing),
        Err(Error::Forbidden { .. }) => {
            Ok(kept("the login at GitHub may not delete repositories (of a classic token: delete_repo)."))
        }
        Err(error) => Err(refused(work, "Deleting it", error)),
    }
}

/// What stands in the description until the id is known.
fn mark(run: &str) -> String {
    format!("Being made by Slipway, run {run}")
}

fn target(made: &Made, settings: &GitHubSettings) -> String {
    format!("the repository {}/{} at {}", made.owner, made.name, settings.host())
}

fn taken(made: &Made) -> String {
    format!(
        "There is a repository {}/{} already, and it is somebody else's. Launch it again under another name; nothing was \
         changed there.",
        made.owner, made.name
    )
}

async fn asked<T>(
    work: &Work<'_>,
    asked: impl Future<Output = crate::forge::Result<T>>,
    step: &str,
) -> Result<T, Stop> {
    work.unless_left(asked).await?.map_err(|error| refused(work, step, error))
}

/// What an answer of the forge means for the run.
fn refused(work: &Work<'_>, step: &str, error: Error) -> Stop {
    let needs = needs(work);
    match error {
        error if error.is_passing() => Stop::Again(format!("{step}: {error}")),
        Error::Forbidden { message, sign_on: None, .. } => {
            Stop::Failed(format!("{step}: GitHub does not allow it ({message}). {needs}"))
        }
        Error::Unauthorized { message } if work.secrets.contains_key(TOKEN) => Stop::Failed(format!(
            "{step}: GitHub does not know your token ({message}): it is mistyped, over or revoked. Take back what was made, and \
             launch it again with another token, or with none."
        )),
        Error::NotFound { .. } => Stop::Failed(format!(
            "{step}: GitHub answers that it is not there, as it does where something may not be seen or done. {needs}"
        )),
        error => Stop::Failed(format!("{step}: {error}")),
    }
}

fn needs(work: &Work<'_>) -> &'static str {
    if work.secrets.contains_key(TOKEN) { OWN_NEEDS } else { NEEDS }
}
