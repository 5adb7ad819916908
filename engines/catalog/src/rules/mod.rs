//! The rules of inference: what each concludes, and from what.

/// Grows whenever a rule concludes something else: what was drafted before is then drafted anew.
pub const RULES_VERSION: u32 = 1;

/// One rule, as the page of rules shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable; evidence names it.
    pub id: &'static str,
    pub version: u32,
    pub title: &'static str,
    /// One sentence: what is concluded from what.
    pub explanation: &'static str,
}

/// Every rule that evidence may name, in the order in which pages list them.
pub fn rules() -> &'static [Rule] {
    &RULES
}

static RULES: [Rule; 1] = [Rule {
    id: "component.root",
    version: 1,
    title: "The repository is a component",
    explanation: "The root of a repository is a component named after the repository, if something decisive says what it is.",
}];
