//! What people say of launches, and what the launches of a template say themselves: how long they take, at which step they fail, at
//! which question people give up, and how soon somebody works on what was made.

mod store;
#[cfg(test)]
mod tests;

use model::run::RunFeedback;
use model::template::{GivenUp, StepFailures, TemplateAnswer, TemplateFeedback, TemplateFigures, Typical};
use model::{EntityRef, Finding, Level};
use serde::Deserialize;

use super::{drafts, found, launcher, viewer};
use crate::audit::{self, Change};
use crate::identity::{Action, Actor, Resource, can};
use crate::templates::catalog;
use crate::{Error, Portal, Result};

/// Characters of the line that somebody may add.
const LONGEST: usize = 500;
/// Answers that are shown, and launches that are looked at for figures: the newest.
const MOST_ANSWERS: i64 = 50;
const MOST_LAUNCHES: i64 = 500;

/// What whoever launched a run has said of it, and whether `actor` is the one who may say it now.
///
/// # Errors
/// [`Error::NotFound`] for a run that `actor` may not see.
pub async fn of_run(portal: &Portal, actor: &Actor, id: &str) -> Result<(Option<RunFeedback>, bool)> {
    let run = found(portal, actor, id).await?;
    let is_own = run.row.launcher == launcher(actor) && can(actor, Action::Launch, Resource::Anything).is_ok();
    let may = is_own && !run.row.state().is_under_way() && run.row.wish.is_none();
    Ok((store::get(portal.db(), id).await?, may))
}

/// Says of a run that has ended whether it did what was needed, with a line about what was missing or good; the last word counts.
///
/// # Errors
/// [`Error::NotFound`] for a run that `actor` may not see; [`Error::Forbidden`] for one that somebody else has launched;
/// [`Error::Conflict`] for one that has not ended; [`Error::Invalid`] for a line that is too long.
pub async fn give(portal: &Portal, actor: &Actor, id: &str, worked: bool, comment: &str) -> Result<()> {
    can(actor, Action::Launch, Resource::Anything)?;
    let run = found(portal, actor, id).await?;
    if run.row.launcher != launcher(actor) {
        return Err(Error::Forbidden("Whoever launched it says how it went.".to_owned()));
    }
    if run.row.state().is_under_way() {
        return Err(Error::Conflict("It has not ended yet.".to_owned()));
    }
    let comment = comment.trim();
    if comment.chars().count() > LONGEST || comment.chars().any(char::is_control) {
        let help = format!("Write one line of at most {LONGEST} characters.");
        return Err(Error::Invalid(
            vec![Finding::new("run.feedback", Level::Error, "The line is too long", help)].into(),
        ));
    }
    let (now, word) = (portal.clock().now(), if worked { "it worked" } else { "something was missing" });
    let feedback = RunFeedback { worked, comment: comment.to_owned(), given_at: now };
    let mut tx = portal.db().begin().await?;
    store::set(&mut tx, id, &feedback).await?;
    let change = Change { action: "run.feedback", target: id, after: Some(word), ..Change::default() };
    audit::record(&mut tx, actor, now, change).await?;
    tx.commit().await
}

/// What was said of the launches of a template: how many say what, and the lines of those launches that `actor` may see. The
/// figures are for whoever owns it.
///
/// # Errors
/// [`Error::NotFound`] for a template that `actor` may not read.
pub async fn of_template(portal: &Portal, actor: &Actor, template: &EntityRef) -> Result<TemplateFeedback> {
    let reference = catalog::find(portal, actor, template).await?.row.reference;
    let (db, name) = (portal.db(), reference.to_string());
    let (worked, missing) = store::counts(db, &name).await?;
    let answers = store::answers(db, viewer(actor), &reference, MOST_ANSWERS).await?;
    let row = portal.index().read().named(std::slice::from_ref(&reference), actor.readable())?.remove(&reference);
    // Whoever may correct it in the catalog answers for it.
    let owns = row.is_some_and(|row| can(actor, Action::Correct, Resource::Entity(&row)).is_ok());
    let figures = if owns { Some(figures(portal, &reference).await?) } else { None };
    Ok(TemplateFeedback { worked, missing, answers: answers.into_iter().map(TemplateAnswer::from).collect(), figures })
}

/// What figures need of a repository's facts.
#[derive(Default, Deserialize)]
struct Facts {
    people: People,
    /// Newest first.
    tags: Vec<Tag>,
}

#[derive(Default, Deserialize)]
struct People {
    #[serde(default)]
    first_commit_at: Option<i64>,
}

#[derive(Deserialize)]
struct Tag {
    at: Option<i64>,
}

async fn figures(portal: &Portal, template: &EntityRef) -> Result<TemplateFigures> {
    let launches = store::launches(portal.db(), &template.to_string(), MOST_LAUNCHES).await?;
    let (mut durations, mut commits, mut releases) = (Vec::new(), Vec::new(), Vec::new());
    for launch in &launches {
        durations.push(launch.ended_at - launch.started_at);
        let facts: Facts = match &launch.facts {
            Some(facts) => serde_json::from_str(facts)?,
            None => continue,
        };
        let after = |at: Option<i64>| at.map(|at| (at - launch.ended_at).max(0));
        commits.extend(after(facts.people.first_commit_at));
        releases.extend(after(facts.tags.last().and_then(|tag| tag.at)));
    }
    let failures = store::failures(portal.db(), &template.to_string()).await?;
    let given_up = drafts::abandoned(portal, template).await?;
    Ok(TemplateFigures {
        launches: launches.len() as u64,
        duration: typical(durations),
        failures: failures.into_iter().map(|(step, count)| StepFailures { step, count }).collect(),
        given_up: given_up.into_iter().map(|(question, count)| GivenUp { question, count }).collect(),
        first_commit: typical(commits),
        first_release: typical(releases),
    })
}

/// Nearest rank, so that each is one that there was.
fn typical(mut values: Vec<i64>) -> Option<Typical> {
    values.sort_unstable();
    let rank = |percent: usize| values.get((values.len() * percent).div_ceil(100).max(1) - 1).copied();
    Some(Typical { count: values.len() as u64, median: rank(50)?, p90: rank(90)? })
}
