//! The keys of a source, and the source that they make. A new key is one more entry here and one line in
//! `slipway.example.toml`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use model::source::SourcePolicy;
use model::{Finding, Kind as EntityKind, Level, Visibility};
use portal::git::{Address, Connection, Secret};
use portal::settings::{GitHubFilter, GitHubLogin, GitHubOwner, GitHubSettings, GitSettings, Password, SourceKind};

use super::value::Value;
use super::{Environment, SourceConfig, keys};

/// One key of a `[[source]]`.
pub struct SourceKey {
    /// Without `source.`.
    pub name: &'static str,
    /// The kinds of source that have it.
    kinds: &'static [Kind],
    /// Takes the value over; the error says what was expected.
    set: fn(&mut SourceBuilder, &Value<'_>) -> Result<(), String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Kind {
    #[default]
    Folder,
    Git,
    GitHub,
}

const ALL: &[Kind] = &[Kind::Folder, Kind::Git, Kind::GitHub];
const REMOTE: &[Kind] = &[Kind::Git, Kind::GitHub];
const FOLDER: &[Kind] = &[Kind::Folder];
/// Those in which new repositories can be made.
const LAUNCHING: &[Kind] = &[Kind::Folder, Kind::GitHub];
const GIT: &[Kind] = &[Kind::Git];
const GITHUB: &[Kind] = &[Kind::GitHub];
const KINDS: &[(&str, Kind)] = &[("folder", Kind::Folder), ("git", Kind::Git), ("github", Kind::GitHub)];

#[rustfmt::skip]
pub const SOURCE_KEYS: &[SourceKey] = &[
    SourceKey { name: "name", kinds: ALL, set: |source, value| name(value).map(|name| source.name = Some(name)) },
    SourceKey { name: "kind", kinds: ALL, set: |source, value| value.one_of(KINDS).map(|kind| source.kind = kind) },
    SourceKey { name: "visibility", kinds: ALL, set: |source, value| visibility(value).map(|it| source.visibility = Some(it)) },
    SourceKey { name: "path", kinds: FOLDER, set: |source, value| path(value).map(|path| source.path = Some(path)) },
    SourceKey { name: "urls", kinds: GIT, set: |source, value| value.git_addresses().map(|urls| source.addresses = Some(urls)) },
    SourceKey { name: "username", kinds: GIT, set: |source, value| value.text().map(|name| source.username = Some(name)) },
    SourceKey { name: "password-file", kinds: GIT, set: |source, value| path(value).map(|path| source.secret_file = Some(path)) },
    SourceKey { name: "password-env", kinds: GIT, set: |source, value| variable(value).map(|name| source.secret_env = Some(name)) },
    SourceKey { name: "organisation", kinds: GITHUB, set: |source, value| account(value).map(|name| source.organisation = Some(name)) },
    SourceKey { name: "user", kinds: GITHUB, set: |source, value| account(value).map(|name| source.user = Some(name)) },
    SourceKey { name: "url", kinds: GITHUB, set: |source, value| forge(value).map(|url| source.url = Some(url)) },
    SourceKey { name: "token-file", kinds: GITHUB, set: |source, value| path(value).map(|path| source.secret_file = Some(path)) },
    SourceKey { name: "token-env", kinds: GITHUB, set: |source, value| variable(value).map(|name| source.secret_env = Some(name)) },
    SourceKey { name: "app-id", kinds: GITHUB, set: |source, value| app_id(value).map(|id| source.app_id = Some(id)) },
    SourceKey { name: "app-key-file", kinds: GITHUB, set: |source, value| path(value).map(|path| source.app_key = Some(path)) },
    SourceKey { name: "webhook-secret-file", kinds: GITHUB, set: |source, value| path(value).map(|path| source.webhook_secret_file = Some(path)) },
    SourceKey { name: "webhook-secret-env", kinds: GITHUB, set: |source, value| variable(value).map(|name| source.webhook_secret_env = Some(name)) },
    SourceKey { name: "archived", kinds: GITHUB, set: |source, value| value.boolean().map(|it| source.filter.archived = it) },
    SourceKey { name: "forks", kinds: GITHUB, set: |source, value| value.boolean().map(|it| source.filter.forks = it) },
    SourceKey { name: "topics", kinds: GITHUB, set: |source, value| value.words().map(|topics| source.filter.topics = topics) },
    SourceKey { name: "names", kinds: GITHUB, set: |source, value| value.words().map(|names| source.filter.names = names) },
    SourceKey { name: "exclude", kinds: GITHUB, set: |source, value| value.words().map(|names| source.filter.exclude = names) },
    SourceKey { name: "ca-file", kinds: REMOTE, set: |source, value| path(value).map(|path| source.connection.ca_file = Some(path)) },
    SourceKey { name: "proxy", kinds: REMOTE, set: |source, value| proxy(value).map(|proxy| source.connection.proxy = Some(proxy)) },
    SourceKey { name: "time-limit", kinds: REMOTE, set: |source, value| value.duration().map(|limit| source.time_limit = Some(limit)) },
    SourceKey { name: "kinds", kinds: ALL, set: |source, value| entity_kinds(value).map(|kinds| source.entity_kinds = Some(kinds)) },
    SourceKey { name: "launch", kinds: LAUNCHING, set: |source, value| value.boolean().map(|it| source.launch = it) },
    SourceKey { name: "trusted", kinds: ALL, set: |source, value| value.boolean().map(|it| source.trusted = it) },
];

/// A source while its table is being read.
#[derive(Default)]
pub struct SourceBuilder {
    name: Option<String>,
    kind: Kind,
    visibility: Option<Visibility>,
    path: Option<PathBuf>,
    addresses: Option<Vec<Address>>,
    username: Option<String>,
    secret_file: Option<PathBuf>,
    /// The variable that holds the password or the token.
    pub secret_env: Option<String>,
    webhook_secret_file: Option<PathBuf>,
    /// The variable that holds the webhook's secret.
    pub webhook_secret_env: Option<String>,
    organisation: Option<String>,
    user: Option<String>,
    url: Option<String>,
    app_id: Option<String>,
    app_key: Option<PathBuf>,
    filter: GitHubFilter,
    connection: Connection,
    time_limit: Option<Duration>,
    /// What its descriptors may declare, where it is said.
    entity_kinds: Option<BTreeSet<EntityKind>>,
    trusted: bool,
    launch: bool,
    given: Vec<&'static SourceKey>,
}

/// Takes one key of a source over; `false`: there is no such key.
pub fn set(source: &mut SourceBuilder, name: &str, value: &Value<'_>) -> Result<bool, String> {
    let Some(key) = SOURCE_KEYS.iter().find(|key| key.name == name) else { return Ok(false) };
    (key.set)(source, value)?;
    source.given.push(key);
    Ok(true)
}

/// The finding for a key that no source has.
pub fn unknown(name: &str) -> Finding {
    let known: Vec<String> = SOURCE_KEYS.iter().map(|key| format!("source.{}", key.name)).collect();
    keys::unknown(&format!("source.{name}"), known.iter().map(String::as_str))
}

fn wrong(message: impl Into<String>, help: &str) -> Finding {
    Finding::new("config.source", Level::Error, message, help)
}

impl SourceBuilder {
    pub fn finish(self, others: &[SourceConfig], environment: &Environment) -> Result<SourceConfig, Finding> {
        let missing = |key: &str| wrong(format!("this source has no {key}"), self.needs());
        if let Some(key) = self.given.iter().find(|key| !key.kinds.contains(&self.kind)) {
            let kind = KINDS.iter().find(|(_, kind)| *kind == self.kind).map_or("", |(name, _)| name);
            let message = format!("a source of the kind {kind} has no {}", key.name);
            return Err(wrong(message, "Correct kind, or take the key out."));
        }
        let name = self.name.clone().ok_or_else(|| missing("name"))?;
        if super::DEMO_SOURCES.contains(&name.as_str()) || others.iter().any(|source| source.name == name) {
            return Err(wrong(format!("two sources are named \"{name}\""), "Give each source a name of its own."));
        }
        let visibility = self.visibility.unwrap_or(match self.kind {
            // Each repository has its own, which this only restricts.
            Kind::GitHub => Visibility::Public,
            Kind::Folder | Kind::Git => Visibility::default(),
        });
        let (policy, launch) = (self.policy()?, self.launch);
        let kind = match self.kind {
            Kind::Folder => SourceKind::Folder(self.path.clone().ok_or_else(|| missing("path"))?),
            Kind::Git => {
                let addresses = self.addresses.clone().ok_or_else(|| missing("urls"))?;
                SourceKind::Git(self.git(GitSettings::new(addresses), environment)?)
            }
            Kind::GitHub => SourceKind::GitHub(self.github(environment)?),
        };
        Ok(SourceConfig { name, kind, visibility, policy, launch })
    }

