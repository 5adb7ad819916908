//! What is kept of a GitHub source between rounds: its client, what was listed, and what has become of it since.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Finding;

use super::Place;
use crate::clock::Clock;
use crate::forge::{self, Cache, Filter, Forge, ForgeRepository, Names, Narrowed, Scope, Standing, Waiting};
use crate::secret::Secret;
use crate::settings::{GitHubLogin, GitHubOwner, GitHubSettings};
use crate::sources::missing::{self, Search};
use crate::sources::{Coverage, Fate, Known, Missing, connect};

/// What was pushed to is asked for with every round, all that there is only once in so many milliseconds: deletions,
/// transfers and settings show then, or when a webhook tells of them.
const LIST_ALL_EVERY: i64 = 10 * 60 * 1000;

/// What is kept of GitHub sources between rounds, for as long as the process lives.
#[derive(Default)]
pub struct Accounts {
    by_source: Mutex<HashMap<String, Arc<Account>>>,
}

pub(super) struct Account {
    /// With which it was made; files may change.
    pub(super) settings: GitHubSettings,
    pub(super) secret: Option<Secret>,
    pub(super) forge: Forge,
    filter: Filter,
    pub(super) memory: tokio::sync::Mutex<Memory>,
    pub(super) people: tokio::sync::Mutex<PeopleMemory>,
    /// What was listed, by the path of its mirror.
    places: Mutex<HashMap<String, Place>>,
}

#[derive(Default)]
pub(super) struct Memory {
    /// What a former process knew is here.
    pub(super) is_restored: bool,
    pub(super) cache: Cache,
    /// Of what was pushed to lately.
    recent: Cache,
    /// Ours when what is in sight was listed.
    pub(super) standing: Option<Standing>,
    /// When those that are out of sight were last asked for.
    asked_again: Option<i64>,
    pub(super) last: Option<Last>,
    pub(super) unsaved: Unsaved,
    /// It is not written down.
    pub(super) is_too_much: bool,
}

/// All that was listed, and what has become of it since.
pub(super) struct Last {
    /// By id, which is the order of creation.
    pub(super) repositories: BTreeMap<u64, ForgeRepository>,
    pub(super) coverage: Coverage,
    /// When all was listed, in milliseconds since 1970 by the machine's clock.
    pub(super) at: i64,
}

/// What of [`Memory`] has to be written down.
#[derive(Default)]
pub(super) struct Unsaved {
    /// Standing and time of the listing.
    pub(super) account: bool,
    /// Nothing of what was written before holds.
    pub(super) all: bool,
    pub(super) ids: BTreeSet<u64>,
}

/// What is kept of answers about people.
#[derive(Default)]
pub(super) struct PeopleMemory {
    pub(super) is_restored: bool,
    pub(super) cache: Cache,
    /// Whose turn it is to be asked for its collaborators.
    pub(super) turn: usize,
    /// It is not written down.
    pub(super) is_too_much: bool,
}

/// What asking showed besides what there is.
#[derive(Default)]
pub(super) struct Told {
    pub(super) missing: Vec<Missing>,
    pub(super) findings: Vec<Finding>,
}

impl Last {
    /// Whether everything must be listed anew by now.
    pub(super) fn is_old(&self) -> bool {
        let age = Clock::System.now().saturating_sub(self.at);
        !(0..LIST_ALL_EVERY).contains(&age) || self.coverage != Coverage::Unproven
    }
}

impl Accounts {
    /// The client of a source, with what is kept of it.
    pub(in crate::sources) fn forge(&self, source: &str, settings: &GitHubSettings) -> Result<Forge, String> {
        self.of(source, settings).map(|account| account.forge.clone())
    }

    /// What holds requests to a source back at `now`; `None` while nothing does, or nothing was sent yet.
    pub(in crate::sources) fn waiting(&self, source: &str, now: i64) -> Option<Waiting> {
        let accounts = self.by_source.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = accounts.get(source)?.forge.waiting();
        let waiting = *waiting.borrow();
        waiting.filter(|waiting| waiting.until > now)
    }

    /// The account of a source, made anew when what it is made of has changed.
    pub(super) fn of(&self, source: &str, settings: &GitHubSettings) -> Result<Arc<Account>, String> {
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

    pub(super) fn place(&self, path: &str) -> Option<Place> {
        self.places().get(path).cloned()
    }

    pub(super) fn places(&self) -> MutexGuard<'_, HashMap<String, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what was pushed to lately can be asked for by itself.
    pub(super) async fn can_tell_what_is_recent(&self) -> bool {
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
    pub(super) async fn list_all(&self, memory: &mut Memory, known: &[(u64, &Known)], now: i64) -> forge::Result<Told> {
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
        let repositories: BTreeMap<u64, ForgeRepository> =
            wanted.chain(found.there).map(|repository| (repository.id, repository)).collect();
        memory.unsaved.account = true;
        match &memory.last {
            None => memory.unsaved.all = true,
            Some(last) => memory.unsaved.ids.extend(differing(&last.repositories, &repositories)),
        }
        memory.last = Some(Last { repositories, coverage, at: Clock::System.now() });
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
    pub(super) async fn list_recent(&self, memory: &mut Memory, known: &[(u64, &Known)]) -> forge::Result<Told> {
        let Memory { last: Some(last), recent: cache, unsaved, .. } = memory else { return Ok(Told::default()) };
        let newest = last.repositories.values().filter_map(|repository| repository.pushed_at).max().unwrap_or_default();
        let recent = self.forge.recently_pushed(self.settings.owner.name(), newest, cache).await?;
        let mut told = Told::default();
        for repository in recent.repositories {
            if self.filter.wants(&repository) {
                if last.repositories.get(&repository.id) != Some(&repository) {
                    unsaved.ids.insert(repository.id);
                    last.repositories.insert(repository.id, repository);
                }
            } else if last.repositories.remove(&repository.id).is_some() {
                unsaved.ids.insert(repository.id);
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
    pub(super) async fn ask(&self, memory: &mut Memory, asked: &[(u64, Option<&Known>)]) -> Told {
        let found = self.search(memory.standing.clone()).run(asked, true).await;
        let Some(last) = &mut memory.last else { return Told::default() };
        for id in &found.absent {
            if last.repositories.remove(id).is_some() {
                memory.unsaved.ids.insert(*id);
            }
        }
        memory.unsaved.ids.extend(found.there.iter().map(|repository| repository.id));
        last.repositories.extend(found.there.into_iter().map(|repository| (repository.id, repository)));
        Told { missing: found.missing, findings: found.findings }
    }
}

/// Ids of those that are not the same in both.
fn differing(before: &BTreeMap<u64, ForgeRepository>, after: &BTreeMap<u64, ForgeRepository>) -> Vec<u64> {
    let changed = after.iter().filter(|(id, repository)| before.get(id) != Some(repository)).map(|(id, _)| *id);
    changed.chain(before.keys().filter(|id| !after.contains_key(id)).copied()).collect()
}

/// An App for selected repositories is meant to see no more than those.
fn coverage(coverage: &forge::Coverage) -> Coverage {
    let forge::Coverage::Partial(reasons) = coverage else { return Coverage::Unproven };
    let told: Vec<String> =
        reasons.iter().filter(|reason| **reason != Narrowed::SelectedRepositories).map(Narrowed::to_string).collect();
    if told.is_empty() { Coverage::Unproven } else { Coverage::Partial(told.join("; ")) }
}

pub(super) fn row<'a>(known: &[(u64, &'a Known)], id: u64) -> Option<&'a Known> {
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
