//! `slipway catalog`: what the catalog would say of repositories and files, without a portal.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use engine_catalog::{discover, validate};
use model::Level;
use portal::clock::Clock;

use super::report::{Report, print};
use super::{INVALID, UNREADABLE, print_findings};

#[derive(Subcommand)]
pub enum Catalog {
    /// Print what can be concluded from a repository, or from a folder of repositories.
    #[command(
        after_help = "Examples:\n  slipway catalog discover .\n  slipway catalog discover ~/work --format json\n  \
                            slipway catalog discover . > catalog-info.yaml"
    )]
    Discover {
        /// A repository, with a work tree or bare, or a folder that holds some; read at the head of the default branch
        path: PathBuf,
        #[arg(long, value_enum, default_value_t = Format::Yaml)]
        format: Format,
    },
    /// Check descriptors, overrides and CODEOWNERS files; all findings at once.
    #[command(after_help = "Exit codes: 0 no errors, 2 errors, 3 something could not be read.\n\nExamples:\n  \
                            slipway catalog validate .\n  slipway catalog validate catalog-info.yaml --format json")]
    Validate {
        /// Files, or folders in which they are looked for
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        #[arg(long, value_enum, default_value_t = Report::Text)]
        format: Report,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// Documents that can be committed as catalog-info.yaml
    Yaml,
    /// Entities with evidence and findings
    Json,
}

pub fn run(command: &Catalog) -> ExitCode {
    match command {
        Catalog::Discover { path, format } => {
            let discovered = match discover::discover(path, Clock::System.now()) {
                Ok(discovered) => discovered,
                Err(error) => {
                    eprintln!("error: {error}");
                    return ExitCode::from(UNREADABLE);
                }
            };
            match format {
                Format::Json => print_json(&discovered),
                Format::Yaml => {
                    print!("{}", discovered.to_yaml());
                    print_findings(&discovered.findings);
                    ExitCode::SUCCESS
                }
            }
        }
        Catalog::Validate { paths, format } => {
            let (findings, unreadable) = validate::validate(paths);
            print(&findings, *format, "slipway catalog validate");
            let errors = findings.findings.iter().any(|finding| finding.level == Level::Error);
            match (unreadable, errors) {
                (true, _) => ExitCode::from(UNREADABLE),
                (false, true) => ExitCode::from(INVALID),
                (false, false) => ExitCode::SUCCESS,
            }
        }
    }
}

fn print_json(value: &impl serde::Serialize) -> ExitCode {
    match serde_json::to_string_pretty(value) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(UNREADABLE)
        }
    }
}
