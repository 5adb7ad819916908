//! The keys of a provider that people sign in with, and the provider that they make. A new key is one more entry here and one
//! line in `slipway.example.toml`.

use std::path::PathBuf;

use ipnet::IpNet;
use model::{Finding, Level};
use portal::git::Connection;
use portal::settings::{
    ForgeLogin, GitHubSignIn, IdentitySettings, OidcSettings, Password, ProviderKind, ProviderSettings, ProxySettings,
};

use super::value::Value;
use super::{Environment, keys, source};

/// One key of a `[[sign-in]]`.
pub struct SignInKey {
    /// Without `sign-in.`.
    pub name: &'static str,
    /// The kinds of provider that have it.
    kinds: &'static [Kind],
    /// Takes the value over; the error says what was expected.
    set: fn(&mut SignInBuilder, &Value<'_>) -> Result<(), String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Oidc,
    GitHub,
    Proxy,
}

const ALL: &[Kind] = &[Kind::Oidc, Kind::GitHub, Kind::Proxy];
const REMOTE: &[Kind] = &[Kind::Oidc, Kind::GitHub];
const OIDC: &[Kind] = &[Kind::Oidc];
const GITHUB: &[Kind] = &[Kind::GitHub];
const PROXY: &[Kind] = &[Kind::Proxy];
const KINDS: &[(&str, Kind)] = &[("oidc", Kind::Oidc), ("github", Kind::GitHub), ("proxy", Kind::Proxy)];

/// Names that pages below `/sign-in` have, accounts without a provider, and roles (`group:platform`).
const TAKEN: [&str; 5] = ["first", "local", "demo", "user", "group"];

#[rustfmt::skip]
pub const SIGN_IN_KEYS: &[SignInKey] = &[
    SignInKey { name: "name", kinds: ALL, set: |it, value| source::name(value).map(|name| it.name = Some(name)) },
    SignInKey { name: "kind", kinds: ALL, set: |it, value| value.one_of(KINDS).map(|kind| it.kind = Some(kind)) },
    SignInKey { name: "title", kinds: ALL, set: |it, value| value.text().map(|title| it.title = Some(title)) },
    SignInKey { name: "issuer", kinds: OIDC, set: |it, value| issuer(value).map(|issuer| it.issuer = Some(issuer)) },
    SignInKey { name: "client-id", kinds: REMOTE, set: |it, value| value.text().map(|id| it.client_id = Some(id)) },
    SignInKey { name: "client-secret-file", kinds: REMOTE, set: |it, value| source::path(value).map(|path| it.secret_file = Some(path)) },
    SignInKey { name: "client-secret-env", kinds: REMOTE, set: |it, value| source::variable(value).map(|name| it.secret_env = Some(name)) },
    SignInKey { name: "scopes", kinds: OIDC, set: |it, value| value.words().map(|scopes| it.scopes = Some(scopes)) },
    SignInKey { name: "refresh", kinds: OIDC, set: |it, value| value.boolean().map(|refresh| it.refresh = Some(refresh)) },
    SignInKey { name: "groups-claim", kinds: OIDC, set: |it, value| value.text().map(|claim| it.groups_claim = Some(claim)) },
    SignInKey { name: "groups-url-hosts", kinds: OIDC, set: |it, value| value.words().map(|hosts| it.groups_url_hosts = hosts) },
    SignInKey { name: "login-claim", kinds: OIDC, set: |it, value| value.text().map(|claim| it.login_claim = Some(claim)) },
    SignInKey { name: "login-host", kinds: &[Kind::Oidc, Kind::Proxy], set: |it, value| host(value).map(|host| it.login_host = Some(host)) },
    SignInKey { name: "login-suffix", kinds: &[Kind::Oidc, Kind::Proxy], set: |it, value| suffix(value).map(|suffix| it.login_suffix = Some(suffix)) },
    SignInKey { name: "trust-email", kinds: ALL, set: |it, value| value.boolean().map(|trusts| it.trust_email = trusts) },
    SignInKey { name: "url", kinds: GITHUB, set: |it, value| source::forge(value).map(|url| it.url = Some(url)) },
    SignInKey { name: "organisations", kinds: GITHUB, set: |it, value| organisations(value).map(|names| it.organisations = names) },
    SignInKey { name: "proxies", kinds: PROXY, set: |it, value| networks(value).map(|networks| it.proxies = Some(networks)) },
    SignInKey { name: "user-header", kinds: PROXY, set: |it, value| header(value).map(|name| it.user_header = Some(name)) },
    SignInKey { name: "email-header", kinds: PROXY, set: |it, value| header(value).map(|name| it.email_header = Some(name)) },
    SignInKey { name: "groups-header", kinds: PROXY, set: |it, value| header(value).map(|name| it.groups_header = Some(name)) },
    SignInKey { name: "ca-file", kinds: REMOTE, set: |it, value| source::path(value).map(|path| it.connection.ca_file = Some(path)) },
    SignInKey { name: "proxy", kinds: REMOTE, set: |it, value| source::proxy(value).map(|proxy| it.connection.proxy = Some(proxy)) },
];

/// A provider while its table is being read.
#[derive(Default)]
pub struct SignInBuilder {
    name: Option<String>,
    kind: Option<Kind>,
    title: Option<String>,
    issuer: Option<String>,
    client_id: Option<String>,
    secret_file: Option<PathBuf>,
    /// The variable that holds the client's secret.
    pub secret_env: Option<String>,
    scopes: Option<Vec<String>>,
    refresh: Option<bool>,
    groups_claim: Option<String>,
    groups_url_hosts: Vec<String>,
    login_claim: Option<String>,
    login_host: Option<String>,
    login_suffix: Option<String>,
    trust_email: bool,
    url: Option<String>,
    organisations: Vec<String>,
    proxies: Option<Vec<IpNet>>,
    user_header: Option<String>,
    email_header: Option<String>,
    groups_header: Option<String>,
    connection: Connection,
    given: Vec<&'static SignInKey>,
}

/// Takes one key of a provider over; `false`: there is no such key.
pub fn set(builder: &mut SignInBuilder, name: &str, value: &Value<'_>) -> Result<bool, String> {
    let Some(key) = SIGN_IN_KEYS.iter().find(|key| key.name == name) else { return Ok(false) };
    (key.set)(builder, value)?;
    builder.given.push(key);
    Ok(true)
}

/// The finding for a key that no provider has.
pub fn unknown(name: &str) -> Finding {
    let known: Vec<String> = SIGN_IN_KEYS.iter().map(|key| format!("sign-in.{}", key.name)).collect();
    keys::unknown(&format!("sign-in.{name}"), known.iter().map(String::as_str))
}

fn wrong(message: impl Into<String>, help: &str) -> Finding {
    Finding::new("config.sign-in", Level::Error, message, help)
}

impl SignInBuilder {
    pub fn finish(self, others: &IdentitySettings, environment: &Environment) -> Result<ProviderSettings, Finding> {
        let help = "Write kind = \"oidc\", \"github\" or \"proxy\".";
        let kind = self.kind.ok_or_else(|| wrong("this provider has no kind", help))?;
        if let Some(key) = self.given.iter().find(|key| !key.kinds.contains(&kind)) {
            let kind = KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(name, _)| name);
            let message = format!("a provider of the kind {kind} has no {}", key.name);
            return Err(wrong(message, "Correct kind, or take the key out."));
        }
        let name = self.name.clone().ok_or_else(|| missing("name", kind))?;
        if TAKEN.contains(&name.as_str()) {
            return Err(wrong(
                format!("no provider can be named \"{name}\""),
                "Slipway itself has this name: choose another.",
            ));
        }
        if others.providers.iter().any(|provider| provider.name == name) {
            return Err(wrong(format!("two providers are named \"{name}\""), "Give each provider a name of its own."));
        }
        let usual = if kind == Kind::GitHub { "GitHub" } else { &name };
        let title = self.title.clone().unwrap_or_else(|| usual.to_owned());
        let kind = match kind {
            Kind::Oidc => ProviderKind::Oidc(self.oidc(environment)?),
            Kind::GitHub => ProviderKind::GitHub(self.github(environment)?),
            Kind::Proxy => ProviderKind::Proxy(self.proxy()?),
        };
        let provider = ProviderSettings { name, title, kind };
        if let Some(same) = others.providers.iter().find(|known| known.issuer() == provider.issuer()) {
            let message = format!("the provider \"{}\" is this one already", same.name);
            return Err(wrong(message, "An account belongs to one provider: take one of the tables out."));
        }
        Ok(provider)
    }

