//! Texts of others: Markdown that belongs nowhere, and source code.

use engine_docs::{Links, RenderOptions};

use crate::html::Html;

/// The text stands in no repository: relative addresses lead nowhere here.
pub struct Nowhere;

impl Links for Nowhere {
    fn link(&self, _: &str) -> Option<String> {
        None
    }

    fn image(&self, _: &str) -> Option<String> {
        None
    }
}

/// Source code, highlighted as the ending of its path says.
pub fn code(out: &mut Html, path: &str, text: &str) {
    let longest = text.split(|one| one != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let name = path.rsplit('/').next().unwrap_or(path);
    let language: String =
        name.rsplit('.').next().unwrap_or(name).chars().filter(char::is_ascii_alphanumeric).collect();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let fenced = format!("{fence}{language}\n{text}{end}{fence}\n");
    let rendered = engine_docs::render(&fenced, &RenderOptions { links: &Nowhere });
    out.raw("<div class=\"document\">").add(&Html::trusted(rendered.html)).raw("</div>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cannot_end_its_own_block() {
        let mut out = Html::new();
        code(&mut out, "a/README.md", "x\n````\n<script>alert(1)</script>\n");
        let html = out.as_str();
        assert_eq!(html.matches("<pre").count(), 1, "{html}");
        assert!(!html.contains("<script>") && html.contains("alert(1)"), "{html}");
    }
}
