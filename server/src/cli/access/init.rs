//! `slipway access init`: a first manifest, from what the catalog has seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use engine_access::init::{Call, Provided, draft};
use engine_access::manifest::FILE_NAME;
use engine_access::operation::Operation;
use engine_access::terms::Terms;
use engine_catalog::discover::{Discovered, discover};
use engine_repo::Repository;
use model::access::AccessOffer;
use model::catalog::EntityDetail;
use model::{Entity, EntityRef, Evidence};
use portal::clock::Clock;
use portal::outgoing::Remote;
use portal::settings::AccessSettings;
use serde_json::{Value, json};

use crate::cli::remote::{At, Stopped, refused, stop};
use crate::cli::{FAILED, INVALID, UNREADABLE};

/// Bytes of an API's description.
const LARGEST_DESCRIPTION: usize = 8 << 20;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 it is written, 1 there is one already, 2 the component is not clear, 3 something could not be read.\n\n\
                  What is not committed is not seen. With --portal the calls that its catalog has seen, and the scopes that APIs \
                  offer, are taken too; a token is read from SLIPWAY_TOKEN.\n\nExamples:\n  \
                  slipway access init\n  slipway access init ~/work/checkout --component checkout --portal https://slipway.example.com"
)]
pub struct Init {
    /// The repository
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The component for which it speaks, where the repository has more than one: checkout
    #[arg(long, value_name = "NAME")]
    component: Option<String>,
    /// One in which access is needed; may be repeated [default: development, staging, production]
    #[arg(long = "environment", value_name = "NAME")]
    environments: Vec<String>,
    /// A portal to ask
    #[arg(long, value_name = "URL")]
    portal: Option<String>,
    /// Overwrite a manifest that is there
    #[arg(long)]
    force: bool,
}

pub async fn run(arguments: &Init) -> ExitCode {
    match init(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => code,
    }
}

async fn init(arguments: &Init) -> Stopped<()> {
    let Init { folder, force, .. } = arguments;
    let path = folder.join(FILE_NAME);
    if !force && path.exists() {
        return Err(is_there(&path));
    }
    let discovered = discover(folder, Clock::System.now()).map_err(|error| stop(UNREADABLE, &error.to_string()))?;
    let entity = component(&discovered, arguments.component.as_deref())?;
    let component = entity.reference();
    let mut calls = calls(entity, &discovered);
    let provided = provided(folder, entity, &discovered)?;
    let mut scopes = BTreeMap::new();
    if let Some(portal) = &arguments.portal {
        let remote = At::of(portal).remote()?;
        calls.extend(seen(&remote, &component).await?);
        let apis: BTreeSet<EntityRef> = calls.iter().map(|call| call.api.clone()).collect();
        for api in apis {
            if let Some(terms) = offered(&remote, &api).await? {
                scopes.insert(api, terms);
            }
        }
    }
    let environments = match arguments.environments.as_slice() {
        [] => AccessSettings::default().environments.into_iter().collect(),
        named => named.iter().cloned().collect(),
    };
    let text = draft(&component, &calls, &provided, &scopes, &environments);
    write(&path, &text, *force)?;
    let apis: BTreeSet<&EntityRef> = calls.iter().map(|call| &call.api).collect();
    println!("{}: {component} calls {} APIs and provides {}", path.display(), apis.len(), provided.len());
    println!("  next: look at its comments, then slipway access validate {}", path.display());
    Ok(())
}

fn is_there(path: &Path) -> ExitCode {
    let code = stop(FAILED, &format!("{} is there already", path.display()));
    eprintln!("  help: change it, or overwrite it with --force");
    code
}

fn write(path: &Path, text: &str, force: bool) -> Stopped<()> {
    let file = if force { File::create(path) } else { File::create_new(path) };
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => is_there(path),
        _ => stop(UNREADABLE, &format!("{}: {error}", path.display())),
    })
}

/// The component that is named, or the only one.
fn component<'a>(discovered: &'a Discovered, named: Option<&str>) -> Stopped<&'a Entity> {
    let components: Vec<&Entity> = discovered.entities.iter().filter(|entity| entity.kind == "Component").collect();
    let known = || components.iter().map(|entity| entity.reference().short()).collect::<Vec<_>>().join(", ");
    if components.is_empty() {
        return Err(stop(INVALID, "nothing here is a component: describe it in a catalog-info.yaml first"));
    }
    let Some(named) = named else {
        return match components.as_slice() {
            [one] => Ok(one),
            _ => Err(stop(INVALID, &format!("name one with --component: {}", known()))),
        };
    };
    let wanted = EntityRef::parse(named, Some("component"), model::reference::DEFAULT_NAMESPACE).ok();
    let found = components.iter().find(|entity| Some(entity.reference()) == wanted);
    found.copied().ok_or_else(|| stop(INVALID, &format!("there is no component {named:?} here, but {}", known())))
}

