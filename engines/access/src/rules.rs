//! What is found wrong, and who can decide it: the table that `docs/access.md` repeats.

use model::{Finding, Level};

use crate::at::Place;

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decider {
    /// `slipway access validate`: the file alone.
    File,
    /// A portal, with all that its catalog knows.
    Portal,
    /// `slipway access check --bundle`: what a portal has signed.
    Bundle,
}

/// One rule. Its findings have the level that its decider gives it, or a lower one where `note` says so.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable.
    pub id: &'static str,
    pub title: &'static str,
    /// Where a finding has a lower level.
    pub note: &'static str,
    file: Option<Level>,
    portal: Option<Level>,
    bundle: Option<Level>,
}

impl Rule {
    /// The highest level of its findings; `None` where that decider cannot know.
    pub fn level(&self, decider: Decider) -> Option<Level> {
        match decider {
            Decider::File => self.file,
            Decider::Portal => self.portal,
            Decider::Bundle => self.bundle,
        }
    }

    /// A finding of the file alone, at the level that it has there.
    pub(crate) fn found(&self, message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding::new(self.id, self.file.unwrap_or(Level::Warning), message, help)
    }

    /// A finding at the level that `decider` gives it; `None` where it cannot know.
    pub(crate) fn found_by(
        &self,
        decider: Decider,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<Finding> {
        Some(Finding::new(self.id, self.level(decider)?, message, help))
    }
}

/// Puts a finding where it belongs.
pub(crate) fn at(finding: Finding, file: &str, place: Place) -> Finding {
    finding.at(file, place.line, place.column)
}

const ERROR: Option<Level> = Some(Level::Error);
const WARNING: Option<Level> = Some(Level::Warning);

macro_rules! rules {
    ($($name:ident $id:literal $title:literal $file:expr, $portal:expr, $bundle:expr, $note:literal;)*) => {
        $(pub static $name: Rule =
            Rule { id: $id, title: $title, note: $note, file: $file, portal: $portal, bundle: $bundle };)*

        /// All rules, in their order.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    PARSE "ACC001" "The file cannot be read" ERROR, ERROR, ERROR, "";
    UNKNOWN_KEY "ACC002" "A key is not known" ERROR, ERROR, ERROR, "";
    UNRESOLVED_COMPONENT "ACC003" "A component is not in the catalog, or belongs to another repository" None, ERROR, None,
        "a warning for `consumers`";
    UNRESOLVED_API "ACC004" "An API is not in the catalog, or not this component's to offer" None, ERROR, None, "";
    UNKNOWN_SCOPE "ACC005" "An API has no such scope" ERROR, ERROR, ERROR,
        "the file alone knows only the scopes that it exposes itself";
    DEPRECATED_SCOPE "ACC006" "A scope is given out no more" None, WARNING, WARNING, "";
    UNKNOWN_ENVIRONMENT "ACC007" "An environment is not known, or `*` is not allowed" None, ERROR, ERROR,
        "a warning in `exposes`";
    DUPLICATE_ATOM "ACC008" "The same is required twice" ERROR, ERROR, ERROR, "";
    SELF_DEPENDENCY "ACC009" "A component requires its own API" ERROR, ERROR, ERROR,
        "the file alone knows only the APIs that it exposes itself";
    EXPIRY_INVALID "ACC010" "An expiry cannot be read, or is past" ERROR, ERROR, ERROR, "";
    EXPIRY_TOO_LATE "ACC011" "An expiry is later than the policy allows" None, ERROR, ERROR, "";
    JUSTIFICATION_MISSING "ACC012" "The policy asks for a justification" None, ERROR, ERROR, "";
    TICKET_PATTERN "ACC013" "The ticket is missing or not of the form that the policy asks for" None, ERROR, ERROR, "";
    EXPIRING_SOON "ACC014" "Access ends soon" WARNING, WARNING, WARNING,
        "the file alone knows only the expiry that it asks for";
    ORPHANED_GRANT "ACC015" "Access is granted that the file no longer requires" None, WARNING, WARNING, "";
    UNREACHABLE_POLICY "ACC016" "A policy is never reached" ERROR, ERROR, ERROR, "";
    TOO_FEW_APPROVERS "ACC017" "A group has too few members to approve" None, ERROR, None, "a warning for `requires`";
    UNKNOWN_OPERATION "ACC018" "An operation is not in the API's description" None, ERROR, None, "";
    PENDING "ACC101" "Access is asked for and not decided yet" None, ERROR, ERROR, "a warning where `optional`";
    DENIED "ACC102" "Access was denied" None, ERROR, ERROR, "a warning where `optional`";
    EXPIRED "ACC103" "Access has expired" None, ERROR, ERROR, "a warning where `optional`";
    REVOKED "ACC104" "Access was revoked or is suspended" None, ERROR, ERROR, "a warning where `optional`";
    NEVER_REQUESTED "ACC105" "Access was never requested" None, ERROR, ERROR, "a warning where `optional`";
}

/// The table of all rules in Markdown, as it stands in `docs/access.md`.
pub fn table() -> String {
    let mut text = "| rule | what | `validate` | portal | `check --bundle` |\n|---|---|---|---|---|\n".to_owned();
    let cell = |level: Option<Level>| level.map_or("–", Level::as_str);
    for rule in RULES {
        let note = if rule.note.is_empty() { String::new() } else { format!(" ({})", rule.note) };
        let cells = [rule.file, rule.portal, rule.bundle].map(cell).join(" | ");
        text += &format!("| {} | {}{note} | {cells} |\n", rule.id, rule.title);
    }
    text
}
