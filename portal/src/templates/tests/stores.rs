//! Every statement, on both databases.

use crate::db_test;
use crate::identity::Readable;
use crate::runs::tests::World;
use crate::settings::Settings;
use crate::templates::store::{self, Lineage};

db_test! {
    async fn trust_is_of_one_commit(settings: Settings) {
        let world = World::new(&settings).await;
        let db = world.portal.db();
        let repository = store::list(db, &Readable::EVERYTHING, None).await.unwrap().remove(0).id;
        let one = store::Trusted { commit_id: "a".repeat(40), trusted_by: "jane".to_owned(), trusted_at: 5 };
        let mut tx = db.begin().await.unwrap();
        assert!(store::add_trust(&mut tx, &repository, &one).await.unwrap());
        assert!(!store::add_trust(&mut tx, &repository, &store::Trusted { trusted_at: 6, ..one.clone() }).await.unwrap());
        tx.commit().await.unwrap();
        assert!(store::is_trusted(db, &repository, &one.commit_id).await.unwrap());
        assert!(!store::is_trusted(db, &repository, &"b".repeat(40)).await.unwrap());
        assert_eq!(store::trusted(db, &repository).await.unwrap(), std::slice::from_ref(&one));
        let mut tx = db.begin().await.unwrap();
        assert!(store::remove_trust(&mut tx, &repository, &one.commit_id).await.unwrap());
        assert!(!store::remove_trust(&mut tx, &repository, &one.commit_id).await.unwrap());
        tx.commit().await.unwrap();
        assert!(!store::is_trusted(db, &repository, &one.commit_id).await.unwrap());
        world.portal.stop().await;
    }

    async fn projects_are_found_by_any_address_of_their_template(settings: Settings) {
        let world = World::new(&settings).await;
        let db = world.portal.db();
        let listed = store::list(db, &Readable::EVERYTHING, None).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert!(store::list(db, &Readable::EVERYTHING, Some("template:default/none")).await.unwrap().is_empty());
        let place = store::place(db, &listed[0].id).await.unwrap().unwrap();
        assert_eq!(store::addresses(&place), [place.stable_key.as_str()]);
        let key = "https://git.example.com/Team/Service.git";
        let of = |kind: &str, forge: Option<&str>| store::Listed {
            kind: kind.to_owned(), stable_key: key.to_owned(), forge: forge.map(str::to_owned), ..place.clone()
        };
        assert_eq!(store::addresses(&of("git", None)), [key]);
        let facts = r#"{"full_name": "acme/service", "html_url": "https://github.com/acme/service", "homepage": null,
            "description": null, "default_branch": "main", "visibility": "public", "archived": false, "template": false,
            "topics": [], "language": null, "custom_properties": {}, "pushed_at": null}"#;
        assert_eq!(store::addresses(&of("github", Some(facts))), ["https://github.com/acme/service.git"]);
        assert_eq!(store::normal("git@git.example.com:team/service.git"), store::normal(key));
        assert_eq!(store::normal("/srv/git/service/"), "/srv/git/service");
        let lineage = Lineage {
            template: store::normal(key), directory: "api".to_owned(), commit: Some("c".to_owned()), tag: None,
            dialect: "cookiecutter".to_owned(),
        };
        let mut tx = db.begin().await.unwrap();
        store::replace_lineage(&mut tx, &place.id, Some(&lineage)).await.unwrap();
        store::replace_lineage(&mut tx, &place.id, Some(&lineage)).await.unwrap();
        tx.commit().await.unwrap();
        let addresses = ["https://elsewhere/x/y".to_owned(), "ssh://git@git.example.com/team/service".to_owned()];
        let counts = async || store::counts(db, &Readable::EVERYTHING).await.unwrap();
        assert_eq!(counts().await, [((store::normal(key), "api".to_owned()), 1)].into());
        let projects = store::projects(db, &Readable::EVERYTHING, &addresses, "api").await.unwrap();
        assert_eq!(projects[0].commit.as_deref(), Some("c"));
        let mut tx = db.begin().await.unwrap();
        store::replace_lineage(&mut tx, &place.id, None).await.unwrap();
        tx.commit().await.unwrap();
        assert!(counts().await.is_empty());
        world.portal.stop().await;
    }
}
