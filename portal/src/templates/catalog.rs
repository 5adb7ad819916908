//! The templates of the catalog, at one of their commits.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use engine_repo::Repository;
use engine_templates::Template;
use engine_templates::lineage::{Source, Version};
use lru::LruCache;
use model::EntityRef;
use model::catalog::{CatalogEntity, CatalogRow};
use model::template::{TemplateChange, TemplateDetail, TemplateProject, TemplateRow, TemplateVersion};
use tokio::sync::Semaphore;

use super::form;
use super::store::{self, Listed};
use super::{tree_at, trust};
use crate::identity::Actor;
use crate::{Error, Portal, Result};

/// What an entity's annotation says of the dialect of a template that was found by its files.
const DIALECT: &str = "slipway/template-dialect";
/// Dialects that the engine renders.
const RENDERED: &[&str] = &["cookiecutter"];
/// Commits of the default branch that can be asked for.
const OLDEST: usize = 5_000;
/// Versions that are shown, and commits of one of them.
const VERSIONS: usize = 20;
const CHANGES: usize = 50;
/// Templates that are kept open, and bytes of one of them.
const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);
const LARGEST_KEPT: usize = 8 << 20;
/// Templates that run what they bring at the same time; each may take all that a program may.
const RUNNING: usize = 2;

/// A template and where it lies.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub row: TemplateRow,
    /// Id of its repository.
    pub repository: String,
    /// Where that is read on this machine.
    path: PathBuf,
    /// How projects call it: [`store::addresses`] has all of them.
    addresses: Vec<String>,
}

/// A template at one commit.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub template: Template,
    /// What its projects remember.
    pub source: Source,
    pub version: Version,
}

impl Opened {
    pub fn commit(&self) -> &str {
        self.version.commit.as_deref().unwrap_or_default()
    }
}

/// Templates that were opened lately, and whose turn it is to run programs.
pub struct Kept {
    /// By the id of their repository, their folder and the commit.
    opened: Mutex<LruCache<(String, String, String), Opened>>,
    pub(super) turns: Arc<Semaphore>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { opened: Mutex::new(LruCache::new(KEPT)), turns: Arc::new(Semaphore::new(RUNNING)) }
    }
}

/// The templates that `actor` may read, by name.
///
/// # Errors
/// If the database does not answer.
pub async fn list(portal: &Portal, actor: &Actor) -> Result<Vec<TemplateRow>> {
    let listed = store::list(portal.db(), actor.readable(), None).await?;
    let counts = store::counts(portal.db(), actor.readable()).await?;
    // It may look into each of the repositories.
    let read = blocking(move || {
        let row = |listed: Listed| {
            let Found { mut row, addresses, .. } = found(listed)?;
            // Two addresses of one repository may be one text.
            let addresses: BTreeSet<String> = addresses.iter().map(|address| store::normal(address)).collect();
            let of = |address: String| counts.get(&(address, row.directory.clone())).copied().unwrap_or_default();
            row.projects = addresses.into_iter().map(of).sum();
            Ok(row)
        };
        listed.into_iter().map(row).collect()
    });
    read.await
}

