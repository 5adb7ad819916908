//! Access between services: what a component asks for in its `access.yaml`, what the owners of the APIs said to it, and
//! what follows: who must approve, what is granted, until when.
//!
//! Pure functions: the clock, the zone of the organisation, the catalog ([`facts::Facts`]) and keys are inputs.

pub mod at;
pub mod atom;
pub mod bundle;
pub mod check;
pub mod diff;
pub mod export;
pub mod facts;
pub mod history;
pub mod manifest;
pub mod operation;
pub mod review;
pub mod rules;
pub mod standing;
pub mod terms;
pub mod time;
pub mod validate;

pub use atom::{ANY_ENVIRONMENT, Atom};
