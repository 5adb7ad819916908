//! Repositories of an organisation or a user at GitHub, on github.com and on Enterprise Server, mirrored in the data
//! folder.
//!
//! A listing shows what our credentials may see today, so what it lacks is not gone: that, only the repository itself
//! says, when it is asked for by its id.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use model::{Finding, Level, Visibility};

use super::missing::{self, Search};
use super::read::Failure;
use super::{Coverage, Extent, Fate, Known, Listed, Listing, Missing, Source, connect, facts, people};
use crate::clock::Clock;
use crate::forge::{self, Cache, Filter, Forge, ForgeRepository, ForgeVisibility, Names, Narrowed, Scope, Standing};
use crate::git::{self, Address, Remote, RemoteUrl, Watch};
use crate::secret::Secret;
use crate::settings::{GitHubLogin, GitHubOwner, GitHubSettings};

/// What was pushed to is asked for with every round, all that there is only so often: deletions, transfers and settings show
/// then, or when a webhook tells of them.
const LIST_ALL_EVERY: Duration = Duration::from_secs(10 * 60);
/// A push is told by the second, so two within one look like one: what was pushed to so lately (milliseconds; clocks differ)
/// is fetched anew each time.
const SETTLED_AFTER: i64 = 60_000;

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
    /// Answers about people, and whose turn it is to be asked for their collaborators.
    people: tokio::sync::Mutex<(Cache, usize)>,
    /// What was listed, by the path of its mirror.
    places: Mutex<HashMap<String, Place>>,
}

#[derive(Default)]
struct Memory {
    cache: Cache,
    /// Ours when what is in sight was listed.
    standing: Option<Standing>,
    /// When those that are out of sight were last asked for.
    asked_again: Option<i64>,
    last: Option<Last>,
}

/// All that was listed, and what has become of it since.
struct Last {
    /// By id, which is the order of creation.
    repositories: BTreeMap<u64, ForgeRepository>,
    coverage: Coverage,
    at: Instant,
}

/// What asking showed besides what there is.
#[derive(Default)]
struct Told {
    missing: Vec<Missing>,
    findings: Vec<Finding>,
}

/// One round over what an owner has.
pub struct GitHubSource {
    account: Result<Arc<Account>, String>,
    mirrors: PathBuf,
    clock: Clock,
}

#[derive(Clone)]
struct Place {
    url: RemoteUrl,
    pushed_at: Option<i64>,
    default_branch: Option<String>,
}

impl Accounts {
    /// The client of a source, with what is kept of it.
    pub(super) fn forge(&self, source: &str, settings: &GitHubSettings) -> Result<Forge, String> {
        self.of(source, settings).map(|account| account.forge.clone())
    }

    /// The account of a source, made anew when what it is made of has changed.
    fn of(&self, source: &str, settings: &GitHubSettings) -> Result<Arc<Account>, String> {
        let secret = connect::read_secret(&settings.login)?;
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
        let forge = Forge::new(&connect::forge_settings(settings, secret.as_ref())?).map_err(text)?;
        let (memory, people, places) = Default::default();
        Ok(Self { settings: settings.clone(), secret, forge, filter, memory, people, places })
    }

    fn scope(&self) -> Scope {
        match &self.settings.owner {
            // Its installation sees private repositories of a user too, which the listing of a user never shows.
            _ if matches!(self.settings.login, GitHubLogin::App { .. }) => Scope::Installation,
            GitHubOwner::Organisation(name) => Scope::Organisation(name.clone()),
            GitHubOwner::User(name) => Scope::User(name.clone()),
        }
    }

    fn place(&self, path: &str) -> Option<Place> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    /// Whether what was pushed to lately can be asked for by itself.
    async fn can_tell_what_is_recent(&self) -> bool {
        match (&self.settings.owner, &self.settings.login) {
            (GitHubOwner::User(_), _) => false,
            // An organisation lists its public repositories also to an App that is not meant to see them.
            (_, GitHubLogin::App { .. }) => {
                matches!(self.forge.installation().await, Ok(Some(installation)) if !installation.selected_only)
            }
            _ => true,
        }
    }

