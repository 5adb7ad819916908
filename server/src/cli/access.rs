//! `slipway access`: what manifests of access say and change, whether it is granted, and what people do about it.
//!
//! What is here asks no portal; `check` may, `bundle` and `online` do.

mod bundle;
mod check;
mod deeds;
mod import;
mod init;
mod online;

use std::fs::File;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use engine_access::diff::{Change, Effect, What, diff};
use engine_access::manifest::{FILE_NAME, MOST_BYTES, Manifest, decode, parse, schema};
use engine_access::validate::validate;
use engine_repo::Repository;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::Findings;
use portal::clock::Clock;
use serde_json::json;

use super::report::{Report, print, print_json};
use super::{FAILED, INVALID, UNREADABLE, USAGE, print_findings};

#[derive(Subcommand)]
pub enum Access {
    /// Check access manifests, each by itself; all findings at once.
    #[command(after_help = "Exit codes: 0 no errors, 2 errors, 3 something could not be read.\n\nExamples:\n  \
                      slipway access validate\n  slipway access validate access.yaml --format sarif > access.sarif")]
    Validate {
        /// Files, or folders that hold an access.yaml
        #[arg(default_value = FILE_NAME)]
        paths: Vec<PathBuf>,
        #[arg(long, value_enum, default_value_t = Report::Text)]
        format: Report,
        /// The zone in which days end
        #[arg(long, default_value = "UTC", value_parser = zone)]
        zone: TimeZone,
    },
    /// Print the JSON Schema of manifests, for editors.
    Schema,
    /// Say what a manifest changes: what gives more access, and what gives less.
    #[command(
        after_help = "Exit codes: 0 nothing gives more access, 1 something does, 2 a manifest is invalid, 3 one could not be read.\n\n\
                      Examples:\n  slipway access diff --base origin/main\n  slipway access diff old.yaml new.yaml --format json\n  \
                      git show v1:access.yaml | slipway access diff -"
    )]
    Diff {
        /// The manifest before, unless --base says where it is, and the one after (access.yaml); `-` reads standard
        /// input, and an empty one stands for none
        #[arg(value_name = "FILE", required_unless_present = "base", num_args = 1..=2)]
        files: Vec<PathBuf>,
        /// A branch, tag or whole commit id: the manifest before is the one that stands there, or none
        #[arg(long, value_name = "REV")]
        base: Option<String>,
        #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
        format: DiffFormat,
        /// The zone in which days end
        #[arg(long, default_value = "UTC", value_parser = zone)]
        zone: TimeZone,
    },
    /// Say whether all that a manifest requires is granted: by asking a portal, or by a bundle that it signed.
    Check(check::Check),
    /// Fetch what a portal knows of a component, signed, and look at it.
    #[command(subcommand)]
    Bundle(bundle::BundleCommand),
    /// Draft a manifest from the calls that the catalog has seen, and the APIs that the repository provides.
    Init(init::Init),
    /// Take over grants that were made elsewhere before, at a portal.
    Import(import::Import),
    #[command(flatten)]
    Online(online::Online),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    Text,
    Json,
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("there is no zone {name}: write one such as Europe/Berlin"))
}

pub fn run(command: Access) -> ExitCode {
    let now = Timestamp::from_millisecond(Clock::System.now()).unwrap_or(Timestamp::MAX);
    let done = match command {
        Access::Validate { paths, format, zone } => Ok(validate_all(&paths, format, now, &zone)),
        Access::Schema => {
            print_json(&schema());
            Ok(ExitCode::SUCCESS)
        }
        Access::Diff { files, base, format, zone } => compare(&files, base.as_deref(), format, now, &zone),
        Access::Check(arguments) => return crate::briefly(check::run(arguments, now)),
        Access::Bundle(command) => return crate::briefly(bundle::run(command, now)),
        Access::Init(arguments) => {
            return crate::briefly(async move { init::run(&arguments).await });
        }
        Access::Import(arguments) => {
            return crate::briefly(async move { import::run(&arguments).await });
        }
        Access::Online(command) => return crate::briefly(online::run(command)),
    };
    done.unwrap_or_else(|code| code)
}

fn validate_all(paths: &[PathBuf], format: Report, now: Timestamp, zone: &TimeZone) -> ExitCode {
    let mut findings = Vec::new();
    let mut unreadable = false;
    for path in paths {
        let (path, name) = manifest_at(path, paths.len() == 1);
        match read(&path) {
            Ok(bytes) => match decode(&name, &bytes) {
                Ok(text) => findings.extend(validate(&name, text, now, zone).findings),
                Err(finding) => findings.push(finding),
            },
            Err(_) => unreadable = true,
        }
    }
    let findings = Findings::from(findings);
    print(&findings, format, "slipway access validate");
    match (unreadable, findings.summary.errors) {
        (true, _) => ExitCode::from(UNREADABLE),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::from(INVALID),
    }
}

/// The manifest that an argument means, and how findings call it: relative to a folder that is the only argument.
fn manifest_at(path: &Path, only: bool) -> (PathBuf, String) {
    let shown = |path: &Path| path.to_string_lossy().replace('\\', "/");
    if !path.is_dir() {
        return (path.to_owned(), shown(path));
    }
    let file = path.join(FILE_NAME);
    let name = if only { FILE_NAME.to_owned() } else { shown(&file) };
    (file, name)
}

/// The bytes of a file that is not too large; one more than a manifest may have, so that the limit is its reader's to explain.
fn read(path: &Path) -> Result<Vec<u8>, ExitCode> {
    read_at_most(path, MOST_BYTES as u64 + 1)
}

fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, ExitCode> {
    let mut bytes = Vec::new();
    let done = match path.to_str() {
        Some("-") => stdin().take(most).read_to_end(&mut bytes),
        _ => File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)),
    };
    done.map(|_| bytes).map_err(|error| {
        eprintln!("error: {}: {error}", path.display());
        ExitCode::from(UNREADABLE)
    })
}

fn manifest(path: &Path, bytes: &[u8]) -> Result<Manifest, Findings> {
    let name = path.to_string_lossy();
    let text = decode(&name, bytes).map_err(|finding| Findings::from(vec![finding]))?;
    parse(&name, text)
}

fn compare(
    files: &[PathBuf],
    base: Option<&str>,
    format: DiffFormat,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<ExitCode, ExitCode> {
    let invalid = |findings: Findings| {
        print_findings(&findings.findings);
        ExitCode::from(INVALID)
    };
    let default = Path::new(FILE_NAME);
    let (before, head) = match (base, files) {
        (Some(base), [] | [_]) => {
            let head = files.first().map_or(default, PathBuf::as_path);
            (base_manifest(head, base).map(|bytes| (PathBuf::from(format!("{base}:{}", head.display())), bytes))?, head)
        }
        (None, [base, rest @ ..]) => ((base.clone(), read(base)?), rest.first().map_or(default, PathBuf::as_path)),
        _ => {
            eprintln!("error: --base says which manifest was before: name only the one after");
            return Err(ExitCode::from(USAGE));
        }
    };
    let (name, bytes) = &before;
    let before = if bytes.trim_ascii().is_empty() { None } else { Some(manifest(name, bytes).map_err(invalid)?) };
    let after = manifest(head, &read(head)?).map_err(invalid)?;
    let changes = diff(before.as_ref(), &after, None, now, zone);
    let count = |effect| changes.iter().filter(|change| change.effect == effect).count();
    let (widens, narrows) = (count(Effect::Widens), count(Effect::Narrows));
    match format {
        DiffFormat::Json => {
            let summary = json!({ "widens": widens, "narrows": narrows, "neither": count(Effect::Neither) });
            print_json(&json!({ "schema": "access-diff/v1", "changes": changes, "summary": summary }));
        }
        DiffFormat::Text => {
            for change in &changes {
                println!("{}", sentence(change, head));
            }
            println!("{widens} give more access, {narrows} give less");
        }
    }
    Ok(if widens == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// The bytes of a manifest as a revision of its repository has it; none where it has none.
fn base_manifest(file: &Path, revision: &str) -> Result<Vec<u8>, ExitCode> {
    let unreadable = |error: String| {
        eprintln!("error: {error}");
        ExitCode::from(UNREADABLE)
    };
    // Where it really is: a path through `..` or a link names nothing within a commit.
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = parent.canonicalize().map_err(|error| unreadable(format!("{}: {error}", file.display())))?;
    let path = parent.join(file.file_name().unwrap_or_default());
    let Some(folder) = parent.ancestors().find(|folder| folder.join(".git").exists()) else {
        return Err(unreadable(format!("{}: no Git repository holds it", file.display())));
    };
    let repository = Repository::open(folder).map_err(|error| unreadable(error.to_string()))?;
    let commit = repository.resolve(revision).map_err(|error| unreadable(error.to_string()))?.ok_or_else(|| {
        let help = "name a branch, a tag or a whole commit id; fetch it first where a pipeline has only one commit";
        unreadable(format!("{}: there is no revision {revision}; {help}", folder.display()))
    })?;
    let within = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
    let found = repository.file_at(&commit, &within, MOST_BYTES + 1).map_err(|error| unreadable(error.to_string()))?;
    Ok(found.map(|file| file.blob.bytes).unwrap_or_default())
}

fn sentence(change: &Change, head: &Path) -> String {
    let sign = match change.effect {
        Effect::Widens => "+",
        Effect::Narrows => "-",
        Effect::Neither => " ",
    };
    let what = match &change.what {
        What::AtomAdded { atom } => format!("{atom}"),
        What::AtomRemoved { atom } => format!("{atom} is no longer required"),
        What::Longer { atom } => format!("{atom}, for longer"),
        What::Shorter { atom } => format!("{atom}, for less time"),
        What::Words { atom } => format!("{atom}, in other words"),
        What::ApiAdded { api } => format!("{api} is exposed"),
        What::ApiRemoved { api } => format!("{api} is no longer exposed"),
        What::ScopeAdded { api, scope } => format!("{scope} of {api} is offered"),
        What::ScopeRemoved { api, scope } => format!("{scope} of {api} is no longer offered"),
        What::ScopeOpens { api, scope } => format!("{scope} of {api} opens more"),
        What::ScopeCloses { api, scope } => format!("{scope} of {api} opens less"),
        What::ScopeWords { api, scope } => format!("{scope} of {api} is described otherwise"),
        What::PoliciesChanged { api } => format!("the policies of {api} are others"),
        What::ConsumerLetIn { api, consumer } => format!("{api} lets {consumer} in"),
        What::ConsumerKeptOut { api, consumer } => format!("{api} keeps {consumer} out"),
        What::ConsumerForgotten { api, consumer } => format!("{api} no longer has that rule for {consumer}"),
    };
    match change.line {
        0 => format!("{sign} {what}"),
        line => format!("{sign} {what} ({}:{line})", head.display()),
    }
}
