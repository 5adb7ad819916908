//! Where a template's own files are found.

use std::sync::Arc;

use model::{Finding, Findings, Level};

use super::folders::{Folders, Target};
use super::{Template, environment, joined, one};
use crate::jinja::Syntax;
use crate::tree::Tree;

/// The folder of the template that is rendered.
pub fn project_folder(template: &Template) -> Result<String, Findings> {
    let (syntax, _) = environment::syntax(&template.manifest).map_err(one)?;
    let (start, end) = &syntax.variable;
    folder_of(template, &syntax).ok_or_else(|| {
        let help = format!("name a folder {start}cookiecutter.project_slug{end} and put the project's files into it");
        one(Finding::new("template.folder", Level::Error, "no folder of the template is the project", help).at(
            template.root.clone(),
            0,
            0,
        ))
    })
}

/// The first folder whose name holds `cookiecutter` and a variable. (cookiecutter takes whichever the file system lists
/// first.)
pub fn folder_of(template: &Template, syntax: &Syntax) -> Option<String> {
    let (start, end) = &syntax.variable;
    let candidate =
        |name: &&str| name.contains("cookiecutter") && name.contains(start.as_str()) && name.contains(end.as_str());
    let is_folder = |name: &&str| {
        matches!(template.folders.resolve(&template.tree, &joined(&template.root, name)), Target::Folder(_))
    };
    template.folders.names(&template.root).filter(candidate).find(is_folder).map(str::to_owned)
}

/// The files that are rendered.
pub struct Source<'a> {
    pub template: &'a Template,
    /// The folder of the project, in the tree.
    pub folder: String,
}

impl Source<'_> {
    /// Includes, parents and imports come from the project's folder, and from `templates/` beside it.
    pub fn loader(&self) -> Arc<dyn Fn(&str) -> Option<String> + Send + Sync> {
        let (tree, folders) = (self.template.tree.clone(), self.template.folders.clone());
        let roots = [self.folder.clone(), joined(&self.template.root, "templates")];
        Arc::new(move |name| {
            if name.split('/').any(|part| part == "..") {
                return None;
            }
            let found = roots.iter().find_map(|root| folders.read(&tree, &joined(root, name)).ok()?);
            found.and_then(|(content, _)| String::from_utf8(content.to_vec()).ok())
        })
    }

    pub fn tree(&self) -> &Tree {
        &self.template.tree
    }

    pub fn folders(&self) -> &Folders {
        &self.template.folders
    }

    /// The path in the tree of a path in the project's folder.
    pub fn path(&self, relative: &str) -> String {
        if relative.is_empty() { self.folder.clone() } else { joined(&self.folder, relative) }
    }
}
