//! Configuration: `slipway.toml`, then the environment, then the command line.
//!
//! Every key stands in [`keys::KEYS`]; what is wrong is reported all at once, each with its line.

mod access;
mod approval;
mod inbox;
mod keys;
mod publish;
mod sign_in;
mod source;
mod step;
mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::source::SourcePolicy;
use model::{Finding, Level, Visibility};
use portal::clock::Clock;
use portal::git::Address;
use portal::settings::{
    AccessSettings, ApprovalSettings, DatabaseSettings, GitSettings, IdentitySettings, InboxSettings, PublishSettings,
    RunSettings, Settings, SourceKind, SourceSettings, StepSettings, TemplateSettings,
};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use value::Value;

/// The commented example, which is also the documentation of every key.
pub const EXAMPLE: &str = include_str!("../../slipway.example.toml");

/// The file that is read when no other is named.
pub const DEFAULT_FILE: &str = "slipway.toml";

/// Everything that can be configured, with defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub data: PathBuf,
    pub listen: SocketAddr,
    /// Scheme and authority, without a trailing `/`.
    pub public_url: Option<String>,
    pub database_url: Option<String>,
    /// A file that holds it; counts where it is not given itself.
    pub database_url_file: Option<PathBuf>,
    pub interval: Duration,
    /// 0: one for each processor.
    pub workers: usize,
    pub log_format: LogFormat,
    pub log_level: String,
    pub demo: bool,
    pub sources: Vec<SourceConfig>,
    pub identity: IdentitySettings,
    pub runs: RunSettings,
    pub templates: TemplateSettings,
    pub publish: Vec<PublishSettings>,
    pub steps: Vec<StepSettings>,
    pub approvals: Vec<ApprovalSettings>,
    pub access: AccessSettings,
    inbox_keys: inbox::InboxKeys,
    pub inbox: InboxSettings,
    /// The file with the key that seals other people's secrets; one in the data folder where nothing is said.
    pub sealing_key: Option<PathBuf>,
    /// For ever where nothing is said.
    pub audit_kept: Option<Duration>,
    /// Variables that hold passwords and tokens of sources and providers, and so set no key.
    pub password_variables: Vec<String>,
}

/// Variables by name.
pub type Environment = BTreeMap<String, String>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceConfig {
    pub name: String,
    pub kind: SourceKind,
    pub visibility: Visibility,
    pub policy: SourcePolicy,
    pub launch: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            public_url: None,
            database_url: None,
            database_url_file: None,
            interval: Duration::from_secs(30),
            workers: 0,
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
            demo: false,
            sources: Vec::new(),
            identity: IdentitySettings::default(),
            runs: RunSettings::default(),
            templates: TemplateSettings::default(),
            publish: Vec::new(),
            steps: Vec::new(),
            approvals: Vec::new(),
            access: AccessSettings::default(),
            inbox_keys: inbox::InboxKeys::default(),
            inbox: InboxSettings::default(),
            sealing_key: None,
            audit_kept: None,
            password_variables: Vec::new(),
        }
    }
}

/// Reads the file (the default one may be absent, a named one may not) and the environment over it.
///
/// # Errors
/// All findings at once.
pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Config, Vec<Finding>> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => String::new(),
        Err(error) => {
            let message = format!("{name} cannot be read: {error}");
            return Err(vec![
                Finding::new("config.read", Level::Error, message, "Check the path and its permissions.")
                    .at(name, 0, 0),
            ]);
        }
    };
    let mut config = Config::default();
    let mut findings = Vec::new();
    let environment: Environment = environment.collect();
    read_file(&mut config, &environment, (&name, &text), &mut findings);
    read_environment(&mut config, &environment, &mut findings);
    match config.inbox_keys.finish() {
        Ok(inbox) => config.inbox = inbox,
        Err(finding) => findings.push(finding.at(name, 0, 0)),
    }
    if findings.is_empty() { Ok(config) } else { Err(findings) }
}

