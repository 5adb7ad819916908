//! How messages of the inbox leave the portal, as an operator has set it.

use std::path::PathBuf;

use super::Password;
use crate::git::Connection;

/// Ways out of the portal; without any, messages are in the inbox alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxSettings {
    pub mail: Option<MailSettings>,
    pub webhook: Option<WebhookSettings>,
}

/// The server that takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    pub host: String,
    pub port: u16,
    pub encryption: MailEncryption,
    /// `Slipway <slipway@example.com>`
    pub from: String,
    /// Name and password, where the server wants them.
    pub login: Option<(String, Password)>,
    /// Certificates (PEM) of who signs the server's, where the system does not know them.
    pub certificate_authority: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MailEncryption {
    /// From the first byte (port 465).
    #[default]
    Tls,
    /// Asked for, and insisted on (port 587).
    StartTls,
    /// For a server on the same machine or a network of its own.
    None,
}

/// Where all messages are posted, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    pub url: String,
    pub secret: Password,
    pub connection: Connection,
}
