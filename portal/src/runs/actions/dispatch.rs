//! `github:actions:dispatch`: starts a workflow of a repository at GitHub.

use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::BoxFuture;
use model::Level;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Action, DISPATCH, Output, once, place};
use crate::forge::Error;
use crate::runs::store::Effect;
use crate::runs::work::{Stop, Undone, Work};

const NEEDS: &str = "The token or the App of the source needs to write actions there (of a classic token the scope repo), and \
                     the workflow needs the trigger workflow_dispatch on its default branch.";

pub(super) struct Dispatch;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    repo_url: Option<String>,
    /// The file's name, or the number.
    workflow_id: String,
    branch_or_tag_name: String,
    #[serde(default)]
    workflow_inputs: BTreeMap<String, Value>,
}

impl Action for Dispatch {
    fn does(&self, input: &Value) -> String {
        match Input::deserialize(input) {
            Ok(input) => {
                let repository = place::shown(input.repo_url.as_deref());
                format!(
                    "starts the workflow {} of {repository} at {}, with the login of its source",
                    input.workflow_id, input.branch_or_tag_name
                )
            }
            Err(_) => "starts a workflow".to_owned(),
        }
    }

    fn accepts(&self, input: &Value) -> Result<(), String> {
        let input = Input::deserialize(input).map_err(|error| error.to_string())?;
        place::check(input.repo_url.as_deref()).map_err(|expected| format!("repoUrl is {expected}"))
    }

    fn run<'w>(&'w self, work: &'w mut Work<'_>) -> BoxFuture<'w, Result<Output, Stop>> {
        start(work).boxed()
    }

    fn undo<'w>(&'w self, _: &'w mut Work<'_>, effect: &'w Effect) -> BoxFuture<'w, Result<Undone, Stop>> {
        std::future::ready(Ok(once::undone(effect))).boxed()
    }
}

async fn start(work: &mut Work<'_>) -> Result<Output, Stop> {
    let input: Input = serde_json::from_value(work.step_input()?).map_err(|error| Stop::Failed(error.to_string()))?;
    let place = place::find(work, input.repo_url.as_deref())?;
    let target = format!("the start of the workflow {} of {}", input.workflow_id, place.repository);
    let effect = match once::begin(work, DISPATCH, &target, false).await? {
        once::Begun::Before(value) => return Ok(Output { value, ..Output::default() }),
        once::Begun::Now(effect) => effect,
    };
    work.boundary().await?;
    // GitHub takes texts alone.
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let inputs = input.workflow_inputs.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let sent = place.forge.dispatch_workflow(&place.repository, &input.workflow_id, &input.branch_or_tag_name, &inputs);
    let answer = work.unless_left_for_long(sent).await?;
    work.boundary().await?;
    if let Err(error) = answer {
        // After any other failure nobody knows whether it has arrived.
        let is_known = !error.is_passing() || matches!(error, Error::RateLimited { .. });
        work.void(effect).await?;
        let stop = place::refused("Starting the workflow", error, NEEDS);
        return Err(match stop {
            Stop::Again(why) if !is_known => {
                Stop::Failed(format!("{why} Look there whether it has begun: trying again starts it once more."))
            }
            stop => stop,
        });
    }
    let value = json!({});
    work.made(effect, &value).await?;
    work.log(Level::Note, &format!("The workflow {} of {} is started.", input.workflow_id, place.repository));
    Ok(Output { value, ..Output::default() })
}