    fn policy(&self) -> Result<SourcePolicy, Finding> {
        let usual = if self.trusted { SourcePolicy::trusted() } else { SourcePolicy::open() };
        let Some(kinds) = self.entity_kinds.clone() else { return Ok(usual) };
        if let Some(kind) = kinds.iter().find(|kind| !usual.kinds.contains(kind)) {
            let message = format!("only a trusted source may declare the kind {kind}");
            let help = "Take it out of kinds, or add trusted = true if everybody who can push to this source may say who is in which team.";
            return Err(wrong(message, help));
        }
        Ok(SourcePolicy { kinds, ..usual })
    }

    fn needs(&self) -> &'static str {
        match self.kind {
            Kind::Folder => "Every source needs a name and a path.",
            Kind::Git => "Every source of the kind git needs a name and urls.",
            Kind::GitHub => "Every source of the kind github needs a name, and an organisation or a user.",
        }
    }

    fn git(self, settings: GitSettings, environment: &Environment) -> Result<GitSettings, Finding> {
        let password = secret("source", "password", self.secret_file.as_ref(), self.secret_env.as_ref(), environment)?;
        let time_limit = self.time_limit.unwrap_or(settings.time_limit);
        Ok(GitSettings { username: self.username, password, connection: self.connection, time_limit, ..settings })
    }

