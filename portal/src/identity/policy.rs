//! The policy: the one door in front of every change, with reasons that a page can show.

use model::EntityRef;
use model::catalog::CatalogRow;

use super::service::{Scope, Service};
use super::{Actor, Person};
use crate::error::{Error, Result};

/// Why a run is not changed by others.
const NOT_ITS_LAUNCHER: &str = "Whoever launched it, or an administrator, can change what becomes of it.";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Start a round of a source.
    Sync,
    /// Confirm, correct or reject what was inferred.
    Correct,
    /// Propose changes of files in repositories, and close them.
    Propose,
    /// Approve launches of others, or deny them.
    Review,
    /// Say that templates may execute what they bring.
    Trust,
    /// Ask for access to an API for a component, give it up, and take it without asking when something is on fire.
    AskAccess,
    /// Approve access, or deny it; answer its reviews.
    DecideAccess,
    /// End access to an API, suspend it, and let it go on.
    EndAccess,
    /// Take over access that was granted elsewhere before.
    ImportAccess,
    /// Launch templates, and stop or clean up what was launched.
    Launch,
    /// Say of repositories that are not listed any more whether they are gone.
    Remove,
    /// Read jobs, their logs, and the state of the sources: they name what is in repositories that not everybody may read.
    Watch,
    /// See and change how the portal is set up: permissions at forges, credentials, GitHub Apps, sign-in.
    SetUp,
    /// Read the audit log.
    Audit,
    /// See what is one's own: messages, stars, views.
    SeeOwn,
    /// Have what is one's own: sessions, tokens, preferences that outlive the browser.
    Own,
}

/// What it is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    /// The portal as a whole; at a door: anything at all.
    Anything,
    Entity(&'a CatalogRow),
    /// The slug of a repository, and whether the forge lets the actor write to it.
    Repository {
        slug: &'a str,
        writes: bool,
    },
    /// A launch, and whether it is the actor's own.
    Run {
        own: bool,
    },
    /// Something that has to be approved by some of these, and whether it is the actor's own.
    Review {
        reviewers: &'a [EntityRef],
        own: bool,
    },
}

/// The policy. Reading is no part of it: what may be read is a filter of every query ([`Actor::readable`]), and what may
/// not be read does not exist.
///
/// # Errors
/// [`Error::Forbidden`] with what would be needed.
pub fn can(actor: &Actor, action: Action, resource: Resource<'_>) -> Result<()> {
    let person = match actor {
        Actor::System => return Ok(()),
        Actor::Operator if matches!(action, Action::SeeOwn | Action::Own | Action::Review | Action::DecideAccess) => {
            return Err(needs("You need to sign in to {}.", action));
        }
        Actor::Operator => return Ok(()),
        Actor::Visitor => return Err(needs("You need to sign in to {}.", action)),
        Actor::Service(service) => return service_may(service, action, resource),
        Actor::Person(person) => person,
    };
    if !person.may_write && !matches!(action, Action::Watch | Action::Audit | Action::SeeOwn) {
        return Err(needs("You need a token with the scope \"write\" to {}.", action));
    }
    // Not even an administrator is a reviewer whom nobody named.
    if matches!(action, Action::Review | Action::DecideAccess) {
        return reviews(person, action, resource);
    }
    if matches!(action, Action::SeeOwn | Action::Own) || person.is_administrator {
        return Ok(());
    }
    match action {
        Action::Watch | Action::Audit if person.is_auditor => Ok(()),
        Action::Correct | Action::Propose | Action::AskAccess | Action::EndAccess if !person.is_auditor => {
            owns(person, action, resource)
        }
        Action::Launch if !person.is_auditor => match resource {
            Resource::Run { own: false } => Err(Error::Forbidden(NOT_ITS_LAUNCHER.to_owned())),
            _ => Ok(()),
        },
        Action::Launch => Err(needs("An auditor changes nothing: sign in as somebody else to {}.", action)),
        Action::Audit => Err(needs("You need to be an administrator or an auditor to {}.", action)),
        Action::Watch => Err(needs("You need to be an administrator or an auditor to {}.", action)),
        _ => Err(needs("You need to be an administrator to {}.", action)),
    }
}

