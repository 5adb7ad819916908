#![allow(clippy::unwrap_used)]

use super::*;
use crate::db_test;
use crate::identity::tests::{claims, signed_in};

fn invalid<T: std::fmt::Debug>(result: Result<T>) -> Finding {
    match result {
        Err(Error::Invalid(findings)) => findings.findings[0].clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn time_zones_are_those_of_the_database() {
    let zones = time_zones();
    assert!(zones.len() > 300, "{}", zones.len());
    for zone in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata"] {
        assert!(zones.iter().any(|known| known == zone), "{zone}");
    }
    assert!(!zones.iter().any(|zone| zone == "posixrules" || zone == "Factory"));
}

db_test! {
    async fn what_is_chosen_stays_and_is_ones_own(portal: Portal) {
        let (ada, grace) = (signed_in(&portal, &claims("ada")).await, signed_in(&portal, &claims("grace")).await);
        set(&portal, &ada, "Europe/Berlin", false, true).await.unwrap();
        // Entries of one millisecond have no order.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        set_theme(&portal, &ada, Theme::Dark).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        let of_ada = of(&portal, ada.account().unwrap()).await.unwrap();
        assert_eq!((of_ada.zone_name(), of_ada.theme, of_ada.by_mail), ("Europe/Berlin", Some(Theme::Dark), false));
        assert_eq!(of(&portal, grace.account().unwrap()).await.unwrap(), Preferences::default());
        let finding = invalid(set(&portal, &ada, "Europe/Berln", true, true).await);
        assert!(finding.help.contains("Did you mean Europe/Berlin?"), "{}", finding.help);
        set(&portal, &ada, " ", true, true).await.unwrap();
        assert_eq!(of(&portal, ada.account().unwrap()).await.unwrap().zone_name(), "UTC");
        for actor in [Actor::Visitor, Actor::Operator] {
            assert!(matches!(set_theme(&portal, &actor, Theme::Dark).await, Err(Error::Forbidden(_))));
            assert!(!may_have_own(&actor));
        }
        let log = audit::list(&portal, &Actor::Operator, &audit::AuditFilter { action: "preferences.".to_owned(), ..Default::default() }, None, 9).await.unwrap();
        let said: Vec<_> = log.iter().map(|entry| entry.after.as_deref().unwrap()).collect();
        assert_eq!(said[1], "theme dark, Europe/Berlin, mail false, webhook true");
        assert_eq!(log.len(), 3);
    }

    async fn views_are_kept_by_name(portal: Portal) {
        let (ada, grace) = (signed_in(&portal, &claims("ada")).await, signed_in(&portal, &claims("grace")).await);
        save_view(&portal, &ada, " Ours ", List::Catalog, "owner=group:default/harbour").await.unwrap();
        save_view(&portal, &ada, "Archived", List::Repositories, "").await.unwrap();
        let again = save_view(&portal, &ada, "Ours", List::Catalog, "kind=component").await.unwrap();
        let kept: Vec<_> = views(&portal, &ada).await.unwrap().iter().map(|view| (view.name.clone(), view.address().into_owned())).collect();
        assert_eq!(kept, [("Archived".to_owned(), "/repositories".to_owned()), ("Ours".to_owned(), "/catalog?kind=component".to_owned())]);
        assert!(views(&portal, &grace).await.unwrap().is_empty() && views(&portal, &Actor::Visitor).await.unwrap().is_empty());
        assert!(matches!(delete_view(&portal, &grace, &again.id).await, Err(Error::NotFound(_))));
        delete_view(&portal, &ada, &again.id).await.unwrap();
        assert_eq!(views(&portal, &ada).await.unwrap().len(), 1);
        assert_eq!(invalid(save_view(&portal, &ada, "\n", List::Catalog, "").await).rule, "view.name");
        for query in ["a b", "x#y", "ü", &"x".repeat(5_000)] {
            assert_eq!(invalid(save_view(&portal, &ada, "x", List::Catalog, query).await).rule, "view.query");
        }
        assert_eq!((List::of_path("/catalog"), List::of_path("//evil.example")), (Some(List::Catalog), None));
        let mut tx = portal.db().begin().await.unwrap();
        let account = ada.account().unwrap();
        for at in 0..MOST_VIEWS as i64 {
            let view = View { id: format!("v{at}"), name: format!("v{at}"), path: "/catalog".to_owned(), query: String::new() };
            store::save_view(&mut tx, account, &view, at).await.unwrap();
        }
        assert_eq!(store::count_views(&mut tx, account, "v1").await.unwrap(), MOST_VIEWS);
        assert_eq!(store::delete_view(&mut tx, account, "v0").await.unwrap().as_deref(), Some("v0"));
        tx.commit().await.unwrap();
        assert_eq!(store::views(portal.db(), account).await.unwrap().len(), MOST_VIEWS);
        assert!(matches!(save_view(&portal, &ada, "one more", List::Catalog, "").await, Err(Error::Conflict(_))));
    }

    async fn stars_are_on_what_may_be_read(portal: Portal) {
        let ada = signed_in(&portal, &claims("ada")).await;
        let account = ada.account().unwrap();
        let nowhere = EntityRef::new("component", "default", "nowhere");
        assert!(matches!(star(&portal, &ada, &nowhere, true).await, Err(Error::NotFound(_))));
        star(&portal, &ada, &nowhere, false).await.unwrap();
        let mut tx = portal.db().begin().await.unwrap();
        assert!(!store::has_stars(&mut tx).await.unwrap());
        assert!(store::add_star(&mut tx, account, "component:default/a", 1).await.unwrap());
        assert!(!store::add_star(&mut tx, account, "component:default/a", 2).await.unwrap());
        assert!(store::add_star(&mut tx, account, "component:default/b", 1).await.unwrap());
        store::move_star(&mut tx, account, "component:default/a", "component:default/b").await.unwrap();
        assert!(store::has_stars(&mut tx).await.unwrap());
        assert_eq!(store::count_stars(&mut tx, account).await.unwrap(), 1);
        let of = store::stars_of(&mut tx, &["component:default/a".to_owned(), "component:default/b".to_owned()]).await.unwrap();
        assert_eq!(of, [(account.to_owned(), "component:default/b".to_owned())]);
        tx.commit().await.unwrap();
        assert!(store::is_starred(portal.db(), account, "component:default/b").await.unwrap());
        assert_eq!(store::stars(portal.db(), account).await.unwrap(), ["component:default/b"]);
        // It is in no catalog: nothing of it is shown.
        assert!(starred(&portal, &ada).await.unwrap().is_empty());
        assert!(!is_starred(&portal, &Actor::Visitor, &nowhere).await.unwrap());
        star(&portal, &ada, &EntityRef::new("component", "default", "b"), false).await.unwrap();
        let mut tx = portal.db().begin().await.unwrap();
        assert!(!store::remove_star(&mut tx, account, "component:default/b").await.unwrap());
        assert_eq!(store::get(portal.db(), account).await.unwrap(), None);
        store::set(&mut tx, account, &Preferences { by_mail: false, ..Preferences::default() }).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!store::get(portal.db(), account).await.unwrap().unwrap().by_mail);
    }
}
