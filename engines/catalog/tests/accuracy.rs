//! How right inference is on repositories whose owners wrote a `catalog-info.yaml`: it is hidden, everything is inferred
//! anew, and the two are compared.
//!
//! Ignored, since it needs repositories that do not lie here. `SLIPWAY_ACCURACY=FOLDER cargo test -p engine-catalog --test
//! accuracy -- --ignored --nocapture`, where FOLDER holds bare repositories as `owner+name/repo` or `owner+name`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use engine_catalog::descriptor::DescriptorEntity;
use engine_catalog::{LinkInput, LinkRepository, Linked, draft, link};
use engine_repo::{Bots, FactOptions, Repository};
use model::catalog::CatalogEntity;
use model::{Confidence, Visibility};

/// A day after the last of the repositories was fetched: activity of the last year counts.
const NOW: i64 = 1_795_000_000_000;

/// What was said of one field, by confidence: each different answer of one repository once, so that a repository of fifty
/// packages with one owner weighs as much as any other.
#[derive(Default)]
struct Score {
    declared: BTreeSet<String>,
    right: BTreeMap<&'static str, BTreeSet<String>>,
    wrong: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Score {
    fn say(&mut self, class: &'static str, is_right: bool, what: String) {
        let list = if is_right { &mut self.right } else { &mut self.wrong };
        list.entry(class).or_default().insert(what);
    }
}

#[test]
#[ignore = "needs a folder of repositories"]
fn inference_against_what_people_declared() {
    let folder = PathBuf::from(std::env::var_os("SLIPWAY_ACCURACY").expect("SLIPWAY_ACCURACY names a folder"));
    // Those of one owner are one catalog: others have nothing to do with it.
    let mut inputs: BTreeMap<String, LinkInput> = BTreeMap::new();
    let mut declared: BTreeMap<String, Vec<DescriptorEntity>> = BTreeMap::new();
    let mut places: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    places.sort();
    for place in places {
        if let Some((repository, descriptors)) = read(&place) {
            let owner = repository.id.split('/').next().unwrap_or_default().to_owned();
            declared.insert(repository.id.clone(), descriptors);
            inputs.entry(owner).or_default().repositories.push(repository);
        }
    }
    let linked: BTreeMap<&String, Linked> = inputs.iter().map(|(owner, input)| (owner, link(input))).collect();
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    let mut unlisted: BTreeMap<String, usize> = BTreeMap::new();
    for (id, descriptors) in &declared {
        println!("\n{id}");
        let owner = id.split('/').next().unwrap_or_default().to_owned();
        let (input, linked) = (&inputs[&owner], &linked[&owner]);
        if std::env::var_os("SLIPWAY_ACCURACY_ONE").is_some_and(|one| one.to_str() == Some(id)) {
            let draft = input.repositories.iter().find(|one| one.id == *id).and_then(|one| one.draft.as_ref());
            println!("{:#?}", draft.map(|draft| (&draft.modules, &draft.workloads, &draft.findings)));
            let own = linked.entities.iter().filter(|entity| entity.repository.as_deref() == Some(id));
            println!("{:?}", own.map(|entity| entity.entity.reference().to_string()).collect::<Vec<_>>());
            println!("{:?}", linked.standings.iter().find(|standing| standing.0 == *id));
        }
        compare(linked, id, descriptors, &mut scores, &mut unlisted);
    }
    print(&scores, &unlisted, declared.len());
}

/// The repository without its descriptors, and these; `None` where nobody wrote one.
fn read(place: &Path) -> Option<(LinkRepository, Vec<DescriptorEntity>)> {
    let name = place.file_name()?.to_str()?.replace('+', "/");
    let inner = place.join("repo");
    let repository = Repository::open(if inner.is_dir() { &inner } else { place }).ok()?;
    let snapshot = repository.snapshot().ok()?;
    let (facts, _) = engine_repo::facts(&repository, &snapshot, &FactOptions { now: NOW, bots: Bots::default() });
    let mut draft = draft(&snapshot, &facts);
    let descriptors = std::mem::take(&mut draft.descriptors);
    let is_kind = |kind: &str| descriptors.iter().any(|one| one.entity.kind.eq_ignore_ascii_case(kind));
    (is_kind("Component") || is_kind("API")).then(|| {
        let repository = LinkRepository {
            id: name.clone(),
            slug: name.replace('/', "-"),
            name,
            visibility: Visibility::Public,
            facts,
            draft: Some(draft),
            ..LinkRepository::default()
        };
        (repository, descriptors)
    })
}

fn compare(
    linked: &Linked,
    id: &str,
    descriptors: &[DescriptorEntity],
    scores: &mut BTreeMap<&'static str, Score>,
    unlisted: &mut BTreeMap<String, usize>,
) {
    let of_kind = |kind: &str| -> Vec<&DescriptorEntity> {
        descriptors.iter().filter(|one| one.entity.kind.eq_ignore_ascii_case(kind)).collect()
    };
    let own = |kind: &str| -> Vec<&CatalogEntity> {
        let of_repository = |entity: &&CatalogEntity| entity.repository.as_deref() == Some(id);
        linked.entities.iter().filter(of_repository).filter(|entity| entity.entity.kind == kind).collect()
    };
    for (kind, column) in [("Component", "component"), ("API", "api")] {
        let (mut wanted, mut found) = (of_kind(kind), own(kind));
        let mut names = std::collections::HashSet::new();
        wanted.retain(|truth| names.insert(truth.entity.metadata.name.to_lowercase()));
        for truth in wanted.iter().copied() {
            let beside = wanted.iter().filter(|other| folder(&other.file) == folder(&truth.file)).count();
            let at = matching(truth, &found, beside, wanted.len());
            let score = scores.entry(column).or_default();
            score.declared.insert(format!("{id} {}", truth.entity.metadata.name));
            let Some(at) = at else {
                println!("  nothing for {} {}", kind, truth.entity.metadata.name);
                continue;
            };
            let guess = found.remove(at);
            let class = class(guess, "/spec/type");
            score.say(class, true, format!("{id} {}", truth.entity.metadata.name));
            fields(truth, guess, id, scores);
        }
        for extra in found {
            let rule = extra.evidence.get("/spec/type").map_or("guess", |evidence| &evidence.rule);
            let kind = extra.entity.spec_str("type").unwrap_or_default();
            println!("  not declared: {} {kind} {rule} {}", extra.entity.reference(), extra.path);
            *unlisted.entry(format!("{column}, {}", class(extra, "/spec/type"))).or_default() += 1;
        }
    }
}

/// Whoever is called the same, or lies in the same folder; the only one of the repository if there is only one.
fn matching(truth: &DescriptorEntity, found: &[&CatalogEntity], beside: usize, wanted: usize) -> Option<usize> {
    let folder = folder(&truth.file);
    let named =
        found.iter().position(|entity| entity.entity.metadata.name.eq_ignore_ascii_case(&truth.entity.metadata.name));
    let placed = || found.iter().position(|entity| entity.path == folder).filter(|_| beside == 1);
    named.or_else(placed).or_else(|| (found.len() == 1 && wanted == 1).then_some(0))
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What inference may conclude, of components and of APIs.
const LADDER: [&str; 14] = [
    "service",
    "library",
    "website",
    "cli",
    "job",
    "infrastructure",
    "documentation",
    "template",
    "gateway",
    "resource",
    "openapi",
    "asyncapi",
    "grpc",
    "graphql",
];

/// Words that people use for one thing.
fn meaning(kind: &str) -> &str {
    match kind {
        "plugin" | "package" | "sdk" | "common-library" | "module" | "framework" | "action" | "github-action" => {
            "library"
        }
        _ if kind.ends_with("-plugin") || kind.ends_with("-library") => "library",
        "tool" | "command-line" | "command-line-tool" => "cli",
        "frontend" | "backstage-frontend" | "webapp" | "web" | "spa" | "ui" => "website",
        "backend" | "backstage-backend" | "api" | "microservice" => "service",
        "terraform" | "terraform-module" | "iac" | "terraform-provider" => "infrastructure",
        "docs" => "documentation",
        other => other,
    }
}

fn class(entity: &CatalogEntity, pointer: &str) -> &'static str {
    let said = entity.evidence.get(pointer).map(|evidence| evidence.confidence);
    let guessed = entity.guesses.iter().any(|guess| guess.field == pointer);
    match said {
        Some(Confidence::Guess) | None if guessed => "guess",
        Some(Confidence::Corroborated) => "corroborated",
        Some(Confidence::Declared) => "declared",
        _ => "unknown",
    }
}

fn fields(truth: &DescriptorEntity, found: &CatalogEntity, id: &str, scores: &mut BTreeMap<&'static str, Score>) {
    let (entity, own) = (&truth.entity, &found.entity);
    let called = format!("{id}: {} for {}", own.metadata.name, entity.metadata.name);
    let (wanted, said) = (entity.metadata.name.to_lowercase(), own.metadata.name.to_lowercase());
    // The scope of a package says whose it is; some leave it out of the name.
    let is_scope = |rest: &str| rest.ends_with('-') && !rest[..rest.len() - 1].contains('-');
    let is_meant = said.strip_suffix(&wanted).is_some_and(|rest| rest.is_empty() || is_scope(rest));
    // A name is given, not concluded: it stands whatever people would rather say.
    for (field, is_right) in [("name", wanted == said), ("name, meant", is_meant)] {
        let name = scores.entry(field).or_default();
        name.declared.insert(called.clone());
        name.say("given", is_right, called.clone());
    }
    for field in ["type", "owner", "lifecycle"] {
        // A dash says nothing.
        let is_word = |value: &&str| value.contains(char::is_alphanumeric);
        let Some(wanted) = entity.spec_str(field).filter(is_word) else { continue };
        scores.entry(field).or_default().declared.insert(format!("{id} {wanted}"));
        let pointer = format!("/spec/{field}");
        let guess = found.guesses.iter().find(|guess| guess.field == pointer).map(|guess| guess.value.as_str());
        let said = own.spec_str(field).filter(|value| *value != "unknown");
        let (class, value) = match (said, guess) {
            (Some(said), _) => (class(found, &pointer), said),
            (None, Some(guess)) => ("guess", guess),
            (None, None) => continue,
        };
        let rule = found.evidence.get(&pointer).map_or("guess", |evidence| &evidence.rule);
        let what = format!("{id}: {value} for {wanted} ({rule})");
        let (wanted, value) = (leaf(wanted), leaf(value));
        scores.entry(field).or_default().say(class, wanted == value, what.clone());
        // Words that mean no type of the ladder can be neither met nor missed.
        if field == "type" && LADDER.contains(&meaning(&wanted)) {
            let score = scores.entry("type, meant").or_default();
            score.declared.insert(format!("{id} {wanted}"));
            score.say(class, meaning(&wanted) == meaning(&value), what);
        }
    }
    for field in ["dependsOn", "providesApis", "consumesApis"] {
        let list = |entity: &model::Entity| -> Vec<String> {
            let items = entity.spec.get(field).and_then(|items| items.as_array()).cloned().unwrap_or_default();
            items.iter().filter_map(|item| item.as_str()).map(leaf).collect()
        };
        let (wanted, said) = (list(entity), list(own));
        let score = scores.entry("relations").or_default();
        score.declared.extend(wanted.iter().map(|one| format!("{id} {} {field} {one}", entity.metadata.name)));
        // Descriptors list what their writers thought of: another that the files name is no mistake, but has to be looked
        // at by a person, and is listed for that.
        for (at, one) in said.into_iter().enumerate() {
            let evidence = found.evidence.get(&format!("/spec/{field}/{at}"));
            let place = evidence.and_then(|evidence| Some((evidence.file.as_deref()?, evidence.line.unwrap_or(0))));
            let (file, line) = place.unwrap_or_default();
            let why = evidence.map_or("", |evidence| &evidence.why);
            let what = format!("{id}: {} {field} {one}: {why} ({file}:{line})", entity.metadata.name);
            if wanted.contains(&one) {
                score.say("corroborated", true, what);
            } else {
                println!("  relation not declared: {what}");
            }
        }
    }
}

fn leaf(text: &str) -> String {
    text.rsplit([':', '/']).next().unwrap_or(text).to_lowercase()
}

fn print(scores: &BTreeMap<&str, Score>, unlisted: &BTreeMap<String, usize>, repositories: usize) {
    println!("\n{repositories} repositories");
    println!(
        "{:12} {:13} {:>9} {:>6} {:>6} {:>10} {:>9}",
        "field", "confidence", "declared", "said", "right", "precision", "coverage"
    );
    for (field, score) in scores {
        for class in ["corroborated", "guess", "given", "unknown"] {
            let right = score.right.get(class).map_or(0, BTreeSet::len);
            let said = right + score.wrong.get(class).map_or(0, BTreeSet::len);
            if said == 0 {
                continue;
            }
            let percent = |part: usize, of: usize| format!("{:.0} %", 100.0 * part as f64 / of.max(1) as f64);
            println!(
                "{field:12} {class:13} {:>9} {said:>6} {right:>6} {:>10} {:>9}",
                score.declared.len(),
                percent(right, said),
                percent(right, score.declared.len())
            );
        }
    }
    println!("not declared, though inferred: {unlisted:?}");
    for (field, score) in scores {
        for wrong in score.wrong.iter().flat_map(|(class, list)| list.iter().map(move |text| (class, text))) {
            println!("wrong {field} {}: {}", wrong.0, wrong.1);
        }
        for right in score.right.iter().flat_map(|(class, list)| list.iter().map(move |text| (class, text))) {
            println!("right {field} {}: {}", right.0, right.1);
        }
    }
}
