//! What a README says that is worth more than its words: addresses at registries, and that a thing is over.

use model::{Confidence, Evidence};

use crate::manifest::{Ecosystem, page_of};

/// How much of a README is read.
pub(super) const README_BYTES: usize = 64 * 1024;

/// A README and where it lies.
pub(super) struct Readme {
    pub path: String,
    pub text: String,
}

impl Readme {
    /// The text of its first heading.
    pub fn title(&self) -> Option<&str> {
        let heading = self.text.lines().take(50).find_map(|line| line.trim().strip_prefix("# "))?;
        Some(heading.trim().trim_matches(['`', '*'])).filter(|title| !title.is_empty())
    }

    /// The line that leads to `package` at the registry of `ecosystem`.
    pub fn leads_to(&self, ecosystem: &Ecosystem, package: &str) -> Option<u32> {
        let mut lines = self.text.lines().zip(1u32..);
        lines
            .find(|(line, _)| ecosystem.pages.iter().any(|page| names(line, &page_of(page, package))))
            .map(|(_, number)| number)
    }

    /// The line that says that nobody should use it any more. Only the first lines count, and only whole sentences
    /// about the thing itself: a changelog speaks of deprecated functions too.
    pub fn deprecates(&self) -> Option<u32> {
        let signs = [
            "this project is deprecated",
            "this repository is deprecated",
            "this package is deprecated",
            "this library is deprecated",
            "this service is deprecated",
            "this module is deprecated",
            "this project is no longer maintained",
            "this repository is no longer maintained",
            "this package is no longer maintained",
            "this project has been deprecated",
            "this repository has been deprecated",
            "this project is archived",
            "this repository is archived",
            "this project has been archived",
            "this repository has been archived",
            "this project is unmaintained",
        ];
        let mut lines = self.text.lines().zip(1u32..).take(30);
        lines
            .find(|(line, _)| {
                let line = line.to_lowercase().replace(['*', '_', '`'], "");
                let bare = line.trim_matches(|character: char| !character.is_alphanumeric());
                matches!(bare, "deprecated" | "unmaintained" | "no longer maintained")
                    || signs.iter().any(|sign| line.contains(sign))
            })
            .map(|(_, number)| number)
    }

    /// The first paragraph that is neither heading, badge, quote nor list, as plain text on one line, at most 300
    /// characters.
    pub fn paragraph(&self) -> Option<(String, u32)> {
        let mut fenced = false;
        let mut words = String::new();
        let mut start = 0;
        for (line, number) in self.text.lines().zip(1u32..).take(200) {
            let line = line.trim();
            if line.starts_with("```") {
                fenced = !fenced;
            }
            let is_text = !fenced
                && line.starts_with(|first: char| first.is_alphanumeric() || first == '*' && !line.starts_with("* "));
            match (is_text, words.is_empty()) {
                (true, true) => (words, start) = (line.to_owned(), number),
                (true, false) if line.starts_with("===") || line.starts_with("---") => words.clear(),
                (true, false) => words = format!("{words} {line}"),
                (false, false) if line.starts_with("===") || line.starts_with("---") => words.clear(),
                (false, false) => break,
                (false, true) => {}
            }
            if words.len() > 1_000 {
                break;
            }
        }
        let text: String = engine_repo::plain_text(&words).chars().take(300).collect();
        // What ends in a colon only leads to what comes after it.
        (!text.is_empty() && !text.trim_end().ends_with(':')).then_some((text, start))
    }

    pub fn evidence(&self, rule: &str, line: u32, why: String) -> Evidence {
        Evidence::new(rule, Confidence::Corroborated, why).at(&self.path, Some(line))
    }
}

/// Whether `page` stands in `line` as a whole: `docs.rs/toml` is not `docs.rs/toml_edit`.
fn names(line: &str, page: &str) -> bool {
    let mut from = 0;
    while let Some(found) = line.get(from..).and_then(|rest| rest.find(page)) {
        let end = from + found + page.len();
        let next = line[end..].chars().next();
        if next.is_none_or(|next| {
            !(next.is_alphanumeric() || matches!(next, '-' | '_') || next == '/' && page.contains(" "))
        }) {
            return true;
        }
        from = end;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::ecosystem;

    fn readme(text: &str) -> Readme {
        Readme { path: "README.md".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn addresses_name_whole_packages() {
        let rust = ecosystem("rust");
        let leads = |text: &str| rust.and_then(|rust| readme(text).leads_to(rust, "toml"));
        assert_eq!(leads("x\n[docs](https://docs.rs/toml)"), Some(2));
        assert_eq!(leads("https://docs.rs/toml/latest"), Some(1));
        assert_eq!(leads("https://docs.rs/toml_edit"), None);
        assert_eq!(leads("cargo add toml"), Some(1));
    }

    #[test]
    fn only_the_thing_itself_is_deprecated() {
        assert_eq!(readme("# X\n\n> **This project is deprecated.** Use Y.").deprecates(), Some(3));
        assert_eq!(readme("# Deprecated\n").deprecates(), Some(1));
        assert_eq!(readme("# X\nThe function `y` is deprecated.").deprecates(), None);
    }

    #[test]
    fn the_first_paragraph_describes() {
        let text = "# Ledger\n[![badge](x)](y)\n\nKeeps the books\nof the harbour.\n\nMore.";
        assert_eq!(readme(text).paragraph(), Some(("Keeps the books of the harbour.".to_owned(), 4)));
        assert_eq!(readme("Ledger\n======\n\n```\ncode\n```\nText").paragraph(), Some(("Text".to_owned(), 7)));
        assert_eq!(readme("").paragraph(), None);
        let marked =
            "Made with [Angular CLI](https://x.example/a_b) and [Nx][nx], **quick** `a_b` [x] <b>5</b> ![i](j.png).";
        let plain = "Made with Angular CLI and Nx, quick a_b [x] 5 .";
        assert_eq!(readme(marked).paragraph(), Some((plain.to_owned(), 1)));
    }
}
