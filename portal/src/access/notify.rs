//! Who is told of what, in the transaction of what it is about.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use model::EntityRef;
use model::access::{AccessAtom, AccessWaiting};

use crate::db::Tx;
use crate::identity;
use crate::inbox::{self, Message, Topic};
use crate::{Portal, Result};

/// Lines of one message.
const MOST_LINES: usize = 30;

/// Tells everybody who can decide that these wait for them.
pub(super) async fn waiting(
    tx: &mut Tx,
    portal: &Portal,
    atoms: &[AccessAtom],
    owner: impl Fn(&EntityRef) -> Option<EntityRef>,
) -> Result<()> {
    let mut requests: BTreeMap<&str, Vec<(&AccessAtom, &AccessWaiting)>> = BTreeMap::new();
    for atom in atoms {
        if let Some(waiting) = &atom.waiting {
            requests.entry(&waiting.request).or_default().push((atom, waiting));
        }
    }
    for (request, atoms) in requests {
        let Some((first, waiting)) = atoms.first() else { continue };
        let asked: BTreeSet<EntityRef> = atoms
            .iter()
            .flat_map(|(_, waiting)| &waiting.asked)
            .filter_map(|need| if need.from == "owner" { owner(&first.api) } else { need.from.parse().ok() })
            .collect();
        let title = format!("{} asks for access to {}", first.consumer.name, first.api.name);
        let mut text = String::new();
        if !waiting.justification.is_empty() {
            let _ = writeln!(text, "{}\n", waiting.justification);
        }
        for (atom, waiting) in atoms.iter().take(MOST_LINES) {
            let _ = writeln!(text, "- {} in {} ({})", atom.scope, atom.environment, waiting.sensitivity);
        }
        let address = format!("/access/requests/{request}");
        let message = Message { topic: Topic::Access, title: &title, text: &text, address: &address, repository: None };
        let own: BTreeSet<String> =
            waiting.authors.iter().map(ToString::to_string).chain([waiting.requested_by.clone()]).collect();
        tell(tx, portal, &asked, message, &own).await?;
    }
    Ok(())
}

/// Tells those who asked what became of it.
pub(super) async fn decided(
    tx: &mut Tx,
    portal: &Portal,
    atoms: &[AccessAtom],
    by: &str,
    what: &str,
    reason: &str,
) -> Result<()> {
    let mut requests: BTreeMap<&str, Vec<&AccessAtom>> = BTreeMap::new();
    for atom in atoms {
        requests.entry(&atom.request).or_default().push(atom);
    }
    for (request, atoms) in requests {
        let Some(first) = atoms.first() else { continue };
        let people: BTreeSet<EntityRef> = requesters(first);
        let title = format!("{by} {what} {}’s access to {}", first.consumer.name, first.api.name);
        let mut text = if reason.is_empty() { String::new() } else { format!("{reason}\n\n") };
        for atom in atoms.iter().take(MOST_LINES) {
            let _ = writeln!(text, "- {} in {}: {}", atom.scope, atom.environment, atom.state.as_str());
        }
        let address = format!("/access/requests/{request}");
        let message = Message { topic: Topic::Access, title: &title, text: &text, address: &address, repository: None };
        tell(tx, portal, &people, message, &BTreeSet::from([by.to_owned()])).await?;
    }
    Ok(())
}

/// Tells those who asked that the provider ended it.
pub(super) async fn ended(tx: &mut Tx, portal: &Portal, atoms: &[AccessAtom]) -> Result<()> {
    let reason = atoms.first().map(|atom| atom.reason.clone()).unwrap_or_default();
    decided(tx, portal, atoms, "The provider", "ended", &reason).await
}

/// Tells those who have it that it ends soon.
pub(super) async fn ends_soon(tx: &mut Tx, portal: &Portal, atom: &AccessAtom, owner: Option<EntityRef>) -> Result<()> {
    let people: BTreeSet<EntityRef> = requesters(atom).into_iter().chain(owner).collect();
    let day = atom.expires.map(|at| super::project::instant(at).strftime("%Y-%m-%d").to_string()).unwrap_or_default();
    let title = format!("{}’s access to {} ends on {day}", atom.consumer.name, atom.api.name);
    let text = format!(
        "{} in {}. If it is still needed, write a later day into the manifest, or ask again.",
        atom.scope, atom.environment
    );
    let address = format!("/access/{}", atom.id);
    let message = Message { topic: Topic::Access, title: &title, text: &text, address: &address, repository: None };
    tell(tx, portal, &people, message, &BTreeSet::new()).await
}

/// Asks the owners of an API whether a grant is still needed.
pub(super) async fn review_due(
    tx: &mut Tx,
    portal: &Portal,
    atom: &AccessAtom,
    owner: Option<EntityRef>,
) -> Result<()> {
    let people: BTreeSet<EntityRef> = owner.into_iter().collect();
    let title = format!("Does {} still need {}?", atom.consumer.name, atom.api.name);
    let text = format!("{} in {}. Say so on its page, or revoke it.", atom.scope, atom.environment);
    let address = format!("/access/{}", atom.id);
    let message = Message { topic: Topic::Access, title: &title, text: &text, address: &address, repository: None };
    tell(tx, portal, &people, message, &BTreeSet::new()).await
}

/// Those who asked for what an atom is now, as far as they are users.
fn requesters(atom: &AccessAtom) -> BTreeSet<EntityRef> {
    atom.requested_by.split(", ").filter_map(|name| name.parse::<EntityRef>().ok()).collect()
}

async fn tell(
    tx: &mut Tx,
    portal: &Portal,
    people: &BTreeSet<EntityRef>,
    message: Message<'_>,
    but: &BTreeSet<String>,
) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    let people: Vec<EntityRef> = people.iter().cloned().collect();
    for person in identity::accounts_of(portal, &people).await? {
        if !but.contains(&person.label) {
            inbox::tell(tx, portal, &person.account, message).await?;
        }
    }
    Ok(())
}

/// Tells the owners of an API that somebody took access without asking, which they have to ratify.
pub(super) async fn glass_broken(
    tx: &mut Tx,
    portal: &Portal,
    atoms: &[AccessAtom],
    owner: Option<EntityRef>,
    incident: &str,
    by: &str,
) -> Result<()> {
    let Some(first) = atoms.first() else { return Ok(()) };
    let people: BTreeSet<EntityRef> = owner.into_iter().collect();
    let title = format!("{by} took access to {} without asking", first.api.name);
    let mut text = format!("{incident}\n\nSomebody has to ratify or revoke it within two days.\n\n");
    for atom in atoms.iter().take(MOST_LINES) {
        let _ = writeln!(text, "- {} for {} in {}", atom.scope, atom.consumer, atom.environment);
    }
    let address = format!("/access/{}", first.id);
    let message = Message { topic: Topic::Access, title: &title, text: &text, address: &address, repository: None };
    tell(tx, portal, &people, message, &BTreeSet::from([by.to_owned()])).await
}
