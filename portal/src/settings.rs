//! What an operator chooses; read from files and the environment by `server`.

mod access;
mod inbox;
mod providers;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use model::source::SourcePolicy;
use model::{EntityRef, Visibility};
use serde::{Deserialize, Serialize};

pub use self::access::AccessSettings;
pub use self::inbox::{InboxSettings, MailEncryption, MailSettings, WebhookSettings};
pub use self::providers::{ForgeLogin, GitHubSignIn, OidcSettings, ProviderKind, ProviderSettings, ProxySettings};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::git::{self, Address, Connection, Secret};
use crate::sources::secrets;

/// How often sources are polled when nobody says otherwise.
pub const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// Everything that [`crate::Portal::open`] needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Holds the database (SQLite), the index and the lock; made when it is not there.
    pub data: PathBuf,
    pub database: DatabaseSettings,
    pub sources: Vec<SourceSettings>,
    /// Between two rounds over the sources; zero turns polling off.
    pub poll_interval: Duration,
    /// How others reach the portal: scheme and authority, without a trailing `/`.
    pub public_url: Option<String>,
    /// Repositories that are read at the same time, at least 1.
    pub workers: usize,
    pub identity: IdentitySettings,
    pub runs: RunSettings,
    pub templates: TemplateSettings,
    /// What new repositories at GitHub get besides; of several that fit, the last.
    pub publish: Vec<PublishSettings>,
    /// What launches do besides, in this order.
    pub steps: Vec<StepSettings>,
    /// Which launches others have to approve.
    pub approvals: Vec<ApprovalSettings>,
    pub access: AccessSettings,
    /// How messages leave the portal.
    pub inbox: InboxSettings,
    /// The file with the key that seals what is kept of other people's secrets; one in the data folder where nothing is said.
    pub sealing_key: Option<PathBuf>,
    /// How long entries of the audit log are kept; for ever where nothing is said.
    pub audit_kept: Option<Duration>,
    pub clock: Clock,
}

/// Who may sign in, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentitySettings {
    pub providers: Vec<ProviderSettings>,
    /// Platform administrators: references of users and groups, groups as a provider calls them (`okta:platform`), or
    /// addresses that a trusted provider has verified.
    pub administrators: Vec<String>,
    /// Those who read everything, the audit log included, and change nothing; written in the same way.
    pub auditors: Vec<String>,
    /// What is public is for everybody who reaches the portal; otherwise for those who have signed in.
    pub public: bool,
    /// A session that is not used for so long is over …
    pub idle: Duration,
    /// … and each one is after this.
    pub longest: Duration,
    /// For whom their provider has not vouched for so long has to go there again.
    pub revouch: Duration,
    /// Networks of those who say in `X-Forwarded-For` for whom they forward.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            providers: Vec::new(),
            administrators: Vec::new(),
            auditors: Vec::new(),
            public: true,
            idle: Duration::from_secs(24 * 60 * 60),
            longest: Duration::from_secs(7 * 24 * 60 * 60),
            revouch: Duration::from_secs(12 * 60 * 60),
            trusted_proxies: Vec::new(),
        }
    }
}

/// How templates are launched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSettings {
    /// Runs at the same time, over all processes: of everybody, and of one person. At least 1.
    pub at_once: usize,
    pub per_person: usize,
    /// What a failed run made is removed by itself after this; never where it is zero.
    pub clean_after: Duration,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self { at_once: 8, per_person: 3, clean_after: Duration::from_secs(24 * 60 * 60) }
    }
}

/// How programs are run that trusted templates bring.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateSettings {
    /// Slipway itself, which is the fence (see [`crate::sandbox`]); nothing is run without it.
    pub executable: Option<PathBuf>,
    /// They are run, too, where the system cannot keep them from the network or from other files.
    pub weaker_fence: bool,
}

/// What new repositories at GitHub get besides what a form says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishSettings {
    /// At launches of these templates; of all where there are none.
    pub templates: Vec<EntityRef>,
    pub input: PublishInput,
}

