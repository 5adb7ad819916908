#![allow(clippy::unwrap_used)]

use super::*;
use crate::clock::Clock;
use crate::db_test;
use crate::git::testing::{commit_files, git};
use crate::identity::tests::{claims, signed_in};
use crate::runs::tests::{World, template};
use crate::runs::{RunState, launch};
use crate::settings::Settings;
use crate::sources;

#[test]
fn typical_values_are_some_that_there_were() {
    assert_eq!(typical(Vec::new()), None);
    assert_eq!(typical(vec![7]), Some(Typical { count: 1, median: 7, p90: 7 }));
    assert_eq!(typical((1..=10).rev().collect()), Some(Typical { count: 10, median: 5, p90: 9 }));
}

db_test! {
    async fn whoever_launched_it_says_how_it_went_and_its_owner_sees_all_of_it(settings: Settings) {
        let clock = Clock::fixed(1_800_000_000_000);
        let world = World::new(&Settings { clock: clock.clone(), ..settings.clone() }).await;
        let portal = &world.portal;
        let (jane, joe) = (signed_in(portal, &claims("jane")).await, signed_in(portal, &claims("joe")).await);
        let id = launch(portal, &jane, world.wish("tides")).await.unwrap();
        assert!(matches!(give(portal, &jane, &id, true, "").await, Err(Error::Conflict(_))), "it has not ended");
        assert_eq!(of_run(portal, &jane, &id).await.unwrap(), (None, false));
        world.settled(&id).await;
        assert_eq!(of_run(portal, &jane, &id).await.unwrap(), (None, true));
        assert_eq!(of_run(portal, &joe, &id).await.unwrap(), (None, false));
        assert!(matches!(give(portal, &joe, &id, true, "").await, Err(Error::Forbidden(_))));
        assert!(matches!(give(portal, &jane, &id, true, "two\nlines").await, Err(Error::Invalid(_))));
        give(portal, &jane, &id, true, "").await.unwrap();
        give(portal, &jane, &id, false, " No probe for readiness ").await.unwrap();
        let given = of_run(portal, &jane, &id).await.unwrap().0.unwrap();
        assert_eq!((given.worked, given.comment.as_str()), (false, "No probe for readiness"));
        assert_eq!(world.audited("run.feedback").await, 2);

        // One that failed, and somebody who has given up.
        commit_files(&world.bare("locks"), &[("mine", "x")]);
        assert_eq!(world.launch(world.wish("locks")).await.run.state, RunState::Failed);
        drafts::keep(portal, &joe, &template(), "a.name=x", Some("licence")).await.unwrap();
        // A person works on the project a day later, and releases.
        clock.advance(24 * 60 * 60 * 1_000);
        let clone = settings.data.join("clone");
        git(&settings.data, &["clone", "-q", world.bare("tides").to_str().unwrap(), clone.to_str().unwrap()]);
        commit_files(&clone, &[("mine", "x")]);
        git(&clone, &["push", "-q", "origin", "HEAD:main"]);
        let job = sources::sync(portal, &Actor::Operator, None).await.unwrap();
        crate::runs::tests::wait(portal, async || {
            crate::jobs::get(portal, &Actor::Operator, &job).await.is_ok_and(|job| job.state.is_over())
        })
        .await;

        let seen = of_template(portal, &joe, &template()).await.unwrap();
        assert_eq!((seen.worked, seen.missing, seen.answers.len()), (0, 1, 1));
        assert_eq!((seen.answers[0].run.as_str(), seen.answers[0].name.as_str()), (id.as_str(), "tides"));
        assert_eq!(seen.figures, None, "they are for who owns it");
        let seen = of_template(portal, &Actor::Operator, &template()).await.unwrap();
        let figures = seen.figures.unwrap();
        assert_eq!(figures.launches, 1);
        assert_eq!(figures.failures, [StepFailures { step: "Make the repository".to_owned(), count: 1 }]);
        assert_eq!(figures.given_up, [GivenUp { question: Some("licence".to_owned()), count: 1 }]);
        assert_eq!(figures.duration.unwrap().count, 1);
        assert_eq!(figures.first_commit.map(|typical| typical.count), Some(1), "the first commit of all is not a person's");
        assert_eq!(figures.first_release, None);
        world.portal.stop().await;
    }

    async fn rows(settings: Settings) {
        let world = World::new(&settings).await;
        let (db, id) = (world.portal.db().clone(), world.queue(world.wish("tides")).await);
        let said = RunFeedback { worked: true, comment: "Good".to_owned(), given_at: 5 };
        let mut tx = db.begin().await.unwrap();
        store::set(&mut tx, &id, &RunFeedback { worked: false, ..said.clone() }).await.unwrap();
        store::set(&mut tx, &id, &said).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store::get(&db, &id).await.unwrap(), Some(said));
        let name = template().to_string();
        assert_eq!(store::counts(&db, &name).await.unwrap(), (1, 0));
        assert_eq!(store::counts(&db, "other").await.unwrap(), (0, 0));
        assert_eq!(store::answers(&db, viewer(&Actor::Operator), &template(), 9).await.unwrap().len(), 1);
        assert!(store::answers(&db, viewer(&Actor::Visitor), &template(), 9).await.unwrap().is_empty());
        assert!(store::launches(&db, &name, 9).await.unwrap().is_empty(), "it has not ended");
        assert!(store::failures(&db, &name).await.unwrap().is_empty());
        world.settled(&id).await;
        assert!(store::launches(&db, &name, 9).await.unwrap()[0].facts.is_some());
        world.portal.stop().await;
    }
}
