//! The local administrator: the way in before there is a provider, and when it is down.

use std::sync::LazyLock;

use argon2::password_hash::SaltString;
use argon2::{Argon2, PasswordHash, PasswordHasher as _, PasswordVerifier as _};
use model::{Finding, Findings, Level};
use tokio::sync::Semaphore;

use super::account::{self, Claims, LOCAL};
use super::password;
use super::session::{self, Client, Opened};
use super::store;
use crate::Portal;
use crate::audit::{self, Change};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::identity::Actor;
use crate::secret::{Secret, digest};
use crate::settings::Settings;

/// How long a one-time link is good: milliseconds.
pub const LINK_LIFE: i64 = 24 * 60 * 60 * 1_000;
/// Each takes 19 MiB.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A hash that no password has, so that a name which is not there takes as long as one that is.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash(Secret::random().ok()?.expose()).ok());

/// The code of a new one-time link that makes an administrator, where there is none yet; the ones before end.
pub async fn first_link(portal: &Portal) -> Result<Option<Secret>> {
    if store::has_local_administrator(portal.db()).await? {
        return Ok(None);
    }
    invite(portal.db(), portal.clock().now()).await.map(Some)
}

/// The same whether or not there is an administrator, while a portal may run over the same database.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be opened.
pub async fn new_link(settings: &Settings) -> Result<Secret> {
    let db = Db::open(&settings.database, &settings.data).await?;
    let code = invite(&db, settings.clock.now()).await;
    db.close().await;
    code
}

async fn invite(db: &Db, now: i64) -> Result<Secret> {
    let code = Secret::random()?;
    let mut tx = db.begin().await?;
    store::invite(&mut tx, &digest(code.expose()), now + LINK_LIFE).await?;
    let change = Change { action: "account.invite", target: LOCAL, ..Change::default() };
    audit::record(&mut tx, &Actor::Operator, now, change).await?;
    tx.commit().await?;
    Ok(code)
}

/// Whether a one-time link with this code can still be used.
pub async fn invitation_is_open(portal: &Portal, code: &str) -> Result<bool> {
    store::is_invited(portal.db(), &digest(code), portal.clock().now()).await
}

/// Makes the administrator of a one-time link, or gives one of that name a new password, and signs them in.
///
/// # Errors
/// [`Error::Forbidden`] for a link that is over; [`Error::Invalid`] for a name or password that cannot be, and then the link
/// stays good.
pub async fn accept(portal: &Portal, code: &str, name: &str, password: &str, client: &Client) -> Result<Opened> {
    let name = name.trim();
    let mut findings = Vec::new();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_name) {
        let help = "Write 1 to 64 letters, digits, dots, hyphens or underscores.";
        findings.push(Finding::new("account.name", Level::Error, "this cannot be the name of an account", help));
    }
    findings.extend(password::findings(name, password, &password::words(portal.settings())));
    if !findings.is_empty() {
        return Err(Error::Invalid(Findings::from(findings)));
    }
    let hash = on_its_own(password.to_owned(), |password| hash(&password)).await??;
    let (now, claims) = (portal.clock().now(), claims(name));
    let mut tx = portal.db().begin().await?;
    if !store::take_invitation(&mut tx, &digest(code), now).await? {
        let text = "This link was used before, or is older than a day. `slipway administrator` prints a new one.";
        return Err(Error::Forbidden(text.to_owned()));
    }
    let account = account::vouch(&mut tx, &claims, now).await?;
    store::set_password(&mut tx, &account, &hash, now).await?;
    // Whoever had the account signs in anew.
    store::end_others(&mut tx, &account, "").await?;
    let change = Change { action: "account.password", target: name, account: Some(&account), ..Change::default() };
    audit::record(&mut tx, &Actor::Operator, portal.clock().now(), change).await?;
    tx.commit().await?;
    session::open(portal, &claims, client, None).await
}

