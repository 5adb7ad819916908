//! `slipway access import`: takes grants over that were made elsewhere, at a portal.

use std::fs;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use engine_access::import::MOST_BYTES;
use model::Level;
use model::access::AccessImport;

use crate::api::access_import::AccessImportRequest;
use crate::cli::remote::{self, At, Stopped, stop};
use crate::cli::{FAILED, INVALID, UNREADABLE, print_findings};

/// Between two looks at an import that is under way.
const BETWEEN: Duration = Duration::from_millis(200);

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 all of it is granted now (with --no-wait: it is being taken over), 1 only a part is, 2 something is wrong \
                  and nothing was written, 3 the portal cannot be reached or a file read, 4 it is not allowed.\n\nAt most 100 000 grants \
                  in 32 MB. The token of an administrator is read from SLIPWAY_TOKEN: make one with the scope write on your page at \
                  the portal.\n\nExamples:\n  \
                  slipway access import grants.csv --dry-run\n  slipway access import grants.csv --partial\n  \
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
    /// Take over what is right, and list what is wrong
    #[arg(long)]
    partial: bool,
    /// Print where to watch it, and do not wait until all is taken over
    #[arg(long, conflicts_with = "dry_run")]
    no_wait: bool,
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
        Ok(code) | Err(code) => code,
    }
}

async fn import(arguments: &Import) -> Stopped<ExitCode> {
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
        partial: arguments.partial,
    };
    let sent = serde_json::to_value(&request).map_err(|error| stop(UNREADABLE, &error.to_string()))?;
    let remote = arguments.at.remote()?;
    let mut import: AccessImport = remote::read(remote.post("/api/v1/access/imports", &[], &sent).await)?;
    let is_partial = import.findings.iter().any(|finding| finding.level == Level::Error);
    if let (Some(job), true) = (&import.job, arguments.no_wait) {
        print_findings(&import.findings);
        println!("{}/jobs/{job}", arguments.at.address());
        return Ok(ExitCode::from(if is_partial { FAILED } else { 0 }));
    }
    while let (Some(job), Some(state)) = (&import.job, import.state)
        && !state.is_over()
    {
        tokio::time::sleep(BETWEEN).await;
        import = remote::read(remote.get(&format!("/api/v1/access/imports/{job}")).await)?;
        if stderr().is_terminal() {
            eprint!("\r{} of {}", import.imported + import.unchanged, import.total);
        }
    }
    if import.job.is_some() && stderr().is_terminal() {
        eprintln!();
    }
    print_findings(&import.findings);
    let would = if import.dry_run { "would be " } else { "" };
    println!("{} {would}taken over, {} left as they are", import.imported, import.unchanged);
    if let Some(error) = &import.error {
        eprintln!("error: {error}");
    }
    Ok(ExitCode::from(if is_partial || import.error.is_some() { FAILED } else { 0 }))
}

fn read(file: &Path) -> Stopped<String> {
    let unreadable = |why: String| stop(UNREADABLE, &format!("{}: {why}", file.display()));
    let bytes = fs::metadata(file).map_err(|error| unreadable(error.to_string()))?.len();
    if bytes > MOST_BYTES as u64 {
        return Err(stop(INVALID, &format!("{} has more than {MOST_BYTES} bytes: split it", file.display())));
    }
    fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))
}
