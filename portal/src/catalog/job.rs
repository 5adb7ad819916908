//! What follows a change in the repositories or the corrections: linking everything anew.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use engine_catalog::link::{Assignment, LinkInput, LinkRepository, Linked, link};
use model::catalog::CatalogEntity;
use model::repository::{ACTIVITY_WEEKS, Activity, ForgeFacts, RepositoryFacts, Standing};
use model::source::SourcePolicy;
use model::{Finding, Kind, Level, Visibility};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::row::{self, Places};
use super::store::{self, EntityWrite, LinkSource, RepositoryWrite};
use super::{correct, news};
use crate::db::{Db, dialect};
use crate::{Error, Portal, Result, inbox, sources};

/// Repositories that are held as text at once.
const BATCH: i64 = 64;
const LANGUAGES: usize = 6;
const FOLLOW: Duration = Duration::from_secs(1);
const WEEK: i64 = 7 * 24 * 3600 * 1000;

/// What the list of repositories shows and does not sort by.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RepositoryListRow {
    pub languages: Vec<(String, u64)>,
    pub activity: Vec<u32>,
}

/// What is remembered of a repository while linking.
struct Known {
    before: RepositoryWrite,
    after: RepositoryWrite,
    /// Errors and warnings that reading found.
    read: Vec<Finding>,
}

/// What linking says has to be written.
struct Outcome {
    entities: Vec<EntityWrite>,
    assignments: Vec<Assignment>,
    repositories: Vec<RepositoryWrite>,
}

/// Links all that is known of all repositories, writes what changed, and waits until it can be found.
///
/// Gives the number in the change sequence that the catalog and its index have then reached. Who calls it while it runs
/// waits and then links again: what they wrote may have come too late for the round that was under way.
pub async fn relink(portal: &Portal) -> Result<i64> {
    let db = portal.db();
    let turn = portal.index().linking().await;
    // Where other processes link too, nobody may write what they derived from an older state.
    let early = if dialect::is_shared(db) {
        let mut tx = db.begin().await?;
        store::take_turn(&mut tx).await?;
        Some(tx)
    } else {
        None
    };
    let (input, known) = load(portal).await?;
    let hashes = store::hashes(db).await?;
    let outcome =
        tokio::task::spawn_blocking(move || work_out(input, known, hashes)).await.map_err(Error::internal)??;
    if !outcome.is_empty() {
        let mut tx = match early {
            Some(tx) => tx,
            None => db.begin().await?,
        };
        let starred = news::gather(&mut tx, &outcome.entities).await?;
        let first = store::next_sequence(&mut tx, outcome.entities.len() as i64).await?;
        store::write_entities(&mut tx, &outcome.entities, first).await?;
        store::write_assignments(&mut tx, &outcome.assignments).await?;
        store::write_repositories(&mut tx, &outcome.repositories).await?;
        news::tell(&mut tx, portal, &starred).await?;
        tx.commit().await?;
        if !starred.is_empty() {
            inbox::told(portal);
        }
        tracing::debug!(entities = outcome.entities.len(), repositories = outcome.repositories.len(), "linked");
    }
    drop(turn);
    portal.index().catch_up(db).await
}

/// Keeps the index where the database is, until the portal stops: other processes may write to a shared database, and an
/// index that turns out to be damaged is made anew.
pub async fn follow(portal: Portal) {
    let shared = dialect::is_shared(portal.db());
    loop {
        tokio::select! {
            () = portal.stopping().cancelled() => return,
            () = tokio::time::sleep(FOLLOW) => {}
        }
        if (shared || portal.index().is_damaged())
            && let Err(error) = portal.index().catch_up(portal.db()).await
        {
            tracing::warn!(%error, "the index could not follow the database");
        }
    }
}

impl Outcome {
    fn is_empty(&self) -> bool {
        self.entities.is_empty() && self.assignments.is_empty() && self.repositories.is_empty()
    }
}

/// Reads in small batches: the texts of all repositories at once would not fit into what we promise to need.
async fn load(portal: &Portal) -> Result<(LinkInput, Vec<Known>)> {
    let db = portal.db();
    let now = portal.clock().now();
    let mut input = LinkInput {
        assignments: store::assignments(db).await?,
        corrections: correct::store::all(db).await?,
        repositories: Vec::new(),
        people: sources::people::of_sources(portal).await?,
    };
    let policies = Arc::new(policies(db).await?);
    let mut rights = sources::people::store::rights(db).await?;
    let mut known = Vec::new();
    let mut after = String::new();
    loop {
        let batch = store::link_sources(db, &after, BATCH).await?;
        let Some(last) = batch.last() else {
            return Ok((input, known));
        };
        after = last.id.clone();
        let policies = policies.clone();
        let parsed = tokio::task::spawn_blocking(move || {
            batch.into_iter().map(|source| parse(source, &policies, now)).collect::<Vec<_>>()
        });
        for (mut repository, stable_key, remembered) in parsed.await.map_err(Error::internal)? {
            repository.rights = rights.remove(&(repository.source.clone(), stable_key)).unwrap_or_default();
            input.repositories.push(repository);
            known.push(remembered);
        }
    }
}

