//! SQL of the catalog.

use std::collections::{BTreeMap, HashMap};

use engine_catalog::link::Assignment;
use model::{EntityRef, Visibility};
use sqlx::QueryBuilder;

use crate::Result;
use crate::db::{Db, Tx, may_read, new_id, on};
use crate::identity::Readable;

/// Rows of one statement; with their values they stay below what SQLite binds at most.
const ROWS: usize = 500;

/// One row of `entities`, as the index needs it.
#[derive(Debug)]
pub struct Change {
    pub reference: String,
    pub visibility: Visibility,
    pub sequence: i64,
    pub deleted: bool,
    pub guesses: i64,
    /// JSON of the [`model::catalog::CatalogRow`].
    pub list_row: String,
}

/// One row of `entities` that is to be written. A deleted one has neither hash nor texts.
#[derive(Debug, Default)]
pub struct EntityWrite {
    pub reference: String,
    pub kind: String,
    pub visibility: Visibility,
    pub repository: Option<String>,
    pub hash: String,
    pub deleted: bool,
    pub guesses: i64,
    pub list_row: String,
    pub body: String,
}

/// What linking needs of one repository, still as text.
#[derive(Debug, sqlx::FromRow)]
pub struct LinkSource {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub source: String,
    pub stable_key: String,
    pub wanted: String,
    pub visibility: String,
    pub standing: String,
    pub reason: Option<String>,
    pub archived: bool,
    pub fork: bool,
    /// JSON of the forge's facts.
    pub forge: Option<String>,
    pub findings: String,
    pub facts: Option<String>,
    pub draft: Option<String>,
    pub description: Option<String>,
    pub last_commit_at: Option<i64>,
    pub code: i64,
    pub entities: i64,
    pub errors: i64,
    pub warnings: i64,
    pub list_row: Option<String>,
    pub link_findings: Option<String>,
}

/// What linking says of one repository.
#[derive(Debug, Clone, PartialEq)]
pub struct RepositoryWrite {
    pub id: String,
    pub standing: String,
    pub reason: Option<String>,
    pub description: Option<String>,
    pub last_commit_at: Option<i64>,
    pub code: i64,
    pub entities: i64,
    pub errors: i64,
    pub warnings: i64,
    pub list_row: String,
    pub link_findings: String,
    /// JSON: what Locations of other repositories name in it.
    pub wanted: String,
}

/// The name of this database: made once, and copied with it.
pub async fn instance(db: &Db) -> Result<String> {
    const QUERY: &str = "SELECT value FROM meta WHERE key = 'instance'";
    let known: Option<String> = on!(db, p => sqlx::query_scalar(QUERY).fetch_optional(p).await)?;
    if let Some(known) = known {
        return Ok(known);
    }
    let mut tx = db.begin().await?;
    on!(tx, p => sqlx::query("INSERT INTO meta (key, value) VALUES ('instance', $1) ON CONFLICT (key) DO NOTHING")
        .bind(new_id(0))
        .execute(p)
        .await
        .map(drop))?;
    let made: String = on!(tx, p => sqlx::query_scalar(QUERY).fetch_one(p).await)?;
    tx.commit().await?;
    Ok(made)
}

/// The number of the last change of the catalog.
pub async fn change_sequence(db: &Db) -> Result<i64> {
    Ok(on!(db, p => sqlx::query_scalar("SELECT value FROM counters WHERE name = 'change'").fetch_one(p).await)?)
}

/// What changed after `after`, up to `target`, in that order; at most `limit`.
pub async fn changes(db: &Db, after: i64, target: i64, limit: i64) -> Result<Vec<Change>> {
    let rows: Vec<(String, String, i64, bool, i64, String)> = on!(db, p => sqlx::query_as(
        "SELECT reference, visibility, change_sequence, deleted, guesses, list_row FROM entities \
         WHERE change_sequence > $1 AND change_sequence <= $2 ORDER BY change_sequence LIMIT $3"
    )
    .bind(after)
    .bind(target)
    .bind(limit)
    .fetch_all(p)
    .await)?;
    let change =
        |(reference, visibility, sequence, deleted, guesses, list_row): (String, String, i64, bool, i64, String)| {
            Change { reference, visibility: Visibility::parse(&visibility), sequence, deleted, guesses, list_row }
        };
    Ok(rows.into_iter().map(change).collect())
}

