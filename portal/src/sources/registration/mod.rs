//! A GitHub App in a few clicks: the manifest that asks for it, and what comes back, put where only we may read it.
//!
//! The person who begins is told apart by a cookie: the state that travels through the forge follows from it, counts once,
//! and ends after an hour. Nothing changes the configuration: the operator copies the lines.

mod files;
mod store;
#[cfg(test)]
mod tests;

use model::{Finding, Level};
use url::Url;

use crate::Portal;
use crate::audit::{self, Change};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::forge::{self, Forge, Manifest};
use crate::identity::{Action, Actor, Resource, can};
use crate::secret::{Secret, digest};
use crate::settings::{GitHubOwner, GitHubSettings, SourceKind};
use crate::sources::connect::forge_settings;

/// How long the forge may take to send the browser back, and how long its code is good: milliseconds.
pub const LIFE: i64 = 60 * 60 * 1_000;
/// Characters of what comes back in an address.
const LONGEST: usize = 200;

/// Which App somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Of Enterprise Server, without a path; `None` for github.com.
    pub url: Option<String>,
    /// Where it is registered and installed.
    pub owner: GitHubOwner,
    /// It may push branches and open pull requests.
    pub writes: bool,
}

/// The form that leads to the forge.
#[derive(Debug, Clone)]
pub struct Form {
    pub wish: Wish,
    /// Where it is posted, with the state.
    pub action: String,
    /// The origin of that address, for the policy of the page.
    pub origin: String,
    /// JSON, for the field `manifest`.
    pub manifest: String,
    /// Where the forge will deliver events; `None` if it could not reach us.
    pub hook: Option<String>,
}

/// An App that was registered from here, and what is to be done with it.
#[derive(Debug, Clone)]
pub struct Registered {
    /// Host and number: in addresses.
    pub key: String,
    pub name: String,
    pub owner: String,
    /// Where it is installed.
    pub install: String,
    /// For the configuration.
    pub lines: String,
    /// The source of the configuration that already reads this owner, if there is one.
    pub source: Option<String>,
    /// The folder with the key.
    pub folder: String,
    /// It has a webhook, and so a secret.
    pub webhook: bool,
    /// Milliseconds since 1970 in UTC.
    pub at: i64,
}

impl Wish {
    /// As somebody typed it: a login, and the address of an Enterprise Server or nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all that is wrong.
    pub fn read(login: &str, is_organisation: bool, url: &str, writes: bool) -> Result<Self> {
        let (login, url) = (login.trim(), url.trim().trim_end_matches('/'));
        let mut findings = Vec::new();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if login.is_empty() || login.len() > 100 || !login.chars().all(fits) {
            findings.push(wrong(
                "The owner is not a name as it stands in addresses",
                "Write it as in https://github.com/acme: acme.",
            ));
        }
        let parsed = Url::parse(url).ok().filter(|parsed| {
            let plain = parsed.path() == "/" && parsed.query().is_none() && parsed.fragment().is_none();
            matches!(parsed.scheme(), "https" | "http") && parsed.has_host() && plain && parsed.username().is_empty()
        });
        if !url.is_empty() && parsed.is_none() {
            findings.push(wrong(
                "The address of the server is not one without a path",
                "Write it as https://github.example.com, or nothing for github.com.",
            ));
        }
        if !findings.is_empty() {
            return Err(Error::Invalid(findings.into()));
        }
        let is_github =
            parsed.as_ref().is_none_or(|url| matches!(url.host_str(), Some("github.com" | "www.github.com")));
        let owner = match is_organisation {
            true => GitHubOwner::Organisation(login.to_owned()),
            false => GitHubOwner::User(login.to_owned()),
        };
        Ok(Self { url: parsed.filter(|_| !is_github).map(|url| url.origin().ascii_serialization()), owner, writes })
    }
}

fn wrong(message: &str, help: &str) -> Finding {
    Finding::new("app.wish", Level::Error, message, help)
}

/// Begins: gives what the browser has to keep in a cookie for [`LIFE`].
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not.
pub async fn begin(portal: &Portal, actor: &Actor, wish: &Wish) -> Result<String> {
    can(actor, Action::SetUp, Resource::Anything)?;
    let cookie = Secret::random()?.expose().to_owned();
    let now = Clock::System.now();
    let mut tx = portal.db().begin().await?;
    store::forget_old(&mut tx, now).await?;
    store::begin(&mut tx, &digest(&state(&cookie)), wish, now + LIFE).await?;
    let target = place(wish);
    let change = Change { action: "app.begin", target: &target, ..Change::default() };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await?;
    Ok(cookie)
}

