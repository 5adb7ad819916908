//! Pull requests at GitHub that propose another manifest: a check on their last commit, and one comment that is kept up to
//! date.
//!
//! GitHub [tells](told) of a pull request, or something of its component is [decided](touch); the job looks at the pull
//! request as it is by then. What it reads there is data, whoever proposes it, and of a fork as of a branch. It is compared
//! with where its branch began: what others merged since is not its doing.

mod say;
pub(super) mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use engine_access::annotations::{self, annotations};
use engine_access::comment::{MARKER, Thing};
use engine_access::manifest::{FILE_NAME, MOST_BYTES};
use model::{EntityRef, Level, Visibility};
use serde::{Deserialize, Serialize};

use self::say::{Place, Said, address, say};
use self::store::Row;
use super::manifests::hash;
use super::manifests::store as manifests;
use crate::db::Tx;
use crate::forge::look::Who;
use crate::forge::{self, CheckRun, Forge, Pull, PullState};
use crate::identity::Actor;
use crate::jobs::{self, Context, Ending, NewJob};
use crate::sources::{self, Host};
use crate::{Error, Portal, Result};

pub(crate) const JOB: &str = "access-pulls";

/// As branch protection calls it.
const NAME: &str = "Slipway access";
/// The job is started so often before it counts as hopeless; the next push begins anew.
const ATTEMPTS: u32 = 5;
/// What GitHub tells of that changes what is proposed, or whether anything is.
const ACTIONS: [&str; 5] = ["opened", "synchronize", "reopened", "edited", "closed"];

#[derive(Serialize, Deserialize)]
struct Look {
    /// Id.
    repository: String,
    number: i64,
}

/// GitHub says that something happened to a pull request: `stable_key` is its repository's (`github:host:id`). It is not
/// believed but looked at. Call [`jobs::Jobs::wake`] after the commit.
pub(crate) async fn told(tx: &mut Tx, portal: &Portal, stable_key: &str, number: u64, action: &str) -> Result<()> {
    let Ok(number) = i64::try_from(number) else { return Ok(()) };
    if !ACTIONS.contains(&action) {
        return Ok(());
    }
    match store::repository_of_key(tx, stable_key).await? {
        Some(repository) => enqueue(tx, portal, repository, number).await,
        None => Ok(()),
    }
}

/// Something of these components was decided: what was said to their pull requests may hold no longer.
pub(super) async fn touch(tx: &mut Tx, portal: &Portal, components: BTreeSet<&EntityRef>) -> Result<()> {
    let components: Vec<String> = components.into_iter().map(ToString::to_string).collect();
    if components.is_empty() {
        return Ok(());
    }
    for (repository, number) in store::of_components(tx, &components).await? {
        enqueue(tx, portal, repository, number).await?;
    }
    Ok(())
}

async fn enqueue(tx: &mut Tx, portal: &Portal, repository: String, number: i64) -> Result<()> {
    let dedup = format!("{repository}#{number}");
    let payload = serde_json::to_string(&Look { repository, number })?;
    let title = format!("Access in pull request #{number}");
    // Whoever comes while it runs lets it look once more.
    let job = NewJob {
        kind: JOB,
        title: &title,
        payload: &payload,
        dedup: Some(&dedup),
        wished: true,
        max_attempts: ATTEMPTS,
    };
    jobs::enqueue(tx, portal.clock().now(), job).await.map(drop)
}

pub(crate) async fn run(context: &Context) -> Result<Ending> {
    let Look { repository, number } = context.payload()?;
    let portal = context.portal();
    let looked = match sources::host(portal, &repository).await {
        Ok(Host::GitHub { forge, id }) => {
            let Some((slug, visibility)) = store::place(portal.db(), &repository).await? else {
                return Ok(Ending::Routine);
            };
            // Everybody reads what is said to a public repository; what is said to another one, who works for the organisation.
            let is_public = visibility == Visibility::Public.as_str();
            let reader = if is_public { Actor::Visitor } else { Actor::System };
            let place = Place { id: repository.clone(), slug, reader };
            look(context, &forge, id, &place, number).await
        }
        // Nothing can be said there.
        Ok(Host::Git(_) | Host::ReadOnly(_)) => Ok(()),
        Err(error) => Err(error),
    };
    match looked {
        Ok(()) => Ok(Ending::Routine),
        Err(error @ Error::NotFound(_)) => {
            context.log(Level::Note, format!("It is looked at no longer: {error}."));
            forget(portal, &repository, number).await?;
            Ok(Ending::Routine)
        }
        Err(error) => Err(error),
    }
}

async fn forget(portal: &Portal, repository: &str, number: i64) -> Result<()> {
    let mut tx = portal.db().begin().await?;
    store::forget(&mut tx, repository, number).await?;
    tx.commit().await
}