    /// Everything there is, anew.
    async fn list_all(&self, memory: &mut Memory, known: &[(u64, &Known)], now: i64) -> forge::Result<Told> {
        let listing = self.forge.repositories(&self.scope(), &Filter::default(), &mut memory.cache).await?;
        let coverage = coverage(&listing.coverage);
        let all: HashMap<u64, &ForgeRepository> =
            listing.entries.iter().map(|repository| (repository.id, repository)).collect();
        let is_seen = |id: &u64| all.get(id).is_some_and(|repository| self.filter.wants(repository));
        let missing: Vec<(u64, Option<&Known>)> = match &coverage {
            // Nothing can be said of what is not listed when a page is missing.
            Coverage::Partial(_) if !is_lasting(&listing.coverage) => Vec::new(),
            _ => known.iter().filter(|(id, _)| !is_seen(id)).map(|&(id, row)| (id, Some(row))).collect(),
        };
        let again = missing::is_time_to_ask_again(memory.asked_again, now);
        let search = Search {
            narrowed: if let Coverage::Partial(why) = &coverage { Some(why) } else { None },
            selected_only: is_narrowed(&listing.coverage, &Narrowed::SelectedRepositories),
            listed: all,
            is_told: false,
            ..self.search(memory.standing.clone())
        };
        let found = search.run(&missing, again).await;
        if again {
            memory.asked_again = Some(now);
        }
        memory.standing = match found.standing.or_else(|| memory.standing.take()) {
            // Without it the next round removes nothing, which is the safe way to fail.
            None => self.forge.standing(self.settings.owner.name()).await.ok(),
            standing => standing,
        };
        let wanted = listing.entries.into_iter().filter(|repository| self.filter.wants(repository));
        let repositories = wanted.chain(found.there).map(|repository| (repository.id, repository)).collect();
        memory.last = Some(Last { repositories, coverage, at: Instant::now() });
        Ok(Told { missing: found.missing, findings: found.findings })
    }

    /// How single ones are asked for.
    fn search(&self, before: Option<Standing>) -> Search<'_> {
        Search {
            forge: &self.forge,
            owner: self.settings.owner.name(),
            filter: &self.filter,
            narrowed: None,
            selected_only: false,
            listed: HashMap::new(),
            is_told: true,
            before,
        }
    }

    /// What was pushed to since.
    async fn list_recent(&self, last: &mut Last, cache: &mut Cache, known: &[(u64, &Known)]) -> forge::Result<Told> {
        let newest = last.repositories.values().filter_map(|repository| repository.pushed_at).max().unwrap_or_default();
        let recent = self.forge.recently_pushed(self.settings.owner.name(), newest, cache).await?;
        let mut told = Told::default();
        for repository in recent.repositories {
            if self.filter.wants(&repository) {
                last.repositories.insert(repository.id, repository);
            } else if last.repositories.remove(&repository.id).is_some() {
                let left = |row: &Known| Missing {
                    stable_key: row.stable_key.clone(),
                    fate: Fate::Left(missing::NOT_WANTED.to_owned()),
                    seen_under: None,
                };
                told.missing.extend(row(known, repository.id).map(left));
            }
        }
        Ok(told)
    }

    /// Asks for each of these by its id: what is there and wanted is listed, what is not leaves.
    async fn ask(
        &self,
        asked: &[(u64, Option<&Known>)],
        repositories: &mut BTreeMap<u64, ForgeRepository>,
        before: &Standing,
    ) -> Told {
        let found = self.search(Some(before.clone())).run(asked, true).await;
        for id in &found.absent {
            repositories.remove(id);
        }
        repositories.extend(found.there.into_iter().map(|repository| (repository.id, repository)));
        Told { missing: found.missing, findings: found.findings }
    }
}

impl GitHubSource {
    /// The mirrors are kept below `mirrors`.
    pub fn new(source: &str, settings: &GitHubSettings, accounts: &Accounts, mirrors: &Path, clock: &Clock) -> Self {
        let mirrors = std::path::absolute(mirrors).unwrap_or_else(|_| mirrors.to_owned());
        Self { account: accounts.of(source, settings), mirrors, clock: clock.clone() }
    }

    async fn list(&self, extent: &Extent, known: &[&Known]) -> Listing {
        let account = match &self.account {
            Ok(account) => account,
            Err(why) => return Listing::failed(why.clone()),
        };
        let prefix = format!("github:{}:", account.settings.host());
        let id = |key: &str| key.strip_prefix(&prefix)?.parse::<u64>().ok();
        let known: Vec<(u64, &Known)> = known.iter().filter_map(|row| Some((id(&row.stable_key)?, *row))).collect();
        let mut memory = account.memory.lock().await;
        let now = self.clock.now();
        let Memory { cache, standing, last, .. } = &mut *memory;
        let told = match (extent, last, standing) {
            (Extent::These(keys), Some(last), Some(before)) => {
                let asked: Vec<_> = keys.iter().filter_map(|key| id(key)).map(|id| (id, row(&known, id))).collect();
                Ok(account.ask(&asked, &mut last.repositories, before).await)
            }
            (Extent::Recent, Some(last), _)
                if last.at.elapsed() < LIST_ALL_EVERY
                    && last.coverage == Coverage::Unproven
                    && account.can_tell_what_is_recent().await =>
            {
                account.list_recent(last, cache, &known).await
            }
            _ => account.list_all(&mut memory, &known, now).await,
        };
        let told = match told {
            Ok(told) => told,
            Err(error) => return Listing::failed(error.to_string()),
        };
        let Some(last) = &memory.last else { return Listing::failed("nothing was listed".to_owned()) };
        self.listing(account, last, told)
    }

