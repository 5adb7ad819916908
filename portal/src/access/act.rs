//! What people do with what was asked for: decide, end, confirm.

use std::collections::{BTreeMap, BTreeSet};

use engine_access::Atom;
use engine_access::history::{Action as Did, Case, State};
use engine_access::review::{Actor as Who, Capacities};
use engine_access::terms::Approvers;
use engine_access::time::Expiry;
use model::EntityRef;
use model::access::AccessAtom;

use super::ask::{MOST_ATOMS, reason};
use super::notify;
use super::project::{self, instant};
use super::record::{self, Entry, Told, who};
use super::settle::views;
use super::store::AtomFilter;
use crate::identity::{Action, Actor, Person, Resource, can};
use crate::{Error, Portal, Result, inbox};

/// What a decision says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decided {
    pub approves: bool,
    pub reason: String,
    /// An approver may grant less time than was asked for: a day, or a span.
    pub until: String,
}

/// What is done to something that is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Revoke,
    Suspend,
    Resume,
    /// By the consumer: it is given up, or the request is taken back.
    Withdraw,
    /// Its review is answered: it is still needed.
    Recertify,
    /// Somebody who may approve stands by what was taken without asking.
    Ratify,
}

impl Deed {
    pub const ALL: [Self; 6] =
        [Self::Revoke, Self::Suspend, Self::Resume, Self::Withdraw, Self::Recertify, Self::Ratify];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Withdraw => "withdraw",
            Self::Recertify => "recertify",
            Self::Ratify => "ratify",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == text)
    }

    fn action(self) -> Action {
        match self {
            Self::Revoke | Self::Suspend => Action::EndAccess,
            Self::Withdraw => Action::AskAccess,
            Self::Resume | Self::Recertify | Self::Ratify => Action::DecideAccess,
        }
    }

    fn needs_reason(self) -> bool {
        !matches!(self, Self::Recertify | Self::Ratify | Self::Withdraw)
    }

    /// In which states it can be done.
    fn fits(self, state: State) -> bool {
        match self {
            Self::Revoke => matches!(state, State::Active | State::Scheduled | State::Suspended),
            Self::Suspend => matches!(state, State::Active | State::Scheduled),
            Self::Resume => state == State::Suspended,
            Self::Withdraw => {
                matches!(state, State::Pending | State::Active | State::Scheduled | State::Suspended)
            }
            Self::Recertify => state == State::Active,
            Self::Ratify => matches!(state, State::Active | State::Suspended),
        }
    }
}

/// Who owns APIs with authority, as they are now.
pub(super) async fn owners(
    portal: &Portal,
    apis: impl IntoIterator<Item = EntityRef>,
) -> Result<BTreeMap<EntityRef, EntityRef>> {
    let apis: Vec<EntityRef> = apis.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let rows = portal.index().read().named(&apis, Actor::System.readable())?;
    let owner =
        |api: &EntityRef| Some((api.clone(), rows.get(api).filter(|row| row.owner_has_authority)?.owner.clone()?));
    Ok(apis.iter().filter_map(owner).collect())
}

/// For whom a person speaks, of those whom a case asks.
pub(super) fn capacities(person: &Person, case: &Case, owner: Option<&EntityRef>) -> Capacities {
    let is = |reference: &EntityRef| person.user.as_ref() == Some(reference) || person.groups.contains_key(reference);
    let deciders = case.opening.policy.deciders();
    let speaks = deciders.iter().map(|need| need.value.from.clone()).filter(|from| match from {
        Approvers::Owner => owner.is_some_and(&is),
        Approvers::Group(group) => is(group),
    });
    speaks.collect()
}

/// Those whom a case asks, as references.
pub(super) fn reviewers(case: &Case, owner: Option<&EntityRef>) -> Vec<EntityRef> {
    let deciders = case.opening.policy.deciders();
    let all = deciders.iter().filter_map(|need| match &need.value.from {
        Approvers::Owner => owner.cloned(),
        Approvers::Group(group) => Some(group.clone()),
    });
    all.collect()
}

/// Whether a person asked for it themselves, or wrote the change that asks.
pub(super) fn is_own(actor: &Actor, case: &Case) -> bool {
    let user = actor.person().and_then(|person| person.user.as_ref());
    let asked = case.requester == who(actor) && !matches!(case.requester, Who::Slipway);
    asked || user.is_some_and(|user| case.opening.authors.contains(user))
}

