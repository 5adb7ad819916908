//! What outlives the process: what was listed, our standing then, and answers with their validators. Derived: without it
//! the next round lists all, and says of what is missing only that it is out of sight.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::account::{Account, Last, Memory, PeopleMemory, Unsaved};
use super::store::{self, AccountRow};
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::forge::{Cache, ForgeRepository};
use crate::sources::Coverage;

/// Names in the table: pages of listings of repositories and of people begin so, and what was listed is one listing.
const PAGES: &str = "repositories:";
const PEOPLE: &str = "people:";
const LISTED: &str = "listed";

/// Characters of each of these. A source that needs more is listed anew after each start.
const LARGEST: i64 = 64 << 20;

/// Brings back what a former process knew, once.
pub async fn restore(db: &Db, source: &str, account: &Account, memory: &mut Memory) {
    if std::mem::replace(&mut memory.is_restored, true) {
        return;
    }
    if let Err(error) = try_restore(db, source, account, memory).await {
        tracing::warn!(source, %error, "what was kept of the forge could not be read");
    }
}

/// The same of answers about people.
pub async fn restore_people(db: &Db, source: &str, account: &Account, memory: &mut PeopleMemory) {
    if std::mem::replace(&mut memory.is_restored, true) {
        return;
    }
    let pages = async {
        match store::account(db, source).await? {
            Some(row) if row.credentials == credentials(account) => pages(db, source, PEOPLE).await,
            _ => Ok(Cache::default()),
        }
    };
    match pages.await {
        Ok(cache) => memory.cache = cache,
        Err(error) => tracing::warn!(source, %error, "what was kept of the forge could not be read"),
    }
}

/// Writes down what is new since the last time.
pub async fn save(db: &Db, source: &str, account: &Account, memory: &mut Memory) {
    let unsaved = std::mem::take(&mut memory.unsaved);
    match try_save(db, source, account, memory, &unsaved).await {
        Ok(is_too_much) => memory.is_too_much |= is_too_much,
        Err(error) => {
            // Half of it may be there.
            memory.unsaved.all = true;
            tracing::warn!(source, %error, "what is known of the forge could not be kept");
        }
    }
}

/// The same of answers about people.
pub async fn save_people(db: &Db, source: &str, memory: &mut PeopleMemory) {
    let pages = changed(&mut memory.cache, PEOPLE);
    if pages.is_empty() || memory.is_too_much {
        return;
    }
    let saved = async {
        let mut tx = db.begin().await?;
        store::write_answers(&mut tx, source, &pages).await?;
        let is_too_much = bound(&mut tx, source, PEOPLE).await?;
        tx.commit().await.map(|()| is_too_much)
    };
    match saved.await {
        Ok(is_too_much) => memory.is_too_much = is_too_much,
        Err(error) => tracing::warn!(source, %error, "answers of the forge could not be kept"),
    }
}

async fn try_restore(db: &Db, source: &str, account: &Account, memory: &mut Memory) -> Result<()> {
    let Some(row) = store::account(db, source).await? else { return Ok(()) };
    // It says itself whose it is.
    memory.standing = row.standing.as_deref().and_then(|text| serde_json::from_str(text).ok());
    if row.credentials != credentials(account) {
        let mut tx = db.begin().await?;
        store::forget(&mut tx, source, "").await?;
        return tx.commit().await;
    }
    memory.cache = pages(db, source, PAGES).await?;
    if let Some(at) = row.listed_at.filter(|_| row.wanted == Some(wanted(account))) {
        let listed = store::answers(db, source, LISTED).await?;
        let parse = |(_, _, body): &(_, _, String)| serde_json::from_str::<ForgeRepository>(body).ok();
        let repositories: Option<_> =
            listed.iter().map(|row| parse(row).map(|repository| (repository.id, repository))).collect();
        // What another version wrote and this one cannot read is as if it were not there.
        memory.last = repositories.map(|repositories| Last { repositories, coverage: Coverage::Unproven, at });
    }
    Ok(())
}

/// Gives whether it is too much to be kept.
async fn try_save(db: &Db, source: &str, account: &Account, memory: &mut Memory, unsaved: &Unsaved) -> Result<bool> {
    let Some(last) = &memory.last else { return Ok(false) };
    let mut answers = changed(&mut memory.cache, PAGES);
    if answers.is_empty() && !unsaved.account && !unsaved.all && unsaved.ids.is_empty() {
        return Ok(false);
    }
    let row = |id: u64, repository: Option<&ForgeRepository>| {
        let body = repository.and_then(|repository| serde_json::to_string(repository).ok());
        (LISTED.to_owned(), i64::try_from(id).unwrap_or(i64::MAX), body)
    };
    match unsaved.all {
        true => answers.extend(last.repositories.iter().map(|(id, repository)| row(*id, Some(repository)))),
        false => answers.extend(unsaved.ids.iter().map(|id| row(*id, last.repositories.get(id)))),
    }
    let mut tx = db.begin().await?;
    let mut is_too_much = memory.is_too_much;
    if !is_too_much {
        if unsaved.all {
            store::forget(&mut tx, source, LISTED).await?;
        }
        store::write_answers(&mut tx, source, &answers).await?;
    }
    if unsaved.account || unsaved.all {
        is_too_much = is_too_much || bound(&mut tx, source, PAGES).await? || bound(&mut tx, source, LISTED).await?;
        let account = AccountRow {
            credentials: credentials(account),
            wanted: Some(wanted(account)),
            standing: memory.standing.as_ref().and_then(|standing| serde_json::to_string(standing).ok()),
            listed_at: Some(last.at).filter(|_| last.coverage == Coverage::Unproven && !is_too_much),
        };
        store::write_account(&mut tx, source, &account).await?;
    }
    tx.commit().await.map(|()| is_too_much)
}

/// Removes all of it where it has become too much.
async fn bound(tx: &mut Tx, source: &str, prefix: &str) -> Result<bool> {
    let is_too_much = store::size(tx, source, prefix).await? > LARGEST;
    if is_too_much {
        tracing::info!(source, prefix, "more is known of the forge than is kept over a restart");
        store::forget(tx, source, prefix).await?;
    }
    Ok(is_too_much)
}

async fn pages(db: &Db, source: &str, prefix: &str) -> Result<Cache> {
    let mut cache = Cache::default();
    for (listing, _, body) in store::answers(db, source, prefix).await? {
        cache.restore(listing.strip_prefix(prefix).unwrap_or_default(), &body);
    }
    Ok(cache)
}

fn changed(cache: &mut Cache, prefix: &str) -> Vec<(String, i64, Option<String>)> {
    let row = |page: crate::forge::KeptPage| {
        (format!("{prefix}{}", page.listing), i64::try_from(page.page).unwrap_or(i64::MAX), page.body)
    };
    cache.take_changes().into_iter().map(row).collect()
}

/// Of whom and to whom, with what they prove it by: answers are good for nobody else.
fn credentials(account: &Account) -> String {
    let settings = &account.settings;
    let secret = account.secret.as_ref().map_or("", |secret| secret.expose());
    digest(&format!("{:?}\0{:?}\0{:?}\0{secret}", settings.url, settings.owner, settings.login))
}

/// What is let through of what is listed.
fn wanted(account: &Account) -> String {
    digest(&format!("{:?}", account.settings.filter))
}

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
