//! Who is not a person. Bots are never an owner, an approver or a contributor.

/// Who is not a person, besides the well-known ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bots {
    /// Names, logins or e-mail addresses, without regard to case.
    pub names: Vec<String>,
}

/// Names and logins of programs that commit, in lower case.
const KNOWN: &[&str] = &[
    "allcontributors",
    "codecov-io",
    "copilot-swe-agent",
    "dependabot",
    "dependabot-preview",
    "depfu",
    "deepsource-autofix",
    "fossabot",
    "git-bot",
    "github actions",
    "github-actions",
    "gitlab",
    "gitlab-runner",
    "greenkeeper",
    "greenkeeperio-bot",
    "imgbot",
    "jenkins",
    "mend-bolt-for-github",
    "mergify",
    "pre-commit-ci",
    "pyup-bot",
    "pyup.io bot",
    "release-please",
    "renovate",
    "renovate bot",
    "renovate-bot",
    "restyled-io",
    "semantic-release-bot",
    // What begins the projects that are launched here.
    "slipway",
    "snyk",
    "snyk bot",
    "snyk-bot",
    "transifex-integration",
    "travis ci",
    "weblate",
    "whitesource-bolt-for-github",
    "whitesource-renovate",
];

impl Bots {
    /// Whether commits of this author were made by a program.
    pub fn is_bot(&self, name: &str, email: &str) -> bool {
        let name = name.trim().to_lowercase();
        let email = email.trim().to_lowercase();
        let login = login(&email);
        let local = email.split('@').next().unwrap_or_default();
        let known = |text: &str| !text.is_empty() && KNOWN.contains(&text);
        let listed = |text: &str| !text.is_empty() && self.names.iter().any(|bot| bot.eq_ignore_ascii_case(text));
        if [name.as_str(), &email, login.unwrap_or_default(), local].iter().any(|text| listed(text)) {
            return true;
        }
        known(&name)
            || login.is_some_and(known)
            || marked(&name)
            || login.is_some_and(marked)
            // A person's own address at a forge is `…@users.noreply.…`; a bare `noreply` is a service account.
            || matches!(local, "noreply" | "no-reply" | "donotreply" | "do-not-reply")
            || marked(local)
    }
}

/// `renovate[bot]`, `acme-bot`, `Acme Bot`; not `Abbot`.
fn marked(name: &str) -> bool {
    name.contains("[bot]")
        || ["-bot", "_bot", " bot", ".bot"].iter().any(|ending| name.ends_with(ending))
        || name == "bot"
}

/// The login in a forge's `noreply` address: `1234+login@users.noreply.github.com`, `1234-login@users.noreply.gitlab.com`.
pub(crate) fn login(email: &str) -> Option<&str> {
    let (local, domain) = email.split_once('@')?;
    let domain = domain.strip_prefix("users.noreply.")?;
    if domain.is_empty() {
        return None;
    }
    let numbered = |separator| {
        local.split_once(separator).filter(|(id, _)| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
    };
    Some(numbered('+').or_else(|| numbered('-')).map_or(local, |(_, login)| login))
}
