//! Processes that die between two steps, and who comes after them.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use fake_forge::Fault;
use model::run::{EffectState, StepState};
use tokio::sync::oneshot;

use super::github::Acme;
use super::*;
use crate::db_test;

struct Plan {
    left: usize,
    dead: Option<oneshot::Sender<()>>,
}

static PLANS: LazyLock<Mutex<HashMap<String, Plan>>> = LazyLock::new(Mutex::default);

/// A moment at which a process may die: nothing comes after it.
pub(crate) async fn at(run: &str) {
    let dead = {
        let mut plans = PLANS.lock().unwrap();
        let Some(plan) = plans.get_mut(run) else { return };
        plan.left = plan.left.saturating_sub(1);
        if plan.left > 0 {
            return;
        }
        plan.dead.take()
    };
    if let Some(dead) = dead {
        let _ = dead.send(());
        std::future::pending::<()>().await;
    }
}

pub(super) fn plan(run: &str, boundaries: usize) -> oneshot::Receiver<()> {
    let (dead, told) = oneshot::channel();
    PLANS.lock().unwrap().insert(run.to_owned(), Plan { left: boundaries, dead: Some(dead) });
    told
}

pub(super) fn forget(run: &str) {
    PLANS.lock().unwrap().remove(run);
}

fn is_done(detail: &RunDetail, at: usize) {
    assert_eq!(detail.run.state, RunState::Done, "killed at {at}: {detail:#?}");
    assert!(detail.steps.iter().all(|step| step.state == StepState::Done && step.attempts <= 2), "{at}: {detail:#?}");
    assert!(detail.run.entity.is_some(), "{at}: {detail:#?}");
    let states: Vec<EffectState> = detail.effects.iter().map(|effect| effect.state).collect();
    assert_eq!(states, [EffectState::Made], "{at}");
}