    /// What is listed now, as the round takes it.
    fn listing(&self, account: &Account, last: &Last, told: Told) -> Listing {
        let host = account.settings.host();
        let Told { missing, mut findings } = told;
        let mut repositories = Vec::with_capacity(last.repositories.len());
        let mut places = HashMap::with_capacity(last.repositories.len());
        for repository in last.repositories.values() {
            match self.place(account, repository) {
                Ok((path, place)) => {
                    repositories.push(listed(&host, repository, &path));
                    places.insert(path, place);
                }
                Err(why) => findings.push(note(format!("{}: {why}", repository.full_name))),
            }
        }
        *account.places.lock().unwrap_or_else(PoisonError::into_inner) = places;
        Listing { repositories, coverage: last.coverage.clone(), missing, findings }
    }

    fn place(&self, account: &Account, repository: &ForgeRepository) -> Result<(String, Place), String> {
        let address = Address::parse(&repository.clone_url)
            .map_err(|expected| format!("the forge gives an address for cloning that is not {expected}"))?;
        if !account.settings.is_own_host(address.url.host()) {
            return Err(format!("the forge sends to {} for cloning, which gets no credentials", address.url.host()));
        }
        let path = self.mirrors.join(address.url.folder_name()).to_string_lossy().into_owned();
        let (pushed_at, default_branch) = (repository.pushed_at, repository.default_branch.clone());
        Ok((path, Place { url: address.url, pushed_at, default_branch }))
    }

    fn remote(&self, path: &str) -> Result<Remote, Failure> {
        let account = self.account.as_ref().map_err(|why| Failure::of(why.clone(), None))?;
        let place = account.place(path).ok_or_else(|| Failure::of("it was not listed".to_owned(), None))?;
        Ok(Remote {
            url: place.url,
            credentials: Arc::new(connect::ForgeCredentials(account.forge.clone())),
            connection: account.settings.connection.clone(),
            time_limit: account.settings.time_limit,
        })
    }

    async fn update(&self, path: &str, watch: &Watch<'_>) -> Result<PathBuf, Failure> {
        git::update(&self.mirrors, &self.remote(path)?, watch).await?;
        Ok(PathBuf::from(path))
    }
}

impl Source for GitHubSource {
    fn list<'a>(&'a self, extent: &'a Extent, known: &'a [&'a Known]) -> BoxFuture<'a, Listing> {
        Self::list(self, extent, known).boxed()
    }

    fn people<'a>(
        &'a self,
        private: &'a [people::Asked],
    ) -> BoxFuture<'a, Option<Result<people::PeopleListing, String>>> {
        async move {
            let account = self.account.as_ref().ok()?;
            let GitHubOwner::Organisation(organisation) = &account.settings.owner else { return None };
            if account.settings.login == GitHubLogin::Nobody {
                return None;
            }
            let mut kept = account.people.lock().await;
            let (cache, turn) = &mut *kept;
            Some(people::read(&account.forge, organisation, private, (cache, turn)).await)
        }
        .boxed()
    }

    fn state(&self, path: &str) -> Option<String> {
        let place = self.account.as_ref().ok()?.place(path)?;
        let pushed_at = place.pushed_at.filter(|at| at + SETTLED_AFTER < Clock::System.now())?;
        Some(format!("{pushed_at} {}", place.default_branch.unwrap_or_default()))
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn open<'a>(&'a self, path: &'a str, watch: &'a Watch<'a>) -> BoxFuture<'a, Result<PathBuf, Failure>> {
        self.update(path, watch).boxed()
    }

    fn mend<'a>(&'a self, path: &'a str, watch: &'a Watch<'a>) -> BoxFuture<'a, Result<bool, Failure>> {
        async move { git::mend(&self.mirrors, &self.remote(path)?, watch).await.map_err(Failure::from) }.boxed()
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
        forge: serde_json::to_string(&facts::facts(repository)).ok(),
        pushed_at: repository.pushed_at,
    }
}

/// An App for selected repositories is meant to see no more than those.
fn coverage(coverage: &forge::Coverage) -> Coverage {
    let forge::Coverage::Partial(reasons) = coverage else { return Coverage::Unproven };
    let told: Vec<String> =
        reasons.iter().filter(|reason| **reason != Narrowed::SelectedRepositories).map(Narrowed::to_string).collect();
    if told.is_empty() { Coverage::Unproven } else { Coverage::Partial(told.join("; ")) }
}

fn row<'a>(known: &[(u64, &'a Known)], id: u64) -> Option<&'a Known> {
    known.iter().find(|(one, _)| *one == id).map(|(_, row)| *row)
}

fn is_narrowed(coverage: &forge::Coverage, why: &Narrowed) -> bool {
    matches!(coverage, forge::Coverage::Partial(reasons) if reasons.contains(why))
}

/// Whether it is our rights that narrow the listing, and not a fault that passes.
fn is_lasting(coverage: &forge::Coverage) -> bool {
    let forge::Coverage::Partial(reasons) = coverage else { return true };
    let is_lasting =
        |reason: &Narrowed| matches!(reason, Narrowed::SingleSignOn { .. } | Narrowed::SelectedRepositories);
    reasons.iter().all(is_lasting)
}

fn note(message: String) -> Finding {
    Finding::new("source.narrowed", Level::Note, message, "")
}
