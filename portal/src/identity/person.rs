//! Somebody who has signed in: who that is in the catalog, what they are in, what they may read.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;
use model::EntityRef;
use model::catalog::{Field, Sort};

use super::directory::{Directory, Kept};
use super::policy::is_or_is_in;
use super::store::{self, AccountRow};
use super::{Actor, Readable, account, is_owner, provider};
use crate::catalog::CatalogQuery;
use crate::db::Db;
use crate::preferences::{self, Preferences};
use crate::settings::{GitHubOwner, GitHubSettings, SourceKind};
use crate::{Portal, Result, inbox};

/// What is remembered of people between requests.
const REMEMBERED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_095);
/// What another node, a forge or a provider says of somebody is seen here after so long.
const FRESH: Duration = Duration::from_secs(10);
/// Milliseconds after which what a forge said of readers counts no longer.
const STALE: i64 = 24 * 60 * 60 * 1_000;

/// Somebody who has signed in, as of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account's id.
    pub account: String,
    /// As the audit log writes it: `user:default/jane`, or `jane@example.com (okta)`.
    pub label: String,
    /// For people.
    pub name: String,
    pub email: Option<String>,
    /// Whether the provider has verified it.
    pub email_verified: bool,
    /// The provider's name in the configuration.
    pub provider: String,
    /// Who that is in the catalog.
    pub user: Option<EntityRef>,
    /// Why there is no such, or which it is.
    pub linked: String,
    /// Those with authority, and what these are a part of.
    pub groups: BTreeMap<EntityRef, GroupSource>,
    /// As the provider says, whether the catalog knows them or not.
    pub provider_groups: Vec<String>,
    pub is_administrator: bool,
    pub is_auditor: bool,
    /// Host and login at a forge, where somebody vouches for it.
    pub(super) login: Option<(String, String)>,
    /// False for a token that only reads.
    pub may_write: bool,
    pub(super) readable: Readable,
    pub preferences: Preferences,
    /// Messages that they have not read.
    pub unread: u64,
}

/// Who says that somebody is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupSource {
    Catalog,
    Forge,
    Provider,
}

impl GroupSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Forge => "forge",
            Self::Provider => "provider",
        }
    }
}

/// The people of this process: whoever asked lately, and the directory.
pub struct Persons {
    known: Mutex<LruCache<String, Known>>,
    directory: Kept,
    pub(super) providers: provider::Known,
    revision: AtomicU64,
    /// Somebody has an account here: nobody is the operator any more only because they sit at the machine.
    claimed: AtomicBool,
}

struct Known {
    person: Arc<Person>,
    until: Instant,
    revision: u64,
}

impl Default for Persons {
    fn default() -> Self {
        Self {
            known: Mutex::new(LruCache::new(REMEMBERED)),
            directory: Kept::default(),
            providers: provider::Known::default(),
            revision: AtomicU64::new(0),
            claimed: AtomicBool::new(false),
        }
    }
}

impl Persons {
    pub(crate) async fn open(db: &Db) -> Result<Self> {
        Ok(Self { claimed: AtomicBool::new(store::has_accounts(db).await?), ..Self::default() })
    }

    pub(super) fn claim(&self) {
        self.claimed.store(true, Ordering::Release);
    }

    pub(super) fn is_claimed(&self) -> bool {
        self.claimed.load(Ordering::Acquire)
    }

    /// Nobody is taken for who they were: roles, accounts, sessions or readers have changed.
    pub(crate) fn forget(&self) {
        self.revision.fetch_add(1, Ordering::AcqRel);
    }

    /// Whoever holds the secret with this digest, if they asked a moment ago.
    pub(super) fn remembered(&self, digest: &str) -> Option<Arc<Person>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let one = known.get(digest)?;
        let is_fresh = one.until > Instant::now() && one.revision == self.revision.load(Ordering::Acquire);
        is_fresh.then(|| one.person.clone())
    }

    /// `revision` is that of before the person was looked up.
    pub(super) fn remember(&self, digest: &str, person: &Arc<Person>, revision: u64) {
        let known = Known { person: person.clone(), until: Instant::now() + FRESH, revision };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).put(digest.to_owned(), known);
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }
}

/// The person of an account, with everything that follows from catalog, forge, provider and settings.
pub(super) async fn of_account(portal: &Portal, row: &AccountRow, may_write: bool) -> Result<Person> {
    let (mut person, forges) = identified(portal, row).await?;
    person.may_write = may_write;
    person.readable = match person.is_administrator || person.is_auditor {
        true => Readable::EVERYTHING,
        false => readable(portal, row, person.login.as_ref(), &forges).await?,
    };
    person.preferences = preferences::of(portal, &row.id).await?;
    person.unread = inbox::unread(portal, &row.id, &person.readable).await?;
    Ok(person)
}

