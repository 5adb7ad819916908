//! The table of the doctor page.

use fake_forge::{APP_ID, APP_KEY, Fault, Profile, Visibility};

use super::*;
use crate::forge::permissions::{Feature, Permission, PermissionState};

fn granted(rows: &[Permission]) -> Vec<Feature> {
    rows.iter().filter(|row| row.state == PermissionState::Granted).map(|row| row.feature).collect()
}

fn of(rows: &[Permission], feature: Feature) -> &Permission {
    rows.iter().find(|row| row.feature == feature).unwrap()
}

#[tokio::test]
async fn a_classic_token_tells_its_scopes() {
    use Feature::{
        Clone, CustomProperties, ListRepositories, ManageWebhooks, Members, PullRequests, ReadPullRequests, Teams,
        WriteContents,
    };
    let (fake, forge) = acme(Profile::GitHub, 1).await;
    let table: [(&[&str], Vec<Feature>); 5] = [
        (&[], vec![]),
        (&["public_repo"], vec![ReadPullRequests, PullRequests, WriteContents]),
        (&["repo"], vec![ListRepositories, Clone, ReadPullRequests, PullRequests, WriteContents]),
        (&["write:org"], vec![Teams, Members, CustomProperties]),
        (&["admin:org_hook", "read:org"], vec![Teams, Members, CustomProperties, ManageWebhooks]),
    ];
    for (scopes, expected) in table {
        fake.state().add_token("ghp_full", "ada", scopes);
        let rows = forge.permissions("acme").await.unwrap();
        assert_eq!(granted(&rows), expected, "{scopes:?}");
        assert_eq!(rows.len(), 10);
    }
    let rows = forge.permissions("acme").await.unwrap();
    assert_eq!(of(&rows, Feature::Clone).needed, "repo, or contents: read");
    assert_eq!(of(&rows, Feature::CheckRuns).needed, "GitHub App with checks: write");
    assert_eq!(of(&rows, Feature::CheckRuns).state, PermissionState::Missing);
}

#[tokio::test]
async fn an_app_tells_its_permissions_as_they_are_now() {
    use Feature::{CheckRuns, Clone, ListRepositories, Members, ReadPullRequests, Teams, WriteContents};
    let (fake, settings) = acme_settings(Profile::GitHub, 1).await;
    fake.state().add_installation(77, "acme", &[("metadata", "read"), ("contents", "read")]);
    let app = App { id: APP_ID.to_owned(), key: Secret::new(APP_KEY), account: "acme".to_owned() };
    let forge = Forge::new(&ForgeSettings { authentication: Authentication::App(app), ..settings }).unwrap();
    assert_eq!(granted(&forge.permissions("acme").await.unwrap()), [ListRepositories, Clone]);

    let more = [
        ("metadata", "read"),
        ("contents", "write"),
        ("members", "read"),
        ("pull_requests", "read"),
        ("checks", "write"),
    ];
    fake.state().add_installation(77, "acme", &more);
    let rows = forge.permissions("acme").await.unwrap();
    assert_eq!(granted(&rows), [ListRepositories, Clone, Teams, Members, ReadPullRequests, WriteContents, CheckRuns]);
}

#[tokio::test]
async fn what_a_fine_grained_token_may_read_is_tried() {
    let (fake, mut settings) = acme_settings(Profile::GitHub, 1).await;
    settings.pace.attempts = 1;
    let forge = Forge::new(&settings).unwrap();
    {
        let mut state = fake.state();
        let token = state.tokens.get_mut("ghp_full").unwrap();
        token.scopes = None;
        token.private = false;
        state.repositories.get_mut(&1_000).unwrap().visibility = Visibility::Private;
    }
    fake.break_next("/properties", Fault::ServerError, 1);
    let rows = forge.permissions("acme").await.unwrap();
    assert!(matches!(of(&rows, Feature::ListRepositories).state, PermissionState::Unknown(_)));
    assert_eq!(of(&rows, Feature::Teams).state, PermissionState::Granted);
    assert!(matches!(of(&rows, Feature::CustomProperties).state, PermissionState::Unknown(_)));
    assert!(matches!(of(&rows, Feature::PullRequests).state, PermissionState::Unknown(_)));

    fake.state().tokens.get_mut("ghp_full").unwrap().private = true;
    fake.break_next("/teams", Fault::MissingPage, 2);
    let rows = forge.permissions("acme").await.unwrap();
    assert_eq!(of(&rows, Feature::ListRepositories).state, PermissionState::Granted);
    assert_eq!(of(&rows, Feature::Teams).state, PermissionState::Missing);
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_an_error_and_nobody_has_nothing() {
    let (fake, settings) = acme_settings(Profile::Enterprise, 1).await;
    fake.state().tokens.clear();
    let answer = Forge::new(&settings).unwrap().permissions("acme").await;
    assert!(matches!(answer, Err(Error::Unauthorized { .. })));
    let nobody = ForgeSettings { authentication: Authentication::Nobody, ..settings };
    assert!(granted(&Forge::new(&nobody).unwrap().permissions("acme").await.unwrap()).is_empty());
}
