//! SQL of accounts, sessions and tokens.

use super::store::{self, NewSession, NewToken};
use super::*;
use crate::clock::Clock;
use crate::db::on;
use crate::secret::digest;
use crate::settings::Settings;

db_test! {
    async fn accounts_and_their_sessions(portal: Portal) {
        let db = portal.db();
        assert!(!store::has_accounts(db).await.unwrap() && !store::has_local_administrator(db).await.unwrap());
        let mut tx = db.begin().await.unwrap();
        let admin = Claims { issuer: LOCAL.to_owned(), administrator: true, ..claims("admin") };
        assert_eq!(store::vouch(&mut tx, "a", &admin, 1).await.unwrap().as_deref(), Some("a"));
        assert_eq!(store::vouch(&mut tx, "b", &admin, 2).await.unwrap().as_deref(), Some("a"), "it stays the same account");
        let of_forge = Claims { login: Some(("github.com".to_owned(), "jane".to_owned())), ..claims("7") };
        store::vouch(&mut tx, "j", &of_forge, 2).await.unwrap();
        store::set_password(&mut tx, "a", "hash", 3).await.unwrap();
        store::invite(&mut tx, &digest("x"), 10).await.unwrap();
        for (hash, id) in [("h1", "s1"), ("h2", "s2"), ("h3", "s3")] {
            store::open_session(&mut tx, hash, NewSession { id, account: "j", agent: "", address: "" }, 5).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert!(store::has_accounts(db).await.unwrap() && store::has_local_administrator(db).await.unwrap());
        assert_eq!(store::password(db, LOCAL, "admin").await.unwrap().as_deref(), Some("hash"));
        let jane = store::account(db, "j").await.unwrap().unwrap();
        assert_eq!((jane.subject_for_people(), jane.groups()), ("jane", vec![]));
        assert_eq!(store::account_of(db, LOCAL, "7").await.unwrap(), Some(jane));
        assert_eq!(store::account_of(db, LOCAL, "8").await.unwrap(), None);
        let enabled: Vec<String> = store::enabled(db).await.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(enabled, ["a", "j"]);
        assert!(store::is_invited(db, &digest("x"), 9).await.unwrap() && !store::is_invited(db, &digest("x"), 10).await.unwrap());
        store::note_session(db, "h1", 8).await.unwrap();
        assert_eq!(store::session(db, "h1").await.unwrap().unwrap().0.seen_at, 8);
        let mut tx = db.begin().await.unwrap();
        assert!(store::take_invitation(&mut tx, &digest("x"), 9).await.unwrap());
        assert!(!store::take_invitation(&mut tx, &digest("x"), 9).await.unwrap());
        assert!(store::end_session(&mut tx, "h2").await.unwrap() && !store::end_session(&mut tx, "h2").await.unwrap());
        assert!(!store::end_by_id(&mut tx, "a", "s3").await.unwrap() && store::end_by_id(&mut tx, "j", "s3").await.unwrap());
        store::forget_sessions(&mut tx, 0, 7).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store::devices(db, "j", "h1", (0, 0)).await.unwrap().len(), 1);
        let mut tx = db.begin().await.unwrap();
        store::forget_sessions(&mut tx, 5, 0).await.unwrap();
        tx.commit().await.unwrap();
        assert!(store::session(db, "h1").await.unwrap().is_none());
    }

    async fn tokens_and_readers(settings: Settings) {
        let portal = Portal::open(Settings { clock: Clock::fixed(1), ..settings.clone() }).await.unwrap();
        let db = portal.db();
        let mut tx = db.begin().await.unwrap();
        store::vouch(&mut tx, "j", &claims("jane"), 1).await.unwrap();
        let token = NewToken { id: "t", account: "j", name: "ci", scope: "read", made_by: "jane" };
        store::add_token(&mut tx, "hash", token, 1, 9).await.unwrap();
        assert_eq!((store::count_tokens(&mut tx, "j", 8).await.unwrap(), store::count_tokens(&mut tx, "j", 9).await.unwrap()), (1, 0));
        tx.commit().await.unwrap();
        store::note_token(db, "t", 4).await.unwrap();
        let (found, account) = store::token(db, "hash").await.unwrap().unwrap();
        assert_eq!((found.used_at, found.is_good(8), found.is_good(9), account.id.as_str()), (Some(4), true, false, "j"));
        assert_eq!(store::tokens(db, "j", 9).await.unwrap(), []);

        assert_eq!(store::people_sequence(db).await.unwrap(), 0);
        assert!(store::people_bodies(db).await.unwrap().is_empty());
        assert_eq!(store::people_at(db, "acme").await.unwrap(), None);
        assert!(store::teams_of(db, "acme", "jane").await.unwrap().is_empty());
        assert!(!store::writes(db, "acme", "jane", "r").await.unwrap());
        let count = async || -> i64 {
            on!(db, p => sqlx::query_scalar("SELECT COUNT(*) FROM account_repositories").fetch_one(p).await).unwrap()
        };
        let all: std::collections::BTreeSet<String> = (0..1_200).map(|at| at.to_string()).collect();
        store::write_readable(db, "j", &all).await.unwrap();
        store::write_readable(db, "j", &all).await.unwrap();
        assert_eq!(count().await, 1_200);
        store::write_readable(db, "j", &Default::default()).await.unwrap();
        assert_eq!(count().await, 0);
    }
}
