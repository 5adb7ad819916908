//! SQL of sources, and of repositories as sources see them.

use model::Visibility;
use model::source::{SourceStatus, Unlisted};

use sqlx::QueryBuilder;

use super::plan::{Known, Plan};
use super::read::Read;
use crate::audit::{self, Change};
use crate::db::{Db, Tx, may_read, new_id, on};
use crate::error::Result;
use crate::identity::{Actor, Readable};
use crate::settings::{GitSettings, SourceKind, SourceSettings};

/// The mark in `meta` that the catalog has to be linked anew; it outlives the process.
const CHANGED: &str = "catalog.changed";
/// Stable keys of one statement.
const KEYS: usize = 500;
/// When the catalog was last linked.
const LINKED: &str = "catalog.linked";

/// How a round over one source went.
#[derive(Debug)]
pub struct Synced<'a> {
    pub source: &'a str,
    pub at: i64,
    /// Milliseconds.
    pub took: i64,
    pub error: Option<&'a str>,
}

/// Marks every source as configured no longer; those that are come back with [`upsert_source`].
pub async fn retire_sources(tx: &mut Tx, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE sources SET gone_at = COALESCE(gone_at, $1)").bind(now).execute(p).await.map(drop))?;
    Ok(())
}

/// Gives whether it may declare something else than before.
pub async fn upsert_source(tx: &mut Tx, source: &SourceSettings) -> Result<bool> {
    let (kind, location) = match &source.kind {
        SourceKind::Folder(folder) => ("folder", folder.to_string_lossy().into_owned()),
        SourceKind::Git(git) => ("git", addresses(git)),
        SourceKind::GitHub(github) => ("github", github.location()),
    };
    let kinds: Vec<&str> = source.policy.kinds.iter().map(|kind| kind.lower()).collect();
    let policy = (source.policy.trusted, kinds.join(","));
    let before: Option<(bool, String)> = on!(tx, p => sqlx::query_as("SELECT trusted, kinds FROM sources WHERE name = $1")
        .bind(&source.name).fetch_optional(p).await)?;
    on!(tx, p => sqlx::query(
        "INSERT INTO sources (name, kind, location, visibility, demo, trusted, kinds) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, location = excluded.location,
             visibility = excluded.visibility, demo = excluded.demo, trusted = excluded.trusted, kinds = excluded.kinds,
             gone_at = NULL")
        .bind(&source.name).bind(kind).bind(&location).bind(source.visibility.as_str()).bind(source.demo)
        .bind(policy.0).bind(&policy.1)
        .execute(p).await.map(drop))?;
    Ok(before.is_some_and(|before| before != policy))
}

/// As they are shown: the first, and how many more.
pub fn addresses(git: &GitSettings) -> String {
    match git.addresses.as_slice() {
        [] => String::new(),
        [only] => only.url.to_string(),
        [first, rest @ ..] => format!("{} and {} more", first.url, rest.len()),
    }
}

/// Takes the repositories of sources that are configured no longer out of sight; gives how many.
pub async fn hide_retired(tx: &mut Tx, now: i64) -> Result<u64> {
    Ok(on!(tx, p => sqlx::query(
        "UPDATE repositories SET gone_at = $1 WHERE gone_at IS NULL
         AND source IN (SELECT name FROM sources WHERE gone_at IS NOT NULL)")
        .bind(now).execute(p).await.map(|done| done.rows_affected()))?)
}

/// Gives repositories the visibility of their source, which is only the upper bound for those of a forge; gives how many
/// had another.
pub async fn inherit_visibility(tx: &mut Tx) -> Result<u64> {
    Ok(on!(tx, p => sqlx::query(
        "UPDATE repositories SET visibility = (SELECT s.visibility FROM sources s WHERE s.name = repositories.source)
         WHERE EXISTS (SELECT 1 FROM sources s WHERE s.name = repositories.source AND s.visibility <> repositories.visibility
               AND (s.kind <> 'github' OR s.visibility = 'readers' OR repositories.visibility = 'public'))")
        .execute(p).await.map(|done| done.rows_affected()))?)
}

pub async fn statuses(db: &Db) -> Result<Vec<SourceStatus>> {
    type Row = (String, String, String, String, bool, bool, i64, i64, Option<i64>, Option<i64>, Option<String>);
    let rows: Vec<Row> = on!(db, p => sqlx::query_as(
        "SELECT s.name, s.kind, s.location, s.visibility, s.demo, s.trusted,
                (SELECT COUNT(*) FROM repositories r WHERE r.source = s.name AND r.gone_at IS NULL),
                (SELECT COUNT(*) FROM repositories r WHERE r.source = s.name AND r.gone_at IS NULL AND r.standing = 'failed'),
                s.synced_at, s.took, s.error
         FROM sources s WHERE s.gone_at IS NULL")
        .fetch_all(p).await)?;
    let status =
        |(name, kind, location, visibility, demo, trusted, repositories, failed, synced_at, took, error): Row| {
            SourceStatus {
                name,
                kind,
                location,
                visibility: Visibility::parse(&visibility),
                demo,
                trusted,
                repositories: repositories.unsigned_abs(),
                failed: failed.unsigned_abs(),
                synced_at,
                took,
                error,
                unlisted: Unlisted::default(),
                waiting: None,
            }
        };
    Ok(rows.into_iter().map(status).collect())
}

/// Of each source with repositories out of sight: how many there are, how many of these wait for a person's word, and when
/// the last of those went; among what one of `readable` may see.
pub async fn unlisted(db: &Db, readable: &Readable) -> Result<Vec<(String, i64, i64, i64)>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT source, COUNT(*), COUNT(CASE WHEN unseen_word = 'waits' THEN 1 END),
                    COALESCE(MAX(CASE WHEN unseen_word = 'waits' THEN unseen_since END), 0)
             FROM repositories WHERE unseen_since IS NOT NULL AND gone_at IS NULL");
        may_read(&mut query, readable, "visibility", "id");
        query.push(" GROUP BY source ORDER BY source");
        query.build_query_as().fetch_all(p).await
    })?)
}

