//! Templates: a tree of files that is rendered with answers, a lineage that remembers how, and updates that never lose
//! what a team wrote.
//!
//! Everything here is text and trees: [`tree::Tree`] is what a template is, what a render makes of it, and what a project
//! holds. Nothing is read from a disk, nothing is run, and clock and randomness are inputs ([`Environment`]).
//!
//! [`Template::open`] knows whose dialect a tree is written in; what is that dialect's own (questions, rendering rules,
//! names of files) is in a module of its name ([`cookiecutter`]), and nobody outside needs to know which it was:
//! [`Template::questions`] asks, [`Template::next`] asks one at a time, [`Template::render`] renders.

pub mod adopt;
pub mod cookiecutter;
mod environment;
mod jinja;
pub mod lineage;
mod question;
mod rendered;
mod template;
pub mod tree;
mod trust;
pub mod update;

pub use environment::{Environment, Limits};
pub use question::{Answers, Choice, Kind, Question};
pub use rendered::{Hook, Origin, Rendered, Stage, Treatment};
pub use template::{Dialect, Nested, Template};
pub use trust::{Extension, Program, Trust};
