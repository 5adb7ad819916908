//! The table of keys. A new key is one more entry here, one line in `slipway.example.toml`, and a field of `Config`.

use std::path::PathBuf;
use std::time::Duration;

use model::reference::DEFAULT_NAMESPACE;
use model::{EntityRef, Finding, Level};

use super::value::Value;
use super::{Config, LogFormat, access, inbox, sign_in};

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
    Key {
        path: "server.trusted-proxies",
        set: |config, value| sign_in::networks(value).map(|all| config.identity.trusted_proxies = all),
    },
    Key { path: "database.url", set: |config, value| postgres_url(value).map(|url| config.database_url = Some(url)) },
    Key {
        path: "database.url-file",
        set: |config, value| value.text().map(|file| config.database_url_file = Some(PathBuf::from(file))),
    },
    Key { path: "sync.interval", set: |config, value| value.duration().map(|interval| config.interval = interval) },
    Key { path: "sync.workers", set: |config, value| value.count(64).map(|workers| config.workers = workers) },
    Key {
        path: "people.administrators",
        set: |config, value| roles(value).map(|all| config.identity.administrators = all),
    },
    Key { path: "people.auditors", set: |config, value| roles(value).map(|all| config.identity.auditors = all) },
    Key { path: "people.public", set: |config, value| value.boolean().map(|public| config.identity.public = public) },
    Key { path: "people.session-idle", set: |config, value| value.duration().map(|time| config.identity.idle = time) },
    Key { path: "people.session-days", set: |config, value| days(value).map(|time| config.identity.longest = time) },
    Key { path: "people.revouch", set: |config, value| value.duration().map(|time| config.identity.revouch = time) },
    Key {
        path: "mail.server",
        set: |config, value| inbox::server(value).map(|server| config.inbox_keys.server = Some(server)),
    },
    Key {
        path: "mail.encryption",
        set: |config, value| value.one_of(inbox::ENCRYPTIONS).map(|kind| config.inbox_keys.encryption = kind),
    },
    Key {
        path: "mail.from",
        set: |config, value| inbox::sender(value).map(|from| config.inbox_keys.from = Some(from)),
    },
    Key {
        path: "mail.username",
        set: |config, value| value.text().map(|name| config.inbox_keys.username = Some(name)),
    },
    Key {
        path: "mail.password-file",
        set: |config, value| file(value).map(|file| config.inbox_keys.password_file = Some(file)),
    },
    Key { path: "mail.ca-file", set: |config, value| file(value).map(|file| config.inbox_keys.ca_file = Some(file)) },
    Key {
        path: "inbox.webhook-url",
        set: |config, value| inbox::webhook(value).map(|url| config.inbox_keys.webhook_url = Some(url)),
    },
    Key {
        path: "inbox.webhook-secret-file",
        set: |config, value| file(value).map(|file| config.inbox_keys.webhook_secret_file = Some(file)),
    },
    Key { path: "runs.at-once", set: |config, value| runs(value).map(|count| config.runs.at_once = count) },
    Key { path: "runs.per-person", set: |config, value| runs(value).map(|count| config.runs.per_person = count) },
    Key { path: "runs.clean-after", set: |config, value| value.duration().map(|time| config.runs.clean_after = time) },
    Key {
        path: "templates.weaker-fence",
        set: |config, value| value.boolean().map(|weaker| config.templates.weaker_fence = weaker),
    },
    Key {
        path: "access.environments",
        set: |config, value| access::environments(value).map(|all| config.access.environments = all),
    },
    Key { path: "access.time-zone", set: |config, value| access::zone(value).map(|zone| config.access.zone = zone) },
    Key {
        path: "access.approvals",
        set: |config, value| access::approvals(value).map(|decision| config.access.default_policy.decision = decision),
    },
    Key {
        path: "access.longest-days",
        set: |config, value| access::longest(value).map(|span| config.access.default_policy.max_ttl = span),
    },
    Key {
        path: "access.review-days",
        set: |config, value| access::days(value).map(|span| config.access.default_policy.review_every = span),
    },
    Key {
        path: "access.report-only",
        set: |config, value| access::slugs(value).map(|slugs| config.access.report_only = slugs),
    },
    Key {
        path: "access.from-portal",
        set: |config, value| value.boolean().map(|allowed| config.access.from_portal = allowed),
    },
    Key { path: "secrets.key-file", set: |config, value| file(value).map(|file| config.sealing_key = Some(file)) },
    Key { path: "audit.keep-days", set: |config, value| kept(value).map(|time| config.audit_kept = Some(time)) },
    Key { path: "log.format", set: |config, value| value.one_of(FORMATS).map(|format| config.log_format = format) },
    Key { path: "log.level", set: |config, value| log_level(value).map(|level| config.log_level = level) },
    Key { path: "demo.enabled", set: |config, value| value.boolean().map(|demo| config.demo = demo) },
];

