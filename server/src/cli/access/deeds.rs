//! What is done about what is asked for and granted: decided, ended, answered.

use std::process::ExitCode;

use clap::Args;
use model::EntityRef;
use model::access::AccessAtom;
use serde_json::{Value, json};

use super::online::{How, api, line, page};
use crate::cli::remote::{Stopped, read};
use crate::cli::report::print_json;
use crate::cli::run::Format;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 done, 2 it does not wait any more, 3 the portal cannot be reached or does not know you, 4 you may not."
)]
pub struct Decision {
    request: String,
    /// Only this one of it; may be repeated
    #[arg(long = "atom", value_name = "ID")]
    atoms: Vec<String>,
    /// Needed to deny
    #[arg(long, default_value = "")]
    reason: String,
    /// Grant it for less time: a day, or a span
    #[arg(long, default_value = "")]
    until: String,
    #[command(flatten)]
    how: How,
}

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 done, 2 it cannot be done as it stands now, 3 the portal cannot be reached or does not know you, 4 you may not."
)]
pub struct Act {
    /// Of atoms: all of them or none
    #[arg(required = true)]
    ids: Vec<String>,
    /// Needed to revoke, suspend and resume
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    how: How,
}

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 done, 2 it cannot be done as it stands now, 3 the portal cannot be reached or does not know you, 4 you may \
                  not.\n\nExamples:\n  slipway access list --review-due --api payments\n  \
                  slipway access recertify 5f2c9a0b7d3e4f61a8b9c0d1e2f3a4b5 --reason 'Still charges customers'\n  \
                  slipway access recertify --api payments                    # all of it whose review is due\n  \
                  slipway access recertify 0d1e2f3a4b55f2c9a0b7d3e4f61a8b9c --revoke --reason 'Not used since March'"
)]
pub struct Recertify {
    /// Of atoms: all of them or none
    #[arg(required_unless_present = "api", conflicts_with = "api")]
    ids: Vec<String>,
    /// Instead of naming them: all of this API whose review is due
    #[arg(long, value_parser = api)]
    api: Option<EntityRef>,
    /// It is not needed any more: end it at once
    #[arg(long)]
    revoke: bool,
    /// Needed to revoke
    #[arg(long, default_value = "", required_if_eq("revoke", "true"))]
    reason: String,
    #[command(flatten)]
    how: How,
}

pub async fn decide(decision: Decision, approves: bool) -> Stopped<ExitCode> {
    let Decision { request, atoms, reason, until, how } = decision;
    let body = json!({ "approves": approves, "reason": reason, "until": until, "atoms": atoms });
    let path = format!("/api/v1/access/requests/{}/decide", app::address::value(&request));
    done(&path, &body, &how).await
}

pub async fn act(arguments: Act, deed: &str) -> Stopped<ExitCode> {
    let Act { ids, reason, how } = arguments;
    done("/api/v1/access/acts", &json!({ "deed": deed, "ids": ids, "reason": reason }), &how).await
}

/// Answers the reviews that are named, or page by page all of an API that are due.
pub async fn recertify(arguments: Recertify) -> Stopped<ExitCode> {
    let Recertify { ids, api, revoke, reason, how } = arguments;
    let deed = if revoke { "revoke" } else { "recertify" };
    let Some(api) = api else {
        return act(Act { ids, reason, how }, deed).await;
    };
    let remote = how.at.remote()?;
    let filters = [("api", api.to_string()), ("review_due", "true".to_owned()), ("per_page", "200".to_owned())];
    let filters = filters.map(|(name, value)| (name, Some(value)));
    let mut answered: Vec<AccessAtom> = Vec::new();
    loop {
        let due = page(&remote, &filters).await?.rows;
        if due.is_empty() {
            break;
        }
        let ids: Vec<&str> = due.iter().map(|atom| atom.id.as_str()).collect();
        let body = json!({ "deed": deed, "ids": ids, "reason": reason });
        answered.extend(read::<Vec<AccessAtom>>(remote.post("/api/v1/access/acts", &[], &body).await)?);
    }
    print(&answered, &how);
    if how.format == Format::Text {
        println!("{} answered", answered.len());
    }
    Ok(ExitCode::SUCCESS)
}

async fn done(path: &str, body: &Value, how: &How) -> Stopped<ExitCode> {
    let atoms: Vec<AccessAtom> = read(how.at.remote()?.post(path, &[], body).await)?;
    print(&atoms, how);
    Ok(ExitCode::SUCCESS)
}

fn print(atoms: &[AccessAtom], how: &How) {
    match how.format {
        Format::Json => print_json(&json!(atoms)),
        Format::Text => atoms.iter().for_each(line),
    }
}
