#![allow(clippy::unwrap_used)]

use super::*;
use crate::db::on;
use crate::identity::tests::signed_in;
use crate::identity::{Claims, Client, find, make_token};
use crate::{Portal, db_test};

fn jane() -> Claims {
    Claims {
        issuer: crate::identity::LOCAL.to_owned(),
        subject: "4711".to_owned(),
        provider: "id".to_owned(),
        name: "Jane Doe".to_owned(),
        email: Some("Jane@example.com".to_owned()),
        login: Some(("github.com".to_owned(), "jane".to_owned())),
        ..Claims::default()
    }
}

#[test]
fn whole_names_are_found_and_nothing_else() {
    let account = store::Account {
        id: "01".to_owned(),
        provider: "okta".to_owned(),
        subject: "4711".to_owned(),
        name: "Jané Doe".to_owned(),
        email: Some("jane@example.com".to_owned()),
        login: Some("jane".to_owned()),
        forge: None,
    };
    let names = Names::of(Some(&account), Some("jane"), &["user:default/jd".to_owned()]);
    let table = [
        ("user:default/jane", Some("user:default/p1")),
        ("user:default/JD, user:default/ada", Some("user:default/p1, user:default/ada")),
        ("Jané Doe (okta)", Some("p1")),
        ("Jané Doe (other)", None),
        ("jané doe", Some("p1")),
        ("jane", Some("p1")),
        ("4711", Some("p1")),
        ("4711 repositories", None),
        ("component:default/jane", None),
        ("user:default/jane-bot and user:default/janet", None),
        ("to JANE@example.com.", Some("to p1.")),
        ("jane@example.com.au x.jane@example.com", None),
        ("ä jane@example.com é", Some("ä p1 é")),
        ("", None),
    ];
    for (text, expected) in table {
        assert_eq!(names.replace(text, "p1").as_deref(), expected, "{text}");
    }
}

