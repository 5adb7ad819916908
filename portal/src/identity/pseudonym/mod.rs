//! Somebody is known here no longer: their account goes, with all that hangs on it, and wherever their name stood in the audit
//! log there is a pseudonym.
//!
//! The log is append-only by rules of the database. They let entries be changed in one way: while a row of
//! `audit_pseudonyms` is open, which the database itself writes into the log, a text may get that pseudonym, and the person's
//! entries may lose their address. When, what, and which account never change.

mod names;
mod store;
#[cfg(test)]
mod tests;

use self::names::Names;
use super::{Action, Actor, Resource, can};
use crate::audit::{self, Change};
use crate::db::{Db, Tx, new_id};
use crate::error::{Error, Result};

/// Entries of the log in memory at a time.
const AT_ONCE: i64 = 1_000;

/// What was done, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pseudonymised {
    /// Known to nobody as theirs, and made of chance alone.
    pub pseudonym: String,
    /// The id of the account that is gone.
    pub account: Option<String>,
    /// What was looked for, for a person to check.
    pub names: Vec<String>,
    /// Entries of the log that were changed.
    pub entries: u64,
    /// Corrections, changes and tokens of services that they made, and that stay.
    pub works: u64,
    /// Rows about them that were mirrored from a forge; they come back for whoever is still there.
    pub mirrored: u64,
}

/// Takes a person's name out. `who` is a login at the forge, an address, the name of a local account, or the id of an account.
/// Unless `really`, it only says what would be done. `now` in milliseconds.
///
/// # Errors
/// [`Error::Forbidden`] for whoever is no administrator, [`Error::NotFound`] for somebody who is not known,
/// [`Error::Conflict`] where several accounts have that name.
pub async fn pseudonymise(db: &Db, now: i64, actor: &Actor, who: &str, really: bool) -> Result<Pseudonymised> {
    can(actor, Action::SetUp, Resource::Anything)?;
    let who = who.trim();
    let mut tx = db.begin().await?;
    let account = match store::accounts(&mut tx, who).await?.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => {
            let all: Vec<String> = several
                .iter()
                .map(|account| format!("{} ({} at {})", account.id, account.name, account.provider))
                .collect();
            return Err(Error::Conflict(format!("That may be any of these: {}. Name one by its id.", all.join(", "))));
        }
    };
    let (login, host) = match &account {
        Some(account) => (account.login.clone(), account.forge.clone()),
        None => (Some(who.to_lowercase()), None),
    };
    let mirrored = match &login {
        Some(login) => store::forget_mirrored(&mut tx, login, host.as_deref()).await?,
        None => 0,
    };
    if account.is_none() && mirrored == 0 {
        return Err(Error::not_found(format!("Somebody called {who}")));
    }
    let labels = match &account {
        Some(account) => store::labels(&mut tx, &account.id).await?,
        None => Vec::new(),
    };
    let names = Names::of(account.as_ref(), login.as_deref(), &labels);
    let id = account.as_ref().map(|account| account.id.clone());
    let pseudonym = pseudonym(now);
    store::open(&mut tx, &pseudonym, id.as_deref(), now).await?;
    let entries = rewrite(&mut tx, &names, &pseudonym, id.as_deref()).await?;
    if let Some(id) = &id {
        store::forget_account(&mut tx, id).await?;
    }
    let mut works = 0;
    for label in names.labels() {
        works += store::rename_works(&mut tx, label, &pseudonym).await?;
    }
    let after = format!("{entries} entries of the log, {works} works, {mirrored} mirrored rows");
    let change = Change {
        action: "account.pseudonymise",
        target: &pseudonym,
        after: Some(&after),
        account: id.as_deref(),
        ..Change::default()
    };
    audit::record(&mut tx, actor, now, change).await?;
    store::close(&mut tx, &pseudonym, now).await?;
    if really {
        tx.commit().await?;
    }
    Ok(Pseudonymised { pseudonym, account: id, names: names.all(), entries, works, mirrored })
}

/// The part of an id that is chance.
fn pseudonym(now: i64) -> String {
    let id = new_id(now).to_lowercase();
    format!("person-{}", &id[id.len() - 12..])
}

/// Gives how many entries were changed.
async fn rewrite(tx: &mut Tx, names: &Names, pseudonym: &str, account: Option<&str>) -> Result<u64> {
    let mut after = (0, String::new());
    let mut changed = 0;
    loop {
        let entries = store::entries(tx, &after, AT_ONCE).await?;
        let Some(last) = entries.last() else { return Ok(changed) };
        after = (last.recorded_at, last.id.clone());
        for entry in &entries {
            let mut new = entry.clone();
            let is_theirs = entry.account.is_some() && entry.account.as_deref() == account;
            let replace = |text: &String| names.replace(text, pseudonym).unwrap_or_else(|| text.clone());
            new.actor = replace(&entry.actor);
            new.target = replace(&entry.target);
            new.value_before = entry.value_before.as_ref().map(replace);
            new.value_after = entry.value_after.as_ref().map(replace);
            if is_theirs {
                new.address = None;
            }
            if new != *entry {
                store::write_entry(tx, &new).await?;
                changed += 1;
            }
        }
    }
}
