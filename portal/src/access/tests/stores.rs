//! Each statement by itself.

use super::store::*;
use super::*;
use crate::db::on;

/// Of an atom that was taken without asking.
const BODY: &str = r#"{"flags":{"break_glass":true}}"#;

fn names() -> Names {
    let text = |text: &str| text.to_owned();
    Names {
        id: text("a"),
        consumer: text("component:default/c"),
        api: text("api:default/p"),
        scope: text("s"),
        environment: text("production"),
    }
}

db_test! {
    async fn statements_of_atoms_and_events(settings: Settings) {
        let portal = Portal::open(settings).await.unwrap();
        let (db, everything) = (portal.db(), Actor::Operator);
        let mut tx = db.begin().await.unwrap();
        lock_atom(&mut tx, &names()).await.unwrap();
        lock_atom(&mut tx, &names()).await.unwrap();
        assert_eq!(lock_all(&mut tx, Side::Consumer, "component:default/c").await.unwrap(), [names()]);
        assert_eq!(lock_all(&mut tx, Side::Api, "api:default/p").await.unwrap(), [names()]);
        assert!(lock_all(&mut tx, Side::Api, "component:default/c").await.unwrap().is_empty());
        assert_eq!(next_sequence(&mut tx).await.unwrap(), 1);
        add_event(&mut tx, 1, "e", "a", 10, "{}").await.unwrap();
        assert_eq!(events(&mut tx, "a").await.unwrap(), [(1, "{}".to_owned())]);
        for _ in 0..2 {
            let held = |from, to, body: &str| HeldWrite { from, to, body: body.to_owned(), line: format!("{body},") };
            replace_held(&mut tx, "a", &[held(10, Some(20), "x"), held(20, None, "y")]).await.unwrap();
        }
        let atom = AtomWrite { id: "a".to_owned(), state: Standing::Active, request: "r".to_owned(), pending: Some("q".to_owned()),
            since: Some(1), ends: Some(20), due_at: Some(20), review_at: None, body: BODY.to_owned() };
        write_atom(&mut tx, &atom).await.unwrap();
        tx.commit().await.unwrap();
        for (at, held) in [(9, [].as_slice()), (10, &["x"]), (19, &["x"]), (20, &["y"]), (99, &["y"])] {
            assert_eq!(held_at(db, at).await.unwrap(), held, "{at}");
            assert_eq!(held_first(db, at, 9).await.unwrap(), held, "{at}");
            assert_eq!(held_count(db, at).await.unwrap() as usize, held.len(), "{at}");
            let lines: Vec<String> = held.iter().map(|body| format!("{body},")).collect();
            assert_eq!(held_lines(db, at).await.unwrap(), lines, "{at}");
        }
        assert_eq!(events_of(db, "component:default/c").await.unwrap(), [(names(), 1, "{}".to_owned())]);
        assert_eq!(changed(db, 0, 5).await.unwrap(), [("a".to_owned(), 1)]);
        assert_eq!((due(db, 20, 5).await.unwrap(), due(db, 19, 5).await.unwrap()), (vec![names()], Vec::new()));
        let readable = everything.readable();
        let all = AtomFilter::default();
        for (filter, count) in [
            (all.clone(), 1),
            (AtomFilter { request: Some("q".to_owned()), pending: true, ..all.clone() }, 1),
            (AtomFilter { request: Some("x".to_owned()), ..all.clone() }, 0),
            (AtomFilter { ends_before: Some(21), state: Some(Standing::Active), ..all.clone() }, 1),
            (AtomFilter { environment: Some("staging".to_owned()), ..all.clone() }, 0),
            (AtomFilter { break_glass: true, ..all.clone() }, 1),
        ] {
            assert_eq!(store::count(db, readable, &filter).await.unwrap(), count, "{filter:?}");
            assert_eq!(store::list(db, readable, &filter, (9, 0)).await.unwrap().len() as i64, count, "{filter:?}");
        }
        assert_eq!(store::count(db, Actor::Visitor.readable(), &all).await.unwrap(), 0, "what the catalog does not have is for few");
        let consumers = store::consumers(db, readable, &all, "", 5).await.unwrap();
        assert_eq!(consumers, ["component:default/c"]);
        let cells = store::cells(db, readable, &all, &consumers).await.unwrap();
        assert_eq!(cells, [("component:default/c".to_owned(), "api:default/p".to_owned(), "active".to_owned(), 1, 1)]);
        assert_eq!(to_remind(db, 20, 5).await.unwrap(), [BODY]);
        let mut tx = db.begin().await.unwrap();
        assert!(note_reminded(&mut tx, "a", "r").await.unwrap() && !note_reminded(&mut tx, "a", "r").await.unwrap());
        add_key(&mut tx, "k1", "s1", 1).await.unwrap();
        add_key(&mut tx, "k2", "s2", 2).await.unwrap();
        tx.commit().await.unwrap();
        assert!(to_remind(db, 20, 5).await.unwrap().is_empty());
        let mut tx = db.begin().await.unwrap();
        write_atom(&mut tx, &AtomWrite { review_at: Some(15), ..atom }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((to_review(db, 14, 5).await.unwrap().len(), to_review(db, 15, 5).await.unwrap().len()), (0, 1));
        let mut tx = db.begin().await.unwrap();
        assert!(note_review(&mut tx, "a", 15).await.unwrap() && !note_review(&mut tx, "a", 15).await.unwrap());
        tx.commit().await.unwrap();
        assert!(to_review(db, 15, 5).await.unwrap().is_empty());
        assert_eq!(store::keys(db).await.unwrap(), [("k2".to_owned(), "s2".to_owned(), 2, None), ("k1".to_owned(), "s1".to_owned(), 1, Some(2))]);
        let mut tx = db.begin().await.unwrap();
        drop_keys(&mut tx, 3).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store::keys(db).await.unwrap().len(), 1);
        for refused in ["UPDATE access_events SET body = ''", "DELETE FROM access_events"] {
            let mut tx = db.begin().await.unwrap();
            assert!(on!(tx, p => sqlx::query(refused).execute(p).await.map(drop)).is_err(), "{refused}");
        }
        portal.stop().await;
    }
}
