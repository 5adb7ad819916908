//! What goes wrong at the forge: faults in passing, limits, listings that are narrower than they look.

use std::time::{Duration, Instant};

use fake_forge::{Fault, Profile};

use super::*;

#[tokio::test]
async fn passing_faults_are_tried_again() {
    let faults = [
        Fault::ServerError,
        Fault::TruncatedJson,
        Fault::Reset,
        Fault::Silence { milliseconds: 2_000 },
        Fault::SlowBody { milliseconds: 50 },
    ];
    for fault in faults {
        let (fake, forge) = acme(Profile::GitHub, 3).await;
        fake.break_next("/repos", fault.clone(), 1);
        let listing = list(&forge).await.unwrap();
        assert_eq!(names(&listing), ["service-000", "service-001", "service-002"], "{fault:?}");
        assert_eq!(listing.coverage, Coverage::Complete, "{fault:?}");
        assert_eq!(forge.calls().sent, 2, "{fault:?}");
    }
}

#[tokio::test]
async fn what_writes_is_sent_again_only_if_it_was_refused() {
    let table = [
        (Fault::ServerError, 1),
        (Fault::Silence { milliseconds: 2_000 }, 1),
        (Fault::TooManyRequests { retry_after: 1 }, 2),
        (Fault::SecondaryLimit { retry_after: None }, 2),
    ];
    for (fault, sent) in table {
        let (fake, forge) = acme(Profile::GitHub, 1).await;
        fake.break_next("/pulls", fault.clone(), 1);
        let request = ::http::Request::post("/repos/acme/service-000/pulls").body("{}".into()).unwrap();
        let answer = forge.send(request).await;
        assert_eq!(fake.requests().len(), sent, "{fault:?}: {answer:?}");
    }
}

#[tokio::test]
async fn attempts_end() {
    let (fake, mut settings) = acme_settings(Profile::GitHub, 3).await;
    settings.pace.attempts = 3;
    fake.break_next("/repos", Fault::ServerError, 100);
    let forge = Forge::new(&settings).unwrap();
    let error = list(&forge).await.unwrap_err();
    assert!(matches!(error, Error::Status { status: 500, .. }), "{error:?}");
    assert_eq!(forge.calls().sent, 3);
}

#[tokio::test]
async fn limits_are_waited_for_and_the_wait_is_seen() {
    let table = [
        (Fault::TooManyRequests { retry_after: 17 }, Limit::Secondary, 17_000),
        (Fault::SecondaryLimit { retry_after: Some(30) }, Limit::Secondary, 30_000),
        (Fault::SecondaryLimit { retry_after: None }, Limit::Secondary, 60_000),
        (Fault::PrimaryLimit { seconds: 600 }, Limit::Primary, 601_000),
    ];
    for (fault, why, waited) in table {
        let (fake, settings) = acme_settings(Profile::GitHub, 3).await;
        fake.break_next("/repos", fault.clone(), 1);
        let forge = Forge::new(&settings).unwrap();
        let mut waiting = forge.waiting();
        let seen = tokio::spawn(async move { waiting.wait_for(Option::is_some).await.unwrap().unwrap() });
        tokio::task::yield_now().await;
        assert_eq!(list(&forge).await.unwrap().entries.len(), 3);
        assert_eq!(settings.clock.now() - NOW, waited, "{fault:?}");
        let seen = seen.await.unwrap();
        assert_eq!((seen.why, seen.until), (why, NOW + waited), "{fault:?}");
        assert_eq!(*forge.waiting().borrow(), None, "{fault:?}");
    }
}

#[tokio::test]
async fn secondary_limits_double_and_a_wait_that_is_too_long_fails() {
    let (fake, mut settings) = acme_settings(Profile::GitHub, 3).await;
    fake.break_next("/repos", Fault::SecondaryLimit { retry_after: None }, 3);
    list(&Forge::new(&settings).unwrap()).await.unwrap();
    assert_eq!(settings.clock.now() - NOW, 60_000 + 120_000 + 240_000);

    settings.pace.longest_wait = Duration::from_secs(60);
    let start = settings.clock.now();
    fake.break_next("/repos", Fault::PrimaryLimit { seconds: 1_800 }, 1);
    let forge = Forge::new(&settings).unwrap();
    let error = list(&forge).await.unwrap_err();
    assert_eq!(error, Error::RateLimited { why: Limit::Primary, until: start + 1_801_000 });
    // Whoever asks next is told without asking the forge.
    let sent = forge.calls().sent;
    assert!(matches!(list(&forge).await, Err(Error::RateLimited { .. })));
    assert_eq!(forge.calls().sent, sent);
}

