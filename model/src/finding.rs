//! Located messages, the same in every feature and every output format.

use serde::{Deserialize, Serialize};

/// How bad it is. The order is from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Note,
    Warning,
    Error,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One located message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Finding {
    /// Stable id of the rule, `descriptor.name`.
    pub rule: String,
    pub level: Level,
    /// Relative to the argument or to the repository's root, with `/`; empty where no file is meant.
    pub file: String,
    /// From 1; 0 where no line is meant.
    pub line: u32,
    /// From 1, in characters; 0 where no column is meant.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Finding {
    pub fn new(rule: &str, level: Level, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            rule: rule.to_owned(),
            level,
            file: String::new(),
            line: 0,
            column: 0,
            message: message.into(),
            help: help.into(),
        }
    }

    pub fn at(mut self, file: impl Into<String>, line: u32, column: u32) -> Self {
        self.file = file.into();
        self.line = line;
        self.column = column;
        self
    }

    /// `file:line:column`, as far as known.
    pub fn location(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.file.clone(),
            (line, 0) => format!("{}:{line}", self.file),
            (line, column) => format!("{}:{line}:{column}", self.file),
        }
    }
}

/// All findings of one check, in the shape of the machine format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Findings {
    pub findings: Vec<Finding>,
    pub summary: Summary,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Summary {
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
}

impl From<Vec<Finding>> for Findings {
    fn from(findings: Vec<Finding>) -> Self {
        let count = |level| findings.iter().filter(|finding| finding.level == level).count();
        let summary =
            Summary { errors: count(Level::Error), warnings: count(Level::Warning), notes: count(Level::Note) };
        Self { findings, summary }
    }
}
