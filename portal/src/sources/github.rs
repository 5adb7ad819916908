//! Repositories of an organisation or a user at GitHub, on github.com and on Enterprise Server, mirrored in the data
//! folder.
//!
//! A listing shows what our credentials may see today, so what it lacks is not gone: that, only the repository itself
//! says, when it is asked for by its id.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use model::{Finding, Level, Visibility};
use url::Url;

use super::read::Failure;
use super::{Coverage, Known, Listed, Listing, Source, secrets};
use crate::forge::{
    self, App, Authentication, Cache, Existence, Filter, Forge, ForgeRepository, ForgeSettings, ForgeVisibility, Names,
    Narrowed, Proxy, Scope, Standing,
};
use crate::git::{self, Address, Credentials, Login, Remote, RemoteUrl, Watch};
use crate::secret::Secret;
use crate::settings::{GitHubLogin, GitHubOwner, GitHubSettings};

/// What is read of a file with certificates.
const LONGEST_CERTIFICATES: u64 = 4 << 20;
/// So many repositories may go at once, or this part of all, whichever is more …
const MOST_GONE: usize = 5;
/// … in percent. Beyond, a mistake is likelier, and a person has to look.
const MOST_GONE_PERCENT: usize = 2;

/// What is kept of GitHub sources between rounds, for as long as the process lives.
#[derive(Default)]
pub struct Accounts {
    by_source: Mutex<HashMap<String, Arc<Account>>>,
}

struct Account {
    /// With which it was made; files may change.
    settings: GitHubSettings,
    secret: Option<Secret>,
    forge: Forge,
    filter: Filter,
    memory: tokio::sync::Mutex<Memory>,
    /// When a mirror was last pushed to, as the forge said before it was fetched; by the mirror's path.
    fetched: Mutex<HashMap<String, i64>>,
}

#[derive(Default)]
struct Memory {
    cache: Cache,
    /// Ours at the last listing.
    standing: Option<Standing>,
}

/// One round over what an owner has.
pub struct GitHubSource {
    account: Result<Arc<Account>, String>,
    mirrors: PathBuf,
    /// What was listed, by the path of its mirror.
    listed: Mutex<HashMap<String, Place>>,
}

#[derive(Clone)]
struct Place {
    url: RemoteUrl,
    pushed_at: Option<i64>,
}

impl Accounts {
    /// The client of a source, with what is kept of it.
    pub(super) fn forge(&self, source: &str, settings: &GitHubSettings) -> Result<Forge, String> {
        self.of(source, settings).map(|account| account.forge.clone())
    }

    /// The account of a source, made anew when what it is made of has changed.
    fn of(&self, source: &str, settings: &GitHubSettings) -> Result<Arc<Account>, String> {
        let secret = match &settings.login {
            GitHubLogin::Nobody => None,
            GitHubLogin::Token(token) => Some(secrets::read(token)?),
            GitHubLogin::App { key, .. } => Some(secrets::read_text(key)?),
        };
        let mut accounts = self.by_source.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = accounts.get(source)
            && account.settings == *settings
            && account.secret == secret
        {
            return Ok(Arc::clone(account));
        }
        let account = Arc::new(Account::new(settings, secret)?);
        accounts.insert(source.to_owned(), Arc::clone(&account));
        Ok(account)
    }
}

impl Account {
    fn new(settings: &GitHubSettings, secret: Option<Secret>) -> Result<Self, String> {
        let text = |error: forge::Error| error.to_string();
        let filter = &settings.filter;
        let filter = Filter {
            archived: filter.archived,
            forks: filter.forks,
            topics: filter.topics.clone(),
            names: Names::new(&filter.names, &filter.exclude).map_err(text)?,
            ..Filter::default()
        };
        let forge = Forge::new(&forge_settings(settings, secret.as_ref())?).map_err(text)?;
        let (memory, fetched) = Default::default();
        Ok(Self { settings: settings.clone(), secret, forge, filter, memory, fetched })
    }

    fn scope(&self) -> Scope {
        match &self.settings.owner {
            // Its installation sees private repositories of a user too, which the listing of a user never shows.
            _ if matches!(self.settings.login, GitHubLogin::App { .. }) => Scope::Installation,
            GitHubOwner::Organisation(name) => Scope::Organisation(name.clone()),
            GitHubOwner::User(name) => Scope::User(name.clone()),
        }
    }

