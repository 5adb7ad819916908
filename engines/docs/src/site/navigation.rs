//! The way through the pages: as a configuration lists them, or as they lie in their folders.

use std::collections::BTreeMap;

use engine_yaml::{Node, Value};
use model::docs::{DocsPage, NavigationItem};
use model::{Finding, Level};

use super::{DEEPEST, MOST_PAGES, page};
use crate::address::{self, resolve};

/// What `nav` lists. Pages, which are sorted by path, get the titles that it gives them. `exists` answers for a path in the documentation folder.
pub fn configured(
    nav: &Node,
    file: &str,
    pages: &mut [DocsPage],
    exists: &dyn Fn(&str) -> bool,
    findings: &mut Vec<Finding>,
) -> Vec<NavigationItem> {
    let mut reading = Reading { file, pages, exists, findings, listed: 0 };
    reading.list(nav, 1)
}

/// As MkDocs lists pages when nobody says how: each folder's index and pages by name, then its folders.
pub fn of_folder(pages: &[DocsPage]) -> Vec<NavigationItem> {
    let mut root = Folder::default();
    for page in pages {
        let mut folder = &mut root;
        let mut parts: Vec<&str> = page.path.split('/').collect();
        parts.pop();
        for part in parts {
            folder = folder.folders.entry(part).or_default();
        }
        folder.pages.push(page);
    }
    root.items()
}

#[derive(Default)]
struct Folder<'a> {
    pages: Vec<&'a DocsPage>,
    folders: BTreeMap<&'a str, Folder<'a>>,
}

impl Folder<'_> {
    fn items(mut self) -> Vec<NavigationItem> {
        let stem = |page: &DocsPage| {
            let name = page.path.rsplit('/').next().unwrap_or_default();
            name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
        };
        let has_index = self.pages.iter().any(|page| stem(page) == "index");
        // Where there is an index, MkDocs leaves README out.
        self.pages.retain(|page| !has_index || stem(page) != "README");
        self.pages.sort_by_key(|page| (!matches!(stem(page).as_str(), "index" | "README"), page.path.clone()));
        let pages =
            self.pages.iter().map(|page| NavigationItem::Page { title: page.title.clone(), path: page.path.clone() });
        let pages: Vec<NavigationItem> = pages.collect();
        let folders = self.folders.into_iter();
        let folders =
            folders.map(|(name, folder)| NavigationItem::Section { title: page::words(name), items: folder.items() });
        pages.into_iter().chain(folders).collect()
    }
}

/// A configured navigation while it is read.
struct Reading<'a> {
    file: &'a str,
    pages: &'a mut [DocsPage],
    exists: &'a dyn Fn(&str) -> bool,
    findings: &'a mut Vec<Finding>,
    listed: usize,
}

impl Reading<'_> {
    fn list(&mut self, list: &Node, depth: usize) -> Vec<NavigationItem> {
        let mut items = Vec::new();
        for item in list.items() {
            match &item.value {
                Value::String(target) => items.extend(self.target(None, target, item)),
                Value::Mapping(entries) => {
                    for entry in entries {
                        items.extend(self.titled(&entry.key, &entry.value, depth));
                    }
                }
                _ => {
                    self.find(item, "This is neither a page nor a section.", "Write `- page.md` or `- Title: page.md`.")
                }
            }
        }
        items
    }

    fn titled(&mut self, title: &str, value: &Node, depth: usize) -> Option<NavigationItem> {
        let title: String = title.chars().take(200).collect();
        match &value.value {
            Value::Sequence(_) if depth >= DEEPEST => {
                let message = format!("Only {DEEPEST} sections in each other are shown.");
                self.find(value, &message, "Bring the pages nearer to the top.");
                None
            }
            Value::Sequence(_) => {
                let items = self.list(value, depth + 1);
                (!items.is_empty()).then_some(NavigationItem::Section { title, items })
            }
            Value::String(target) => self.target(Some(title), target, value),
            _ => {
                self.find(value, &format!("`{title}` has no page."), "Write `- Title: page.md`.");
                None
            }
        }
    }

    fn target(&mut self, title: Option<String>, target: &str, at: &Node) -> Option<NavigationItem> {
        if self.listed >= MOST_PAGES {
            if self.listed == MOST_PAGES {
                self.listed += 1;
                self.find(at, &format!("Only {MOST_PAGES} entries are shown."), "Divide the documentation.");
            }
            return None;
        }
        self.listed += 1;
        if is_inclusion(target) {
            let message = format!("`{target}` includes another navigation, which is not supported.");
            self.find(at, &message, "That documentation stands by itself in the list of all documentation.");
            return None;
        }
        if let Some(url) = address::outside(target) {
            return Some(NavigationItem::Link { title: title.unwrap_or_else(|| url.clone()), url });
        }
        let found = resolve("", target).filter(|path| !target.starts_with('/') && (self.exists)(path));
        let Some(path) = found else {
            let message = format!("`{target}` is not in the documentation folder.");
            self.find(at, &message, "Correct the path; it counts from the documentation folder.");
            return None;
        };
        let page = self.pages.binary_search_by(|page| page.path.cmp(&path)).ok().and_then(|at| self.pages.get_mut(at));
        let title = match (title, page) {
            (Some(title), Some(page)) => {
                page.title.clone_from(&title);
                title
            }
            (Some(title), None) => title,
            (None, Some(page)) => page.title.clone(),
            (None, None) => page::title_of(&path),
        };
        Some(NavigationItem::Page { title, path })
    }

    fn find(&mut self, at: &Node, message: &str, help: &str) {
        if self.findings.len() < super::MOST_ALIKE {
            self.findings
                .push(Finding::new("docs.navigation", Level::Warning, message, help).at(self.file, at.line, at.column));
        }
    }
}

/// `!include ./other/mkdocs.yml` and `*include ./*/mkdocs.yml` of the plugin monorepo; a tag leaves only the path.
fn is_inclusion(target: &str) -> bool {
    let target = target.trim();
    let name = target.rsplit('/').next().unwrap_or(target);
    target.starts_with("!include ") || target.starts_with("*include ") || ["mkdocs.yml", "mkdocs.yaml"].contains(&name)
}
