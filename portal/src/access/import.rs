//! Taking over what was granted elsewhere before, with who approved it there, when, and where that is written.

use std::collections::{BTreeMap, BTreeSet};

use engine_access::Atom;
use engine_access::facts::{Facts, Mentions};
use engine_access::history::{Action as Did, Case, History, State};
use engine_access::import::{self, Format, MOST_FINDINGS, Mapping, Record};
use engine_access::rules::{Rule, UNKNOWN_ENVIRONMENT, UNKNOWN_SCOPE, UNRESOLVED_API, UNRESOLVED_COMPONENT};
use engine_access::terms::Answer;
use model::access::AccessImport;
use model::{EntityRef, Finding, Findings, Level};
use tokio::task::spawn_blocking;

use super::project::{self, instant};
use super::record::{self, Entry};
use super::world::World;
use crate::db::new_id;
use crate::identity::{Action, Actor, Resource, can};
use crate::{Error, Portal, Result, inbox};

/// Grants that are written in one transaction, in which nobody else writes.
const TOGETHER: usize = 200;

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

/// Takes grants over: all that the text holds, or none where anything of it is wrong. The same text again changes nothing,
/// and what was decided here goes before it.
///
/// # Errors
/// [`Error::Forbidden`] for who may not; [`Error::Invalid`] with everything that is wrong in the text, in its mapping, or not
/// in the catalog. The database's: what was written before that stays, and the same text goes on behind it.
pub async fn import(portal: &Portal, actor: &Actor, given: Given, dry_run: bool) -> Result<AccessImport> {
    can(actor, Action::ImportAccess, Resource::Anything)?;
    let settings = portal.settings().access.clone();
    let now = instant(portal.clock().now());
    let file = given.file.clone();
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
    let read = read.await.map_err(Error::internal)??;
    let mut findings = read.findings.findings;
    let facts = facts(portal, &read.records).await?;
    let mut known = Vec::with_capacity(read.records.len());
    for record in read.records {
        match resolved(portal, &facts, &record) {
            Ok(action) => known.push((record, action)),
            Err(finding) => findings.push(at(finding, &file, &record)),
        }
    }
    if findings.iter().any(|finding| finding.level == Level::Error) {
        findings.sort_by_key(|finding| (finding.line, finding.column));
        findings.truncate(MOST_FINDINGS);
        return Err(Error::Invalid(findings.into()));
    }
    let mut done = AccessImport { dry_run, imported: 0, unchanged: 0, findings };
    let mut requests = BTreeMap::new();
    for chunk in known.chunks(TOGETHER) {
        write(portal, actor, &file, chunk, &mut requests, &mut done).await?;
    }
    done.findings.truncate(MOST_FINDINGS);
    if done.imported > 0 && !dry_run {
        inbox::told(portal);
    }
    Ok(done)
}

/// What the catalog knows of everything that is named.
async fn facts(portal: &Portal, records: &[Record]) -> Result<Facts> {
    let mentions = Mentions {
        components: records.iter().map(|record| record.atom.consumer.clone()).collect(),
        apis: records.iter().map(|record| record.atom.api.clone()).collect(),
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

async fn write(
    portal: &Portal,
    actor: &Actor,
    file: &str,
    records: &[(Record, Did)],
    requests: &mut BTreeMap<(EntityRef, EntityRef), String>,
    done: &mut AccessImport,
) -> Result<()> {
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    record::lock(&mut tx, records.iter().map(|(record, _)| &record.atom)).await?;
    let mut entries = Vec::new();
    for (record, action) in records {
        let told = record::told(&mut tx, &project::id(&record.atom), now).await?;
        if let Some(why) = left_alone(&told.history, record) {
            done.unchanged += 1;
            let finding = why.map(|(level, why)| {
                let message = format!("{} {why}: it is left as it is.", record.atom);
                Finding::new("access.import", level, message, "Decide about it in the portal.")
            });
            done.findings.extend(finding.map(|finding| at(finding, file, record)));
            continue;
        }
        done.imported += 1;
        let Atom { consumer, api, .. } = &record.atom;
        let request = requests.entry((consumer.clone(), api.clone())).or_insert_with(|| new_id(now)).clone();
        entries.push(Entry { atom: record.atom.clone(), request, action: action.clone(), commit: None });
    }
    if done.dry_run || entries.is_empty() {
        return Ok(());
    }
    record::append(&mut tx, portal, actor, entries).await?;
    tx.commit().await
}

/// Whether what is here goes before what is imported; and what there is to say of it.
fn left_alone(history: &History, record: &Record) -> Option<Option<(Level, &'static str)>> {
    let live = |case: &&Case| matches!(case.state, State::Active | State::Scheduled | State::Suspended);
    let same = |case: &Case| case.original.as_ref() == Some(&record.original);
    let case = history.cases.iter().find(live).or_else(|| history.current())?;
    let was_taken = history.cases.iter().any(same);
    match case.state {
        State::Active | State::Scheduled | State::Suspended if was_taken => Some(None),
        State::Active | State::Scheduled => Some(Some((Level::Note, "is granted here already"))),
        State::Suspended => Some(Some((Level::Warning, "is suspended here"))),
        State::Revoked => Some(Some((Level::Warning, "was revoked here"))),
        State::Denied => Some(Some((Level::Warning, "was denied here"))),
        _ if was_taken => Some(Some((Level::Warning, "was taken over before, and has ended since"))),
        State::Pending | State::Withdrawn | State::Lapsed | State::Superseded | State::Expired => None,
    }
}
