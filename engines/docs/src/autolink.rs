//! Bare addresses in text, as the GFM specification's "autolinks (extension)" has them.

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    Link { text: &'a str, address: String },
}

/// The text in pieces, in order; one piece where there is no address in it. Linear in the length of the text.
pub fn split(text: &str) -> Vec<Piece<'_>> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let (mut done, mut at) = (0, 0);
    while at < bytes.len() {
        let found = match bytes[at] {
            b'h' | b'H' | b'w' => web(text, at),
            b'@' => mail(text, at, done),
            _ => None,
        };
        let Some((start, end, prefix)) = found else {
            at += 1;
            continue;
        };
        if done < start {
            pieces.push(Piece::Text(&text[done..start]));
        }
        pieces.push(Piece::Link { text: &text[start..end], address: format!("{prefix}{}", &text[start..end]) });
        (done, at) = (end, end);
    }
    if done < text.len() {
        pieces.push(Piece::Text(&text[done..]));
    }
    pieces
}

/// `http://`, `https://` or `www.` at `at`: start, end, and what the address needs before it.
fn web(text: &str, at: usize) -> Option<(usize, usize, &'static str)> {
    let rest = text.get(at..)?;
    let before = text[..at].chars().next_back();
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let (domain_at, prefix) = match scheme {
        Some(scheme) if !before.is_some_and(char::is_alphabetic) => (scheme.len(), ""),
        Some(_) => return None,
        None if rest.starts_with("www.") && before.is_none_or(may_precede) => (0, "http://"),
        None => return None,
    };
    let domain = domain(&rest[domain_at..], scheme.is_none())?;
    let open_end = rest[domain_at + domain..]
        .find(|c: char| c.is_whitespace() || c == '<')
        .map_or(rest.len(), |end| domain_at + domain + end);
    let end = without_trailing(&rest[..open_end]);
    (end > domain_at).then_some((at, at + end, prefix))
}

fn may_precede(c: char) -> bool {
    c.is_whitespace() || matches!(c, '*' | '_' | '~' | '(')
}

/// The length of a valid domain at the start: no underscore in its last two parts, and a dot where one is needed.
fn domain(text: &str, dot_needed: bool) -> Option<usize> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(text.len());
    let domain = text[..end].trim_end_matches('.');
    let mut parts = domain.rsplit('.');
    let (last, before) = (parts.next()?, parts.next());
    let underscore = last.contains('_') || before.is_some_and(|part| part.contains('_'));
    let short = dot_needed && before.is_none();
    (!domain.is_empty() && !domain.starts_with('.') && !underscore && !short).then_some(end)
}

/// The length without punctuation that ends a sentence, and without a `)` that nothing in the address opens.
fn without_trailing(text: &str) -> usize {
    let (mut opened, mut closed) = (text.matches('(').count(), text.matches(')').count());
    let mut rest = text;
    while let Some(last) = rest.chars().next_back() {
        match last {
            '?' | '!' | '.' | ',' | ':' | '*' | '_' | '~' | '\'' | '"' => {}
            ')' if closed > opened => closed -= 1,
            ';' => match entity(rest) {
                Some(start) => {
                    let dropped = &rest[start..];
                    opened -= dropped.matches('(').count();
                    rest = &rest[..start];
                    continue;
                }
                None => break,
            },
            _ => break,
        }
        rest = &rest[..rest.len() - last.len_utf8()];
    }
    rest.len()
}

/// Where an entity reference such as `&copy;` at the end begins.
fn entity(text: &str) -> Option<usize> {
    let start = text.rfind('&')?;
    let name = text.get(start + 1..text.len() - 1)?;
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())).then_some(start)
}

/// An e-mail address around the `@` at `at`, not reaching back before `from`.
fn mail(text: &str, at: usize, from: usize) -> Option<(usize, usize, &'static str)> {
    let local = text[from..at]
        .bytes()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+'))
        .count();
    let host = text[at + 1..]
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        .count();
    let host = text[at + 1..at + 1 + host].trim_end_matches('.');
    let whole = host.contains('.') && !host.starts_with('.') && !host.ends_with(['-', '_']);
    (local > 0 && whole).then_some((at - local, at + 1 + host.len(), "mailto:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(text: &str) -> Vec<(String, String)> {
        split(text)
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Link { text, address } => Some((text.to_owned(), address)),
                Piece::Text(_) => None,
            })
            .collect()
    }

    /// The examples of the GFM specification, section 6.9, and what real READMEs hold.
    #[test]
    fn bare_addresses_are_found_as_the_specification_says() {
        for (text, expected) in [
            ("www.commonmark.org", vec![("www.commonmark.org", "http://www.commonmark.org")]),
            (
                "Visit www.commonmark.org/help for more.",
                vec![("www.commonmark.org/help", "http://www.commonmark.org/help")],
            ),
            ("Visit www.commonmark.org/a.b.", vec![("www.commonmark.org/a.b", "http://www.commonmark.org/a.b")]),
            (
                "www.google.com/search?q=Markup+(business)))",
                vec![("www.google.com/search?q=Markup+(business)", "http://www.google.com/search?q=Markup+(business)")],
            ),
            (
                "www.google.com/search?q=(business))+ok",
                vec![("www.google.com/search?q=(business))+ok", "http://www.google.com/search?q=(business))+ok")],
            ),
            ("www.x.org/?q=c&hl;", vec![("www.x.org/?q=c", "http://www.x.org/?q=c")]),
            ("www.commonmark.org/he<lp", vec![("www.commonmark.org/he", "http://www.commonmark.org/he")]),
            (
                "(Visit https://encrypted.google.com/x(y))",
                vec![("https://encrypted.google.com/x(y)", "https://encrypted.google.com/x(y)")],
            ),
            ("http://localhost:3000/x", vec![("http://localhost:3000/x", "http://localhost:3000/x")]),
            ("foo@bar.baz", vec![("foo@bar.baz", "mailto:foo@bar.baz")]),
            ("hello+xyz@mail.example is", vec![("hello+xyz@mail.example", "mailto:hello+xyz@mail.example")]),
            ("a.b-c_d@a.b", vec![("a.b-c_d@a.b", "mailto:a.b-c_d@a.b")]),
            ("a.b-c_d@a.b.", vec![("a.b-c_d@a.b", "mailto:a.b-c_d@a.b")]),
            ("hello@mail+xyz.example a.b-c_d@a.b- a.b-c_d@a.b_ @alice www. http:// xhttp://a.b awww.x.y", vec![]),
            ("http://a_b.c_d/x www.x_y.z", vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
            assert_eq!(links(text), expected, "{text:?}");
        }
    }

    #[test]
    fn long_runs_take_no_time() {
        for text in ["a@".repeat(200_000), "http://".repeat(100_000), format!("www.a.b/{}", ")".repeat(500_000))] {
            let start = std::time::Instant::now();
            split(&text);
            assert!(start.elapsed().as_millis() < 1_000);
        }
    }
}
