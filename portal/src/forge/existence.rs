//! Whether one repository is still there. What a listing does not show is out of sight; gone is only what says so itself.

use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};

use super::answer::{parse, segment, success};
use super::auth::request;
use super::client::Forge;
use super::error::{Error, Result};
use super::listing::repositories::{ForgeRepository, WireRepository};

/// What became of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existence {
    /// With the name that it has now, and the owner: it may have been renamed or transferred.
    There(Box<ForgeRepository>),
    /// 404 or 410 by its id, while we may see what we saw before.
    Gone,
    /// It is not known, and nothing may be removed.
    Unknown(Unclear),
}

/// Why nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclear {
    /// The forge did not answer, or refused: 401, 403, 5xx, no connection.
    NoAnswer(Error),
    /// 404, but our credentials are others, or weaker or stronger, than when it was seen.
    StandingChanged,
    /// 404, but an App for selected repositories cannot tell what was deleted from what was deselected.
    SelectedRepositories,
    /// 404, and we do not see everything there: what we lost the right to read looks just like what was deleted.
    NotEverything,
}

impl std::fmt::Display for Unclear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoAnswer(error) => write!(f, "the forge could not say whether it is gone: {error}"),
            Self::StandingChanged => f.write_str("our credentials may see other things than before"),
            Self::SelectedRepositories => {
                f.write_str("an App for selected repositories cannot tell whether it is gone")
            }
            Self::NotEverything => f.write_str(
                "only an App for all repositories, or a classic token of an owner with the scope repo, could tell whether it is gone",
            ),
        }
    }
}

/// Who we are at the forge and what we may see there. GitHub answers 404 for what may not be seen, so a 404 means
/// something only while this stays the same ("Troubleshooting the REST API", "404 Not Found for an existing resource").
///
/// What a fine-grained token may see is not told by the forge: for one, only its person and their membership are here, and
/// it proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// `nobody`, `user:…`, `installation:…`
    who: String,
    /// In the organisation: state and role, or the status of the refusal.
    membership: Option<String>,
    selected_only: bool,
    /// Scopes of a classic token; permissions of an App.
    rights: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct WireUser {
    login: String,
}

#[derive(Deserialize)]
struct WireMembership {
    state: String,
    role: String,
}

impl Standing {
    /// What a 404 leaves open, asked under this standing by something that was last seen under `before`; `None` if it
    /// means that there is nothing.
    pub fn absence(&self, account: &str, before: &Self) -> Option<Unclear> {
        if self.selected_only {
            Some(Unclear::SelectedRepositories)
        } else if self != before {
            Some(Unclear::StandingChanged)
        } else if !self.sees_all(account) {
            Some(Unclear::NotEverything)
        } else {
            None
        }
    }

    /// Owners see every repository of their organisation, and people all of their own ("Repository roles for an
    /// organization"); everybody else may lose sight of one without any sign of it here.
    fn sees_all(&self, account: &str) -> bool {
        if self.who.starts_with("installation:") {
            return !self.selected_only;
        }
        let is_owner = self.membership.as_deref() == Some("active admin");
        let is_own = self.who.strip_prefix("user:").is_some_and(|login| login.eq_ignore_ascii_case(account));
        (is_owner || is_own) && self.rights.contains_key("repo")
    }
}

impl Forge {
    /// Our standing with an organisation or user, asked anew. To be kept with each listing.
    ///
    /// # Errors
    /// If the forge does not answer, or does not accept the credentials.
    pub async fn standing(&self, account: &str) -> Result<Standing> {
        if let Some(installation) = self.look_at_installation().await? {
            return Ok(Standing {
                who: format!("installation:{}", installation.id),
                membership: None,
                selected_only: installation.selected_only,
                rights: installation.permissions,
            });
        }
        if self.is_nobody() {
            let rights = BTreeMap::new();
            return Ok(Standing { who: "nobody".to_owned(), membership: None, selected_only: false, rights });
        }
        let answer = self.get("/user", None).await?;
        let user: WireUser = parse("/user", answer.body())?;
        let path = format!("/user/memberships/orgs/{}", segment(account));
        let membership = self.send(request(Method::GET, &path)?).await?;
        let status = membership.status();
        if status.is_server_error() {
            return Err(success(&path, membership).err().unwrap_or(Error::NotFound { what: path }));
        }
        let membership = match parse::<WireMembership>(&path, membership.body()) {
            Ok(membership) if status.is_success() => format!("{} {}", membership.state, membership.role),
            _ => status.as_u16().to_string(),
        };
        let scopes = scopes(answer.headers()).unwrap_or_default();
        Ok(Standing {
            who: format!("user:{}", user.login),
            membership: Some(membership),
            selected_only: false,
            rights: scopes.into_iter().map(|scope| (scope, "scope".to_owned())).collect(),
        })
    }

    /// The repository with this id, whatever it is called now and whoever has it.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::Gone`] if there is none that the credentials may see; otherwise as [`Forge::send`].
    pub async fn by_id(&self, id: u64) -> Result<ForgeRepository> {
        let path = format!("/repositories/{id}");
        let answer = self.get(&path, None).await?;
        parse::<WireRepository>(&path, answer.body()).map(ForgeRepository::from)
    }

    /// Whether the repository with this id is still there. `before` is our standing with `account` when it was last seen.
    pub async fn exists(&self, id: u64, account: &str, before: &Standing) -> Existence {
        match self.by_id(id).await {
            Ok(repository) => Existence::There(Box::new(repository)),
            Err(Error::NotFound { .. } | Error::Gone { .. }) => match self.standing(account).await {
                Ok(now) => now.absence(account, before).map_or(Existence::Gone, Existence::Unknown),
                Err(error) => Existence::Unknown(Unclear::NoAnswer(error)),
            },
            Err(error) => Existence::Unknown(Unclear::NoAnswer(error)),
        }
    }

    /// The repository with this id, whatever it is called now.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the credentials may see; otherwise as [`Forge::send`].
    pub async fn repository_of_id(&self, id: u64) -> Result<ForgeRepository> {
        let path = format!("/repositories/{id}");
        let answer = self.get(&path, None).await?;
        parse::<WireRepository>(&path, answer.body()).map(ForgeRepository::from)
    }

    /// The repository with this name or, after a rename or a transfer, with this former name (301, "Follow redirects").
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none that the credentials may see; otherwise as [`Forge::send`].
    pub async fn repository(&self, owner: &str, name: &str) -> Result<ForgeRepository> {
        let path = format!("/repos/{}/{}", segment(owner), segment(name));
        let answer = self.get(&path, None).await?;
        parse::<WireRepository>(&path, answer.body()).map(ForgeRepository::from)
    }
}

/// Scopes of a classic token ("Scopes for OAuth apps"); `None` for a fine-grained one, which has no such header.
pub(super) fn scopes(headers: &http::HeaderMap) -> Option<Vec<String>> {
    let header = headers.get("x-oauth-scopes")?.to_str().ok()?;
    Some(header.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect())
}
