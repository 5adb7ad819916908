use std::fmt::Write;

use engine_repo::MemoryTree;
use model::catalog::CatalogEntity;
use model::repository::{Head, RepositoryFacts, Tag};
use model::source::SourcePolicy;
use model::{EntityRef, Visibility};

use crate::link::{LinkInput, LinkRepository, Linked, link};

pub type Files<'f> = &'f [(&'f str, &'f str)];

/// What a program that serves is built from, what runs it, and the container that it runs in.
pub const MANIFEST: &str = "[project]\nname = \"ledger\"\ndependencies = [\"fastapi\"]\n";
pub const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ledger\nspec:\n  template:\n    spec:\n      \
                          containers:\n        - image: registry.example.com/harbour/ledger:1\n";
pub const DOCKERFILE: &str = "FROM python:3.12\nEXPOSE 80\nCMD [\"x\"]\n";

/// A repository with those files; its id is its name.
pub fn repository(name: &str, files: Files) -> LinkRepository {
    tagged(name, files, &[])
}

/// The same, read with what Locations of others name in it.
pub fn wanting(name: &str, files: Files, wanted: &[String]) -> LinkRepository {
    let tree = MemoryTree::new(files.iter().copied());
    let repository = repository(name, files);
    LinkRepository { draft: Some(crate::draft_with(&tree, &repository.facts, wanted)), ..repository }
}

pub fn tagged(name: &str, files: Files, tags: &[&str]) -> LinkRepository {
    let tree = MemoryTree::new(files.iter().copied());
    let tags = tags.iter().map(|tag| Tag { name: (*tag).to_owned(), commit: String::new(), at: None });
    let mut facts = RepositoryFacts {
        head: Some(Head { branch: Some("main".to_owned()), commit: "c0ffee".to_owned() }),
        tags: tags.collect(),
        ..RepositoryFacts::default()
    };
    facts.files.total = files.len() as u64;
    LinkRepository {
        id: name.to_owned(),
        slug: name.replace('/', "-"),
        name: name.to_owned(),
        source: "test".to_owned(),
        policy: SourcePolicy::trusted(),
        visibility: Visibility::Public,
        draft: Some(crate::draft(&tree, &facts)),
        facts,
        ..LinkRepository::default()
    }
}

pub fn catalog(repositories: impl IntoIterator<Item = LinkRepository>) -> Linked {
    link(&input(repositories))
}

pub fn input(repositories: impl IntoIterator<Item = LinkRepository>) -> LinkInput {
    LinkInput { repositories: repositories.into_iter().collect(), ..LinkInput::default() }
}

impl Linked {
    pub fn get(&self, reference: &str) -> &CatalogEntity {
        let wanted: EntityRef = reference.parse().unwrap();
        let found = self.entities.iter().find(|entity| entity.entity.reference() == wanted);
        found.unwrap_or_else(|| panic!("{reference} is not among {:?}", self.references()))
    }

    pub fn references(&self) -> Vec<String> {
        self.entities.iter().map(|entity| entity.entity.reference().to_string()).collect()
    }

    /// `component:default/x` and its field, `unknown?guess` where it is one.
    pub fn field(&self, reference: &str, key: &str) -> String {
        let entity = self.get(reference);
        let value = entity.entity.spec_str(key).unwrap_or("-");
        let guess = entity.guesses.iter().find(|guess| guess.field == format!("/spec/{key}"));
        guess.map_or(value.to_owned(), |guess| format!("{value}?{}", guess.value))
    }

    pub fn rule(&self, reference: &str, pointer: &str) -> String {
        self.get(reference).evidence.get(pointer).map(|evidence| evidence.rule.clone()).unwrap_or_default()
    }

    /// The texts of a list in `spec`, with the rule of each.
    pub fn list(&self, reference: &str, key: &str) -> Vec<String> {
        let entity = self.get(reference);
        let items = entity.entity.spec.get(key).and_then(|items| items.as_array()).cloned().unwrap_or_default();
        let item = |(at, item): (usize, &serde_json::Value)| {
            let rule = self.rule(reference, &format!("/spec/{key}/{at}"));
            format!("{} {rule}", item.as_str().unwrap_or_default())
        };
        items.iter().enumerate().map(item).collect()
    }

    /// The catalog as text: what a person would look at.
    pub fn picture(&self) -> String {
        let mut text = String::new();
        for entity in &self.entities {
            let _ = writeln!(
                text,
                "{} in {:?} at {:?}",
                entity.entity.reference(),
                entity.repository.as_deref().unwrap_or("-"),
                entity.path
            );
            if let Some(description) = &entity.entity.metadata.description {
                let _ = writeln!(text, "  description {description}");
            }
            for (key, value) in &entity.entity.spec {
                if key != "definition" {
                    let _ = writeln!(text, "  {key} {value}");
                }
            }
            for (pointer, evidence) in &entity.evidence {
                let place = format!(
                    "{}{}:{}",
                    evidence.repository.as_ref().map(|name| format!("{name}/")).unwrap_or_default(),
                    evidence.file.as_deref().unwrap_or("-"),
                    evidence.line.unwrap_or(0)
                );
                let _ = writeln!(
                    text,
                    "  {pointer} {} {} {place} {}",
                    evidence.confidence.as_str(),
                    evidence.rule,
                    evidence.why
                );
            }
            for guess in &entity.guesses {
                let _ = writeln!(text, "  probably {} {}: {}", guess.field, guess.value, guess.evidence.why);
            }
            for relation in &entity.entity.relations {
                let _ = writeln!(text, "  -> {} {}", relation.kind, relation.target_ref);
            }
            for finding in &entity.findings {
                let _ = writeln!(text, "  ! {} {} {}", finding.rule, finding.location(), finding.message);
            }
        }
        for (repository, standing, reason) in &self.standings {
            let _ = writeln!(text, "{repository}: {} {}", standing.as_str(), reason.as_deref().unwrap_or_default());
        }
        for (repository, finding) in &self.findings {
            let _ = writeln!(text, "{repository}: {} {} {}", finding.rule, finding.location(), finding.message);
        }
        text
    }
}
