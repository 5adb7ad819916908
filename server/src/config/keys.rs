//! The table of keys. A new key is one more entry here, one line in `slipway.example.toml`, and a field of `Config`.

use std::path::PathBuf;
use std::time::Duration;

use model::{Finding, Level, Visibility};

use portal::git::{Address, Connection, Secret};
use portal::settings::{GitSettings, Password, SourceKind};

use super::value::Value;
use super::{Config, Environment, LogFormat, SourceConfig};

/// One key of the file.
pub struct Key {
    /// `server.listen`
    pub path: &'static str,
    /// Takes the value over; the error says what was expected.
    pub set: fn(&mut Config, &Value<'_>) -> Result<(), String>,
}

impl Key {
    /// The variable of the environment that sets it.
    pub fn variable(&self) -> String {
        format!("SLIPWAY_{}", self.path.replace(['.', '-'], "_").to_uppercase())
    }
}

pub const KEYS: &[Key] = &[
    Key { path: "data", set: |config, value| value.text().map(|data| config.data = PathBuf::from(data)) },
    Key { path: "server.listen", set: |config, value| value.address().map(|listen| config.listen = listen) },
    Key { path: "server.public-url", set: |config, value| public_url(value).map(|url| config.public_url = Some(url)) },
    Key { path: "database.url", set: |config, value| postgres_url(value).map(|url| config.database_url = Some(url)) },
    Key { path: "sync.interval", set: |config, value| value.duration().map(|interval| config.interval = interval) },
    Key { path: "sync.workers", set: |config, value| value.count(64).map(|workers| config.workers = workers) },
    Key { path: "log.format", set: |config, value| value.one_of(FORMATS).map(|format| config.log_format = format) },
    Key { path: "log.level", set: |config, value| log_level(value).map(|level| config.log_level = level) },
    Key { path: "demo.enabled", set: |config, value| value.boolean().map(|demo| config.demo = demo) },
];

const FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

pub const SOURCE_KEYS: &[&str] = &[
    "source.name",
    "source.kind",
    "source.visibility",
    "source.path",
    "source.urls",
    "source.username",
    "source.password-file",
    "source.password-env",
    "source.ca-file",
    "source.proxy",
    "source.time-limit",
];

pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

pub fn paths() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|key| key.path).chain(["source"])
}

pub fn sections() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|key| key.path.split('.').next().unwrap_or(key.path)).chain(["source"])
}

pub fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.path.split_once('.').is_some_and(|(section, _)| section == name))
}

/// The finding for a key that does not exist, with the nearest that does.
pub fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Finding {
    let nearest = known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let help = match nearest {
        Some((_, candidate)) => format!("Did you mean {candidate}?"),
        None => "`slipway serve --print-config` shows every key.".to_owned(),
    };
    Finding::new("config.key", Level::Error, format!("there is no key {name}"), help)
}

/// The finding for a value that a key does not take.
pub fn wrong(name: &str, expected: &str) -> Finding {
    Finding::new("config.value", Level::Error, format!("{name} must be {expected}"), "Correct the value.")
}

/// A source while its table is being read.
#[derive(Default)]
pub struct SourceBuilder {
    name: Option<String>,
    kind: Kind,
    visibility: Option<Visibility>,
    path: Option<PathBuf>,
    addresses: Option<Vec<Address>>,
    username: Option<String>,
    password_file: Option<PathBuf>,
    /// The variable that holds it.
    pub password_env: Option<String>,
    connection: Connection,
    time_limit: Option<Duration>,
    /// Keys that stand there and that only one kind of source has.
    of_folder: Vec<String>,
    of_git: Vec<String>,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Kind {
    #[default]
    Folder,
    Git,
}

/// Takes one key of a source over; `false`: there is no such key.
pub fn set_source(source: &mut SourceBuilder, name: &str, value: &Value<'_>) -> Result<bool, String> {
    match name {
        "name" => source.name = Some(source_name(value)?),
        "kind" => source.kind = value.one_of(&[("folder", Kind::Folder), ("git", Kind::Git)])?,
        "visibility" => {
            let choices = Visibility::ALL.map(|visibility| (visibility.as_str(), visibility));
            source.visibility = Some(value.one_of(&choices)?);
        }
        "path" => source.path = Some(PathBuf::from(value.text()?)),
        "urls" => source.addresses = Some(value.git_addresses()?),
        "username" => source.username = Some(value.text()?),
        "password-file" => source.password_file = Some(PathBuf::from(value.text()?)),
        "password-env" => source.password_env = Some(variable(value)?),
        "ca-file" => source.connection.ca_file = Some(PathBuf::from(value.text()?)),
        "proxy" => source.connection.proxy = Some(proxy(value)?),
        "time-limit" => source.time_limit = Some(value.duration()?),
        _ => return Ok(false),
    }
    match name {
        "name" | "kind" | "visibility" => {}
        "path" => source.of_folder.push(name.to_owned()),
        _ => source.of_git.push(name.to_owned()),
    }
    Ok(true)
}

impl SourceBuilder {
    pub fn finish(self, others: &[SourceConfig], environment: &Environment) -> Result<SourceConfig, Finding> {
        let wrong = |message: String, help: &str| Finding::new("config.source", Level::Error, message, help);
        let missing = |key: &str, help: &str| wrong(format!("this source has no {key}"), help);
        let (help, foreign) = match self.kind {
            Kind::Folder => ("Every source needs a name and a path.", self.of_git.first()),
            Kind::Git => ("Every source of the kind git needs a name and urls.", self.of_folder.first()),
        };
        if let Some(key) = foreign {
            let kind = if self.kind == Kind::Git { "git" } else { "folder" };
            return Err(wrong(
                format!("a source of the kind {kind} has no {key}"),
                "Correct kind, or take the key out.",
            ));
        }
        let name = self.name.clone().ok_or_else(|| missing("name", help))?;
        if name == super::DEMO_SOURCE || others.iter().any(|source| source.name == name) {
            return Err(wrong(format!("two sources are named \"{name}\""), "Give each source a name of its own."));
        }
        let visibility = self.visibility.unwrap_or_default();
        let kind = match self.kind {
            Kind::Folder => SourceKind::Folder(self.path.ok_or_else(|| missing("path", help))?),
            Kind::Git => SourceKind::Git(self.git(environment, help)?),
        };
        Ok(SourceConfig { name, kind, visibility })
    }

