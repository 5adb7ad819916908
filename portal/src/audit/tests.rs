#![allow(clippy::unwrap_used)]

use super::*;
use crate::clock::Clock;
use crate::settings::Settings;
use crate::{db_test, jobs};

db_test! {
    async fn a_change_is_recorded_with_it_or_not_at_all(portal: Portal) {
        let change = Change { action: "source.sync", target: "demo", after: Some("job"), ..Change::default() };
        let mut undone = portal.db().begin().await.unwrap();
        record(&mut undone, &Actor::Operator, 1, change).await.unwrap();
        drop(undone);
        let mut tx = portal.db().begin().await.unwrap();
        let by = By { name: "operator".to_owned(), account: None, origin: None };
        store::insert(&mut tx, 2, &by, &[change]).await.unwrap();
        let origin = Origin { request: "r1".to_owned(), address: "192.0.2.1".to_owned() };
        from(origin, record(&mut tx, &Actor::System, 3, change)).await.unwrap();
        tx.commit().await.unwrap();

        let all = AuditFilter::default();
        let entries = list(&portal, &Actor::Operator, &all, None, 10).await.unwrap();
        let seen: Vec<_> = entries.iter().map(|entry| (entry.at, entry.actor.as_str(), entry.request.as_deref())).collect();
        assert_eq!(seen, [(3, "system", Some("r1")), (2, "operator", None)]);
        let place = (entries[0].at, entries[0].id.clone());
        assert_eq!(list(&portal, &Actor::Operator, &all, Some(&place), 10).await.unwrap(), entries[1..]);
        assert_eq!(list(&portal, &Actor::Operator, &all, None, 1).await.unwrap(), entries[..1]);
        assert!(list(&portal, &Actor::Visitor, &all, None, 1).await.is_err() && actions(&portal, &Actor::Visitor).await.is_err());
        assert_eq!(actions(&portal, &Actor::Operator).await.unwrap(), ["source.sync"]);
        let count = async |filter: AuditFilter| list(&portal, &Actor::Operator, &filter, None, 10).await.unwrap().len();
        let table = [
            (AuditFilter { text: "SYSTEM demo 192.0.2".to_owned(), ..all.clone() }, 1),
            (AuditFilter { text: "nobody".to_owned(), ..all.clone() }, 0),
            (AuditFilter { action: "source.".to_owned(), ..all.clone() }, 2),
            (AuditFilter { action: "source.sync".to_owned(), ..all.clone() }, 2),
            (AuditFilter { action: "source".to_owned(), ..all.clone() }, 0),
            (AuditFilter { action: "%.".to_owned(), ..all.clone() }, 0),
            (AuditFilter { from: Some(3), ..all.clone() }, 1),
            (AuditFilter { to: Some(3), ..all.clone() }, 1),
        ];
        for (filter, expected) in table {
            assert_eq!(count(filter.clone()).await, expected, "{filter:?}");
        }
    }

    async fn what_is_older_than_the_log_is_kept_goes_and_that_is_written_down(settings: Settings) {
        const DAY: u64 = 24 * 60 * 60;
        let now = 200 * DAY as i64 * 1_000;
        let kept = Some(std::time::Duration::from_secs(100 * DAY));
        let portal = Portal::open(Settings { clock: Clock::fixed(now), audit_kept: kept, ..settings.clone() }).await.unwrap();
        let change = Change { action: "source.sync", target: "demo", ..Change::default() };
        let mut tx = portal.db().begin().await.unwrap();
        for at in [1, now - 100 * DAY as i64 * 1_000, now] {
            record(&mut tx, &Actor::System, at, change).await.unwrap();
        }
        enqueue(&mut tx, &portal).await.unwrap();
        tx.commit().await.unwrap();
        portal.start();
        let is_done = async || {
            let jobs = jobs::list(&portal, &Actor::Operator, 9).await.unwrap();
            jobs.iter().any(|job| job.kind == JOB && job.state.is_over())
        };
        for _ in 0..200 {
            if is_done().await {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let left = list(&portal, &Actor::Operator, &AuditFilter { action: "source.sync".to_owned(), ..AuditFilter::default() }, None, 9).await.unwrap();
        assert_eq!(left.iter().map(|entry| entry.at).collect::<Vec<_>>(), [now, now - 100 * DAY as i64 * 1_000]);
        let moved = list(&portal, &Actor::Operator, &AuditFilter { action: "audit.floor".to_owned(), ..AuditFilter::default() }, None, 9).await.unwrap();
        assert_eq!(moved.len(), 1);
        assert_eq!(store::floor(portal.db()).await.unwrap(), now - 100 * DAY as i64 * 1_000);
        // It does not move back, nor twice in a day.
        let mut tx = portal.db().begin().await.unwrap();
        store::move_floor(&mut tx, 5).await.unwrap();
        assert_eq!(store::delete_old(&mut tx, 9).await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert_eq!(store::floor(portal.db()).await.unwrap(), now - 100 * DAY as i64 * 1_000);
        portal.stop().await;
    }
}
