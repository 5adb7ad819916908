//! Locations: what they bring, what is wrong with them, and what they must never bring.

use model::Level;
use model::source::SourcePolicy;

use super::harness::*;
use crate::link::{LinkInput, LinkRepository, Linked, link};

/// A repository whose drafts can be made again.
struct Kept {
    name: &'static str,
    files: Vec<(&'static str, String)>,
    policy: SourcePolicy,
}

fn kept(name: &'static str, files: &[(&'static str, String)]) -> Kept {
    Kept { name, files: files.to_vec(), policy: SourcePolicy::trusted() }
}

impl Kept {
    fn untrusted(self) -> Self {
        Self { policy: SourcePolicy::open(), ..self }
    }

    fn draft(&self, wanted: &[String]) -> LinkRepository {
        let files: Vec<(&str, &str)> = self.files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let address = Some(format!("github.com/acme/{}", self.name));
        LinkRepository { policy: self.policy.clone(), address, ..wanting(self.name, &files, wanted) }
    }
}

/// Links and drafts again until nothing more is wanted.
fn settle(repositories: &[Kept]) -> Linked {
    let mut wanted: Vec<(String, Vec<String>)> = Vec::new();
    for _ in 0..20 {
        let of = |name: &str| wanted.iter().find(|(id, _)| id == name).map_or(&[] as &[String], |(_, wanted)| wanted);
        let input = LinkInput {
            repositories: repositories.iter().map(|one| one.draft(of(one.name))).collect(),
            ..LinkInput::default()
        };
        let linked = link(&input);
        if linked.wanted == wanted {
            return linked;
        }
        wanted = linked.wanted;
    }
    panic!("it does not come to an end: {wanted:?}");
}

fn location(name: &str, targets: &[&str]) -> String {
    let list: String = targets.iter().map(|target| format!("    - {target}\n")).collect();
    format!("apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: {name}\nspec:\n  targets:\n{list}")
}

fn component(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  lifecycle: production\n  owner: payments\n"
    )
}

fn group(name: &str, members: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: {name}\nspec:\n  type: team\n  children: []\n  members: [{members}]\n"
    )
}

fn rules(linked: &Linked) -> Vec<(&str, &str, u32)> {
    linked.findings.iter().map(|(_, finding)| (finding.rule.as_str(), finding.file.as_str(), finding.line)).collect()
}

fn related(linked: &Linked, reference: &str, kind: &str) -> Vec<String> {
    let relations = linked.get(reference).entity.relations.iter().filter(|relation| relation.kind == kind);
    relations.map(|relation| relation.target_ref.name.clone()).collect()
}

#[test]
fn files_of_any_name_are_brought_from_anywhere_in_the_repository() {
    let root = location("all", &["./parts/*/about.yaml", "deep/**/entity.yml", "./tests/fixtures/one.yaml"]);
    let linked = settle(&[kept(
        "shop",
        &[
            ("catalog-info.yaml", root),
            ("parts/a/about.yaml", component("a")),
            ("parts/b/about.yaml", component("b")),
            ("parts/b/deeper/about.yaml", component("not-this")),
            ("deep/x/y/entity.yml", component("c")),
            ("tests/fixtures/one.yaml", component("d")),
            ("tests/fixtures/catalog-info.yaml", component("nor-this")),
        ],
    )]);
    assert_eq!(related(&linked, "location:default/all", "brings"), ["a", "b", "c", "d"]);
    assert_eq!(related(&linked, "component:default/c", "broughtBy"), ["all"]);
    assert!(!linked.references().iter().any(|name| name.contains("this")), "{:?}", linked.references());
    assert!(rules(&linked).is_empty(), "{:?}", linked.findings);
}

#[test]
fn locations_lead_into_other_repositories_and_on() {
    let repositories = [
        kept(
            "org",
            &[("catalog-info.yaml", location("all", &["https://github.com/acme/shop/blob/main/entities/all.yaml"]))],
        ),
        kept(
            "shop",
            &[
                (
                    "entities/all.yaml",
                    location("shop", &["./*.entity.yaml", "https://github.com/acme/ledger/tree/main/x/*.yaml"]),
                ),
                ("entities/web.entity.yaml", component("web")),
            ],
        ),
        kept(
            "ledger",
            &[
                ("x/books.yaml", component("books")),
                ("x/more.yaml", component("more")),
                ("y.yaml", component("not-this")),
            ],
        ),
    ];
    let linked = settle(&repositories);
    assert_eq!(related(&linked, "location:default/all", "brings"), ["shop"]);
    assert_eq!(related(&linked, "location:default/shop", "brings"), ["books", "more", "web"]);
    assert_eq!(linked.get("component:default/books").repository.as_deref(), Some("ledger"));
    assert!(rules(&linked).is_empty(), "{:?}", linked.findings);
    let reversed = repositories.into_iter().rev().collect::<Vec<_>>();
    assert_eq!(settle(&reversed).picture(), linked.picture());
}

