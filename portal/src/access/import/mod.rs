//! Taking over what was granted elsewhere before, with who approved it there, when, and where that is written.
//!
//! All of a text is looked at at once; what is to be taken over then waits in the database for a job ([`run`]).

mod job;
pub(crate) mod store;
#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use engine_access::Atom;
use engine_access::facts::{Facts, Mentions};
use engine_access::history::{self, Action as Did};
use engine_access::import::{self, Format, MOST_FINDINGS, Mapping, Record};
use engine_access::rules::{Rule, UNKNOWN_ENVIRONMENT, UNKNOWN_SCOPE, UNRESOLVED_API, UNRESOLVED_COMPONENT};
use engine_access::terms::Answer;
use model::access::AccessImport;
use model::{EntityRef, Finding, Findings, Level};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

pub(crate) use self::job::{JOB, run};
use self::store::ImportRow;
use self::write::{Taker, events, left_alone, said};
use super::project::{self, instant};
use super::world::World;
use crate::db::new_id;
use crate::identity::{Action, Actor, Resource, can};
use crate::jobs::{self, NewJob};
use crate::{Error, Portal, Result};

/// Grants that are written in one transaction, in which nobody else writes.
const TOGETHER: usize = 500;
/// Starts after which nobody tries again.
const ATTEMPTS: u32 = 5;

/// A text with grants.
#[derive(Debug, Clone)]
pub struct Given {
    /// Names the text in findings, and in what the grants remember of their source.
    pub file: String,
    pub text: String,
    pub format: GivenFormat,
}

/// In what it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenFormat {
    Csv,
    Json,
    /// With the text that says where in it each field stands, and its name.
    Yaml {
        file: String,
        mapping: String,
    },
}

/// What is to be done with a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taking {
    /// Nothing: it is only said what would be done.
    pub dry_run: bool,
    /// What is right in it is taken over, whatever else is wrong.
    pub partial: bool,
}

/// One grant that waits for the job, with the request that it is taken over with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    record: Record,
    request: String,
}

/// Takes grants over, in a job: all that the text holds, or none where anything of it is wrong, unless a part is enough. The
/// same text again changes nothing, and what was decided here goes before it.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::Invalid`] with everything that is wrong in the text, in its mapping, or not
/// in the catalog.
pub async fn import(portal: &Portal, actor: &Actor, given: Given, taking: Taking) -> Result<AccessImport> {
    can(actor, Action::ImportAccess, Resource::Anything)?;
    let (file, partial) = (given.file.clone(), taking.partial);
    let read = read(portal, given).await?;
    let facts = facts(portal, read.records.iter()).await?;
    let (of, named) = (portal.clone(), file.clone());
    let held = spawn_blocking(move || held_against(&of, &facts, &named, read));
    let (right, mut findings) = held.await.map_err(Error::internal)?;
    let is_wrong = findings.iter().any(|finding| finding.level == Level::Error);
    if is_wrong && (!partial || right.is_empty()) {
        findings.truncate(MOST_FINDINGS);
        return Err(Error::Invalid(findings.into()));
    }
    if taking.dry_run {
        return preview(portal, &file, &right, findings).await;
    }
    let total = i64::try_from(right.len()).map_err(Error::internal)?;
    let now = portal.clock().now();
    let pieces = spawn_blocking(move || pieces(right, now)).await.map_err(Error::internal)??;
    findings.truncate(MOST_FINDINGS);
    let mut tx = portal.db().begin().await?;
    store::drop_left_over(&mut tx).await?;
    let title = format!("Import of {file}");
    let job = NewJob { kind: JOB, title: &title, payload: "{}", dedup: None, wished: false, max_attempts: ATTEMPTS };
    let row = ImportRow {
        id: jobs::enqueue(&mut tx, now, job).await?,
        file,
        taker: serde_json::to_string(&Taker::of(actor))?,
        total,
        done: 0,
        imported: 0,
        unchanged: 0,
        findings: serde_json::to_string(&findings)?,
    };
    store::add_import(&mut tx, &row, &pieces).await?;
    tx.commit().await?;
    portal.jobs().wake();
    imported(portal, actor, &row.id).await
}

/// How far an import is.
///
/// # Errors
/// [`Error::Forbidden`] for who may not import; [`Error::NotFound`] where there is none.
pub async fn imported(portal: &Portal, actor: &Actor, id: &str) -> Result<AccessImport> {
    can(actor, Action::ImportAccess, Resource::Anything)?;
    // The job first: once it is over, the row changes no more.
    let job = jobs::get(portal, &Actor::System, id).await;
    let row = store::import(portal.db(), id).await?;
    let row = row.ok_or_else(|| Error::not_found(format!("The import {id}")))?;
    let job = job?;
    Ok(AccessImport {
        dry_run: false,
        state: Some(job.state),
        error: job.error,
        total: row.total.unsigned_abs(),
        imported: row.imported.unsigned_abs(),
        unchanged: row.unchanged.unsigned_abs(),
        findings: serde_json::from_str(&row.findings)?,
        job: Some(row.id),
    })
}

