//! Repositories: their list, one of them, and the files that a person may read.

mod file;
mod list;
mod repository;

pub(super) use file::contents;
pub use file::page as file;
pub use list::page as list;
pub use repository::{out_of_sight_notice, page as repository};
