//! `catalog:register`: the repository is read and in the catalog before the step ends.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use model::Level;
use serde_json::{Value, json};

use super::{Action, Output, text};
use crate::runs::work::{Stop, Work};
use crate::sources;
use crate::{Error, jobs};

/// After this it is asked for once more; what is not there then comes later.
const PATIENCE: Duration = Duration::from_secs(60);
/// Whoever reads may be another process.
const LOOK: Duration = Duration::from_millis(500);

pub(super) struct Register;

impl Action for Register {
    fn does(&self, input: &Value) -> String {
        format!("reads the new repository in {}, so that it is in the catalog at once", text(input, "destination"))
    }

    fn run<'w>(&'w self, work: &'w mut Work<'_>) -> BoxFuture<'w, Result<Output, Stop>> {
        register(work).boxed()
    }
}

async fn register(work: &mut Work<'_>) -> Result<Output, Stop> {
    let input = work.step_input()?;
    let source = text(&input, "destination").to_owned();
    let missing = || Stop::Broken(Error::internal("no step made a repository"));
    let key = work.given("stableKey").ok_or_else(missing)?;
    let commit = work.given("commitHash").ok_or_else(missing)?;
    let portal = work.portal().clone();
    let mut tx = work.begin().await?;
    sources::tell(&mut tx, &portal, &source, &key, &commit).await?;
    tx.commit().await.map_err(Stop::Broken)?;
    portal.jobs().wake();
    work.boundary().await?;
    let read = async {
        loop {
            // Subscribed before looking, so that nothing falls between.
            let mut changed = jobs::watch(&portal);
            if !sources::is_told(portal.db(), &source, &key).await? {
                return Ok::<_, Error>(());
            }
            let _ = tokio::time::timeout(LOOK, changed.changed()).await;
        }
    };
    let late =
        || Stop::Again("The catalog has not read the new repository yet; its page says what holds it up.".to_owned());
    work.unless_left(tokio::time::timeout(PATIENCE, read)).await?.map_err(|_| late())??;
    let sight = sources::sight(portal.db(), &source, &key).await?.ok_or_else(late)?;
    if sight.standing == "failed" {
        let why = sight.reason.unwrap_or_default();
        return Err(Stop::Again(format!("The new repository {} could not be read: {why}.", sight.slug)));
    }
    work.log(
        Level::Note,
        &match &sight.entity {
            Some(entity) => format!("It is in the catalog as {entity}."),
            None => format!("It is among the repositories as {}; nothing in it says what it is.", sight.slug),
        },
    );
    let mut shown = vec![("repository", sight.slug.clone())];
    shown.extend(sight.entity.clone().map(|entity| ("entityRef", entity)));
    (work.row.project, work.row.entity) = (Some(sight.id), sight.entity.clone());
    Ok(Output { value: json!({ "entityRef": sight.entity, "repository": sight.slug }), shown, tell: false })
}
