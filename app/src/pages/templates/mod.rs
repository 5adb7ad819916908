//! Templates: what there is, what each makes, and the form that launches one.

mod actions;
mod asked;
mod feedback;
mod launch;
mod list;
mod preview;
mod template;
mod trust;

use model::EntityRef;

pub use asked::Asked;
pub use launch::page as launch;
pub use list::page as list;
pub use template::page as template;

use super::Parameters;

/// The template that an address names.
fn named(parameters: &Parameters) -> EntityRef {
    EntityRef::new("template", parameters.get("namespace"), parameters.get("name"))
}
