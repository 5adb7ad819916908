#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::db_test;

db_test! {
    async fn the_last_word_on_a_field_stays(portal: Portal) {
        let word = |value: Option<&str>, at| Correction {
            reference: "component:cart".parse().unwrap(),
            field: "/spec/owner".to_owned(),
            value: value.map(str::to_owned),
            by: "operator".to_owned(),
            at,
        };
        let mut tx = portal.db().begin().await.unwrap();
        assert_eq!(store::write(&mut tx, &word(Some("a"), 1)).await.unwrap(), None);
        assert_eq!(store::write(&mut tx, &word(None, 2)).await.unwrap(), Some(Some("a".to_owned())));
        assert_eq!(store::write(&mut tx, &word(Some("b"), 3)).await.unwrap(), Some(None));
        tx.commit().await.unwrap();
        assert_eq!(store::all(portal.db()).await.unwrap(), [word(Some("b"), 3)]);
    }
}