/// What the browser with this cookie has begun; `here` is the address by which it reaches us.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not.
pub async fn begun(portal: &Portal, actor: &Actor, cookie: &str, here: &str) -> Result<Option<Form>> {
    can(actor, Action::SetUp, Resource::Anything)?;
    let state = state(cookie);
    let Some(wish) = store::waiting(portal.db(), &digest(&state), Clock::System.now()).await? else { return Ok(None) };
    let web = web(&wish);
    let path = match &wish.owner {
        GitHubOwner::Organisation(name) => format!("organizations/{name}/settings/apps/new"),
        GitHubOwner::User(_) => "settings/apps/new".to_owned(),
    };
    let public = portal.settings().public_url.as_deref();
    let name = source(portal, &wish).unwrap_or_else(|| wish.owner.name().to_owned());
    let hook = public.map(|public| format!("{public}/webhooks/github/{name}"));
    let manifest = Manifest {
        owner: wish.owner.name(),
        is_organisation: matches!(wish.owner, GitHubOwner::Organisation(_)),
        writes: wish.writes,
        home: public.unwrap_or(here),
        redirect: &format!("{here}/sources/github-app/created"),
        hook: hook.as_deref(),
    };
    Ok(Some(Form {
        action: format!("{web}/{path}?state={state}"),
        origin: Url::parse(&web).map(|url| url.origin().ascii_serialization()).unwrap_or_default(),
        manifest: manifest.to_json().to_string(),
        hook,
        wish,
    }))
}

/// Ends what the browser with this cookie has begun: exchanges the code, and keeps the keys. Gives the App's key.
///
/// # Errors
/// [`Error::Forbidden`] if the answer belongs to nothing that this browser began, [`Error::Unavailable`] if the forge does
/// not give the keys, or they cannot be kept. In each case it has to be begun anew.
pub async fn complete(portal: &Portal, actor: &Actor, cookie: Option<&str>, code: &str, given: &str) -> Result<String> {
    can(actor, Action::SetUp, Resource::Anything)?;
    let ours = cookie.map(state).filter(|ours| ours.as_str() == given);
    let fits = code.len() <= LONGEST && !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let Some(ours) = ours.filter(|_| fits) else { return Err(not_begun()) };
    let mut tx = portal.db().begin().await?;
    let wish = store::take(&mut tx, &digest(&ours), Clock::System.now()).await?;
    tx.commit().await?;
    let wish = wish.ok_or_else(not_begun)?;
    let data = &portal.settings().data;
    let prepared = files::prepare(data).map_err(|error| {
        Error::Unavailable(format!(
            "The keys of the App could not be kept in {} ({error}), so they were not fetched. Make the data folder \
             writable, delete the App at the forge, and begin again.",
            data.join("apps").display()
        ))
    })?;
    let forge = Forge::new(&at(portal, &wish)?)?;
    let app = forge.convert(code).await.map_err(|error| no_keys(&error))?;
    let key = format!("{}-{}", host(&wish).replace(':', "_"), app.id);
    let folder = files::folder(data, &key);
    prepared.fill(&folder, &app.key, app.webhook_secret.as_ref()).map_err(|error| {
        Error::Unavailable(format!(
            "The keys of the App {} could not be written to {} ({error}). Make a new private key in the App’s settings.",
            app.name,
            folder.display()
        ))
    })?;
    let row = store::Row {
        key: key.clone(),
        app_id: app.id.to_string(),
        name: app.name,
        html_url: app.html_url,
        url: wish.url.clone(),
        owner: wish.owner.name().to_owned(),
        organisation: matches!(wish.owner, GitHubOwner::Organisation(_)),
        webhook: app.webhook_secret.is_some(),
        registered_at: portal.clock().now(),
    };
    let (target, after) = (place(&wish), format!("{} ({})", row.name, row.app_id));
    let mut tx = portal.db().begin().await?;
    store::add(&mut tx, &row).await?;
    let change = Change { action: "app.register", target: &target, after: Some(&after), ..Change::default() };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await?;
    Ok(key)
}