    fn github(self, environment: &Environment) -> Result<GitHubSettings, Finding> {
        let owner = match (&self.organisation, &self.user) {
            (Some(name), None) => GitHubOwner::Organisation(name.clone()),
            (None, Some(name)) => GitHubOwner::User(name.clone()),
            (None, None) => return Err(wrong("this source has no organisation and no user", self.needs())),
            (Some(_), Some(_)) => {
                return Err(wrong("this source has both organisation and user", "Make two sources of it."));
            }
        };
        let token = secret("source", "token", self.secret_file.as_ref(), self.secret_env.as_ref(), environment)?;
        let (file, variable) = (self.webhook_secret_file.as_ref(), self.webhook_secret_env.as_ref());
        let webhook_secret = secret("source", "webhook-secret", file, variable, environment)?;
        let login = match (token, self.app_id, self.app_key) {
            (None, None, None) => GitHubLogin::Nobody,
            (Some(token), None, None) => GitHubLogin::Token(token),
            (None, Some(id), Some(key)) => GitHubLogin::App { id, key },
            (None, ..) => {
                return Err(wrong("an App has both app-id and app-key-file", "Write the one that is missing."));
            }
            (Some(_), ..) => {
                return Err(wrong("this source has both a token and an App", "Take one of them out."));
            }
        };
        let settings = GitHubSettings::new(owner);
        let time_limit = self.time_limit.unwrap_or(settings.time_limit);
        Ok(GitHubSettings {
            url: self.url,
            login,
            webhook_secret,
            filter: self.filter,
            connection: self.connection,
            time_limit,
            ..settings
        })
    }
}

