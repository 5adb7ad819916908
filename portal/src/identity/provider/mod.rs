//! Signing in where somebody else vouches: at a provider of OpenID Connect, at GitHub, or by a proxy in front.
//!
//! A sign-in at a provider begins with a row and a cookie. What travels through the provider (the state), what its token
//! must hold (the nonce), and what proves that it was us who began (PKCE's verifier) all follow from the cookie, and the
//! cookie follows from none of them: an answer counts in the browser that asked for it, once, and for ten minutes.

mod claims;
mod discovery;
mod github;
mod oidc;
mod overage;
mod proxy;
mod store;
mod test;
#[cfg(test)]
pub(super) mod tests;

use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

pub(super) use self::discovery::Known;
pub(super) use self::oidc::refresh as ask_again;
pub use self::proxy::{Headers, by_proxy, test_proxy};
pub use self::test::{Mapped, Outcome, Said, outcome};
use super::account::{self, Claims};
use super::person;
use super::refresh;
use super::session::{self, Client, Opened};
use super::store::AccountRow;
use crate::Portal;
use crate::audit::{self, Change};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::identity::{Action, Actor, Resource, can};
use crate::secret::{Secret, digest};
use crate::settings::{GitHubOwner, GitHubSignIn, ProviderKind, ProviderSettings, SourceKind};

/// How long somebody may take at the provider: milliseconds.
const LIFE: i64 = 10 * 60 * 1_000;
/// Characters of an error that a provider names, and of a code.
const LONGEST: usize = 200;
const LONGEST_CODE: usize = 4_096;

/// Why somebody goes to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// To sign in, and then to see this page of ours.
    SignIn(&'a str),
    /// To see what the provider says, without signing in.
    Test,
}

/// A sign-in that was begun.
#[derive(Debug)]
pub struct Begun {
    /// What the browser keeps until it comes back.
    pub cookie: Secret,
    /// Where it goes.
    pub to: String,
}

/// With what a provider sends a browser back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub state: String,
    pub code: String,
    /// Instead of a code.
    pub error: String,
    pub error_description: String,
    /// RFC 9207: who answers.
    pub iss: String,
}

/// What became of a sign-in.
#[derive(Debug)]
pub enum Finished {
    SignedIn {
        opened: Opened,
        /// The page of ours to go on to.
        back: String,
        /// What the person should know.
        notes: Vec<String>,
    },
    /// The id of the [`outcome`].
    Tested(String),
}

/// What was heard of somebody on the way, for the page of a test, and what they should know.
#[derive(Debug, Default)]
struct Heard {
    said: Vec<(&'static str, Value)>,
    notes: Vec<String>,
    /// With what the provider may be asked again.
    refresh: Option<Secret>,
}

impl Heard {
    fn said(&mut self, what: &'static str, said: &Map<String, Value>) {
        self.said.push((what, Value::Object(said.clone())));
    }
}

/// What one sign-in takes with it, all of it from the browser's cookie.
struct Flow {
    state: String,
    nonce: String,
    /// RFC 7636, section 4.1: 64 of the characters that it allows.
    verifier: String,
    /// Where the provider sends the browser back to.
    redirect: String,
}

impl Flow {
    fn of(cookie: &str, provider: &str, here: &str) -> Self {
        Self {
            state: digest(&format!("state of {cookie}")),
            nonce: digest(&format!("nonce of {cookie}")),
            verifier: digest(&format!("verifier of {cookie}")),
            redirect: redirect(provider, here),
        }
    }
}

/// What has to be registered at the provider; `here` is scheme and authority by which browsers reach us.
pub fn redirect(provider: &str, here: &str) -> String {
    format!("{here}/sign-in/{provider}/callback")
}

/// The provider of this name.
///
/// # Errors
/// [`Error::NotFound`] where none is configured.
pub fn of_name<'a>(portal: &'a Portal, name: &str) -> Result<&'a ProviderSettings> {
    let mut all = portal.settings().identity.providers.iter();
    all.find(|provider| provider.name == name).ok_or_else(|| Error::not_found(format!("A provider named {name}")))
}

