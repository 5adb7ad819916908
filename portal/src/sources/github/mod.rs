//! Repositories of an organisation or a user at GitHub, on github.com and on Enterprise Server, mirrored in the data
//! folder.
//!
//! A listing shows what our credentials may see today, so what it lacks is not gone: that, only the repository itself
//! says, when it is asked for by its id.

mod account;
mod kept;
mod store;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use model::{Finding, Level, Visibility};

pub use self::account::Accounts;
use self::account::{Account, Memory, PeopleMemory, Told, row};
use super::read::Failure;
use super::{Coverage, Extent, Known, Listed, Listing, Source, connect, facts, people};
use crate::Portal;
use crate::clock::Clock;
use crate::db::Db;
use crate::forge::{ForgeRepository, ForgeVisibility};
use crate::git::{self, Address, Remote, RemoteUrl, Watch};
use crate::settings::{GitHubLogin, GitHubOwner, GitHubSettings};

/// A push is told by the second, so two within one look like one: what was pushed to so lately (milliseconds; clocks differ)
/// is fetched anew each time.
const SETTLED_AFTER: i64 = 60_000;

/// One round over what an owner has.
pub struct GitHubSource {
    name: String,
    db: Db,
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

impl GitHubSource {
    /// The mirrors are kept below `mirrors`.
    pub fn new(source: &str, settings: &GitHubSettings, mirrors: &Path, portal: &Portal) -> Self {
        let mirrors = std::path::absolute(mirrors).unwrap_or_else(|_| mirrors.to_owned());
        let (db, clock) = (portal.db().clone(), portal.clock().clone());
        Self { name: source.to_owned(), db, account: portal.accounts().of(source, settings), mirrors, clock }
    }

    async fn list(&self, extent: &Extent, known: &[&Known]) -> Listing {
        let account = match &self.account {
            Ok(account) => account,
            Err(why) => return Listing::failed(why.clone()),
        };
        let mut memory = account.memory.lock().await;
        kept::restore(&self.db, &self.name, account, &mut memory).await;
        let listing = self.look(account, &mut memory, extent, known).await;
        kept::save(&self.db, &self.name, account, &mut memory).await;
        listing
    }

    async fn look(&self, account: &Account, memory: &mut Memory, extent: &Extent, known: &[&Known]) -> Listing {
        let prefix = format!("github:{}:", account.settings.host());
        let id = |key: &str| key.strip_prefix(&prefix)?.parse::<u64>().ok();
        let known: Vec<(u64, &Known)> = known.iter().filter_map(|row| Some((id(&row.stable_key)?, *row))).collect();
        let named = match extent {
            Extent::These(named) if memory.last.is_some() && memory.standing.is_some() => Some(named),
            _ => None,
        };
        let told = if let Some(named) = named {
            let asked: Vec<_> = named.asked.iter().filter_map(|key| id(key)).map(|id| (id, row(&known, id))).collect();
            Ok(account.ask(memory, &asked).await)
        } else if *extent == Extent::Recent
            && memory.last.as_ref().is_some_and(|last| !last.is_old())
            && account.can_tell_what_is_recent().await
        {
            account.list_recent(memory, &known).await
        } else {
            account.list_all(memory, &known, self.clock.now()).await
        };
        let told = match told {
            Ok(told) => told,
            Err(error) => return Listing::failed(error.to_string()),
        };
        let Some(last) = &memory.last else { return Listing::failed("nothing was listed".to_owned()) };
        match named {
            Some(named) => {
                let ids = named.listed.iter().chain(&named.asked).filter_map(|key| id(key));
                let some = ids.filter_map(|id| last.repositories.get(&id));
                let (listing, places) = self.listing(account, some, Coverage::Named, told);
                account.places().extend(places);
                listing
            }
            None => {
                let all = last.repositories.values();
                let (listing, places) = self.listing(account, all, last.coverage.clone(), told);
                *account.places() = places;
                listing
            }
        }
    }

    /// What is listed, as the round takes it, with its places.
    fn listing<'a>(
        &self,
        account: &Account,
        listed: impl Iterator<Item = &'a ForgeRepository>,
        coverage: Coverage,
        told: Told,
    ) -> (Listing, HashMap<String, Place>) {
        let host = account.settings.host();
        let Told { missing, mut findings } = told;
        let (mut repositories, mut places) = (Vec::new(), HashMap::new());
        for repository in listed {
            match self.place(account, repository) {
                Ok((path, place)) => {
                    repositories.push(self::listed(&host, repository, &path));
                    places.insert(path, place);
                }
                Err(why) => findings.push(note(format!("{}: {why}", repository.full_name))),
            }
        }
        (Listing { repositories, coverage, missing, findings }, places)
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
            let mut memory = account.people.lock().await;
            kept::restore_people(&self.db, &self.name, account, &mut memory).await;
            let PeopleMemory { cache, turn, .. } = &mut *memory;
            let listing = people::read(&account.forge, organisation, private, (cache, turn)).await;
            kept::save_people(&self.db, &self.name, &mut memory).await;
            Some(listing)
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

    fn is_listed(&self) -> BoxFuture<'_, bool> {
        async move {
            let Ok(account) = &self.account else { return false };
            let mut memory = account.memory.lock().await;
            kept::restore(&self.db, &self.name, account, &mut memory).await;
            memory.last.is_some() && memory.standing.is_some()
        }
        .boxed()
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

fn note(message: String) -> Finding {
    Finding::new("source.narrowed", Level::Note, message, "")
}
