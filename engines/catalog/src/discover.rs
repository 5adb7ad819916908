//! What `slipway catalog discover PATH` says: the catalog of one repository, or of a folder of them, without a portal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use engine_repo::{Bots, FactOptions, FindLimits, Repository};
use model::catalog::CatalogEntity;
use model::{Entity, Evidence, Finding, Level, Visibility};
use serde::Serialize;

use crate::draft::draft;
use crate::link::{LinkInput, LinkRepository, link};

/// The machine format: entities in Backstage's envelope, evidence by reference and JSON pointer, and findings. Files are
/// relative to the argument.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Discovered {
    pub entities: Vec<Entity>,
    pub evidence: BTreeMap<String, BTreeMap<String, Evidence>>,
    pub findings: Vec<Finding>,
    /// What would need a person's word before it counts, by reference.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub guesses: BTreeMap<String, Vec<model::Guess>>,
}

/// Why nothing could be discovered.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    #[error("{} does not exist, or may not be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("there is no Git repository at or below {}", .0.display())]
    NoRepository(PathBuf),
}

impl Discovered {
    /// The entities as documents that can be committed as `catalog-info.yaml`.
    pub fn to_yaml(&self) -> String {
        let documents: Vec<String> = self.entities.iter().map(crate::descriptor::to_yaml).collect();
        documents.join("---\n")
    }
}

/// Reads the repository at `path`, or every one below it. `now` is in milliseconds since 1970 in UTC.
pub fn discover(path: &Path, now: i64) -> Result<Discovered, DiscoverError> {
    let found = engine_repo::find(path, &FindLimits::default())
        .map_err(|error| DiscoverError::Unreadable { path: path.to_owned(), why: error.to_string() })?;
    if found.repositories.is_empty() {
        return Err(DiscoverError::NoRepository(path.to_owned()));
    }
    let mut findings = found.findings;
    let mut input = LinkInput::default();
    let whole = path.file_name().map(|name| name.to_string_lossy().into_owned());
    for repository in &found.repositories {
        // The argument itself is a repository: it is called like its folder, and files stand as they are.
        let is_argument = repository.name.is_empty() || repository.path == path;
        let name = match &whole {
            Some(whole) if is_argument => whole.trim_end_matches(".git").to_owned(),
            _ if is_argument => "repository".to_owned(),
            _ => repository.name.clone(),
        };
        let prefix = if is_argument { String::new() } else { format!("{}/", repository.name) };
        match read(&repository.path, &name, &prefix, now, &mut findings) {
            Ok(read) => input.repositories.push(read),
            Err(why) => {
                let help = "Check the repository with git fsck.";
                findings.push(Finding::new("repository.unreadable", Level::Error, why, help).at(
                    prefix.trim_end_matches('/'),
                    0,
                    0,
                ));
            }
        }
    }
    let linked = link(&input);
    let mut discovered = Discovered { findings, ..Discovered::default() };
    for (repository, finding) in linked.findings {
        discovered.findings.push(placed(finding, &repository));
    }
    for entity in linked.entities {
        add(&mut discovered, entity);
    }
    discovered.findings.sort_by(|a, b| (&a.file, a.line, a.column, &a.rule).cmp(&(&b.file, b.line, b.column, &b.rule)));
    Ok(discovered)
}

/// One repository as input of the link. Its id is the prefix of its files, so that places can be told from it.
fn read(
    path: &Path,
    name: &str,
    prefix: &str,
    now: i64,
    findings: &mut Vec<Finding>,
) -> Result<LinkRepository, String> {
    let repository = Repository::open(path).map_err(|error| error.to_string())?;
    let snapshot = repository.snapshot().map_err(|error| error.to_string())?;
    let (facts, found) = engine_repo::facts(&repository, &snapshot, &FactOptions { now, bots: Bots::default() });
    findings.extend(found.into_iter().map(|finding| placed(finding, prefix)));
    let draft = draft(&snapshot, &facts);
    Ok(LinkRepository {
        id: prefix.to_owned(),
        slug: name.to_owned(),
        name: name.to_owned(),
        source: String::new(),
        visibility: Visibility::Public,
        archived: false,
        fork: false,
        facts,
        draft: Some(draft),
    })
}

fn placed(mut finding: Finding, prefix: &str) -> Finding {
    if !finding.file.is_empty() {
        finding.file.insert_str(0, prefix);
    }
    finding
}

fn add(discovered: &mut Discovered, entity: CatalogEntity) {
    let prefix = entity.repository.unwrap_or_default();
    let place = |mut evidence: Evidence| {
        // Where another repository holds the file, its name stands beside it.
        if let Some(file) = evidence.file.as_mut().filter(|_| evidence.repository.is_none()) {
            file.insert_str(0, &prefix);
        }
        evidence
    };
    let reference = entity.entity.reference().to_string();
    discovered.findings.extend(entity.findings.into_iter().map(|finding| placed(finding, &prefix)));
    discovered.evidence.insert(
        reference.clone(),
        entity.evidence.into_iter().map(|(pointer, evidence)| (pointer, place(evidence))).collect(),
    );
    if !entity.guesses.is_empty() {
        let guesses = entity.guesses.into_iter().map(|guess| model::Guess { evidence: place(guess.evidence), ..guess });
        discovered.guesses.insert(reference, guesses.collect());
    }
    discovered.entities.push(entity.entity);
}
