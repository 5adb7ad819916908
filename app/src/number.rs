//! Counts as a person reads them, on the server and in the browser.

/// Between the thousands: a narrow space that does not break.
pub const THIN: char = '\u{202f}';

/// `12 345`, with thin spaces.
pub fn number(value: impl TryInto<u64>) -> String {
    let digits = value.try_into().unwrap_or_default().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(THIN);
        }
        text.push(digit);
    }
    text
}

/// `1 repository`, `2 repositories`.
pub fn count(value: impl TryInto<u64>, one: &str, many: &str) -> String {
    let value = value.try_into().unwrap_or_default();
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thin_spaces() {
        let table = [(0_u64, "0"), (999, "999"), (1_000, "1\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")];
        for (value, text) in table {
            assert_eq!(number(value), text);
        }
        assert_eq!(count(1_u64, "repository", "repositories"), "1 repository");
        assert_eq!(count(0_u64, "repository", "repositories"), "0 repositories");
    }
}
