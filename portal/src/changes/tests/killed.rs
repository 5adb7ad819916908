//! The process dies between two steps of an update.

use fake_forge::Fault;

use super::*;

/// Takes the wish up in a process that dies once the forge has seen `request`, which meets the fault.
async fn die(settings: &Settings, fake: &Fake, wish: Proposal, request: &str, fault: Fault) {
    fake.break_next(request, fault, 1);
    let requests = || fake.requests().iter().filter(|seen| seen.starts_with(request)).count();
    let before = requests();
    let settings = Settings { sources: vec![acme(fake)], poll_interval: Duration::ZERO, ..settings.clone() };
    let (proposed, dead) = (tokio::sync::oneshot::channel::<()>(), tokio::sync::oneshot::channel::<()>());
    let process = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let portal = portal_when_free(settings).await;
            portal.start();
            propose(&portal, &Actor::Operator, wish).await.unwrap();
            proposed.0.send(()).unwrap();
            dead.1.await.unwrap();
        });
        // Every task ends where it stands.
        runtime.shutdown_background();
    });
    proposed.1.await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while requests() == before {
        assert!(tokio::time::Instant::now() < deadline, "{request} is never sent: {:#?}", fake.requests());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // What comes after an answer has time to be done.
    tokio::time::sleep(Duration::from_millis(100)).await;
    dead.0.send(()).unwrap();
    tokio::task::spawn_blocking(move || process.join().unwrap()).await.unwrap();
}

/// Threads that were reading wind down before they let go of the data folder.
async fn portal_when_free(settings: Settings) -> Portal {
    loop {
        match Portal::open(settings.clone()).await {
            Ok(portal) => return portal,
            Err(Error::Conflict(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{error}"),
        }
    }
}

db_test! {
    async fn an_update_that_dies_between_two_steps_goes_on_without_a_second_pull_request(settings: Settings) {
        let World { mut fake, portal, id, repository } = World::new(&settings).await;
        let made = propose_and_wait(&portal, wish(&repository, "a: 0\n")).await;
        assert_eq!(made.change.number, Some(1));
        portal.stop().await;
        drop(portal);
        let held = Fault::SecondaryLimit { retry_after: Some(3_000) };
        let lost = Fault::Silence { milliseconds: 60_000 };
        let steps = [
            ("POST /repos/acme/shop/git/commits", lost.clone(), "the commit is made, and not written down"),
            ("PATCH /repos/acme/shop/git/refs", held.clone(), "the commit is made, and the branch not moved"),
            ("PATCH /repos/acme/shop/git/refs", lost.clone(), "the branch is moved, and its answer is lost"),
            ("PATCH /repos/acme/shop/pulls/1", held, "the branch is moved, and the pull request not changed"),
            ("PATCH /repos/acme/shop/pulls/1", lost, "the pull request is changed, and its answer is lost"),
        ];
        for (number, (request, fault, what)) in steps.into_iter().enumerate() {
            let (title, text) = (format!("Describe it, take {number}"), format!("a: {}\n", number + 1));
            let wish = Proposal { title: title.clone(), ..wish(&repository, &text) };
            die(&settings, &fake, wish, request, fault).await;
            let portal = portal_when_free(Settings { sources: vec![acme(&fake)], poll_interval: Duration::ZERO, ..settings.clone() }).await;
            // On Postgres, others would wait until the lease of the dead runs out.
            jobs::let_go(&portal).await;
            portal.start();
            let world = World { fake, portal, id, repository: repository.clone() };
            let detail = settled(&world.portal, &made.change.id).await;
            assert_eq!((detail.change.state, detail.change.number), (ChangeState::Open, Some(1)), "{what}: {detail:?}");
            let pulls = world.pulls();
            assert_eq!((pulls.len(), &pulls[0].title), (1, &title), "{what}");
            assert_eq!(world.file(&made.change.branch, FILE), text.trim(), "{what}");
            assert_eq!(world.branches(), ["main", &made.change.branch], "{what}");
            world.portal.stop().await;
            let World { fake: again, portal, .. } = world;
            drop(portal);
            fake = again;
        }
    }
}