db_test! {
    async fn a_name_goes_and_what_was_done_stays(portal: Portal) {
        let db = portal.db();
        let actor = signed_in(&portal, &jane()).await;
        make_token(&portal, &actor, "laptop", crate::identity::Scope::Read, 7).await.unwrap();
        let ada = signed_in(&portal, &Claims { subject: "ada".to_owned(), name: "Ada".to_owned(), email: None, login: None, ..jane() }).await;
        let mut tx = db.begin().await.unwrap();
        let change = |target: &'static str| Change { action: "catalog.correct", target, after: Some("user:default/jane"), ..Change::default() };
        audit::record(&mut tx, &ada, 5, change("component:default/jane")).await.unwrap();
        for sql in [
            "INSERT INTO corrections (reference, field, value, made_by, made_at) VALUES ('component:default/a', '/spec/type', 'x', 'jane (id)', 1)",
            "INSERT INTO sources (name, kind, location, visibility, demo) VALUES ('acme', 'github', 'https://github.com/acme', 'readers', FALSE)",
            "INSERT INTO sources (name, kind, location, visibility, demo) VALUES ('else', 'github', 'https://else.example/acme', 'readers', FALSE)",
            "INSERT INTO forge_members (source, login, owner) VALUES ('acme', 'jane', FALSE), ('else', 'jane', FALSE), ('acme', 'ada', FALSE)",
            "INSERT INTO forge_team_members (source, team, login) VALUES ('acme', 'crew', 'jane')",
            "INSERT INTO repository_readers (source, repository, holder, name, role) VALUES ('acme', 'r', 'person', 'jane', 'read'), ('acme', 'r', 'team', 'jane', 'read')",
        ] {
            on!(tx, p => sqlx::query(sql).execute(p).await.map(drop)).unwrap();
        }
        tx.commit().await.unwrap();

        assert!(matches!(pseudonymise(db, 9, &ada, "jane", true).await, Err(Error::Forbidden(_))));
        assert!(matches!(pseudonymise(db, 9, &Actor::Operator, "nobody", true).await, Err(Error::NotFound(_))));
        let tried = pseudonymise(db, 9, &Actor::Operator, "JANE@example.com", false).await.unwrap();
        assert_eq!((tried.works, tried.mirrored, tried.account.as_deref()), (1, 3, actor.account()));
        let whole = async || format!("{:?}", audit::list(&portal, &Actor::Operator, &audit::AuditFilter::default(), None, 99).await.unwrap());
        assert!(whole().await.contains("Jane Doe (id)"), "it was only tried");

        let done = pseudonymise(db, 9, &Actor::Operator, "jane", true).await.unwrap();
        assert_eq!((done.entries, done.works, done.mirrored), (tried.entries, 1, 3));
        let log = whole().await;
        for name in ["Jane", "user:default/jane\"", "jane (id)"] {
            assert!(!log.contains(name), "{name}: {log}");
        }
        assert!(log.contains("\"component:default/jane\""), "a service of that name is none of hers");
        let of_her = audit::AuditFilter { text: done.pseudonym.clone(), ..Default::default() };
        let of_her = audit::list(&portal, &Actor::Operator, &of_her, None, 99).await.unwrap();
        let actions: Vec<&str> = of_her.iter().map(|entry| entry.action.as_str()).collect();
        for action in ["audit.pseudonymise", "account.pseudonymise", "session.open", "token.make"] {
            assert!(actions.contains(&action), "{actions:?}");
        }
        assert!(of_her.iter().all(|entry| entry.account.as_deref() != actor.account() || entry.address.is_none()), "{of_her:?}");
        for (table, expected) in [("accounts", 1), ("tokens", 0), ("forge_members", 2), ("repository_readers", 1)] {
            let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            let count: i64 = on!(db, p => sqlx::query_scalar(sql).fetch_one(p).await).unwrap();
            assert_eq!(count, expected, "{table}");
        }
        let by: String = on!(db, p => sqlx::query_scalar("SELECT made_by FROM corrections").fetch_one(p).await).unwrap();
        assert_eq!(by, done.pseudonym);
        assert!(matches!(pseudonymise(db, 9, &Actor::Operator, "4711", true).await, Err(Error::NotFound(_))), "nobody is left");
    }

    async fn two_of_one_address_are_told_apart(portal: Portal) {
        let first = signed_in(&portal, &jane()).await;
        signed_in(&portal, &Claims { subject: "other".to_owned(), login: None, ..jane() }).await;
        let error = pseudonymise(portal.db(), 9, &Actor::Operator, "jane@example.com", true).await.unwrap_err();
        assert!(matches!(&error, Error::Conflict(text) if text.contains(first.account().unwrap())), "{error}");
        let opened = crate::identity::open(&portal, &jane(), &Client::default(), None).await.unwrap();
        pseudonymise(portal.db(), 9, &Actor::Operator, first.account().unwrap(), true).await.unwrap();
        portal.persons().forget();
        assert!(find(&portal, opened.cookie.expose()).await.unwrap().is_none(), "she is signed out");
    }

    async fn the_log_takes_a_pseudonym_and_nothing_else(portal: Portal) {
        let origin = audit::Origin { request: "r".to_owned(), address: "192.0.2.1".to_owned() };
        let actor = audit::from(origin, signed_in(&portal, &jane())).await;
        let db = portal.db();
        let mut tx = db.begin().await.unwrap();
        let entry = store::entries(&mut tx, &(0, String::new()), 9).await.unwrap().remove(0);
        assert_eq!((store::labels(&mut tx, "x").await.unwrap().len(), store::accounts(&mut tx, "4711").await.unwrap().len()), (0, 1));
        assert_eq!((store::forget_mirrored(&mut tx, "x", None).await.unwrap(), store::rename_works(&mut tx, "x", "y").await.unwrap()), (0, 0));
        tx.commit().await.unwrap();
        let refuses = async |is_open: bool, change: &dyn Fn(&mut store::Entry)| {
            let mut tx = db.begin().await.unwrap();
            if is_open {
                store::open(&mut tx, "person-1", actor.account(), 1).await.unwrap();
            }
            let mut new = entry.clone();
            change(&mut new);
            let refused = store::write_entry(&mut tx, &new).await.is_err();
            drop(tx);
            refused
        };
        assert!(!refuses(true, &|entry| entry.target = "person-1 (id)".to_owned()).await);
        assert!(!refuses(true, &|entry| entry.address = None).await);
        assert!(refuses(false, &|entry| entry.target = "person-1 (id)".to_owned()).await, "nothing is open");
        assert!(refuses(true, &|entry| entry.target = "Ada (id)".to_owned()).await);
        assert!(refuses(true, &|entry| entry.actor = String::new()).await);
        assert!(refuses(true, &|entry| entry.value_after = Some("x".to_owned())).await);
        assert!(refuses(true, &|entry| entry.address = Some("192.0.2.200".to_owned())).await);
        let run = async |sql: &'static str| {
            let mut tx = db.begin().await.unwrap();
            store::open(&mut tx, "person-1", None, 1).await.unwrap();
            let done = on!(tx, p => sqlx::query(sql).execute(p).await.map(drop));
            drop(tx);
            done.is_ok()
        };
        assert!(!run("UPDATE audit SET recorded_at = 7").await && !run("UPDATE audit SET action = 'x'").await);
        assert!(!run("DELETE FROM audit_pseudonyms").await && !run("UPDATE audit_pseudonyms SET account = 'x'").await);
        assert!(!run("UPDATE audit SET address = NULL").await, "they are somebody else's");
        let mut tx = db.begin().await.unwrap();
        store::open(&mut tx, "person-1", None, 1).await.unwrap();
        store::close(&mut tx, "person-1", 2).await.unwrap();
        let mut new = entry.clone();
        new.target = "person-1".to_owned();
        assert!(store::write_entry(&mut tx, &new).await.is_err(), "it is closed");
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        store::forget_account(&mut tx, actor.account().unwrap()).await.unwrap();
        tx.commit().await.unwrap();
    }
}
