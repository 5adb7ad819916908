//! What islands ask the server. Compiled for both; `portal` only inside the bodies.

pub mod catalog;
