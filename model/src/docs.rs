//! Documentation folders: what one holds, and the way through it.

use serde::{Deserialize, Serialize};

use crate::catalog::CatalogRow;
use crate::{EntityRef, Finding};

/// One documentation folder in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct DocsEntry {
    /// Slug and name of the repository.
    pub repository: String,
    pub repository_name: String,
    /// The folder of the texts, from the repository's root.
    pub folder: String,
    /// `site_name`, or what the entity or repository is called.
    pub title: String,
    pub description: Option<String>,
    pub pages: usize,
    pub last_commit_at: Option<i64>,
    /// What it documents, where that is in the catalog.
    pub entity: Option<CatalogRow>,
}

/// One page of the list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct DocsList {
    pub entries: Vec<DocsEntry>,
    /// How many match, over all pages.
    pub total: usize,
}

/// A folder of texts in a repository. Paths of pages are relative to [`DocsSite::folder`], with `/`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(default)]
pub struct DocsSite {
    /// `site_name`, where something says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The folder that has this documentation, from the repository's root; empty for the root itself.
    pub root: String,
    /// The folder of the texts, from the repository's root; empty for the root itself.
    pub folder: String,
    /// Path of `mkdocs.yml`, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// What stands before the path of a page in the address under which it is edited, with `{branch}` in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<String>,
    /// Those whose descriptors announce it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<EntityRef>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub navigation: Vec<NavigationItem>,
    /// Every Markdown file below the folder, by path, also those that are not in the navigation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<DocsPage>,
    /// What is wrong: in the configuration, and links to nothing. Files are from the repository's root.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct DocsPage {
    pub path: String,
    /// As the navigation, its front matter, its first heading or its name says.
    pub title: String,
    /// Paths from the repository's root to which it links, and where nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// One line of the navigation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum NavigationItem {
    /// A file of the folder; a page, if it is Markdown.
    Page { title: String, path: String },
    Section {
        title: String,
        #[cfg_attr(not(target_arch = "wasm32"), schema(no_recursion))]
        items: Vec<NavigationItem>,
    },
    /// Elsewhere, by `http`, `https` or `mailto`.
    Link { title: String, url: String },
}

impl DocsSite {
    /// The page that is shown first: the folder's index, or the first in the navigation.
    pub fn home(&self) -> Option<&str> {
        let index = |name: &str| self.pages.iter().find(|page| page.path.eq_ignore_ascii_case(name));
        let found = index("index.md").or_else(|| index("README.md")).map(|page| page.path.as_str());
        let ordered = self.in_order();
        found.or_else(|| ordered.first().map(|(path, _)| *path)).or(self.pages.first().map(|page| page.path.as_str()))
    }

    pub fn page(&self, path: &str) -> Option<&DocsPage> {
        self.pages.binary_search_by(|page| page.path.as_str().cmp(path)).ok().and_then(|at| self.pages.get(at))
    }

    /// The page at `path`, also as MkDocs addresses it: `guide/deploy` for `guide/deploy.md`, `guide` for
    /// `guide/index.md`.
    pub fn find(&self, path: &str) -> Option<&DocsPage> {
        let path = path.trim_end_matches('/');
        let index = if path.is_empty() { String::new() } else { format!("{path}/") };
        let known = [path.to_owned(), format!("{path}.md"), format!("{index}index.md"), format!("{index}README.md")];
        known.iter().find_map(|path| self.page(path))
    }

    /// Path and title of the pages in the order of the navigation, each once.
    pub fn in_order(&self) -> Vec<(&str, &str)> {
        let mut ordered = Vec::new();
        collect(&self.navigation, &mut ordered);
        let mut seen = std::collections::BTreeSet::new();
        ordered.retain(|(path, _)| self.page(path).is_some() && seen.insert(*path));
        ordered
    }
}

fn collect<'a>(items: &'a [NavigationItem], ordered: &mut Vec<(&'a str, &'a str)>) {
    for item in items {
        match item {
            NavigationItem::Page { title, path } => ordered.push((path, title)),
            NavigationItem::Section { items, .. } => collect(items, ordered),
            NavigationItem::Link { .. } => {}
        }
    }
}
