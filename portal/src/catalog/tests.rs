#![allow(clippy::unwrap_used, clippy::expect_used)]

mod flows;
mod news;
mod speed;
mod stores;

use std::collections::{BTreeMap, BTreeSet};

use model::catalog::{CatalogEntity, CatalogFilter, CatalogPage, Facet, Field, Sort, UNKNOWN};
use model::entity::Relation;
use model::{Confidence, Entity, EntityRef, Evidence, Finding, Guess, Kind, Level, Visibility};
use serde_json::{Value, json};

use super::job::entity_write;
use super::row::Places;
use super::store;
use crate::identity::{Actor, people};
use crate::settings::Settings;
use crate::{Error, Portal, catalog, db_test};

const VISITOR: Actor = Actor::Visitor;
const OPERATOR: Actor = Actor::Operator;

fn entity(kind: Kind, name: &str, spec: Value) -> CatalogEntity {
    let mut entity = Entity::new(kind, name);
    entity.spec = spec.as_object().cloned().unwrap_or_default();
    CatalogEntity {
        entity,
        evidence: BTreeMap::new(),
        guesses: Vec::new(),
        repository: None,
        path: String::new(),
        descriptor: Some("catalog-info.yaml".to_owned()),
        findings: Vec::new(),
        languages: Vec::new(),
        activity: Vec::new(),
        last_commit_at: None,
        archived: false,
        visibility: Visibility::Public,
    }
}

fn component(name: &str, spec: Value) -> CatalogEntity {
    entity(Kind::Component, name, spec)
}

/// Writes entities as linking does, and waits until they are found.
async fn put(portal: &Portal, entities: &[CatalogEntity]) {
    let writes: Vec<_> = entities.iter().map(|entity| entity_write(entity, &Places::new()).unwrap()).collect();
    let mut tx = portal.db().begin().await.unwrap();
    let first = store::next_sequence(&mut tx, writes.len() as i64).await.unwrap();
    store::write_entities(&mut tx, &writes, first).await.unwrap();
    tx.commit().await.unwrap();
    portal.index().catch_up(portal.db()).await.unwrap();
}

fn filter(fields: &[(Field, &[&str])]) -> CatalogFilter {
    let fields = fields.iter().map(|(field, values)| (*field, values.iter().map(ToString::to_string).collect()));
    CatalogFilter { fields: fields.collect(), ..CatalogFilter::default() }
}

fn text(text: &str) -> CatalogFilter {
    CatalogFilter { text: text.to_owned(), ..CatalogFilter::default() }
}

fn names(page: &CatalogPage) -> Vec<&str> {
    page.rows.iter().map(|row| row.reference.name.as_str()).collect()
}

fn facet(page: &CatalogPage, field: Field) -> Vec<(&str, usize, bool)> {
    let facet: &Facet = page.facets.iter().find(|facet| facet.field == field).unwrap();
    facet.values.iter().map(|value| (value.value.as_str(), value.count, value.selected)).collect()
}

async fn found(portal: &Portal, filter: &CatalogFilter) -> Vec<String> {
    let page = catalog::list(portal, &OPERATOR, filter).await.unwrap();
    names(&page).into_iter().map(str::to_owned).collect()
}

fn shop() -> Vec<CatalogEntity> {
    let mut cart = component("cart", json!({"type": "service", "owner": "shopping", "lifecycle": "production"}));
    cart.entity.metadata.tags = vec!["java".to_owned(), "edge".to_owned()];
    let mut till = component("till", json!({"type": "service", "owner": "payments", "lifecycle": "unknown"}));
    till.entity.metadata.title = Some("Kassa Übersicht".to_owned());
    till.entity.metadata.description = Some("Takes money from people.".to_owned());
    let ledger = component("ledger-core", json!({"type": "library", "owner": "group:default/payments"}));
    let orphan = component("orphan", json!({"type": "library", "owner": "unknown"}));
    let mut guessed = component("guessed", json!({"type": "website", "owner": "unknown"}));
    let evidence = Evidence::new("owner.activity", Confidence::Guess, "Most commits are theirs.");
    guessed.guesses.push(Guess { field: "/spec/owner".into(), value: "group:default/shopping".into(), evidence });
    let teams = ["payments", "shopping"].map(|team| entity(Kind::Group, team, json!({"type": "team"})));
    [cart, till, ledger, orphan, guessed].into_iter().chain(teams).collect()
}