/// Slug, name, since when and why, of those of a source that wait for a person's word; by name.
pub async fn waiting(
    db: &Db,
    source: &str,
    readable: &Readable,
    limit: i64,
) -> Result<Vec<(String, String, i64, String)>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT slug, name, unseen_since, COALESCE(unseen_why, '') FROM repositories
             WHERE unseen_word = 'waits' AND gone_at IS NULL AND source = ");
        query.push_bind(source);
        may_read(&mut query, readable, "visibility", "id");
        query.push(" ORDER BY name, id LIMIT ").push_bind(limit);
        query.build_query_as().fetch_all(p).await
    })?)
}

/// Removes those of a source that wait for a word and went out of sight at `until` or before; gives their slugs.
pub async fn remove_waiting(tx: &mut Tx, source: &str, until: i64, now: i64) -> Result<Vec<String>> {
    Ok(on!(tx, p => sqlx::query_scalar(
        "UPDATE repositories SET gone_at = $3 WHERE source = $1 AND unseen_word = 'waits' AND unseen_since <= $2
         AND gone_at IS NULL RETURNING slug")
        .bind(source).bind(until).bind(now).fetch_all(p).await)?)
}

/// Keeps them; gives their slugs.
pub async fn keep_waiting(tx: &mut Tx, source: &str, until: i64) -> Result<Vec<String>> {
    Ok(on!(tx, p => sqlx::query_scalar(
        "UPDATE repositories SET unseen_word = 'kept' WHERE source = $1 AND unseen_word = 'waits' AND unseen_since <= $2
         AND gone_at IS NULL RETURNING slug")
        .bind(source).bind(until).fetch_all(p).await)?)
}

pub async fn write_synced(tx: &mut Tx, synced: &Synced<'_>) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE sources SET synced_at = $2, took = $3, error = $4 WHERE name = $1")
        .bind(synced.source).bind(synced.at).bind(synced.took).bind(synced.error).execute(p).await.map(drop))?;
    Ok(())
}

/// Writes what follows from a round's listings, in one transaction; whatever is taken out of the catalog leaves a row in
/// the audit log.
pub async fn write_plan(db: &Db, plan: &Plan, now: i64) -> Result<()> {
    if !plan.changes_catalog() && plan.pushed.is_empty() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    for row in &plan.added {
        add(&mut tx, row, now).await?;
    }
    for row in plan.changed.iter().chain(&plan.pushed) {
        relist(&mut tx, row).await?;
    }
    for row in &plan.unseen {
        lose_sight(&mut tx, row).await?;
    }
    for gone in &plan.gone {
        hide(&mut tx, &gone.id, now).await?;
        let change =
            Change { action: "repository.remove", target: &gone.slug, after: Some(&gone.why), ..Change::default() };
        audit::record(&mut tx, &Actor::System, now, change).await?;
    }
    if plan.changes_catalog() {
        mark_changed(&mut tx).await?;
    }
    tx.commit().await
}

/// The columns of a [`Known`].
macro_rules! known {
    ($rest:literal) => {
        concat!(
            "SELECT id, source, slug, name, stable_key, path, visibility, archived, fork, standing, fingerprint, read_state,
                rules_version, root_commit, read_at, took, gone_at, wanted, drafted_with, forge, pushed_at, unseen_since,
                unseen_as, unseen_why, unseen_word, seen_under
             FROM repositories ",
            $rest
        )
    };
}

/// All repositories that were ever listed.
pub async fn known(db: &Db) -> Result<Vec<Known>> {
    Ok(on!(db, p => sqlx::query_as(known!("ORDER BY id")).fetch_all(p).await)?)
}

/// Those of them that have these stable keys.
pub async fn known_by_key(db: &Db, keys: &[&str]) -> Result<Vec<Known>> {
    let mut known = Vec::with_capacity(keys.len());
    for keys in keys.chunks(KEYS) {
        let some: Vec<Known> = on!(db, p => {
            let mut query = QueryBuilder::new(known!("WHERE stable_key IN ("));
            let mut list = query.separated(", ");
            for key in keys {
                list.push_bind(*key);
            }
            query.push(") ORDER BY id");
            query.build_query_as().fetch_all(p).await
        })?;
        known.extend(some);
    }
    Ok(known)
}

/// Those in sight in which Locations of others name something else than when they were read.
pub async fn asked(db: &Db) -> Result<Vec<Known>> {
    Ok(on!(db, p => sqlx::query_as(known!(
        "WHERE wanted <> drafted_with AND gone_at IS NULL AND standing <> 'failed' ORDER BY id"))
        .fetch_all(p).await)?)
}

pub async fn add(tx: &mut Tx, row: &Known, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO repositories (id, source, slug, name, stable_key, path, visibility, standing, archived, fork,
                                   created_at, forge, pushed_at, findings, code, entities, errors, warnings)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '[]', 0, 0, 0, 0)")
        .bind(&row.id).bind(&row.source).bind(&row.slug).bind(&row.name).bind(&row.stable_key).bind(&row.path)
        .bind(&row.visibility).bind(&row.standing).bind(row.archived).bind(row.fork).bind(now)
        .bind(&row.forge).bind(row.pushed_at)
        .execute(p).await.map(drop))?;
    Ok(())
}

