//! `slipway run`: launches a template at a portal, over its API.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use model::run::{EffectState, RunDetail, RunState};
use portal::outgoing::Remote;
use serde_json::{Map, Value, json};

use super::remote::{At, Stopped, read};
use super::{FAILED, NOT_TRUSTED};

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 it is launched (with --wait: done), 1 it failed, 2 an answer is invalid, 3 the portal \
                        cannot be reached or does not know you, 4 it is not allowed, or others have to approve it first.\n\nThe token is read from SLIPWAY_TOKEN: make \
                        one with the scope write on your page at the portal; for CI an administrator makes one of a service with the \
                        scope launch.\n\nExamples:\n  \
                        slipway run go-service-template --portal https://slipway.example.com --data service_name=Tides --wait\n  \
                        slipway run template:default/docs --name handbook --destination github --owner platform --format json"
)]
pub struct Run {
    /// The template, as the catalog calls it: service, or template:default/service
    template: String,
    /// The answer to a question; may be repeated
    #[arg(long = "data", value_name = "NAME=VALUE", value_parser = pair)]
    data: Vec<(String, String)>,
    /// What the repository is called [default: as the template calls its folder]
    #[arg(long)]
    name: Option<String>,
    /// The source in which the project is made [default: the portal's first]
    #[arg(long, value_name = "SOURCE")]
    destination: Option<String>,
    /// Who owns it, where the template does not ask: payments, user:jane
    #[arg(long)]
    owner: Option<String>,
    /// What it is, in one line, for its repository
    #[arg(long)]
    description: Option<String>,
    /// A commit of the template [default: the newest]
    #[arg(long)]
    commit: Option<String>,
    /// The same key again is the same launch: for scripts that may be started twice
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Follow it to its end, with its log on standard error
    #[arg(long)]
    wait: bool,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| "write NAME=VALUE".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// How long between two looks at a run that goes on.
const BETWEEN: Duration = Duration::from_millis(500);

pub async fn run(arguments: Run) -> ExitCode {
    match launch(&arguments).await {
        Ok(code) | Err(code) => code,
    }
}

async fn launch(arguments: &Run) -> Stopped<ExitCode> {
    let remote = arguments.at.remote()?;
    let key = arguments.idempotency_key.clone().unwrap_or_else(|| ulid::Ulid::generate().to_string());
    let sent = request(arguments);
    let launched = remote.post("/api/v1/runs", &[("idempotency-key", &key)], &sent).await;
    let mut detail: RunDetail = read(launched)?;
    let mut seen = 0;
    // What others have to approve may take days.
    let goes_on = |run: &model::run::Run| run.stopping || run.state.is_under_way() && run.state != RunState::Review;
    while arguments.wait && goes_on(&detail.run) {
        tokio::time::sleep(BETWEEN).await;
        seen = follow(&remote, &detail.run.id, seen).await?;
        detail = read(remote.get(&format!("/api/v1/runs/{}", detail.run.id)).await)?;
    }
    if arguments.wait {
        follow(&remote, &detail.run.id, seen).await?;
    }
    match arguments.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&detail).unwrap_or_default()),
        Format::Text => print(&detail, &arguments.at.address()),
    }
    Ok(match detail.run.state {
        RunState::Failed | RunState::Cancelled | RunState::Cleaned => ExitCode::from(FAILED),
        RunState::Review if arguments.wait => ExitCode::from(NOT_TRUSTED),
        _ => ExitCode::SUCCESS,
    })
}

fn request(arguments: &Run) -> Value {
    let template = match arguments.template.split_once(':') {
        Some(_) => arguments.template.clone(),
        None if arguments.template.contains('/') => format!("template:{}", arguments.template),
        None => format!("template:default/{}", arguments.template),
    };
    let answers: Map<String, Value> =
        arguments.data.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    json!({
        "template": template, "answers": answers, "name": arguments.name, "destination": arguments.destination,
        "owner": arguments.owner, "description": arguments.description.clone().unwrap_or_default(),
        "commit": arguments.commit,
    })
}

/// Prints the lines of the log after one that was printed; gives the last.
async fn follow(remote: &Remote, id: &str, after: i64) -> Stopped<i64> {
    let lines: Vec<model::job::LogLine> = read(remote.get(&format!("/api/v1/runs/{id}/log?after={after}")).await)?;
    for line in &lines {
        eprintln!("{}", line.line);
    }
    Ok(lines.last().map_or(after, |line| line.sequence))
}

fn print(detail: &RunDetail, portal: &str) {
    let run = &detail.run;
    println!("{}: {}", run.name, run.state.as_str());
    if let Some(reason) = &run.reason {
        println!("  {reason}");
    }
    if let Some(remote) = detail.outputs.get("remoteUrl") {
        println!("  git clone {remote}");
    }
    if let Some(entity) = &run.entity {
        println!("  {entity}");
    }
    for effect in detail.effects.iter().filter(|effect| effect.state == EffectState::Kept) {
        println!(
            "  {} is left{}",
            effect.target,
            effect.command.as_deref().map(|it| format!(": {it}")).unwrap_or_default()
        );
    }
    println!("  {portal}/runs/{}", run.id);
}