db_test! {
    async fn facets_of_a_chosen_field_ignore_its_own_filter(portal: Portal) {
        put(&portal, &shop()).await;
        let page = catalog::list(&portal, &OPERATOR, &filter(&[(Field::Kind, &["component"]), (Field::Type, &["service"])])).await.unwrap();
        assert_eq!(page.total, 2);
        assert_eq!(names(&page), ["cart", "till"]);
        assert_eq!(facet(&page, Field::Type), [("library", 2, false), ("service", 2, true), ("website", 1, false)]);
        assert_eq!(facet(&page, Field::Kind), [("component", 2, true)]);
        assert_eq!(facet(&page, Field::Owner), [("payments", 1, false), ("shopping", 1, false)]);
        let both = filter(&[(Field::Type, &["service", "website"]), (Field::Owner, &["payments", UNKNOWN])]);
        let page = catalog::list(&portal, &OPERATOR, &both).await.unwrap();
        assert_eq!(names(&page), ["guessed", "till"]);
        assert_eq!(facet(&page, Field::Owner), [("payments", 1, true), ("shopping", 1, false), (UNKNOWN, 1, true)]);
        assert_eq!(facet(&page, Field::Type), [("library", 2, false), ("service", 1, true), ("website", 1, true)]);
    }

    async fn a_value_that_nothing_has_stays_selected(portal: Portal) {
        put(&portal, &shop()).await;
        let page = catalog::list(&portal, &OPERATOR, &filter(&[(Field::Owner, &["nobody"])])).await.unwrap();
        assert_eq!(page.total, 0);
        assert!(facet(&page, Field::Owner).contains(&("nobody", 0, true)));
    }

    async fn owners_are_found_however_they_are_written(portal: Portal) {
        put(&portal, &shop()).await;
        for owner in ["payments", "group:payments", "Group:Default/Payments"] {
            assert_eq!(found(&portal, &filter(&[(Field::Owner, &[owner])])).await, ["till", "ledger-core"], "{owner}");
        }
        assert_eq!(found(&portal, &filter(&[(Field::Owner, &[UNKNOWN])])).await, ["guessed", "orphan"]);
        assert_eq!(found(&portal, &filter(&[(Field::Ownership, &["guess"])])).await, ["guessed"]);
        assert_eq!(found(&portal, &filter(&[(Field::Lifecycle, &[UNKNOWN]), (Field::Type, &["service"])])).await, ["till"]);
    }

    async fn every_word_is_a_prefix_without_case_and_accents(portal: Portal) {
        put(&portal, &shop()).await;
        let table: [(&str, &[&str]); 10] = [
            ("led", &["ledger-core"]),
            ("cor LED", &["ledger-core"]),
            ("ledger-c", &["ledger-core"]),
            ("edger", &[]),
            ("uber", &["till"]),
            ("ÜBER kas", &["till"]),
            ("mon peo", &["till"]),
            ("pay", &["ledger-core", "till", "payments"]),
            ("edge", &["cart"]),
            ("?!", &[]),
        ];
        for (words, expected) in table {
            let mut found = found(&portal, &text(words)).await;
            let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{words:?}");
        }
        assert_eq!(found(&portal, &text("  ")).await.len(), 7);
    }

    async fn suggestions_begin_with_what_is_called_so(portal: Portal) {
        let mut about = component("till", json!({}));
        about.entity.metadata.description = Some("Stands beside the cart".to_owned());
        put(&portal, &[about, component("cart-api", json!({})), component("cart", json!({}))]).await;
        let rows = catalog::suggest(&portal, &OPERATOR, "Cart", 10).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.reference.name.as_str()).collect::<Vec<_>>(), ["cart", "cart-api", "till"]);
        assert_eq!(catalog::suggest(&portal, &OPERATOR, "cart", 1).await.unwrap().len(), 1);
        assert_eq!(catalog::suggest(&portal, &OPERATOR, " ", 10).await.unwrap(), []);
    }

    async fn pages_hold_every_row_once_in_every_order(portal: Portal) {
        let entities: Vec<CatalogEntity> = (0..130).map(|number| {
            let owner = ["a", "b", UNKNOWN][number % 3];
            let mut entity = component(&format!("service-{number:03}"), json!({"owner": owner}));
            entity.entity.metadata.title = Some(["Alpha", "beta"][number % 2].to_owned());
            entity.last_commit_at = (number % 4 > 0).then_some(1_000_000 * (number as i64 % 4));
            entity.languages = vec![("Rust".to_owned(), number as u64 % 5)];
            let finding = Finding::new("test", Level::Error, "wrong", "mend it");
            entity.findings = vec![finding; number % 3];
            entity
        }).collect();
        // In two segments, so that orders have to hold over both.
        put(&portal, &entities[..70]).await;
        put(&portal, &entities[70..]).await;
        for sort in Sort::ALL {
            for descending in [false, true] {
                let mut seen = Vec::new();
                for page in 1..=8 {
                    let filter = CatalogFilter { sort, descending, page, per_page: 20, ..CatalogFilter::default() };
                    let found = catalog::list(&portal, &OPERATOR, &filter).await.unwrap();
                    assert_eq!(found.total, 130);
                    assert_eq!(found, catalog::list(&portal, &OPERATOR, &filter).await.unwrap());
                    seen.extend(found.rows);
                }
                assert_eq!(seen.iter().map(|row| row.reference.clone()).collect::<BTreeSet<_>>().len(), 130);
                let filter = CatalogFilter { sort, descending, ..CatalogFilter::default() };
                assert_eq!(catalog::export(&portal, &OPERATOR, &filter).await.unwrap(), seen);
                let known = |row: &model::catalog::CatalogRow| match sort {
                    Sort::Owner => row.owner.is_some(),
                    Sort::Activity => row.last_commit_at.is_some(),
                    _ => true,
                };
                assert!(seen.iter().map(known).is_sorted_by(|one, other| one >= other), "{sort:?}: what is not known is last");
            }
        }
        let by_size = CatalogFilter { sort: Sort::Size, descending: true, ..CatalogFilter::default() };
        let first = catalog::list(&portal, &OPERATOR, &by_size).await.unwrap().rows.remove(0);
        assert_eq!((first.reference.name.as_str(), first.languages[0].1), ("service-004", 4));
    }

    async fn pages_beyond_the_end_are_empty(portal: Portal) {
        put(&portal, &shop()).await;
        for (page, per_page) in [(9, 20), (usize::MAX, usize::MAX), (usize::MAX, 0)] {
            let filter = CatalogFilter { page, per_page, ..CatalogFilter::default() };
            let page = catalog::list(&portal, &OPERATOR, &filter).await.unwrap();
            assert_eq!((page.total, page.rows.len()), (7, 0));
        }
        let filter = CatalogFilter { page: 0, per_page: 0, ..CatalogFilter::default() };
        assert_eq!(catalog::list(&portal, &OPERATOR, &filter).await.unwrap().rows.len(), 1);
    }

    async fn nobody_learns_of_what_they_may_not_read(portal: Portal) {
        let target = |name: &str| EntityRef::new("component", "default", name);
        let edge = |kind: &str, target: EntityRef| Relation { kind: kind.to_owned(), target_ref: target };
        let mut open = component("open", json!({"type": "service", "owner": "unknown", "dependsOn": ["component:secret", "component:known"]}));
        open.descriptor = None;
        for (at, _) in ["secret", "known"].iter().enumerate() {
            let evidence = Evidence::new("dependency.manifest", Confidence::Corroborated, "A manifest names it.");
            open.evidence.insert(format!("/spec/dependsOn/{at}"), evidence);
        }
        let mut deployed = Evidence::new("type.deployed", Confidence::Corroborated, "The chart secret-chart runs it.");
        (deployed.repository, deployed.file) = (Some("secret-repository".to_owned()), Some("secret/values.yaml".to_owned()));
        open.evidence.insert("/spec/type".to_owned(), deployed);
        open.entity.relations = vec![
            edge("dependencyOf", target("member")),
            edge("dependsOn", target("known")),
            edge("dependsOn", target("nowhere")),
            edge("dependsOn", target("secret")),
        ];
        let mut secret = component("secret", json!({"type": "vault", "owner": "hidden-team", "lifecycle": "covert"}));
        secret.entity.metadata.tags = vec!["classified".to_owned()];
        secret.visibility = Visibility::Readers;
        secret.guesses.push(Guess {
            field: "/spec/type".into(),
            value: "service".into(),
            evidence: Evidence::new("type.test", Confidence::Guess, "Perhaps."),
        });
        let mut member = component("member", json!({"type": "club", "dependsOn": ["component:open"]}));
        member.visibility = Visibility::SignedIn;
        let mut team = entity(Kind::Group, "hidden-team", json!({"type": "team"}));
        team.visibility = Visibility::Readers;
        put(&portal, &[open, secret, member, team, component("known", json!({}))]).await;

        for filter in [CatalogFilter::default(), text("s"), filter(&[(Field::Type, &["vault", "service"])])] {
            let page = catalog::list(&portal, &VISITOR, &filter).await.unwrap();
            let told = format!("{page:?}");
            for word in ["secret", "hidden", "covert", "classified", "member", "club"] {
                assert!(!told.contains(word), "{word} in {told}");
            }
        }
        assert_eq!(catalog::list(&portal, &VISITOR, &CatalogFilter::default()).await.unwrap().total, 2);
        assert_eq!(catalog::list(&portal, &OPERATOR, &CatalogFilter::default()).await.unwrap().total, 5);
        assert_eq!(catalog::suggest(&portal, &VISITOR, "secret", 10).await.unwrap(), []);
        assert_eq!(catalog::export(&portal, &VISITOR, &CatalogFilter::default()).await.unwrap().len(), 2);
        assert_eq!(catalog::unsure(&portal, &VISITOR, 1, 20).await.unwrap(), (Vec::new(), 0));
        assert_eq!(catalog::unsure(&portal, &OPERATOR, 1, 20).await.unwrap().1, 1);
        assert_eq!(people(&portal, &VISITOR).await.unwrap().groups, []);
        let summary = catalog::summary(&portal, &VISITOR).await.unwrap();
        assert_eq!(summary.kinds, BTreeMap::from([("component".to_owned(), 2)]));
        assert_eq!(summary.unsure, 0);
        for hidden in ["secret", "member"] {
            let error = catalog::entity(&portal, &VISITOR, &target(hidden)).await.unwrap_err();
            assert!(matches!(error, Error::NotFound(_)), "{error}");
        }

        let told = catalog::entity(&portal, &VISITOR, &target("open")).await.unwrap();
        let ends: Vec<String> = told.relations.iter().map(|relation| relation.target.name.clone()).collect();
        assert_eq!(ends, ["known", "nowhere"]);
        assert!(!format!("{told:?}").contains("secret"), "{told:?}");
        assert_eq!(told.entity.evidence["/spec/type"].rule, "type.deployed");
        let yaml = catalog::descriptor_yaml(&portal, &VISITOR, &target("open")).await.unwrap();
        assert!(yaml.contains("component:known") && !yaml.contains("secret") && !yaml.contains("null"), "{yaml}");
        let all = catalog::entity(&portal, &OPERATOR, &target("open")).await.unwrap();
        assert_eq!(all.relations.len(), 4);
    }

    async fn edges_show_why_they_are_there(portal: Portal) {
        let evidence = Evidence::new("dependency.manifest", Confidence::Corroborated, "pyproject.toml names it.").at("pyproject.toml", Some(7));
        let mut app = component("app", json!({"dependsOn": ["component:library"]}));
        app.evidence.insert("/spec/dependsOn/0".to_owned(), evidence.clone());
        app.entity.relations = vec![Relation { kind: "dependsOn".into(), target_ref: "component:library".parse().unwrap() }];
        let mut library = component("library", json!({}));
        library.entity.relations = vec![Relation { kind: "dependencyOf".into(), target_ref: "component:app".parse().unwrap() }];
        put(&portal, &[app, library]).await;
        for name in ["app", "library"] {
            let detail = catalog::entity(&portal, &OPERATOR, &EntityRef::new("component", "default", name)).await.unwrap();
            assert_eq!(detail.relations[0].evidence.as_ref(), Some(&evidence), "{name}");
            assert!(detail.relations[0].row.is_some());
        }
    }

    async fn what_changed_and_what_went_is_followed(portal: Portal) {
        put(&portal, &shop()).await;
        let mut cart = shop().remove(0);
        cart.entity.spec.insert("type".into(), "website".into());
        put(&portal, &[cart]).await;
        assert_eq!(found(&portal, &filter(&[(Field::Type, &["website"])])).await, ["cart", "guessed"]);
        let mut tx = portal.db().begin().await.unwrap();
        let first = store::next_sequence(&mut tx, 1).await.unwrap();
        let gone = store::EntityWrite { reference: "component:default/cart".into(), deleted: true, ..Default::default() };
        store::write_entities(&mut tx, &[gone], first).await.unwrap();
        tx.commit().await.unwrap();
        let before = portal.index().sequence();
        assert_eq!(portal.index().catch_up(portal.db()).await.unwrap(), before + 1);
        assert_eq!(found(&portal, &filter(&[(Field::Type, &["website"])])).await, ["guessed"]);
        let error = catalog::entity(&portal, &OPERATOR, &"component:cart".parse().unwrap()).await.unwrap_err();
        assert!(matches!(error, Error::NotFound(_)));
    }

    async fn an_index_that_is_lost_or_damaged_is_made_anew(settings: Settings) {
        let portal = Portal::open(settings.clone()).await.unwrap();
        put(&portal, &shop()).await;
        let folder = settings.data.join("index");
        let damages: [fn(&std::path::Path); 6] = [
            |folder| std::fs::remove_dir_all(folder).unwrap(),
            |folder| std::fs::write(folder.join("meta.json"), "{").unwrap(),
            |folder| each_segment_file(folder, |file| std::fs::remove_file(file).unwrap()),
            |folder| each_segment_file(folder, |file| std::fs::write(file, "nonsense").unwrap()),
            |folder| each_segment_file(folder, |file| {
                let mut bytes = std::fs::read(file).unwrap();
                bytes[0] ^= 0x55;
                std::fs::write(file, bytes).unwrap();
            }),
            |folder| {
                let meta = std::fs::read_to_string(folder.join("meta.json")).unwrap();
                std::fs::write(folder.join("meta.json"), meta.replace("instance", "stranger")).unwrap();
            },
        ];
        let mut portal = Some(portal);
        for damage in damages {
            portal.take().unwrap().stop().await;
            damage(&folder);
            let opened = Portal::open(settings.clone()).await.unwrap();
            assert_eq!(catalog::list(&opened, &OPERATOR, &CatalogFilter::default()).await.unwrap().total, 7);
            portal = Some(opened);
        }
        // Away while it is in use: the next change finds out.
        let portal = portal.unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        put(&portal, &[component("late", json!({}))]).await;
        assert_eq!(catalog::list(&portal, &OPERATOR, &CatalogFilter::default()).await.unwrap().total, 8);
        assert!(folder.join("meta.json").exists());
    }

    async fn guesses_are_paged_one_by_one(portal: Portal) {
        let entities: Vec<CatalogEntity> = (0..5).map(|number| {
            let mut entity = component(&format!("s{number}"), json!({}));
            for field in ["/spec/owner", "/spec/type"].iter().take(number % 3) {
                let evidence = Evidence::new("test", Confidence::Guess, "Perhaps.");
                entity.guesses.push(Guess { field: field.to_string(), value: "group:default/x".into(), evidence });
            }
            entity
        }).collect();
        put(&portal, &entities).await;
        let mut seen = Vec::new();
        for page in 1..=3 {
            let (guesses, total) = catalog::unsure(&portal, &OPERATOR, page, 2).await.unwrap();
            assert_eq!(total, 4);
            seen.extend(guesses.into_iter().map(|unsure| format!("{} {}", unsure.row.reference.name, unsure.guess.field)));
        }
        assert_eq!(seen, ["s1 /spec/owner", "s2 /spec/owner", "s2 /spec/type", "s4 /spec/owner"]);
        assert_eq!(catalog::summary(&portal, &OPERATOR).await.unwrap().unsure, 3);
    }

    async fn the_home_page_counts_what_is_not_archived(portal: Portal) {
        let mut entities = shop();
        entities[0].archived = true;
        entities[1].findings.push(Finding::new("test", Level::Error, "wrong", "mend it"));
        put(&portal, &entities).await;
        let summary = catalog::summary(&portal, &OPERATOR).await.unwrap();
        let count = |pairs: &[(&str, u64)]| pairs.iter().map(|(name, count)| (name.to_string(), *count)).collect::<BTreeMap<_, _>>();
        assert_eq!(summary.kinds, count(&[("component", 5), ("group", 2)]));
        assert_eq!(summary.types, count(&[("library", 2), ("service", 2), ("website", 1)]));
        assert_eq!(summary.ownership, count(&[("declared", 2), ("guess", 1), (UNKNOWN, 1)]));
        assert_eq!((summary.unsure, summary.broken), (1, 1));
    }

    async fn teams_know_their_members_and_what_they_own(portal: Portal) {
        let edge = |kind: &str, target: &str| Relation { kind: kind.to_owned(), target_ref: target.parse().unwrap() };
        let mut entities = shop();
        entities[5].entity.relations = vec![edge("childOf", "group:company"), edge("hasMember", "user:zoe")];
        let mut jane = entity(Kind::User, "jane", json!({}));
        jane.entity.relations = vec![edge("memberOf", "group:payments")];
        entities.push(jane);
        put(&portal, &entities).await;
        let people = people(&portal, &OPERATOR).await.unwrap();
        assert_eq!(people.groups.iter().map(|group| group.row.reference.name.as_str()).collect::<Vec<_>>(), ["payments", "shopping"]);
        let payments = &people.groups[0];
        assert_eq!(payments.owns, 2);
        assert_eq!(payments.parent, Some("group:company".parse().unwrap()));
        assert_eq!(payments.members, ["user:jane".parse().unwrap(), "user:zoe".parse().unwrap()]);
        assert_eq!(people.users[0].groups, ["group:payments".parse().unwrap()]);
    }
}

fn each_segment_file(folder: &std::path::Path, damage: impl Fn(&std::path::Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with('.') && !name.ends_with(".json") && !name.ends_with(".lock") {
            damage(&path);
        }
    }
}
