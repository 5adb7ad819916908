//! Each statement by itself; what they are for is in `access/tests/imports.rs`.
#![allow(clippy::unwrap_used)]

use model::access::Standing;

use super::store::*;
use crate::access::store::{AtomWrite, HeldWrite, Names, held_at};
use crate::{Portal, db_test};

db_test! {
    async fn each_statement_of_an_import(portal: Portal) {
        let row = ImportRow { id: "i".to_owned(), file: "f".to_owned(), taker: "{}".to_owned(), total: 2, done: 0, imported: 0, unchanged: 0, findings: "[]".to_owned() };
        let mut tx = portal.db().begin().await.unwrap();
        add_import(&mut tx, &row, &["a".to_owned(), "b".to_owned()]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(next_piece(portal.db(), "i").await.unwrap(), Some((0, "a".to_owned())));
        let done = ImportRow { taker: String::new(), done: 2, imported: 1, ..row };
        assert_eq!(done.refused(), 1);
        let mut tx = portal.db().begin().await.unwrap();
        assert!(take_piece(&mut tx, "i", 0).await.unwrap() && !take_piece(&mut tx, "i", 0).await.unwrap());
        write_import(&mut tx, &done).await.unwrap();
        assert_eq!(next_sequences(&mut tx, 3).await.unwrap(), 3);
        let names = |id: &str| Names { id: id.to_owned(), consumer: id.to_owned(), api: "p".to_owned(), scope: "s".to_owned(), environment: "e".to_owned() };
        let write = |id: &str, body: &str| AtomWrite { id: id.to_owned(), state: Standing::Active, request: "r".to_owned(), pending: None,
            since: None, ends: None, due_at: None, review_at: None, body: body.to_owned() };
        let (one, two) = (names("x"), names("y"));
        assert!(add_atoms(&mut tx, &[(&one, &write("x", "1"))]).await.unwrap().is_empty());
        let known = add_atoms(&mut tx, &[(&one, &write("x", "2")), (&two, &write("y", "3"))]).await.unwrap();
        assert_eq!(known, ["x"]);
        let event = EventWrite { sequence: 1, id: "e".to_owned(), atom: "x".to_owned(), body: "{}".to_owned() };
        let held = HeldWrite { from: 1, to: None, body: "h".to_owned(), line: "l".to_owned() };
        add_events(&mut tx, 1, &[event], &[("x".to_owned(), 0, held)]).await.unwrap();
        assert_eq!(events_of(&mut tx, &["x".to_owned(), "y".to_owned()]).await.unwrap(), [("x".to_owned(), 1, "{}".to_owned())]);
        tx.commit().await.unwrap();
        assert_eq!(held_at(portal.db(), 1).await.unwrap(), ["h"]);
        assert_eq!(import(portal.db(), "i").await.unwrap(), Some(done));
        // Its job is none that goes on.
        let mut tx = portal.db().begin().await.unwrap();
        drop_left_over(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(next_piece(portal.db(), "i").await.unwrap(), None);
    }
}
