//! `slipway serve`: the portal, until it is told to stop.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use portal::{Error, Portal, identity};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::administrator::link;
use super::{Common, INVALID, UNREADABLE};
use crate::allocator;
use crate::config::{self, Config};
use crate::http::{self, Reach, Server, Site};
use crate::logging;

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  slipway serve --source ~/work\n  slipway serve --demo --listen 127.0.0.1:8080\n  \
                        slipway serve --config /etc/slipway.toml\n  slipway serve --print-config > slipway.toml"
)]
pub struct Serve {
    #[command(flatten)]
    pub common: Common,
    /// Address and port [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Print the commented example configuration and exit
    #[arg(long)]
    pub print_config: bool,
}

/// Upper ends of the histograms in `/metrics`, in seconds.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// After a signal, requests that are under way have this long.
const GRACE: Duration = Duration::from_secs(20);

pub async fn run(arguments: Serve) -> ExitCode {
    if arguments.print_config {
        print!("{}", config::EXAMPLE);
        return ExitCode::SUCCESS;
    }
    let config = match arguments.common.config(arguments.listen) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if config.demo && !config.listen.ip().is_loopback() {
        eprintln!("error: the demo is served on a loopback address only, not on {}", config.listen);
        eprintln!("  help: leave --demo out, or listen on 127.0.0.1");
        return ExitCode::from(INVALID);
    }
    logging::start(&config);
    match serve(&config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::fail(&error),
    }
}

async fn serve(config: &Config) -> Result<(), Error> {
    let site = Site::open();
    let assets = site.manifest().map_err(Error::Unavailable)?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        Error::Unavailable(format!("{} cannot be listened on: {error}; choose another with --listen", config.listen))
    })?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let metrics = PrometheusBuilder::new()
        .set_buckets(BUCKETS)
        .map_err(Error::internal)?
        .install_recorder()
        .map_err(Error::internal)?;
    let portal = Portal::open(config.settings()).await?;
    let (stop, stopping) = watch::channel(false);
    let public_host = config.public_url.as_deref().and_then(|url| url.split("://").nth(1)).map(str::to_owned);
    let server = Server::new(http::Inner {
        portal: portal.clone(),
        site,
        assets: app::Assets::new(assets),
        reach: Reach {
            loopback: config.listen.ip().is_loopback(),
            demo: config.demo,
            public_host,
            secure: config.public_url.as_deref().is_some_and(|url| url.starts_with("https://")),
        },
        metrics,
        stopping: stopping.clone(),
    });
    tokio::spawn(allocator::give_back_after_jobs(portal.clone()));
    start_portal(config, portal.clone());
    println!("Slipway listens on http://{address}");
    if !config.demo
        && let Some(code) = identity::first_link(&portal).await?
    {
        println!("There is no administrator yet; within a day, once: {}", link(config, code.expose()));
    }
    tokio::spawn(signalled(stop));
    let mut deadline = stopping.clone();
    tokio::select! {
        () = http::listen::serve(listener, http::router(server), stopping, http::listen::HEAD_TIMEOUT) => {}
        () = async {
            // An error means that the sender is gone, which it is not before the signal.
            let _ = deadline.wait_for(|stopping| *stopping).await;
            tokio::time::sleep(GRACE).await;
        } => {
            tracing::warn!("some requests did not end in time and were cut");
        }
    }
    portal.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Builds the demo where it is wanted, then lets the portal's jobs run: the first page does not wait for either.
fn start_portal(config: &Config, portal: Portal) {
    let demo = config.demo.then(|| (config.data.clone(), config.demo_projects()));
    tokio::spawn(async move {
        if let Some((data, projects)) = demo {
            let built = tokio::task::spawn_blocking(move || {
                std::fs::create_dir_all(&projects).map_err(|error| {
                    Error::Unavailable(format!("The folder {} could not be made: {error}.", projects.display()))
                })?;
                portal::demo::build(&data)
            });
            let built = built.await;
            match built {
                Ok(Ok(folder)) => tracing::debug!(folder = %folder.display(), "the demo organisation is there"),
                Ok(Err(error)) => tracing::error!(%error, "the demo organisation could not be built"),
                Err(error) => tracing::error!(%error, "building the demo organisation failed"),
            }
        }
        portal.start();
    });
}

/// Waits for the first signal; a second one ends the process at once.
async fn signalled(stop: watch::Sender<bool>) {
    signal().await;
    tracing::info!("stopping; a second signal stops at once");
    // Nobody listening is fine: then there is nothing to stop.
    let _ = stop.send(true);
    tokio::spawn(async {
        signal().await;
        std::process::exit(i32::from(UNREADABLE));
    });
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
