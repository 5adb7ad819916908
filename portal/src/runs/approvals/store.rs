//! SQL of approvals: what is asked for, who may give it, and what they said.

use model::run::RunState;
use sqlx::QueryBuilder;

use crate::Result;
use crate::db::{Db, Tx, any_of, on};

/// What one rule asks of a run.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Approval {
    pub number: i64,
    pub about: String,
    pub needed: i64,
    pub expires_at: i64,
    pub state: String,
}

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Review {
    pub number: i64,
    pub person: String,
    pub approves: bool,
    pub reason: String,
    pub reviewed_at: i64,
}

pub async fn add(tx: &mut Tx, run: &str, approval: &Approval, reviewers: &[String]) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO run_approvals (run, number, about, needed, expires_at, state) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(run).bind(approval.number).bind(&approval.about).bind(approval.needed).bind(approval.expires_at)
        .bind(&approval.state).execute(p).await.map(drop))?;
    for reviewer in reviewers {
        on!(tx, p => sqlx::query(
            "INSERT INTO run_reviewers (run, number, reviewer) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(run).bind(approval.number).bind(reviewer).execute(p).await.map(drop))?;
    }
    Ok(())
}

pub async fn of(db: &Db, run: &str) -> Result<Vec<Approval>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT number, about, needed, expires_at, state FROM run_approvals WHERE run = $1 ORDER BY number")
        .bind(run).fetch_all(p).await)?)
}

/// Number of the approval, and who may give it.
pub async fn reviewers(db: &Db, run: &str) -> Result<Vec<(i64, String)>> {
    Ok(
        on!(db, p => sqlx::query_as("SELECT number, reviewer FROM run_reviewers WHERE run = $1 ORDER BY number, reviewer")
        .bind(run).fetch_all(p).await)?,
    )
}

pub async fn reviews(db: &Db, run: &str) -> Result<Vec<Review>> {
    Ok(on!(db, p => sqlx::query_as(
        "SELECT number, person, approves, reason, reviewed_at FROM run_reviews WHERE run = $1 ORDER BY reviewed_at, person")
        .bind(run).fetch_all(p).await)?)
}

/// Nobody else decides of this run until the transaction ends; gives whether it is still to be decided.
pub async fn lock(tx: &mut Tx, run: &str) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query("UPDATE runs SET state = state WHERE id = $1 AND state = $2")
        .bind(run).bind(RunState::Review.as_str()).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Those that are still asked for and that one who is all of these may give.
pub async fn open_for(tx: &mut Tx, run: &str, references: &[String]) -> Result<Vec<Approval>> {
    Ok(on!(tx, p => {
        let mut query = QueryBuilder::new(
            "SELECT number, about, needed, expires_at, state FROM run_approvals a WHERE a.state = 'asked' AND a.run = ");
        query.push_bind(run.to_owned());
        query.push(" AND EXISTS (SELECT 1 FROM run_reviewers v WHERE v.run = a.run AND v.number = a.number AND v.reviewer IN (");
        any_of(&mut query, references.iter().map(String::as_str));
        query.push(") ORDER BY number");
        query.build_query_as().fetch_all(p).await
    })?)
}

/// Gives whether they had not said anything before.
pub async fn add_review(tx: &mut Tx, run: &str, review: &Review) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query(
        "INSERT INTO run_reviews (run, number, person, approves, reason, reviewed_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (run, number, person) DO NOTHING")
        .bind(run).bind(review.number).bind(&review.person).bind(review.approves).bind(&review.reason)
        .bind(review.reviewed_at).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// How many approve.
pub async fn approving(tx: &mut Tx, run: &str, number: i64) -> Result<i64> {
    Ok(on!(tx, p => sqlx::query_scalar("SELECT COUNT(*) FROM run_reviews WHERE run = $1 AND number = $2 AND approves")
        .bind(run).bind(number).fetch_one(p).await)?)
}

pub async fn decide(tx: &mut Tx, run: &str, number: i64, state: &str) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE run_approvals SET state = $3 WHERE run = $1 AND number = $2 AND state = 'asked'")
        .bind(run).bind(number).bind(state).execute(p).await.map(drop))?;
    Ok(())
}

/// How many are still asked for.
pub async fn asked(tx: &mut Tx, run: &str) -> Result<i64> {
    Ok(on!(tx, p => sqlx::query_scalar("SELECT COUNT(*) FROM run_approvals WHERE run = $1 AND state = 'asked'")
        .bind(run).fetch_one(p).await)?)
}

/// Runs that wait for an approval that came too late, with its number and what it is about.
pub async fn expired(tx: &mut Tx, now: i64) -> Result<Vec<(String, i64, String)>> {
    Ok(on!(tx, p => sqlx::query_as(
        "SELECT a.run, a.number, a.about FROM run_approvals a JOIN runs r ON r.id = a.run
         WHERE a.state = 'asked' AND a.expires_at <= $1 AND r.state = $2 ORDER BY a.run, a.number LIMIT 100")
        .bind(now).bind(RunState::Review.as_str()).fetch_all(p).await)?)
}

/// Whether its reviewers have not been told before; from now on they have.
pub async fn note_told(tx: &mut Tx, run: &str, now: i64) -> Result<bool> {
    let rows = on!(tx, p => sqlx::query("UPDATE runs SET reviewers_told_at = $2 WHERE id = $1 AND reviewers_told_at IS NULL")
        .bind(run).bind(now).execute(p).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Those under review whose reviewers were not told, and for which no job will do that, with their names.
pub async fn untold(tx: &mut Tx) -> Result<Vec<(String, String)>> {
    Ok(on!(tx, p => sqlx::query_as(
        "SELECT r.id, r.name FROM runs r WHERE r.state = $1 AND r.reviewers_told_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = $2 AND j.dedup = r.id AND NOT j.done) ORDER BY r.id LIMIT 100")
        .bind(RunState::Review.as_str()).bind(super::super::JOB).fetch_all(p).await)?)
}

/// What its secrets were is gone, since it will never begin.
pub async fn drop_secrets(tx: &mut Tx, run: &str) -> Result<()> {
    on!(tx, p => sqlx::query("UPDATE runs SET secrets = NULL WHERE id = $1").bind(run).execute(p).await.map(drop))?;
    Ok(())
}
