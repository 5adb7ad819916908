//! Whether the token of a person at GitHub is enough for a launch, as far as GitHub says so before it begins.

use std::time::Duration;

use model::{Finding, Level};

use super::launch::{Launch, RepositoryVisibility};
use crate::forge::{self, look::Who};
use crate::secret::Secret;
use crate::sources::{self, Ground};
use crate::{Error, Portal, Result};

/// A person waits for it; who does not answer by then is asked by the run.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks for the scopes of a classic token; a fine-grained one tells none, and shows in the run.
///
/// # Errors
/// [`Error::Invalid`] for one that GitHub does not know, or that lacks a scope.
pub(super) async fn check(portal: &Portal, launch: &Launch, token: &Secret) -> Result<()> {
    let Ground::GitHub { settings, .. } = sources::ground(portal, &launch.destination)? else { return Ok(()) };
    let forge = sources::forge_with(&settings, token.expose()).map_err(Error::Unavailable)?;
    let needed: &[&str] = match launch.visibility {
        RepositoryVisibility::Public => &["repo", "public_repo"],
        RepositoryVisibility::Private | RepositoryVisibility::Internal => &["repo"],
    };
    let wrong = |message: String, help: &str| {
        Err(Error::Invalid(vec![Finding::new("run.token", Level::Error, message, help)].into()))
    };
    match tokio::time::timeout(PATIENCE, forge.who()).await {
        Ok(Err(forge::Error::Unauthorized { message })) => wrong(
            format!("GitHub does not know your token ({message})"),
            "It is mistyped, over or revoked: make another one, or leave the field empty.",
        ),
        Ok(Ok(Who::Person { scopes: Some(scopes), .. }))
            if !scopes.iter().any(|scope| needed.contains(&scope.as_str())) =>
        {
            let has = if scopes.is_empty() { "none".to_owned() } else { scopes.join(", ") };
            wrong(
                format!("Your token has not the scope {} (it has {has})", needed.join(" or ")),
                "Make one with it, or leave the field empty.",
            )
        }
        _ => Ok(()),
    }
}
