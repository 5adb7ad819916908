#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use model::Level;
use model::job::{JobState, LogLine};
use tokio::sync::oneshot;

use super::*;
use crate::db_test;

/// Jobs of kind `test` that wait for a word, by payload.
static GATES: LazyLock<Mutex<HashMap<String, oneshot::Receiver<()>>>> = LazyLock::new(Mutex::default);

/// Waits until the work of a job with a gate has begun: what is wished for from then on comes while it runs.
async fn begun(what: &str) {
    while GATES.lock().unwrap().contains_key(what) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// What a job of kind `test` does: its payload says so.
pub async fn run(context: &Context) -> Result<Ending> {
    let what: String = context.payload()?;
    context.log(Level::Note, format!("{what} begins"));
    let gate = GATES.lock().unwrap().remove(&what);
    if let Some(gate) = gate {
        let _ = gate.await;
    }
    match what.as_str() {
        "panic" => panic!("of a test"),
        error if error.starts_with("error") => Err(Error::Unavailable("The forge does not answer.".to_owned())),
        "quiet" => Ok(Ending::Quiet),
        "fail" => Ok(Ending::Failed("1 of 2".to_owned())),
        "lines" => {
            for number in 1..=500 {
                context.log(Level::Warning, format!("line {number}"));
                context.progress(|progress| progress.done = number);
                if number % 100 == 0 {
                    tokio::time::sleep(Duration::from_millis(60)).await;
                }
            }
            Ok(Ending::Succeeded)
        }
        "halt" => {
            context.halted().cancelled().await;
            Ok(Ending::Halted)
        }
        _ => Ok(Ending::Succeeded),
    }
}

fn wish<'a>(payload: &'a str, dedup: Option<&'a str>) -> NewJob<'a> {
    NewJob { kind: "test", title: "A test", payload, dedup, wished: true, max_attempts: 2 }
}

async fn queue(portal: &Portal, job: NewJob<'_>) -> String {
    let mut tx = portal.db().begin().await.unwrap();
    let id = enqueue(&mut tx, portal.clock().now(), job).await.unwrap();
    tx.commit().await.unwrap();
    portal.jobs().wake();
    id
}

/// The next job that is due, as a worker takes it at `now`.
async fn take(portal: &Portal, now: i64) -> Option<store::Claimed> {
    let mut tx = portal.db().begin().await.unwrap();
    let claimed = store::claim(&mut tx, now, now + 1_000, now, &[]).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

/// Does what is due, one after another.
async fn work_off(portal: &Portal) {
    while let Some(job) = take(portal, Clock::System.now()).await {
        worker::see_through(portal, job).await.unwrap();
    }
}

async fn state(portal: &Portal, id: &str) -> (JobState, u32, Option<String>) {
    let job = get(portal, &Actor::Operator, id).await.unwrap();
    (job.state, job.attempt, job.error)
}

async fn wait_until(portal: &Portal, id: &str, enough: impl Fn(&Job) -> bool) -> Job {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let mut changed = watch(portal);
        let job = get(portal, &Actor::Operator, id).await.unwrap();
        if enough(&job) {
            return job;
        }
        assert!(tokio::time::Instant::now() < deadline, "still {job:?}");
        let _ = tokio::time::timeout(Duration::from_millis(200), changed.changed()).await;
    }
}

db_test! {
    async fn a_job_is_queued_with_its_cause_or_not_at_all(portal: Portal) {
        let mut undone = portal.db().begin().await.unwrap();
        enqueue(&mut undone, 0, wish("\"x\"", None)).await.unwrap();
        drop(undone);
        assert!(store::next_due(portal.db(), &[]).await.unwrap().is_none());
        let id = queue(&portal, wish("\"x\"", None)).await;
        assert_eq!(state(&portal, &id).await, (JobState::Queued, 0, None));
        work_off(&portal).await;
        assert_eq!(state(&portal, &id).await, (JobState::Succeeded, 1, None));
    }

    async fn open_jobs_of_one_key_are_one(portal: Portal) {
        let mut tx = portal.db().begin().await.unwrap();
        let first = store::insert(&mut tx, "1", 0, 0, wish("\"x\"", Some("k"))).await.unwrap();
        assert_eq!(first.as_deref(), Some("1"));
        assert_eq!(store::insert(&mut tx, "2", 0, 0, wish("\"x\"", Some("k"))).await.unwrap(), None);
        assert_eq!(store::join(&mut tx, wish("\"x\"", Some("k"))).await.unwrap().as_deref(), Some("1"));
        assert_eq!(store::join(&mut tx, wish("\"x\"", Some("other"))).await.unwrap(), None);
        tx.commit().await.unwrap();
        assert_eq!(store::wishes(portal.db(), "1").await.unwrap(), 2);
        assert_eq!(queue(&portal, wish("\"x\"", Some("k"))).await, "1");
        assert_ne!(queue(&portal, wish("\"x\"", Some("l"))).await, "1");
        work_off(&portal).await;
        assert_ne!(queue(&portal, wish("\"x\"", Some("k"))).await, "1");
    }

    async fn one_wished_for_while_it_runs_runs_once_more(portal: Portal) {
        let payload = format!("again {}", ulid::Ulid::generate());
        let (open, gate) = oneshot::channel();
        GATES.lock().unwrap().insert(payload.clone(), gate);
        let (what, payload) = (payload.clone(), serde_json::to_string(&payload).unwrap());
        portal.start();
        let id = queue(&portal, wish(&payload, Some("k"))).await;
        begun(&what).await;
        // A schedule that joins does not make it run again, a person does.
        let scheduled = NewJob { wished: false, ..wish(&payload, Some("k")) };
        assert_eq!(queue(&portal, scheduled).await, id);
        assert_eq!(queue(&portal, wish(&payload, Some("k"))).await, id);
        open.send(()).unwrap();
        wait_until(&portal, &id, |job| job.state.is_over()).await;
        assert_eq!(log(&portal, &Actor::Operator, &id, 0).await.unwrap().len(), 2);
        portal.stop().await;
    }

    async fn a_long_job_holds_up_only_its_own_kind(portal: Portal) {
        let mut gates = HashMap::new();
        portal.start();
        for _ in 0..3 {
            let what = format!("long {}", ulid::Ulid::generate());
            let (open, gate) = oneshot::channel();
            GATES.lock().unwrap().insert(what.clone(), gate);
            gates.insert(queue(&portal, wish(&serde_json::to_string(&what).unwrap(), None)).await, open);
        }
        let mut running = Vec::new();
        // Of this kind two run at a time; which ones, their ids say.
        while running.len() < 2 {
            let mut changed = watch(&portal);
            let jobs = list(&portal, &Actor::Operator, 9).await.unwrap();
            // The first round over the sources runs beside them.
            let tests = jobs.into_iter().filter(|job| job.kind == "test");
            running = tests.filter(|job| job.state == JobState::Running).map(|job| job.id).collect();
            let _ = tokio::time::timeout(Duration::from_millis(200), changed.changed()).await;
        }
        let other = queue(&portal, NewJob { kind: "other", ..wish("\"x\"", None) }).await;
        wait_until(&portal, &other, |job| job.state == JobState::Succeeded).await;
        let third = gates.keys().find(|id| !running.contains(id)).unwrap().clone();
        assert_eq!(state(&portal, &third).await.0, JobState::Queued);
        gates.remove(&running[0]).unwrap().send(()).unwrap();
        wait_until(&portal, &running[0], |job| job.state == JobState::Succeeded).await;
        wait_until(&portal, &third, |job| job.state == JobState::Running).await;
        drop(gates);
        for id in [&running[1], &third] {
            wait_until(&portal, id, |job| job.state == JobState::Succeeded).await;
        }
        portal.stop().await;
    }

    async fn a_job_belongs_to_one_worker_until_its_lease_runs_out(portal: Portal) {
        let id = queue(&portal, wish("\"x\"", None)).await;
        let now = Clock::System.now() + 10;
        let first = take(&portal, now).await.unwrap();
        assert!(take(&portal, now).await.is_none());
        assert_eq!(store::next_due(portal.db(), &[]).await.unwrap(), Some(now + 1_001));
        let second = take(&portal, now + 2_000).await.unwrap();
        assert_eq!((first.attempt, second.attempt, &second.id), (1, 2, &id));

        let mut tx = portal.db().begin().await.unwrap();
        let end = store::End { state: JobState::Succeeded, error: None, quiet: false, wishes: None };
        assert!(!store::renew(&mut tx, &first, now, "{}").await.unwrap());
        assert!(!store::finish(&mut tx, &first, now, &end).await.unwrap());
        store::release(&mut tx, &first).await.unwrap();
        store::retry(&mut tx, &first, now, 0, "no").await.unwrap();
        assert!(store::renew(&mut tx, &second, now, "{}").await.unwrap());
        let unseen = store::End { state: JobState::Succeeded, error: None, quiet: false, wishes: Some(0) };
        assert!(!store::finish(&mut tx, &second, now, &unseen).await.unwrap());
        assert!(store::finish(&mut tx, &second, now, &end).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(state(&portal, &id).await, (JobState::Succeeded, 2, None));
    }

    async fn what_dies_with_its_process_is_free_again(portal: Portal) {
        queue(&portal, wish("\"x\"", None)).await;
        let now = Clock::System.now() + 10;
        take(&portal, now).await.unwrap();
        let mut tx = portal.db().begin().await.unwrap();
        store::release_all(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(take(&portal, now).await.unwrap().attempt, 2);
    }

    async fn an_error_is_tried_again_later_and_then_left_to_people(portal: Portal) {
        let id = queue(&portal, wish("\"error\"", None)).await;
        work_off(&portal).await;
        assert_eq!(state(&portal, &id).await, (JobState::Queued, 1, Some("The forge does not answer.".to_owned())));
        let wait = store::next_due(portal.db(), &[]).await.unwrap().unwrap() - Clock::System.now();
        assert!((100_000..=120_000).contains(&wait), "2 minutes, not {wait} ms");
        let job = take(&portal, Clock::System.now() + 200_000).await.unwrap();
        worker::see_through(&portal, job).await.unwrap();
        assert_eq!(state(&portal, &id).await.0, JobState::Dead);
    }

    async fn a_wish_while_it_fails_is_granted_at_once(portal: Portal) {
        let what = format!("error {}", ulid::Ulid::generate());
        let payload = serde_json::to_string(&what).unwrap();
        let (open, gate) = oneshot::channel();
        GATES.lock().unwrap().insert(what.clone(), gate);
        let id = queue(&portal, wish(&payload, Some("k"))).await;
        let job = take(&portal, Clock::System.now()).await.unwrap();
        let run = worker::see_through(&portal, job);
        let wished = async {
            begun(&what).await;
            assert_eq!(queue(&portal, wish(&payload, Some("k"))).await, id);
            open.send(()).unwrap();
        };
        tokio::join!(run, wished).0.unwrap();
        assert_eq!(state(&portal, &id).await.0, JobState::Queued);
        assert!(take(&portal, Clock::System.now()).await.is_some(), "what was wished for meanwhile does not wait");
    }

    async fn one_that_never_ends_is_dead_after_some_starts(portal: Portal) {
        let id = queue(&portal, wish("\"x\"", None)).await;
        let mut now = Clock::System.now() + 10;
        for _ in 0..2 {
            take(&portal, now).await.unwrap();
            now += 5_000;
        }
        let job = take(&portal, now).await.unwrap();
        worker::see_through(&portal, job).await.unwrap();
        let (state, _, error) = state(&portal, &id).await;
        assert_eq!(state, JobState::Dead);
        assert!(error.unwrap().starts_with("It was started 2 times"));
    }

    async fn a_panic_fails_the_job_and_nothing_else(portal: Portal) {
        let id = queue(&portal, wish("\"panic\"", None)).await;
        let after = queue(&portal, wish("\"fail\"", None)).await;
        work_off(&portal).await;
        let (panicked, _, error) = state(&portal, &id).await;
        assert_eq!(panicked, JobState::Failed);
        assert!(error.unwrap().contains("fault in Slipway"));
        assert_eq!(state(&portal, &after).await, (JobState::Failed, 1, Some("1 of 2".to_owned())));
    }

    async fn stopping_gives_the_job_back(settings: crate::settings::Settings) {
        let portal = Portal::open(settings.clone()).await.unwrap();
        portal.start();
        let id = queue(&portal, wish("\"halt\"", None)).await;
        wait_until(&portal, &id, |job| job.state == JobState::Running).await;
        portal.stop().await;
        drop(portal);
        let again = Portal::open(settings).await.unwrap();
        assert_eq!(state(&again, &id).await, (JobState::Queued, 0, None));
        assert!(take(&again, Clock::System.now() + 10).await.is_some());
    }

    async fn lines_come_in_their_order_and_without_gaps(portal: Portal) {
        portal.start();
        let id = queue(&portal, wish("\"lines\"", None)).await;
        let mut seen: Vec<LogLine> = Vec::new();
        loop {
            let mut changed = watch(&portal);
            let job = get(&portal, &Actor::Operator, &id).await.unwrap();
            seen.extend(log(&portal, &Actor::Operator, &id, seen.len() as i64).await.unwrap());
            if job.state.is_over() {
                assert_eq!(job.progress.done, 500);
                break;
            }
            let _ = tokio::time::timeout(Duration::from_secs(1), changed.changed()).await;
        }
        assert_eq!(seen.len(), 501);
        assert!(seen.iter().zip(1..).all(|(line, number)| line.sequence == number));
        assert!(seen.iter().skip(1).zip(1..).all(|(line, number)| line.line == format!("line {number}")));
        assert_eq!((seen[0].level, seen[1].level), (Level::Note, Level::Warning));
        assert_eq!(store::last_line(portal.db(), &id).await.unwrap(), 501);
        portal.stop().await;
    }

    async fn many_lines_are_written_at_once(portal: Portal) {
        let id = queue(&portal, wish("\"x\"", None)).await;
        let lines: Vec<_> = (0..450).map(|number| (number, Level::Error, format!("{number}"))).collect();
        let mut tx = portal.db().begin().await.unwrap();
        store::append_log(&mut tx, &id, 1, &lines).await.unwrap();
        tx.commit().await.unwrap();
        let read = store::log(portal.db(), &id, 440, 5).await.unwrap();
        let numbers: Vec<_> = read.iter().map(|line| (line.sequence, line.line.as_str())).collect();
        assert_eq!(numbers, [(441, "440"), (442, "441"), (443, "442"), (444, "443"), (445, "444")]);
    }

    async fn old_jobs_go_and_quiet_ones_sooner(portal: Portal) {
        let mut ids = Vec::new();
        for payload in ["\"quiet\"", "\"quiet\"", "\"x\"", "\"x\"", "\"quiet\""] {
            ids.push(queue(&portal, NewJob { wished: false, ..wish(payload, None) }).await);
            work_off(&portal).await;
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        let left = async || {
            let jobs = store::newest(portal.db(), 10).await.unwrap();
            jobs.iter().map(|job| ids.iter().position(|id| *id == job.id).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(left().await, [4, 3, 2]);
        let mut tx = portal.db().begin().await.unwrap();
        store::prune_quiet(&mut tx, "test").await.unwrap();
        store::prune(&mut tx, 2, crate::runs::JOB).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(left().await, [4, 3]);
        assert_eq!(list(&portal, &Actor::Operator, 1).await.unwrap().len(), 1);
        assert!(store::get(portal.db(), &ids[0]).await.unwrap().is_none());
        assert!(matches!(get(&portal, &Actor::Operator, &ids[0]).await, Err(Error::NotFound(_))));
    }

    async fn a_schedule_is_taken_once_when_it_is_due(portal: Portal) {
        assert_eq!(store::until_due(portal.db(), "s", 0).await.unwrap(), None);
        let mut tx = portal.db().begin().await.unwrap();
        store::set_schedule(&mut tx, "s", 100, 50).await.unwrap();
        assert!(!store::take_due(&mut tx, "s", 49).await.unwrap());
        assert!(store::take_due(&mut tx, "s", 60).await.unwrap());
        assert!(!store::take_due(&mut tx, "s", 60).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(store::until_due(portal.db(), "s", 100).await.unwrap(), Some(60));
    }
}