/// Runs at the same time.
const MOST_RUNS: usize = 32;
const FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

/// Those of which there may be several.
const TABLES: [&str; 3] = ["approval", "sign-in", "source"];

pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

pub fn paths() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|key| key.path).chain(TABLES)
}

pub fn sections() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|key| key.path.split('.').next().unwrap_or(key.path)).chain(TABLES)
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

/// The key that a variable of the environment sets.
pub fn find_variable(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.variable() == name)
}

fn runs(value: &Value<'_>) -> Result<usize, String> {
    value
        .count(MOST_RUNS)
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| format!("a whole number from 1 to {MOST_RUNS}"))
}

fn postgres_url(value: &Value<'_>) -> Result<String, String> {
    let url = value.text()?;
    let fits = url.starts_with("postgres://") || url.starts_with("postgresql://");
    if fits { Ok(url) } else { Err("a Postgres address, postgres://user@host/name".to_owned()) }
}

fn public_url(value: &Value<'_>) -> Result<String, String> {
    origin(value).ok_or_else(|| "an address without a path, such as \"https://portal.example.com\"".to_owned())
}

/// A web address without a path.
pub fn origin(value: &Value<'_>) -> Option<String> {
    let url = value.text().ok()?.trim_end_matches('/').to_owned();
    let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    (!authority.is_empty() && !authority.contains(['/', '?', '#', '@', ' '])).then_some(url)
}

/// References of users and groups, groups as a provider calls them, or addresses.
fn roles(value: &Value<'_>) -> Result<Vec<String>, String> {
    let all = value.words()?;
    let fits = |role: &String| {
        let is_address = role.contains('@') && !role.contains(':');
        let is_reference = EntityRef::parse(role, Some("group"), DEFAULT_NAMESPACE).is_ok();
        is_address
            || is_reference
            || role.split_once(':').is_some_and(|(provider, group)| !provider.is_empty() && !group.is_empty())
    };
    match all.iter().all(fits) {
        true => Ok(all),
        false => {
            Err("a list of groups (\"group:platform\", \"okta:platform\"), users (\"user:jane\") or addresses"
                .to_owned())
        }
    }
}

/// Shorter than what an audit looks back at would be no log.
fn kept(value: &Value<'_>) -> Result<Duration, String> {
    match value.count(36_500)? {
        days if days >= 90 => Ok(Duration::from_secs(days as u64 * 24 * 60 * 60)),
        _ => Err("a whole number of days from 90 to 36500".to_owned()),
    }
}

pub fn file(value: &Value<'_>) -> Result<PathBuf, String> {
    value.text().map(PathBuf::from)
}

/// Days, at least one.
pub fn days(value: &Value<'_>) -> Result<Duration, String> {
    match value.count(400)? {
        0 => Err("a whole number of days from 1 to 400".to_owned()),
        days => Ok(Duration::from_secs(days as u64 * 24 * 60 * 60)),
    }
}

fn log_level(value: &Value<'_>) -> Result<String, String> {
    let level = value.text()?;
    tracing_subscriber::EnvFilter::try_new(&level)
        .map(|_| level)
        .map_err(|_| "a level (error, warn, info, debug, trace), or a list such as \"info,portal=debug\"".to_owned())
}