/// The references of a list in `spec`, each with the pointer to it.
fn references<'a>(entity: &'a Entity, key: &'a str) -> impl Iterator<Item = (String, EntityRef)> + 'a {
    let namespace = entity.metadata.namespace.as_deref().unwrap_or(model::reference::DEFAULT_NAMESPACE);
    let values = entity.spec.get(key).and_then(Value::as_array).into_iter().flatten().enumerate();
    values.filter_map(move |(at, value)| {
        let reference = EntityRef::parse(value.as_str()?, Some("api"), namespace).ok()?;
        Some((format!("/spec/{key}/{at}"), reference))
    })
}

fn calls(entity: &Entity, discovered: &Discovered) -> Vec<Call> {
    let evidence = discovered.evidence.get(&entity.reference().to_string());
    let known = ["consumesApis", "dependsOn"].into_iter().flat_map(|key| references(entity, key));
    let call = |(pointer, api): (String, EntityRef)| {
        let evidence = evidence.and_then(|evidence| evidence.get(&pointer));
        Call { api, operation: None, evidence: place(evidence, "a descriptor") }
    };
    known.filter(|(_, target)| target.kind == "api").map(call).collect()
}

fn place(evidence: Option<&Evidence>, otherwise: &str) -> String {
    match evidence.and_then(|evidence| Some((evidence.file.as_ref()?, evidence.line))) {
        Some((file, Some(line))) => format!("{file}:{line}"),
        Some((file, None)) => file.clone(),
        None => otherwise.to_owned(),
    }
}

/// The APIs that the component provides, with the operations of those whose description is OpenAPI.
fn provided(folder: &Path, entity: &Entity, discovered: &Discovered) -> Stopped<Vec<Provided>> {
    let repository = Repository::open(folder).map_err(|error| stop(UNREADABLE, &error.to_string()))?;
    let description = |api: &EntityRef| -> Option<String> {
        let entity = discovered.entities.iter().find(|entity| entity.reference() == *api)?;
        let definition = entity.spec.get("definition")?;
        if let Some(text) = definition.as_str() {
            return Some(text.to_owned());
        }
        let path = definition.get("$text")?.as_str()?.trim_start_matches("./");
        String::from_utf8(repository.file(path, LARGEST_DESCRIPTION).ok()??.blob.bytes).ok()
    };
    let one = |(_, api): (String, EntityRef)| {
        let operations: BTreeSet<Operation> =
            description(&api).and_then(|text| portal::access::of_openapi(&text)).unwrap_or_default();
        Provided { api, operations }
    };
    Ok(references(entity, "providesApis").map(one).collect())
}

/// The calls that a portal has seen; none where it does not know the component.
async fn seen(remote: &Remote, component: &EntityRef) -> Stopped<Vec<Call>> {
    let path = format!("/api/v1{}", component.path());
    let Some(body) = ask(remote, &path).await? else { return Ok(Vec::new()) };
    let detail: EntityDetail = serde_json::from_value(body).map_err(|error| unclear(&path, &error))?;
    let relations = detail.relations.into_iter().filter(|relation| {
        relation.target.kind == "api" && matches!(relation.kind.as_str(), "consumesApi" | "dependsOn")
    });
    let call = |relation: model::catalog::RelationView| Call {
        api: relation.target,
        operation: None,
        evidence: place(relation.evidence.as_ref(), "the catalog"),
    };
    Ok(relations.map(call).collect())
}

/// The scopes that an API offers, where a portal knows them.
async fn offered(remote: &Remote, api: &EntityRef) -> Stopped<Option<Terms>> {
    let path = format!("/api/v1/access/apis/{}/{}", api.namespace, api.name);
    let Some(body) = ask(remote, &path).await? else { return Ok(None) };
    let offer: AccessOffer = serde_json::from_value(body).map_err(|error| unclear(&path, &error))?;
    let scopes: Vec<Value> = offer
        .scopes
        .iter()
        .map(|scope| json!({"name": scope.name, "sensitivity": scope.sensitivity, "operations": scope.operations}))
        .collect();
    serde_json::from_value(json!({ "scopes": scopes })).map(Some).map_err(|error| unclear(&path, &error))
}

/// What stands there; `None` where nothing does.
async fn ask(remote: &Remote, path: &str) -> Stopped<Option<Value>> {
    let answer = remote.get(path).await.map_err(|why| stop(UNREADABLE, &why))?;
    match answer.status {
        200 => Ok(Some(answer.body)),
        404 => Ok(None),
        _ => Err(refused(&answer)),
    }
}

fn unclear(path: &str, error: &serde_json::Error) -> ExitCode {
    stop(UNREADABLE, &format!("what the portal answered to {path} could not be read: {error}"))
}