/// In the words of Backstage's `publish:github`. What is not said is not done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PublishInput {
    /// Nothing is pushed to the default branch, only merged.
    pub protect_default_branch: bool,
    /// It holds for administrators, too.
    pub protect_enforce_admins: bool,
    pub required_approving_review_count: u8,
    pub require_code_owner_reviews: bool,
    pub dismiss_stale_reviews: bool,
    /// Names of checks.
    pub required_status_check_contexts: Vec<String>,
    pub collaborators: Vec<Collaborator>,
}

/// A person or a team who is let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Collaborator {
    /// A login; or else:
    #[serde(default)]
    pub user: Option<String>,
    /// A team of the organisation in which the repository is made, by its slug.
    #[serde(default)]
    pub team: Option<String>,
    /// `pull`, `triage`, `push`, `maintain`, `admin`, or a role of the organisation.
    pub access: String,
}

/// A further step of launches; [`crate::runs::check_step`] says whether it can be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepSettings {
    /// By which later steps name what it gave.
    pub id: String,
    /// For people.
    pub name: String,
    /// Such as `http:backstage:request`.
    pub action: String,
    /// At launches of these templates; of all where there are none.
    pub templates: Vec<EntityRef>,
    /// What the action takes, with `${{ steps.publish.output.remoteUrl }}` and `${{ parameters.name }}` in texts.
    pub input: serde_json::Value,
    /// Sent along as a bearer token.
    pub token: Option<Password>,
}

/// A rule: what it is about has to be approved before a launch begins. It is about every launch where it names nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalSettings {
    pub template: Option<EntityRef>,
    /// Of a step: `publish:github`.
    pub action: Option<String>,
    /// Users and groups, at least one.
    pub reviewers: Vec<EntityRef>,
    /// How many of them have to approve, at least 1.
    pub count: usize,
    /// After this nobody can any more.
    pub expires: Duration,
}

#[derive(Clone, Default)]
pub enum DatabaseSettings {
    /// A file in the data folder.
    #[default]
    Sqlite,
    /// `postgres://user:password@host:port/database`
    Postgres(String),
    /// The same, in the first line of a file that is read when the database is opened.
    PostgresIn(PathBuf),
}

/// One place where repositories are.
#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// Stable and unique: repositories are known by it.
    pub name: String,
    pub kind: SourceKind,
    /// Of everything that comes from here.
    pub visibility: Visibility,
    /// Labelled as a demo wherever it is shown.
    pub demo: bool,
    /// What its descriptors may declare.
    pub policy: SourcePolicy,
    /// New projects may be made here.
    pub launch: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceKind {
    /// Work trees and bare repositories below this folder, read in place.
    Folder(PathBuf),
    /// Repositories at Git hosts, mirrored in the data folder.
    Git(GitSettings),
    /// All repositories of an owner at GitHub, mirrored in the data folder.
    GitHub(GitHubSettings),
}

/// Repositories by their addresses, and how to get at them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitSettings {
    /// At least one. A name and a password within an address win over those below.
    pub addresses: Vec<Address>,
    pub username: Option<String>,
    pub password: Option<Password>,
    pub connection: Connection,
    /// For one fetch of one repository.
    pub time_limit: Duration,
}

/// An owner at GitHub, and how to get at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubSettings {
    /// Of Enterprise Server (`https://github.example.com`); `None` for github.com.
    pub url: Option<String>,
    pub owner: GitHubOwner,
    pub login: GitHubLogin,
    /// Signs the deliveries of its webhook; without it there is none. A file may have two, each on a line.
    pub webhook_secret: Option<Password>,
    pub filter: GitHubFilter,
    pub connection: Connection,
    /// For one fetch of one repository.
    pub time_limit: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitHubOwner {
    Organisation(String),
    User(String),
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitHubLogin {
    /// Public repositories only, at 60 requests an hour.
    Nobody,
    Token(Password),
    /// A GitHub App that is installed at the owner.
    App {
        id: String,
        /// The file with its private key.
        key: PathBuf,
    },
}

/// Which repositories are wanted; the default wants all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubFilter {
    pub archived: bool,
    pub forks: bool,
    /// At least one of these; none wants all.
    pub topics: Vec<String>,
    /// Globs over names; none wants all.
    pub names: Vec<String>,
    /// Globs over names.
    pub exclude: Vec<String>,
}

