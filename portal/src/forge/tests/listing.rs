//! Pages, validators, filters and shapes.

use std::collections::BTreeSet;

use fake_forge::{Profile, Visibility};

use super::*;

#[tokio::test]
async fn all_pages_of_an_organisation_are_read_on_both_profiles() {
    for profile in [Profile::GitHub, Profile::Enterprise] {
        let (fake, forge) = acme(profile, 250).await;
        let listing = list(&forge).await.unwrap();
        assert_eq!(listing.entries.len(), 250, "{profile:?}");
        assert_eq!(listing.coverage, Coverage::Complete);
        assert!(!listing.unchanged);
        assert_eq!(listing.entries[0].full_name, "acme/service-000");
        assert_eq!(listing.entries[249].full_name, "acme/service-249");
        assert_eq!(forge.calls().sent, 3, "{:?}", fake.requests());
    }
}

#[tokio::test]
async fn what_did_not_change_costs_no_rate_limit() {
    let (fake, forge) = acme(Profile::GitHub, 250).await;
    let mut cache = Cache::default();
    let first = forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap();
    let remaining = fake.state().rate.unwrap().remaining;

    // What is persisted and read again serves as well.
    let mut kept = Cache::default();
    for page in cache.take_changes() {
        kept.restore(&page.listing, &page.body.unwrap());
    }
    assert!(cache.take_changes().is_empty());
    let mut cache = kept;
    let second = forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap();
    assert!(second.unchanged);
    assert_eq!(second.entries, first.entries);
    assert_eq!(fake.state().rate.unwrap().remaining, remaining);
    assert_eq!(forge.calls().unchanged, 3);

    // One rename in the middle page: that page alone is read again.
    fake.state().move_repository(1_150, "acme", "renamed");
    let third = forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap();
    assert!(!third.unchanged);
    assert_eq!(third.entries[150].name, "renamed");
    assert_eq!(forge.calls().unchanged, 5);

    // Fewer pages than before, and then the same again.
    fake.state().repositories.retain(|id, _| *id < 1_090);
    assert_eq!(forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap().entries.len(), 90);
    let last = forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap();
    assert!(last.unchanged);
    assert_eq!(last.entries.len(), 90);
}

/// The validator of a full page does not change when another page comes after it.
#[tokio::test]
async fn a_new_page_after_a_full_one_is_not_missed() {
    let (fake, forge) = acme(Profile::GitHub, 200).await;
    let mut cache = Cache::default();
    assert_eq!(forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap().entries.len(), 200);
    fake.state().add_repository("acme", "one-more");
    let listing = forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap();
    assert_eq!(listing.entries.len(), 201);
    assert_eq!(listing.entries[200].name, "one-more");
    assert!(!listing.unchanged);
    assert_eq!(forge.calls().unchanged, 1);
    assert!(forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap().unchanged);
}

#[tokio::test]
async fn a_repository_is_read_whole() {
    let (fake, forge) = acme(Profile::GitHub, 1).await;
    {
        let mut state = fake.state();
        let repository = state.repositories.get_mut(&1_000).unwrap();
        repository.description = Some("Takes orders.".to_owned());
        repository.default_branch = "trunk".to_owned();
        repository.visibility = Visibility::Internal;
        repository.archived = true;
        repository.template = true;
        repository.topics = vec!["shop".to_owned()];
        repository.language = Some("Rust".to_owned());
        repository.properties.insert("tier".to_owned(), "1".into());
        repository.properties.insert("regions".to_owned(), serde_json::json!(["eu", "us"]));
        repository.properties.insert("unset".to_owned(), serde_json::Value::Null);
    }
    let listing = list(&forge).await.unwrap();
    let expected = ForgeRepository {
        id: 1_000,
        node_id: "R_1000".to_owned(),
        full_name: "acme/service-000".to_owned(),
        owner: "acme".to_owned(),
        name: "service-000".to_owned(),
        description: Some("Takes orders.".to_owned()),
        default_branch: Some("trunk".to_owned()),
        visibility: ForgeVisibility::Internal,
        archived: true,
        fork: false,
        template: true,
        topics: vec!["shop".to_owned()],
        language: Some("Rust".to_owned()),
        clone_url: "https://github.com/acme/service-000.git".to_owned(),
        html_url: "https://github.com/acme/service-000".to_owned(),
        homepage: None,
        pushed_at: Some(1_507_651_200_000),
        custom_properties: [("tier", vec!["1"]), ("regions", vec!["eu", "us"])]
            .map(|(name, values)| (name.to_owned(), values.into_iter().map(str::to_owned).collect()))
            .into(),
    };
    assert_eq!(listing.entries, [expected]);
}

