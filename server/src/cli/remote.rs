//! What all commands share that ask a portal over its API.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use model::Findings;
use portal::outgoing::{Remote, RemoteAnswer};
use portal::secret::Secret;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{INVALID, NOT_TRUSTED, UNREADABLE, print_findings};

/// Which portal, and as whom. The token is never an argument, which others on the machine could read.
#[derive(Args)]
pub struct At {
    /// Where the portal is [default: SLIPWAY_PORTAL, or http://127.0.0.1:3000]
    #[arg(long, value_name = "URL")]
    portal: Option<String>,
    /// A file whose first line is the token [default: what SLIPWAY_TOKEN holds]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Why it ends here; what is to be said has been said.
pub type Stopped<T> = Result<T, ExitCode>;

impl At {
    /// The portal at this address.
    pub fn of(portal: &str) -> Self {
        Self { portal: Some(portal.to_owned()), token_file: None }
    }

    /// The portal that somebody named, if anybody did.
    pub fn named(&self) -> Option<String> {
        self.portal.clone().or_else(|| std::env::var("SLIPWAY_PORTAL").ok()).filter(|address| !address.is_empty())
    }

    /// The portal's address, without a trailing `/`.
    pub fn address(&self) -> String {
        self.named().unwrap_or_else(|| "http://127.0.0.1:3000".to_owned()).trim_end_matches('/').to_owned()
    }

    pub fn remote(&self) -> Stopped<Remote> {
        let token = match &self.token_file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| stop(UNREADABLE, &format!("{}: {error}", file.display())))?;
                text.lines().next().map(|line| line.trim().to_owned())
            }
            None => std::env::var("SLIPWAY_TOKEN").ok(),
        };
        let token = token.filter(|token| !token.is_empty()).map(Secret::new);
        Remote::new(&self.address(), token).map_err(|why| stop(INVALID, &why))
    }
}

/// What was asked for, or what went wrong.
pub fn read<T: DeserializeOwned>(answer: Result<RemoteAnswer, String>) -> Stopped<T> {
    let answer = answer.map_err(|why| stop(UNREADABLE, &why))?;
    if answer.status >= 300 {
        return Err(refused(&answer));
    }
    serde_json::from_value(answer.body)
        .map_err(|error| stop(UNREADABLE, &format!("what the portal answered cannot be read: {error}")))
}

/// Says what a problem says; gives the code to exit with.
pub fn refused(answer: &RemoteAnswer) -> ExitCode {
    let said = answer.body.get("detail").and_then(Value::as_str).map(str::to_owned);
    let said = said.unwrap_or_else(|| format!("the portal answered with status {}", answer.status));
    // 404 names what is not there, 409 what is not so any more, 400 and 422 what is wrong.
    let code = match answer.status {
        400 | 404 | 409 | 413 | 422 => INVALID,
        403 => NOT_TRUSTED,
        _ => UNREADABLE,
    };
    let code = stop(code, &said);
    if let Some(findings) = findings(answer) {
        print_findings(&findings.findings);
    }
    if answer.status == 401 {
        eprintln!("  help: set SLIPWAY_TOKEN to a token from your page at the portal");
    }
    code
}

/// What was found wrong with what was sent.
pub fn findings(answer: &RemoteAnswer) -> Option<Findings> {
    answer.body.get("findings").cloned().and_then(|findings| serde_json::from_value(findings).ok())
}

pub fn stop(code: u8, why: &str) -> ExitCode {
    eprintln!("error: {why}");
    ExitCode::from(code)
}
