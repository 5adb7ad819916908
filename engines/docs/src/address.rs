//! Addresses in documents: what they are, and what becomes of them.

use percent_encoding::percent_decode_str;

use crate::{ID_PREFIX, Links};

/// Schemes that a link may have.
pub const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// The path that `target` means in the document at `document` (its path in the repository): normalised, without a
/// leading or trailing `/`; empty for the root. `None` if it leaves the repository.
pub fn resolve(document: &str, target: &str) -> Option<String> {
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let base = if target.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// What an address in a document is.
#[derive(Debug, PartialEq, Eq)]
enum Address<'a> {
    /// `#usage`, without the `#`.
    Fragment(&'a str),
    /// With one of [`SCHEMES`], lower case.
    Outside { scheme: &'static str, address: String },
    /// Below the repository; the fragment without `#`.
    Inside { target: String, fragment: Option<&'a str> },
    /// Another scheme: `javascript:`, `data:`.
    Refused,
}

/// Browsers strip these from addresses before they look at the scheme.
fn plain(raw: &str) -> String {
    raw.trim_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect()
}

fn classify(text: &str) -> Address<'_> {
    if let Some(fragment) = text.strip_prefix('#') {
        return Address::Fragment(fragment);
    }
    // Browsers read `\` as `/` here: `/\host` leads to another host.
    let start: String = text.chars().take(2).map(|c| if c == '\\' { '/' } else { c }).collect();
    if start == "//" {
        return Address::Outside { scheme: "https", address: format!("https://{}", &text[2..]) };
    }
    if let Some(scheme) = scheme(text) {
        return match SCHEMES.into_iter().find(|allowed| scheme.eq_ignore_ascii_case(allowed)) {
            Some(scheme) => Address::Outside { scheme, address: text.to_owned() },
            None => Address::Refused,
        };
    }
    let (rest, fragment) = match text.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (text, None),
    };
    let path = rest.split_once('?').map_or(rest, |(path, _)| path);
    Address::Inside { target: percent_decode_str(path).decode_utf8_lossy().into_owned(), fragment }
}

/// RFC 3986 section 3.1.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let mut characters = scheme.chars();
    let starts = characters.next()?.is_ascii_alphabetic();
    (starts && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))).then_some(scheme)
}

/// The address that a link in a document gets.
pub fn link(raw: &str, links: &dyn Links) -> Option<String> {
    let text = plain(raw);
    match classify(&text) {
        Address::Fragment(fragment) => Some(anchor(fragment)),
        Address::Outside { address, .. } => Some(address),
        Address::Refused => None,
        Address::Inside { target, fragment } => {
            let address = links.link(&target)?;
            Some(match fragment {
                Some(fragment) if is_markdown(&target) => format!("{address}{}", anchor(fragment)),
                Some(fragment) => format!("{address}#{fragment}"),
                None => address,
            })
        }
    }
}

/// Where an image comes from, once the portal has been asked.
pub enum Image {
    Shown(String),
    /// Not shown; the host that it would come from, where there is one.
    Hidden(Option<String>),
}

/// The address that an image in a document gets.
pub fn image(raw: &str, links: &dyn Links) -> Image {
    let text = plain(raw);
    match classify(&text) {
        Address::Inside { target, .. } => links.image(&target).map_or(Image::Hidden(None), Image::Shown),
        Address::Outside { scheme: "http" | "https", address } => match links.outside_image(&address) {
            Some(address) => Image::Shown(address),
            None => Image::Hidden(host(&address)),
        },
        _ => Image::Hidden(None),
    }
}

/// The candidates of a `srcset`; `None` unless every one of them may be shown.
pub fn image_set(raw: &str, links: &dyn Links) -> Option<String> {
    let mut candidates = Vec::new();
    for candidate in raw.split(',').map(str::trim).filter(|candidate| !candidate.is_empty()) {
        let (address, descriptor) = candidate.split_once(char::is_whitespace).unwrap_or((candidate, ""));
        let Image::Shown(address) = image(address, links) else { return None };
        candidates.push(format!("{address} {}", descriptor.trim()).trim_end().to_owned());
    }
    (!candidates.is_empty()).then(|| candidates.join(", "))
}

