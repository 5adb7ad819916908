//! The doctor against a forge in each state that it has to tell apart.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod kept;
mod others;
mod way;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use fake_forge::{APP_ID, APP_KEY, Fake, Fault, Profile, Visibility as At};
use model::Visibility;
use tempfile::TempDir;

use super::*;
use crate::clock::Clock;
use crate::git::Secret;
use crate::git::testing::GitHost;
use crate::settings::{GitHubLogin, GitHubOwner, GitHubSettings, Password};

/// Short, so that what hangs does not hold the tests up.
const LIMITS: Limits =
    Limits { step: Duration::from_secs(1), each: Duration::from_secs(4), all: Duration::from_secs(8) };

const TOKEN: &str = "ghp_full";

/// An organisation with one private and one public repository, whose token may read everything.
async fn acme() -> (Fake, GitHost) {
    let (fake, host) = (Fake::start(Profile::Enterprise).await.unwrap(), GitHost::with(&["orders", "site"]));
    host.require("x-access-token", TOKEN);
    fake.state().add_token(TOKEN, "ada", &["repo", "read:org"]);
    for name in ["orders", "site"] {
        let id = fake.state().add_repository("acme", name);
        let mut state = fake.state();
        let repository = state.repositories.get_mut(&id).unwrap();
        repository.clone_url = Some(host.url(name));
        repository.visibility = if name == "orders" { At::Private } else { At::Public };
    }
    (fake, host)
}

fn with_token(fake: &Fake, token: &str) -> GitHubSettings {
    let login = GitHubLogin::Token(Password::Known(Secret::new(token)));
    let owner = GitHubOwner::Organisation("acme".to_owned());
    GitHubSettings { url: Some(fake.origin().to_owned()), login, ..GitHubSettings::new(owner) }
}

fn with_app(fake: &Fake) -> GitHubSettings {
    static KEY: OnceLock<TempDir> = OnceLock::new();
    let folder = KEY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key.pem"), APP_KEY).unwrap();
        folder
    });
    let login = GitHubLogin::App { id: APP_ID.to_owned(), key: folder.path().join("key.pem") };
    GitHubSettings { login, ..with_token(fake, TOKEN) }
}

fn source(name: &str, kind: SourceKind) -> SourceSettings {
    SourceSettings::new(name, kind, Visibility::Public)
}

fn settings(data: &Path, sources: Vec<SourceSettings>) -> Settings {
    Settings { sources, ..Settings::new(data) }
}

async fn look(github: GitHubSettings) -> Report {
    look_from(github, None).await
}

async fn look_from(github: GitHubSettings, public_url: Option<&str>) -> Report {
    let data = tempfile::tempdir().unwrap();
    let mut settings = settings(data.path(), vec![source("acme", SourceKind::GitHub(github))]);
    settings.public_url = public_url.map(str::to_owned);
    let mut reports = examine(&settings, Some("acme"), None, &LIMITS).await.unwrap();
    assert_eq!(reports.len(), 1);
    let report = reports.remove(0);
    let told = format!("{report:?}{}", serde_json::to_string(&report).unwrap());
    assert!(!told.contains(TOKEN) && !told.contains("s3cret") && !told.contains("BEGIN RSA"), "{told}");
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "nothing is left behind");
    report
}

fn of<'a>(report: &'a Report, feature: &str) -> &'a Check {
    let mut found = report.checks.iter().filter(|check| check.feature == feature);
    let check = found.next().unwrap_or_else(|| panic!("no {feature} in {report:#?}"));
    assert!(found.next().is_none(), "{feature} stands there twice: {report:#?}");
    check
}

/// Features in this state, in the order in which they are shown.
fn features(report: &Report, state: State) -> Vec<&str> {
    report.checks.iter().filter(|check| check.state == state).map(|check| check.feature.as_str()).collect()
}

