//! One pattern of a CODEOWNERS file.

/// A pattern as the parts between its slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Any number of folders, also none.
    Any,
    Literal(String),
    /// With `*` and `?`.
    Wild(Vec<Token>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Star,
    One,
    Character(char),
}

impl Pattern {
    /// `None` where nothing is left to match.
    pub(super) fn new(text: &str) -> Option<Self> {
        let only_folder = text.ends_with('/') && !text.ends_with("\\/");
        let body = text.strip_suffix('/').unwrap_or(text);
        // A slash at the start or inside ties the pattern to the root.
        let anchored = body.contains('/');
        let names: Vec<&str> = body.split('/').filter(|name| !name.is_empty()).collect();
        let last = names.last()?;
        let mut parts = Vec::with_capacity(names.len() + 2);
        if !anchored {
            parts.push(Part::Any);
        }
        parts.extend(names.iter().map(|name| part(name)));
        match parts.last() {
            // Everything below, but not the folder itself.
            Some(Part::Any) => parts.push(one_name()),
            _ if only_folder => parts.extend([one_name(), Part::Any]),
            // The files directly in that folder, and nothing further down.
            _ if anchored && *last == "*" => {}
            // A file, or a folder with all that is in it.
            _ => parts.push(Part::Any),
        }
        parts.dedup_by(|a, b| *a == Part::Any && *b == Part::Any);
        Some(Self { parts })
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        // Most patterns start with a folder, and most files lie elsewhere.
        if let Some(Part::Literal(first)) = self.parts.first()
            && path.split('/').next() != Some(first)
        {
            return false;
        }
        let names: Vec<&str> = path.split('/').collect();
        // As for a text with stars: only the last `Any` ever has to be widened.
        let (mut part, mut name) = (0, 0);
        let mut widened: Option<(usize, usize)> = None;
        while name < names.len() {
            match self.parts.get(part) {
                Some(Part::Any) => {
                    widened = Some((part, name));
                    part += 1;
                }
                Some(other) if other.matches(names[name]) => {
                    part += 1;
                    name += 1;
                }
                _ => {
                    let Some((any, from)) = widened else { return false };
                    widened = Some((any, from + 1));
                    part = any + 1;
                    name = from + 1;
                }
            }
        }
        self.parts[part..].iter().all(|part| *part == Part::Any)
    }
}

impl Part {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Literal(text) => text == name,
            Self::Wild(tokens) => wild(tokens, name),
        }
    }
}

fn one_name() -> Part {
    Part::Wild(vec![Token::Star])
}

fn part(text: &str) -> Part {
    if text == "**" {
        return Part::Any;
    }
    let mut tokens = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '*' if tokens.last() == Some(&Token::Star) => continue,
            '*' => Token::Star,
            '?' => Token::One,
            '\\' => Token::Character(characters.next().unwrap_or('\\')),
            other => Token::Character(other),
        });
    }
    let literal: Option<String> = tokens
        .iter()
        .map(|token| match token {
            Token::Character(character) => Some(*character),
            Token::Star | Token::One => None,
        })
        .collect();
    literal.map_or(Part::Wild(tokens), Part::Literal)
}

fn wild(tokens: &[Token], name: &str) -> bool {
    let (mut token, mut rest) = (0, name);
    let mut widened: Option<(usize, &str)> = None;
    loop {
        let next = rest.chars().next();
        match (tokens.get(token), next) {
            (None, None) => return true,
            (Some(Token::Star), _) => {
                widened = Some((token, rest));
                token += 1;
                continue;
            }
            (Some(Token::One), Some(character)) => {
                token += 1;
                rest = &rest[character.len_utf8()..];
                continue;
            }
            (Some(Token::Character(wanted)), Some(character)) if *wanted == character => {
                token += 1;
                rest = &rest[character.len_utf8()..];
                continue;
            }
            _ => {}
        }
        let Some((star, from)) = widened else { return false };
        let Some(skipped) = from.chars().next() else { return false };
        let from = &from[skipped.len_utf8()..];
        widened = Some((star, from));
        token = star + 1;
        rest = from;
    }
}