/// Whether anything with one of these visibilities changed after `after`.
pub async fn has_changed(db: &Db, after: i64, readable: &Readable) -> Result<bool> {
    let found: Option<String> = on!(db, p => {
        let mut query = QueryBuilder::new("SELECT reference FROM entities WHERE change_sequence > ");
        query.push_bind(after);
        may_read(&mut query, readable, "visibility", "repository");
        query.push(" LIMIT 1");
        query.build_query_scalar().fetch_optional(p).await
    })?;
    Ok(found.is_some())
}

/// Takes the next `count` numbers of the change sequence and gives the first. Whoever comes second waits here until
/// the first has committed, so that numbers become visible in their order.
pub async fn next_sequence(tx: &mut Tx, count: i64) -> Result<i64> {
    let last: i64 = on!(tx, p => sqlx::query_scalar(
        "UPDATE counters SET value = value + $1 WHERE name = 'change' RETURNING value"
    )
    .bind(count)
    .fetch_one(p)
    .await)?;
    Ok(last - count + 1)
}

/// Makes other processes that link wait until this transaction ends.
pub async fn take_turn(tx: &mut Tx) -> Result<()> {
    next_sequence(tx, 0).await.map(drop)
}

/// Repositories that are in sight, after the id `after`, at most `limit`.
pub async fn link_sources(db: &Db, after: &str, limit: i64) -> Result<Vec<LinkSource>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT id, slug, name, source, stable_key, wanted, visibility, standing, reason, archived, fork, forge, findings, facts, draft, \
         description, last_commit_at, code, entities, errors, warnings, list_row, link_findings \
         FROM repositories WHERE gone_at IS NULL AND id > $1 ORDER BY id LIMIT $2"
    )
    .bind(after)
    .bind(limit)
    .fetch_all(p)
    .await)?)
}

/// What descriptors of each source may declare, as it was configured last: whether it is trusted, and the kinds.
pub async fn policies(db: &Db) -> Result<Vec<(String, bool, String)>> {
    Ok(on!(db, p => sqlx::query_as("SELECT name, trusted, kinds FROM sources").fetch_all(p).await)?)
}

/// Hashes of all entities that are not deleted.
pub async fn hashes(db: &Db) -> Result<HashMap<String, String>> {
    let rows: Vec<(String, String)> =
        on!(db, p => sqlx::query_as("SELECT reference, hash FROM entities WHERE NOT deleted").fetch_all(p).await)?;
    Ok(rows.into_iter().collect())
}

/// All references that were ever given.
pub async fn assignments(db: &Db) -> Result<Vec<Assignment>> {
    let rows: Vec<(String, String, String, String, bool)> = on!(db, p => sqlx::query_as(
        "SELECT repository, path, kind, reference, alias FROM assignments \
         ORDER BY repository, path, kind, alias, reference"
    )
    .fetch_all(p)
    .await)?;
    let mut assignments: Vec<Assignment> = Vec::new();
    for (repository, path, kind, reference, alias) in rows {
        let Ok(reference) = reference.parse::<EntityRef>() else { continue };
        match assignments.last_mut() {
            Some(last) if (&last.repository, &last.path, &last.kind) == (&repository, &path, &kind) => {
                last.aliases.push(reference);
            }
            _ if !alias => assignments.push(Assignment { repository, path, kind, reference, aliases: Vec::new() }),
            _ => {}
        }
    }
    Ok(assignments)
}