/// Begins a sign-in at a provider.
///
/// # Errors
/// [`Error::NotFound`] for a provider that is not configured, [`Error::Forbidden`] for a test by somebody who may not, or
/// a provider that nobody can go to, [`Error::Unavailable`] for one that does not answer.
pub async fn begin(portal: &Portal, actor: &Actor, name: &str, here: &str, purpose: Purpose<'_>) -> Result<Begun> {
    let provider = of_name(portal, name)?;
    if purpose == Purpose::Test {
        can(actor, Action::SetUp, Resource::Anything)?;
    }
    let cookie = Secret::random()?;
    let flow = Flow::of(cookie.expose(), name, here);
    let to = match &provider.kind {
        ProviderKind::Oidc(settings) => oidc::address(portal, provider, settings, &flow).await?,
        ProviderKind::GitHub(settings) => github::address(portal, settings, &flow)?,
        ProviderKind::Proxy(_) => {
            return Err(Error::Forbidden(format!(
                "{} signs in whoever reaches this portal through it: there is nothing to go to.",
                provider.title
            )));
        }
    };
    let (return_to, test) = match purpose {
        Purpose::SignIn(back) => (back.to_owned(), false),
        Purpose::Test => (String::new(), true),
    };
    let sign_in = store::SignIn { provider: name.to_owned(), return_to, test };
    let now = Clock::System.now();
    let mut tx = portal.db().begin().await?;
    store::forget_old(&mut tx, now).await?;
    store::begin(&mut tx, &digest(&flow.state), &sign_in, now.saturating_add(LIFE)).await?;
    tx.commit().await?;
    Ok(Begun { cookie, to })
}

/// Where a sign-in is finished.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Scheme and authority by which browsers reach us, as when it was begun.
    pub here: &'a str,
    /// What the browser kept.
    pub cookie: Option<&'a str>,
    /// The session that it has.
    pub before: Option<&'a str>,
    pub client: &'a Client,
}

/// Finishes a sign-in with what the provider has sent the browser back with. What is refused is written down.
///
/// # Errors
/// [`Error::Forbidden`] with the reason where nobody is signed in, [`Error::Unavailable`] where the provider does not answer;
/// in both cases it has to be begun anew.
pub async fn finish(portal: &Portal, actor: &Actor, name: &str, answer: &Answer, place: Place<'_>) -> Result<Finished> {
    let provider = of_name(portal, name)?;
    let finished = finish_at(portal, actor, provider, answer, place).await;
    if let Err(Error::Forbidden(why) | Error::Unavailable(why)) = &finished {
        let mut tx = portal.db().begin().await?;
        let change = Change { action: "session.refuse", target: name, after: Some(why), ..Change::default() };
        audit::record(&mut tx, actor, portal.clock().now(), change).await?;
        tx.commit().await?;
    }
    finished
}

async fn finish_at(
    portal: &Portal,
    actor: &Actor,
    provider: &ProviderSettings,
    answer: &Answer,
    place: Place<'_>,
) -> Result<Finished> {
    let flow = place.cookie.map(|cookie| Flow::of(cookie, &provider.name, place.here));
    let flow = flow.filter(|flow| flow.state.as_bytes().ct_eq(answer.state.as_bytes()).into());
    let flow = flow.ok_or_else(|| {
        refused("The provider’s answer belongs to nothing that this browser has begun. Begin again, in one tab.")
    })?;
    let mut tx = portal.db().begin().await?;
    let begun = store::take(&mut tx, &digest(&flow.state), Clock::System.now()).await?;
    tx.commit().await?;
    let Some(begun) = begun.filter(|begun| begun.provider == provider.name) else {
        return Err(refused("This sign-in was finished before, or took longer than ten minutes. Begin again."));
    };
    let mut heard = Heard::default();
    let claims = identify(portal, provider, answer, &flow, &mut heard).await;
    if begun.test {
        can(actor, Action::SetUp, Resource::Anything)?;
        return test::keep(portal, actor, provider, claims, heard).await.map(Finished::Tested);
    }
    let opened = session::open(portal, &claims?, place.client, place.before).await?;
    refresh::keep(portal, &opened.account, heard.refresh.as_ref()).await?;
    Ok(Finished::SignedIn { opened, back: begun.return_to, notes: heard.notes })
}

