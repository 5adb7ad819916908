//! `slipway sync`: one round over all sources, then exit.

use std::io::IsTerminal;
use std::process::ExitCode;

use model::job::{Job, JobState};
use model::source::SourceStatus;
use portal::identity::Actor;
use portal::{Error, Portal, jobs, sources};

use super::Common;
use crate::config::Config;
use crate::logging;

#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 all were read, 1 some repositories failed, 2 the configuration is wrong.\n\n\
                        Examples:\n  slipway sync --source ~/work\n  slipway sync --config /etc/slipway.toml")]
pub struct Sync {
    #[command(flatten)]
    pub common: Common,
}

pub async fn run(arguments: Sync) -> ExitCode {
    let config = match arguments.common.config(None) {
        Ok(config) => config,
        Err(code) => return code,
    };
    logging::start(&config);
    match sync(&config).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => super::fail(&error),
    }
}

/// Whether everything could be read.
async fn sync(config: &Config) -> Result<bool, Error> {
    if config.demo {
        let data = config.data.clone();
        tokio::task::spawn_blocking(move || portal::demo::build(&data)).await.map_err(Error::internal)??;
    }
    let portal = Portal::open(config.settings()).await?;
    portal.start();
    let id = sources::sync(&portal, &Actor::Operator, None).await?;
    let job = follow(&portal, &id).await?;
    let sources = sources::list(&portal, &Actor::Operator).await?;
    for source in &sources {
        let error = source.error.as_deref().map(|error| format!("; {error}")).unwrap_or_default();
        println!(
            "{}: {} repositories, {} failed{error} ({})",
            source.name, source.repositories, source.failed, source.location
        );
        print_unlisted(source);
    }
    let failed: u64 = sources.iter().map(|source| source.failed).sum();
    let complete =
        job.state == JobState::Succeeded && failed == 0 && sources.iter().all(|source| source.error.is_none());
    let took = job.finished_at.unwrap_or(job.created_at) - job.started_at.unwrap_or(job.created_at);
    println!("{} in {:.1} s", job.progress.phase, took as f64 / 1_000.0);
    if let Some(error) = &job.error {
        println!("{error}");
    }
    portal.stop().await;
    Ok(complete)
}

/// What waits for a person's word.
fn print_unlisted(source: &SourceStatus) {
    let unlisted = &source.unlisted;
    if unlisted.waiting == 0 {
        return;
    }
    println!(
        "  {} repositories are not listed any more. They stay until somebody says what became of them, on the page of \
         sources or with POST /api/v1/sources/{}/unlisted:",
        unlisted.waiting, source.name
    );
    for repository in &unlisted.repositories {
        println!("    {} {}", repository.name, repository.why);
    }
    let more = unlisted.waiting.saturating_sub(unlisted.repositories.len() as u64);
    if more > 0 {
        println!("    and {more} more");
    }
}

async fn follow(portal: &Portal, id: &str) -> Result<Job, Error> {
    let terminal = std::io::stderr().is_terminal();
    loop {
        let mut changed = jobs::watch(portal);
        let job = jobs::get(portal, &Actor::Operator, id).await?;
        if terminal {
            let progress = &job.progress;
            eprint!("\r\x1b[K{} {}/{} {}", progress.phase, progress.done, progress.total, progress.current);
        }
        if job.state.is_over() {
            if terminal {
                eprint!("\r\x1b[K");
            }
            return Ok(job);
        }
        // It would be tried again, but somebody waits for this one.
        if let Some(error) = job.error.filter(|_| job.state == JobState::Queued).or_else(|| jobs::trouble(portal)) {
            return Err(Error::Unavailable(error));
        }
        tokio::select! {
            _ = changed.changed() => {}
            () = tokio::time::sleep(std::time::Duration::from_millis(250)) => {}
        }
    }
}
