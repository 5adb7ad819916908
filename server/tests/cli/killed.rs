//! Launches at a portal that is killed at any moment, and started again: each ends, and nothing is there twice or left over.
//! `SLIPWAY_TEST_KILLS` says how often; ten times without it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use fake_forge::{Fake, Profile};
use serde_json::{Value, json};

use super::templates::commit;
use super::{GOOD, Serving, git, slipway};

const QUESTIONS: &str = r#"{"slug": "dinghy"}"#;
/// How long after a launch, or after a start, it lives at most; a launch takes about 200 ms.
const LONGEST_LIFE: u64 = 400;
/// Why a run fails that is always begun again.
const GIVEN_UP: &str = "It was started too often";
const PATIENCE: Duration = Duration::from_secs(120);

fn kills() -> u64 {
    std::env::var("SLIPWAY_TEST_KILLS").map_or(10, |text| text.parse().expect("SLIPWAY_TEST_KILLS is a number"))
}

/// The same moments in each run of the test, spread evenly.
fn life(round: u64) -> Duration {
    Duration::from_millis(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) % LONGEST_LIFE)
}

/// A folder with a template and a configuration of where projects are made.
fn prepare(folder: &Path, destination: &str) {
    let template = folder.join("work/boat");
    std::fs::create_dir_all(template.join("{{cookiecutter.slug}}")).unwrap();
    std::fs::write(template.join("cookiecutter.json"), QUESTIONS).unwrap();
    std::fs::write(template.join("{{cookiecutter.slug}}/README.md"), "# {{ cookiecutter.slug }}\n").unwrap();
    let descriptor = GOOD.replace("berths", "{{ cookiecutter.slug }}");
    std::fs::write(template.join("{{cookiecutter.slug}}/catalog-info.yaml"), descriptor).unwrap();
    git(&template, &["init", "--quiet"]);
    commit(&template, "First");
    std::fs::write(folder.join("slipway.toml"), destination).unwrap();
}