#[test]
fn what_cannot_be_brought_is_said_at_its_place() {
    let table: &[(&str, &str, Level)] = &[
        ("./missing.yaml", "location.target", Level::Error),
        ("./missing/*.yaml", "location.target", Level::Error),
        ("../outside.yaml", "location.target", Level::Error),
        ("https://example.org/catalog-info.yaml", "location.target", Level::Warning),
        ("https://github.com/other/thing/blob/main/c.yaml", "location.unknown", Level::Warning),
        ("https://github.com/acme/ledger/blob/v1/c.yaml", "location.branch", Level::Warning),
        ("https://github.com/acme/ledger/blob/main/missing.yaml", "location.target", Level::Error),
        ("./catalog-info.yaml", "location.cycle", Level::Warning),
    ];
    for (target, rule, level) in table {
        let linked = settle(&[
            kept("org", &[("catalog-info.yaml", location("all", &["./a.yaml", target])), ("a.yaml", component("a"))]),
            kept("ledger", &[("README.md", "x".to_owned())]),
        ]);
        let found: Vec<_> = linked.findings.iter().filter(|(id, _)| id == "org").collect();
        let [(_, finding)] = found.as_slice() else { panic!("{target}: {found:?}") };
        assert_eq!((finding.rule.as_str(), finding.level), (*rule, *level), "{target}");
        assert_eq!((finding.file.as_str(), finding.line, finding.column), ("catalog-info.yaml", 8, 7), "{target}");
        assert!(!finding.help.is_empty());
        linked.get("component:default/a");
    }
}

#[test]
fn what_may_be_missing_is_no_finding() {
    let optional = location("all", &["./missing.yaml"]) + "  presence: optional\n";
    assert!(rules(&settle(&[kept("org", &[("catalog-info.yaml", optional)])])).is_empty());
}

#[test]
fn cycles_end_and_a_file_that_is_reached_twice_is_one_entity() {
    let linked = settle(&[
        kept(
            "org",
            &[
                (
                    "catalog-info.yaml",
                    location("all", &["./b.yaml", "./c.yaml", "https://github.com/acme/org/blob/main/c.yaml"]),
                ),
                ("b.yaml", location("b", &["https://github.com/acme/shop/blob/main/d.yaml", "./c.yaml"])),
                ("c.yaml", component("c")),
            ],
        ),
        kept("shop", &[("d.yaml", location("d", &["https://github.com/acme/org/blob/main/b.yaml"]))]),
    ]);
    assert_eq!(
        linked.references(),
        ["component:default/c", "location:default/all", "location:default/b", "location:default/d"]
    );
    assert_eq!(related(&linked, "component:default/c", "broughtBy"), ["all", "b"]);
    assert_eq!(rules(&linked), [("location.cycle", "d.yaml", 7)]);
}

#[test]
fn chains_have_an_end() {
    let mut files = vec![("catalog-info.yaml", location("l", &["./l0.yaml"]))];
    let names: Vec<&'static str> = (0..40).map(|at| &*format!("l{at}.yaml").leak()).collect();
    for (at, name) in names.iter().enumerate() {
        files.push((name, location(&format!("l{at}"), &[&format!("./l{}.yaml", at + 1)])));
    }
    let linked = settle(&[kept("org", &files)]);
    assert_eq!(linked.references().len(), 17);
    assert_eq!(rules(&linked), [("location.depth", "l15.yaml", 7)]);
}

#[test]
fn a_source_that_is_not_trusted_declares_no_teams_and_gives_no_rights() {
    let org = || kept("org", &[("catalog-info.yaml", group("payments", "ann"))]);
    let own = || format!("{}---\n{}", component("ledger"), group("pirates", "eve"));
    let trusted = settle(&[org(), kept("ledger", &[("catalog-info.yaml", own())])]);
    assert!(trusted.get("component:default/ledger").evidence["/spec/owner"].authority);
    assert!(trusted.get("group:default/pirates").evidence["/metadata/name"].authority);

    let untrusted = settle(&[org(), kept("ledger", &[("catalog-info.yaml", own())]).untrusted()]);
    assert_eq!(untrusted.field("component:default/ledger", "owner"), "payments");
    assert!(!untrusted.get("component:default/ledger").evidence["/spec/owner"].authority);
    assert!(!untrusted.references().contains(&"group:default/pirates".to_owned()));
    assert_eq!(rules(&untrusted), [("source.trust", "catalog-info.yaml", 10)]);
}

