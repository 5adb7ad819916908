//! The one classifier: says of every path whether it may speak, and if not, why.

use model::repository::{Exclusion, PathClass};

use crate::FileKind;

/// The verdict on every path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classified {
    /// One for each entry, in the same order.
    pub classes: Vec<PathClass>,
    /// What may not speak, and why.
    pub exclusions: Vec<Exclusion>,
}

/// Classifies `entries`, which are sorted by path byte by byte. `read` gives the content of the few files that say
/// something about others.
pub fn classify(entries: &[(&str, FileKind)], _read: &mut dyn FnMut(&str) -> Option<Vec<u8>>) -> Classified {
    let classes = entries
        .iter()
        .map(|(_, kind)| match kind {
            FileKind::Link => PathClass::Link,
            FileKind::Submodule => PathClass::Submodule,
            FileKind::Regular | FileKind::Executable => PathClass::Source,
        })
        .collect();
    Classified { classes, exclusions: Vec::new() }
}