/// `whose` is `source`; `what` is `password`, `token` or `webhook-secret`, as its keys begin.
pub fn secret(
    whose: &str,
    what: &str,
    file: Option<&PathBuf>,
    variable: Option<&String>,
    environment: &Environment,
) -> Result<Option<Password>, Finding> {
    match (file, variable) {
        (Some(_), Some(_)) => {
            Err(wrong(format!("this {whose} has both {what}-file and {what}-env"), "Take one of them out."))
        }
        (Some(file), None) => Ok(Some(Password::File(file.clone()))),
        (None, Some(name)) => match given(name, environment)? {
            Given::Value(value) if value.chars().any(char::is_control) => {
                Err(wrong(format!("the variable {name} holds a control character"), "A password is one line."))
            }
            Given::Value(value) => Ok(Some(Password::Known(Secret::new(value)))),
            Given::File(file) => Ok(Some(Password::File(file.into()))),
            Given::Nothing => Err(wrong(
                format!("the variable {name}, which {what}-env names, is not set"),
                "Set it where Slipway is started, or the same with _FILE behind it to the path of a file.",
            )),
        },
        (None, None) => Ok(None),
    }
}

/// What the environment says of a secret.
enum Given<'a> {
    Value(&'a str),
    /// Whose first line it is.
    File(&'a str),
    Nothing,
}

/// The variable that names a file instead of holding the value itself, as container images commonly have it.
pub fn variable_of_file(name: &str) -> String {
    format!("{name}_FILE")
}

fn given<'a>(name: &str, environment: &'a Environment) -> Result<Given<'a>, Finding> {
    let get = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
    match (get(name), get(&variable_of_file(name))) {
        (Some(_), Some(_)) => {
            Err(wrong(format!("the variables {name} and {name}_FILE are both set"), "Take one of them out."))
        }
        (Some(value), None) => Ok(Given::Value(value)),
        (None, Some(file)) => Ok(Given::File(file)),
        (None, None) => Ok(Given::Nothing),
    }
}

pub fn path(value: &Value<'_>) -> Result<PathBuf, String> {
    value.text().map(PathBuf::from)
}

fn visibility(value: &Value<'_>) -> Result<Visibility, String> {
    value.one_of(&Visibility::ALL.map(|visibility| (visibility.as_str(), visibility)))
}

fn entity_kinds(value: &Value<'_>) -> Result<BTreeSet<EntityKind>, String> {
    let parsed = value.words()?.iter().map(|word| word.parse().ok()).collect::<Option<_>>();
    parsed.ok_or_else(|| format!("a list of {}", EntityKind::ALL.map(|kind| format!("\"{kind}\"")).join(", ")))
}

pub fn variable(value: &Value<'_>) -> Result<String, String> {
    let name = value.text()?;
    let fits = !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && keys::find_variable(&name).is_none();
    if fits { Ok(name) } else { Err("the name of a variable of the environment, such as \"GIT_PASSWORD\"".to_owned()) }
}

pub fn proxy(value: &Value<'_>) -> Result<Secret, String> {
    let proxy = value.text()?;
    let schemes = ["http://", "https://", "socks5://", "socks5h://"];
    let fits = schemes.iter().any(|scheme| proxy.starts_with(scheme)) && !proxy.chars().any(char::is_control);
    if fits { Ok(Secret::new(proxy)) } else { Err("the address of a proxy, such as \"http://proxy:3128\"".to_owned()) }
}

pub fn name(value: &Value<'_>) -> Result<String, String> {
    let name = value.text()?;
    let fits = name.len() <= 63 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if fits { Ok(name) } else { Err("at most 63 letters, digits, \"-\", \"_\" and \".\"".to_owned()) }
}

/// A login at GitHub; managed users have an underscore.
pub fn account(value: &Value<'_>) -> Result<String, String> {
    let name = value.text()?;
    let fits =
        (1..=100).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if fits { Ok(name) } else { Err("a name as it stands in addresses, such as \"acme\"".to_owned()) }
}

pub fn forge(value: &Value<'_>) -> Result<String, String> {
    keys::origin(value).ok_or_else(|| "an address without a path, such as \"https://github.example.com\"".to_owned())
}

/// The number of a GitHub App, or its client id.
fn app_id(value: &Value<'_>) -> Result<String, String> {
    let id = value.text()?;
    let fits = (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    if fits { Ok(id) } else { Err("the App's id or client id, in quotes".to_owned()) }
}
