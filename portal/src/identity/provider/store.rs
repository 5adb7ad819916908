//! SQL of sign-ins that are under way, and of tests of a provider.

use crate::db::{Db, Tx, on};
use crate::error::Result;

/// A sign-in that somebody has begun.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SignIn {
    pub provider: String,
    pub return_to: String,
    pub test: bool,
}

/// Deletes what nobody can finish or look at any more.
pub async fn forget_old(tx: &mut Tx, now: i64) -> Result<()> {
    on!(tx, p => sqlx::query("DELETE FROM sign_ins WHERE expires_at <= $1").bind(now).execute(&mut *p).await.map(drop))?;
    on!(tx, p => sqlx::query("DELETE FROM sign_in_tests WHERE expires_at <= $1").bind(now).execute(p).await.map(drop))?;
    Ok(())
}

pub async fn begin(tx: &mut Tx, state_hash: &str, sign_in: &SignIn, expires_at: i64) -> Result<()> {
    on!(tx, p => sqlx::query(
        "INSERT INTO sign_ins (state_hash, provider, return_to, test, expires_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(state_hash).bind(&sign_in.provider).bind(&sign_in.return_to).bind(sign_in.test).bind(expires_at)
        .execute(p).await.map(drop))?;
    Ok(())
}

/// Of two who finish one sign-in, one gets it.
pub async fn take(tx: &mut Tx, state_hash: &str, now: i64) -> Result<Option<SignIn>> {
    Ok(on!(tx, p => sqlx::query_as(
        "DELETE FROM sign_ins WHERE state_hash = $1 AND expires_at > $2 RETURNING provider, return_to, test")
        .bind(state_hash).bind(now).fetch_optional(p).await)?)
}

pub async fn keep_test(tx: &mut Tx, (id, provider): (&str, &str), outcome: &str, expires_at: i64) -> Result<()> {
    on!(tx, p => sqlx::query("INSERT INTO sign_in_tests (id, provider, outcome, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(id).bind(provider).bind(outcome).bind(expires_at).execute(p).await.map(drop))?;
    Ok(())
}

/// JSON.
pub async fn test(db: &Db, (id, provider): (&str, &str), now: i64) -> Result<Option<String>> {
    Ok(on!(db, p => sqlx::query_scalar(
        "SELECT outcome FROM sign_in_tests WHERE id = $1 AND provider = $2 AND expires_at > $3")
        .bind(id).bind(provider).bind(now).fetch_optional(p).await)?)
}

/// Whether a login is a member of the organisation of a source, as was last mirrored.
pub async fn is_member(db: &Db, source: &str, login: &str) -> Result<bool> {
    let found: Option<String> = on!(db, p => sqlx::query_scalar(
        "SELECT login FROM forge_members WHERE source = $1 AND login = $2")
        .bind(source).bind(login.to_lowercase()).fetch_optional(p).await)?;
    Ok(found.is_some())
}
