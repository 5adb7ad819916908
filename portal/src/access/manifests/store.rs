//! SQL of manifests, and of the terms on which they offer APIs.

use sqlx::QueryBuilder;

use crate::Result;
use crate::db::{Db, Tx, may_read, on};
use crate::identity::Readable;

/// The manifest of one repository.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ManifestRow {
    pub repository: String,
    pub slug: String,
    pub stable_key: String,
    /// Where the repository is read on this machine.
    pub place: String,
    /// Whether the repository is in sight.
    pub is_there: bool,
    pub path: String,
    /// Empty where it is no more.
    pub content: String,
    pub sha256: String,
    pub commit_id: String,
    pub changes: String,
    pub authors: String,
    pub brought: Option<String>,
    pub trouble: Option<String>,
    pub operations: String,
    pub component: Option<String>,
    pub findings: String,
    pub settled: String,
    pub settled_commit: Option<String>,
}

/// On what terms an API is offered.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OfferRow {
    pub api: String,
    pub repository: String,
    pub component: String,
    pub terms: String,
    pub operations: Option<String>,
    pub version: String,
    pub gone_at: Option<i64>,
}

/// What was read of a repository's manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestWrite {
    pub path: String,
    pub content: String,
    pub sha256: String,
    pub commit_id: String,
    pub changes: String,
    pub authors: String,
    pub operations: String,
}

/// What was known of a repository's manifest, to find who changed it since: the commit up to which that was asked.
pub async fn settled_commit(db: &Db, repository: &str) -> Result<Option<String>> {
    let found: Option<Option<String>> = on!(db, p => sqlx::query_scalar(
        "SELECT settled_commit FROM access_manifests WHERE repository = $1").bind(repository).fetch_optional(p).await)?;
    Ok(found.flatten())
}

/// Keeps what was read. One that is gone stays, emptied, until what follows from that is settled.
pub async fn keep(tx: &mut Tx, repository: &str, read: Option<&ManifestWrite>) -> Result<()> {
    let Some(read) = read else {
        on!(tx, p => sqlx::query("UPDATE access_manifests SET content = '', sha256 = '' WHERE repository = $1 AND content <> ''")
            .bind(repository).execute(p).await.map(drop))?;
        return Ok(());
    };
    on!(tx, p => sqlx::query(
        "INSERT INTO access_manifests (repository, path, content, sha256, commit_id, changes, authors, operations, findings, settled)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '[]', '')
         ON CONFLICT (repository) DO UPDATE SET path = excluded.path, content = excluded.content, sha256 = excluded.sha256,
         commit_id = excluded.commit_id, changes = excluded.changes, authors = excluded.authors, operations = excluded.operations")
        .bind(repository).bind(&read.path).bind(&read.content).bind(&read.sha256).bind(&read.commit_id)
        .bind(&read.changes).bind(&read.authors).bind(&read.operations).execute(p).await.map(drop))?;
    Ok(())
}

/// What settling depends on, in one text: whether anything is to do.
pub async fn mark(db: &Db) -> Result<String> {
    let rows: Vec<(String, String, bool)> = on!(db, p => sqlx::query_as(
        "SELECT m.repository, m.sha256 || m.changes, r.gone_at IS NULL FROM access_manifests m JOIN repositories r ON r.id = m.repository
         ORDER BY m.repository").fetch_all(p).await)?;
    Ok(rows.into_iter().map(|(id, hash, there)| format!("{id} {hash} {there}\n")).collect())
}

const MANIFEST: &str = "SELECT m.repository, r.slug, r.stable_key, r.path AS place, r.gone_at IS NULL AS is_there, m.path, \
    m.content, m.sha256, m.commit_id, m.changes, m.authors, m.brought, m.trouble, m.operations, m.component, m.findings, m.settled, \
    m.settled_commit FROM access_manifests m JOIN repositories r ON r.id = m.repository";

pub async fn manifests(db: &Db) -> Result<Vec<ManifestRow>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(MANIFEST);
        query.push(" ORDER BY r.slug");
        query.build_query_as().fetch_all(p).await
    })?)
}

/// The manifest that speaks for a component.
pub async fn manifest_of(db: &Db, component: &str, readable: &Readable) -> Result<Option<ManifestRow>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(MANIFEST);
        query.push(" WHERE m.content <> '' AND r.gone_at IS NULL AND m.component = ").push_bind(component.to_owned());
        may_read(&mut query, readable, "r.visibility", "r.id");
        query.push(" ORDER BY r.slug LIMIT 1");
        query.build_query_as().fetch_optional(p).await
    })?)
}

/// The manifest in the repository with this id, whatever it speaks for.
pub async fn manifest_in(db: &Db, repository: &str) -> Result<Option<ManifestRow>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(MANIFEST);
        query.push(" WHERE m.content <> '' AND m.repository = ").push_bind(repository.to_owned());
        query.build_query_as().fetch_optional(p).await
    })?)
}

/// What the forge said of the changes since it was settled, or why it could not be asked.
pub async fn write_brought(tx: &mut Tx, repository: &str, brought: Option<&str>, trouble: Option<&str>) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE access_manifests SET brought = $2, trouble = $3 WHERE repository = $1")
        .bind(repository).bind(brought).bind(trouble).execute(p).await.map(drop))?;
    Ok(())
}

/// Nobody else settles this manifest until the transaction ends; gives whether it is still the same, changed by the same commits.
pub async fn lock_manifest(tx: &mut Tx, row: &ManifestRow) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query(
        "UPDATE access_manifests SET path = path WHERE repository = $1 AND sha256 = $2 AND changes = $3")
        .bind(&row.repository).bind(&row.sha256).bind(&row.changes).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

pub async fn write_settled(
    tx: &mut Tx,
    repository: &str,
    component: Option<&str>,
    findings: &str,
    settled: &str,
) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE access_manifests SET component = COALESCE($2, component), findings = $3, settled = $4, settled_commit = commit_id
         WHERE repository = $1")
        .bind(repository).bind(component).bind(findings).bind(settled).execute(p).await.map(drop))?;
    Ok(())
}

/// What can be said of a manifest from which nothing follows: its changes still wait to be settled.
pub async fn write_findings(
    tx: &mut Tx,
    repository: &str,
    component: Option<&str>,
    findings: &str,
    settled: &str,
) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE access_manifests SET component = COALESCE($2, component), findings = $3, settled = $4 WHERE repository = $1")
        .bind(repository).bind(component).bind(findings).bind(settled).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn offers(db: &Db) -> Result<Vec<OfferRow>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT api, repository, component, terms, operations, version, gone_at FROM access_offers ORDER BY api")
        .fetch_all(p).await)?)
}

pub async fn write_offer(tx: &mut Tx, offer: &OfferRow) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO access_offers (api, repository, component, terms, operations, version, gone_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (api) DO UPDATE SET repository = excluded.repository, component = excluded.component,
         terms = excluded.terms, operations = excluded.operations, version = excluded.version, gone_at = excluded.gone_at")
        .bind(&offer.api).bind(&offer.repository).bind(&offer.component).bind(&offer.terms).bind(&offer.operations)
        .bind(&offer.version).bind(offer.gone_at).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn drop_offer(tx: &mut Tx, api: &str) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM access_offers WHERE api = $1").bind(api).execute(p).await.map(drop))?;
    Ok(())
}