#[tokio::test]
async fn a_token_that_may_all_is_well() {
    let (fake, _host) = acme().await;
    let report = look(with_token(&fake, TOKEN)).await;
    assert_eq!(report.verdict(), Verdict::Yes, "{report:#?}");
    assert_eq!(features(&report, State::Missing), Vec::<&str>::new());
    let expected =
        ["list-repositories", "clone", "teams", "members", "custom-properties", "readers", "write-contents", "api"];
    for feature in expected {
        assert_eq!(of(&report, feature).state, State::Ok, "{feature}: {report:#?}");
    }
    assert_eq!(of(&report, "api").found, "GitHub Enterprise Server 3.19.0 answers.");
    assert_eq!(of(&report, "credentials").found, "A classic token of ada with repo, read:org.");
    // With the credentials of the source, and the private one, which proves more.
    assert_eq!(of(&report, "clone").found, "git reads acme/orders (1 branch).");
    assert_eq!(of(&report, "rate-limit").found, "The forge has no rate limit.");
    assert_eq!(of(&report, "proxy").state, State::NotApplicable);
    let hooks = of(&report, "manage-webhooks");
    assert_eq!((hooks.state, hooks.asked_for), (State::Off, false), "offered, not asked for");
    assert!(hooks.help.as_ref().unwrap().link.as_ref().unwrap().ends_with("/settings/tokens"));
}

#[tokio::test]
async fn nobody_sees_what_is_public_and_what_a_token_would_add() {
    let (fake, host) = acme().await;
    host.set(|state| state.authorization = None);
    let report = look(GitHubSettings { login: GitHubLogin::Nobody, ..with_token(&fake, TOKEN) }).await;
    assert_eq!(report.verdict(), Verdict::Yes, "{report:#?}");
    for feature in ["credentials", "list-repositories", "teams", "pull-requests", "check-runs"] {
        let check = of(&report, feature);
        assert_eq!(check.state, State::Off, "{check:?}");
        assert!(check.help.as_ref().unwrap().link.as_ref().unwrap().contains("/sources/github-app"), "{check:?}");
    }
    assert_eq!(of(&report, "clone").found, "git reads acme/site (1 branch).");
}

#[tokio::test]
async fn credentials_that_are_not_accepted_hide_what_depends_on_them_only() {
    let (fake, _host) = acme().await;
    fake.state().tokens.get_mut(TOKEN).unwrap().expires = Some(1_000);
    for token in ["ghp_mistyped", TOKEN] {
        let report = look(with_token(&fake, token)).await;
        assert_eq!((report.verdict(), features(&report, State::Missing)), (Verdict::No, vec!["credentials"]));
        assert_eq!(of(&report, "api").state, State::Ok);
        for feature in ["clone", "teams", "list-repositories"] {
            assert_eq!(of(&report, feature).found, "Not looked at, since we are nobody there.", "{report:#?}");
        }
    }
    let unreadable = GitHubLogin::Token(Password::File("/nonexistent/token".into()));
    let report = look(GitHubSettings { login: unreadable, ..with_token(&fake, TOKEN) }).await;
    let check = of(&report, "credentials");
    assert!(check.found.starts_with("/nonexistent/token cannot be read"), "{check:?}");
    assert_eq!(check.help.as_ref().unwrap().command.as_deref(), Some("ls -l /nonexistent/token"));
    assert_eq!(of(&report, "connection").state, State::Ok, "whether the forge is there is told all the same");
}

#[tokio::test]
async fn each_scope_that_is_lacking_is_named_with_the_place_to_give_it() {
    let (fake, host) = acme().await;
    fake.state().add_token(TOKEN, "ada", &["repo"]);
    let report = look(with_token(&fake, TOKEN)).await;
    assert_eq!(features(&report, State::Missing), ["teams", "members"]);
    let help = of(&report, "teams").help.clone().unwrap();
    assert_eq!(help.link, Some(format!("{}/settings/tokens", fake.origin())));
    assert!(help.text.contains("tick read:org"), "{help:?}");

    fake.state().add_token(TOKEN, "ada", &["read:org"]);
    host.set(|state| state.authorization = None);
    let report = look(with_token(&fake, TOKEN)).await;
    assert_eq!(features(&report, State::Missing), ["list-repositories"]);
    assert_eq!(of(&report, "list-repositories").found, "1 repository is seen: public.");
}

