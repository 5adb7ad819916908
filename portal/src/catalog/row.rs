//! What lists show and filter of an entity.

use std::collections::HashMap;

use model::catalog::{CatalogEntity, CatalogRow, Field, UNKNOWN};
use model::reference::DEFAULT_NAMESPACE;
use model::{Confidence, EntityRef, Kind, Level};

const DESCRIPTION_LENGTH: usize = 160;
const LANGUAGES: usize = 6;
/// A language with a smaller share of an entity's lines says nothing about it.
const LANGUAGE_SHARE: u64 = 10;
/// Thirteen weeks hold 90 days.
const ACTIVE_WEEKS: usize = 13;
const QUIET_WEEKS: usize = 52;

/// Slug and source of a repository, by its id.
pub type Places = HashMap<String, (String, String)>;

/// The row of an entity.
pub fn row(known: &CatalogEntity, places: &Places) -> CatalogRow {
    let entity = &known.entity;
    let place = known.repository.as_ref().and_then(|id| places.get(id));
    let owner = target(known, "owner", "group");
    let guessed = known.guesses.iter().find(|guess| guess.field == "/spec/owner");
    let count = |level| known.findings.iter().filter(|finding| finding.level == level).count() as u32;
    let owner_confidence = match &owner {
        Some(_) => known.evidence.get("/spec/owner").map(|evidence| evidence.confidence).or(Some(Confidence::Declared)),
        None => None,
    };
    let mut languages = known.languages.clone();
    languages.truncate(LANGUAGES);
    CatalogRow {
        reference: entity.reference(),
        kind: entity.kind.clone(),
        spec_type: entity.spec_str("type").filter(|word| *word != UNKNOWN).map(str::to_owned),
        title: entity.metadata.title.clone().filter(|title| !title.trim().is_empty()),
        description: entity.metadata.description.as_deref().and_then(first_line),
        owner_has_authority: owner.is_some()
            && known.evidence.get("/spec/owner").is_some_and(|evidence| evidence.authority),
        owner,
        owner_confidence,
        owner_guess: guessed.and_then(|guess| parse(&guess.value, "group", DEFAULT_NAMESPACE)),
        lifecycle: entity.spec_str("lifecycle").filter(|word| *word != UNKNOWN).map(str::to_owned),
        system: target(known, "system", "system"),
        tags: entity.metadata.tags.clone(),
        languages,
        activity: known.activity.clone(),
        last_commit_at: known.last_commit_at,
        confidence: confidence(known),
        source: place.map(|(_, source)| source.clone()),
        repository: place.map(|(slug, _)| slug.clone()),
        archived: known.archived,
        errors: count(Level::Error),
        warnings: count(Level::Warning),
    }
}

/// How sure it is that there is such a thing at all: the word of a descriptor, or the evidence for its kind, type or
/// name.
fn confidence(known: &CatalogEntity) -> Confidence {
    if known.descriptor.is_some() {
        return Confidence::Declared;
    }
    ["/kind", "/spec/type", "/metadata/name"]
        .iter()
        .find_map(|pointer| known.evidence.get(*pointer))
        .map_or(Confidence::Corroborated, |evidence| evidence.confidence)
}

fn target(known: &CatalogEntity, key: &str, kind: &str) -> Option<EntityRef> {
    let text = known.entity.spec_str(key).filter(|text| *text != UNKNOWN)?;
    let evidence = known.evidence.get(&format!("/spec/{key}"));
    if evidence.is_some_and(|evidence| evidence.confidence == Confidence::Guess) {
        return None;
    }
    parse(text, kind, known.entity.metadata.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE))
}

fn parse(text: &str, kind: &str, namespace: &str) -> Option<EntityRef> {
    EntityRef::parse(text, Some(kind), namespace).ok()
}

fn first_line(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    if line.chars().count() <= DESCRIPTION_LENGTH {
        return Some(line.to_owned());
    }
    let cut: String = line.chars().take(DESCRIPTION_LENGTH - 1).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    Some(format!("{cut}…"))
}