/// What an administrator gave it, and nothing that is anybody's own or that could give it more.
fn service_may(service: &Service, action: Action, resource: Resource<'_>) -> Result<()> {
    match Scope::ALL.into_iter().find(|scope| scope.action() == Some(action)) {
        Some(scope) if service.scopes.contains(&scope) => match resource {
            Resource::Run { own: false } => Err(Error::Forbidden(NOT_ITS_LAUNCHER.to_owned())),
            _ => Ok(()),
        },
        Some(scope) => Err(Error::Forbidden(format!(
            "This service needs a token with the scope \"{}\" to {}.",
            scope.as_str(),
            what(action)
        ))),
        None => Err(Error::Forbidden(format!("You need to sign in to {}: no token of a service may.", what(action)))),
    }
}

fn reviews(person: &Person, action: Action, resource: Resource<'_>) -> Result<()> {
    let Resource::Review { reviewers, own } = resource else { return Ok(()) };
    if own {
        let what = if action == Action::Review { "launched" } else { "asked for" };
        let text = format!("Nobody approves what they have {what} themselves: somebody else has to.");
        return Err(Error::Forbidden(text));
    }
    match reviewers.iter().any(|reviewer| is_or_is_in(person, reviewer)) {
        true => Ok(()),
        false => {
            let names: Vec<String> = reviewers.iter().map(ToString::to_string).collect();
            Err(Error::Forbidden(format!("Only {} may approve or deny it.", names.join(", "))))
        }
    }
}

fn owns(person: &Person, action: Action, resource: Resource<'_>) -> Result<()> {
    match resource {
        Resource::Anything => Ok(()),
        Resource::Entity(row) if is_owner(person, row) => Ok(()),
        Resource::Entity(row) => Err(Error::Forbidden(match &row.owner {
            Some(owner) if !row.owner_has_authority => format!(
                "You need to be an administrator to {}: {} is said to own {}, but neither the forge nor a trusted source \
                 says so.",
                what(action),
                owner,
                row.reference
            ),
            _ => format!("You need to own {} or be an administrator to {}.", row.reference, what(action)),
        })),
        Resource::Repository { writes: true, .. } | Resource::Run { own: true } | Resource::Review { .. } => Ok(()),
        Resource::Run { own: false } => Err(needs("You need to be an administrator to {}.", action)),
        Resource::Repository { slug, .. } => Err(Error::Forbidden(format!(
            "You need to own something in {slug}, be allowed to write to it at the forge, or be an administrator to {}.",
            what(action)
        ))),
    }
}

/// Whether `person` owns the entity, by themselves or by a group: only where somebody with authority says so.
pub fn is_owner(person: &Person, row: &CatalogRow) -> bool {
    row.owner_has_authority && row.owner.as_ref().is_some_and(|owner| is_or_is_in(person, owner))
}

pub(super) fn is_or_is_in(person: &Person, owner: &EntityRef) -> bool {
    person.user.as_ref() == Some(owner) || person.groups.contains_key(owner)
}

fn needs(sentence: &str, action: Action) -> Error {
    Error::Forbidden(sentence.replace("{}", what(action)))
}

fn what(action: Action) -> &'static str {
    match action {
        Action::Sync => "start a sync",
        Action::Correct => "correct the catalog",
        Action::Propose => "propose changes",
        Action::Review => "review launches",
        Action::AskAccess => "ask for access",
        Action::DecideAccess => "decide about access",
        Action::EndAccess => "end access",
        Action::ImportAccess => "take over access that was granted elsewhere",
        Action::Trust => "decide which templates may execute what they bring",
        Action::Launch => "launch templates",
        Action::Remove => "say what became of repositories",
        Action::Watch => "watch jobs and sources",
        Action::SetUp => "see how the portal is set up",
        Action::Audit => "read the audit log",
        Action::SeeOwn => "see what is yours",
        Action::Own => "have settings of your own",
    }
}