pub async fn write_assignments(tx: &mut Tx, assignments: &[Assignment]) -> Result<()> {
    for assignment in assignments {
        on!(tx, p => sqlx::query("DELETE FROM assignments WHERE repository = $1 AND path = $2 AND kind = $3")
            .bind(&assignment.repository)
            .bind(&assignment.path)
            .bind(&assignment.kind)
            .execute(p)
            .await
            .map(drop))?;
    }
    let mut rows: Vec<(&Assignment, String, bool)> = Vec::new();
    for assignment in assignments {
        let mut aliases = assignment.aliases.clone();
        aliases.sort_unstable();
        aliases.dedup();
        aliases.retain(|alias| *alias != assignment.reference);
        rows.push((assignment, assignment.reference.to_string(), false));
        rows.extend(aliases.iter().map(|alias| (assignment, alias.to_string(), true)));
    }
    for rows in rows.chunks(ROWS) {
        on!(tx, p => {
            let mut query = QueryBuilder::new("INSERT INTO assignments (repository, path, kind, reference, alias) ");
            query.push_values(rows, |mut row, (assignment, reference, alias)| {
                row.push_bind(&assignment.repository)
                    .push_bind(&assignment.path)
                    .push_bind(&assignment.kind)
                    .push_bind(reference)
                    .push_bind(*alias);
            });
            query.build().execute(p).await.map(drop)
        })?;
    }
    Ok(())
}

/// Writes `entities`, numbered from `first` on.
pub async fn write_entities(tx: &mut Tx, entities: &[EntityWrite], first: i64) -> Result<()> {
    let numbered: Vec<(i64, &EntityWrite)> = (first..).zip(entities).collect();
    for rows in numbered.chunks(ROWS) {
        on!(tx, p => {
            let mut query = QueryBuilder::new(
                "INSERT INTO entities (reference, kind, visibility, repository, hash, change_sequence, deleted, guesses, \
                 list_row, body) ",
            );
            query.push_values(rows, |mut row, (sequence, entity)| {
                row.push_bind(&entity.reference)
                    .push_bind(&entity.kind)
                    .push_bind(entity.visibility.as_str())
                    .push_bind(&entity.repository)
                    .push_bind(&entity.hash)
                    .push_bind(*sequence)
                    .push_bind(entity.deleted)
                    .push_bind(entity.guesses)
                    .push_bind(&entity.list_row)
                    .push_bind(&entity.body);
            });
            query.push(
                " ON CONFLICT (reference) DO UPDATE SET kind = excluded.kind, visibility = excluded.visibility, \
                 repository = excluded.repository, hash = excluded.hash, change_sequence = excluded.change_sequence, \
                 deleted = excluded.deleted, guesses = excluded.guesses, list_row = excluded.list_row, body = excluded.body",
            );
            query.build().execute(p).await.map(drop)
        })?;
    }
    Ok(())
}

/// A repository that failed meanwhile keeps saying so.
pub async fn write_repositories(tx: &mut Tx, repositories: &[RepositoryWrite]) -> Result<()> {
    for repository in repositories {
        on!(tx, p => sqlx::query(
            "UPDATE repositories SET description = $2, last_commit_at = $3, code = $4, entities = $5, errors = $6, \
             warnings = $7, list_row = $8, link_findings = $9, wanted = $12, \
             standing = CASE WHEN standing = 'failed' THEN standing ELSE $10 END, \
             reason = CASE WHEN standing = 'failed' THEN reason ELSE $11 END WHERE id = $1"
        )
        .bind(&repository.id)
        .bind(&repository.description)
        .bind(repository.last_commit_at)
        .bind(repository.code)
        .bind(repository.entities)
        .bind(repository.errors)
        .bind(repository.warnings)
        .bind(&repository.list_row)
        .bind(&repository.link_findings)
        .bind(&repository.standing)
        .bind(&repository.reason)
        .bind(&repository.wanted)
        .execute(p)
        .await
        .map(drop))?;
    }
    Ok(())
}