/// Whether a `cite` may stay: it is never fetched, but some readers follow it.
pub fn is_web(raw: &str) -> bool {
    matches!(classify(&plain(raw)), Address::Outside { scheme: "http" | "https", .. })
}

/// Whether no candidate of a `srcset` has a scheme other than the web's.
pub fn is_harmless_set(raw: &str) -> bool {
    raw.split(',').all(|candidate| {
        matches!(
            classify(&plain(candidate)),
            Address::Inside { .. } | Address::Outside { scheme: "http" | "https", .. }
        )
    })
}

fn anchor(fragment: &str) -> String {
    match fragment {
        "" | "top" => format!("#{fragment}"),
        fragment if fragment.starts_with(ID_PREFIX) => format!("#{fragment}"),
        fragment => format!("#{ID_PREFIX}{fragment}"),
    }
}

fn host(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    (!host.is_empty()).then(|| host.to_owned())
}

/// The path that a link or image names within the repository, percent-decoded; `None` for what leads elsewhere or only to
/// a place in the same text.
pub fn inside(raw: &str) -> Option<String> {
    match classify(&plain(raw)) {
        Address::Inside { target, .. } if !target.is_empty() => Some(target),
        _ => None,
    }
}

/// The address itself, if it is one that leads out of the repository and may be followed.
pub fn outside(raw: &str) -> Option<String> {
    match classify(&plain(raw)) {
        Address::Outside { address, .. } => Some(address),
        _ => None,
    }
}

pub fn is_markdown(target: &str) -> bool {
    let extension = target.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["md", "markdown", "mdown", "mkd", "mdx"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_against_the_document_and_never_leave() {
        for (document, target, expected) in [
            ("README.md", "docs/a.md", Some("docs/a.md")),
            ("docs/index.md", "../README.md", Some("README.md")),
            ("docs/index.md", "./img/a b.png", Some("docs/img/a b.png")),
            ("docs/deep/x.md", "/LICENSE", Some("LICENSE")),
            ("docs/x.md", "..", Some("")),
            ("docs/x.md", "", Some("docs")),
            ("docs/x.md", "a//b/", Some("docs/a/b")),
            ("README.md", "../other", None),
            ("docs/x.md", "/../x", None),
        ] {
            assert_eq!(resolve(document, target).as_deref(), expected, "{target:?} in {document:?}");
        }
    }

    #[test]
    fn addresses_are_told_apart() {
        let inside = |target: &str, fragment| Address::Inside { target: target.to_owned(), fragment };
        for (text, expected) in [
            ("#usage", Address::Fragment("usage")),
            ("docs/a.md", inside("docs/a.md", None)),
            ("docs/a%20b.md?plain=1#l-2", inside("docs/a b.md", Some("l-2"))),
            ("/LICENSE", inside("/LICENSE", None)),
            ("HTTPS://x.y/z", Address::Outside { scheme: "https", address: "HTTPS://x.y/z".into() }),
            ("//host/x", Address::Outside { scheme: "https", address: "https://host/x".into() }),
            ("/\\host/x", Address::Outside { scheme: "https", address: "https://host/x".into() }),
            ("mailto:a@b.c", Address::Outside { scheme: "mailto", address: "mailto:a@b.c".into() }),
            ("javascript:alert(1)", Address::Refused),
            ("data:text/html,x", Address::Refused),
            ("vbscript:x", Address::Refused),
            ("1:2", inside("1:2", None)),
        ] {
            assert_eq!(classify(text), expected, "{text:?}");
        }
        assert_eq!(classify(&plain(" \u{1}java\nscript\t:alert(1)")), Address::Refused);
    }
}