/// Whether `actor` may decide this case.
pub(super) fn may_decide(actor: &Actor, case: &Case, owner: Option<&EntityRef>) -> Result<()> {
    may_review(actor, &reviewers(case, owner), is_own(actor, case))
}

/// Whether `actor` is one of those who decide.
pub(super) fn may_review(actor: &Actor, reviewers: &[EntityRef], own: bool) -> Result<()> {
    if reviewers.is_empty() {
        return Err(Error::Forbidden(
            "Nobody can decide it: no team is known with authority to own the API. Correct its owner first.".to_owned(),
        ));
    }
    can(actor, Action::DecideAccess, Resource::Review { reviewers, own })?;
    match actor.person().is_some_and(|person| person.user.is_some()) {
        true => Ok(()),
        false => Err(Error::Forbidden(
            "Only a user of the catalog decides about access, so that a person counts once: your account is none."
                .to_owned(),
        )),
    }
}

/// Approves or denies a request: all of it that `actor` may decide, or of that the atoms with these ids.
///
/// # Errors
/// [`Error::NotFound`] for a request that `actor` may not see; [`Error::Forbidden`] for who is not asked, and for one's own;
/// [`Error::Conflict`] where it does not wait any more; [`Error::Invalid`] for a denial without a reason.
pub async fn decide(
    portal: &Portal,
    actor: &Actor,
    request: &str,
    atoms: &[String],
    decided: &Decided,
) -> Result<Vec<AccessAtom>> {
    can(actor, Action::DecideAccess, Resource::Anything)?;
    let Decided { approves, .. } = *decided;
    let reason = reason(&decided.reason, !approves, "reason")?;
    let until = match decided.until.trim() {
        "" => None,
        text => {
            let expiry = text.parse::<Expiry>();
            let expiry = expiry.map_err(|_| {
                Error::Conflict("Write the earlier end as a day (2027-06-30) or a span (90d).".to_owned())
            })?;
            Some(expiry.instant(instant(portal.clock().now()), &portal.settings().access.zone))
        }
    };
    let filter = AtomFilter { request: Some(request.to_owned()), ..AtomFilter::default() };
    let found = super::views::rows(portal, actor, &filter).await?;
    if found.is_empty() {
        return Err(Error::not_found(format!("The request {request}")));
    }
    let chosen: Vec<AccessAtom> = found
        .into_iter()
        .filter(|atom| atoms.is_empty() || atoms.contains(&atom.id))
        .filter(|atom| atom.waiting.as_ref().is_some_and(|waiting| waiting.request == request))
        .collect();
    if chosen.is_empty() {
        return Err(Error::Conflict("It does not wait for a decision any more: nothing was changed.".to_owned()));
    }
    let owners = owners(portal, chosen.iter().map(|atom| atom.api.clone())).await?;
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    let names: Vec<Atom> = chosen.iter().map(project::atom).collect();
    record::lock(&mut tx, names.iter()).await?;
    let (mut entries, mut refused) = (Vec::new(), None);
    for atom in names {
        let told = record::told(&mut tx, &project::id(&atom), now).await?;
        let Some(case) = told.history.pending().filter(|case| case.request == request) else { continue };
        let owner = owners.get(&atom.api);
        if let Err(error) = may_decide(actor, case, owner) {
            refused = Some(error);
            continue;
        }
        let Some(person) = actor.person() else { continue };
        let capacities = capacities(person, case, owner);
        let action = match approves {
            true => Did::Approved { capacities, comment: reason.clone(), until },
            false => Did::Denied { capacities, reason: reason.clone() },
        };
        entries.push(Entry { atom, request: request.to_owned(), action, commit: None });
    }
    if entries.is_empty() {
        let gone = || Error::Conflict("It does not wait for a decision any more: nothing was changed.".to_owned());
        return Err(refused.unwrap_or_else(gone));
    }
    let after = record::append(&mut tx, portal, actor, entries).await?;
    let atoms = views(portal, &after);
    let what = if approves { "approved" } else { "denied" };
    notify::decided(&mut tx, portal, &atoms, actor.name(), what, &reason).await?;
    tx.commit().await?;
    inbox::told(portal);
    Ok(atoms)
}

/// Whether there is any deed that `actor` may do to some atom: what somebody may not who owns nothing may still be theirs who
/// decides.
///
/// # Errors
/// [`Error::Forbidden`] where there is none.
pub fn may_act(actor: &Actor) -> Result<()> {
    let may = |deed: Deed| can(actor, deed.action(), Resource::Anything);
    Deed::ALL.into_iter().map(may).reduce(Result::or).unwrap_or(Ok(()))
}

