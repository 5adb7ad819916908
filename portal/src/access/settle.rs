//! What follows when manifests on default branches, or what is known of the catalog, have changed.
//!
//! Called whenever the catalog was linked. Only the difference between what manifests say and what is written down counts, so it
//! may run at any time and as often as anybody likes.

use std::collections::{BTreeMap, BTreeSet};

use engine_access::Atom;
use engine_access::check::{Outcome, Question, check};
use engine_access::facts::{Facts, Mentions};
use engine_access::history::{Action, History};
use engine_access::manifest::{Manifest, parse};
use engine_access::operation::Operation;
use engine_access::plan::{self, Planned};
use engine_access::rules::Decider;
use engine_access::terms::Terms;
use jiff::Timestamp;
use model::access::AccessAtom;
use model::{EntityRef, Finding, Findings};
use tokio::sync::Mutex;

use super::authors::{self, Authors};
use super::manifests::store::{ManifestRow, OfferRow};
use super::manifests::{self, hash};
use super::notify;
use super::project::{self, instant};
use super::record::{self, Entry, Told};
use super::store::{self, Side};
use super::world::{Offer, World};
use crate::catalog;
use crate::db::{Tx, new_id};
use crate::identity::Actor;
use crate::{Error, Portal, Result, inbox};

/// Milliseconds for which an API may be offered by no manifest, which may be moving to another repository, before all that is
/// granted to it ends.
pub(super) const GRACE: i64 = 24 * 60 * 60 * 1_000;
/// Milliseconds after which everything is looked at again, since days end.
const LOOK_AGAIN: i64 = 60 * 60 * 1_000;

/// Stands for what was derived from a manifest while something of it waits for its authors.
pub(super) const WAITS: &str = "waits";

/// Lets one at a time settle in this process, and holds what was settled last.
#[derive(Debug, Default)]
pub struct Settled(Mutex<String>);

/// A manifest as far as it can be read.
struct Said {
    row: ManifestRow,
    manifest: Option<Manifest>,
    mentions: Mentions,
    unreadable: Vec<Finding>,
    operations: BTreeMap<EntityRef, BTreeSet<Operation>>,
}

/// Writes down what follows from all manifests.
///
/// # Errors
/// The database's. What was settled before stays.
pub(crate) async fn settle(portal: &Portal) -> Result<()> {
    let mut last = portal.settled().0.lock().await;
    let now = portal.clock().now();
    let mark = format!(
        "{} {} {}",
        catalog::store::change_sequence(portal.db()).await?,
        now.div_euclid(LOOK_AGAIN),
        manifests::store::mark(portal.db()).await?
    );
    if *last == mark {
        return Ok(());
    }
    let rows = manifests::store::manifests(portal.db()).await?;
    let said: Vec<Said> = tokio::task::spawn_blocking(move || rows.into_iter().map(read).collect::<Result<_>>())
        .await
        .map_err(Error::internal)??;
    let mentions: Vec<&Mentions> = said.iter().map(|said| &said.mentions).collect();
    let mut world = World::of(portal, &mentions).await?;
    settle_offers(portal, &said, &mut world).await?;
    let mut waits = false;
    for said in &said {
        waits |= settle_consumer(portal, said, &world).await?;
    }
    // What waits is looked at again.
    *last = if waits { String::new() } else { mark };
    Ok(())
}

fn read(row: ManifestRow) -> Result<Said> {
    let is_there = row.is_there && !row.content.is_empty();
    let (manifest, unreadable) = match is_there.then(|| parse(&row.path, &row.content)) {
        Some(Ok(manifest)) => (Some(manifest), Vec::new()),
        Some(Err(Findings { findings, .. })) => (None, findings),
        None => (None, Vec::new()),
    };
    let operations: BTreeMap<EntityRef, BTreeSet<Operation>> = serde_json::from_str(&row.operations)?;
    let mentions = manifest.as_ref().map(Mentions::of).unwrap_or_default();
    Ok(Said { row, manifest, mentions, unreadable, operations })
}

