//! The catalog: its list, and the page of one entity.

mod entity;
pub(super) mod facts;
mod list;
mod tabs;
mod template;

pub use entity::page as entity;
pub use list::page as list;
pub(super) use tabs::{document, figure};
