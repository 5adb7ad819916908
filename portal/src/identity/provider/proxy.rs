//! Whoever comes through an authenticating proxy is whom its headers name, without a session of ours: it decides with each
//! request. `server` hands over headers that came from the proxy's own networks, and throws all others away.

use std::sync::Arc;

use super::{Heard, of_name, refused, stands, test};
use crate::Portal;
use crate::audit::{self, Change};
use crate::clock::Clock;
use crate::error::Result;
use crate::identity::store::AccountRow;
use crate::identity::{Action, Actor, Claims, Person, Resource, account, can, person, store};
use crate::secret::digest;
use crate::settings::{ProviderKind, ProviderSettings, ProxySettings};

/// Milliseconds between two notes that the proxy vouched for somebody of whom it says nothing new.
const NOTED: i64 = 5 * 60 * 1_000;

/// What the proxy says of who asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headers<'a> {
    pub user: &'a str,
    pub email: &'a str,
    /// Names between commas.
    pub groups: &'a str,
}

/// Whom the proxy vouches for; `None` where it names nobody, or an account that was disabled.
///
/// # Errors
/// [`crate::Error::Forbidden`] for what cannot be an account.
pub async fn by_proxy(
    portal: &Portal,
    provider: &ProviderSettings,
    settings: &ProxySettings,
    headers: Headers<'_>,
) -> Result<Option<Arc<Person>>> {
    if headers.user.trim().is_empty() {
        return Ok(None);
    }
    let Headers { user, email, groups } = headers;
    let key = digest(&format!("{}\n{user}\n{email}\n{groups}", provider.name));
    if let Some(person) = portal.persons().remembered(&key) {
        return Ok(Some(person));
    }
    let (revision, now) = (portal.persons().revision(), Clock::System.now());
    let claims = account::checked(&claims(provider, settings, headers, &mut Heard::default()))?;
    let known = store::account_of(portal.db(), &claims.issuer, &claims.subject).await?;
    let row = match known {
        Some(row) if row.disabled_at.is_some() => return Ok(None),
        Some(row) if now.saturating_sub(row.vouched_at) < NOTED && row.says(&claims) => Some(row),
        known => note(portal, &claims, known.as_ref(), now).await?,
    };
    let Some(row) = row else { return Ok(None) };
    if !stands(portal, &row).await? {
        return Ok(None);
    }
    let person = Arc::new(person::of_account(portal, &row, true).await?);
    portal.persons().remember(&key, &person, revision);
    Ok(Some(person))
}

/// Writes down what the proxy says; that somebody came, where they had not for as long as a session would have lasted.
async fn note(portal: &Portal, claims: &Claims, known: Option<&AccountRow>, now: i64) -> Result<Option<AccountRow>> {
    let idle = i64::try_from(portal.settings().identity.idle.as_millis()).unwrap_or(i64::MAX);
    let comes_anew = known.is_none_or(|row| now.saturating_sub(row.vouched_at) >= idle);
    let mut tx = portal.db().begin().await?;
    let id = account::vouch(&mut tx, claims, now).await?;
    if comes_anew {
        let target = format!("{} ({})", claims.name, claims.provider);
        let change = Change { action: "session.open", target: &target, account: Some(&id), ..Change::default() };
        audit::record(&mut tx, &Actor::Visitor, portal.clock().now(), change).await?;
    }
    tx.commit().await?;
    portal.persons().claim();
    store::account(portal.db(), &id).await
}

fn claims(provider: &ProviderSettings, settings: &ProxySettings, headers: Headers<'_>, heard: &mut Heard) -> Claims {
    let (user, email) = (headers.user.trim(), headers.email.trim());
    let login = settings.login.as_ref().and_then(|login| {
        let made = login.of(user);
        if made.is_none() {
            heard.notes.push(format!("{} holds no login at {}.", settings.user_header, login.host));
        }
        made
    });
    let groups = headers.groups.split(',').map(str::trim).filter(|group| !group.is_empty());
    Claims {
        issuer: provider.issuer(),
        subject: user.to_owned(),
        provider: provider.name.clone(),
        name: user.to_owned(),
        email_verified: settings.trust_email && !email.is_empty(),
        email: (!email.is_empty()).then(|| email.to_owned()),
        login,
        groups: groups.map(str::to_owned).collect(),
        administrator: false,
    }
}

/// Looks at what the proxy says of this request; `None` for one that did not come from its networks. Gives the id of the
/// [`outcome`](super::outcome).
///
/// # Errors
/// [`crate::Error::Forbidden`] for whoever may not.
pub async fn test_proxy(portal: &Portal, actor: &Actor, name: &str, headers: Option<Headers<'_>>) -> Result<String> {
    can(actor, Action::SetUp, Resource::Anything)?;
    let provider = of_name(portal, name)?;
    let ProviderKind::Proxy(settings) = &provider.kind else { return Err(refused("This provider is no proxy.")) };
    let mut heard = Heard::default();
    let found = match headers {
        None => {
            Err(refused("This request came from none of the networks of `proxies`, so its headers were thrown away."))
        }
        Some(headers) => {
            let Headers { user, email, groups } = headers;
            let pairs =
                [(&settings.user_header, user), (&settings.email_header, email), (&settings.groups_header, groups)];
            let said = pairs.into_iter().map(|(name, value)| (name.clone(), value.into())).collect();
            heard.said("Headers", &said);
            match user.trim().is_empty() {
                true => Err(refused(&format!("The proxy sent no {}.", settings.user_header))),
                false => Ok(claims(provider, settings, headers, &mut heard)),
            }
        }
    };
    test::keep(portal, actor, provider, found, heard).await
}
