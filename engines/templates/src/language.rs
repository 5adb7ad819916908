//! How the answers stand in a template's texts, whatever the dialect: what adoption reads a project's answers off by.

use regex::{Captures, Regex};

/// Where a dialect puts answers. A dialect makes one of its syntax; it is used without knowing which.
#[derive(Clone, Debug)]
pub(crate) struct Language {
    answer: Regex,
    comparison: Regex,
    others: Vec<String>,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fragment {
    /// As it stands in every project.
    Text(String),
    /// The place of the answer to the question of that name.
    Answer(String),
}

impl Language {
    /// A language in which the first group of `answer` is the name of an answer that stands there alone, the first two groups
    /// of `comparison` a name and the text that it is compared with, and in which each of `others` begins anything else that
    /// is not literal.
    ///
    /// # Errors
    /// One of both is no regular expression.
    pub(crate) fn new(answer: &str, comparison: &str, others: Vec<String>) -> Result<Self, regex::Error> {
        Ok(Self { answer: Regex::new(answer)?, comparison: Regex::new(comparison)?, others })
    }

    /// The fragments of a text; `None` where it holds more than places of answers.
    pub(crate) fn fragments(&self, text: &str) -> Option<Vec<Fragment>> {
        let (mut fragments, mut end) = (Vec::new(), 0);
        let literal = |text: &str| {
            let is_literal = !self.others.iter().any(|other| text.contains(other.as_str()));
            is_literal.then(|| Fragment::Text(text.to_owned()))
        };
        for found in self.answer.captures_iter(text) {
            let whole = found.get(0)?;
            fragments.push(literal(&text[end..whole.start()])?);
            fragments.push(Fragment::Answer(found[1].to_owned()));
            end = whole.end();
        }
        fragments.push(literal(&text[end..])?);
        Some(fragments)
    }

    /// Names of answers, with the texts that they are compared with.
    pub(crate) fn comparisons<'a>(&self, text: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let group = |found: &Captures<'a>, group| found.get(group).map_or("", |group| group.as_str());
        self.comparison.captures_iter(text).map(move |found| (group(&found, 1), group(&found, 2)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_text_is_cut_at_the_places_of_answers() {
        let language = Language::new(r"<(\w+)>", r"(\w+) is '(\w+)'", vec!["<".to_owned()]).unwrap();
        let text = |text: &str| Fragment::Text(text.to_owned());
        let answer = |name: &str| Fragment::Answer(name.to_owned());
        assert_eq!(language.fragments("a <b>"), Some(vec![text("a "), answer("b"), text("")]));
        assert_eq!(language.fragments("a"), Some(vec![text("a")]));
        assert_eq!(language.fragments("a <if b> c"), None);
        assert_eq!(language.comparisons("<if b is 'c' or d is 'e'>").collect::<Vec<_>>(), [("b", "c"), ("d", "e")]);
    }
}
