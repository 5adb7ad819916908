//! What Python's `str` does with text.

/// The places of a text's lines, without their ends, as `str.splitlines` cuts them.
pub fn lines(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    let end = |character: char| {
        matches!(
            character,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}' | '\u{1d}' | '\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    while let Some(at) = rest.find(end) {
        let length =
            if rest[at..].starts_with("\r\n") { 2 } else { rest[at..].chars().next().map_or(1, char::len_utf8) };
        found.push((&rest[..at], &rest[at..at + length]));
        rest = &rest[at + length..];
    }
    if !rest.is_empty() {
        found.push((rest, ""));
    }
    found
}

/// Words with a capital letter at every place where a letter follows something else, as `str.title` makes them.
pub fn title(text: &str) -> String {
    let mut inside = false;
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if inside {
            written.extend(character.to_lowercase());
        } else {
            written.push_str(&titled(character));
        }
        inside = character.is_alphabetic();
    }
    written
}

/// The letter at the beginning of a word: `Ss` for `ß`.
fn titled(character: char) -> String {
    let mut letters = character.to_uppercase();
    let first = letters.next().unwrap_or(character);
    std::iter::once(first).chain(letters.flat_map(char::to_lowercase)).collect()
}

pub fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => titled(first) + &characters.as_str().to_lowercase(),
        None => String::new(),
    }
}

pub fn swapcase(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_uppercase() {
            written.extend(character.to_lowercase());
        } else {
            written.extend(character.to_uppercase());
        }
    }
    written
}

/// In the middle of so many characters; the odd one goes where CPython puts it.
pub fn center(text: &str, width: usize, fill: char) -> String {
    let missing = width.saturating_sub(text.chars().count());
    let left = missing / 2 + (missing & width & 1);
    let fills = |count: usize| std::iter::repeat_n(fill, count);
    fills(left).chain(text.chars()).chain(fills(missing - left)).collect()
}

/// Cut at whitespace, or at a separator, at most so many times from one of its ends.
pub fn split<'t>(text: &'t str, separator: Option<&str>, limit: Option<usize>, from_end: bool) -> Vec<&'t str> {
    let parts = limit.map_or(usize::MAX, |limit| limit.saturating_add(1));
    match (separator, from_end) {
        (Some(separator), false) => text.splitn(parts, separator).collect(),
        (Some(separator), true) => {
            let mut found: Vec<&str> = text.rsplitn(parts, separator).collect();
            found.reverse();
            found
        }
        (None, false) => words(text, parts),
        (None, true) => words_from_end(text, parts),
    }
}

fn words(text: &str, parts: usize) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(char::is_whitespace).filter(|_| found.len() + 1 < parts);
        let Some(end) = end else {
            found.push(rest);
            break;
        };
        found.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    found
}

fn words_from_end(text: &str, parts: usize) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        let before = rest.char_indices().rev().find(|(_, character)| character.is_whitespace());
        let Some((at, space)) = before.filter(|_| found.len() + 1 < parts) else {
            found.push(rest);
            break;
        };
        found.push(&rest[at + space.len_utf8()..]);
        rest = rest[..at].trim_end();
    }
    found.reverse();
    found
}

/// `textwrap.wrap(text, width, expand_tabs=False, replace_whitespace=False, …)`, line by line.
pub fn wrap(text: &str, width: usize, break_long_words: bool, break_on_hyphens: bool) -> Vec<String> {
    let mut chunks: Vec<String> = chunks(text, break_on_hyphens);
    chunks.reverse();
    let length = |text: &str| text.chars().count();
    let mut lines: Vec<String> = Vec::new();
    while !chunks.is_empty() {
        let mut line: Vec<String> = Vec::new();
        let mut used = 0;
        if !lines.is_empty() && chunks.last().is_some_and(|chunk| chunk.trim().is_empty()) {
            chunks.pop();
        }
        while let Some(chunk) = chunks.pop_if(|chunk| used + length(chunk) <= width) {
            used += length(&chunk);
            line.push(chunk);
        }
        if let Some(chunk) = chunks.pop_if(|chunk| length(chunk) > width) {
            if break_long_words {
                let mut room = (width - used.min(width)).max(usize::from(width < 1));
                if break_on_hyphens && length(&chunk) > room {
                    let head: String = chunk.chars().take(room).collect();
                    if let Some(hyphen) = head.rfind('-').filter(|at| *at > 0 && head[..*at].contains(|c| c != '-')) {
                        room = length(&head[..=hyphen]);
                    }
                }
                line.push(chunk.chars().take(room).collect());
                let rest: String = chunk.chars().skip(room).collect();
                chunks.push(rest);
            } else if line.is_empty() {
                line.push(chunk);
            } else {
                chunks.push(chunk);
            }
        }
        if line.last().is_some_and(|chunk| chunk.trim().is_empty()) {
            line.pop();
        }
        if !line.is_empty() {
            lines.push(line.concat());
        }
    }
    lines
}

/// Words and the whitespace between them; a word ends behind a hyphen between letters too.
fn chunks(text: &str, break_on_hyphens: bool) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let characters: Vec<char> = text.chars().collect();
    let word = |at: usize| characters.get(at).is_some_and(|character| character.is_alphanumeric() || *character == '_');
    let letter = |at: usize| word(at) && !characters[at].is_numeric();
    let mut start = 0;
    for at in 1..=characters.len() {
        let boundary = at == characters.len()
            || characters[at].is_whitespace() != characters[at - 1].is_whitespace()
            || break_on_hyphens
                && characters[at - 1] == '-'
                && at >= 3
                && at - start >= 3
                && letter(at - 2)
                && letter(at - 3)
                && letter(at)
                && letter(at + 1);
        if boundary {
            found.push(characters[start..at].iter().collect());
            start = at;
        }
    }
    found
}
