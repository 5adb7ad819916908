//! Launches that others have to approve.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use model::Visibility;
use model::run::{ApprovalState, RunState};

use super::store::{self as asked, Approval, Review};
use crate::db_test;
use crate::identity::Claims;
use crate::identity::tests::{claims, signed_in};
use crate::runs::tests::World;
use crate::runs::*;
use crate::settings::{ApprovalSettings, Settings, SourceSettings};

const PEOPLE: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: platform}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: jane}
spec: {profile: {email: jane@example.com}, memberOf: [platform]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: joe}
spec: {profile: {email: joe@example.com}, memberOf: [platform]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: lea}
spec: {profile: {email: lea@example.com}, memberOf: [platform]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ann}
spec: {profile: {email: ann@example.com}, memberOf: []}
";

const HOUR: i64 = 60 * 60 * 1_000;

fn person(name: &str) -> Claims {
    Claims { email: Some(format!("{name}@example.com")), email_verified: true, ..claims(name) }
}

/// The account of somebody at another provider.
fn other_account(name: &str) -> Claims {
    Claims { subject: format!("{name}-again"), ..person(name) }
}

/// A world in which so many of the group `platform` have to approve whatever is published into a folder.
async fn world(settings: &Settings, count: usize) -> World {
    let people = settings.data.join("people");
    crate::git::testing::commit_files(&people.join("people"), &[("catalog-info.yaml", PEOPLE)]);
    let rule = ApprovalSettings {
        template: None,
        action: Some("publish:folder".to_owned()),
        reviewers: vec![EntityRef::new("group", "default", "platform")],
        count,
        expires: Duration::from_secs(60 * 60),
    };
    let settings = Settings { approvals: vec![rule], ..settings.clone() };
    World::with(&settings, vec![SourceSettings::folder("people", &people, Visibility::Public).trusted()]).await
}

async fn titles(world: &World, actor: &Actor) -> Vec<String> {
    let told = crate::inbox::list(&world.portal, actor, false, None, 50).await.unwrap();
    told.into_iter().filter(|one| one.address.starts_with("/runs/")).map(|one| one.title).collect()
}

