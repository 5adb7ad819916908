//! What is handed to those who enforce access: signed bundles for pipelines, exports for gateways.

use std::collections::BTreeMap;

use engine_access::Atom;
use engine_access::bundle::{self, AUDIENCE, Bundle, Grant, Keys, SigningKey};
use engine_access::export::{self, Export, Granted, krakend, opa};
use engine_access::facts::Mentions;
use engine_access::history::History;
use engine_access::manifest::parse;
use engine_access::report::{self, Held};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use model::EntityRef;

use super::project::{instant, millis};
use super::views::histories;
use super::world::{self, World};
use super::{manifests, store};
use crate::identity::Actor;
use crate::secret::Secret;
use crate::{Error, Portal, Result};

/// How long a bundle is believed: a revocation reaches pipelines without the portal after so long.
const VALID: SignedDuration = SignedDuration::from_hours(12);
/// Milliseconds after which another key signs, and after which the one before is published no more.
const ROTATE: i64 = 90 * 24 * 60 * 60 * 1_000;
const OVERLAP: i64 = 2 * 24 * 60 * 60 * 1_000;
/// Entries of one page of the change feed.
const FEED: i64 = 1_000;
/// What keys are sealed as.
const SEALED: &str = "access-key";

/// How grants are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    Json,
    /// Scopes for one API.
    Krakend(EntityRef, Box<krakend::Validator>),
    /// Data and policy for Open Policy Agent, as the files of a bundle.
    Opa,
}

/// A text, or the files of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exported {
    Text(Export),
    Files(opa::OpaBundle),
}

impl Exported {
    /// With its quotes (RFC 9110, section 8.8.3).
    pub fn etag(&self) -> &str {
        match self {
            Self::Text(export) => &export.etag,
            Self::Files(bundle) => &bundle.etag,
        }
    }

    /// Its media type and its bytes: files as an archive, and the same ones always as the same bytes.
    ///
    /// # Errors
    /// None that could happen in memory.
    pub fn packed(&self) -> Result<(&'static str, Vec<u8>)> {
        let bundle = match self {
            Self::Text(export) => return Ok((export.media_type, export.body.clone().into_bytes())),
            Self::Files(bundle) => bundle,
        };
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for (path, content) in &bundle.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(0);
            archive.append_data(&mut header, path, content.as_bytes()).map_err(Error::internal)?;
        }
        let encoder = archive.into_inner().map_err(Error::internal)?;
        Ok(("application/gzip", encoder.finish().map_err(Error::internal)?))
    }
}

/// Whether `actor` may have everything that is granted.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not read everything.
pub fn may_export(actor: &Actor) -> Result<()> {
    match actor.readable().is_everything() {
        true => Ok(()),
        false => Err(Error::Forbidden(
            "An export is of everything that is granted: it takes an administrator, an auditor, or a token that reads \
             everything."
                .to_owned(),
        )),
    }
}

/// Everything that is granted now.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not read everything; [`Error::NotFound`] for an API that nobody offers.
pub async fn export(portal: &Portal, actor: &Actor, format: &Format) -> Result<Exported> {
    may_export(actor)?;
    let world = World::of(portal, &[]).await?;
    if let Format::Krakend(api, validator) = format {
        let offer = world.offers.get(api).ok_or_else(|| Error::not_found(format!("The offer of {api}")))?;
        return Ok(Exported::Text(krakend::endpoints(&offer.terms, validator)));
    }
    let held = held_at(portal, portal.clock().now()).await?;
    let grants: Vec<Granted> = held.into_iter().map(granted).collect();
    Ok(match format {
        Format::Opa => {
            let terms = world.offers.into_iter().map(|(api, offer)| (api, offer.terms)).collect();
            Exported::Files(opa::bundle(&grants, &terms))
        }
        _ => Exported::Text(export::plain(&grants)),
    })
}

