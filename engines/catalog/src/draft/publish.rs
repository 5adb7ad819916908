//! Whether a package is published: a registry is configured, a pipeline publishes it, a README leads to it.

use model::{Confidence, Evidence};

use super::candidates::Found;
use super::readme::Readme;
use super::survey::{Survey, TEXT_BYTES};
use crate::manifest::{Ci, Located, Publishing, ci, page_of};

/// What all pipelines of a repository do.
#[derive(Default)]
pub(super) struct Pipelines {
    pub files: Vec<(String, Ci)>,
    /// Texts of those that release programs, to look for names in.
    pub releasing: Vec<String>,
}

impl Pipelines {
    pub fn read(survey: &Survey) -> Self {
        let mut found = Self::default();
        for file in &survey.pipelines {
            let Some(text) = survey.text(&file.path, TEXT_BYTES) else { continue };
            let read = ci(&text);
            if read.releases.is_some() && found.releasing.len() < 20 {
                found.releasing.push(text);
            }
            if read != Ci::default() {
                found.files.push((file.path.clone(), read));
            }
        }
        if let Some(file) = survey.goreleaser {
            found.releasing.extend(survey.text(&file.path, TEXT_BYTES));
            let releases = Some(Located::new("goreleaser", 1));
            found.files.push((file.path.clone(), Ci { releases, ..Ci::default() }));
        }
        found
    }

    /// The first file for which `line` finds something.
    pub fn first<'s>(&'s self, line: impl Fn(&'s Ci) -> Option<&'s Located>) -> Option<(&'s str, &'s Located)> {
        self.files.iter().find_map(|(file, ci)| Some((file.as_str(), line(ci)?)))
    }
}

/// What is known of the publication of one package.
#[derive(Default)]
pub(super) struct Publication {
    pub private: bool,
    /// Corroborated, or nothing.
    pub evidence: Option<Evidence>,
    /// It could be published as it is, but nothing else says that it is.
    pub possible: Option<Evidence>,
}

pub(super) fn publication(survey: &Survey, pipelines: &Pipelines, found: &Found, readmes: &[&Readme]) -> Publication {
    let (manifest, ecosystem) = (&found.manifest, found.ecosystem);
    let Some(name) = &manifest.name else { return Publication::default() };
    if ecosystem.only_at_root && found.file.contains('/') {
        return Publication { private: true, ..Publication::default() };
    }
    let evidence = |why: String, file: &str, line: u32| {
        Some(Evidence::new("package.published", Confidence::Corroborated, why).at(file, Some(line)))
    };
    let published = match &manifest.publishing {
        Publishing::Forbidden(_) => return Publication { private: true, ..Publication::default() },
        Publishing::Configured(line, registry) => {
            evidence(format!("{} is set up to be published ({registry}).", name.text), &found.file, *line)
        }
        Publishing::Unsaid if ecosystem.named_by_address => {
            let is_address = name.text.split('/').next().is_some_and(|host| host.contains('.'));
            return Publication {
                private: !is_address,
                evidence: is_address
                    .then(|| {
                        evidence(format!("{} is the address that others import.", name.text), &found.file, name.line)
                    })
                    .flatten(),
                possible: None,
            };
        }
        Publishing::Unsaid => {
            let publishes =
                |ci: &'_ Ci| ci.packages.iter().find(|(id, _)| *id == ecosystem.id).map(|(_, line)| line.clone());
            let pipeline = pipelines.files.iter().find_map(|(file, ci)| Some((file, publishes(ci)?)));
            let by_pipeline = pipeline
                .and_then(|(file, line)| evidence(format!("A pipeline publishes it: {}.", line.text), file, line.line));
            by_pipeline
                .or_else(|| {
                    let (readme, line) =
                        readmes.iter().find_map(|readme| Some((readme, readme.leads_to(ecosystem, &name.text)?)))?;
                    evidence(format!("The README leads to {} at its registry.", name.text), &readme.path, line)
                })
                .or_else(|| {
                    let documentation = manifest.documentation.iter().chain(&manifest.homepage);
                    let at_registry = documentation.into_iter().find(|address| {
                        ecosystem.pages.iter().any(|page| address.text.contains(&page_of(page, &name.text)))
                    })?;
                    evidence(format!("Its manifest leads to {}.", at_registry.text), &found.file, at_registry.line)
                })
                .or_else(|| {
                    let version = manifest.version.as_ref().filter(|_| manifest.complete)?;
                    let tag = survey.facts.tags.iter().find(|tag| is_version_tag(&tag.name, &version.text))?;
                    evidence(
                        format!(
                            "Its manifest is ready for the registry, and the tag {} releases its version.",
                            tag.name
                        ),
                        &found.file,
                        version.line,
                    )
                })
                .or_else(|| {
                    let tag = survey.facts.tags.iter().find(|tag| has_version(&tag.name))?;
                    let is_ready = ecosystem.released_by_tag && manifest.complete;
                    let why =
                        format!("Its manifest is ready for the registry, and the tag {} releases a version.", tag.name);
                    is_ready.then(|| evidence(why, &found.file, name.line)).flatten()
                })
        }
    };
    let possible = published.is_none() && manifest.complete;
    Publication {
        private: false,
        evidence: published,
        possible: possible.then(|| {
            let why = "Its manifest has everything that the registry demands.";
            Evidence::new("type.published", Confidence::Guess, why).at(&found.file, Some(name.line))
        }),
    }
}

/// `v1.2.3`, `1.2`, `ledger-1.2.3`
fn has_version(tag: &str) -> bool {
    let version = tag.rsplit(['-', '/', '@']).next().unwrap_or(tag);
    let version = version.strip_prefix('v').unwrap_or(version);
    let mut numbers = version.split('.');
    let is_number = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.len() < 6 && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    is_number(numbers.next()) && is_number(numbers.next())
}

fn is_version_tag(tag: &str, version: &str) -> bool {
    tag.strip_suffix(version).is_some_and(|start| !start.ends_with(|last: char| last.is_ascii_digit() || last == '.'))
}
