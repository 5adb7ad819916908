//! Sessions, tokens and the local administrator.

use super::*;
use crate::clock::Clock;
use crate::db::on;
use crate::settings::Settings;
use crate::{audit, secret};

const DAY: i64 = 24 * 60 * 60 * 1_000;
const NOW: i64 = 1_767_225_600_000;

async fn portal(settings: &Settings) -> Portal {
    Portal::open(Settings { clock: Clock::fixed(NOW), ..settings.clone() }).await.unwrap()
}

fn client() -> Client {
    Client { agent: "Mozilla/5.0 Firefox/140.0\u{7}".to_owned(), address: "192.0.2.9".to_owned() }
}

async fn actions(portal: &Portal) -> Vec<String> {
    let entries = audit::list(portal, &Actor::Operator, &audit::AuditFilter::default(), None, 100).await.unwrap();
    entries.into_iter().rev().map(|entry| entry.action).collect()
}

db_test! {
    async fn a_session_ends_when_it_is_idle_or_old_or_somebody_ends_it(settings: Settings) {
        let portal = portal(&settings).await;
        let first = open(&portal, &claims("jane"), &client(), None).await.unwrap();
        let jane = Actor::Person(find(&portal, first.cookie.expose()).await.unwrap().unwrap());
        assert_eq!((jane.name(), jane.account()), ("jane (id)", Some(first.account.as_str())));
        assert!(find(&portal, "0000").await.unwrap().is_none());
        assert!(find(&portal, &secret::digest(first.cookie.expose())).await.unwrap().is_none(), "what is stored opens nothing");

        // A new sign-in of the same browser ends the session that it had: nothing planted survives.
        let second = open(&portal, &claims("jane"), &client(), Some(first.cookie.expose())).await.unwrap();
        assert_eq!(second.account, first.account);
        assert!(find(&portal, first.cookie.expose()).await.unwrap().is_none());
        let third = open(&portal, &claims("jane"), &client(), None).await.unwrap();
        let here = Some(second.cookie.expose());
        let seen = devices(&portal, &jane, here).await.unwrap();
        assert_eq!(seen.iter().map(|device| device.here).filter(|here| *here).count(), 1);
        assert_eq!((seen.len(), seen[0].agent.as_str(), seen[0].address.as_str()), (2, "Mozilla/5.0 Firefox/140.0", "192.0.2.9"));
        let other = seen.iter().find(|device| !device.here).unwrap();
        let joe = signed_in(&portal, &claims("joe")).await;
        assert!(matches!(end(&portal, &joe, &other.id).await, Err(Error::NotFound(_))), "somebody else's");
        end(&portal, &jane, &other.id).await.unwrap();
        assert!(find(&portal, third.cookie.expose()).await.unwrap().is_none());
        open(&portal, &claims("jane"), &client(), None).await.unwrap();
        assert_eq!(end_others(&portal, &jane, here).await.unwrap(), 1);
        assert!(devices(&portal, &Actor::Operator, None).await.is_err());
        sign_out(&portal, &jane, second.cookie.expose()).await.unwrap();
        assert!(find(&portal, second.cookie.expose()).await.unwrap().is_none());

        let idle = open(&portal, &claims("jane"), &client(), None).await.unwrap();
        for _ in 0..7 {
            portal.persons().forget();
            assert!(find(&portal, idle.cookie.expose()).await.unwrap().is_some(), "it is used each day but one minute");
            portal.clock().advance(DAY - 60_000);
        }
        portal.persons().forget();
        assert!(find(&portal, idle.cookie.expose()).await.unwrap().is_some());
        portal.clock().advance(7 * 60_000);
        portal.persons().forget();
        assert!(find(&portal, idle.cookie.expose()).await.unwrap().is_none(), "seven days are the longest");
        let idle = open(&portal, &claims("jane"), &client(), None).await.unwrap();
        portal.clock().advance(DAY);
        portal.persons().forget();
        assert!(find(&portal, idle.cookie.expose()).await.unwrap().is_none(), "a day without use");

        let last = open(&portal, &claims("jane"), &client(), None).await.unwrap();
        assert!(disable(&portal, &joe, &last.account).await.is_err());
        assert!(matches!(disable(&portal, &Actor::Operator, "nobody").await, Err(Error::NotFound(_))));
        disable(&portal, &Actor::Operator, &last.account).await.unwrap();
        assert!(find(&portal, last.cookie.expose()).await.unwrap().is_none());
        assert!(matches!(open(&portal, &claims("jane"), &client(), None).await, Err(Error::Forbidden(_))));
        let listed = accounts(&portal, &Actor::Operator, "JAN", 10).await.unwrap();
        assert_eq!((listed.len(), listed[0].sessions, listed[0].disabled_at.is_some()), (1, 0, true));
        assert!(accounts(&portal, &Actor::Operator, "%", 10).await.unwrap().is_empty());
        assert!(accounts(&portal, &joe, "", 10).await.is_err() && enable(&portal, &joe, &last.account).await.is_err());
        enable(&portal, &Actor::Operator, &last.account).await.unwrap();
        assert!(matches!(enable(&portal, &Actor::Operator, &last.account).await, Err(Error::NotFound(_))));
        let again = open(&portal, &claims("jane"), &client(), None).await.unwrap();
        assert!(end_all(&portal, &joe, &last.account).await.is_err());
        assert_eq!(end_all(&portal, &Actor::Operator, &last.account).await.unwrap(), 1);
        assert!(find(&portal, again.cookie.expose()).await.unwrap().is_none());
        assert!(matches!(end_all(&portal, &Actor::Operator, "nobody").await, Err(Error::NotFound(_))));
        let mut tx = portal.db().begin().await.unwrap();
        assert!(!store::enable(&mut tx, "nobody").await.unwrap());
        // Nobody is strange who is signed in nowhere else.
        assert!(!store::is_strange(&mut tx, &last.account, "curl").await.unwrap());
        assert_eq!(store::accounts(portal.db(), "jane", 0, 9).await.unwrap().len(), 1);
        drop(tx);
        let too_many = Claims { groups: (0..10_001).map(|at| at.to_string()).collect(), ..claims("joe") };
        assert!(matches!(open(&portal, &too_many, &client(), None).await, Err(Error::Forbidden(_))));
        let seen = actions(&portal).await;
        for action in ["session.open", "session.end", "account.disable", "account.enable"] {
            assert!(seen.iter().any(|one| one == action), "{action}");
        }
    }

    async fn the_first_administrator_is_made_by_a_link_that_is_good_once(settings: Settings) {
        let portal = portal(&settings).await;
        assert!(Actor::is_operator_at_machine(&portal));
        let old = first_link(&portal).await.unwrap().unwrap();
        let code = first_link(&portal).await.unwrap().unwrap();
        assert!(!invitation_is_open(&portal, old.expose()).await.unwrap(), "only the newest is good");
        let code = code.expose();
        for (name, password) in [("ad min", "correct horse battery"), ("admin", "short"), ("admin", "my ADMIN password")] {
            let refused = accept(&portal, code, name, password, &client()).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{name} {password}");
        }
        assert!(invitation_is_open(&portal, code).await.unwrap(), "what was refused did not use it up");
        let opened = accept(&portal, code, "admin", "correct horse battery", &client()).await.unwrap();
        let admin = Actor::Person(find(&portal, opened.cookie.expose()).await.unwrap().unwrap());
        assert!(admin.person().unwrap().is_administrator && admin.readable().is_everything());
        assert!(matches!(accept(&portal, code, "eve", "correct horse battery", &client()).await, Err(Error::Forbidden(_))));
        // As OWASP's Password Storage Cheat Sheet has it.
        let kept = store::password(portal.db(), LOCAL, "admin").await.unwrap().unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(first_link(&portal).await.unwrap().is_none());
        assert!(!Actor::is_operator_at_machine(&portal), "who sits at the machine has to sign in from now on");
        let again = Portal::open(Settings { data: portal.settings().data.join("other"), ..portal.settings().clone() });
        if matches!(portal.db(), crate::db::Db::Postgres(_)) {
            assert!(!Actor::is_operator_at_machine(&again.await.unwrap()), "also after a start");
        }

        let wrong = async |name: &str, password: &str| match sign_in_locally(&portal, name, password, &client(), None).await {
            Err(Error::Forbidden(why)) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(wrong("admin", "wrong horse battery").await, wrong("nobody", "correct horse battery").await);
        assert_eq!(wrong("ADMIN", "correct horse battery").await, "The name or the password is wrong.");
        let opened = sign_in_locally(&portal, "admin", "correct horse battery", &client(), None).await.unwrap();
        assert!(find(&portal, opened.cookie.expose()).await.unwrap().is_some());

        // Another password, for whoever knows the one before.
        let here = sign_in_locally(&portal, "admin", "correct horse battery", &client(), None).await.unwrap();
        let admin = Actor::Person(find(&portal, here.cookie.expose()).await.unwrap().unwrap());
        let change = async |actor: &Actor, cookie: Option<&str>, current: &str, new: &str| {
            change_password(&portal, actor, cookie, current, new).await
        };
        let cookie = Some(here.cookie.expose());
        let right = "correct horse battery";
        for (actor, cookie, current, why) in [
            (&Actor::Operator, cookie, right, "You need to sign in to have settings of your own."),
            (&admin, None, right, "You need to sign in to change your password."),
            (&admin, cookie, "wrong horse battery", "The password that you have now is another one."),
        ] {
            assert_eq!(forbidden(change(actor, cookie, current, "staple of a fine cart").await), why);
        }
        assert!(matches!(change(&admin, cookie, right, "slipway-slipway").await, Err(Error::Invalid(_))));
        change(&admin, cookie, right, "staple of a fine cart").await.unwrap();
        assert!(find(&portal, here.cookie.expose()).await.unwrap().is_some());
        assert!(find(&portal, opened.cookie.expose()).await.unwrap().is_none(), "all others sign in anew");
        assert_eq!(wrong("admin", right).await, "The name or the password is wrong.");
        change(&admin, cookie, "staple of a fine cart", right).await.unwrap();
        let member = signed_in(&portal, &claims("mia")).await;
        assert_eq!(forbidden(change(&member, cookie, right, "staple of a fine cart").await), "You have no password here.");
        let opened = sign_in_locally(&portal, "admin", right, &client(), None).await.unwrap();

        // A lost password: a new link, and whoever was signed in has to sign in anew.
        let code = new_link(portal.settings()).await.unwrap();
        portal.clock().advance(DAY);
        assert!(accept(&portal, code.expose(), "admin", "another good password", &client()).await.is_err());
        let code = new_link(portal.settings()).await.unwrap();
        accept(&portal, code.expose(), "admin", "another good password", &client()).await.unwrap();
        assert!(find(&portal, opened.cookie.expose()).await.unwrap().is_none());
        assert_eq!(wrong("admin", "correct horse battery").await, "The name or the password is wrong.");
        let entries = audit::list(&portal, &Actor::Operator, &audit::AuditFilter::default(), None, 100).await.unwrap();
        assert!(entries.iter().filter(|entry| entry.action == "session.refuse").count() >= 4);
        let all = format!("{entries:?}");
        assert!(!all.contains("horse") && !all.contains("staple"), "no secret is in the log");
        assert!(!all.contains(code.expose()));
    }

    async fn a_token_does_what_its_scope_says_until_it_is_over_or_revoked(settings: Settings) {
        let portal = portal(&settings).await;
        let jane = signed_in(&portal, &claims("jane")).await;
        for (name, days) in [("", 1), ("ci", 0), ("ci", 367)] {
            assert!(matches!(make_token(&portal, &jane, name, Scope::Read, days).await, Err(Error::Invalid(_))), "{name} {days}");
        }
        assert!(make_token(&portal, &Actor::Operator, "ci", Scope::Read, 1).await.is_err());
        let read = make_token(&portal, &jane, "ci", Scope::Read, 1).await.unwrap();
        let write = make_token(&portal, &jane, "laptop", Scope::Write, 30).await.unwrap();
        let by = async |token: &str| find_by_token(&portal, token).await.unwrap();
        let by_token = by(read.expose()).await.unwrap();
        let person = by_token.person().unwrap();
        assert!(!person.may_write && person.account == jane.account().unwrap());
        assert!(can(&by_token, Action::Correct, Resource::Anything).is_err());
        assert!(make_token(&portal, &by_token, "more", Scope::Write, 1).await.is_err(), "a token begets none");
        assert!(by(write.expose()).await.unwrap().person().unwrap().may_write);
        assert!(by("slipway_0000").await.is_none() && by("").await.is_none());
        let listed = tokens(&portal, &jane).await.unwrap();
        assert_eq!(listed.iter().map(|token| (token.name.as_str(), token.used_at)).collect::<Vec<_>>().len(), 2);
        assert!(listed.iter().all(|token| token.used_at == Some(NOW)), "{listed:?}");
        let joe = signed_in(&portal, &claims("joe")).await;
        let id = &listed.iter().find(|token| token.name == "laptop").unwrap().id;
        assert!(matches!(revoke_token(&portal, &joe, id).await, Err(Error::NotFound(_))));
        revoke_token(&portal, &jane, id).await.unwrap();
        assert!(by(write.expose()).await.is_none());
        assert!(by(read.expose()).await.is_some());
        portal.clock().advance(DAY);
        portal.persons().forget();
        assert!(by(read.expose()).await.is_none());
        assert_eq!(tokens(&portal, &jane).await.unwrap().len(), 2, "those that are over stay for a month");
        assert_eq!(tokens(&portal, &joe).await.unwrap(), []);
    }

    async fn the_audit_log_is_append_only(settings: Settings) {
        let portal = portal(&settings).await;
        signed_in(&portal, &claims("jane")).await;
        let run = async |sql: &'static str| {
            let mut tx = portal.db().begin().await.unwrap();
            let done = on!(tx, p => sqlx::query(sql).execute(p).await.map(|_| ()));
            match done {
                Ok(()) => tx.commit().await.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            }
        };
        for refused in ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "DELETE FROM audit_floor"] {
            let error = run(refused).await.unwrap_err();
            assert!(error.contains("audit log"), "{refused}: {error}");
        }
        let before = actions(&portal).await.len();
        run("UPDATE audit_floor SET floor_at = 1767225600000").await.unwrap();
        assert!(run("DELETE FROM audit WHERE actor = 'visitor'").await.is_err(), "as young as the floor");
        run("UPDATE audit_floor SET floor_at = 1767225600001").await.unwrap();
        run("DELETE FROM audit WHERE actor = 'visitor'").await.unwrap();
        let after = actions(&portal).await;
        assert_eq!((before, after.as_slice()), (1, ["audit.floor".to_owned(), "audit.floor".to_owned()].as_slice()));
    }
}