/// What the descriptors of each source may declare.
async fn policies(db: &Db) -> Result<HashMap<String, SourcePolicy>> {
    let policy = |(name, trusted, kinds): (String, bool, String)| {
        let kinds = kinds.split(',').filter_map(|kind| kind.parse::<Kind>().ok()).collect();
        (name, SourcePolicy { kinds, trusted })
    };
    Ok(store::policies(db).await?.into_iter().map(policy).collect())
}

/// Where a repository is at its host, as far as its source tells it.
fn address(stable_key: &str, name: &str) -> Option<String> {
    match stable_key.strip_prefix("github:").and_then(|key| key.rsplit_once(':')) {
        Some((host, _)) => engine_repo::address(&format!("https://{host}/{name}")),
        None => engine_repo::address(stable_key),
    }
}

/// What was stored by another version and cannot be read counts as not read yet.
fn parse(source: LinkSource, policies: &HashMap<String, SourcePolicy>, now: i64) -> (LinkRepository, String, Known) {
    let facts = source.facts.as_deref().and_then(|text| serde_json::from_str::<RepositoryFacts>(text).ok());
    let draft = source.draft.as_deref().and_then(|text| serde_json::from_str(text).ok()).filter(|_| facts.is_some());
    let mut facts = facts.unwrap_or_default();
    shift(&mut facts.activity, now);
    let before = RepositoryWrite {
        id: source.id.clone(),
        standing: source.standing,
        reason: source.reason,
        description: source.description,
        last_commit_at: source.last_commit_at,
        code: source.code,
        entities: source.entities,
        errors: source.errors,
        warnings: source.warnings,
        list_row: source.list_row.unwrap_or_default(),
        link_findings: source.link_findings.unwrap_or_default(),
        wanted: source.wanted,
    };
    let forge = source.forge.as_deref().and_then(|text| serde_json::from_str::<ForgeFacts>(text).ok());
    let described = forge.as_ref().and_then(|forge| forge.description.clone());
    let list_row = RepositoryListRow {
        languages: facts.languages.iter().take(LANGUAGES).map(|l| (l.language.clone(), l.code)).collect(),
        activity: facts.activity.weeks.clone(),
    };
    let after = RepositoryWrite {
        description: described.or_else(|| facts.description.as_ref().map(|fact| fact.value.clone())),
        last_commit_at: facts.last_commit.as_ref().map(|commit| commit.at),
        code: facts.languages.iter().map(|language| language.code).sum::<u64>().try_into().unwrap_or(i64::MAX),
        list_row: serde_json::to_string(&list_row).unwrap_or_default(),
        link_findings: "[]".to_owned(),
        wanted: "[]".to_owned(),
        entities: 0,
        ..before.clone()
    };
    let known = Known { before, after, read: serde_json::from_str(&source.findings).unwrap_or_default() };
    let repository = LinkRepository {
        policy: policies.get(&source.source).cloned().unwrap_or_default(),
        address: address(&source.stable_key, &source.name),
        id: source.id,
        slug: source.slug,
        name: source.name,
        source: source.source,
        visibility: Visibility::parse(&source.visibility),
        archived: source.archived,
        fork: source.fork,
        facts,
        forge,
        rights: Vec::new(),
        draft,
    };
    (repository, source.stable_key, known)
}

/// Moves weekly counts on to the present week: a repository in which nothing happens is not read again.
fn shift(activity: &mut Activity, now: i64) {
    let weeks = now.saturating_sub(activity.last_week) / WEEK;
    if activity.last_week <= 0 || activity.weeks.is_empty() || weeks <= 0 {
        return;
    }
    let gone = usize::try_from(weeks).unwrap_or(ACTIVITY_WEEKS).min(activity.weeks.len());
    activity.weeks.drain(..gone);
    activity.weeks.extend(std::iter::repeat_n(0, gone));
    activity.last_week += weeks * WEEK;
}

