//! Feature by feature: which permission it needs at the forge, whether it is there, and what is off without it.
//!
//! Sources: GitHub's "Scopes for OAuth apps" (classic tokens), "Permissions required for GitHub Apps" and "Permissions
//! required for fine-grained personal access tokens".

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Serialize;

use super::answer::segment;
use super::auth::request;
use super::client::Forge;
use super::error::Result;
use super::existence::scopes;

/// What the portal does with a forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    ListRepositories,
    Clone,
    Teams,
    Members,
    CustomProperties,
    ReadPullRequests,
    PullRequests,
    WriteContents,
    ManageWebhooks,
    CheckRuns,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permission {
    pub feature: Feature,
    /// In the words of the settings page where it is given: a scope, or a permission and its level.
    pub needed: String,
    pub state: PermissionState,
    /// What does not work without it, as a whole sentence.
    pub without: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "why")]
pub enum PermissionState {
    Granted,
    Missing,
    /// The forge does not tell, or did not answer.
    Unknown(String),
}

struct Need {
    feature: Feature,
    /// One of these is enough; none are for what only Apps may do.
    scopes: &'static [&'static str],
    /// Of an App or a fine-grained token; either is enough, since GitHub has renamed some.
    permissions: &'static [&'static str],
    level: &'static str,
    without: &'static str,
    /// A listing that succeeds only with the permission, after `/orgs/{organisation}`.
    probe: Option<&'static str>,
}

/// Whoever may not see private repositories gets an empty list.
const PRIVATE: &str = "/repos?type=private&per_page=1";

const NEEDS: [Need; 10] = [
    Need {
        feature: Feature::ListRepositories,
        scopes: &["repo"],
        permissions: &["metadata"],
        level: "read",
        without: "Private and internal repositories are not found.",
        probe: Some(PRIVATE),
    },
    Need {
        feature: Feature::Clone,
        scopes: &["repo"],
        permissions: &["contents"],
        level: "read",
        without: "Private and internal repositories are listed by name, but not read.",
        probe: None,
    },
    Need {
        feature: Feature::Teams,
        scopes: &["read:org"],
        permissions: &["members"],
        level: "read",
        without: "Teams do not become groups, and ownership by team is not known.",
        probe: Some("/teams?per_page=1"),
    },
    Need {
        feature: Feature::Members,
        scopes: &["read:org"],
        permissions: &["members"],
        level: "read",
        without: "Only people who made their membership public are known.",
        probe: Some("/teams?per_page=1"),
    },
    Need {
        feature: Feature::CustomProperties,
        scopes: &["read:org"],
        permissions: &["organization_custom_properties", "repository_custom_properties"],
        level: "read",
        without: "Custom properties are not shown and cannot be filtered by.",
        probe: Some("/properties/values?per_page=1"),
    },
    Need {
        feature: Feature::ReadPullRequests,
        scopes: &["repo", "public_repo"],
        permissions: &["pull_requests"],
        level: "read",
        without: "Who opened a pull request is not known: who wrote a change of a manifest of access is as Git says.",
        probe: None,
    },
    Need {
        feature: Feature::PullRequests,
        scopes: &["repo", "public_repo"],
        permissions: &["pull_requests"],
        level: "write",
        without: "Changes are offered as a file to download, not as a pull request.",
        probe: None,
    },
    Need {
        feature: Feature::WriteContents,
        scopes: &["repo", "public_repo"],
        permissions: &["contents"],
        level: "write",
        without: "No branch can be pushed for a pull request.",
        probe: None,
    },
    Need {
        feature: Feature::ManageWebhooks,
        scopes: &["admin:org_hook"],
        permissions: &["organization_hooks"],
        level: "write",
        without: "The webhook has to be set up by hand; without one, changes are seen by polling.",
        probe: None,
    },
    Need {
        feature: Feature::CheckRuns,
        scopes: &[],
        permissions: &["checks"],
        level: "write",
        without: "Results are not shown on commits; only a GitHub App can write them.",
        probe: None,
    },
];

/// A permission that an App is registered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// As a manifest names it.
    pub permission: &'static str,
    pub level: &'static str,
    /// What does not work without it.
    pub without: &'static str,
}

