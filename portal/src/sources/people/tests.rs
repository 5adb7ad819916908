//! Teams, members and readers, as the fake has them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use fake_forge::{Fault, Member, Team};

use super::*;
use crate::catalog;
use crate::clock::Clock;
use crate::db_test;
use crate::identity::Actor;
use crate::settings::Settings;
use crate::sources::tests::github::{acme, add, change, id, source};
use crate::sources::tests::{lines, open, round, row};

const NOW: i64 = 1_767_225_600_000;

fn team(id: u64, slug: &str, secret: bool, members: &[&str], repositories: &[(u64, &str)]) -> Team {
    Team {
        id,
        slug: slug.to_owned(),
        name: slug.to_uppercase(),
        parent: None,
        secret,
        members: members.iter().map(|login| (*login).to_owned()).collect(),
        repositories: repositories.iter().map(|(id, role)| (*id, (*role).to_owned())).collect(),
    }
}

async fn may(portal: &crate::Portal, login: &str, repository: &str) -> bool {
    let id = row(portal, repository).await.id;
    may_read(portal.db(), login, &id).await.unwrap()
}

async fn owner(portal: &crate::Portal, name: &str) -> Option<String> {
    let reference = format!("component:default/{name}").parse().unwrap();
    let found = catalog::entity(portal, &Actor::Operator, &reference).await.ok()?;
    found.row.owner.map(|owner| owner.name)
}

/// As a delivery does it that tells of a team.
async fn due(portal: &Portal) {
    let mut tx = portal.db().begin().await.unwrap();
    make_due(&mut tx, "acme").await.unwrap();
    tx.commit().await.unwrap();
}

