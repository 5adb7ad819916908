//! Rounds that do not come to their end.

use super::*;

db_test! {
    async fn a_stop_midway_and_the_next_start_end_where_one_run_does(settings: Settings) {
        let names: Vec<_> = (0..24).map(|number| format!("r{number:02}")).collect();
        let folder = Folder::with(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let first = Settings { workers: 1, ..settings.clone() };
        let portal = open(&first, vec![folder.source("work")]).await;
        let id = sync(&portal, &Actor::Operator, None).await.unwrap();
        until_some_are_read(&portal).await;
        portal.stop().await;
        drop(portal);

        let portal = open(&settings, vec![folder.source("work")]).await;
        let job = ended(&portal, &id).await;
        assert_eq!(job.state, JobState::Succeeded, "{job:?}");
        let rows = store::known(portal.db()).await.unwrap();
        assert_eq!(rows.len(), 24);
        assert!(rows.iter().all(|row| row.fingerprint.is_some() && row.standing != "listed"), "{rows:?}");
        portal.stop().await;
    }

    async fn a_kill_midway_and_the_next_start_end_where_one_run_does(settings: Settings) {
        let names: Vec<_> = (0..24).map(|number| format!("r{number:02}")).collect();
        let folder = Folder::with(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let source = folder.source("work");
        let killed = Settings { workers: 1, ..settings.clone() };
        let id = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let id = runtime.block_on(async {
                let portal = open(&killed, vec![source]).await;
                let id = sync(&portal, &Actor::Operator, None).await.unwrap();
                until_some_are_read(&portal).await;
                id
            });
            // Every task ends where it stands; nothing is given back.
            runtime.shutdown_background();
            id
        });
        let id = tokio::task::spawn_blocking(|| id.join().unwrap()).await.unwrap();

        let portal = loop {
            let settings = Settings { sources: vec![folder.source("work")], poll_interval: Duration::ZERO, ..settings.clone() };
            match Portal::open(settings).await {
                Ok(portal) => break portal,
                // The blocking thread that was reading still winds down.
                Err(Error::Conflict(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => panic!("{error}"),
            }
        };
        portal.start();
        let job = ended(&portal, &id).await;
        assert_eq!((job.state, job.attempt), (JobState::Succeeded, 2), "{job:?}");
        let rows = store::known(portal.db()).await.unwrap();
        assert_eq!(rows.len(), 24);
        assert!(rows.iter().all(|row| row.fingerprint.is_some() && row.standing != "listed"), "{rows:?}");
        portal.stop().await;
    }

    async fn one_that_dies_before_it_links_is_linked_by_the_next(settings: Settings) {
        let folder = Folder::with(&["one"]);
        let portal = open(&settings, vec![folder.source("work")]).await;
        round(&portal).await;
        assert_eq!(store::change_mark(portal.db()).await.unwrap(), None);
        let linked = store::linked_at(portal.db()).await.unwrap().unwrap();
        let mut tx = portal.db().begin().await.unwrap();
        store::mark_changed(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let mark = store::change_mark(portal.db()).await.unwrap();
        assert!(mark.is_some());
        // Another change came while the first was linked: its mark stays.
        let mut tx = portal.db().begin().await.unwrap();
        store::write_linked(&mut tx, Some("of before"), linked).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store::change_mark(portal.db()).await.unwrap(), mark);
        round(&portal).await;
        assert_eq!(store::change_mark(portal.db()).await.unwrap(), None);
        portal.stop().await;
    }
}

async fn until_some_are_read(portal: &Portal) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let rows = store::known(portal.db()).await.unwrap();
        if rows.iter().filter(|row| row.fingerprint.is_some()).count() >= 3 {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "nothing is read");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
