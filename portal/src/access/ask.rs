//! Asking for access: here, by a change of a manifest, or by taking it when something is on fire.

use std::collections::BTreeSet;

use engine_access::at::At;
use engine_access::history::{Action as Did, BREAK_GLASS_TTL, Case, Opening, State};
use engine_access::manifest::{API_VERSION, FILE_NAME, KIND, Requirement, parse};
use engine_access::terms::Answer;
use engine_access::time::{Ends, Expiry, Span};
use engine_access::{Atom, edit};
use model::change::{Change, FileEdit};
use model::{EntityRef, Finding, Findings, Kind, Level};

use super::project::{self, instant};
use super::record::{self, Entry};
use super::settle::views;
use super::world::{Offer, World};
use super::{manifests, notify};
use crate::changes::{self, Proposal};
use crate::db::new_id;
use crate::identity::{Action, Actor, Resource, can};
use crate::{Error, Portal, Result, catalog, inbox};

/// Characters of what somebody says.
const LONGEST_REASON: usize = 2_000;
/// Atoms that one request or one decision is about.
pub(super) const MOST_ATOMS: usize = 500;

/// What somebody asks for here, without a manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    pub consumer: Option<EntityRef>,
    pub api: Option<EntityRef>,
    pub scopes: Vec<String>,
    pub environments: Vec<String>,
    pub justification: String,
    pub ticket: String,
    /// A day (`2027-06-30`) or a span (`180d`); empty for as long as the policy allows.
    pub expires: String,
}

/// Asks for access in the portal; gives the id of the request.
///
/// # Errors
/// [`Error::Forbidden`] for who does not own the consumer; [`Error::Invalid`] with everything that is wrong;
/// [`Error::Conflict`] for what waits or is granted already, and what was denied lately.
pub async fn ask(portal: &Portal, actor: &Actor, ask: &Ask) -> Result<String> {
    can(actor, Action::AskAccess, Resource::Anything)?;
    if !portal.settings().access.from_portal {
        return Err(Error::Conflict(
            "Here access is asked for in manifests alone: propose a change of the consumer’s access.yaml.".to_owned(),
        ));
    }
    let (atoms, opening, owner) = asked(portal, actor, ask, true).await?;
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    record::lock(&mut tx, atoms.iter().map(|(atom, _)| atom)).await?;
    let request = new_id(now);
    let mut entries = Vec::new();
    for (atom, opening_of) in atoms {
        let told = record::told(&mut tx, &project::id(&atom), now).await?;
        if let Some(waiting) = told.history.pending() {
            return Err(Error::Conflict(format!(
                "{atom} is asked for already, in the request {}: nothing was changed.",
                waiting.request
            )));
        }
        if let Some(case) = told.history.cases.iter().find(|case| case.state == State::Active && case.is_regular())
            && opening.ends.is_none_or(|ends| case.ends.is_some_and(|has| ends.instant(instant(now)) <= has))
            && !soon(case, now)
        {
            return Err(Error::Conflict(format!("{atom} is granted already: nothing was changed.")));
        }
        told.history
            .may_request(&opening.justification, instant(now))
            .map_err(|why| Error::Conflict(format!("{atom}: {why}.")))?;
        let action = Did::Requested { opening: Box::new(opening_of) };
        entries.push(Entry { atom, request: request.clone(), action, commit: None });
    }
    let after = record::append(&mut tx, portal, actor, entries).await?;
    notify::waiting(&mut tx, portal, &views(portal, &after), |_| owner.clone()).await?;
    tx.commit().await?;
    inbox::told(portal);
    Ok(request)
}

/// Whether it may be asked for again since it ends soon.
fn soon(case: &Case, now: i64) -> bool {
    case.flags(instant(now)).expiring
}

/// Takes access at once and for hours, because something is on fire: its owners are told, and have to ratify it.
///
/// # Errors
/// As [`ask`]; and [`Error::Invalid`] without an incident.
pub async fn break_glass(portal: &Portal, actor: &Actor, ask: &Ask, incident: &str) -> Result<String> {
    can(actor, Action::AskAccess, Resource::Anything)?;
    let incident = reason(incident, true, "incident")?;
    let (atoms, _, owner) = asked(portal, actor, ask, false).await?;
    let now = portal.clock().now();
    let longest = BREAK_GLASS_TTL.after(instant(now));
    let request = new_id(now);
    let entries = atoms.into_iter().map(|(atom, mut opening)| {
        let asked = opening.ends.map_or(longest, |ends| ends.instant(instant(now)));
        opening.ends = Some(Ends::At(asked.min(longest)));
        let action = Did::BrokeGlass { opening: Box::new(opening), incident: incident.clone() };
        Entry { atom, request: request.clone(), action, commit: None }
    });
    let entries = entries.collect();
    let mut tx = portal.db().begin().await?;
    let after = record::append(&mut tx, portal, actor, entries).await?;
    let atoms = views(portal, &after);
    notify::glass_broken(&mut tx, portal, &atoms, owner, &incident, actor.name()).await?;
    tx.commit().await?;
    inbox::told(portal);
    Ok(request)
}

