//! Access between services: what a component asks for in its `access.yaml`, what the owners of the APIs said to it, and
//! what follows: who must approve, what is granted, until when.
//!
//! - [`manifest`] reads the file; [`validate`] says what is wrong with it alone, [`check`] what a portal or a bundle says to
//!   it, and [`rules`] is the table of all that can be found; [`diff`] compares two.
//!   [`init`] drafts one, and [`edit`] changes one thing in its text.
//! - [`plan`] says which events follow when a default branch says something else than before; [`history`] folds the events
//!   of one [`Atom`] to how it stands; [`review`] says whose word counts.
//! - [`comment`] says on a pull request what it changes and who must approve, [`annotations`] what is wrong on which line.
//! - [`import`] reads what was granted elsewhere before.
//! - [`bundle`] signs what is known of a component; [`export`] writes what is granted for those who enforce it, [`report`]
//!   who had it on any day for those who ask.
//!
//! Pure functions: the clock, the zone of the organisation, the catalog ([`facts::Facts`]) and keys are inputs.

pub mod annotations;
pub mod at;
pub mod atom;
pub mod bundle;
pub mod check;
pub mod comment;
pub mod diff;
pub mod edit;
pub mod export;
pub mod facts;
pub mod history;
pub mod import;
pub mod init;
pub mod manifest;
pub mod operation;
pub mod plan;
pub mod report;
pub mod review;
pub mod rules;
pub mod standing;
pub mod terms;
pub mod time;
pub mod validate;

pub use atom::{ANY_ENVIRONMENT, Atom};