#[tokio::test]
async fn filters_take_away_and_never_narrow() {
    let (fake, forge) = acme(Profile::GitHub, 5).await;
    {
        let mut state = fake.state();
        state.repositories.get_mut(&1_000).unwrap().archived = true;
        state.repositories.get_mut(&1_001).unwrap().fork = true;
        state.repositories.get_mut(&1_002).unwrap().visibility = Visibility::Private;
        state.repositories.get_mut(&1_003).unwrap().topics = vec!["shop".to_owned()];
    }
    let globs = |include: &[&str], exclude: &[&str]| {
        let owned = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>();
        Filter { names: Names::new(&owned(include), &owned(exclude)).unwrap(), ..Filter::default() }
    };
    let table = [
        (Filter::default(), vec![0, 1, 2, 3, 4]),
        (Filter { archived: false, ..Filter::default() }, vec![1, 2, 3, 4]),
        (Filter { forks: false, ..Filter::default() }, vec![0, 2, 3, 4]),
        (Filter { visibilities: vec![ForgeVisibility::Public], ..Filter::default() }, vec![0, 1, 3, 4]),
        (Filter { topics: vec!["shop".to_owned(), "bank".to_owned()], ..Filter::default() }, vec![3]),
        (globs(&["service-00[12]"], &[]), vec![1, 2]),
        (globs(&["service-*"], &["*-003"]), vec![0, 1, 2, 4]),
    ];
    for (filter, expected) in table {
        let listing = forge.repositories(&organisation(), &filter, &mut Cache::default()).await.unwrap();
        let found: Vec<u64> = listing.entries.iter().map(|repository| repository.id - 1_000).collect();
        assert_eq!(found, expected, "{filter:?}");
        assert!(listing.coverage.is_complete());
    }
    assert!(matches!(Names::new(&["[".to_owned()], &[]), Err(Error::Settings(_))));
}

#[tokio::test]
async fn a_public_client_sees_what_is_public() {
    let (fake, settings) = acme_settings(Profile::GitHub, 3).await;
    fake.state().repositories.get_mut(&1_001).unwrap().visibility = Visibility::Private;
    let forge = Forge::new(&ForgeSettings { authentication: Authentication::Nobody, ..settings }).unwrap();
    assert_eq!(names(&list(&forge).await.unwrap()), ["service-000", "service-002"]);
    assert!(forge.credentials().await.unwrap().is_none());
    let user =
        forge.repositories(&Scope::User("acme".to_owned()), &Filter::default(), &mut Cache::default()).await.unwrap();
    assert_eq!(user.entries.len(), 2);
}

#[tokio::test]
async fn names_cannot_lead_to_another_address() {
    let (fake, forge) = acme(Profile::Enterprise, 1).await;
    for name in ["acme/../../user", "..", "acme?page=2", "acme#x", "a b", "ä"] {
        let answer =
            forge.repositories(&Scope::Organisation(name.to_owned()), &Filter::default(), &mut Cache::default()).await;
        assert!(matches!(answer, Err(Error::NotFound { .. })), "{name}: {answer:?}");
    }
    let paths: BTreeSet<String> = fake.requests().into_iter().collect();
    assert!(paths.iter().all(|path| path.starts_with("GET /orgs/") && path.contains("/repos?type=all")), "{paths:?}");
}

#[tokio::test]
async fn what_was_pushed_lately_takes_one_call() {
    let (fake, forge) = acme(Profile::GitHub, 250).await;
    let mut cache = Cache::default();
    let second = |seconds: i64| (NOW / 1_000 + seconds, NOW + seconds * 1_000);
    for (id, at) in [(1_003, 10), (1_200, 20), (1_100, 30)] {
        fake.state().repositories.get_mut(&id).unwrap().pushed_at = second(at).0;
    }
    let recent = forge.recently_pushed("acme", second(20).1, &mut cache).await.unwrap();
    assert_eq!(recent.repositories.iter().map(|found| found.id).collect::<Vec<_>>(), [1_100, 1_200]);
    assert!(!recent.unchanged);
    let again = forge.recently_pushed("acme", second(20).1, &mut cache).await.unwrap();
    assert!(again.unchanged);
    assert_eq!(forge.calls(), crate::forge::http::Calls { sent: 2, unchanged: 1 });

    // More than a page of them.
    fake.state().repositories.values_mut().take(150).for_each(|repository| repository.pushed_at = second(60).0);
    assert_eq!(forge.recently_pushed("acme", second(60).1, &mut cache).await.unwrap().repositories.len(), 150);
    fake.break_next("page=2", fake_forge::Fault::MissingPage, 1);
    assert!(forge.recently_pushed("acme", second(60).1, &mut cache).await.is_err());
}

#[tokio::test]
async fn five_thousand_repositories_without_news_are_listed_for_nothing() {
    // Not 5 000: a full last page is always read anew.
    let (fake, forge) = acme(Profile::GitHub, 4_999).await;
    let mut cache = Cache::default();
    forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap();
    let (calls, remaining) = (forge.calls(), fake.state().rate.unwrap().remaining);
    let listing = forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap();
    assert_eq!(listing.entries.len(), 4_999);
    assert!(listing.unchanged);
    assert_eq!(forge.calls().unchanged - calls.unchanged, 50);
    assert_eq!(fake.state().rate.unwrap().remaining, remaining);
}
