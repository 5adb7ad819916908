//! SQL of runs, their steps, and what they made outside.

use model::run::{EffectState, Run, RunState, StepState};
use model::{EntityRef, Level};
use sqlx::{Database, Encode, QueryBuilder, Type};

use super::{JOB, RunFilter};
use crate::Result;
use crate::db::{Db, Tx, any_of, may_read, on};
use crate::identity::Readable;

/// One row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    pub id: String,
    pub template: String,
    pub repository: String,
    pub directory: String,
    pub commit_id: String,
    pub name: String,
    pub made_by: String,
    pub account: Option<String>,
    pub launcher: String,
    pub state: String,
    pub wish: Option<String>,
    pub reason: Option<String>,
    pub seed: i64,
    pub project: Option<String>,
    pub entity: Option<String>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub secrets: Option<String>,
    pub input: String,
    pub outputs: String,
}

impl Row {
    pub fn state(&self) -> RunState {
        RunState::parse(&self.state).unwrap_or(RunState::Failed)
    }
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Step {
    pub position: i64,
    pub id: String,
    pub name: String,
    pub action: String,
    pub state: String,
    pub attempts: i64,
    pub reason: Option<String>,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub input: String,
    pub output: Option<String>,
}

impl Step {
    pub fn state(&self) -> StepState {
        StepState::parse(&self.state).unwrap_or(StepState::Pending)
    }
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Effect {
    pub sequence: i64,
    pub position: i64,
    pub action: String,
    pub target: String,
    pub state: String,
    pub reason: Option<String>,
    pub command: Option<String>,
    pub data: String,
}

impl Effect {
    pub fn state(&self) -> EffectState {
        EffectState::parse(&self.state).unwrap_or(EffectState::Intended)
    }

    /// Whether it is outside, or may be.
    pub fn is_there(&self) -> bool {
        matches!(self.state(), EffectState::Intended | EffectState::Made)
    }
}

/// A row with the slug of what it made.
#[derive(Debug, sqlx::FromRow)]
pub struct Named {
    #[sqlx(flatten)]
    pub row: Row,
    pub slug: Option<String>,
}

/// What lists show of a run's input.
#[derive(serde::Deserialize)]
struct Version {
    tag: Option<String>,
}

impl From<Named> for Run {
    fn from(Named { row, slug }: Named) -> Self {
        let reference = |text: &str| EntityRef::parse(text, None, "default").ok();
        Self {
            template: reference(&row.template).unwrap_or_else(|| EntityRef::new("template", "default", &row.template)),
            state: row.state(),
            stopping: row.wish.is_some(),
            entity: row.entity.as_deref().and_then(reference),
            id: row.id,
            commit: row.commit_id,
            tag: serde_json::from_str::<Version>(&row.input).ok().and_then(|version| version.tag),
            name: row.name,
            reason: row.reason,
            by: row.made_by,
            project: slug,
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
        }
    }
}

/// Who looks.
#[derive(Debug, Clone)]
pub struct Viewer<'a> {
    pub readable: &'a Readable,
    pub launcher: &'a str,
    /// Who they are as a reviewer.
    pub reviews_as: Vec<String>,
}

const COLUMNS: &str = "r.id, r.template, r.repository, r.directory, r.commit_id, r.name, r.made_by, r.account, r.launcher, \
                       r.state, r.wish, r.reason, r.seed, r.project, r.entity, r.created_at, r.started_at, r.ended_at, \
                       r.secrets, r.input, r.outputs";
pub(super) const FROM: &str =
    " FROM runs r JOIN repositories t ON t.id = r.repository LEFT JOIN repositories p ON p.id = r.project";

/// Adds a run; gives whether it is the first under this key of its launcher.
pub async fn insert(tx: &mut Tx, row: &Row, key: &str) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query(
        "INSERT INTO runs (id, template, repository, directory, commit_id, name, made_by, account, launcher, idempotency_key,
                           state, seed, created_at, secrets, input, outputs)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (launcher, idempotency_key) DO NOTHING")
        .bind(&row.id).bind(&row.template).bind(&row.repository).bind(&row.directory).bind(&row.commit_id).bind(&row.name)
        .bind(&row.made_by).bind(&row.account).bind(&row.launcher).bind(key).bind(&row.state).bind(row.seed)
        .bind(row.created_at).bind(&row.secrets).bind(&row.input).bind(&row.outputs)
        .execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The run that somebody launched under a key.
pub async fn by_key(db: &Db, launcher: &str, key: &str) -> Result<Option<String>> {
    Ok(on!(db, p => sqlx::query_scalar("SELECT id FROM runs WHERE launcher = $1 AND idempotency_key = $2")
        .bind(launcher).bind(key).fetch_optional(p).await)?)
}

pub async fn row(db: &Db, id: &str) -> Result<Option<Row>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(COLUMNS).push(FROM).push(" WHERE r.id = ").push_bind(id);
        query.build_query_as().fetch_optional(p).await
    })?)
}

