//! What pages are made of.

pub mod activity;
pub mod diff;
pub mod document;
pub mod evidence;
pub mod findings;
pub mod form;
pub mod frame;
pub mod graph;
pub mod icons;
pub mod marks;
pub mod own;
pub mod pager;
pub mod rows;
pub mod segments;
pub mod state;
pub mod tokens;

pub use icons::Icon;
