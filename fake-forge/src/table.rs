//! Every route that is answered, and the one of GitHub's OpenAPI description whose answer it gives. What is not in here is
//! 404, so that `cargo xtask conformance`, which holds each answer against that description in this order, misses none.

use serde::Serialize;

/// One route. In a path `{x}` stands for one segment, and a last `{ref}` for one or more.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Documented {
    pub method: &'static str,
    pub path: &'static str,
    /// The path in the description: where links to further pages lead by number, GitHub documents the names only.
    pub documented: &'static str,
}

const fn own(method: &'static str, path: &'static str) -> Documented {
    Documented { method, path, documented: path }
}

const fn alias(method: &'static str, path: &'static str, documented: &'static str) -> Documented {
    Documented { method, path, documented }
}

#[rustfmt::skip]
pub(crate) const TABLE: &[Documented] = &[
    own("GET", "/rate_limit"),
    own("GET", "/meta"),
    own("GET", "/user"),
    own("GET", "/user/emails"),
    own("GET", "/user/memberships/orgs/{org}"),
    own("GET", "/app"),
    own("GET", "/app/hook/config"),
    own("GET", "/app/hook/deliveries"),
    own("POST", "/app-manifests/{code}/conversions"),
    own("GET", "/orgs/{org}/installation"),
    own("GET", "/users/{username}/installation"),
    own("POST", "/app/installations/{installation_id}/access_tokens"),
    own("GET", "/installation/repositories"),
    own("GET", "/orgs/{org}"),
    own("GET", "/orgs/{org}/repos"),
    own("GET", "/users/{username}/repos"),
    own("GET", "/orgs/{org}/members"),
    own("GET", "/orgs/{org}/teams"),
    own("GET", "/orgs/{org}/teams/{team_slug}/members"),
    own("GET", "/orgs/{org}/teams/{team_slug}/repos"),
    own("GET", "/orgs/{org}/properties/values"),
    alias("GET", "/organizations/{org_id}/repos", "/orgs/{org}/repos"),
    alias("GET", "/organizations/{org_id}/members", "/orgs/{org}/members"),
    alias("GET", "/organizations/{org_id}/teams", "/orgs/{org}/teams"),
    alias("GET", "/organizations/{org_id}/team/{team_id}/members", "/orgs/{org}/teams/{team_slug}/members"),
    alias("GET", "/organizations/{org_id}/team/{team_id}/repos", "/orgs/{org}/teams/{team_slug}/repos"),
    alias("GET", "/organizations/{org_id}/properties/values", "/orgs/{org}/properties/values"),
    own("GET", "/repos/{owner}/{repo}"),
    own("POST", "/orgs/{org}/repos"),
    own("POST", "/user/repos"),
    own("GET", "/repos/{owner}/{repo}/branches"),
    own("PATCH", "/repos/{owner}/{repo}"),
    own("PUT", "/repos/{owner}/{repo}/topics"),
    own("PUT", "/repos/{owner}/{repo}/collaborators/{username}"),
    own("PUT", "/orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}"),
    own("PUT", "/repos/{owner}/{repo}/branches/{branch}/protection"),
    own("POST", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches"),
    own("GET", "/repos/{owner}/{repo}/teams"),
    own("GET", "/repos/{owner}/{repo}/collaborators"),
    alias("GET", "/repositories/{repository_id}", "/repos/{owner}/{repo}"),
    own("GET", "/repos/{owner}/{repo}/git/ref/{ref}"),
    own("POST", "/repos/{owner}/{repo}/git/refs"),
    own("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}"),
    own("POST", "/repos/{owner}/{repo}/git/commits"),
    own("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}"),
    own("POST", "/repos/{owner}/{repo}/git/trees"),
    own("GET", "/repos/{owner}/{repo}/git/blobs/{file_sha}"),
    own("POST", "/repos/{owner}/{repo}/git/blobs"),
    own("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}"),
    own("POST", "/repos/{owner}/{repo}/pulls"),
    own("GET", "/repos/{owner}/{repo}/pulls"),
    own("GET", "/repos/{owner}/{repo}/pulls/{pull_number}"),
    own("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}"),
    own("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls"),
    own("GET", "/repos/{owner}/{repo}/activity"),
    own("GET", "/repos/{owner}/{repo}/compare/{basehead}"),
    own("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    own("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    own("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}"),
    own("POST", "/repos/{owner}/{repo}/check-runs"),
    own("PATCH", "/repos/{owner}/{repo}/check-runs/{check_run_id}"),
    own("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}"),
    alias("GET", "/repositories/{repository_id}/git/ref/{ref}", "/repos/{owner}/{repo}/git/ref/{ref}"),
    alias("POST", "/repositories/{repository_id}/git/refs", "/repos/{owner}/{repo}/git/refs"),
    alias("GET", "/repositories/{repository_id}/git/commits/{commit_sha}", "/repos/{owner}/{repo}/git/commits/{commit_sha}"),
    alias("POST", "/repositories/{repository_id}/git/commits", "/repos/{owner}/{repo}/git/commits"),
    alias("GET", "/repositories/{repository_id}/git/trees/{tree_sha}", "/repos/{owner}/{repo}/git/trees/{tree_sha}"),
    alias("POST", "/repositories/{repository_id}/git/trees", "/repos/{owner}/{repo}/git/trees"),
    alias("GET", "/repositories/{repository_id}/git/blobs/{file_sha}", "/repos/{owner}/{repo}/git/blobs/{file_sha}"),
    alias("POST", "/repositories/{repository_id}/git/blobs", "/repos/{owner}/{repo}/git/blobs"),
    alias("PATCH", "/repositories/{repository_id}/git/refs/{ref}", "/repos/{owner}/{repo}/git/refs/{ref}"),
    alias("POST", "/repositories/{repository_id}/pulls", "/repos/{owner}/{repo}/pulls"),
    alias("GET", "/repositories/{repository_id}/pulls", "/repos/{owner}/{repo}/pulls"),
    alias("GET", "/repositories/{repository_id}/pulls/{pull_number}", "/repos/{owner}/{repo}/pulls/{pull_number}"),
    alias("PATCH", "/repositories/{repository_id}/pulls/{pull_number}", "/repos/{owner}/{repo}/pulls/{pull_number}"),
    alias("GET", "/repositories/{repository_id}/commits/{commit_sha}/pulls", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls"),
    alias("GET", "/repositories/{repository_id}/activity", "/repos/{owner}/{repo}/activity"),
    alias("GET", "/repositories/{repository_id}/compare/{basehead}", "/repos/{owner}/{repo}/compare/{basehead}"),
    alias("DELETE", "/repositories/{repository_id}/git/refs/{ref}", "/repos/{owner}/{repo}/git/refs/{ref}"),
    // Last, since nothing can be asked of what is gone.
    own("DELETE", "/repos/{owner}/{repo}"),
];

/// Whether a request has a row.
pub(crate) fn knows(method: &str, path: &[String]) -> bool {
    TABLE.iter().any(|row| row.method == method && fits(row.path, path))
}

fn fits(template: &str, path: &[String]) -> bool {
    let mut segments = path.iter();
    for part in template.split('/').skip(1) {
        let Some(segment) = segments.next() else { return false };
        if part == "{ref}" {
            return true;
        }
        if !part.starts_with('{') && part != segment {
            return false;
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::knows;

    #[test]
    fn paths_fit_their_templates() {
        let known = |path: &str| {
            let path: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
            knows("GET", &path)
        };
        for path in ["/rate_limit", "/orgs/acme", "/repos/acme/shop/git/ref/heads/a/b", "/repositories/7"] {
            assert!(known(path), "{path}");
        }
        for path in ["/rate_limit/x", "/orgs", "/repos/acme/shop/git/ref", "/repos/acme/shop/issues", "/"] {
            assert!(!known(path), "{path}");
        }
    }
}