/// What an App is given from the start, to read or to write too. Permissions of organisations are not for people.
pub fn of_app(is_organisation: bool, writes: bool) -> Vec<Asked> {
    use Feature::{
        CheckRuns, Clone, CustomProperties, ListRepositories, PullRequests, ReadPullRequests, Teams, WriteContents,
    };

    let mut wanted = vec![ListRepositories, if writes { WriteContents } else { Clone }];
    if is_organisation {
        wanted.extend([Teams, CustomProperties]);
    }
    wanted.push(if writes { PullRequests } else { ReadPullRequests });
    if writes {
        wanted.push(CheckRuns);
    }
    let row = |feature: Feature| NEEDS.iter().find(|need| need.feature == feature);
    let asked = |need: &Need| {
        let permission = need.permissions.first()?;
        Some(Asked { permission, level: need.level, without: need.without })
    };
    wanted.into_iter().filter_map(row).filter_map(asked).collect()
}

impl Forge {
    /// The table for an organisation. Apps and classic tokens tell what they have; what a fine-grained token may read is
    /// tried, and what it may write shows only when it does.
    ///
    /// # Errors
    /// If the forge does not answer, or does not accept the credentials.
    pub async fn permissions(&self, organisation: &str) -> Result<Vec<Permission>> {
        if let Some(installation) = self.look_at_installation().await? {
            return Ok(NEEDS.iter().map(|need| need.row(need.of_app(&installation.permissions))).collect());
        }
        if self.is_nobody() {
            return Ok(NEEDS.iter().map(|need| need.row(PermissionState::Missing)).collect());
        }
        if let Some(scopes) = scopes(self.get("/user", None).await?.headers()) {
            return Ok(NEEDS.iter().map(|need| need.row(need.of_scopes(&scopes))).collect());
        }
        let mut rows = Vec::new();
        for need in &NEEDS {
            rows.push(need.row(self.try_out(organisation, need).await?));
        }
        Ok(rows)
    }

    async fn try_out(&self, organisation: &str, need: &Need) -> Result<PermissionState> {
        let Some(probe) = need.probe else {
            return Ok(PermissionState::Unknown(
                "A fine-grained token does not tell; it shows at the first use.".to_owned(),
            ));
        };
        let path = format!("/orgs/{}{probe}", segment(organisation));
        Ok(match self.send(request(http::Method::GET, &path)?).await {
            Ok(answer) if answer.status().is_success() && probe == PRIVATE && answer.body().len() <= "[]".len() => {
                PermissionState::Unknown(
                    "No private repository is seen: there is none, or the token may not.".to_owned(),
                )
            }
            Ok(answer) if answer.status().is_success() => PermissionState::Granted,
            Ok(answer) if matches!(answer.status(), StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) => {
                PermissionState::Missing
            }
            Ok(answer) => PermissionState::Unknown(format!("The forge answered with {}.", answer.status().as_u16())),
            Err(error) => PermissionState::Unknown(error.to_string()),
        })
    }
}

impl Need {
    fn row(&self, state: PermissionState) -> Permission {
        let permission = format!("{}: {}", self.permissions.join(" or "), self.level);
        let needed = match self.scopes {
            [] => format!("GitHub App with {permission}"),
            scopes => format!("{}, or {permission}", scopes.join(" or ")),
        };
        Permission { feature: self.feature, needed, state, without: self.without }
    }

    fn of_app(&self, given: &BTreeMap<String, String>) -> PermissionState {
        let enough = |level: &str| level == "admin" || level == "write" || level == self.level;
        let has = |name: &&str| given.get(*name).is_some_and(|level| enough(level));
        if self.permissions.iter().any(has) { PermissionState::Granted } else { PermissionState::Missing }
    }

    fn of_scopes(&self, given: &[String]) -> PermissionState {
        let has = |needed: &&str| given.iter().any(|scope| scope == needed || implies(scope, needed));
        if self.scopes.iter().any(has) { PermissionState::Granted } else { PermissionState::Missing }
    }
}

/// A scope contains those indented below it in "Available scopes".
fn implies(scope: &str, needed: &str) -> bool {
    matches!((scope, needed), ("repo", "public_repo") | ("admin:org" | "write:org", "read:org"))
}