/// Proposes a change of the consumer's manifest that asks for the same: once it is merged, the owners of the API are asked.
///
/// # Errors
/// As [`ask`] and [`changes::propose`].
pub async fn propose(portal: &Portal, actor: &Actor, ask: &Ask) -> Result<Change> {
    can(actor, Action::Propose, Resource::Anything)?;
    let (atoms, opening, _) = asked(portal, actor, ask, true).await?;
    let Some((first, _)) = atoms.first() else { return Err(Error::internal("nothing was asked for")) };
    let (consumer, api) = (&first.consumer, &first.api);
    let rows = catalog::store::bodies(portal.db(), &[consumer.to_string()]).await?;
    let (_, body) = rows.first().ok_or_else(|| Error::not_found(consumer))?;
    let entity: model::catalog::CatalogEntity = serde_json::from_str(body)?;
    let repository = entity.repository.ok_or_else(|| {
        Error::Conflict(format!("{consumer} is in no repository: there is no manifest to change. Ask here instead."))
    })?;
    let known = manifests::store::manifest_in(portal.db(), &repository).await?;
    let (path, before) = known.map_or((FILE_NAME.to_owned(), None), |row| (row.path, Some(row.content)));
    let list = |names: BTreeSet<&String>| names.into_iter().map(|name| At::from(name.clone())).collect();
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty()).map(At::from);
    let requirement = Requirement {
        api: At::from(api.clone()),
        scopes: list(atoms.iter().map(|(atom, _)| &atom.scope).collect()),
        environments: list(atoms.iter().map(|(atom, _)| &atom.environment).collect()),
        justification: text(&opening.justification),
        ticket: opening.ticket.clone().map(At::from),
        expires: ask.expires.trim().parse::<Expiry>().ok().map(At::from),
        optional: false,
    };
    let empty = format!("apiVersion: {API_VERSION}\nkind: {KIND}\nmetadata:\n  component: {consumer}\n");
    let base = before.clone().unwrap_or(empty);
    if let Ok(manifest) = parse(&path, &base)
        && manifest.component.value != *consumer
    {
        return Err(Error::Conflict(format!(
            "{path} of that repository speaks for {}: ask here instead, or give {consumer} a manifest of its own.",
            manifest.component.value
        )));
    }
    let after = edit::add(&base, &requirement)?;
    let proposal = Proposal {
        repository,
        edits: vec![FileEdit { path, before, after: Some(after) }],
        title: format!("Ask for access to {}", api.name),
        text: format!("{}\n\nOnce this is merged, the owners of {api} are asked.\n", opening.justification),
        key: format!("access:{api}"),
        batch: None,
        origin: None,
    };
    changes::propose(portal, actor, proposal).await
}

type Asked = (Vec<(Atom, Opening)>, Opening, Option<EntityRef>);

