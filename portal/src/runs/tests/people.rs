//! Who launches, whose turn it is, and who sees it: what [`store::narrow`] leaves in lists. What it leaves of what people say is in
//! `feedback/tests.rs`.

use super::*;
use crate::db_test;
use crate::identity::tests::{claims, signed_in};
use crate::settings::RunSettings;

db_test! {
    async fn so_many_at_the_same_time_and_the_others_in_their_order(settings: Settings) {
        let runs = RunSettings { at_once: 3, per_person: 2, ..RunSettings::default() };
        let world = World::new(&Settings { runs, ..settings.clone() }).await;
        let (jane, joe) = (signed_in(&world.portal, &claims("jane")).await, signed_in(&world.portal, &claims("joe")).await);
        let mut ids = Vec::new();
        for (actor, name) in [(&jane, "a"), (&jane, "b"), (&jane, "c"), (&joe, "d"), (&joe, "e")] {
            ids.push(launch(&world.portal, actor, world.wish(name)).await.unwrap());
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        let mut standing = Vec::new();
        for id in &ids {
            let detail = world.get(id).await;
            standing.push((detail.run.state, detail.position));
        }
        use RunState::{Queued, Running};
        let expected = [(Running, None), (Running, None), (Queued, Some(1)), (Running, None), (Queued, Some(2))];
        assert_eq!(standing, expected);
        for id in &ids {
            world.settled(id).await;
        }
        for id in &ids {
            assert_eq!(world.get(id).await.run.state, RunState::Done);
        }
        let told = crate::inbox::list(&world.portal, &jane, false, None, 50).await.unwrap();
        let mut titles: Vec<&str> = told.iter().map(|told| told.title.as_str()).filter(|title| title.ends_with("is there")).collect();
        titles.sort_unstable();
        assert_eq!(titles, ["a is there", "b is there", "c is there"]);
        assert!(crate::git::testing::git(&world.bare("a"), &["log", "-1", "--format=%B"]).contains("Co-authored-by: jane <"));
        world.portal.stop().await;
    }

    async fn others_see_what_is_done_and_change_nothing(settings: Settings) {
        let world = World::new(&settings).await;
        let (jane, joe) = (signed_in(&world.portal, &claims("jane")).await, signed_in(&world.portal, &claims("joe")).await);
        let id = launch(&world.portal, &jane, world.wish("tides")).await.unwrap();
        assert!(get(&world.portal, &jane, &id).await.unwrap().may_change);
        assert!(matches!(get(&world.portal, &joe, &id).await, Err(Error::NotFound(_))));
        assert!(matches!(cancel(&world.portal, &joe, &id).await, Err(Error::NotFound(_))));
        assert!(matches!(log(&world.portal, &Actor::Visitor, &id, 0).await, Err(Error::NotFound(_))));
        assert!(matches!(launch(&world.portal, &Actor::Visitor, world.wish("x")).await, Err(Error::Forbidden(_))));
        world.settled(&id).await;
        let seen = get(&world.portal, &joe, &id).await.unwrap();
        let slug = seen.run.project.clone().unwrap();
        assert_eq!(of_project(&world.portal, &joe, &slug).await.unwrap(), Some(seen.run.clone()), "its page leads back");
        assert_eq!(of_project(&world.portal, &joe, "service").await.unwrap(), None);
        assert!(!seen.may_change && seen.run.state == RunState::Done, "{seen:#?}");
        assert!(matches!(retry(&world.portal, &joe, &id).await, Err(Error::Forbidden(_))));
        assert!(matches!(cancel(&world.portal, &jane, &id).await, Err(Error::Conflict(_))));
        let own = RunFilter { own: true, ..RunFilter::default() };
        assert_eq!(list(&world.portal, &joe, &own).await.unwrap().total, 0);
        let page = list(&world.portal, &joe, &RunFilter { template: Some(template()), ..RunFilter::default() }).await.unwrap();
        assert_eq!((page.total, page.states), (1, vec![(RunState::Done, 1)]));
        assert_eq!(world.audited("run.launch").await, 1);
        world.portal.stop().await;
    }

    async fn what_failed_is_cleaned_by_itself_after_a_while(settings: Settings) {
        let clock = crate::clock::Clock::fixed(1_800_000_000_000);
        let world = World::new(&Settings { clock: clock.clone(), ..settings.clone() }).await;
        crate::git::testing::commit_files(&world.bare("tides"), &[("mine", "x")]);
        let detail = world.launch(world.wish("tides")).await;
        assert_eq!(detail.run.state, RunState::Failed);
        for (passed, state) in [(1, RunState::Failed), (24 * 60 * 60 * 1_000, RunState::Cleaned)] {
            clock.advance(passed);
            let mut tx = world.portal.db().begin().await.unwrap();
            look_after(&mut tx, &world.portal).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(world.settled(&detail.run.id).await.run.state, state);
        }
        world.portal.stop().await;
    }
}
