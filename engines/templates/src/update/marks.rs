//! Texts with conflict markers, cut into what is clear and what is not.

use similar::TextDiff;

use super::merge::MARKER_SIZE;

/// A text as a merge left it.
pub(super) struct Marked<'a> {
    /// Of the outermost markers: where Git merges what it merged before, those within are longer.
    size: usize,
    pieces: Vec<Piece<'a>>,
}

enum Piece<'a> {
    Clear(&'a [u8]),
    Conflict { ours: &'a [u8], theirs: &'a [u8] },
}

impl<'a> Marked<'a> {
    /// Cuts a text with markers of at least [`MARKER_SIZE`].
    pub(super) fn cut(text: &'a [u8]) -> Self {
        let sizes = text.split(|&byte| byte == b'\n').filter_map(|line| marker(line, b'<'));
        let size = sizes.min().unwrap_or(MARKER_SIZE);
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((clear, after)) = split(rest, b'<', size)
            && let Some((ours, after)) = split(after, b'=', size)
            && let Some((theirs, after)) = split(after, b'>', size)
        {
            pieces.extend([Piece::Clear(clear), Piece::Conflict { ours, theirs }]);
            rest = after;
        }
        pieces.push(Piece::Clear(rest));
        Self { size, pieces }
    }

    pub(super) fn has_conflicts(&self) -> bool {
        self.pieces.len() > 1
    }

    /// With markers as Git writes them, and labels for a person.
    pub(super) fn inline(&self, ours_label: &str, theirs_label: &str) -> Vec<u8> {
        let inner = |text: &[u8]| {
            let inner = Marked::cut(text);
            if inner.has_conflicts() { inner.inline(ours_label, theirs_label) } else { shortened(text) }
        };
        let line =
            |mark: &str, label: &str| format!("{}{label}\n", mark.repeat(7 + self.size - MARKER_SIZE)).into_bytes();
        let mut text = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Clear(clear) => text.extend(inner(clear)),
                Piece::Conflict { ours, theirs } => {
                    text.extend(line("<", &format!(" {ours_label}")));
                    text.extend(inner(ours));
                    text.extend(line("=", ""));
                    text.extend(inner(theirs));
                    text.extend(line(">", &format!(" {theirs_label}")));
                }
            }
        }
        text
    }

    /// The text with our side of each conflict, and what it would take to have theirs, as `git apply --reject` leaves it in
    /// a `.rej` file; `None` where a side is not UTF-8, or holds conflicts itself, of which then one side would be lost.
    pub(super) fn rejected(&self, path: &str) -> Option<(Vec<u8>, String)> {
        let sides = self.pieces.iter().map(|piece| match piece {
            Piece::Clear(text) => (*text, *text),
            Piece::Conflict { ours, theirs } => (*ours, *theirs),
        });
        let (ours, theirs): (Vec<&[u8]>, Vec<&[u8]>) = sides.unzip();
        if ours.iter().chain(&theirs).any(|text| has_markers(text)) {
            return None;
        }
        let [ours, theirs] = [ours.concat(), theirs.concat()];
        let rejected = unified(path, std::str::from_utf8(&ours).ok()?, std::str::from_utf8(&theirs).ok()?);
        Some((ours, rejected))
    }
}

/// The markers of a text that is part of a conflict within a conflict: Git may merge one's halves into both halves of the
/// other, and then nobody can say what belongs together. They get a size that people know.
fn shortened(text: &[u8]) -> Vec<u8> {
    if !has_markers(text) {
        return text.to_vec();
    }
    let lines = text.split_inclusive(|&byte| byte == b'\n').map(|line| {
        let size = [b'<', b'=', b'>'].into_iter().find_map(|mark| marker(line, mark));
        line.get(size.map_or(0, |_| MARKER_SIZE - 7)..).unwrap_or(line)
    });
    lines.collect::<Vec<_>>().concat()
}

fn has_markers(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n').any(|line| marker(line, b'<').or(marker(line, b'>')).is_some())
}

/// The hunks that make `to` of `from`, with three lines around them.
fn unified(path: &str, from: &str, to: &str) -> String {
    let diff = TextDiff::from_lines(from, to);
    diff.unified_diff().context_radius(3).header(&format!("a/{path}"), &format!("b/{path}")).to_string()
}

/// What is before and after the next line of markers of that size.
fn split(text: &[u8], mark: u8, size: usize) -> Option<(&[u8], &[u8])> {
    let mut start = 0;
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let length = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
        if marker(&rest[..length], mark) == Some(size) {
            return Some((&text[..start], &text[start + length..]));
        }
        start += length;
    }
    None
}

/// How long the marker is that a line is.
fn marker(line: &[u8], mark: u8) -> Option<usize> {
    let size = line.iter().take_while(|&&byte| byte == mark).count();
    (size >= MARKER_SIZE && matches!(line.get(size), None | Some(b' ' | b'\n' | b'\r'))).then_some(size)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn sample() -> Vec<u8> {
        let marks = |mark: &str, label: &str| format!("{}{label}\n", mark.repeat(MARKER_SIZE));
        let (left, middle, right) = (marks("<", " project"), marks("=", ""), marks(">", " template"));
        // The short line of `=` is a heading.
        format!("History\n=======\n{left}a\n=======\n{middle}b\n{right}end").into_bytes()
    }

    #[test]
    fn markers_get_the_size_and_labels_that_people_know() {
        let inline = Marked::cut(&sample()).inline("project", "template v2");
        let expected = "History\n=======\n<<<<<<< project\na\n=======\n=======\nb\n>>>>>>> template v2\nend";
        assert_eq!(String::from_utf8_lossy(&inline), expected);
    }

    #[test]
    fn what_is_rejected_would_make_their_side_of_ours() {
        let (kept, rejected) = Marked::cut(&sample()).rejected("a.md").unwrap();
        assert_eq!(String::from_utf8_lossy(&kept), "History\n=======\na\n=======\nend");
        let expected = "--- a/a.md\n+++ b/a.md\n@@ -1,5 +1,4 @@\n History\n =======\n-a\n-=======\n+b\n end\n\\ No newline at end of file\n";
        assert_eq!(rejected, expected);
    }

    #[test]
    fn a_text_without_markers_stays_as_it_is() {
        for text in ["", "a\n", "<<<<<<< a\n=======\n>>>>>>> b\n"] {
            assert_eq!(Marked::cut(text.as_bytes()).inline("a", "b"), text.as_bytes());
        }
    }
}