/// Who that is, and where their login counts: source and organisation. What they may read is not asked yet.
pub(super) async fn identified(portal: &Portal, row: &AccountRow) -> Result<(Person, Vec<(String, String)>)> {
    let directory = Directory::current(portal, &portal.persons().directory).await?;
    let forge = forge_of_catalog(portal);
    let (user, linked) = link(&directory, row, forge.as_deref());
    let login = row.login.clone().map(|login| (row.forge.clone().unwrap_or_default(), login));
    let login = match (login, &user) {
        (Some(login), _) => Some(login),
        (None, Some(user)) => directory.login_of(user).and_then(|login| Some((forge?, login.to_owned()))),
        (None, None) => None,
    };
    let provider_groups = row.groups();
    let mut groups: BTreeMap<EntityRef, GroupSource> = BTreeMap::new();
    let named = provider_groups.iter().filter_map(|name| directory.group(name));
    groups.extend(named.map(|group| (group.clone(), GroupSource::Provider)));
    let of_user = user.iter().flat_map(|user| directory.groups_of(user));
    groups.extend(of_user.map(|group| (group.clone(), GroupSource::Catalog)));
    let forges = fresh_sources(portal, login.as_ref()).await?;
    if let Some((_, login)) = &login {
        for (source, organisation) in &forges {
            for team in store::teams_of(portal.db(), source, login).await? {
                let group = directory.team(&format!("{organisation}/{team}"));
                groups.extend(group.map(|group| (group.clone(), GroupSource::Forge)));
            }
        }
    }
    let groups = directory.above(groups);
    let mut person = Person {
        account: row.id.clone(),
        label: user
            .as_ref()
            .map_or_else(|| format!("{} ({})", row.subject_for_people(), row.provider), ToString::to_string),
        name: row.name.clone(),
        email: row.email.clone(),
        email_verified: row.email_verified,
        provider: row.provider.clone(),
        user,
        linked,
        groups,
        provider_groups,
        login,
        is_administrator: false,
        is_auditor: false,
        may_write: true,
        readable: Readable::of_member(&row.id, BTreeSet::new()),
        preferences: Preferences::default(),
        unread: 0,
    };
    let settings = &portal.settings().identity;
    person.is_administrator = row.administrator && row.issuer == account::LOCAL
        || settings.administrators.iter().any(|role| has(&person, row, role));
    person.is_auditor = !person.is_administrator && settings.auditors.iter().any(|role| has(&person, row, role));
    Ok((person, forges))
}

/// Who is in which group, as far as it gives rights.
pub(crate) async fn directory(portal: &Portal) -> Result<Arc<Directory>> {
    Directory::current(portal, &portal.persons().directory).await
}

/// Whoever has this account, for what is done in their name later; `None` once it is gone or disabled.
pub(crate) async fn actor_of(portal: &Portal, account: &str) -> Result<Option<Actor>> {
    match store::account(portal.db(), account).await? {
        Some(row) if row.disabled_at.is_none() => {
            Ok(Some(Actor::Person(Arc::new(of_account(portal, &row, true).await?))))
        }
        _ => Ok(None),
    }
}

/// Those with an account who are one of these users, or in one of these groups.
pub(crate) async fn accounts_of(portal: &Portal, references: &[EntityRef]) -> Result<Vec<Person>> {
    let mut found = Vec::new();
    for row in store::enabled(portal.db()).await? {
        let (person, _) = identified(portal, &row).await?;
        if references.iter().any(|reference| is_or_is_in(&person, reference)) {
            found.push(person);
        }
    }
    Ok(found)
}

/// Those of these users and groups who have no account here, and none of whose members has.
pub(crate) async fn without_account(portal: &Portal, references: &[EntityRef]) -> Result<Vec<EntityRef>> {
    let persons = accounts_of(portal, references).await?;
    let nobody = |reference: &&EntityRef| !persons.iter().any(|person| is_or_is_in(person, reference));
    Ok(references.iter().filter(nobody).cloned().collect())
}

