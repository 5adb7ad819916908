//! Reading and owning, as the forge says.

use fake_forge::{Member, Team, Visibility};
use model::EntityRef;
use model::catalog::CatalogFilter;

use super::*;
use crate::clock::Clock;
use crate::repositories::{self, RepositoryFilter};
use crate::settings::{IdentitySettings, Settings};
use crate::sources::people::make_due;
use crate::sources::tests::github::{acme, change, id, source};
use crate::sources::tests::{open, round};
use crate::{audit, catalog};

const NOW: i64 = 1_767_225_600_000;

/// `ledger` (private) is the team payments', with ben; `vault` (private) the moles', with cem; `open` is everybody's.
async fn world(settings: &Settings) -> (fake_forge::Fake, crate::git::testing::GitHost, Portal) {
    let (fake, host) = acme(&["ledger", "vault", "open"]).await;
    for name in ["ledger", "vault", "open"] {
        host.commit(name, "Procfile", "web: x\n");
        host.commit(name, "main.py", "print(1)\n");
    }
    // Its file says whose it is, and so does nobody else.
    host.commit("open", "catalog-info.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: open}\nspec: {type: service, lifecycle: production, owner: payments}\n");
    let (ledger, vault) = (id(&fake, "ledger"), id(&fake, "vault"));
    for number in [ledger, vault] {
        change(&fake, number, |repository| repository.visibility = Visibility::Private);
    }
    {
        let mut state = fake.state();
        let acme = state.organisations.get_mut("acme").unwrap();
        acme.base_permission = "none".to_owned();
        acme.members.extend(["ben", "cem"].map(|login| Member { id: 20, login: login.to_owned(), admin: false }));
        let team = |id, slug: &str, login: &str, repository| Team {
            id,
            slug: slug.to_owned(),
            name: slug.to_owned(),
            parent: None,
            secret: false,
            members: vec![login.to_owned()],
            repositories: [(repository, "admin".to_owned())].into(),
        };
        acme.teams.push(team(1, "payments", "ben", ledger));
        acme.teams.push(team(2, "moles", "cem", vault));
    }
    let identity = IdentitySettings {
        administrators: vec!["boss@example.com".to_owned()],
        auditors: vec!["id:audit".to_owned()],
        ..settings.identity.clone()
    };
    let settings = Settings { clock: Clock::fixed(NOW), identity, ..settings.clone() };
    let portal = open(&settings, vec![source(&fake)]).await;
    round(&portal).await;
    (fake, host, portal)
}

fn of_forge(fake: &fake_forge::Fake, login: &str) -> Claims {
    let host = fake.origin().split("://").last().unwrap().to_owned();
    Claims { login: Some((host, login.to_owned())), ..claims(login) }
}

fn component(name: &str) -> EntityRef {
    EntityRef::new("component", "default", name)
}

/// Which of the three somebody finds: as entities, in the list, as repositories; always the same.
async fn finds(portal: &Portal, actor: &Actor) -> Vec<String> {
    let filter = CatalogFilter {
        fields: [(model::catalog::Field::Kind, vec!["component".to_owned()])].into(),
        ..CatalogFilter::default()
    };
    let page = catalog::list(portal, actor, &filter).await.unwrap();
    let mut listed: Vec<String> = page.rows.iter().map(|row| row.reference.name.clone()).collect();
    listed.sort();
    assert_eq!(page.total, listed.len());
    let kinds = page.facets.iter().find(|facet| facet.field == model::catalog::Field::Repository).unwrap();
    assert_eq!(kinds.values.len(), listed.len(), "facets count the same");
    for name in ["ledger", "vault", "open"] {
        let is_there = listed.iter().any(|one| one == name);
        assert_eq!(catalog::entity(portal, actor, &component(name)).await.is_ok(), is_there, "{name}");
        assert_eq!(repositories::get(portal, actor, name).await.is_ok(), is_there, "{name}");
        let found = catalog::suggest(portal, actor, name, 9).await.unwrap();
        assert_eq!(found.iter().any(|row| row.reference == component(name)), is_there, "{name}");
    }
    assert_eq!(repositories::list(portal, actor, &RepositoryFilter::default()).await.unwrap().total, listed.len());
    assert_eq!(catalog::summary(portal, actor).await.unwrap().repositories as usize, listed.len());
    listed
}