/// As [`row`], in a transaction.
pub async fn row_in(tx: &mut Tx, id: &str) -> Result<Option<Row>> {
    Ok(on!(tx, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(COLUMNS).push(FROM).push(" WHERE r.id = ").push_bind(id);
        query.build_query_as().fetch_optional(p).await
    })?)
}

/// The one that the viewer may see.
pub async fn get(db: &Db, viewer: &Viewer<'_>, id: &str) -> Result<Option<Named>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(COLUMNS).push(", p.slug").push(FROM);
        narrow(&mut query, viewer, &RunFilter::default());
        query.push(" AND r.id = ").push_bind(id);
        query.build_query_as().fetch_optional(p).await
    })?)
}

/// Newest first.
pub async fn list(db: &Db, viewer: &Viewer<'_>, filter: &RunFilter, offset: i64) -> Result<Vec<Named>> {
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(COLUMNS).push(", p.slug").push(FROM);
        narrow(&mut query, viewer, filter);
        query.push(" ORDER BY r.id DESC LIMIT ").push_bind(filter.per_page as i64);
        query.push(" OFFSET ").push_bind(offset);
        query.build_query_as().fetch_all(p).await
    })?)
}

/// How many there are of each state, without the filter on states.
pub async fn counts(db: &Db, viewer: &Viewer<'_>, filter: &RunFilter) -> Result<Vec<(String, i64)>> {
    let filter = RunFilter { states: Vec::new(), ..filter.clone() };
    Ok(on!(db, p => {
        let mut query = QueryBuilder::new("SELECT r.state, COUNT(*)");
        query.push(FROM);
        narrow(&mut query, viewer, &filter);
        query.push(" GROUP BY r.state");
        query.build_query_as().fetch_all(p).await
    })?)
}

/// One's own runs; those that one may approve; others where their template and what they made may be read.
pub(super) fn narrow<DB>(query: &mut QueryBuilder<DB>, viewer: &Viewer<'_>, filter: &RunFilter)
where
    DB: Database,
    for<'q> String: Encode<'q, DB> + Type<DB>,
{
    match viewer.readable.is_everything() {
        true => drop(query.push(" WHERE (TRUE")),
        false => {
            query.push(" WHERE (r.launcher = ").push_bind(viewer.launcher.to_owned());
            query.push(" OR (p.gone_at IS NULL AND p.id IS NOT NULL");
            may_read(query, viewer.readable, "t.visibility", "t.id");
            may_read(query, viewer.readable, "p.visibility", "p.id");
            query.push(")");
            if !viewer.reviews_as.is_empty() {
                query.push(" OR EXISTS (SELECT 1 FROM run_reviewers v WHERE v.run = r.id AND v.reviewer IN (");
                any_of(query, viewer.reviews_as.iter().map(String::as_str));
                query.push(")");
            }
        }
    }
    query.push(")");
    if !filter.states.is_empty() {
        query.push(" AND r.state IN (");
        any_of(query, filter.states.iter().map(|state| state.as_str()));
    }
    if let Some(template) = &filter.template {
        query.push(" AND r.template = ").push_bind(template.to_string());
    }
    if let Some(slug) = &filter.project {
        query.push(" AND p.slug = ").push_bind(slug.clone());
    }
    if filter.own {
        query.push(" AND r.launcher = ").push_bind(viewer.launcher.to_owned());
    }
}

pub async fn add_step(tx: &mut Tx, run: &str, step: &Step) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO run_steps (run, position, id, name, action, state, attempts, input) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)")
        .bind(run).bind(step.position).bind(&step.id).bind(&step.name).bind(&step.action).bind(&step.state).bind(&step.input)
        .execute(p).await.map(drop))?;
    Ok(())
}

