//! Documentation: Markdown of repositories as safe HTML, and the folders of it with the way through their pages.

mod rendered;
mod sites;
mod store;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use model::catalog::{CatalogRow, EntityDetail};
use model::docs::{DocsEntry, DocsList, DocsSite};
use model::repository::Head;
use model::{EntityRef, Kind};

pub(crate) use self::rendered::{Addresses, folder, remember, remembered, render};
use self::rendered::{IN_PATH, encoded};
pub(crate) use self::sites::find;
pub(crate) use self::store::replace;
use crate::identity::Actor;
use crate::repositories::{self, FileView};
use crate::{Error, Portal, Result, catalog};

/// The annotation that says where an entity's documentation is: `dir:` and a folder as it stands to the descriptor.
pub(crate) const ANNOUNCEMENT: &str = "backstage.io/techdocs-ref";
/// The annotation that names another entity, whose documentation is shown.
const ELSEWHERE: &str = "backstage.io/techdocs-entity";
/// Entities that match the words of a search; those of more repositories are not looked at.
const MOST_MATCHES: usize = 200;
const LARGEST_PAGE: usize = 200;

/// Whose documentation is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocsOf {
    /// Pages are named from the documentation folder.
    Entity(EntityRef),
    /// By slug; pages are named from the repository's root.
    Repository(String),
}

/// One page of a documentation folder, with the way to the others.
#[derive(Debug, Clone, PartialEq)]
pub struct DocsView {
    pub entry: DocsEntry,
    pub site: Arc<DocsSite>,
    /// Path of the page in the folder.
    pub page: String,
    pub file: FileView,
    /// The commit that was read.
    pub head: Option<Head>,
    /// Where the page is edited, where its configuration says so.
    pub edit: Option<String>,
    /// What stands before the path of a page in its address; ends with `/`.
    base: String,
}

impl DocsView {
    /// The address of another page of this folder.
    pub fn address(&self, page: &str) -> String {
        format!("{}{}", self.base, encoded(page))
    }
}

/// All documentation that `actor` may read: folders whose words match, and those of what matches in the catalog.
pub async fn list(portal: &Portal, actor: &Actor, text: &str, page: usize, per_page: usize) -> Result<DocsList> {
    let (db, readable) = (portal.db(), actor.readable());
    let per_page = per_page.clamp(1, LARGEST_PAGE);
    let mut slugs = Vec::new();
    if !text.trim().is_empty() {
        for row in catalog::suggest(portal, actor, text, MOST_MATCHES).await? {
            slugs.extend(row.repository.filter(|slug| !slugs.contains(slug)));
        }
    }
    let total = usize::try_from(store::count(db, readable, text, &slugs).await?).unwrap_or_default();
    let offset = page.max(1).saturating_sub(1).saturating_mul(per_page);
    let rows = match offset < total {
        true => store::list(db, readable, text, &slugs, (per_page as i64, offset as i64)).await?,
        false => Vec::new(),
    };
    Ok(DocsList { entries: entries(portal, actor, rows).await?, total })
}

/// The documentation folders of one repository, by path.
///
/// # Errors
/// [`Error::NotFound`] when there is no such repository, or `actor` may not read it.
pub async fn of_repository(portal: &Portal, actor: &Actor, slug: &str) -> Result<Vec<DocsEntry>> {
    if !repositories::is_readable(portal, actor, slug).await? {
        return Err(Error::not_found(format_args!("The repository {slug}")));
    }
    let rows = store::of_repository(portal.db(), actor.readable(), slug).await?;
    entries(portal, actor, rows).await
}