db_test! {
    async fn people_read_what_the_forge_lets_them_and_no_longer_than_that(settings: Settings) {
        let (fake, _host, portal) = world(&settings).await;
        assert_eq!(finds(&portal, &Actor::Visitor).await, ["open"]);
        assert_eq!(finds(&portal, &Actor::Operator).await, ["ledger", "open", "vault"]);
        let ben = signed_in(&portal, &of_forge(&fake, "Ben")).await;
        assert_eq!(finds(&portal, &ben).await, ["ledger", "open"]);
        let cem = signed_in(&portal, &of_forge(&fake, "cem")).await;
        assert_eq!(finds(&portal, &cem).await, ["open", "vault"]);
        assert_eq!(finds(&portal, &signed_in(&portal, &of_forge(&fake, "stranger")).await).await, ["open"]);
        // The same login elsewhere is somebody else.
        let elsewhere = Claims { login: Some(("github.com".to_owned(), "ben".to_owned())), ..claims("other") };
        let elsewhere = signed_in(&portal, &elsewhere).await;
        assert_eq!(finds(&portal, &elsewhere).await, ["open"]);
        let person = elsewhere.person().unwrap();
        assert_eq!((person.user.as_ref(), person.groups.len()), (None, 0), "nor has that one the user, the teams or what they own");
        let boss = Claims { email: Some("Boss@example.com".to_owned()), email_verified: true, ..claims("boss") };
        let audit = Claims { groups: vec!["audit".to_owned()], ..claims("auditor") };
        for all in [&boss, &audit] {
            assert_eq!(finds(&portal, &signed_in(&portal, all).await).await, ["ledger", "open", "vault"]);
        }
        let unverified = Claims { email_verified: false, subject: "thief".to_owned(), ..boss };
        assert!(!signed_in(&portal, &unverified).await.person().unwrap().is_administrator);

        // Who leaves the team reads no more, at the next look.
        fake.state().organisations.get_mut("acme").unwrap().teams[0].members.clear();
        let mut tx = portal.db().begin().await.unwrap();
        make_due(&mut tx, "acme").await.unwrap();
        tx.commit().await.unwrap();
        round(&portal).await;
        let ben = signed_in(&portal, &of_forge(&fake, "ben")).await;
        assert_eq!(finds(&portal, &ben).await, ["open"]);
        // What nobody has looked at for a day counts no more.
        portal.clock().advance(24 * 60 * 60 * 1_000);
        assert_eq!(finds(&portal, &signed_in(&portal, &of_forge(&fake, "cem")).await).await, ["open"]);
        portal.stop().await;
    }

    async fn nobody_becomes_an_owner_by_pushing_a_file(settings: Settings) {
        let (fake, _host, portal) = world(&settings).await;
        let ben = signed_in(&portal, &of_forge(&fake, "ben")).await;
        let person = ben.person().unwrap();
        assert_eq!(person.label, "user:default/ben");
        let payments = EntityRef::new("group", "default", "payments");
        assert_eq!(person.groups.get(&payments), Some(&GroupSource::Forge));
        // The file of `open` names payments as its owner; that is shown, and gives payments no right.
        let row = catalog::entity(&portal, &ben, &component("open")).await.unwrap().row;
        assert_eq!((row.owner.clone(), row.owner_has_authority), (Some(payments.clone()), false));
        let lifecycle = async |actor: &Actor, name: &str| {
            catalog::correct(&portal, actor, &[component(name)], "/spec/lifecycle", Some("deprecated")).await
        };
        assert!(matches!(lifecycle(&ben, "open").await, Err(Error::Forbidden(why)) if why.contains("nor a trusted source")));
        // Of `ledger` the forge says it.
        let row = catalog::entity(&portal, &ben, &component("ledger")).await.unwrap().row;
        assert_eq!((row.owner.clone(), row.owner_has_authority), (Some(payments), true));
        assert_eq!(lifecycle(&ben, "ledger").await.unwrap(), 1);
        assert!(matches!(lifecycle(&ben, "vault").await, Err(Error::NotFound(_))), "what may not be read does not exist");
        let cem = signed_in(&portal, &of_forge(&fake, "cem")).await;
        assert!(matches!(lifecycle(&cem, "open").await, Err(Error::Forbidden(_))));
        assert!(matches!(lifecycle(&cem, "ledger").await, Err(Error::NotFound(_))));
        let ledger = crate::sources::tests::row(&portal, "ledger").await.id;
        let open = crate::sources::tests::row(&portal, "open").await.id;
        assert!(may_write(&portal, &ben, &ledger, "ledger").await.unwrap());
        assert!(!may_write(&portal, &ben, &open, "open").await.unwrap());
        assert!(!may_write(&portal, &Actor::Visitor, &open, "open").await.unwrap());
        let entries = audit::list(&portal, &Actor::Operator, &audit::AuditFilter::default(), None, 50).await.unwrap();
        let corrected = entries.iter().find(|entry| entry.action == "catalog.correct").unwrap();
        assert_eq!((corrected.actor.as_str(), corrected.account.as_deref()), ("user:default/ben", ben.account()));
        assert!(audit::list(&portal, &ben, &audit::AuditFilter::default(), None, 50).await.is_err());
        portal.stop().await;
    }
}