/// Everything that somebody who may push to one untrusted repository could try: nobody comes to own anything by it.
#[test]
fn nobody_gains_authority_by_pushing_a_file() {
    let org = || {
        kept(
            "org",
            &[
                ("catalog-info.yaml", group("payments", "ann") + "---\n" + &component("vault")),
                ("groups/pirates.yaml", group("pirates", "eve")),
                ("overrides-elsewhere.yaml", String::new()),
            ],
        )
    };
    let quiet = || kept("quiet", &[("Procfile", "web: x\n".to_owned()), ("a.py", "x".to_owned())]);
    let user = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: eve\nspec:\n  memberOf: [payments]\n";
    let annotated = component("mine").replace(
        "metadata:\n",
        "metadata:\n  annotations:\n    github.com/team-slug: acme/payments\n    backstage.io/managed-by-location: url:https://github.com/acme/org/blob/main/catalog-info.yaml\n",
    );
    let chain = location(
        "back",
        &[
            "https://github.com/acme/org/blob/main/groups/pirates.yaml",
            "https://github.com/acme/org/blob/main/catalog-info.yaml",
        ],
    );
    let pushes: &[&[(&'static str, String)]] = &[
        &[("catalog-info.yaml", group("payments", "eve") + "---\n" + user)],
        &[("catalog-info.yaml", annotated)],
        &[("CODEOWNERS", "* @acme/payments\n".to_owned()), ("Procfile", "web: x\n".to_owned())],
        &[
            ("CODEOWNERS", "* @acme/pirates\n".to_owned()),
            ("catalog-info.yaml", component("mine").replace("payments", "pirates")),
        ],
        &[(
            "slipway.overrides.yaml",
            "overrides:\n  - repositories: [\"*\"]\n    owner: payments\n  - repositories: [org]\n    owner: pirates\n"
                .to_owned(),
        )],
        &[("catalog-info.yaml", chain)],
        &[("catalog-info.yaml", component("vault").replace("payments", "group:default/payments"))],
    ];
    let authority = |linked: &Linked| -> Vec<String> {
        let with = linked.entities.iter().filter(|one| one.evidence.values().any(|evidence| evidence.authority));
        with.map(|one| {
            format!("{} in {:?}: {:?}", one.entity.reference(), one.repository, one.entity.spec.get("members"))
        })
        .collect()
    };
    let before = authority(&settle(&[org(), quiet()]));
    assert_eq!(before.len(), 2, "{before:?}");
    for push in pushes {
        let linked = settle(&[org(), quiet(), kept("pushed", push).untrusted()]);
        assert_eq!(authority(&linked), before, "{push:?}");
        let members = related(&linked, "group:default/payments", "hasMember");
        assert_eq!(members, ["ann"], "{push:?}");
    }
    // Not even the file that lies in the trusted repository: it is reached from there by nobody.
    let reached = settle(&[org(), kept("pushed", pushes[5]).untrusted()]);
    assert!(!reached.references().contains(&"group:default/pirates".to_owned()));
    assert!(reached.findings.iter().any(|(id, finding)| id == "org" && finding.rule == "source.trust"));
    // Once the trusted repository itself names it, it counts.
    let named = kept(
        "org",
        &[
            ("catalog-info.yaml", location("all", &["./groups/pirates.yaml"])),
            ("groups/pirates.yaml", group("pirates", "eve")),
        ],
    );
    let linked = settle(&[named, kept("pushed", pushes[5]).untrusted()]);
    assert!(linked.get("group:default/pirates").evidence["/metadata/name"].authority);
}

#[test]
fn a_trusted_location_lends_no_trust_to_others() {
    let org =
        kept("org", &[("catalog-info.yaml", location("all", &["https://github.com/acme/wild/blob/main/teams.yaml"]))]);
    let wild = kept("wild", &[("teams.yaml", group("pirates", "eve") + "---\n" + &component("raft"))]).untrusted();
    let linked = settle(&[org, wild]);
    assert_eq!(linked.references(), ["component:default/raft", "location:default/all"]);
    assert_eq!(rules(&linked), [("source.trust", "teams.yaml", 1)]);
}

#[test]
fn kinds_that_a_source_may_not_declare_are_left_out_and_told() {
    let mut shop = kept(
        "shop",
        &[
            ("catalog-info.yaml", component("web") + "---\n" + &location("all", &["./b.yaml"])),
            ("b.yaml", component("b")),
        ],
    );
    shop.policy.kinds.remove(&model::Kind::Location);
    let linked = settle(&[shop]);
    assert_eq!(linked.references(), ["component:default/web"]);
    assert_eq!(rules(&linked), [("source.kinds", "catalog-info.yaml", 10)]);
}