/// The entity whose documentation is that of `detail`: itself, or the one that it names; `None` where there is none.
pub async fn of_entity(portal: &Portal, actor: &Actor, detail: &EntityDetail) -> Result<Option<EntityRef>> {
    let metadata = &detail.entity.entity.metadata;
    if let Some(other) = metadata.annotations.get(ELSEWHERE) {
        let namespace = metadata.namespace.as_deref().unwrap_or("default");
        let other = EntityRef::parse(other, None, namespace).ok();
        let Some(other) = other.filter(|other| *other != detail.row.reference) else { return Ok(None) };
        let known = portal.index().read().named(std::slice::from_ref(&other), actor.readable())?;
        return Ok(known.contains_key(&other).then_some(other));
    }
    Ok(row_of(portal, actor, detail).await?.map(|_| detail.row.reference.clone()))
}

/// The pages and the navigation of an entity's documentation.
///
/// # Errors
/// As [`read`].
pub async fn site(portal: &Portal, actor: &Actor, reference: &EntityRef) -> Result<DocsSite> {
    let place = Place::find(portal, actor, &DocsOf::Entity(reference.clone()), None).await?;
    place.site(portal).await
}

/// One page; without `path` the first. The path is that of a file, or as MkDocs addresses it.
///
/// # Errors
/// [`Error::NotFound`] where there is no such documentation or page, or `actor` may not read it.
pub async fn read(portal: &Portal, actor: &Actor, of: &DocsOf, path: Option<&str>) -> Result<DocsView> {
    let place = Place::find(portal, actor, of, path).await?;
    let site = Arc::new(place.site(portal).await?);
    let page = match place.path.as_deref().filter(|path| !path.is_empty()) {
        Some(path) => site.find(path).map(|page| page.path.clone()),
        None => site.home().map(str::to_owned),
    };
    let page = page.ok_or_else(|| nothing(path))?;
    let Place { row, base, .. } = place;
    let addresses = Addresses::of_page(&row.slug, &base, site.clone(), &page);
    let file = repositories::read(portal, actor, &addresses, &below_folder(&site.folder, &page)).await?;
    let head = repositories::head(portal, actor, &row.slug).await?;
    let edit = edit(&site, &page, head.as_ref());
    let entry = entries(portal, actor, vec![row]).await?.pop().ok_or_else(|| nothing(path))?;
    Ok(DocsView { entry, site, page, file, head, edit, base })
}

/// A documentation folder that the actor may read.
struct Place {
    row: store::Listed,
    /// What stands before the path of a page in its address.
    base: String,
    /// What is asked for, from the documentation folder.
    path: Option<String>,
}

impl Place {
    async fn find(portal: &Portal, actor: &Actor, of: &DocsOf, path: Option<&str>) -> Result<Self> {
        match of {
            DocsOf::Entity(reference) => {
                let detail = catalog::entity(portal, actor, reference).await?;
                let row = row_of(portal, actor, &detail).await?.ok_or_else(|| nothing(path))?;
                Ok(Self { row, base: base_of(&detail.row.reference), path: path.map(str::to_owned) })
            }
            DocsOf::Repository(slug) => {
                let rows = store::of_repository(portal.db(), actor.readable(), slug).await?;
                let (row, path) = below(rows, path).ok_or_else(|| nothing(path))?;
                let base = below_folder(&format!("/repositories/{}/docs", encoded(slug)), &encoded(&row.folder));
                Ok(Self { row, base: format!("{}/", base.trim_end_matches('/')), path })
            }
        }
    }

    async fn site(&self, portal: &Portal) -> Result<DocsSite> {
        let body = store::body(portal.db(), &self.row.id, &self.row.folder).await?;
        Ok(serde_json::from_str(&body.ok_or_else(|| nothing(None))?)?)
    }
}

fn nothing(path: Option<&str>) -> Error {
    Error::not_found(match path {
        Some(path) => format!("The page {path} of this documentation"),
        None => "Documentation with pages here".to_owned(),
    })
}

