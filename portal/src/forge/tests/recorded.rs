//! What GitHub once really answered: `recorded/` holds scenarios of npm's `@octokit/fixtures` (MIT, © 2017 Octokit
//! contributors), and `cargo xtask conformance` holds them against that package.

use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// One request of a scenario, and its answer.
#[derive(Deserialize)]
struct Step {
    method: String,
    path: String,
    status: u16,
    response: Value,
    headers: std::collections::BTreeMap<String, Value>,
}

/// A client whose forge answers as recorded: each step once, in the order of those with the same method and path.
async fn replayed(scenario: &str) -> Forge {
    let mut steps: Vec<Step> = serde_json::from_str(scenario).unwrap();
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", server.local_addr().unwrap());
    let mut settings = ForgeSettings::github(Authentication::Token(Secret::new("ghp_full"))).unwrap();
    settings.api = origin.parse().unwrap();
    settings.pace.attempts = 1;
    tokio::spawn(async move {
        loop {
            let (mut client, _) = server.accept().await.unwrap();
            let mut asked = vec![0; 16_384];
            let length = client.read(&mut asked).await.unwrap();
            let asked = String::from_utf8_lossy(&asked[..length]).into_owned();
            let answers = |step: &Step| asked.starts_with(&format!("{} {} ", step.method.to_uppercase(), step.path));
            let Some(at) = steps.iter().position(answers) else { panic!("nothing is recorded for {asked}") };
            let step = steps.remove(at);
            let body = if step.status == 204 { String::new() } else { step.response.to_string() };
            let mut answer = format!("HTTP/1.1 {} Recorded\r\n", step.status);
            for (name, value) in step.headers.iter().filter(|(name, _)| !NOT_REPLAYED.contains(&name.as_str())) {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                answer += &format!("{name}: {}\r\n", value.replace("https://api.github.com", &origin));
            }
            answer += &format!("connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            client.write_all(answer.as_bytes()).await.unwrap();
            client.shutdown().await.unwrap();
        }
    });
    Forge::new(&settings).unwrap()
}

/// They are of the connection that it came by.
const NOT_REPLAYED: [&str; 5] = ["connection", "content-length", "transfer-encoding", "content-encoding", "date"];

#[tokio::test]
async fn a_repository_is_what_was_recorded() {
    let forge = replayed(include_str!("recorded/get-repository.json")).await;
    let repository = forge.repository("octokit-fixture-org", "hello-world").await.unwrap();
    assert_eq!((repository.id, repository.full_name.as_str()), (1_000, "octokit-fixture-org/hello-world"));
    assert_eq!(repository.clone_url, "https://github.com/octokit-fixture-org/hello-world.git");
    assert_eq!(
        (repository.visibility, repository.default_branch.as_deref()),
        (ForgeVisibility::Public, Some("master"))
    );
    assert!(repository.pushed_at.is_some() && !repository.archived && !repository.fork);
}

#[tokio::test]
async fn a_former_name_leads_to_what_it_is_called_now() {
    let forge = replayed(include_str!("recorded/rename-repository.json")).await;
    let repository = forge.repository("octokit-fixture-org", "rename-repository").await.unwrap();
    assert_eq!((repository.id, repository.name.as_str()), (1_000, "rename-repository-newname"));
    assert_eq!(forge.calls().sent, 2);
}

#[tokio::test]
async fn what_every_member_may_do_is_read_from_the_organisation() {
    let forge = replayed(include_str!("recorded/get-organization.json")).await;
    assert_eq!(forge.base_permission("octokit-fixture-org").await.unwrap(), Some(Role::Read));
}

#[tokio::test]
async fn a_branch_is_made_moved_and_removed_as_recorded() {
    let forge = replayed(include_str!("recorded/git-refs.json")).await;
    let (repository, commit) = ("octokit-fixture-org/git-refs", "0000000000000000000000000000000000000001");
    forge.create_branch(repository, "test", commit).await.unwrap();
    forge.move_branch(repository, "test", commit).await.unwrap();
    forge.delete_branch(repository, "test").await.unwrap();
}
