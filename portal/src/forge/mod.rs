//! GitHub, on github.com and as Enterprise Server: what it is asked, and how far its answers can be trusted.
//!
//! Usable by itself: plain settings in, typed results out, no database. [`Forge`] is the client; everything it sends goes
//! through [`http`], which contacts allowed addresses only.

mod answer;
mod auth;
mod client;
mod create;
mod error;
mod existence;
pub mod http;
mod listing;
pub mod look;
mod objects;
pub mod permissions;
mod protect;
mod pulls;
mod pushes;
mod registration;
mod settings;
mod told;
pub mod webhook;
mod workflows;

#[cfg(test)]
mod tests;

pub use crate::outgoing::Proxy;
pub use auth::{GitCredentials, Installation};
pub use client::Forge;
pub use create::{NewRepository, RepositoryUpdate};
pub use error::{Error, Limit, Result};
pub use existence::{Existence, Standing, Unclear};
pub use http::Waiting;
pub use listing::coverage::{Coverage, Narrowed};
pub use listing::people::{
    Collaborator, Member, Readers, ReadingTeam, RepositoryProperties, Role, Team, TeamRepository,
};
pub use listing::repositories::{Filter, ForgeRepository, ForgeVisibility, Names, Recent, Scope};
pub use listing::{Cache, KeptPage, Listing};
pub use objects::{Content, NewFile, TreeEntry};
pub use protect::Protection;
pub use pulls::{Pull, PullState, PullUpdate};
pub use pushes::{Bringing, Push};
pub use registration::{Manifest, RegisteredApp};
pub use settings::{App, Authentication, ForgeSettings, Pace};
pub use told::{CheckRun, Comment, Conclusion};

pub use crate::secret::Secret;
