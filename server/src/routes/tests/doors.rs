//! How often somebody may come, and by which way.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_too_often_waits() {
    let world = world().await;
    let until_refused = async |method: &Method, path: &str, headers: &[(&str, &str)], room: usize| {
        for at in 0..=room {
            let response = world.ask(method, path, VISITOR, headers).await;
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                let wait: u64 = response.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
                assert!((1..=3).contains(&wait), "{path}: {wait}");
                return at;
            }
        }
        panic!("{path} is never too often");
    };
    // What comes back each second may be some more.
    let tokens = until_refused(&Method::GET, "/api/v1/summary", &[("authorization", "Bearer slipway_guess")], 60).await;
    assert!((30..45).contains(&tokens), "{tokens}");
    let deliveries = until_refused(&Method::POST, "/webhooks/github/nowhere", &[], 60).await;
    assert!((30..45).contains(&deliveries), "{deliveries}");
    let searches = until_refused(&Method::GET, "/api/v1/catalog?q=harbour", &[], 5_000).await;
    assert!(searches >= 300, "{searches}");
    // Who is held back at one door goes through the others, and others through all.
    assert_eq!(world.ask(&Method::GET, "/", VISITOR, &[]).await.status(), StatusCode::OK);
    assert_eq!(world.ask(&Method::GET, "/api/v1/catalog", OPERATOR, &[]).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_tls_browsers_come_back_by_tls_alone() {
    let world = world().await;
    let (_stop, stopping) = watch::channel(false);
    let host = "portal.example.com";
    let secure = router(Server::new(Inner {
        portal: world.portal.clone(),
        site: Site::open(),
        assets: app::Assets::default(),
        reach: Reach { loopback: false, demo: false, public_host: Some(host.to_owned()), secure: true },
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        stopping,
    }));
    let world = World { router: secure, ..world };
    for path in ["/", "/healthz", "/api/v1/nothing", "/sign-in"] {
        let response = world.ask(&Method::GET, path, VISITOR, &[("host", host)]).await;
        assert_eq!(
            response.headers()[header::STRICT_TRANSPORT_SECURITY],
            "max-age=31536000; includeSubDomains",
            "{path}"
        );
    }
}