db_test! {
    async fn teams_are_groups_and_say_who_may_read_what(settings: Settings) {
        let (fake, host) = acme(&["ledger", "vault", "open"]).await;
        host.commit("ledger", "Procfile", "web: x\n");
        host.commit("ledger", "main.py", "print(1)\n");
        let (ledger, vault) = (id(&fake, "ledger"), id(&fake, "vault"));
        for number in [ledger, vault] {
            change(&fake, number, |repository| repository.visibility = fake_forge::Visibility::Private);
        }
        change(&fake, vault, |repository| drop(repository.collaborators.insert("Zoe".to_owned(), "read".to_owned())));
        {
            let mut state = fake.state();
            let acme = state.organisations.get_mut("acme").unwrap();
            acme.base_permission = "none".to_owned();
            acme.members.extend(["ben", "cem"].map(|login| Member { id: 20, login: login.to_owned(), admin: false }));
            acme.teams.push(team(1, "payments", false, &["ben"], &[(ledger, "admin")]));
            acme.teams.push(team(2, "moles", true, &["cem"], &[(vault, "write")]));
        }
        let settings = Settings { clock: Clock::fixed(NOW), ..settings.clone() };
        let portal = open(&settings, vec![source(&fake)]).await;
        round(&portal).await;
        assert_eq!(owner(&portal, "ledger").await.as_deref(), Some("payments"));
        let group = |name: &str| format!("group:default/{name}").parse().unwrap();
        let payments = catalog::entity(&portal, &Actor::Operator, &group("payments")).await.unwrap();
        assert!(payments.relations.iter().any(|one| one.kind == "hasMember" && one.target.name == "ben"), "{payments:?}");
        for hidden in ["payments", "moles"] {
            assert!(catalog::entity(&portal, &Actor::Visitor, &group(hidden)).await.is_err());
        }
        let table = [
            ("ada", true, true), // owns the organisation
            ("ben", true, false),
            ("cem", false, true),
            ("ZOE", false, true),
            ("stranger", false, false),
        ];
        for (login, may_ledger, may_vault) in table {
            assert_eq!((may(&portal, login, "ledger").await, may(&portal, login, "vault").await), (may_ledger, may_vault), "{login}");
        }
        let listed_at = async || {
            let (mark, teams) = store::mark(portal.db(), "acme").await.unwrap();
            (mark.listed_at(), teams)
        };
        assert_eq!(listed_at().await, (Some(NOW), 2));
        let closed = store::private(portal.db(), "acme").await.unwrap();
        let closed: std::collections::BTreeSet<_> = closed.iter().map(|asked| asked.name.as_str()).collect();
        assert!(closed.into_iter().eq(["ledger", "vault"]));
        let people = store::for_catalog(portal.db(), "acme", "Acme").await.unwrap();
        assert_eq!((people.organisation.as_str(), people.teams.len(), people.members.len()), ("Acme", 2, 3));
        let rights = store::rights(portal.db()).await.unwrap();
        let ledger_key = row(&portal, "ledger").await.stable_key;
        assert!(rights.len() == 1 && rights[&("acme".to_owned(), ledger_key)][0].admin, "{rights:?}");
        due(&portal).await;
        assert_eq!(listed_at().await, (None, 2));
        let (mark, _) = store::mark(portal.db(), "acme").await.unwrap();
        // Something is told while they are listed.
        due(&portal).await;
        store::write_at(portal.db(), "acme", mark, NOW).await.unwrap();
        assert_eq!(listed_at().await, (None, 2));
        let (mark, _) = store::mark(portal.db(), "acme").await.unwrap();
        store::write_at(portal.db(), "acme", mark, NOW).await.unwrap();
        assert_eq!(listed_at().await, (Some(NOW), 2));
        let vault_only = readable(portal.db(), "zoe", "acme").await.unwrap();
        assert_eq!(vault_only, [(row(&portal, "vault").await.id, "vault".to_owned())]);

        // Not again within ten minutes, unless told; and then for next to nothing.
        fake.state().organisations.get_mut("acme").unwrap().teams[0].members.push("cem".to_owned());
        round(&portal).await;
        assert!(!may(&portal, "cem", "ledger").await);
        due(&portal).await;
        round(&portal).await;
        assert!(may(&portal, "cem", "ledger").await);
        portal.clock().advance(EVERY);
        let before = fake.state().unchanged;
        round(&portal).await;
        assert!(fake.state().unchanged - before >= 8, "all but the organisation itself is asked conditionally");

        // A listing that fails takes nobody's right away, nor gives any.
        fake.break_next("/teams/payments/members", Fault::SingleSignOn, 1);
        fake.state().organisations.get_mut("acme").unwrap().teams[1].members.clear();
        due(&portal).await;
        let job = round(&portal).await;
        assert!(lines(&portal, &job).await.iter().any(|line| line.contains("teams and members stay as they were")));
        assert!(may(&portal, "cem", "vault").await);
        due(&portal).await;
        round(&portal).await;
        assert!(!may(&portal, "cem", "vault").await);
        portal.stop().await;
    }

    async fn everybody_reads_where_the_organisation_says_so_and_nobody_where_it_is_not_told(settings: Settings) {
        let (fake, host) = acme(&["a"]).await;
        let a = id(&fake, "a");
        change(&fake, a, |repository| repository.visibility = fake_forge::Visibility::Private);
        let inner = add(&fake, &host, "a");
        change(&fake, inner, |repository| {
            repository.name = "inner".to_owned();
            repository.visibility = fake_forge::Visibility::Internal;
        });
        fake.state().organisations.get_mut("acme").unwrap().members.push(Member { id: 20, login: "ben".to_owned(), admin: false });
        fake.break_next("/collaborators", Fault::SingleSignOn, 1);
        let portal = open(&settings, vec![source(&fake)]).await;
        let job = round(&portal).await;
        assert!(may(&portal, "ben", "a").await && may(&portal, "ben", "inner").await);
        assert!(lines(&portal, &job).await.iter().any(|line| line.contains("may not list collaborators")));
        fake.state().organisations.get_mut("acme").unwrap().base_permission = "none".to_owned();
        due(&portal).await;
        round(&portal).await;
        assert!(!may(&portal, "ben", "a").await && may(&portal, "ben", "inner").await);
        portal.stop().await;
    }
}
