//! What a change does to a file: lines with a sign, a number on each side, and a word for those who do not see them.

use model::change::FileEdit;
use portal::changes::{LineKind, lines};

use crate::address;
use crate::html::Html;

/// Longer ones are cut: the patch has all of it.
const MOST_LINES: usize = 1_000;

/// All files, one after another. `repository` is a slug.
pub fn files(out: &mut Html, edits: &[FileEdit], repository: &str) {
    for edit in edits {
        file(out, edit, repository);
    }
}

fn file(out: &mut Html, edit: &FileEdit, repository: &str) {
    out.raw("<section class=\"diff-file\"><h3 class=\"diff-name\"><code>");
    match edit.before {
        Some(_) => out.link(&address::file(repository, &edit.path, None), "link", &edit.path),
        None => out.text(&edit.path),
    };
    out.raw("</code>");
    match (&edit.before, &edit.after) {
        (None, _) => out.raw(" <span class=\"badge badge-green\">new</span>"),
        (_, None) => out.raw(" <span class=\"badge badge-red\">removed</span>"),
        _ => out,
    };
    let lines = lines(edit);
    out.raw("</h3><div class=\"diff\" tabindex=\"0\" role=\"group\"").attribute("aria-label", &edit.path);
    out.raw("><table><caption class=\"visually-hidden\">Lines of ").text(&edit.path);
    out.raw("</caption><thead class=\"visually-hidden\"><tr><th scope=\"col\">Line before</th><th scope=\"col\">Line after</th>");
    out.raw("<th scope=\"col\">What</th><th scope=\"col\">Text</th></tr></thead><tbody>");
    for line in lines.iter().take(MOST_LINES) {
        let (class, sign, word) = match line.kind {
            LineKind::Same => ("diff-same", " ", ""),
            LineKind::Added => ("diff-added", "+", "added"),
            LineKind::Removed => ("diff-removed", "−", "removed"),
            LineKind::Gap => ("diff-gap", "⋯", "lines that stay as they are"),
        };
        out.raw("<tr").attribute("class", class).raw("><td class=\"diff-number\">");
        number(out, line.before);
        out.raw("</td><td class=\"diff-number\">");
        number(out, line.after);
        out.raw("</td><td class=\"diff-sign\"><span aria-hidden=\"true\">").raw(sign).raw("</span>");
        if !word.is_empty() {
            out.raw("<span class=\"visually-hidden\">").raw(word).raw("</span>");
        }
        out.raw("</td><td class=\"diff-line\">").text(&line.text).raw("</td></tr>");
    }
    out.raw("</tbody></table></div>");
    if lines.len() > MOST_LINES {
        out.raw("<p class=\"quiet\">").plain(lines.len() - MOST_LINES).raw(" more lines are in the patch.</p>");
    }
    out.raw("</section>");
}

fn number(out: &mut Html, number: Option<usize>) {
    if let Some(number) = number {
        out.plain(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_have_words_and_text_is_escaped() {
        let edit = FileEdit {
            path: "a.yaml".to_owned(),
            before: Some("a: 1\nb: <script>\n".to_owned()),
            after: Some("a: 1\nb: 2\n".to_owned()),
        };
        let mut out = Html::new();
        file(&mut out, &edit, "shop");
        insta::assert_snapshot!(out.as_str().replace("><", ">\n<"));
    }
}
