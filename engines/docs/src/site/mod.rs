//! Documentation folders: where they are, which pages they hold, and the way through them.
//!
//! What MkDocs does is followed (`mkdocs/structure/nav.py` and `files.py` of 1.6), so that the navigation is the one that
//! readers know; nothing of a configuration is executed. Three stages, each a module: [`configuration`] reads `mkdocs.yml`,
//! [`page`] reads what a text says of itself, [`navigation`] makes the way through all of them.

pub mod configuration;
mod navigation;
mod page;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use model::docs::{DocsPage, DocsSite};
use model::{EntityRef, Finding, Level};

use self::configuration::Configuration;
use crate::address::{is_markdown, resolve};

/// Pages of one folder; more are not looked at.
pub const MOST_PAGES: usize = 5_000;
/// Folders in each other below the documentation folder, and sections in each other in a navigation.
pub const DEEPEST: usize = 10;
/// Documentation folders of one repository.
const MOST_SITES: usize = 100;
/// Bytes of texts of one repository that are read for their titles and links.
const MOST_BYTES: usize = 64 << 20;
/// Located messages of one kind in one folder; one more says how many there are.
const MOST_ALIKE: usize = 50;
/// The folder that both MkDocs and TechDocs take where nothing is said.
const DOCS: &str = "docs";

/// The files of a repository at one commit.
pub struct Files<'a> {
    /// By path, byte by byte.
    pub files: &'a [File<'a>],
    /// At most so many bytes of a file; `None` where it cannot be read.
    pub read: &'a dyn Fn(&str, usize) -> Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File<'a> {
    pub path: &'a str,
    /// May say something about the repository: a `mkdocs.yml` in a fixture may not.
    pub speaks: bool,
    /// Somebody else's, or made by a tool: no page.
    pub foreign: bool,
}

/// A folder whose documentation a descriptor announces (`backstage.io/techdocs-ref: dir:…`), and where it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    pub entity: EntityRef,
    /// From the repository's root; empty for the root itself.
    pub folder: String,
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// Every documentation folder, by its path. `folders` are those that may have one, as modules do; each `mkdocs.yml` and
/// each announcement adds its own. The second list is of announcements that lead to nothing.
pub fn sites(files: &Files, folders: &BTreeSet<String>, announced: &[Announced]) -> (Vec<DocsSite>, Vec<Finding>) {
    let mut found: BTreeMap<String, DocsSite> = BTreeMap::new();
    let mut missing = Vec::new();
    let mut budget = MOST_BYTES;
    let mut add = |place: Place, found: &mut BTreeMap<String, DocsSite>| {
        if found.len() < MOST_SITES && !found.contains_key(&place.folder) {
            let site = build(files, place, &mut budget);
            if !site.pages.is_empty() || site.configuration.is_some() {
                found.insert(site.folder.clone(), site);
            }
        }
    };
    // A folder may be found in several ways: what a configuration says of it goes first.
    for file in files.files.iter().filter(|file| file.speaks && is_configuration(file.path)) {
        if let Some(place) = configured(files, parent(file.path)) {
            add(place, &mut found);
        }
    }
    for announcement in announced {
        match configured(files, &announcement.folder).or_else(|| files.announced(&announcement.folder)) {
            Some(place) => {
                let folder = place.folder.clone();
                add(place, &mut found);
                if let Some(site) = found.get_mut(&folder) {
                    site.entities.push(announcement.entity.clone());
                }
            }
            None => missing.push(leads_to_nothing(announcement)),
        }
    }
    for folder in folders {
        // One that says where its documentation is has no other.
        let known = found.values().any(|site| site.root == *folder);
        if let Some(place) = files.plain(folder).filter(|_| !known) {
            add(place, &mut found);
        }
    }
    (found.into_values().collect(), missing)
}

/// A documentation folder before it is read.
struct Place {
    root: String,
    folder: String,
    configuration: Option<(String, Configuration)>,
}

/// The one of the `mkdocs.yml` in `root`.
fn configured(files: &Files, root: &str) -> Option<Place> {
    let path = ["mkdocs.yml", "mkdocs.yaml"].map(|name| join(root, name)).into_iter().find(|path| files.has(path))?;
    let text = (files.read)(&path, configuration::MAX_BYTES + 1)?;
    let mut configuration = configuration::read(&path, &text);
    let named = configuration.docs_dir.as_ref().and_then(|(docs, line, column)| {
        let folder = resolve(&path, docs);
        if folder.is_none() {
            let message = format!("`docs_dir: {docs}` leads out of the repository; `{DOCS}` is read instead.");
            let help = "Name a folder of this repository.";
            configuration
                .findings
                .push(Finding::new("docs.folder", Level::Warning, message, help).at(&path, *line, *column));
        }
        folder
    });
    let folder = named.unwrap_or_else(|| join(root, DOCS));
    Some(Place { root: root.to_owned(), folder, configuration: Some((path, configuration)) })
}

fn leads_to_nothing(announcement: &Announced) -> Finding {
    let folder = if announcement.folder.is_empty() { "The repository's root" } else { &announcement.folder };
    let message =
        format!("{folder} holds neither `mkdocs.yml` nor `docs/` with Markdown, so there is no documentation.");
    let help = "Add docs/index.md there, or correct backstage.io/techdocs-ref.";
    let Announced { file, line, column, .. } = announcement;
    Finding::new("docs.announced", Level::Warning, message, help).at(file, *line, *column)
}

