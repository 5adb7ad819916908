//! The repositories behind the catalog, and the files in them that a person may read.

mod files;
mod store;
#[cfg(test)]
mod tests;

use engine_docs::Rendered;
use model::catalog::{CatalogEntity, CatalogRow, Field, Sort};
use model::repository::{ForgeFacts, OutOfSight, RepositoryDetail, RepositoryFacts, RepositoryRow, Standing};
use model::{Finding, Visibility};

pub use self::files::{file, readme, text};
pub(crate) use self::files::{head, read};
use self::store::Listed;
use crate::catalog::{self, CatalogQuery, RepositoryListRow};
use crate::identity::Actor;
use crate::{Error, Portal, Result};

const LARGEST_PAGE: usize = 200;

/// What a list of repositories is narrowed by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepositoryFilter {
    /// Words that must all occur in slug, name or description, without regard to case.
    pub text: String,
    /// Alternatives; empty means all.
    pub standings: Vec<Standing>,
    pub source: Option<String>,
    /// Only those that are out of sight.
    pub out_of_sight: bool,
    pub sort: RepositorySort,
    pub descending: bool,
    /// From 1.
    pub page: usize,
    pub per_page: usize,
}

impl Default for RepositoryFilter {
    fn default() -> Self {
        Self {
            text: String::new(),
            standings: Vec::new(),
            source: None,
            out_of_sight: false,
            sort: RepositorySort::Name,
            descending: false,
            page: 1,
            per_page: 50,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum RepositorySort {
    /// By name, without regard to case.
    #[default]
    Name,
    /// By last commit.
    Activity,
    /// By lines of code.
    Size,
    /// By number of entities.
    Entities,
    /// By errors, then warnings.
    Findings,
}

impl RepositorySort {
    pub const ALL: [Self; 5] = [Self::Name, Self::Activity, Self::Size, Self::Entities, Self::Findings];

    /// As in addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Activity => "activity",
            Self::Size => "size",
            Self::Entities => "entities",
            Self::Findings => "findings",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.key() == text)
    }
}

/// One page of the list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RepositoryPage {
    pub rows: Vec<RepositoryRow>,
    /// How many match, over all pages.
    pub total: usize,
    /// How many there are of each standing under the other filters, in the order of [`Standing::ALL`]; without those
    /// that there are none of.
    pub standings: Vec<(Standing, usize)>,
    /// The same for the sources, by name.
    pub sources: Vec<(String, usize)>,
    /// How many are out of sight, under the filters on words and source.
    pub out_of_sight: usize,
}

