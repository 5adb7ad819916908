//! SQL of what people say of runs, and of what those of one template have in common.

use model::EntityRef;
use model::run::RunFeedback;
use model::template::TemplateAnswer;
use sqlx::QueryBuilder;

use crate::Result;
use crate::db::{Db, Tx, on};
use crate::runs::RunFilter;
use crate::runs::store::{FROM, Viewer, narrow};

/// Adds it, or puts it in the place of what was said before.
pub async fn set(tx: &mut Tx, run: &str, feedback: &RunFeedback) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO run_feedback (run, worked, comment, given_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (run) DO UPDATE SET worked = excluded.worked, comment = excluded.comment, given_at = excluded.given_at")
        .bind(run).bind(feedback.worked).bind(&feedback.comment).bind(feedback.given_at).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn get(db: &Db, run: &str) -> Result<Option<RunFeedback>> {
    let row: Option<(bool, String, i64)> = on!(db, p => sqlx::query_as(
        "SELECT worked, comment, given_at FROM run_feedback WHERE run = $1").bind(run).fetch_optional(p).await)?;
    Ok(row.map(|(worked, comment, given_at)| RunFeedback { worked, comment, given_at }))
}

/// How many say that it worked, and how many that something was missing.
pub async fn counts(db: &Db, template: &str) -> Result<(u64, u64)> {
    let rows: Vec<(bool, i64)> = on!(db, p => sqlx::query_as(
        "SELECT f.worked, COUNT(*) FROM run_feedback f JOIN runs r ON r.id = f.run WHERE r.template = $1 GROUP BY f.worked")
        .bind(template).fetch_all(p).await)?;
    let count = |wanted: bool| rows.iter().filter(|(worked, _)| *worked == wanted).map(|(_, n)| n.unsigned_abs()).sum();
    Ok((count(true), count(false)))
}

/// A line that somebody has written.
#[derive(Debug, sqlx::FromRow)]
pub struct Answer {
    run: String,
    name: String,
    made_by: String,
    worked: bool,
    comment: String,
    given_at: i64,
}

impl From<Answer> for TemplateAnswer {
    fn from(answer: Answer) -> Self {
        let Answer { run, name, made_by, worked, comment, given_at } = answer;
        Self { run, name, by: made_by, worked, comment, given_at }
    }
}

/// The newest with a line, of runs that the viewer may see.
pub async fn answers(db: &Db, viewer: Viewer<'_>, template: &EntityRef, limit: i64) -> Result<Vec<Answer>> {
    let filter = RunFilter { template: Some(template.clone()), ..RunFilter::default() };
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT f.run, r.name, r.made_by, f.worked, f.comment, f.given_at");
        query.push(FROM).push(" JOIN run_feedback f ON f.run = r.id");
        narrow(&mut query, &viewer, &filter);
        query.push(" AND f.comment <> '' ORDER BY f.given_at DESC, f.run DESC LIMIT ").push_bind(limit);
        query.build_query_as().fetch_all(p).await
    })?)
}

/// A run that has made a project.
#[derive(Debug, sqlx::FromRow)]
pub struct Launched {
    pub started_at: i64,
    pub ended_at: i64,
    /// JSON: what was read of the project.
    pub facts: Option<String>,
}

/// The newest of a template.
pub async fn launches(db: &Db, template: &str, limit: i64) -> Result<Vec<Launched>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT r.started_at, r.ended_at, p.facts FROM runs r
         LEFT JOIN repositories p ON p.id = r.project AND p.gone_at IS NULL
         WHERE r.template = $1 AND r.state = 'done' AND r.started_at IS NOT NULL AND r.ended_at IS NOT NULL
         ORDER BY r.id DESC LIMIT $2")
        .bind(template).bind(limit).fetch_all(p).await)?)
}

/// How many runs of a template ended at a step, by its name, most first.
pub async fn failures(db: &Db, template: &str) -> Result<Vec<(String, u64)>> {
    let rows: Vec<(String, i64)> = on!(db, p => sqlx::query_as(
        "SELECT s.name, COUNT(*) FROM run_steps s JOIN runs r ON r.id = s.run
         WHERE r.template = $1 AND s.state = 'failed' GROUP BY s.name ORDER BY 2 DESC, 1")
        .bind(template).fetch_all(p).await)?;
    Ok(rows.into_iter().map(|(step, count)| (step, count.unsigned_abs())).collect())
}