pub async fn write_step(tx: &mut Tx, run: &str, step: &Step) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE run_steps SET state = $3, attempts = $4, reason = $5, started_at = $6, ended_at = $7, output = $8
         WHERE run = $1 AND position = $2")
        .bind(run).bind(step.position).bind(&step.state).bind(step.attempts).bind(&step.reason).bind(step.started_at)
        .bind(step.ended_at).bind(&step.output).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn steps(db: &Db, run: &str) -> Result<Vec<Step>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT position, id, name, action, state, attempts, reason, started_at, ended_at, input, output
         FROM run_steps WHERE run = $1 ORDER BY position")
        .bind(run).fetch_all(p).await)?)
}

/// Adds it, or writes it anew.
pub async fn write_effect(tx: &mut Tx, run: &str, effect: &Effect) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO run_effects (run, sequence, position, action, target, state, reason, command, data)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (run, sequence) DO UPDATE SET state = excluded.state, reason = excluded.reason,
             command = excluded.command, data = excluded.data")
        .bind(run).bind(effect.sequence).bind(effect.position).bind(&effect.action).bind(&effect.target).bind(&effect.state)
        .bind(&effect.reason).bind(&effect.command).bind(&effect.data).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn effects(db: &Db, run: &str) -> Result<Vec<Effect>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT sequence, position, action, target, state, reason, command, data
         FROM run_effects WHERE run = $1 ORDER BY sequence")
        .bind(run).fetch_all(p).await)?)
}

/// From now on only this holder writes.
pub async fn hold(tx: &mut Tx, id: &str, holder: &str) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE runs SET holder = $2 WHERE id = $1").bind(id).bind(holder).execute(p).await.map(drop))?;
    Ok(())
}

/// Whether it is still this one; whoever asks within a transaction may then write.
pub async fn is_held(tx: &mut Tx, id: &str, holder: &str) -> Result<bool> {
    // Writing takes the row's lock, so that it stays so until the transaction ends.
    let rows = on!(tx, p => sqlx::query("UPDATE runs SET holder = holder WHERE id = $1 AND holder = $2")
        .bind(id).bind(holder).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Writes where it stands; a wish and secrets only ever go.
pub async fn write_state(tx: &mut Tx, row: &Row) -> Result<()> {
    on!(tx, p => sqlx::query(
        "UPDATE runs SET state = $2, reason = $3, project = $4, entity = $5, started_at = $6, ended_at = $7, outputs = $8,
                secrets = CASE WHEN $9 THEN secrets END WHERE id = $1")
        .bind(&row.id).bind(&row.state).bind(&row.reason).bind(&row.project).bind(&row.entity).bind(row.started_at)
        .bind(row.ended_at).bind(&row.outputs).bind(row.secrets.is_some()).execute(p).await.map(drop))?;
    Ok(())
}

/// What a person wants, unless it has come to another state than these meanwhile; gives whether it has not.
pub async fn set_wish(tx: &mut Tx, id: &str, wish: Option<&str>, states: &[RunState]) -> Result<bool> {
    let rows = on!(tx, p => {
        let mut query = QueryBuilder::new("UPDATE runs SET wish = ");
        query.push_bind(wish.map(str::to_owned)).push(" WHERE id = ").push_bind(id.to_owned()).push(" AND state IN (");
        any_of(&mut query, states.iter().map(|state| state.as_str()));
        query.build().execute(p).await.map(|done| done.rows_affected())
    })?;
    Ok(rows == 1)
}

pub async fn wish(db: &Db, id: &str) -> Result<Option<String>> {
    let found: Option<Option<String>> =
        on!(db, p => sqlx::query_scalar("SELECT wish FROM runs WHERE id = $1").bind(id).fetch_optional(p).await)?;
    Ok(found.flatten())
}

/// As [`wish`], as it stands until the transaction ends.
pub async fn wish_in(tx: &mut Tx, id: &str) -> Result<Option<String>> {
    Ok(on!(tx, p => sqlx::query_scalar("SELECT wish FROM runs WHERE id = $1").bind(id).fetch_one(p).await)?)
}

/// Brings a run from one of these states to another; gives whether it was in one.
pub async fn move_on(tx: &mut Tx, id: &str, states: &[RunState], to: Moved<'_>) -> Result<bool> {
    let rows = on!(tx, p => {
        let mut query = QueryBuilder::new("UPDATE runs SET state = ");
        query.push_bind(to.state.as_str().to_owned()).push(", reason = ").push_bind(to.reason.map(str::to_owned));
        query.push(", ended_at = ").push_bind(to.ended_at).push(" WHERE id = ").push_bind(id.to_owned());
        query.push(" AND state IN (");
        any_of(&mut query, states.iter().map(|state| state.as_str()));
        query.build().execute(p).await.map(|done| done.rows_affected())
    })?;
    Ok(rows == 1)
}

/// Where a run comes to stand.
#[derive(Debug, Clone, Copy)]
pub struct Moved<'a> {
    pub state: RunState,
    pub reason: Option<&'a str>,
    pub ended_at: Option<i64>,
}

impl Moved<'_> {
    /// Under way.
    pub fn to(state: RunState) -> Self {
        Self { state, reason: None, ended_at: None }
    }
}

/// Of all that let queued runs begin, one goes on until its transaction ends.
pub async fn lock_queue(tx: &mut Tx) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE counters SET value = value + 1 WHERE name = 'runs'").execute(p).await.map(drop))?;
    Ok(())
}

