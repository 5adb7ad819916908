//! What of a document is read.

/// Longer documents are cut here, at the end of a line. In bytes.
pub const MAX_BYTES: usize = 1_000_000;

/// The text without its front matter, no longer than [`MAX_BYTES`], and whether something was cut off.
pub fn prepare(markdown: &str) -> (&str, bool) {
    let (_, text) = split(markdown);
    if text.len() <= MAX_BYTES {
        return (text, false);
    }
    let mut end = MAX_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text[..text[..end].rfind('\n').map_or(end, |newline| newline + 1)], true)
}

/// The YAML of the front matter, and the text behind it. Front matter is YAML between two lines of `---`, or TOML between
/// two of `+++`, at the very start. (pulldown-cmark's own option takes such a block anywhere, so that text between two
/// rules would vanish.)
pub fn split(markdown: &str) -> (Option<&str>, &str) {
    let text = markdown.strip_prefix('\u{feff}').unwrap_or(markdown);
    for fence in ["---", "+++"] {
        let mut lines = text.split_inclusive('\n');
        let Some(first) = lines.next().filter(|line| line.trim_end() == fence) else { continue };
        let mut at = first.len();
        for (number, line) in lines.enumerate() {
            let before = at;
            at += line.len();
            let is_end = line.trim_end() == fence || (fence == "---" && line.trim_end() == "...");
            if is_end {
                if number == 0 {
                    return (None, text);
                }
                let yaml = (fence == "---").then(|| &text[first.len()..before]);
                return (yaml, &text[at..]);
            }
            if line.trim().is_empty() && number == 0 {
                // A rule, with a paragraph under it.
                return (None, text);
            }
        }
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_goes_and_rules_stay() {
        for (text, expected) in [
            ("---\ntitle: x\n---\n# A", "# A"),
            ("---\r\ntitle: x\r\n---\r\n# A", "# A"),
            ("---\ntitle: x\n...\n# A", "# A"),
            ("+++\ntitle = 'x'\n+++\n# A", "# A"),
            ("---\n\ntext\n\n---\n", "---\n\ntext\n\n---\n"),
            ("---\nno end", "---\nno end"),
            ("# A\n\n---\nx\n---\n", "# A\n\n---\nx\n---\n"),
            ("\u{feff}# A", "# A"),
        ] {
            assert_eq!(prepare(text), (expected, false), "{text:?}");
        }
    }

    #[test]
    fn a_long_document_is_cut_at_a_line() {
        let text = "äöü line\n".repeat(100_000);
        let (cut, truncated) = prepare(&text);
        assert!(truncated && cut.len() <= MAX_BYTES && cut.ends_with("line\n"));
        let one_line = "ä".repeat(600_000);
        let (cut, truncated) = prepare(&one_line);
        assert!(truncated && cut.len() == MAX_BYTES);
    }
}
