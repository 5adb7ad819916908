//! What adoption has to know of a template of cookiecutter.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::folders::Folders;
use super::{Template, environment, fnmatch, joined, source};
use crate::language::Language;
use crate::template::Source;
use crate::tree::{Entry, Tree};

/// The files of the project's folder. None where nothing would be rendered.
pub fn sources(template: &Template) -> Vec<Source> {
    let Some(folder) = folder(template) else { return Vec::new() };
    let copied: Vec<_> =
        template.manifest.texts("_copy_without_render").iter().filter_map(|text| fnmatch::compile(text)).collect();
    let files = below(&template.tree, &folder).filter(|(_, entry)| **entry != Entry::Folder);
    let files = files.map(|(path, _)| {
        let name = path[folder.len() + 1..].to_owned();
        let mut ends = name.match_indices('/').map(|(end, _)| end).chain([name.len()]);
        let is_copied = ends.any(|end| copied.iter().any(|pattern| pattern.is_match(&name[..end])));
        Source { path: path.to_owned(), name, is_text: !is_copied }
    });
    files.collect()
}

/// `None` where the template asks for a syntax that there is not.
pub fn language(template: &Template) -> Option<Language> {
    let (syntax, _) = environment::syntax(&template.manifest).ok()?;
    let [start, end] = [&syntax.variable.0, &syntax.variable.1].map(|text| regex::escape(text));
    let name = r"cookiecutter\.([A-Za-z_][A-Za-z0-9_]*)";
    let answer = format!(r"{start}-?\s*{name}\s*-?{end}");
    let comparison = format!(r#"{name}\s*[!=]=\s*['"]([^'"]*)['"]"#);
    let others = [syntax.variable.0, syntax.block.0, syntax.comment.0].into_iter();
    let others = others.chain(syntax.line_statement).chain(syntax.line_comment);
    Language::new(&answer, &comparison, others.collect()).ok()
}

/// The template with only those of its [`sources`] that are wanted (by their paths), and without what no render reads.
pub fn only(template: &Template, wanted: Option<&BTreeSet<&str>>) -> Template {
    let Some(folder) = folder(template) else { return template.clone() };
    let is_source = |path: &str| path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'));
    let shared = [joined(&template.root, "templates"), joined(&template.root, "hooks")];
    // A link may lead anywhere.
    let has_links = below(&template.tree, &folder).any(|(_, entry)| matches!(entry, Entry::Link { .. }));
    let is_read = |path: &str| {
        path == template.manifest.path
            || has_links
            || shared.iter().any(|folder| path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/')))
    };
    let mut tree = Tree::default();
    for (path, entry) in template.tree.iter() {
        let is_kept = match wanted {
            _ if !is_source(path) => {
                is_read(path) && (wanted.is_none() || !path.starts_with(&format!("{}/", shared[1])))
            }
            Some(wanted) => wanted.contains(path),
            None => true,
        };
        if is_kept {
            // It comes from a tree, so its path may stand in one.
            let _ = tree.insert(path, entry.clone());
        }
    }
    let folders = Arc::new(Folders::of(&tree));
    Template { tree: Arc::new(tree), folders, ..template.clone() }
}

/// The project's folder in the tree.
fn folder(template: &Template) -> Option<String> {
    let (syntax, _) = environment::syntax(&template.manifest).ok()?;
    Some(joined(&template.root, &source::folder_of(template, &syntax)?))
}

fn below<'a>(tree: &'a Tree, folder: &str) -> impl Iterator<Item = (&'a str, &'a Entry)> {
    let prefix = format!("{folder}/");
    tree.iter().filter(move |(path, _)| path.starts_with(&prefix))
}
