//! From files to the catalog and back: linking, correcting, renaming.

use engine_catalog::overrides;
use engine_repo::MemoryTree;
use model::repository::{Head, RepositoryFacts};

use super::*;
use crate::audit;
use crate::db::on;

/// What a repository holds, as a source writes it down after reading.
pub(super) async fn store_repository(portal: &Portal, id: &str, visibility: Visibility, files: &[(&str, &str)]) {
    let facts = RepositoryFacts {
        head: Some(Head { branch: Some("main".to_owned()), commit: "0".repeat(40) }),
        files: model::repository::FileCounts { total: files.len() as u64, ..Default::default() },
        ..RepositoryFacts::default()
    };
    let tree = MemoryTree::new(files.iter().copied());
    let draft = engine_catalog::draft(&tree, &facts);
    let mut tx = portal.db().begin().await.unwrap();
    on!(tx, p => sqlx::query(
        "INSERT INTO sources (name, kind, location, visibility, demo, trusted, kinds) VALUES \
         ('main', 'folder', '/', 'public', FALSE, TRUE, 'component,api,resource,system,domain,group,user,location,template') \
         ON CONFLICT (name) DO NOTHING"
    ).execute(p).await.map(drop))
    .unwrap();
    on!(tx, p => sqlx::query(
        "INSERT INTO repositories (id, source, slug, name, stable_key, path, visibility, standing, archived, fork, \
         created_at, findings, facts, draft) \
         VALUES ($1, 'main', $1, $1, $1, $1, $2, 'listed', FALSE, FALSE, 0, '[]', $3, $4) \
         ON CONFLICT (id) DO UPDATE SET facts = excluded.facts, draft = excluded.draft, visibility = excluded.visibility"
    )
    .bind(id)
    .bind(visibility.as_str())
    .bind(serde_json::to_string(&facts).unwrap())
    .bind(serde_json::to_string(&draft).unwrap())
    .execute(p)
    .await
    .map(drop))
    .unwrap();
    tx.commit().await.unwrap();
}

fn descriptor(name: &str, owner: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n\
         spec:\n  type: service\n  lifecycle: production\n  owner: {owner}\n"
    )
}

const TEAMS: &str = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: payments\n\
    spec:\n  type: team\n  children: []\n---\n\
    apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: shipping\nspec:\n  type: team\n  children: []\n";

async fn shop(portal: &Portal) {
    store_repository(portal, "teams", Visibility::Public, &[("catalog-info.yaml", TEAMS)]).await;
    let cart = descriptor("cart", UNKNOWN);
    store_repository(portal, "shop", Visibility::Public, &[("catalog-info.yaml", &cart)]).await;
    catalog::relink(portal).await.unwrap();
}

fn cart() -> EntityRef {
    EntityRef::new("component", "default", "cart")
}

