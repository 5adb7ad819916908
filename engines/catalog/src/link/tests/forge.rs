//! What forges say beyond Git: facts, teams, rights.

use model::Visibility;
use model::repository::ForgeFacts;

use super::harness::*;
use crate::link::forge::{ForgeMember, ForgePeople, ForgeTeam, TeamRight};
use crate::link::{LinkInput, LinkRepository, Linked, link};

const SERVICE: Files = &[("Procfile", "web: x\n"), ("a.py", "x"), ("b.py", "x")];

fn at_forge(name: &str, files: Files, properties: &[(&str, &str)], topics: &[&str]) -> LinkRepository {
    let forge = ForgeFacts {
        full_name: format!("acme/{name}"),
        html_url: format!("https://github.com/acme/{name}"),
        default_branch: Some("main".to_owned()),
        description: Some("Keeps the books.".to_owned()),
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        custom_properties: properties
            .iter()
            .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
            .collect(),
        ..ForgeFacts::default()
    };
    LinkRepository { forge: Some(forge), source: "acme".to_owned(), ..repository(name, files) }
}

fn team(slug: &str, parent: Option<&str>, members: &[&str]) -> ForgeTeam {
    ForgeTeam {
        slug: slug.to_owned(),
        name: format!("Team {slug}"),
        parent: parent.map(str::to_owned),
        members: members.iter().map(|login| (*login).to_owned()).collect(),
        ..ForgeTeam::default()
    }
}

fn acme() -> ForgePeople {
    let logins = ["ann", "ben", "cem"];
    ForgePeople {
        source: "acme".to_owned(),
        organisation: "Acme".to_owned(),
        teams: vec![
            team("everybody", None, &logins),
            team("payments", Some("money"), &["ann"]),
            team("money", None, &["ann", "ben"]),
            ForgeTeam { secret: true, ..team("moles", None, &["cem"]) },
        ],
        members: logins.map(|login| ForgeMember { login: login.to_owned(), name: None }).into(),
    }
}

fn linked(repositories: Vec<LinkRepository>) -> Linked {
    link(&LinkInput { people: vec![acme()], ..input(repositories) })
}

fn rights(repository: LinkRepository, rights: &[(&str, bool)]) -> LinkRepository {
    let rights = rights.iter().map(|(team, admin)| TeamRight { team: (*team).to_owned(), admin: *admin }).collect();
    LinkRepository { rights, ..repository }
}

#[test]
fn teams_and_members_are_groups_and_users() {
    let linked = linked(vec![]);
    let payments = linked.get("group:default/payments");
    assert_eq!(payments.visibility, Visibility::SignedIn);
    assert_eq!(payments.entity.spec_str("parent"), Some("money"));
    assert_eq!(payments.entity.metadata.annotations["github.com/team-slug"], "Acme/payments");
    assert_eq!(payments.entity.metadata.title.as_deref(), Some("Team payments"));
    let relations: Vec<String> =
        payments.entity.relations.iter().map(|one| format!("{} {}", one.kind, one.target_ref)).collect();
    assert_eq!(relations, ["childOf group:default/money", "hasMember user:default/ann"]);
    assert_eq!(linked.list("user:default/ann", "memberOf").len(), 3);
    assert_eq!(linked.get("group:default/moles").visibility, Visibility::Readers);
    assert_eq!(linked.rule("user:default/cem", "/metadata/name"), "user.forge");
}

#[test]
fn a_declared_team_of_the_same_name_is_the_same() {
    let descriptor = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: payments\nspec:\n  type: team\n  children: []\n---\n\
                      apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: ann\nspec:\n  memberOf: []\n";
    let declared =
        |visibility| LinkRepository { visibility, ..repository("people", &[("catalog-info.yaml", descriptor)]) };
    let seen = linked(vec![declared(Visibility::SignedIn)]);
    assert_eq!(
        seen.references().iter().filter(|one| one.contains("payments") || one.contains("user:default/ann")).count(),
        2
    );
    assert_eq!(seen.field("group:default/payments", "parent"), "money");
    let teams = seen.list("user:default/ann", "memberOf");
    assert!(teams.contains(&"payments member.forge".to_owned()), "{teams:?}");
    // Who is in a team is no public matter at the forge.
    let public = linked(vec![declared(Visibility::Public)]);
    assert!(!public.list("user:default/ann", "memberOf").iter().any(|team| team.contains("payments")));
}

