//! Projects that nobody recorded, fitted to histories: one written here, and real ones on request.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod hooks;
mod real;
mod replay;
mod synthetic;