/// What was granted at a time, by whom, since when, until when: the first `limit` of it, and how much there is.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not read everything.
pub async fn report(portal: &Portal, actor: &Actor, at: i64, limit: usize) -> Result<(Vec<Held>, usize)> {
    may_export(actor)?;
    let total = store::held_count(portal.db(), at).await?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let bodies = store::held_first(portal.db(), at, limit).await?;
    let held = bodies.iter().map(|body| serde_json::from_str(body)).collect::<Result<_, _>>()?;
    Ok((held, usize::try_from(total).unwrap_or_default()))
}

/// All of it as CSV.
///
/// # Errors
/// As [`report`].
pub async fn report_csv(portal: &Portal, actor: &Actor, at: i64) -> Result<String> {
    may_export(actor)?;
    let mut lines = store::held_lines(portal.db(), at).await?;
    let written = move || {
        lines.sort_unstable();
        report::csv(&lines, instant(at))
    };
    tokio::task::spawn_blocking(written).await.map_err(Error::internal)
}

/// All of it as JSON, as it was written down.
///
/// # Errors
/// As [`report`].
pub async fn report_json(portal: &Portal, actor: &Actor, at: i64) -> Result<String> {
    may_export(actor)?;
    let mut grants = store::held_at(portal.db(), at).await?;
    let written = move || {
        grants.sort_unstable();
        report::json(&grants, instant(at))
    };
    tokio::task::spawn_blocking(written).await.map_err(Error::internal)
}

/// The last millisecond of a day of the organisation.
#[must_use]
pub fn end_of_day(portal: &Portal, day: jiff::civil::Date) -> i64 {
    millis(engine_access::time::end_of(day, &portal.settings().access.zone)) - 1
}

async fn held_at(portal: &Portal, at: i64) -> Result<Vec<Held>> {
    let bodies = store::held_at(portal.db(), at).await?;
    tokio::task::spawn_blocking(move || {
        let mut held: Vec<Held> = bodies.iter().map(|body| serde_json::from_str(body)).collect::<Result<_, _>>()?;
        held.sort_by(|one, other| (&one.atom, one.from).cmp(&(&other.atom, other.from)));
        Ok(held)
    })
    .await
    .map_err(Error::internal)?
}

fn granted(held: Held) -> Granted {
    let Held { atom, request, since, until, approved_by, original, break_glass, .. } = held;
    Granted { atom, request, since, expires: until, approved_by, original, break_glass }
}

/// Atoms about which something changed after a place of the change feed, with the place of each: whoever enforces asks again
/// with the last one.
///
/// # Errors
/// [`Error::Forbidden`] for whoever may not read everything.
pub async fn feed(portal: &Portal, actor: &Actor, after: i64) -> Result<Vec<(String, i64)>> {
    may_export(actor)?;
    store::changed(portal.db(), after, FEED).await
}

/// The keys that bundles are signed with: the one that signs, and those before it whose bundles are still valid.
///
/// # Errors
/// The database's, or the system has no randomness.
pub async fn keys(portal: &Portal) -> Result<Keys> {
    Ok(Keys { keys: signing(portal).await?.iter().map(|key| key.public().clone()).collect() })
}

/// The newest key first; one is made where there is none, or the last has signed for long enough.
async fn signing(portal: &Portal) -> Result<Vec<SigningKey>> {
    let now = portal.clock().now();
    let mut rows = store::keys(portal.db()).await?;
    let is_fresh = |row: &(String, String, i64, Option<i64>)| row.3.is_none() && now - row.2 < ROTATE;
    let opens = |row: &(String, String, i64, Option<i64>)| opened(portal, &row.0, &row.1).is_some();
    if !rows.iter().any(|row| is_fresh(row) && opens(row)) {
        let seed = Secret::random()?;
        let key = key(&seed).ok_or_else(|| Error::internal("a seed is no key"))?;
        let kid = key.public().kid.clone();
        let sealed = portal.sealing().seal(&kid, SEALED, &seed)?;
        let mut tx = portal.db().begin().await?;
        store::add_key(&mut tx, &kid, &sealed, now).await?;
        store::drop_keys(&mut tx, now - OVERLAP).await?;
        tx.commit().await?;
        rows = store::keys(portal.db()).await?;
    }
    let still = rows.iter().filter(|row| row.3.is_none_or(|retired| now - retired < OVERLAP));
    Ok(still.filter_map(|row| opened(portal, &row.0, &row.1)).collect())
}