#[tokio::test]
async fn a_token_that_ends_soon_is_told_about() {
    let (fake, _host) = acme().await;
    let in_days = |days: i64| Some(Clock::System.now() / 1_000 + days * 86_400 + 60);
    fake.state().tokens.get_mut(TOKEN).unwrap().expires = in_days(5);
    let report = look(with_token(&fake, TOKEN)).await;
    assert_eq!(features(&report, State::Missing), ["token-end"]);
    assert!(of(&report, "token-end").found.ends_with("in 5 days."), "{report:#?}");
    fake.state().tokens.get_mut(TOKEN).unwrap().expires = in_days(90);
    assert_eq!(of(&look(with_token(&fake, TOKEN)).await, "token-end").state, State::Ok);
}

#[tokio::test]
async fn single_sign_on_leads_to_where_the_token_is_authorised() {
    let (fake, _host) = acme().await;
    fake.break_next("/orgs/acme/repos", Fault::SingleSignOn, 1);
    let report = look(with_token(&fake, TOKEN)).await;
    assert!(features(&report, State::Missing).starts_with(&["single-sign-on"]), "{report:#?}");
    let link = of(&report, "single-sign-on").help.clone().unwrap().link.unwrap();
    assert_eq!(link, "https://github.com/orgs/acme/sso?authorization_request=A");

    fake.break_next("/orgs/acme/repos", Fault::PartialResults { organisations: vec![1] }, 1);
    let report = look(with_token(&fake, TOKEN)).await;
    assert_eq!(features(&report, State::Missing), ["single-sign-on"]);
}

#[tokio::test]
async fn an_app_is_looked_at_as_it_is_now() {
    let (fake, host) = acme().await;
    host.set(|state| state.authorization = None);
    let install = |permissions: &[(&str, &str)]| fake.state().add_installation(77, "acme", permissions);
    install(&[("metadata", "read"), ("contents", "read")]);
    let report = look(with_app(&fake)).await;
    assert_eq!(features(&report, State::Missing), ["teams", "members"]);
    let link = of(&report, "teams").help.clone().unwrap().link.unwrap();
    assert_eq!(link, format!("{}/organizations/acme/settings/apps/slipway/permissions", fake.origin()));
    assert_eq!(of(&report, "credentials").found, "The GitHub App slipway.");
    assert_eq!(of(&report, "installation").found, "Installed at acme for all repositories.");
    assert_eq!(of(&report, "webhook").state, State::Off);
    assert_eq!(of(&report, "write-contents").state, State::Off, "reading only is how it begins");

    install(&[("metadata", "read"), ("contents", "write"), ("members", "read"), ("pull_requests", "write")]);
    fake.state().installations.get_mut(&77).unwrap().selected = Some(BTreeSet::from([1_000]));
    let report = look(with_app(&fake)).await;
    assert_eq!(report.verdict(), Verdict::Yes, "{report:#?}");
    assert!(of(&report, "installation").found.contains("for selected repositories"));
    assert_eq!(of(&report, "pull-requests").state, State::Ok);

    fake.state().installations.get_mut(&77).unwrap().suspended = true;
    let report = look(with_app(&fake)).await;
    assert_eq!(features(&report, State::Missing), ["installation"]);
    fake.state().installations.clear();
    let report = look(with_app(&fake)).await;
    let install = of(&report, "installation").help.clone().unwrap().link.unwrap();
    assert_eq!(install, format!("{}/github-apps/slipway/installations/new", fake.origin()));
    assert_eq!(of(&report, "clone").found, "Not looked at, since the App is not installed.");
}