async fn look(context: &Context, forge: &Forge, id: u64, place: &Place, number: i64) -> Result<()> {
    let portal = context.portal();
    let name = forge.repository_of_id(id).await?.full_name;
    let pull = forge.pull(id, number.unsigned_abs()).await?;
    if pull.state != PullState::Open {
        return forget(portal, &place.id, number).await;
    }
    let row = store::get(portal.db(), &place.id, number).await?;
    let manifest = manifests::manifest_in(portal.db(), &place.id).await?;
    let path = manifest.as_ref().map_or(FILE_NAME, |manifest| &manifest.path);
    let head = file(forge, &name, &pull.commit, path).await?;
    let base = match head.is_some() || manifest.is_some() || row.is_some() {
        true => {
            let start = forge.merge_base(&name, &pull.base_commit, &pull.commit).await?;
            file(forge, &name, &start, path).await?
        }
        false => None,
    };
    if head.is_none() && base.is_none() && row.is_none() {
        return Ok(());
    }
    let said = say(portal, place, path, base.as_deref(), head.as_deref()).await?;
    let mut row = row.unwrap_or_default();
    row.component = said.component.as_ref().map(ToString::to_string);
    let work = Work { context, forge, name: &name, pull: &pull, path };
    // The check first: a comment that cannot be written holds up nothing.
    let checked = work.check(&said, &mut row).await;
    let commented = work.comment(&said, &mut row).await;
    let mut tx = portal.db().begin().await?;
    store::write(&mut tx, &place.id, number, &row).await?;
    tx.commit().await?;
    checked.and(commented)
}

/// The text of a file at a commit; of one that is too large as much as shows that it is.
async fn file(forge: &Forge, name: &str, commit: &str, path: &str) -> Result<Option<String>> {
    let tree = forge.tree_of(name, commit).await?;
    let Some(entry) = forge.entry(name, &tree, path).await?.filter(|entry| entry.mode.starts_with("100")) else {
        return Ok(None);
    };
    let mut bytes = match forge.blob(name, &entry.id).await {
        Err(forge::Error::TooLarge { .. }) => vec![b'\n'; MOST_BYTES + 1],
        bytes => bytes?,
    };
    bytes.truncate(MOST_BYTES + 1);
    Ok(Some(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())))
}

/// One pull request while something is said to it.
struct Work<'a> {
    context: &'a Context,
    forge: &'a Forge,
    /// `owner/name`.
    name: &'a str,
    pull: &'a Pull,
    path: &'a str,
}

impl Work<'_> {
    /// Writes the check, where we are an App that may.
    async fn check(&self, said: &Said, row: &mut Row) -> Result<()> {
        let Said { conclusion, title, findings, .. } = said;
        let findings_text = serde_json::to_string(findings)?;
        let hash = hash(&format!("{} {conclusion:?} {title}\n{}\n{findings_text}", self.pull.commit, said.summary()));
        if row.check_hash == hash {
            return Ok(());
        }
        let may =
            self.forge.installation().await?.and_then(|installation| installation.permissions.get("checks").cloned());
        if may.as_deref() != Some("write") {
            self.context.log(Level::Note, "No check is written: only a GitHub App with checks: write can.");
            return Ok(());
        }
        let details = said.component.as_ref();
        let details = details.and_then(|component| address(self.context.portal(), Thing::Consumer(component)));
        let mut summary = said.summary().to_owned();
        if findings.len() > annotations::MOST {
            summary +=
                &format!("\n\nThe worst {} of {} findings stand on its lines.", annotations::MOST, findings.len());
        }
        let run = CheckRun {
            name: NAME,
            head: &self.pull.commit,
            conclusion: *conclusion,
            title,
            summary: &summary,
            details: details.as_deref(),
        };
        match self.forge.add_check_run(self.name, &run, &annotations(self.path, findings)).await {
            Ok(()) => row.check_hash = hash,
            // The permission was taken back since.
            Err(error @ forge::Error::Forbidden { .. }) => self.refused("check", &error),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn refused(&self, what: &str, error: &forge::Error) {
        self.context.log(Level::Warning, format!("The {what} is left out: {error}"));
    }

    /// Writes the comment, or brings it up to date.
    async fn comment(&self, said: &Said, row: &mut Row) -> Result<()> {
        let hash = hash(&said.comment);
        if row.comment_id.is_some() && row.comment_hash == hash {
            return Ok(());
        }
        let known = match row.comment_id {
            Some(id) => Some(id.unsigned_abs()),
            None => self.own_comment().await?,
        };
        let changed = match known {
            Some(id) => match self.forge.change_comment(self.name, id, &said.comment).await {
                // Somebody has removed it.
                Err(forge::Error::NotFound { .. } | forge::Error::Gone { .. }) => Ok(None),
                changed => changed.map(|()| Some(id)),
            },
            None => Ok(None),
        };
        let written = match changed {
            Ok(None) if said.is_news => {
                self.forge.add_comment(self.name, self.pull.number, &said.comment).await.map(Some)
            }
            changed => changed,
        };
        match written {
            Ok(id) => {
                row.comment_id = id.and_then(|id| i64::try_from(id).ok());
                row.comment_hash = hash;
            }
            Err(error @ (forge::Error::Forbidden { .. } | forge::Error::NotFound { .. })) => {
                self.refused("comment", &error);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Our comment, where nothing is written down of it. Anybody can write the marker.
    async fn own_comment(&self) -> Result<Option<u64>> {
        let mut found = self.forge.comments(self.name, self.pull.number).await?;
        found.retain(|comment| comment.body.starts_with(MARKER));
        if found.is_empty() {
            return Ok(None);
        }
        let own = match self.forge.who().await? {
            Who::App(app) => format!("{}[bot]", app.slug),
            Who::Person { login, .. } => login,
            Who::Nobody => return Ok(None),
        };
        Ok(found.into_iter().find(|comment| comment.by.eq_ignore_ascii_case(&own)).map(|comment| comment.id))
    }
}