/// Signs a local account in.
///
/// # Errors
/// [`Error::Forbidden`], always with the same words, where name or password is wrong.
pub async fn sign_in_locally(
    portal: &Portal,
    name: &str,
    password: &str,
    client: &Client,
    before: Option<&str>,
) -> Result<Opened> {
    let name = name.trim();
    let known = store::password(portal.db(), LOCAL, name).await?;
    let expected = known.clone().or_else(|| NOBODY.clone()).unwrap_or_default();
    let given: String = password.chars().take(password::LONGEST + 1).collect();
    let is_right = on_its_own(given, move |given| verify(&given, &expected)).await?;
    if known.is_none() || !is_right {
        let mut tx = portal.db().begin().await?;
        let target: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
        let change = Change { action: "session.refuse", target: &target, ..Change::default() };
        audit::record(&mut tx, &Actor::Visitor, portal.clock().now(), change).await?;
        tx.commit().await?;
        return Err(Error::Forbidden("The name or the password is wrong.".to_owned()));
    }
    session::open(portal, &claims(name), client, before).await
}

/// Gives a local account another password, for whoever is signed in with it and knows the one before; all its other sessions
/// end. `cookie` is that of the session that asks.
///
/// # Errors
/// [`Error::Forbidden`] for whoever asks otherwise, or with a wrong password; [`Error::Invalid`] for a new one that cannot be.
pub async fn change_password(
    portal: &Portal,
    actor: &Actor,
    cookie: Option<&str>,
    current: &str,
    new: &str,
) -> Result<()> {
    let account = session::own(actor)?;
    // A token is not enough.
    let cookie = cookie.ok_or_else(|| Error::Forbidden("You need to sign in to change your password.".to_owned()))?;
    let row = store::account(portal.db(), account).await?.filter(|row| row.issuer == LOCAL);
    let name = row.map(|row| row.subject).unwrap_or_default();
    let known = store::password(portal.db(), LOCAL, &name).await?;
    let known = known.ok_or_else(|| Error::Forbidden("You have no password here.".to_owned()))?;
    let findings = password::findings(&name, new, &password::words(portal.settings()));
    if !findings.is_empty() {
        return Err(Error::Invalid(Findings::from(findings)));
    }
    let given: String = current.chars().take(password::LONGEST + 1).collect();
    let is_right = on_its_own(given, move |given| verify(&given, &known)).await?;
    let (action, now) = (if is_right { "account.password" } else { "session.refuse" }, portal.clock().now());
    let change = Change { action, target: &name, ..Change::default() };
    if !is_right {
        let mut tx = portal.db().begin().await?;
        audit::record(&mut tx, actor, now, change).await?;
        tx.commit().await?;
        return Err(Error::Forbidden("The password that you have now is another one.".to_owned()));
    }
    let hash = on_its_own(new.to_owned(), |new| hash(&new)).await??;
    let mut tx = portal.db().begin().await?;
    store::set_password(&mut tx, account, &hash, now).await?;
    store::end_others(&mut tx, account, &digest(cookie)).await?;
    audit::record(&mut tx, actor, now, change).await?;
    tx.commit().await?;
    portal.persons().forget();
    Ok(())
}

fn claims(name: &str) -> Claims {
    Claims {
        issuer: LOCAL.to_owned(),
        subject: name.to_owned(),
        provider: LOCAL.to_owned(),
        name: name.to_owned(),
        administrator: true,
        ..Claims::default()
    }
}

/// Hashing takes a tenth of a second and much memory: few at a time, and beside the requests.
async fn on_its_own<T: Send + 'static>(text: String, work: impl FnOnce(String) -> T + Send + 'static) -> Result<T> {
    let _turn = AT_ONCE.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(move || work(text)).await.map_err(Error::internal)
}

/// With argon2id and the parameters that OWASP's Password Storage Cheat Sheet names first (19 MiB, two passes).
fn hash(password: &str) -> Result<String> {
    let salt = Secret::random()?;
    let salt = SaltString::from_b64(&salt.expose()[..32]).map_err(Error::internal)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(Error::internal)?.to_string())
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}