    fn secret(&self, environment: &Environment) -> Result<Option<Password>, Finding> {
        let (file, variable) = (self.secret_file.as_ref(), self.secret_env.as_ref());
        source::secret("provider", "client-secret", file, variable, environment)
    }

    fn login(&self) -> Result<Option<ForgeLogin>, Finding> {
        match (&self.login_host, &self.login_suffix) {
            (Some(host), suffix) => Ok(Some(ForgeLogin { host: host.clone(), suffix: suffix.clone() })),
            (None, Some(_)) => Err(wrong("login-suffix needs login-host", "Write the forge’s host: \"github.com\".")),
            (None, None) => Ok(None),
        }
    }

    fn oidc(self, environment: &Environment) -> Result<OidcSettings, Finding> {
        let login = match (self.login_claim.clone(), self.login()?) {
            (Some(claim), Some(login)) => Some((claim, login)),
            (None, None) => None,
            (Some(_), None) => {
                return Err(wrong("login-claim needs login-host", "Write the forge’s host: \"github.com\"."));
            }
            (None, Some(_)) => {
                return Err(wrong(
                    "login-host needs login-claim",
                    "Write the claim that holds the login at the forge.",
                ));
            }
        };
        Ok(OidcSettings {
            client_secret: self.secret(environment)?,
            issuer: self.issuer.ok_or_else(|| missing("issuer", Kind::Oidc))?,
            client_id: self.client_id.ok_or_else(|| missing("client-id", Kind::Oidc))?,
            scopes: self.scopes.unwrap_or_else(|| ["profile", "email"].map(str::to_owned).to_vec()),
            refresh: self.refresh.unwrap_or(true),
            groups_claim: self.groups_claim.unwrap_or_else(|| "groups".to_owned()),
            groups_url_hosts: self.groups_url_hosts,
            login,
            trust_email: self.trust_email,
            connection: self.connection,
        })
    }

