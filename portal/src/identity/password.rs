//! What the password of a local account has to be: long, and not made of what everybody knows. Which signs it is made of
//! does not matter (ASVS 5.0, 6.2.5).

use std::collections::BTreeSet;

use model::{Finding, Level};

use crate::settings::Settings;

/// ASVS 5.0, 6.2.1 and 6.2.9: at least 8, better 15, and at least 64 are allowed.
const SHORTEST: usize = 12;
pub(super) const LONGEST: usize = 200;
/// Different letters and digits that are left of it without the words below.
const LEFT: usize = 6;
/// Shorter words are part of too many others.
const WORD: usize = 4;

/// ASVS 5.0, 6.1.2: what everybody tries first at a portal of this name, and rows of keys. docs/signing-in.md says them too.
const WORDS: [&str; 24] = [
    "1234567890",
    "0123456789",
    "9876543210",
    "abcdefghij",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "123456",
    "administrator",
    "admin",
    "backstage",
    "catalog",
    "changeme",
    "developer",
    "iloveyou",
    "letmein",
    "operator",
    "password",
    "passwort",
    "portal",
    "secret",
    "service",
    "slipway",
    "welcome",
];

/// What is wrong with a password; `words` are those of [`words`].
pub(super) fn findings(name: &str, password: &str, words: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        let help = format!("Write {SHORTEST} to {LONGEST} characters; spaces count.");
        findings.push(Finding::new("account.password", Level::Error, "the password is too short or too long", help));
    }
    if left(name, password, words) < LEFT {
        let help = "Little is left of it without the name, what this portal is called, and what everybody tries first. A few \
                    words that have nothing to do with each other are good.";
        findings.push(Finding::new("account.password", Level::Error, "the password is easily guessed", help));
    }
    findings
}

/// Different letters and digits besides the words.
fn left(name: &str, password: &str, words: &BTreeSet<String>) -> usize {
    let plain = |text: &str| text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let mut all: Vec<String> = words.iter().map(|word| plain(word)).filter(|word| word.len() >= WORD).collect();
    all.extend(WORDS.map(str::to_owned));
    all.extend(Some(plain(name)).filter(|name| !name.is_empty()));
    // A long word may hold a short one.
    all.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = all.iter().fold(plain(password), |rest, word| rest.replace(word.as_str(), ""));
    rest.chars().collect::<BTreeSet<_>>().len()
}

/// What this portal is called: its host, its sources and its providers.
pub(super) fn words(settings: &Settings) -> BTreeSet<String> {
    let host = settings.public_url.iter().flat_map(|url| url.split(['/', '.', ':', '-'])).map(str::to_owned);
    let sources = settings.sources.iter().map(|source| source.name.clone());
    let providers = settings.identity.providers.iter().map(|provider| provider.name.clone());
    host.chain(sources).chain(providers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_what_everybody_tries_first() {
        let words = BTreeSet::from(["acme-shop".to_owned(), "hq".to_owned()]);
        let of = |password: &str| findings("jane", password, &words).len();
        let long = "a good one, and as long as sixty-four characters and some more of them";
        for fine in
            ["correct horse battery", "84712093847561", "ÄÖÜ ß é 漢字 漢字 漢字", long, &"lorem ipsum ".repeat(16)]
        {
            assert_eq!(of(fine), 0, "{fine}");
        }
        for wrong in [
            "short",
            "Slipway-2026!",
            "acmeshopacmeshop1",
            "password-password",
            "aaaaaaaaaaaaaaaa",
            "123456789012",
            "Jane.Jane.Jane",
            "admin@slipway1",
            "qwertyuiop12",
        ] {
            assert!(of(wrong) > 0, "{wrong}");
        }
        assert_eq!(of(&"x".repeat(201)), 2);
        assert_eq!(of("hq hq correct horse"), 0, "two letters are no word");
    }
}
