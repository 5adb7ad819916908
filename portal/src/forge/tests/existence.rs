//! Gone is only what says so by its own id, while our standing is the same.

use std::collections::BTreeSet;

use fake_forge::{APP_ID, APP_KEY, Fault, Member as FakeMember, Profile, Visibility};

use super::*;

#[tokio::test]
async fn there_with_its_new_name_or_gone() {
    let (fake, forge) = acme(Profile::GitHub, 3).await;
    let owner = FakeMember { id: 7, login: "ada".to_owned(), admin: true };
    fake.state().organisations.get_mut("acme").unwrap().members.push(owner);
    fake.state().add_repository("other", "elsewhere");
    let standing = forge.standing("acme").await.unwrap();

    fake.state().move_repository(1_000, "acme", "renamed");
    fake.state().move_repository(1_001, "other", "transferred");
    for (id, name) in [(1_000, "acme/renamed"), (1_001, "other/transferred"), (1_002, "acme/service-002")] {
        let Existence::There(repository) = forge.exists(id, "acme", &standing).await else { panic!("{id}") };
        assert_eq!(repository.full_name, name);
    }
    // By its former name too.
    assert_eq!(forge.repository("acme", "service-000").await.unwrap().full_name, "acme/renamed");
    assert_eq!(forge.repository("acme", "service-001").await.unwrap().owner, "other");

    fake.state().repositories.remove(&1_002);
    assert_eq!(forge.exists(1_002, "acme", &standing).await, Existence::Gone);
    assert!(matches!(forge.repository("acme", "service-002").await, Err(Error::NotFound { .. })));

    // Deleted and made again under the same name: another repository.
    let again = fake.state().add_repository("acme", "service-002");
    assert_ne!(again, 1_002);
    assert_eq!(forge.exists(1_002, "acme", &standing).await, Existence::Gone);
    assert_eq!(forge.repository("acme", "service-002").await.unwrap().id, again);
}

#[tokio::test]
async fn refusals_and_faults_say_nothing() {
    let (fake, mut settings) = acme_settings(Profile::GitHub, 1).await;
    settings.pace.attempts = 2;
    let forge = Forge::new(&settings).unwrap();
    let standing = forge.standing("acme").await.unwrap();
    let faults = [
        Fault::ServerError,
        Fault::BadCredentials,
        Fault::SingleSignOn,
        Fault::Silence { milliseconds: 1_000 },
        Fault::SecondaryLimit { retry_after: Some(3_000) },
        Fault::Reset,
        Fault::TruncatedJson,
    ];
    for fault in faults {
        fake.break_next("/repositories/1000", fault.clone(), 5);
        let existence = forge.exists(1_000, "acme", &standing).await;
        assert!(matches!(existence, Existence::Unknown(Unclear::NoAnswer(_))), "{fault:?}: {existence:?}");
        fake.state().clear_faults();
    }
    // The forge says 404, and then does not say who we are.
    fake.state().repositories.clear();
    fake.break_next("/user", Fault::ServerError, 5);
    assert!(matches!(forge.exists(1_000, "acme", &standing).await, Existence::Unknown(Unclear::NoAnswer(_))));
}

#[tokio::test]
async fn what_we_may_not_see_any_more_is_not_gone() {
    let (fake, forge) = acme(Profile::GitHub, 1).await;
    let ada = FakeMember { id: 7, login: "ada".to_owned(), admin: false };
    fake.state().repositories.get_mut(&1_000).unwrap().visibility = Visibility::Private;
    fake.state().organisations.get_mut("acme").unwrap().members.push(ada);
    let standing = forge.standing("acme").await.unwrap();
    assert!(matches!(forge.exists(1_000, "acme", &standing).await, Existence::There(_)));

    // A scope was taken from the token.
    fake.state().add_token("ghp_full", "ada", &["read:org"]);
    assert_eq!(forge.exists(1_000, "acme", &standing).await, Existence::Unknown(Unclear::StandingChanged));
    fake.state().add_token("ghp_full", "ada", &["repo", "read:org"]);

    // The person left the organisation.
    fake.state().organisations.get_mut("acme").unwrap().members.clear();
    fake.state().tokens.get_mut("ghp_full").unwrap().private = false;
    assert_eq!(forge.exists(1_000, "acme", &standing).await, Existence::Unknown(Unclear::StandingChanged));

    // A team that saw it is ada's no more, and nothing else of her standing has changed.
    fake.state().add_token("ghp_full", "ada", &["repo", "read:org"]);
    let ada = FakeMember { id: 7, login: "ada".to_owned(), admin: false };
    fake.state().organisations.get_mut("acme").unwrap().members.push(ada);
    fake.state().tokens.get_mut("ghp_full").unwrap().selected = Some(BTreeSet::new());
    assert_eq!(forge.exists(1_000, "acme", &standing).await, Existence::Unknown(Unclear::NotEverything));
    // A fine-grained token does not tell what it may see, also an owner's.
    fake.state().organisations.get_mut("acme").unwrap().members[0].admin = true;
    fake.state().tokens.get_mut("ghp_full").unwrap().scopes = None;
    let narrowed = forge.standing("acme").await.unwrap();
    assert_eq!(forge.exists(1_000, "acme", &narrowed).await, Existence::Unknown(Unclear::NotEverything));

    // The token was revoked.
    fake.state().tokens.clear();
    let existence = forge.exists(1_000, "acme", &standing).await;
    assert!(matches!(existence, Existence::Unknown(Unclear::NoAnswer(Error::Unauthorized { .. }))), "{existence:?}");
}

#[tokio::test]
async fn a_narrowed_app_cannot_tell() {
    let (fake, settings) = acme_settings(Profile::GitHub, 2).await;
    fake.state().add_installation(77, "acme", &[("metadata", "read")]);
    let app = App { id: APP_ID.to_owned(), key: Secret::new(APP_KEY), account: "acme".to_owned() };
    let forge = Forge::new(&ForgeSettings { authentication: Authentication::App(app), ..settings }).unwrap();
    let standing = forge.standing("acme").await.unwrap();
    fake.state().repositories.remove(&1_000);
    assert_eq!(forge.exists(1_000, "acme", &standing).await, Existence::Gone);

    // Narrowed since the token was made: the token's own copy of the selection is old.
    let chosen = BTreeSet::from([1_000]);
    fake.state().installations.get_mut(&77).unwrap().selected = Some(chosen.clone());
    fake.state().tokens.values_mut().for_each(|token| token.selected = Some(chosen.clone()));
    assert_eq!(forge.exists(1_001, "acme", &standing).await, Existence::Unknown(Unclear::SelectedRepositories));
    // Nor was it ever able to.
    let narrow = forge.standing("acme").await.unwrap();
    assert_eq!(forge.exists(1_001, "acme", &narrow).await, Existence::Unknown(Unclear::SelectedRepositories));
}