/// Launchers of those that run.
pub async fn running(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(on!(tx, p => sqlx::query_scalar("SELECT launcher FROM runs WHERE state = 'running'").fetch_all(p).await)?)
}

/// Ids, launchers and names of those that wait for their turn, the oldest first.
pub async fn queued(tx: &mut Tx) -> Result<Vec<(String, String, String)>> {
    Ok(on!(tx, p => sqlx::query_as("SELECT id, launcher, name FROM runs WHERE state = 'queued' ORDER BY id LIMIT 1000")
        .fetch_all(p).await)?)
}

/// How many that are queued come before it, and itself.
pub async fn position(db: &Db, id: &str) -> Result<i64> {
    Ok(on!(db, p => sqlx::query_scalar("SELECT COUNT(*) FROM runs WHERE state = 'queued' AND id <= $1")
        .bind(id).fetch_one(p).await)?)
}

/// Those under way for which no job works any more, with their names.
pub async fn left_alone(tx: &mut Tx) -> Result<Vec<(String, String)>> {
    Ok(on!(tx, p => sqlx::query_as(
        "SELECT r.id, r.name FROM runs r WHERE (r.state IN ('running', 'waiting') OR r.wish IS NOT NULL)
         AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = $1 AND j.dedup = r.id AND NOT j.done) ORDER BY r.id LIMIT 1000")
        .bind(JOB).fetch_all(p).await)?)
}

/// How many jobs have come to their end without it.
pub async fn jobs_of(tx: &mut Tx, id: &str) -> Result<i64> {
    Ok(
        on!(tx, p => sqlx::query_scalar("SELECT COUNT(*) FROM jobs WHERE kind = $1 AND dedup = $2 AND done AND state <> 'succeeded'")
        .bind(JOB).bind(id).fetch_one(p).await)?,
    )
}

/// Those that failed before `before`, with their names.
pub async fn failed_before(tx: &mut Tx, before: i64) -> Result<Vec<(String, String)>> {
    Ok(on!(tx, p => sqlx::query_as(
        "SELECT id, name FROM runs WHERE state = 'failed' AND wish IS NULL AND ended_at < $1 ORDER BY id LIMIT 100")
        .bind(before).fetch_all(p).await)?)
}

/// The lines of all its jobs behind the line `after`, numbered over all of them.
pub async fn log(db: &Db, id: &str, after: i64, limit: i64) -> Result<Vec<model::job::LogLine>> {
    let rows: Vec<(i64, i64, String, String)> = on!(db, p => sqlx::query_as(
        "SELECT number, logged_at, level, line FROM (
             SELECT ROW_NUMBER() OVER (ORDER BY l.job, l.sequence) AS number, l.logged_at, l.level, l.line
             FROM job_log l JOIN jobs j ON j.id = l.job WHERE j.kind = $1 AND j.dedup = $2) lines
         WHERE number > $3 ORDER BY number LIMIT $4")
        .bind(JOB).bind(id).bind(after).bind(limit).fetch_all(p).await)?;
    let level = |text: &str| match text {
        "error" => Level::Error,
        "warning" => Level::Warning,
        _ => Level::Note,
    };
    let line = |(sequence, at, text, line): (i64, i64, String, String)| model::job::LogLine {
        sequence,
        at,
        level: level(&text),
        line,
    };
    Ok(rows.into_iter().map(line).collect())
}
