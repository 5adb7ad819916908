//! How sure we are of something, and why.

use serde::{Deserialize, Serialize};

/// How sure an inferred value is. The order is from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Shown as "probably X?"; never written into `spec`, never counted, never exported.
    Guess,
    /// Two independent signs, or one that cannot mean anything else.
    Corroborated,
    /// A descriptor, an override, or the forge's own property says so.
    Declared,
}

impl Confidence {
    pub const ALL: [Self; 3] = [Self::Declared, Self::Corroborated, Self::Guess];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Corroborated => "corroborated",
            Self::Declared => "declared",
        }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Evidence {
    /// The id of the rule, `owner.codeowners`.
    pub rule: String,
    pub confidence: Confidence,
    /// Relative to the root of the repository, with `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The full hash of the commit that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The slug of the repository that holds the file, where it is not the entity's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// One sentence.
    pub why: String,
    /// Whoever says so may give rights: the forge's teams, or a source that an operator trusts. Of a group or user it
    /// stands with `/metadata/name`, of what is owned with `/spec/owner`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authority: bool,
}

impl Evidence {
    pub fn new(rule: &str, confidence: Confidence, why: impl Into<String>) -> Self {
        Self {
            rule: rule.to_owned(),
            confidence,
            file: None,
            line: None,
            commit: None,
            repository: None,
            why: why.into(),
            authority: false,
        }
    }

    pub fn at(mut self, file: impl Into<String>, line: Option<u32>) -> Self {
        self.file = Some(file.into());
        self.line = line;
        self
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Fact<T> {
    pub value: T,
    pub evidence: Evidence,
}

impl<T> Fact<T> {
    pub fn new(value: T, evidence: Evidence) -> Self {
        Self { value, evidence }
    }
}

/// What somebody has to confirm or correct before it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct Guess {
    /// JSON pointer of the field, `/spec/owner`.
    pub field: String,
    /// What would stand there, `group:default/payments` or `service`.
    pub value: String,
    pub evidence: Evidence,
}
