//! Texts of languages with braces, line by line: comments taken out, and the blocks around each line known.

/// More than any build script is long or deep.
const LINES: usize = 20_000;
const DEPTH: usize = 50;

/// A line of code that is neither empty nor a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub number: u32,
    /// Trimmed, without its comment.
    pub text: String,
    /// What the blocks around it begin with: `dependencies`, `module`. The outermost first.
    pub blocks: Vec<String>,
}

/// The lines of a script. Strings in quotes and triple quotes hide what stands in them from braces and comments, and
/// lines within a triple-quoted string are left out.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut found = Vec::new();
    let mut blocks: Vec<String> = Vec::new();
    let mut state = State::Code;
    for (line, number) in text.lines().zip(1u32..).take(LINES) {
        if line.len() > 4_000 {
            continue;
        }
        let around = blocks.clone();
        let code = strip(line, &mut state, &mut blocks);
        let code = code.trim();
        if code.is_empty() || code == "}" {
            continue;
        }
        // What a block on one line holds is a line within it: `plugins { id 'x' }`.
        if let Some((head, body)) = code.split_once('{')
            && let Some((body, _)) = body.rsplit_once('}')
            && blocks.len() == around.len()
            && !head.trim().is_empty()
            && head.trim().chars().all(|c| c.is_alphanumeric() || c == '_')
        {
            let mut within = around.clone();
            within.push(word(head));
            for part in body.split(';').map(str::trim).filter(|part| !part.is_empty()) {
                found.push(Line { number, text: part.to_owned(), blocks: within.clone() });
            }
            continue;
        }
        found.push(Line { number, text: code.to_owned(), blocks: around });
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Code,
    Comment,
    /// Within a triple-quoted string of that quote.
    Text(char),
}

/// The line without comments; `blocks` grows and shrinks by its braces.
fn strip(line: &str, state: &mut State, blocks: &mut Vec<String>) -> String {
    let mut code = String::new();
    let mut quote: Option<char> = None;
    let characters: Vec<char> = line.chars().collect();
    let ahead = |at: usize, text: &str| text.chars().enumerate().all(|(i, c)| characters.get(at + i) == Some(&c));
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        at += 1;
        match (*state, quote) {
            (State::Comment, _) => {
                if character == '*' && characters.get(at) == Some(&'/') {
                    *state = State::Code;
                    at += 1;
                }
            }
            (State::Text(end), _) => {
                if ahead(at - 1, &String::from_iter([end; 3])) {
                    *state = State::Code;
                    at += 2;
                }
            }
            (State::Code, Some(end)) => {
                code.push(character);
                if character == '\\' {
                    code.extend(characters.get(at));
                    at += 1;
                } else if character == end {
                    quote = None;
                }
            }
            (State::Code, None) => match character {
                '/' if characters.get(at) == Some(&'/') => break,
                '/' if characters.get(at) == Some(&'*') => {
                    *state = State::Comment;
                    at += 1;
                }
                '"' | '\'' if ahead(at - 1, &String::from_iter([character; 3])) => {
                    *state = State::Text(character);
                    at += 2;
                }
                '"' | '\'' => {
                    quote = Some(character);
                    code.push(character);
                }
                '{' => {
                    if blocks.len() < DEPTH {
                        blocks.push(word(code.rsplit(['{', '}', ';']).next().unwrap_or_default()));
                    }
                    code.push(character);
                }
                '}' => {
                    blocks.pop();
                    code.push(character);
                }
                _ => code.push(character),
            },
        }
    }
    code
}

/// The word that a block begins with.
fn word(head: &str) -> String {
    let head = head.trim_start();
    head.chars().take_while(|character| character.is_alphanumeric() || matches!(character, '_' | '.')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_comments_and_strings() {
        let text = "a {\n  b 'x { // no' // { c\n  /* { \n d */ e(\"\") {\n    f\n  }\n  g\n}\nh { i; j }\nk '''\nl\n''' m\n}\nn\n";
        let found: Vec<_> = lines(text).into_iter().map(|l| (l.number, l.text, l.blocks.join("."))).collect();
        let expected = [
            (1, "a {", ""),
            (2, "b 'x { // no'", "a"),
            (4, "e(\"\") {", "a"),
            (5, "f", "a.e"),
            (7, "g", "a"),
            (9, "i", "h"),
            (9, "j", "h"),
            (10, "k", ""),
            (12, "m", ""),
            (14, "n", ""),
        ];
        let expected: Vec<_> = expected.map(|(n, t, b)| (n, t.to_owned(), b.to_owned())).into();
        assert_eq!(found, expected);
    }
}