#[test]
fn the_owner_by_what_the_forge_says() {
    let codeowners: Files = &[("Procfile", "web: x\n"), ("a.py", "x"), ("CODEOWNERS", "* @acme/money\n")];
    let table: Vec<(LinkRepository, &str, &str)> = vec![
        (at_forge("ledger", codeowners, &[("Service-Owner", "payments")], &[]), "payments", "owner.property"),
        (at_forge("ledger", SERVICE, &[("team", "Team payments")], &[]), "payments", "owner.property"),
        (at_forge("ledger", SERVICE, &[("owner", "@acme/payments")], &[]), "payments", "owner.property"),
        (at_forge("ledger", SERVICE, &[("owner", "Nobody Knows")], &[]), "nobody-knows", "owner.property"),
        (at_forge("ledger", SERVICE, &[("owner", "payments"), ("team", "money")], &[]), "unknown", ""),
        (rights(at_forge("ledger", codeowners, &[], &[]), &[("payments", true)]), "money", "owner.codeowners"),
        (
            rights(at_forge("ledger", SERVICE, &[], &[]), &[("payments", true), ("money", false)]),
            "payments",
            "owner.forge-team",
        ),
        (rights(at_forge("ledger", SERVICE, &[], &[]), &[("payments", false)]), "payments", "owner.forge-team"),
        (rights(at_forge("ledger", SERVICE, &[], &[]), &[("payments", true), ("money", true)]), "unknown", ""),
        // Everybody's, and secret.
        (
            rights(at_forge("ledger", SERVICE, &[], &[]), &[("everybody", true), ("money", false)]),
            "money",
            "owner.forge-team",
        ),
        (rights(at_forge("ledger", SERVICE, &[], &[]), &[("moles", true)]), "unknown", ""),
        (at_forge("ledger", SERVICE, &[], &["team-payments", "books"]), "payments", "owner.topic"),
        (at_forge("ledger", SERVICE, &[], &["payments"]), "unknown", ""),
    ];
    for (repository, owner, rule) in table {
        let told = format!("{:?} {:?}", repository.forge, repository.rights);
        let linked = linked(vec![repository]);
        assert_eq!(linked.field("component:default/ledger", "owner"), owner, "{told}");
        assert_eq!(linked.rule("component:default/ledger", "/spec/owner"), rule, "{told}");
    }
}

#[test]
fn facts_of_the_forge_describe_the_component() {
    let properties = [("Lifecycle", "Experimental"), ("system", "Money"), ("type", "gateway"), ("tier", "1")];
    let linked = linked(vec![at_forge("ledger", SERVICE, &properties, &["books"])]);
    let ledger = linked.get("component:default/ledger");
    let fields = ["lifecycle", "system", "type"].map(|key| linked.field("component:default/ledger", key));
    assert_eq!(fields, ["experimental", "money", "gateway"]);
    assert_eq!(ledger.entity.metadata.tags, ["books"]);
    assert_eq!(linked.rule("component:default/ledger", "/metadata/tags/0"), "tags.topics");
    assert_eq!(ledger.entity.metadata.description.as_deref(), Some("Keeps the books."));
    let annotations = &ledger.entity.metadata.annotations;
    assert_eq!(annotations["github.com/project-slug"], "acme/ledger");
    assert_eq!(annotations["backstage.io/source-location"], "url:https://github.com/acme/ledger/tree/main/");
    for evidence in ledger.evidence.values() {
        assert!(crate::rules::rule(&evidence.rule).is_some(), "{}", evidence.rule);
    }
    // Words that may be about anything say nothing.
    let odd = self::linked(vec![at_forge("ledger", SERVICE, &[("type", "internal"), ("lifecycle", "q3")], &[])]);
    assert_eq!(odd.field("component:default/ledger", "type"), "service");
}