/// The folder that an entity's descriptor announces, or that lies in the entity's own.
async fn row_of(portal: &Portal, actor: &Actor, detail: &EntityDetail) -> Result<Option<store::Listed>> {
    let Some(slug) = &detail.row.repository else { return Ok(None) };
    let said = detail.entity.entity.metadata.annotations.get(ANNOUNCEMENT);
    let mut rows = store::of_repository(portal.db(), actor.readable(), slug).await?;
    let reference = &detail.row.reference;
    if let Some(at) = rows.iter().position(|row| announced(row).contains(reference)) {
        return Ok(Some(rows.swap_remove(at)));
    }
    let own = matches!(detail.row.kind.parse(), Ok(Kind::Component | Kind::Resource | Kind::Template));
    if !own || said.is_some_and(|said| !said.starts_with("dir:")) {
        return Ok(None);
    }
    let at = rows.iter().position(|row| row.root == detail.entity.path);
    Ok(at.map(|at| rows.swap_remove(at)))
}

/// The innermost folder that has `path`, and the path in it; without one, the first.
fn below(rows: Vec<store::Listed>, path: Option<&str>) -> Option<(store::Listed, Option<String>)> {
    let Some(path) = path else { return rows.into_iter().next().map(|row| (row, None)) };
    let inside = |folder: &str| match folder {
        "" => Some(path.to_owned()),
        folder => path
            .strip_prefix(folder)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            .map(|rest| rest.trim_start_matches('/').to_owned()),
    };
    let rows = rows.into_iter().filter_map(|row| inside(&row.folder).map(|inner| (row, Some(inner))));
    rows.max_by_key(|(row, _)| row.folder.len())
}

fn announced(row: &store::Listed) -> Vec<EntityRef> {
    serde_json::from_str(&row.entities).unwrap_or_default()
}

/// What stands before the pages of an entity's documentation.
fn base_of(reference: &EntityRef) -> String {
    let EntityRef { namespace, kind, name } = reference;
    format!("/docs/{}/{}/{}/", encoded(namespace), encoded(kind), encoded(name))
}

fn below_folder(folder: &str, page: &str) -> String {
    if folder.is_empty() { page.to_owned() } else { format!("{folder}/{page}") }
}

fn edit(site: &DocsSite, page: &str, head: Option<&Head>) -> Option<String> {
    let branch = head?.branch.as_deref()?;
    let before = site.edit.as_ref()?.replace("{branch}", &encoded(branch));
    Some(format!("{before}{}", percent_encoding::utf8_percent_encode(page, IN_PATH)))
}

/// Rows with what they document, as far as `actor` may see it.
async fn entries(portal: &Portal, actor: &Actor, rows: Vec<store::Listed>) -> Result<Vec<DocsEntry>> {
    let mut ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    ids.dedup();
    let mut living: HashMap<(String, String), Vec<EntityRef>> = HashMap::new();
    for (repository, path, reference) in store::residents(portal.db(), &ids).await? {
        living.entry((repository, path)).or_default().extend(reference.parse::<EntityRef>());
    }
    let candidates: Vec<Vec<EntityRef>> = rows
        .iter()
        .map(|row| {
            let residents = living.get(&(row.id.clone(), row.root.clone())).cloned().unwrap_or_default();
            announced(row).into_iter().chain(residents).collect()
        })
        .collect();
    let known = portal.index().read().named(&candidates.concat(), actor.readable())?;
    let entry = |(row, candidates): (store::Listed, Vec<EntityRef>)| {
        let here = |entity: &&Arc<CatalogRow>| entity.repository.as_deref() == Some(row.slug.as_str());
        let entity = candidates.iter().filter_map(|reference| known.get(reference)).find(here);
        let called = entity.map(|entity| entity.title.as_ref().unwrap_or(&entity.reference.name).clone());
        DocsEntry {
            title: row.title.or(called).unwrap_or_else(|| row.name.clone()),
            description: entity.and_then(|entity| entity.description.clone()).or(row.description),
            repository: row.slug,
            repository_name: row.name,
            folder: row.folder,
            pages: usize::try_from(row.pages).unwrap_or_default(),
            last_commit_at: row.last_commit_at,
            entity: entity.map(|entity| CatalogRow::clone(entity)),
        }
    };
    Ok(rows.into_iter().zip(candidates).map(entry).collect())
}
