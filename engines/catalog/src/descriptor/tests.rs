#![allow(clippy::unwrap_used, clippy::expect_used)]

use model::{Kind, Level};
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Findings as lines, the help below each.
fn report(findings: &[Finding]) -> String {
    let line =
        |f: &Finding| format!("{} {} [{}]\n  {}\n  → {}\n", f.location(), f.level.as_str(), f.rule, f.message, f.help);
    findings.iter().map(line).collect()
}

fn read(text: &str) -> DescriptorEntity {
    let parsed = parse("catalog-info.yaml", text);
    assert!(parsed.findings.is_empty(), "{}", report(&parsed.findings));
    parsed.entities.into_iter().next().unwrap()
}

const PAYMENTS: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  title: Payments
  description: Takes money.
  labels: {tier: '1'}
  annotations:
    backstage.io/techdocs-ref: dir:.
  tags: [go, c++]
  links:
    - url: https://example.com
      title: Example
  custom: {a: 1}
spec:
  type: service
  lifecycle: production
  owner: team-a
  system: shop
  dependsOn: [resource:ledger, 'component:other/mail']
  providesApis: [payments-api]
  ours: [1, 2]
";

#[test]
fn a_valid_component_is_read_whole() {
    let declared = read(PAYMENTS);
    assert!(declared.valid);
    assert_eq!(declared.entity.reference().to_string(), "component:default/payments");
    assert_eq!(declared.entity.metadata.other["custom"], json!({"a": 1}));
    assert_eq!(declared.entity.spec["ours"], json!([1, 2]));
    assert_eq!(declared.lines["/spec/owner"], (18, 10));
    assert_eq!(declared.lines["/metadata/annotations/backstage.io~1techdocs-ref"], (9, 32));
    assert_eq!(declared.lines["/spec/dependsOn/1"], (20, 32));
}

#[test]
fn relations_follow_the_table() {
    let edges: Vec<_> = relations(&read(PAYMENTS).entity)
        .edges
        .into_iter()
        .map(|edge| format!("{} {} {} ({})", edge.pointer, edge.kind, edge.target, edge.reverse))
        .collect();
    insta::assert_snapshot!(edges.join("\n"), @r"
    /spec/owner ownedBy group:default/team-a (ownerOf)
    /spec/providesApis/0 providesApi api:default/payments-api (apiProvidedBy)
    /spec/dependsOn/0 dependsOn resource:default/ledger (dependencyOf)
    /spec/dependsOn/1 dependsOn component:other/mail (dependencyOf)
    /spec/system partOf system:default/shop (hasPart)
    ");
}

#[test]
fn the_namespace_of_the_entity_is_that_of_its_references() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: jo, namespace: team}\nspec: {memberOf: [a, default/b]}\n";
    let targets: Vec<_> = relations(&read(text).entity).edges.into_iter().map(|edge| edge.target.to_string()).collect();
    assert_eq!(targets, ["group:team/a", "group:default/b"]);
}

#[test]
fn everything_wrong_is_found_at_once() {
    let parsed = parse("catalog-info.yaml", include_str!("bad.yaml"));
    insta::assert_snapshot!("bad_descriptor", report(&parsed.findings));
    let kept: Vec<_> = parsed.entities.iter().map(|e| (e.entity.reference().to_string(), e.valid)).collect();
    insta::assert_snapshot!("bad_descriptor_entities", format!("{kept:#?}\n{}", to_yaml(&parsed.entities[0].entity)));
}

#[test]
fn keys_that_differ_only_in_case_are_refused_as_backstage_does() {
    let with = |spec: &str| {
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {{name: a}}\nspec:\n  owner: o\n  {spec}\n"
        );
        parse("f", &text).findings.into_iter().map(|finding| finding.location()).collect::<Vec<_>>()
    };
    assert_eq!(with("x: 1\n  X: 2"), ["f:7:3"]);
    assert_eq!(with("x: {a: 1}\n  X: {b: 2}"), [""; 0], "no two paths fall together");
    assert_eq!(with("x: [a, A]"), [""; 0]);
    assert_eq!(with("x: [a]\n  X: {A: 1}"), ["f:7:7"]);
}

