//! Whole little organisations through the public door: files in, catalog out.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod ecosystems;
mod forge;
mod harness;
mod identity;
mod laws;
mod lifecycles;
mod locations;
mod organisation;
mod owners;
mod templates;
mod types;
mod wiring;