db_test! {
    async fn a_launch_waits_until_others_approve_it(settings: Settings) {
        let world = world(&settings, 2).await;
        let portal = &world.portal;
        let jane = signed_in(portal, &person("jane")).await;
        let joe = signed_in(portal, &person("joe")).await;
        let lea = signed_in(portal, &person("lea")).await;
        let ann = signed_in(portal, &person("ann")).await;
        let again = signed_in(portal, &other_account("joe")).await;
        let own = signed_in(portal, &other_account("jane")).await;
        let id = launch(portal, &jane, world.wish("tides")).await.unwrap();
        let waits = world.settled(&id).await;
        assert!(waits.run.state == RunState::Review && waits.effects.is_empty() && world.all().is_empty(), "{waits:#?}");
        assert!(waits.steps.iter().all(|step| step.attempts == 0), "{waits:#?}");
        assert_eq!(titles(&world, &joe).await, ["tides waits for your approval"]);
        assert_eq!((titles(&world, &jane).await.len(), titles(&world, &ann).await.len()), (0, 0));
        let told = crate::inbox::list(portal, &joe, false, None, 50).await.unwrap();
        let text = &told.iter().find(|one| one.address.starts_with("/runs/")).unwrap().text;
        assert!(text.contains("template:default/service") && text.contains("- name: Tides") && text.contains("tides.git"), "{text}");
        assert!(get(portal, &joe, &id).await.unwrap().may_review && !get(portal, &jane, &id).await.unwrap().may_review);

        // Neither whoever launched it, with whatever account, nor who is no reviewer, nor who may not see it.
        for (actor, word) in [(&jane, "themselves"), (&own, "themselves"), (&Actor::Operator, "sign in")] {
            let refused = review(portal, actor, &id, true, "").await;
            assert!(matches!(&refused, Err(Error::Forbidden(why)) if why.contains(word)), "{refused:?}");
        }
        assert!(matches!(review(portal, &ann, &id, true, "").await, Err(Error::NotFound(_))));
        assert!(matches!(review(portal, &joe, &id, false, " ").await, Err(Error::Conflict(_))), "a denial needs a reason");
        review(portal, &joe, &id, true, "It is on the roadmap").await.unwrap();
        for actor in [&joe, &again] {
            assert!(matches!(review(portal, actor, &id, true, "").await, Err(Error::Conflict(_))), "a person counts once");
        }
        let waits = world.settled(&id).await;
        assert_eq!((waits.run.state, waits.approvals[0].reviews.len()), (RunState::Review, 1), "{waits:#?}");
        assert!(matches!(retry(portal, &jane, &id).await, Err(Error::Conflict(_))), "nobody gets around it");
        review(portal, &lea, &id, true, "").await.unwrap();
        let detail = world.settled(&id).await;
        assert_eq!((detail.run.state, detail.approvals[0].state), (RunState::Done, ApprovalState::Granted), "{detail:#?}");
        assert_eq!(world.audited("run.approve").await, 2);
        assert!(matches!(review(portal, &joe, &id, false, "too late").await, Err(Error::Conflict(_))));
        world.portal.stop().await;
    }

    async fn at_the_same_instant_nobody_is_counted_twice(settings: Settings) {
        let world = world(&settings, 2).await;
        let portal = &world.portal;
        let jane = signed_in(portal, &person("jane")).await;
        let joe = signed_in(portal, &person("joe")).await;
        let again = signed_in(portal, &other_account("joe")).await;
        let lea = signed_in(portal, &person("lea")).await;
        for number in 0..3 {
            let id = launch(portal, &jane, world.wish(&format!("tides-{number}"))).await.unwrap();
            world.settled(&id).await;
            let one = [&joe, &again, &joe, &again, &joe].map(|actor| review(portal, actor, &id, true, ""));
            let counted = futures::future::join_all(one).await.into_iter().filter(Result::is_ok).count();
            assert_eq!((counted, world.get(&id).await.run.state), (1, RunState::Review));
            let more = [&lea, &lea, &joe, &lea].map(|actor| review(portal, actor, &id, true, ""));
            let counted = futures::future::join_all(more).await.into_iter().filter(Result::is_ok).count();
            let detail = world.settled(&id).await;
            assert_eq!((counted, detail.run.state, detail.approvals[0].reviews.len()), (1, RunState::Done, 2), "{detail:#?}");
        }
        assert_eq!(world.audited("run.publish").await, 3);
        world.portal.stop().await;
    }

    async fn what_is_denied_or_too_late_never_begins(settings: Settings) {
        let clock = crate::clock::Clock::fixed(1_800_000_000_000);
        let world = world(&Settings { clock: clock.clone(), ..settings.clone() }, 1).await;
        let portal = &world.portal;
        let jane = signed_in(portal, &person("jane")).await;
        let joe = signed_in(portal, &person("joe")).await;
        let wish = Launch { token: Some(crate::git::Secret::new("ghp_jane")), ..world.wish("denied") };
        let id = launch(portal, &jane, wish).await.unwrap();
        review(portal, &joe, &id, false, "Use the library").await.unwrap();
        let detail = world.settled(&id).await;
        let why = detail.run.reason.as_deref().unwrap_or_default();
        assert!(detail.run.state == RunState::Failed && why.contains("Use the library"), "{detail:#?}");
        assert_eq!(store::row(portal.db(), &id).await.unwrap().unwrap().secrets, None);
        assert_eq!(titles(&world, &jane).await, ["denied was not approved"]);
        assert!(matches!(retry(portal, &jane, &id).await, Err(Error::Conflict(_))));

        let id = launch(portal, &jane, world.wish("late")).await.unwrap();
        for (passed, state) in [(HOUR - 1, RunState::Review), (1, RunState::Failed)] {
            clock.advance(passed);
            let mut tx = portal.db().begin().await.unwrap();
            look_after(&mut tx, portal).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(world.settled(&id).await.run.state, state);
        }
        let detail = world.get(&id).await;
        assert_eq!(detail.approvals[0].state, ApprovalState::Expired, "{detail:#?}");
        assert!(matches!(review(portal, &joe, &id, true, "").await, Err(Error::Conflict(_))));
        assert_eq!((world.audited("run.deny").await, world.audited("run.expire").await), (1, 1));

        let id = launch(portal, &jane, world.wish("withdrawn")).await.unwrap();
        cancel(portal, &jane, &id).await.unwrap();
        assert_eq!(world.settled(&id).await.run.state, RunState::Cancelled);
        assert!(world.all().is_empty(), "nothing was ever made");
        world.portal.stop().await;
    }

    async fn statements_of_approvals(settings: Settings) {
        let world = World::new(&settings).await;
        let (db, id) = (world.portal.db().clone(), world.queue(world.wish("tides")).await);
        let mut tx = db.begin().await.unwrap();
        let approval = Approval { number: 1, about: "x".to_owned(), needed: 1, expires_at: 5, state: "asked".to_owned() };
        let group = "group:default/platform".to_owned();
        asked::add(&mut tx, &id, &approval, &[group.clone(), group.clone()]).await.unwrap();
        assert!(!asked::lock(&mut tx, &id).await.unwrap(), "it is running");
        assert!(store::move_on(&mut tx, &id, &[RunState::Running], Moved::to(RunState::Review)).await.unwrap());
        assert!(asked::lock(&mut tx, &id).await.unwrap());
        assert_eq!(asked::open_for(&mut tx, &id, std::slice::from_ref(&group)).await.unwrap(), [approval]);
        assert!(asked::open_for(&mut tx, &id, &["user:default/x".to_owned()]).await.unwrap().is_empty());
        assert_eq!(asked::expired(&mut tx, 5).await.unwrap(), [(id.clone(), 1, "x".to_owned())]);
        assert!(asked::expired(&mut tx, 4).await.unwrap().is_empty());
        assert!(asked::untold(&mut tx).await.unwrap().is_empty(), "its job tells them");
        let review = Review { number: 1, person: "joe".to_owned(), approves: true, reason: String::new(), reviewed_at: 2 };
        assert!(asked::add_review(&mut tx, &id, &review).await.unwrap() && !asked::add_review(&mut tx, &id, &review).await.unwrap());
        assert_eq!((asked::approving(&mut tx, &id, 1).await.unwrap(), asked::asked(&mut tx, &id).await.unwrap()), (1, 1));
        asked::decide(&mut tx, &id, 1, "granted").await.unwrap();
        assert_eq!(asked::asked(&mut tx, &id).await.unwrap(), 0);
        assert!(asked::note_told(&mut tx, &id, 3).await.unwrap() && !asked::note_told(&mut tx, &id, 4).await.unwrap());
        asked::drop_secrets(&mut tx, &id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(asked::of(&db, &id).await.unwrap()[0].state, "granted");
        assert_eq!(asked::reviewers(&db, &id).await.unwrap(), [(1, group)]);
        assert_eq!(asked::reviews(&db, &id).await.unwrap(), [review]);
        world.portal.stop().await;
    }

    async fn a_portal_that_is_killed_meanwhile_waits_on_and_tells_nobody_twice(settings: Settings) {
        let world = world(&settings, 1).await;
        let jane = signed_in(&world.portal, &person("jane")).await;
        let joe = signed_in(&world.portal, &person("joe")).await;
        let id = launch(&world.portal, &jane, world.wish("tides")).await.unwrap();
        // Before it has told anybody.
        crate::jobs::do_one(&world.portal, JOB, std::future::ready(())).await;
        crate::jobs::let_go(&world.portal).await;
        assert_eq!(world.settled(&id).await.run.state, RunState::Review);
        assert_eq!(titles(&world, &joe).await, ["tides waits for your approval"]);
        // And while it waits.
        crate::jobs::let_go(&world.portal).await;
        let mut tx = world.portal.db().begin().await.unwrap();
        queue::look_after(&mut tx, &world.portal).await.unwrap();
        tx.commit().await.unwrap();
        let waits = world.settled(&id).await;
        assert!(waits.run.state == RunState::Review && waits.effects.is_empty() && world.all().is_empty(), "{waits:#?}");
        assert_eq!(titles(&world, &joe).await.len(), 1);
        review(&world.portal, &joe, &id, true, "").await.unwrap();
        assert!(matches!(review(&world.portal, &joe, &id, true, "").await, Err(Error::Conflict(_))));
        // And between the approval and what follows.
        for at in [1, 3, 6] {
            assert!(world.die(&id, at).await);
        }
        let detail = world.settled(&id).await;
        assert_eq!((detail.run.state, world.all()), (RunState::Done, vec!["tides.git".to_owned()]), "{detail:#?}");
        world.portal.stop().await;
    }

    async fn reviewers_without_an_account_are_named(settings: Settings) {
        let people = settings.data.join("people");
        crate::git::testing::commit_files(&people.join("people"), &[("catalog-info.yaml", PEOPLE)]);
        let reviewers = ["user:default/joe", "user:default/lea", "group:default/platform", "group:default/nobody"];
        let reviewers: Vec<EntityRef> = reviewers.into_iter().map(|one| one.parse().unwrap()).collect();
        let expires = Duration::from_secs(60 * 60);
        let rule = ApprovalSettings { template: None, action: None, reviewers, count: 1, expires };
        let settings = Settings { approvals: vec![rule], ..settings.clone() };
        let world = World::with(&settings, vec![SourceSettings::folder("people", &people, Visibility::Public).trusted()]).await;
        signed_in(&world.portal, &person("joe")).await;
        let id = world.queue(world.wish("tides")).await;
        let named: Vec<String> = world.get(&id).await.approvals[0].without_account.iter().map(ToString::to_string).collect();
        assert_eq!(named, ["group:default/nobody", "user:default/lea"]);
        world.portal.stop().await;
    }
}
