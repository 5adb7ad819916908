//! The SQL on its own: what is written is read back, on both databases.

use engine_catalog::link::Assignment;

use super::flows::store_repository;
use super::*;
use crate::db::Tx;
use crate::identity::Readable;

async fn begin(portal: &Portal) -> Tx {
    portal.db().begin().await.unwrap()
}

fn assignment(reference: &str, aliases: &[&str]) -> Assignment {
    Assignment {
        repository: "shop".to_owned(),
        path: "services/cart".to_owned(),
        kind: "component".to_owned(),
        reference: reference.parse().unwrap(),
        aliases: aliases.iter().map(|alias| alias.parse().unwrap()).collect(),
    }
}

db_test! {
    async fn numbers_follow_each_other(portal: Portal) {
        let before = store::change_sequence(portal.db()).await.unwrap();
        let mut tx = begin(&portal).await;
        store::take_turn(&mut tx).await.unwrap();
        assert_eq!(store::next_sequence(&mut tx, 3).await.unwrap(), before + 1);
        assert_eq!(store::next_sequence(&mut tx, 1).await.unwrap(), before + 4);
        tx.commit().await.unwrap();
        assert_eq!(store::change_sequence(portal.db()).await.unwrap(), before + 4);
        assert_eq!(store::instance(portal.db()).await.unwrap(), store::instance(portal.db()).await.unwrap());
    }

    async fn entities_are_read_back(portal: Portal) {
        put(&portal, &[component("cart", json!({})), component("till", json!({}))]).await;
        let hashes = store::hashes(portal.db()).await.unwrap();
        assert_eq!(hashes.keys().collect::<BTreeSet<_>>(), BTreeSet::from([&"component:default/cart".to_owned(), &"component:default/till".to_owned()]));
        let wanted = ["component:default/till".to_owned(), "component:default/nothing".to_owned()];
        assert_eq!(store::bodies(portal.db(), &wanted).await.unwrap().len(), 1);
        assert_eq!(store::bodies(portal.db(), &[]).await.unwrap(), []);
        let changes = store::changes(portal.db(), 1, 2, 10).await.unwrap();
        assert_eq!(changes.iter().map(|change| change.sequence).collect::<Vec<_>>(), [2]);
        let has_changed = async |after, readable: &Readable| store::has_changed(portal.db(), after, readable).await.unwrap();
        assert!(has_changed(1, &Readable::PUBLIC).await && !has_changed(2, &Readable::PUBLIC).await);
        assert!(!has_changed(0, &Readable::only(&[Visibility::Readers])).await);
        assert_eq!(store::policies(portal.db()).await.unwrap(), []);
        assert!(store::entity(portal.db(), "component:default/cart", &Readable::only(&[Visibility::Readers])).await.unwrap().is_none());
    }

    async fn an_assignment_replaces_the_one_before(portal: Portal) {
        store_repository(&portal, "shop", Visibility::Public, &[]).await;
        for given in [assignment("component:cart", &[]), assignment("component:basket", &["component:cart", "component:basket"])] {
            let mut tx = begin(&portal).await;
            store::write_assignments(&mut tx, &[given]).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(store::assignments(portal.db()).await.unwrap(), [assignment("component:basket", &["component:cart"])]);
        let present = store::renamed(portal.db(), "component:default/cart").await.unwrap();
        assert_eq!(present.as_deref(), Some("component:default/basket"));
        assert_eq!(store::renamed(portal.db(), "component:default/basket").await.unwrap(), None);
    }

    async fn repositories_carry_what_linking_says(portal: Portal) {
        store_repository(&portal, "shop", Visibility::Public, &[]).await;
        let known = store::link_sources(portal.db(), "", 10).await.unwrap();
        assert_eq!((known.len(), known[0].slug.as_str(), known[0].standing.as_str()), (1, "shop", "listed"));
        assert_eq!(store::link_sources(portal.db(), "shop", 10).await.unwrap().len(), 0);
        let write = store::RepositoryWrite {
            id: "shop".to_owned(),
            standing: "catalogued".to_owned(),
            reason: None,
            description: Some("Sells".to_owned()),
            last_commit_at: Some(7),
            code: 3,
            entities: 1,
            errors: 1,
            warnings: 0,
            list_row: "{}".to_owned(),
            link_findings: serde_json::to_string(&[Finding::new("test", Level::Error, "wrong", "mend it")]).unwrap(),
            wanted: "[\"a.yaml\"]".to_owned(),
        };
        let mut tx = begin(&portal).await;
        store::write_repositories(&mut tx, std::slice::from_ref(&write)).await.unwrap();
        tx.commit().await.unwrap();
        let known = store::link_sources(portal.db(), "", 10).await.unwrap().remove(0);
        assert_eq!((known.standing, known.code, known.last_commit_at), ("catalogued".to_owned(), 3, Some(7)));
        assert_eq!(known.wanted, "[\"a.yaml\"]");
        let standings = store::standings(portal.db(), &Readable::PUBLIC).await.unwrap();
        assert_eq!(standings, BTreeMap::from([("catalogued".to_owned(), (1, 1))]));
        assert_eq!(store::standings(portal.db(), &Readable::only(&[Visibility::Readers])).await.unwrap(), BTreeMap::new());
        let names = store::repository_names(portal.db()).await.unwrap();
        assert_eq!(names.get("shop").map(String::as_str), Some("shop"));
    }
}