/// Everything that takes time, without the database.
fn work_out(input: LinkInput, known: Vec<Known>, mut hashes: HashMap<String, String>) -> Result<Outcome> {
    let places: Places = input
        .repositories
        .iter()
        .map(|repository| (repository.id.clone(), (repository.slug.clone(), repository.source.clone())))
        .collect();
    let linked = link(&input);
    drop(input);
    let mut entities = Vec::new();
    for entity in &linked.entities {
        let write = entity_write(entity, &places)?;
        if hashes.remove(&write.reference).as_deref() != Some(write.hash.as_str()) {
            entities.push(write);
        }
    }
    let mut gone: Vec<String> = hashes.into_keys().collect();
    gone.sort_unstable();
    entities.extend(gone.into_iter().map(|reference| EntityWrite {
        kind: reference.split(':').next().unwrap_or_default().to_owned(),
        reference,
        deleted: true,
        ..EntityWrite::default()
    }));
    let repositories = repository_writes(&linked, known)?;
    Ok(Outcome { entities, assignments: linked.assignments, repositories })
}

pub(super) fn entity_write(entity: &CatalogEntity, places: &Places) -> Result<EntityWrite> {
    let row = row::row(entity, places);
    let (list_row, body) = (serde_json::to_string(&row)?, serde_json::to_string(entity)?);
    let mut digest = Sha256::new();
    digest.update(&list_row);
    digest.update([0]);
    digest.update(&body);
    let hash = digest.finalize().iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    Ok(EntityWrite {
        reference: row.reference.to_string(),
        kind: row.reference.kind.clone(),
        visibility: entity.visibility,
        repository: entity.repository.clone(),
        hash,
        deleted: false,
        guesses: entity.guesses.len() as i64,
        list_row,
        body,
    })
}

/// Those repositories of which something is now said differently.
fn repository_writes(linked: &Linked, known: Vec<Known>) -> Result<Vec<RepositoryWrite>> {
    let mut standings: HashMap<&str, (Standing, &Option<String>)> = HashMap::new();
    standings.extend(linked.standings.iter().map(|(id, standing, reason)| (id.as_str(), (*standing, reason))));
    let mut findings: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for (id, finding) in &linked.findings {
        findings.entry(id).or_default().push(finding);
    }
    let mut held: HashMap<&str, Vec<&CatalogEntity>> = HashMap::new();
    for entity in &linked.entities {
        if let Some(id) = &entity.repository {
            held.entry(id).or_default().push(entity);
        }
    }
    let wanted: HashMap<&str, &Vec<String>> = linked.wanted.iter().map(|(id, wanted)| (id.as_str(), wanted)).collect();
    let mut writes = Vec::new();
    for Known { before, mut after, read } in known {
        let found = findings.remove(after.id.as_str()).unwrap_or_default();
        let held = held.remove(after.id.as_str()).unwrap_or_default();
        after.link_findings = serde_json::to_string(&found)?;
        if let Some(wanted) = wanted.get(after.id.as_str()) {
            after.wanted = serde_json::to_string(wanted)?;
        }
        after.entities = held.len() as i64;
        let all: Vec<&Finding> =
            read.iter().chain(found).chain(held.iter().flat_map(|entity| &entity.findings)).collect();
        (after.errors, after.warnings) = (count(&all, Level::Error), count(&all, Level::Warning));
        if let Some((standing, reason)) = standings.get(after.id.as_str())
            && before.standing != Standing::Failed.as_str()
        {
            after.standing = standing.as_str().to_owned();
            after.reason = (*reason).clone();
        }
        if after != before {
            writes.push(after);
        }
    }
    Ok(writes)
}

/// Distinct ones: what is said of a repository and of an entity in it is one thing.
fn count(findings: &[&Finding], level: Level) -> i64 {
    let of_level = findings.iter().filter(|finding| finding.level == level);
    of_level
        .map(|finding| (&finding.rule, &finding.file, finding.line, finding.column, &finding.message))
        .collect::<BTreeSet<_>>()
        .len() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_weeks_pass() {
        let mut activity = Activity { last_week: 10 * WEEK, weeks: (1..=104).collect() };
        shift(&mut activity, 12 * WEEK + 5);
        assert_eq!(activity.last_week, 12 * WEEK);
        assert_eq!(activity.weeks.len(), 104);
        assert_eq!((activity.weeks[0], activity.weeks[101], activity.weeks[102], activity.weeks[103]), (3, 104, 0, 0));
        let before = activity.clone();
        shift(&mut activity, 11 * WEEK);
        assert_eq!(activity, before);
        shift(&mut activity, 5000 * WEEK);
        assert_eq!(activity.recent(104), 0);
    }
}
