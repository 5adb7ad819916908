//! Python's `fnmatch`: `*` and `?` match `/` too, `[…]` is a set of characters, `[!…]` all others.

use regex::Regex;

/// The pattern as a regular expression; nothing where it cannot match, as an empty set.
pub fn compile(pattern: &str) -> Option<Regex> {
    let mut written = String::from(r"(?s)\A(?:");
    let characters: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        let character = characters[at];
        at += 1;
        match character {
            '*' => written.push_str(".*"),
            '?' => written.push('.'),
            '[' => {
                let mut end = at;
                if characters.get(end) == Some(&'!') {
                    end += 1;
                }
                if characters.get(end) == Some(&']') {
                    end += 1;
                }
                while end < characters.len() && characters[end] != ']' {
                    end += 1;
                }
                if end >= characters.len() {
                    written.push_str(r"\[");
                } else {
                    written.push_str(&set(&characters[at..end]));
                    at = end + 1;
                }
            }
            _ => written.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
        }
    }
    written.push_str(r")\z");
    Regex::new(&written).ok()
}

fn set(characters: &[char]) -> String {
    let (negated, members) = match characters.split_first() {
        Some(('!', rest)) => (true, rest),
        _ => (false, characters),
    };
    let mut written = String::from(if negated { "[^" } else { "[" });
    let escaped =
        |character: char| regex::escape(character.encode_utf8(&mut [0; 4])).replace('&', r"\&").replace('~', r"\~");
    let mut at = 0;
    let mut any = false;
    while at < members.len() {
        if members.get(at + 1) == Some(&'-') && at + 2 < members.len() {
            // A range that runs backwards holds nothing.
            if members[at] <= members[at + 2] {
                written.push_str(&format!("{}-{}", escaped(members[at]), escaped(members[at + 2])));
                any = true;
            }
            at += 3;
        } else {
            written.push_str(&escaped(members[at]));
            any = true;
            at += 1;
        }
    }
    match (any, negated) {
        (true, _) => written + "]",
        (false, true) => ".".to_owned(),
        (false, false) => r"[^\s\S]".to_owned(),
    }
}
