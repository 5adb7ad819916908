//! SQL of templates, and of what came from them.

use std::collections::HashMap;

use model::repository::ForgeFacts;
use model::template::TemplateProject;
use sqlx::QueryBuilder;

use crate::Result;
use crate::db::{Db, Tx, any_of, may_read, on};
use crate::identity::Readable;

/// A template of the catalog with its repository.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Listed {
    /// JSON.
    pub list_row: String,
    pub body: String,
    /// Of the repository.
    pub id: String,
    pub slug: String,
    pub name: String,
    pub path: String,
    pub stable_key: String,
    pub forge: Option<String>,
    pub kind: String,
}

/// What a project remembers of its template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// As [`addresses`] has it.
    pub template: String,
    pub directory: String,
    pub commit: Option<String>,
    pub tag: Option<String>,
    pub dialect: String,
}

/// The templates that one of `readable` may see, by reference; only the one with this reference where it is given.
pub async fn list(db: &Db, readable: &Readable, reference: Option<&str>) -> Result<Vec<Listed>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT e.list_row, e.body, r.id, r.slug, r.name, r.path, r.stable_key, r.forge, s.kind
             FROM entities e JOIN repositories r ON r.id = e.repository JOIN sources s ON s.name = r.source
             WHERE NOT e.deleted AND e.kind IN ('template', 'Template') AND r.gone_at IS NULL");
        may_read(&mut query, readable, "e.visibility", "r.id");
        may_read(&mut query, readable, "r.visibility", "r.id");
        if let Some(reference) = reference {
            query.push(" AND e.reference = ").push_bind(reference.to_owned());
        }
        query.push(" ORDER BY e.reference");
        query.build_query_as().fetch_all(p).await
    })?)
}

/// Where a repository is, without any template.
pub async fn place(db: &Db, id: &str) -> Result<Option<Listed>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT '' AS list_row, '' AS body, r.id, r.slug, r.name, r.path, r.stable_key, r.forge, s.kind
         FROM repositories r JOIN sources s ON s.name = r.source WHERE r.id = $1 AND r.gone_at IS NULL")
        .bind(id).fetch_optional(p).await)?)
}

/// One decision of an administrator.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Trusted {
    pub commit_id: String,
    pub trusted_by: String,
    pub trusted_at: i64,
}

/// Whether the templates of a repository may execute what they bring at a commit.
pub async fn is_trusted(db: &Db, repository: &str, commit: &str) -> Result<bool> {
    let found: Option<String> = on!(db, p => sqlx::query_scalar(
        "SELECT commit_id FROM template_trust WHERE repository = $1 AND commit_id = $2")
        .bind(repository).bind(commit).fetch_optional(p).await)?;
    Ok(found.is_some())
}

/// All that was decided of a repository, the newest first.
pub async fn trusted(db: &Db, repository: &str) -> Result<Vec<Trusted>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT commit_id, trusted_by, trusted_at FROM template_trust WHERE repository = $1 ORDER BY trusted_at DESC, commit_id")
        .bind(repository).fetch_all(p).await)?)
}

/// Gives whether it was not trusted before.
pub async fn add_trust(tx: &mut Tx, repository: &str, trusted: &Trusted) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query(
        "INSERT INTO template_trust (repository, commit_id, trusted_by, trusted_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (repository, commit_id) DO NOTHING")
        .bind(repository).bind(&trusted.commit_id).bind(&trusted.trusted_by).bind(trusted.trusted_at)
        .execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Gives whether it was trusted.
pub async fn remove_trust(tx: &mut Tx, repository: &str, commit: &str) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query("DELETE FROM template_trust WHERE repository = $1 AND commit_id = $2")
        .bind(repository).bind(commit).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// How projects may call the repository of a template; the first is what they are told.
pub fn addresses(listed: &Listed) -> Vec<String> {
    let forge = listed.forge.as_deref().and_then(|text| serde_json::from_str::<ForgeFacts>(text).ok());
    match (listed.kind.as_str(), forge) {
        ("github", Some(facts)) => vec![format!("{}.git", facts.html_url)],
        ("git", _) => vec![listed.stable_key.clone()],
        _ => {
            let origin = engine_repo::Repository::open(std::path::Path::new(&listed.path)).ok();
            let origin = origin.and_then(|repository| repository.origin()).map(|origin| format!("https://{origin}"));
            origin.into_iter().chain([listed.stable_key.clone()]).collect()
        }
    }
}

/// Addresses of one repository as one text.
pub fn normal(address: &str) -> String {
    engine_repo::address(address).unwrap_or_else(|| address.trim_end_matches('/').to_owned())
}

/// How many repositories in sight, and to be seen by one of `readable`, came from each template: its address and folder.
pub async fn counts(db: &Db, readable: &Readable) -> Result<HashMap<(String, String), u64>> {
    let rows: Vec<(String, String, i64)> = on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT l.template, l.directory, COUNT(*) FROM lineages l JOIN repositories r ON r.id = l.repository
             WHERE r.gone_at IS NULL");
        may_read(&mut query, readable, "r.visibility", "r.id");
        query.push(" GROUP BY l.template, l.directory");
        query.build_query_as().fetch_all(p).await
    })?;
    let count = |(template, directory, count): (String, String, i64)| ((template, directory), count.unsigned_abs());
    Ok(rows.into_iter().map(count).collect())
}

/// Those of one template, by name.
pub async fn projects(
    db: &Db,
    readable: &Readable,
    addresses: &[String],
    directory: &str,
) -> Result<Vec<TemplateProject>> {
    let rows: Vec<(String, String, Option<String>, Option<String>)> = on!(db, p => {
        let mut query = QueryBuilder::new(
            "SELECT r.slug, r.name, l.commit_id, l.tag FROM lineages l JOIN repositories r ON r.id = l.repository");
        query.push(" WHERE r.gone_at IS NULL AND l.directory = ").push_bind(directory.to_owned());
        query.push(" AND l.template IN (");
        let addresses: Vec<String> = addresses.iter().map(|address| normal(address)).collect();
        any_of(&mut query, addresses.iter().map(String::as_str));
        may_read(&mut query, readable, "r.visibility", "r.id");
        query.push(" ORDER BY r.name, r.id");
        query.build_query_as().fetch_all(p).await
    })?;
    let project =
        |(repository, repository_name, commit, tag)| TemplateProject { repository, repository_name, commit, tag };
    Ok(rows.into_iter().map(project).collect())
}

/// Puts what a repository remembers in the place of what it did.
pub async fn replace_lineage(tx: &mut Tx, repository: &str, lineage: Option<&Lineage>) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM lineages WHERE repository = $1").bind(repository).execute(p).await.map(drop))?;
    let Some(lineage) = lineage else { return Ok(()) };
    on!(tx, p => sqlx::query(
        "INSERT INTO lineages (repository, template, directory, commit_id, tag, dialect) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(repository).bind(&lineage.template).bind(&lineage.directory).bind(&lineage.commit).bind(&lineage.tag)
        .bind(&lineage.dialect).execute(p).await.map(drop))?;
    Ok(())
}
