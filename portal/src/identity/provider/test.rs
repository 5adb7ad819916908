//! What a provider says of somebody, and what would be made of it: for whoever sets it up. Nobody is signed in by it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Heard, LIFE, of_name, stands, store};
use crate::Portal;
use crate::audit::{self, Change};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::identity::store::AccountRow;
use crate::identity::{Action, Actor, Claims, Resource, account, can, person};
use crate::secret::Secret;
use crate::settings::ProviderSettings;

/// What a test has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Why nobody would be signed in.
    pub refused: Option<String>,
    pub said: Vec<Said>,
    pub notes: Vec<String>,
    pub mapped: Option<Mapped>,
}

/// What the provider said, without tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Where: `ID token`, `Userinfo`
    pub place: String,
    pub json: String,
}

/// What would be made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapped {
    pub issuer: String,
    pub subject: String,
    pub name: String,
    pub email: Option<String>,
    /// The address says who somebody is.
    pub email_counts: bool,
    /// `jane at github.com`
    pub login: Option<String>,
    /// There is such an account already.
    pub is_known: bool,
    /// The user of the catalog.
    pub user: Option<String>,
    /// Why there is no such, or which it is.
    pub linked: String,
    /// As the provider calls them.
    pub provider_groups: Vec<String>,
    /// Those that give rights, and who says so.
    pub groups: Vec<(String, String)>,
    /// `administrator`, `auditor` or `member`
    pub role: String,
}

/// What a test has found, by its id.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not, [`Error::NotFound`] for one that is not there, or older than ten minutes.
pub async fn outcome(portal: &Portal, actor: &Actor, name: &str, id: &str) -> Result<Outcome> {
    can(actor, Action::SetUp, Resource::Anything)?;
    of_name(portal, name)?;
    let json = store::test(portal.db(), (id, name), Clock::System.now()).await?;
    let json = json.ok_or_else(|| Error::not_found("This test, which is kept for ten minutes,"))?;
    Ok(serde_json::from_str(&json)?)
}

/// Keeps what a test has found; gives its id.
pub(super) async fn keep(
    portal: &Portal,
    actor: &Actor,
    provider: &ProviderSettings,
    claims: Result<Claims>,
    heard: Heard,
) -> Result<String> {
    let mapped = match claims {
        Ok(claims) => map(portal, &claims).await,
        Err(error) => Err(error),
    };
    let (mapped, refused) = match mapped {
        Ok(mapped) => (Some(mapped), None),
        Err(Error::Forbidden(why) | Error::Unavailable(why)) => (None, Some(why)),
        Err(error) => return Err(error),
    };
    let said = heard.said.into_iter().map(|(place, mut said)| {
        hide_tokens(&mut said);
        let json = serde_json::to_string_pretty(&said)?;
        Ok(Said { place: place.to_owned(), json })
    });
    let outcome = Outcome { said: said.collect::<Result<_>>()?, notes: heard.notes, mapped, refused };
    let id = Secret::random()?.expose().to_owned();
    let mut tx = portal.db().begin().await?;
    let until = Clock::System.now().saturating_add(LIFE);
    store::keep_test(&mut tx, (&id, &provider.name), &serde_json::to_string(&outcome)?, until).await?;
    let after = outcome.refused.as_deref().unwrap_or("it works");
    let change = Change { action: "provider.test", target: &provider.name, after: Some(after), ..Change::default() };
    audit::record(&mut tx, actor, portal.clock().now(), change).await?;
    tx.commit().await?;
    Ok(id)
}

async fn map(portal: &Portal, claims: &Claims) -> Result<Mapped> {
    let claims = account::checked(claims)?;
    let known = crate::identity::store::account_of(portal.db(), &claims.issuer, &claims.subject).await?;
    if known.as_ref().is_some_and(|row| row.disabled_at.is_some()) {
        return Err(Error::Forbidden(account::DISABLED.to_owned()));
    }
    let row = AccountRow::of(&claims)?;
    if !stands(portal, &row).await? {
        return Err(Error::Forbidden("They are in none of the organisations that are asked for.".to_owned()));
    }
    let (person, _) = person::identified(portal, &row).await?;
    let groups = person.groups.iter().map(|(group, source)| (group.to_string(), source.as_str().to_owned()));
    Ok(Mapped {
        is_known: known.is_some(),
        user: person.user.as_ref().map(ToString::to_string),
        linked: person.linked.clone(),
        groups: groups.collect(),
        role: match (person.is_administrator, person.is_auditor) {
            (true, _) => "administrator",
            (_, true) => "auditor",
            _ => "member",
        }
        .to_owned(),
        issuer: claims.issuer,
        subject: claims.subject,
        name: claims.name,
        email: claims.email,
        email_counts: claims.email_verified,
        login: claims.login.map(|(host, login)| format!("{login} at {host}")),
        provider_groups: claims.groups,
    })
}

/// Takes out what opens something: of a distributed claim, the token to fetch it with.
fn hide_tokens(said: &mut Value) {
    match said {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.to_lowercase().contains("token") && !value.is_object() {
                    true => *value = Value::from("…"),
                    false => hide_tokens(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide_tokens),
        _ => {}
    }
}
