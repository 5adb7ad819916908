//! `slipway template check`: what is wrong with a template, for its authors.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use engine_templates::{Environment, Template};
use model::{Findings, Level};
use portal::templates::read_folder;

use super::Format;
use crate::cli::{INVALID, UNREADABLE, print_findings};

#[derive(Subcommand)]
pub enum TemplateCommand {
    /// Look for syntax errors, unknown filters, and variables that are not defined or never used.
    #[command(
        after_help = "Exit codes: 0 no errors, 2 errors, 3 it could not be read.\n\nExamples:\n  slipway template check .\n  \
                            slipway template check ./service --format json"
    )]
    Check {
        /// The template's folder
        folder: PathBuf,
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

pub fn run(command: &TemplateCommand) -> ExitCode {
    let TemplateCommand::Check { folder, format } = command;
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
    match format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&findings).unwrap_or_default()),
        Format::Text => {
            print_findings(&findings.findings);
            let summary = &findings.summary;
            println!("{} errors, {} warnings, {} notes", summary.errors, summary.warnings, summary.notes);
        }
    }
    match findings.findings.iter().any(|finding| finding.level == Level::Error) {
        true => ExitCode::from(INVALID),
        false => ExitCode::SUCCESS,
    }
}
