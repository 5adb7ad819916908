//! References: given once, told apart the same way each time, and resolved after a rename.

use model::repository::Standing;

use super::harness::*;
use crate::link::{LinkInput, LinkRepository, Linked, link};

const SERVICE: Files = &[("Procfile", "web: x\n")];

fn descriptor(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  lifecycle: production\n  owner: payments\n"
    )
}

fn again(before: &Linked, repositories: impl IntoIterator<Item = LinkRepository>) -> Linked {
    link(&LinkInput { assignments: before.assignments.clone(), ..input(repositories) })
}

#[test]
fn two_of_one_name_are_told_apart_by_repository() {
    let linked =
        catalog([repository("payments/api", SERVICE), repository("tides/api", SERVICE), repository("ledger", SERVICE)]);
    assert_eq!(
        linked.references(),
        ["component:default/ledger", "component:default/payments-api", "component:default/tides-api"]
    );
    // A repository that is only listed counts by its name already.
    let listed = LinkRepository { draft: None, ..repository("tides/api", SERVICE) };
    let linked = catalog([repository("payments/api", SERVICE), listed]);
    assert_eq!(linked.references(), ["component:default/payments-api"]);
    assert_eq!(linked.standings[1].1, Standing::Listed);
}

#[test]
fn a_renamed_repository_keeps_its_reference() {
    let before = catalog([repository("ledger", SERVICE)]);
    let renamed = LinkRepository { id: "ledger".to_owned(), ..repository("books", SERVICE) };
    let after = again(&before, [renamed]);
    assert_eq!(after.references(), ["component:default/ledger"]);
    assert!(after.assignments.is_empty());
}

#[test]
fn a_moved_folder_keeps_its_reference() {
    let before = catalog([repository("shop", &[("services/api/Procfile", "web: x\n")])]);
    assert_eq!(before.references(), ["component:default/shop-api"]);
    let after = again(&before, [repository("shop", &[("services/orders/Procfile", "web: x\n")])]);
    assert_eq!(after.references(), ["component:default/shop-api"]);
    assert_eq!(after.assignments[0].path, "services/orders");
}

#[test]
fn a_descriptor_renames_and_the_old_name_leads_on() {
    let before = catalog([repository("ledger", SERVICE)]);
    let named = descriptor("books");
    let calls = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: tides\nspec:\n  type: service\n  lifecycle: production\n  owner: x\n  dependsOn: [component:ledger]\n";
    let after = again(
        &before,
        [
            repository("ledger", &[("Procfile", "web: x\n"), ("catalog-info.yaml", &named)]),
            repository("tides", &[("catalog-info.yaml", calls)]),
        ],
    );
    assert_eq!(after.references(), ["component:default/books", "component:default/tides"]);
    let books = after.assignments.iter().find(|known| known.repository == "ledger").unwrap();
    assert_eq!(books.aliases.iter().map(ToString::to_string).collect::<Vec<_>>(), ["component:default/ledger"]);
    let relations = &after.get("component:default/tides").entity.relations;
    assert!(relations.iter().any(|relation| relation.target_ref.name == "books"));
    // Without the descriptor, the name that was given stays.
    let merged = LinkInput { assignments: after.assignments.clone(), ..input([repository("ledger", SERVICE)]) };
    assert_eq!(link(&merged).references(), ["component:default/books"]);
}

#[test]
fn of_two_descriptors_of_one_name_the_first_stays() {
    let text = descriptor("books");
    let one = || repository("a", &[("catalog-info.yaml", &text)]);
    let other = || repository("b", &[("catalog-info.yaml", &text)]);
    let linked = catalog([other(), one()]);
    assert_eq!(linked.references(), ["component:default/books"]);
    assert_eq!(linked.get("component:default/books").repository.as_deref(), Some("a"));
    let (repository, finding) =
        linked.findings.iter().find(|(_, finding)| finding.rule == "reference.duplicate").unwrap();
    assert_eq!((repository.as_str(), finding.location()), ("b", "catalog-info.yaml:4:9".to_owned()));
    // Who had the name before keeps it.
    let before = catalog([other()]);
    assert_eq!(again(&before, [one(), other()]).get("component:default/books").repository.as_deref(), Some("b"));
}

#[test]
fn forks_and_ignored_repositories_are_left_out() {
    let fork = LinkRepository { fork: true, ..repository("ledger", SERVICE) };
    let overrides = "overrides:\n  - repositories: ['old-*', 'none']\n    ignore: true\n";
    let linked = catalog([
        fork,
        repository("old-ledger", SERVICE),
        repository("settings", &[("slipway.overrides.yaml", overrides)]),
    ]);
    assert!(linked.entities.is_empty());
    assert_eq!(
        linked.standings.iter().map(|(_, standing, _)| *standing).collect::<Vec<_>>(),
        [Standing::LeftOut, Standing::LeftOut, Standing::WithoutComponent]
    );
    let unmatched: Vec<_> =
        linked.findings.iter().filter(|(_, finding)| finding.rule == "overrides.unmatched").collect();
    assert_eq!(unmatched.len(), 1);
    assert!(unmatched[0].1.message.contains("none"));
}

#[test]
fn a_descriptor_wins_field_by_field() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: books\nspec:\n  type: worker\n  owner: payments\n  lifecycle: experimental\n";
    let manifest = "[project]\nname = \"x\"\ndescription = \"Keeps the books\"\nkeywords = [\"Double Entry\"]\n";
    let linked = catalog([repository(
        "ledger",
        &[("Procfile", "web: x\n"), ("catalog-info.yaml", text), ("pyproject.toml", manifest)],
    )]);
    assert_eq!(linked.references(), ["component:default/books"]);
    let books = linked.get("component:default/books");
    assert_eq!(books.entity.metadata.description.as_deref(), Some("Keeps the books"));
    assert_eq!(books.entity.metadata.tags, ["double-entry"]);
    assert_eq!(linked.rule("component:default/books", "/metadata/description"), "description.manifest");
    assert_eq!(linked.rule("component:default/books", "/spec/type"), "type.descriptor");
    assert_eq!(books.evidence["/spec/type"].line, Some(6));
    assert_eq!(books.evidence["/spec/type"].commit.as_deref(), Some("c0ffee"));
    // The owner does not exist: the edge stays, with a warning at its place.
    assert_eq!(
        books.findings.iter().map(|finding| (finding.rule.as_str(), finding.line)).collect::<Vec<_>>(),
        [("relation.dangling", 7)]
    );
}

#[test]
fn a_declared_api_is_the_definition_that_it_points_at() {
    let definition = "openapi: 3.0.0\ninfo:\n  title: Ledger API\n";
    let declared = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: books\nspec:\n  type: openapi\n  lifecycle: production\n  owner: payments\n  definition:\n    $text: ./api/openapi.yaml\n";
    let linked = catalog([repository(
        "ledger",
        &[("catalog-info.yaml", declared), ("api/openapi.yaml", definition), ("Procfile", "web: x\n")],
    )]);
    assert_eq!(linked.references(), ["api:default/books", "component:default/ledger"]);
    assert_eq!(linked.list("component:default/ledger", "providesApis"), ["books api.provided"]);
}