/// One template at a commit of its default branch or of a tag; at the head without one.
///
/// # Errors
/// [`Error::NotFound`] where there is none, or none that `actor` may read, or no such commit; [`Error::Invalid`] for one that
/// cannot be read; [`Error::Conflict`] for a dialect that is only shown.
pub async fn get(
    portal: &Portal,
    actor: &Actor,
    reference: &EntityRef,
    commit: Option<&str>,
) -> Result<TemplateDetail> {
    let mut found = find(portal, actor, reference).await?;
    let opened = open(portal, &found, commit).await?;
    let rows = store::projects(portal.db(), actor.readable(), &found.addresses, &found.row.directory).await?;
    found.row.projects = rows.len() as u64;
    let (path, head) = (found.path.clone(), opened.commit().to_owned());
    let mut versions = blocking(move || versions(&path, &head)).await?;
    for version in &mut versions {
        let at = |project: &&TemplateProject| project.commit.as_ref() == Some(&version.commit);
        version.projects = rows.iter().filter(at).count() as u64;
    }
    let report = trust::report(portal, &found.repository, &opened).await?;
    // Nothing is executed to show a page.
    let questions = match form::questions(&opened.template, portal.clock().now()) {
        Err(Error::Invalid(_)) if !report.extensions.is_empty() => Vec::new(),
        questions => questions?,
    };
    Ok(TemplateDetail {
        commit: opened.commit().to_owned(),
        tag: opened.version.tag.clone(),
        questions,
        executes: super::executes(&opened.template.trust()),
        trust: report,
        versions,
        projects: rows,
        template: found.row,
    })
}

/// The projects that say that they came from a template, by name: those that `actor` may read.
///
/// # Errors
/// [`Error::NotFound`] where there is no such template that `actor` may read.
pub async fn projects(portal: &Portal, actor: &Actor, reference: &EntityRef) -> Result<Vec<TemplateProject>> {
    let found = find(portal, actor, reference).await?;
    store::projects(portal.db(), actor.readable(), &found.addresses, &found.row.directory).await
}

/// The template of this reference that `actor` may read.
pub(crate) async fn find(portal: &Portal, actor: &Actor, reference: &EntityRef) -> Result<Found> {
    let listed = store::list(portal.db(), actor.readable(), Some(&reference.to_string())).await?;
    let first =
        listed.into_iter().next().ok_or_else(|| Error::not_found(format!("The template {}", reference.short())))?;
    found(first)
}

fn found(listed: Listed) -> Result<Found> {
    let (row, known): (CatalogRow, CatalogEntity) =
        (serde_json::from_str(&listed.list_row)?, serde_json::from_str(&listed.body)?);
    let dialect = known.entity.metadata.annotations.get(DIALECT);
    let addresses = store::addresses(&listed);
    let row = TemplateRow {
        reference: row.reference,
        title: row.title,
        description: known.entity.metadata.description.or(row.description),
        owner: row.owner,
        tags: row.tags,
        dialect: dialect.filter(|dialect| RENDERED.contains(&dialect.as_str())).cloned(),
        repository: listed.slug,
        repository_name: listed.name,
        directory: known.path,
        projects: 0,
    };
    Ok(Found { row, repository: listed.id, path: PathBuf::from(listed.path), addresses })
}

/// The template at a commit, at the head without one.
pub(crate) async fn open(portal: &Portal, found: &Found, commit: Option<&str>) -> Result<Opened> {
    if found.row.dialect.is_none() {
        return Err(Error::Conflict(format!(
            "{} is a template whose language this version of Slipway does not render.",
            found.row.reference.short()
        )));
    }
    let kept = portal.templates();
    let key = |commit: &str| (found.repository.clone(), found.row.directory.clone(), commit.to_owned());
    if let Some(commit) = commit
        && let Some(opened) = kept.opened.lock().unwrap_or_else(PoisonError::into_inner).get(&key(commit))
    {
        return Ok(opened.clone());
    }
    let (path, directory, commit) = (found.path.clone(), found.row.directory.clone(), commit.map(str::to_owned));
    let address = found.addresses.first().cloned().unwrap_or_default();
    let (opened, bytes) = blocking(move || read(&path, &directory, &address, commit.as_deref())).await?;
    if bytes <= LARGEST_KEPT {
        let mut kept = kept.opened.lock().unwrap_or_else(PoisonError::into_inner);
        kept.put(key(opened.commit()), opened.clone());
    }
    Ok(opened)
}