    fn git(self, environment: &Environment, help: &str) -> Result<GitSettings, Finding> {
        let wrong = |message: String, help: &str| Finding::new("config.source", Level::Error, message, help);
        let addresses = self.addresses.ok_or_else(|| wrong("this source has no urls".to_owned(), help))?;
        let password = match (self.password_file, self.password_env) {
            (Some(_), Some(_)) => {
                let message = "this source has both password-file and password-env".to_owned();
                return Err(wrong(message, "Take one of them out."));
            }
            (Some(file), None) => Some(Password::File(file)),
            (None, Some(name)) => match environment.get(&name).filter(|value| !value.is_empty()) {
                Some(value) if value.chars().any(char::is_control) => {
                    let message = format!("the variable {name} holds a control character");
                    return Err(wrong(message, "A password is one line."));
                }
                Some(value) => Some(Password::Known(Secret::new(value))),
                None => {
                    let message = format!("the variable {name}, which password-env names, is not set");
                    return Err(wrong(message, "Set it where Slipway is started."));
                }
            },
            (None, None) => None,
        };
        let settings = GitSettings::new(addresses);
        let time_limit = self.time_limit.unwrap_or(settings.time_limit);
        Ok(GitSettings { username: self.username, password, connection: self.connection, time_limit, ..settings })
    }
}

fn variable(value: &Value<'_>) -> Result<String, String> {
    let name = value.text()?;
    let fits = !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && find_variable(&name).is_none();
    if fits { Ok(name) } else { Err("the name of a variable of the environment, such as \"GIT_PASSWORD\"".to_owned()) }
}

/// The key that a variable of the environment sets.
pub fn find_variable(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.variable() == name)
}

fn proxy(value: &Value<'_>) -> Result<Secret, String> {
    let proxy = value.text()?;
    let schemes = ["http://", "https://", "socks5://", "socks5h://"];
    let fits = schemes.iter().any(|scheme| proxy.starts_with(scheme)) && !proxy.chars().any(char::is_control);
    if fits { Ok(Secret::new(proxy)) } else { Err("the address of a proxy, such as \"http://proxy:3128\"".to_owned()) }
}

fn source_name(value: &Value<'_>) -> Result<String, String> {
    let name = value.text()?;
    let fits = name.len() <= 63 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if fits { Ok(name) } else { Err("at most 63 letters, digits, \"-\", \"_\" and \".\"".to_owned()) }
}

fn postgres_url(value: &Value<'_>) -> Result<String, String> {
    let url = value.text()?;
    let fits = url.starts_with("postgres://") || url.starts_with("postgresql://");
    if fits { Ok(url) } else { Err("a Postgres address, postgres://user@host/name".to_owned()) }
}

fn public_url(value: &Value<'_>) -> Result<String, String> {
    let url = value.text()?.trim_end_matches('/').to_owned();
    let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match authority {
        Some(authority) if !authority.is_empty() && !authority.contains(['/', '?', '#', '@', ' ']) => Ok(url),
        _ => Err("an address without a path, such as \"https://portal.example.com\"".to_owned()),
    }
}

fn log_level(value: &Value<'_>) -> Result<String, String> {
    let level = value.text()?;
    tracing_subscriber::EnvFilter::try_new(&level)
        .map(|_| level)
        .map_err(|_| "a level (error, warn, info, debug, trace), or a list such as \"info,portal=debug\"".to_owned())
}