/// What a listing says of a repository that is known; it comes back into sight.
pub async fn relist(tx: &mut Tx, row: &Known) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE repositories SET source = $2, name = $3, stable_key = $4, path = $5, visibility = $6, archived = $7,
                fork = $8, forge = $9, pushed_at = $10, gone_at = NULL, unseen_since = NULL, unseen_as = NULL,
                unseen_why = NULL, unseen_word = NULL, seen_under = NULL WHERE id = $1")
        .bind(&row.id).bind(&row.source).bind(&row.name).bind(&row.stable_key).bind(&row.path).bind(&row.visibility)
        .bind(row.archived).bind(row.fork).bind(&row.forge).bind(row.pushed_at)
        .execute(p).await.map(drop))?;
    Ok(())
}

/// That a repository is out of sight, and how; who may see it goes with that.
pub async fn lose_sight(tx: &mut Tx, row: &Known) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE repositories SET visibility = $2, unseen_since = $3, unseen_as = $4, unseen_why = $5, unseen_word = $6,
                seen_under = $7 WHERE id = $1")
        .bind(&row.id).bind(&row.visibility).bind(row.unseen_since).bind(&row.unseen_as).bind(&row.unseen_why)
        .bind(&row.unseen_word).bind(&row.seen_under)
        .execute(p).await.map(drop))?;
    Ok(())
}

pub async fn hide(tx: &mut Tx, id: &str, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE repositories SET gone_at = $2 WHERE id = $1 AND gone_at IS NULL")
        .bind(id).bind(now).execute(p).await.map(drop))?;
    Ok(())
}

/// What was read. Linking says what it is; one that had failed is listed until then.
pub async fn write_read(
    tx: &mut Tx,
    id: &str,
    read: &Read,
    state: Option<&str>,
    rules_version: i64,
    now: i64,
) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE repositories SET fingerprint = $2, rules_version = $3, root_commit = $4, facts = $5, draft = $6,
                findings = $7, took = $8, read_at = $9, read_state = $10, drafted_with = $11,
                reason = CASE WHEN standing = 'failed' THEN NULL ELSE reason END,
                standing = CASE WHEN standing = 'failed' THEN 'listed' ELSE standing END
         WHERE id = $1")
        .bind(id).bind(&read.fingerprint).bind(rules_version).bind(&read.root_commit).bind(&read.facts).bind(&read.draft)
        .bind(&read.findings).bind(read.took).bind(now).bind(state).bind(&read.wanted)
        .execute(p).await.map(drop))?;
    Ok(())
}

