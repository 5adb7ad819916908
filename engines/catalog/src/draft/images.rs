//! The names of images that are built here.

use crate::manifest::ci::without_tag;

/// What stands for the repository's own name in pipelines.
const REPOSITORY: [&str; 8] = [
    "github.repository",
    "github.event.repository.name",
    "CI_PROJECT_NAME",
    "CI_PROJECT_PATH",
    "BITBUCKET_REPO_SLUG",
    "GITHUB_REPOSITORY",
    "REPO_NAME",
    "DRONE_REPO_NAME",
];

/// An image's name as it can be compared: without tag, every expression a `*`, the repository's own name `{repository}`.
/// `None` where nothing is left that tells it from others.
pub(super) fn pattern(image: &str) -> Option<String> {
    let mut pattern = String::new();
    let mut rest = image;
    while let Some(at) = rest.find('$') {
        pattern.push_str(&rest[..at]);
        let expression = &rest[at..];
        let end = end_of(expression);
        let inner = &expression[..end];
        if inner.contains("CI_REGISTRY_IMAGE") {
            pattern.push_str("*/{repository}");
        } else if REPOSITORY.iter().any(|name| inner.contains(name)) {
            // It stands for owner and name.
            let whole = inner.contains("repository }")
                || inner.contains("repository}")
                || inner.contains("PATH")
                || inner.contains("GITHUB_REPOSITORY");
            pattern.push_str(if whole && pattern.ends_with('/') { "*/{repository}" } else { "{repository}" });
        } else {
            pattern.push('*');
        }
        rest = &expression[end..];
    }
    pattern.push_str(rest);
    let pattern = without_tag(&pattern).to_lowercase();
    let last = pattern.rsplit('/').next().unwrap_or_default();
    (!last.is_empty() && last != "*" && !pattern.contains(char::is_whitespace) && pattern.len() <= 300)
        .then_some(pattern)
}

/// Where the expression ends that begins with `$`.
fn end_of(text: &str) -> usize {
    let open = text.as_bytes().get(1).copied();
    let close = match open {
        Some(b'{') if text[1..].starts_with("{{") => text.find("}}").map(|at| at + 2),
        Some(b'{') => text.find('}').map(|at| at + 1),
        Some(b'(') => text.find(')').map(|at| at + 1),
        _ => Some(1 + text[1..].bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()),
    };
    close.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_become_wildcards() {
        let table = [
            ("ghcr.io/${{ github.repository }}", Some("ghcr.io/*/{repository}")),
            ("$CI_REGISTRY_IMAGE", Some("*/{repository}")),
            ("$CI_REGISTRY_IMAGE/worker:$TAG", Some("*/{repository}/worker")),
            ("${REGISTRY}/harbour/Ledger:${TAG}", Some("*/harbour/ledger")),
            ("r.example.com/harbour/${{ github.event.repository.name }}", Some("r.example.com/harbour/{repository}")),
            ("r/${{ matrix.image }}", None),
            ("$(X", None),
            ("é$", Some("é*")),
        ];
        for (image, expected) in table {
            assert_eq!(pattern(image).as_deref(), expected, "{image}");
        }
    }
}
