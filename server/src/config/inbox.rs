//! `[mail]` and `[inbox]`: how messages leave the portal.

use std::path::PathBuf;

use axum::http::Uri;
use model::{Finding, Level};
use portal::git::Connection;
use portal::settings::{InboxSettings, MailEncryption, MailSettings, Password, WebhookSettings};

use super::value::Value;

pub const ENCRYPTIONS: &[(&str, MailEncryption)] =
    &[("tls", MailEncryption::Tls), ("starttls", MailEncryption::StartTls), ("none", MailEncryption::None)];

/// The keys one by one; [`finish`](Self::finish) says whether they make a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InboxKeys {
    /// Host and port.
    pub server: Option<(String, Option<u16>)>,
    pub encryption: MailEncryption,
    pub from: Option<String>,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub webhook_url: Option<String>,
    pub webhook_secret_file: Option<PathBuf>,
}

impl InboxKeys {
    /// # Errors
    /// The keys that are missing beside those that are there.
    pub fn finish(&self) -> Result<InboxSettings, Finding> {
        let missing = |message: &str, help: &str| Err(Finding::new("config.inbox", Level::Error, message, help));
        let mail = match (&self.server, &self.from) {
            (Some((host, port)), Some(from)) => {
                let login = match (&self.username, &self.password_file) {
                    (Some(name), Some(file)) => Some((name.clone(), Password::File(file.clone()))),
                    (None, None) => None,
                    _ => {
                        let message = "mail.username and mail.password-file belong together";
                        return missing(
                            message,
                            "Write both, or neither for a server that takes mail from this machine.",
                        );
                    }
                };
                let usual = match self.encryption {
                    MailEncryption::Tls => 465,
                    MailEncryption::StartTls => 587,
                    MailEncryption::None => 25,
                };
                Some(MailSettings {
                    host: host.clone(),
                    port: port.unwrap_or(usual),
                    encryption: self.encryption,
                    from: from.clone(),
                    login,
                    certificate_authority: self.ca_file.clone(),
                })
            }
            (None, None) => None,
            _ => return missing("mail.server and mail.from belong together", "Write both."),
        };
        let webhook = match (&self.webhook_url, &self.webhook_secret_file) {
            (Some(url), Some(file)) => Some(WebhookSettings {
                url: url.clone(),
                secret: Password::File(file.clone()),
                connection: Connection::default(),
            }),
            (None, None) => None,
            _ => {
                let message = "inbox.webhook-url and inbox.webhook-secret-file belong together";
                return missing(message, "Write both: what is not signed is believed by nobody.");
            }
        };
        Ok(InboxSettings { mail, webhook })
    }
}

/// `smtp.example.com` or `smtp.example.com:587`
pub fn server(value: &Value<'_>) -> Result<(String, Option<u16>), String> {
    let expected = || "a host, with its port if it is not the usual one: \"smtp.example.com:587\"".to_owned();
    let text = value.text()?;
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse::<u16>().map_err(|_| expected())?)),
        None => (text.as_str(), None),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if host.is_empty() || !host.chars().all(fits) { Err(expected()) } else { Ok((host.to_owned(), port)) }
}

/// `Slipway <slipway@example.com>`, or the address alone.
pub fn sender(value: &Value<'_>) -> Result<String, String> {
    let text = value.text()?;
    let address = text.rsplit_once('<').map_or(text.as_str(), |(_, rest)| rest.trim_end().trim_end_matches('>'));
    let is_address = address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    match is_address && !text.chars().any(char::is_control) {
        true => Ok(text),
        false => Err("an address: \"Slipway <slipway@example.com>\"".to_owned()),
    }
}

/// A whole address of the web.
pub fn webhook(value: &Value<'_>) -> Result<String, String> {
    let text = value.text()?;
    let uri = text.parse::<Uri>().ok();
    let uri = uri.filter(|uri| matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some());
    uri.map(|_| text).ok_or_else(|| "an address: \"https://bridge.example.com/slipway\"".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_belong_together_are_asked_for_together() {
        let whole = InboxKeys {
            server: Some(("smtp.example.com".to_owned(), None)),
            from: Some("slipway@example.com".to_owned()),
            ..InboxKeys::default()
        };
        assert_eq!(whole.finish().map(|inbox| inbox.mail.map(|mail| mail.port)), Ok(Some(465)));
        let table = [
            InboxKeys { from: None, ..whole.clone() },
            InboxKeys { username: Some("slipway".to_owned()), ..whole.clone() },
            InboxKeys { webhook_url: Some("https://example.com".to_owned()), ..InboxKeys::default() },
        ];
        for keys in table {
            let finding = keys.finish().err().map(|finding| finding.message).unwrap_or_default();
            assert!(finding.contains("belong together"), "{keys:?}");
        }
    }

    #[test]
    fn a_server_has_a_host_and_perhaps_a_port() {
        let of = |text| server(&Value::Text(text));
        assert_eq!(of("smtp.example.com:587"), Ok(("smtp.example.com".to_owned(), Some(587))));
        assert_eq!(of("localhost"), Ok(("localhost".to_owned(), None)));
        for wrong in ["smtp://x", "a b", ":25", "x:y", ""] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert!(sender(&Value::Text("Slipway <slipway@example.com>")).is_ok());
        assert!(sender(&Value::Text("Slipway")).is_err() && sender(&Value::Text("a@b\nc")).is_err());
        assert!(webhook(&Value::Text("ftp://x")).is_err() && webhook(&Value::Text("https://x/y")).is_ok());
    }
}
