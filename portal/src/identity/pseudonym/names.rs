//! How a person is called in texts, and finding that there: whole names only, since a service may begin with one.

use super::store::Account;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// In lower case, with what stays in front of the pseudonym: `user:default/`.
    within: Vec<(String, &'static str)>,
    /// Texts that are this and nothing else, in lower case.
    alone: Vec<String>,
    /// As [`crate::identity::Person::label`] writes it.
    labels: Vec<String>,
}

const USER: &str = "user:default/";

impl Names {
    /// `labels` are those that the log has of the account.
    pub fn of(account: Option<&Account>, login: Option<&str>, labels: &[String]) -> Self {
        let mut names = Self { within: Vec::new(), alone: Vec::new(), labels: labels.to_vec() };
        if let Some(login) = login {
            names.labels.push(format!("{USER}{login}"));
            names.alone.push(login.to_owned());
        }
        if let Some(account) = account {
            let own = [Some(&account.name), account.email.as_ref(), account.login.as_ref(), Some(&account.subject)];
            for text in own.into_iter().flatten() {
                names.labels.push(format!("{text} ({})", account.provider));
                names.alone.push(text.to_lowercase());
            }
            names.within.extend(account.email.iter().map(|email| (email.to_lowercase(), "")));
        }
        let within = |label: &String| {
            let keeps = if label.starts_with(USER) { USER } else { "" };
            (label.to_lowercase(), keeps)
        };
        names.within.extend(names.labels.iter().map(within));
        // The longest first: what holds another name is one.
        names.within.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        names.within.dedup();
        names.labels.sort();
        names.labels.dedup();
        names
    }

    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    pub fn all(&self) -> Vec<String> {
        let mut all: Vec<String> = self.within.iter().map(|(name, _)| name.clone()).chain(self.alone.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The text with the pseudonym in place of the names; `None` where there is none.
    pub fn replace(&self, text: &str, pseudonym: &str) -> Option<String> {
        // Letters beyond ASCII keep their length only as they are.
        let lower = text.to_ascii_lowercase();
        if self.alone.iter().any(|name| *name == lower || *name == text.to_lowercase()) {
            return Some(pseudonym.to_owned());
        }
        let mut replaced = String::new();
        let mut at = 0;
        while at < text.len() {
            let here = self.within.iter().find(|(name, _)| {
                lower[at..].starts_with(&name.to_ascii_lowercase()) && stands_alone(&lower, at, name.len())
            });
            match here {
                Some((name, keeps)) => {
                    replaced.push_str(keeps);
                    replaced.push_str(pseudonym);
                    at += name.len();
                }
                None => {
                    let c = text[at..].chars().next().unwrap_or_default();
                    replaced.push(c);
                    at += c.len_utf8();
                }
            }
        }
        (replaced != text).then_some(replaced)
    }
}

/// Whether no name goes on before or behind it. A dot ends a sentence unless something follows.
fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '/' | '+');
    let before = text[..at].chars().next_back();
    let mut behind = text[at + length..].chars();
    let goes_on = match behind.next() {
        Some('.') => behind.next().is_some_and(is_name),
        Some(c) => is_name(c),
        None => false,
    };
    !goes_on && !before.is_some_and(|c| is_name(c) || c == '.')
}