fn read_file(config: &mut Config, environment: &Environment, (name, text): (&str, &str), findings: &mut Vec<Finding>) {
    let at = |span: std::ops::Range<usize>, finding: Finding| {
        let (line, column) = position(text, span.start);
        finding.at(name, line, column)
    };
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let finding = Finding::new("config.syntax", Level::Error, error.message(), "Write it as TOML 1.0.");
            findings.push(at(error.span().unwrap_or(0..0), finding));
            return;
        }
    };
    for (key, value) in table.get_ref() {
        let section = key.get_ref().as_ref();
        match value.get_ref() {
            DeValue::Table(table) => {
                if !keys::is_section(section) {
                    findings.push(at(key.span(), keys::unknown(section, keys::sections())));
                    continue;
                }
                for (key, value) in table {
                    let path = format!("{section}.{}", key.get_ref());
                    match value.get_ref() {
                        DeValue::Array(tables) if path == "runs.step" => {
                            let steps = tables.iter().flat_map(|table| step::read(config, table));
                            findings.extend(steps.map(|(span, finding)| at(span, finding)));
                        }
                        DeValue::Array(tables) if path == "runs.publish" => {
                            let rules = tables.iter().flat_map(|table| publish::read(config, table));
                            findings.extend(rules.map(|(span, finding)| at(span, finding)));
                        }
                        _ => findings.extend(set(config, &path, key, value).map(|(span, finding)| at(span, finding))),
                    }
                }
            }
            DeValue::Array(tables) if section == "source" => {
                for table in tables {
                    findings.extend(
                        read_source(config, environment, table).into_iter().map(|(span, finding)| at(span, finding)),
                    );
                }
            }
            DeValue::Array(tables) if section == "approval" => {
                for table in tables {
                    findings.extend(approval::read(config, table).into_iter().map(|(span, finding)| at(span, finding)));
                }
            }
            DeValue::Array(tables) if section == "sign-in" => {
                for table in tables {
                    let located = read_sign_in(config, environment, table);
                    findings.extend(located.into_iter().map(|(span, finding)| at(span, finding)));
                }
            }
            _ => {
                findings.extend(set(config, section, key, value).map(|(span, finding)| at(span, finding)));
            }
        }
    }
}

type Located = (std::ops::Range<usize>, Finding);

/// Takes one key over, or says what is wrong with it.
fn set<K>(config: &mut Config, path: &str, key: &Spanned<K>, value: &Spanned<DeValue<'_>>) -> Option<Located> {
    let Some(known) = keys::find(path) else {
        return Some((key.span(), keys::unknown(path, keys::paths())));
    };
    let expected = (known.set)(config, &Value::from(value.get_ref())).err()?;
    Some((value.span(), keys::wrong(path, &expected)))
}

fn read_source(config: &mut Config, environment: &Environment, table: &Spanned<DeValue<'_>>) -> Vec<Located> {
    let DeValue::Table(fields) = table.get_ref() else {
        return vec![(table.span(), keys::wrong("source", "a table for each source: [[source]]"))];
    };
    let mut builder = source::SourceBuilder::default();
    let mut located = Vec::new();
    for (key, value) in fields {
        let name = key.get_ref().as_ref();
        match source::set(&mut builder, name, &Value::from(value.get_ref())) {
            Ok(true) => {}
            Ok(false) => {
                located.push((key.span(), source::unknown(name)));
            }
            Err(expected) => located.push((value.span(), keys::wrong(&format!("source.{name}"), &expected))),
        }
    }
    let variables = builder.secret_env.iter().chain(&builder.webhook_secret_env);
    config.password_variables.extend(variables.flat_map(|name| [name.clone(), source::variable_of_file(name)]));
    if located.is_empty() {
        match builder.finish(&config.sources, environment) {
            Ok(source) => config.sources.push(source),
            Err(finding) => located.push((table.span(), finding)),
        }
    }
    located
}

fn read_sign_in(config: &mut Config, environment: &Environment, table: &Spanned<DeValue<'_>>) -> Vec<Located> {
    let DeValue::Table(fields) = table.get_ref() else {
        return vec![(table.span(), keys::wrong("sign-in", "a table for each provider: [[sign-in]]"))];
    };
    let mut builder = sign_in::SignInBuilder::default();
    let mut located = Vec::new();
    for (key, value) in fields {
        let name = key.get_ref().as_ref();
        match sign_in::set(&mut builder, name, &Value::from(value.get_ref())) {
            Ok(true) => {}
            Ok(false) => located.push((key.span(), sign_in::unknown(name))),
            Err(expected) => located.push((value.span(), keys::wrong(&format!("sign-in.{name}"), &expected))),
        }
    }
    let variable = builder.secret_env.iter();
    config.password_variables.extend(variable.flat_map(|name| [name.clone(), source::variable_of_file(name)]));
    if located.is_empty() {
        match builder.finish(&config.identity, environment) {
            Ok(provider) => config.identity.providers.push(provider),
            Err(finding) => located.push((table.span(), finding)),
        }
    }
    located
}

/// Variables by which this repository's build and browser tests are told things, and by which commands find a portal; they are
/// not configuration.
const FOREIGN: [&str; 9] = [
    "SLIPWAY_BROWSER",
    "SLIPWAY_NO_SANDBOX",
    "SLIPWAY_PORTAL",
    "SLIPWAY_RUST_SRC",
    "SLIPWAY_SCREENSHOTS",
    "SLIPWAY_SITE",
    "SLIPWAY_TOKEN",
    "SLIPWAY_URL",
    "SLIPWAY_WASM_STD",
];

