//! HTML in pieces: text and tags.
//!
//! Not html5ever's tokenizer, since that takes quadratic time on a tag with many attributes. Where the two would
//! disagree about broken input does not matter for safety: the tags are written anew, with every value escaped, and it
//! is that which ammonia reads.

/// Further attributes of one tag are left out.
const MAX_ATTRIBUTES: usize = 40;

#[derive(Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// As it stands in the source, with its entities.
    Text(&'a str),
    Start {
        name: String,
        attributes: Vec<Attribute>,
    },
    End {
        name: String,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Lower case.
    pub name: String,
    /// Without entities.
    pub value: String,
}

/// Reads tokens one after the other; comments, declarations and a tag without an end are skipped.
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Moves behind the first `end`, or to the end of the text.
    fn skip_past(&mut self, end: &str) {
        self.at = self.rest().find(end).map_or(self.text.len(), |found| self.at + found + end.len());
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// What stands here up to a byte of which `ends` holds; only ASCII bytes may end.
    fn take_until(&mut self, ends: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        let length = self.rest().bytes().position(|byte| byte.is_ascii() && ends(byte));
        self.at = length.map_or(self.text.len(), |length| start + length);
        &self.text[start..self.at]
    }

    fn tag(&mut self) -> Option<Token<'a>> {
        let is_end = self.peek() == Some(b'/');
        self.at += usize::from(is_end);
        let name =
            self.take_until(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')).to_ascii_lowercase();
        let attributes = self.attributes()?;
        Some(if is_end { Token::End { name } } else { Token::Start { name, attributes } })
    }

    /// Up to and with the `>`; `None` where there is none.
    fn attributes(&mut self) -> Option<Vec<Attribute>> {
        let mut attributes: Vec<Attribute> = Vec::new();
        loop {
            self.take_until(|byte| !byte.is_ascii_whitespace() && byte != b'/');
            match self.peek()? {
                b'>' => {
                    self.at += 1;
                    return Some(attributes);
                }
                // A `=` at the start of a name belongs to it.
                first => {
                    let start = self.at;
                    self.at += usize::from(first == b'=');
                    self.take_until(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'='));
                    let name = self.text[start..self.at].to_ascii_lowercase();
                    let value = self.value();
                    if attributes.len() < MAX_ATTRIBUTES && attributes.iter().all(|known| known.name != name) {
                        attributes.push(Attribute { name, value: decode(value) });
                    }
                }
            }
        }
    }

    fn value(&mut self) -> &'a str {
        let after_name = self.at;
        self.take_until(|byte| !byte.is_ascii_whitespace());
        if self.peek() != Some(b'=') {
            self.at = after_name;
            return "";
        }
        self.at += 1;
        self.take_until(|byte| !byte.is_ascii_whitespace());
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => {
                self.at += 1;
                let value = self.take_until(|byte| byte == quote);
                self.at = (self.at + 1).min(self.text.len());
                value
            }
            _ => self.take_until(|byte| byte.is_ascii_whitespace() || byte == b'>'),
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.rest();
            if !rest.starts_with('<') {
                let text = self.take_until(|byte| byte == b'<');
                return (!text.is_empty()).then_some(Token::Text(text));
            }
            let second = rest.as_bytes().get(1).copied().unwrap_or_default();
            let third = rest.as_bytes().get(2).copied().unwrap_or_default();
            if rest.starts_with("<!-->") || rest.starts_with("<!--->") {
                self.skip_past(">");
            } else if rest.starts_with("<!--") {
                self.at += 4;
                self.skip_past("-->");
            } else if matches!(second, b'!' | b'?') || (second == b'/' && !third.is_ascii_alphabetic() && third != 0) {
                self.skip_past(">");
            } else if second.is_ascii_alphabetic() || (second == b'/' && third != 0) {
                self.at += 1;
                return self.tag();
            } else {
                self.at += 1;
                return Some(Token::Text("<"));
            }
        }
    }
}

/// Text without its entities: numbers, and the names that matter in addresses and headings.
pub fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        match end.and_then(|end| Some((end, entity(&rest[1..end])?))) {
            Some((end, character)) => {
                decoded.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| *c != '\0');
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "colon" => ':',
        "Tab" => '\t',
        "NewLine" => '\n',
        "sol" => '/',
        "num" => '#',
        "lpar" => '(',
        "rpar" => ')',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(name: &str, attributes: &[(&str, &str)]) -> Token<'static> {
        let attributes = attributes
            .iter()
            .map(|(name, value)| Attribute { name: (*name).to_owned(), value: (*value).to_owned() })
            .collect();
        Token::Start { name: name.to_owned(), attributes }
    }

    #[test]
    fn tags_are_read_as_browsers_do() {
        let end = |name: &str| Token::End { name: name.to_owned() };
        for (text, expected) in [
            (
                "a < b <3",
                vec![Token::Text("a "), Token::Text("<"), Token::Text(" b "), Token::Text("<"), Token::Text("3")],
            ),
            ("<B>x</B >", vec![start("b", &[]), Token::Text("x"), end("b")]),
            ("<a href=x title='y z' download>", vec![start("a", &[("href", "x"), ("title", "y z"), ("download", "")])]),
            ("<img/src=\"x\"/onerror=y>", vec![start("img", &[("src", "x"), ("onerror", "y")])]),
            ("<p a = \"1\" a=2 =b>", vec![start("p", &[("a", "1"), ("=b", "")])]),
            ("<br/>", vec![start("br", &[])]),
            ("x<!-- <b> -->y<!-->z<!doctype html><?php ?>", vec![Token::Text("x"), Token::Text("y"), Token::Text("z")]),
            ("x<a href=\"", vec![Token::Text("x")]),
            ("x</", vec![Token::Text("x"), Token::Text("<"), Token::Text("/")]),
            ("<a href='&#106;a&colon;&amp;&unknown;'>", vec![start("a", &[("href", "ja:&&unknown;")])]),
        ] {
            let tokens: Vec<_> = Tokens::new(text).collect();
            assert_eq!(tokens, expected, "{text:?}");
        }
    }
}
