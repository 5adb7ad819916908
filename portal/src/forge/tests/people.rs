//! Teams, members, readers, custom properties.

use std::collections::BTreeMap;

use fake_forge::{Fault, Member as FakeMember, Profile, Team as FakeTeam};

use super::*;

fn team(id: u64, slug: &str, parent: Option<&str>, members: &[&str], repositories: &[(u64, &str)]) -> FakeTeam {
    FakeTeam {
        id,
        slug: slug.to_owned(),
        name: slug.to_uppercase(),
        parent: parent.map(str::to_owned),
        secret: slug == "security",
        members: members.iter().map(|login| (*login).to_owned()).collect(),
        repositories: repositories.iter().map(|(id, role)| (*id, (*role).to_owned())).collect(),
    }
}

async fn people() -> (fake_forge::Fake, Forge) {
    let (fake, forge) = acme(Profile::GitHub, 2).await;
    {
        let mut state = fake.state();
        let acme = state.organisations.get_mut("acme").unwrap();
        acme.base_permission = "none".to_owned();
        acme.members = [(11, "ada", true), (12, "bob", false), (13, "cyd", false)]
            .map(|(id, login, admin)| FakeMember { id, login: login.to_owned(), admin })
            .into();
        acme.teams = vec![
            team(21, "shop", None, &["bob"], &[(1_000, "write"), (1_001, "read")]),
            team(22, "orders", Some("shop"), &["bob"], &[(1_000, "maintain")]),
            team(23, "security", None, &["cyd"], &[]),
        ];
        let repository = state.repositories.get_mut(&1_000).unwrap();
        repository.collaborators = BTreeMap::from([("guest".to_owned(), "triage".to_owned())]);
        repository.properties.insert("tier".to_owned(), "1".into());
    }
    (fake, forge)
}

#[tokio::test]
async fn teams_with_their_members_and_repositories() {
    let (_fake, forge) = people().await;
    let mut cache = Cache::default();
    let teams = forge.teams("acme", &mut cache).await.unwrap();
    assert!(teams.coverage.is_complete());
    let seen: Vec<_> =
        teams.entries.iter().map(|team| (team.id, team.slug.as_str(), team.parent.as_deref(), team.secret)).collect();
    assert_eq!(seen, [(21, "shop", None, false), (22, "orders", Some("shop"), false), (23, "security", None, true)]);
    assert_eq!(teams.entries[0].name, "SHOP");

    let repositories = forge.team_repositories("acme", "shop", &mut cache).await.unwrap().entries;
    let seen: Vec<_> = repositories.iter().map(|found| (found.id, found.full_name.as_str(), found.role)).collect();
    assert_eq!(seen, [(1_000, "acme/service-000", Role::Write), (1_001, "acme/service-001", Role::Read)]);
    let members = forge.team_members("acme", "shop", &mut cache).await.unwrap().entries;
    assert_eq!(members, [Member { id: 12, login: "bob".to_owned(), name: None }]);
    assert!(matches!(forge.team_members("acme", "lost", &mut cache).await, Err(Error::NotFound { .. })));

    // Nothing changed: three answers of 304.
    let before = forge.calls();
    assert!(forge.teams("acme", &mut cache).await.unwrap().unchanged);
    assert!(forge.team_repositories("acme", "shop", &mut cache).await.unwrap().unchanged);
    assert!(forge.team_members("acme", "shop", &mut cache).await.unwrap().unchanged);
    assert_eq!(forge.calls().unchanged - before.unchanged, 3);
}

#[tokio::test]
async fn members_and_properties() {
    let (_fake, forge) = people().await;
    let mut cache = Cache::default();
    let members = forge.members("acme", &mut cache).await.unwrap().entries;
    assert_eq!(members.iter().map(|member| member.login.as_str()).collect::<Vec<_>>(), ["ada", "bob", "cyd"]);
    let properties = forge.custom_properties("acme", &mut cache).await.unwrap().entries;
    assert_eq!(properties.len(), 2);
    assert_eq!(properties[0].id, 1_000);
    assert_eq!(properties[0].properties, BTreeMap::from([("tier".to_owned(), vec!["1".to_owned()])]));
}

#[tokio::test]
async fn readers_are_teams_and_everybody_who_may() {
    let (fake, forge) = people().await;
    let readers = forge.readers("acme", "service-000", &mut Cache::default()).await.unwrap();
    assert!(readers.coverage.is_complete());
    let teams: Vec<_> = readers.teams.iter().map(|team| (team.slug.as_str(), team.role)).collect();
    assert_eq!(teams, [("shop", Role::Write), ("orders", Role::Maintain)]);
    let people: Vec<_> = readers.people.iter().map(|person| (person.login.as_str(), person.role)).collect();
    assert_eq!(people, [("ada", Role::Admin), ("bob", Role::Write), ("guest", Role::Triage)]);

    fake.break_next("/collaborators", Fault::StrangeEntry, 1);
    let readers = forge.readers("acme", "service-000", &mut Cache::default()).await.unwrap();
    assert_eq!(readers.coverage, Coverage::Partial(vec![Narrowed::EntriesUnreadable { count: 1 }]));
}

#[tokio::test]
async fn without_the_right_to_teams_there_is_an_error_and_no_empty_list() {
    let (fake, forge) = people().await;
    fake.state().add_token("ghp_full", "ada", &["repo"]);
    let error = forge.teams("acme", &mut Cache::default()).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
    assert!(error.to_string().contains("read:org"), "{error}");
}
