//! `catalog:fetch`: what the catalog knows of one entity or of several, as far as whoever launched it may read that.

use futures::FutureExt;
use futures::future::BoxFuture;
use model::EntityRef;
use model::reference::DEFAULT_NAMESPACE;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Action, Output};
use crate::identity::{self, Actor};
use crate::runs::work::{Stop, Work};
use crate::{Error, catalog};

const MOST: usize = 100;

pub(super) struct Lookup;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    entity_ref: Option<String>,
    #[serde(default)]
    entity_refs: Option<Vec<String>>,
    /// What is not there is null.
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    default_kind: Option<String>,
    #[serde(default)]
    default_namespace: Option<String>,
}

impl Action for Lookup {
    fn does(&self, input: &Value) -> String {
        match Input::deserialize(input) {
            Ok(input) => {
                let all: Vec<String> =
                    input.entity_ref.into_iter().chain(input.entity_refs.unwrap_or_default()).collect();
                format!("looks up {} in the catalog", all.join(", "))
            }
            Err(_) => "looks something up in the catalog".to_owned(),
        }
    }

    fn accepts(&self, input: &Value) -> Result<(), String> {
        let input = Input::deserialize(input).map_err(|error| error.to_string())?;
        match (&input.entity_ref, &input.entity_refs) {
            (Some(_), None) => Ok(()),
            (None, Some(all)) if (1..=MOST).contains(&all.len()) => Ok(()),
            _ => Err(format!("either entityRef, or entityRefs with at most {MOST}")),
        }
    }

    fn run<'w>(&'w self, work: &'w mut Work<'_>) -> BoxFuture<'w, Result<Output, Stop>> {
        fetch(work).boxed()
    }
}

async fn fetch(work: &mut Work<'_>) -> Result<Output, Stop> {
    let input: Input = serde_json::from_value(work.step_input()?).map_err(|error| Stop::Failed(error.to_string()))?;
    let actor = reader(work).await?;
    let value = match (&input.entity_ref, &input.entity_refs) {
        (Some(one), _) => json!({ "entity": found(work, &actor, &input, one).await? }),
        (None, all) => {
            let mut entities = Vec::new();
            for one in all.iter().flatten() {
                entities.push(found(work, &actor, &input, one).await?);
            }
            json!({ "entities": entities })
        }
    };
    Ok(Output { value, ..Output::default() })
}

/// Whoever launched it; the token of a service reads what everybody does, since it may be gone by now.
async fn reader(work: &Work<'_>) -> Result<Actor, Stop> {
    match &work.row.account {
        Some(account) => {
            let actor = identity::actor_of(work.portal(), account).await.map_err(Stop::Broken)?;
            actor.ok_or_else(|| Stop::Failed(format!("The account of {} is there no more.", work.row.made_by)))
        }
        None if work.row.launcher == Actor::Operator.name() => Ok(Actor::Operator),
        None => Ok(Actor::Visitor),
    }
}

async fn found(work: &Work<'_>, actor: &Actor, input: &Input, name: &str) -> Result<Value, Stop> {
    let namespace = input.default_namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    let reference = EntityRef::parse(name, input.default_kind.as_deref(), namespace)
        .map_err(|error| Stop::Failed(format!("{name:?} names no entity: {error}")))?;
    match catalog::entity(work.portal(), actor, &reference).await {
        Ok(detail) => Ok(serde_json::to_value(&detail.entity.entity)?),
        Err(Error::NotFound(_)) if input.optional => Ok(Value::Null),
        Err(Error::NotFound(_)) => Err(Stop::Failed(format!(
            "{reference} is not in the catalog, or {} may not read it. Once it is there, try again.",
            work.row.made_by
        ))),
        Err(error) => Err(error.into()),
    }
}