/// The Apps that were registered from here, latest first.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not see them.
pub async fn registered(portal: &Portal, actor: &Actor) -> Result<Vec<Registered>> {
    can(actor, Action::SetUp, Resource::Anything)?;
    let rows = store::all(portal.db()).await?;
    Ok(rows.into_iter().map(|row| shown(portal, row)).collect())
}

fn shown(portal: &Portal, row: store::Row) -> Registered {
    let folder = files::folder(&portal.settings().data, &row.key);
    let owner = match row.organisation {
        true => GitHubOwner::Organisation(row.owner.clone()),
        false => GitHubOwner::User(row.owner.clone()),
    };
    let source = source(portal, &Wish { url: row.url.clone(), owner, writes: false });
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut lines = Vec::new();
    if source.is_none() {
        lines.extend([
            "[[source]]".to_owned(),
            format!("name = {}", quoted(&row.owner)),
            "kind = \"github\"".to_owned(),
        ]);
        lines.push(format!("{} = {}", if row.organisation { "organisation" } else { "user" }, quoted(&row.owner)));
        lines.extend(row.url.as_ref().map(|url| format!("url = {}", quoted(url))));
    }
    lines.push(format!("app-id = {}", quoted(&row.app_id)));
    lines.push(format!("app-key-file = {}", quoted(&folder.join(files::KEY).to_string_lossy())));
    if row.webhook {
        let secret = folder.join(files::WEBHOOK_SECRET);
        lines.push(format!("webhook-secret-file = {}", quoted(&secret.to_string_lossy())));
    }
    Registered {
        install: format!("{}/installations/new", row.html_url.trim_end_matches('/')),
        lines: lines.join("\n"),
        source,
        folder: folder.to_string_lossy().into_owned(),
        webhook: row.webhook,
        at: row.registered_at,
        key: row.key,
        name: row.name,
        owner: row.owner,
    }
}

/// The source that reads this owner already.
fn source(portal: &Portal, wish: &Wish) -> Option<String> {
    let is_it = |github: &GitHubSettings| {
        github.host() == host(wish) && github.owner.name().eq_ignore_ascii_case(wish.owner.name())
    };
    portal.settings().sources.iter().find_map(|source| match &source.kind {
        SourceKind::GitHub(github) if is_it(github) => Some(source.name.clone()),
        _ => None,
    })
}

/// How the forge is reached: as by a source of the same host, and as nobody.
fn at(portal: &Portal, wish: &Wish) -> Result<forge::ForgeSettings> {
    let mut github = GitHubSettings { url: wish.url.clone(), ..GitHubSettings::new(wish.owner.clone()) };
    for source in &portal.settings().sources {
        if let SourceKind::GitHub(known) = &source.kind
            && known.host() == github.host()
        {
            github.connection = known.connection.clone();
        }
    }
    forge_settings(&github, None).map_err(Error::Unavailable)
}

fn not_begun() -> Error {
    Error::Forbidden(
        "Nothing that this browser began within the last hour waits for this answer, so it was thrown away. Begin again at \
         “Make a GitHub App”, and delete the App at the forge if one was made."
            .to_owned(),
    )
}

fn no_keys(error: &forge::Error) -> Error {
    let why = match error {
        forge::Error::NotFound { .. } => "its code is wrong, was used before, or is older than an hour".to_owned(),
        error => error.to_string(),
    };
    Error::Unavailable(format!(
        "The forge did not give the keys of the App: {why}. Begin again at “Make a GitHub App”, and delete the App at the \
         forge if one was made."
    ))
}

fn host(wish: &Wish) -> String {
    GitHubSettings { url: wish.url.clone(), ..GitHubSettings::new(wish.owner.clone()) }.host()
}

/// As it is shown: `https://github.com`.
fn web(wish: &Wish) -> String {
    wish.url.as_deref().unwrap_or("https://github.com").trim_end_matches('/').to_owned()
}

fn place(wish: &Wish) -> String {
    format!("{}/{}", host(wish), wish.owner.name())
}

/// What travels through the forge: it follows from the cookie, and the cookie does not follow from it.
fn state(cookie: &str) -> String {
    digest(&format!("state of {cookie}"))
}
