//! What a template would execute, for whoever has to decide whether it may.

use crate::Stage;

/// Everything of a template that is code for this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Its scripts, in the order in which they would run.
    pub programs: Vec<Program>,
    /// Python modules that it would load into its renderer.
    pub extensions: Vec<Extension>,
}

/// A script of the template, and what runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub stage: Stage,
    /// In the template's tree.
    pub path: String,
    /// `python3`, or what stands behind `#!`; empty where nothing says it, and the script cannot be run.
    pub interpreter: String,
    /// Programs that its text names as the first word of a command, as far as can be seen without running it.
    pub calls: Vec<String>,
}

/// A Python extension of the renderer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// As it is imported: `local_extensions.Filter`.
    pub name: String,
    /// The file in the template that holds it; `None` where it is a package that would have to be installed.
    pub path: Option<String>,
    pub line: u32,
    pub column: u32,
}

impl Trust {
    /// Whether the template can be rendered without running anything of its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.programs.is_empty() && self.extensions.is_empty()
    }
}
