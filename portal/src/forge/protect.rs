//! Who may do what in a repository: its protected branch, its collaborators and teams. Each call puts what it says in the place of
//! what there was, so that it may be made again.

use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use super::answer::{segment, success};
use super::auth::request;
use super::client::Forge;
use super::error::Result;
use super::objects::named;

/// How a branch is protected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protection<'a> {
    /// Of pull requests, which are demanded in any case.
    pub approvals: u8,
    pub code_owners: bool,
    pub dismiss_stale: bool,
    /// Names of checks that have to pass.
    pub checks: &'a [String],
    /// It holds for administrators, too.
    pub administrators: bool,
}

impl Forge {
    /// `repository` is `owner/name` here and below.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn protect_branch(&self, repository: &str, branch: &str, protection: &Protection<'_>) -> Result<()> {
        let path = format!("/repos/{}/branches/{}/protection", named(repository), segment(branch));
        let checks = match protection.checks {
            [] => Value::Null,
            checks => json!({ "strict": true, "contexts": checks }),
        };
        let reviews = json!({
            "required_approving_review_count": protection.approvals,
            "require_code_owner_reviews": protection.code_owners,
            "dismiss_stale_reviews": protection.dismiss_stale,
        });
        let sent = json!({
            "required_status_checks": checks, "enforce_admins": protection.administrators,
            "required_pull_request_reviews": reviews, "restrictions": null,
        });
        self.put(&path, &sent).await
    }

    /// Lets somebody in with a permission (`pull`, `push`, `admin`, `maintain`, `triage`, or a role of the organisation);
    /// who is not in the organisation is invited.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn add_collaborator(&self, repository: &str, login: &str, permission: &str) -> Result<()> {
        let path = format!("/repos/{}/collaborators/{}", named(repository), segment(login));
        self.put(&path, &json!({ "permission": permission })).await
    }

    /// Lets a team of an organisation in.
    ///
    /// # Errors
    /// As [`Forge::send`].
    pub async fn add_team(&self, organisation: &str, team: &str, repository: &str, permission: &str) -> Result<()> {
        let path = format!("/orgs/{}/teams/{}/repos/{}", segment(organisation), segment(team), named(repository));
        self.put(&path, &json!({ "permission": permission })).await
    }

    /// What is answered says nothing more, and may be empty.
    async fn put(&self, path: &str, body: &Value) -> Result<()> {
        let mut request = request(Method::PUT, path)?;
        *request.body_mut() = body.to_string().into();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        success(path, self.send(request).await?).map(drop)
    }
}