/// One file at the head of a repository.
#[derive(Debug, Clone, PartialEq)]
pub struct FileView {
    /// From the root, with `/`.
    pub path: String,
    pub content: FileContent,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FileContent {
    /// Safe HTML, links rewritten to pages of the portal.
    Markdown(Rendered),
    /// Never HTML: escape it.
    Text(String),
    Image {
        bytes: Vec<u8>,
        mime: &'static str,
        /// May contain scripts (SVG): must be served with `Content-Security-Policy: sandbox; default-src 'none';
        /// style-src 'unsafe-inline'` and `X-Content-Type-Options: nosniff`.
        sandbox: bool,
    },
    /// It is there, but cannot be shown: too large, binary, or a link; the finding says where, why and what to do.
    Message(Finding),
}

/// One page of the repositories that `actor` may see.
pub async fn list(portal: &Portal, actor: &Actor, filter: &RepositoryFilter) -> Result<RepositoryPage> {
    let (db, readable) = (portal.db(), actor.readable());
    let filter = RepositoryFilter { per_page: filter.per_page.clamp(1, LARGEST_PAGE), ..filter.clone() };
    let (standings, sources) = store::counts(db, readable, &filter).await?;
    let out_of_sight = store::out_of_sight(db, readable, &filter).await?;
    let count = |count: i64| usize::try_from(count).unwrap_or_default();
    let standings: Vec<(Standing, usize)> = Standing::ALL
        .into_iter()
        .filter_map(|standing| {
            let found = standings.iter().find(|(name, _)| name == standing.as_str())?;
            Some((standing, count(found.1)))
        })
        .collect();
    let wanted = |standing: &Standing| filter.standings.is_empty() || filter.standings.contains(standing);
    let total: usize = standings.iter().filter(|(standing, _)| wanted(standing)).map(|(_, count)| count).sum();
    let offset = filter.page.max(1).saturating_sub(1).saturating_mul(filter.per_page);
    let rows = match offset < total {
        true => store::list(db, readable, &filter, i64::try_from(offset).unwrap_or(i64::MAX)).await?,
        false => Vec::new(),
    };
    Ok(RepositoryPage {
        rows: rows.into_iter().map(row).collect(),
        total,
        standings,
        sources: sources.into_iter().map(|(source, found)| (source, count(found))).collect(),
        out_of_sight: count(out_of_sight),
    })
}

/// Whether there is a repository with this slug that `actor` may read.
///
/// # Errors
/// The database's.
pub async fn is_there(portal: &Portal, actor: &Actor, slug: &str) -> Result<bool> {
    Ok(store::path(portal.db(), actor.readable(), slug).await?.is_some())
}

/// One repository with its facts, entities and findings.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or `actor` may not read it.
pub async fn get(portal: &Portal, actor: &Actor, slug: &str) -> Result<RepositoryDetail> {
    let db = portal.db();
    let listed = store::by_slug(db, actor.readable(), slug).await?;
    let listed = listed.ok_or_else(|| Error::not_found(format_args!("The repository {slug}")))?;
    let detail = store::detail(db, &listed.id).await?;
    let facts: RepositoryFacts = match &detail.facts {
        Some(facts) => serde_json::from_str(facts).unwrap_or_default(),
        None => RepositoryFacts::default(),
    };
    let forge = detail.forge.as_deref().and_then(|text| serde_json::from_str::<ForgeFacts>(text).ok());
    let forge = forge.map(|facts| ForgeFacts { pushed_at: detail.pushed_at, ..facts });
    let query = CatalogQuery::all(actor).with(Field::Repository, slug);
    let entities: Vec<CatalogRow> =
        portal.index().read().all(&query, (Sort::Kind, false))?.iter().map(|row| CatalogRow::clone(row)).collect();
    let mut findings: Vec<Finding> = serde_json::from_str(&detail.findings)?;
    findings.extend(serde_json::from_str::<Vec<Finding>>(detail.link_findings.as_deref().unwrap_or("[]"))?);
    let with_findings = entities.iter().filter(|row| row.errors + row.warnings > 0);
    let references: Vec<String> = with_findings.map(|row| row.reference.to_string()).collect();
    for (_, body) in catalog::store::bodies(db, &references).await? {
        findings.extend(serde_json::from_str::<CatalogEntity>(&body)?.findings);
    }
    Ok(RepositoryDetail {
        row: row(listed),
        facts,
        forge,
        entities,
        findings: in_order(findings),
        read_at: detail.read_at,
        took: detail.took,
    })
}

/// Whether there is a repository of this slug that `actor` may read.
pub(crate) async fn is_readable(portal: &Portal, actor: &Actor, slug: &str) -> Result<bool> {
    if actor.readable().is_everything() {
        return Ok(true);
    }
    Ok(store::path(portal.db(), actor.readable(), slug).await?.is_some())
}

/// By place, each once: a descriptor's findings are those of its entities too.
fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|one, other| {
        let place = |finding: &Finding| (finding.file.clone(), finding.line, finding.column);
        place(one).cmp(&place(other)).then_with(|| (&one.rule, &one.message).cmp(&(&other.rule, &other.message)))
    });
    findings.dedup();
    findings
}

fn row(listed: Listed) -> RepositoryRow {
    let shown: RepositoryListRow =
        listed.list_row.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    RepositoryRow {
        id: listed.id,
        slug: listed.slug,
        name: listed.name,
        source: listed.source,
        visibility: Visibility::parse(&listed.visibility),
        standing: Standing::parse(&listed.standing).unwrap_or(Standing::Listed),
        reason: listed.reason,
        description: listed.description,
        languages: shown.languages,
        activity: shown.activity,
        last_commit_at: listed.last_commit_at,
        entities: listed.entities.unsigned_abs(),
        errors: listed.errors.unsigned_abs(),
        warnings: listed.warnings.unsigned_abs(),
        out_of_sight: listed.unseen_since.map(|since| OutOfSight {
            since,
            why: listed.unseen_why.unwrap_or_default(),
            waits: listed.unseen_word.as_deref() == Some("waits"),
        }),
    }
}
