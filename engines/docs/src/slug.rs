//! Ids of headings, as GitHub makes them, so that hand-written tables of contents lead somewhere.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

/// GitHub's `[^\p{Word}\- ]`; Ruby's `Word` is the regex crate's `\w` without the two joiners.
static DROPPED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[^\w\- ]|[\u{200c}\u{200d}]").ok());

/// Gives every heading of one document an id of its own: a second `usage` becomes `usage-1`.
#[derive(Default)]
pub struct Slugger {
    taken: HashMap<String, usize>,
}

impl Slugger {
    pub fn slug(&mut self, text: &str) -> String {
        let base = base(text);
        let mut slug = base.clone();
        while self.taken.contains_key(&slug) {
            let times = self.taken.entry(base.clone()).or_insert(0);
            *times += 1;
            slug = format!("{base}-{times}");
        }
        self.taken.insert(slug.clone(), 0);
        slug
    }
}

fn base(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    let kept = match DROPPED.as_ref() {
        Some(dropped) => dropped.replace_all(&lower, "").into_owned(),
        None => lower,
    };
    kept.replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from the tests of the npm package `github-slugger`.
    #[test]
    fn slugs_are_those_of_github() {
        for (text, slug) in [
            ("Some Heading", "some-heading"),
            ("I ♥ unicode", "i--unicode"),
            ("Dash-dash", "dash-dash"),
            ("en–dash", "endash"),
            ("trailing ", "trailing"),
            ("😄 emoji", "-emoji"),
            ("⚙️ Setup", "\u{fe0f}-setup"),
            ("Профили пользователей", "профили-пользователей"),
            ("a_b.c() & `d`", "a_bc--d"),
            ("1.2.3 (2024-01-01)", "123-2024-01-01"),
        ] {
            assert_eq!(Slugger::default().slug(text), slug, "{text:?}");
        }
    }

    #[test]
    fn duplicates_are_numbered_and_never_collide() {
        let mut slugger = Slugger::default();
        let slugs: Vec<_> = ["foo", "foo", "foo 1", "foo", "foo-1"].iter().map(|text| slugger.slug(text)).collect();
        assert_eq!(slugs, ["foo", "foo-1", "foo-1-1", "foo-2", "foo-1-2"]);
    }
}
