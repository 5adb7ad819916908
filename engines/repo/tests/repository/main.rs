//! Real repositories, made with the git program in temporary folders.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod authors;
mod damaged;
mod facts;
mod find;
mod hostile;
mod odd;
mod real;
mod support;