fn launch(serving: &Serving, round: u64) -> Option<String> {
    let body = json!({"template": "template:default/boat", "answers": {"slug": name(round)}}).to_string();
    let head =
        format!("POST /api/v1/runs HTTP/1.1\r\ncontent-type: application/json\r\nidempotency-key: round-{round}");
    let answer = serving.try_send(&head, &body).ok()?;
    let detail: Value = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
    Some(detail["run"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned())
}

fn name(round: u64) -> String {
    format!("boat-{round}")
}

/// Kills it again and again, once in a life; then lets each launch come to its end. Gives the state of each by its name.
fn survive(folder: &Path, environment: &[(&str, &str)]) -> BTreeMap<String, String> {
    let start = || {
        let mut command = slipway(folder, &["serve", "--source", "work", "--listen", "127.0.0.1:0"]);
        Serving::of(command.envs(environment.iter().copied()))
    };
    let serving = start();
    serving.wait_for("/api/v1/templates/default/boat");
    drop(serving);
    for round in 0..kills() {
        let serving = start();
        let killer = serving.killer(life(round));
        if let Some(id) = launch(&serving, round)
            && round % 3 == 2
        {
            std::thread::sleep(life(round + 1) / 2);
            // Whether it is still there to hear it is chance, as is whether it can still be cancelled.
            let _ = serving
                .try_send(&format!("POST /api/v1/runs/{id}/cancel HTTP/1.1\r\ncontent-type: application/json"), "");
        }
        killer.join().unwrap();
    }
    let serving = start();
    let (mut ended, mut retried) = (BTreeMap::new(), 0);
    for round in 0..kills() {
        let id = launch(&serving, round).expect("it stays");
        let began = Instant::now();
        let state = loop {
            let detail = serving.json(&format!("/api/v1/runs/{id}"));
            let (state, stopping) = (detail["run"]["state"].as_str().unwrap(), detail["run"]["stopping"] == true);
            if state == "failed" && detail["run"]["reason"].as_str().unwrap().starts_with(GIVEN_UP) {
                // What dies with its portal so often is left to a person, who goes on where it stands.
                retried += 1;
                serving.send(&format!("POST /api/v1/runs/{id}/retry HTTP/1.1\r\ncontent-type: application/json"), "");
            } else if ["done", "failed", "cancelled"].contains(&state) && !stopping {
                check(&detail);
                break state.to_owned();
            }
            assert!(began.elapsed() < PATIENCE, "{detail:#}");
            std::thread::sleep(Duration::from_millis(20));
        };
        ended.insert(name(round), state);
    }
    let count = |state: &str| ended.values().filter(|found| *found == state).count();
    let (done, cancelled) = (count("done"), count("cancelled"));
    eprintln!("killed {} times: {done} done, {retried} of them after another try, {cancelled} cancelled", kills());
    assert_eq!(count("failed"), 0, "{ended:?}");
    let components = serving.json("/api/v1/catalog?kind=component");
    assert_eq!(components["total"], done, "{components:#}");
    drop(serving);
    assert_eq!(names(&folder.join("data/runs")), Vec::<String>::new());
    ended
}

/// A run that is done made one thing, and one that was cancelled has none any more.
fn check(detail: &Value) {
    let effects: Vec<&str> =
        detail["effects"].as_array().unwrap().iter().map(|effect| effect["state"].as_str().unwrap()).collect();
    match detail["run"]["state"].as_str() {
        Some("done") => {
            assert_eq!(effects.iter().filter(|state| **state == "made").count(), 1, "{detail:#}");
            assert!(effects.iter().all(|state| ["made", "void"].contains(state)), "{detail:#}");
            assert!(detail["run"]["entity"].is_string(), "{detail:#}");
        }
        _ => assert!(effects.iter().all(|state| ["undone", "void"].contains(state)), "{detail:#}"),
    }
}

/// What a folder holds; one that is not there holds nothing.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// One commit, and nothing broken.
fn is_whole(repository: &Path) {
    git(repository, &["fsck", "--strict", "--no-progress"]);
    let count = Command::new("git").args(["rev-list", "--count", "--all"]).current_dir(repository).output().unwrap();
    assert_eq!(String::from_utf8(count.stdout).unwrap(), "1\n", "{}", repository.display());
}

#[test]
fn launches_into_a_folder_survive_kills_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path(), "[[source]]\nname = \"made\"\nkind = \"folder\"\npath = \"made\"\nlaunch = true\n");
    let ended = survive(folder.path(), &[]);
    let made = folder.path().join("made");
    let done: Vec<String> =
        ended.iter().filter(|(_, state)| *state == "done").map(|(name, _)| format!("{name}.git")).collect();
    let there = names(&made);
    assert_eq!(there, done);
    there.iter().for_each(|name| is_whole(&made.join(name)));
}

#[test]
fn launches_at_github_survive_kills_at_any_moment() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fake = runtime.block_on(Fake::start(Profile::Enterprise)).unwrap();
    fake.state().add_token("ghp_full", "slipway-bot", &["repo", "read:org", "delete_repo"]);
    let id = fake.state().add_repository("acme", "shop");
    fake.state().add_git(id, &[("README.md", "# Shop\n")]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = format!(
        "[[source]]\nname = \"acme\"\nkind = \"github\"\norganisation = \"acme\"\nurl = \"{}\"\ntoken-env = \"FORGE_TOKEN\"\nlaunch = true\n",
        fake.origin()
    );
    prepare(folder.path(), &source);
    let ended = survive(folder.path(), &[("FORGE_TOKEN", "ghp_full")]);
    let done: Vec<&String> = ended.iter().filter(|(_, state)| *state == "done").map(|(name, _)| name).collect();
    let state = fake.state();
    let mut there: Vec<&String> =
        state.repositories.values().map(|found| &found.name).filter(|name| *name != "shop").collect();
    there.sort();
    assert_eq!(there, done);
    let made = state.repositories.values().filter(|found| found.name != "shop");
    made.for_each(|found| is_whole(found.git.as_deref().unwrap()));
}