#[tokio::test]
async fn the_last_request_of_the_hour_holds_the_next_one_back() {
    let (fake, settings) = acme_settings(Profile::GitHub, 250).await;
    fake.state().rate = Some(fake_forge::Rate { limit: 5_000, remaining: 2, reset: NOW / 1_000 + 900 });
    let forge = Forge::new(&settings).unwrap();
    assert_eq!(list(&forge).await.unwrap().entries.len(), 250);
    assert_eq!(settings.clock.now() - NOW, 901_000);
    assert_eq!(forge.calls().sent, 3, "nothing was refused");
}

#[tokio::test]
async fn a_page_that_fails_narrows_the_listing_and_keeps_what_was_read() {
    for fault in [Fault::MissingPage, Fault::ServerError, Fault::TruncatedJson] {
        let (fake, forge) = acme(Profile::GitHub, 250).await;
        fake.break_next("page=2", fault.clone(), 100);
        let listing = list(&forge).await.unwrap();
        assert_eq!(listing.entries.len(), 100, "{fault:?}");
        let Coverage::Partial(reasons) = &listing.coverage else { panic!("{fault:?}") };
        assert!(matches!(reasons[..], [Narrowed::PageFailed { page: 2, .. }]), "{reasons:?}");
    }
}

#[tokio::test]
async fn narrowed_listings_say_so_even_when_nothing_changed() {
    let (fake, forge) = acme(Profile::GitHub, 3).await;
    let mut cache = Cache::default();
    forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap();
    fake.break_next("/repos", Fault::PartialResults { organisations: vec![21, 22] }, 1);
    let listing = forge.repositories(&organisation(), &Filter::default(), &mut cache).await.unwrap();
    assert_eq!(listing.coverage, Coverage::Partial(vec![Narrowed::SingleSignOn { organisations: vec![21, 22] }]));
    assert!(!listing.unchanged);
    assert_eq!(forge.calls().unchanged, 1);
}

#[tokio::test]
async fn a_strange_entry_costs_only_itself() {
    let (fake, forge) = acme(Profile::GitHub, 3).await;
    fake.break_next("/repos", Fault::StrangeEntry, 1);
    let listing = list(&forge).await.unwrap();
    assert_eq!(listing.entries.len(), 3);
    assert_eq!(listing.coverage, Coverage::Partial(vec![Narrowed::EntriesUnreadable { count: 1 }]));
}

#[tokio::test]
async fn a_listing_without_end_is_cut() {
    let (_fake, mut settings) = acme_settings(Profile::GitHub, 250).await;
    settings.largest_listing = 2;
    let listing = list(&Forge::new(&settings).unwrap()).await.unwrap();
    assert_eq!(listing.entries.len(), 200);
    assert_eq!(listing.coverage, Coverage::Partial(vec![Narrowed::TooLong { pages: 2 }]));
}

#[tokio::test]
async fn refusals_are_told_apart_and_not_repeated() {
    let (fake, forge) = acme(Profile::GitHub, 3).await;
    fake.break_next("/repos", Fault::BadCredentials, 1);
    assert!(matches!(list(&forge).await, Err(Error::Unauthorized { .. })));
    fake.break_next("/repos", Fault::SingleSignOn, 1);
    let error = list(&forge).await.unwrap_err();
    assert!(error.to_string().contains("https://github.com/orgs/acme/sso?authorization_request=A"), "{error}");
    fake.break_next("/repos", Fault::MissingPage, 1);
    assert!(matches!(list(&forge).await, Err(Error::NotFound { .. })));
    assert_eq!(forge.calls().sent, 3);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read() {
    let (fake, mut settings) = acme_settings(Profile::GitHub, 3).await;
    settings.largest_body = 100_000;
    fake.break_next("/repos", Fault::Huge { bytes: 100_001 }, 1);
    let start = Instant::now();
    let error = list(&Forge::new(&settings).unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 100_000, .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(2));
}