/// What was launched, whoever may read it by now.
pub(crate) async fn reopen(portal: &Portal, repository: &str, directory: &str, commit: &str) -> Result<Opened> {
    let place = store::place(portal.db(), repository).await?;
    let place = place.ok_or_else(|| Error::not_found("The template's repository"))?;
    let key = (repository.to_owned(), directory.to_owned(), commit.to_owned());
    if let Some(opened) = portal.templates().opened.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(opened.clone());
    }
    let address = store::addresses(&place).into_iter().next().unwrap_or_default();
    let (directory, commit) = (directory.to_owned(), commit.to_owned());
    let read = blocking(move || read(Path::new(&place.path), &directory, &address, Some(&commit)));
    Ok(read.await?.0)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("The template's repository cannot be read: {error}."))
}

/// The template, and how many bytes its files have.
fn read(path: &Path, directory: &str, address: &str, commit: Option<&str>) -> Result<(Opened, usize)> {
    let repository = Repository::open(path).map_err(unreadable)?;
    let head = repository.head().map_err(unreadable)?;
    let head = head.ok_or_else(|| Error::Conflict("The template's repository has no commit yet.".to_owned()))?.commit;
    let commit = match commit {
        Some(commit) if commit != head => known(&repository, &head, commit)?,
        _ => head,
    };
    let tag = repository.tag_of(&commit).map_err(unreadable)?;
    let tree = tree_at(&repository, &commit)?;
    let bytes = tree.iter().map(|(_, entry)| size(entry)).sum();
    let template = Template::open_in(tree, directory).map_err(Error::Invalid)?;
    let (source, version) =
        (Source::new(address, Some(directory)), Version { commit: Some(commit), tag, reference: None });
    Ok((Opened { template, source, version }, bytes))
}

fn size(entry: &engine_templates::tree::Entry) -> usize {
    match entry {
        engine_templates::tree::Entry::File { content, .. } => content.len(),
        _ => 0,
    }
}

/// A commit that those have seen who look after the template: of its default branch, or of a tag. Whoever can push a branch
/// has no say in what others launch.
fn known(repository: &Repository, head: &str, commit: &str) -> Result<String> {
    let is_whole = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_known = is_whole
        && repository.has_commit(commit)
        && (repository.tag_of(commit).map_err(unreadable)?.is_some()
            || repository.first_parents(head, OLDEST).map_err(unreadable)?.iter().any(|one| one == commit));
    match is_known {
        true => Ok(commit.to_owned()),
        false => {
            Err(Error::not_found(format!("The commit {commit:?} in the template's default branch or under a tag")))
        }
    }
}

/// Those that lead to a commit, and what they brought.
fn versions(path: &Path, commit: &str) -> Result<Vec<TemplateVersion>> {
    let repository = Repository::open(path).map_err(unreadable)?;
    let tags = repository.tagged().map_err(unreadable)?;
    let line = repository.first_parents(commit, OLDEST).map_err(unreadable)?;
    let mut starts: Vec<(Option<String>, String)> = Vec::new();
    for commit in &line {
        let tag = tags.iter().filter(|(_, tagged)| tagged == commit).map(|(name, _)| name.clone()).next_back();
        if tag.is_some() || starts.is_empty() {
            starts.push((tag, commit.clone()));
        }
    }
    let mut versions = Vec::new();
    for (at, (tag, commit)) in starts.iter().enumerate().take(VERSIONS) {
        let until: Vec<&str> = starts.get(at + 1).map(|(_, next)| next.as_str()).into_iter().collect();
        let log = repository.log(commit, &until, CHANGES).map_err(unreadable)?;
        let changes: Vec<TemplateChange> = log
            .into_iter()
            .map(|entry| TemplateChange {
                commit: entry.commit,
                at: entry.at * 1_000,
                by: entry.author,
                subject: entry.subject,
            })
            .collect();
        let at = changes.first().map(|change| change.at);
        versions.push(TemplateVersion { tag: tag.clone(), commit: commit.clone(), at, changes, projects: 0 });
    }
    Ok(versions)
}