#[test]
fn placeholders_are_kept_and_filled() {
    let text = "\
apiVersion: backstage.io/v1alpha1
kind: API
metadata:
  name: a
  description: {$text: ./README.md}
spec:
  type: openapi
  lifecycle: production
  owner: o
  definition:
    $text: ./openapi.yaml
  extra: [{$json: x.json}, {$yaml: y.yaml}, {$text: a, other: b}, {$unknown: c}]
";
    let mut declared = read(text);
    let found: Vec<_> = declared.placeholders.iter().map(|p| (p.pointer.as_str(), p.target.as_str())).collect();
    assert_eq!(
        found,
        [
            ("/metadata/description", "./README.md"),
            ("/spec/definition", "./openapi.yaml"),
            ("/spec/extra/0", "x.json"),
            ("/spec/extra/1", "y.yaml")
        ]
    );
    let findings = resolve_placeholders(&mut declared, &|target| match target {
        "./README.md" => Ok(Some(b"Hello".to_vec())),
        "./openapi.yaml" => Ok(Some(b"openapi: 3.0.0\n".to_vec())),
        "y.yaml" => Ok(Some(b"b: [1]".to_vec())),
        _ => Err("there is no such file.".to_owned()),
    });
    assert_eq!(declared.entity.metadata.description.as_deref(), Some("Hello"));
    assert_eq!(declared.entity.spec["definition"], json!("openapi: 3.0.0\n"));
    assert_eq!(declared.entity.spec["extra"][1], json!({"b": [1]}));
    assert_eq!(declared.placeholders.len(), 1);
    insta::assert_snapshot!(report(&findings), @r#"
    catalog-info.yaml:12:11 error [descriptor.placeholder]
      The placeholder at `/spec/extra/0` cannot be filled from "x.json": there is no such file.
      → Name a file of this repository, relative to the descriptor.
    "#);
}

#[test]
fn an_unknown_kind_of_a_newer_backstage_is_no_error() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: AiResource\nmetadata: {name: a}\nspec: {type: skill}\n";
    let parsed = parse("f", text);
    assert!(parsed.entities.is_empty());
    assert_eq!(parsed.findings.iter().map(|finding| finding.level).collect::<Vec<_>>(), [Level::Warning]);
}

#[test]
fn files_without_entities_are_no_findings() {
    for text in ["", "# nothing\n", "---\n---\n", "null"] {
        assert_eq!(parse("f", text), Parsed::default(), "{text:?}");
    }
    let parsed = parse_bytes("f", b"kind: \xff");
    assert_eq!((parsed.findings[0].rule.as_str(), parsed.findings[0].column), ("yaml.encoding", 7));
}

#[test]
fn nobody_waits_for_ten_thousand_levels() {
    let text = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {{name: a}}\nspec: {}",
        "{a: ".repeat(10_000)
    );
    let work = move || parse("f", &text);
    let parsed = std::thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap().join().unwrap();
    assert_eq!(parsed.findings[0].rule, "yaml.limit");
    // The deepest that is read still fits a small stack in everything that is done with it.
    let text = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {{name: a}}\nspec: {{owner: o, x: {}1{}}}\n",
        "{a: ".repeat(98),
        "}".repeat(98)
    );
    let work = move || to_yaml(&read(&text).entity);
    std::thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap().join().unwrap();
}

fn entity() -> impl Strategy<Value = Entity> {
    let name = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?";
    // Keys may not differ in case alone.
    let texts = || prop::collection::btree_map("[a-z0-9]{1,9}", any::<String>(), 0..4);
    let metadata = (
        name,
        prop::option::of("[a-z0-9]{1,9}"),
        prop::option::of("\\PC{1,20}"),
        prop::option::of(any::<String>()),
        texts(),
    )
        .prop_map(|(name, namespace, title, description, annotations)| model::entity::Metadata {
            name,
            namespace,
            title,
            description,
            annotations,
            tags: vec!["c#".to_owned(), "a:b".to_owned()],
            ..model::entity::Metadata::default()
        });
    (metadata, prop::collection::btree_map("x[a-z0-9]{0,8}", any::<String>(), 0..5)).prop_map(|(metadata, spec)| {
        let mut entity = Entity { metadata, ..Entity::new(Kind::System, "x") };
        entity.spec.insert("owner".to_owned(), json!("group:default/a"));
        entity.spec.extend(spec.into_iter().map(|(key, value)| (key, value.into())));
        entity
    })
}

proptest! {
    #[test]
    fn a_written_entity_reads_back_the_same(entity in entity()) {
        let text = to_yaml(&entity);
        let parsed = parse("f", &text);
        prop_assert!(parsed.findings.iter().all(|finding| finding.level < Level::Error), "{}\n{}", report(&parsed.findings), text);
        prop_assert_eq!(&parsed.entities[0].entity, &entity, "{}", text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        parse_bytes("f", &bytes);
    }

    #[test]
    fn findings_stand_inside_the_file(
        cut in 0..PAYMENTS.len(), with in prop::sample::select(vec!["", "null", "[]", "1", ": ", "\n", "- ", "{", "owner: ':'\n", "é"]), skip in 0..20usize,
    ) {
        let text = format!("{}{with}{}", &PAYMENTS[..cut], &PAYMENTS[(cut + skip).min(PAYMENTS.len())..]);
        let lines: Vec<&str> = text.lines().collect();
        for finding in parse("f", &text).findings {
            let line = lines.get(finding.line as usize - 1).copied().unwrap_or_default();
            prop_assert!(finding.line >= 1 && finding.line as usize <= lines.len().max(1), "{:?}", finding);
            prop_assert!(finding.column >= 1 && finding.column as usize <= line.chars().count() + 1, "{:?} in {}", finding, text);
        }
    }
}