db_test! {
    async fn linking_writes_only_what_changed(portal: Portal) {
        shop(&portal).await;
        assert_eq!(found(&portal, &CatalogFilter::default()).await, ["cart", "payments", "shipping"]);
        let before = portal.index().sequence();
        assert_eq!(catalog::relink(&portal).await.unwrap(), before);
        store_repository(&portal, "shop", Visibility::Public, &[("catalog-info.yaml", &descriptor("cart", "shipping"))]).await;
        let after = catalog::relink(&portal).await.unwrap();
        assert_eq!(found(&portal, &filter(&[(Field::Owner, &["shipping"])])).await, ["cart"]);
        assert!(after > before && after <= before + 2, "{before} {after}");
        let page = crate::repositories::get(&portal, &OPERATOR, "shop").await.unwrap();
        assert_eq!((page.row.standing, page.row.entities), (model::repository::Standing::Catalogued, 1));
        assert_eq!(page.entities[0].reference, cart());
    }

    async fn what_becomes_hidden_is_gone_at_once(portal: Portal) {
        shop(&portal).await;
        assert!(catalog::entity(&portal, &VISITOR, &cart()).await.is_ok());
        store_repository(&portal, "shop", Visibility::Readers, &[("catalog-info.yaml", &descriptor("cart", UNKNOWN))]).await;
        catalog::relink(&portal).await.unwrap();
        assert!(matches!(catalog::entity(&portal, &VISITOR, &cart()).await, Err(Error::NotFound(_))));
        let page = catalog::list(&portal, &VISITOR, &CatalogFilter::default()).await.unwrap();
        assert_eq!(names(&page), ["payments", "shipping"]);
    }

    async fn an_old_name_still_leads_to_the_entity(portal: Portal) {
        shop(&portal).await;
        store_repository(&portal, "shop", Visibility::Public, &[("catalog-info.yaml", &descriptor("basket", UNKNOWN))]).await;
        catalog::relink(&portal).await.unwrap();
        assert_eq!(found(&portal, &filter(&[(Field::Kind, &["component"])])).await, ["basket"]);
        let detail = catalog::entity(&portal, &VISITOR, &cart()).await.unwrap();
        assert_eq!(detail.row.reference.name, "basket");
    }

    async fn a_word_counts_at_once_and_is_written_down(portal: Portal) {
        shop(&portal).await;
        assert_eq!(catalog::correct(&portal, &OPERATOR, &[cart(), cart()], "/spec/owner", Some("payments")).await.unwrap(), 1);
        assert_eq!(found(&portal, &filter(&[(Field::Owner, &["payments"])])).await, ["cart"]);
        let detail = catalog::entity(&portal, &VISITOR, &cart()).await.unwrap();
        assert_eq!(detail.row.owner_confidence, Some(Confidence::Declared));
        assert!(detail.entity.evidence["/spec/owner"].rule.contains("correction"));
        assert!(detail.relations.iter().any(|relation| relation.kind == "ownedBy" && relation.target.name == "payments"));
        assert!(catalog::descriptor_yaml(&portal, &VISITOR, &cart()).await.unwrap().contains("owner: "));

        let corrections = catalog::corrections(&portal, &VISITOR).await.unwrap();
        assert_eq!(corrections.len(), 1);
        assert_eq!((corrections[0].value.as_deref(), corrections[0].by.as_str()), (Some("group:default/payments"), "operator"));
        let entries = audit::list(&portal, &OPERATOR, &audit::AuditFilter::default(), None, 10).await.unwrap();
        let entry = entries.iter().find(|entry| entry.action == "catalog.correct").unwrap();
        assert_eq!(entry.target, "component:default/cart#/spec/owner");
        assert_eq!((entry.before.as_deref(), entry.after.as_deref()), (None, Some("group:default/payments")));

        let yaml = catalog::overrides_yaml(&portal, &OPERATOR).await.unwrap();
        let (read, findings) = overrides::parse(overrides::FILE_NAME, &yaml);
        assert_eq!(findings, []);
        assert_eq!(read.rules[0].repositories[0].text, "shop");
        assert_eq!(read.rules[0].set.owner.as_ref().unwrap().value.to_string(), "group:default/payments");

        // Taken back: unknown again, and no guess comes up any more.
        catalog::correct(&portal, &OPERATOR, &[cart()], "/spec/owner", None).await.unwrap();
        assert_eq!(found(&portal, &filter(&[(Field::Owner, &[UNKNOWN])])).await, ["cart"]);
        let yaml = catalog::overrides_yaml(&portal, &OPERATOR).await.unwrap();
        assert!(yaml.contains("# component:default/cart: what was guessed for its owner was rejected"), "{yaml}");
        assert!(overrides::parse(overrides::FILE_NAME, &yaml).1.iter().all(|finding| finding.level != Level::Error));
    }

    async fn a_wrong_word_changes_nothing(portal: Portal) {
        shop(&portal).await;
        let refused: [(&str, Option<&str>, &str, &str); 9] = [
            ("/spec/owner", Some("paymens"), "correction.owner", "payments"),
            ("/spec/owner", Some(":/"), "correction.owner", "user:jane"),
            ("/spec/owner", Some(""), "correction.owner", "payments"),
            ("/spec/owner", Some("component:cart"), "correction.owner", ""),
            ("/spec/type", Some("two words"), "correction.value", "service"),
            ("/spec/lifecycle", Some("\u{0}"), "correction.value", "production"),
            ("/metadata/name", Some("x"), "correction.field", "/spec/owner"),
            ("/spec/dependsOn", Some("component:x"), "correction.field", "descriptor"),
            ("/spec/owner", Some("zzzzqqqq"), "correction.owner", "CODEOWNERS"),
        ];
        for (field, value, rule, help) in refused {
            match catalog::correct(&portal, &OPERATOR, &[cart()], field, value).await {
                Err(Error::Invalid(findings)) => {
                    assert_eq!(findings.findings[0].rule, rule, "{field} {value:?}");
                    assert!(findings.findings[0].help.contains(help), "{:?}", findings.findings);
                }
                other => panic!("{field} {value:?}: {other:?}"),
            }
        }
        let group = EntityRef::new("group", "default", "payments");
        let error = catalog::correct(&portal, &OPERATOR, &[cart(), group], "/spec/owner", Some("payments")).await.unwrap_err();
        assert!(matches!(&error, Error::Invalid(findings) if findings.findings[0].rule == "correction.kind"), "{error}");
        let nobody = EntityRef::new("component", "default", "nobody");
        let error = catalog::correct(&portal, &OPERATOR, &[cart(), nobody], "/spec/owner", Some("payments")).await.unwrap_err();
        assert!(matches!(error, Error::NotFound(_)), "{error}");
        let error = catalog::correct(&portal, &VISITOR, &[cart()], "/spec/owner", Some("payments")).await.unwrap_err();
        assert!(matches!(error, Error::Forbidden(_)), "{error}");
        let error = catalog::correct(&portal, &OPERATOR, &[], "/spec/owner", Some("payments")).await.unwrap_err();
        assert!(matches!(error, Error::Invalid(_)), "{error}");
        assert_eq!(catalog::corrections(&portal, &OPERATOR).await.unwrap(), []);
        assert!(audit::list(&portal, &OPERATOR, &audit::AuditFilter::default(), None, 10).await.unwrap().iter().all(|entry| entry.action != "catalog.correct"));
    }
}
