//! Addresses of repositories in manifests: what names another repository rather than a package.

use super::{Ecosystem, NONE};

/// What is named by the repository that holds it: Terraform modules, Swift packages, actions and reusable workflows,
/// and whatever other manifests fetch by Git.
pub(super) static GIT: Ecosystem = Ecosystem { id: "git", title: "Git", normalise: whole, ..NONE };

fn whole(name: &str) -> String {
    name.to_owned()
}

/// `owner/repository`, in lower case and with its groups, and `//folder` after it where the address leads to one; `None`
/// for what is no address of a repository. The host is left out: the same repository is reached by several.
pub fn address(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > 500 || text.contains(['$', '{', '<', ' ', '\\']) {
        return None;
    }
    let text = text.strip_prefix("git::").or_else(|| text.strip_prefix("git+")).unwrap_or(text);
    let (host, path) = match text.split_once("://") {
        Some(("https" | "http" | "ssh" | "git", rest)) => rest.split_once('/')?,
        Some(_) => return None,
        // `git@host:owner/repository`
        None => text.split_once('@').filter(|(user, _)| *user == "git").and_then(|(_, rest)| rest.split_once(':'))?,
    };
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().to_lowercase();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (path, folder) = path.split_once("//").map_or((path, ""), |(path, folder)| (path, folder.trim_matches('/')));
    let (path, is_git) = match path.split_once(".git") {
        Some((path, rest)) if rest.is_empty() || rest.starts_with('/') || rest.starts_with('@') => (path, true),
        _ => (path, false),
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let of_two = matches!(host.as_str(), "github.com" | "bitbucket.org");
    let is_repository =
        host.contains('.') && parts.len() >= 2 && parts.len() <= 6 && (parts.len() == 2 || is_git || !of_two);
    let is_word = |part: &&str| part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'));
    if !is_repository || !parts.iter().all(is_word) || folder.split('/').any(|part| part == "..") {
        return None;
    }
    let repository = parts.join("/").to_lowercase();
    Some(if folder.is_empty() { repository } else { format!("{repository}//{folder}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_told_from_other_addresses() {
        let table = [
            ("https://github.com/Acme/Ledger.git", Some("acme/ledger")),
            ("git::https://github.com/acme/modules.git//network/vpc?ref=v1", Some("acme/modules//network/vpc")),
            ("git@gitlab.example.com:acme/platform/modules.git", Some("acme/platform/modules")),
            ("ssh://git@github.com/acme/ledger", Some("acme/ledger")),
            ("git+https://github.com/acme/ledger.git@v1", Some("acme/ledger")),
            ("https://github.com/acme/ledger/archive/v1.zip", None),
            ("https://github.com/acme", None),
            ("https://localhost/acme/ledger", None),
            ("file:///acme/ledger", None),
            ("https://github.com/${owner}/ledger", None),
            ("acme/ledger", None),
            ("git::https://github.com/acme/modules.git//../x", None),
        ];
        for (text, expected) in table {
            assert_eq!(address(text).as_deref(), expected, "{text}");
        }
    }
}
