//! Every statement, on both databases.

use model::run::{EffectState, StepState};

use super::store::{Effect, Viewer};
use super::*;
use crate::db_test;
use crate::identity::Readable;

fn viewer() -> Viewer<'static> {
    Viewer { readable: &Readable::EVERYTHING, launcher: "operator", reviews_as: Vec::new() }
}

db_test! {
    async fn runs_steps_and_effects_are_kept(settings: Settings) {
        let world = World::new(&settings).await;
        let (db, id) = (world.portal.db().clone(), world.queue(world.wish("tides")).await);
        assert_eq!(store::by_key(&db, "operator", "tides").await.unwrap().as_deref(), Some(id.as_str()));
        assert_eq!(store::by_key(&db, "jane", "tides").await.unwrap(), None);
        let mut row = store::row(&db, &id).await.unwrap().unwrap();
        let mut tx = db.begin().await.unwrap();
        assert_eq!(store::row_in(&mut tx, &id).await.unwrap().unwrap().name, "tides");
        assert!(!store::insert(&mut tx, &row.clone(), "tides").await.unwrap(), "the key is taken");
        store::hold(&mut tx, &id, "me").await.unwrap();
        assert!(store::is_held(&mut tx, &id, "me").await.unwrap() && !store::is_held(&mut tx, &id, "you").await.unwrap());
        store::lock_queue(&mut tx).await.unwrap();
        assert_eq!(store::running(&mut tx).await.unwrap(), ["operator"]);
        assert!(store::queued(&mut tx).await.unwrap().is_empty());
        assert!(store::left_alone(&mut tx).await.unwrap().is_empty(), "its job waits");
        assert_eq!(store::jobs_of(&mut tx, &id).await.unwrap(), 0);
        assert!(store::set_wish(&mut tx, &id, Some(CANCEL), &[RunState::Running]).await.unwrap());
        assert!(!store::set_wish(&mut tx, &id, Some(CLEAN), &[RunState::Failed]).await.unwrap());
        assert_eq!(store::wish_in(&mut tx, &id).await.unwrap().as_deref(), Some(CANCEL));
        tx.commit().await.unwrap();
        assert_eq!(store::wish(&db, &id).await.unwrap().as_deref(), Some(CANCEL));
        let mut tx = db.begin().await.unwrap();
        let failed = Moved { state: RunState::Failed, reason: Some("why"), ended_at: Some(5) };
        assert!(store::move_on(&mut tx, &id, &[RunState::Running], failed).await.unwrap());
        assert!(!store::move_on(&mut tx, &id, &[RunState::Running], Moved::to(RunState::Queued)).await.unwrap());
        store::set_wish(&mut tx, &id, None, &RunState::ALL).await.unwrap();
        assert_eq!(store::failed_before(&mut tx, 6).await.unwrap(), [(id.clone(), "tides".to_owned())]);
        assert!(store::failed_before(&mut tx, 5).await.unwrap().is_empty());
        let mut steps = store::steps(&db, &id).await.unwrap();
        assert_eq!((steps.len(), steps[0].state()), (3, StepState::Pending));
        steps[0].position = 9;
        store::add_step(&mut tx, &id, &steps[0]).await.unwrap();
        let done = store::Step { state: "done".to_owned(), attempts: 2, output: Some("{}".to_owned()), ..steps[0].clone() };
        store::write_step(&mut tx, &id, &done).await.unwrap();
        let effect = Effect {
            sequence: 1, position: 9, action: "publish:folder".to_owned(), target: "x".to_owned(), state: "intended".to_owned(),
            reason: None, command: None, data: "{}".to_owned(),
        };
        store::write_effect(&mut tx, &id, &effect).await.unwrap();
        store::write_effect(&mut tx, &id, &Effect { state: "kept".to_owned(), ..effect.clone() }).await.unwrap();
        (row.state, row.outputs) = ("done".to_owned(), "{\"a\": \"b\"}".to_owned());
        store::write_state(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        let steps = store::steps(&db, &id).await.unwrap();
        assert_eq!((steps.len(), steps[3].state(), steps[3].attempts), (4, StepState::Done, 2));
        let effects = store::effects(&db, &id).await.unwrap();
        assert!(effects.len() == 1 && effects[0].state() == EffectState::Kept && !effects[0].is_there() && effect.is_there());
        let named = store::get(&db, &viewer(), &id).await.unwrap().unwrap();
        assert_eq!((named.row.state(), named.slug), (RunState::Done, None));
        let filter = RunFilter { states: vec![RunState::Failed], ..RunFilter::default() };
        assert!(store::list(&db, &viewer(), &filter, 0).await.unwrap().is_empty());
        assert_eq!(store::counts(&db, &viewer(), &filter).await.unwrap(), [("done".to_owned(), 1)]);
        assert_eq!(store::position(&db, &id).await.unwrap(), 0);
        assert!(store::log(&db, &id, 0, 10).await.unwrap().is_empty());
        world.portal.stop().await;
    }
}
