//! SQL of jobs, their logs and schedules.
//!
//! Whoever holds a job writes only where the attempt is still theirs: a worker that lost its lease changes nothing.

use model::Level;
use model::job::{Job, JobState, LogLine};
use sqlx::QueryBuilder;

use super::NewJob;
use crate::db::{Db, Tx, dialect, on};
use crate::error::Result;

/// A job that this process works on.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Claimed {
    pub id: String,
    pub kind: String,
    pub payload: String,
    pub progress: String,
    pub attempt: i64,
    pub max_attempts: i64,
}

/// How a job ends.
#[derive(Debug)]
pub struct End {
    pub state: JobState,
    pub error: Option<String>,
    pub quiet: bool,
    /// Only if nobody has asked for it since; `None` where that does not matter.
    pub wishes: Option<i64>,
}

const LINES_OF_ONE_INSERT: usize = 200;
const COLUMNS: &str = "id, kind, title, state, progress, attempt, created_at, started_at, finished_at, error";

/// `None` when an open job of this kind has the same key.
pub async fn insert(tx: &mut Tx, id: &str, now: i64, run_at: i64, job: NewJob<'_>) -> Result<Option<String>> {
    Ok(on!(tx, p => sqlx::query_scalar(
        "INSERT INTO jobs (id, kind, title, payload, dedup, wishes, state, done, quiet, progress, attempt, max_attempts,
                           run_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'queued', FALSE, FALSE, '{}', 0, $7, $8, $9)
         ON CONFLICT (kind, dedup) WHERE NOT done DO NOTHING RETURNING id")
        .bind(id).bind(job.kind).bind(job.title).bind(job.payload).bind(job.dedup).bind(i64::from(job.wished))
        .bind(i64::from(job.max_attempts)).bind(run_at).bind(now)
        .fetch_optional(p).await)?)
}

/// The open job with the same key, with the wish added. One that waits for its next attempt is due at once when wished.
pub async fn join(tx: &mut Tx, job: NewJob<'_>) -> Result<Option<String>> {
    Ok(on!(tx, p => sqlx::query_scalar(
        "UPDATE jobs SET wishes = wishes + $3, run_at = CASE WHEN $3 > 0 THEN 0 ELSE run_at END
         WHERE kind = $1 AND dedup = $2 AND NOT done RETURNING id")
        .bind(job.kind).bind(job.dedup).bind(i64::from(job.wished)).fetch_optional(p).await)?)
}

/// When the next open job may run, if nobody has it; those of the kinds in `busy` are passed over.
pub async fn next_due(db: &Db, busy: &[&str]) -> Result<Option<i64>> {
    Ok(on!(db, p => sqlx::query_scalar(
        "SELECT MIN(CASE WHEN locked_until IS NULL OR run_at > locked_until THEN run_at ELSE locked_until + 1 END)
         FROM jobs WHERE NOT done AND $1 NOT LIKE '%,' || kind || ',%'")
        .bind(between_commas(busy)).fetch_one(p).await)?)
}

/// The next job that is due, but for those of the kinds in `busy`.
pub async fn claim(tx: &mut Tx, now: i64, until: i64, shown: i64, busy: &[&str]) -> Result<Option<Claimed>> {
    let sql = dialect::claim_job(tx);
    let busy = between_commas(busy);
    Ok(on!(tx, p => sqlx::query_as(sql).bind(now).bind(until).bind(shown).bind(&busy).fetch_optional(p).await)?)
}

fn between_commas(kinds: &[&str]) -> String {
    format!(",{},", kinds.join(","))
}

/// Whether the job is still ours; then its lease ends at `until`.
pub async fn renew(tx: &mut Tx, job: &Claimed, until: i64, progress: &str) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query(
        "UPDATE jobs SET locked_until = $3, progress = $4 WHERE id = $1 AND attempt = $2 AND NOT done")
        .bind(&job.id).bind(job.attempt).bind(until).bind(progress)
        .execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Whether it ended: not when somebody asked for it again, nor when it is not ours any more.
pub async fn finish(tx: &mut Tx, job: &Claimed, now: i64, end: &End) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query(
        "UPDATE jobs SET state = $3, done = TRUE, finished_at = $4, error = $5, quiet = $6, locked_until = NULL
         WHERE id = $1 AND attempt = $2 AND NOT done AND wishes = COALESCE($7, wishes)")
        .bind(&job.id).bind(job.attempt).bind(end.state.as_str()).bind(now).bind(&end.error).bind(end.quiet).bind(end.wishes)
        .execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Gives it back as if this attempt had not been.
pub async fn release(tx: &mut Tx, job: &Claimed) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE jobs SET state = 'queued', locked_until = NULL, attempt = attempt - 1 WHERE id = $1 AND attempt = $2 AND NOT done")
        .bind(&job.id).bind(job.attempt).execute(p).await.map(drop))?;
    Ok(())
}

/// Lets go of every lease.
pub async fn release_all(tx: &mut Tx) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE jobs SET locked_until = NULL WHERE NOT done").execute(p).await.map(drop))?;
    Ok(())
}

/// Puts it back in the queue, not before `run_at`, or at once where somebody has asked for it since it had `wishes`.
pub async fn retry(tx: &mut Tx, job: &Claimed, run_at: i64, wishes: i64, error: &str) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE jobs SET state = 'queued', locked_until = NULL, run_at = CASE WHEN wishes > $5 THEN 0 ELSE $3 END, error = $4
         WHERE id = $1 AND attempt = $2 AND NOT done")
        .bind(&job.id).bind(job.attempt).bind(run_at).bind(error).bind(wishes).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn wishes(db: &Db, id: &str) -> Result<i64> {
    Ok(on!(db, p => sqlx::query_scalar("SELECT wishes FROM jobs WHERE id = $1").bind(id).fetch_one(p).await)?)
}

