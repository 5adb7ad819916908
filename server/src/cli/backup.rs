//! `slipway backup`, `restore` and `verify`: what a portal knows, in one file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use portal::backup::{self, Check};

use super::Common;

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 it is written, 2 the configuration is wrong, 3 it could not be read or written.\n\n\
                        Examples:\n  slipway backup /srv/backup\n  slipway backup slipway.tar.gz --with-keys\n\n\
                        It can be run while the portal is served."
)]
pub struct Backup {
    /// The file to write, which must not be there, or a folder for it
    #[arg(value_name = "DEST")]
    pub to: PathBuf,
    /// Also take the private keys in the data folder: whoever has that file acts as this portal does
    #[arg(long)]
    pub with_keys: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 it is back, 2 the file is damaged, no backup, or of a newer version, 3 something is in the way or \
                        could not be read; then everything is as before.\n\n\
                        Examples:\n  slipway restore slipway.tar.gz\n  SLIPWAY_DATABASE_URL=postgres://slipway@db/slipway slipway restore \
                        slipway.tar.gz\n\nThe portal must not be served meanwhile. The file may come from SQLite or from Postgres."
)]
pub struct Restore {
    /// A file that `slipway backup` wrote
    pub file: PathBuf,
    /// Take the place of what is there: SQLite's file is kept beside it, what is in Postgres is gone
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 all is in order, 1 something is not, 2 the file is damaged, no backup, or of a newer version, 3 it \
                        could not be read.\n\n\
                        Examples:\n  slipway verify\n  slipway verify slipway.tar.gz --format json\n\n\
                        It can be run while the portal is served, and changes nothing."
)]
pub struct Verify {
    /// A backup, which is then brought back for trial; without one, the database that is in use
    pub file: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

pub async fn backup(arguments: Backup) -> ExitCode {
    let settings = match arguments.common.config(None) {
        Ok(config) => config.settings(),
        Err(code) => return code,
    };
    match backup::backup(&settings, &arguments.to, arguments.with_keys).await {
        Ok(done) => {
            println!("{}", done.file.display());
            let keys = match arguments.with_keys {
                true => "private keys are in it: keep it as you keep those",
                false => "private keys are not in it: keep the folder apps, or register the Apps anew",
            };
            eprintln!("{} rows of schema {}; {keys}.", done.manifest.rows(), done.manifest.schema);
            ExitCode::SUCCESS
        }
        Err(error) => super::fail(&error),
    }
}

pub async fn restore(arguments: Restore) -> ExitCode {
    let settings = match arguments.common.config(None) {
        Ok(config) => config.settings(),
        Err(code) => return code,
    };
    match backup::restore(&settings, &arguments.file, arguments.force).await {
        Ok(done) => {
            println!("{} rows are back; whoever was signed in signs in anew.", done.manifest.rows());
            if let Some(before) = done.before {
                eprintln!("The database that was there is {}.", before.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => super::fail(&error),
    }
}

pub async fn verify(arguments: Verify) -> ExitCode {
    let settings = match arguments.common.config(None) {
        Ok(config) => config.settings(),
        Err(code) => return code,
    };
    let checks = match &arguments.file {
        Some(file) => backup::verify_file(&settings, file).await.map(|(_, checks)| checks),
        None => backup::verify(&settings).await,
    };
    match checks {
        Ok(checks) => print(&checks, arguments.format),
        Err(error) => super::fail(&error),
    }
}

fn print(checks: &[Check], format: Format) -> ExitCode {
    let bad = checks.iter().filter(|check| !check.ok).count();
    match format {
        Format::Text => {
            for check in checks {
                println!("{} {}: {}", if check.ok { "✓" } else { "✗" }, check.title, check.found);
            }
        }
        Format::Json => println!("{}", serde_json::json!({ "checks": checks, "summary": { "bad": bad } })),
    }
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