    /// Those of `missing` that are gone, or that nobody wants any more; and what cannot be told.
    async fn gone(&self, missing: &[(u64, &Known)], before: &Standing) -> (Vec<String>, Vec<Finding>) {
        let owner = self.settings.owner.name();
        let (mut gone, mut findings) = (Vec::new(), Vec::new());
        for (id, row) in missing {
            let (is_gone, told) = match self.forge.exists(*id, owner, before).await {
                Existence::Gone => (true, None),
                Existence::There(repository) if !self.filter.wants(&repository) => (true, None),
                Existence::There(repository) if !repository.owner.eq_ignore_ascii_case(owner) => {
                    (true, Some(format!("was transferred to {}.", repository.owner)))
                }
                Existence::There(_) => (false, Some("is there, but was not listed; it stays.".to_owned())),
                Existence::Unknown(why) => (false, Some(format!("was not listed; it stays, since {why}."))),
            };
            if is_gone {
                gone.push(row.stable_key.clone());
            }
            findings.extend(told.map(|told| note(format!("{} {told}", row.name))));
        }
        (gone, findings)
    }
}

impl GitHubSource {
    /// The mirrors are kept below `mirrors`.
    pub fn new(source: &str, settings: &GitHubSettings, accounts: &Accounts, mirrors: &Path) -> Self {
        let mirrors = std::path::absolute(mirrors).unwrap_or_else(|_| mirrors.to_owned());
        Self { account: accounts.of(source, settings), mirrors, listed: Mutex::default() }
    }

    async fn list(&self, known: &[&Known]) -> Listing {
        let account = match &self.account {
            Ok(account) => account,
            Err(why) => return Listing::failed(why.clone()),
        };
        let mut memory = account.memory.lock().await;
        let listing = account.forge.repositories(&account.scope(), &account.filter, &mut memory.cache).await;
        let listing = match listing {
            Ok(listing) => listing,
            Err(error) => return Listing::failed(error.to_string()),
        };
        let host = account.settings.host();
        let mut repositories = Vec::new();
        let mut findings = Vec::new();
        for repository in &listing.entries {
            match self.place(account, repository) {
                Ok((path, place)) => {
                    repositories.push(listed(&host, repository, &path));
                    self.listed.lock().unwrap_or_else(PoisonError::into_inner).insert(path, place);
                }
                Err(why) => findings.push(note(format!("{}: {why}", repository.full_name))),
            }
        }
        let seen: HashSet<&str> = repositories.iter().map(|listed| listed.stable_key.as_str()).collect();
        let prefix = format!("github:{host}:");
        let missing: Vec<(u64, &Known)> = known
            .iter()
            .filter(|row| !seen.contains(row.stable_key.as_str()))
            .filter_map(|row| Some((row.stable_key.strip_prefix(&prefix)?.parse().ok()?, *row)))
            .collect();
        let most = MOST_GONE.max(known.len() * MOST_GONE_PERCENT / 100);
        let mut gone = Vec::new();
        if missing.len() > most {
            findings.push(Finding::new(
                "source.narrowed",
                Level::Warning,
                format!("{} repositories are not listed any more, more than {most} at once.", missing.len()),
                "They stay until somebody has looked: are the credentials and the filters still as they were?",
            ));
        } else if let Some(before) = memory.standing.as_ref().filter(|_| !missing.is_empty()) {
            let (really, told) = account.gone(&missing, before).await;
            gone = really;
            findings.extend(told);
        }
        // Without it the next round removes nothing, which is the safe way to fail.
        memory.standing = account.forge.standing(account.settings.owner.name()).await.ok();
        Listing { repositories, coverage: coverage(&listing.coverage), gone, findings }
    }

    fn place(&self, account: &Account, repository: &ForgeRepository) -> Result<(String, Place), String> {
        let address = Address::parse(&repository.clone_url)
            .map_err(|expected| format!("the forge gives an address for cloning that is not {expected}"))?;
        if !account.settings.is_own_host(address.url.host()) {
            return Err(format!("the forge sends to {} for cloning, which gets no credentials", address.url.host()));
        }
        let path = self.mirrors.join(address.url.folder_name()).to_string_lossy().into_owned();
        Ok((path, Place { url: address.url, pushed_at: repository.pushed_at }))
    }

    fn remote(&self, path: &str) -> Result<(&Arc<Account>, Place, Remote), Failure> {
        let account = self.account.as_ref().map_err(|why| Failure::of(why.clone(), None))?;
        let place = self.listed.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        let place = place.ok_or_else(|| Failure::of("it was not listed".to_owned(), None))?;
        let remote = Remote {
            url: place.url.clone(),
            credentials: Arc::new(ForgeCredentials(account.forge.clone())),
            connection: account.settings.connection.clone(),
            time_limit: account.settings.time_limit,
        };
        Ok((account, place, remote))
    }