    fn github(self, environment: &Environment) -> Result<GitHubSignIn, Finding> {
        let is_github = |url: &String| url.eq_ignore_ascii_case("https://github.com");
        Ok(GitHubSignIn {
            client_secret: self.secret(environment)?.ok_or_else(|| missing("client-secret-file", Kind::GitHub))?,
            client_id: self.client_id.ok_or_else(|| missing("client-id", Kind::GitHub))?,
            url: self.url.filter(|url| !is_github(url)),
            organisations: self.organisations,
            trust_email: self.trust_email,
            connection: self.connection,
        })
    }

    fn proxy(self) -> Result<ProxySettings, Finding> {
        let login = self.login()?;
        Ok(ProxySettings {
            proxies: self.proxies.ok_or_else(|| missing("proxies", Kind::Proxy))?,
            user_header: self.user_header.unwrap_or_else(|| "X-Forwarded-User".to_owned()),
            email_header: self.email_header.unwrap_or_else(|| "X-Forwarded-Email".to_owned()),
            groups_header: self.groups_header.unwrap_or_else(|| "X-Forwarded-Groups".to_owned()),
            login,
            trust_email: self.trust_email,
        })
    }
}

fn missing(key: &str, kind: Kind) -> Finding {
    let help = match kind {
        Kind::Oidc => "Every provider of the kind oidc needs a name, an issuer and a client-id.",
        Kind::GitHub => {
            "Every provider of the kind github needs a name, a client-id, and a client-secret-file or -env."
        }
        Kind::Proxy => "Every provider of the kind proxy needs a name, and the proxies that may say who somebody is.",
    };
    wrong(format!("this provider has no {key}"), help)
}

/// OpenID Connect Core 1.0, section 2: https, without a query or a fragment; over http only to this machine, for trying out.
fn issuer(value: &Value<'_>) -> Result<String, String> {
    let expected =
        || "an https address as the provider writes it, such as \"https://id.example.com/realms/acme\"".to_owned();
    let text = value.text().map_err(|_| expected())?;
    let (scheme, rest) = text.split_once("://").ok_or_else(expected)?;
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let fits = scheme == "https" || scheme == "http" && is_here;
    let is_plain =
        !host.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '@' | '\\'));
    if fits && is_plain { Ok(text) } else { Err(expected()) }
}

fn host(value: &Value<'_>) -> Result<String, String> {
    let host = value.text()?;
    let fits = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'));
    if fits { Ok(host.to_lowercase()) } else { Err("the forge’s host, such as \"github.com\"".to_owned()) }
}

/// An enterprise's short code, with the underscore before it or without.
fn suffix(value: &Value<'_>) -> Result<String, String> {
    let suffix = value.text()?.trim_start_matches('_').to_owned();
    let fits = !suffix.is_empty() && suffix.chars().all(|c| c.is_ascii_alphanumeric());
    if fits { Ok(suffix) } else { Err("the short code of the enterprise, such as \"_acme\"".to_owned()) }
}

fn organisations(value: &Value<'_>) -> Result<Vec<String>, String> {
    let names = value.words()?;
    names.iter().try_for_each(|name| source::account(&Value::Text(name)).map(drop))?;
    Ok(names)
}

/// Networks, or single addresses.
pub fn networks(value: &Value<'_>) -> Result<Vec<IpNet>, String> {
    let parse = |text: &String| text.parse().ok().or_else(|| Some(IpNet::from(text.parse::<std::net::IpAddr>().ok()?)));
    let parsed = value.words()?.iter().map(parse).collect::<Option<_>>();
    parsed.ok_or_else(|| "a list of networks, such as [\"10.0.0.0/8\", \"127.0.0.1\"]".to_owned())
}

fn header(value: &Value<'_>) -> Result<String, String> {
    let name = value.text()?;
    let fits = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if fits { Ok(name) } else { Err("the name of a header, such as \"X-Forwarded-User\"".to_owned()) }
}