impl GitHubOwner {
    pub fn name(&self) -> &str {
        match self {
            Self::Organisation(name) | Self::User(name) => name,
        }
    }
}

impl Default for GitHubFilter {
    fn default() -> Self {
        Self { archived: true, forks: true, topics: Vec::new(), names: Vec::new(), exclude: Vec::new() }
    }
}

impl GitHubSettings {
    /// On github.com, as nobody, and with the defaults.
    pub fn new(owner: GitHubOwner) -> Self {
        let (filter, connection) = Default::default();
        Self {
            url: None,
            owner,
            login: GitHubLogin::Nobody,
            webhook_secret: None,
            filter,
            connection,
            time_limit: git::TIME_LIMIT,
        }
    }

    /// `github.com`, or the host of Enterprise Server, with its port.
    pub fn host(&self) -> String {
        match &self.url {
            None => "github.com".to_owned(),
            Some(url) => url.split("://").last().unwrap_or(url).trim_end_matches('/').to_owned(),
        }
    }

    /// Whether repositories of this host may be fetched with our credentials; ports do not count.
    pub fn is_own_host(&self, host: &str) -> bool {
        let without_port = |host: &str| host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
        without_port(host) == without_port(&self.host())
    }

    /// As it is shown: `https://github.com/acme`.
    pub fn location(&self) -> String {
        let url = self.url.as_deref().unwrap_or("https://github.com").trim_end_matches('/');
        format!("{url}/{}", self.owner.name())
    }
}

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Password {
    Known(Secret),
    /// Its first line, read each time that it is needed.
    File(PathBuf),
}

impl GitSettings {
    /// Without a login and with the defaults: git's own helpers and the ssh agent are asked.
    pub fn new(addresses: Vec<Address>) -> Self {
        let connection = Connection::default();
        Self { addresses, username: None, password: None, connection, time_limit: git::TIME_LIMIT }
    }
}

impl Settings {
    /// SQLite in `data`, no sources, and the defaults.
    pub fn new(data: impl AsRef<Path>) -> Self {
        Self {
            data: data.as_ref().to_owned(),
            database: DatabaseSettings::Sqlite,
            sources: Vec::new(),
            poll_interval: POLL_INTERVAL,
            public_url: None,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            identity: IdentitySettings::default(),
            runs: RunSettings::default(),
            templates: TemplateSettings::default(),
            publish: Vec::new(),
            steps: Vec::new(),
            approvals: Vec::new(),
            access: AccessSettings::default(),
            inbox: InboxSettings::default(),
            sealing_key: None,
            audit_kept: None,
            clock: Clock::System,
        }
    }
}

impl Settings {
    /// Whether the demo organisation is shown.
    pub fn is_demo(&self) -> bool {
        self.sources.iter().any(|source| source.demo)
    }
}

impl SourceSettings {
    /// No demo, and not trusted.
    pub fn new(name: impl Into<String>, kind: SourceKind, visibility: Visibility) -> Self {
        Self { name: name.into(), kind, visibility, demo: false, policy: SourcePolicy::default(), launch: false }
    }

    pub fn folder(name: impl Into<String>, path: impl AsRef<Path>, visibility: Visibility) -> Self {
        Self::new(name, SourceKind::Folder(path.as_ref().to_owned()), visibility)
    }

    /// The same, for new projects.
    pub fn launching(self) -> Self {
        Self { launch: true, ..self }
    }

    /// The same, trusted.
    pub fn trusted(self) -> Self {
        Self { policy: SourcePolicy::trusted(), ..self }
    }
}

/// Never shows the password of the database.
impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "Sqlite",
            Self::Postgres(_) | Self::PostgresIn(_) => "Postgres(…)",
        })
    }
}

impl DatabaseSettings {
    /// The address of Postgres; `None` for SQLite.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it is in a file that cannot be read.
    pub fn postgres(&self) -> Result<Option<String>> {
        match self {
            Self::Sqlite => Ok(None),
            Self::Postgres(url) => Ok(Some(url.clone())),
            Self::PostgresIn(file) => match secrets::read(&Password::File(file.clone())) {
                Ok(url) => Ok(Some(url.expose().to_owned())),
                Err(why) => Err(Error::Unavailable(format!("The address of the database is not known: {why}."))),
            },
        }
    }
}