fn read_environment(config: &mut Config, environment: &Environment, findings: &mut Vec<Finding>) {
    for (name, text) in environment {
        let Some(rest) = name.strip_prefix("SLIPWAY_") else { continue };
        if FOREIGN.contains(&name.as_str())
            || rest.starts_with("TEST_")
            || rest.starts_with("CI_")
            || config.password_variables.contains(name)
        {
            continue;
        }
        match keys::find_variable(name) {
            Some(key) => {
                if let Err(expected) = (key.set)(config, &Value::Text(text)) {
                    findings.push(keys::wrong(name, &expected));
                }
            }
            None => {
                let known: Vec<String> = keys::KEYS.iter().map(keys::Key::variable).collect();
                findings.push(keys::unknown(name, known.iter().map(String::as_str)));
            }
        }
    }
}

/// Line and column from 1 of a byte offset.
fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

impl Config {
    /// Adds a source given by its path alone; the name is that of the folder, made unique.
    pub fn add_path(&mut self, path: PathBuf) {
        let base = std::path::absolute(&path)
            .ok()
            .and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
            .unwrap_or_else(|| "folder".to_owned());
        // Whoever starts Slipway here and names a folder of this machine vouches for it.
        self.add(&base, SourceKind::Folder(path), SourcePolicy::trusted());
    }

    /// Adds a source of one repository; the name is that of the repository, made unique.
    pub fn add_address(&mut self, address: Address) {
        let name = address.url.name();
        let last = name.rsplit(['/', ':']).next().unwrap_or(&name);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let base: String = last.chars().take(50).map(|c| if fits(c) { c } else { '-' }).collect();
        self.add(&base, SourceKind::Git(GitSettings::new(vec![address])), SourcePolicy::default());
    }

    fn add(&mut self, base: &str, kind: SourceKind, policy: SourcePolicy) {
        let taken = |name: &str| self.sources.iter().any(|source| source.name == name) || DEMO_SOURCES.contains(&name);
        let name = (1..)
            .map(|n| if n == 1 { base.to_owned() } else { format!("{base}-{n}") })
            .find(|name| !taken(name))
            .unwrap_or_else(|| base.to_owned());
        self.sources.push(SourceConfig { name, kind, visibility: Visibility::Public, policy, launch: false });
    }

    /// What the portal needs of it.
    pub fn settings(&self) -> Settings {
        let mut sources: Vec<SourceSettings> = self
            .sources
            .iter()
            .map(|source| SourceSettings {
                name: source.name.clone(),
                kind: source.kind.clone(),
                visibility: source.visibility,
                demo: false,
                policy: source.policy.clone(),
                launch: source.launch,
            })
            .collect();
        if self.demo {
            sources.push(SourceSettings {
                name: DEMO_SOURCE.to_owned(),
                kind: SourceKind::Folder(self.demo_folder()),
                visibility: Visibility::Public,
                demo: true,
                policy: SourcePolicy::trusted(),
                launch: false,
            });
            let projects = SourceKind::Folder(self.demo_projects());
            let projects = SourceSettings::new(DEMO_PROJECTS, projects, Visibility::Public);
            sources.push(SourceSettings { demo: true, ..projects.launching().trusted() });
        }
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Settings {
            data: self.data.clone(),
            database: match (&self.database_url, &self.database_url_file) {
                (Some(url), _) => DatabaseSettings::Postgres(url.clone()),
                (None, Some(file)) => DatabaseSettings::PostgresIn(file.clone()),
                (None, None) => DatabaseSettings::Sqlite,
            },
            sources,
            poll_interval: self.interval,
            public_url: self.public_url.clone(),
            workers: if self.workers == 0 { processors } else { self.workers },
            identity: self.identity.clone(),
            runs: self.runs,
            templates: TemplateSettings { executable: std::env::current_exe().ok(), ..self.templates.clone() },
            publish: self.publish.clone(),
            steps: self.steps.clone(),
            approvals: self.approvals.clone(),
            access: self.access.clone(),
            inbox: self.inbox.clone(),
            sealing_key: self.sealing_key.clone(),
            audit_kept: self.audit_kept,
            clock: Clock::System,
        }
    }

    pub fn demo_folder(&self) -> PathBuf {
        self.data.join("demo")
    }

    /// Where the demo's templates make projects.
    pub fn demo_projects(&self) -> PathBuf {
        self.data.join(DEMO_PROJECTS)
    }
}

/// The name of the demo's source.
pub const DEMO_SOURCE: &str = "demo";
/// The name of the source in which the demo's templates make projects.
pub const DEMO_PROJECTS: &str = "demo-projects";
/// Names that no source of a configuration has.
pub const DEMO_SOURCES: [&str; 2] = [DEMO_SOURCE, DEMO_PROJECTS];

#[cfg(test)]
mod tests;
