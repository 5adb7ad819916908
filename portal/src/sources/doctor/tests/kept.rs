//! What is kept, and who may see it.

use super::*;
use crate::db_test;

async fn wait(portal: &Portal) -> Examined {
    loop {
        let changed = jobs::watch(portal);
        let examined = latest(portal, &Actor::Operator).await.unwrap();
        if examined.running.is_none() && !examined.reports.is_empty() {
            return examined;
        }
        let mut changed = changed;
        let _ = tokio::time::timeout(Duration::from_millis(200), changed.changed()).await;
    }
}

db_test! {
    async fn what_was_found_is_kept_until_somebody_looks_again(settings: Settings) {
        let (fake, _host) = acme().await;
        let sources = vec![
            source("acme", SourceKind::GitHub(with_token(&fake, TOKEN))),
            source("folder", SourceKind::Folder(settings.data.join("nothing"))),
        ];
        let portal = Portal::open(Settings { sources, poll_interval: Duration::ZERO, ..settings }).await.unwrap();
        assert!(latest(&portal, &Actor::Operator).await.unwrap().reports.is_empty());
        let waiting = check(&portal, &Actor::Operator, None).await.unwrap();
        assert_eq!(check(&portal, &Actor::Operator, None).await.unwrap(), waiting, "one look at a time");
        assert!(latest(&portal, &Actor::Operator).await.unwrap().running.is_some());
        portal.start();
        let examined = wait(&portal).await;
        let names: Vec<_> = examined.reports.iter().map(|report| report.source.clone().unwrap_or_default()).collect();
        assert_eq!(names, ["", "acme", "folder"]);
        assert_eq!(features(&examined.reports[0], State::Missing), Vec::<&str>::new(), "{:#?}", examined.reports[0]);
        assert_eq!(features(&examined.reports[2], State::Missing), ["folder"]);

        // One source alone, and the others stay.
        fake.state().tokens.clear();
        check(&portal, &Actor::Operator, Some("acme")).await.unwrap();
        let examined = wait(&portal).await;
        assert_eq!(features(&examined.reports[1], State::Missing), ["credentials"]);
        assert_eq!(examined.reports.len(), 3);

        for asked in [check(&portal, &Actor::Visitor, None).await.err(), latest(&portal, &Actor::Visitor).await.err()] {
            assert!(matches!(asked, Some(Error::Forbidden(_))), "{asked:?}");
        }
        assert!(check(&portal, &Actor::Operator, Some("absent")).await.is_err());
        assert!(examined.reports.iter().all(|report| !report.is_old), "{:#?}", examined.reports);
        let told = audit::list(&portal, &Actor::Operator, &audit::AuditFilter::default(), None, 10).await.unwrap();
        assert!(told.iter().any(|entry| entry.action == "doctor.check" && entry.target == "acme"), "{told:?}");
        portal.stop().await;
    }

    async fn a_report_is_old_once_something_else_is_configured(settings: Settings) {
        let (fake, _host) = acme().await;
        let folder = source("folder", SourceKind::Folder(settings.data.join("nothing")));
        let acme = |token: &str| source("acme", SourceKind::GitHub(with_token(&fake, token)));
        let open = async |sources| {
            Portal::open(Settings { sources, poll_interval: Duration::ZERO, ..settings.clone() }).await.unwrap()
        };
        let old = async |portal: &Portal| -> Vec<bool> {
            latest(portal, &Actor::Operator).await.unwrap().reports.iter().map(|report| report.is_old).collect()
        };
        let portal = open(vec![acme(TOKEN), folder.clone()]).await;
        portal.start();
        check(&portal, &Actor::Operator, None).await.unwrap();
        wait(&portal).await;
        assert_eq!(old(&portal).await, [false, false, false]);
        let (report, _) = store::of_source(portal.db(), "acme").await.unwrap().unwrap();
        assert_eq!(report.source.as_deref(), Some("acme"));
        portal.stop().await;
        drop(portal);
        // The same again, then another token, and another folder.
        let portal = open(vec![acme(TOKEN), folder.clone()]).await;
        assert_eq!(old(&portal).await, [false, false, false]);
        drop(portal);
        let portal = open(vec![acme("ghp_other"), folder]).await;
        assert_eq!(old(&portal).await, [false, true, false]);
        drop(portal);
        let moved = source("folder", SourceKind::Folder(settings.data.join("elsewhere")));
        let portal = open(vec![acme(TOKEN), moved]).await;
        assert_eq!(old(&portal).await, [false, false, true]);
        portal.stop().await;
    }
}
