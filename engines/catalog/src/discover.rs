//! What `slipway catalog discover PATH` says: the catalog of one repository, or of a folder of them, without a portal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use engine_repo::{Bots, FactOptions, FindLimits, Repository};
use model::catalog::CatalogEntity;
use model::source::SourcePolicy;
use model::{Entity, Evidence, Finding, Kind, Level, Visibility};
use serde::Serialize;

use crate::draft::draft_with;
use crate::link::{LinkInput, LinkRepository, Linked, link};

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
    let mut paths = BTreeMap::new();
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
        let mut own = Vec::new();
        match read((&repository.path, &name, &prefix), now, &[], &mut own) {
            Ok(read) => {
                findings.extend(own);
                paths.insert(prefix, (repository.path.clone(), name));
                input.repositories.push(read);
            }
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
    let linked = link_all(&mut input, &paths, now);
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

/// Links, and reads again what Locations name in other repositories, until nothing more is named.
fn link_all(input: &mut LinkInput, paths: &BTreeMap<String, (PathBuf, String)>, now: i64) -> Linked {
    let mut read_with: Vec<(String, Vec<String>)> = Vec::new();
    let mut linked = link(input);
    for _ in 0..LOCATION_ROUNDS {
        let asked: Vec<_> = linked.wanted.iter().filter(|wanted| !read_with.contains(wanted)).cloned().collect();
        if asked.is_empty() {
            break;
        }
        for (id, wanted) in &asked {
            let known = paths.get(id).zip(input.repositories.iter_mut().find(|one| one.id == *id));
            let Some(((path, name), slot)) = known else { continue };
            // It could be read before, and what it said then stands.
            if let Ok(read) = read((path, name, id), now, wanted, &mut Vec::new()) {
                *slot = read;
            }
        }
        read_with.extend(asked);
        linked = link(input);
    }
    linked
}

/// How often repositories are read again for the sake of Locations: each may lead to the next.
const LOCATION_ROUNDS: usize = 16;

/// One repository as input of the link. Its id is the prefix of its files, so that places can be told from it. `wanted` is
/// what Locations of others name in it.
fn read(
    (path, name, prefix): (&Path, &str, &str),
    now: i64,
    wanted: &[String],
    findings: &mut Vec<Finding>,
) -> Result<LinkRepository, String> {
    let repository = Repository::open(path).map_err(|error| error.to_string())?;
    let snapshot = repository.snapshot().map_err(|error| error.to_string())?;
    let (facts, found) = engine_repo::facts(&repository, &snapshot, &FactOptions { now, bots: Bots::default() });
    findings.extend(found.into_iter().map(|finding| placed(finding, prefix)));
    let draft = draft_with(&snapshot, &facts, wanted);
    Ok(LinkRepository {
        id: prefix.to_owned(),
        slug: name.to_owned(),
        name: name.to_owned(),
        source: String::new(),
        policy: everything(),
        address: None,
        visibility: Visibility::Public,
        archived: false,
        fork: false,
        facts,
        forge: None,
        rights: Vec::new(),
        draft: Some(draft),
    })
}

/// Whoever looks at a folder of their own machine sees what stands in it; rights are given elsewhere.
fn everything() -> SourcePolicy {
    SourcePolicy { kinds: Kind::ALL.into_iter().collect(), trusted: false }
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