db_test! {
    async fn a_run_into_a_folder_goes_on_wherever_it_was_killed(settings: Settings) {
        let world = World::new(&settings).await;
        let mut at = 0;
        loop {
            at += 1;
            let name = format!("tides-{at}");
            let id = world.queue(world.wish(&name)).await;
            let died = world.die(&id, at).await;
            let detail = world.settled(&id).await;
            is_done(&detail, at);
            assert_eq!(world.all().len(), at, "{at}: {:?}", world.all());
            assert_eq!(world.file(&name, "README.md"), "# Tides\n\nUnder MIT.");
            if !died {
                break;
            }
        }
        eprintln!("folder: {} boundaries", at - 1);
        assert!(at > 12, "{at}");
        assert_eq!(world.audited("run.publish").await, at);
        assert!(world.all().iter().all(|name| name.ends_with(".git")), "{:?}", world.all());
        world.portal.stop().await;
    }

    async fn the_way_back_goes_on_wherever_it_was_killed(settings: Settings) {
        let world = World::new(&settings).await;
        let mut killed = 0;
        // Forth to each boundary, back to some of them.
        for forth in 1.. {
            let id = world.queue(world.wish(&format!("tides-{forth}"))).await;
            if !world.die(&id, forth).await {
                break;
            }
            cancel(&world.portal, &Actor::Operator, &id).await.unwrap();
            for back in [1, 2, 1] {
                killed += usize::from(world.die(&id, back).await);
            }
            let detail = world.settled(&id).await;
            assert_eq!(detail.run.state, RunState::Cancelled, "{forth}: {detail:#?}");
            assert!(detail.effects.iter().all(|effect| matches!(effect.state, EffectState::Undone | EffectState::Void)), "{detail:#?}");
            assert_eq!(world.all(), Vec::<String>::new(), "{forth}");
            let project = format!("tides-{forth}");
            wait(&world.portal, async || {
                let row = crate::repositories::get(&world.portal, &Actor::Operator, &project).await;
                matches!(row, Err(Error::NotFound(_)))
            })
            .await;
            assert!(!settings.data.join("runs").join(&id).exists());
        }
        assert!(killed > 12, "{killed}");
        world.portal.stop().await;
    }

    async fn a_run_at_github_goes_on_wherever_it_was_killed(settings: Settings) {
        let acme = Acme::new(&settings).await;
        let posts = || acme.fake.requests().iter().filter(|request| request.starts_with("POST /orgs/acme/repos")).count();
        let mut at = 0;
        loop {
            at += 1;
            let name = format!("tides-{at}");
            let id = acme.world.queue(acme.wish(&name)).await;
            let died = acme.world.die(&id, at).await;
            let detail = acme.world.settled(&id).await;
            is_done(&detail, at);
            assert_eq!((acme.all().len(), posts()), (at, at), "killed at {at}");
            if !died {
                break;
            }
        }
        eprintln!("github: {} boundaries", at - 1);
        assert!(acme.all().iter().all(|(_, about)| about.as_deref() == Some("Tells the tides")), "{:?}", acme.all());
        // And back again from each.
        for forth in 1..at {
            let id = acme.world.queue(acme.wish(&format!("back-{forth}"))).await;
            assert!(acme.world.die(&id, forth).await);
            cancel(&acme.world.portal, &Actor::Operator, &id).await.unwrap();
            acme.world.die(&id, 1 + forth % 3).await;
            let detail = acme.world.settled(&id).await;
            assert_eq!(detail.run.state, RunState::Cancelled, "{forth}: {detail:#?}");
            assert_eq!(acme.all().len(), at, "killed at {forth}: {:?}", acme.all());
        }
        acme.world.portal.stop().await;
    }

    async fn a_lost_answer_makes_no_second_repository(settings: Settings) {
        let acme = Acme::new(&settings).await;
        let limit = Fault::SecondaryLimit { retry_after: Some(1) };
        let faults = [
            ("POST /orgs/acme/repos", Fault::Reset),
            ("POST /orgs/acme/repos", Fault::TruncatedJson),
            ("PATCH /repos/acme/tides", Fault::Reset),
            ("GET /repos/acme/tides", Fault::ServerError),
            ("GET /repos/acme/tides", Fault::Silence { milliseconds: 300 }),
            ("PUT /repos/acme/NAME/topics", Fault::ServerError),
            ("PUT /repos/acme/NAME/topics", limit),
            ("PUT /repos/acme/NAME/collaborators/jane", Fault::Reset),
            ("PUT /orgs/acme/teams/crew/repos/acme/NAME", Fault::ServerError),
            ("PUT /repos/acme/NAME/branches/main/protection", Fault::TruncatedJson),
        ];
        for (number, (request, fault)) in faults.into_iter().enumerate() {
            acme.fake.break_next(&request.replace("NAME", &format!("tides-{number}")), fault, 1);
            let id = acme.world.queue(acme.wish(&format!("tides-{number}"))).await;
            let mut detail = acme.world.settled(&id).await;
            if detail.run.state == RunState::Waiting {
                retry(&acme.world.portal, &Actor::Operator, &id).await.unwrap();
                detail = acme.world.settled(&id).await;
            }
            assert_eq!(detail.run.state, RunState::Done, "{request}: {detail:#?}");
            assert_eq!(acme.all().len(), number + 1, "{request}");
        }
        acme.world.portal.stop().await;
    }

    async fn what_the_source_has_found_before_the_run_tells_it_is_one_project(settings: Settings) {
        let acme = Acme::new(&settings).await;
        for at in [6, 9, 12, 15] {
            let name = format!("tides-{at}");
            let id = acme.world.queue(acme.wish(&name)).await;
            assert!(acme.world.die(&id, at).await);
            // As a webhook or a round has it that comes before the forge's answer does.
            let job = sources::sync(&acme.world.portal, &Actor::Operator, Some("acme")).await.unwrap();
            wait(&acme.world.portal, async || {
                crate::jobs::get(&acme.world.portal, &Actor::Operator, &job).await.is_ok_and(|job| job.state.is_over())
            })
            .await;
            let detail = acme.world.settled(&id).await;
            is_done(&detail, at);
            assert_eq!(acme.all().iter().filter(|(found, _)| *found == name).count(), 1, "{at}");
            assert_eq!(of_project(&acme.world.portal, &Actor::Operator, &name).await.unwrap().map(|run| run.id), Some(id), "{at}");
        }
        acme.world.portal.stop().await;
    }

    async fn a_forge_that_is_down_or_has_enough_is_waited_for(settings: Settings) {
        let acme = Acme::new(&settings).await;
        let limit = Fault::SecondaryLimit { retry_after: Some(100_000) };
        for (number, fault) in [Fault::ServerError, limit].into_iter().enumerate() {
            let id = acme.world.queue(acme.wish(&format!("tides-{number}"))).await;
            acme.fake.break_next("POST /orgs/acme/repos", fault, 100);
            let detail = acme.world.settled(&id).await;
            assert_eq!(detail.run.state, RunState::Waiting, "{detail:#?}");
            let why = detail.run.reason.as_deref().unwrap_or_default();
            assert!(why.starts_with("Making the repository: ") || why.contains("rate limit"), "{detail:#?}");
            assert_eq!(acme.all().len(), number, "{detail:#?}");
            acme.fake.state().clear_faults();
            if number > 0 {
                // It would be held back for long.
                cancel(&acme.world.portal, &Actor::Operator, &id).await.unwrap();
                break;
            }
            retry(&acme.world.portal, &Actor::Operator, &id).await.unwrap();
            let detail = acme.world.settled(&id).await;
            assert_eq!(detail.run.state, RunState::Done, "{detail:#?}");
        }
        acme.world.portal.stop().await;
    }
}