/// What is asked for, checked against the API's terms: the atoms with what each would be opened with, and the API's owner.
async fn asked(portal: &Portal, actor: &Actor, ask: &Ask, regular: bool) -> Result<Asked> {
    let mut wrong = Wrong::default();
    let consumer = ask.consumer.clone().filter(|consumer| consumer.kind == Kind::Component.lower());
    let api = ask.api.clone().filter(|api| api.kind == Kind::Api.lower());
    wrong.unless(
        consumer.is_some(),
        "consumer",
        "A component has to ask.",
        "Write one such as component:default/checkout.",
    );
    wrong.unless(api.is_some(), "api", "Access is to an API.", "Write one such as api:default/payments.");
    let (Some(consumer), Some(api)) = (consumer, api) else { return Err(wrong.error()) };
    let row = row_of(portal, actor, &consumer).await?;
    can(actor, Action::AskAccess, Resource::Entity(&row))?;
    row_of(portal, actor, &api).await?;
    let (offer, owner) = offer_of(portal, &api).await?;
    let Some(offer) = offer else {
        return Err(Error::Conflict(format!(
            "{api} offers no scopes: ask its owners to expose some in their access.yaml."
        )));
    };
    let settings = &portal.settings().access;
    let now = instant(portal.clock().now());
    let ends = match ask.expires.trim() {
        "" => None,
        text => match text.parse::<Expiry>() {
            Ok(expiry) => Some(expiry.ends(&settings.zone)),
            Err(error) => {
                wrong.add(
                    "expires",
                    &format!("The end is {error}."),
                    "Leave it empty for as long as the policy allows.",
                );
                None
            }
        },
    };
    wrong.unless(
        ends.is_none_or(|ends| ends.instant(now) > now),
        "expires",
        "The day on which this ends is past.",
        "Write a later one.",
    );
    wrong.unless(!ask.scopes.is_empty(), "scopes", "No scope is chosen.", "Choose at least one.");
    wrong.unless(!ask.environments.is_empty(), "environments", "No environment is chosen.", "Choose at least one.");
    wrong.unless(
        ask.scopes.len().saturating_mul(ask.environments.len()) <= MOST_ATOMS,
        "scopes",
        "That is too much at once.",
        "Ask for less.",
    );
    let justification = ask.justification.trim().to_owned();
    wrong.unless(
        justification.chars().count() <= LONGEST_REASON,
        "justification",
        "The justification is too long.",
        "Shorten it.",
    );
    if !wrong.0.is_empty() {
        return Err(wrong.error());
    }
    let ticket = Some(ask.ticket.trim().to_owned()).filter(|ticket| !ticket.is_empty());
    let seen = offer.terms.offer(&consumer);
    let mut atoms = Vec::new();
    for scope in ask.scopes.iter().collect::<BTreeSet<_>>() {
        let Some(offered) = seen.scope(scope) else {
            wrong.add("scopes", &format!("{api} has no scope {scope:?}."), "Choose one of those that its page lists.");
            continue;
        };
        let today = now.to_zoned_datetime(settings.zone.clone()).date();
        wrong.unless(!offered.is_closed(today), "scopes", &format!("{scope} is given out no more."), "Choose another.");
        for environment in ask.environments.iter().collect::<BTreeSet<_>>() {
            let is_known = environment == engine_access::ANY_ENVIRONMENT || settings.environments.contains(environment);
            wrong.unless(
                is_known,
                "environments",
                &format!("There is no environment {environment:?}."),
                "Choose another.",
            );
            let policy = match seen.answer(scope, environment, &settings.default_policy) {
                Answer::Policy(policy) => *policy,
                Answer::Blocked { reason } => {
                    return Err(Error::Conflict(format!("{api} keeps {consumer} out: {reason}")));
                }
                Answer::NotForAll | Answer::NoScope => {
                    wrong.add("environments", "No policy lets all environments be asked for at once.", "Name them.");
                    continue;
                }
            };
            if regular {
                wrong.unless(
                    !policy.justification || !justification.is_empty(),
                    "justification",
                    &format!("The policy for {scope} asks why it is needed."),
                    "Write a sentence that its owners can decide by.",
                );
                let pattern = policy.ticket.as_deref().unwrap_or_default();
                let fits = policy.takes_ticket(ticket.as_deref().unwrap_or_default());
                let message = format!("The policy for {scope} asks for a ticket like {pattern}.");
                wrong.unless(fits, "ticket", &message, "Write its key.");
                if let Some(ends) = ends {
                    let latest = Span::days(1).after(policy.max_ttl.after(now));
                    wrong.unless(
                        ends.instant(now) <= latest,
                        "expires",
                        &format!("The policy for {scope} allows at most {}.", policy.max_ttl),
                        "Choose an earlier day.",
                    );
                }
            }
            let atom = Atom {
                consumer: consumer.clone(),
                api: api.clone(),
                scope: scope.clone(),
                environment: environment.clone(),
            };
            let opening = Opening {
                authors: BTreeSet::new(),
                doubt: None,
                justification: justification.clone(),
                ticket: ticket.clone(),
                sensitivity: offered.sensitivity,
                starts: None,
                ends,
                policy,
                policy_version: Some(offer.version.clone()),
            };
            atoms.push((atom, opening));
        }
    }
    match (wrong.0.is_empty(), atoms.first().map(|(_, opening)| opening.clone())) {
        (true, Some(first)) => Ok((atoms, first, owner)),
        _ => Err(wrong.error()),
    }
}

/// What is wrong with what somebody filled in, by the field.
#[derive(Default)]
struct Wrong(Vec<Finding>);

impl Wrong {
    fn add(&mut self, field: &str, message: &str, help: &str) {
        let finding = Finding::new("access.field", Level::Error, message, help).at(field, 0, 0);
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    fn unless(&mut self, holds: bool, field: &str, message: &str, help: &str) {
        if !holds {
            self.add(field, message, help);
        }
    }

    fn error(self) -> Error {
        Error::Invalid(Findings::from(self.0))
    }
}

async fn row_of(portal: &Portal, actor: &Actor, reference: &EntityRef) -> Result<model::catalog::CatalogRow> {
    let rows = portal.index().read().named(std::slice::from_ref(reference), actor.readable())?;
    let row = rows.get(reference).ok_or_else(|| Error::not_found(reference))?;
    Ok(model::catalog::CatalogRow::clone(row))
}

/// On what terms an API is offered, and who owns it with authority.
async fn offer_of(portal: &Portal, api: &EntityRef) -> Result<(Option<Offer>, Option<EntityRef>)> {
    let mentions = engine_access::facts::Mentions { apis: BTreeSet::from([api.clone()]), ..Default::default() };
    let mut world = World::of(portal, &[&mentions]).await?;
    let owner = world.owner(api).cloned();
    Ok((world.offers.remove(api), owner))
}

/// What somebody says with what they do.
///
/// # Errors
/// It is missing, or too long.
pub(super) fn reason(text: &str, needed: bool, what: &str) -> Result<String> {
    let text = text.trim();
    let mut wrong = Wrong::default();
    wrong.unless(!needed || !text.is_empty(), what, &format!("A {what} is needed."), "Say why, in a sentence.");
    wrong.unless(
        text.chars().count() <= LONGEST_REASON,
        what,
        "That is too long.",
        "Say it in at most 2000 characters.",
    );
    if wrong.0.is_empty() { Ok(text.to_owned()) } else { Err(wrong.error()) }
}