async fn read(portal: &Portal, given: Given) -> Result<import::Import> {
    let settings = portal.settings().access.clone();
    let now = instant(portal.clock().now());
    let read = spawn_blocking(move || {
        let environments = settings.environments.iter().cloned().collect();
        let world = import::World { environments: &environments, now, zone: &settings.zone };
        let mapping = match &given.format {
            GivenFormat::Yaml { file, mapping } => Some(Mapping::parse(file, mapping)?),
            GivenFormat::Csv | GivenFormat::Json => None,
        };
        let format = match (&given.format, &mapping) {
            (_, Some(mapping)) => Format::Yaml(mapping),
            (GivenFormat::Csv, None) => Format::Csv,
            (_, None) => Format::Json,
        };
        Ok::<_, Findings>(import::read(&given.file, &given.text, format, &world))
    });
    Ok(read.await.map_err(Error::internal)??)
}

/// The grants that the catalog and the terms of the APIs have nothing against, and everything that is wrong.
fn held_against(portal: &Portal, facts: &Facts, file: &str, read: import::Import) -> (Vec<Record>, Vec<Finding>) {
    let mut right = Vec::with_capacity(read.records.len());
    let mut findings = read.findings.findings;
    for record in read.records {
        match resolved(portal, facts, &record) {
            Ok(_) => right.push(record),
            Err(finding) => findings.push(at(finding, file, &record)),
        }
    }
    findings.sort_by_key(|finding| (finding.line, finding.column));
    (right, findings)
}

/// What would be taken over.
async fn preview(portal: &Portal, file: &str, records: &[Record], mut findings: Vec<Finding>) -> Result<AccessImport> {
    let now = instant(portal.clock().now());
    let (mut total, mut unchanged) = (0, 0);
    let mut tx = portal.db().snapshot().await?;
    for records in records.chunks(TOGETHER) {
        total += records.len() as u64;
        let ids = records.iter().map(|record| project::id(&record.atom)).collect();
        let told = events(&mut tx, ids).await?;
        for record in records {
            let before = told.get(&project::id(&record.atom)).map_or(&[][..], Vec::as_slice);
            let Some(why) = left_alone(&history::now(before, now), record) else { continue };
            unchanged += 1;
            findings.extend(why.map(|(level, why)| said(record, file, level, why)));
        }
    }
    findings.truncate(MOST_FINDINGS);
    Ok(AccessImport {
        dry_run: true,
        job: None,
        state: None,
        error: None,
        total,
        imported: total - unchanged,
        unchanged,
        findings,
    })
}

/// As they wait: one request for all that a component is granted of an API.
fn pieces(records: Vec<Record>, now: i64) -> Result<Vec<String>> {
    let mut requests: BTreeMap<(EntityRef, EntityRef), String> = BTreeMap::new();
    let mut waiting = Vec::with_capacity(records.len());
    for record in records {
        let pair = (record.atom.consumer.clone(), record.atom.api.clone());
        let request = requests.entry(pair).or_insert_with(|| new_id(now)).clone();
        waiting.push(Waiting { record, request });
    }
    waiting.chunks(TOGETHER).map(|piece| Ok(serde_json::to_string(piece)?)).collect()
}

/// What the catalog knows of everything that is named.
async fn facts(portal: &Portal, records: impl Iterator<Item = &Record> + Clone) -> Result<Facts> {
    let mentions = Mentions {
        components: records.clone().map(|record| record.atom.consumer.clone()).collect(),
        apis: records.map(|record| record.atom.api.clone()).collect(),
        groups: BTreeSet::new(),
    };
    Ok(World::of(portal, &[&mentions]).await?.facts(portal, &mentions, ""))
}

fn at(finding: Finding, file: &str, record: &Record) -> Finding {
    finding.at(file, record.place.line, record.place.column)
}

/// The event that opens its case; or what the catalog and the terms of the API have against it.
fn resolved(portal: &Portal, facts: &Facts, record: &Record) -> std::result::Result<Did, Finding> {
    let Atom { consumer, api, scope, environment } = &record.atom;
    let found = |rule: &Rule, message: String, help: &str| Err(Finding::new(rule.id, Level::Error, message, help));
    if !facts.components.contains_key(consumer) {
        return found(
            &UNRESOLVED_COMPONENT,
            format!("{consumer} is not in the catalog."),
            "Write the name that the catalog has.",
        );
    }
    let Some(known) = facts.apis.get(api) else {
        return found(&UNRESOLVED_API, format!("{api} is not in the catalog."), "Write the name that the catalog has.");
    };
    let Some(offered) = known.terms.scope(scope) else {
        return found(
            &UNKNOWN_SCOPE,
            format!("{api} has no scope {scope}."),
            "Let the manifest of its provider expose it first, or write one that it exposes.",
        );
    };
    match known.terms.answer(&record.atom, &facts.default_policy) {
        Answer::Policy(policy) => {
            let zone = &portal.settings().access.zone;
            Ok(record.action(offered.sensitivity, *policy, known.version.clone(), zone))
        }
        Answer::NoScope | Answer::NotForAll => found(
            &UNKNOWN_ENVIRONMENT,
            format!("{scope} of {api} is not given for {environment}."),
            "Name the environments.",
        ),
        Answer::Blocked { reason } => Err(Finding::new(
            "access.import",
            Level::Error,
            format!("{api} keeps {consumer} out: {reason}"),
            "Remove the grant, or let the provider let it in.",
        )),
    }
}