async fn identify(
    portal: &Portal,
    provider: &ProviderSettings,
    answer: &Answer,
    flow: &Flow,
    heard: &mut Heard,
) -> Result<Claims> {
    if !answer.error.is_empty() {
        let said = if answer.error_description.is_empty() { &answer.error } else { &answer.error_description };
        return Err(refused(&format!("{} did not let you in: {}.", provider.title, short(said).trim_end_matches('.'))));
    }
    if answer.code.is_empty() || answer.code.len() > LONGEST_CODE {
        return Err(refused(&format!("{} sent you back without a code. Begin again.", provider.title)));
    }
    match &provider.kind {
        ProviderKind::Oidc(settings) => oidc::identify(portal, provider, settings, answer, flow, heard).await,
        ProviderKind::GitHub(settings) => github::identify(portal, provider, settings, answer, flow, heard).await,
        ProviderKind::Proxy(_) => Err(refused("Nobody is sent back by a proxy.")),
    }
}

/// Whether the account may still be used: its provider is configured, and has not said that they left. Tokens ask this too.
pub(super) async fn stands(portal: &Portal, row: &AccountRow) -> Result<bool> {
    if matches!(row.issuer.as_str(), account::LOCAL | account::DEMO) {
        return Ok(true);
    }
    let Ok(provider) = of_name(portal, &row.provider) else { return Ok(false) };
    if provider.issuer() != row.issuer {
        return Ok(false);
    }
    match (&provider.kind, &row.login) {
        (ProviderKind::GitHub(settings), Some(login)) if !settings.organisations.is_empty() => {
            Ok(membership(portal, settings, login).await? != Some(false))
        }
        _ => Ok(true),
    }
}

/// Whether so much time has passed that the provider has to be asked anew: it is the one who knows that somebody has left.
pub(super) fn is_due(portal: &Portal, row: &AccountRow, now: i64) -> bool {
    let revouch = i64::try_from(portal.settings().identity.revouch.as_millis()).unwrap_or(i64::MAX);
    let is_elsewhere = !matches!(row.issuer.as_str(), account::LOCAL | account::DEMO);
    is_elsewhere && now.saturating_sub(row.vouched_at) >= revouch
}

/// Whether a login is a member of one of the organisations that a provider asks for, as far as they are mirrored; `None` where
/// that does not tell.
async fn membership(portal: &Portal, settings: &GitHubSignIn, login: &str) -> Result<Option<bool>> {
    let of_forge = (settings.host().to_owned(), login.to_owned());
    let fresh = person::fresh_sources(portal, Some(&of_forge)).await?;
    let mut all_told = true;
    for organisation in &settings.organisations {
        let source = fresh
            .iter()
            .find(|(name, owner)| owner.eq_ignore_ascii_case(organisation) && is_organisation(portal, name));
        match source {
            Some((source, _)) if store::is_member(portal.db(), source, login).await? => return Ok(Some(true)),
            Some(_) => {}
            None => all_told = false,
        }
    }
    Ok(all_told.then_some(false))
}

fn is_organisation(portal: &Portal, source: &str) -> bool {
    portal.settings().sources.iter().any(|known| match &known.kind {
        SourceKind::GitHub(github) => known.name == source && matches!(github.owner, GitHubOwner::Organisation(_)),
        _ => false,
    })
}

/// What somebody else says, as far as it is shown.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

fn refused(why: &str) -> Error {
    Error::Forbidden(why.to_owned())
}
