#![allow(clippy::unwrap_used)]

mod senders;

use super::*;
use crate::db_test;
use crate::identity::tests::claims;
use crate::identity::{Claims, Client, Readable, find, open};
use crate::settings::Settings;

async fn signed_in(portal: &Portal, name: &str, agent: &str) -> Actor {
    let claims = Claims { email: Some(format!("{name}@example.com")), email_verified: true, ..claims(name) };
    let client = Client { agent: agent.to_owned(), address: "192.0.2.1".to_owned() };
    let opened = open(portal, &claims, &client, None).await.unwrap();
    Actor::Person(find(portal, opened.cookie.expose()).await.unwrap().unwrap())
}

async fn say(portal: &Portal, actor: &Actor, title: &str, repository: Option<&str>) {
    let message = Message { topic: Topic::Star, title, text: "It is.", address: "/catalog", repository };
    let mut tx = portal.db().begin().await.unwrap();
    tell(&mut tx, portal, actor.account().unwrap(), message).await.unwrap();
    tx.commit().await.unwrap();
    told(portal);
    // What is told within one millisecond has no order.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
}

async fn titles(portal: &Portal, actor: &Actor, unread: bool) -> Vec<String> {
    list(portal, actor, unread, None, 50).await.unwrap().into_iter().map(|told| told.title).collect()
}

db_test! {
    async fn messages_are_ones_own_and_stay_until_they_are_read(portal: Portal) {
        let (ada, grace) = (signed_in(&portal, "ada", "Firefox").await, signed_in(&portal, "grace", "curl").await);
        say(&portal, &ada, "first", None).await;
        say(&portal, &ada, "second", None).await;
        say(&portal, &grace, "other", None).await;
        assert_eq!(titles(&portal, &ada, false).await, ["second", "first"]);
        assert_eq!(unread(&portal, ada.account().unwrap(), ada.readable()).await.unwrap(), 2);
        let messages = list(&portal, &ada, false, None, 50).await.unwrap();
        assert!(messages.iter().all(|told| told.deliveries.is_empty() && told.topic == Topic::Star));
        let before = list(&portal, &ada, false, Some(&messages[0].id), 50).await.unwrap();
        assert_eq!(before, messages[1..]);
        assert!(matches!(mark_read(&portal, &grace, Which::One(&messages[0].id)).await, Err(Error::NotFound(_))));
        assert_eq!(mark_read(&portal, &ada, Which::One(&messages[0].id)).await.unwrap(), 1);
        assert_eq!(titles(&portal, &ada, true).await, ["first"]);
        assert_eq!(mark_read(&portal, &ada, Which::All).await.unwrap(), 1);
        assert_eq!(mark_read(&portal, &ada, Which::All).await.unwrap(), 0);
        assert!(titles(&portal, &ada, true).await.is_empty());
        assert!(matches!(list(&portal, &Actor::Visitor, false, None, 5).await, Err(Error::Forbidden(_))));
        let mut tx = portal.db().begin().await.unwrap();
        let message = Message { topic: Topic::Change, title: "x", text: "", address: "/", repository: None };
        assert!(!store::add(&mut tx, "00", "nobody", message, 1).await.unwrap());
        assert!(store::add(&mut tx, "00", grace.account().unwrap(), message, 1).await.unwrap());
        store::forget(&mut tx, grace.account().unwrap(), 1).await.unwrap();
        assert_eq!(store::ways(&mut tx, grace.account().unwrap()).await.unwrap(), (true, true));
        assert_eq!(store::ways(&mut tx, "nobody").await.unwrap(), (false, false));
        assert_eq!(store::mark_read(&mut tx, ada.account().unwrap(), Which::All, 9).await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert_eq!(titles(&portal, &grace, false).await, ["other"]);
    }

    async fn who_may_not_read_a_repository_any_more_does_not_see_what_was_told_of_it(portal: Portal) {
        let ada = signed_in(&portal, "ada", "Firefox").await;
        say(&portal, &ada, "of a repository that is gone", Some("nowhere")).await;
        assert!(titles(&portal, &ada, false).await.is_empty());
        let account = ada.account().unwrap();
        assert_eq!(store::unread(portal.db(), account, ada.readable()).await.unwrap(), 0);
        assert_eq!(store::unread(portal.db(), account, &Readable::EVERYTHING).await.unwrap(), 1);
        assert_eq!(store::list(portal.db(), account, &Readable::EVERYTHING, true, None, 5).await.unwrap().len(), 1);
    }

    async fn another_browser_is_told(portal: Portal) {
        let ada = signed_in(&portal, "ada", "Firefox").await;
        signed_in(&portal, "ada", "Firefox").await;
        assert!(titles(&portal, &ada, false).await.is_empty());
        signed_in(&portal, "ada", "curl").await;
        assert_eq!(titles(&portal, &ada, false).await, ["You signed in with another browser"]);
        let text = list(&portal, &ada, false, None, 5).await.unwrap()[0].text.clone();
        assert!(text.starts_with("From 192.0.2.1, with curl."), "{text}");
    }
}
