//! The words of the product as plain serde types, for the server and the browser alike.
//!
//! Invariant: nothing in here does I/O, knows a database, or renders anything.

pub mod access;
pub mod audit;
pub mod catalog;
pub mod change;
pub mod docs;
pub mod entity;
pub mod evidence;
pub mod finding;
pub mod job;
pub mod reference;
pub mod repository;
pub mod run;
pub mod source;
pub mod template;
pub mod token;
pub mod visibility;

pub use entity::{Entity, Kind};
pub use evidence::{Confidence, Evidence, Fact, Guess};
pub use finding::{Finding, Findings, Level};
pub use reference::EntityRef;
pub use visibility::Visibility;
