//! Who somebody is, what they may read and do; on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod forge;
mod sessions;
mod stores;

use std::sync::Arc;

use super::*;
use crate::Portal;
use crate::db_test;
use crate::error::Error;

/// Somebody for whom a provider vouches, signed in.
pub(crate) async fn signed_in(portal: &Portal, claims: &Claims) -> Actor {
    let client = Client { agent: "test".to_owned(), address: "192.0.2.1".to_owned() };
    let opened = open(portal, claims, &client, None).await.unwrap();
    Actor::Person(find(portal, opened.cookie.expose()).await.unwrap().unwrap())
}

pub(crate) fn claims(subject: &str) -> Claims {
    Claims {
        // No provider has to be configured for it, nor to vouch again.
        issuer: LOCAL.to_owned(),
        subject: subject.to_owned(),
        provider: "id".to_owned(),
        name: subject.to_owned(),
        ..Claims::default()
    }
}

fn forbidden(result: crate::Result<()>) -> String {
    match result {
        Err(Error::Forbidden(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn person(change: impl FnOnce(&mut Person)) -> Actor {
    let mut person = Person {
        account: "01".to_owned(),
        label: "jane".to_owned(),
        name: "Jane".to_owned(),
        email: None,
        email_verified: false,
        provider: "id".to_owned(),
        user: None,
        linked: String::new(),
        groups: Default::default(),
        provider_groups: Vec::new(),
        is_administrator: false,
        is_auditor: false,
        login: None,
        may_write: true,
        readable: Readable::of_member("01", Default::default()),
        preferences: Default::default(),
        unread: 0,
    };
    change(&mut person);
    Actor::Person(Arc::new(person))
}

#[test]
fn the_policy_is_this_table() {
    use Action::{
        AskAccess, Audit, Correct, DecideAccess, EndAccess, ImportAccess, Launch, Own, Propose, Remove, Review, SeeOwn,
        SetUp, Sync, Trust, Watch,
    };
    let all = [
        Review,
        Sync,
        Correct,
        Propose,
        AskAccess,
        DecideAccess,
        EndAccess,
        ImportAccess,
        Trust,
        Launch,
        Remove,
        Watch,
        SetUp,
        Audit,
        SeeOwn,
        Own,
    ];
    let service = |scopes: &[service::Scope]| {
        let (label, reads) = ("service:ci".to_owned(), service::Reads::Everything);
        Actor::Service(Arc::new(Service { token: "01".to_owned(), label, scopes: scopes.to_vec(), reads }))
    };
    let table: [(&str, Actor, &[Action]); 9] = [
        ("system", Actor::System, &all),
        (
            "operator",
            Actor::Operator,
            &[Sync, Correct, Propose, AskAccess, EndAccess, ImportAccess, Trust, Launch, Remove, Watch, SetUp, Audit],
        ),
        ("visitor", Actor::Visitor, &[]),
        (
            "member",
            person(|_| {}),
            &[Review, Correct, Propose, AskAccess, DecideAccess, EndAccess, Launch, SeeOwn, Own],
        ),
        ("administrator", person(|person| person.is_administrator = true), &all),
        ("auditor", person(|person| person.is_auditor = true), &[Review, DecideAccess, Watch, Audit, SeeOwn, Own]),
        ("service that reads", service(&[service::Scope::Read]), &[]),
        ("service that does it all", service(&service::Scope::ALL), &[Sync, Correct, Propose, Launch, Watch, Audit]),
        (
            "reading token of an administrator",
            person(|person| (person.is_administrator, person.may_write) = (true, false)),
            &[Watch, Audit, SeeOwn],
        ),
    ];
    for (who, actor, may) in table {
        for action in all {
            assert_eq!(can(&actor, action, Resource::Anything).is_ok(), may.contains(&action), "{who} {action:?}");
        }
    }
    let launcher = service(&[service::Scope::Launch]);
    assert!(can(&launcher, Launch, Resource::Run { own: true }).is_ok());
    assert!(forbidden(can(&launcher, Launch, Resource::Run { own: false })).starts_with("Whoever launched it"));
}

#[test]
fn a_hundred_nested_groups_cost_nothing_to_ask() {
    let group = |at: usize| model::EntityRef::new("group", "default", format!("g{at}"));
    let actor = person(|person| person.groups = (0..100).map(|at| (group(at), GroupSource::Forge)).collect());
    let mut row: model::catalog::CatalogRow = serde_json::from_value(serde_json::json!({
        "reference": "component:default/shop", "kind": "Component", "tags": [], "languages": [], "activity": [],
        "confidence": "declared", "archived": false, "errors": 0, "warnings": 0
    }))
    .unwrap();
    (row.owner, row.owner_has_authority) = (Some(group(99)), true);
    let start = std::time::Instant::now();
    for _ in 0..1_000 {
        assert!(can(&actor, Action::Correct, Resource::Entity(&row)).is_ok());
    }
    let each = start.elapsed() / 1_000;
    eprintln!("can: {each:?}");
    assert!(each < std::time::Duration::from_micros(20), "{each:?}");
    row.owner_has_authority = false;
    assert!(
        forbidden(can(&actor, Action::Correct, Resource::Entity(&row)))
            .contains("neither the forge nor a trusted source")
    );
    row.owner = Some(group(100));
    row.owner_has_authority = true;
    let why = forbidden(can(&actor, Action::Correct, Resource::Entity(&row)));
    assert_eq!(why, "You need to own component:default/shop or be an administrator to correct the catalog.");
}
