//! Looks at repositories that somebody names: `SLIPWAY_REPOSITORIES=/a:/b cargo test -p engine-repo -- --ignored real
//! --nocapture` prints what is known of each, to be compared with what git says.

use std::path::Path;
use std::time::{Duration, Instant};

use engine_repo::{FactOptions, FindLimits, Repository, SnapshotOptions, Tree, facts, find};

use crate::support::NOW;

#[test]
#[ignore = "needs SLIPWAY_REPOSITORIES"]
fn real_repositories_are_shown() {
    let named = std::env::var("SLIPWAY_REPOSITORIES").unwrap_or_default();
    for path in named.split(':').filter(|path| !path.is_empty()) {
        show(Path::new(path));
    }
}

/// How long a whole folder takes, one after the other: `SLIPWAY_FOLDER=/a`.
#[test]
#[ignore = "needs SLIPWAY_FOLDER"]
fn a_real_folder_is_read() {
    let Some(folder) = std::env::var_os("SLIPWAY_FOLDER") else { return };
    let start = Instant::now();
    let found = find(Path::new(&folder), &FindLimits::default()).unwrap().repositories;
    println!("{} found in {:?}", found.len(), start.elapsed());
    let start = Instant::now();
    for one in &found {
        Repository::open(&one.path).unwrap().fingerprint().unwrap();
    }
    println!("opened, fingerprints taken in {:?}", start.elapsed());
    let (mut files, mut commits, mut walking, mut gathering) = (0, 0, Duration::ZERO, Duration::ZERO);
    for one in &found {
        let start = Instant::now();
        let repository = Repository::open(&one.path).unwrap();
        let snapshot = repository.snapshot().unwrap();
        walking += start.elapsed();
        let start = Instant::now();
        let (facts, _) = facts(&repository, &snapshot, &FactOptions { now: NOW, ..FactOptions::default() });
        gathering += start.elapsed();
        files += snapshot.files().len();
        commits += facts.commits;
    }
    println!("{files} files read in {walking:?}, {commits} commits in {gathering:?}");
}

fn show(path: &Path) {
    let start = Instant::now();
    let repository = Repository::open(path).unwrap();
    let opened = start.elapsed();
    let start = Instant::now();
    repository.fingerprint().unwrap();
    let fingerprint = start.elapsed();
    let start = Instant::now();
    let snapshot = repository.snapshot().unwrap();
    let walked = start.elapsed();
    let start = Instant::now();
    let (facts, findings) = facts(&repository, &snapshot, &FactOptions { now: NOW, ..FactOptions::default() });
    let gathered = start.elapsed();
    let again = snapshot.scan_cache().map(|cache| {
        let start = Instant::now();
        repository.snapshot_with(&SnapshotOptions { previous: Some(cache), ..SnapshotOptions::default() }).unwrap();
        (start.elapsed(), serde_json::to_string(cache).unwrap().len())
    });
    println!("== {}", path.display());
    println!("open {opened:?}, fingerprint {fingerprint:?}, snapshot {walked:?}, facts {gathered:?}, again {again:?}");
    println!("head {:?}, {} commits, {:?}", facts.head, facts.commits, facts.first_commit);
    println!("people {} (last year {}, bots {})", facts.people.all_time, facts.people.last_year, facts.people.bots);
    println!("files {} {:?}", snapshot.files().len(), facts.files);
    for lines in facts.languages.iter().take(12) {
        println!(
            "  {:<20} {:>6} files {:>8} code {:>8} comments",
            lines.language, lines.files, lines.code, lines.comments
        );
    }
    let value = |fact: &Option<model::Fact<String>>| {
        fact.as_ref().map(|fact| {
            format!("{} ({} {:?}:{:?})", fact.value, fact.evidence.rule, fact.evidence.file, fact.evidence.line)
        })
    };
    println!("description {:?}\nlicence {:?}", value(&facts.description), value(&facts.licence));
    println!(
        "readme {:?}, codeowners {:?}, tags {} {:?}",
        facts.readme,
        facts.codeowners,
        facts.tag_count,
        facts.tags.first()
    );
    let lists = [
        ("ci", &facts.ci),
        ("manifests", &facts.manifests),
        ("containers", &facts.containers),
        ("charts", &facts.charts),
        ("compose", &facts.compose),
        ("apis", &facts.api_definitions),
        ("docs", &facts.docs),
    ];
    for (name, list) in lists {
        println!("{name} {} {:?}", list.len(), list.iter().take(12).map(|fact| &fact.value).collect::<Vec<_>>());
    }
    for one in facts.excluded.iter().take(40) {
        println!("  excluded {} ({}, {}) {}", one.path, one.class.as_str(), one.files, one.why);
    }
    for finding in findings.iter().take(20) {
        println!("  {} {} [{}] {}", finding.level.as_str(), finding.rule, finding.location(), finding.message);
    }
}
