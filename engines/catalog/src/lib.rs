//! From what one repository holds to what the whole catalog says.
//!
//! Invariant: functions over text and trees; no database, no network, and the clock is an input.

pub mod descriptor;
pub mod discover;
pub mod draft;
pub mod link;
pub mod location;
pub mod manifest;
pub mod overrides;
pub mod rules;
pub mod validate;

pub use engine_yaml as yaml;

pub use discover::{DiscoverError, Discovered, discover};
pub use draft::{Draft, draft, draft_with};
pub use link::{Assignment, LinkInput, LinkRepository, Linked, link};
pub use rules::{RULES_VERSION, Rule, rules};