fn opened(portal: &Portal, kid: &str, sealed: &str) -> Option<SigningKey> {
    key(&portal.sealing().unseal(kid, SEALED, sealed)?)
}

/// The key of a seed in hexadecimal.
fn key(seed: &Secret) -> Option<SigningKey> {
    let text = seed.expose();
    let bytes: Option<Vec<u8>> =
        (0..text.len() / 2).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()).collect();
    SigningKey::from_seed(&bytes?).ok()
}

/// What is known of a component's access, signed, for pipelines that cannot ask; with the instant at which it ends.
///
/// # Errors
/// [`Error::NotFound`] for a component that `actor` may not read; [`Error::Unavailable`] where nobody has said how the portal
/// is reached, after which bundles are named.
pub async fn bundle(portal: &Portal, actor: &Actor, component: &EntityRef) -> Result<(String, i64)> {
    readable(portal, actor, component)?;
    let issuer = portal.settings().public_url.clone().ok_or_else(|| {
        Error::Unavailable("Bundles carry the address of the portal: set public-url in slipway.toml.".to_owned())
    })?;
    let histories = histories(portal, component).await?;
    let row = manifests::store::manifest_of(portal.db(), &component.to_string(), Actor::System.readable()).await?;
    let manifest = row.as_ref().and_then(|row| parse(&row.path, &row.content).ok());
    let mut mentions = manifest.as_ref().map(Mentions::of).unwrap_or_default();
    mentions.apis.extend(histories.keys().map(|atom| atom.api.clone()));
    world::hide(portal, actor, &mut mentions)?;
    mentions.components.insert(component.clone());
    let world = World::of(portal, &[&mentions]).await?;
    let repository = row.as_ref().map_or("", |row| row.repository.as_str());
    let now = whole_second(portal.clock().now());
    let exp = now.checked_add(VALID).map_err(Error::internal)?;
    let revocation_epoch = revocations(&histories);
    let grant = |(Atom { api, scope, environment, .. }, history): (Atom, History)| {
        mentions.apis.contains(&api).then(|| Grant { api, scope, environment, known: history.known() })
    };
    let mut facts = world.facts(portal, &mentions, repository);
    // Bundles lie in caches of pipelines: who is in which group is none of their business.
    facts.groups.clear();
    let bundle = Bundle {
        iss: issuer,
        aud: AUDIENCE.to_owned(),
        sub: component.clone(),
        iat: now,
        exp,
        revocation_epoch,
        manifest_sha256: row.as_ref().map(|row| row.sha256.clone()),
        grants: histories.into_iter().filter_map(grant).collect(),
        facts,
    };
    let keys = signing(portal).await?;
    let key = keys.first().ok_or_else(|| Error::internal("there is no key that signs"))?;
    let signed = bundle::sign(&bundle, key).map_err(Error::internal)?;
    Ok((signed, millis(exp)))
}

/// The epoch that the newest bundle of a component has: one that was made before something was revoked has a lower one.
///
/// # Errors
/// [`Error::NotFound`] for a component that `actor` may not read.
pub async fn epoch(portal: &Portal, actor: &Actor, component: &EntityRef) -> Result<u64> {
    readable(portal, actor, component)?;
    Ok(revocations(&histories(portal, component).await?))
}

fn revocations(histories: &BTreeMap<Atom, History>) -> u64 {
    histories.values().map(History::taken_away).sum()
}

fn readable(portal: &Portal, actor: &Actor, component: &EntityRef) -> Result<()> {
    let found = portal.index().read().named(std::slice::from_ref(component), actor.readable())?;
    if found.is_empty() { Err(Error::not_found(component)) } else { Ok(()) }
}

fn whole_second(at: i64) -> Timestamp {
    instant(at.div_euclid(1_000).saturating_mul(1_000))
}