/// A reference as a value of `field`: short where the field implies the kind.
pub fn short(reference: &EntityRef, implied: &str) -> String {
    if reference.kind == implied { reference.short() } else { format!("{}:{}", reference.kind, reference.short()) }
}

/// A value as somebody wrote it, in the form in which it is indexed.
pub fn normal(field: Field, value: &str) -> String {
    let value = value.trim();
    let implied = match field {
        Field::Owner => "group",
        Field::System => "system",
        Field::Kind | Field::Confidence | Field::Ownership | Field::Activity | Field::Findings | Field::Tag => {
            return value.to_lowercase();
        }
        _ => return value.to_owned(),
    };
    match parse(value, implied, DEFAULT_NAMESPACE) {
        Some(reference) if value != UNKNOWN => short(&reference, implied),
        _ => value.to_owned(),
    }
}

/// The values under which a row is found by `field`. What a kind cannot have is neither known nor unknown.
pub fn values(row: &CatalogRow, field: Field) -> Vec<String> {
    let kind = row.reference.kind.as_str();
    let known_or = |value: Option<String>, applies: bool| match value {
        Some(value) => vec![value],
        None if applies => vec![UNKNOWN.to_owned()],
        None => Vec::new(),
    };
    match field {
        Field::Kind => vec![kind.to_owned()],
        Field::Type => known_or(row.spec_type.clone(), matches!(kind, "component" | "api" | "resource")),
        Field::Owner => known_or(row.owner.as_ref().map(|owner| short(owner, "group")), is_owned(kind)),
        Field::Language => languages(row),
        Field::Tag => tags(row),
        Field::Lifecycle => known_or(row.lifecycle.clone(), matches!(kind, "component" | "api")),
        Field::System => known_or(
            row.system.as_ref().map(|system| short(system, "system")),
            matches!(kind, "component" | "api" | "resource"),
        ),
        Field::Source => known_or(row.source.clone(), true),
        Field::Confidence => vec![row.confidence.as_str().to_owned()],
        Field::Ownership if is_owned(kind) => vec![ownership(row).to_owned()],
        Field::Ownership => Vec::new(),
        Field::Activity => activity(row).map(str::to_owned).into_iter().collect(),
        Field::Findings => findings(row).into_iter().map(str::to_owned).collect(),
        Field::Repository => known_or(row.repository.clone(), true),
    }
}

fn is_owned(kind: &str) -> bool {
    matches!(kind, "component" | "api" | "resource" | "system" | "domain" | "template")
}

fn ownership(row: &CatalogRow) -> &'static str {
    match (&row.owner, row.owner_confidence) {
        (Some(_), confidence) => confidence.unwrap_or(Confidence::Declared).as_str(),
        (None, _) if row.owner_guess.is_some() => Confidence::Guess.as_str(),
        (None, _) => UNKNOWN,
    }
}

fn languages(row: &CatalogRow) -> Vec<String> {
    let all: u64 = row.languages.iter().map(|(_, lines)| lines).sum();
    let found: Vec<String> = row
        .languages
        .iter()
        .filter(|(_, lines)| lines.saturating_mul(LANGUAGE_SHARE) >= all)
        .map(|(language, _)| language.clone())
        .collect();
    if found.is_empty() && row.reference.kind == "component" { vec![UNKNOWN.to_owned()] } else { found }
}

fn tags(row: &CatalogRow) -> Vec<String> {
    let mut tags: Vec<String> = row.tags.iter().map(|tag| tag.to_lowercase()).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

fn activity(row: &CatalogRow) -> Option<&'static str> {
    let recent = |weeks: usize| row.activity.iter().rev().take(weeks).any(|commits| *commits > 0);
    match () {
        () if row.archived => Some("archived"),
        () if row.activity.is_empty() => None,
        () if recent(ACTIVE_WEEKS) => Some("active"),
        () if recent(QUIET_WEEKS) => Some("quiet"),
        () => Some("dormant"),
    }
}