impl Said {
    fn is_there(&self) -> bool {
        self.row.is_there && !self.row.content.is_empty()
    }

    fn facts(&self, portal: &Portal, world: &World) -> Facts {
        World::with_operations(world.facts(portal, &self.mentions, &self.row.repository), &self.operations)
    }
}

/// What a portal finds wrong with a manifest, whatever is granted; and whether it is an error.
pub(super) fn wrong(
    portal: &Portal,
    file: &str,
    manifest: &Manifest,
    facts: &Facts,
    now: Timestamp,
) -> (Vec<Finding>, bool) {
    let (known, zone) = (BTreeMap::new(), &portal.settings().access.zone);
    let decider = Decider::Portal;
    let verdict = check(&Question { file, manifest, facts, known: &known, environment: None, decider, now, zone });
    let is_wrong = verdict.outcome == Outcome::Invalid;
    // What is said of its atoms is not wrong with the file.
    (verdict.findings.into_iter().filter(|finding| !finding.rule.starts_with("ACC1")).collect(), is_wrong)
}

/// Brings what is known of the APIs' terms up to date, and ends what these no longer have.
async fn settle_offers(portal: &Portal, said: &[Said], world: &mut World) -> Result<()> {
    let now = portal.clock().now();
    let mut offered: BTreeMap<EntityRef, Offer> = BTreeMap::new();
    // Those whose manifest is wrong: nothing follows from it.
    let mut unclear: BTreeSet<&str> = BTreeSet::new();
    for one in said.iter().filter(|said| said.is_there()) {
        let Some(manifest) = &one.manifest else {
            unclear.insert(&one.row.repository);
            continue;
        };
        if manifest.exposes.is_empty() {
            continue;
        }
        let provider = Manifest { requires: Vec::new(), ..manifest.clone() };
        if wrong(portal, &one.row.path, &provider, &one.facts(portal, world), instant(now)).1 {
            unclear.insert(&one.row.repository);
            continue;
        }
        for exposure in &manifest.exposes {
            let api = &exposure.api.value;
            let offer = Offer {
                repository: one.row.repository.clone(),
                component: manifest.component.value.clone(),
                terms: exposure.terms.clone(),
                operations: one.operations.get(api).cloned(),
                version: one.row.commit_id.clone(),
                gone_at: None,
            };
            let before = world.offers.get(api).map(|before| &before.repository);
            // Of two that offer it, the one that did so before.
            if !offered.contains_key(api) || before == Some(&offer.repository) {
                offered.insert(api.clone(), offer);
            }
        }
    }
    let gone: Vec<(EntityRef, Offer)> = world
        .offers
        .iter()
        .filter(|(api, offer)| !offered.contains_key(*api) && !unclear.contains(offer.repository.as_str()))
        .map(|(api, offer)| (api.clone(), offer.clone()))
        .collect();
    for (api, offer) in offered {
        let same = |before: &Offer| Offer { version: offer.version.clone(), ..before.clone() } == offer;
        if !world.offers.get(&api).is_some_and(same) {
            write_offer(portal, &api, &offer).await?;
            world.offers.insert(api, offer);
        }
    }
    for (api, offer) in gone {
        match offer.gone_at {
            None => {
                let offer = Offer { gone_at: Some(now), ..offer };
                let mut tx = portal.db().begin().await?;
                manifests::store::write_offer(&mut tx, &row(&api, &offer)?).await?;
                tx.commit().await?;
                world.offers.insert(api, offer);
            }
            Some(at) if now - at >= GRACE => {
                let mut tx = portal.db().begin().await?;
                withdraw(&mut tx, portal, &api, &Terms::default()).await?;
                manifests::store::drop_offer(&mut tx, &api.to_string()).await?;
                tx.commit().await?;
                inbox::told(portal);
                world.offers.remove(&api);
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn row(api: &EntityRef, offer: &Offer) -> Result<OfferRow> {
    Ok(OfferRow {
        api: api.to_string(),
        repository: offer.repository.clone(),
        component: offer.component.to_string(),
        terms: serde_json::to_string(&offer.terms)?,
        operations: offer.operations.as_ref().map(serde_json::to_string).transpose()?,
        version: offer.version.clone(),
        gone_at: offer.gone_at,
    })
}

async fn write_offer(portal: &Portal, api: &EntityRef, offer: &Offer) -> Result<()> {
    let mut tx = portal.db().begin().await?;
    withdraw(&mut tx, portal, api, &offer.terms).await?;
    manifests::store::write_offer(&mut tx, &row(api, offer)?).await?;
    tx.commit().await?;
    inbox::told(portal);
    Ok(())
}

/// Ends what the terms of an API no longer have, and what they keep out.
async fn withdraw(tx: &mut Tx, portal: &Portal, api: &EntityRef, terms: &Terms) -> Result<()> {
    let told = told_of(tx, portal, Side::Api, api).await?;
    let histories = histories(&told);
    let planned = plan::for_provider(api, terms, &histories, &portal.settings().access.default_policy);
    let entries = entries(planned, None, portal.clock().now());
    let after = record::append(tx, portal, &Actor::System, entries).await?;
    notify::ended(tx, portal, &views(portal, &after)).await
}

/// All that is known of the atoms of one end; nobody else changes them until the transaction ends.
async fn told_of(tx: &mut Tx, portal: &Portal, side: Side, reference: &EntityRef) -> Result<BTreeMap<Atom, Told>> {
    let mut all = BTreeMap::new();
    for names in store::lock_all(tx, side, &reference.to_string()).await? {
        if let Some(atom) = project::atom_of(&names) {
            all.insert(atom, record::told(tx, &names.id, portal.clock().now()).await?);
        }
    }
    Ok(all)
}

fn histories(told: &BTreeMap<Atom, Told>) -> BTreeMap<Atom, History> {
    told.iter().map(|(atom, told)| (atom.clone(), told.history.clone())).collect()
}

/// As pages show them.
pub(super) fn views(portal: &Portal, told: &BTreeMap<Atom, Told>) -> Vec<AccessAtom> {
    let now = instant(portal.clock().now());
    let view = |(atom, told): (&Atom, &Told)| project::view(atom, &told.history, now, |request| told.commit(request));
    told.iter().filter_map(view).collect()
}

/// What is asked of one API at once is one request.
fn entries(planned: Vec<Planned>, commit: Option<&str>, now: i64) -> Vec<Entry> {
    let mut requests: BTreeMap<EntityRef, String> = BTreeMap::new();
    let entry = |planned: Planned| {
        let Planned { atom, request, action } = planned;
        let request =
            request.unwrap_or_else(|| requests.entry(atom.api.clone()).or_insert_with(|| new_id(now)).clone());
        Entry { atom, request, action, commit: commit.map(str::to_owned) }
    };
    planned.into_iter().map(entry).collect()
}

/// Gives whether something of it waits.
async fn settle_consumer(portal: &Portal, said: &Said, world: &World) -> Result<bool> {
    let (row, now) = (&said.row, portal.clock().now());
    if !said.is_there() {
        return settle_gone(portal, said).await.map(|()| false);
    }
    let Some(manifest) = &said.manifest else {
        let settled = hash(&format!("unreadable {}", row.sha256));
        if row.settled == settled {
            return Ok(false);
        }
        let findings = serde_json::to_string(&said.unreadable)?;
        let mut tx = portal.db().begin().await?;
        manifests::store::write_findings(&mut tx, &row.repository, None, &findings, &settled).await?;
        return tx.commit().await.map(|()| false);
    };
    let facts = said.facts(portal, world);
    let (findings, is_wrong) = wrong(portal, &row.path, manifest, &facts, instant(now));
    let findings = serde_json::to_string(&findings)?;
    let settled = hash(&format!("{} {} {findings}", row.sha256, serde_json::to_string(&facts)?));
    if row.settled == settled {
        return Ok(false);
    }
    let component = manifest.component.value.to_string();
    let mut tx = portal.db().begin().await?;
    if !manifests::store::lock_manifest(&mut tx, row).await? {
        return Ok(true);
    }
    if is_wrong {
        manifests::store::write_findings(&mut tx, &row.repository, Some(&component), &findings, &settled).await?;
        return tx.commit().await.map(|()| false);
    }
    let told = told_of(&mut tx, portal, Side::Consumer, &manifest.component.value).await?;
    let Authors { users, doubt, is_changed } = authors::known(&world.directory, row)?;
    let zone = &portal.settings().access.zone;
    let source = plan::Source { authors: &users, doubt: doubt.as_deref(), is_changed, now: instant(now), zone };
    let mut planned = plan::for_consumer(manifest, &histories(&told), &facts, &source);
    planned.retain(|planned| !asked_for_here(planned, &told));
    let all = planned.len();
    if authors::waits(row)? {
        planned.retain(|planned| !asks_people(planned));
    }
    let waits = planned.len() < all;
    let after = record::append(&mut tx, portal, &Actor::System, entries(planned, Some(&row.commit_id), now)).await?;
    if waits {
        manifests::store::write_findings(&mut tx, &row.repository, Some(&component), &findings, WAITS).await?;
        authors::enqueue(&mut tx, portal, row).await?;
    } else {
        manifests::store::write_settled(&mut tx, &row.repository, Some(&component), &findings, &settled).await?;
    }
    notify::waiting(&mut tx, portal, &views(portal, &after), |api| world.owner(api).cloned()).await?;
    tx.commit().await?;
    if waits {
        portal.jobs().wake();
    }
    inbox::told(portal);
    Ok(waits)
}

/// Whether somebody has to approve what is planned: then it has to be known who asks for it.
fn asks_people(planned: &Planned) -> bool {
    matches!(&planned.action, Action::Requested { opening } if !opening.policy.needs().is_empty())
}

/// Whether a plan would take back what was asked for in the portal, of which manifests know nothing.
fn asked_for_here(planned: &Planned, told: &BTreeMap<Atom, Told>) -> bool {
    let request = planned.request.as_deref().filter(|_| matches!(planned.action, Action::Withdrawn { .. }));
    let Some((request, told)) = request.zip(told.get(&planned.atom)) else { return false };
    told.commit(request).is_none()
}

/// Nothing waits any more for the sake of a manifest that is gone. What is granted stays.
async fn settle_gone(portal: &Portal, said: &Said) -> Result<()> {
    const GONE: &str = "gone";
    let row = &said.row;
    let Some(component) = row.component.as_ref().and_then(|name| name.parse::<EntityRef>().ok()) else { return Ok(()) };
    if row.settled == GONE {
        return Ok(());
    }
    let mut tx = portal.db().begin().await?;
    if !manifests::store::lock_manifest(&mut tx, row).await? {
        return Ok(());
    }
    let told = told_of(&mut tx, portal, Side::Consumer, &component).await?;
    let waiting = told.iter().filter_map(|(atom, told)| {
        let request = told.history.pending()?.request.clone();
        told.commit(&request)?;
        let reason = "the manifest that asked for it is gone".to_owned();
        Some(Entry { atom: atom.clone(), request, action: Action::Withdrawn { reason }, commit: None })
    });
    let waiting: Vec<Entry> = waiting.collect();
    // Another repository may speak for it by now.
    if manifests::store::manifest_of(portal.db(), &component.to_string(), Actor::System.readable()).await?.is_none() {
        record::append(&mut tx, portal, &Actor::System, waiting).await?;
    }
    manifests::store::write_settled(&mut tx, &row.repository, None, "[]", GONE).await?;
    tx.commit().await
}
