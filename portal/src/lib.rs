//! Everything the product *does*: features over the database, Git, jobs and the clock.
//!
//! Invariant: nothing in here knows axum or leptos. Every use case takes the [`identity::Actor`] who asks, checks the
//! policy, and writes its audit row in the transaction of the change.

pub mod access;
pub mod audit;
pub mod backup;
pub mod catalog;
pub mod changes;
pub mod clock;
pub mod db;
pub mod demo;
pub mod docs;
pub mod error;
pub mod forge;
pub mod git;
pub mod identity;
pub mod inbox;
pub mod jobs;
pub mod outgoing;
pub mod preferences;
pub mod repositories;
pub mod runs;
pub mod sandbox;
mod sealed;
pub mod secret;
pub mod settings;
pub mod sources;
pub mod templates;

mod portal;

pub use error::{Error, Result};
pub use portal::Portal;
