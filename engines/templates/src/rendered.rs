//! What a render makes.

use std::collections::BTreeMap;

use model::Finding;
use serde_json::{Map, Value};

use crate::Answers;
use crate::tree::Tree;

/// A project as a template makes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// The name of the project's folder, where the template says one (cookiecutter: always; it may hold `/`); `None` where
    /// whoever asked for the project says it.
    pub folder: Option<String>,
    /// The project's files, relative to its folder.
    pub tree: Tree,
    /// From which file of the template each file came, and how.
    pub origins: BTreeMap<String, Origin>,
    /// Every question's answer, given or taken from its default: what has to be remembered to render this again.
    pub answers: Answers,
    /// Every variable of the template as texts were rendered with it, its own (`_x`) included, in the order in which their
    /// values are found, and without what a renderer adds: what `.cruft.json` keeps.
    pub variables: Map<String, Value>,
    /// What is to be run around the writing, with the text that answers made of it.
    pub hooks: Vec<Hook>,
    /// What went well and still has to be said.
    pub findings: Vec<Finding>,
}

/// Where a rendered file came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// In the template's tree.
    pub path: String,
    pub treatment: Treatment,
}

/// What was done with a file of the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    Rendered,
    /// Not text: taken as it is.
    Binary,
    /// Taken as it is because the template says so. cookiecutter writes those also over files that exist when it was told
    /// to skip existing files.
    Copied,
}

/// A script of the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    pub stage: Stage,
    /// In the template's tree.
    pub path: String,
    /// What is run: rendered where the dialect renders it.
    pub text: String,
    pub mode: u32,
}

/// When a hook is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Before the first question, in a copy of the template, which it may change.
    BeforeQuestions,
    /// In the empty project folder.
    BeforeFiles,
    /// In the complete project folder.
    AfterFiles,
}