impl<'a> Files<'a> {
    fn has(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.path.cmp(path)).is_ok()
    }

    fn below(&self, folder: &str) -> &'a [File<'a>] {
        if folder.is_empty() {
            return self.files;
        }
        let prefix = format!("{folder}/");
        let start = self.files.partition_point(|file| file.path < prefix.as_str());
        let length = self.files[start..].partition_point(|file| file.path.starts_with(&prefix));
        &self.files[start..start + length]
    }

    /// Whether a link may lead there: to a file, a folder, or a page as MkDocs addresses it.
    fn leads_somewhere(&self, path: &str) -> bool {
        path.is_empty() || self.has(path) || !self.below(path).is_empty() || self.has(&format!("{path}.md"))
    }

    fn has_text(&self, folder: &str) -> bool {
        self.below(folder).iter().any(|file| !file.foreign && is_markdown(file.path))
    }

    /// `docs/` in `root`, if there is Markdown in it.
    fn plain(&self, root: &str) -> Option<Place> {
        let folder = join(root, DOCS);
        self.has_text(&folder).then(|| Place { root: root.to_owned(), folder, configuration: None })
    }

    /// As [`Self::plain`], or the folder itself: many announce the folder of the texts.
    fn announced(&self, root: &str) -> Option<Place> {
        let own = || Place { root: root.to_owned(), folder: root.to_owned(), configuration: None };
        self.plain(root).or_else(|| (!root.is_empty() && self.has_text(root)).then(own))
    }
}

fn build(files: &Files, place: Place, budget: &mut usize) -> DocsSite {
    let Place { root, folder, configuration } = place;
    let (configuration, said) = configuration.unzip();
    let said = said.unwrap_or_default();
    let mut findings = said.findings;
    let paths = pages(files, &folder, &mut findings);
    let mut links = Vec::new();
    let mut pages: Vec<DocsPage> = paths
        .iter()
        .map(|path| {
            let document = join(&folder, path);
            let text = if *budget == 0 { None } else { (files.read)(&document, crate::source::MAX_BYTES) };
            let read = text.map(|text| {
                *budget = budget.saturating_sub(text.len());
                page::read(&text)
            });
            let read = read.unwrap_or_default();
            let missing = missing(files, &document, read.links, &mut links);
            DocsPage { title: read.title.unwrap_or_else(|| page::title_of(path)), path: (*path).to_owned(), missing }
        })
        .collect();
    findings.extend(alike(links));
    let navigation = match (&said.nav, &configuration) {
        (Some(nav), Some(file)) => {
            navigation::configured(nav, file, &mut pages, &|path| files.has(&join(&folder, path)), &mut findings)
        }
        _ => navigation::of_folder(&pages),
    };
    let edit = said.edit.map(|edit| edit.of(&folder));
    DocsSite {
        title: said.site_name,
        root,
        folder,
        configuration,
        edit,
        entities: Vec::new(),
        navigation,
        pages,
        findings,
    }
}

/// The Markdown files below a folder, relative to it. As MkDocs does, what begins with a dot is left out, and so are a
/// theme's templates.
fn pages<'a>(files: &Files<'a>, folder: &str, findings: &mut Vec<Finding>) -> Vec<&'a str> {
    let skip = if folder.is_empty() { 0 } else { folder.len() + 1 };
    let texts = files.below(folder).iter().filter(|file| !file.foreign && is_markdown(file.path));
    let texts = texts.map(|file| &file.path[skip..]);
    let shown =
        texts.filter(|path| !path.split('/').any(|part| part.starts_with('.')) && !path.starts_with("templates/"));
    let (mut kept, mut deep, mut more) = (Vec::new(), 0, 0);
    for path in shown {
        if path.matches('/').count() > DEEPEST {
            deep += 1;
        } else if kept.len() < MOST_PAGES {
            kept.push(path);
        } else {
            more += 1;
        }
    }
    for (count, why) in [
        (more, format!("only {MOST_PAGES} pages of a folder are shown")),
        (deep, format!("only {DEEPEST} folders in each other are shown")),
    ] {
        if count > 0 {
            let message = format!("{count} pages are left out: {why}.");
            let help = "Divide the documentation: a mkdocs.yml in each part makes it one of its own.";
            findings.push(Finding::new("docs.too-many", Level::Warning, message, help).at(folder, 0, 0));
        }
    }
    kept
}

/// Those of a page's links that lead to nothing, each target once; with a message for each in `found`.
fn missing(files: &Files, document: &str, links: Vec<page::Link>, found: &mut Vec<Finding>) -> Vec<String> {
    let mut missing = BTreeSet::new();
    for page::Link { target, line, image } in links {
        let path = resolve(document, &target);
        if path.as_ref().is_some_and(|path| files.leads_somewhere(path)) {
            continue;
        }
        let what = if image { "image" } else { "link" };
        let message = format!("The {what} to `{target}` leads to nothing.");
        let help = "Correct the path; it counts from the folder of this file.";
        found.push(Finding::new("docs.link", Level::Warning, message, help).at(document, line, 0));
        missing.extend(path);
    }
    missing.into_iter().collect()
}

/// The first of many that are alike, and how many more there are.
fn alike(mut findings: Vec<Finding>) -> Vec<Finding> {
    let more = findings.len().saturating_sub(MOST_ALIKE);
    findings.truncate(MOST_ALIKE);
    if more > 0 {
        let message = format!("{more} more links lead to nothing.");
        findings.push(Finding::new("docs.link", Level::Warning, message, "Each page says which of its links do."));
    }
    findings
}

fn is_configuration(path: &str) -> bool {
    ["mkdocs.yml", "mkdocs.yaml"].contains(&path.rsplit('/').next().unwrap_or(path))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn join(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}