/// Does something to atoms that are granted, or takes requests back.
///
/// # Errors
/// As [`decide`]; all of them or none.
pub async fn act(
    portal: &Portal,
    actor: &Actor,
    atoms: &[String],
    deed: Deed,
    reason_given: &str,
) -> Result<Vec<AccessAtom>> {
    can(actor, deed.action(), Resource::Anything)?;
    let reason = reason(reason_given, deed.needs_reason(), "reason")?;
    if atoms.is_empty() || atoms.len() > MOST_ATOMS {
        return Err(Error::Conflict(format!("Choose at least one, and at most {MOST_ATOMS}.")));
    }
    let mut chosen = Vec::new();
    for id in atoms {
        let filter = AtomFilter { id: Some(id.clone()), ..AtomFilter::default() };
        let found = super::views::rows(portal, actor, &filter).await?.pop();
        chosen.push(found.ok_or_else(|| Error::not_found(format!("The access {id}")))?);
    }
    let owners = owners(portal, chosen.iter().map(|atom| atom.api.clone())).await?;
    let now = portal.clock().now();
    let mut tx = portal.db().begin().await?;
    let names: Vec<Atom> = chosen.iter().map(project::atom).collect();
    record::lock(&mut tx, names.iter()).await?;
    let mut entries = Vec::new();
    for atom in names {
        let told = record::told(&mut tx, &project::id(&atom), now).await?;
        let case = case_for(&told, deed).ok_or_else(|| {
            Error::Conflict(format!("{atom} cannot be changed so as it stands now: nothing was changed."))
        })?;
        may(portal, actor, deed, &atom, case, owners.get(&atom.api)).await?;
        let speaks =
            || actor.person().map(|person| capacities(person, case, owners.get(&atom.api))).unwrap_or_default();
        let (capacities, reason) = (speaks(), reason.clone());
        let did = match deed {
            Deed::Revoke => Did::Revoked { reason },
            Deed::Suspend => Did::Suspended { reason },
            Deed::Withdraw => Did::Withdrawn { reason },
            Deed::Resume => Did::Resumed { capacities, reason },
            Deed::Recertify => Did::Recertified { capacities, reason },
            Deed::Ratify => Did::Ratified { capacities, reason },
        };
        entries.push(Entry { request: case.request.clone(), atom, action: did, commit: None });
    }
    let after = record::append(&mut tx, portal, actor, entries).await?;
    let atoms = views(portal, &after);
    let what = match deed {
        Deed::Revoke => "revoked",
        Deed::Suspend => "suspended",
        Deed::Resume => "resumed",
        Deed::Withdraw => "withdrew",
        Deed::Recertify => "confirmed",
        Deed::Ratify => "ratified",
    };
    notify::decided(&mut tx, portal, &atoms, actor.name(), what, &reason).await?;
    tx.commit().await?;
    inbox::told(portal);
    Ok(atoms)
}

/// The case that a deed is about: what waits goes first where that is taken back.
pub(super) fn case_for(told: &Told, deed: Deed) -> Option<&Case> {
    let fits = |case: &&Case| deed.fits(case.state) && (deed != Deed::Ratify || !case.is_regular() && !case.ratified);
    if deed == Deed::Withdraw
        && let Some(case) = told.history.pending()
    {
        return Some(case);
    }
    told.history.current().filter(|case| fits(case)).or_else(|| told.history.cases.iter().rev().find(fits))
}

/// Whether `actor` may do this.
pub(super) async fn may(
    portal: &Portal,
    actor: &Actor,
    deed: Deed,
    atom: &Atom,
    case: &Case,
    owner: Option<&EntityRef>,
) -> Result<()> {
    let entity = match deed {
        Deed::Resume | Deed::Recertify | Deed::Ratify => return may_decide(actor, case, owner),
        Deed::Revoke | Deed::Suspend => &atom.api,
        Deed::Withdraw => &atom.consumer,
    };
    let action = deed.action();
    let rows = portal.index().read().named(std::slice::from_ref(entity), Actor::System.readable())?;
    match rows.get(entity) {
        Some(row) => can(actor, action, Resource::Entity(row)),
        // What the catalog does not know any more has no owner.
        None if actor.person().is_none_or(|person| person.is_administrator) => can(actor, action, Resource::Anything),
        None => {
            Err(Error::Forbidden(format!("{entity} is not in the catalog any more: an administrator has to do it.")))
        }
    }
}
