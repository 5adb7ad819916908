//! `slipway access import`: takes grants over that were made elsewhere, at a portal.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use engine_access::import::MOST_BYTES;
use model::access::AccessImport;

use crate::api::access_import::AccessImportRequest;
use crate::cli::remote::{self, At, Stopped, stop};
use crate::cli::{INVALID, UNREADABLE, print_findings};

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 all of it is granted now, 2 something is wrong and nothing was written, 3 the portal cannot be \
                  reached or a file read, 4 it is not allowed.\n\nThe token of an administrator is read from SLIPWAY_TOKEN: make one \
                  with the scope write on your page at the portal.\n\nExamples:\n  \
                  slipway access import grants.csv --dry-run\n  \
                  slipway access import old-access.yaml --mapping mapping.yaml --portal https://slipway.example.com"
)]
pub struct Import {
    /// The grants
    file: PathBuf,
    /// [default: by the name of the file]
    #[arg(long, value_enum)]
    format: Option<GrantsFormat>,
    /// Of YAML: says where in it each field stands
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Say what would be taken over, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GrantsFormat {
    Csv,
    Json,
    Yaml,
}

impl GrantsFormat {
    fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }
}

pub async fn run(arguments: &Import) -> ExitCode {
    match import(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => code,
    }
}

async fn import(arguments: &Import) -> Stopped<()> {
    let Some(format) = arguments.format.or_else(|| GrantsFormat::of(&arguments.file)) else {
        return Err(stop(INVALID, "the name of the file does not say what is in it: add --format csv, json or yaml"));
    };
    let request = AccessImportRequest {
        file: arguments.file.display().to_string(),
        text: read(&arguments.file)?,
        format: format.as_str().to_owned(),
        mapping: arguments.mapping.as_deref().map(read).transpose()?,
        mapping_file: arguments.mapping.as_ref().map(|mapping| mapping.display().to_string()),
        dry_run: arguments.dry_run,
    };
    let sent = serde_json::to_value(&request).map_err(|error| stop(UNREADABLE, &error.to_string()))?;
    let answer = arguments.at.remote()?.post("/api/v1/access/import", &[], &sent).await;
    let done: AccessImport = remote::read(answer)?;
    print_findings(&done.findings);
    let would = if done.dry_run { "would be " } else { "" };
    println!("{} {would}taken over, {} left as they are", done.imported, done.unchanged);
    Ok(())
}

fn read(file: &Path) -> Stopped<String> {
    let unreadable = |why: String| stop(UNREADABLE, &format!("{}: {why}", file.display()));
    let bytes = fs::metadata(file).map_err(|error| unreadable(error.to_string()))?.len();
    if bytes > MOST_BYTES as u64 {
        return Err(stop(INVALID, &format!("{} has more than {MOST_BYTES} bytes: split it", file.display())));
    }
    fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))
}
