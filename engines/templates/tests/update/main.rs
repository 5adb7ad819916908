//! Updates through the public door, merged by the real `git`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod laws;
mod real;
mod rules;
mod standing;
mod support;
