//! A GitHub App: the JWT, the installation, and tokens that are renewed.

use std::collections::BTreeSet;

use fake_forge::{APP_ID, APP_KEY, Fake, Fault, Profile};

use super::*;

async fn app(repositories: usize) -> (Fake, ForgeSettings) {
    let (fake, settings) = acme_settings(Profile::GitHub, repositories).await;
    fake.state().add_installation(77, "acme", &[("metadata", "read"), ("contents", "read"), ("members", "read")]);
    let app = App { id: APP_ID.to_owned(), key: Secret::new(APP_KEY), account: "acme".to_owned() };
    (fake, ForgeSettings { authentication: Authentication::App(app), ..settings })
}

async fn list_installation(forge: &Forge) -> Result<Listing<ForgeRepository>> {
    forge.repositories(&Scope::Installation, &Filter::default(), &mut Cache::default()).await
}

#[tokio::test]
async fn an_app_lists_what_its_installation_sees() {
    let (_fake, settings) = app(120).await;
    let forge = Forge::new(&settings).unwrap();
    let listing = list_installation(&forge).await.unwrap();
    assert_eq!(listing.entries.len(), 120);
    assert_eq!(listing.coverage, Coverage::Complete);
    let installation = forge.installation().await.unwrap().unwrap();
    assert_eq!((installation.id, installation.selected_only), (77, false));
    assert_eq!(installation.permissions["contents"], "read");
    // The installation, its token, two pages.
    assert_eq!(forge.calls().sent, 4);
}

#[tokio::test]
async fn a_token_is_shared_and_renewed_before_it_ends() {
    let (fake, settings) = app(1).await;
    let forge = Forge::new(&settings).unwrap();
    let (first, again) = tokio::join!(forge.credentials(), forge.credentials());
    let (first, again) = (first.unwrap().unwrap(), again.unwrap().unwrap());
    assert_eq!(first.username, "x-access-token");
    assert_eq!(first.password, again.password);
    assert_eq!(first.until, Some(NOW + 3_600_000));
    assert_eq!(fake.state().tokens_made, 1);

    settings.clock.advance(54 * 60 * 1_000);
    assert_eq!(forge.credentials().await.unwrap().unwrap().password, first.password);
    settings.clock.advance(60 * 1_000);
    let renewed = forge.credentials().await.unwrap().unwrap();
    assert_ne!(renewed.password, first.password);
    assert_eq!(renewed.until, Some(NOW + 55 * 60 * 1_000 + 3_600_000));
    assert_eq!(fake.state().tokens_made, 2);
}

#[tokio::test]
async fn a_revoked_token_is_replaced_once() {
    let (fake, settings) = app(2).await;
    let forge = Forge::new(&settings).unwrap();
    list_installation(&forge).await.unwrap();
    fake.state().tokens.clear();
    assert_eq!(list_installation(&forge).await.unwrap().entries.len(), 2);
    assert_eq!(fake.state().tokens_made, 2);

    fake.break_next("/installation/repositories", Fault::BadCredentials, 100);
    assert!(matches!(list_installation(&forge).await, Err(Error::Unauthorized { .. })));
    assert_eq!(fake.state().tokens_made, 3);
}

#[tokio::test]
async fn an_app_for_selected_repositories_never_lists_all() {
    let (fake, settings) = app(3).await;
    fake.state().installations.get_mut(&77).unwrap().selected = Some(BTreeSet::from([1_001]));
    let listing = list_installation(&Forge::new(&settings).unwrap()).await.unwrap();
    assert_eq!(names(&listing), ["service-001"]);
    assert_eq!(listing.coverage, Coverage::Partial(vec![Narrowed::SelectedRepositories]));
}

#[tokio::test]
async fn a_count_that_differs_narrows() {
    let (fake, settings) = app(3).await;
    fake.break_next("/installation/repositories", Fault::WrongCount, 1);
    let listing = list_installation(&Forge::new(&settings).unwrap()).await.unwrap();
    assert_eq!(listing.coverage, Coverage::Partial(vec![Narrowed::CountDiffers { expected: 4, found: 3 }]));
}

#[tokio::test]
async fn what_is_wrong_with_an_app_is_said_without_its_key() {
    let (fake, settings) = app(1).await;
    fake.state().installations.clear();
    let error = list_installation(&Forge::new(&settings).unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "The App is not installed at acme: install it there.");

    fake.state().add_installation(78, "acme", &[]);
    fake.state().installations.get_mut(&78).unwrap().suspended = true;
    let error = list_installation(&Forge::new(&settings).unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "The App's installation at acme is suspended.");

    let other = App { id: "12".to_owned(), key: Secret::new(APP_KEY), account: "acme".to_owned() };
    let settings = ForgeSettings { authentication: Authentication::App(other), ..settings };
    assert!(matches!(list_installation(&Forge::new(&settings).unwrap()).await, Err(Error::Unauthorized { .. })));

    let broken = APP_KEY.replace('M', "N");
    let broken = App { id: APP_ID.to_owned(), key: Secret::new(broken.clone()), account: "acme".to_owned() };
    let settings = ForgeSettings { authentication: Authentication::App(broken), ..settings };
    let error = Forge::new(&settings).unwrap_err();
    assert!(matches!(error, Error::Settings(_)), "{error}");
    let shown = format!("{error} {error:?} {settings:?}");
    assert!(
        APP_KEY.lines().filter(|line| line.len() > 40).all(|line| !shown.contains(&line.replace('M', "N"))),
        "{shown}"
    );
}
