//! Templates: a tree of files that is rendered with answers, a lineage that remembers how, and updates that never lose
//! what a team wrote.
//!
//! Everything here is text and trees: [`tree::Tree`] is what a template is, what a render makes of it, and what a project
//! holds. Nothing is read from a disk, nothing is run, and clock and randomness are inputs.

pub mod tree;