/// The state in which it was found to be as it had been read.
pub async fn write_state(tx: &mut Tx, id: &str, state: &str) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE repositories SET read_state = $2 WHERE id = $1")
        .bind(id).bind(state).execute(p).await.map(drop))?;
    Ok(())
}

/// That it could not be read; what was known stays. Gives whether that is news.
pub async fn write_failure(
    tx: &mut Tx,
    id: &str,
    reason: &str,
    findings: &str,
    fingerprint: Option<&str>,
    now: i64,
) -> Result<bool> {
    let news: Option<String> = on!(tx, p => sqlx::query_scalar(
        "SELECT id FROM repositories WHERE id = $1 AND (standing <> 'failed' OR reason IS NULL OR reason <> $2)")
        .bind(id).bind(reason).fetch_optional(p).await)?;
    on!(tx, p => sqlx::query(
        "UPDATE repositories SET standing = 'failed', reason = $2, findings = $3, fingerprint = $4, read_at = $5, read_state = NULL
         WHERE id = $1")
        .bind(id).bind(reason).bind(findings).bind(fingerprint).bind(now)
        .execute(p).await.map(drop))?;
    Ok(news.is_some())
}

/// In the transaction of every change that linking has to see: a process that dies before it links leaves the mark.
pub async fn mark_changed(tx: &mut Tx) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(CHANGED).bind(new_id(0)).execute(p).await.map(drop))?;
    Ok(())
}

/// The mark of the last change that was not linked yet.
pub async fn change_mark(db: &Db) -> Result<Option<String>> {
    Ok(on!(db, p => sqlx::query_scalar("SELECT value FROM meta WHERE key = $1").bind(CHANGED).fetch_optional(p).await)?)
}

/// Everything up to `mark` is linked.
pub async fn write_linked(tx: &mut Tx, mark: Option<&str>, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM meta WHERE key = $1 AND value = $2").bind(CHANGED).bind(mark).execute(p).await.map(drop))?;
    on!(tx, p => sqlx::query(
        "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(LINKED).bind(now.to_string()).execute(p).await.map(drop))?;
    Ok(())
}

/// When the catalog was last linked.
pub async fn linked_at(db: &Db) -> Result<Option<i64>> {
    let text: Option<String> =
        on!(db, p => sqlx::query_scalar("SELECT value FROM meta WHERE key = $1").bind(LINKED).fetch_optional(p).await)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// How a repository in sight was read last.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Sight {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) standing: String,
    pub(crate) reason: Option<String>,
    /// Of its entities the one that stands for all of it: a component, if there is one.
    pub(crate) entity: Option<String>,
}

/// The repository of a source with this stable key, as the catalog has it; `None` where it is not in sight.
pub(crate) async fn sight(db: &Db, source: &str, key: &str) -> Result<Option<Sight>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT r.id, r.slug, r.standing, r.reason,
                (SELECT e.reference FROM entities e WHERE e.repository = r.id AND NOT e.deleted
                 ORDER BY CASE WHEN LOWER(e.kind) = 'component' THEN 0 ELSE 1 END, LENGTH(e.reference), e.reference LIMIT 1)
                AS entity
         FROM repositories r WHERE r.source = $1 AND r.stable_key = $2 AND r.gone_at IS NULL")
        .bind(source).bind(key).fetch_optional(p).await)?)
}

/// As [`place`], as it stands in the transaction.
pub(super) async fn place_in(tx: &mut Tx, id: &str) -> Result<Option<super::host::Place>> {
    Ok(on!(tx, p => sqlx::query_as("SELECT source, stable_key FROM repositories WHERE id = $1 AND gone_at IS NULL")
        .bind(id).fetch_optional(p).await)?)
}

/// Where a repository is that is in sight.
pub(super) async fn place(db: &Db, id: &str) -> Result<Option<super::host::Place>> {
    Ok(on!(db, p => sqlx::query_as("SELECT source, stable_key FROM repositories WHERE id = $1 AND gone_at IS NULL")
        .bind(id).fetch_optional(p).await)?)
}
