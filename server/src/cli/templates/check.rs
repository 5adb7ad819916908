//! `slipway template`: what its authors want to know of a template, and what a person decided about it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use engine_templates::{Environment, Template};
use model::{Findings, Level};
use portal::templates::read_folder;

use super::Stop;
use super::programs::decisions;
use crate::cli::report::{Report, print};
use crate::cli::{FAILED, INVALID, UNREADABLE};

#[derive(Subcommand)]
pub enum TemplateCommand {
    /// Look for what is wrong with a template: syntax, unknown names, and what no answer reaches.
    #[command(
        after_help = "Exit codes: 0 no errors, 2 errors, 3 it could not be read.\n\nExamples:\n  slipway template check .\n  \
                            slipway template check ./service --format sarif > template.sarif"
    )]
    Check {
        /// The template's folder
        folder: PathBuf,
        #[arg(long, value_enum, default_value_t = Report::Text)]
        format: Report,
    },
    /// List the templates that you trusted to execute what they bring.
    Trusted,
    /// Trust a template no more, in none of its versions.
    #[command(after_help = "Exit codes: 0 done, 1 it was not trusted.")]
    Distrust {
        /// Its address or folder, as `slipway template trusted` lists it
        template: String,
    },
}

pub fn run(command: &TemplateCommand) -> ExitCode {
    let done = match command {
        TemplateCommand::Check { folder, format } => return check(folder, *format),
        TemplateCommand::Trusted => list(),
        TemplateCommand::Distrust { template } => distrust(template),
    };
    done.unwrap_or_else(Stop::exit)
}

fn list() -> Result<ExitCode, Stop> {
    let all = decisions()?.all()?;
    for one in &all {
        println!("{}  {}  since {}", one.template, one.version, one.since);
    }
    if all.is_empty() {
        eprintln!("No template is trusted: slipway new TEMPLATE --trust does that for one of its commits.");
    }
    Ok(ExitCode::SUCCESS)
}

fn distrust(template: &str) -> Result<ExitCode, Stop> {
    let count = decisions()?.forget(template)?;
    println!("{template}: {count} versions are trusted no more");
    Ok(if count == 0 { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn check(folder: &Path, format: Report) -> ExitCode {
    let tree = match read_folder(folder) {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(UNREADABLE);
        }
    };
    let findings: Findings = match Template::open(tree) {
        Ok(template) => template.check(&Environment::new(jiff::Timestamp::UNIX_EPOCH, 0)),
        Err(findings) => findings,
    };
    print(&findings, format, "slipway template check");
    match findings.findings.iter().any(|finding| finding.level == Level::Error) {
        true => ExitCode::from(INVALID),
        false => ExitCode::SUCCESS,
    }
}
