//! Which documentation folders a repository has, when it is read.

use std::collections::BTreeSet;

use engine_catalog::Draft;
use engine_docs::resolve;
use engine_docs::site::{Announced, File, Files, sites};
use engine_repo::Tree;
use model::docs::DocsSite;
use model::repository::PathClass;
use model::{Finding, Level};

use super::ANNOUNCEMENT;

/// The documentation folders of one repository, and what is wrong in and with them.
pub(crate) fn find(tree: &dyn Tree, draft: &Draft) -> (Vec<DocsSite>, Vec<Finding>) {
    let files: Vec<File> = tree
        .files()
        .iter()
        .filter(|file| file.is_blob())
        .map(|file| File {
            path: &file.path,
            speaks: file.speaks(),
            foreign: matches!(file.class, PathClass::Vendored | PathClass::TemplateSkeleton),
        })
        .collect();
    let read = |path: &str, limit: usize| {
        let blob = tree.read(path, limit).ok().flatten()?;
        (!blob.bytes.contains(&0)).then(|| blob.text().into_owned())
    };
    let mut folders: BTreeSet<String> = draft.modules.iter().map(|module| module.path.clone()).collect();
    folders.insert(String::new());
    let mut findings = Vec::new();
    let mut announced = Vec::new();
    for descriptor in &draft.descriptors {
        folders.insert(descriptor.file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned());
        let Some(said) = descriptor.entity.metadata.annotations.get(ANNOUNCEMENT) else { continue };
        let Some(folder) = said.strip_prefix("dir:") else { continue };
        let pointer = format!("/metadata/annotations/{}", ANNOUNCEMENT.replace('/', "~1"));
        let (line, column) = descriptor.lines.get(&pointer).copied().unwrap_or((descriptor.line, 0));
        let file = descriptor.file.clone();
        match resolve(&file, folder) {
            Some(folder) => {
                announced.push(Announced { entity: descriptor.entity.reference(), folder, file, line, column });
            }
            None => {
                let message = format!("`{said}` leads out of the repository.");
                let help = "Name a folder of this repository, as it stands to this file: dir:. or dir:./sub.";
                findings.push(Finding::new("docs.announced", Level::Warning, message, help).at(file, line, column));
            }
        }
    }
    let (sites, missing) = sites(&Files { files: &files, read: &read }, &folders, &announced);
    findings.extend(missing);
    findings.extend(sites.iter().flat_map(|site| site.findings.iter().cloned()));
    (sites, findings)
}
