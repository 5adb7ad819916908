//! A change as people read it, and as `git apply` takes it.

use std::time::Duration;

use model::change::FileEdit;
use similar::{ChangeTag, TextDiff, TextDiffConfig};

/// Lines around what is changed.
const CONTEXT: usize = 3;
/// Beyond, what is shown is right, but longer than it needs to be.
const TIME: Duration = Duration::from_millis(500);

/// One line of what is shown of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub kind: LineKind,
    /// From 1, before and after; `None` where it does not stand.
    pub before: Option<usize>,
    pub after: Option<usize>,
    /// Without its end.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    Same,
    Added,
    Removed,
    /// Something that is the same was left out before the next line.
    Gap,
}

/// The lines that are changed, and three around them.
pub fn lines(edit: &FileEdit) -> Vec<Line> {
    let (before, after) = (split(&edit.before), split(&edit.after));
    let diff = difference().diff_slices(&before, &after);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        let begins = group.first().map_or(0, |operation| operation.old_range().start);
        if begins > 0 || !lines.is_empty() {
            lines.push(Line { kind: LineKind::Gap, before: None, after: None, text: String::new() });
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let kind = match change.tag() {
                ChangeTag::Equal => LineKind::Same,
                ChangeTag::Insert => LineKind::Added,
                ChangeTag::Delete => LineKind::Removed,
            };
            let number = |index: Option<usize>| index.map(|index| index + 1);
            let text = change.value().trim_end_matches(['\n', '\r']).to_owned();
            lines.push(Line { kind, before: number(change.old_index()), after: number(change.new_index()), text });
        }
    }
    lines
}

/// All edits as one file for `git apply`.
pub fn patch(edits: &[FileEdit]) -> String {
    edits.iter().map(one).collect()
}

fn one(edit: &FileEdit) -> String {
    let (before, after) = (split(&edit.before), split(&edit.after));
    let path = &edit.path;
    let mut patch = format!("diff --git a/{path} b/{path}\n");
    match (&edit.before, &edit.after) {
        (None, _) => patch.push_str("new file mode 100644\n"),
        (_, None) => patch.push_str("deleted file mode 100644\n"),
        _ => {}
    }
    if before == after {
        // An empty file that comes or goes has no lines.
        return patch;
    }
    // What stands after a space would not be taken for a part of the name.
    let end = if path.contains(' ') { "\t" } else { "" };
    let name = |side: char, text: &Option<String>| match text {
        Some(_) => format!("{side}/{path}{end}"),
        None => "/dev/null".to_owned(),
    };
    let diff = difference().diff_slices(&before, &after);
    let mut unified = diff.unified_diff();
    unified.context_radius(CONTEXT).header(&name('a', &edit.before), &name('b', &edit.after));
    patch.push_str(&unified.to_string());
    patch
}

/// Lines as git sees them: with their ends, and no other end than that.
fn split(text: &Option<String>) -> Vec<&str> {
    text.as_deref().unwrap_or_default().split_inclusive('\n').collect()
}

fn difference() -> TextDiffConfig {
    let mut config = TextDiff::configure();
    config.timeout(TIME).newline_terminated(true);
    config
}