pub async fn append_log(tx: &mut Tx, id: &str, first: i64, lines: &[(i64, Level, String)]) -> Result<()> {
    let mut sequence = first;
    for chunk in lines.chunks(LINES_OF_ONE_INSERT) {
        on!(tx, p => {
            let mut query = QueryBuilder::new("INSERT INTO job_log (job, sequence, logged_at, level, line) ");
            query.push_values(chunk.iter().zip(sequence..), |mut row, ((at, level, line), sequence)| {
                row.push_bind(id).push_bind(sequence).push_bind(*at).push_bind(level.as_str()).push_bind(line);
            });
            query.build().execute(p).await.map(drop)
        })?;
        sequence += i64::try_from(chunk.len()).unwrap_or_default();
    }
    Ok(())
}

/// 0 when there is none yet.
pub async fn last_line(db: &Db, id: &str) -> Result<i64> {
    Ok(on!(db, p => sqlx::query_scalar("SELECT COALESCE(MAX(sequence), 0) FROM job_log WHERE job = $1")
        .bind(id).fetch_one(p).await)?)
}

pub async fn log(db: &Db, id: &str, after: i64, limit: i64) -> Result<Vec<LogLine>> {
    let rows: Vec<(i64, i64, String, String)> = on!(db, p => sqlx::query_as(
        "SELECT sequence, logged_at, level, line FROM job_log WHERE job = $1 AND sequence > $2 ORDER BY sequence LIMIT $3")
        .bind(id).bind(after).bind(limit).fetch_all(p).await)?;
    let level = |text: &str| match text {
        "error" => Level::Error,
        "warning" => Level::Warning,
        _ => Level::Note,
    };
    let line =
        |(sequence, at, text, line): (i64, i64, String, String)| LogLine { sequence, at, level: level(&text), line };
    Ok(rows.into_iter().map(line).collect())
}

pub async fn get(db: &Db, id: &str) -> Result<Option<Job>> {
    let row: Option<Row> = on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(COLUMNS).push(" FROM jobs WHERE id = ").push_bind(id);
        query.build_query_as().fetch_optional(p).await
    })?;
    Ok(row.map(job))
}

/// Those that wait or run first.
pub async fn newest(db: &Db, limit: i64) -> Result<Vec<Job>> {
    let rows: Vec<Row> = on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(COLUMNS).push(" FROM jobs ORDER BY created_at DESC, id DESC LIMIT ").push_bind(limit);
        query.build_query_as().fetch_all(p).await
    })?;
    Ok(rows.into_iter().map(job).collect())
}

/// Removes finished jobs but for the last `kept`, and those of the kind `lasting`.
pub async fn prune(tx: &mut Tx, kept: i64, lasting: &str) -> Result<()> {
    on!(tx, p => sqlx::query(
        "DELETE FROM jobs WHERE done AND kind <> $2 AND id NOT IN
         (SELECT id FROM jobs WHERE done AND kind <> $2 ORDER BY finished_at DESC, id DESC LIMIT $1)")
        .bind(kept).bind(lasting).execute(p).await.map(drop))?;
    Ok(())
}

/// Removes finished jobs of this kind that found nothing to do, but for the last.
pub async fn prune_quiet(tx: &mut Tx, kind: &str) -> Result<()> {
    on!(tx, p => sqlx::query(
        "DELETE FROM jobs WHERE done AND quiet AND kind = $1 AND id <>
         (SELECT id FROM jobs WHERE done AND quiet AND kind = $1 ORDER BY finished_at DESC, id DESC LIMIT 1)")
        .bind(kind).execute(p).await.map(drop))?;
    Ok(())
}

/// Makes a schedule due at `now`, and then every so many milliseconds.
pub async fn set_schedule(tx: &mut Tx, name: &str, every: i64, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO schedules (name, every, next_run_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET every = excluded.every, next_run_at = excluded.next_run_at")
        .bind(name).bind(every).bind(now).execute(p).await.map(drop))?;
    Ok(())
}

/// Milliseconds until a schedule is due; `None` when there is no such schedule.
pub async fn until_due(db: &Db, name: &str, now: i64) -> Result<Option<i64>> {
    let next: Option<i64> = on!(db, p => sqlx::query_scalar("SELECT next_run_at FROM schedules WHERE name = $1")
        .bind(name).fetch_optional(p).await)?;
    Ok(next.map(|next| next - now))
}

/// Whether the schedule is due and this caller is the one who takes it; it then moves on.
pub async fn take_due(tx: &mut Tx, name: &str, now: i64) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query("UPDATE schedules SET next_run_at = $2 + every WHERE name = $1 AND next_run_at <= $2")
        .bind(name).bind(now).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    kind: String,
    title: String,
    state: String,
    progress: String,
    attempt: i64,
    created_at: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    error: Option<String>,
}

fn job(row: Row) -> Job {
    Job {
        id: row.id,
        kind: row.kind,
        title: row.title,
        state: JobState::ALL.into_iter().find(|state| state.as_str() == row.state).unwrap_or(JobState::Queued),
        progress: serde_json::from_str(&row.progress).unwrap_or_default(),
        attempt: u32::try_from(row.attempt).unwrap_or_default(),
        created_at: row.created_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
        error: row.error,
    }
}
