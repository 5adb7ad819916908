//! Documentation: all of it in one list, and one page of it with the way to the others.

mod list;
mod navigation;
mod reader;

pub use list::page as list;
pub use reader::{of_entity, of_repository};
