//! Who vouches for people, as an operator has set it.

use ipnet::IpNet;

use super::Password;
use crate::git::Connection;

/// Somebody who vouches for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSettings {
    /// Stable and unique, in addresses.
    pub name: String,
    /// On the button.
    pub title: String,
    pub kind: ProviderKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderKind {
    /// OpenID Connect.
    Oidc(OidcSettings),
    /// OAuth at GitHub, on github.com or Enterprise Server.
    GitHub(GitHubSignIn),
    /// A proxy in front that has signed everybody in who comes through it.
    Proxy(ProxySettings),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcSettings {
    /// As in its tokens; the discovery document is below it.
    pub issuer: String,
    pub client_id: String,
    /// None for a public client, which PKCE alone protects.
    pub client_secret: Option<Password>,
    /// Besides `openid`.
    pub scopes: Vec<String>,
    /// Where it offers that, it is asked from time to time whether it still vouches, without the person.
    pub refresh: bool,
    /// The claim with the groups: its name, or a way to it (`realm_access.roles`).
    pub groups_claim: String,
    /// Hosts where the groups of somebody may be asked for who has too many for a token.
    pub groups_url_hosts: Vec<String>,
    /// The claim with the login at a forge.
    pub login: Option<(String, ForgeLogin)>,
    /// Verified addresses of this provider say who somebody is in the catalog.
    pub trust_email: bool,
    pub connection: Connection,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubSignIn {
    /// Of Enterprise Server (`https://github.example.com`); `None` for github.com.
    pub url: Option<String>,
    pub client_id: String,
    pub client_secret: Password,
    /// Whoever signs in is a member of one of these; of any or none where there are none.
    pub organisations: Vec<String>,
    /// As for OpenID Connect; the login says it anyway.
    pub trust_email: bool,
    pub connection: Connection,
}

/// Headers, and who may set them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxySettings {
    /// Networks of the proxy; from anybody else the headers are thrown away.
    pub proxies: Vec<IpNet>,
    pub user_header: String,
    pub email_header: String,
    /// Names between commas.
    pub groups_header: String,
    /// What the user header says is a login at this forge.
    pub login: Option<ForgeLogin>,
    /// Addresses in the header are verified, and say who somebody is in the catalog.
    pub trust_email: bool,
}

/// How a provider's name for somebody is their login at a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeLogin {
    /// Of the forge: `github.com`.
    pub host: String,
    /// The short code of an enterprise whose users are managed: their logins are made of what the provider calls them.
    pub suffix: Option<String>,
}

impl ForgeLogin {
    /// Host and login of whom the provider calls `name`, if that can be a login. With a suffix as GitHub makes it:
    /// "Username considerations for external authentication".
    pub fn of(&self, name: &str) -> Option<(String, String)> {
        let login = match &self.suffix {
            None => name.to_owned(),
            Some(suffix) => {
                let before = name.split('@').next().unwrap_or_default();
                let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
                let made: String = before.chars().map(fits).collect();
                if made.is_empty() { made } else { format!("{made}_{suffix}") }
            }
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_login = (1..=100).contains(&login.len()) && login.chars().all(fits);
        is_login.then(|| (self.host.to_lowercase(), login.to_lowercase()))
    }
}

impl ProviderSettings {
    /// The first half of the identity of its accounts.
    pub fn issuer(&self) -> String {
        match &self.kind {
            ProviderKind::Oidc(oidc) => oidc.issuer.clone(),
            ProviderKind::GitHub(github) => github.web().to_owned(),
            ProviderKind::Proxy(_) => format!("proxy:{}", self.name),
        }
    }
}

impl GitHubSignIn {
    /// Where people are: `https://github.com`.
    pub fn web(&self) -> &str {
        self.url.as_deref().unwrap_or("https://github.com").trim_end_matches('/')
    }

    /// Where programs are ("Getting started with the REST API", also that for Enterprise Server).
    pub fn api(&self) -> String {
        match &self.url {
            None => "https://api.github.com".to_owned(),
            Some(_) => format!("{}/api/v3", self.web()),
        }
    }

    /// `github.com`, or the host of Enterprise Server, with its port.
    pub fn host(&self) -> &str {
        self.web().split("://").last().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::ForgeLogin;

    #[test]
    fn a_managed_user_has_a_login_that_is_made() {
        let of = |suffix: Option<&str>, name: &str| {
            let login = ForgeLogin { host: "GitHub.com".to_owned(), suffix: suffix.map(str::to_owned) };
            login.of(name).map(|(host, login)| format!("{login} at {host}"))
        };
        assert_eq!(of(None, "Jane").as_deref(), Some("jane at github.com"));
        assert_eq!(of(None, "jane_acme").as_deref(), Some("jane_acme at github.com"));
        assert_eq!(of(None, "jane@acme.com"), None);
        assert_eq!(of(Some("acme"), "Jane.Doe@acme.com").as_deref(), Some("jane-doe_acme at github.com"));
        assert_eq!(of(Some("acme"), "jane").as_deref(), Some("jane_acme at github.com"));
        assert_eq!(of(Some("acme"), "@acme.com"), None);
        assert_eq!(of(None, ""), None);
    }
}
