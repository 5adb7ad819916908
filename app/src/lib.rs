//! Everything that a person sees: pages, components, islands, form actions.
//!
//! Invariant: only `islands`, `calls`, `error` and `number` are compiled for the browser. Pages are whole HTML from the server,
//! every form works without a script, and islands only add to it.

#![recursion_limit = "256"]

pub mod calls;
pub mod error;
pub mod islands;
mod number;

#[cfg(feature = "ssr")]
pub mod address;
#[cfg(feature = "ssr")]
pub mod components;
#[cfg(feature = "ssr")]
mod context;
#[cfg(feature = "ssr")]
pub mod cookie;
#[cfg(feature = "ssr")]
pub mod format;
#[cfg(feature = "ssr")]
pub mod html;
#[cfg(feature = "ssr")]
pub mod pages;

#[cfg(feature = "ssr")]
pub use context::{Assets, Flash, FlashLevel, RequestContext, Theme};
pub use error::Error;