    async fn update(&self, path: &str, watch: &Watch<'_>) -> Result<PathBuf, Failure> {
        let (account, place, remote) = self.remote(path)?;
        let fetched = || account.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current = place.pushed_at.is_some() && fetched().get(path).copied() == place.pushed_at;
        if is_current && Path::new(path).is_dir() {
            return Ok(PathBuf::from(path));
        }
        git::update(&self.mirrors, &remote, watch).await?;
        if let Some(pushed_at) = place.pushed_at {
            fetched().insert(path.to_owned(), pushed_at);
        }
        Ok(PathBuf::from(path))
    }
}

impl Source for GitHubSource {
    fn list<'a>(&'a self, known: &'a [&'a Known]) -> BoxFuture<'a, Listing> {
        Self::list(self, known).boxed()
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn open<'a>(&'a self, path: &'a str, watch: &'a Watch<'a>) -> BoxFuture<'a, Result<PathBuf, Failure>> {
        self.update(path, watch).boxed()
    }

    fn mend<'a>(&'a self, path: &'a str, watch: &'a Watch<'a>) -> BoxFuture<'a, Result<bool, Failure>> {
        async move {
            let (_, _, remote) = self.remote(path)?;
            git::mend(&self.mirrors, &remote, watch).await.map_err(Failure::from)
        }
        .boxed()
    }
}

/// The forge's own credentials, for git: an App's token lasts an hour, so they are asked for each time.
struct ForgeCredentials(Forge);

impl Credentials for ForgeCredentials {
    fn login(&self) -> BoxFuture<'_, Result<Option<Login>, String>> {
        async {
            let credentials = self.0.credentials().await.map_err(|error| error.to_string())?;
            Ok(credentials
                .map(|credentials| Login { username: credentials.username.to_owned(), secret: credentials.password }))
        }
        .boxed()
    }
}

fn listed(host: &str, repository: &ForgeRepository, path: &str) -> Listed {
    Listed {
        stable_key: format!("github:{host}:{}", repository.id),
        name: repository.name.clone(),
        path: path.to_owned(),
        archived: repository.archived,
        fork: repository.fork,
        visibility: Some(match repository.visibility {
            ForgeVisibility::Public => Visibility::Public,
            ForgeVisibility::Internal => Visibility::SignedIn,
            ForgeVisibility::Private => Visibility::Readers,
        }),
    }
}

/// An App for selected repositories is meant to see no more than those.
fn coverage(coverage: &forge::Coverage) -> Coverage {
    let forge::Coverage::Partial(reasons) = coverage else { return Coverage::Unproven };
    let told: Vec<String> =
        reasons.iter().filter(|reason| **reason != Narrowed::SelectedRepositories).map(Narrowed::to_string).collect();
    if told.is_empty() { Coverage::Unproven } else { Coverage::Partial(told.join("; ")) }
}

fn note(message: String) -> Finding {
    Finding::new("source.narrowed", Level::Note, message, "")
}

fn forge_settings(settings: &GitHubSettings, secret: Option<&Secret>) -> Result<ForgeSettings, String> {
    let secret = || secret.cloned().ok_or_else(|| "there is no token".to_owned());
    let authentication = match &settings.login {
        GitHubLogin::Nobody => Authentication::Nobody,
        GitHubLogin::Token(_) => Authentication::Token(secret()?),
        GitHubLogin::App { id, .. } => {
            Authentication::App(App { id: id.clone(), key: secret()?, account: settings.owner.name().to_owned() })
        }
    };
    let made = match &settings.url {
        None => ForgeSettings::github(authentication),
        Some(url) => ForgeSettings::enterprise(url, authentication),
    };
    let mut forge = made.map_err(|error| error.to_string())?;
    if let Some(file) = &settings.connection.ca_file {
        let failed = |why: String| format!("{} {why}", file.display());
        let size = fs::metadata(file).map_err(|error| failed(format!("cannot be read: {error}")))?.len();
        if size > LONGEST_CERTIFICATES {
            return Err(failed("is too large to hold certificates".to_owned()));
        }
        let pem = fs::read(file).map_err(|error| failed(format!("cannot be read: {error}")))?;
        forge.certificate_authority = Some(pem);
    }
    forge.proxy = settings.connection.proxy.as_ref().map(proxy).transpose()?;
    Ok(forge)
}

fn proxy(address: &Secret) -> Result<Proxy, String> {
    let mut url = Url::parse(address.expose()).map_err(|error| format!("proxy is no address: {error}"))?;
    if url.scheme() != "http" {
        return Err("a GitHub source speaks to its proxy with http:// only".to_owned());
    }
    let credentials = (!url.username().is_empty())
        .then(|| (url.username().to_owned(), Secret::new(url.password().unwrap_or_default())));
    // These two fail only where there is no host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(Proxy { address: url, credentials })
}
