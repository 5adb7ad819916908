//! Who asks, and what they may do.
//!
//! Whoever signs in is an *account*: the pair of issuer and subject of a provider. It is linked to a `User` of the catalog
//! where a forge login or a verified address says so, and from there to its groups. Authority comes only from the identity
//! provider, the forge's teams, or sources marked trusted ([`Directory`]): a file that somebody can push gives no right.

mod account;
mod demo;
mod directory;
mod local;
mod password;
pub mod people;
mod person;
mod policy;
pub mod provider;
mod pseudonym;
mod readable;
pub(crate) mod refresh;
pub mod service;
mod session;
pub(crate) mod store;
#[cfg(test)]
pub(crate) mod tests;
mod token;

use std::sync::Arc;

pub use self::account::{AccountView, Claims, DEMO, LOCAL, accounts, disable, enable, end_all};
pub use self::demo::{be_demo_person, demo_people};
pub use self::directory::Directory;
pub use self::local::{accept, change_password, first_link, invitation_is_open, new_link, sign_in_locally};
pub use self::people::people;
pub use self::person::{GroupSource, Person, Persons};
pub(crate) use self::person::{accounts_of, actor_of, directory, may_write, without_account};
pub use self::policy::{Action, Resource, can, is_owner};
pub use self::pseudonym::{Pseudonymised, pseudonymise};
pub use self::readable::Readable;
pub use self::service::Service;
pub use self::session::{Client, Device, Opened, devices, end, end_others, find, open, sign_out};
pub(crate) use self::session::{own, seen_own};
pub use self::token::{Scope, Token, find_by_token, make_token, revoke_token, tokens};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Slipway itself: jobs and schedules.
    System,
    /// The person at the machine: the command line, and the browser as long as nobody has an account here (`server` says
    /// when).
    Operator,
    /// Somebody who has signed in, or a token of theirs.
    Person(Arc<Person>),
    /// A program with a token of its own.
    Service(Arc<Service>),
    /// Anybody else.
    Visitor,
}

impl Actor {
    /// As the audit log and others write it.
    pub fn name(&self) -> &str {
        match self {
            Self::System => "system",
            Self::Operator => "operator",
            Self::Person(person) => &person.label,
            Self::Service(service) => &service.label,
            Self::Visitor => "visitor",
        }
    }

    /// What this actor may read; the filter of every list, count, facet and search.
    pub fn readable(&self) -> &Readable {
        match self {
            Self::System | Self::Operator => &Readable::EVERYTHING,
            Self::Person(person) => &person.readable,
            Self::Service(service) => service.readable(),
            Self::Visitor => &Readable::PUBLIC,
        }
    }

    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::System | Self::Operator | Self::Service(_) | Self::Visitor => None,
        }
    }

    /// Whether whoever sits at the machine is the operator: nobody has an account here, and no provider is configured, or it
    /// is the demo.
    pub fn is_operator_at_machine(portal: &crate::Portal) -> bool {
        let settings = portal.settings();
        settings.is_demo() || settings.identity.providers.is_empty() && !portal.persons().is_claimed()
    }

    /// The account, for rows that belong to one.
    pub fn account(&self) -> Option<&str> {
        self.person().map(|person| person.account.as_str())
    }

    /// What tells two apart that have one name: the account's id, or that of a service's token.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Service(service) => Some(&service.token),
            _ => self.account(),
        }
    }
}