/// Whether `actor` may write to the repository with this id and slug: they own something in it, or the forge says so.
pub(crate) async fn may_write(portal: &Portal, actor: &Actor, id: &str, slug: &str) -> Result<bool> {
    let Some(person) = actor.person() else { return Ok(false) };
    let own = CatalogQuery::all(actor).with(Field::Repository, slug);
    if portal.index().read().all(&own, (Sort::Kind, false))?.iter().any(|row| is_owner(person, row)) {
        return Ok(true);
    }
    let Some((host, login)) = &person.login else { return Ok(false) };
    for (source, _) in fresh_sources(portal, Some(&(host.clone(), login.clone()))).await? {
        if store::writes(portal.db(), &source, login, id).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a line of the settings means this person: a reference of a user or group, a group as a provider calls it
/// (`okta:platform`), or a verified address.
fn has(person: &Person, row: &AccountRow, role: &str) -> bool {
    if let Some((provider, group)) = role.split_once(':')
        && provider == person.provider
        && person.provider_groups.iter().any(|own| own == group)
    {
        return true;
    }
    if role.contains('@') && !role.contains(':') {
        return row.email_verified && person.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(role));
    }
    let reference = EntityRef::parse(role, Some("group"), model::reference::DEFAULT_NAMESPACE);
    reference.is_ok_and(|role| person.user.as_ref() == Some(&role) || person.groups.contains_key(&role))
}

/// Who that is in the catalog: by forge login, or else by a verified address; never one of two.
fn link(directory: &Directory, row: &AccountRow, forge: Option<&str>) -> (Option<EntityRef>, String) {
    if row.issuer == account::DEMO
        && let Ok(user) = row.subject.parse::<EntityRef>()
    {
        return (Some(user), "as one of the demo’s people".to_owned());
    }
    let unclear = |what: &str, who: Vec<EntityRef>| {
        let names: Vec<String> = who.iter().map(ToString::to_string).collect();
        (None, format!("{what} belongs to {}: an administrator has to correct one of them.", names.join(" and ")))
    };
    // The same login at another forge is somebody else.
    let is_there = row.forge.as_deref().zip(forge).is_some_and(|(host, forge)| host.eq_ignore_ascii_case(forge));
    if let Some(login) = row.login.as_ref().filter(|_| is_there) {
        match directory.by_login(login) {
            Ok(Some(user)) => return (Some(user.clone()), format!("by the login {login}")),
            Ok(None) => {}
            Err(who) => return unclear(&format!("The login {login}"), who),
        }
    }
    let no_reply = |address: &str| address.to_lowercase().ends_with("users.noreply.github.com");
    match row.email.as_deref().filter(|address| row.email_verified && !no_reply(address)) {
        Some(address) => match directory.by_address(address) {
            Ok(Some(user)) => (Some(user.clone()), format!("by the address {address}")),
            Ok(None) => (None, format!("No user of the catalog has the address {address}.")),
            Err(who) => unclear(&format!("The address {address}"), who),
        },
        None if row.issuer == account::LOCAL => (None, "A local account is nobody in the catalog.".to_owned()),
        None => (None, "The provider says neither a login at a forge nor an address that it has verified.".to_owned()),
    }
}

/// The host at which the catalog's logins are: that of all forges that are configured, or github.com, after which their
/// annotation is named, where none is. Of several nobody can tell.
fn forge_of_catalog(portal: &Portal) -> Option<String> {
    let hosts: BTreeSet<String> = organisations(portal).map(|(_, github, _)| github.host().to_lowercase()).collect();
    match hosts.len() {
        0 => Some("github.com".to_owned()),
        1 => hosts.into_iter().next(),
        _ => None,
    }
}

fn organisations(portal: &Portal) -> impl Iterator<Item = (&str, &GitHubSettings, &str)> {
    portal.settings().sources.iter().filter_map(|source| match &source.kind {
        SourceKind::GitHub(github) => match &github.owner {
            GitHubOwner::Organisation(organisation) | GitHubOwner::User(organisation) => {
                Some((source.name.as_str(), github, organisation.as_str()))
            }
        },
        _ => None,
    })
}

/// Source and organisation of those at the forge of this login whose people were mirrored lately enough.
pub(super) async fn fresh_sources(portal: &Portal, login: Option<&(String, String)>) -> Result<Vec<(String, String)>> {
    let Some((host, _)) = login else { return Ok(Vec::new()) };
    let now = portal.clock().now();
    let mut fresh = Vec::new();
    for (source, github, organisation) in organisations(portal) {
        if !github.host().eq_ignore_ascii_case(host) {
            continue;
        }
        let at = store::people_at(portal.db(), source).await?;
        if at.is_some_and(|at| now.saturating_sub(at) < STALE) {
            fresh.push((source.to_owned(), organisation.to_owned()));
        }
    }
    Ok(fresh)
}

async fn readable(
    portal: &Portal,
    row: &AccountRow,
    login: Option<&(String, String)>,
    forges: &[(String, String)],
) -> Result<Readable> {
    let mut own: BTreeMap<String, String> = BTreeMap::new();
    if let Some((_, login)) = login {
        for (source, _) in forges {
            own.extend(crate::sources::people::readable(portal.db(), login, source).await?);
        }
    }
    store::write_readable(portal.db(), &row.id, &own.keys().cloned().collect()).await?;
    Ok(Readable::of_member(&row.id, own.into_values().collect()))
}
