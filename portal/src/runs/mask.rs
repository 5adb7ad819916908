//! Secrets of a run, taken out of everything that is shown of it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What stands in the place of a secret.
const MASK: &str = "***";
/// Shorter ones occur everywhere, and are not looked for.
const SHORTEST: usize = 4;

/// What must not be shown, in all the forms in which it may be.
#[derive(Debug, Default)]
pub(super) struct Mask {
    /// Longest first.
    forms: Vec<String>,
}

impl Mask {
    pub fn new(secrets: &BTreeMap<String, String>) -> Self {
        let mut mask = Self::default();
        secrets.values().for_each(|secret| mask.add(secret));
        mask
    }

    pub fn add(&mut self, secret: &str) {
        if secret.len() >= SHORTEST {
            self.forms.extend(forms(secret));
            self.forms.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
            self.forms.dedup();
        }
    }

    pub fn text(&self, text: &str) -> String {
        self.forms.iter().fold(text.to_owned(), |text, form| match text.contains(form) {
            true => text.replace(form, MASK),
            false => text,
        })
    }

    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(items) => items
                .iter()
                .map(|(name, value)| (self.text(name), self.value(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }
}

/// As it is, each of its lines, encoded for addresses, quoted in JSON, in hexadecimal, and in base64 wherever it stands in what
/// was encoded.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned(), utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string()];
    forms.push(forms[1].to_lowercase());
    forms.push(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect());
    forms.push(Value::from(secret).to_string().trim_matches('"').to_owned());
    forms.push(crate::secret::hex(secret.as_bytes()));
    forms.extend(secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST).map(str::to_owned));
    for before in 0..3 {
        // What comes before and after it in the same group of three bytes changes the outermost characters.
        let bytes = [&[0; 2][..before], secret.as_bytes()].concat();
        let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            forms.extend(encoded.get(first..last).map(str::to_owned));
        }
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_masked_in_whatever_form() {
        let secret = "s3cr?t/~ü+key";
        let mask =
            Mask::new(&BTreeMap::from([("token".to_owned(), secret.to_owned()), ("pin".to_owned(), "12".to_owned())]));
        let encoded: Vec<String> = ["", "x", "xy", "xyz", "user:"]
            .iter()
            .flat_map(|before| ["", "!", "@host"].map(|after| format!("{before}{secret}{after}")))
            .flat_map(|text| [STANDARD.encode(&text), URL_SAFE.encode(&text), STANDARD_NO_PAD.encode(&text)])
            .collect();
        let others = [
            format!("token={secret}!"),
            utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            json!({ "a": secret }).to_string(),
            crate::secret::hex(secret.as_bytes()),
        ];
        for text in encoded.iter().chain(&others) {
            let masked = mask.text(text);
            assert!(masked.contains(MASK), "{text}: {masked}");
            // What stands around it, and at most a part of its first and its last character.
            let left: String = masked.replace(MASK, "");
            assert!(left.len() < 18, "{text}: {left}");
        }
        assert_eq!(mask.text("12 of 12"), "12 of 12");
        assert_eq!(mask.value(&json!({ "a": [secret, 1] })), json!({ "a": [MASK, 1] }));
    }
}