/// Row and body of an entity that one of `readable` may see.
pub async fn entity(db: &Db, reference: &str, readable: &Readable) -> Result<Option<(String, String)>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT list_row, body FROM entities WHERE NOT deleted AND reference = ");
        query.push_bind(reference);
        may_read(&mut query, readable, "visibility", "repository");
        query.build_query_as::<(String, String)>().fetch_optional(p).await
    })?)
}

/// Rows and bodies of the entities of `references`, by reference.
pub async fn bodies(db: &Db, references: &[String]) -> Result<Vec<(String, String)>> {
    let mut bodies = Vec::with_capacity(references.len());
    for references in references.chunks(ROWS) {
        let some: Vec<(String, String)> = on!(db, p => {
            let mut query = QueryBuilder::new("SELECT list_row, body FROM entities WHERE NOT deleted AND reference IN (");
            let mut list = query.separated(", ");
            for reference in references {
                list.push_bind(reference);
            }
            query.push(") ORDER BY reference");
            query.build_query_as().fetch_all(p).await
        })?;
        bodies.extend(some);
    }
    Ok(bodies)
}

const RENAMED: &str = "SELECT present.reference FROM assignments past JOIN assignments present \
    ON present.repository = past.repository AND present.path = past.path AND present.kind = past.kind \
    WHERE past.reference = $1 AND past.alias AND NOT present.alias ORDER BY present.reference LIMIT 1";

/// The present reference of what was once called `alias`.
pub async fn renamed(db: &Db, alias: &str) -> Result<Option<String>> {
    Ok(on!(db, p => sqlx::query_scalar(RENAMED).bind(alias).fetch_optional(p).await)?)
}

/// The same, of what a transaction has written.
pub async fn renamed_in(tx: &mut Tx, alias: &str) -> Result<Option<String>> {
    Ok(on!(tx, p => sqlx::query_scalar(RENAMED).bind(alias).fetch_optional(p).await)?)
}

/// Row and repository of an entity, whoever may read it.
pub async fn row_before(tx: &mut Tx, reference: &str) -> Result<Option<(String, Option<String>)>> {
    Ok(on!(tx, p => sqlx::query_as("SELECT list_row, repository FROM entities WHERE NOT deleted AND reference = $1")
        .bind(reference).fetch_optional(p).await)?)
}

/// Reference and number of guesses of every readable entity that has one, by reference.
pub async fn unsure(db: &Db, readable: &Readable) -> Result<Vec<(String, i64)>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT reference, guesses FROM entities WHERE guesses > 0 AND NOT deleted");
        may_read(&mut query, readable, "visibility", "repository");
        query.push(" ORDER BY reference");
        query.build_query_as::<(String, i64)>().fetch_all(p).await
    })?)
}

/// How many repositories in sight have each standing, and how many of those have an error of their
/// own (beyond those of their entities).
pub async fn standings(db: &Db, readable: &Readable) -> Result<BTreeMap<String, (i64, i64)>> {
    let rows: Vec<(String, i64, i64)> = on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT standing, COUNT(*), COUNT(CASE WHEN standing = 'failed' \
             OR findings LIKE '%\"level\":\"error\"%' OR link_findings LIKE '%\"level\":\"error\"%' THEN 1 END) FROM repositories \
             WHERE gone_at IS NULL",
        );
        may_read(&mut query, readable, "visibility", "id");
        query.push(" GROUP BY standing");
        query.build_query_as().fetch_all(p).await
    })?;
    Ok(rows.into_iter().map(|(standing, count, broken)| (standing, (count, broken))).collect())
}

/// Names of all repositories in sight, by their id.
pub async fn repository_names(db: &Db) -> Result<HashMap<String, String>> {
    let rows: Vec<(String, String)> =
        on!(db, p => sqlx::query_as("SELECT id, name FROM repositories WHERE gone_at IS NULL").fetch_all(p).await)?;
    Ok(rows.into_iter().collect())
}