#[tokio::test]
async fn a_webhook_is_followed_from_the_address_to_the_last_delivery() {
    let (fake, host) = acme().await;
    host.set(|state| state.authorization = None);
    let all = [("metadata", "read"), ("contents", "read"), ("members", "read")];
    fake.state().add_installation(77, "acme", &all);
    let states =
        |report: &Report| ["webhook-reach", "webhook", "webhook-deliveries"].map(|feature| of(report, feature).state);
    let app = |change: &dyn Fn(&mut fake_forge::App)| change(fake.state().apps.get_mut(&4_711).unwrap());
    app(&|app| app.hook_url = Some("https://203.0.113.9/webhooks/acme".to_owned()));
    let public = Some("https://203.0.113.9");
    let secret = Some(Password::Known(Secret::new("s3cret")));
    let with_secret = || GitHubSettings { webhook_secret: secret.clone(), ..with_app(&fake) };
    assert_eq!(states(&look_from(with_secret(), public).await), [State::Ok, State::Missing, State::Unknown]);

    app(&|app| app.hook_secret = Some("s3cret".to_owned()));
    let now = Clock::System.now() / 1_000;
    let delivery = |status_code: u16| fake_forge::Delivery {
        at: now - 120,
        event: "push".to_owned(),
        status: if status_code == 202 { "OK" } else { "failed to connect to host" }.to_owned(),
        status_code,
    };
    app(&|app| app.deliveries = vec![delivery(202), delivery(0)]);
    let report = look_from(with_secret(), public).await;
    assert_eq!(states(&report), [State::Ok; 3]);
    assert!(
        of(&report, "webhook-deliveries").found.starts_with("The last one, push 2 minutes ago, was answered with 202")
    );
    app(&|app| app.deliveries = vec![delivery(0)]);
    assert_eq!(states(&look_from(with_secret(), public).await), [State::Ok, State::Ok, State::Off]);
    // Its secret is not known here: nothing was asked for.
    let report = look_from(with_app(&fake), public).await;
    assert_eq!(states(&report), [State::Ok, State::Off, State::Off]);
    assert!(of(&report, "webhook").found.ends_with("deliveries are refused."), "{report:#?}");

    let near = look_from(with_secret(), Some("http://127.0.0.1:3000")).await;
    assert_eq!(states(&near), [State::Missing, State::Missing, State::Off]);
    assert!(of(&near, "webhook-reach").found.contains("this machine only"), "{near:#?}");
}

#[tokio::test]
async fn a_forge_that_is_not_well_is_told_apart_from_one_that_refuses() {
    let (fake, _host) = acme().await;
    fake.break_next("/", Fault::ServerError, 1_000);
    let report = look(with_token(&fake, TOKEN)).await;
    assert_eq!(features(&report, State::Missing), ["api"], "{report:#?}");
    assert_eq!(of(&report, "credentials").state, State::Unknown);
    fake.state().clear_faults();
    // One question fails, and no other with it.
    fake.break_next("/collaborators", Fault::ServerError, 1);
    let report = look(with_token(&fake, TOKEN)).await;
    assert_eq!((features(&report, State::Unknown), report.verdict()), (vec!["readers"], Verdict::Yes));
    fake.break_next("/orgs/acme/repos", Fault::TruncatedJson, 1);
    let report = look(with_token(&fake, TOKEN)).await;
    assert_eq!(report.verdict(), Verdict::Undecided, "{report:#?}");
}

#[tokio::test]
async fn what_hangs_takes_no_longer_than_it_may() {
    let (fake, _host) = acme().await;
    fake.break_next("/", Fault::Silence { milliseconds: 60_000 }, 1_000);
    let start = Instant::now();
    let report = look(with_token(&fake, TOKEN)).await;
    assert!(start.elapsed() < LIMITS.all + Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(features(&report, State::Missing), ["api"], "{report:#?}");
}
