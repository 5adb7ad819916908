//! `slugify` of python-slugify, in the order of steps that it froze as `legacy`, with text-unidecode's tables.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

use super::entities;
use super::transliteration::unidecode;

/// What `slugify` is called with, under Python's names.
pub struct Options<'a> {
    pub entities: bool,
    pub decimal: bool,
    pub hexadecimal: bool,
    /// In characters; 0 is no limit.
    pub max_length: i64,
    pub word_boundary: bool,
    pub separator: &'a str,
    pub save_order: bool,
    pub stopwords: Vec<String>,
    pub regex_pattern: Option<Regex>,
    pub lowercase: bool,
    pub replacements: Vec<(String, String)>,
    pub allow_unicode: bool,
}

/// A pattern that is right, being written here; one that is not matches nothing.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

static QUOTES: LazyLock<Option<Regex>> = LazyLock::new(|| pattern("'+"));
static DECIMAL: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"&#(\d+);"));
static HEXADECIMAL: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"&#x([0-9a-fA-F]+);"));
static DISALLOWED: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"[^-a-zA-Z0-9]+"));
static DASHES: LazyLock<Option<Regex>> = LazyLock::new(|| pattern("-{2,}"));

fn substitute<'t>(regex: Option<&Regex>, text: &'t str, by: &str) -> Cow<'t, str> {
    regex.map_or(Cow::Borrowed(text), |regex| regex.replace_all(text, regex::NoExpand(by)))
}

pub fn slugify(text: &str, options: &Options) -> String {
    let replaced =
        |text: String| options.replacements.iter().fold(text, |text, (old, new)| text.replace(old.as_str(), new));
    let text = replaced(text.to_owned());
    let text = substitute(QUOTES.as_ref(), &text, "-");
    let text: String =
        if options.allow_unicode { text.nfkc().collect() } else { unidecode(&text.nfkd().collect::<String>()) };
    let text = decode_references(text, options);
    let text: String = if options.allow_unicode { text.nfkc().collect() } else { text.nfkd().collect() };
    let text = if options.lowercase { text.to_lowercase() } else { text };
    let text = substitute(QUOTES.as_ref(), &text, "");
    let text = without_thousands(&text);
    let text = match (&options.regex_pattern, options.allow_unicode) {
        (Some(regex), _) => substitute(Some(regex), &text, "-").into_owned(),
        // Python's `\w` is letters and numbers; combining marks are neither.
        (None, true) => dashed(&text, |character| character.is_alphanumeric()),
        (None, false) => substitute(DISALLOWED.as_ref(), &text, "-").into_owned(),
    };
    let text = substitute(DASHES.as_ref(), &text, "-");
    let mut text = text.trim_matches('-').to_owned();
    if !options.stopwords.is_empty() {
        let lower = |word: &String| if options.lowercase { word.to_lowercase() } else { word.clone() };
        let stopwords: Vec<String> = options.stopwords.iter().map(lower).collect();
        let kept: Vec<&str> = text.split('-').filter(|word| !stopwords.iter().any(|stop| stop == word)).collect();
        text = kept.join("-");
    }
    text = replaced(text);
    if options.max_length > 0 {
        text = truncated(&text, options.max_length as usize, options.word_boundary, options.save_order);
    }
    if options.separator == "-" { text } else { text.replace('-', options.separator) }
}

fn decode_references(text: String, options: &Options) -> String {
    let mut text = text;
    if options.entities && text.contains('&') {
        text = entities::decode(&text);
    }
    if options.decimal {
        text = numeric(DECIMAL.as_ref(), text, 10);
    }
    if options.hexadecimal {
        text = numeric(HEXADECIMAL.as_ref(), text, 16);
    }
    text
}

/// All references or none: one that is no character leaves every other as it was.
fn numeric(regex: Option<&Regex>, text: String, base: u32) -> String {
    let Some(regex) = regex else { return text };
    let mut decoded = String::new();
    let mut position = 0;
    for found in regex.captures_iter(&text) {
        let (Some(whole), Some(digits)) = (found.get(0), found.get(1)) else { continue };
        let number = u32::from_str_radix(digits.as_str(), base).ok();
        let Some(character) = number.and_then(char::from_u32) else { return text };
        decoded.push_str(&text[position..whole.start()]);
        decoded.push(character);
        position = whole.end();
    }
    decoded.push_str(&text[position..]);
    decoded
}

/// `1,000` is `1000`.
fn without_thousands(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let digit = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|one| one.is_numeric());
    let between = |at: usize| characters[at] == ',' && digit(at.checked_sub(1)) && digit(Some(at + 1));
    (0..characters.len()).filter(|at| !between(*at)).map(|at| characters[at]).collect()
}

fn dashed(text: &str, keep: fn(char) -> bool) -> String {
    text.chars().map(|character| if keep(character) { character } else { '-' }).collect()
}

fn truncated(text: &str, limit: usize, word_boundary: bool, save_order: bool) -> String {
    let length = |text: &str| text.chars().count();
    let cut = |text: &str| text.chars().take(limit).collect::<String>();
    let text = text.trim_matches('-');
    if length(text) < limit {
        return text.to_owned();
    }
    if !word_boundary {
        return cut(text).trim_matches('-').to_owned();
    }
    if !text.contains('-') {
        return cut(text);
    }
    let mut kept = String::new();
    for word in text.split('-').filter(|word| !word.is_empty()) {
        let next = length(&kept) + length(word);
        if next < limit {
            kept.push_str(word);
            kept.push('-');
        } else if next == limit {
            kept.push_str(word);
            break;
        } else if save_order {
            break;
        }
    }
    if kept.is_empty() {
        kept = cut(text);
    }
    kept.trim_matches('-').to_owned()
}
