//! Asking providers whether they still vouch, without the person: with the refresh token that came with their sign-in, sealed
//! until then. Whoever is gone there loses sessions and tokens here within the hour; a provider that does not answer ends
//! nothing before `people.revouch` does.

mod store;
#[cfg(test)]
mod tests;

use model::Level;

use super::store::AccountRow;
use super::{Actor, account, provider};
use crate::audit::{self, Change};
use crate::db::Tx;
use crate::error::Result;
use crate::jobs::{self, Context, Ending, NewJob};
use crate::secret::Secret;
use crate::settings::ProviderKind;
use crate::{Error, Portal};

pub const JOB: &str = "revouch";

/// Milliseconds between two questions for one account.
const EVERY: i64 = 60 * 60 * 1_000;
/// After a provider did not answer.
const AGAIN: i64 = 10 * 60 * 1_000;
/// What is sealed.
const KIND: &str = "refresh";

/// What a provider answers to a refresh token.
#[derive(Debug)]
pub(super) enum Answered {
    /// It vouches, with another token in place of this one or with the same.
    Vouches(Box<account::Claims>, Option<Secret>),
    /// It does so no longer, and why.
    Gone(String),
    /// It cannot be told now, and why.
    Unknown(String),
}

/// Keeps the refresh token of a sign-in; one of before is no longer good for anything.
pub(super) async fn keep(portal: &Portal, account: &str, token: Option<&Secret>) -> Result<()> {
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    match token {
        Some(token) => {
            let body = portal.sealing().seal(account, KIND, token)?;
            store::keep(&mut tx, (account, KIND), &body, now, now.saturating_add(EVERY)).await?;
        }
        None => store::forget(&mut tx, account, KIND).await?,
    }
    tx.commit().await
}

/// Queues the job where somebody is due.
pub async fn enqueue(tx: &mut Tx, portal: &Portal) -> Result<()> {
    let now = portal.clock().now();
    if !store::is_any_due(portal.db(), KIND, now).await? {
        return Ok(());
    }
    let job = NewJob {
        kind: JOB,
        title: "Asking providers whether they still vouch",
        payload: "{}",
        dedup: Some("*"),
        wished: false,
        max_attempts: 3,
    };
    jobs::enqueue(tx, now, job).await.map(drop)
}

/// Asks for all who are due.
pub async fn run(context: &Context) -> Result<Ending> {
    let portal = context.portal();
    let (mut asked, mut gone) = (0, 0);
    let mut tx = portal.db().begin().await?;
    // Nobody uses these accounts now: what was kept for them has ended.
    store::forget_unused(&mut tx, KIND, portal.clock().now()).await?;
    tx.commit().await?;
    while !portal.stopping().is_cancelled() {
        let now = portal.clock().now();
        let mut tx = portal.db().begin().await?;
        // Moved first: another node must not use the token too, which providers take for theft.
        let due = store::take_due(&mut tx, KIND, now, now.saturating_add(AGAIN)).await?;
        tx.commit().await?;
        let Some((account, sealed)) = due else { break };
        let Some(row) = super::store::account(portal.db(), &account).await? else { continue };
        asked += 1;
        match ask(portal, &row, &sealed).await {
            Answered::Vouches(claims, token) => vouched(portal, &row, &claims, token.as_ref()).await?,
            Answered::Gone(why) => {
                gone += 1;
                context.log(Level::Note, format!("{} is gone at {}: {why}", row.id, row.provider));
                end(portal, &row, &why).await?;
            }
            Answered::Unknown(why) => context.log(Level::Warning, format!("{}: {why}", row.provider)),
        }
    }
    if asked > 0 {
        context.log(Level::Note, format!("{asked} accounts were asked for; {gone} are gone."));
    }
    Ok(if gone == 0 { Ending::Quiet } else { Ending::Routine })
}

async fn ask(portal: &Portal, row: &AccountRow, sealed: &str) -> Answered {
    let Some(token) = portal.sealing().unseal(&row.id, KIND, sealed) else {
        return Answered::Unknown("what was kept was sealed with another key; see secrets.key-file".to_owned());
    };
    let Ok(settings) = provider::of_name(portal, &row.provider) else {
        return Answered::Unknown("it is configured no longer".to_owned());
    };
    match &settings.kind {
        ProviderKind::Oidc(oidc) if settings.issuer() == row.issuer => {
            provider::ask_again(portal, settings, oidc, &row.subject, &token).await
        }
        _ => Answered::Unknown("it is another provider now".to_owned()),
    }
}

async fn vouched(portal: &Portal, row: &AccountRow, claims: &account::Claims, token: Option<&Secret>) -> Result<()> {
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    match account::vouch(&mut tx, claims, now).await {
        Ok(_) => {}
        // It was disabled meanwhile, and has neither session nor token.
        Err(Error::Forbidden(_)) => return Ok(()),
        Err(error) => return Err(error),
    }
    if !row.says(&account::checked(claims)?) {
        let after = format!("{} groups", claims.groups.len());
        let change = Change {
            action: "account.revouch",
            target: &row.id,
            after: Some(&after),
            account: Some(&row.id),
            ..Change::default()
        };
        audit::record(&mut tx, &Actor::System, now, change).await?;
    }
    if let Some(token) = token {
        let body = portal.sealing().seal(&row.id, KIND, token)?;
        store::keep(&mut tx, (&row.id, KIND), &body, now, now.saturating_add(EVERY)).await?;
    } else {
        store::put_off(&mut tx, &row.id, KIND, now.saturating_add(EVERY)).await?;
    }
    tx.commit().await?;
    portal.persons().forget();
    Ok(())
}

/// Ends sessions and tokens of somebody for whom the provider vouches no longer. They may sign in anew, if it lets them.
async fn end(portal: &Portal, row: &AccountRow, why: &str) -> Result<()> {
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    store::end_all(&mut tx, &row.id, now).await?;
    store::forget(&mut tx, &row.id, KIND).await?;
    let change = Change {
        action: "account.gone",
        target: &row.id,
        after: Some(why),
        account: Some(&row.id),
        ..Change::default()
    };
    audit::record(&mut tx, &Actor::System, now, change).await?;
    tx.commit().await?;
    portal.persons().forget();
    Ok(())
}
