//! Templates: a tree of files that is rendered with answers, a lineage that remembers how, and updates that never lose
//! what a team wrote.
//!
//! Everything here is text and trees: [`tree::Tree`] is what a template is, what a render makes of it, and what a project
//! holds. Nothing is read from a disk, nothing is run, and clock and randomness are inputs ([`Environment`]).
//!
//! [`Template::open`] knows whose dialect a tree is written in; what is that dialect's own (questions, rendering rules,
//! names of files) is in a module of its name ([`cookiecutter`]), and nobody outside needs to know which it was:
//! [`Template::questions`] asks, [`Template::next`] asks one at a time, [`Template::render`] renders.
//!
//! # How a project is updated, checked and adopted
//!
//! The commands are thin: each reads trees, calls one function here, and writes what it answers. `Merger` of
//! `portal::git` is the [`update::Merge`].
//!
//! - `slipway new`: render with [`lineage::PLACEHOLDER`] for the secret answers too, [`lineage::Lineage::record`] of that, and
//!   write its [`to_text`](lineage::Lineage::to_text) to [`lineage::FILE`] beside the project's files; for cruft,
//!   [`lineage::Cruft::create`] of [`Rendered::variables`] to [`lineage::CRUFT_FILE`].
//! - `slipway update`: [`lineage::find`] in the project; render the recorded commit with
//!   [`answers_to_render`](lineage::Lineage::answers_to_render) in [`environment`](lineage::Lineage::environment); render the
//!   wanted commit in the same environment with the answers, new questions asked; [`update::update`]. `--dry-run` prints
//!   [`update::Plan::to_text`] or the plan as JSON; `--patch` is [`update::Merge::patch`] from the project to the result;
//!   exit 1 where [`update::Plan::has_conflicts`]. Whether a commit is older (`--allow-downgrade`) is Git's to say.
//! - `slipway check-update`: [`update::standing`], as text or JSON; exit 0 only for [`update::Standing::Current`], 3 for
//!   [`update::Standing::Undecided`].
//! - `slipway diff`: [`update::drift`] of what the recorded commit renders, and a patch of the same two trees.
//! - `slipway adopt`: [`adopt::Index::new`] and [`adopt::Programs::new`] once a template, [`adopt::adopt`] for each project,
//!   and [`adopt::Adoption::lineage`] to write. The first update takes [`adopt::Adoption::made`] as its base.

pub mod adopt;
pub mod cookiecutter;
mod environment;
pub mod extensions;
mod jinja;
mod language;
pub mod lineage;
mod question;
mod rendered;
mod template;
pub mod tree;
mod trust;
pub mod update;

pub use environment::{Environment, Limits, Places};
pub use question::{Answers, Choice, Kind, Question};
pub use rendered::{Hook, Origin, Rendered, Stage, Treatment};
pub use template::{Dialect, Nested, Template};
pub use trust::{Extension, Program, Trust};
