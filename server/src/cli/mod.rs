//! The command line. Exit codes: 0 fine, 1 the answer is no, 2 the input is invalid, 3 could not read, 64 usage.

pub mod access;
pub mod administrator;
pub mod backup;
pub mod catalog;
pub mod doctor;
#[cfg(test)]
mod examples;
pub mod pseudonymise;
mod remote;
mod report;
pub mod run;
mod sarif;
pub mod serve;
pub mod sync;
pub mod templates;
pub mod token;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use model::Finding;
use portal::git::Address;

use crate::config::{self, Config};

/// The input is invalid.
pub const INVALID: u8 = 2;
/// It failed, or the answer is no.
pub const FAILED: u8 = 1;
/// Could not decide, or could not read.
pub const UNREADABLE: u8 = 3;
/// It would execute what nobody has trusted.
pub const NOT_TRUSTED: u8 = 4;
/// The command line itself is wrong (`EX_USAGE`).
pub const USAGE: u8 = 64;

#[derive(Parser)]
#[command(
    name = "slipway",
    version,
    about = "An internal developer portal: one program that turns a folder of Git repositories into a catalog.",
    after_help = "Examples:\n  slipway serve --source ~/work\n  slipway serve --demo\n  slipway sync --source /srv/git\n  slipway doctor\n  \
                  slipway catalog discover . --format yaml\n  slipway catalog validate catalog-info.yaml\n  \
                  slipway new gh:audreyfeldroy/cookiecutter-pypackage ~/work\n  slipway update ~/work/my-project"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the portal.
    Serve(serve::Serve),
    /// Read all sources once, then exit.
    Sync(sync::Sync),
    /// Say what every source needs, whether it is there, and what is off without it.
    Doctor(doctor::Doctor),
    /// Print a one-time link that makes an administrator, or gives one a new password.
    Administrator(administrator::Administrator),
    /// Write what this portal knows into one file, also while it is served.
    Backup(backup::Backup),
    /// Bring a backup back, into SQLite or Postgres.
    Restore(backup::Restore),
    /// Say whether the database, or a backup, is in order.
    Verify(backup::Verify),
    /// Make, list and revoke tokens of services.
    #[command(subcommand)]
    Token(token::Token),
    /// Take a person's name out: their account, and where it stands in the audit log.
    Pseudonymise(pseudonymise::Pseudonymise),
    /// Look at repositories and descriptor files without a portal.
    #[command(subcommand)]
    Catalog(catalog::Catalog),
    /// Look at manifests of access: what is wrong, what they change, whether it is granted.
    #[command(subcommand)]
    Access(access::Access),
    /// Launch a template at a portal: the project gets its repository, and the catalog shows it.
    Run(run::Run),
    /// Make a project from a template.
    New(templates::new::New),
    /// Bring what a template changed since into a project that was made from it.
    Update(templates::update::Update),
    /// Say whether a project is behind its template, and what changed.
    CheckUpdate(templates::standing::CheckUpdate),
    /// Show what a project changed of what its template made.
    Diff(templates::standing::Diff),
    /// Find out which template, version and answers projects were made from that nobody recorded.
    Adopt(templates::adopt::Adopt),
    /// Look at a template as its author.
    #[command(subcommand)]
    Template(templates::check::TemplateCommand),
}

/// What `serve` and `sync` share.
#[derive(Args)]
pub struct Common {
    /// The configuration [default: ./slipway.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where Slipway keeps its database and index
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A folder of repositories, one repository, or the Git address of one; may be repeated
    #[arg(long = "source", value_name = "PATH|URL")]
    pub sources: Vec<PathBuf>,
    /// Add the demo organisation (only on a loopback address)
    #[arg(long)]
    pub demo: bool,
}

impl Common {
    /// The configuration with the command line over it.
    ///
    /// # Errors
    /// What is wrong was printed; the code to exit with.
    pub fn config(&self, listen: Option<SocketAddr>) -> Result<Config, ExitCode> {
        let mut config = config::load(self.config.as_deref(), std::env::vars()).map_err(|findings| {
            print_findings(&findings);
            ExitCode::from(INVALID)
        })?;
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        if let Some(listen) = listen {
            config.listen = listen;
        }
        config.demo |= self.demo;
        for source in &self.sources {
            add_source(&mut config, source)?;
        }
        Ok(config)
    }
}

fn add_source(config: &mut Config, source: &Path) -> Result<(), ExitCode> {
    if source.is_dir() {
        config.add_path(source.to_owned());
        return Ok(());
    }
    // What is no address is not repeated if it might have been one, with a password.
    let address = source.to_str().filter(|text| text.contains("://") || text.contains('@') || text.contains("::"));
    match address.map(Address::parse) {
        Some(Ok(address)) => {
            config.add_address(address);
            return Ok(());
        }
        Some(Err(expected)) => eprintln!("error: a source is neither a folder nor {expected}"),
        None => eprintln!("error: the source {} is not a folder", source.display()),
    }
    eprintln!("  help: name a folder that holds Git repositories, or is one, or the address of a repository");
    Err(ExitCode::from(INVALID))
}

/// Findings for a person, on standard error.
pub fn print_findings(findings: &[Finding]) {
    for finding in findings {
        let location = finding.location();
        let place = if location.is_empty() { String::new() } else { format!("{location}: ") };
        eprintln!("{place}{}: {}", finding.level.as_str(), finding.message);
        if !finding.help.is_empty() {
            eprintln!("  help: {}", finding.help);
        }
    }
}

/// A failure of a use case for a person, and the code to exit with.
pub fn fail(error: &portal::Error) -> ExitCode {
    eprintln!("error: {error}");
    if let portal::Error::Invalid(findings) = error {
        print_findings(&findings.findings);
        return ExitCode::from(INVALID);
    }
    ExitCode::from(UNREADABLE)
}
