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
        let told = audit::list(&portal, &Actor::Operator, 10).await.unwrap();
        assert!(told.iter().any(|entry| entry.action == "doctor.check" && entry.target == "acme"), "{told:?}");
        portal.stop().await;
    }
}
