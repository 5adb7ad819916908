//! From what one repository holds to what the whole catalog says.
//!
//! Invariant: functions over text and trees; no database, no network, and the clock is an input.

pub mod descriptor;
pub mod overrides;
pub mod validate;
pub mod yaml;