fn findings(row: &CatalogRow) -> Vec<&'static str> {
    match (row.errors, row.warnings) {
        (0, 0) => vec!["none"],
        (0, _) => vec!["warning"],
        (_, 0) => vec!["error"],
        (_, _) => vec!["error", "warning"],
    }
}

/// Where the kind stands when rows are ordered by kind.
pub fn kind_position(row: &CatalogRow) -> u64 {
    let position = Kind::ALL.iter().position(|kind| kind.lower() == row.reference.kind);
    position.unwrap_or(Kind::ALL.len()) as u64
}

#[cfg(test)]
mod tests {
    use model::{Entity, Evidence, Guess};

    use super::*;

    fn known(owner: Option<(&str, Confidence)>) -> CatalogEntity {
        let mut entity = Entity::new(Kind::Component, "payments");
        let mut evidence = std::collections::BTreeMap::new();
        if let Some((owner, confidence)) = owner {
            entity.spec.insert("owner".into(), owner.into());
            evidence.insert("/spec/owner".into(), Evidence::new("owner.test", confidence, "a test says so"));
        }
        CatalogEntity {
            entity,
            evidence,
            guesses: Vec::new(),
            repository: None,
            path: String::new(),
            descriptor: None,
            findings: Vec::new(),
            languages: vec![("Rust".into(), 900), ("Shell".into(), 50)],
            activity: vec![0; 104],
            last_commit_at: None,
            archived: false,
            visibility: model::Visibility::Public,
        }
    }

    #[test]
    fn a_guess_is_never_an_owner() {
        let row = row(&known(Some(("payments", Confidence::Guess))), &Places::new());
        assert_eq!(row.owner, None);
        assert_eq!(values(&row, Field::Owner), [UNKNOWN]);
    }

    #[test]
    fn a_guess_is_shown_as_one() {
        let mut known = known(Some((UNKNOWN, Confidence::Declared)));
        let evidence = Evidence::new("owner.activity", Confidence::Guess, "two of three commits");
        known.guesses.push(Guess { field: "/spec/owner".into(), value: "group:default/payments".into(), evidence });
        let row = row(&known, &Places::new());
        assert_eq!(row.owner, None);
        assert_eq!(row.owner_guess.as_ref().map(ToString::to_string).as_deref(), Some("group:default/payments"));
        assert_eq!(values(&row, Field::Ownership), ["guess"]);
    }

    #[test]
    fn owners_are_written_short() {
        let table = [
            ("payments", "payments"),
            ("Group:Default/Payments", "payments"),
            ("other/payments", "other/payments"),
            ("user:jane", "user:jane"),
            (UNKNOWN, UNKNOWN),
        ];
        for (text, expected) in table {
            assert_eq!(
                values(&row(&known(Some((text, Confidence::Declared))), &Places::new()), Field::Owner),
                [expected]
            );
            assert_eq!(normal(Field::Owner, text), expected);
        }
    }

    #[test]
    fn a_language_counts_from_a_tenth_on() {
        assert_eq!(values(&row(&known(None), &Places::new()), Field::Language), ["Rust"]);
    }

    #[test]
    fn activity_looks_at_commits_alone() {
        let mut known = known(None);
        let mut seen = Vec::new();
        for week in [103, 80, 10] {
            known.activity = vec![0; 104];
            known.activity[week] = 1;
            seen.extend(values(&row(&known, &Places::new()), Field::Activity));
        }
        known.archived = true;
        seen.extend(values(&row(&known, &Places::new()), Field::Activity));
        assert_eq!(seen, ["active", "quiet", "dormant", "archived"]);
    }

    #[test]
    fn descriptions_are_one_bounded_line() {
        assert_eq!(first_line("\n  Takes money.\nAnd more."), Some("Takes money.".into()));
        let long = first_line(&"word ".repeat(100)).unwrap_or_default();
        assert!(long.chars().count() <= DESCRIPTION_LENGTH && long.ends_with("word…"), "{long}");
        assert_eq!(first_line(" \n "), None);
    }
}
