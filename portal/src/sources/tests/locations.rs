//! Locations over several repositories, and what a source may declare.

use model::{EntityRef, Finding};

use super::*;
use crate::repositories;

const COMPONENT: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: books\nspec:\n  type: service\n  lifecycle: production\n  owner: payments\n";
const GROUP: &str = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: payments\nspec:\n  type: team\n  children: []\n";

fn location(target: &str) -> String {
    format!("apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: all\nspec:\n  target: {target}\n")
}

async fn entity(portal: &Portal, reference: &str) -> Option<model::catalog::EntityDetail> {
    let reference: EntityRef = reference.parse().unwrap();
    crate::catalog::entity(portal, &Actor::Operator, &reference).await.ok()
}

async fn findings(portal: &Portal, slug: &str) -> Vec<Finding> {
    repositories::get(portal, &Actor::Operator, slug).await.unwrap().findings
}

db_test! {
    async fn a_location_brings_a_file_of_another_repository_with_the_same_round(settings: Settings) {
        let folder = Folder::with(&["ledger", "org", "shop"]);
        for name in ["ledger", "shop"] {
            folder.git(name, &["remote", "add", "origin", &format!("git@git.example.com:acme/{name}.git")]);
        }
        folder.commit("org", "catalog-info.yaml", &location("https://git.example.com/acme/shop/-/blob/main/entities.yaml"));
        folder.commit("shop", "entities.yaml", &location("https://git.example.com/acme/ledger/-/raw/main/books.yaml").replace("all", "shop"));
        folder.commit("ledger", "books.yaml", COMPONENT);
        let portal = open(&settings, vec![folder.source("work")]).await;
        round(&portal).await;
        let books = entity(&portal, "component:default/books").await.expect("it is brought");
        assert_eq!(books.row.repository.as_deref(), Some("ledger"));
        let by: Vec<_> = books.relations.iter().filter(|one| one.kind == "broughtBy").map(|one| one.target.to_string()).collect();
        assert_eq!(by, ["location:default/shop"]);
        let before = store::known(portal.db()).await.unwrap();
        assert!(before.iter().all(|row| !row.is_asked()), "{before:?}");
        // Then it costs nothing more.
        assert_eq!(round(&portal).await.progress.phase, "3 repositories, 0 read");
        assert_eq!(store::known(portal.db()).await.unwrap(), before);

        // A commit in the file, and the end of the chain.
        folder.commit("ledger", "books.yaml", &COMPONENT.replace("books", "journals"));
        round(&portal).await;
        assert!(entity(&portal, "component:default/journals").await.is_some());
        folder.commit("org", "catalog-info.yaml", &location("https://git.example.com/acme/elsewhere/-/blob/main/a.yaml"));
        round(&portal).await;
        assert!(entity(&portal, "location:default/shop").await.is_none());
        assert!(entity(&portal, "component:default/journals").await.is_none());
        let found = findings(&portal, "org").await;
        assert_eq!((found[0].rule.as_str(), found[0].file.as_str(), found[0].line), ("location.unknown", "catalog-info.yaml", 6), "{found:?}");
        portal.stop().await;
    }

    async fn only_trusted_sources_declare_teams_and_a_change_of_mind_is_heard_at_the_next_start(settings: Settings) {
        let folder = Folder::with(&["ledger"]);
        folder.commit("ledger", "catalog-info.yaml", &format!("{COMPONENT}---\n{GROUP}"));
        let portal = open(&settings, vec![folder.source("work")]).await;
        round(&portal).await;
        assert!(entity(&portal, "group:default/payments").await.is_none());
        assert!(!entity(&portal, "component:default/books").await.unwrap().entity.evidence["/spec/owner"].authority);
        let found = findings(&portal, "ledger").await;
        let rules: Vec<_> = found.iter().map(|one| (one.rule.as_str(), one.line)).collect();
        assert_eq!(rules, [("relation.dangling", 8), ("source.trust", 10)]);
        assert!(found[1].help.contains("trusted = true"), "{found:?}");
        assert!(!list(&portal, &Actor::Operator).await.unwrap()[0].trusted);
        portal.stop().await;
        drop(portal);

        let portal = open(&settings, vec![folder.source("work").trusted()]).await;
        assert!(entity(&portal, "group:default/payments").await.is_some());
        assert!(entity(&portal, "component:default/books").await.unwrap().entity.evidence["/spec/owner"].authority);
        assert!(findings(&portal, "ledger").await.is_empty());
        assert!(list(&portal, &Actor::Operator).await.unwrap()[0].trusted);
        portal.stop().await;
    }
}
