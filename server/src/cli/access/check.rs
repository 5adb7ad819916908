//! `slipway access check`: whether all that a manifest requires is granted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use engine_access::bundle::Bundle;
use engine_access::check::{Question, approving, check};
use engine_access::manifest::{FILE_NAME, Manifest, decode, parse};
use engine_access::rules::Decider;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::access::AccessCheck;
use model::{Findings, Level};
use portal::access::answer;
use portal::outgoing::RemoteAnswer;
use serde_json::json;

use super::bundle::{self, Trusted};
use super::zone;
use crate::cli::remote::{At, Stopped, findings, refused};
use crate::cli::report::{Report, print, print_json};
use crate::cli::{FAILED, INVALID, UNREADABLE, print_findings};

/// What a check is called in reports.
const CHECK: &str = "slipway access check";

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 everything is granted, 1 something is not, 2 the manifest is invalid, 3 it cannot be decided: the portal \
                        cannot be reached or does not answer, or the bundle cannot be believed or read.\n\n\
                        The portal is asked with the token in SLIPWAY_TOKEN, or as a visitor. With a bundle, one that --portal or SLIPWAY_PORTAL names \
                        is asked only whether something was revoked since.\n\nExamples:\n  \
                        slipway access check --portal https://portal.example --environment production\n  \
                        slipway access check --format github --soft-fail pending,missing\n  \
                        slipway access check --bundle access.jws --keys jwks.json --issuer https://portal.example --environment production"
)]
pub struct Check {
    #[arg(default_value = FILE_NAME)]
    file: PathBuf,
    /// Only what is required in this one; without it, in all of them
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[arg(long, value_enum, default_value_t = Report::Text)]
    format: Report,
    #[command(flatten)]
    at: At,
    /// What to do where the portal cannot be reached
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OnUnreachable::Fail)]
    on_unreachable: OnUnreachable,
    /// Exit with 0 where nothing worse is found than this, with all findings; may be several, between commas
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    soft_fail: Vec<SoftFail>,
    /// The commit that the manifest is of, for the answer as JSON
    #[arg(long)]
    commit: Option<String>,
    /// Its repository, as the portal calls it, for where the manifest cannot be read [default: GITHUB_REPOSITORY or CI_PROJECT_PATH]
    #[arg(long, value_name = "SLUG")]
    repository: Option<String>,
    /// Believe this bundle of the manifest's component; a portal that is named is only asked whether something was revoked since
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    trusted: Trusted,
    /// The zone in which days end, for a check with a bundle
    #[arg(long, default_value = "UTC", value_parser = zone)]
    zone: TimeZone,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnUnreachable {
    /// Exit with 3
    Fail,
    /// Say so, and exit with 0
    Warn,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SoftFail {
    /// What is asked for and not decided yet
    Pending,
    /// What was never asked for, as in a branch before it is merged
    Missing,
}

pub async fn run(arguments: Check, now: Timestamp) -> ExitCode {
    let checked = match &arguments.bundle {
        Some(bundle) => offline(&arguments, bundle, now).await,
        None => online(&arguments).await,
    };
    checked.map_or_else(|code| code, |answer| conclude(&arguments, answer))
}

/// Prints the answer; gives the code to exit with.
fn conclude(arguments: &Check, mut answer: AccessCheck) -> ExitCode {
    if answer.report_only {
        for finding in &mut answer.findings {
            finding.level = finding.level.min(Level::Warning);
        }
    }
    let softens = |what| arguments.soft_fail.contains(&what);
    let code = match answer.outcome.as_str() {
        "granted" => 0,
        _ if answer.report_only => 0,
        "invalid" => INVALID,
        "needs_approval" if softens(SoftFail::Pending) => 0,
        // It is worse than what waits, which may be among it.
        "not_requested" if softens(SoftFail::Missing) && (softens(SoftFail::Pending) || !waits(&answer)) => 0,
        _ => FAILED,
    };
    match arguments.format {
        Report::Json => print_json(&json!(answer)),
        Report::Text => {
            print_findings(&answer.findings);
            let states = model::access::Standing::ALL.iter().filter_map(|state| {
                let count = answer.summary.get(state.as_str()).filter(|count| **count > 0)?;
                Some(format!("{count} {}", state.as_str()))
            });
            let states: Vec<String> = states.collect();
            println!("{}", if states.is_empty() { "nothing is required".to_owned() } else { states.join(", ") });
        }
        format => print(&Findings::from(answer.findings), format, CHECK),
    }
    ExitCode::from(code)
}

fn waits(answer: &AccessCheck) -> bool {
    answer.atoms.iter().any(|atom| atom.state == model::access::Standing::Pending && !atom.optional)
}

/// The text of the manifest, and how findings call it.
fn manifest_text(arguments: &Check) -> Stopped<(String, String)> {
    let (path, name) = super::manifest_at(&arguments.file, true);
    let bytes = super::read(&path)?;
    match decode(&name, &bytes) {
        Ok(text) => Ok((name, text.to_owned())),
        Err(finding) => Err(invalid(arguments, &vec![finding].into())),
    }
}

fn invalid(arguments: &Check, findings: &Findings) -> ExitCode {
    print(findings, arguments.format, CHECK);
    ExitCode::from(INVALID)
}

/// Asks the portal.
async fn online(arguments: &Check) -> Stopped<AccessCheck> {
    let (name, text) = manifest_text(arguments)?;
    let question = json!({
        "manifest": text, "path": name, "environment": arguments.environment, "commit": arguments.commit,
        "repository": repository(arguments),
    });
    let answer = match arguments.at.remote()?.post("/api/v1/access/check", &[], &question).await {
        Ok(answer) if answer.status < 500 && answer.status != 429 => answer,
        Ok(answer) => {
            return Err(unreachable(arguments, &format!("the portal answered with status {}", answer.status)));
        }
        Err(why) => return Err(unreachable(arguments, &why)),
    };
    let mut answer: AccessCheck = read(arguments, &answer)?;
    for atom in &mut answer.atoms {
        // A portal that knows no address of its own gives paths.
        if let Some(url) = atom.url.take() {
            atom.url = Some(if url.starts_with('/') { arguments.at.address() + &url } else { url });
        }
    }
    Ok(answer)
}

/// The repository whose pipeline this is.
fn repository(arguments: &Check) -> Option<String> {
    let named = ["GITHUB_REPOSITORY", "CI_PROJECT_PATH"].into_iter().find_map(|name| std::env::var(name).ok());
    arguments.repository.clone().or(named).filter(|slug| !slug.is_empty())
}

fn read(arguments: &Check, answer: &RemoteAnswer) -> Stopped<AccessCheck> {
    if answer.status == 422
        && let Some(found) = findings(answer)
    {
        return Err(invalid(arguments, &found));
    }
    if answer.status >= 300 {
        // Nothing was decided; what is wrong with the question itself is invalid.
        let code = refused(answer);
        return Err(if answer.status == 422 { code } else { ExitCode::from(UNREADABLE) });
    }
    serde_json::from_value(answer.body.clone()).map_err(|error| {
        eprintln!("error: what the portal answered cannot be read: {error}");
        ExitCode::from(UNREADABLE)
    })
}

fn unreachable(arguments: &Check, why: &str) -> ExitCode {
    match arguments.on_unreachable {
        OnUnreachable::Fail => {
            eprintln!("error: {why}");
            eprintln!("  help: check with a bundle, or let it pass with --on-unreachable warn");
            ExitCode::from(UNREADABLE)
        }
        OnUnreachable::Warn => {
            eprintln!("warning: {why}: nothing was checked");
            ExitCode::SUCCESS
        }
    }
}

/// Believes a bundle.
async fn offline(arguments: &Check, file: &Path, now: Timestamp) -> Stopped<AccessCheck> {
    let (name, text) = manifest_text(arguments)?;
    let manifest: Manifest = parse(&name, &text).map_err(|findings| invalid(arguments, &findings))?;
    let bundle: Bundle =
        bundle::believed(file, &manifest.component.value, &arguments.trusted, &arguments.at, now).await?;
    let known = bundle.known();
    let verdict = check(&Question {
        file: &name,
        manifest: &manifest,
        facts: &bundle.facts,
        known: &known,
        environment: arguments.environment.as_deref(),
        decider: Decider::Bundle,
        now,
        zone: &arguments.zone,
    });
    // A bundle does not say who is in which group: groups and numbers are all there is to name.
    let asked = |found| approving(found, &verdict.component, &bundle.facts, &BTreeSet::new());
    let approving = verdict.atoms.iter().map(asked).collect();
    let mut answer = answer(verdict, approving, (&name, &text), "bundle", &bundle.iss);
    answer.bundle_expires = Some(bundle.exp.to_string());
    answer.manifest.commit.clone_from(&arguments.commit);
    Ok(answer)
}
