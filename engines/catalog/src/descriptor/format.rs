//! The formats of single fields: `KubernetesValidatorFunctions` and `makeValidator` of Backstage's `catalog-model`.

/// What a name may have, in words for messages.
pub const NAME: &str = "letters and digits with `-`, `_` or `.` between them, at most 63 characters";
pub const NAMESPACE: &str = "lower-case letters and digits with `-` between them, at most 63 characters";
pub const TAG: &str =
    "lower-case letters, digits, `:`, `+` and `#` with single `-` between them, at most 63 characters";
pub const KEY: &str = "a name, or a lower-case domain, a `/` and a name";

/// `^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`, 1 to 63 characters.
pub fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.len() <= 63
        && ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// A DNS label: `^[a-z0-9]+(?:\-+[a-z0-9]+)*$`, 1 to 63 characters. Namespaces are such.
pub fn is_dns_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    bytes.len() <= 63
        && bytes.first().is_some_and(letter)
        && bytes.last().is_some_and(letter)
        && bytes.iter().all(|byte| letter(byte) || *byte == b'-')
}

/// Dot-separated DNS labels, at most 253 characters.
fn is_dns_subdomain(text: &str) -> bool {
    (1..=253).contains(&text.len()) && text.split('.').all(is_dns_label)
}

/// `^[a-z0-9:+#]+(\-[a-z0-9:+#]+)*$`, 1 to 63 characters.
pub fn is_tag(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b':' | b'+' | b'#');
    text.len() <= 63 && text.split('-').all(|part| !part.is_empty() && part.bytes().all(letter))
}

/// `[dns-subdomain/]name`: keys of labels and annotations.
pub fn is_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_name(name),
        None => is_name(text),
    }
}

/// Empty, or like a name.
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name(text)
}

/// Whether JavaScript's `new URL(text)` accepts it: absolute, with any scheme.
pub fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok()
}

/// The nearest valid name, for a suggestion; `None` where nothing would be left.
pub fn suggest_name(text: &str) -> Option<String> {
    suggest(text, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
}

pub fn suggest_namespace(text: &str) -> Option<String> {
    suggest(&text.to_lowercase(), |c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

pub fn suggest_tag(text: &str) -> Option<String> {
    suggest(&text.to_lowercase(), |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, ':' | '+' | '#'))
}

fn suggest(text: &str, allowed: impl Fn(char) -> bool) -> Option<String> {
    let words = text.split(|c| !allowed(c)).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let cut: String = words.chars().take(63).collect();
    let name = cut.trim_matches(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, ':' | '+' | '#'));
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_valid() {
        assert_eq!(suggest_name("My Service!").as_deref(), Some("My-Service"));
        assert_eq!(suggest_name("-a-").as_deref(), Some("a"));
        assert_eq!(suggest_name("ünï"), Some("n".to_owned()));
        assert_eq!(suggest_name("***"), None);
        assert_eq!(suggest_namespace("Team_A").as_deref(), Some("team-a"));
        assert_eq!(suggest_tag("Go").as_deref(), Some("go"));
        assert_eq!(suggest_tag("C#/Java 8").as_deref(), Some("c#-java-8"));
    }
}
