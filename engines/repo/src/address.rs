//! Where a repository is at its host, told from any of its addresses.

/// Longer ones are none.
const LONGEST: usize = 2_000;

/// Host and path of a repository, from an address that it is cloned from or looked at: lower case, without scheme, login,
/// port and `.git`. Different addresses of one repository give the same.
pub fn address(text: &str) -> Option<String> {
    if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let (host, path) = match text.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        // `git@host:owner/repository`
        None => text.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().to_lowercase();
    let path = path.split(['?', '#']).next().unwrap_or_default().to_lowercase();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    whole(&host, &parts)
}

/// The same of a host and the parts of a path, all in lower case.
pub fn whole(host: &str, parts: &[&str]) -> Option<String> {
    let own = host.strip_suffix(".visualstudio.com");
    let azure = match (host, own) {
        ("dev.azure.com", _) => Some(parts.to_vec()),
        ("ssh.dev.azure.com", _) => match parts {
            ["v3", organisation, project, repository] => Some(vec![*organisation, *project, "_git", *repository]),
            _ => None,
        },
        (_, Some(organisation)) => {
            let parts = parts.strip_prefix(&["defaultcollection"]).unwrap_or(parts);
            Some(std::iter::once(organisation).chain(parts.iter().copied()).collect())
        }
        _ => None,
    };
    let (host, parts) = match &azure {
        Some(parts) => ("dev.azure.com", parts.as_slice()),
        // Bitbucket Server clones from `/scm/project/repository`.
        None => (host, parts.strip_prefix(&["scm"]).unwrap_or(parts)),
    };
    let (last, before) = parts.split_last()?;
    let last = last.strip_suffix(".git").unwrap_or(last);
    if host.is_empty() || last.is_empty() || before.is_empty() {
        return None;
    }
    Some(format!("{host}/{}/{last}", before.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_repository_are_the_same() {
        let table = [
            ("https://github.com/Acme/Ledger.git", Some("github.com/acme/ledger")),
            ("https://token@github.com/acme/ledger", Some("github.com/acme/ledger")),
            ("git@github.com:acme/ledger.git", Some("github.com/acme/ledger")),
            ("ssh://git@git.example.com:7999/acme/ledger.git", Some("git.example.com/acme/ledger")),
            ("https://gitlab.example.com/acme/platform/ledger.git", Some("gitlab.example.com/acme/platform/ledger")),
            ("https://git.example.com/scm/pay/ledger.git", Some("git.example.com/pay/ledger")),
            ("https://acme@dev.azure.com/acme/Pay/_git/ledger", Some("dev.azure.com/acme/pay/_git/ledger")),
            ("git@ssh.dev.azure.com:v3/acme/pay/ledger", Some("dev.azure.com/acme/pay/_git/ledger")),
            (
                "https://acme.visualstudio.com/DefaultCollection/pay/_git/ledger",
                Some("dev.azure.com/acme/pay/_git/ledger"),
            ),
            ("/srv/git/ledger.git", None),
            ("https://github.com/acme", None),
            ("file:///srv/git/ledger.git", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(address(text).as_deref(), expected, "{text}");
        }
    }
}
